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
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/line.c"
#include "analytics/pull.c"
#include "analytics/reader.c"
#include "analytics/split.c"
#include "analytics/stamp.c"

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

	an_clock_init(&clock, 1767225600 + 86400 * 10);	/* 11 January 2026 */
	before = seconds(&clock, "Dec 31 23:59:59");
	after = seconds(&clock, "Jan  1 00:00:01");
	assert_int_equal(before, 1767225599);
	assert_int_equal(after, 1767225601);
	assert_int_equal(seconds(&clock, "Dec 31 23:59:58"), 1767225598);
	assert_int_equal(seconds(&clock, "Jan  1 00:00:02"), 1767225602);
	/* Years that turn for ever must not overflow. */
	for (int i = 0; i < 100000; i++) {
		seconds(&clock, "May  1 00:00:00");
		seconds(&clock, "Oct  1 00:00:00");
		after = seconds(&clock, "Jan  1 00:00:00");
	}
	assert_true(after < 253402300800ll);
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
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
