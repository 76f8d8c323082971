/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model directory: sources.model and sources.range as svm-predict and svm-scale -r read them,
 * and manifest.json, which says what they were made of and how good they are.
 */
#ifndef VIRGO_AN_MODEL_H
#define VIRGO_AN_MODEL_H

#include "atomic.h"
#include "gather.h"
#include "learn.h"

/* Writes all three files into a new directory beside opt->model_dir; commit is the caller's. */
int an_model_prepare(struct an_new_dir *dir, const struct an_learned *learned,
		     const struct an_gathered *g, const struct an_train_options *opt,
		     const struct an_train_report *report, struct an_error *err);

#endif
