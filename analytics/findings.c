// SPDX-License-Identifier: GPL-3.0-or-later
/* Findings to JSON and back; must never believe a number that it has not looked at. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "model.h"

#define LIST_MAX	(1 << 20)

const char *const an_kind_names[AN_KINDS] = { "sources", "windows", "exec" };

static void put(cJSON *o, const char *name, double v)
{
	cJSON_AddNumberToObject(o, name, v);
}

void an_quality_put(cJSON *o, const struct an_quality *q)
{
	put(o, "precision_permille", q->precision);
	put(o, "recall_permille", q->recall);
	put(o, "f1_permille", q->f1);
	put(o, "tp", (double)q->tp);
	put(o, "fp", (double)q->fp);
	put(o, "fn", (double)q->fn);
	put(o, "tn", (double)q->tn);
}

/* A row of a list as an array of numbers: there may be many. */
static void put_row(cJSON *list, const double *v, int n)
{
	cJSON_AddItemToArray(list, cJSON_CreateDoubleArray(v, n));
}

static void put_model(cJSON *to, const char *name, const struct an_model_report *m)
{
	cJSON *o = cJSON_AddObjectToObject(to, name), *curve;
	size_t i;

	cJSON_AddBoolToObject(o, "trained", m->trained);
	cJSON_AddBoolToObject(o, "kept", m->good);
	put(o, "rows", (double)m->rows);
	put(o, "positives", (double)m->positives);
	put(o, "train_rows", (double)m->train_rows);
	an_quality_put(cJSON_AddObjectToObject(o, "model"), &m->model);
	an_quality_put(cJSON_AddObjectToObject(o, "rule"), &m->rule);
	put(o, "mape_permille", m->mape);
	put(o, "hand_rule_mape_permille", m->rule_mape);
	put(o, "tables_mape_permille", m->tables_mape);
	put(o, "quality_permille", m->quality);
	put(o, "hand_rule_permille", m->baseline);
	cJSON_AddStringToObject(o, "labels", m->labels_text);
	cJSON_AddStringToObject(o, "split", m->split_text);
	cJSON_AddStringToObject(o, "parameters", m->model_text);
	cJSON_AddStringToObject(o, "rule_text", m->rule_text);
	cJSON_AddStringToObject(o, "why", m->why);
	curve = cJSON_AddArrayToObject(o, "curve");
	for (i = 0; i < m->ncurve; i++)
		put_row(curve, (double[]){ m->curve[i].recall, m->curve[i].precision,
					   m->curve[i].threshold }, 3);
}

static cJSON *put_source(cJSON *list, const struct an_source *s)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "ip", s->ip);
	put(o, "count", (double)s->count);
	put(o, "error", (double)s->error);
	put(o, "ports", s->ports);
	put(o, "dsts", s->dsts);
	put(o, "score_permille", s->score);
	cJSON_AddItemToArray(list, o);
	return o;
}

static void put_read(cJSON *root, const struct an_read_stats *s)
{
	cJSON *o = cJSON_AddObjectToObject(root, "read");

	put(o, "bytes", (double)s->bytes);
	put(o, "lines", (double)s->lines);
	put(o, "blocks", (double)s->blocks);
	put(o, "sources", (double)s->sources);
	put(o, "malformed", (double)s->malformed);
	put(o, "overlong", (double)s->overlong);
	put(o, "nul_runs", (double)s->nul_runs);
	put(o, "first", (double)s->first);
	put(o, "last", (double)s->last);
	cJSON_AddBoolToObject(o, "log_limited", s->log_limited);
}

static void put_sources(cJSON *root, const struct an_train_report *r)
{
	cJSON *list = cJSON_AddArrayToObject(root, "top");
	size_t i;

	for (i = 0; i < r->ntop; i++)
		put_source(list, &r->top[i]);
	list = cJSON_AddArrayToObject(root, "deny");
	for (i = 0; i < r->ndeny; i++)
		put_source(list, &r->deny[i]);
	list = cJSON_AddArrayToObject(root, "kept_off");
	for (i = 0; i < r->nkept; i++)
		cJSON_AddStringToObject(put_source(list, &r->kept[i].source), "why", r->kept[i].why);
	put(root, "hostile", (double)r->hostile);
	put(root, "deny_kept_off", (double)r->deny_kept_off);
}

static void put_windows(cJSON *root, const struct an_train_report *r)
{
	cJSON *list = cJSON_AddArrayToObject(root, "windows"), *row;
	size_t i;

	for (i = 0; i < r->nwindows; i++) {
		const struct an_window_report *w = &r->windows[i];
		const double v[] = { (double)w->start, w->lines, w->blocks, w->score, w->label };

		row = cJSON_CreateDoubleArray(v, 5);
		cJSON_AddItemToArray(row, cJSON_CreateString(w->kind));
		cJSON_AddItemToArray(list, row);
	}
	put(root, "anomaly_score_permille", r->anomaly_score);
	cJSON_AddStringToObject(root, "anomaly_kind", r->anomaly_kind);
}

cJSON *an_findings_make(const struct an_train_report *r)
{
	cJSON *root = cJSON_CreateObject(), *o;
	size_t i;
	int k;

	put_read(root, &r->read);
	cJSON_AddBoolToObject(root, "weak_labels", r->weak);
	o = cJSON_AddObjectToObject(root, "models");
	for (k = 0; k < AN_KINDS; k++)
		put_model(o, an_kind_names[k], &r->of[k]);
	an_quality_put(cJSON_AddObjectToObject(root, "same_rule"), &r->persist);
	put_sources(root, r);
	put_windows(root, r);
	o = cJSON_AddArrayToObject(root, "exec");
	for (i = 0; i < r->nexec; i++)
		put_row(o, (double[]){ (double)r->exec[i].us, (double)r->exec[i].predicted }, 2);
	return root;
}

/* --- back ------------------------------------------------------------------------------------ */

/* A number of 0 .. @max; 0 for anything else. */
static uint64_t whole(const cJSON *v, double max)
{
	double n = cJSON_IsNumber(v) ? v->valuedouble : 0;

	return n >= 0 && n <= max ? (uint64_t)n : 0;
}

static uint64_t take(const cJSON *o, const char *name, double max)
{
	return whole(cJSON_GetObjectItemCaseSensitive(o, name), max);
}

static uint64_t take_u64(const cJSON *o, const char *name)
{
	return take(o, name, 9e15);
}

static uint32_t take_permille(const cJSON *o, const char *name)
{
	return (uint32_t)take(o, name, 1000000);
}

static int take_yes(const cJSON *o, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, name));
}

/*
 * The string of @v, "" for anything else. Training writes plain ASCII; what else came in could drive
 * the terminal that it is shown on.
 */
static const char *string(const cJSON *v)
{
	char *s = cJSON_GetStringValue(v), *c;

	for (c = s; c && *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return s ? s : "";
}

static const char *take_text(const cJSON *o, const char *name)
{
	return string(cJSON_GetObjectItemCaseSensitive(o, name));
}

static void take_into(const cJSON *o, const char *name, char *to, size_t size)
{
	snprintf(to, size, "%s", take_text(o, name));
}

static void take_quality(const cJSON *to, const char *name, struct an_quality *q)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(to, name);

	q->precision = take_permille(o, "precision_permille");
	q->recall = take_permille(o, "recall_permille");
	q->f1 = take_permille(o, "f1_permille");
	q->tp = take_u64(o, "tp");
	q->fp = take_u64(o, "fp");
	q->fn = take_u64(o, "fn");
	q->tn = take_u64(o, "tn");
}

/* The list and room for its elements of @size bytes; NULL when out of memory. */
static void *take_list(const cJSON *o, const char *name, size_t size, const cJSON **list)
{
	int n;

	*list = cJSON_GetObjectItemCaseSensitive(o, name);
	n = cJSON_IsArray(*list) ? cJSON_GetArraySize(*list) : 0;
	if (!n || n > LIST_MAX) {
		*list = NULL;
		n = 1;
	}
	return calloc((size_t)n, size);
}

static bool take_curve(const cJSON *o, struct an_model_report *m)
{
	const cJSON *list, *row;

	m->curve = take_list(o, "curve", sizeof(*m->curve), &list);
	if (!m->curve)
		return false;
	cJSON_ArrayForEach(row, list)
		m->curve[m->ncurve++] = (struct an_pr_point){
			.recall = (uint32_t)whole(cJSON_GetArrayItem(row, 0), 1000),
			.precision = (uint32_t)whole(cJSON_GetArrayItem(row, 1), 1000),
			.threshold = (uint32_t)whole(cJSON_GetArrayItem(row, 2), 1000),
		};
	return true;
}

static bool take_model(const cJSON *models, const char *name, struct an_model_report *m)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(models, name);

	m->trained = take_yes(o, "trained");
	m->good = take_yes(o, "kept");
	m->rows = take_u64(o, "rows");
	m->positives = take_u64(o, "positives");
	m->train_rows = take_u64(o, "train_rows");
	take_quality(o, "model", &m->model);
	take_quality(o, "rule", &m->rule);
	m->mape = take_permille(o, "mape_permille");
	m->rule_mape = take_permille(o, "hand_rule_mape_permille");
	m->tables_mape = take_permille(o, "tables_mape_permille");
	m->quality = take_permille(o, "quality_permille");
	m->baseline = take_permille(o, "hand_rule_permille");
	take_into(o, "labels", m->labels_text, sizeof(m->labels_text));
	take_into(o, "split", m->split_text, sizeof(m->split_text));
	take_into(o, "parameters", m->model_text, sizeof(m->model_text));
	take_into(o, "rule_text", m->rule_text, sizeof(m->rule_text));
	take_into(o, "why", m->why, sizeof(m->why));
	return take_curve(o, m);
}

static void take_source(const cJSON *o, struct an_source *s)
{
	const cJSON *score = cJSON_GetObjectItemCaseSensitive(o, "score_permille");

	take_into(o, "ip", s->ip, sizeof(s->ip));
	s->count = take_u64(o, "count");
	s->error = take(o, "error", (double)s->count);
	s->ports = (uint32_t)take(o, "ports", UINT32_MAX);
	s->dsts = (uint32_t)take(o, "dsts", UINT32_MAX);
	if (cJSON_IsNumber(score) && fabs(score->valuedouble) < 1e9)
		s->score = (int32_t)score->valuedouble;
}

static bool take_sources(const cJSON *root, struct an_train_report *r)
{
	const cJSON *list, *o;

	r->top = take_list(root, "top", sizeof(*r->top), &list);
	if (!r->top)
		return false;
	cJSON_ArrayForEach(o, list)
		take_source(o, &r->top[r->ntop++]);
	r->deny = take_list(root, "deny", sizeof(*r->deny), &list);
	if (!r->deny)
		return false;
	cJSON_ArrayForEach(o, list)
		take_source(o, &r->deny[r->ndeny++]);
	r->kept = take_list(root, "kept_off", sizeof(*r->kept), &list);
	if (!r->kept)
		return false;
	cJSON_ArrayForEach(o, list) {
		take_source(o, &r->kept[r->nkept].source);
		r->kept[r->nkept++].why = take_text(o, "why");
	}
	r->hostile = take_u64(root, "hostile");
	r->deny_kept_off = take_u64(root, "deny_kept_off");
	return true;
}

static void take_window(const cJSON *row, struct an_window_report *w)
{
	const cJSON *label = cJSON_GetArrayItem(row, 4);
	const char *kind = string(cJSON_GetArrayItem(row, 5));

	w->start = (int64_t)whole(cJSON_GetArrayItem(row, 0), 253402300799.0);
	w->lines = (uint32_t)whole(cJSON_GetArrayItem(row, 1), UINT32_MAX);
	w->blocks = (uint32_t)whole(cJSON_GetArrayItem(row, 2), UINT32_MAX);
	w->score = (uint32_t)whole(cJSON_GetArrayItem(row, 3), 1000);
	if (cJSON_IsNumber(label))
		w->label = (label->valuedouble > 0) - (label->valuedouble < 0);
	snprintf(w->kind, sizeof(w->kind), "%s", kind[0] ? kind : "none");
}

static bool take_lists(const cJSON *root, struct an_train_report *r)
{
	const cJSON *list, *row;

	r->windows = take_list(root, "windows", sizeof(*r->windows), &list);
	if (!r->windows)
		return false;
	cJSON_ArrayForEach(row, list)
		take_window(row, &r->windows[r->nwindows++]);
	r->exec = take_list(root, "exec", sizeof(*r->exec), &list);
	if (!r->exec)
		return false;
	cJSON_ArrayForEach(row, list)
		r->exec[r->nexec++] = (struct an_exec_point){
			.us = whole(cJSON_GetArrayItem(row, 0), 1e15),
			.predicted = whole(cJSON_GetArrayItem(row, 1), 1e15),
		};
	return true;
}

static void take_read(const cJSON *root, struct an_read_stats *s)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(root, "read");

	s->bytes = take_u64(o, "bytes");
	s->lines = take_u64(o, "lines");
	s->blocks = take_u64(o, "blocks");
	s->sources = take_u64(o, "sources");
	s->malformed = take_u64(o, "malformed");
	s->overlong = take_u64(o, "overlong");
	s->nul_runs = take_u64(o, "nul_runs");
	s->first = (int64_t)take_u64(o, "first");
	s->last = (int64_t)take_u64(o, "last");
	s->log_limited = take_yes(o, "log_limited");
}

bool an_findings_take(const cJSON *root, struct an_train_report *r)
{
	const cJSON *models = cJSON_GetObjectItemCaseSensitive(root, "models");
	int k;

	memset(r, 0, sizeof(*r));
	take_read(root, &r->read);
	r->weak = take_yes(root, "weak_labels");
	r->model_written = 1;
	take_quality(root, "same_rule", &r->persist);
	r->anomaly_score = (uint32_t)take(root, "anomaly_score_permille", 1000);
	take_into(root, "anomaly_kind", r->anomaly_kind, sizeof(r->anomaly_kind));
	for (k = 0; k < AN_KINDS; k++)
		if (!take_model(models, an_kind_names[k], &r->of[k]))
			return false;
	return take_sources(root, r) && take_lists(root, r);
}
