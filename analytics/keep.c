// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Training's sections of a state: counts, sources, windows, runs, this machine's addresses, the rate
 * of lines. Must never go on from a part of them: all are good, or none is used.
 */
#include <stdlib.h>
#include <string.h>

#include "keep.h"
#include "mark.h"

#define VERSION		1
#define STRETCH_VERSION	2	/* 1 did not know since when it goes */
#define ROW_MAX		1e30	/* of any feature */
#define DAY_MS		86400000ll
#define HOUR_MS		3600000
#define TIME_MAX	(1ll << 42)	/* seconds: what no stamp reaches */

/* The numbers of the statistics in the order of the state. */
enum { STAT_NUMBERS = 9 };

static void stat_numbers(struct an_read_stats *s, uint64_t *v[STAT_NUMBERS])
{
	v[0] = &s->bytes;
	v[1] = &s->lines;
	v[2] = &s->blocks;
	v[3] = &s->malformed;
	v[4] = &s->overlong;
	v[5] = &s->nul_runs;
	v[6] = &s->truncated;
	v[7] = (uint64_t *)&s->first;
	v[8] = (uint64_t *)&s->last;
}

static void put_stats(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	uint64_t *v[STAT_NUMBERS];
	int i;

	stat_numbers(k->stats, v);
	an_put(to, VERSION, 1);
	for (i = 0; i < STAT_NUMBERS; i++)
		an_put(to, *v[i], 8);
}

static bool get_stats(const struct an_keep *k, struct an_bytes *from)
{
	struct an_read_stats *s = k->stats;
	uint64_t *v[STAT_NUMBERS];
	int i;

	if (an_get(from, 1) != VERSION)
		return false;
	stat_numbers(s, v);
	for (i = 0; i < STAT_NUMBERS; i++)
		*v[i] = an_get(from, 8);
	s->truncated = 0;	/* told when it happened */
	return s->bytes <= INT64_MAX && s->lines <= INT64_MAX && s->blocks <= s->lines &&
	       s->first > -TIME_MAX && s->first < TIME_MAX && s->last > -TIME_MAX &&
	       s->last < TIME_MAX;
}

static void put_sources(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	an_sources_put(k->all, from_ms, to);
}

/* The counts of all sources stand first; they are the totals too. */
static bool get_sources(const struct an_keep *k, struct an_bytes *from)
{
	struct an_bytes again = *from;

	return an_sources_get(k->all, from) && an_count_get(&k->g->total, &again);
}

static void put_windows(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	an_windows_put(&k->g->groups[0].windows, from_ms, to);
}

static bool get_windows(const struct an_keep *k, struct an_bytes *from)
{
	return an_windows_get(&k->g->groups[0].windows, from);
}

static void put_runs(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	an_runs_put(&k->g->runs, from_ms, to);
}

static bool get_runs(const struct an_keep *k, struct an_bytes *from)
{
	return an_runs_get(&k->g->runs, from);
}

/* Own addresses never leave: one that was this machine's is not to be denied so soon. */
static void put_own(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	an_put(to, VERSION, 1);
	an_count_put(&k->g->own, to);
}

static bool get_own(const struct an_keep *k, struct an_bytes *from)
{
	return an_get(from, 1) == VERSION && an_count_get(&k->g->own, from);
}

void an_stretch_free(struct an_stretch *s)
{
	free(s->taught.v);
	an_sources_free(&s->late);
	memset(s, 0, sizeof(*s));
}

/* The numbers of a row: features, then traits. */
enum { ROW_NUMBERS = AN_NFEATURES + 4 };

static void row_numbers(struct an_cand *c, double *v[ROW_NUMBERS])
{
	int i;

	for (i = 0; i < AN_NFEATURES; i++)
		v[i] = &c->f[i];
	v[i++] = &c->traits.lines;
	v[i++] = &c->traits.ports;
	v[i++] = &c->traits.dsts;
	v[i] = &c->traits.syn_share;
}

void an_keep_put_stretch(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	struct an_stretch *s = k->stretch;
	bool begun = s->late.count.entries;
	double *v[ROW_NUMBERS];
	size_t i, n = 0;
	int j;

	an_put(to, STRETCH_VERSION, 1);
	an_put(to, begun, 1);
	if (!begun)
		return;
	an_put(to, s->begin, 8);
	an_put(to, (uint64_t)s->since, 8);
	for (i = 0; i < s->taught.n; i++)
		n += an_sources_stays(k->all, s->taught.v[i].addr, from_ms);
	an_put(to, n, 4);
	for (i = 0; i < s->taught.n; i++) {
		if (!an_sources_stays(k->all, s->taught.v[i].addr, from_ms))
			continue;
		an_put(to, s->taught.v[i].addr.hi, 8);
		an_put(to, s->taught.v[i].addr.lo, 8);
		row_numbers(&s->taught.v[i], v);
		for (j = 0; j < ROW_NUMBERS; j++) {
			uint64_t raw;

			memcpy(&raw, v[j], sizeof(raw));
			an_put(to, raw, 8);
		}
	}
	an_sources_put(&s->late, from_ms, to);
}

static bool get_taught(struct an_cand *c, struct an_bytes *from)
{
	double *v[ROW_NUMBERS];
	int j;

	memset(c, 0, sizeof(*c));
	c->addr.hi = an_get(from, 8);
	c->addr.lo = an_get(from, 8);
	row_numbers(c, v);
	for (j = 0; j < ROW_NUMBERS; j++) {
		uint64_t raw = an_get(from, 8);

		memcpy(v[j], &raw, sizeof(raw));
		if (!(*v[j] >= 0 && *v[j] < ROW_MAX))
			return false;
	}
	return !from->bad;
}

bool an_keep_get_stretch(const struct an_keep *k, struct an_bytes *from)
{
	struct an_stretch *s = k->stretch;
	uint64_t version = an_get(from, 1), begun = an_get(from, 1);
	size_t n;

	if (version != STRETCH_VERSION || begun > 1 || !begun)
		return version == STRETCH_VERSION && !begun;
	s->taken = true;
	s->begin = an_get(from, 8);
	s->since = (int64_t)an_get(from, 8);
	n = an_get(from, 4);
	/* k->stats was read before */
	if (from->bad || s->since <= -TIME_MAX || s->since >= TIME_MAX ||
	    s->begin > k->stats->blocks || n > k->all->stats_limit)
		return false;
	s->taught.v = calloc(n + 1, sizeof(*s->taught.v));
	s->taught.room = s->taught.v ? n : 0;
	while (s->taught.n < s->taught.room)
		if (!get_taught(&s->taught.v[s->taught.n++], from))
			return false;
	return s->taught.v && an_sources_init(&s->late, k->all->count.limit) &&
	       an_sources_get(&s->late, from);
}

static void put_rate(const struct an_keep *k, int64_t from_ms, struct an_bytes *to)
{
	int64_t days = (k->stats->last * 1000 - from_ms) / DAY_MS;

	an_rate_put(&k->g->rate, (uint64_t)(days > 0 ? days : 1) * (DAY_MS / AN_RATE_BUCKET_MS),
		    to);
}

static bool get_rate(const struct an_keep *k, struct an_bytes *from)
{
	return an_rate_get(&k->g->rate, from);
}

/* What grows with the sources is the first to be cut: anybody can send from many. */
enum { SOURCES, OTHERS, NCUTS };

static const struct {
	const char *name;
	int cut;
	void (*put)(const struct an_keep *k, int64_t from_ms, struct an_bytes *to);
	bool (*get)(const struct an_keep *k, struct an_bytes *from);
} sections[] = {
	{ "stats", OTHERS, put_stats, get_stats },
	{ "sources", SOURCES, put_sources, get_sources },
	{ "windows", OTHERS, put_windows, get_windows },
	{ "runs", OTHERS, put_runs, get_runs },
	{ "own", OTHERS, put_own, get_own },
	{ "rate", OTHERS, put_rate, get_rate },
	{ "stretch", SOURCES, an_keep_put_stretch, an_keep_get_stretch },
};

enum { NSECTIONS = sizeof(sections) / sizeof(sections[0]) };

/* True: all were there and good. *any tells that one at least was there. */
static bool get_all(const struct an_keep *k, bool *any)
{
	bool good = true;
	size_t i;

	for (i = 0; i < NSECTIONS; i++) {
		struct an_bytes b = { 0 };
		size_t len = 0;
		const void *data = an_state_get(k->state, sections[i].name, &len);

		*any |= !!data;
		b.data = (unsigned char *)data;
		b.len = len;
		good = good && data && sections[i].get(k, &b) && !b.bad && b.at == b.len;
		/* what has been taken needs no room twice */
		an_state_drop(k->state, sections[i].name);
	}
	return good;
}

/* Everything empty again. */
static bool start_over(const struct an_keep *k, uint32_t max_sources, uint64_t seed)
{
	struct an_gathered *g = k->g;

	an_sources_free(k->all);
	an_stretch_free(k->stretch);
	an_windows_free(&g->groups[0].windows);
	an_runs_free(&g->runs);
	an_count_free(&g->total);
	an_count_free(&g->own);
	memset(&g->rate, 0, sizeof(g->rate));
	memset(k->stats, 0, sizeof(*k->stats));
	return an_windows_init(&g->groups[0].windows) && an_runs_init(&g->runs, seed) &&
	       an_count_init(&g->total, max_sources) && an_count_init(&g->own, AN_OWN_MAX);
}

int an_keep_get(const struct an_keep *k, uint32_t max_sources, uint64_t seed,
		struct an_error *err)
{
	bool any = false;

	if (!an_sources_init(k->all, max_sources))
		return an_fail(err, AN_NOMEM, "out of memory");
	if (get_all(k, &any))
		return AN_OK;
	/* positions without what was read up to them would lose it */
	if (any || an_state_marks(k->state)->n)
		an_state_forget(k->state, "what it holds of the logs makes no sense here");
	return start_over(k, max_sources, seed) ? AN_OK : an_fail(err, AN_NOMEM, "out of memory");
}

int64_t an_keep_from_ms(const struct an_read_stats *stats, uint32_t days, int64_t now)
{
	int64_t latest = stats->last < now ? stats->last : now;

	return latest * 1000 - days * DAY_MS;
}

/* All sections in bytes; AN_OUTPUT: they would take more than there is room for. */
static int put_all(const struct an_keep *k, const int64_t from_ms[NCUTS], struct an_bytes b[NSECTIONS],
		   struct an_error *err)
{
	size_t left = k->room, i;

	for (i = 0; i < NSECTIONS; i++) {
		b[i].limited = true;
		b[i].max = left;
		sections[i].put(k, from_ms[sections[i].cut], &b[i]);
		if (b[i].full)
			return an_fail(err, AN_OUTPUT, "no room in the state even for two hours: "
				       "count fewer sources (--max-sources)");
		if (b[i].bad)
			return an_fail(err, AN_NOMEM, "out of memory");
		left -= b[i].len;
	}
	return AN_OK;
}

static void free_all(struct an_bytes b[NSECTIONS])
{
	size_t i;

	for (i = 0; i < NSECTIONS; i++)
		free(b[i].data);
	memset(b, 0, NSECTIONS * sizeof(*b));
}

int an_keep_put(const struct an_keep *k, uint32_t days, int64_t now, struct an_error *err)
{
	int64_t latest = an_keep_from_ms(k->stats, 0, now), span = days * DAY_MS;
	int64_t from_ms[NCUTS] = { latest - span, latest - span };
	struct an_bytes b[NSECTIONS] = { 0 };
	int ret = put_all(k, from_ms, b, err), cut = SOURCES;
	size_t i;

	/* An attacker's sources must not end the learning: what is oldest is forgotten instead. */
	while (ret == AN_OUTPUT && cut < NCUTS) {
		span /= 2;
		if (span < HOUR_MS) {
			span = days * DAY_MS;
			cut++;
			continue;
		}
		from_ms[cut] = latest - span;
		k->stats->kept_hours = (uint32_t)((latest - from_ms[SOURCES]) / HOUR_MS);
		free_all(b);
		err->msg[0] = 0;
		ret = put_all(k, from_ms, b, err);
	}
	for (i = 0; i < NSECTIONS && !ret; i++) {
		ret = an_state_give(k->state, sections[i].name, b[i].data, b[i].len, err);
		b[i].data = NULL;
	}
	free_all(b);
	return ret;
}
