// SPDX-License-Identifier: GPL-3.0-or-later
/* The most prominent source addresses, in one pass that parses nothing but the address. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ahead.h"
#include "count.h"
#include "grow.h"
#include "logs.h"
#include "mark.h"
#include "state.h"

#define TOP_SOURCES	(1u << 20)
#define TOP_SOURCES_MAX	(1u << 26)
#define SECTION		"top"
#define SECTION_VERSION	1

struct top_pass {
	struct an_count count;
	struct an_clock clock;
	struct an_read_stats *stats;
	struct an_prefixes prefixes;
	const struct an_top_options *opt;
	struct an_state *state;
	struct an_logs logs;
	uint64_t before;	/* lines of earlier runs */
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

/* What a look at a block finds. */
struct top_found {
	struct an_addr *src;
	size_t n, room;
	struct an_read_stats stats;
	const char *first, *last, *end;	/* lines that count, and the block's end */
};

static bool top_look(const void *arg, struct an_block *block, void *found)
{
	const struct top_pass *pass = arg;
	struct top_found *f = found;
	const char *line, *stop, *fields;
	struct an_addr src;

	*f = (struct top_found){ .src = f->src, .room = f->room, .end = block->end };
	while (an_next_line(block, &f->stats, &line, &stop)) {
		fields = an_line_tag(&pass->prefixes, line, stop);
		if (!fields)
			continue;
		if (!an_line_source(fields, stop, &src)) {
			f->stats.malformed++;
			continue;
		}
		if (!an_grow((void **)&f->src, f->n, &f->room, sizeof(*f->src)))
			return false;
		f->src[f->n++] = src;
		f->first = f->first ? f->first : line;
		f->last = line;
	}
	return true;
}

static int top_use(void *arg, void *found)
{
	struct top_pass *pass = arg;
	const struct top_found *f = found;
	bool fresh;
	size_t i;

	an_stats_add(pass->stats, &f->stats);
	pass->stats->blocks += f->n;
	for (i = 0; i < f->n; i++)
		if (an_count_add(&pass->count, f->src[i], &fresh) == AN_COUNT_NONE)
			return an_fail(pass->err, AN_NOMEM, "out of memory");
	/* Times are read twice a block only: they cost as much as all the rest. */
	top_time(pass, f->first, f->end);
	top_time(pass, f->last, f->end);
	if (pass->opt->progress &&
	    pass->opt->progress(pass->opt->progress_arg, "reading", pass->stats->bytes, 0))
		return an_fail(pass->err, AN_INPUT, "interrupted");
	return 0;
}

static void top_done(void *found)
{
	struct top_found *f = found;

	free(f->src);
}

static const struct an_looker top_looker = {
	.look = top_look, .use = top_use, .done = top_done, .size = sizeof(struct top_found),
};

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
	report->news = report->read.lines - pass->before;
	free(index);
	return AN_OK;
}

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

static bool get_counts(struct top_pass *pass, const void *data, size_t len)
{
	struct an_bytes b = { .data = (unsigned char *)data, .len = len };
	uint64_t *v[STAT_NUMBERS];
	int i;

	if (an_get(&b, 1) != SECTION_VERSION)
		return false;
	stat_numbers(pass->stats, v);
	for (i = 0; i < STAT_NUMBERS; i++)
		*v[i] = an_get(&b, 8);
	return an_count_get(&pass->count, &b) && b.at == b.len;
}

/* What earlier runs counted. What is there but makes no sense is forgotten, positions and all. */
static int top_go_on(struct top_pass *pass, uint32_t limit)
{
	const void *data;
	size_t len = 0;
	int ret = an_state_open(&pass->state, pass->opt->state, SECTION, pass->err);

	if (ret)
		return ret;
	data = an_state_get(pass->state, SECTION, &len);
	if (data && get_counts(pass, data, len)) {
		pass->before = pass->stats->lines;
		pass->stats->truncated = 0;	/* told when it happened */
		return AN_OK;
	}
	/* positions without what was read up to them would lose it */
	if (data || an_state_marks(pass->state)->n) {
		memset(pass->stats, 0, sizeof(*pass->stats));
		an_count_free(&pass->count);
		if (!an_count_init(&pass->count, limit))
			return an_fail(pass->err, AN_NOMEM, "out of memory");
		an_state_forget(pass->state, "its counts make no sense here");
	}
	return AN_OK;
}

static int top_keep(struct top_pass *pass)
{
	struct an_bytes b = { 0 };
	uint64_t *v[STAT_NUMBERS];
	int ret, i;

	an_put(&b, SECTION_VERSION, 1);
	stat_numbers(pass->stats, v);
	for (i = 0; i < STAT_NUMBERS; i++)
		an_put(&b, *v[i], 8);
	an_count_put(&pass->count, &b);
	ret = b.bad ? an_fail(pass->err, AN_NOMEM, "out of memory") :
	      an_state_set(pass->state, SECTION, b.data, b.len, pass->err);
	free(b.data);
	return ret ? ret : an_state_save(pass->state, pass->err);
}

static int top_read(struct top_pass *pass)
{
	const struct an_watch watch = { pass->opt->progress, pass->opt->progress_arg };
	int64_t now = time(NULL);
	size_t i;
	int ret = an_logs_open(&pass->logs, pass->opt->logs, pass->opt->nlogs, false, pass->state,
			       &watch, pass->err);

	for (i = 0; i < pass->logs.n && !ret; i++)
		ret = an_logs_scan_ahead(&pass->logs, i, &pass->clock, now, 0,
					 pass->stats, &top_looker, pass, pass->err);
	return ret;
}

static int top_check(const struct an_top_options *opt, uint32_t limit, struct an_error *err)
{
	size_t i;

	if (an_inputs_check(opt->logs, opt->nlogs, err))
		return AN_USAGE;
	if (!opt->n)
		return an_fail(err, AN_USAGE, "0 sources asked for: at least 1");
	if (limit > TOP_SOURCES_MAX)
		return an_fail(err, AN_USAGE, "at most %u sources can be counted, not %u",
			       TOP_SOURCES_MAX, limit);
	for (i = 0; i < opt->nprefixes; i++)
		if (an_prefix_check(opt->prefixes[i], err))
			return AN_USAGE;
	return AN_OK;
}

int an_top(const struct an_top_options *opt, struct an_top_report *report, struct an_error *err)
{
	struct top_pass pass = {
		.opt = opt, .stats = &report->read, .err = err,
		.prefixes = { opt->prefixes, opt->nprefixes },
	};
	uint32_t limit = opt->max_sources ? opt->max_sources : TOP_SOURCES;
	int ret;

	memset(report, 0, sizeof(*report));
	memset(err, 0, sizeof(*err));
	ret = top_check(opt, limit, err);
	if (ret)
		return ret;
	if (!an_count_init(&pass.count, limit))
		return an_fail(err, AN_NOMEM, "out of memory");
	if (opt->state)
		ret = top_go_on(&pass, limit);
	if (!ret)
		ret = top_read(&pass);
	if (!ret)
		ret = top_collect(&pass, report);
	if (!ret && opt->state)
		ret = top_keep(&pass);
	if (pass.state && an_state_why(pass.state))
		snprintf(report->started_over, sizeof(report->started_over), "%s",
			 an_state_why(pass.state));
	if (ret)
		an_top_report_free(report);
	an_logs_close(&pass.logs);
	an_state_free(pass.state);
	an_count_free(&pass.count);
	return ret;
}

void an_top_report_free(struct an_top_report *report)
{
	free(report->top);
	memset(report, 0, sizeof(*report));
}
