// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses: text to bytes and back, compared with libc's reading; prefixes and predicates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "core/addr.c"
#include "core/sockaddr.c"

#define BOTH (VG_ADDR_PORT | VG_ADDR_PREFIX)

/* Parse a copy of exactly the right size, so that the sanitizer sees any read beyond it */
static int parse(struct vg_str s, unsigned int allow, struct vg_addr *a, struct vg_fault *fault)
{
	char *copy = malloc(s.n ? s.n : 1);
	int ret;

	if (s.n)
		memcpy(copy, s.p, s.n);
	ret = vg_addr_parse(vg_str(copy, s.n), allow, a, fault);
	free(copy);
	return ret;
}

static struct vg_addr addr_of(const char *text)
{
	struct vg_fault fault;
	struct vg_addr a;

	if (parse(vg_cstr(text), BOTH, &a, &fault))
		fail_msg("%s: %s at %zu", text, fault.why, fault.pos);
	return a;
}

static void good(void **state)
{
	static const struct {
		const char *text;
		unsigned int allow;
		const char *print;	/* NULL: as the text */
		u8 family, prefix;
		u16 port;
	} cases[] = {
		{ "1.2.3.4", 0, NULL, 4, 32, 0 },
		{ "0.0.0.0", BOTH, NULL, 4, 32, 0 },
		{ "255.255.255.255:65535", VG_ADDR_PORT, NULL, 4, 32, 65535 },
		{ "10.0.0.0/8", VG_ADDR_PREFIX, NULL, 4, 8, 0 },
		{ "0.0.0.0/0", VG_ADDR_PREFIX, NULL, 4, 0, 0 },
		{ "10.0.0.1/32", VG_ADDR_PREFIX, "10.0.0.1", 4, 32, 0 },
		{ "10.0.0.1/24:80", BOTH, NULL, 4, 24, 80 },
		{ "::", 0, NULL, 6, 128, 0 },
		{ "::1", BOTH, NULL, 6, 128, 0 },
		{ "[::1]:80", VG_ADDR_PORT, NULL, 6, 128, 80 },
		{ "[::1]", VG_ADDR_PORT, "::1", 6, 128, 0 },
		{ "[1.2.3.4]:80", VG_ADDR_PORT, NULL, 0, 0, 0 },
		{ "FE80::0001", 0, "fe80::1", 6, 128, 0 },
		{ "2001:db8::/32", VG_ADDR_PREFIX, NULL, 6, 32, 0 },
		{ "1:2:3:4:5:6:7:8", 0, NULL, 6, 128, 0 },
		{ "1:0:0:4:0:0:0:8", 0, "1:0:0:4::8", 6, 128, 0 },
		{ "1:0:0:4:5:0:0:8", 0, "1::4:5:0:0:8", 6, 128, 0 },
		{ "1:0:3:4:5:6:7:8", 0, NULL, 6, 128, 0 },
		{ "1:2:3:4:5:6:7::", 0, "1:2:3:4:5:6:7:0", 6, 128, 0 },
		{ "::2:3:4:5:6:7:8", 0, "0:2:3:4:5:6:7:8", 6, 128, 0 },
		{ "1::", 0, NULL, 6, 128, 0 },
		{ "::ffff:1.2.3.4", 0, "1.2.3.4", 4, 32, 0 },
		{ "::FFFF:102:304", 0, "1.2.3.4", 4, 32, 0 },
		{ "[::ffff:1.2.3.4]:80", BOTH, "1.2.3.4:80", 4, 32, 80 },
		{ "::ffff:10.0.0.0/104", VG_ADDR_PREFIX, "10.0.0.0/8", 4, 8, 0 },
		{ "::1.2.3.4", 0, "::102:304", 6, 128, 0 },
		{ "64:ff9b::1.2.3.4", 0, "64:ff9b::102:304", 6, 128, 0 },
		{ "1:2:3:4:5:6:1.2.3.4", 0, "1:2:3:4:5:6:102:304", 6, 128, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *want = cases[i].print ? cases[i].print : cases[i].text;
		char out[VG_ADDR_TEXT];
		struct vg_fault fault;
		struct vg_addr a, again;

		if (!cases[i].family) {
			assert_int_equal(
				parse(vg_cstr(cases[i].text), cases[i].allow, &a, &fault),
				-EINVAL);
			continue;
		}
		if (parse(vg_cstr(cases[i].text), cases[i].allow, &a, &fault))
			fail_msg("%s: %s at %zu", cases[i].text, fault.why, fault.pos);
		assert_int_equal(a.family, cases[i].family);
		assert_int_equal(a.prefix, cases[i].prefix);
		assert_int_equal(a.port, cases[i].port);
		assert_int_equal(vg_addr_print(&a, out), strlen(want));
		assert_string_equal(out, want);
		assert_int_equal(parse(vg_cstr(out), BOTH, &again, NULL), 0);
		assert_memory_equal(&a, &again, sizeof(a));
	}
}

static void bad(void **state)
{
	static const struct {
		struct vg_str text;
		unsigned int allow;
		size_t pos;
		const char *why;
	} cases[] = {
		{ VG_STR_INIT(""), BOTH, 0, "no address" },
		{ VG_STR_INIT("localhost"), BOTH, 0, "no numeric address" },
		{ VG_STR_INIT("10"), BOTH, 0, "no numeric address" },
		{ VG_STR_INIT(" 1.2.3.4"), BOTH, 0, "no numeric address" },
		{ VG_STR_INIT("1.2.3.4 "), BOTH, 7, "text behind" },
		{ VG_STR_INIT("1.2.3.4\0"), BOTH, 7, "text behind" },
		{ VG_STR_INIT("1.2.3"), BOTH, 5, "four numbers" },
		{ VG_STR_INIT("1.2.3."), BOTH, 6, "0 to 255" },
		{ VG_STR_INIT("1.2.3.4.5"), BOTH, 7, "text behind" },
		{ VG_STR_INIT("1.2.256.4"), BOTH, 4, "0 to 255" },
		{ VG_STR_INIT("1.2.03.4"), BOTH, 4, "0 to 255" },
		{ VG_STR_INIT("1.2.99999999999.4"), BOTH, 4, "0 to 255" },
		{ VG_STR_INIT("0x7f.0.0.1"), BOTH, 0, "no numeric address" },
		{ VG_STR_INIT("1.2.3.4:80"), 0, 7, "text behind" },
		{ VG_STR_INIT("1.2.3.4/8"), VG_ADDR_PORT, 7, "text behind" },
		{ VG_STR_INIT("1.2.3.4:"), BOTH, 8, "port from 1" },
		{ VG_STR_INIT("1.2.3.4:0"), BOTH, 8, "port from 1" },
		{ VG_STR_INIT("1.2.3.4:080"), BOTH, 8, "port from 1" },
		{ VG_STR_INIT("1.2.3.4:65536"), BOTH, 8, "port from 1" },
		{ VG_STR_INIT("1.2.3.4:99999999999"), BOTH, 8, "port from 1" },
		{ VG_STR_INIT("1.2.3.4:80x"), BOTH, 10, "text behind" },
		{ VG_STR_INIT("10.0.0.0/33"), BOTH, 9, "prefix from 0 to 32" },
		{ VG_STR_INIT("10.0.0.0/"), BOTH, 9, "prefix from 0 to 32" },
		{ VG_STR_INIT("10.0.0.0/08"), BOTH, 9, "prefix from 0 to 32" },
		{ VG_STR_INIT("10.0.0.0/-1"), BOTH, 9, "prefix from 0 to 32" },
		{ VG_STR_INIT("::/129"), BOTH, 3, "prefix from 0 to 128" },
		{ VG_STR_INIT("::ffff:1.2.3.4/95"), BOTH, 17, "at least 96" },
		{ VG_STR_INIT(":"), BOTH, 1, "single colon" },
		{ VG_STR_INIT(":1"), BOTH, 1, "single colon" },
		{ VG_STR_INIT(":::"), BOTH, 2, "text behind" },
		{ VG_STR_INIT("1:"), BOTH, 2, "expected a group" },
		{ VG_STR_INIT("1::2::3"), BOTH, 5, "\"::\" twice" },
		{ VG_STR_INIT("1:2:3:4:5:6:7"), BOTH, 13, "eight groups" },
		{ VG_STR_INIT("1:2:3:4:5:6:7:8:9"), BOTH, 15, "text behind" },
		{ VG_STR_INIT("1:2:3:4:5:6:7:8::"), BOTH, 15, "text behind" },
		{ VG_STR_INIT("1::2:3:4:5:6:7:8"), BOTH, 16, "no group at all" },
		{ VG_STR_INIT("::12345"), BOTH, 6, "text behind" },
		{ VG_STR_INIT("::g"), BOTH, 2, "text behind" },
		{ VG_STR_INIT("::1.2.3"), BOTH, 7, "four numbers" },
		{ VG_STR_INIT("1:2:3:4:5:6:7:1.2.3.4"), BOTH, 15, "text behind" },
		{ VG_STR_INIT("fe80::1%eth0"), BOTH, 7, "zone" },
		{ VG_STR_INIT("[::1"), BOTH, 4, "expected \"]\"" },
		{ VG_STR_INIT("[::1]80"), BOTH, 5, "text behind" },
		{ VG_STR_INIT("[::1]:80"), VG_ADDR_PREFIX, 0, "expected a group" },
		{ VG_STR_INIT("[]:80"), BOTH, 1, "expected a group" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vg_fault fault = { .why = "" };
		struct vg_addr a = { .port = 4711 };
		int ret = parse(cases[i].text, cases[i].allow, &a, &fault);

		if (ret != -EINVAL || fault.pos != cases[i].pos || !strstr(fault.why, cases[i].why))
			fail_msg("%s: got %d \"%s\" at %zu, expected \"%s\" at %zu",
				 cases[i].text.p, ret, fault.why, fault.pos, cases[i].why,
				 cases[i].pos);
		assert_int_equal(a.port, 4711);
	}
}

/* Random texts of likely bytes: accepted exactly where libc accepts them, with the same bytes */
static void as_libc_does(void **state)
{
	static const char set[] = "0123456789abF::::....:::1/";
	u32 seed = 99, accepted = 0;
	int round;

	for (round = 0; round < 300000; round++) {
		char text[24], libc[16] = { 0 };
		struct vg_addr a;
		int n, i, family = 0, ret;

		seed = seed * 1664525 + 1013904223;
		n = 2 + (seed >> 16) % 14;
		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = set[(seed >> 16) % (sizeof(set) - 1)];
		}
		text[n] = '\0';
		if (inet_pton(AF_INET, text, libc) == 1)
			family = 4;
		else if (inet_pton(AF_INET6, text, libc) == 1)
			family = 6;
		ret = parse(vg_cstr(text), 0, &a, NULL);
		if (!ret != !!family)
			fail_msg("%s: libc says %d, we %d", text, family, ret);
		if (ret || !memcmp(libc, addr_mapped, sizeof(addr_mapped)))
			continue;
		accepted++;
		assert_int_equal(a.family, family);
		assert_memory_equal(a.ip, libc, family == 4 ? 4 : 16);
	}
	assert_true(accepted > 1000);
}

static void prints_as_libc_does(void **state)
{
	u32 seed = 7;
	int round, i;

	for (round = 0; round < 20000; round++) {
		char want[INET6_ADDRSTRLEN], got[VG_ADDR_TEXT];
		struct vg_addr a;
		u8 ip[16];

		for (i = 0; i < 16; i++) {
			seed = seed * 1664525 + 1013904223;
			ip[i] = seed >> 29 > 2 ? 0 : seed >> 16;
		}
		ip[0] = 0x20;	/* no mapped or compatible address: libc prints those with dots */
		vg_addr_from_ip6(&a, ip, 0);
		inet_ntop(AF_INET6, ip, want, sizeof(want));
		assert_int_equal(vg_addr_print(&a, got), strlen(want));
		assert_string_equal(got, want);
	}
}

static void from_bytes(void **state)
{
	static const u8 mapped[16] = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 };
	struct vg_addr a, b = addr_of("10.0.0.1:80");

	vg_addr_from_ip6(&a, mapped, 80);
	assert_memory_equal(&a, &b, sizeof(a));
	vg_addr_from_ip4(&a, mapped + 12, 80);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void networks(void **state)
{
	static const struct {
		const char *a, *net;
		bool in;
	} cases[] = {
		{ "10.1.2.3", "10.0.0.0/8", true },
		{ "11.1.2.3", "10.0.0.0/8", false },
		{ "10.1.2.3", "10.9.9.9/8", true },
		{ "1.2.3.4", "0.0.0.0/0", true },
		{ "1.2.3.4", "::/0", false },
		{ "::1", "0.0.0.0/0", false },
		{ "::1", "::/0", true },
		{ "172.31.0.1", "172.16.0.0/12", true },
		{ "172.32.0.1", "172.16.0.0/12", false },
		{ "1.2.3.4", "1.2.3.4", true },
		{ "1.2.3.5", "1.2.3.4", false },
		{ "1.2.3.6", "1.2.3.4/31", false },
		{ "1.2.3.5:80", "1.2.3.4/30", true },
		{ "::ffff:10.0.0.1", "10.0.0.0/8", true },
		{ "2001:db8:ffff::1", "2001:db8::/32", true },
		{ "2001:db9::1", "2001:db8::/32", false },
		{ "fe80::1", "fe80::/10", true },
		{ "fec0::1", "fe80::/10", false },
		{ "::1", "::1/128", true },
		{ "::2", "::1/128", false },
		{ "::3", "::2/127", true },
	};
	struct vg_addr a, b, none = { .family = 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		a = addr_of(cases[i].a);
		b = addr_of(cases[i].net);
		if (vg_addr_in(&a, &b) != cases[i].in)
			fail_msg("%s in %s", cases[i].a, cases[i].net);
		assert_int_equal(vg_addr_overlap(&a, &b), cases[i].in);
		assert_int_equal(vg_addr_overlap(&b, &a), cases[i].in);
		/* masking changes nothing about what is within */
		vg_addr_mask(&b);
		assert_int_equal(vg_addr_in(&a, &b), cases[i].in);
	}
	assert_false(vg_addr_in(&none, &none));
	a = addr_of("10.255.3.4/9");
	vg_addr_mask(&a);
	b = addr_of("10.128.0.0/9");
	assert_memory_equal(&a, &b, sizeof(a));
	a = addr_of("10.0.0.0/8");
	b = addr_of("10.1.0.0/16");
	assert_true(vg_addr_overlap(&a, &b));
	assert_false(vg_addr_same(&a, &b));
	b = addr_of("10.0.0.0:80");
	assert_true(vg_addr_same(&a, &b));
}

static void predicates(void **state)
{
	/* any, loopback, private, link-local, multicast */
	static const struct {
		const char *text;
		char is;
	} cases[] = {
		{ "0.0.0.0", 'a' },	{ "::", 'a' },		{ "127.0.0.1", 'l' },
		{ "127.255.0.9", 'l' }, { "::1", 'l' },		{ "::ffff:127.0.0.1", 'l' },
		{ "128.0.0.1", 0 },	{ "::2", 0 },		{ "10.0.0.1", 'p' },
		{ "172.16.0.1", 'p' },	{ "172.15.0.1", 0 },	{ "192.168.1.1", 'p' },
		{ "192.169.1.1", 0 },	{ "fd00::1", 'p' },	{ "fc00::1", 'p' },
		{ "fe00::1", 0 },	{ "169.254.1.1", 'k' }, { "fe80::1", 'k' },
		{ "febf::1", 'k' },	{ "fec0::1", 0 },	{ "224.0.0.1", 'm' },
		{ "239.1.1.1", 'm' },	{ "240.0.0.1", 0 },	{ "ff02::1", 'm' },
		{ "8.8.8.8", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vg_addr a = addr_of(cases[i].text);

		assert_int_equal(vg_addr_is_any(&a), cases[i].is == 'a');
		assert_int_equal(vg_addr_is_loopback(&a), cases[i].is == 'l');
		assert_int_equal(vg_addr_is_private(&a), cases[i].is == 'p');
		assert_int_equal(vg_addr_is_link_local(&a), cases[i].is == 'k');
		assert_int_equal(vg_addr_is_multicast(&a), cases[i].is == 'm');
	}
}

static void socket_addresses(void **state)
{
	static const char *const texts[] = { "192.0.2.7:30000", "[2001:db8::7]:40000", "127.0.0.1:1" };
	struct sockaddr_storage ss;
	struct vg_addr a, back;
	char text[64];
	size_t i;
	int len;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		a = addr_of(texts[i]);
		len = vg_addr_to_sockaddr(&a, &ss);
		assert_int_equal(len, a.family == 4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		if (a.family == 4)
			inet_ntop(AF_INET, &((struct sockaddr_in *)&ss)->sin_addr, text, sizeof(text));
		else
			inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr, text, sizeof(text));
		assert_non_null(strstr(texts[i], text));
		assert_int_equal(vg_addr_from_sockaddr(&back, &ss), 0);
		assert_memory_equal(&back, &a, sizeof(a));
	}
	/* one spelling each here too */
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &((struct sockaddr_in6 *)&ss)->sin6_addr);
	ss.ss_family = AF_INET6;
	assert_int_equal(vg_addr_from_sockaddr(&back, &ss), 0);
	assert_int_equal(back.family, 4);
	ss.ss_family = AF_UNIX;
	assert_int_equal(vg_addr_from_sockaddr(&back, &ss), -EAFNOSUPPORT);
	assert_int_equal(back.family, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
		cmocka_unit_test(as_libc_does),
		cmocka_unit_test(prints_as_libc_does),
		cmocka_unit_test(from_bytes),
		cmocka_unit_test(networks),
		cmocka_unit_test(predicates),
		cmocka_unit_test(socket_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
