// SPDX-License-Identifier: GPL-3.0-or-later
/* Words for what training found; must never claim more than was measured. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static void say_read(FILE *f, const struct an_train_report *r, const struct an_gathered *g,
		     const struct an_train_options *opt)
{
	const struct an_read_stats *s = &r->read;

	fprintf(f, "read       %" PRIu64 " lines, %" PRIu64 " of them [UFW BLOCK], from %" PRIu64
		" sources", s->lines, s->blocks, s->sources);
	if (s->last > s->first)
		fprintf(f, " in %.1f hours", (double)(s->last - s->first) / 3600);
	fprintf(f, "\n");
	if (opt->state)
		fprintf(f, "state      %" PRIu64 " of the lines are new, the others of earlier runs%s%s\n",
			r->news, r->started_over[0] ? "; started over: " : "", r->started_over);
	if (s->malformed || s->overlong || s->nul_runs)
		fprintf(f, "skipped    %" PRIu64 " cut or broken lines, %" PRIu64 " over-long "
			"lines, %" PRIu64 " runs of NUL bytes\n", s->malformed, s->overlong,
			s->nul_runs);
	if (g->unobserved)
		fprintf(f, "bounded    %" PRIu64 " lines of sources beyond the memory limit were "
			"counted but not judged\n", g->unobserved);
	if (s->log_limited)
		fprintf(f, "limited    the firewall's log is rate limited: its counts are not "
			"packet counts\n");
}

static void say_quality(FILE *f, const char *name, const struct an_quality *q, const char *what)
{
	fprintf(f, "%-10s precision %4u  recall %4u  F1 %4u  (permille)  %s\n", name, q->precision,
		q->recall, q->f1, what);
}

/* Every address with what speaks against it: nobody is denied without a reason being given. */
static void say_sources(FILE *f, const char *name, const struct an_source *s, size_t n, bool judged)
{
	size_t i;

	for (i = 0; i < n; i++) {
		fprintf(f, "%-10s %-39s %8" PRIu64 " lines", i ? "" : name, s[i].ip, s[i].count);
		if (s[i].error)
			fprintf(f, " (at least %" PRIu64 ")", s[i].count - s[i].error);
		if (judged)
			fprintf(f, " %5u ports %4u destinations  score %.2f", s[i].ports, s[i].dsts,
				s[i].score / 1000.0);
		fprintf(f, "\n");
	}
}

static void say_kept(FILE *f, const struct an_train_report *r)
{
	size_t i;

	for (i = 0; i < r->nkept; i++)
		fprintf(f, "%-10s %-39s %8" PRIu64 " lines  %s\n", i ? "" : "kept off",
			r->kept[i].source.ip, r->kept[i].source.count, r->kept[i].why);
}

/* Figures of a model that says how long. */
static void say_exec(FILE *f, const struct an_model_report *m)
{
	fprintf(f, "%-10s mean error %4u permille  %s\n", "model", m->mape, m->model_text);
	fprintf(f, "%-10s mean error %4u permille  %s\n", "hand rule", m->rule_mape, m->rule_text);
	fprintf(f, "%-10s mean error %4u permille  the integers the kernel gets\n", "tables",
		m->tables_mape);
}

static void say_sources_found(FILE *f, const struct an_train_report *r)
{
	fprintf(f, "hostile    %" PRIu64 " sources; %zu on the deny list, %" PRIu64 " kept off it\n",
		r->hostile, r->ndeny, r->deny_kept_off);
	say_sources(f, "deny", r->deny, r->ndeny, true);
	say_kept(f, r);
}

static void say_windows_found(FILE *f, const struct an_train_report *r)
{
	size_t i, alarms = 0;

	for (i = 0; i < r->nwindows; i++)
		alarms += r->windows[i].score > 500;
	fprintf(f, "alarms     %zu of %zu minutes; the last ones score %u (over 500 is anomalous), "
		"kind %s\n", alarms, r->nwindows, r->anomaly_score, r->anomaly_kind);
}

void an_report_model(FILE *f, const struct an_train_report *r, enum an_kind kind)
{
	static const char *const title[AN_KINDS] = {
		"hostile sources", "anomalous minutes", "run times",
	};
	const struct an_model_report *m = &r->of[kind];

	fprintf(f, "\n%s\n", title[kind]);
	fprintf(f, "rows       %" PRIu64, m->rows);
	if (kind != AN_EXEC)
		fprintf(f, ", %" PRIu64 " of them %s", m->positives,
			kind == AN_SOURCES ? "hostile" : "anomalous");
	if (m->train_rows)
		fprintf(f, "; trained on %" PRIu64, m->train_rows);
	fprintf(f, "\nlabels     %s\n", m->labels_text);
	if (m->trained) {
		fprintf(f, "split      %s\n", m->split_text);
		if (kind == AN_EXEC) {
			say_exec(f, m);
		} else {
			say_quality(f, "model", &m->model, m->model_text);
			say_quality(f, "hand rule", &m->rule, m->rule_text);
		}
		if (kind == AN_SOURCES && r->weak)
			say_quality(f, "same rule", &r->persist,
				    "the rule of the labels, applied to the earlier half");
	}
	if (!m->good)
		fprintf(f, "not kept   %s\n", m->why);
	else if (kind == AN_SOURCES)
		say_sources_found(f, r);
	else if (kind == AN_WINDOWS)
		say_windows_found(f, r);
}

static void say_all(FILE *f, const struct an_train_report *r, const struct an_gathered *g,
		    const struct an_train_options *opt, const char *why)
{
	int k;

	say_read(f, r, g, opt);
	say_sources(f, "loudest", r->top, r->ntop, false);
	if (g->weak)
		fprintf(f, "halves     sources: rows of the %s %" PRIu64 " [UFW BLOCK] lines, "
			"labelled by the %s %" PRIu64 "\n", g->by_run ? "earlier runs'" : "earlier",
			g->early, g->by_run ? "new" : "later", g->late);
	for (k = 0; k < AN_KINDS; k++)
		an_report_model(f, r, (enum an_kind)k);
	fprintf(f, "\n");
	if (why) {
		fprintf(f, "written    nothing: %s\n", why);
		return;
	}
	if (r->model_written)
		fprintf(f, "written    model %s\n", opt->model_dir);
	if (r->conf_written)
		fprintf(f, "written    values %s\n", opt->out_conf);
	if (!r->model_written && !r->conf_written)
		fprintf(f, "written    nothing: no file was asked for\n");
}

/* "sources 965 (hand rule 941)", or "no sources". */
static int sum_up(const struct an_model_report *m, const char *name, char *buf, size_t size)
{
	if (!m->good)
		return snprintf(buf, size, "; no model of %s", name);
	return snprintf(buf, size, "; %s permille %u (hand rule %u)", name, m->quality,
			m->baseline);
}

static void summary(struct an_train_report *r, const char *why)
{
	char *p = r->summary, *end = p + sizeof(r->summary);

	if (why) {
		snprintf(p, sizeof(r->summary), "nothing written: %s", why);
		return;
	}
	p += snprintf(p, 128, "%" PRIu64 " lines, %" PRIu64 " sources (%s labels)", r->read.lines,
		      r->read.sources, r->weak ? "weak" : "given");
	p += sum_up(&r->of[AN_SOURCES], "sources", p, (size_t)(end - p));
	p += sum_up(&r->of[AN_WINDOWS], "minutes", p, (size_t)(end - p));
	p += sum_up(&r->of[AN_EXEC], "run times", p, (size_t)(end - p));
	snprintf(p, (size_t)(end - p), "; %zu on the deny list", r->ndeny);
}

int an_report_finish(struct an_train_report *report, const struct an_gathered *g,
		     const struct an_train_options *opt, const char *why, struct an_error *err)
{
	size_t len;
	FILE *f;

	summary(report, why);
	f = open_memstream(&report->text, &len);
	if (!f)
		return an_fail(err, AN_NOMEM, "out of memory");
	say_all(f, report, g, opt, why);
	if (fclose(f))
		return an_fail(err, AN_NOMEM, "out of memory");
	return AN_OK;
}

void an_train_report_free(struct an_train_report *report)
{
	int k;

	for (k = 0; k < AN_KINDS; k++)
		free(report->of[k].curve);
	free(report->deny);
	free(report->kept);
	free(report->top);
	free(report->windows);
	free(report->exec);
	free(report->text);
	memset(report, 0, sizeof(*report));
}
