// SPDX-License-Identifier: GPL-3.0-or-later
/* Words for what training found; must never claim more than was measured. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

static void say_read(FILE *f, const struct an_train_report *r, const struct an_gathered *g)
{
	const struct an_read_stats *s = &r->read;

	fprintf(f, "read       %" PRIu64 " lines, %" PRIu64 " of them [UFW BLOCK], from %" PRIu64
		" sources", s->lines, s->blocks, s->sources);
	if (s->last > s->first)
		fprintf(f, " in %.1f hours", (double)(s->last - s->first) / 3600);
	fprintf(f, "\n");
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

static void say_labels(FILE *f, const struct an_train_report *r, const struct an_gathered *g,
		       const struct an_train_options *opt)
{
	char rule[160];

	if (!r->weak) {
		fprintf(f, "labels     given: %" PRIu64 " of %" PRIu64 " sources with %u or more "
			"lines are hostile\n", r->positives, r->rows, opt->min_lines);
		return;
	}
	an_rule_text(&an_rule_weak, rule, sizeof(rule));
	fprintf(f, "labels     weak, made by a rule (%s), not by anybody who knows\n", rule);
	fprintf(f, "           rows: sources of the earlier %" PRIu64 " [UFW BLOCK] lines; label: "
		"does the rule hold for them in the later %" PRIu64 "\n", g->early, g->late);
	fprintf(f, "           %" PRIu64 " of %" PRIu64 " sources with %u or more lines\n",
		r->positives, r->rows, opt->min_lines);
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

static void say_all(FILE *f, const struct an_train_report *r, const struct an_gathered *g,
		    const struct an_train_options *opt, const char *why)
{
	say_read(f, r, g);
	say_sources(f, "loudest", r->top, r->ntop, false);
	say_labels(f, r, g, opt);
	if (r->train_rows) {
		fprintf(f, "split      %u-fold cross validation, parameters and thresholds chosen "
			"inside each fold; %"
			PRIu64 " rows\n", opt->folds, r->train_rows);
		say_quality(f, "model", &r->model, r->model_text);
		say_quality(f, "hand rule", &r->rule, r->rule_text);
		if (r->weak)
			say_quality(f, "same rule", &r->persist,
				    "the rule of the labels, applied to the earlier half");
	}
	if (why) {
		fprintf(f, "written    nothing: %s\n", why);
		return;
	}
	fprintf(f, "hostile    %" PRIu64 " sources; %zu on the deny list, %" PRIu64 " kept off it "
		"(private, own, labelled benign or never to be denied)\n", r->hostile, r->ndeny,
		r->deny_kept_off);
	say_sources(f, "deny", r->deny, r->ndeny, true);
	if (r->model_written)
		fprintf(f, "written    model %s\n", opt->model_dir);
	if (r->conf_written)
		fprintf(f, "written    values %s\n", opt->out_conf);
	if (!r->model_written && !r->conf_written)
		fprintf(f, "written    nothing: no file was asked for\n");
}

int an_report_finish(struct an_train_report *report, const struct an_gathered *g,
		     const struct an_train_options *opt, const char *why, struct an_error *err)
{
	size_t len;
	FILE *f;

	if (why)
		snprintf(report->summary, sizeof(report->summary), "nothing written: %s", why);
	else
		snprintf(report->summary, sizeof(report->summary),
			 "%" PRIu64 " lines, %" PRIu64 " sources, %" PRIu64 " rows (%s labels): F1 "
			 "permille %u against a hand rule's %u, %zu on the deny list",
			 report->read.blocks, report->read.sources, report->rows,
			 report->weak ? "weak" : "given", report->model.f1, report->rule.f1,
			 report->ndeny);
	f = open_memstream(&report->text, &len);
	if (!f)
		return an_fail(err, AN_NOMEM, "out of memory");
	say_all(f, report, g, opt, why);
	if (fclose(f))
		return an_fail(err, AN_NOMEM, "out of memory");
	return AN_OK;
}
