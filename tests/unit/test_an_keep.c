// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What training leaves for the next run: the parts of a log make what the whole makes, what is old
 * leaves, bytes that are none are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analytics/atomic.h"
#include "analytics/gather.h"
#include "analytics/keep.h"
#include "analytics/random.h"

#define NOW	1800000000	/* 2027-01-15 */
#define START	1790000000
#define DAY	86400
#define LINES	4000

static const char *const names[] = { "stats", "sources", "windows", "runs", "own", "rate",
				     "stretch" };

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static char dir[] = "/tmp/virgo-test-an-XXXXXX";
static char *text;
static size_t text_len;

/* Line @i of a log that has something of everything. */
static void log_line(FILE *f, struct an_random *r, int64_t *now, int i)
{
	unsigned int s = (unsigned int)an_random_below(r, 60);
	int day, h;

	*now += (int64_t)an_random_below(r, 9);
	day = (int)(*now / DAY);
	h = (int)(*now % DAY);
	fprintf(f, "2026-09-%02dT%02d:%02d:%02d.%03d+00:00 h ", day - START / DAY + 21, h / 3600,
		h / 60 % 60, h % 60, i % 1000);
	if (i % 5 < 3)
		fprintf(f, "kernel: [%d.5] [UFW BLOCK] IN=e OUT= SRC=%s%x DST=203.0.113.%d LEN=%zu TTL=%zu "
			"ID=%d DF PROTO=%s SPT=%zu DPT=%zu %sURGP=0 \n", i,
			s % 7 ? "2001:db8::" : "198.51.100.", s % 7 ? s * s / 30 : s % 10,
			s % 11, 40 + an_random_below(r, 20), 40 + an_random_below(r, 80), i,
			s % 3 ? "TCP" : "UDP", an_random_below(r, 65536),
			an_random_below(r, s % 5 ? 30 : 65536), s % 3 ? "SYN " : "");
	else if (i % 5 == 3)
		fprintf(f, "kernel: [%d.5] virgo_cpupool: %s\n", i, "load node=1 run=0.25");
	else if (s < 20)
		fprintf(f, "kernel: [%d.5] virgo_cpupool: exec fn=virgo_%s arg_bytes=%zu node=%u us=%zu\n", i,
			s % 2 ? "fft" : "sort", an_random_below(r, 100000), s % 4,
			1 + an_random_below(r, 5000));
	else
		fprintf(f, "prog[%d]: %s event %s number %d\n", i, s % 2 ? "usual" : "device error",
			s < 22 ? "rare" : s < 40 ? "often" : "else", i);
}

static int setup(void **state)
{
	struct an_random r = { 7 };
	int64_t now = START;
	FILE *f = open_memstream(&text, &text_len);
	int i;

	for (i = 0; f && i < LINES; i++)
		log_line(f, &r, &now, i);
	return f && !fclose(f) && mkdtemp(dir) && !chdir(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char cmd[64];

	free(text);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return chdir("/") || system(cmd);
}

static void clean_up(void)
{
	assert_int_equal(system("rm -rf ./*"), 0);
}

static void put(const char *name, const char *mode, const char *bytes, size_t len)
{
	FILE *f = fopen(name, mode);

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static const char labels[] = "{\"sources\":[{\"ip\":\"198.51.100.0\",\"malicious\":true}],"
			     "\"windows\":[{\"start\":1790000000,\"anomalous\":true}]}";

/* A run as training does it, up to the learning; the caller frees @g. */
static struct an_read_stats gathered(const char *state, bool given, uint32_t days, struct an_gathered *g,
				     char why[160])
{
	const char *log = "kern.log", *label = "labels.json";
	struct an_read_stats stats = { 0 };
	struct an_error err = { .msg = "" };
	struct an_gather_options o = {
		.logs = &log, .nlogs = 1, .labels = &label, .nlabels = given, .halve = true,
		.state_days = days, .min_rows = 5, .seed = 3, .now = NOW, .min_lines = 5, .max_sources = 1000,
	};

	put(label, "w", labels, sizeof(labels) - 1);
	if (an_state_open(&o.state, state, "train", &err) || an_gather(&o, g, &stats, &err) ||
	    an_state_save(o.state, &err))
		fail_msg("%s", err.msg);
	if (why)
		snprintf(why, 160, "%s", an_state_why(o.state) ? an_state_why(o.state) : "");
	else
		assert_null(an_state_why(o.state));
	an_state_free(o.state);
	return stats;
}

static void same_sections(const char *a, const char *b)
{
	struct an_state *x, *y;
	struct an_error err;
	size_t i, m, n;

	assert_int_equal(an_state_open(&x, a, "train", &err), AN_OK);
	assert_int_equal(an_state_open(&y, b, "train", &err), AN_OK);
	for (i = 0; i < NAMES; i++) {
		const void *p = an_state_get(x, names[i], &m), *q = an_state_get(y, names[i], &n);

		assert_non_null(p);
		assert_non_null(q);
		assert_int_equal(m, n);
		if (memcmp(p, q, n))
			fail_msg("%s differs", names[i]);
	}
	an_state_free(x);
	an_state_free(y);
}

static void same_row(const struct svm_node *x, const struct svm_node *y)
{
	for (; x->index != -1; x++, y++) {
		assert_int_equal(x->index, y->index);
		assert_memory_equal(&x->value, &y->value, sizeof(x->value));
	}
	assert_int_equal(y->index, -1);
}

static void same_rows(const struct an_gathered *a, const struct an_gathered *b)
{
	const struct an_windows *v = &a->groups[0].windows, *w = &b->groups[0].windows;
	size_t i;

	assert_int_equal(a->sources.rows.n, b->sources.rows.n);
	for (i = 0; i < a->sources.rows.n; i++) {
		assert_true(a->sources.rows.y[i] == b->sources.rows.y[i]);
		same_row(a->sources.rows.x[i], b->sources.rows.x[i]);
	}
	assert_int_equal(a->cands.n, b->cands.n);
	assert_int_equal(v->n, w->n);
	for (i = 0; i < v->n; i++) {
		struct svm_node x[AN_W_NTEXT + 1], y[AN_W_NTEXT + 1];

		assert_memory_equal(&v->v[i], &w->v[i], sizeof(v->v[i]));
		an_win_row(v, &a->groups[0].norm, i, AN_W_NTEXT, x);
		an_win_row(w, &b->groups[0].norm, i, AN_W_NTEXT, y);
		same_row(x, y);
	}
	assert_int_equal(a->runs.n, b->runs.n);
	for (i = 0; i < a->runs.n; i++) {
		const struct an_run *x = &a->runs.v[i], *y = &b->runs.v[i];

		assert_true(x->bytes == y->bytes && x->seq == y->seq && x->us == y->us &&
			    x->load == y->load && x->fn == y->fn && x->node == y->node &&
			    x->minute == y->minute);
	}
	assert_memory_equal(&a->runs.names, &b->runs.names, sizeof(a->runs.names));
	assert_int_equal(a->total.n, b->total.n);
}

static int up(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

/* Every third part but the first ends with a rotation, and so with a line; the others end anywhere. */
static bool rotated(int round, int part)
{
	return part > 1 && (round + part) % 3 == 0;
}

static void cuts(struct an_random *r, int round, size_t cut[5])
{
	int i;

	cut[0] = 0;
	cut[4] = text_len;
	for (i = 1; i < 4; i++)
		cut[i] = 1000 + an_random_below(r, text_len - 1000);
	qsort(cut, 5, sizeof(cut[0]), up);
	for (i = 1; i < 4; i++)
		if (rotated(round, i) && cut[i])
			cut[i] = (size_t)((char *)memchr(text + cut[i] - 1, '\n', text_len - cut[i] + 1) + 1 -
					  text);
	for (i = 1; i < 4; i++)
		if (cut[i + 1] < cut[i])
			cut[i + 1] = cut[i];
}

static void parts_are_the_whole(void **state)
{
	struct an_random r = { 11 };
	struct an_gathered whole, parts;
	struct an_read_stats stats;
	int round, i;

	put("kern.log", "w", text, text_len);
	stats = gathered("whole", true, 30, &whole, NULL);
	assert_int_equal(stats.lines, LINES);
	assert_true(whole.sources.rows.n > 30 && whole.groups[0].windows.n > 100);
	assert_true(whole.runs.n > 200 && whole.runs.names.nfns == 2);
	for (round = 0; round < 20; round++) {
		size_t cut[5];

		cuts(&r, round, cut);
		unlink("parts");
		unlink("kern.log");
		for (i = 1; i < 5; i++) {
			put("kern.log", "a", text + cut[i - 1], cut[i] - cut[i - 1]);
			/* a rotation now and then: the log is finished under its new name */
			if (rotated(round, i)) {
				unlink("kern.log.1");
				assert_int_equal(rename("kern.log", "kern.log.1"), 0);
				put("kern.log", "w", "", 0);
			}
			stats = gathered("parts", true, 30, &parts, NULL);
			if (i < 4)
				an_gather_free(&parts);
		}
		assert_int_equal(stats.lines, LINES);
		assert_true(parts.before < LINES);
		same_rows(&whole, &parts);
		an_gather_free(&parts);
		same_sections("whole", "parts");
	}
	an_gather_free(&whole);
	clean_up();
}

/* What was read before teaches, what is new tells, and is judged. */
static void news_are_the_later_half(void **state)
{
	const char *half = memchr(text + text_len / 2, '\n', text_len / 2) + 1;
	struct an_gathered first, both, late;
	struct an_read_stats stats;
	size_t i, n = (size_t)(half - text), positive = 0;

	put("kern.log", "w", text, n);
	stats = gathered("state", false, 30, &first, NULL);
	assert_false(first.by_run);
	assert_int_equal(first.early, stats.blocks / 2);
	an_gather_free(&first);
	put("kern.log", "a", half, text_len - n);
	gathered("state", false, 30, &both, NULL);
	assert_true(both.by_run && both.weak);
	assert_int_equal(both.early, stats.blocks);
	/* as if the two had been two logs with labels, for their sources */
	put("kern.log", "w", text, n);
	gathered("other", true, 30, &first, NULL);
	assert_int_equal(both.sources.rows.n, first.sources.rows.n);
	for (i = 0; i < first.sources.rows.n; i++) {
		same_row(both.sources.rows.x[i], first.sources.rows.x[i]);
		positive += both.sources.rows.y[i] > 0;
	}
	assert_in_range(positive, 1, both.sources.rows.n - 1);
	unlink("other");
	put("kern.log", "w", half, text_len - n);
	stats = gathered("other", true, 30, &late, NULL);
	assert_int_equal(both.late, stats.blocks);
	assert_int_equal(both.cands.n, late.cands.n);
	for (i = 0; i < late.cands.n; i++)
		assert_memory_equal(both.cands.v[i].f, late.cands.v[i].f, sizeof(late.cands.v[i].f));
	an_gather_free(&first);
	an_gather_free(&both);
	an_gather_free(&late);
	clean_up();
}

static void same_forecast(const struct an_gathered *a, const struct an_gathered *b)
{
	size_t i;

	assert_int_equal(a->early, b->early);
	assert_int_equal(a->late, b->late);
	assert_int_equal(a->cands.n, b->cands.n);
	for (i = 0; i < a->cands.n; i++) {
		assert_int_equal(a->cands.v[i].count, b->cands.v[i].count);
		assert_memory_equal(a->cands.v[i].f, b->cands.v[i].f, sizeof(a->cands.v[i].f));
	}
	same_rows(a, b);
}

/* So little news that it tells nothing is added to the stretch before. */
static void little_news(void **state)
{
	struct an_gathered first, again;
	struct an_read_stats stats;
	size_t n;

	put("kern.log", "w", text, text_len);
	gathered("state", false, 30, &first, NULL);
	assert_true(first.cands.n > 10 && first.late > 500);
	/* none: the same once more */
	stats = gathered("state", false, 30, &again, NULL);
	assert_int_equal(stats.lines, LINES);
	assert_false(again.by_run);
	same_forecast(&first, &again);
	an_gather_free(&again);
	/* lines of the log's own beginning come once more, as news: some, then many */
	n = (size_t)((char *)memchr(text + 2000, '\n', 1000) + 1 - text);
	put("kern.log", "a", text, n);
	gathered("state", false, 30, &again, NULL);
	assert_false(again.by_run);
	assert_in_range(again.late, first.late + 1, first.late + 30);
	an_gather_free(&again);
	an_gather_free(&first);
	put("kern.log", "a", text, text_len);
	gathered("state", false, 30, &again, NULL);
	assert_true(again.by_run);
	assert_int_equal(again.late, stats.blocks);
	an_gather_free(&again);
	/* with labels there is no such stretch, and afterwards none to go on with */
	gathered("state", true, 30, &again, NULL);
	assert_int_equal(again.ngroups, 1);
	an_gather_free(&again);
	gathered("state", false, 30, &again, NULL);
	assert_true(again.by_run);
	assert_int_equal(again.late, 0);
	assert_int_equal(again.cands.n, 0);
	an_gather_free(&again);
	clean_up();
}

static const char old[] =
	"2026-08-01T00:00:07+00:00 h kernel: [1.0] [UFW BLOCK] IN=e OUT= SRC=192.0.2.66 DST=203.0.113.9 \n"
	"2026-08-01T00:00:08+00:00 h kernel: [1.0] virgo_cpupool: exec fn=gone arg_bytes=1 node=9 us=5\n"
	"2026-08-01T00:00:09+00:00 h prog[1]: something that nobody says any more\n"
	"2026-08-01T00:00:10+00:00 h prog[1]: usual event often number 1\n";

/* What is old leaves, as if it had never been; what goes on stays as it is. */
static void the_old_leaves(void **state)
{
	struct an_gathered g;
	struct an_state *a, *b;
	struct an_error err;
	size_t i, m, n;

	put("kern.log", "w", old, sizeof(old) - 1);
	gathered("state", true, 30, &g, NULL);
	assert_int_equal(g.groups[0].windows.n, 1);
	assert_int_equal(g.runs.names.nfns, 1);
	an_gather_free(&g);
	put("kern.log", "a", text, text_len);
	/* this run still knows it */
	gathered("state", true, 30, &g, NULL);
	assert_int_equal(g.groups[0].windows.v[0].lines, 4);
	assert_int_equal(g.runs.names.nfns, 3);
	an_gather_free(&g);
	put("kern.log", "w", text, text_len);
	gathered("late", true, 30, &g, NULL);
	an_gather_free(&g);
	assert_int_equal(an_state_open(&a, "state", "train", &err), AN_OK);
	assert_int_equal(an_state_open(&b, "late", "train", &err), AN_OK);
	for (i = 1; i < 3; i++) {
		const void *p = an_state_get(a, names[i], &m), *q = an_state_get(b, names[i], &n);

		/* templates keep their order: the one that is in both came first here */
		assert_int_equal(m, n);
		if (i == 1)
			assert_memory_equal(p, q, n);
	}
	an_state_free(a);
	an_state_free(b);
	put("kern.log", "w", "", 0);
	gathered("state", true, 30, &g, NULL);
	assert_int_equal(g.runs.names.nfns, 2);
	assert_int_equal(an_run_node(&g.runs.names, 9), -1);
	assert_true(g.groups[0].windows.v[0].start_ms > 1789000000000ll);
	assert_int_equal(g.runs.seen, g.runs.n);
	an_gather_free(&g);
	/* with room for it all stays */
	put("kern.log", "w", old, sizeof(old) - 1);
	put("kern.log", "a", text, text_len);
	unlink("state");
	gathered("state", true, 365, &g, NULL);
	an_gather_free(&g);
	gathered("state", true, 365, &g, NULL);
	assert_int_equal(g.runs.names.nfns, 3);
	an_gather_free(&g);
	clean_up();
}

static size_t bytes_of(const struct an_state *st)
{
	size_t sum = 0, len, i;

	for (i = 0; i < NAMES; i++) {
		assert_non_null(an_state_get(st, names[i], &len));
		sum += len;
	}
	return sum;
}

/* Many who were seen once, at the log's beginning. */
static void put_spoofed(void)
{
	FILE *f = fopen("kern.log", "w");
	int i;

	assert_non_null(f);
	for (i = 0; i < 400; i++)
		fprintf(f, "2026-09-21T14:13:20.000+00:00 h kernel: [1.5] [UFW BLOCK] IN=e OUT= "
			"SRC=10.9.%d.%d DST=203.0.113.9 LEN=40 PROTO=TCP SPT=1 DPT=2 SYN URGP=0 \n",
			i / 250, i % 250);
	fwrite(text, 1, text_len, f);
	assert_int_equal(fclose(f), 0);
}

/*
 * What the state holds, put once more into @less bytes less, and gathered again from there: the hours of
 * sources that were kept, the number of minutes and of sources.
 */
static uint32_t squeezed(size_t less, size_t *minutes, uint32_t *sources)
{
	struct an_sources all = { 0 };
	struct an_stretch stretch = { 0 };
	struct an_read_stats stats = { 0 };
	struct an_gathered g = { .ngroups = 1, .groups = calloc(1, sizeof(*g.groups)) }, again;
	struct an_keep k = { .g = &g, .all = &all, .stretch = &stretch, .stats = &stats };
	struct an_error err = { .msg = "" };
	uint32_t hours;

	put_spoofed();
	unlink("state");
	gathered("state", true, 30, &again, NULL);
	an_gather_free(&again);
	assert_int_equal(an_state_open(&k.state, "state", "train", &err), AN_OK);
	k.room = bytes_of(k.state) - less;
	assert_true(an_windows_init(&g.groups[0].windows) && an_runs_init(&g.runs, 3) &&
		    an_count_init(&g.total, 1000) && an_count_init(&g.own, AN_OWN_MAX));
	assert_int_equal(an_keep_get(&k, 1000, 3, &err), AN_OK);
	assert_int_equal(an_keep_put(&k, 30, NOW, &err), AN_OK);
	assert_string_equal(err.msg, "");
	hours = stats.kept_hours;
	assert_true(bytes_of(k.state) <= k.room);
	assert_int_equal(an_state_save(k.state, &err), AN_OK);
	k.room = 100;
	assert_int_equal(an_keep_put(&k, 30, NOW, &err), AN_OUTPUT);
	stats = gathered("state", true, 30, &again, NULL);
	assert_int_equal(stats.kept_hours, 0);
	assert_int_equal(stats.lines, LINES + 400);
	*minutes = again.groups[0].windows.n;
	*sources = again.total.n;
	an_gather_free(&again);
	an_state_free(k.state);
	an_sources_free(&all);
	an_stretch_free(&stretch);
	an_gather_free(&g);
	clean_up();
	return hours;
}

/* More than a state holds: sources long silent are forgotten first, then what is oldest of all else. */
static void no_room(void **state)
{
	size_t minutes, few_minutes;
	uint32_t sources, few, fewer;

	assert_int_equal(squeezed(0, &minutes, &sources), 0);
	/* 720 hours halved until less is left than the log's own four and a half */
	assert_in_range(squeezed(10000, &few_minutes, &few), 1, 2);
	assert_int_equal(few_minutes, minutes);
	assert_in_range(few, 1, sources - 400);
	assert_int_equal(squeezed(32000, &few_minutes, &fewer), 1);
	assert_in_range(few_minutes, minutes / 5, minutes * 2 / 3);
	assert_in_range(fewer, 1, few);
}

/* A stamp of the future ages nothing: the reader's clock is the latest there is. */
static void a_stamp_of_the_future(void **state)
{
	static const char line[] = "2099-01-01T00:00:00+00:00 h prog[1]: from far away\n";
	struct an_gathered g;
	size_t n;

	put("kern.log", "w", text, text_len);
	put("kern.log", "a", line, sizeof(line) - 1);
	gathered("state", true, 365, &g, NULL);
	n = g.groups[0].windows.n;
	an_gather_free(&g);
	gathered("state", true, 365, &g, NULL);
	assert_int_equal(g.groups[0].windows.n, n);
	an_gather_free(&g);
	clean_up();
}

/* A state whose checksum is right and that is none all the same. */
static void tampered_states(void **state)
{
	struct an_gathered g;
	struct an_read_stats stats;
	struct an_state *st;
	struct an_error err;
	char why[160];
	size_t i;

	put("kern.log", "w", text, text_len);
	for (i = 0; i < NAMES * 2; i++) {
		gathered("state", true, 30, &g, i ? why : NULL);
		an_gather_free(&g);
		assert_int_equal(an_state_open(&st, "state", "train", &err), AN_OK);
		if (i % 2)
			an_state_drop(st, names[i / 2]);
		else
			assert_int_equal(an_state_set(st, names[i / 2], "\1junk", 5, &err), AN_OK);
		assert_int_equal(an_state_save(st, &err), AN_OK);
		an_state_free(st);
		stats = gathered("state", true, 30, &g, why);
		assert_string_equal(why, "what it holds of the logs makes no sense here");
		assert_int_equal(stats.lines, LINES);
		assert_int_equal(g.before, 0);
		assert_int_equal(g.groups[0].windows.v[0].start_ms % 60000, 0);
		an_gather_free(&g);
	}
	/* positions and nothing else */
	assert_int_equal(an_state_open(&st, "state", "train", &err), AN_OK);
	for (i = 0; i < NAMES; i++)
		an_state_drop(st, names[i]);
	assert_int_equal(an_state_save(st, &err), AN_OK);
	an_state_free(st);
	stats = gathered("state", true, 30, &g, why);
	assert_string_equal(why, "what it holds of the logs makes no sense here");
	assert_int_equal(stats.lines, LINES);
	an_gather_free(&g);
	clean_up();
}

/* One kind of section. */
struct kind {
	const char *name;
	bool (*again)(struct an_bytes *from, struct an_bytes *to);
};

static bool sources_again(struct an_bytes *from, struct an_bytes *to)
{
	struct an_sources s;
	bool good;

	assert_true(an_sources_init(&s, 1000));
	good = an_sources_get(&s, from) && from->at == from->len;
	if (good)
		an_sources_put(&s, INT64_MIN, to);
	/* whatever was accepted makes finite features */
	for (uint32_t i = 0; good && i < s.count.n; i++) {
		const struct an_stat *st = an_sources_stat(&s, i);
		double f[AN_NFEATURES];
		int k;

		if (!st)
			continue;
		an_features(st, f);
		for (k = 0; k < AN_NFEATURES; k++)
			assert_true(f[k] - f[k] == 0);
	}
	an_sources_free(&s);
	return good;
}

static bool windows_again(struct an_bytes *from, struct an_bytes *to)
{
	struct an_win_norm norm;
	struct an_windows w;
	bool good;
	size_t i;

	assert_true(an_windows_init(&w));
	good = an_windows_get(&w, from) && from->at == from->len;
	if (good) {
		an_windows_put(&w, INT64_MIN, to);
		an_windows_end(&w);
		assert_true(an_win_norm(&w, &norm));
	}
	for (i = 0; good && i < w.n; i++) {
		struct svm_node x[AN_W_NTEXT + 1];
		int k;

		an_win_row(&w, &norm, i, AN_W_NTEXT, x);
		for (k = 0; x[k].index != -1; k++)
			assert_true(x[k].value - x[k].value == 0);
	}
	an_windows_free(&w);
	return good;
}

static bool runs_again(struct an_bytes *from, struct an_bytes *to)
{
	struct an_runs r;
	bool good;

	assert_true(an_runs_init(&r, 0));
	good = an_runs_get(&r, from) && from->at == from->len;
	if (good)
		an_runs_put(&r, INT64_MIN, to);
	an_runs_free(&r);
	return good;
}

static bool rate_again(struct an_bytes *from, struct an_bytes *to)
{
	static struct an_rate r;
	bool good;

	memset(&r, 0, sizeof(r));
	good = an_rate_get(&r, from) && from->at == from->len;
	if (good)
		an_rate_put(&r, UINT64_MAX, to);
	return good;
}

static bool stretch_again(struct an_bytes *from, struct an_bytes *to)
{
	struct an_stretch s = { 0 };
	struct an_read_stats stats = { .blocks = 100000 };
	struct an_sources all;
	struct an_keep k = { .all = &all, .stretch = &s, .stats = &stats };
	bool good;

	assert_true(an_sources_init(&all, 1000));
	good = an_keep_get_stretch(&k, from) && from->at == from->len;
	if (good)
		an_keep_put_stretch(&k, INT64_MIN, to);
	an_sources_free(&all);
	an_stretch_free(&s);
	return good;
}

/* Accepted bytes are written again as they were. */
static bool accepted(const struct kind *kind, const unsigned char *data, size_t len)
{
	struct an_bytes from = { 0 }, to = { 0 };
	bool good;

	/* of its own, so that a read behind it is seen */
	from.data = malloc(len ? len : 1);
	memcpy(from.data, data, len);
	from.len = len;
	good = kind->again(&from, &to) && !from.bad;
	if (good) {
		assert_int_equal(to.len, len);
		assert_memory_equal(to.data, data, len);
	}
	free(from.data);
	free(to.data);
	return good;
}

static void bytes_that_are_none(void **state)
{
	static const struct kind kinds[] = {
		{ "sources", sources_again }, { "windows", windows_again }, { "runs", runs_again },
		{ "rate", rate_again }, { "stretch", stretch_again },
	};
	struct an_random r = { 5 };
	struct an_gathered g;
	struct an_state *st;
	struct an_error err;
	size_t k, i, len;

	/* a few minutes are enough */
	put("kern.log", "w", text, (size_t)((char *)memchr(text + 30000, '\n', 1000) + 1 - text));
	gathered("state", false, 30, &g, NULL);
	an_gather_free(&g);
	assert_int_equal(an_state_open(&st, "state", "train", &err), AN_OK);
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const void *was = an_state_get(st, kinds[k].name, &len);
		unsigned char *data = malloc(len + 1);
		size_t refused = 0;

		memcpy(data, was, len);
		data[len] = 0;
		assert_true(accepted(&kinds[k], data, len));
		assert_false(accepted(&kinds[k], data, len + 1));
		for (i = 0; i < len; i += 1 + len / 2000)
			assert_false(accepted(&kinds[k], data, i));
		for (i = 0; i < 1500; i++) {
			size_t at = i < len ? i : an_random_below(&r, len);
			unsigned char bit = (unsigned char)(1u << an_random_below(&r, 8));

			data[at] ^= bit;
			refused += !accepted(&kinds[k], data, len);
			data[at] ^= bit;
		}
		/* what a flip leaves possible is possible; most are not */
		assert_true(refused > 50);
		/* the largest numbers where there are numbers */
		for (i = 0; i + 8 <= len; i += 1 + len / 1000) {
			unsigned char saved[8];

			memcpy(saved, data + i, 8);
			memset(data + i, 0xff, 8);
			accepted(&kinds[k], data, len);
			memset(data + i, 0, 8);
			accepted(&kinds[k], data, len);
			memcpy(data + i, saved, 8);
		}
		free(data);
	}
	an_state_free(st);
	clean_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_the_whole),
		cmocka_unit_test(news_are_the_later_half),
		cmocka_unit_test(little_news),
		cmocka_unit_test(the_old_leaves),
		cmocka_unit_test(no_room),
		cmocka_unit_test(a_stamp_of_the_future),
		cmocka_unit_test(tampered_states),
		cmocka_unit_test(bytes_that_are_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
