// SPDX-License-Identifier: GPL-3.0-or-later
/* What models are made of: words, windows, runs, tables, rows and splits, the three on small logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analytics/behind.h"
#include "analytics/findings.h"
#include "analytics/fit.h"
#include "analytics/parallel.h"

#define DATA	"tests/data/kernlog/"

static char base[] = "/tmp/virgo-test-anm-XXXXXX";
static char model[64];

static int setup(void **state)
{
	if (!mkdtemp(base))
		return -1;
	snprintf(model, sizeof(model), "%s/model", base);
	return 0;
}

static int teardown(void **state)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", base);
	return system(cmd);
}

static uint64_t template_of(const char *s)
{
	return an_word_template(s, s + strlen(s), 0);
}

static void templates(void **state)
{
	/* what changes from line to line makes no other template */
	assert_int_equal(template_of("usb 3-4: new high-speed USB device number 7"),
			 template_of("usb 1-2: new high-speed USB device number 120"));
	assert_int_equal(template_of("eth0: renamed from veth3fa2b1c"),
			 template_of("eth0: renamed from vetha1"));
	assert_int_equal(template_of("RAX: 00000000deadbeef x"), template_of("RAX: ffff888100000000 x"));
	assert_int_equal(template_of("  Two   blanks"), template_of("two blanks"));
	/* only five words count */
	assert_int_equal(template_of("a b c d e f"), template_of("a b c d e g"));
	assert_int_not_equal(template_of("a b c d e"), template_of("a b c d f"));
	assert_int_not_equal(template_of("ata1: hard resetting link"), template_of("ata1: soft resetting link"));
	assert_int_not_equal(template_of("ab c"), template_of("a bc"));
	assert_int_not_equal(template_of(""), 0);
}

/* What all lines of a kind of log begin with leaves no less of what they say. */
static void headings(void **state)
{
	static const char a[] = "RAS APP FATAL ciod: Error loading /a/b: invalid or missing program image";
	static const char b[] = "RAS APP FATAL ciod: Error reading message prefix on socket to 172.16.96.116:33569";
	static const char c[] = "RAS APP FATAL ciod: Error reading message prefix on socket to 172.16.96.7:41111";
	static const char d[] = "RAS APP SEVERE ciod: Error reading message prefix on socket to 172.16.96.7:41111";

	assert_int_equal(an_word_template(a, a + strlen(a), 0), an_word_template(b, b + strlen(b), 0));
	assert_int_not_equal(an_word_template(a, a + strlen(a), 3), an_word_template(b, b + strlen(b), 3));
	assert_int_equal(an_word_template(b, b + strlen(b), 3), an_word_template(c, c + strlen(c), 3));
	assert_int_not_equal(an_word_template(c, c + strlen(c), 3), an_word_template(d, d + strlen(d), 3));
}

/* Keys stand in states for months, so no release may change them. */
static void template_keys(void **state)
{
	static const struct {
		const char *text;
		uint64_t key;
	} cases[] = {
		{ "usb 3-4: new high-speed USB device number 7", 0xa48de2d3e08c45cdull },
		{ "eth0: renamed from veth3fa2b1c", 0xef5aaf18baf004deull },
		{ "RAX: 00000000deadbeef x", 0x3ce069314df6ba61ull },
		{ "\tEXT4-fs (sda1): re-mounted", 0x12fac2d00f893f03ull },
		{ "f00d cafe 0", 0x1e0a0e25a29bfcc1ull },
		{ "\303\244bc\377 9 abcdefg1 G1", 0x642802728a2a6868ull },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (template_of(cases[i].text) != cases[i].key)
			fail_msg("%s", cases[i].text);
}

static void words(void **state)
{
	static const char *const want[] = { "ext", "error", "i/o", "oom-killer", "do_sys" };
	const char *s = "EXT4-fs: ERROR, x 0xbeef (I/O) oom-killer: do_sys+0x5b/0xc0 7f3a 12";
	const char *end = s + strlen(s);
	char word[AN_WORD_MAX];
	size_t i, len;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		len = an_word_next(&s, end, word);
		assert_int_equal(len, strlen(want[i]));
		assert_memory_equal(word, want[i], len);
	}
	assert_int_equal(an_word_next(&s, end, word), 0);
	assert_true(an_word_about("error", 5) & AN_ABOUT_FAULT);
	assert_true(an_word_about("i/o", 3) & AN_ABOUT_IO);
	assert_false(an_word_about("erro", 4));
	assert_false(an_word_about("r", 1));
	for (i = 0; i < 1000; i++) {
		snprintf(word, sizeof(word), "w%zu", i);
		assert_in_range(an_word_bucket(an_word_hash(word, strlen(word))), 0, AN_WORD_BUCKETS - 1);
	}
	/* golden: a model on disk knows words by these numbers */
	assert_int_equal(an_word_hash("error", 5), 0xf5cc);
	assert_int_equal(an_word_bucket(an_word_hash("error", 5)), 460);
	assert_int_equal(an_word_bucket(an_word_hash("oom-killer", 10)), 404);
}

/* Adds a message at second @sec. */
static void put(struct an_windows *w, int64_t sec, const char *msg)
{
	struct an_line line = {
		.s = msg, .end = msg + strlen(msg), .msg = msg, .ms = sec * 1000, .kernel = true,
	};

	assert_true(an_windows_add(w, &line, NULL));
}

static void put_packet(struct an_windows *w, int64_t sec, uint32_t src, uint16_t port)
{
	struct an_line line = { .s = "", .end = "", .msg = "", .ms = sec * 1000, .kind = AN_LINE_BLOCK };
	struct an_event ev = {
		.src = { 0, AN_V4_MAPPED | src }, .flags = AN_F_SYN | AN_F_DPT, .dpt = port,
		.proto = AN_PROTO_TCP,
	};

	line.end = line.s;
	assert_true(an_windows_add(w, &line, &ev));
}

static double feature(const struct svm_node *x, int index)
{
	for (; x->index != -1; x++)
		if (x->index == index + 1)
			return x->value;
	return 0;
}

static void windows(void **state)
{
	struct svm_node x[AN_W_NFEATURES + 1];
	struct an_win_norm norm;
	struct an_windows w;
	int minute, i;

	assert_true(an_windows_init(&w));
	for (minute = 0; minute < 100; minute++) {
		for (i = 0; i < 20; i++)
			put(&w, minute * 60 + i, i & 1 ? "all is well here today" : "tick tock says the clock");
		for (i = 0; i < 10; i++)
			put_packet(&w, minute * 60 + i, (uint32_t)i, 22);
		if (minute == 50)
			for (i = 0; i < 8; i++)
				put(&w, minute * 60 + 30, "sda: I/O error, sector lost for ever");
		if (minute == 60)
			for (i = 0; i < 300; i++)
				put_packet(&w, minute * 60 + 30, 77, (uint16_t)i);
	}
	/* a stamp a little older belongs to the window under way, one much older does not */
	put(&w, 99 * 60 - 3, "all is well here today");
	an_windows_end(&w);
	assert_int_equal(w.n, 100);
	assert_int_equal(w.ntemplates, 3);
	assert_true(an_win_norm(&w, &norm));
	assert_int_equal(norm.lines, 30);
	assert_int_equal(norm.blocks, 10);
	assert_int_equal(w.v[99].lines, 31);
	assert_int_equal(w.v[60].loud.count, 300);
	assert_int_equal(w.v[60].loud.syn, 300);
	assert_in_range(w.v[60].ports, 270, 335);
	assert_int_equal(w.v[50].start_ms, 50 * AN_WINDOW_MS);

	an_win_row(&w, &norm, 40, AN_W_NFEATURES, x);
	assert_true(feature(x, AN_W_RARE5_LINES) == 0 && feature(x, AN_W_LINES_DOWN) == 0);
	assert_true(feature(x, AN_W_LOUD) < 0.1);
	an_win_row(&w, &norm, 50, AN_W_NFEATURES, x);
	assert_true(fabs(feature(x, AN_W_RARE5_LINES) - log1p(8) / 6) < 1e-9);
	assert_true(fabs(feature(x, AN_W_RARE5_TEMPLATES) - log1p(1) / 4) < 1e-9);
	assert_true(fabs(feature(x, AN_W_SURPRISE) - log1p(log(100)) / 6) < 1e-9);
	assert_true(fabs(feature(x, AN_W_SCALARS + (int)an_word_bucket(an_word_hash("error", 5))) - log1p(8) / 3) < 1e-9);
	assert_string_equal(an_win_kind(&w, &norm, 50), "io");
	an_win_row(&w, &norm, 60, AN_W_NFEATURES, x);
	assert_true(feature(x, AN_W_BLOCKS_UP) == 1 && feature(x, AN_W_LOUD_SYN) == 1);
	assert_true(feature(x, AN_W_LOUD_PORTS) > 0.9);
	assert_string_equal(an_win_kind(&w, &norm, 60), "net");
	for (i = 0; x[i].index != -1; i++) {
		assert_true(isfinite(x[i].value));
		assert_true(!i || x[i].index > x[i - 1].index);
	}
	an_windows_free(&w);
}

static unsigned int place_of(const char *word)
{
	return an_word_place(an_word_hash(word, strlen(word)));
}

static double squares(const struct svm_node *x)
{
	double sum = 0;

	for (; x->index != -1; x++)
		if (x->index > AN_W_NFEATURES)
			sum += x->value * x->value;
	return sum;
}

/* What is said, by words and pairs of them; one line of few words weighs what many of many do. */
static void texts(void **state)
{
	struct svm_node x[AN_W_NTEXT + 1];
	unsigned int bad, sector, both, reset;
	struct an_win_norm norm;
	struct an_windows w;
	size_t n;
	int i;

	assert_true(an_windows_init(&w));
	put(&w, 0, "sda: bad sector");
	put(&w, 70, "usb reset");
	for (i = 0; i < 7; i++)
		put(&w, 130, "sda: bad sector 17, bad luck");
	put(&w, 130, "usb reset");
	an_windows_end(&w);
	assert_true(an_win_norm(&w, &norm) && an_win_sparse(&norm));
	norm.lines = 5;
	assert_false(an_win_sparse(&norm));
	bad = AN_W_NFEATURES + place_of("bad");
	sector = AN_W_NFEATURES + place_of("sector");
	both = AN_W_NFEATURES + an_word_pair_place(an_word_hash("bad", 3), an_word_hash("sector", 6));
	reset = AN_W_NFEATURES + place_of("reset");

	an_win_row(&w, &norm, 0, AN_W_NFEATURES, x);
	assert_true(squares(x) == 0);
	/* sda, bad, sector, sda bad, bad sector */
	an_win_row(&w, &norm, 0, AN_W_NTEXT, x);
	for (n = 0; x[n].index != -1; n++)
		assert_true(!n || x[n].index > x[n - 1].index);
	assert_true(fabs(squares(x) - 16) < 1e-9);
	assert_true(fabs(feature(x, (int)bad) - 4 / sqrt(5)) < 1e-9);
	assert_true(fabs(feature(x, (int)both) - 4 / sqrt(5)) < 1e-9);
	assert_true(feature(x, (int)reset) == 0);
	an_win_row(&w, &norm, 2, AN_W_NTEXT, x);
	assert_true(fabs(squares(x) - 16) < 1e-9);
	assert_true(fabs(feature(x, (int)sector) / feature(x, (int)reset) - (1 + log(7))) < 1e-9);
	an_windows_free(&w);
	/* golden: a model on disk knows a pair by this number */
	assert_int_equal(both - AN_W_NFEATURES, 0x3734);
}

/* A log as it is written twice as fast has the same numbers for what happens in it. */
static void windows_by_their_own_medians(void **state)
{
	double got[2][AN_W_SCALARS];
	int rate, minute, i;

	for (rate = 1; rate <= 2; rate++) {
		struct svm_node x[AN_W_NFEATURES + 1];
		struct an_win_norm norm;
		struct an_windows w;

		assert_true(an_windows_init(&w));
		for (minute = 0; minute < 60; minute++)
			for (i = 0; i < (minute == 30 ? 20 : 2000) * rate; i++)
				put(&w, minute * 60 + i / (40 * rate), "tick tock says the clock");
		an_windows_end(&w);
		assert_true(an_win_norm(&w, &norm));
		an_win_row(&w, &norm, 30, AN_W_NFEATURES, x);
		for (i = 0; i < AN_W_SCALARS; i++)
			got[rate - 1][i] = feature(x, i);
		an_windows_free(&w);
	}
	assert_true(got[0][AN_W_LINES_DOWN] == 2);
	for (i = 0; i < AN_W_SCALARS; i++)
		assert_true(fabs(got[0][i] - got[1][i]) < 0.05);
}

/* Runs by the tables' own formula, with some noise. */
static size_t make_runs(struct an_run *v, size_t n, double noise)
{
	uint64_t r = 12345;
	size_t i;

	for (i = 0; i < n; i++) {
		double us, bytes;

		r = r * 6364136223846793005ull + 1442695040888963407ull;
		bytes = pow(2, 4 + 16 * (double)(r >> 40 & 0xffff) / 65536);
		v[i] = (struct an_run){
			.bytes = (uint64_t)bytes, .seq = i, .fn = i & 1, .node = i / 2 % 3,
			.load = (float)(r >> 33 & 3),
		};
		us = (v[i].fn ? 2000 + 0.1 * bytes : 500 + 0.01 * pow(bytes, 1.2)) *
		     (1 + (v[i].fn ? 0.7 : 0.1) * (double)v[i].load) * (v[i].node == 2 ? 2 : 1);
		us *= 1 + noise * ((double)(r >> 50 & 1023) / 512 - 1);
		if (i % 100 == 7)
			us *= 6;	/* now and then something else held it up */
		v[i].us = (uint32_t)us;
	}
	return n;
}

static void tables(void **state)
{
	static struct an_run_names names = { .fn = { "small", "large" }, .node = { 1, 5, 9 },
					     .nfns = 2, .nnodes = 3 };
	static struct an_run v[6000];
	static struct an_curves c;
	double error = 0;
	size_t n = make_runs(v, 6000, 0.1), i;

	assert_true(an_curves_fit(&c, &names, v, n));
	assert_in_range(c.fn[0].load_coef, 80, 125);
	assert_in_range(c.fn[1].load_coef, 660, 740);
	/* the third node takes twice as long as either other one */
	assert_in_range(c.speed[0] * 100 / c.speed[2], 195, 205);
	assert_in_range(c.speed[0] * 100 / c.speed[1], 97, 103);
	for (i = 0; i < n; i++)
		error += i % 100 == 7 ? 0 : fabs((double)an_curves_predict(&c, v[i].fn, v[i].node, v[i].bytes,
					  (double)v[i].load) / v[i].us - 1);
	assert_true(error / (double)n < 0.07);
	assert_int_equal(c.fn[0].log2[0], 4);
	assert_in_range(c.fn[0].n, 16, 18);
	/* too few runs make no table, none at all no harm */
	assert_true(an_curves_fit(&c, &names, v, 10));
	assert_int_equal(c.fn[0].n, 0);
	assert_int_equal(an_curves_predict(&c, 0, 0, 100, 1), 0);
	assert_true(an_curves_fit(&c, &names, v, 0));
}

static bool square(void *arg, size_t i)
{
	((size_t *)arg)[i] = i * i;
	return i != 500;
}

static atomic_bool asked;

/* Nobody gets far before somebody was asked, nor fast afterwards. */
static bool slow(void *arg, size_t i)
{
	while (i >= 10 && !atomic_load(&asked))
		usleep(100);
	usleep(i >= 10 ? 1000 : 0);
	return true;
}

static bool enough(void *arg, size_t done)
{
	if (done < 3)
		return true;
	atomic_store(&asked, true);
	return false;
}

static void pieces(void **state)
{
	size_t out[501] = { 0 }, i;

	assert_true(an_parallel(500, 4, square, NULL, out));
	for (i = 0; i < 500; i++)
		assert_int_equal(out[i], i * i);
	assert_false(an_parallel(501, 4, square, NULL, out));
	assert_false(an_parallel(500, 2, slow, enough, NULL));
	assert_true(an_parallel(0, 2, square, NULL, out));
}

/* Read once more, each line is in the window it was counted in, also one that comes late. */
static void behind(void **state)
{
	static const int at_s[] = { 0, 30, 59, 60, 59, 1, 119, 200, 130, 70, 20, 300, 301, 179, 3600, 3599, 5 };
	static const char text[] = "usb 1-1: new device";
	struct an_line line = {
		.s = text, .msg = text, .end = text + strlen(text), .kind = AN_LINE_OTHER, .kernel = true,
	};
	size_t counted[sizeof(at_s) / sizeof(at_s[0])], i;
	struct an_group group = { .begun = true };
	struct an_gathered g = { .groups = &group, .ngroups = 1 };
	struct an_behind b;

	assert_true(an_windows_init(&group.windows));
	for (i = 0; i < sizeof(at_s) / sizeof(at_s[0]); i++) {
		line.ms = 1762128000000 + at_s[i] * 1000ll;
		assert_true(an_windows_add(&group.windows, &line, NULL));
		counted[i] = group.windows.n - 1;
	}
	an_windows_end(&group.windows);
	assert_true(an_win_norm(&group.windows, &group.norm));
	assert_true(an_behind_init(&b, &g, false));
	for (i = 0; i < sizeof(at_s) / sizeof(at_s[0]); i++) {
		line.ms = 1762128000000 + at_s[i] * 1000ll;
		assert_int_equal(an_behind_window(&b, &line), counted[i]);
	}
	line.ms = AN_MS_NONE;
	assert_int_equal(an_behind_window(&b, &line), AN_BEHIND_NONE);
	an_behind_free(&b);
	an_windows_free(&group.windows);
}

static void splits(void **state)
{
	struct an_rows rows = { .nfeat = 1 };
	struct svm_node x[2] = { { 1, 1 }, { -1, 0 } };
	size_t index[100], i, in_fold[5] = { 0 }, positives[5] = { 0 };
	struct an_split s;

	for (i = 0; i < 100; i++) {
		assert_true(an_rows_add(&rows, x, i % 10 ? -1 : 1, (double)(99 - i)));
		index[i] = i;
	}
	assert_true(an_split_deal(&s, &rows, index, 100, 5, 3));
	for (i = 0; i < 100; i++) {
		in_fold[s.fold[i]]++;
		positives[s.fold[i]] += rows.y[i] > 0;
		assert_int_equal(an_split_trains(&s, i, s.fold[i]), false);
	}
	for (i = 0; i < 5; i++) {
		assert_int_equal(in_fold[i], 20);
		assert_int_equal(positives[i], 2);
	}
	free(s.fold);
	/* by time: what is judged is later than all it was trained on */
	assert_true(an_split_time(&s, &rows, index, 100, 5, 2));
	for (i = 0; i < 100; i++) {
		assert_int_equal(s.fold[i], (99 - i) / 20);
		assert_int_equal(an_split_trains(&s, i, 3), 99 - i < 60);
	}
	free(s.fold);
	an_rows_free(&rows);
}

static int train(const char *log, const char *given, unsigned int threads, uint64_t seed,
		 struct an_train_report *r)
{
	struct an_train_options o;
	struct an_error err;

	an_train_defaults(&o);
	o.logs = &log;
	o.nlogs = 1;
	o.labels = &given;
	o.nlabels = !!given;
	o.now = 1800000000;
	o.model_dir = model;
	o.threads = threads;
	o.seed = seed;
	return an_train(&o, r, &err);
}

static char *slurp(const char *name, size_t *len)
{
	char path[96];
	char *text = calloc(1, 1 << 21);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", model, name);
	f = fopen(path, "r");
	assert_non_null(f);
	*len = fread(text, 1, (1 << 21) - 1, f);
	fclose(f);
	return text;
}

struct tally {
	struct an_labels labels;
	struct an_quality q;
	double error;
	uint64_t runs, reasons;
	int64_t last;
};

static int count_one(void *arg, const struct an_prediction *p)
{
	struct tally *t = arg;
	bool bad;

	if (p->kind == AN_EXEC) {
		assert_true(p->predicted_us > 0);
		t->error += fabs((double)p->predicted_us / (double)p->us - 1);
		t->runs++;
		return 0;
	}
	assert_int_equal(p->start % 60, 0);
	assert_int_equal(p->end, p->start + 60);
	assert_true(p->start > t->last);
	assert_true(p->positive == (p->score > 0.5));
	assert_int_equal(!strcmp(p->about, "none"), !p->positive);
	t->last = p->start;
	t->reasons += p->positive && p->nreasons && p->ncauses;
	bad = an_labels_window(&t->labels, p->start * 1000) == AN_LABEL_HOSTILE;
	if (p->positive)
		bad ? t->q.tp++ : t->q.fp++;
	else
		bad ? t->q.fn++ : t->q.tn++;
	return 0;
}

static int predict(enum an_kind kind, const char *log, int explain, struct tally *t,
		   struct an_error *err)
{
	struct an_predict_options o = {
		.logs = &log, .nlogs = 1, .model_dir = model, .kind = kind, .explain = explain,
		.now = 1800000000, .predicted = count_one, .predicted_arg = t,
	};
	struct an_read_stats stats;

	return an_predict(&o, &stats, err);
}

static void three_models(void **state)
{
	const char *log = DATA "minutes.log.zst";
	struct an_train_report r;
	struct tally t = { 0 };
	struct an_error err;
	int k;

	assert_int_equal(train(log, DATA "minutes.json", 0, 0, &r), AN_OK);
	for (k = 0; k < AN_KINDS; k++) {
		assert_true(r.of[k].good);
		assert_true(r.of[k].quality > r.of[k].baseline);
		assert_true(r.of[k].baseline > 300);
		assert_true(*r.of[k].split_text && *r.of[k].labels_text && *r.of[k].rule_text);
	}
	assert_true(r.of[AN_WINDOWS].quality >= 750);
	assert_true(r.of[AN_EXEC].mape <= 130 && r.of[AN_EXEC].tables_mape <= 150);
	assert_true(r.of[AN_EXEC].mape * 2 < r.of[AN_EXEC].rule_mape);
	assert_int_equal(r.nwindows, r.of[AN_WINDOWS].rows);
	assert_true(r.nexec > 100);
	an_train_report_free(&r);

	assert_int_equal(an_labels_load(&t.labels, DATA "minutes2.json", &err), AN_OK);
	assert_int_equal(predict(AN_WINDOWS, DATA "minutes2.log.zst", 1, &t, &err), AN_OK);
	an_quality_finish(&t.q);
	assert_true(t.q.f1 >= 750);
	assert_true(t.reasons * 10 >= (t.q.tp + t.q.fp) * 5);
	an_labels_free(&t.labels);
	/* run times are this machine's own: its own log's */
	assert_int_equal(predict(AN_EXEC, log, 0, &t, &err), AN_OK);
	assert_true(t.runs > 1000 && t.error / (double)t.runs < 0.13);
}

static void same_bytes_on_any_number_of_threads(void **state)
{
	static const char *const names[] = { "sources.model", "windows.model", "exec.model",
					     "windows.range", "manifest.json" };
	struct an_train_report r;
	char *first[5], *again;
	size_t len[5], l, i;

	assert_int_equal(train(DATA "minutes.log.zst", DATA "minutes.json", 1, 9, &r), AN_OK);
	an_train_report_free(&r);
	for (i = 0; i < 5; i++)
		first[i] = slurp(names[i], &len[i]);
	assert_int_equal(train(DATA "minutes.log.zst", DATA "minutes.json", 3, 9, &r), AN_OK);
	an_train_report_free(&r);
	for (i = 0; i < 5; i++) {
		again = slurp(names[i], &l);
		assert_int_equal(l, len[i]);
		assert_memory_equal(first[i], again, l);
		free(again);
		free(first[i]);
	}
}

/* A row as svm-scale reads it. */
static void print_row(FILE *f, const struct svm_node *x)
{
	fprintf(f, "0");
	for (; x->index != -1; x++)
		fprintf(f, " %d:%.17g", x->index, x->value);
	fprintf(f, "\n");
}

/*
 * libsvm's own programs, given the rows and the model directory, say what the library says. Rows whose
 * decision is within what svm-scale rounds away are of no account.
 */
static void agree(enum an_kind kind, struct svm_node *const *x, size_t n)
{
	static struct an_models m;
	struct an_error err;
	char path[96], cmd[512];
	double said, dec;
	size_t i, told = 0;
	FILE *f;

	assert_int_equal(an_model_load(&m, model, kind, &err), AN_OK);
	snprintf(path, sizeof(path), "%s/rows", base);
	f = fopen(path, "w");
	for (i = 0; i < n; i++)
		print_row(f, x[i]);
	fclose(f);
	snprintf(cmd, sizeof(cmd), "cd %s && svm-scale -r model/%s.range rows >scaled 2>/dev/null && "
		 "svm-predict scaled model/%s.model said >/dev/null", base, an_kind_names[kind],
		 an_kind_names[kind]);
	assert_int_equal(system(cmd), 0);
	snprintf(path, sizeof(path), "%s/said", base);
	f = fopen(path, "r");
	for (i = 0; i < n; i++) {
		assert_int_equal(fscanf(f, "%lf", &said), 1);
		dec = an_decide(&m.of[kind], x[i]);
		if (kind == AN_EXEC) {
			assert_true(fabs(said - dec) < 2e-3);
			told++;
		} else if (fabs(dec) > 2e-3) {
			assert_int_equal(said > 0, dec > 0);
			told += said > 0;
		}
	}
	fclose(f);
	assert_true(told > 10);
	an_models_free(&m);
}

static void svm_predict_agrees(void **state)
{
	const char *log = DATA "minutes.log.zst", *given = DATA "minutes.json";
	struct an_gather_options go = {
		.logs = &log, .nlogs = 1, .labels = &given, .nlabels = 1, .now = 1800000000,
		.min_lines = 5, .max_sources = 100000,
	};
	static struct an_gathered g;
	struct an_read_stats stats = { 0 };
	struct an_rows runs = { 0 };
	struct an_win_table t;
	struct an_train_report r;
	struct an_error err;
	uint64_t rows, positives;
	struct svm_node x[16];
	size_t i;

	if (system("command -v svm-predict svm-scale >/dev/null"))
		skip();
	assert_int_equal(train(log, given, 0, 0, &r), AN_OK);
	an_train_report_free(&r);
	assert_int_equal(an_gather(&go, &g, &stats, &err), AN_OK);
	agree(AN_SOURCES, g.sources.rows.x, g.sources.rows.n);
	assert_true(an_gather_windows(&g, AN_W_NFEATURES, 10000, 0, &t, &rows, &positives));
	agree(AN_WINDOWS, t.rows.x, t.rows.n);
	for (i = 0; i < g.runs.n && i < 300; i++) {
		const struct an_run *run = &g.runs.v[i];

		an_run_row(&g.runs.names, run->fn, run->node, run->bytes, (double)run->load, x);
		assert_true(an_rows_add(&runs, x, 0, 0));
	}
	agree(AN_EXEC, runs.x, runs.n);
	an_rows_free(&runs);
	an_win_table_free(&t);
	an_gather_free(&g);
}

/* A log with a column of alerts and a line each ten minutes. */
static void write_ras(const char *path)
{
	static const char *const good[] = { "KERNEL INFO parity error corrected", "APP FATAL ciod: no such file",
					    "KERNEL INFO generating core", "LINKCARD INFO bit sparing" };
	static const char *const bad[] = { "KERNEL FATAL data TLB error interrupt", "KERNEL FATAL rts panic" };
	FILE *f = fopen(path, "w");
	int i;

	for (i = 0; i < 200; i++)
		fprintf(f, "%s %d 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS %s\n", i % 5 ? "-" : "BAD",
			1117838580 + i * 600, i % 5 ? good[i % 4] : bad[i / 5 % 2]);
	fclose(f);
}

static void svm_predict_agrees_on_texts(void **state)
{
	char path[96];
	const char *log = path;
	struct an_gather_options go = {
		.logs = &log, .nlogs = 1, .now = 1800000000, .min_lines = 5, .max_sources = 100000,
	};
	static struct an_gathered g;
	struct an_read_stats stats = { 0 };
	struct an_train_report r;
	struct an_win_table t;
	struct an_error err;
	uint64_t rows, positives;

	if (system("command -v svm-predict svm-scale >/dev/null"))
		skip();
	snprintf(path, sizeof(path), "%s/ras.log", base);
	write_ras(path);
	assert_int_equal(train(log, NULL, 0, 0, &r), AN_OK);
	assert_int_equal(r.of[AN_WINDOWS].quality, 1000);
	an_train_report_free(&r);
	assert_int_equal(an_gather(&go, &g, &stats, &err), AN_OK);
	assert_true(an_gather_windows(&g, AN_W_NTEXT, 10000, 0, &t, &rows, &positives));
	assert_int_equal(positives, 40);
	agree(AN_WINDOWS, t.rows.x, t.rows.n);
	an_win_table_free(&t);
	an_gather_free(&g);
}

/* Puts @to in the place of @from in a file of the model. */
static void edit(const char *name, const char *from, const char *to)
{
	size_t len;
	char *text = slurp(name, &len), *at = strstr(text, from), path[96];
	FILE *f;

	assert_non_null(at);
	snprintf(path, sizeof(path), "%s/%s", model, name);
	f = fopen(path, "w");
	fwrite(text, 1, (size_t)(at - text), f);
	fputs(to, f);
	fputs(at + strlen(from), f);
	fclose(f);
	free(text);
}

static void others_are_refused(void **state)
{
	struct an_train_report r;
	struct tally t = { 0 };
	struct an_error err;
	char version[40];

	assert_int_equal(train(DATA "minutes.log.zst", DATA "minutes.json", 0, 0, &r), AN_OK);
	an_train_report_free(&r);
	assert_int_equal(predict(AN_WINDOWS, DATA "minutes2.log.zst", 0, &t, &err), AN_OK);
	edit("windows.model", "total_sv", "total_sw");
	assert_int_equal(predict(AN_WINDOWS, DATA "minutes2.log.zst", 0, &t, &err), AN_INPUT);
	assert_non_null(strstr(err.msg, "windows.model is damaged"));
	/* the others are still whole */
	t.runs = 0;
	assert_int_equal(predict(AN_EXEC, DATA "minutes.log.zst", 0, &t, &err), AN_OK);
	edit("exec.range", "1 0 1\n", "");
	assert_int_equal(predict(AN_EXEC, DATA "minutes.log.zst", 0, &t, &err), AN_INPUT);
	snprintf(version, sizeof(version), "\"feature_version\":\t%d", AN_FEATURE_VERSION);
	edit("manifest.json", version, "\"feature_version\":\t99");
	assert_int_equal(predict(AN_WINDOWS, DATA "minutes2.log.zst", 0, &t, &err), AN_INPUT);
	assert_non_null(strstr(err.msg, "feature version 99"));
	edit("manifest.json", "{", "[");
	assert_int_equal(predict(AN_WINDOWS, DATA "minutes2.log.zst", 0, &t, &err), AN_INPUT);
	assert_non_null(strstr(err.msg, "manifest.json is damaged"));
}

/* Without labels a one-class machine, judged by a rule that is called one. */
static void no_labels(void **state)
{
	struct an_train_report r;
	int ret = train(DATA "minutes.log.zst", NULL, 0, 0, &r);

	assert_true(ret == AN_OK || ret == AN_NOT_BETTER);
	assert_non_null(strstr(r.of[AN_WINDOWS].labels_text, "weak"));
	assert_non_null(strstr(r.of[AN_WINDOWS].labels_text, "one-class"));
	assert_true(!r.of[AN_WINDOWS].trained || r.of[AN_WINDOWS].good ||
		    *r.of[AN_WINDOWS].why);
	assert_true(r.of[AN_EXEC].good);
	an_train_report_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates),
		cmocka_unit_test(headings),
		cmocka_unit_test(template_keys),
		cmocka_unit_test(words),
		cmocka_unit_test(windows),
		cmocka_unit_test(texts),
		cmocka_unit_test(windows_by_their_own_medians),
		cmocka_unit_test(tables),
		cmocka_unit_test(pieces),
		cmocka_unit_test(behind), cmocka_unit_test(splits),
		cmocka_unit_test(three_models),
		cmocka_unit_test(same_bytes_on_any_number_of_threads),
		cmocka_unit_test(svm_predict_agrees),
		cmocka_unit_test(svm_predict_agrees_on_texts),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(no_labels),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
