// SPDX-License-Identifier: GPL-3.0-or-later
/* Canonical targets: what libvirgo sends is what a node accepts, and nothing else is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.c"
#include "core/target.c"
#include "lib/error.c"
#include "lib/target.c"

static uint64_t seed = 2463534242ULL;

static unsigned int pick(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void built(void **state)
{
	struct virgo_target t;
	struct virgo_error err;

	(void)state;
	virgo_target_start(&t, "/v1/mem");
	virgo_target_segment(&t, "a b/c%+", 7);
	virgo_target_number(&t, "ttl_ms", 5000);
	assert_int_equal(virgo_target_end(&t, &err), VIRGO_OK);
	assert_string_equal(t.text, "/v1/mem/a%20b%2Fc%25%2B?ttl_ms=5000");

	virgo_target_start(&t, "/v1/mem");
	virgo_target_query(&t, "after", "\xc3\xa4 ~", 4);
	virgo_target_number(&t, "limit", 10);
	virgo_target_query(&t, "prefix", "", 0);
	assert_int_equal(virgo_target_end(&t, &err), VIRGO_OK);
	assert_string_equal(t.text, "/v1/mem?after=%C3%A4%20~&limit=10&prefix=");
}

static void refused(void **state)
{
	static const struct {
		const char *segment, *key, *value, *why;
	} table[] = {
		{ "", NULL, NULL, "empty" },
		{ ".", NULL, NULL, "path segments" },
		{ "..", NULL, NULL, "path segments" },
		{ "a", "limit", "1+1", "\"+\"" },
		{ "a", "1x", "1", "letters" },
		{ "a", "", "1", "1 to 32" },
		{ "a", "abcdefghijklmnopqrstuvwxyzabcdefg", "1", "1 to 32" },
	};
	struct virgo_target t;
	struct virgo_error err;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(table); i++) {
		virgo_target_start(&t, "/v1/mem");
		virgo_target_segment(&t, table[i].segment, strlen(table[i].segment));
		if (table[i].key)
			virgo_target_query(&t, table[i].key, table[i].value,
					   strlen(table[i].value));
		assert_int_equal(virgo_target_end(&t, &err), VIRGO_USAGE);
		if (!strstr(err.message, table[i].why))
			fail_msg("%zu: %s", i, err.message);
	}
	virgo_target_start(&t, "/v1/mem");
	virgo_target_segment(&t, "a\0b", 3);
	assert_int_equal(virgo_target_end(&t, &err), VIRGO_USAGE);
	virgo_target_start(&t, "/v1/mem");
	virgo_target_query(&t, "b", "1", 1);
	virgo_target_query(&t, "a", "1", 1);
	assert_int_equal(virgo_target_end(&t, &err), VIRGO_USAGE);
	virgo_target_start(&t, "/v1/mem");
	virgo_target_query(&t, "a", "1", 1);
	virgo_target_query(&t, "a", "1", 1);
	assert_int_equal(virgo_target_end(&t, &err), VIRGO_USAGE);
	virgo_target_start(&t, "/v1/mem");
	virgo_target_query(&t, "a", "\0", 1);
	assert_int_equal(virgo_target_end(&t, &err), VIRGO_USAGE);
}

static void limits(void **state)
{
	char big[VIRGO_PATH_MAX];
	struct virgo_target t;

	(void)state;
	memset(big, 'x', sizeof(big));
	virgo_target_start(&t, "");
	virgo_target_segment(&t, big, VIRGO_PATH_MAX - 1);
	virgo_target_query(&t, "a", big, VIRGO_QUERY_MAX - 2);
	assert_int_equal(virgo_target_end(&t, NULL), VIRGO_OK);
	assert_int_equal(strlen(t.text), VIRGO_PATH_MAX + 1 + VIRGO_QUERY_MAX);
	virgo_target_query(&t, "b", "", 0);
	assert_int_equal(virgo_target_end(&t, NULL), VIRGO_USAGE);
	virgo_target_start(&t, "");
	virgo_target_segment(&t, big, VIRGO_PATH_MAX);
	assert_int_equal(virgo_target_end(&t, NULL), VIRGO_USAGE);
	virgo_target_start(&t, "/");
	for (char key[] = "A"; key[0] <= 'P'; key[0]++)
		virgo_target_query(&t, key, "1", 1);
	assert_int_equal(virgo_target_end(&t, NULL), VIRGO_OK);
	virgo_target_query(&t, "Q", "1", 1);
	assert_int_equal(virgo_target_end(&t, NULL), VIRGO_USAGE);
}

static void canonical(void **state)
{
	static const char *const good[][2] = {
		{ "/", "/" },
		{ "/v1/mem", "/v1/mem" },
		{ "/v1/mem/", "/v1/mem/" },
		{ "/v1/mem/a b", "/v1/mem/a%20b" },
		{ "/v1/mem/a%2fb", "/v1/mem/a%2Fb" },
		{ "/v1/mem/%61", "/v1/mem/a" },
		{ "/v1/mem/a:b@c+d", "/v1/mem/a%3Ab%40c%2Bd" },
		{ "/v1/mem?limit=3&after=x y", "/v1/mem?after=x%20y&limit=3" },
		{ "/a?b=%41&a==", "/a?a=%3D&b=A" },
	};
	static const char *const bad[] = {
		"", "v1", "//", "/a//b", "/.", "/a/../b", "/%2e", "/a%", "/a%4", "/a%zz", "/a%00",
		"/a?", "/a?b", "/a?b=1&b=2", "/a?b=1&", "/a?&b=1", "/a?b=+", "/a?b=%2b", "/a?1=2",
		"/a?b=%0", "/a?=1",
	};
	struct virgo_target t;
	struct virgo_error err;

	(void)state;
	for (size_t i = 0; i < VIRGO_COUNT(good); i++) {
		if (virgo_target_canonical(&t, good[i][0], &err))
			fail_msg("%s: %s", good[i][0], err.message);
		assert_string_equal(t.text, good[i][1]);
	}
	for (size_t i = 0; i < VIRGO_COUNT(bad); i++)
		if (virgo_target_canonical(&t, bad[i], &err) != VIRGO_USAGE)
			fail_msg("%s became %s", bad[i], t.text);
}

/* whatever comes out, the node's own check takes, and reads as what went in */
static void agrees_with_the_node(void **state)
{
	(void)state;
	for (int round = 0; round < 5000; round++) {
		unsigned char key[40];
		size_t n = 1 + pick(sizeof(key));
		struct vg_target checked;
		struct vg_fault fault;
		struct vg_str rest, seg = { 0 };
		struct virgo_target t;
		char back[64];
		ssize_t len;

		for (size_t i = 0; i < n; i++)
			key[i] = 1 + pick(255);
		virgo_target_start(&t, "/v1/mem");
		virgo_target_segment(&t, key, n);
		virgo_target_query(&t, "prefix", key, n);
		if (virgo_target_end(&t, NULL))
			continue;
		if (vg_target_check(vg_cstr(t.text), &checked, &fault))
			fail_msg("%s: %s at %zu", t.text, fault.why, fault.pos);
		rest = checked.path;
		while (vg_target_seg(&rest, &seg))
			;
		len = vg_pct_decode(seg, back, sizeof(back));
		assert_int_equal(len, n);
		assert_memory_equal(back, key, n);
	}
}

/* what people type, mangled: canonical or refused, and the node agrees */
static void typed_nonsense(void **state)
{
	static const char letters[] = "/ab1%2Ff?&==_.+ ";

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char text[25];
		size_t n = pick(24);
		struct vg_target checked;
		struct virgo_target t, again;

		for (size_t i = 0; i < n; i++)
			text[i] = letters[pick(sizeof(letters) - 1)];
		text[n] = '\0';
		if (virgo_target_canonical(&t, text, NULL))
			continue;
		if (vg_target_check(vg_cstr(t.text), &checked, NULL))
			fail_msg("%s became %s", text, t.text);
		assert_int_equal(virgo_target_canonical(&again, t.text, NULL), VIRGO_OK);
		assert_string_equal(again.text, t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built),
		cmocka_unit_test(refused),
		cmocka_unit_test(limits),
		cmocka_unit_test(canonical),
		cmocka_unit_test(agrees_with_the_node),
		cmocka_unit_test(typed_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
