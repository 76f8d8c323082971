// SPDX-License-Identifier: GPL-3.0-or-later
/* Writes the model directory; must never write into the directory that is in use. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "hash.h"
#include "model.h"

#define MANIFEST_FILE	"manifest.json"

static const char *const model_files[] = {
	"sources.model", "sources.range", "windows.model", "windows.range", "exec.model",
	"exec.range", AN_FINDINGS_FILE, MANIFEST_FILE, NULL
};

static int in_dir(const struct an_new_dir *dir, const char *kind, const char *name,
		  char path[AN_PATH_MAX], struct an_error *err)
{
	if (snprintf(path, AN_PATH_MAX, "%s/%s%s", dir->temp, kind, name) >= AN_PATH_MAX)
		return an_fail(err, AN_OUTPUT, "path too long: %.80s…", dir->path);
	return AN_OK;
}

/* svm-scale's own format. Features that never vary are left out, as it does itself. */
static int write_range(const struct an_learned *learned, const char *path, struct an_error *err)
{
	FILE *f = fopen(path, "wxe");
	unsigned int j;
	int ret;

	if (!f)
		return an_fail_sys(err, AN_OUTPUT, "write", path);
	fprintf(f, "x\n0 1\n");
	for (j = 0; j < learned->nfeat; j++)
		if (learned->range[j].min < learned->range[j].max)
			fprintf(f, "%u %.17g %.17g\n", j + 1, learned->range[j].min,
				learned->range[j].max);
	ret = ferror(f);
	if (fclose(f) || ret)
		return an_fail_sys(err, AN_OUTPUT, "write", path);
	return AN_OK;
}

static void add_inputs(cJSON *to, const struct an_gathered *g)
{
	cJSON *list = cJSON_AddArrayToObject(to, "inputs");
	char hex[2 * AN_SHA256_SIZE + 1];
	size_t i;

	for (i = 0; i < g->logs.n; i++) {
		cJSON *o = cJSON_CreateObject();

		an_hex(g->logs.in[i].sha256, AN_SHA256_SIZE, hex);
		cJSON_AddStringToObject(o, "name", g->logs.in[i].name);
		cJSON_AddStringToObject(o, "sha256", hex);
		/* what an earlier run has read is not in the hash */
		if (g->logs.in[i].start.pos)
			cJSON_AddNumberToObject(o, "from", (double)g->logs.in[i].start.pos);
		cJSON_AddItemToArray(list, o);
	}
}

static void add_features(cJSON *o, enum an_kind kind, const struct an_learned *l)
{
	cJSON *names = cJSON_AddArrayToObject(o, "features");
	const char *const *name = kind == AN_SOURCES ? an_feature_names : an_win_names;
	unsigned int n = kind == AN_SOURCES ? AN_NFEATURES : kind == AN_WINDOWS ? AN_W_SCALARS : 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		cJSON_AddItemToArray(names, cJSON_CreateString(name[i]));
	if (kind == AN_WINDOWS)
		cJSON_AddNumberToObject(o, "word_buckets", AN_WORD_BUCKETS);
	if (kind == AN_WINDOWS && l->nfeat == AN_W_NTEXT)
		cJSON_AddNumberToObject(o, "text_places", AN_TEXT_PLACES);
	cJSON_AddNumberToObject(o, "nfeatures", l->nfeat);
}

static void add_names(cJSON *o, const struct an_models *m)
{
	cJSON *fns = cJSON_AddArrayToObject(o, "functions");
	cJSON *nodes = cJSON_AddArrayToObject(o, "nodes");
	unsigned int i;

	for (i = 0; i < m->names.nfns; i++)
		cJSON_AddItemToArray(fns, cJSON_CreateString(m->names.fn[i]));
	for (i = 0; i < m->names.nnodes; i++)
		cJSON_AddItemToArray(nodes, cJSON_CreateNumber(m->names.node[i]));
}

static void add_svm(cJSON *to, const struct an_learned *l)
{
	static const char *const types[] = { "c_svc", "nu_svc", "one_class", "epsilon_svr" };
	cJSON *o = cJSON_AddObjectToObject(to, "svm");

	cJSON_AddStringToObject(o, "type", types[l->type]);
	cJSON_AddStringToObject(o, "kernel", l->chosen.kernel == RBF ? "rbf" : "linear");
	cJSON_AddNumberToObject(o, l->type == ONE_CLASS ? "nu" : "c", l->chosen.c);
	if (l->chosen.kernel == RBF)
		cJSON_AddNumberToObject(o, "gamma", l->chosen.gamma);
	if (l->type == EPSILON_SVR)
		cJSON_AddNumberToObject(o, "p", l->chosen.p);
	else
		cJSON_AddNumberToObject(o, "threshold", l->threshold);
}

static void add_model(cJSON *to, const struct an_models *m, enum an_kind kind,
		      const struct an_model_report *r)
{
	const struct an_learned *l = &m->of[kind];
	cJSON *o = cJSON_AddObjectToObject(to, an_kind_names[kind]);

	cJSON_AddStringToObject(o, "labels", r->labels_text);
	cJSON_AddStringToObject(o, "split", r->split_text);
	cJSON_AddNumberToObject(o, "rows", (double)r->rows);
	if (kind != AN_EXEC)
		cJSON_AddNumberToObject(o, "positives", (double)r->positives);
	cJSON_AddNumberToObject(o, "train_rows", (double)r->train_rows);
	add_svm(o, l);
	if (kind == AN_EXEC) {
		cJSON_AddNumberToObject(o, "mape_permille", r->mape);
		cJSON_AddNumberToObject(o, "hand_rule_mape_permille", r->rule_mape);
		cJSON_AddNumberToObject(o, "tables_mape_permille", r->tables_mape);
		add_names(o, m);
	} else {
		an_quality_put(cJSON_AddObjectToObject(o, "quality"), &r->model);
		an_quality_put(cJSON_AddObjectToObject(o, "hand_rule"), &r->rule);
	}
	cJSON_AddNumberToObject(o, "quality_permille", r->quality);
	cJSON_AddStringToObject(o, "hand_rule_text", r->rule_text);
	add_features(o, kind, l);
}

/* The files' hashes, by which a damaged one is known. */
static int add_file(cJSON *to, const char *name, const char *path, struct an_error *err)
{
	char hex[2 * AN_SHA256_SIZE + 1];

	if (an_hash_file(path, hex))
		return an_fail_sys(err, AN_OUTPUT, "read back", path);
	cJSON_AddStringToObject(to, name, hex);
	return AN_OK;
}

static int write_model(const struct an_new_dir *dir, const struct an_models *m, enum an_kind kind,
		       cJSON *files, struct an_error *err)
{
	const char *name = an_kind_names[kind];
	char path[AN_PATH_MAX], file[32];
	int ret = in_dir(dir, name, ".model", path, err);

	snprintf(file, sizeof(file), "%s.model", name);
	if (!ret && svm_save_model(path, m->of[kind].model))
		ret = an_fail_sys(err, AN_OUTPUT, "write", path);
	if (!ret)
		ret = add_file(files, file, path, err);
	if (!ret)
		ret = in_dir(dir, name, ".range", path, err);
	snprintf(file, sizeof(file), "%s.range", name);
	if (!ret)
		ret = write_range(&m->of[kind], path, err);
	if (!ret)
		ret = add_file(files, file, path, err);
	return ret;
}

static int write_json(const struct an_new_dir *dir, const char *name, const cJSON *root,
		      bool pretty, struct an_error *err)
{
	char path[AN_PATH_MAX];
	int ret = in_dir(dir, "", name, path, err);
	char *text;
	FILE *f;

	if (ret)
		return ret;
	text = pretty ? cJSON_Print(root) : cJSON_PrintUnformatted(root);
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

/* What reports are made of later, when the logs are gone. */
static int write_findings(const struct an_new_dir *dir, const struct an_train_report *report,
			  cJSON *files, struct an_error *err)
{
	cJSON *root = an_findings_make(report);
	char path[AN_PATH_MAX];
	int ret = root ? write_json(dir, AN_FINDINGS_FILE, root, false, err) :
			 an_fail(err, AN_NOMEM, "out of memory");

	cJSON_Delete(root);
	if (!ret)
		ret = in_dir(dir, "", AN_FINDINGS_FILE, path, err);
	return ret ? ret : add_file(files, AN_FINDINGS_FILE, path, err);
}

static int write_all(const struct an_new_dir *dir, const struct an_models *m,
		     const struct an_gathered *g, const struct an_train_options *opt,
		     const struct an_train_report *report, struct an_error *err)
{
	cJSON *root = cJSON_CreateObject(), *models, *files;
	char seed[24];
	int ret = AN_OK, k;

	cJSON_AddNumberToObject(root, "schema", AN_MODEL_SCHEMA);
	cJSON_AddNumberToObject(root, "feature_version", AN_FEATURE_VERSION);
	cJSON_AddNumberToObject(root, "generated", (double)opt->now);
	/* All 64 bits of it, which a double does not hold. */
	snprintf(seed, sizeof(seed), "%" PRIu64, opt->seed);
	cJSON_AddRawToObject(root, "seed", seed);
	cJSON_AddNumberToObject(root, "folds", opt->folds);
	cJSON_AddNumberToObject(root, "min_quality_permille", opt->min_quality);
	if (opt->out_conf)	/* both are written or none */
		cJSON_AddStringToObject(root, "conf", opt->out_conf);
	models = cJSON_AddObjectToObject(root, "models");
	files = cJSON_AddObjectToObject(root, "files");
	for (k = 0; k < AN_KINDS && !ret; k++) {
		if (!m->has[k])
			continue;
		add_model(models, m, (enum an_kind)k, &report->of[k]);
		ret = write_model(dir, m, (enum an_kind)k, files, err);
	}
	add_inputs(root, g);
	if (!ret)
		ret = write_findings(dir, report, files, err);
	if (!ret)
		ret = write_json(dir, MANIFEST_FILE, root, true, err);
	cJSON_Delete(root);
	return ret;
}

int an_model_prepare(struct an_new_dir *dir, const struct an_models *models,
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
	ret = plain ? write_all(dir, models, g, opt, report, err) :
		      an_fail(err, AN_NOMEM, "out of memory");
	if (plain) {
		uselocale(before);
		freelocale(plain);
	}
	if (ret)
		an_dir_abort(dir);
	return ret;
}

void an_models_free(struct an_models *models)
{
	int k;

	for (k = 0; k < AN_KINDS; k++)
		an_learned_free(&models->of[k]);
	memset(models, 0, sizeof(*models));
}
