// SPDX-License-Identifier: GPL-3.0-or-later
/* Windows in bytes, for a later run; must never make windows of bytes that cannot be any. */
#include <stdlib.h>
#include <string.h>

#include "window.h"

#define KEPT_VERSION	2
#define START_MAX	(1ll << 55)	/* milliseconds: what no stamp reaches */
#define PORTS_MAX	65536		/* an estimate of fewer */

/* What of the windows is written: templates by their new number + 1, 0 for those that stay out. */
struct keeping {
	const struct an_windows *w;
	int64_t from_ms;
	uint32_t *number;
	uint64_t *gone;		/* lines of each template in windows that stay out */
	uint32_t ntemplates;
	size_t nwindows;
};

static bool stays(const struct keeping *k, size_t i)
{
	return i + 1 == k->w->n || k->w->v[i].start_ms + AN_WINDOW_MS > k->from_ms;
}

/* The pairs of window @i; those of the window under way are not counted yet. */
static uint32_t pairs_of(const struct an_windows *w, size_t i)
{
	return i + 1 == w->n ? (uint32_t)w->npairs - w->v[i].pairs : w->v[i].npairs;
}

static void choose(struct keeping *k)
{
	const struct an_windows *w = k->w;
	uint32_t j, n;
	size_t i;

	for (i = 0; i < w->n; i++) {
		const struct an_pair *p = w->pairs + w->v[i].pairs;
		bool stay = stays(k, i);

		k->nwindows += stay;
		for (j = 0, n = pairs_of(w, i); j < n; j++) {
			if (stay)
				k->number[p[j].template] = 1;
			else
				k->gone[p[j].template] += p[j].count;
		}
	}
	for (j = 0; j < w->ntemplates; j++)
		if (k->nwindows == w->n || k->number[j])
			k->number[j] = ++k->ntemplates;
}

static void put_templates(const struct keeping *k, struct an_bytes *to)
{
	uint32_t i, j;

	for (i = 0; i < k->w->ntemplates; i++) {
		const struct an_template *t = &k->w->templates[i];

		if (!k->number[i])
			continue;
		an_put(to, t->key, 8);
		an_put(to, t->total - k->gone[i], 8);
		an_put(to, t->about, 1);
		an_put_bytes(to, t->kind, sizeof(t->kind));
		an_put(to, t->nwords, 1);
		for (j = 0; j < t->nwords; j++)
			an_put(to, t->word[j], 2);
	}
}

static void put_loud(const struct an_loud *l, struct an_bytes *to)
{
	an_put(to, l->key, 8);
	an_put(to, l->count, 4);
	an_put(to, l->syn, 4);
	an_put(to, l->ack, 4);
	an_put(to, l->group, 4);
	an_put(to, l->udp, 4);
	an_put(to, l->ports, 4);
}

static void put_window(const struct keeping *k, size_t i, struct an_bytes *to)
{
	const struct an_window *v = &k->w->v[i];
	const struct an_pair *p = k->w->pairs + v->pairs;
	uint32_t n = pairs_of(k->w, i), j;

	an_put(to, (uint64_t)v->start_ms, 8);
	an_put(to, v->lines, 4);
	an_put(to, v->blocks, 4);
	an_put(to, v->packets, 4);
	an_put(to, v->sources, 4);
	an_put(to, v->ports, 4);
	an_put(to, v->alerts, 4);
	an_put(to, (uint32_t)v->first_ms, 2);
	an_put(to, (uint32_t)v->last_ms, 2);
	put_loud(&v->loud, to);
	an_put(to, n, 4);
	for (j = 0; j < n; j++) {
		an_put(to, k->number[p[j].template] - 1, 2);
		an_put(to, p[j].count, 4);
	}
}

static void put_under_way(const struct an_windows *w, struct an_bytes *to)
{
	uint32_t i;

	for (i = 0; i < 32; i++)
		an_put(to, w->portmap[i], 8);
	an_put(to, w->nused, 2);
	for (i = 0; i < w->nused; i++) {
		const struct an_window_source *s = &w->sources[w->used[i]];
		struct an_loud loud = s->n;

		loud.key = s->key;
		put_loud(&loud, to);
		an_put(to, s->portmap, 8);
	}
}

void an_windows_put(const struct an_windows *w, int64_t from_ms, struct an_bytes *to)
{
	struct keeping k = { .w = w, .from_ms = from_ms };
	size_t i;

	k.number = calloc(w->ntemplates + 1ul, sizeof(*k.number));
	k.gone = calloc(w->ntemplates + 1ul, sizeof(*k.gone));
	if (k.number && k.gone) {
		choose(&k);
		an_put(to, KEPT_VERSION, 1);
		an_put(to, w->has_alerts, 1);
		an_put(to, w->untracked, 8);
		an_put(to, k.ntemplates, 4);
		an_put(to, k.nwindows, 4);
		put_templates(&k, to);
		for (i = 0; i < w->n; i++)
			if (stays(&k, i))
				put_window(&k, i, to);
		put_under_way(w, to);
	} else {
		to->bad = true;
	}
	free(k.number);
	free(k.gone);
}

static bool get_template(struct an_windows *w, struct an_bytes *from)
{
	uint64_t key = an_get(from, 8);
	struct an_template *t;
	uint32_t j;

	if (from->bad || an_windows_template(w, key))
		return false;
	t = an_windows_new_template(w, key);
	if (!t)
		return false;
	t->total = an_get(from, 8);
	t->about = (uint8_t)an_get(from, 1);
	an_get_bytes(from, t->kind, sizeof(t->kind));
	t->nwords = (uint8_t)an_get(from, 1);
	if (from->bad || t->total > INT64_MAX || t->nwords > AN_WORDS_MAX)
		return false;
	for (j = 0; j < t->nwords; j++)
		t->word[j] = (uint16_t)an_get(from, 2);
	return !from->bad;
}

/* A source's counts, of at most @blocks packets. */
static bool get_loud(struct an_loud *l, uint32_t blocks, struct an_bytes *from)
{
	l->key = an_get(from, 8);
	l->count = (uint32_t)an_get(from, 4);
	l->syn = (uint32_t)an_get(from, 4);
	l->ack = (uint32_t)an_get(from, 4);
	l->group = (uint32_t)an_get(from, 4);
	l->udp = (uint32_t)an_get(from, 4);
	l->ports = (uint32_t)an_get(from, 4);
	return !from->bad && l->count <= blocks && l->syn <= l->count && l->ack <= l->count &&
	       l->group <= l->count && l->udp <= l->count && l->ports < PORTS_MAX;
}

static bool get_pairs(struct an_windows *w, uint32_t n, uint32_t lines, struct an_bytes *from)
{
	uint32_t now = (uint32_t)w->n - 1;
	uint64_t sum = 0;

	while (n--) {
		uint32_t number = (uint32_t)an_get(from, 2), count = (uint32_t)an_get(from, 4);
		struct an_template *t;
		struct an_pair *p;

		sum += count;
		if (from->bad || number >= w->ntemplates || !count || sum > lines)
			return false;
		t = &w->templates[number];
		if (t->window == now || w->npairs == AN_PAIRS_MAX)
			return false;
		p = an_windows_new_pair(w);
		if (!p)
			return false;
		*p = (struct an_pair){ number, count };
		t->window = now;
		t->df++;
		t->pair = (uint32_t)w->npairs - 1;
	}
	return true;
}

static bool get_window(struct an_windows *w, struct an_bytes *from)
{
	struct an_window *v = an_windows_append(w);

	if (!v)
		return false;
	v->start_ms = (int64_t)an_get(from, 8);
	v->lines = (uint32_t)an_get(from, 4);
	v->blocks = (uint32_t)an_get(from, 4);
	v->packets = (uint32_t)an_get(from, 4);
	v->sources = (uint32_t)an_get(from, 4);
	v->ports = (uint32_t)an_get(from, 4);
	v->alerts = (uint32_t)an_get(from, 4);
	v->first_ms = (int32_t)an_get(from, 2);
	v->last_ms = (int32_t)an_get(from, 2);
	if (!get_loud(&v->loud, v->blocks, from))
		return false;
	v->npairs = (uint32_t)an_get(from, 4);
	return !from->bad && v->start_ms > -START_MAX && v->start_ms < START_MAX &&
	       v->start_ms % AN_WINDOW_MS == 0 && v->lines &&
	       (uint64_t)v->blocks + v->packets <= v->lines && v->alerts <= v->lines &&
	       v->sources <= AN_WINDOW_SOURCES && v->ports < PORTS_MAX &&
	       v->first_ms < AN_WINDOW_MS && v->last_ms < AN_WINDOW_MS &&
	       get_pairs(w, v->npairs, v->lines - v->blocks - v->packets, from);
}

static bool get_under_way(struct an_windows *w, struct an_bytes *from)
{
	uint32_t i, n;

	for (i = 0; i < 32; i++)
		w->portmap[i] = an_get(from, 8);
	n = (uint32_t)an_get(from, 2);
	if (from->bad || n > AN_WINDOW_SOURCES || (n && !w->n))
		return false;
	for (i = 0; i < n; i++) {
		struct an_window_source *s;
		struct an_loud loud;

		if (!get_loud(&loud, w->v[w->n - 1].blocks, from) || !loud.count)
			return false;
		s = an_windows_source(w, loud.key);
		if (!s || s->n.count)
			return false;
		loud.key = 0;
		s->n = loud;
		s->portmap = an_get(from, 8);
	}
	return !from->bad;
}

/* No template has fewer lines than its windows hold. */
static bool totals_fit(const struct an_windows *w)
{
	uint64_t *sum = calloc(w->ntemplates + 1ul, sizeof(*sum));
	bool fit = sum;
	uint32_t j;
	size_t i;

	for (i = 0; i < w->npairs && sum; i++)
		sum[w->pairs[i].template] += w->pairs[i].count;
	for (j = 0; j < w->ntemplates && sum; j++)
		fit &= sum[j] <= w->templates[j].total;
	free(sum);
	return fit;
}

bool an_windows_get(struct an_windows *w, struct an_bytes *from)
{
	uint64_t version = an_get(from, 1), alerts = an_get(from, 1), ntemplates, n;

	w->untracked = an_get(from, 8);
	ntemplates = an_get(from, 4);
	n = an_get(from, 4);
	if (from->bad || version != KEPT_VERSION || alerts > 1 || ntemplates > AN_TEMPLATES_MAX ||
	    n > AN_WINDOWS_MAX)
		return false;
	w->has_alerts = alerts;
	while (ntemplates--)
		if (!get_template(w, from))
			return false;
	while (n--)
		if (!get_window(w, from))
			return false;
	return get_under_way(w, from) && totals_fit(w);
}
