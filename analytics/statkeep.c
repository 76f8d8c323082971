// SPDX-License-Identifier: GPL-3.0-or-later
/* Sources in bytes, for a later run; must never make statistics of bytes that cannot be any. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"

#define VERSION		1
#define RANK_MAX	25		/* of a sketch's register */
#define MS_MAX		(1ll << 55)	/* what no stamp reaches */
#define PACKETS_MAX	(1ull << 47)	/* of a source: its bytes are still a number */
#define GAPS_MAX	1e30

static bool time_fits(int64_t ms)
{
	return ms > -MS_MAX && ms < MS_MAX;
}

/* The last packet with a time; AN_MS_NONE: there was none. */
static int64_t last_of(const struct an_sources *s, uint32_t index)
{
	const struct an_stat *st = an_sources_stat(s, index);
	const struct an_early *e = &s->early[index];
	int64_t last = AN_MS_NONE;
	uint32_t i;

	if (st)
		return st->timed ? st->last_ms : AN_MS_NONE;
	for (i = 0; i < e->n; i++)
		if (e->packet[i].ms > last)
			last = e->packet[i].ms;
	return last;
}

static bool is_silent(const struct an_sources *s, uint32_t index, int64_t from_ms)
{
	int64_t last = last_of(s, index);

	return last != AN_MS_NONE && last < from_ms;
}

bool an_sources_stays(const struct an_sources *s, struct an_addr addr, int64_t from_ms)
{
	uint32_t index = an_count_find(&s->count, addr);

	return index == AN_COUNT_NONE || !is_silent(s, index, from_ms);
}

static void put_packet(const struct an_packet *p, struct an_bytes *to)
{
	an_put(to, (uint64_t)p->ms, 8);
	an_put(to, p->dst, 4);
	an_put(to, p->len, 2);
	an_put(to, p->spt, 2);
	an_put(to, p->dpt, 2);
	an_put(to, p->flags, 2);
	an_put(to, p->ttl, 1);
	an_put(to, p->proto, 1);
}

static bool get_packet(struct an_packet *p, struct an_bytes *from)
{
	p->ms = (int64_t)an_get(from, 8);
	p->dst = (uint32_t)an_get(from, 4);
	p->len = (uint16_t)an_get(from, 2);
	p->spt = (uint16_t)an_get(from, 2);
	p->dpt = (uint16_t)an_get(from, 2);
	p->flags = (uint16_t)an_get(from, 2);
	p->ttl = (uint8_t)an_get(from, 1);
	p->proto = (uint8_t)an_get(from, 1);
	return !from->bad && (p->ms == AN_MS_NONE || time_fits(p->ms));
}

/* A bit for each register that is not 0, and those. */
static void put_hll(const struct an_hll *hll, struct an_bytes *to)
{
	unsigned char bits[AN_HLL / 8] = { 0 }, reg[AN_HLL];
	unsigned int i, n = 0;

	for (i = 0; i < AN_HLL; i++) {
		if (!hll->reg[i])
			continue;
		bits[i / 8] |= (unsigned char)(1u << i % 8);
		reg[n++] = hll->reg[i];
	}
	an_put_bytes(to, bits, sizeof(bits));
	an_put_bytes(to, reg, n);
}

static bool get_hll(struct an_hll *hll, struct an_bytes *from)
{
	unsigned char bits[AN_HLL / 8];
	unsigned int i;

	an_get_bytes(from, bits, sizeof(bits));
	for (i = 0; i < AN_HLL; i++) {
		if (!(bits[i / 8] >> i % 8 & 1))
			continue;
		hll->reg[i] = (uint8_t)an_get(from, 1);
		if (!hll->reg[i] || hll->reg[i] > RANK_MAX)
			return false;
	}
	return !from->bad;
}

static void put_double(double v, struct an_bytes *to)
{
	uint64_t raw;

	memcpy(&raw, &v, sizeof(raw));
	an_put(to, raw, 8);
}

/* 0 to GAPS_MAX, or the bytes are bad. */
static double get_double(struct an_bytes *from)
{
	uint64_t raw = an_get(from, 8);
	double v;

	memcpy(&v, &raw, sizeof(v));
	if (!(v >= 0 && v <= GAPS_MAX)) {
		from->bad = true;
		return 0;
	}
	return v;
}

/* The counters in the order they are written in. */
enum { SHARES = 8, COUNTERS = SHARES + 7 };

static void counters(struct an_stat *st, uint64_t *v[COUNTERS])
{
	uint64_t *const order[COUNTERS] = {
		/* packets, of all */
		&st->syn_only, &st->udp, &st->ack_rst, &st->df, &st->low_spt, &st->high_spt,
		&st->group, &st->with_port,
		&st->n, &st->len_sum, &st->ttl_sum, &st->timed, &st->in_minute, &st->busiest,
		&st->minutes,
	};

	memcpy(v, order, sizeof(order));
}

/* Ports with their slots: where they are is part of the order they are added up in. */
static void put_ports(const struct an_stat *st, struct an_bytes *to)
{
	unsigned int i;

	an_put(to, st->other_ports, 8);
	an_put(to, st->nports, 1);
	for (i = 0; i < AN_PORT_SLOTS; i++) {
		if (!st->port_count[i])
			continue;
		an_put(to, i, 1);
		an_put(to, st->port[i], 2);
		an_put(to, st->port_count[i], 4);
	}
}

static bool get_ports(struct an_stat *st, struct an_bytes *from)
{
	uint64_t sum = st->other_ports = an_get(from, 8);
	unsigned int next = 0, i, n;

	if (sum > st->with_port)
		return false;
	st->nports = (uint32_t)an_get(from, 1);
	if (st->nports > AN_PORTS_EXACT || (sum && st->nports < AN_PORTS_EXACT))
		return false;
	for (n = 0; n < st->nports; n++) {
		i = (unsigned int)an_get(from, 1);
		if (from->bad || i < next || i >= AN_PORT_SLOTS)
			return false;
		next = i + 1;
		st->port[i] = (uint16_t)an_get(from, 2);
		st->port_count[i] = (uint32_t)an_get(from, 4);
		sum += st->port_count[i];
		if (!st->port_count[i])
			return false;
	}
	return !from->bad && sum <= st->with_port;
}

static void put_stat(const struct an_stat *stat, struct an_bytes *to)
{
	struct an_stat st = *stat;
	uint64_t *v[COUNTERS];
	unsigned int i;

	counters(&st, v);
	for (i = 0; i < COUNTERS; i++)
		an_put(to, *v[i], 8);
	an_put(to, (uint64_t)st.first_ms, 8);
	an_put(to, (uint64_t)st.last_ms, 8);
	put_double(st.gap_sum, to);
	put_double(st.gap_sum2, to);
	put_ports(&st, to);
	an_put(to, st.ndsts, 1);
	an_put(to, st.dsts_over, 1);
	for (i = 0; i < st.ndsts; i++)
		an_put(to, st.dst[i], 4);
	put_hll(&st.spts, to);
	put_hll(&st.dpts, to);
	put_hll(&st.dsts, to);
}

/* Whether the counters can be of as many packets as they say. */
static bool counters_fit(struct an_stat *st, uint64_t *const v[COUNTERS])
{
	unsigned int i;

	if (st->n <= AN_EARLY || st->n > PACKETS_MAX || st->len_sum > st->n * UINT16_MAX ||
	    st->ttl_sum > st->n * UINT8_MAX || st->timed > st->n)
		return false;
	for (i = 0; i < SHARES; i++)
		if (*v[i] > st->n)
			return false;
	/* squares add up to no more than the square of the sum, but for rounding */
	if (st->gap_sum2 > st->gap_sum * st->gap_sum * 1.001)
		return false;
	return st->in_minute <= st->busiest && st->busiest <= st->timed &&
	       st->minutes <= st->timed && !st->timed == !st->in_minute &&
	       !st->timed == !st->minutes;
}

static bool get_stat(struct an_stat *st, struct an_bytes *from)
{
	uint64_t *v[COUNTERS], over;
	unsigned int i;

	counters(st, v);
	for (i = 0; i < COUNTERS; i++)
		*v[i] = an_get(from, 8);
	st->first_ms = (int64_t)an_get(from, 8);
	st->last_ms = (int64_t)an_get(from, 8);
	st->minute = st->timed ? st->last_ms / 60000 : 0;
	st->gap_sum = get_double(from);
	st->gap_sum2 = get_double(from);
	if (from->bad || !counters_fit(st, v) || !time_fits(st->first_ms) ||
	    !time_fits(st->last_ms) || !get_ports(st, from))
		return false;
	st->ndsts = (uint32_t)an_get(from, 1);
	over = an_get(from, 1);
	if (st->ndsts > AN_DSTS_EXACT || over > 1 || (over && st->ndsts < AN_DSTS_EXACT))
		return false;
	st->dsts_over = over;
	for (i = 0; i < st->ndsts; i++)
		st->dst[i] = (uint32_t)an_get(from, 4);
	return get_hll(&st->spts, from) && get_hll(&st->dpts, from) && get_hll(&st->dsts, from);
}

void an_sources_put(const struct an_sources *s, int64_t from_ms, struct an_bytes *to)
{
	bool *out = calloc(s->count.n + 1ul, sizeof(*out));
	uint32_t i, j;

	if (!out) {
		to->bad = true;
		return;
	}
	for (i = 0; i < s->count.n; i++)
		out[i] = is_silent(s, i, from_ms);
	an_count_put_some(&s->count, out, to);
	an_put(to, VERSION, 1);
	an_put(to, s->unobserved, 8);
	for (i = 0; i < s->count.n; i++) {
		const struct an_stat *st = an_sources_stat(s, i);

		if (out[i])
			continue;
		an_put(to, st ? AN_EARLY + 1 : s->early[i].n, 1);
		for (j = 0; !st && j < s->early[i].n; j++)
			put_packet(&s->early[i].packet[j], to);
		if (st)
			put_stat(st, to);
	}
	free(out);
}

/* What is known of entry @index besides its count. */
static bool get_source(struct an_sources *s, uint32_t index, struct an_bytes *from)
{
	uint32_t n = (uint32_t)an_get(from, 1), i;
	struct an_early *e = &s->early[index];
	struct an_stat *st;

	e->n = 0;
	if (from->bad || n > AN_EARLY + 1 || !n)
		return false;
	if (n > AN_EARLY) {
		st = s->nstats < s->stats_limit ? an_sources_observe(s, index) : NULL;
		return st && get_stat(st, from);
	}
	for (i = 0; i < n; i++)
		if (!get_packet(&e->packet[i], from))
			return false;
	e->n = n;
	return true;
}

bool an_sources_get(struct an_sources *s, struct an_bytes *from)
{
	uint32_t i;

	if (!an_count_get(&s->count, from) || an_get(from, 1) != VERSION || !an_sources_room(s))
		return false;
	s->unobserved = an_get(from, 8);
	for (i = 0; i < s->count.n; i++)
		if (!get_source(s, i, from))
			return false;
	return !from->bad;
}
