// SPDX-License-Identifier: GPL-3.0-or-later
/* Alarms and sources on the page; must never print a line or a name of a log unescaped. */
#include <inttypes.h>
#include <string.h>

#include "html.h"
#include "page.h"
#include "plots.h"

#define LISTED	60	/* rows of any table */
#define CAUSES	4	/* lines of an alarm */

static void causes(const struct an_alarm *a, FILE *f)
{
	size_t i;

	for (i = 0; i < a->p.nreasons; i++) {
		fprintf(f, i ? ", " : "<br>weighs most: ");
		an_html(f, "%s %+.2f", a->p.reasons[i].name, a->p.reasons[i].weight);
	}
	for (i = 0; i < a->p.ncauses && i < CAUSES; i++) {
		fprintf(f, "<code>%" PRIu64 ": ", a->p.causes[i].number);
		an_html_bytes(f, a->p.causes[i].text, a->p.causes[i].len);
		fprintf(f, "</code>");
	}
}

static void window_alarms(const struct an_alarms *all, FILE *f)
{
	static const char *const known[] = { ", labelled normal", "", ", labelled anomalous" };
	char when[24];
	size_t i;

	if (!all->n) {
		fprintf(f, "<p class=\"none\">No alarm in these logs.</p>\n");
		return;
	}
	fprintf(f, "<h3>%s</h3>\n<ul class=\"alarms\">\n",
		all->all > all->n ? "The worst alarms, and the lines behind them" :
		"Alarms, and the lines behind them");
	for (i = 0; i < all->n; i++) {
		const struct an_alarm *a = &all->v[i];

		fprintf(f, "<li%s><b>%s UTC</b> ", a->label < 0 ? " class=\"false\"" : "",
			an_review_time(a->p.start, when));
		an_html(f, "%s, score %.2f, %" PRIu64 " lines%s", a->p.about, a->p.score, a->p.lines,
			known[a->label + 1]);
		causes(a, f);
		fprintf(f, "</li>\n");
	}
	fprintf(f, "</ul>\n");
}

/* What training saw has no lines: only when. */
static void trained_alarms(const struct an_train_report *t, FILE *f)
{
	size_t i, listed = 0, alarms = 0;
	char when[24];

	for (i = 0; i < t->nwindows; i++)
		alarms += t->windows[i].score > 500;
	if (!alarms)
		return;
	fprintf(f, "<div class=\"scroll\"><table><thead><tr><th>Alarm, UTC</th><th>About</th>"
		"<th class=\"n\">Score</th><th class=\"n\">Lines</th></tr></thead><tbody>\n");
	for (i = t->nwindows; i-- && listed < LISTED;) {
		const struct an_window_report *w = &t->windows[i];

		if (w->score <= 500)
			continue;
		listed++;
		fprintf(f, "<tr><td class=\"nb\">%s</td><td>", an_review_time(w->start, when));
		an_html(f, "%s", w->kind);
		fprintf(f, "</td><td class=\"n\">%.2f</td><td class=\"n\">%u</td></tr>\n",
			w->score / 1000.0, w->lines);
	}
	fprintf(f, "</tbody></table></div>\n");
	if (alarms > listed)
		fprintf(f, "<p class=\"none\">The last %zu of %zu alarms.</p>\n", listed, alarms);
}

void an_page_windows(const struct an_review *r, FILE *f)
{
	const struct an_train_report *t = &r->trained;

	fprintf(f, "<section><h2>Minute by minute%s</h2>\n", r->seen ? "" : ", as trained on");
	if (!t->of[AN_WINDOWS].good) {
		fprintf(f, "<p class=\"none\">There is no model of minutes: ");
		an_html(f, "%s", t->of[AN_WINDOWS].why);
		fprintf(f, ".</p></section>\n");
		return;
	}
	if (r->seen) {
		fprintf(f, "<p>%" PRIu64 " of %zu minutes are called anomalous.</p>\n",
			r->seen->window_alarms.all, r->seen->nwindows);
		an_plot_timeline(f, r->seen->windows, r->seen->nwindows);
		window_alarms(&r->seen->window_alarms, f);
	} else {
		an_plot_timeline(f, t->windows, t->nwindows);
		trained_alarms(t, f);
	}
	fprintf(f, "</section>\n");
}

/* What became of an address in training: "denied", why it is kept off, or nothing. */
static const char *fate(const struct an_train_report *t, const char *ip)
{
	size_t i;

	for (i = 0; i < t->ndeny; i++)
		if (!strcmp(t->deny[i].ip, ip))
			return "on the deny list";
	for (i = 0; i < t->nkept; i++)
		if (!strcmp(t->kept[i].source.ip, ip))
			return t->kept[i].why;
	return "";
}

static void bar_cell(FILE *f, uint64_t count, uint64_t most)
{
	fprintf(f, "<td class=\"n\">%" PRIu64 "</td><td><svg class=\"bars\" viewBox=\"0 0 200 12\" "
		"preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"model\" y=\"1\" "
		"height=\"10\" width=\"%.1f\"/></svg></td>", count,
		most ? 200.0 * (double)count / (double)most : 0);
}

static void seen_sources(const struct an_review *r, FILE *f)
{
	const struct an_seen *s = r->seen;
	static const char *const known[] = { "not malicious", "", "malicious" };
	size_t i;

	fprintf(f, "<p>%" PRIu64 " of %zu sources with enough lines are called hostile.</p>\n"
		"<div class=\"scroll\"><table><thead><tr><th>Source</th><th class=\"n\">Lines</th>"
		"<th></th><th class=\"n\">Score</th><th>Model</th><th>Label</th><th>In training</th>"
		"</tr></thead><tbody>\n", s->hostile, s->nsources);
	for (i = 0; i < s->nsources && i < AN_REVIEW_SOURCES; i++) {
		const struct an_seen_source *v = &s->sources[i];

		fprintf(f, "<tr><td class=\"mono\">");
		an_html(f, "%s", v->ip);
		fprintf(f, "</td>");
		bar_cell(f, v->lines, s->sources[0].lines);
		fprintf(f, "<td class=\"n\">%.2f</td><td%s</td><td>%s</td><td>", v->score,
			v->hostile ? " class=\"bad\">hostile" : ">", known[v->label + 1]);
		an_html(f, "%s", fate(&r->trained, v->ip));
		fprintf(f, "</td></tr>\n");
	}
	fprintf(f, "</tbody></table></div>\n");
}

static void trained_top(const struct an_train_report *t, FILE *f)
{
	size_t i;

	fprintf(f, "<div class=\"scroll\"><table><thead><tr><th>Loudest sources</th>"
		"<th class=\"n\">Lines</th><th></th><th>What became of it</th></tr></thead><tbody>\n");
	for (i = 0; i < t->ntop; i++) {
		fprintf(f, "<tr><td class=\"mono\">");
		an_html(f, "%s", t->top[i].ip);
		fprintf(f, "</td>");
		bar_cell(f, t->top[i].count, t->top[0].count);
		fprintf(f, "<td>");
		an_html(f, "%s", fate(t, t->top[i].ip));
		fprintf(f, "</td></tr>\n");
	}
	fprintf(f, "</tbody></table></div>\n");
}

static void judged_row(const struct an_source *s, const char *why, FILE *f)
{
	fprintf(f, "<tr><td class=\"mono\">");
	an_html(f, "%s", s->ip);
	fprintf(f, "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%u</td><td class=\"n\">%u</td>"
		"<td class=\"n\">%.2f</td>", s->count, s->ports, s->dsts, s->score / 1000.0);
	if (why) {
		fprintf(f, "<td>");
		an_html(f, "%s", why);
		fprintf(f, "</td>");
	}
	fprintf(f, "</tr>\n");
}

static void deny_head(FILE *f, const char *title, const char *last)
{
	fprintf(f, "<h3>%s</h3>\n<div class=\"scroll\"><table><thead><tr><th>Source</th>"
		"<th class=\"n\">Lines</th><th class=\"n\">Ports</th><th class=\"n\">Destinations</th>"
		"<th class=\"n\">Decision</th>%s</tr></thead><tbody>\n", title, last);
}

static void deny_list(const struct an_train_report *t, FILE *f)
{
	size_t i;

	if (t->ndeny) {
		deny_head(f, "Deny list, as trained", "");
		for (i = 0; i < t->ndeny && i < LISTED; i++)
			judged_row(&t->deny[i], NULL, f);
		fprintf(f, "</tbody></table></div>\n");
		if (t->ndeny > LISTED)
			fprintf(f, "<p class=\"none\">And %zu more.</p>\n", t->ndeny - LISTED);
	}
	if (t->nkept) {
		deny_head(f, "Called hostile and not denied", "<th>Why not</th>");
		for (i = 0; i < t->nkept && i < LISTED; i++)
			judged_row(&t->kept[i].source, t->kept[i].why, f);
		fprintf(f, "</tbody></table></div>\n");
	}
}

void an_page_sources(const struct an_review *r, FILE *f)
{
	const struct an_train_report *t = &r->trained;

	fprintf(f, "<section><h2>Sources</h2>\n");
	if (r->seen && r->seen->asked[AN_SOURCES] && r->seen->nsources)
		seen_sources(r, f);
	else if (r->seen && r->seen->asked[AN_SOURCES])
		fprintf(f, "<p class=\"none\">No source in these logs has enough lines to be judged.</p>\n");
	if (!t->of[AN_SOURCES].good) {
		fprintf(f, "<p class=\"none\">There is no model of sources: ");
		an_html(f, "%s", t->of[AN_SOURCES].why);
		fprintf(f, ".</p>\n");
	}
	if (t->ntop && r->seen)
		fprintf(f, "<h3>The loudest in the logs trained on</h3>\n");
	if (t->ntop)
		trained_top(t, f);
	else
		fprintf(f, "<p class=\"none\">No refused packet was logged.</p>\n");
	deny_list(t, f);
	fprintf(f, "</section>\n");
}
