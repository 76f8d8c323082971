/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libsvm, opened when it is needed and not before: linked the usual way it would bring the C++
 * runtime into every start of a program that trains once a night.
 */
#ifndef VIRGO_AN_SVM_LIB_H
#define VIRGO_AN_SVM_LIB_H

#include <libsvm/svm.h>

#include "analytics.h"

struct an_svm_lib {
	void *handle;
	struct svm_model *(*train)(const struct svm_problem *, const struct svm_parameter *);
	const char *(*check)(const struct svm_problem *, const struct svm_parameter *);
	double (*values)(const struct svm_model *, const struct svm_node *, double *);
	int (*save)(const char *, const struct svm_model *);
	void (*free_model)(struct svm_model **);
	void (*set_print)(void (*)(const char *));
};

/* Returns AN_OK, or AN_NOMEM with a message that names the package. */
int an_svm_open(struct an_svm_lib *lib, struct an_error *err);
void an_svm_close(struct an_svm_lib *lib);

#endif
