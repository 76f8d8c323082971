// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What many nodes wrote, equal output together; or only what differs from what most of them wrote. Equal
 * output is held once, however many nodes have it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exec.h"
#include "cli/heaps.h"

struct fold {
	struct heaps out, err;
	bool empty_too;		/* no output is an output */
};

static int fold_begin(struct plan *p)
{
	p->shown = calloc(1, sizeof(struct fold));
	if (!p->shown)
		return run_fail(p->r, VIRGO_FAILED, "out of memory");
	((struct fold *)p->shown)->empty_too = p->view == &exec_diff;
	return VIRGO_OK;
}

/* takes *text over */
static void fold_text(struct plan *p, struct heaps *heaps, size_t index, const char *node, char **text,
		      size_t len, bool empty_too)
{
	bool known = false;

	if (!*text || (!len && !empty_too))
		return;
	if (heaps_add(heaps, node, index, *text, len, &known))
		p->r->out.error = ENOMEM;
	*text = NULL;
	if (p->r->out.error || known || exec_may_hold(p, len))
		return;
	/* its text goes, its nodes stay */
	free(heaps->heaps[heaps->count - 1].text);
	heaps->heaps[heaps->count - 1].text = strdup("");
	heaps->heaps[heaps->count - 1].len = 0;
}

static void fold_done(struct plan *p, size_t index, struct virgo_exec_result *res)
{
	struct fold *f = p->shown;

	if (!res)
		return;
	fold_text(p, &f->out, index, res->node, &res->out, res->out_len, f->empty_too);
	fold_text(p, &f->err, index, res->node, &res->err, res->err_len, false);
}

static void print_stderr(struct plan *p, struct heaps *heaps)
{
	struct out o;

	fflush(p->r->cli->data);
	out_init(&o, p->r->cli->diag, OUT_RAW);
	heaps_sort(heaps);
	heaps_print(heaps, &o, p->many);
	out_free(&o);
}

static void free_fold(struct plan *p)
{
	struct fold *f = p->shown;

	heaps_free(&f->out);
	heaps_free(&f->err);
	free(f);
}

static void fold_end(struct plan *p)
{
	struct fold *f = p->shown;

	heaps_sort(&f->out);
	heaps_print(&f->out, &p->r->out, p->many);
	print_stderr(p, &f->err);
	free_fold(p);
}

/* what most of them wrote; of several, what the first node wrote */
static struct heap *majority(struct heaps *heaps)
{
	struct heap *most = &heaps->heaps[0];
	size_t i;

	for (i = 1; i < heaps->count; i++)
		if (heaps->heaps[i].count > most->count)
			most = &heaps->heaps[i];
	return most;
}

static void diff_end(struct plan *p)
{
	struct fold *f = p->shown;
	struct out *o = &p->r->out;
	struct heap *most;
	char *name, *other;
	size_t i;
	int ret = 0;

	heaps_sort(&f->out);
	most = f->out.count ? majority(&f->out) : NULL;
	name = most ? heap_names(most) : NULL;
	for (i = 0; i < f->out.count && name && !ret; i++) {
		struct heap *h = &f->out.heaps[i];

		if (h == most)
			continue;
		other = heap_names(h);
		ret = other ? diff_texts(o, name, most->text, most->len, other, h->text, h->len) : -1;
		free(other);
	}
	if (ret) {
		run_warn(p->r, "virgo: exec: diff (package diffutils) can't be run: whole outputs follow");
		heaps_print(&f->out, o, p->many);
	} else if (f->out.count == 1) {
		run_note(p->r, "%zu nodes wrote the same", most->count);
	}
	free(name);
	print_stderr(p, &f->err);
	free_fold(p);
}

const struct exec_view exec_fold = {
	.gathers = true, .begin = fold_begin, .done = fold_done, .end = fold_end,
};

const struct exec_view exec_diff = {
	.gathers = true, .begin = fold_begin, .done = fold_done, .end = diff_end,
};
