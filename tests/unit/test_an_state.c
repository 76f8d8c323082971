// SPDX-License-Identifier: GPL-3.0-or-later
/* Going on from the last run: rotated, copied, packed and cut logs; broken states; names; the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

/* The journal's library is played by this test. */
static void *fake_open(const char *name, int flags);
static void *fake_symbol(void *lib, const char *name);
static int fake_close(void *lib);

#define dlopen	fake_open
#define dlsym	fake_symbol
#define dlclose	fake_close
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
#include "analytics/reader.c"
#include "analytics/stamp.c"
#include "analytics/state.c"
#include "analytics/top.c"

#define LINE(ip)	"2025-11-03T00:00:07Z h kernel: [1.0] [UFW BLOCK] IN=e OUT= SRC=" ip " DST=1.1.1.1 \n"

static char dir[] = "/tmp/virgo-test-an-XXXXXX";

static int setup(void **state)
{
	return mkdtemp(dir) && !chdir(dir) ? 0 : -1;
}

static void clean_up(void)
{
	assert_int_equal(system("rm -rf ./*"), 0);
}

static int teardown(void **state)
{
	clean_up();
	return chdir("/") || rmdir(dir);
}

static void put(const char *name, const char *mode, const char *text, size_t len)
{
	FILE *f = fopen(name, mode);

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* @n lines, each with its own number, appended to kern.log. */
static unsigned int written;

static void log_on(unsigned int n)
{
	char line[256];

	for (; n; n--) {
		int len = snprintf(line, sizeof(line), "2025-11-03T00:00:07Z h kernel: [%u.0] "
				   "[UFW BLOCK] IN=e OUT= SRC=198.51.100.%u DST=1.1.1.1 ID=%u \n",
				   written, written % 7, written);

		written++;
		put("kern.log", "a", line, (size_t)len);
	}
}

static int top_of(const char *name, const char *state, struct an_top_report *r)
{
	struct an_top_options o = { .logs = &name, .nlogs = 1, .n = 100, .state = state };
	struct an_error err;
	int ret = an_top(&o, r, &err);

	assert_int_equal(!ret, !err.msg[0]);
	return ret;
}

/* How many packets all runs together have counted, this one included. */
static uint64_t counted(const char *name)
{
	struct an_top_report r;
	uint64_t sum = 0;
	size_t i;

	assert_int_equal(top_of(name, "state", &r), AN_OK);
	assert_string_equal(r.started_over, "");
	for (i = 0; i < r.ntop; i++)
		sum += r.top[i].count;
	assert_int_equal(sum, r.read.blocks);
	an_top_report_free(&r);
	return sum;
}

static void sh(const char *command)
{
	assert_int_equal(system(command), 0);
}

static void goes_on(void **state)
{
	struct an_top_report r;
	struct stat st;

	written = 0;
	log_on(100);
	assert_int_equal(counted("kern.log"), 100);
	assert_int_equal(counted("kern.log"), 100);
	log_on(50);
	assert_int_equal(top_of("kern.log", "state", &r), AN_OK);
	assert_int_equal(r.read.lines, 150);
	assert_int_equal(r.news, 50);
	an_top_report_free(&r);
	assert_int_equal(stat("state", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	clean_up();
}

static void rotations(void **state)
{
	static const char *const names[] = { "kern.log", "kern.log*" };
	size_t i;

	for (i = 0; i < 2; i++) {
		written = 0;
		log_on(100);
		assert_int_equal(counted(names[i]), 100);
		/* renamed after more was written; the new one has begun */
		log_on(10);
		sh("mv kern.log kern.log.1");
		log_on(5);
		assert_int_equal(counted(names[i]), 115);
		/* renamed again, and packed; two rotations since the last run */
		log_on(20);
		sh("gzip kern.log.1; mv kern.log.1.gz kern.log.3.gz; mv kern.log kern.log.2");
		log_on(30);
		sh("mv kern.log kern.log.1");
		log_on(1);
		assert_int_equal(counted(names[i]), 166);
		/* copied and cut */
		log_on(3);
		sh("rm kern.log.3.gz; mv kern.log.2 kern.log.3; mv kern.log.1 kern.log.2");
		sh("cp kern.log kern.log.1; : >kern.log");
		log_on(80);
		assert_int_equal(counted(names[i]), 249);
		/* what is packed while it is there plain is there once */
		sh("gzip -k kern.log.1");
		log_on(1);
		assert_int_equal(counted(names[i]), 250);
		/* all of it under another inode, as a restored backup is */
		sh("mkdir new; cp kern.log* new/; rm kern.log*; mv new/* .; rmdir new");
		assert_int_equal(counted(names[i]), 250);
		clean_up();
	}
}

/* Copying a log to cut it takes a while: until it is cut, its lines are there twice. */
static void half_a_copy(void **state)
{
	written = 0;
	log_on(100);
	assert_int_equal(counted("kern.log*"), 100);
	log_on(10);
	sh("head -c 5000 kern.log >kern.log.1");
	assert_int_equal(counted("kern.log*"), 110);
	sh("cp kern.log kern.log.1");
	assert_int_equal(counted("kern.log*"), 110);
	sh(": >kern.log");
	log_on(1);
	assert_int_equal(counted("kern.log*"), 111);
	clean_up();
}

/* A log that begins like the one that was read and goes on otherwise is another one. */
static void same_beginning(void **state)
{
	written = 0;
	log_on(60);
	sh("head -n 50 kern.log >begin");
	assert_int_equal(counted("kern.log"), 60);
	written = 100;
	sh("cp begin kern.log");
	log_on(60);
	assert_int_equal(counted("kern.log"), 60 + 110);
	sh("gzip kern.log; cp begin kern.log");
	written = 200;
	log_on(60);
	sh("rm kern.log.gz; gzip kern.log");
	assert_int_equal(counted("kern.log.gz"), 170 + 110);
	clean_up();
}

/* Other logs beside it are nobody's business, nor are parts from before the first run. */
static void only_what_was_named(void **state)
{
	written = 0;
	log_on(10);
	sh("cp kern.log other.log; mv kern.log kern.log.2");
	log_on(10);
	sh("mv kern.log kern.log.1");
	log_on(10);
	sh("cp kern.log kern.logs; cp kern.log kern.log.old");
	assert_int_equal(counted("kern.log"), 10);
	log_on(1);
	assert_int_equal(counted("kern.log"), 11);
	clean_up();
}

static void unfinished_lines(void **state)
{
	static const char line[] = LINE("9.0.0.1");
	char *big = malloc(3 * AN_LINE_MAX);
	struct an_top_report r;

	put("kern.log", "w", line, 60);
	assert_int_equal(counted("kern.log"), 0);
	put("kern.log", "a", line + 60, sizeof(line) - 61);
	assert_int_equal(counted("kern.log"), 1);
	/* Nobody has written to it for long: that is all there will be of the line. */
	put("kern.log", "a", line, sizeof(line) - 2);
	assert_int_equal(counted("kern.log"), 1);
	sh("touch -d '2 hours ago' kern.log");
	assert_int_equal(counted("kern.log"), 2);
	assert_int_equal(counted("kern.log"), 2);
	put("kern.log", "a", "\n", 1);
	/* A line that is too long is one line, however many runs it takes. */
	memset(big, 'x', 3 * AN_LINE_MAX);
	put("kern.log", "a", big, 3 * AN_LINE_MAX);
	assert_int_equal(counted("kern.log"), 2);
	put("kern.log", "a", line, sizeof(line) - 1);
	put("kern.log", "a", line, sizeof(line) - 1);
	assert_int_equal(top_of("kern.log", "state", &r), AN_OK);
	assert_int_equal(r.read.overlong, 1);
	assert_int_equal(r.read.blocks, 3);
	an_top_report_free(&r);
	free(big);
	clean_up();
}

static int cut_it(void *arg, struct an_block *b)
{
	uint64_t *bytes = arg;

	*bytes += (uint64_t)(b->end - b->p);
	return truncate("kern.log", 0);
}

/* A log that is cut under the reader: no signal, no error, and the copy is read on from there. */
static void cut_while_read(void **state)
{
	const char *name = "kern.log";
	struct an_read_stats stats = { 0 };
	struct an_error err = { .msg = "" };
	struct an_logs logs;
	struct an_clock clock;
	uint64_t bytes = 0;

	written = 0;
	log_on(6000);
	sh("cp kern.log copy");
	assert_int_equal(an_logs_open(&logs, &name, 1, false, NULL, NULL, &err), AN_OK);
	assert_int_equal(an_logs_scan(&logs, 0, &clock, 1800000000, 0, &stats, cut_it, &bytes, &err),
			 AN_OK);
	an_logs_close(&logs);
	assert_int_equal(stats.truncated, 1);
	assert_in_range(bytes, 60000, 65536);	/* the first block, of a log of more than a million */
	clean_up();
}

/* Once cut, the log grows beyond where it was read to. */
static int replace_it(void *arg, struct an_block *b)
{
	uint64_t *bytes = arg;

	if (!*bytes) {
		assert_int_equal(truncate("kern.log", 0), 0);
		log_on(8000);
	}
	*bytes += (uint64_t)(b->end - b->p);
	return 0;
}

/* What is then at the old place is of another log: it is not read as if it were the old one. */
static void replaced_while_read(void **state)
{
	const char *name = "kern.log";
	struct an_read_stats stats = { 0 };
	struct an_error err = { .msg = "" };
	struct an_logs logs;
	struct an_clock clock;
	uint64_t bytes = 0;

	(void)state;
	log_on(8000);
	assert_int_equal(an_logs_open(&logs, &name, 1, false, NULL, NULL, &err), AN_OK);
	logs.in[0].edge = calloc(1, sizeof(*logs.in[0].edge));
	assert_non_null(logs.in[0].edge);
	assert_int_equal(an_logs_scan(&logs, 0, &clock, 1800000000, 0, &stats, replace_it, &bytes,
				      &err), AN_OK);
	an_logs_close(&logs);
	assert_int_equal(stats.truncated, 1);
	assert_in_range(bytes, 60000, 65536);	/* the first block, of a log of more than a million */
	clean_up();
}

struct second {
	bool cut;	/* in its first block */
	uint64_t lines;
};

static int second_block(void *arg, struct an_block *b)
{
	struct second *s = arg;
	struct an_read_stats unused = { 0 };
	const char *line, *end;

	while (an_next_line(b, &unused, &line, &end))
		s->lines++;
	return s->cut ? truncate("kern.log", 0) : 0;
}

/*
 * Training may read a log twice. One that logrotate copied and cut in between, or during the second time,
 * is known again by what the second has read: its copy goes on from there, and no line counts twice.
 */
static void cut_between_scans(void **state)
{
	const char *name = "kern.log", *both[] = { "kern.log.1", "kern.log" };
	int when;

	(void)state;
	for (when = 0; when < 2; when++) {
		struct second first = { false, 0 }, second = { when == 1, 0 }, third = { false, 0 };
		struct an_read_stats stats = { 0 };
		struct an_error err = { .msg = "" };
		struct an_state *st;
		struct an_logs logs;
		struct an_clock clock;
		size_t i;

		written = 0;
		log_on(6000);
		assert_int_equal(an_state_open(&st, "state", "test", &err), AN_OK);
		assert_int_equal(an_logs_open(&logs, &name, 1, true, st, NULL, &err), AN_OK);
		assert_int_equal(an_logs_scan(&logs, 0, &clock, 1800000000, 0, &stats, second_block,
					      &first, &err), AN_OK);
		assert_int_equal(first.lines, 6000);
		sh("cp kern.log kern.log.1");
		if (!when)
			assert_int_equal(truncate("kern.log", 0), 0);
		assert_int_equal(an_logs_scan(&logs, 0, &clock, 1800000000, 0, &stats, second_block,
					      &second, &err), AN_OK);
		an_logs_close(&logs);
		assert_int_equal(an_state_save(st, &err), AN_OK);
		an_state_free(st);
		assert_true(when ? second.lines > 0 && second.lines < 6000 : !second.lines);

		assert_int_equal(an_state_open(&st, "state", "test", &err), AN_OK);
		assert_null(an_state_why(st));
		assert_int_equal(an_logs_open(&logs, both, 2, false, st, NULL, &err), AN_OK);
		for (i = 0; i < logs.n; i++)
			assert_int_equal(an_logs_scan(&logs, i, &clock, 1800000000, 0, &stats,
						      second_block, &third, &err), AN_OK);
		an_logs_close(&logs);
		an_state_free(st);
		assert_int_equal(second.lines + third.lines, 6000);
		clean_up();
	}
}

static void write_state(const unsigned char *data, size_t len)
{
	put("state", "w", (const char *)data, len);
}

static bool believed(const unsigned char *data, size_t len)
{
	struct an_state *st;
	struct an_error err;
	bool good;

	write_state(data, len);
	assert_int_equal(an_state_open(&st, "state", "top", &err), AN_OK);
	good = !an_state_why(st);
	an_state_free(st);
	return good;
}

/* Whatever happened to a state: it is as it was written, or it is not used and that is said. */
static void broken_states(void **state)
{
	unsigned char data[4096], *copy;
	struct an_top_report r;
	size_t len, i;
	FILE *f;

	written = 0;
	log_on(10);
	assert_int_equal(counted("kern.log"), 10);
	f = fopen("state", "r");
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	assert_in_range(len, 200, sizeof(data) - 1);
	assert_true(believed(data, len));
	for (i = 0; i < len; i++) {
		assert_false(believed(data, i));
		data[i] ^= (unsigned char)(1u << i % 8);
		assert_false(believed(data, len));
		data[i] ^= (unsigned char)(1u << i % 8);
	}
	data[len] = 0;
	assert_false(believed(data, len + 1));
	copy = calloc(1, 100000);
	assert_false(believed(copy, 100000));
	free(copy);
	/* All is read again, and the new state is good. */
	assert_int_equal(top_of("kern.log", "state", &r), AN_OK);
	assert_string_equal(r.started_over, "it is not a state file of this version");
	assert_int_equal(r.read.blocks, 10);
	an_top_report_free(&r);
	assert_int_equal(counted("kern.log"), 10);
	/* A failed run leaves it as it was. */
	assert_int_equal(top_of("nowhere.log", "state", &r), AN_INPUT);
	assert_int_equal(counted("kern.log"), 10);
	/* More sources than may be counted now. */
	{
		const char *name = "kern.log";
		struct an_top_options o = { .logs = &name, .nlogs = 1, .n = 100, .state = "state",
					    .max_sources = 3 };
		struct an_error err;

		assert_int_equal(an_top(&o, &r, &err), AN_OK);
		assert_string_equal(r.started_over, "its counts make no sense here");
		assert_int_equal(r.read.blocks, 10);
		assert_int_equal(r.ntop, 3);
		assert_false(r.exact);
		an_top_report_free(&r);
		/* Bounds stay bounds over runs. */
		assert_int_equal(an_top(&o, &r, &err), AN_OK);
		assert_string_equal(r.started_over, "");
		assert_false(r.exact);
		an_top_report_free(&r);
	}
	clean_up();
}

static void whose_state(void **state)
{
	static const char note[] = "what the other one keeps";
	struct an_state *st;
	struct an_error err = { .msg = "" };
	struct an_top_report r;
	size_t len;

	written = 0;
	log_on(3);
	assert_int_equal(an_state_open(&st, "state", "train", &err), AN_OK);
	assert_null(an_state_why(st));
	assert_int_equal(an_state_set(st, "windows", "x", 1, &err), AN_OK);
	assert_int_equal(an_state_set(st, "windows", note, sizeof(note), &err), AN_OK);
	assert_int_equal(an_state_set(st, "a name that is too long", note, 1, &err), AN_OUTPUT);
	assert_int_equal(an_state_save(st, &err), AN_OK);
	an_state_free(st);
	assert_int_equal(an_state_open(&st, "state", "train", &err), AN_OK);
	assert_string_equal(an_state_get(st, "windows", &len), note);
	assert_int_equal(len, sizeof(note));
	assert_null(an_state_get(st, "other", &len));
	an_state_free(st);
	assert_int_equal(top_of("kern.log", "state", &r), AN_USAGE);
	assert_int_equal(top_of("kern.log", ".", &r), AN_USAGE);
	assert_int_equal(top_of("kern.log", "nowhere/state", &r), AN_OUTPUT);
	clean_up();
}

static void names(void **state)
{
	static const char *const given[] = { "b.log", "kern.log*", "./x-1.log", "-" };
	static const char *const want[] = {
		"b.log", "kern.log-20251101.zst", "kern.log-20251103", "kern.log-20251103-17",
		"kern.log.11.gz", "kern.log.2.zst", "kern.log.1", "kern.log.0", "kern.log",
		"kern.log.old", "./x-1.log", "-",
	};
	struct an_paths paths = { 0 };
	struct an_error err = { .msg = "" };
	const char *none = "no*such";
	size_t i;

	sh("touch b.log kern.log kern.log.0 kern.log.1 kern.log.1.gz kern.log.2.zst kern.log.11.gz "
	    "kern.log.old kern.log-20251103 kern.log-20251103-17 kern.log-20251101.zst");
	assert_int_equal(an_paths_expand(&paths, given, 4, &err), AN_OK);
	assert_int_equal(paths.n, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < paths.n; i++)
		assert_string_equal(paths.v[i].path, want[i]);
	assert_int_equal(paths.v[4].given, 1);
	assert_int_equal(paths.v[11].given, 3);
	an_paths_free(&paths);
	/* Parts named one by one are put in order too; a pattern's characters may be a name's. */
	sh("touch 'we[ird*.log' 'we[ird*.log.1'");
	assert_int_equal(an_paths_expand(&paths, (const char *const[]){ "kern.log", "kern.log.1",
					 "we[ird*.log", "kern.log.0", "kern.log" }, 5, &err), AN_OK);
	assert_int_equal(paths.n, 4);
	assert_string_equal(paths.v[0].path, "kern.log.1");
	assert_string_equal(paths.v[2].path, "kern.log");
	assert_string_equal(paths.v[3].path, "we[ird*.log");
	assert_true(an_paths_siblings(&paths, "we[ird*.log", 0));
	assert_int_equal(paths.n, 5);
	an_paths_free(&paths);
	assert_int_equal(an_paths_expand(&paths, &none, 1, &err), AN_INPUT);
	assert_int_equal(err.sys, ENOENT);
	an_paths_free(&paths);
	clean_up();
}

/* A journal of entries that the test makes up. */
static const char *const entries[] = {
	"MESSAGE=[UFW BLOCK] IN=e OUT= SRC=9.0.0.1 DST=1.1.1.1 ",
	"MESSAGE=usb: x\n2025-11-03T00:00:07Z h kernel: [UFW BLOCK] IN=e OUT= SRC=6.6.6.6 DST=1.1.1.1 ",
	"MESSAGE=[UFW BLOCK] IN=e OUT= SRC=9.0.0.2 DST=1.1.1.1 ",
};
static struct {
	int at, first, last;	/* entries there are; at: the current one */
	bool absent, old;
} fake;

static int sd_open(void **j, int flags)
{
	fake.at = fake.first - 1;
	*j = &fake;
	return 0;
}

static int sd_open_directory(void **j, const char *path, int flags)
{
	return strcmp(path, "/nowhere") ? sd_open(j, flags) : -ENOENT;
}

static void sd_close(void *j)
{
	assert_ptr_equal(j, &fake);
}

static int sd_add_match(void *j, const void *data, size_t size)
{
	assert_memory_equal(data, "_TRANSPORT=kernel", size);
	return 0;
}

static int sd_threshold(void *j, size_t size)
{
	return 0;
}

static int sd_head(void *j)
{
	fake.at = fake.first - 1;
	return 0;
}

static int sd_seek(void *j, const char *cursor)
{
	int at = atoi(cursor + 1);

	if (cursor[0] != 'c')
		return -EINVAL;
	fake.at = (at < fake.first ? fake.first : at) - 1;
	return 0;
}

static int sd_test(void *j, const char *cursor)
{
	return fake.at == atoi(cursor + 1);
}

static int sd_cursor(void *j, char **cursor)
{
	return asprintf(cursor, "c%d", fake.at);
}

static int sd_next(void *j)
{
	if (fake.at + 1 > fake.last)
		return 0;
	fake.at++;
	return 1;
}

static int sd_usec(void *j, uint64_t *usec)
{
	*usec = 951868799123456ull + (uint64_t)fake.at;
	return 0;
}

static int sd_data(void *j, const char *field, const void **data, size_t *len)
{
	const char *text = !strcmp(field, "MESSAGE") ? entries[fake.at] : "_HOSTNAME=h";

	*data = text;
	*len = strlen(text);
	return 0;
}

static void *fake_open(const char *name, int flags)
{
	return fake.absent ? NULL : &fake;
}

static int fake_close(void *lib)
{
	return 0;
}

static void *fake_symbol(void *lib, const char *name)
{
	static const struct {
		const char *name;
		void *symbol;
	} symbols[] = {
		{ "sd_journal_open", sd_open }, { "sd_journal_open_directory", sd_open_directory },
		{ "sd_journal_close", sd_close }, { "sd_journal_add_match", sd_add_match },
		{ "sd_journal_set_data_threshold", sd_threshold },
		{ "sd_journal_seek_head", sd_head }, { "sd_journal_seek_cursor", sd_seek },
		{ "sd_journal_test_cursor", sd_test }, { "sd_journal_get_cursor", sd_cursor },
		{ "sd_journal_next", sd_next }, { "sd_journal_get_realtime_usec", sd_usec },
		{ "sd_journal_get_data", sd_data },
	};
	size_t i;

	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]) && !fake.old; i++)
		if (!strcmp(symbols[i].name, name))
			return symbols[i].symbol;
	return NULL;
}

static int keep_text(void *arg, struct an_block *b)
{
	char **at = arg;

	memcpy(*at, b->p, (size_t)(b->end - b->p));
	*at += b->end - b->p;
	**at = 0;
	return 0;
}

/* An entry is a line, whatever it holds; it can be read twice when that is asked for. */
static void journal_lines(void **state)
{
	static const char want[] =
		"2000-02-29T23:59:59.123456+00:00 h kernel: [UFW BLOCK] IN=e OUT= SRC=9.0.0.1 DST=1.1.1.1 \n"
		"2000-02-29T23:59:59.123457+00:00 h kernel: usb: x#0122025-11-03T00:00:07Z h kernel: "
		"[UFW BLOCK] IN=e OUT= SRC=6.6.6.6 DST=1.1.1.1 \n";
	struct an_error err = { .msg = "" };
	struct an_read_stats stats = { 0 };
	char text[1024], *at = text;
	const char *name = "journal:";
	struct an_clock clock;
	struct an_logs logs;

	memset(&fake, 0, sizeof(fake));
	fake.last = 1;
	assert_int_equal(an_logs_open(&logs, &name, 1, true, NULL, NULL, &err), AN_OK);
	assert_int_equal(an_logs_scan(&logs, 0, &clock, 1, 0, &stats, keep_text, &at, &err), AN_OK);
	assert_string_equal(text, want);
	at = text;
	assert_int_equal(an_logs_scan(&logs, 0, &clock, 1, 0, &stats, keep_text, &at, &err), AN_OK);
	assert_string_equal(text, want);
	an_logs_close(&logs);
	clean_up();
}

static void journal_goes_on(void **state)
{
	memset(&fake, 0, sizeof(fake));
	fake.last = 0;
	assert_int_equal(counted("journal:"), 1);
	assert_int_equal(counted("journal:"), 1);
	fake.last = 2;
	assert_int_equal(counted("journal:"), 2);
	assert_int_equal(counted("journal:"), 2);
	unlink("state");
	/* The entry it stopped at is gone: what is there came after it. */
	fake.last = 0;
	assert_int_equal(counted("journal:"), 1);
	fake.first = fake.last = 2;
	assert_int_equal(counted("journal:"), 2);
	unlink("state");
	/* Nothing there yet. */
	fake.first = 0;
	fake.last = -1;
	assert_int_equal(counted("journal:"), 0);
	fake.last = 2;
	assert_int_equal(counted("journal:"), 2);
	clean_up();
}

static void journal_absent(void **state)
{
	struct an_top_report r;

	memset(&fake, 0, sizeof(fake));
	assert_int_equal(top_of("journal:/nowhere", NULL, &r), AN_INPUT);
	fake.old = true;
	assert_int_equal(top_of("journal:", NULL, &r), AN_INPUT);
	fake.absent = true;
	assert_int_equal(top_of("journal:", NULL, &r), AN_INPUT);
	clean_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on),
		cmocka_unit_test(rotations),
		cmocka_unit_test(half_a_copy),
		cmocka_unit_test(same_beginning),
		cmocka_unit_test(only_what_was_named),
		cmocka_unit_test(unfinished_lines),
		cmocka_unit_test(cut_while_read),
		cmocka_unit_test(replaced_while_read),
		cmocka_unit_test(cut_between_scans),
		cmocka_unit_test(broken_states),
		cmocka_unit_test(whose_state),
		cmocka_unit_test(names),
		cmocka_unit_test(journal_lines),
		cmocka_unit_test(journal_goes_on),
		cmocka_unit_test(journal_absent),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
