/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model directory: KIND.model and KIND.range of sources, windows and exec, as svm-predict and
 * svm-scale -r read them, report.json with what else was found, and manifest.json, which says what
 * they were made of, how good they are, and by which features and hashes they are known.
 */
#ifndef VIRGO_AN_MODEL_H
#define VIRGO_AN_MODEL_H

#include <cjson/cJSON.h>

#include "atomic.h"
#include "curve.h"
#include "gather.h"
#include "learn.h"

#define AN_MODEL_SCHEMA	2

struct an_models {
	struct an_learned of[AN_KINDS];
	bool has[AN_KINDS];
	struct an_run_names names;	/* of AN_EXEC */
	struct an_curves curves;	/* what was learnt with it; not loaded */
};

/* Writes all files into a new directory beside opt->model_dir; commit is the caller's. */
int an_model_prepare(struct an_new_dir *dir, const struct an_models *models,
		     const struct an_gathered *g, const struct an_train_options *opt,
		     const struct an_train_report *report, struct an_error *err);

/* Which models @dir holds; refuses a directory of another version. */
int an_model_has(const char *dir, bool has[AN_KINDS], struct an_error *err);

/*
 * Loads model @kind from @dir. Refuses (AN_INPUT) what another version wrote, what is not as it was
 * written, and a directory without that model. an_models_free() in any case.
 */
int an_model_load(struct an_models *models, const char *dir, enum an_kind kind,
		  struct an_error *err);

/* manifest.json and report.json of @dir, checked in the same way; cJSON_Delete() both. */
int an_model_describe(const char *dir, cJSON **manifest, cJSON **findings, struct an_error *err);

void an_models_free(struct an_models *models);

#endif
