// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A report for a terminal; must never print a byte of a log that could drive it (what is of logs
 * goes through shown()).
 */
#include <inttypes.h>
#include <string.h>

#include "model.h"
#include "report.h"
#include "review.h"

#define ALARMS_SHOWN	10
#define CAUSES_SHOWN	3
#define SOURCES_SHOWN	10

/* Printable ASCII as it is, other bytes as \xNN. */
static void shown(FILE *f, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f && c != '\\')
			putc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

static void show(FILE *f, const char *text)
{
	shown(f, text, strlen(text));
}

static void say_origin(const struct an_review *r, FILE *f)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(r->manifest, "inputs"), *in;
	const char *conf = an_review_string(r->manifest, "conf");
	char when[24];

	fprintf(f, "model      ");
	show(f, r->opt->model_dir);
	fprintf(f, ", trained %s UTC, feature version %.0f, seed %.0f\n",
		an_review_generated(r->manifest, when),
		an_review_number(r->manifest, "feature_version"),
		an_review_number(r->manifest, "seed"));
	cJSON_ArrayForEach(in, list) {
		fprintf(f, "from       ");
		show(f, an_review_string(in, "name"));
		fprintf(f, "  sha256 ");
		shown(f, an_review_string(in, "sha256"), strnlen(an_review_string(in, "sha256"), 16));
		fprintf(f, "…\n");
	}
	fprintf(f, "read       %" PRIu64 " lines, %" PRIu64 " of them [UFW BLOCK], from %" PRIu64
		" sources\n", r->trained.read.lines, r->trained.read.blocks,
		r->trained.read.sources);
	if (conf[0]) {
		fprintf(f, "values     ");
		show(f, conf);
		fprintf(f, "\n");
	} else {
		fprintf(f, "values     none were asked for\n");
	}
}

static void say_measured(const struct an_seen *s, enum an_kind kind, FILE *f)
{
	const struct an_quality *q = &s->of[kind].model;

	if (!s->labelled[kind])
		return;
	fprintf(f, "measured   precision %4u  recall %4u  F1 %4u  (permille)  by the labels given: "
		"%" PRIu64 " right alarms, %" PRIu64 " false, %" PRIu64 " missed\n", q->precision,
		q->recall, q->f1, q->tp, q->fp, q->fn);
}

static void say_causes(const struct an_alarm *a, FILE *f)
{
	size_t i;

	for (i = 0; i < a->p.nreasons; i++)
		fprintf(f, "%s%s %+.2f", i ? ", " : "           weighs ", a->p.reasons[i].name,
			a->p.reasons[i].weight);
	if (a->p.nreasons)
		fprintf(f, "\n");
	for (i = 0; i < a->p.ncauses && i < CAUSES_SHOWN; i++) {
		fprintf(f, "           %" PRIu64 ": ", a->p.causes[i].number);
		shown(f, a->p.causes[i].text, a->p.causes[i].len);
		fprintf(f, "\n");
	}
}

/* Whether @a is among the worst ones of @all. */
static bool worst(const struct an_alarms *all, const struct an_alarm *a)
{
	size_t i, worse = 0;

	for (i = 0; i < all->n; i++)
		worse += all->v[i].p.score > a->p.score || (all->v[i].p.score == a->p.score &&
							    &all->v[i] < a);
	return worse < ALARMS_SHOWN;
}

static void say_windows(const struct an_seen *s, FILE *f)
{
	char when[24];
	size_t i;

	fprintf(f, "\nminutes of these logs\nalarms     %" PRIu64 " of %zu minutes\n",
		s->window_alarms.all, s->nwindows);
	say_measured(s, AN_WINDOWS, f);
	for (i = 0; i < s->window_alarms.n; i++) {
		const struct an_alarm *a = &s->window_alarms.v[i];

		if (!worst(&s->window_alarms, a))
			continue;
		fprintf(f, "alarm      %s UTC, %s, score %.2f, %" PRIu64 " lines%s\n",
			an_review_time(a->p.start, when), a->p.about, a->p.score, a->p.lines,
			a->label > 0 ? ", labelled so" : a->label < 0 ? ", labelled normal" : "");
		say_causes(a, f);
	}
}

static void say_sources(const struct an_seen *s, FILE *f)
{
	size_t i;

	fprintf(f, "\nsources of these logs\nhostile    %" PRIu64 " of %zu with enough lines\n",
		s->hostile, s->nsources);
	say_measured(s, AN_SOURCES, f);
	for (i = 0; i < s->nsources && i < SOURCES_SHOWN; i++)
		fprintf(f, "%-10s %-39s %8" PRIu64 " lines  score %.2f%s\n", i ? "" : "loudest",
			s->sources[i].ip, s->sources[i].lines, s->sources[i].score,
			s->sources[i].hostile ? ", hostile" : "");
}

static void say_runs(const struct an_seen *s, FILE *f)
{
	size_t i;

	fprintf(f, "\nruns of these logs\n");
	if (!s->judged[AN_EXEC]) {
		fprintf(f, "runs       %" PRIu64 ", none of a function that the model knows\n", s->runs);
		return;
	}
	fprintf(f, "runs       %" PRIu64 ", %" PRIu64 " of them predicted with a mean error of %.0f "
		"permille\n", s->runs, s->judged[AN_EXEC],
		s->exec_error * 1000 / (double)s->judged[AN_EXEC]);
	for (i = 0; i < s->nfns; i++) {
		fprintf(f, "           ");
		show(f, s->fns[i].name);
		if (s->fns[i].judged)
			fprintf(f, ": %" PRIu64 " runs, mean error %.0f permille\n", s->fns[i].runs,
				s->fns[i].error * 1000 / (double)s->fns[i].judged);
		else
			fprintf(f, ": %" PRIu64 " runs, not learnt\n", s->fns[i].runs);
	}
}

void an_review_text(const struct an_review *r, FILE *f)
{
	const struct an_seen *s = r->seen;
	int k;

	say_origin(r, f);
	for (k = 0; k < AN_KINDS; k++)
		an_report_model(f, &r->trained, (enum an_kind)k);
	if (!s)
		return;
	if (s->trained_on)
		fprintf(f, "\ntrained on among the logs below is one that the model was made of: how "
			"right it is there is no proof of anything\n");
	if (s->asked[AN_SOURCES])
		say_sources(s, f);
	if (s->asked[AN_WINDOWS])
		say_windows(s, f);
	if (s->asked[AN_EXEC])
		say_runs(s, f);
}
