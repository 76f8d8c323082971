// SPDX-License-Identifier: GPL-3.0-or-later
/* The most prominent source addresses, in one pass that parses nothing but the address. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count.h"
#include "reader.h"

#define TOP_SOURCES	(1u << 20)
#define TOP_SOURCES_MAX	(1u << 26)

struct top_pass {
	struct an_count count;
	struct an_clock clock;
	struct an_read_stats *stats;
	const struct an_top_options *opt;
	struct an_error *err;
};

static void top_time(struct top_pass *pass, const char *line, const char *end)
{
	int64_t ms;

	if (!line || !an_stamp_parse(&pass->clock, line, end, &ms))
		return;
	if (!pass->stats->first)
		pass->stats->first = ms / 1000;
	pass->stats->last = ms / 1000;
}

static int top_block(void *arg, struct an_block *block)
{
	struct top_pass *pass = arg;
	struct an_read_stats *stats = pass->stats;
	const char *line, *stop, *first = NULL, *last = NULL, *fields, *end = block->end;

	while (an_next_line(block, stats, &line, &stop)) {
		struct an_addr src;
		bool fresh;

		fields = an_line_tag(NULL, line, stop);
		if (!fields)
			continue;
		if (!an_line_source(fields, stop, &src)) {
			stats->malformed++;
			continue;
		}
		stats->blocks++;
		if (an_count_add(&pass->count, src, &fresh) == AN_COUNT_NONE)
			return an_fail(pass->err, AN_NOMEM, "out of memory");
		first = first ? first : line;
		last = line;
	}
	/* Times are read twice a block only: they cost as much as all the rest. */
	top_time(pass, first, end);
	top_time(pass, last, end);
	if (pass->opt->progress &&
	    pass->opt->progress(pass->opt->progress_arg, "reading", stats->bytes, 0))
		return an_fail(pass->err, AN_INPUT, "interrupted");
	return 0;
}

static int top_collect(struct top_pass *pass, struct an_top_report *report)
{
	const struct an_count *c = &pass->count;
	uint32_t max = pass->opt->n < c->n ? (uint32_t)pass->opt->n : c->n;
	uint32_t *index = calloc(max ? max : 1, sizeof(*index));
	uint32_t i;

	report->top = calloc(max ? max : 1, sizeof(*report->top));
	if (!index || !report->top) {
		free(index);
		return an_fail(pass->err, AN_NOMEM, "out of memory");
	}
	report->ntop = an_count_top(c, index, max);
	for (i = 0; i < report->ntop; i++) {
		const struct an_count_entry *e = &c->entries[index[i]];

		an_addr_format(e->addr, report->top[i].ip);
		report->top[i].count = e->count;
		report->top[i].error = e->error;
	}
	report->exact = !c->heap;
	report->read.sources = c->n;
	free(index);
	return AN_OK;
}

int an_top(const struct an_top_options *opt, struct an_top_report *report, struct an_error *err)
{
	struct top_pass pass = { .opt = opt, .stats = &report->read, .err = err };
	uint32_t limit = opt->max_sources ? opt->max_sources : TOP_SOURCES;
	int ret = AN_OK;
	size_t i;

	memset(report, 0, sizeof(*report));
	memset(err, 0, sizeof(*err));
	if (an_inputs_check(opt->logs, opt->nlogs, err))
		return AN_USAGE;
	if (!opt->n)
		return an_fail(err, AN_USAGE, "0 sources asked for: at least 1");
	if (limit > TOP_SOURCES_MAX)
		return an_fail(err, AN_USAGE, "at most %u sources can be counted, not %u",
			       TOP_SOURCES_MAX, limit);
	an_clock_init(&pass.clock, time(NULL));
	if (!an_count_init(&pass.count, limit))
		return an_fail(err, AN_NOMEM, "out of memory");
	for (i = 0; i < opt->nlogs && !ret; i++) {
		struct an_input in;

		ret = an_input_open(&in, opt->logs[i], false, err);
		if (!ret)
			ret = an_input_scan(&in, 0, &report->read, top_block, &pass, err);
		an_input_close(&in);
	}
	if (!ret)
		ret = top_collect(&pass, report);
	an_count_free(&pass.count);
	return ret;
}

void an_top_report_free(struct an_top_report *report)
{
	free(report->top);
	memset(report, 0, sizeof(*report));
}
