/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a node's JSON becomes jobs. */
#ifndef VIRGO_JOB_INT_H
#define VIRGO_JOB_INT_H

#include <virgo/job.h>

#include "core/json.h"

/* parse an answer's text, an object: 0 and *toks (free it when doc is no longer used), or -1 */
int virgo_job_doc(struct vg_json *doc, const char *text, size_t len, struct vg_jtok **toks);
/* one job: 0, or -1: it is none */
int virgo_job_read(const struct vg_json *doc, const struct vg_jtok *obj, const char *node,
		   struct virgo_job_info *info);

#endif
