/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is remembered of a source besides its count. Most sources are seen once or twice, so the
 * first packets are kept as they are, and only a source with more gets the full statistics, of a
 * fixed size whatever it sends.
 */
#ifndef VIRGO_AN_STAT_H
#define VIRGO_AN_STAT_H

#include "count.h"
#include "line.h"

#define AN_EARLY	4	/* packets kept raw before the statistics begin */
#define AN_PORT_SLOTS	64
#define AN_PORTS_EXACT	48	/* destination ports counted exactly; the slots are never full */
#define AN_DSTS_EXACT	8
#define AN_HLL		256	/* registers of a distinct-count sketch: about 6 % error */

/* A sketch of how many different values were seen; exact tables stand in for small numbers. */
struct an_hll {
	uint8_t reg[AN_HLL];
};

/* The part of an event that features are made of. */
struct an_packet {
	int64_t ms;
	uint32_t dst;		/* hash */
	uint16_t len, spt, dpt, flags;
	uint8_t ttl, proto;
};

struct an_stat {
	uint64_t n, syn_only, udp, ack_rst, df, low_spt, high_spt, group;
	uint64_t len_sum, ttl_sum;
	int64_t first_ms, last_ms;
	uint64_t timed;			/* packets with a time */
	double gap_sum, gap_sum2;	/* seconds between neighbours */
	int64_t minute;			/* the minute under way */
	uint64_t in_minute, busiest, minutes;
	uint64_t with_port;
	uint32_t port_count[AN_PORT_SLOTS];
	uint16_t port[AN_PORT_SLOTS];
	uint32_t nports;		/* in the table */
	uint64_t other_ports;		/* packets to ports that found no room in it */
	uint32_t dst[AN_DSTS_EXACT];
	uint32_t ndsts;
	bool dsts_over;
	struct an_hll spts, dpts, dsts;
};

struct an_early {
	uint32_t n;
	struct an_packet packet[AN_EARLY];
};

/* The sources of one stretch of log. */
struct an_sources {
	struct an_count count;	/* user: 1 + index into stats, 0: only early packets */
	struct an_early *early;	/* one an entry */
	uint32_t early_room;
	struct an_stat *stats;
	uint32_t nstats, stats_room, stats_limit;
	uint64_t unobserved;	/* packets of sources for which no statistics were left */
};

bool an_sources_init(struct an_sources *s, uint32_t limit);
void an_sources_free(struct an_sources *s);

/* Counts one packet; false when out of memory. */
bool an_sources_add(struct an_sources *s, const struct an_event *ev);

/* False for a source that an_sources_put() would leave out. */
bool an_sources_stays(const struct an_sources *s, struct an_addr addr, int64_t from_ms);

/*
 * Writes all for a later run, but for sources whose last packet with a time came before @from_ms.
 * Counts that are bounds stay bounds.
 */
void an_sources_put(const struct an_sources *s, int64_t from_ms, struct an_bytes *to);

/*
 * Reads it back into @s, initialised and empty. False when it is none, when it is more than the
 * limit allows, or when out of memory.
 */
bool an_sources_get(struct an_sources *s, struct an_bytes *from);

/* Room for what is kept of as many sources as are counted; statistics for entry @index. */
bool an_sources_room(struct an_sources *s);
struct an_stat *an_sources_observe(struct an_sources *s, uint32_t index);

/* The statistics of entry @index, NULL when it has too few packets for any. */
const struct an_stat *an_sources_stat(const struct an_sources *s, uint32_t index);

/* Distinct ports and destinations, exact while few, estimated beyond. */
double an_stat_ports(const struct an_stat *st);
double an_stat_dsts(const struct an_stat *st);
double an_stat_spts(const struct an_stat *st);

/* Packets to ports that attackers try on any machine; of the ports in the table only. */
uint64_t an_stat_attacked(const struct an_stat *st);

#endif
