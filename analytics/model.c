// SPDX-License-Identifier: GPL-3.0-or-later
/* Writes the model directory; must never write into the directory that is in use. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define MODEL_FILE	"sources.model"
#define RANGE_FILE	"sources.range"
#define MANIFEST_FILE	"manifest.json"

static const char *const model_files[] = { MODEL_FILE, RANGE_FILE, MANIFEST_FILE, NULL };

static int in_dir(const struct an_new_dir *dir, const char *name, char path[AN_PATH_MAX],
		  struct an_error *err)
{
	if (snprintf(path, AN_PATH_MAX, "%s/%s", dir->temp, name) >= AN_PATH_MAX)
		return an_fail(err, AN_OUTPUT, "path too long: %.80s…", dir->path);
	return AN_OK;
}

/* svm-scale's own format. Features that never vary are left out, as it does itself. */
static int write_range(const struct an_new_dir *dir, const struct an_learned *learned,
		       struct an_error *err)
{
	char path[AN_PATH_MAX];
	int ret = in_dir(dir, RANGE_FILE, path, err), j;
	FILE *f;

	if (ret)
		return ret;
	f = fopen(path, "wxe");
	if (!f)
		return an_fail_sys(err, AN_OUTPUT, "write", path);
	fprintf(f, "x\n0 1\n");
	for (j = 0; j < AN_NFEATURES; j++)
		if (learned->range[j].min < learned->range[j].max)
			fprintf(f, "%d %.17g %.17g\n", j + 1, learned->range[j].min,
				learned->range[j].max);
	ret = ferror(f);
	if (fclose(f) || ret)
		return an_fail_sys(err, AN_OUTPUT, "write", path);
	return AN_OK;
}

static void add_quality(cJSON *to, const char *name, const struct an_quality *q)
{
	cJSON *o = cJSON_AddObjectToObject(to, name);

	cJSON_AddNumberToObject(o, "precision_permille", q->precision);
	cJSON_AddNumberToObject(o, "recall_permille", q->recall);
	cJSON_AddNumberToObject(o, "f1_permille", q->f1);
	cJSON_AddNumberToObject(o, "true_positives", (double)q->tp);
	cJSON_AddNumberToObject(o, "false_positives", (double)q->fp);
	cJSON_AddNumberToObject(o, "false_negatives", (double)q->fn);
	cJSON_AddNumberToObject(o, "true_negatives", (double)q->tn);
}

static void add_inputs(cJSON *to, const struct an_gathered *g)
{
	cJSON *list = cJSON_AddArrayToObject(to, "inputs");
	char hex[2 * AN_SHA256_SIZE + 1];
	size_t i, j;

	for (i = 0; i < g->ninputs; i++) {
		cJSON *o = cJSON_CreateObject();

		for (j = 0; j < AN_SHA256_SIZE; j++)
			sprintf(hex + 2 * j, "%02x", g->inputs[i].sha256[j]);
		cJSON_AddStringToObject(o, "name", g->inputs[i].name);
		cJSON_AddStringToObject(o, "sha256", hex);
		cJSON_AddItemToArray(list, o);
	}
}

static cJSON *manifest(const struct an_learned *learned, const struct an_gathered *g,
		       const struct an_train_options *opt, const struct an_train_report *report)
{
	cJSON *root = cJSON_CreateObject(), *o, *names;
	char seed[24];
	int j;

	cJSON_AddNumberToObject(root, "schema", 1);
	cJSON_AddStringToObject(root, "kind", "sources");
	cJSON_AddNumberToObject(root, "feature_version", AN_FEATURE_VERSION);
	names = cJSON_AddArrayToObject(root, "features");
	for (j = 0; j < AN_NFEATURES; j++)
		cJSON_AddItemToArray(names, cJSON_CreateString(an_feature_names[j]));
	cJSON_AddNumberToObject(root, "generated", (double)opt->now);
	/* All 64 bits of it, which a double does not hold. */
	snprintf(seed, sizeof(seed), "%" PRIu64, opt->seed);
	cJSON_AddRawToObject(root, "seed", seed);
	cJSON_AddStringToObject(root, "labels", g->weak ? "weak" : "given");
	cJSON_AddNumberToObject(root, "rows", (double)report->rows);
	cJSON_AddNumberToObject(root, "positives", (double)report->positives);
	cJSON_AddNumberToObject(root, "train_rows", (double)report->train_rows);
	cJSON_AddNumberToObject(root, "folds", opt->folds);
	o = cJSON_AddObjectToObject(root, "svm");
	cJSON_AddStringToObject(o, "kernel", learned->kernel == RBF ? "rbf" : "linear");
	cJSON_AddNumberToObject(o, "c", learned->c);
	if (learned->kernel == RBF)
		cJSON_AddNumberToObject(o, "gamma", learned->gamma);
	cJSON_AddNumberToObject(o, "threshold", learned->threshold);
	add_quality(root, "quality", &report->model);
	add_quality(root, "hand_rule", &report->rule);
	cJSON_AddStringToObject(root, "hand_rule_text", report->rule_text);
	add_inputs(root, g);
	return root;
}

static int write_manifest(const struct an_new_dir *dir, const struct an_learned *learned,
			  const struct an_gathered *g, const struct an_train_options *opt,
			  const struct an_train_report *report, struct an_error *err)
{
	char path[AN_PATH_MAX];
	int ret = in_dir(dir, MANIFEST_FILE, path, err);
	cJSON *root;
	char *text;
	FILE *f;

	if (ret)
		return ret;
	root = manifest(learned, g, opt, report);
	text = cJSON_Print(root);
	cJSON_Delete(root);
	if (!text)
		return an_fail(err, AN_NOMEM, "out of memory");
	f = fopen(path, "wxe");
	if (f) {
		ret = fprintf(f, "%s\n", text) < 0;
		ret |= fclose(f);
	}
	free(text);
	if (!f || ret)
		return an_fail_sys(err, AN_OUTPUT, "write", path);
	return AN_OK;
}

static int write_all(const struct an_new_dir *dir, const struct an_learned *learned,
		     const struct an_gathered *g, const struct an_train_options *opt,
		     const struct an_train_report *report, struct an_error *err)
{
	char path[AN_PATH_MAX];
	int ret = in_dir(dir, MODEL_FILE, path, err);
	if (!ret && svm_save_model(path, learned->model))
		ret = an_fail_sys(err, AN_OUTPUT, "write", path);
	if (!ret)
		ret = write_range(dir, learned, err);
	if (!ret)
		ret = write_manifest(dir, learned, g, opt, report, err);
	return ret;
}

int an_model_prepare(struct an_new_dir *dir, const struct an_learned *learned,
		     const struct an_gathered *g, const struct an_train_options *opt,
		     const struct an_train_report *report, struct an_error *err)
{
	int ret = an_dir_prepare(dir, opt->model_dir, model_files, err);
	locale_t plain, before;

	if (ret)
		return ret;
	/* A decimal comma would make files that no other libsvm program reads. */
	plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	before = plain ? uselocale(plain) : (locale_t)0;
	ret = plain ? write_all(dir, learned, g, opt, report, err) :
		      an_fail(err, AN_NOMEM, "out of memory");
	if (plain) {
		uselocale(before);
		freelocale(plain);
	}
	if (ret)
		an_dir_abort(dir);
	return ret;
}
