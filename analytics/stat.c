// SPDX-License-Identifier: GPL-3.0-or-later
/* Per-source statistics of a fixed size; must never grow with what one source sends. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"

#define STATS_LIMIT	49152	/* about 70 MB */

static uint32_t mix32(uint32_t h)
{
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	h ^= h >> 13;
	h *= 0xc2b2ae35u;
	return h ^ h >> 16;
}

static void hll_add(struct an_hll *hll, uint32_t value)
{
	uint32_t h = mix32(value + 0x9e3779b9u);
	uint32_t rest = h >> 8;
	uint8_t rank = rest ? (uint8_t)(__builtin_clz(rest) - 8 + 1) : 25;

	if (hll->reg[h & 255] < rank)
		hll->reg[h & 255] = rank;
}

static double hll_count(const struct an_hll *hll)
{
	double sum = 0, raw;
	int zero = 0, i;

	for (i = 0; i < AN_HLL; i++) {
		sum += ldexp(1, -hll->reg[i]);
		zero += !hll->reg[i];
	}
	raw = 0.7213 / (1 + 1.079 / AN_HLL) * AN_HLL * AN_HLL / sum;
	if (raw <= 2.5 * AN_HLL && zero)
		return AN_HLL * log((double)AN_HLL / zero);
	return raw;
}

static void stat_port(struct an_stat *st, uint16_t port)
{
	uint32_t i = mix32(port) & (AN_PORT_SLOTS - 1);

	st->with_port++;
	hll_add(&st->dpts, port);
	/* A slot is in use when its count is not 0. */
	for (; st->port_count[i]; i = (i + 1) & (AN_PORT_SLOTS - 1)) {
		if (st->port[i] == port) {
			if (st->port_count[i] < UINT32_MAX)
				st->port_count[i]++;
			return;
		}
	}
	if (st->nports == AN_PORTS_EXACT) {
		st->other_ports++;
		return;
	}
	st->port[i] = port;
	st->port_count[i] = 1;
	st->nports++;
}

static void stat_dst(struct an_stat *st, uint32_t dst)
{
	uint32_t i;

	for (i = 0; i < st->ndsts; i++)
		if (st->dst[i] == dst)
			return;
	hll_add(&st->dsts, dst);
	if (st->ndsts < AN_DSTS_EXACT)
		st->dst[st->ndsts++] = dst;
	else
		st->dsts_over = true;
}

static void stat_time(struct an_stat *st, int64_t ms)
{
	int64_t minute = ms / 60000;

	if (ms == AN_MS_NONE)
		return;
	if (st->timed) {
		/* A clock that was set back makes no gap. */
		double gap = ms > st->last_ms ? (double)(ms - st->last_ms) / 1000 : 0;

		st->gap_sum += gap;
		st->gap_sum2 += gap * gap;
	} else {
		st->first_ms = ms;
	}
	if (!st->timed || minute != st->minute) {
		st->minute = minute;
		st->in_minute = 0;
		st->minutes++;
	}
	st->timed++;
	if (++st->in_minute > st->busiest)
		st->busiest = st->in_minute;
	st->last_ms = ms;
}

static void stat_add(struct an_stat *st, const struct an_packet *p)
{
	uint32_t tcp = p->flags & (AN_F_SYN | AN_F_ACK | AN_F_RST | AN_F_FIN);

	st->n++;
	st->syn_only += tcp == AN_F_SYN;
	st->ack_rst += !!(tcp & (AN_F_ACK | AN_F_RST));
	st->udp += p->proto == AN_PROTO_UDP;
	st->df += !!(p->flags & AN_F_DF);
	st->group += !!(p->flags & AN_F_GROUP);
	st->len_sum += p->len;
	st->ttl_sum += p->ttl;
	if (p->flags & AN_F_SPT) {
		st->low_spt += p->spt < 1024;
		st->high_spt += p->spt >= 32768;
		hll_add(&st->spts, p->spt);
	}
	if (p->flags & AN_F_DPT)
		stat_port(st, p->dpt);
	if (p->flags & AN_F_DST)
		stat_dst(st, p->dst);
	stat_time(st, p->ms);
}

bool an_sources_init(struct an_sources *s, uint32_t limit)
{
	memset(s, 0, sizeof(*s));
	s->stats_limit = STATS_LIMIT;
	return an_count_init(&s->count, limit);
}

void an_sources_free(struct an_sources *s)
{
	an_count_free(&s->count);
	free(s->early);
	free(s->stats);
	memset(s, 0, sizeof(*s));
}

struct an_stat *an_sources_observe(struct an_sources *s, uint32_t index)
{
	struct an_stat *st;

	if (s->nstats == s->stats_room) {
		uint32_t room = s->stats_room ? s->stats_room * 2 : 256;

		if (room > s->stats_limit)
			room = s->stats_limit;
		st = realloc(s->stats, room * sizeof(*st));
		if (!st)
			return NULL;
		s->stats = st;
		s->stats_room = room;
	}
	st = &s->stats[s->nstats++];
	memset(st, 0, sizeof(*st));
	s->count.entries[index].user = s->nstats;
	return st;
}

/* Gives entry @index its statistics, made of the packets kept so far. */
static bool promote(struct an_sources *s, uint32_t index)
{
	struct an_stat *st = an_sources_observe(s, index);
	uint32_t i;

	for (i = 0; st && i < s->early[index].n; i++)
		stat_add(st, &s->early[index].packet[i]);
	return st;
}

bool an_sources_room(struct an_sources *s)
{
	struct an_early *early;

	if (s->early_room >= s->count.room)
		return true;
	early = realloc(s->early, s->count.room * sizeof(*early));
	if (!early)
		return false;
	s->early = early;
	s->early_room = s->count.room;
	return true;
}

bool an_sources_add(struct an_sources *s, const struct an_event *ev)
{
	struct an_packet p = {
		.ms = ev->ms, .dst = (uint32_t)an_addr_hash(ev->dst), .len = ev->len,
		.spt = ev->spt, .dpt = ev->dpt, .flags = (uint16_t)ev->flags, .ttl = ev->ttl,
		.proto = ev->proto,
	};
	bool fresh;
	uint32_t index = an_count_add(&s->count, ev->src, &fresh);
	uint32_t user;

	if (index == AN_COUNT_NONE || !an_sources_room(s))
		return false;
	if (fresh)
		s->early[index].n = 0;
	user = s->count.entries[index].user;
	if (!user && s->early[index].n < AN_EARLY) {
		s->early[index].packet[s->early[index].n++] = p;
		return true;
	}
	if (!user && s->nstats == s->stats_limit) {
		s->unobserved++;
		return true;
	}
	if (!user && !promote(s, index))
		return false;
	stat_add(&s->stats[s->count.entries[index].user - 1], &p);
	return true;
}

const struct an_stat *an_sources_stat(const struct an_sources *s, uint32_t index)
{
	uint32_t user = s->count.entries[index].user;

	return user ? &s->stats[user - 1] : NULL;
}

/* An estimate within what is known for sure: more than @low, and no more than there were packets. */
static double bounded(const struct an_hll *hll, uint32_t low, uint64_t high)
{
	double estimate = hll_count(hll);

	return fmin(fmax(estimate, low), (double)high);
}

double an_stat_ports(const struct an_stat *st)
{
	if (!st->other_ports)
		return st->nports;
	return bounded(&st->dpts, AN_PORTS_EXACT + 1, st->with_port);
}

double an_stat_dsts(const struct an_stat *st)
{
	if (!st->dsts_over)
		return st->ndsts;
	return bounded(&st->dsts, AN_DSTS_EXACT + 1, st->n);
}

double an_stat_spts(const struct an_stat *st)
{
	return bounded(&st->spts, 0, st->n);
}

uint64_t an_stat_attacked(const struct an_stat *st)
{
	/* What internet-wide scanners and password guessers are known for, in rising order. */
	static const uint16_t ports[] = {
		21, 22, 23, 25, 80, 110, 135, 139, 143, 443, 445, 465, 587, 993, 995, 1433, 1521,
		2222, 2323, 2375, 3306, 3389, 5432, 5555, 5900, 6379, 7547, 8080, 8443, 9200,
		11211, 27017,
	};
	uint64_t n = 0;
	size_t i, j;

	for (i = 0; i < AN_PORT_SLOTS; i++)
		for (j = 0; st->port_count[i] && j < sizeof(ports) / sizeof(ports[0]); j++)
			if (st->port[i] == ports[j])
				n += st->port_count[i];
	return n;
}
