// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The log's lines and the labels file under a fuzzer. The first byte picks what the rest is; what
 * must hold for any bytes is checked, not only that nothing is read beyond them.
 */
#include <math.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "analytics/addr.c"
#include "analytics/ahead.c"
#include "analytics/count.c"
#include "analytics/feature.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/labels.c"
#include "analytics/line.c"
#include "analytics/parallel.c"
#include "analytics/parsed.c"
#include "analytics/pull.c"
#include "analytics/reader.c"
#include "analytics/split.c"
#include "analytics/stamp.c"
#include "analytics/stat.c"
#include "analytics/word.c"

static const char *const texts[] = { "DROP: " };
static const struct an_prefixes prefixes = { texts, 1 };

/* The parts of a line are within it, and the two ways to read a packet agree. */
static void fuzz_split(struct an_clock clock, const char *s, const char *end, const char *fields)
{
	struct an_line line;
	struct an_event ev;
	struct an_exec exec;
	uint32_t node, centi;

	an_line_split(&clock, &prefixes, s, end, &line);
	CHECK(line.msg >= s && line.msg <= end);
	CHECK(!line.alert || (line.alert == s && line.alert + line.alert_len < end));
	CHECK((line.kind == AN_LINE_BLOCK) == !!fields);
	CHECK(!fields || line.fields == fields);
	CHECK(line.kind == AN_LINE_OTHER || line.kernel);
	CHECK(!line.kernel || line.msg > s);
	if (an_line_packet(&line, &ev))
		CHECK(line.fields > s && line.fields < end && ev.ms == line.ms);
	if (an_line_exec(&line, &exec)) {
		CHECK(exec.fn > line.msg && exec.fn_len && exec.fn_len <= AN_FN_MAX);
		CHECK(exec.fn + exec.fn_len < end && !memchr(exec.fn, ' ', exec.fn_len));
		CHECK(!an_line_load(&line, &node, &centi));
	}
	if (an_line_load(&line, &node, &centi))
		CHECK(line.kind == AN_LINE_LOAD);
}

static void fuzz_line(struct an_clock *clock, struct an_sources *s, const char *line,
		      const char *end)
{
	const char *fields = an_line_tag(&prefixes, line, end);
	struct an_event ev;
	struct an_addr src;

	fuzz_split(*clock, line, end, fields);
	if (!fields)
		return;
	CHECK(fields > line && fields <= end);
	/* The kernel's own text, at the very place where the fields begin. */
	CHECK((fields - line >= 12 && !memcmp(fields - 12, "[UFW BLOCK] ", 12)) ||
	      !memcmp(fields, "IN=", 3));
	if (!an_line_event(clock, line, fields, end, &ev))
		return;
	CHECK(an_line_source(fields, end, &src) && an_addr_eq(src, ev.src));
	CHECK(an_sources_add(s, &ev));
}

static void fuzz_log(const char *p, const char *end)
{
	struct an_block block = { .p = p, .end = end, .nuls = true };
	struct an_read_stats stats = { 0 };
	struct an_sources s;
	struct an_clock clock;
	const char *line, *stop;
	double f[AN_NFEATURES];
	char buf[AN_ADDR_TEXT];
	uint32_t i;
	int j;

	CHECK(an_sources_init(&s, 8));
	an_clock_init(&clock, 1800000000);
	while (an_next_line(&block, &stats, &line, &stop))
		fuzz_line(&clock, &s, line, stop);
	for (i = 0; i < s.count.n; i++) {
		const struct an_stat *st = an_sources_stat(&s, i);
		struct an_addr again;

		an_addr_format(s.count.entries[i].addr, buf);
		CHECK(an_addr_parse(buf, strlen(buf), &again));
		CHECK(an_addr_eq(again, s.count.entries[i].addr));
		if (!st)
			continue;
		an_features(st, f);
		for (j = 0; j < AN_NFEATURES; j++)
			CHECK(isfinite(f[j]));
	}
	an_sources_free(&s);
}

/* What is parsed ahead is what the lines are one by one. */
static void fuzz_ahead(const char *s, const char *end)
{
	struct an_block one = { .p = s, .end = end, .nuls = true }, all = one;
	struct an_read_stats stats = { 0 };
	struct an_parsed parsed = { .n = 0 };
	const struct an_parsed_line *p;
	struct an_clock x, y;
	struct an_line line;
	struct an_event ev;
	const char *stop;
	bool packet;

	an_clock_init(&x, 1800000000);
	an_clock_init(&y, 1800000000);
	CHECK(an_parsed_look(&prefixes, &all, &parsed));
	while (an_next_line(&one, &stats, &s, &stop)) {
		an_line_split(&x, &prefixes, s, stop, &line);
		p = an_parsed_next(&parsed, &prefixes, &y);
		CHECK(p && p->line.s == s && p->line.end == stop && p->line.msg == line.msg);
		CHECK(p->line.kind == line.kind && p->line.ms == line.ms);
		CHECK(p->line.alert == line.alert && p->line.alert_len == line.alert_len);
		packet = line.kind == AN_LINE_BLOCK && an_line_packet(&line, &ev);
		CHECK(p->packet == packet);
		if (packet)
			CHECK(an_addr_eq(p->ev.src, ev.src) && p->ev.ms == ev.ms && p->ev.flags == ev.flags);
	}
	CHECK(!an_parsed_next(&parsed, &prefixes, &y));
	CHECK(!memcmp(&parsed.stats, &stats, sizeof(stats)) && all.line == one.line);
	an_parsed_free(&parsed);
}

static void fuzz_labels(const char *text, size_t len)
{
	struct an_labels labels;
	struct an_error err = { .sys = 0 };
	int status = an_labels_parse(&labels, text, len, "fuzz", &err);

	CHECK(!status == !err.msg[0]);
	CHECK(!strchr(err.msg, '\n'));
	if (!status)
		an_labels_free(&labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	/* A copy of its own, so that a read beyond the end is seen. */
	text = malloc(size > 1 ? size - 1 : 1);
	memcpy(text, data + 1, size - 1);
	if (data[0] == 'j') {
		fuzz_labels(text, size - 1);
	} else {
		fuzz_log(text, text + size - 1);
		fuzz_ahead(text, text + size - 1);
	}
	free(text);
	return 0;
}
