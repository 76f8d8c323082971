// SPDX-License-Identifier: GPL-3.0-or-later
/* Log lines: stamps, the place of the firewall's tag, fields; forged, cut and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analytics/addr.c"
#include "analytics/ahead.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/line.c"
#include "analytics/parallel.c"
#include "analytics/parsed.c"
#include "analytics/pull.c"
#include "analytics/reader.c"
#include "analytics/split.c"
#include "analytics/stamp.c"
#include "analytics/word.c"

#define HEAD	"2025-11-03T00:00:07.042138+00:00 node1 kernel: [86400.042138] "
#define TAG	"[UFW BLOCK] "
#define FIELDS	"IN=eth0 OUT= MAC=02:00 SRC=198.51.100.7 DST=203.0.113.10 LEN=60 TOS=0x00 PREC=0x00 " \
		"TTL=55 ID=1 DF PROTO=TCP SPT=40000 DPT=22 WINDOW=64240 RES=0x00 SYN URGP=0 "
#define NOW	1800000000ll	/* January 2027 */

/* A copy of exactly the right size, so that the sanitizer sees any read beyond it. */
static char *exact(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	return copy;
}

static bool parse(const char *text, struct an_event *ev)
{
	size_t len = strlen(text);
	char *line = exact(text, len);
	struct an_clock clock;
	const char *fields;
	bool ok = false;

	an_clock_init(&clock, NOW);
	fields = an_line_tag(NULL, line, line + len);
	if (fields)
		ok = an_line_event(&clock, line, fields, line + len, ev);
	free(line);
	return ok;
}

static struct an_addr addr(const char *text)
{
	struct an_addr a;

	if (!an_addr_parse(text, strlen(text), &a))
		fail_msg("%s is no address", text);
	return a;
}

static void fields_of_a_line(void **state)
{
	struct an_event ev;

	assert_true(parse(HEAD TAG FIELDS, &ev));
	assert_true(an_addr_eq(ev.src, addr("198.51.100.7")));
	assert_true(an_addr_eq(ev.dst, addr("203.0.113.10")));
	assert_int_equal(ev.ms, 1762128007042ll);
	assert_int_equal(ev.len, 60);
	assert_int_equal(ev.ttl, 55);
	assert_int_equal(ev.proto, AN_PROTO_TCP);
	assert_int_equal(ev.spt, 40000);
	assert_int_equal(ev.dpt, 22);
	assert_int_equal(ev.flags, AN_F_SYN | AN_F_DF | AN_F_DST | AN_F_SPT | AN_F_DPT);
}

static void kinds_of_lines(void **state)
{
	struct an_event ev;

	/* IPv6 has a hop limit; UDP a second length, which is not the packet's. */
	assert_true(parse(HEAD TAG "IN=eth0 OUT= MAC= SRC=2001:0db8:0000:0000:0000:0000:0000:0001 "
			  "DST=2001:db8::2 LEN=80 TC=0 HOPLIMIT=51 FLOWLBL=0 PROTO=UDP SPT=53 "
			  "DPT=5353 LEN=40 ", &ev));
	assert_true(an_addr_eq(ev.src, addr("2001:db8::1")));
	assert_int_equal(ev.ttl, 51);
	assert_int_equal(ev.len, 80);
	assert_int_equal(ev.proto, AN_PROTO_UDP);
	/* A number for a protocol without name, at the very end. */
	assert_true(parse(HEAD TAG "IN=e OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=9 DF PROTO=47", &ev));
	assert_int_equal(ev.proto, 47);
	/* The packet inside an ICMP error is somebody else's. */
	assert_true(parse(HEAD TAG "IN=e OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=9 PROTO=ICMP TYPE=3 CODE=1 "
			  "[SRC=9.9.9.9 DST=1.1.1.1 LEN=3 PROTO=TCP SPT=1 DPT=2 SYN ] ", &ev));
	assert_true(an_addr_eq(ev.src, addr("1.2.3.4")));
	assert_int_equal(ev.flags, AN_F_DST);
	/* Outgoing, forwarded, and to everybody. */
	assert_true(parse(HEAD TAG "IN= OUT=eth0 SRC=1.2.3.4 DST=5.6.7.8 LEN=9 ", &ev));
	assert_int_equal(ev.flags, AN_F_DST | AN_F_OUTGOING);
	assert_true(parse(HEAD TAG "IN=lan OUT=wan SRC=1.2.3.4 DST=224.0.0.251 LEN=9 ", &ev));
	assert_int_equal(ev.flags, AN_F_DST | AN_F_FORWARD | AN_F_GROUP);
	assert_true(parse(HEAD TAG "IN=wan OUT=wan SRC=1.2.3.4 DST=5.6.7.8 LEN=9 ", &ev));
	assert_int_equal(ev.flags, AN_F_DST);
}

static void where_the_tag_counts(void **state)
{
	static const char *const good[] = {
		"May  7 14:13:26 vps1 kernel: [   20.696792] " TAG FIELDS,
		"May 17 14:13:26 vps1 kernel: " TAG FIELDS,
		"2025-11-03T00:00:07Z h kernel: " TAG FIELDS,
		"2025-11-03T00:00:07+01:00 h kernel: [ 1.5][   T12] " TAG FIELDS,
		"[12345.678901] " TAG FIELDS,
	};
	/* Each holds the words an attacker can get into a log, and not where the kernel puts them. */
	static const char *const forged[] = {
		HEAD "usb 1-1: Product: " TAG FIELDS,
		HEAD "usb 1-1: Manufacturer: x kernel: [1.0] " TAG FIELDS,
		HEAD "[UFW ALLOW] " FIELDS,
		HEAD "[UFW BLOCK]" FIELDS,
		HEAD " " TAG FIELDS,
		HEAD "[x] " TAG FIELDS,
		"2025-11-03T00:00:07Z node1 sshd[12]: kernel: [1.0] " TAG FIELDS,
		"2025-11-03T00:00:07Z node1 evil: " TAG FIELDS,
		"2025-11-03T00:00:07Z  kernel: " TAG FIELDS,
		"nonsense kernel: " TAG FIELDS,
		TAG TAG,
		"x" TAG FIELDS,
		"",
	};
	struct an_event ev;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!parse(good[i], &ev))
			fail_msg("refused: %s", good[i]);
	for (i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		if (parse(forged[i], &ev))
			fail_msg("believed: %s", forged[i]);
}

static struct an_line split(const char *text, const struct an_prefixes *prefixes, char **copy)
{
	size_t len = strlen(text);
	struct an_clock clock;
	struct an_line line;

	*copy = exact(text, len);
	an_clock_init(&clock, NOW);
	an_line_split(&clock, prefixes, *copy, *copy + len, &line);
	/* The quick way sees the same. */
	assert_ptr_equal(an_line_tag(prefixes, *copy, *copy + len),
			 line.kind == AN_LINE_BLOCK ? line.fields : NULL);
	assert_true(line.msg >= *copy && line.msg <= *copy + len);
	return line;
}

/* What each line is, and where its message begins. */
static void parts_of_lines(void **state)
{
	static const struct {
		const char *text, *msg;
		enum an_line_kind kind;
		bool kernel;
		int64_t ms;
	} cases[] = {
		{ HEAD TAG FIELDS, TAG FIELDS, AN_LINE_BLOCK, true, 1762128007042ll },
		{ HEAD "[UFW AUDIT] " FIELDS, "[UFW AUDIT] " FIELDS, AN_LINE_PACKET, true,
		  1762128007042ll },
		{ HEAD "DROP: " FIELDS, "DROP: " FIELDS, AN_LINE_BLOCK, true, 1762128007042ll },
		{ HEAD "DROP:" FIELDS, "DROP:" FIELDS, AN_LINE_BLOCK, true, 1762128007042ll },
		{ HEAD "DROP:#011" FIELDS, "DROP:#011" FIELDS, AN_LINE_BLOCK, true,
		  1762128007042ll },
		{ HEAD "DROPPED: " FIELDS, "DROPPED: " FIELDS, AN_LINE_PACKET, true,
		  1762128007042ll },
		{ HEAD "nft in " FIELDS, "nft in " FIELDS, AN_LINE_BLOCK, true, 1762128007042ll },
		{ HEAD FIELDS, FIELDS, AN_LINE_PACKET, true, 1762128007042ll },
		{ HEAD "usb 1-1: Product: DROP: " FIELDS, "usb 1-1: Product: DROP: " FIELDS,
		  AN_LINE_PACKET, true, 1762128007042ll },
		{ HEAD "PIN=1 OUT=2", "PIN=1 OUT=2", AN_LINE_OTHER, true, 1762128007042ll },
		{ HEAD "usb 1-1: New#011device", "usb 1-1: New#011device", AN_LINE_OTHER, true,
		  1762128007042ll },
		{ HEAD "virgo_cpupool: exec fn=f arg_bytes=1 node=2 us=3",
		  "virgo_cpupool: exec fn=f arg_bytes=1 node=2 us=3", AN_LINE_EXEC, true,
		  1762128007042ll },
		{ HEAD "virgo_cpupool: ended fn=f arg_bytes=1 node=2 us=3 how=killed signal=9",
		  "virgo_cpupool: ended fn=f arg_bytes=1 node=2 us=3 how=killed signal=9",
		  AN_LINE_ENDED, true, 1762128007042ll },
		{ HEAD "virgo_cpupool: load node=0 run=1.70", "virgo_cpupool: load node=0 run=1.70",
		  AN_LINE_LOAD, true, 1762128007042ll },
		{ HEAD "virgo_cpupool: registered exec fn=f", "virgo_cpupool: registered exec fn=f",
		  AN_LINE_OTHER, true, 1762128007042ll },
		{ HEAD "x: virgo_cpupool: exec fn=f arg_bytes=1 node=2 us=3",
		  "x: virgo_cpupool: exec fn=f arg_bytes=1 node=2 us=3", AN_LINE_OTHER, true,
		  1762128007042ll },
		{ "[    1.500000] usb: x", "usb: x", AN_LINE_OTHER, true, 1500 },
		{ "[1.500000][   T12] usb: x", "usb: x", AN_LINE_OTHER, true, 1500 },
		{ "2025-11-03T00:00:07Z h sshd[12]: " TAG FIELDS, "sshd[12]: " TAG FIELDS,
		  AN_LINE_OTHER, false, 1762128007000ll },
		{ "- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.363779 R02-M1 RAS KERNEL INFO x",
		  "RAS KERNEL INFO x", AN_LINE_OTHER, false, 1117838570000ll },
		{ "KERNDTLB 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond[2915]: x",
		  "crond[2915]: x", AN_LINE_OTHER, false, 1131566461000ll },
		{ "1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.363779 R02-M1 RAS KERNEL INFO x",
		  "RAS KERNEL INFO x", AN_LINE_OTHER, false, 1117838570000ll },
		{ "1117838570 2005.06.03", "1117838570 2005.06.03", AN_LINE_OTHER, false, AN_MS_NONE },
		{ "nothing known", "nothing known", AN_LINE_OTHER, false, AN_MS_NONE },
		{ "- 1117838570 2005.06.03", "- 1117838570 2005.06.03", AN_LINE_OTHER, false,
		  AN_MS_NONE },
		{ "", "", AN_LINE_OTHER, false, AN_MS_NONE },
	};
	static const char *const texts[] = { "DROP: ", "nft in" };
	const struct an_prefixes prefixes = { texts, 2 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *copy;
		struct an_line line = split(cases[i].text, &prefixes, &copy);

		if (line.kind != cases[i].kind || line.kernel != cases[i].kernel ||
		    line.ms != cases[i].ms ||
		    line.end - line.msg != (ptrdiff_t)strlen(cases[i].msg) ||
		    memcmp(line.msg, cases[i].msg, strlen(cases[i].msg)))
			fail_msg("%s: kind %d, kernel %d, ms %lld, message %.*s", cases[i].text,
				 line.kind, line.kernel, (long long)line.ms,
				 (int)(line.end - line.msg), line.msg);
		free(copy);
	}
}

static void alerts(void **state)
{
	char *copy;
	struct an_line line = split("KERNDTLB 1117838570 2005.06.03 n 2005-06-03-15.42 n x", NULL, &copy);

	assert_int_equal(line.alert_len, 8);
	assert_memory_equal(line.alert, "KERNDTLB", 8);
	free(copy);
	line = split("1117838570 2005.06.03 n 2005-06-03-15.42 n x", NULL, &copy);
	assert_null(line.alert);
	assert_int_equal(line.alert_len, 0);
	free(copy);
	line = split("KERNDTLB 2005.06.03", NULL, &copy);
	assert_null(line.alert);
	assert_int_equal(line.alert_len, 0);
	free(copy);
}

static void packets_of_other_prefixes(void **state)
{
	struct an_event ev;
	struct an_line line;
	char *copy;

	line = split(HEAD "some rule: IN=br0 OUT=br0 PHYSIN=e0 MACSRC=02 SRC=2001:db8::1 DST=::1 "
		     "LEN=9 PROTO=UDP SPT=1 DPT=2 ", NULL, &copy);
	assert_int_equal(line.kind, AN_LINE_PACKET);
	assert_true(an_line_packet(&line, &ev));
	assert_true(an_addr_eq(ev.src, addr("2001:db8::1")));
	assert_int_equal(ev.dpt, 2);
	assert_int_equal(ev.ms, 1762128007042ll);
	free(copy);
	line = split(HEAD "usb", NULL, &copy);
	assert_false(an_line_packet(&line, &ev));
	free(copy);
}

static void prefixes(void **state)
{
	struct an_error err = { .msg = "" };

	assert_int_equal(an_prefix_check("DROP: ", &err), AN_OK);
	assert_int_equal(an_prefix_check("", &err), AN_USAGE);
	assert_int_equal(an_prefix_check("  ", &err), AN_USAGE);
	assert_int_equal(an_prefix_check(" x", &err), AN_USAGE);
	assert_int_equal(an_prefix_check("a\nb", &err), AN_USAGE);
}

/* Runs and loads, whole, and cut at every byte: then no other number may be read. */
static void runs_and_loads(void **state)
{
	static const char run[] = HEAD "virgo_cpupool: exec fn=/opt/a_b arg_bytes=4096 node=3 us=1250";
	static const char *const bad[] = {
		"exec fn= arg_bytes=1 node=1 us=1", "exec fn=f arg_bytes=x node=1 us=1",
		"exec fn=f arg_bytes=1 node=4294967296 us=1", "exec fn=f arg_bytes=1 node=1 us=1x",
		"exec fn=f arg_bytes=18446744073709551616 node=1 us=1", "exec fn=f node=1 us=1",
		"exec fn=f arg_bytes=1 node=1 us=-1", "load node=1 run=1", "load node=1 run=1.2",
		"load node=1 run=1.234", "load node=1 run=.50", "load node= run=1.00",
	};
	uint32_t node, centi;
	struct an_line line;
	struct an_exec exec;
	char buf[256], *copy;
	size_t i;

	line = split(run, NULL, &copy);
	assert_true(an_line_exec(&line, &exec));
	assert_int_equal(exec.fn_len, 8);
	assert_memory_equal(exec.fn, "/opt/a_b", 8);
	assert_int_equal(exec.arg_bytes, 4096);
	assert_int_equal(exec.node, 3);
	assert_int_equal(exec.us, 1250);
	free(copy);
	for (i = 0; i < sizeof(run) - 4; i++) {
		snprintf(buf, sizeof(buf), "%.*s", (int)i, run);
		line = split(buf, NULL, &copy);
		if (an_line_exec(&line, &exec))
			assert_true(i >= sizeof(run) - 5);
		free(copy);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(buf, sizeof(buf), HEAD "virgo_cpupool: %s", bad[i]);
		line = split(buf, NULL, &copy);
		if (an_line_exec(&line, &exec) || an_line_load(&line, &node, &centi))
			fail_msg("believed: %s", bad[i]);
		free(copy);
	}
	line = split(HEAD "virgo_cpupool: load node=12 run=3.07", NULL, &copy);
	assert_true(an_line_load(&line, &node, &centi));
	assert_int_equal(node, 12);
	assert_int_equal(centi, 307);
	assert_false(an_line_exec(&line, &exec));
	free(copy);
}

/* However a line is cut, it is read as what it was, or not at all: never as another address. */
static void cut_lines(void **state)
{
	const char *whole = HEAD TAG FIELDS;
	size_t len = strlen(whole), n, known = 0;

	for (n = 0; n < len; n++) {
		char *line = exact(whole, n);
		const char *fields = an_line_tag(NULL, line, line + n);
		struct an_clock clock;
		struct an_event ev;
		struct an_addr src;

		an_clock_init(&clock, NOW);
		if (fields && an_line_event(&clock, line, fields, line + n, &ev)) {
			known++;
			assert_true(an_addr_eq(ev.src, addr("198.51.100.7")));
			assert_true(an_line_source(fields, line + n, &src));
			assert_true(an_addr_eq(src, ev.src));
			if (ev.flags & AN_F_DST)
				assert_true(an_addr_eq(ev.dst, addr("203.0.113.10")));
			assert_true(!(ev.flags & AN_F_DPT) || ev.dpt == 22);
			assert_true(!(ev.flags & AN_F_SPT) || ev.spt == 40000);
			assert_true(!ev.len || ev.len == 60);
		} else if (fields) {
			assert_false(an_line_source(fields, line + n, &src));
		}
		free(line);
	}
	assert_in_range(known, 100, 200);
}

static void bad_values(void **state)
{
	static const char *const bad[] = {
		"SRC=256.1.1.1 ", "SRC=1.2.3 ", "SRC=01.2.3.4 ", "SRC=1.2.3.4.5 ", "SRC= ", "SRC=x ",
		"SRC=1.2.3.4", "SRC=::g ", "SRC=1:2:3:4:5:6:7:8:9 ", "DST=1.2.3.4 ",
		"SRC=1.2.3.4 SRC=5.6.7.8 ", "SRC=00000000000000000000000000000000000000000000000::1 ",
	};
	struct an_event ev;
	char line[256];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), HEAD TAG "IN=e OUT= %s", bad[i]);
		if (parse(line, &ev))
			fail_msg("believed: %s", bad[i]);
	}
	assert_true(parse(HEAD TAG "IN=e OUT= SRC=1.2.3.4 LEN=65536 TTL=256 DPT=99999999999 SPT=-1 "
			  "PROTO=300 ", &ev));
	assert_int_equal(ev.len | ev.ttl | ev.dpt | ev.spt | ev.proto, 0);
	assert_int_equal(ev.flags, 0);
}

static void stamps(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T23:59:59.999999+00:00", 951868799999ll },
		{ "2025-11-03T00:00:07.042138+00:00", 1762128007042ll },
		{ "2025-11-03T01:30:07.042138+01:30", 1762128007042ll },
		{ "2025-11-02T16:00:07.5-08:00", 1762128007500ll },
		{ "2016-12-31T23:59:60Z", 1483228799000ll },
		{ "[    0.000000]", 0 },
		{ "[86400.042138]", 86400042 },
		{ "Nov  3 00:00:07", 1793664007000ll },		/* 2026: the last one before now */
		{ "2025-13-03T00:00:07Z", AN_MS_NONE },
		{ "2025-11-03T24:00:07Z", AN_MS_NONE },
		{ "2025-11-03T00:00:07", AN_MS_NONE },
		{ "2025-11-03 00:00:07Z     ", AN_MS_NONE },
		{ "Nov 32 00:00:07", AN_MS_NONE },
		{ "Nuv  3 00:00:07", AN_MS_NONE },
		{ "[12345]", AN_MS_NONE },
		{ "[ x.1]", AN_MS_NONE },
		{ "", AN_MS_NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);
		char *s = exact(cases[i].text, len);
		struct an_clock clock;
		int64_t ms = AN_MS_NONE;
		const char *end;

		an_clock_init(&clock, NOW);
		end = an_stamp_parse(&clock, s, s + len, &ms);
		if (!end != (cases[i].ms == AN_MS_NONE) || (end && ms != cases[i].ms))
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
		if (end)
			assert_ptr_equal(end, s + len);
		free(s);
	}
}

static int64_t seconds(struct an_clock *clock, const char *text)
{
	int64_t ms;

	assert_non_null(an_stamp_parse(clock, text, text + strlen(text), &ms));
	return ms / 1000;
}

/* A stamp without a year goes on over New Year, and a line that came late goes back. */
static void new_year(void **state)
{
	struct an_clock clock;
	int64_t before, after;
	int i;

	an_clock_init(&clock, 1767225600 + 86400 * 10);	/* 11 January 2026 */
	before = seconds(&clock, "Dec 31 23:59:59");
	after = seconds(&clock, "Jan  1 00:00:01");
	assert_int_equal(before, 1767225599);
	assert_int_equal(after, 1767225601);
	assert_int_equal(seconds(&clock, "Dec 31 23:59:58"), 1767225598);
	assert_int_equal(seconds(&clock, "Jan  1 00:00:02"), 1767225602);
	/* Years that turn for ever must not overflow, nor run away from the clock. */
	for (i = 0; i < 100000; i++) {
		seconds(&clock, "May  1 00:00:00");
		seconds(&clock, "Oct  1 00:00:00");
		after = seconds(&clock, "Jan  1 00:00:00");
	}
	assert_int_equal(after, 1767225600);
}

/* A machine without a clock of its own starts in January until the network tells the time. */
static void clock_steps(void **state)
{
	struct an_clock clock;

	an_clock_init(&clock, 1793664007);	/* 3 November 2026 */
	assert_int_equal(seconds(&clock, "Nov  2 00:00:07"), 1793577607);
	assert_int_equal(seconds(&clock, "Jan  1 00:00:03"), 1767225603);
	assert_int_equal(seconds(&clock, "Nov  2 00:01:00"), 1793577660);
	assert_int_equal(seconds(&clock, "Oct 31 00:00:00"), 1793404800);
	assert_int_equal(seconds(&clock, "Nov  3 00:00:07"), 1793664007);
	/* The same as the first lines of a log, and months in which nothing was logged. */
	an_clock_init(&clock, 1793664007);
	assert_int_equal(seconds(&clock, "Jan  1 00:00:03"), 1767225603);
	assert_int_equal(seconds(&clock, "Nov  2 00:01:00"), 1793577660);
}

/* A log of last year whose file is newer than it: who labelled its minutes knows when they were. */
static void told(void **state)
{
	struct an_clock clock;

	an_clock_init(&clock, 1793664007);	/* 3 November 2026 */
	clock.told = 1751500000000ll;		/* 2 July 2025 */
	assert_int_equal(seconds(&clock, "Jun 30 00:00:07"), 1751241607);
	assert_int_equal(seconds(&clock, "Jul  2 00:00:07"), 1751414407);
	/* the minute told of began before the log's first line */
	an_clock_init(&clock, 1793664007);
	clock.told = 1751241600000ll;
	assert_int_equal(seconds(&clock, "Jun 30 00:00:07"), 1751241607);
	/* of another part of this year's log, or of none: as if nobody had told */
	an_clock_init(&clock, 1793664007);
	clock.told = 1783036800000ll;		/* 3 July 2026 */
	assert_int_equal(seconds(&clock, "Jun 30 00:00:07"), 1782777607);
	an_clock_init(&clock, 1793664007);
	clock.told = 1780000000000ll;		/* 28 May 2026: over the span of one year earlier */
	assert_int_equal(seconds(&clock, "Jun 30 00:00:07"), 1782777607);
	an_clock_init(&clock, 1793664007);
	clock.told = -1;
	assert_int_equal(seconds(&clock, "Jun 30 00:00:07"), 1782777607);
	an_clock_init(&clock, 1793664007);
	clock.told = AN_MS_NONE + 1;
	assert_int_equal(seconds(&clock, "Jun 30 00:00:07"), 1782777607);
}

/* More lines than are parsed ahead, over a New Year: the same as one by one. */
static void parsed_ahead(void **state)
{
	static const char *const months[] = { "Dec 31 23:59:07", "Jan  1 00:00:07" };
	struct an_read_stats stats = { 0 };
	struct an_parsed parsed = { .n = 0 };
	struct an_block one, all;
	struct an_clock x, y;
	const char *s, *end;
	char *text;
	size_t len;
	int i, n = 0;
	FILE *f = open_memstream(&text, &len);

	for (i = 0; i < 20000; i++)
		fprintf(f, i % 3 ? "%s h kernel: [1.5] [UFW BLOCK] IN=e OUT= SRC=192.0.2.%d DST=1.1.1.1 \n" :
			"%s h x[%d]: y\n", months[i >= 15000], i % 250);
	assert_int_equal(fclose(f), 0);
	one = all = (struct an_block){ .p = text, .end = text + len };
	an_clock_init(&x, 1767225600 + 86400 * 10);
	an_clock_init(&y, 1767225600 + 86400 * 10);
	assert_true(an_parsed_look(NULL, &all, &parsed));
	assert_int_equal(all.line, 20000);
	while (an_next_line(&one, &stats, &s, &end)) {
		const struct an_parsed_line *p = an_parsed_next(&parsed, NULL, &y);
		struct an_line line;
		struct an_event ev;

		an_line_split(&x, NULL, s, end, &line);
		assert_non_null(p);
		assert_ptr_equal(p->line.msg, line.msg);
		assert_int_equal(p->line.ms, line.ms);
		assert_int_equal(p->packet, an_line_packet(&line, &ev));
		if (p->packet)
			assert_memory_equal(&p->ev, &ev, sizeof(ev));
		n++;
	}
	assert_int_equal(n, 20000);
	assert_null(an_parsed_next(&parsed, NULL, &y));
	assert_true(parsed.room <= 2048);
	an_parsed_free(&parsed);
	free(text);
}

static void leap_days(void **state)
{
	struct an_clock clock;
	int64_t ms;

	/* Read in 2025, the last 29 February is that of 2024. */
	an_clock_init(&clock, 1762128007);
	assert_int_equal(seconds(&clock, "Feb 29 12:00:00"), 1709208000);
	assert_int_equal(seconds(&clock, "Mar  1 00:00:00"), 1709251200);
	assert_int_equal(seconds(&clock, "Dec 31 00:00:00"), 1735603200);
	assert_int_equal(seconds(&clock, "Jan  1 00:00:00"), 1735689600);
	/* A log that begins on the 28th tells its year a day later. */
	an_clock_init(&clock, 1762128007);
	seconds(&clock, "Feb 28 23:00:00");
	assert_int_equal(seconds(&clock, "Feb 29 12:00:00"), 1709208000);
	assert_int_equal(seconds(&clock, "Mar  1 00:00:00"), 1709251200);
	/* On the day itself, and on the last day before it. */
	an_clock_init(&clock, 1709208000);
	assert_int_equal(seconds(&clock, "Feb 29 12:00:00"), 1709208000);
	an_clock_init(&clock, 1709208000 - 3 * 86400);
	assert_int_equal(seconds(&clock, "Feb 29 12:00:00"), 1582977600);
	assert_null(an_stamp_parse(&clock, "Feb 30 12:00:00", "Feb 30 12:00:00" + 15, &ms));
	assert_null(an_stamp_parse(&clock, "Apr 31 12:00:00", "Apr 31 12:00:00" + 15, &ms));
}

/* A clock that remembers the last date tells what one that forgets it would tell. */
static void same_dates(void **state)
{
	static const char *const dates[] = {
		"Jan  1", "Jan  2", "Feb 28", "Feb 29", "Mar  1", "May  7", "Jul 14", "Sep 30", "Oct  1",
		"Dec 30", "Dec 31", "Feb 30", "Nov  3",
	};
	struct an_clock with, without;
	unsigned int seed = 1, i, again = 0;
	const char *date = dates[0];
	char text[16];

	for (i = 0; i < 200000; i++) {
		int64_t a = 0, b = 0;
		bool same;

		if (i % 50 == 0) {
			an_clock_init(&with, 1700000000 + rand_r(&seed) % 100000000);
			without = with;
		}
		same = rand_r(&seed) % 2;
		if (!same)
			date = dates[(unsigned int)rand_r(&seed) % (sizeof(dates) / sizeof(dates[0]))];
		again += same && with.dated;
		snprintf(text, sizeof(text), "%s %02u:00:00", date, (unsigned int)rand_r(&seed) % 24);
		without.dated = false;
		assert_int_equal(!an_stamp_parse(&with, text, text + 15, &a),
				 !an_stamp_parse(&without, text, text + 15, &b));
		assert_int_equal(a, b);
		assert_int_equal(with.year * 12 + with.month, without.year * 12 + without.month);
	}
	assert_true(again > 50000);
}

/* Words that say where and how bad are passed over; lines after syslog's fashion have none. */
static void templates_of_ras_lines(void **state)
{
	static const char *const heads[] = {
		"- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.363779 R02-M1 ",
		"- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 ",
	};
	static const char *const texts[] = { "RAS APP FATAL ciod: Error loading x", "RAS APP FATAL ciod: Error reading x" };
	uint64_t key[4];
	char whole[200], *copy;
	int i;

	for (i = 0; i < 4; i++) {
		struct an_line line;

		snprintf(whole, sizeof(whole), "%s%s", heads[i / 2], texts[i % 2]);
		line = split(whole, NULL, &copy);
		key[i] = an_line_template(&line);
		free(copy);
	}
	assert_int_not_equal(key[0], key[1]);
	assert_int_equal(key[2], key[3]);
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		bool special;
	} cases[] = {
		{ "127.0.0.1", true }, { "10.1.2.3", true }, { "172.16.0.1", true },
		{ "172.31.255.255", true }, { "172.32.0.1", false }, { "192.168.0.1", true },
		{ "169.254.1.1", true }, { "224.0.0.1", true }, { "255.255.255.255", true },
		{ "0.0.0.0", true }, { "8.8.8.8", false }, { "100.64.0.1", false },
		{ "::", true }, { "::1", true }, { "fe80::1", true }, { "fd00::1", true },
		{ "ff02::1", true }, { "2001:db8::1", false }, { "::ffff:10.0.0.1", true },
		{ "::ffff:8.8.8.8", false },
	};
	struct an_prefix p;
	char buf[AN_ADDR_TEXT];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (an_addr_is_special(addr(cases[i].text)) != cases[i].special)
			fail_msg("%s", cases[i].text);
	assert_string_equal(an_addr_format(addr("2001:0db8:0:0:0:0:0:1"), buf), "2001:db8::1");
	assert_string_equal(an_addr_format(addr("203.0.113.9"), buf), "203.0.113.9");
	assert_true(an_prefix_parse("203.0.113.77/24", &p));
	assert_true(an_prefix_has(&p, addr("203.0.113.1")));
	assert_false(an_prefix_has(&p, addr("203.0.114.1")));
	assert_true(an_prefix_parse("0.0.0.0/0", &p));
	assert_true(an_prefix_has(&p, addr("8.8.8.8")));
	assert_false(an_prefix_has(&p, addr("2001:db8::1")));
	assert_true(an_prefix_parse("2001:db8::/32", &p));
	assert_true(an_prefix_has(&p, addr("2001:db8:ffff::1")));
	assert_false(an_prefix_has(&p, addr("2001:db9::1")));
	assert_true(an_prefix_parse("::/0", &p));
	assert_true(an_prefix_has(&p, addr("1.2.3.4")));
	assert_false(an_prefix_parse("1.2.3.4/33", &p));
	assert_false(an_prefix_parse("1.2.3.4/", &p));
	assert_false(an_prefix_parse("1.2.3.4/0008", &p));
	assert_false(an_prefix_parse("x/8", &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_a_line),
		cmocka_unit_test(kinds_of_lines),
		cmocka_unit_test(where_the_tag_counts),
		cmocka_unit_test(cut_lines),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(stamps),
		cmocka_unit_test(new_year),
		cmocka_unit_test(clock_steps),
		cmocka_unit_test(told),
		cmocka_unit_test(parsed_ahead),
		cmocka_unit_test(leap_days),
		cmocka_unit_test(same_dates),
		cmocka_unit_test(templates_of_ras_lines),
		cmocka_unit_test(parts_of_lines),
		cmocka_unit_test(alerts),
		cmocka_unit_test(packets_of_other_prefixes),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(runs_and_loads),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
