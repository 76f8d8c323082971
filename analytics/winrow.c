// SPDX-License-Identifier: GPL-3.0-or-later
/* From windows to feature vectors; must never use an absolute count or a list made in training. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "winrow.h"
#include "wintext.h"

#define RARE	0.05	/* of the windows, at least */
#define RARER	0.4	/* of what is rare */
#define COMMON	2	/* times what is rare: not rare at all */
#define SPARSE	4	/* lines of the median minute */

const char *const an_win_names[AN_W_SCALARS] = {
	"lines_over_median", "lines_under_median", "blocked_over_median", "blocked_under_median",
	"other_over_median", "other_under_median", "loudest_source_share", "loudest_source",
	"loudest_source_syn", "loudest_source_answers", "loudest_source_broadcast",
	"loudest_source_udp", "loudest_source_ports", "ports_per_line", "template_burst",
	"rare_lines", "rare_templates", "very_rare_lines", "very_rare_templates",
	"fault_word_share", "rare_fault_lines", "surprise", "rare_oom_words", "rare_io_words",
	"rare_net_words", "rare_cpu_words",
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

static double rest(const struct an_window *w)
{
	return (double)w->lines - w->blocks - w->packets;
}

/* The first and the last minute of a log are rarely whole. */
static double covered(const struct an_windows *w, size_t i)
{
	const struct an_window *v = &w->v[i];
	double part = 1;

	if (w->n < 3)
		return 1;
	if (!i)
		part = 1 - (double)v->first_ms / AN_WINDOW_MS;
	else if (i == w->n - 1)
		part = (double)v->last_ms / AN_WINDOW_MS;
	return clamp(part, 0.1, 1);
}

/* Lines of a window's messages that speak of faults. */
static double fault_lines(const struct an_windows *w, const struct an_window *v)
{
	double n = 0;
	uint32_t i;

	for (i = 0; i < v->npairs; i++) {
		const struct an_pair *p = &w->pairs[v->pairs + i];

		if (w->templates[p->template].about & AN_ABOUT_FAULT)
			n += p->count;
	}
	return n;
}

bool an_win_norm(const struct an_windows *w, struct an_win_norm *norm)
{
	double *to[6] = { &norm->lines, &norm->blocks, &norm->rest, &norm->ports, &norm->loud,
			  &norm->fault };
	double *v = calloc(w->n + 1, sizeof(*v));
	size_t i;
	int k;

	memset(norm, 0, sizeof(*norm));
	if (!v)
		return false;
	norm->n = (uint32_t)w->n;
	for (k = 0; k < 6 && w->n; k++) {
		for (i = 0; i < w->n; i++) {
			const struct an_window *win = &w->v[i];
			double of[6] = {
				win->lines, win->blocks, rest(win),
				ratio(win->ports, win->blocks), win->loud.count,
				k == 5 ? ratio(fault_lines(w, win), rest(win)) : 0,
			};

			v[i] = of[k];
		}
		qsort(v, w->n, sizeof(*v), by_value);
		*to[k] = w->n & 1 ? v[w->n / 2] : (v[w->n / 2 - 1] + v[w->n / 2]) / 2;
	}
	free(v);
	return true;
}

/* Bits above (up) and below (down) the median; chance alone makes a small count move by its root. */
static void beside(double v, double median, double *up, double *down)
{
	double noise = sqrt(median + 1);
	double bits = log2((v + 1 + noise) / (median + 1 + noise));

	*up = clamp(bits / 3, 0, 1);
	/* The hours of the day alone halve it; a silence is far beyond that, and nothing else is. */
	*down = 2 * clamp((-bits - 1) / 2, 0, 1);
}

static void loudest(const struct an_window *v, const struct an_win_norm *norm, double *f)
{
	const struct an_loud *l = &v->loud;
	double size = clamp(log2((l->count + 4.0) / (norm->loud + 4)) / 3, 0, 1);

	if (!l->count)
		return;
	f[AN_W_LOUD_SHARE] = ratio(l->count, v->blocks);
	f[AN_W_LOUD] = size;
	f[AN_W_LOUD_SYN] = size * l->syn / l->count;
	f[AN_W_LOUD_ACK] = size * l->ack / l->count;
	f[AN_W_LOUD_GROUP] = size * l->group / l->count;
	f[AN_W_LOUD_UDP] = size * l->udp / l->count;
	f[AN_W_LOUD_PORTS] = size * clamp(ratio(l->ports, fmin(l->count, 64)), 0, 1);
	f[AN_W_PORTS] = clamp(ratio(v->ports, v->blocks) - norm->ports, -1, 1);
}

/* What share of the windows is rare: of logs that hold but a line a minute, most templates are. */
static double rare_share(const struct an_windows *w)
{
	return fmin(fmax(RARE, 0.5 * ratio((double)w->n, (double)w->npairs)), 0.5);
}

double an_win_rarity(const struct an_windows *w, const struct an_template *t)
{
	double share = ratio(t->df, (double)w->n), rare = rare_share(w);

	if (t->df <= 1 && w->n >= 8)
		return 1;
	return clamp((COMMON * rare - share) / (COMMON * rare - rare), 0, 1);
}

struct rare {
	double lines5, templates5, lines2, templates2, fault, surprise, burst;
	double kind[AN_ABOUT_KINDS];
};

/* Each bucket once, however many of the template's words share it. */
static void add_words(const struct an_template *t, double lines, double bucket[AN_WORD_BUCKETS])
{
	uint64_t seen[AN_WORD_BUCKETS / 64] = { 0 };
	uint32_t i;

	for (i = 0; i < t->nwords; i++) {
		unsigned int b = an_word_bucket(t->word[i]);

		if (seen[b / 64] >> b % 64 & 1)
			continue;
		seen[b / 64] |= 1ull << b % 64;
		bucket[b] += lines;
	}
}

/* Adds up what is rare; @bucket gets the lines each word was in. */
static void add_rare(const struct an_windows *w, const struct an_window *v, struct rare *r,
		     double bucket[AN_WORD_BUCKETS])
{
	double n = (double)w->n;
	uint32_t i, j;

	for (i = 0; i < v->npairs; i++) {
		const struct an_pair *p = &w->pairs[v->pairs + i];
		const struct an_template *t = &w->templates[p->template];
		double rarity = an_win_rarity(w, t), lines = p->count * rarity;

		r->burst = fmax(r->burst, p->count / fmax(t->total / n, 1));
		if (rarity <= 0)
			continue;
		r->lines5 += lines;
		r->templates5 += rarity;
		if (t->df <= RARER * rare_share(w) * n || t->df <= 1) {
			r->lines2 += p->count;
			r->templates2++;
		}
		if (t->about & AN_ABOUT_FAULT)
			r->fault += lines;
		r->surprise += rarity * log(n / t->df);
		for (j = 0; j < AN_ABOUT_KINDS; j++)
			r->kind[j] += t->kind[j] * lines;
		add_words(t, lines, bucket);
	}
}

bool an_win_sparse(const struct an_win_norm *norm)
{
	return norm->n && norm->lines <= SPARSE;
}

void an_win_row(const struct an_windows *w, const struct an_win_norm *norm, size_t i,
		unsigned int nfeat, struct svm_node *x)
{
	const struct an_window *v = &w->v[i];
	double f[AN_W_NFEATURES] = { 0 }, part = covered(w, i);
	double *bucket = f + AN_W_SCALARS;
	struct rare r = { 0 };
	int k;

	add_rare(w, v, &r, bucket);
	beside(v->lines / part, norm->lines, &f[AN_W_LINES_UP], &f[AN_W_LINES_DOWN]);
	beside(v->blocks / part, norm->blocks, &f[AN_W_BLOCKS_UP], &f[AN_W_BLOCKS_DOWN]);
	beside(rest(v) / part, norm->rest, &f[AN_W_REST_UP], &f[AN_W_REST_DOWN]);
	loudest(v, norm, f);
	f[AN_W_BURST] = clamp(log2(fmax(r.burst, 1)) / 8, 0, 1);
	f[AN_W_RARE5_LINES] = clamp(log1p(r.lines5) / 6, 0, 1);
	f[AN_W_RARE5_TEMPLATES] = clamp(log1p(r.templates5) / 4, 0, 1);
	f[AN_W_RARE2_LINES] = clamp(log1p(r.lines2) / 6, 0, 1);
	f[AN_W_RARE2_TEMPLATES] = clamp(log1p(r.templates2) / 4, 0, 1);
	f[AN_W_FAULT_RATIO] = clamp(ratio(fault_lines(w, v), rest(v)) - norm->fault, -1, 1);
	f[AN_W_FAULT_RARE] = clamp(log1p(r.fault) / 6, 0, 1);
	f[AN_W_SURPRISE] = clamp(log1p(r.surprise) / 6, 0, 1);
	for (k = 0; k < AN_ABOUT_KINDS; k++)
		f[AN_W_OOM + k] = clamp(log1p(r.kind[k]) / 6, 0, 1);
	for (k = 0; k < AN_WORD_BUCKETS; k++)
		bucket[k] = fmin(log1p(bucket[k]) / 3, 1.5);
	an_sparse(f, AN_W_NFEATURES, x);
	if (nfeat == AN_W_NTEXT)
		an_win_text(w, i, AN_W_NFEATURES, x);
}

const char *an_win_kind(const struct an_windows *w, const struct an_win_norm *norm, size_t i)
{
	static const char *const name[AN_ABOUT_KINDS] = { "oom", "io", "net", "cpu" };
	double bucket[AN_WORD_BUCKETS] = { 0 };
	struct rare r = { 0 };
	int best = 0, k;

	add_rare(w, &w->v[i], &r, bucket);
	for (k = 1; k < AN_ABOUT_KINDS; k++)
		if (r.kind[k] > r.kind[best])
			best = k;
	/* A flood makes no messages of its own: its packets are all there is. */
	if (w->v[i].loud.count > 4 * (norm->loud + 4) && r.kind[best] < 20)
		return "net";
	return r.kind[best] > 0 ? name[best] : "other";
}
