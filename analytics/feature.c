// SPDX-License-Identifier: GPL-3.0-or-later
/* From statistics to a feature vector; must never yield a number that is not finite. */
#include <math.h>

#include "feature.h"

const char *const an_feature_names[AN_NFEATURES] = {
	"log_count", "log_dports", "log_dsts", "dports_per_line", "dsts_per_line",
	"syn_only_share", "udp_share", "ack_rst_share", "mean_length", "df_share",
	"mean_ttl", "sports_per_line", "low_sport_share", "group_share", "log_mean_gap",
	"gap_variation", "top_port_share", "port_entropy", "log_busiest_minute",
	"minutes_per_line", "attacked_port_share", "high_sport_share", "busiest_minute_share",
};

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/*
 * Share of the most hit port and Shannon entropy in bits. Packets to ports that found no room in
 * the table are taken as spread evenly over as many ports as the sketch saw beyond it.
 */
static void port_spread(const struct an_stat *st, double *top, double *entropy)
{
	double n = (double)st->with_port, h = 0, most = 0;
	int i;

	*top = *entropy = 0;
	if (n < 1)
		return;
	for (i = 0; i < AN_PORT_SLOTS; i++) {
		double p = st->port_count[i] / n;

		if (p <= 0)
			continue;
		h -= p * log2(p);
		if (p > most)
			most = p;
	}
	if (st->other_ports) {
		double others = an_stat_ports(st) - st->nports;
		double p = (double)st->other_ports / n;

		h -= p * log2(p / fmin(others, (double)st->other_ports));
	}
	*top = most;
	*entropy = h;
}

static void gaps(const struct an_stat *st, double *log_mean, double *variation)
{
	double n = st->timed > 1 ? (double)(st->timed - 1) : 0;
	double mean = ratio(st->gap_sum, n);
	double var = ratio(st->gap_sum2, n) - mean * mean;

	*log_mean = log1p(mean);
	*variation = log1p(var > 0 ? ratio(sqrt(var), mean) : 0);
}

void an_features(const struct an_stat *st, double f[AN_NFEATURES])
{
	double n = (double)st->n;
	double ports = an_stat_ports(st), dsts = an_stat_dsts(st);

	f[0] = log1p(n);
	f[1] = log1p(ports);
	f[2] = log1p(dsts);
	f[3] = ratio(ports, n);
	f[4] = ratio(dsts, n);
	f[5] = ratio((double)st->syn_only, n);
	f[6] = ratio((double)st->udp, n);
	f[7] = ratio((double)st->ack_rst, n);
	f[8] = ratio((double)st->len_sum, n);
	f[9] = ratio((double)st->df, n);
	f[10] = ratio((double)st->ttl_sum, n);
	f[11] = ratio(an_stat_spts(st), n);
	f[12] = ratio((double)st->low_spt, n);
	f[13] = ratio((double)st->group, n);
	gaps(st, &f[14], &f[15]);
	port_spread(st, &f[16], &f[17]);
	f[18] = log1p((double)st->busiest);
	f[19] = ratio((double)st->minutes, n);
	f[20] = ratio((double)an_stat_attacked(st), (double)st->with_port);
	f[21] = ratio((double)st->high_spt, n);
	f[22] = ratio((double)st->busiest, n);
}
