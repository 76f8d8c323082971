// SPDX-License-Identifier: GPL-3.0-or-later
/* From verdicts to a list; must never put an address on it that the machine needs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "deny.h"

#define FLOOD_LINES	100	/* in a minute */
#define FLOOD_SHARE	0.3	/* of all its lines in one minute */
#define KEPT_SHOWN	64

struct verdict {
	const struct an_cand *cand;
	double score;
	uint64_t count;
	const char *spared;	/* why it is not to be denied; NULL */
};

static int by_addr(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;

	return an_addr_cmp(x->cand->addr, y->cand->addr);
}

/* Loudest first, then surest, then by address, so that the order never depends on chance. */
static int by_rank(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return by_addr(a, b);
}

int an_deny_check(const struct an_train_options *opt, struct an_error *err)
{
	struct an_prefix prefix;
	size_t i;

	for (i = 0; i < opt->nnever_deny; i++)
		if (!an_prefix_parse(opt->never_deny[i], &prefix))
			return an_fail(err, AN_USAGE, "\"%s\" is no address[/prefix] that could be "
				       "kept off the deny list", opt->never_deny[i]);
	return AN_OK;
}

/*
 * A flood can be sent under any name, and the sender needs no answer: many packets in a minute, no
 * port but one or two, nothing that a connection was ever made of. Denying such a source at accept
 * would not stop a packet, and would shut out whose address it is.
 */
static bool forgeable(const struct an_cand *cand)
{
	const struct an_traits *t = &cand->traits;

	return t->ports <= 2 && cand->busiest >= FLOOD_LINES &&
	       (double)cand->busiest >= FLOOD_SHARE * t->lines &&
	       (cand->udp_share >= 0.9 || t->syn_share >= 0.9);
}

static const char *spared(const struct an_cand *cand, const struct an_gathered *g,
			  const struct an_train_options *opt)
{
	struct an_prefix prefix;
	size_t i;

	if (an_addr_is_special(cand->addr) || an_addr_is_group(cand->addr))
		return "private, multicast or reserved";
	if (an_count_find(&g->own, cand->addr) != AN_COUNT_NONE)
		return "this machine's own";
	if (cand->label == AN_LABEL_BENIGN)
		return "labelled as not malicious";
	for (i = 0; i < opt->nnever_deny; i++)
		if (an_prefix_parse(opt->never_deny[i], &prefix) &&
		    an_prefix_has(&prefix, cand->addr))
			return "never to be denied";
	return forgeable(cand) ? "a flood, whose sender may be forged" : NULL;
}

/* An address seen in several logs is one: its lines add up, any spared one spares it. */
static size_t merge(struct verdict *v, size_t n)
{
	size_t i, out = 0;

	qsort(v, n, sizeof(*v), by_addr);
	for (i = 0; i < n; i++) {
		if (out && an_addr_eq(v[out - 1].cand->addr, v[i].cand->addr)) {
			v[out - 1].count += v[i].count;
			if (!v[out - 1].spared)
				v[out - 1].spared = v[i].spared;
			if (v[i].score > v[out - 1].score) {
				v[out - 1].score = v[i].score;
				v[out - 1].cand = v[i].cand;
			}
			continue;
		}
		v[out++] = v[i];
	}
	return out;
}

static int32_t score_permille(double score)
{
	return (int32_t)lround(fmax(-1e6, fmin(1e6, score * 1000)));
}

static void put(struct an_source *s, const struct verdict *v)
{
	an_addr_format(v->cand->addr, s->ip);
	s->count = v->count;
	s->ports = (uint32_t)(v->cand->traits.ports + 0.5);
	s->dsts = (uint32_t)(v->cand->traits.dsts + 0.5);
	s->score = score_permille(v->score);
}

static void keep_off(struct an_train_report *report, const struct verdict *v)
{
	report->deny_kept_off++;
	if (report->nkept == KEPT_SHOWN)
		return;
	put(&report->kept[report->nkept].source, v);
	report->kept[report->nkept++].why = v->spared;
}

int an_deny(const struct an_learned *learned, const struct an_gathered *g,
	    const struct an_train_options *opt, struct an_train_report *report,
	    struct an_error *err)
{
	struct verdict *v = calloc(g->cands.n + 1, sizeof(*v));
	size_t i, n = 0;

	report->deny = calloc(opt->deny_max + 1ul, sizeof(*report->deny));
	report->kept = calloc(KEPT_SHOWN, sizeof(*report->kept));
	if (!v || !report->deny || !report->kept) {
		free(v);
		return an_fail(err, AN_NOMEM, "out of memory");
	}
	for (i = 0; i < g->cands.n; i++) {
		const struct an_cand *cand = &g->cands.v[i];
		struct svm_node x[AN_NFEATURES + 1];
		double score;

		an_sparse(cand->f, AN_NFEATURES, x);
		score = an_decide(learned, x);

		if (score > 0)
			v[n++] = (struct verdict){ cand, score, cand->count, spared(cand, g, opt) };
	}
	n = merge(v, n);
	qsort(v, n, sizeof(*v), by_rank);
	report->hostile = n;
	for (i = 0; i < n; i++) {
		if (v[i].spared)
			keep_off(report, &v[i]);
		else if (report->ndeny < opt->deny_max)
			put(&report->deny[report->ndeny++], &v[i]);
	}
	free(v);
	return AN_OK;
}
