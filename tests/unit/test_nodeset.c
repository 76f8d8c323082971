// SPDX-License-Identifier: GPL-3.0-or-later
/* Node sets: what parses to what, where errors point, and that folding is undone by parsing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/error.c"
#include "lib/fold.c"
#include "lib/nodename.c"
#include "lib/nodeparse.c"
#include "lib/nodeset.c"

static const char *groups(void *arg, const char *name)
{
	static const char *const table[][2] = {
		{ "all", "127.0.0.1, 127.0.0.2" }, { "web", "w[1-2]" }, { "both", "@web,@db" },
		{ "db", "db1" }, { "loop", "x,@loop2" }, { "loop2", "@loop" }, { "empty", "" },
		{ "most", "n[1-9]!@few" }, { "few", "n[1-4]&n[3-9/2]" }, { "none", "a!a" },
	};

	(void)arg;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++)
		if (!strcmp(table[i][0], name))
			return table[i][1];
	return NULL;
}

/* the names of a set with blanks between; or "!" and the error */
static const char *expanded(const char *text)
{
	static char out[4096];
	struct virgo_nodeset *set;
	struct virgo_error err;
	size_t at = 0;

	if (virgo_nodeset_parse(&set, text, groups, NULL, &err)) {
		assert_null(set);
		assert_int_equal(err.code, VIRGO_USAGE);
		snprintf(out, sizeof(out), "!%s", err.message);
		return out;
	}
	for (size_t i = 0; i < virgo_nodeset_count(set); i++)
		at += snprintf(out + at, sizeof(out) - at, "%s%s", i ? " " : "",
			       virgo_nodeset_name(set, i));
	virgo_nodeset_free(set);
	return out;
}

static void good_sets(void **state)
{
	static const char *const table[][2] = {
		{ "a", "a" },
		{ "Node1", "node1" },
		{ "a,b,a", "a b" },
		{ " a , b\t", "a b" },
		{ "node[1-3]", "node1 node2 node3" },
		{ "node[1-3,7]", "node1 node2 node3 node7" },
		{ "node[08-11]", "node08 node09 node10 node11" },
		{ "n[098-101]", "n098 n099 n100 n101" },
		{ "n[001]", "n001" },
		{ "r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2" },
		{ "n[1-2].lab,x", "n1.lab n2.lab x" },
		{ "n[1-2]:30001", "n1:30001 n2:30001" },
		{ "10.0.0.[1-2],10.0.0.7:80", "10.0.0.1 10.0.0.2 10.0.0.7:80" },
		{ "127.0.0.1:[30001-30002]", "127.0.0.1:30001 127.0.0.1:30002" },
		{ "[::1]", "[::1]" },
		{ "::1", "[::1]" },
		{ "[::1]:30000,[::1]", "[::1]:30000 [::1]" },
		{ "2001:DB8:0:0::1", "[2001:db8::1]" },
		{ "[1-2]n", "1n 2n" },
		{ "all", "127.0.0.1 127.0.0.2" },
		{ "all,x", "127.0.0.1 127.0.0.2 x" },
		{ "aLl,x", "127.0.0.1 127.0.0.2 x" },
		{ "allen", "allen" },
		{ "all1", "all1" },
		{ "@web", "w1 w2" },
		{ "@both,y,@web", "w1 w2 db1 y" },
		{ "@all", "127.0.0.1 127.0.0.2" },
		{ "_srv-1.x", "_srv-1.x" },
		{ "host.", "host." },
		{ "node[1-9/2]", "node1 node3 node5 node7 node9" },
		{ "node[01-10/3]", "node01 node04 node07 node10" },
		{ "n[1-10/100,3]", "n1 n3" },
		{ "n[0-999999999/999999999]", "n0 n999999999" },
		{ "n[0-4/2]x[1-3/2]", "n0x1 n0x3 n2x1 n2x3 n4x1 n4x3" },
		{ "n[1-5]!n[2-3]", "n1 n4 n5" },
		{ "n[1-5] ! n2 ! n3", "n1 n4 n5" },
		{ "n[1-5]!x", "n1 n2 n3 n4 n5" },
		{ "n[1-5]&n[4-9]", "n4 n5" },
		{ "n[1-3]^n[3-5]", "n1 n2 n4 n5" },
		/* from left to right, all alike */
		{ "a,b!a,a", "b a" },
		{ "a!a,b&b,c", "b c" },
		{ "n[1-9]!n[5-9],n7&n[1-7/2]^n1", "n3 n7" },
		{ "@few", "n3" },
		{ "@most", "n1 n2 n4 n5 n6 n7 n8 n9" },
		{ "n[1-9]!@most", "n3" },
		{ "@most&@few,x", "x" },
		{ "x,@none", "x" },
		{ "x!@none", "x" },
		{ "all!127.0.0.2", "127.0.0.1" },
		{ "all&@all", "127.0.0.1 127.0.0.2" },
		{ "[::1],a![::1]:5!0::1", "a" },
		{ "a:1,a!a", "a:1" },
	};

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++)
		assert_string_equal(expanded(table[i][0]), table[i][1]);
}

/* each error says the column, and enough to see what is wrong */
static void bad_sets(void **state)
{
	static const char *const table[][3] = {
		{ "", "column 1 ", "is expected" },
		{ "a,", "column 3 ", "is expected" },
		{ "a,,b", "column 3 ", "is expected" },
		{ ",a", "column 1 ", "is expected" },
		{ "a b", "column 3 ", "or the end is expected" },
		{ "a;b", "column 2 ", "\",\", \"!\", \"&\", \"^\" or the end is expected" },
		{ "!a", "column 1 ", "\"@group\" or \"all\" is expected" },
		{ "a!", "column 3 ", "is expected" },
		{ "a,!b", "column 3 ", "is expected" },
		{ "a&&b", "column 3 ", "is expected" },
		{ "a!a", "no node is left of \"a!a\"", "" },
		{ "@none", "no node is left", "" },
		{ "a&b^c!c", "no node is left", "" },
		{ "node[1/2]", "column 7 ", "is expected" },
		{ "node[1-4/]", "column 10 ", "a step of 1" },
		{ "node[1-4/0]", "column 10 ", "a step of 1" },
		{ "node[1-4/-1]", "column 10 ", "a step of 1" },
		{ "node[1-4/1234567890]", "column 10 ", "a step of 1" },
		{ "node[1-4/2/2]", "column 11 ", "is expected" },
		{ "node[0-131072/2]", "column 6 ", "65536" },
		{ "node[", "column 6 ", "number" },
		{ "node[1", "column 5 ", "without \"]\"" },
		{ "node[1-", "column 8 ", "number" },
		{ "node[]", "column 6 ", "number" },
		{ "node[1,]", "column 8 ", "number" },
		{ "node[a]", "column 6 ", "number" },
		{ "node[1;2]", "column 7 ", "is expected" },
		{ "node]1", "column 5 ", "or the end" },
		{ "node[3-1]", "column 6 ", "ends before" },
		{ "node[8-011]", "column 8 ", "same width" },
		{ "node[008-11]", "column 10 ", "same width" },
		{ "node[1-65537]", "column 6 ", "65536" },
		{ "n[1-65536],x", "column 12 ", "65536" },
		{ "a[1-300]b[1-300]", "column 1 ", "65536" },
		{ "n[1234567890]", "column 3 ", "9 digits" },
		{ "x,10.0.0.256", "column 3 ", "IPv4" },
		{ "10.0.0", "column 1 ", "IPv4" },
		{ "10.0.0.01", "column 1 ", "IPv4" },
		{ "7", "column 1 ", "IPv4" },
		{ "a:0", "column 1 ", "port" },
		{ "a:65536", "column 1 ", "port" },
		{ "a:", "column 1 ", "port" },
		{ "a:080", "column 1 ", "port" },
		{ "-a", "column 1 ", "begins with" },
		{ ".a", "column 1 ", "begins with" },
		{ "a..b", "column 1 ", "two dots" },
		{ "[::g]", "column 1 ", "IPv6" },
		{ "[::1", "column 2 ", "number" },
		{ "[::1]x", "column 6 ", "or the end" },
		{ "[::1]:", "column 1 ", "may follow" },
		{ "fe80::1%eth0", "column 1 ", "zone" },
		{ "@", "column 1 ", "group's name" },
		{ "@nope", "column 1 ", "no group \"nope\"" },
		{ "x,@loop", "column 1 ", "contains itself" },
		{ "@empty", "column 1 ", "is expected" },
		{ "a\nb", "column 2 ", "" },
	};

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		const char *got = expanded(table[i][0]);

		if (got[0] != '!' || !strstr(got, table[i][1]) || !strstr(got, table[i][2]))
			fail_msg("\"%s\" gives: %s", table[i][0], got);
		assert_null(strpbrk(got, "\n\r"));
	}
	assert_string_equal(expanded("x,@nope"),
			    "!node set: column 3 of \"x,@nope\": no group \"nope\" in the configuration");
	assert_string_equal(expanded("@both,@empty"),
			    "!node set of @empty: column 1 of \"\": a node, \"@group\" or \"all\" is expected");
}

static void no_groups_at_all(void **state)
{
	struct virgo_nodeset *set;
	struct virgo_error err;

	(void)state;
	assert_int_equal(virgo_nodeset_parse(&set, "all", NULL, NULL, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "no group \"all\""));
}

/* hostile text must not cost more than its due */
static void bounded(void **state)
{
	static const char item[] = "n[1-60000],";
	struct virgo_nodeset *set;
	struct virgo_error err;
	size_t n = 4000;
	char *text = malloc(n * sizeof(item));

	(void)state;
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * (sizeof(item) - 1), item, sizeof(item));
	strcat(text, "x");
	assert_int_equal(virgo_nodeset_parse(&set, text, NULL, NULL, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "too often"));
	free(text);

	assert_int_equal(virgo_nodeset_parse(&set, "n[1-65536]", NULL, NULL, &err), VIRGO_OK);
	assert_int_equal(virgo_nodeset_count(set), VIRGO_NODES_MAX);
	assert_string_equal(virgo_nodeset_name(set, 65535), "n65536");
	assert_null(virgo_nodeset_name(set, 65536));
	assert_int_equal(virgo_nodeset_find(set, "n300"), 299);
	assert_int_equal(virgo_nodeset_find(set, "n65537"), -1);
	virgo_nodeset_free(set);
	virgo_nodeset_free(NULL);
}

/* each operator pays for what it looks at; gaps are closed, so that nothing grows for ever */
static void operators_bounded(void **state)
{
	static const char *const bombs[] = { "&n[1-60000]", "!m[1-60000]", "^n[1-60000]", "&n1,n1" };
	struct virgo_nodeset *set;
	struct virgo_error err;
	char *text = malloc(1 << 20);

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(bombs); i++) {
		size_t len = sprintf(text, "n[1-65536]"), one = strlen(bombs[i]);
		int ret;

		for (int k = 0; k < 4000; k++, len += one)
			memcpy(text + len, bombs[i], one + 1);
		ret = virgo_nodeset_parse(&set, text, NULL, NULL, &err);
		if (ret) {
			assert_non_null(strstr(err.message, "too often"));
			continue;
		}
		assert_int_equal(i, 3);
		assert_int_equal(virgo_nodeset_count(set), 1);
		virgo_nodeset_free(set);
	}
	/* one by one out of a full set, and another in for each */
	strcpy(text, "n[1-65536]");
	for (int k = 1, len = 10; k <= 20000; k++)
		len += sprintf(text + len, "!n%d,m%d", k, k);
	assert_int_equal(virgo_nodeset_parse(&set, text, NULL, NULL, &err), VIRGO_OK);
	assert_int_equal(virgo_nodeset_count(set), VIRGO_NODES_MAX);
	assert_string_equal(virgo_nodeset_name(set, 0), "n20001");
	assert_string_equal(virgo_nodeset_name(set, 65535), "m20000");
	assert_int_equal(virgo_nodeset_find(set, "n20000"), -1);
	assert_int_equal(virgo_nodeset_find(set, "m1"), 65536 - 20000);
	virgo_nodeset_free(set);
	free(text);
}

/* one doubling group after another: 2^n nodes' worth of text from n lines */
static const char *doubling(void *arg, const char *name)
{
	static char text[32];
	int level = atoi(name + 1);

	(void)arg;
	if (level >= 14)
		return "x";
	snprintf(text, sizeof(text), "@g%d", level + 1);
	return level ? level % 2 ? "@g2,@g4,@g6,@g8" : "x,x,x" : "@g1,@g1";
}

static void group_bomb(void **state)
{
	struct virgo_nodeset *set;
	struct virgo_error err;

	(void)state;
	if (!virgo_nodeset_parse(&set, "@g0", doubling, NULL, &err))
		virgo_nodeset_free(set);
}

static char *fold(const char *text)
{
	const char *names[64];
	char copy[1024], *save = NULL;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		names[n++] = p;
	return virgo_nodeset_fold(names, n);
}

static void folding(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "a", "a" },
		{ "a a", "a" },
		{ "node7", "node7" },
		{ "node1 node2 node3 node7", "node[1-3,7]" },
		{ "node3 node1 node7 node2", "node[1-3,7]" },
		{ "node1 node2", "node[1-2]" },
		{ "node1 node3", "node[1,3]" },
		{ "node1 node1 node2", "node[1-2]" },
		{ "n8 n9 n10 n11", "n[8-11]" },
		{ "n08 n09 n10 n11", "n[08-11]" },
		{ "n98 n099 n99 n100", "n[98-99,099-100]" },
		{ "n1 n2 n01 n02", "n[1-2,01-02]" },
		{ "b a2 a1", "b,a[1-2]" },
		{ "10.0.0.1 10.0.0.2 10.0.1.1", "10.0.0.[1-2],10.0.1.1" },
		{ "10.0.0.1 10.0.1.1 10.0.2.1", "10.0.[0-2].1" },
		{ "n1-ib0 n2-ib0 n3-ib0", "n[1-3]-ib0" },
		{ "n1:30000 n2:30000 n3", "n[1-2]:30000,n3" },
		{ "127.0.0.1:30000 127.0.0.1:30001", "127.0.0.1:30000,127.0.0.1:30001" },
		{ "[::1] [::2]", "[::1],[::2]" },
		{ "n1234567890 n1234567891", "n1234567890,n1234567891" },
	};

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		char *got = fold(table[i][0]);

		assert_non_null(got);
		assert_string_equal(got, table[i][1]);
		free(got);
	}
}

static uint64_t seed = 88172645463325252ULL;

static unsigned int pick(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void random_name(char *out, size_t size)
{
	static const char *const forms[] = {
		"node%u", "n%02u", "r%un3", "10.0.%u.7", "n%u.lab", "n%u:30001", "%un", "x%03uy",
		"a-%u-b0",
	};

	snprintf(out, size, forms[pick(VIRGO_COUNT(forms))], pick(pick(4) ? 12 : 120));
}

/* parse(fold(names)) is the same set, whatever the names */
static void round_trip(void **state)
{
	(void)state;
	for (int round = 0; round < 3000; round++) {
		char store[40][32];
		const char *names[40];
		size_t n = 1 + pick(40), different = 0;
		struct virgo_nodeset *set;
		struct virgo_error err;
		char *text;

		for (size_t i = 0; i < n; i++) {
			size_t k = 0;

			random_name(store[i], sizeof(store[i]));
			names[i] = store[i];
			while (strcmp(names[k], names[i]))
				k++;
			different += k == i;
		}
		text = virgo_nodeset_fold(names, n);
		assert_non_null(text);
		if (virgo_nodeset_parse(&set, text, NULL, NULL, &err))
			fail_msg("%s: %s", text, err.message);
		assert_int_equal(virgo_nodeset_count(set), different);
		for (size_t i = 0; i < n; i++)
			if (virgo_nodeset_find(set, names[i]) < 0)
				fail_msg("%s is not in %s", names[i], text);
		virgo_nodeset_free(set);
		free(text);
	}
}

/* an expression over n0 to n39 means what sets of bits make of it */
static void against_bits(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t want = 0;
		size_t at = 0, items = 1 + pick(6);
		struct virgo_nodeset *set;
		struct virgo_error err;
		char text[256];

		for (size_t i = 0; i < items; i++) {
			char op = i ? ",!&^"[pick(4)] : ',';
			unsigned int from = pick(40), to = from + pick(40 - from);
			unsigned int step = 1 + pick(5);
			uint64_t bits = 0;

			for (unsigned int k = from; k <= to; k += step)
				bits |= 1ULL << k;
			want = op == ',' ? want | bits : op == '!' ? want & ~bits :
			       op == '&' ? want & bits : want ^ bits;
			at += sprintf(text + at, "%.*sn[%u-%u/%u]", i != 0, &op, from, to, step);
		}
		if (virgo_nodeset_parse(&set, text, NULL, NULL, &err)) {
			if (want || !strstr(err.message, "no node is left"))
				fail_msg("%s: %s", text, err.message);
			continue;
		}
		assert_int_equal(virgo_nodeset_count(set), __builtin_popcountll(want));
		for (size_t i = 0; i < virgo_nodeset_count(set); i++) {
			const char *name = virgo_nodeset_name(set, i);

			assert_int_equal(virgo_nodeset_find(set, name), i);
			if (!(want >> atoi(name + 1) & 1))
				fail_msg("%s has %s", text, name);
		}
		virgo_nodeset_free(set);
	}
}

/* nonsense of the language's own characters: an error or a set, never a crash (ASan watches) */
static void nonsense(void **state)
{
	static const char letters[] = "a1n09[]-,:.@ all%!_[1-2]::&^!/";

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char text[33];
		size_t n = pick(32);
		struct virgo_nodeset *set;
		struct virgo_error err;

		for (size_t i = 0; i < n; i++)
			text[i] = letters[pick(sizeof(letters) - 1)];
		text[n] = '\0';
		if (virgo_nodeset_parse(&set, text, groups, NULL, &err)) {
			assert_true(strstr(err.message, "column ") ||
				    strstr(err.message, "no node is left"));
			continue;
		}
		assert_true(virgo_nodeset_count(set) > 0);
		virgo_nodeset_free(set);
	}
}

static void large_fold(void **state)
{
	struct virgo_nodeset *set;
	const char **names = calloc(VIRGO_NODES_MAX, sizeof(*names));
	char *text;

	(void)state;
	assert_int_equal(virgo_nodeset_parse(&set, "n[1-60000],m[00001-05000]", NULL, NULL, NULL),
			 VIRGO_OK);
	for (size_t i = 0; i < virgo_nodeset_count(set); i++)
		names[i] = virgo_nodeset_name(set, i);
	text = virgo_nodeset_fold(names, virgo_nodeset_count(set));
	assert_string_equal(text, "n[1-60000],m[00001-05000]");
	free(text);
	free(names);
	virgo_nodeset_free(set);
}

static void splitting(void **state)
{
	struct virgo_endpoint ep;

	(void)state;
	virgo_node_split("a:80", &ep);
	assert_string_equal(ep.host, "a");
	assert_int_equal(ep.port, 80);
	virgo_node_split("[::1]", &ep);
	assert_string_equal(ep.host, "[::1]");
	assert_int_equal(ep.port, 0);
	virgo_node_split("[::1]:9", &ep);
	assert_string_equal(ep.host, "[::1]");
	assert_int_equal(ep.port, 9);
	virgo_node_split("n1", &ep);
	assert_string_equal(ep.host, "n1");
	assert_int_equal(ep.port, 0);
}

static void error_text(void **state)
{
	struct virgo_error err;
	char text[] = "a\033[2Jb\xe2\x82";
	char whole[] = "\xe2\x82\xac";

	(void)state;
	virgo_one_line(text);
	assert_string_equal(text, "a [2Jb");
	virgo_one_line(whole);
	assert_string_equal(whole, "\xe2\x82\xac");
	assert_int_equal(virgo_error_set(&err, VIRGO_USAGE, "a\nb %d", 7), VIRGO_USAGE);
	assert_string_equal(err.message, "a b 7");
	assert_int_equal(virgo_error_set(NULL, VIRGO_FAILED, "x"), VIRGO_FAILED);
	assert_string_equal(virgo_code_name(VIRGO_NOT_FOUND), "not_found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_sets),
		cmocka_unit_test(bad_sets),
		cmocka_unit_test(no_groups_at_all),
		cmocka_unit_test(bounded),
		cmocka_unit_test(operators_bounded),
		cmocka_unit_test(group_bomb),
		cmocka_unit_test(folding),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(against_bits),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(large_fold),
		cmocka_unit_test(splitting),
		cmocka_unit_test(error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
