// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads a model directory; must never use a file that is not exactly what training wrote. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "findings.h"
#include "hash.h"
#include "model.h"

#define MANIFEST_MAX	(4u << 20)

static int join(const char *dir, const char *kind, const char *name, char path[AN_PATH_MAX],
		struct an_error *err)
{
	if (snprintf(path, AN_PATH_MAX, "%s/%s%s", dir, kind, name) >= AN_PATH_MAX)
		return an_fail(err, AN_USAGE, "path too long: %.80s…", dir);
	return AN_OK;
}

static int read_json(const char *dir, const char *name, off_t max, cJSON **root,
		     struct an_error *err)
{
	char path[AN_PATH_MAX];
	int ret = join(dir, "", name, path, err);
	struct stat st;
	char *text;
	FILE *f;

	if (ret)
		return ret;
	f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st)) {
		ret = an_fail_sys(err, AN_INPUT, "open", path);
		if (f)
			fclose(f);
		return ret;
	}
	text = st.st_size >= 0 && st.st_size < max ? calloc(1, (size_t)st.st_size + 1) :
	       NULL;
	if (text)
		*root = cJSON_ParseWithLength(text, fread(text, 1, (size_t)st.st_size, f));
	fclose(f);
	free(text);
	if (!*root)
		return an_fail(err, AN_INPUT, "%s is damaged: it is not JSON; train again", path);
	return AN_OK;
}

static double number(const cJSON *o, const char *name, double absent)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsNumber(v) ? v->valuedouble : absent;
}

static const char *text(const cJSON *o, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return s ? s : "";
}

/* The file is there and as it was written. */
static int check_file(const cJSON *root, const char *path, const char *name, struct an_error *err)
{
	const cJSON *files = cJSON_GetObjectItemCaseSensitive(root, "files");
	char hex[65];

	if (an_hash_file(path, hex))
		return an_fail_sys(err, AN_INPUT, "open", path);
	if (strcmp(hex, text(files, name)))
		return an_fail(err, AN_INPUT, "%s is damaged: its hash is not that of the "
			       "manifest; train again", path);
	return AN_OK;
}

static int read_range(struct an_learned *l, const char *path, struct an_error *err)
{
	FILE *f = fopen(path, "re");
	unsigned int index;
	double min, max;
	int bad;

	if (!f)
		return an_fail_sys(err, AN_INPUT, "open", path);
	l->range = calloc(l->nfeat + 1ul, sizeof(*l->range));
	bad = !l->range || fscanf(f, "x %lf %lf", &min, &max) != 2;
	while (!bad && fscanf(f, "%u %lf %lf", &index, &min, &max) == 3) {
		bad = !index || index > l->nfeat || !(min < max);
		if (!bad)
			l->range[index - 1] = (struct an_range){ min, max };
	}
	bad |= !feof(f);
	fclose(f);
	return bad ? an_fail(err, AN_INPUT, "%s is damaged; train again", path) : AN_OK;
}

/* Names of functions and nodes, in the order the features were numbered by. */
static bool read_names(const cJSON *o, struct an_run_names *names)
{
	const cJSON *fns = cJSON_GetObjectItemCaseSensitive(o, "functions");
	const cJSON *nodes = cJSON_GetObjectItemCaseSensitive(o, "nodes"), *v;

	cJSON_ArrayForEach(v, fns) {
		const char *s = cJSON_GetStringValue(v);

		if (!s || strlen(s) >= AN_RUN_NAME || names->nfns == AN_RUN_FNS)
			return false;
		strcpy(names->fn[names->nfns++], s);
	}
	cJSON_ArrayForEach(v, nodes) {
		if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= UINT32_MAX) ||
		    names->nnodes == AN_RUN_NODES)
			return false;
		names->node[names->nnodes++] = (uint32_t)v->valuedouble;
	}
	return names->nfns;
}

static int load_files(struct an_models *m, const cJSON *root, const char *dir, enum an_kind kind,
		      struct an_error *err)
{
	const char *name = an_kind_names[kind];
	struct an_learned *l = &m->of[kind];
	char path[AN_PATH_MAX], file[32];
	int ret = join(dir, name, ".range", path, err);

	snprintf(file, sizeof(file), "%s.range", name);
	if (!ret)
		ret = check_file(root, path, file, err);
	if (!ret)
		ret = read_range(l, path, err);
	if (!ret)
		ret = join(dir, name, ".model", path, err);
	snprintf(file, sizeof(file), "%s.model", name);
	if (!ret)
		ret = check_file(root, path, file, err);
	if (ret)
		return ret;
	an_learn_quiet();
	l->model = svm_load_model(path);
	if (!l->model || (l->model->nr_class != 2))
		return an_fail(err, AN_INPUT, "%s is damaged: libsvm cannot load it; train again",
			       path);
	l->type = l->model->param.svm_type;
	l->chosen.kernel = l->model->param.kernel_type;
	return an_learned_weigh(l) ? AN_OK : an_fail(err, AN_NOMEM, "out of memory");
}

/* How many features this version makes of such rows: of minutes, @given says which of two. */
static unsigned int features_of(const struct an_models *m, enum an_kind kind, double given)
{
	if (kind == AN_SOURCES)
		return AN_NFEATURES;
	if (kind == AN_WINDOWS)
		return given == AN_W_NTEXT ? AN_W_NTEXT : AN_W_NFEATURES;
	return an_run_nfeat(&m->names);
}

static int check_version(const cJSON *root, const char *dir, struct an_error *err)
{
	double version = number(root, "feature_version", 0);

	if (number(root, "schema", 0) == AN_MODEL_SCHEMA && version == AN_FEATURE_VERSION)
		return AN_OK;
	return an_fail(err, AN_INPUT, "the model in %s is of feature version %.0f, and this "
		       "program's is %d: train again", dir, version, AN_FEATURE_VERSION);
}

static int load_checked(struct an_models *m, const cJSON *root, const char *dir,
			enum an_kind kind, struct an_error *err)
{
	const cJSON *models = cJSON_GetObjectItemCaseSensitive(root, "models");
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(models, an_kind_names[kind]);
	int ret = check_version(root, dir, err);

	if (ret)
		return ret;
	if (!cJSON_IsObject(o))
		return an_fail(err, AN_INPUT, "%s holds no model of %s: none was better than its "
			       "baseline when it was trained", dir, an_kind_names[kind]);
	if (kind == AN_EXEC && !read_names(o, &m->names))
		return an_fail(err, AN_INPUT, "%s/manifest.json is damaged; train again", dir);
	m->of[kind].nfeat = features_of(m, kind, number(o, "nfeatures", 0));
	if (number(o, "nfeatures", 0) != m->of[kind].nfeat)
		return an_fail(err, AN_INPUT, "%s/manifest.json is damaged: %s has %.0f features "
			       "and not %u; train again", dir, an_kind_names[kind],
			       number(o, "nfeatures", 0), m->of[kind].nfeat);
	m->has[kind] = true;
	return load_files(m, root, dir, kind, err);
}

int an_model_load(struct an_models *models, const char *dir, enum an_kind kind,
		  struct an_error *err)
{
	locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0), before;
	cJSON *root = NULL;
	int ret;

	memset(models, 0, sizeof(*models));
	if (!plain)
		return an_fail(err, AN_NOMEM, "out of memory");
	before = uselocale(plain);
	ret = read_json(dir, "manifest.json", MANIFEST_MAX, &root, err);
	if (!ret)
		ret = load_checked(models, root, dir, kind, err);
	cJSON_Delete(root);
	uselocale(before);
	freelocale(plain);
	return ret;
}

int an_model_has(const char *dir, bool has[AN_KINDS], struct an_error *err)
{
	const cJSON *models;
	cJSON *root = NULL;
	int ret = read_json(dir, "manifest.json", MANIFEST_MAX, &root, err), kind;

	if (!ret)
		ret = check_version(root, dir, err);
	models = cJSON_GetObjectItemCaseSensitive(root, "models");
	for (kind = 0; kind < AN_KINDS; kind++)
		has[kind] = !ret && cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(
					models, an_kind_names[kind]));
	cJSON_Delete(root);
	return ret;
}

int an_model_describe(const char *dir, cJSON **manifest, cJSON **findings, struct an_error *err)
{
	char path[AN_PATH_MAX];
	int ret;

	*manifest = *findings = NULL;
	ret = read_json(dir, "manifest.json", MANIFEST_MAX, manifest, err);
	if (!ret)
		ret = check_version(*manifest, dir, err);
	if (!ret)
		ret = join(dir, "", AN_FINDINGS_FILE, path, err);
	if (!ret)
		ret = check_file(*manifest, path, AN_FINDINGS_FILE, err);
	if (!ret)
		ret = read_json(dir, AN_FINDINGS_FILE, AN_FINDINGS_BYTES, findings, err);
	if (!ret)
		return AN_OK;
	cJSON_Delete(*manifest);
	cJSON_Delete(*findings);
	*manifest = *findings = NULL;
	return ret;
}
