// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A report as one page that needs nothing else; must never print a word that came from a log, a
 * file name or a model directory other than by an_html() and an_html_bytes(). The page itself forbids
 * scripts and loading, should that ever go wrong.
 */
#include <inttypes.h>
#include <string.h>

#include "html.h"
#include "model.h"
#include "page.h"
#include "plots.h"

static const char *const titles[AN_KINDS] = { "Hostile sources", "Anomalous minutes", "Run times" };

static void fact(FILE *f, const char *name, const char *value)
{
	fprintf(f, "<dt>%s</dt><dd>", name);
	an_html(f, "%s", value);
	fprintf(f, "</dd>\n");
}

static void head(const struct an_review *r, FILE *f)
{
	char when[24], trained[24];

	an_page_head(f);
	fprintf(f, "<header><h1>What was learnt from the kernel's log</h1>\n<p>Model ");
	an_html(f, "%s, trained %s UTC. Report of %s UTC.", r->opt->model_dir,
		an_review_generated(r->manifest, trained),
		an_review_time(r->now, when));
	fprintf(f, "</p>\n");
	if (r->seen && r->seen->trained_on)
		fprintf(f, "<p class=\"warn\">Among the logs reported on is one that the model was "
			"trained on: what it says of that, and how right it is there, is no proof of "
			"anything.</p>\n");
	fprintf(f, "</header>\n");
}

/* What was written, and why not where it was not. */
static void verdicts(const struct an_review *r, FILE *f)
{
	const char *conf = an_review_string(r->manifest, "conf");
	int k;

	fprintf(f, "<section><h2>What was written</h2>\n<ul>\n");
	for (k = 0; k < AN_KINDS; k++) {
		const struct an_model_report *m = &r->trained.of[k];

		fprintf(f, "<li class=\"%s\"><b>%s</b>: %s", m->good ? "yes" : "no", titles[k],
			m->good ? "the model is kept" : "no model, because ");
		if (!m->good)
			an_html(f, "%s", m->why);
		fprintf(f, ".</li>\n");
	}
	fprintf(f, "<li class=\"%s\"><b>Values for the nodes</b>: ", conf[0] ? "yes" : "no");
	if (conf[0])
		an_html(f, "%s.", conf);
	else
		fprintf(f, "none, because no values file was asked for.");
	fprintf(f, "</li>\n</ul></section>\n");
}

static void bars(const struct an_model_report *m, bool exec, FILE *f)
{
	fprintf(f, "<div class=\"compare\">");
	an_svg_bars(f, "The model's quality above the hand rule's", m->quality, m->baseline);
	if (exec)
		fprintf(f, "<p><b>mean error %.1f %%</b>, hand rule %.1f %%, the nodes' integer tables "
			"%.1f %%</p></div>\n", m->mape / 10.0, m->rule_mape / 10.0,
			m->tables_mape / 10.0);
	else
		fprintf(f, "<p><b>F1 %.3f</b> (precision %.3f, recall %.3f)<br>hand rule %.3f "
			"(precision %.3f, recall %.3f)</p></div>\n", m->model.f1 / 1000.0,
			m->model.precision / 1000.0, m->model.recall / 1000.0, m->baseline / 1000.0,
			m->rule.precision / 1000.0, m->rule.recall / 1000.0);
}

static void model(const struct an_train_report *t, enum an_kind kind, FILE *f)
{
	const struct an_model_report *m = &t->of[kind];
	char text[96];

	fprintf(f, "<article class=\"card\"><h3>%s</h3>\n", titles[kind]);
	if (m->trained)
		bars(m, kind == AN_EXEC, f);
	else
		fprintf(f, "<p class=\"none\">Not trained.</p>");
	fprintf(f, "<dl>\n");
	fact(f, "Verdict", m->good ? "better than the hand rule: kept" : m->why);
	if (kind == AN_EXEC)
		snprintf(text, sizeof(text), "%" PRIu64 ", trained on %" PRIu64, m->rows,
			 m->train_rows);
	else
		snprintf(text, sizeof(text), "%" PRIu64 ", %" PRIu64 " of them positive; trained on %"
			 PRIu64, m->rows, m->positives, m->train_rows);
	fact(f, "Rows", text);
	fact(f, "Labels", m->labels_text);
	if (m->trained) {
		fact(f, "Held back", m->split_text);
		fact(f, "Model", m->model_text);
		fact(f, "Hand rule", m->rule_text);
	}
	fprintf(f, "</dl></article>\n");
}

static void models(const struct an_review *r, FILE *f)
{
	int k;

	fprintf(f, "<section><h2>Models beside what needs no model</h2>\n"
		"<p>Figures are of rows that the model had not seen. Upper bar: the model; lower bar: the "
		"best hand rule on the same rows; the line at the right is perfection.</p>\n"
		"<div class=\"cards\">\n");
	for (k = 0; k < AN_KINDS; k++)
		model(&r->trained, (enum an_kind)k, f);
	fprintf(f, "</div></section>\n");
}

static void curves(const struct an_review *r, FILE *f)
{
	static const char *const measured[] = { "Sources of the logs given, by their labels",
						"Minutes of the logs given, by their labels" };
	int k, any = 0;

	fprintf(f, "<section><h2>Precision and recall</h2>\n<div class=\"plots\">\n");
	for (k = 0; k < AN_EXEC; k++) {
		const struct an_model_report *m = &r->trained.of[k];

		any |= m->trained;
		if (m->trained)
			an_plot_curve(f, k == AN_SOURCES ? "Sources held back in training" :
				      "Minutes held back in training", m->curve, m->ncurve, &m->model,
				      &m->rule);
	}
	for (k = 0; r->seen && k < AN_EXEC; k++)
		if (r->seen->labelled[k])
			an_plot_curve(f, measured[k], r->seen->of[k].curve, r->seen->of[k].ncurve,
				      &r->seen->of[k].model, NULL);
	if (!any)
		fprintf(f, "<p class=\"none\">Neither sources nor minutes were learnt.</p>\n");
	fprintf(f, "</div></section>\n");
}

static void runs(const struct an_review *r, FILE *f)
{
	const struct an_seen *s = r->seen;
	size_t i;

	fprintf(f, "<section><h2>Run times, predicted and actual</h2>\n<div class=\"plots\">\n");
	if (!s) {
		an_plot_runs(f, r->trained.exec, r->trained.nexec);
		fprintf(f, "</div></section>\n");
		return;
	}
	an_plot_runs(f, s->exec, s->nexec);
	if (s->nfns) {
		fprintf(f, "<div class=\"scroll\"><table><thead><tr><th>Function</th><th class=\"n\">Runs"
			"</th><th class=\"n\">Mean error</th></tr></thead><tbody>\n");
		for (i = 0; i < s->nfns; i++) {
			fprintf(f, "<tr><td>");
			an_html(f, "%s", s->fns[i].name);
			fprintf(f, "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">",
				s->fns[i].runs);
			if (s->fns[i].judged)
				fprintf(f, "%.1f %%", s->fns[i].error * 100 /
					(double)s->fns[i].judged);
			else
				fprintf(f, "not learnt");
			fprintf(f, "</td></tr>\n");
		}
		fprintf(f, "</tbody></table></div>\n");
	}
	fprintf(f, "</div></section>\n");
}

static void inputs(const struct an_review *r, FILE *f)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(r->manifest, "inputs"), *in;

	fprintf(f, "<div class=\"scroll\"><table><thead><tr><th>Log trained from</th><th>SHA-256</th>"
		"</tr></thead><tbody>\n");
	cJSON_ArrayForEach(in, list) {
		fprintf(f, "<tr><td class=\"mono\">");
		an_html(f, "%s", an_review_string(in, "name"));
		fprintf(f, "</td><td class=\"mono\">");
		an_html(f, "%s", an_review_string(in, "sha256"));
		fprintf(f, "</td></tr>\n");
	}
	fprintf(f, "</tbody></table></div>\n");
}

static void provenance(const struct an_review *r, FILE *f)
{
	const struct an_read_stats *s = &r->trained.read;
	char text[160], when[24], last[24];

	fprintf(f, "<section><h2>Where it comes from</h2>\n<dl>\n");
	fact(f, "Trained", an_review_generated(r->manifest, when));
	snprintf(text, sizeof(text), "%" PRIu64 " lines, %" PRIu64 " of refused packets from %" PRIu64
		 " sources", s->lines, s->blocks, s->sources);
	fact(f, "Read", text);
	if (s->last > s->first) {
		snprintf(text, sizeof(text), "%s to %s UTC", an_review_time(s->first, when),
			 an_review_time(s->last, last));
		fact(f, "Time", text);
	}
	snprintf(text, sizeof(text), "%" PRIu64 " cut or broken lines, %" PRIu64 " over-long lines, %"
		 PRIu64 " runs of NUL bytes", s->malformed, s->overlong, s->nul_runs);
	fact(f, "Skipped", text);
	if (s->log_limited)
		fact(f, "Limited", "the firewall's log is rate limited: its counts are not packet "
		     "counts");
	snprintf(text, sizeof(text), "%.0f", an_review_number(r->manifest, "feature_version"));
	fact(f, "Feature version", text);
	snprintf(text, sizeof(text), "%.0f, %.0f folds, no model below %.0f permille",
		 an_review_number(r->manifest, "seed"), an_review_number(r->manifest, "folds"),
		 an_review_number(r->manifest, "min_quality_permille"));
	fact(f, "Seed", text);
	fprintf(f, "</dl>\n");
	inputs(r, f);
	fprintf(f, "</section>\n");
}

void an_review_html(const struct an_review *r, FILE *f)
{
	head(r, f);
	verdicts(r, f);
	models(r, f);
	an_page_windows(r, f);
	an_page_sources(r, f);
	curves(r, f);
	runs(r, f);
	provenance(r, f);
	fprintf(f, "</main></body></html>\n");
}
