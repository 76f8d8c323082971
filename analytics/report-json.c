// SPDX-License-Identifier: GPL-3.0-or-later
/* A report for programs; must never print what is not JSON, whatever a log holds. */
#include <stdlib.h>

#include "findings.h"
#include "model.h"
#include "review.h"

static void put(cJSON *o, const char *name, double v)
{
	cJSON_AddNumberToObject(o, name, v);
}

/* null: not known */
static void put_label(cJSON *o, const char *name, int label)
{
	if (label)
		cJSON_AddBoolToObject(o, name, label > 0);
	else
		cJSON_AddNullToObject(o, name);
}

static void put_time(cJSON *o, const char *name, int64_t sec)
{
	char text[24];

	cJSON_AddStringToObject(o, name, an_review_time(sec, text));
}

static void put_sources(cJSON *to, const struct an_seen *s)
{
	cJSON *list = cJSON_AddArrayToObject(to, "sources"), *o;
	size_t i;

	for (i = 0; i < s->nsources; i++) {
		o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "ip", s->sources[i].ip);
		put(o, "lines", (double)s->sources[i].lines);
		cJSON_AddBoolToObject(o, "hostile", s->sources[i].hostile);
		put(o, "score_permille", (double)(uint32_t)(s->sources[i].score * 1000 + 0.5));
		put_label(o, "label", s->sources[i].label);
		cJSON_AddItemToArray(list, o);
	}
}

static void put_windows(cJSON *to, const struct an_seen *s)
{
	cJSON *list = cJSON_AddArrayToObject(to, "windows"), *o;
	size_t i;

	for (i = 0; i < s->nwindows; i++) {
		const struct an_window_report *w = &s->windows[i];

		o = cJSON_CreateObject();
		put(o, "start", (double)w->start);
		put_time(o, "start_utc", w->start);
		put(o, "lines", w->lines);
		cJSON_AddBoolToObject(o, "anomalous", w->score > 500);
		put(o, "score_permille", w->score);
		cJSON_AddStringToObject(o, "kind", w->kind);
		put_label(o, "label", w->label);
		cJSON_AddItemToArray(list, o);
	}
}

/* Of labelled rows only. */
static void put_measured(cJSON *to, const struct an_seen *s, enum an_kind kind)
{
	const struct an_model_report *m = &s->of[kind];
	cJSON *o, *curve;
	size_t i;

	if (!s->labelled[kind])
		return;
	o = cJSON_AddObjectToObject(to, an_kind_names[kind]);
	an_quality_put(o, &m->model);
	curve = cJSON_AddArrayToObject(o, "curve");
	for (i = 0; i < m->ncurve; i++)
		cJSON_AddItemToArray(curve, cJSON_CreateDoubleArray((double[]){
			m->curve[i].recall, m->curve[i].precision, m->curve[i].threshold }, 3));
}

static cJSON *seen_json(const struct an_seen *s)
{
	cJSON *root = cJSON_CreateObject(), *o, *row;
	size_t i;

	cJSON_AddBoolToObject(root, "trained_on", s->trained_on);
	put_sources(root, s);
	put_windows(root, s);
	o = cJSON_AddObjectToObject(root, "exec");
	put(o, "runs", (double)s->runs);
	put(o, "judged", (double)s->judged[AN_EXEC]);
	if (s->judged[AN_EXEC])
		put(o, "mape_permille", (double)(uint64_t)(s->exec_error * 1000 /
							   (double)s->judged[AN_EXEC] + 0.5));
	o = cJSON_AddArrayToObject(o, "sample");
	for (i = 0; i < s->nexec; i++) {
		row = cJSON_CreateDoubleArray((double[]){ (double)s->exec[i].us,
							  (double)s->exec[i].predicted }, 2);
		cJSON_AddItemToArray(o, row);
	}
	o = cJSON_AddObjectToObject(root, "measured");
	put_measured(o, s, AN_SOURCES);
	put_measured(o, s, AN_WINDOWS);
	return root;
}

/* {"model_dir":…,"manifest":{…},"training":{…},"logs":{…}}, the last when there were any */
bool an_review_json(const struct an_review *review, FILE *f)
{
	cJSON *root = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(root, "model_dir", review->opt->model_dir);
	cJSON_AddItemReferenceToObject(root, "manifest", review->manifest);
	cJSON_AddItemReferenceToObject(root, "training", review->findings);
	if (review->seen)
		cJSON_AddItemToObject(root, "logs", seen_json(review->seen));
	text = cJSON_PrintUnformatted(root);
	if (text)
		fputs(text, f);
	cJSON_Delete(root);
	free(text);
	return text != NULL;
}
