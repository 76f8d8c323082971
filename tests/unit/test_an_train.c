// SPDX-License-Identifier: GPL-3.0-or-later
/* Training: labels, rules, thresholds, the model directory, the values file, the whole run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analytics/atomic.h"
#include "analytics/fit.h"
#include "analytics/values.h"

#define DATA	"tests/data/kernlog/"

static char base[] = "/tmp/virgo-test-an-XXXXXX";
static char conf[64], model[64];

static int setup(void **state)
{
	if (!mkdtemp(base))
		return -1;
	snprintf(conf, sizeof(conf), "%s/values.conf", base);
	snprintf(model, sizeof(model), "%s/model", base);
	return 0;
}

static int teardown(void **state)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", base);
	return system(cmd);
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!f) {
		free(text);
		return NULL;
	}
	fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

static void spit(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void labels(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "{\"sources\":[]}", AN_OK },
		{ "{\"a\":1,\"sources\":[{\"ip\":\"1.2.3.4\",\"malicious\":true,\"class\":\"x\"}]}", AN_OK },
		{ "{\"sources\":[{\"ip\":\"1.2.3.4\",\"malicious\":true},"
		  "{\"ip\":\"1.2.3.4\",\"malicious\":true}]}", AN_OK },
		{ "{\"sources\":[{\"ip\":\"1.2.3.4\",\"malicious\":true},"
		  "{\"ip\":\"::ffff:1.2.3.4\",\"malicious\":false}]}", AN_INPUT },
		{ "{\"sources\":[{\"ip\":\"1.2.3\",\"malicious\":true}]}", AN_INPUT },
		{ "{\"sources\":[{\"ip\":7,\"malicious\":true}]}", AN_INPUT },
		{ "{\"sources\":[{\"ip\":\"1.2.3.4\",\"malicious\":1}]}", AN_INPUT },
		{ "{\"sources\":[{\"ip\":\"1.2.3.4\"}]}", AN_INPUT },
		{ "{\"sources\":[7]}", AN_INPUT },
		{ "{\"sources\":{}}", AN_INPUT },
		{ "{\"windows\":[]}", AN_OK },
		{ "{\"windows\":{}}", AN_INPUT },
		{ "{\"sources\":[],\"windows\":7}", AN_INPUT },
		{ "{\"sources\":[],\"complete\":false}", AN_OK },
		{ "{\"sources\":[],\"complete\":1}", AN_INPUT },
		{ "{\"windows\":[{\"start\":\"2025-11-03T00:00:07+00:00\",\"anomalous\":true}]}", AN_OK },
		{ "{\"windows\":[{\"start\":1762128000,\"anomalous\":false}]}", AN_OK },
		{ "{\"windows\":[{\"start\":1e300,\"anomalous\":false}]}", AN_INPUT },
		{ "{\"windows\":[{\"start\":\"Nov  3 00:00:07\",\"anomalous\":true}]}", AN_INPUT },
		{ "{\"windows\":[{\"start\":\"2025-11-03T00:00:07Zjunk\",\"anomalous\":true}]}", AN_INPUT },
		{ "{\"windows\":[{\"start\":\"2025-11-03T00:00:00Z\",\"anomalous\":1}]}", AN_INPUT },
		{ "{\"windows\":[{\"start\":\"2025-11-03T00:00:00Z\"}]}", AN_INPUT },
		{ "[]", AN_INPUT },
		{ "{", AN_INPUT },
		{ "", AN_INPUT },
	};
	struct an_labels l;
	struct an_error err;
	struct an_addr a;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (an_labels_parse(&l, cases[i].text, strlen(cases[i].text), "x", &err) !=
		    cases[i].status)
			fail_msg("%s", cases[i].text);
		an_labels_free(&l);
	}
	assert_int_equal(an_labels_parse(&l, cases[1].text, strlen(cases[1].text), "x", &err), AN_OK);
	assert_true(an_addr_parse("1.2.3.4", 7, &a));
	assert_int_equal(an_labels_get(&l, a), AN_LABEL_HOSTILE);
	a.lo++;
	assert_int_equal(an_labels_get(&l, a), AN_LABEL_NONE);
	an_labels_free(&l);
	assert_int_equal(an_labels_load(&l, "/nonexistent", &err), AN_INPUT);
}

static void thresholds(void **state)
{
	static const double dec[] = { 3, 2, 1, 0.5, -1, -2, -3, -4 };
	static const double low[] = { 1, 1, 1, 1, 1, 1, -1, -1 };
	static const double zero[] = { 1, 1, 1, 1, -1, -1, -1, -1 };
	static const double none[] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	static const double many[] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, -0.1, -0.2, -0.3, -0.4, -2 };
	static const double ten[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, 1 };
	double f1;

	/* -2.5, but never more than 0.9 away */
	assert_true(an_best_threshold(dec, low, 8, false, &f1) == -0.9);
	assert_true(f1 == 1);
	assert_true(an_best_threshold(dec, zero, 8, false, &f1) == 0);
	assert_true(f1 == 1);
	assert_true(an_best_threshold(dec, none, 8, false, &f1) == 0);
	assert_true(f1 == 0);
	assert_true(an_best_threshold(dec, none, 0, false, &f1) == 0);
	/* 0 would be as good; who is eager takes less, but never under half a margin */
	assert_true(an_best_threshold(dec, zero, 8, true, &f1) == -0.5);
	assert_true(f1 == 1);
	assert_true(an_best_threshold(dec, low, 8, true, &f1) == -0.5);
	/* and the F1 is that of what is taken: four of six */
	assert_true(fabs(f1 - 0.8) < 1e-9);
	assert_true(an_best_threshold(dec, none, 8, true, &f1) == 0);
	/* two false alarms beside nine found cost less than a tenth, a third one more */
	assert_true(fabs(an_best_threshold(many, ten, 14, true, &f1) + 0.25) < 1e-9);
}

/* Kinds of rows, the first ones @positive, with nothing in common: all are told apart when they are held back. */
static void learn_kinds(int kinds, int positive, struct an_learned *l)
{
	static const struct an_candidate grid[] = { { LINEAR, 1, 0, 0 } };
	struct an_learn_options lo = {
		.type = C_SVC, .grid = grid, .ngrid = 1, .grid_rows = 1000, .eager = true, .folds = 4, .what = "x",
	};
	struct an_rows rows = { .nfeat = (unsigned int)kinds };
	struct an_error err;
	int i;

	for (i = 0; i < 400; i++) {
		struct svm_node x[2] = { { 1 + i % kinds, 4 }, { -1, 0 } };

		assert_true(an_rows_add(&rows, x, i % kinds < positive ? 1 : -1, i / 400.0));
	}
	assert_int_equal(an_learn(&rows, &lo, l, &err), AN_OK);
	assert_true(l->quality.fp == 0 && l->quality.fn == 0);
	an_rows_free(&rows);
}

/* Two kinds of fault and three others: what is of no kind is no fault. */
static void eager_about_nothing(void **state)
{
	static const struct svm_node nothing = { -1, 0 };
	struct an_learned l;

	learn_kinds(5, 2, &l);
	assert_true(an_decide(&l, &nothing) < -0.1);
	/* though half a margin down would do for all that is known */
	assert_true(l.threshold > -0.4 && l.threshold < 0.2);
	an_learned_free(&l);
	/* where nearly all is fault, the known ones are found all the same */
	learn_kinds(20, 19, &l);
	an_learned_free(&l);
}

static void subsamples(void **state)
{
	size_t index[1000], again[1000], i, n, positives = 0;
	double y[1000];

	for (i = 0; i < 1000; i++) {
		index[i] = again[i] = i;
		y[i] = i % 10 ? -1 : 1;
	}
	n = an_subsample(index, y, 1000, 200, 5);
	assert_int_equal(n, 200);
	assert_int_equal(an_subsample(again, y, 1000, 200, 5), 200);
	assert_memory_equal(index, again, 200 * sizeof(index[0]));
	for (i = 0; i < n; i++) {
		positives += y[index[i]] > 0;
		assert_true(!i || index[i] > index[i - 1]);
	}
	assert_int_equal(positives, 20);
	assert_int_equal(an_subsample(index, y, 100, 200, 5), 100);
}

static void values(void **state)
{
	static struct an_source deny[AN_DENY_MAX];
	struct an_values v = {
		.generated = 1700000000, .valid_for = 3600, .model_version = 1, .quality = 912,
		.train_rows = 77, .max_bandwidth = 200, .top = deny, .deny = deny, .ndeny = 2,
	};
	static char buf[AN_VALUES_BYTES];
	size_t written, i, len;

	memset(deny, 0, sizeof(deny));
	for (i = 0; i < AN_DENY_MAX; i++)
		snprintf(deny[i].ip, sizeof(deny[i].ip), "198.51.100.%zu", 100 + i);
	deny[0].count = 12;
	len = an_values_format(&v, buf, &written);
	assert_int_equal(len, strlen(buf));
	assert_int_equal(written, 2);
	assert_string_equal(strstr(buf, "SchemaVersion"),
			    "SchemaVersion=1\nGenerated=1700000000\nValidForSec=3600\n"
			    "ModelVersion=1\nModelQualityPermille=912\nTrainRows=77\n"
			    "TopSourceIP=198.51.100.100\nTopSourceCount=12\n"
			    "DenySources=198.51.100.100;198.51.100.101\nLogLimited=0\n"
			    "MaxNetworkBandwidth=200\n");
	/* As many as may be, and the longest there are: all find room. */
	for (i = 0; i < AN_DENY_MAX; i++)
		snprintf(deny[i].ip, sizeof(deny[i].ip), "2001:db8:1111:2222:3333:4444:5555:%zx",
			 0x6600 + i);
	v.ndeny = AN_DENY_MAX;
	len = an_values_format(&v, buf, &written);
	assert_int_equal(written, AN_DENY_MAX);
	assert_in_range(len, 10000, AN_VALUES_BYTES - 1);
	assert_in_range(strcspn(strstr(buf, "DenySources=") + 12, "\n"), 9000, AN_DENY_BYTES);
	v = (struct an_values){ 0 };
	an_values_format(&v, buf, &written);
	assert_null(strstr(buf, "DenySources"));
	assert_null(strstr(buf, "TopSource"));
	assert_null(strstr(buf, "MaxNetworkBandwidth"));
}

static void files_are_kept(void **state)
{
	struct an_new_file f;
	struct an_error err;
	char path[80], old[AN_PATH_MAX], text[16];
	int i;

	snprintf(path, sizeof(path), "%s/kept", base);
	for (i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(an_file_prepare(&f, path, text, 1, 0644, &err), AN_OK);
		assert_int_equal(an_file_commit(&f, 2, &err), AN_OK);
		/* The same bytes again are no news. */
		assert_int_equal(an_file_prepare(&f, path, text, 1, 0644, &err), AN_OK);
		assert_int_equal(an_file_commit(&f, 2, &err), AN_OK);
	}
	for (i = 0; i < 4; i++) {
		char *is;

		snprintf(old, sizeof(old), i ? "%s.%d" : "%s", path, i);
		is = slurp(old);
		if (i == 3)
			assert_null(is);
		else
			assert_int_equal(is[0], '4' - i);
		free(is);
	}
	assert_int_equal(an_file_prepare(&f, base, "x", 1, 0644, &err), AN_OUTPUT);
	assert_int_equal(an_file_prepare(&f, "/nonexistent/x", "x", 1, 0644, &err), AN_OUTPUT);
	/* Prepared and dropped: not a trace. */
	assert_int_equal(an_file_prepare(&f, path, "x", 1, 0644, &err), AN_OK);
	snprintf(old, sizeof(old), "%s", f.temp);
	an_file_abort(&f);
	assert_int_equal(access(old, F_OK), -1);
}

static void strangers_in_the_directory(void **state)
{
	static const char *const names[] = { "a", "b", NULL };
	struct an_new_dir d;
	struct an_error err;
	char path[64], file[80], made[AN_PATH_MAX + 8];
	char *is;

	snprintf(path, sizeof(path), "%s/dir", base);
	snprintf(file, sizeof(file), "%s/a", path);
	assert_int_equal(an_dir_prepare(&d, path, names, &err), AN_OK);
	snprintf(made, sizeof(made), "%s/a", d.temp);
	spit(made, "1");
	assert_int_equal(an_dir_commit(&d, &err), AN_OK);
	an_dir_finish(&d);
	/* A second one takes its place, and gives it back when something else fails. */
	assert_int_equal(an_dir_prepare(&d, path, names, &err), AN_OK);
	snprintf(made, sizeof(made), "%s/a", d.temp);
	spit(made, "2");
	assert_int_equal(an_dir_commit(&d, &err), AN_OK);
	is = slurp(file);
	assert_string_equal(is, "2");
	free(is);
	an_dir_abort(&d);
	is = slurp(file);
	assert_string_equal(is, "1");
	free(is);
	snprintf(file, sizeof(file), "%s/precious", path);
	spit(file, "x");
	assert_int_equal(an_dir_prepare(&d, path, names, &err), AN_OUTPUT);
	assert_non_null(strstr(err.msg, "precious"));
	assert_int_equal(access(file, F_OK), 0);
}

static int run(const char *log, const char *given, struct an_train_report *r, struct an_error *err)
{
	struct an_train_options o;

	an_train_defaults(&o);
	o.logs = &log;
	o.nlogs = 1;
	o.labels = &given;
	o.nlabels = !!given;
	o.now = 1800000000;
	o.out_conf = conf;
	o.model_dir = model;
	return an_train(&o, r, err);
}

struct verdicts {
	struct an_labels labels;
	struct an_quality q;
};

static int count_verdict(void *arg, const struct an_prediction *p)
{
	struct verdicts *v = arg;
	struct an_addr addr;
	bool hostile;

	assert_true(an_addr_parse(p->ip, strlen(p->ip), &addr));
	assert_true(p->positive == (p->score > 0.5));
	hostile = an_labels_get(&v->labels, addr) == AN_LABEL_HOSTILE;
	if (p->positive)
		hostile ? v->q.tp++ : v->q.fp++;
	else
		hostile ? v->q.fn++ : v->q.tn++;
	return 0;
}

/* Precision and recall of the model on disk, on a log it has not seen. */
static void judge_on_disk(const char *log, const char *given, struct an_quality *q)
{
	struct verdicts v = { 0 };
	struct an_predict_options o = {
		.logs = &log, .nlogs = 1, .model_dir = model, .kind = AN_SOURCES,
		.now = 1800000000, .predicted = count_verdict, .predicted_arg = &v,
	};
	struct an_read_stats stats;
	struct an_error err;

	assert_int_equal(an_labels_load(&v.labels, given, &err), AN_OK);
	assert_int_equal(an_predict(&o, &stats, &err), AN_OK);
	an_labels_free(&v.labels);
	an_quality_finish(&v.q);
	*q = v.q;
}

static void given_labels(void **state)
{
	struct an_train_report r;
	struct an_error err;
	struct an_quality q;
	char *text;

	assert_int_equal(run(DATA "train.log.gz", DATA "train.json", &r, &err), AN_OK);
	assert_false(r.weak);
	assert_true(r.of[AN_SOURCES].good && r.of[AN_SOURCES].quality >= 930);
	assert_true(r.of[AN_SOURCES].quality > r.of[AN_SOURCES].rule.f1);
	assert_true(r.of[AN_SOURCES].rule.f1 > 500);
	assert_true(r.of[AN_SOURCES].ncurve > 10);
	assert_int_equal(r.ndeny, AN_DENY_DEFAULT);
	assert_true(r.hostile >= r.ndeny + r.deny_kept_off);
	assert_string_equal(r.top[0].ip, "100.98.11.243");
	assert_int_equal(r.top[0].count, 818);
	text = slurp(conf);
	assert_non_null(strstr(text, "TopSourceIP=100.98.11.243\nTopSourceCount=818\n"));
	/* The next loudest are on the local network: shown, and never denied. */
	assert_null(strstr(strstr(text, "DenySources="), "192.168."));
	free(text);
	an_train_report_free(&r);
	judge_on_disk(DATA "other.log.gz", DATA "other.json", &q);
	assert_true(q.f1 >= 900);
}

static void same_bytes(void **state)
{
	struct an_train_report r;
	struct an_error err;
	char path[96], *first[3], *second[3];
	int round, i;

	for (round = 0; round < 2; round++) {
		char **into = round ? second : first;

		assert_int_equal(run(DATA "train.log.gz", NULL, &r, &err), AN_OK);
		assert_true(r.weak);
		an_train_report_free(&r);
		into[0] = slurp(conf);
		for (i = 1; i < 3; i++) {
			snprintf(path, sizeof(path), "%s/%s", model,
				 i == 1 ? "sources.model" : "manifest.json");
			into[i] = slurp(path);
		}
	}
	for (i = 0; i < 3; i++) {
		assert_true(strlen(first[i]) > 100);
		assert_string_equal(first[i], second[i]);
		free(first[i]);
		free(second[i]);
	}
}

/* When one output cannot be written, the other stays as it was. */
static void all_or_nothing(void **state)
{
	const char *log = DATA "train.log.gz";
	struct an_train_options o;
	struct an_train_report r;
	struct an_error err;
	char path[96], *before, *after;

	assert_int_equal(run(log, NULL, &r, &err), AN_OK);
	an_train_report_free(&r);
	snprintf(path, sizeof(path), "%s/manifest.json", model);
	before = slurp(path);
	an_train_defaults(&o);
	o.logs = &log;
	o.nlogs = 1;
	o.now = 1700000000;
	o.model_dir = model;
	o.out_conf = "/nonexistent/values.conf";
	assert_int_equal(an_train(&o, &r, &err), AN_OUTPUT);
	assert_non_null(strstr(err.msg, "/nonexistent"));
	after = slurp(path);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void nothing_to_learn(void **state)
{
	struct an_train_report r;
	struct an_error err;
	char path[96];

	snprintf(path, sizeof(path), "%s/few.log", base);
	unlink(conf);
	spit(path, "nothing of the kind\n");
	assert_int_equal(run(path, NULL, &r, &err), AN_INPUT);
	assert_non_null(strstr(err.msg, "in 1 lines"));
	spit(path, "[1.0] [UFW BLOCK] IN=e OUT= SRC=8.8.8.8 DST=1.1.1.1 \n");
	assert_int_equal(run(path, NULL, &r, &err), AN_NOT_BETTER);
	assert_non_null(strstr(r.text, "too few"));
	assert_int_equal(r.read.blocks, 1);
	an_train_report_free(&r);
	assert_int_equal(access(conf, F_OK), -1);
}

static void kept_off_the_list(void **state)
{
	const char *log = DATA "train.log.gz", *given = DATA "train.json";
	const char *never[] = { "100.64.0.0/10" };
	struct an_train_options o;
	struct an_train_report r;
	struct an_error err;

	an_train_defaults(&o);
	o.logs = &log;
	o.nlogs = o.nlabels = o.nnever_deny = 1;
	o.labels = &given;
	o.never_deny = never;
	assert_int_equal(an_train(&o, &r, &err), AN_OK);
	assert_int_equal(r.ndeny, 0);
	assert_int_equal(r.deny_kept_off, r.hostile);
	assert_true(r.hostile > 50);
	/* and the report says why */
	assert_int_equal(r.nkept, r.hostile < 64 ? r.hostile : 64);
	assert_string_equal(r.kept[0].why, "never to be denied");
	assert_non_null(strstr(r.text, "never to be denied"));
	an_train_report_free(&r);
	never[0] = "100.64.0.0/33";
	assert_int_equal(an_train(&o, &r, &err), AN_USAGE);
	o.nnever_deny = 0;
	o.folds = 1;
	assert_int_equal(an_train(&o, &r, &err), AN_USAGE);
	o.folds = 5;
	o.nlabels = 2;
	assert_int_equal(an_train(&o, &r, &err), AN_USAGE);
}

static int stop(void *arg, const char *what, uint64_t done, uint64_t total)
{
	return ++*(int *)arg > 3;
}

static void interrupted(void **state)
{
	const char *log = DATA "train.log.gz";
	struct an_train_options o;
	struct an_train_report r;
	struct an_error err;
	int calls = 0;

	an_train_defaults(&o);
	o.logs = &log;
	o.nlogs = 1;
	o.progress = stop;
	o.progress_arg = &calls;
	assert_int_equal(an_train(&o, &r, &err), AN_INPUT);
	assert_string_equal(err.msg, "interrupted");
}

static void cat_into(const char *path, const char *mode, const char *from, size_t len)
{
	FILE *f = fopen(path, mode);

	assert_non_null(f);
	assert_int_equal(fwrite(from, 1, len, f), len);
	fclose(f);
}

static int collect(void *arg, struct an_block *block)
{
	FILE *f = arg;

	return fwrite(block->p, 1, (size_t)(block->end - block->p), f) ? 0 : -1;
}

/* The bytes of a packed log; the caller frees them. */
static char *unpacked(const char *log, size_t *len)
{
	struct an_read_stats stats = { 0 };
	struct an_error err;
	struct an_clock clock;
	struct an_logs logs;
	char *text;
	FILE *f = open_memstream(&text, len);

	assert_int_equal(an_logs_open(&logs, &log, 1, false, NULL, NULL, &err), AN_OK);
	assert_int_equal(an_logs_scan(&logs, 0, &clock, 1800000000, 0, &stats, collect, f, &err),
			 AN_OK);
	an_logs_close(&logs);
	fclose(f);
	return text;
}

/* One run over @log into model directory @to. */
static void train_into(const char *log, const char *state, const char *to)
{
	const char *given = DATA "minutes.json";
	struct an_train_report r;
	struct an_train_options o;
	struct an_error err;

	an_train_defaults(&o);
	o.logs = &log;
	o.labels = &given;
	o.nlogs = o.nlabels = 1;
	o.state = state;
	o.model_dir = to;
	o.now = 1800000000;
	if (an_train(&o, &r, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(r.started_over, "");
	an_train_report_free(&r);
}

/* The models of a log read in parts are those of the whole, to the last byte. */
static void state_in_parts(void **state)
{
	static const char *const files[] = {
		"sources.model", "sources.range", "windows.model", "windows.range", "exec.model",
		"exec.range",
	};
	char log[64], kept[64], whole[64], parts[64];
	size_t len, at = 0, i;
	char *text = unpacked(DATA "minutes.log.zst", &len);

	snprintf(log, sizeof(log), "%s/kern.log", base);
	snprintf(kept, sizeof(kept), "%s/state", base);
	snprintf(whole, sizeof(whole), "%s/whole", base);
	snprintf(parts, sizeof(parts), "%s/parts", base);
	train_into(DATA "minutes.log.zst", NULL, whole);
	for (i = 1; i <= 3; i++) {
		size_t end = i == 3 ? len : len * i / 4 + 17;

		cat_into(log, "a", text + at, end - at);
		at = end;
		train_into(log, kept, parts);
	}
	free(text);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char a[96], b[96], *x, *y;

		snprintf(a, sizeof(a), "%s/%s", whole, files[i]);
		snprintf(b, sizeof(b), "%s/%s", parts, files[i]);
		x = slurp(a);
		y = slurp(b);
		assert_non_null(x);
		assert_non_null(y);
		assert_string_equal(x, y);
		free(x);
		free(y);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(eager_about_nothing),
		cmocka_unit_test(subsamples),
		cmocka_unit_test(values),
		cmocka_unit_test(files_are_kept),
		cmocka_unit_test(strangers_in_the_directory),
		cmocka_unit_test(given_labels),
		cmocka_unit_test(same_bytes),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(nothing_to_learn),
		cmocka_unit_test(kept_off_the_list),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(state_in_parts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
