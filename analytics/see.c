// SPDX-License-Identifier: GPL-3.0-or-later
/* Models applied to logs for a report; must never keep more of a log than the report shows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fit.h"
#include "grow.h"
#include "hash.h"
#include "labels.h"
#include "random.h"
#include "review.h"

struct held_list {
	struct an_held *v;
	size_t n, room;
};

/* One kind over one group of logs. */
struct seeing {
	struct an_review *review;
	struct an_seen *seen;
	struct an_labels labels;
	bool labelled;			/* for this kind */
	struct held_list *held;
	struct an_random random;
	bool full;			/* out of memory */
};

static int sign_of(enum an_label label)
{
	return label == AN_LABEL_HOSTILE ? 1 : label == AN_LABEL_BENIGN ? -1 : 0;
}

/* A judgement beside what is known. */
static bool hold(struct seeing *s, const struct an_prediction *p, int label)
{
	struct an_quality *q = &s->seen->of[p->kind].model;

	if (!label)
		return true;
	if (!an_grow((void **)&s->held->v, s->held->n, &s->held->room, sizeof(*s->held->v)))
		return false;
	/* back from 0..1 to what it was made of */
	s->held->v[s->held->n++] = (struct an_held){
		0.5 * log(p->score / (1 - p->score)), label
	};
	if (p->positive)
		*(label > 0 ? &q->tp : &q->fp) += 1;
	else
		*(label > 0 ? &q->fn : &q->tn) += 1;
	return true;
}

/* Among the worst: copies what is only lent. */
static void alarm_keep(struct an_alarms *a, const struct an_prediction *p, int label)
{
	struct an_alarm *to = &a->v[0];
	size_t i;

	a->all++;
	if (a->n < AN_REVIEW_ALARMS) {
		to = &a->v[a->n++];
	} else {
		for (i = 1; i < a->n; i++)
			if (a->v[i].p.score < to->p.score)
				to = &a->v[i];
		if (p->score <= to->p.score)
			return;
	}
	to->p = *p;
	to->p.file = to->p.fn = NULL;
	to->label = label;
	for (i = 0; i < p->ncauses; i++) {
		size_t len = p->causes[i].len < AN_REVIEW_TEXT ? p->causes[i].len : AN_REVIEW_TEXT;

		memcpy(to->text[i], p->causes[i].text, len);
		to->p.causes[i] = (struct an_cause){ NULL, to->text[i], p->causes[i].number, len };
	}
}

static bool see_source(struct seeing *s, const struct an_prediction *p)
{
	struct an_seen *seen = s->seen;
	struct an_seen_source *to;
	int label = 0;
	struct an_addr addr;

	if (!an_grow((void **)&seen->sources, seen->nsources, &seen->sources_room, sizeof(*to)))
		return false;
	if (s->labelled && an_addr_parse(p->ip, strlen(p->ip), &addr)) {
		label = sign_of(an_labels_get(&s->labels, addr));
		if (!label && s->labels.complete)
			label = -1;
	}
	to = &seen->sources[seen->nsources++];
	*to = (struct an_seen_source){ .lines = p->lines, .score = p->score,
				       .hostile = p->positive, .label = label };
	memcpy(to->ip, p->ip, sizeof(to->ip));
	seen->hostile += p->positive != 0;
	if (p->positive)
		alarm_keep(&seen->source_alarms, p, label);
	return hold(s, p, label);
}

static bool see_window(struct seeing *s, const struct an_prediction *p)
{
	struct an_seen *seen = s->seen;
	struct an_window_report *to;
	int label = s->labelled ? sign_of(an_labels_window(&s->labels, p->start * 1000)) : 0;

	if (!an_grow((void **)&seen->windows, seen->nwindows, &seen->windows_room, sizeof(*to)))
		return false;
	to = &seen->windows[seen->nwindows++];
	*to = (struct an_window_report){ .start = p->start, .lines = (uint32_t)p->lines,
					 .score = (uint32_t)(p->score * 1000 + 0.5), .label = label };
	if (p->positive && to->score <= 500)
		to->score = 501;
	if (!p->positive && to->score > 500)
		to->score = 500;
	memcpy(to->kind, p->about, sizeof(to->kind));
	if (p->positive)
		alarm_keep(&seen->window_alarms, p, label);
	return hold(s, p, label);
}

static struct an_seen_fn *fn_of(struct an_seen *seen, const struct an_prediction *p)
{
	struct an_seen_fn *f;
	size_t i, len = p->fn_len < sizeof(f->name) ? p->fn_len : sizeof(f->name) - 1;

	for (i = 0; i < seen->nfns; i++)
		if (strlen(seen->fns[i].name) == len && !memcmp(seen->fns[i].name, p->fn, len))
			return &seen->fns[i];
	if (seen->nfns == AN_REVIEW_FNS)
		return NULL;
	f = &seen->fns[seen->nfns++];
	memcpy(f->name, p->fn, len);
	return f;
}

static void see_run(struct seeing *s, const struct an_prediction *p)
{
	const struct an_exec_point point = { p->us, p->predicted_us };
	struct an_seen *seen = s->seen;
	struct an_seen_fn *f = fn_of(seen, p);
	double error = 0;
	size_t at;

	seen->runs++;
	if (f)
		f->runs++;
	if (!p->predicted_us || !p->us)
		return;
	error = fabs((double)p->predicted_us - (double)p->us) / (double)p->us;
	seen->exec_error += error;
	if (f) {
		f->judged++;
		f->error += error;
	}
	/* a fair sample of all */
	at = seen->nexec < AN_REVIEW_EXEC ? seen->nexec++ :
	     an_random_below(&s->random, seen->judged[AN_EXEC] + 1);
	if (at < AN_REVIEW_EXEC)
		seen->exec[at] = point;
	seen->judged[AN_EXEC]++;
}

static int predicted(void *arg, const struct an_prediction *p)
{
	struct seeing *s = arg;
	bool ok = true;

	if (p->kind == AN_EXEC)
		see_run(s, p);
	else
		s->seen->judged[p->kind]++;
	if (p->kind == AN_SOURCES)
		ok = see_source(s, p);
	else if (p->kind == AN_WINDOWS)
		ok = see_window(s, p);
	s->full = !ok;
	return !ok;
}

static int see_kind(struct seeing *s, const char *const *logs, size_t nlogs, enum an_kind kind,
		    struct an_error *err)
{
	const struct an_report_options *o = s->review->opt;
	struct an_read_stats stats, *sum = &s->seen->read[kind];
	const struct an_predict_options po = {
		.logs = logs, .nlogs = nlogs, .prefixes = o->prefixes, .nprefixes = o->nprefixes,
		.model_dir = o->model_dir, .kind = kind, .explain = kind != AN_EXEC,
		.now = s->review->now, .predicted = predicted, .predicted_arg = s,
		.progress = o->progress, .progress_arg = o->progress_arg,
	};
	int ret;

	s->labelled = kind == AN_SOURCES ? s->labels.has_sources :
		      kind == AN_WINDOWS ? s->labels.has_windows : false;
	s->seen->labelled[kind] |= s->labelled;
	ret = an_predict(&po, &stats, err);
	if (s->full)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (ret)
		return ret;
	sum->bytes += stats.bytes;
	sum->lines += stats.lines;
	sum->blocks += stats.blocks;
	sum->sources += stats.sources;
	sum->malformed += stats.malformed;
	sum->overlong += stats.overlong;
	sum->nul_runs += stats.nul_runs;
	if (!sum->first || (stats.first && stats.first < sum->first))
		sum->first = stats.first;
	sum->last = stats.last > sum->last ? stats.last : sum->last;
	sum->log_limited |= stats.log_limited;
	return AN_OK;
}

/* Logs that belong together, with their labels. */
static int see_group(struct an_review *review, const char *const *logs, size_t nlogs,
		     const char *labels, struct held_list *held, struct an_error *err)
{
	struct seeing s = { .review = review, .seen = review->seen };
	int ret = labels ? an_labels_load(&s.labels, labels, err) : AN_OK, k;

	for (k = 0; k < AN_KINDS && !ret; k++) {
		s.held = &held[k];
		s.seen->asked[k] = review->trained.of[k].good;
		if (s.seen->asked[k])
			ret = see_kind(&s, logs, nlogs, (enum an_kind)k, err);
	}
	an_labels_free(&s.labels);
	return ret;
}

/*
 * Whether a log given is, byte for byte, one that the model was made of: then it is no surprise that
 * the model knows it. Patterns, pipes and the journal are not looked at.
 */
static bool trained_on(const struct an_review *review)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(review->manifest, "inputs"), *in;
	const struct an_report_options *o = review->opt;
	struct stat st;
	char hex[65];
	size_t i;

	for (i = 0; i < o->nlogs; i++) {
		if (stat(o->logs[i], &st) || !S_ISREG(st.st_mode) || an_hash_file(o->logs[i], hex))
			continue;
		cJSON_ArrayForEach(in, list)
			if (!strcmp(an_review_string(in, "sha256"), hex))
				return true;
	}
	return false;
}

static int by_falling_lines(const void *a, const void *b)
{
	const struct an_seen_source *x = a, *y = b;

	if (x->lines != y->lines)
		return x->lines < y->lines ? 1 : -1;
	return strcmp(x->ip, y->ip);
}

static int by_start(const void *a, const void *b)
{
	const struct an_window_report *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int by_alarm(const void *a, const void *b)
{
	const struct an_alarm *x = a, *y = b;

	if (x->p.start != y->p.start)
		return x->p.start < y->p.start ? -1 : 1;
	if (x->p.score != y->p.score)
		return x->p.score < y->p.score ? 1 : -1;
	return strcmp(x->p.ip, y->p.ip);
}

/* Puts in order what came as it came. */
static int finish(struct an_seen *seen, struct held_list *held, struct an_error *err)
{
	int k;

	if (seen->nsources)
		qsort(seen->sources, seen->nsources, sizeof(*seen->sources), by_falling_lines);
	if (seen->nwindows)
		qsort(seen->windows, seen->nwindows, sizeof(*seen->windows), by_start);
	qsort(seen->source_alarms.v, seen->source_alarms.n, sizeof(struct an_alarm), by_alarm);
	qsort(seen->window_alarms.v, seen->window_alarms.n, sizeof(struct an_alarm), by_alarm);
	for (k = 0; k < AN_EXEC; k++) {
		struct an_model_report *m = &seen->of[k];

		an_quality_finish(&m->model);
		if (held[k].n && !an_fit_points(held[k].v, held[k].n, m))
			return an_fail(err, AN_NOMEM, "out of memory");
	}
	return AN_OK;
}

int an_see(struct an_review *review, struct an_error *err)
{
	const struct an_report_options *o = review->opt;
	struct held_list held[AN_KINDS] = { 0 };
	int ret = AN_OK, k;
	size_t i;

	if (o->nlabels > 1 && o->nlabels != o->nlogs)
		return an_fail(err, AN_USAGE, "%zu labels files for %zu logs: give none, one for "
			       "all, or one for each", o->nlabels, o->nlogs);
	review->seen = calloc(1, sizeof(*review->seen));
	if (!review->seen)
		return an_fail(err, AN_NOMEM, "out of memory");
	review->seen->trained_on = trained_on(review);
	if (o->nlabels > 1)
		for (i = 0; i < o->nlogs && !ret; i++)
			ret = see_group(review, &o->logs[i], 1, o->labels[i], held, err);
	else
		ret = see_group(review, o->logs, o->nlogs, o->nlabels ? o->labels[0] : NULL, held,
				err);
	if (!ret)
		ret = finish(review->seen, held, err);
	for (k = 0; k < AN_KINDS; k++)
		free(held[k].v);
	return ret;
}

void an_seen_free(struct an_seen *seen)
{
	int k;

	if (!seen)
		return;
	for (k = 0; k < AN_KINDS; k++)
		free(seen->of[k].curve);
	free(seen->windows);
	free(seen->sources);
	free(seen);
}
