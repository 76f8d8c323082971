// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading logs and counting sources: files, gzip, pipes, NULs, long lines; exact and bounded counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sched.h>

/* As many processors as a test wants. */
static unsigned int processors_now = 1;

static int processors_set(pid_t pid, size_t size, cpu_set_t *set)
{
	unsigned int i;

	CPU_ZERO(set);
	for (i = 0; i < processors_now; i++)
		CPU_SET(i, set);
	return 0;
}

#define sched_getaffinity processors_set

#include "analytics/addr.c"
#include "analytics/ahead.c"
#include "analytics/atomic.c"
#include "analytics/count.c"
#include "analytics/input.c"
#include "analytics/journal.c"
#include "analytics/line.c"
#include "analytics/logs.c"
#include "analytics/match.c"
#include "analytics/names.c"
#include "analytics/parallel.c"
#include "analytics/pull.c"
#include "analytics/rate.c"
#include "analytics/reader.c"
#include "analytics/stamp.c"
#include "analytics/state.c"
#include "analytics/top.c"

#define LINE(ip)	"2025-11-03T00:00:07Z h kernel: [1.0] [UFW BLOCK] IN=e OUT= SRC=" ip " DST=1.1.1.1 \n"

static char path[] = "/tmp/virgo-test-an-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return -1;
	return close(fd);
}

static int teardown(void **state)
{
	return unlink(path);
}

static void put(const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void put_gzip(const void *data, size_t len, const char *mode)
{
	gzFile f = gzopen(path, mode);

	assert_non_null(f);
	assert_int_equal(gzwrite(f, data, (unsigned int)len), len);
	assert_int_equal(gzclose(f), Z_OK);
}

static int top(const char *name, size_t n, uint32_t max, struct an_top_report *r)
{
	struct an_top_options o = { .logs = &name, .nlogs = 1, .n = n, .max_sources = max };
	struct an_error err;
	int ret = an_top(&o, r, &err);

	assert_int_equal(!ret, !err.msg[0]);
	return ret;
}

static void counts_and_order(void **state)
{
	static const char log[] = LINE("9.0.0.2") LINE("9.0.0.1") LINE("9.0.0.3") LINE("9.0.0.3")
		"2025-11-03T00:00:08Z h kernel: [1.0] usb 1-1: Product: [UFW BLOCK] SRC=6.6.6.6 \n"
		"\n" LINE("9.0.0.") LINE("2001:db8::1");
	struct an_top_report r;

	put(log, sizeof(log) - 1);
	assert_int_equal(top(path, 3, 0, &r), AN_OK);
	assert_int_equal(r.ntop, 3);
	assert_string_equal(r.top[0].ip, "9.0.0.3");
	assert_int_equal(r.top[0].count, 2);
	assert_string_equal(r.top[1].ip, "9.0.0.1");
	assert_string_equal(r.top[2].ip, "9.0.0.2");
	assert_int_equal(r.read.lines, 7);
	assert_int_equal(r.read.blocks, 5);
	assert_int_equal(r.read.malformed, 1);
	assert_int_equal(r.read.sources, 4);
	assert_int_equal(r.read.bytes, sizeof(log) - 1);
	assert_int_equal(r.read.first, 1762128007);
	assert_true(r.exact);
	an_top_report_free(&r);
}

/* A power cut leaves NULs inside a line: what stands on both sides is read. */
static void nul_runs(void **state)
{
	static const char log[] = LINE("9.0.0.1") "2025-11-03T00:00:07Z h kern\0\0\0\0" LINE("9.0.0.2")
		"\0" LINE("9.0.0.2");
	struct an_top_report r;

	put(log, sizeof(log) - 1);
	assert_int_equal(top(path, 3, 0, &r), AN_OK);
	assert_int_equal(r.read.blocks, 3);
	assert_int_equal(r.read.nul_runs, 2);
	assert_string_equal(r.top[0].ip, "9.0.0.2");
	an_top_report_free(&r);
}

/* Ten megabytes without an end, and what comes after; the last line has no newline. */
static void long_lines(void **state)
{
	static const char line[] = LINE("9.0.0.1");
	size_t big = 10 << 20, len = sizeof(line) - 1, tail = AN_LINE_MAX + 1, at;
	char *log = malloc(big + tail + 3 * len);
	struct an_top_report r;

	memset(log, 'x', big + tail + 3 * len);
	memcpy(log, line, len);
	at = len + big;
	log[at - 1] = '\n';
	memcpy(log + at, line, len);
	at += len + tail;
	log[at - 1] = '\n';
	memcpy(log + at, line, len);
	put(log, at + len - 1);
	free(log);
	assert_int_equal(top(path, 3, 0, &r), AN_OK);
	assert_int_equal(r.read.blocks, 3);
	assert_int_equal(r.read.overlong, 1);
	assert_int_equal(r.read.lines, 5);
	an_top_report_free(&r);
}

static void gzip_files(void **state)
{
	static const char one[] = LINE("9.0.0.1"), two_lines[] = LINE("9.0.0.2") LINE("9.0.0.2");
	unsigned char raw[4096];
	struct an_top_report r;
	size_t len;
	FILE *f;

	put_gzip(one, sizeof(one) - 1, "wb");
	put_gzip(two_lines, sizeof(two_lines) - 1, "ab");
	assert_int_equal(top(path, 3, 0, &r), AN_OK);
	assert_int_equal(r.read.blocks, 3);
	assert_string_equal(r.top[0].ip, "9.0.0.2");
	an_top_report_free(&r);

	f = fopen(path, "r");
	len = fread(raw, 1, sizeof(raw), f);
	fclose(f);
	put(raw, len - 9);
	assert_int_equal(top(path, 3, 0, &r), AN_INPUT);
	an_top_report_free(&r);
	raw[len / 2] ^= 0x55;
	put(raw, len);
	assert_int_equal(top(path, 3, 0, &r), AN_INPUT);
	an_top_report_free(&r);
}

static void bad_inputs(void **state)
{
	struct an_top_report r;

	assert_int_equal(top("/nonexistent/kern.log", 1, 0, &r), AN_INPUT);
	assert_int_equal(top("/tmp", 1, 0, &r), AN_INPUT);
	assert_int_equal(top(path, 0, 0, &r), AN_USAGE);
	put("\x28\xb5\x2f\xfd....", 8);
	assert_int_equal(top(path, 1, 0, &r), AN_INPUT);
	put("", 0);
	assert_int_equal(top(path, 1, 0, &r), AN_OK);
	assert_int_equal(r.ntop, 0);
	an_top_report_free(&r);
}

static int keep_bytes(void *arg, struct an_block *b)
{
	char **at = arg;

	memcpy(*at, b->p, (size_t)(b->end - b->p));
	*at += b->end - b->p;
	return 0;
}

/* A pipe is read once as it is, and twice through its copy; both see the same bytes. */
static void pipes(void **state)
{
	static const char log[] = LINE("9.0.0.1") LINE("9.0.0.2");
	char seen[sizeof(log) * 2], *at = seen, name[32];
	struct an_read_stats stats = { 0 };
	struct an_error err = { .msg = "" };
	struct an_input in;
	int fd[2], round;

	for (round = 0; round < 2; round++) {
		assert_int_equal(pipe(fd), 0);
		assert_int_equal(write(fd[1], log, sizeof(log) - 1), sizeof(log) - 1);
		close(fd[1]);
		snprintf(name, sizeof(name), "/dev/fd/%d", fd[0]);
		at = seen;
		assert_int_equal(an_input_open(&in, name, round, &err), AN_OK);
		close(fd[0]);
		assert_int_equal(an_input_scan(&in, 0, &stats, keep_bytes, &at, &err), AN_OK);
		assert_int_equal(an_input_scan(&in, AN_SCAN_HASH, &stats, keep_bytes, &at, &err),
				 round ? AN_OK : AN_INPUT);
		an_input_close(&in);
		assert_int_equal(at - seen, (round + 1) * (sizeof(log) - 1));
		assert_memory_equal(seen, log, sizeof(log) - 1);
	}
	assert_memory_equal(seen + sizeof(log) - 1, log, sizeof(log) - 1);
	assert_int_not_equal(in.sha256[0] | in.sha256[1] | in.sha256[2], 0);
}

/* Lines as they are walked over. */
struct walked {
	FILE *f;
	struct an_read_stats *stats;
};

static int walk_over(void *arg, struct an_block *b)
{
	struct walked *w = arg;
	const char *s, *end;

	while (an_next_line(b, w->stats, &s, &end))
		fprintf(w->f, "%.*s\n", (int)(end - s), s);
	return 0;
}

/* What a look finds: the same lines. */
struct found_lines {
	char *text;
	size_t len;
	struct an_read_stats stats;
};

static bool look_at(const void *arg, struct an_block *b, void *found)
{
	struct found_lines *l = found;
	struct walked w;

	free(l->text);
	memset(l, 0, sizeof(*l));
	w = (struct walked){ open_memstream(&l->text, &l->len), &l->stats };
	if (!w.f)
		return false;
	walk_over(&w, b);
	return !fclose(w.f);
}

static int use_lines(void *arg, void *found)
{
	const struct found_lines *l = found;
	struct walked *w = arg;

	an_stats_add(w->stats, &l->stats);
	fwrite(l->text, 1, l->len, w->f);
	return 0;
}

static int use_three(void *arg, void *found)
{
	int *n = arg;

	return ++*n == 3 ? 77 : 0;
}

static void found_done(void *found)
{
	struct found_lines *l = found;

	free(l->text);
}

static const struct an_looker lines_looker = { look_at, use_lines, found_done, sizeof(struct found_lines) };

/* A log of about @size bytes with all that makes a walk hard, @nuls of them rows of NULs. */
static void put_hard_log(size_t size, unsigned int nuls, uint32_t seed)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	while ((size_t)ftell(f) < size) {
		unsigned int what, n;

		seed = seed * 1664525u + 1013904223u;
		what = (seed >> 8) % 4000;
		n = seed >> 20;
		if (what > 3980)
			fprintf(f, "%0*d%s", AN_LINE_MAX - 1000 + (int)n * 70, 7, n & 1 ? "\n" : "");
		if (what < nuls || (nuls && what > 3980 && n & 2))
			fwrite(&"ab\0\0\0\0\0\0\0\0"[n % 3], 1, 3 + n % 6, f);
		else if (what <= 3980)
			fprintf(f, "%.*s\n", (int)n % 60, "a line of some length, more or less, and up "
				"to about sixty bytes of it");
	}
	assert_int_equal(fclose(f), 0);
}

/* A line too long for a buffer that NULs end: what follows belongs to the same line. */
static void put_torn_log(void)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "one\n%0*d%ctwo, the rest\nthree\n", 600000, 7, 0);
	assert_int_equal(fclose(f), 0);
}

static void walked_as(bool ahead, char **text, size_t *len, struct an_read_stats *stats,
		      struct an_place *stop)
{
	struct an_error err = { .msg = "" };
	struct walked w = { open_memstream(text, len), stats };
	struct an_input in;

	memset(stats, 0, sizeof(*stats));
	assert_non_null(w.f);
	assert_int_equal(an_input_open(&in, path, false, &err), AN_OK);
	assert_int_equal(ahead ? an_input_scan_ahead(&in, 0, stats, &lines_looker, &w, &err) :
			 an_input_scan(&in, 0, stats, walk_over, &w, &err), AN_OK);
	assert_int_equal(fclose(w.f), 0);
	*stop = in.stop;
	an_input_close(&in);
}

/* Threads that look ahead find what one walk finds, however many there are. */
static void looks_ahead(void **state)
{
	static const unsigned int processors[] = { 1, 2, 3, AN_THREADS_MAX, 100 };
	struct an_read_stats a, b;
	struct an_place x, y;
	size_t m, n;
	char *p, *q;
	unsigned int i;

	for (i = 0; i < 24; i++) {
		processors_now = processors[i % 5];
		if (i == 4)
			put_torn_log();
		else
			put_hard_log(i < 4 ? i * 3000 : 5000000, i % 3 ? i % 7 : 0, i);
		walked_as(false, &p, &m, &a, &x);
		walked_as(true, &q, &n, &b, &y);
		assert_int_equal(m, n);
		assert_memory_equal(p, q, n);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_int_equal(x.pos, y.pos);
		assert_int_equal(x.line, y.line);
		free(p);
		free(q);
	}
	assert_true(a.nul_runs && a.overlong);
}

/* An end while others still look. */
static void looks_stopped(void **state)
{
	static const struct an_looker three = { look_at, use_three, found_done,
						sizeof(struct found_lines) };
	struct an_read_stats stats = { 0 };
	struct an_error err = { .msg = "" };
	struct an_input in;
	int i, used;

	put_hard_log(5000000, 0, 1);
	for (i = 0; i < 20; i++) {
		processors_now = 1 + i % 5;
		used = 0;
		assert_int_equal(an_input_open(&in, path, false, &err), AN_OK);
		assert_int_equal(an_input_scan_ahead(&in, 0, &stats, &three, &used, &err), 77);
		assert_int_equal(used, 3);
		an_input_close(&in);
	}
}

static struct an_addr nth(uint32_t i)
{
	return (struct an_addr){ 0, AN_V4_MAPPED | (i * 2654435761u) };
}

/* Against a plain array: exact below the limit, and within the promised bounds beyond it. */
static void bounded_counts(void **state)
{
	static uint64_t truth[5000];
	struct an_count c;
	uint32_t limit, i, lines = 200000, seed = 1, index[20];
	bool fresh;

	for (limit = 500; limit <= 5000; limit += 4500) {
		memset(truth, 0, sizeof(truth));
		assert_true(an_count_init(&c, limit));
		for (i = 0; i < lines; i++) {
			uint32_t who;

			seed = seed * 1664525u + 1013904223u;
			/* A few loud ones, many quiet ones. */
			who = seed >> 31 ? (seed >> 8) % 10 : (seed >> 8) % 5000;
			truth[who]++;
			assert_int_not_equal(an_count_add(&c, nth(who), &fresh), AN_COUNT_NONE);
		}
		assert_int_equal(c.n, limit);
		for (i = 0; i < 5000; i++) {
			uint32_t at = an_count_find(&c, nth(i));
			struct an_count_entry *e = &c.entries[at];

			if (at == AN_COUNT_NONE) {
				assert_int_equal(limit, 500);
				assert_true(truth[i] <= lines / limit);
				continue;
			}
			assert_true(e->count >= truth[i] && e->count - e->error <= truth[i]);
			assert_true(e->error <= lines / limit);
			if (limit == 5000)
				assert_int_equal(e->error, 0);
		}
		assert_int_equal(an_count_top(&c, index, 20), 20);
		/* The ten loud ones are there, whatever had to leave. */
		for (i = 0; i < 10; i++) {
			assert_int_not_equal(an_count_find(&c, nth(i)), AN_COUNT_NONE);
			assert_true(c.entries[index[i]].count - c.entries[index[i]].error > 9000);
		}
		for (i = 1; i < 20; i++)
			assert_true(c.entries[index[i - 1]].count >= c.entries[index[i]].count);
		an_count_free(&c);
	}
}

/* Even spacing is a limiter's; scattered lines and bursts are not. */
static void log_limit(void **state)
{
	struct an_rate *even = calloc(3, sizeof(*even)), *chance = even + 1, *few = even + 2;
	uint32_t seed = 7;
	int64_t t;

	for (t = 0; t < 3 * 86400; t += 10) {
		an_rate_add(even, t * 1000);
		seed = seed * 1664525u + 1013904223u;
		if (seed >> 31)
			an_rate_add(chance, t * 1000);
		if (t % 600 < 50)
			an_rate_add(few, t * 1000);
	}
	assert_true(an_rate_limited(even));
	assert_false(an_rate_limited(few));
	/* Half of 60 tries: narrower than Poisson, but not as narrow as a limiter. */
	assert_false(an_rate_limited(chance));
	free(even);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_and_order),
		cmocka_unit_test(nul_runs),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(gzip_files),
		cmocka_unit_test(bad_inputs),
		cmocka_unit_test(pipes),
		cmocka_unit_test(looks_ahead),
		cmocka_unit_test(looks_stopped),
		cmocka_unit_test(bounded_counts),
		cmocka_unit_test(log_limit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
