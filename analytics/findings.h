/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What training found, as JSON: a file of the model directory, from which reports are made later,
 * when the logs are long gone.
 */
#ifndef VIRGO_AN_FINDINGS_H
#define VIRGO_AN_FINDINGS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "analytics.h"

#define AN_FINDINGS_FILE	"report.json"
#define AN_FINDINGS_BYTES	(64u << 20)

/* What models are called in the directory, its manifest and findings. */
extern const char *const an_kind_names[AN_KINDS];

/*
 * The caller's; NULL when out of memory. Only what the logs say, nothing of the run (clock, names
 * of files): the same input, the same bytes.
 */
cJSON *an_findings_make(const struct an_train_report *r);

/*
 * The other way round. Whatever is missing or makes no sense is left empty. Texts of *r point into
 * @root, which must live as long. False when out of memory; an_train_report_free() in any case.
 */
bool an_findings_take(const cJSON *root, struct an_train_report *r);

/* Counts of predictions and what was made of them, as members of the object @o. */
void an_quality_put(cJSON *o, const struct an_quality *q);

#endif
