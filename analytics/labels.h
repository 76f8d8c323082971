/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is hostile, said by somebody who knows:
 * {"sources":[{"ip":"192.0.2.1","malicious":true},…]}; other members are ignored. The list is
 * complete: a source that is not on it is not hostile.
 */
#ifndef VIRGO_AN_LABELS_H
#define VIRGO_AN_LABELS_H

#include "analytics.h"
#include "count.h"

#define AN_LABELS_BYTES	(64u * 1024 * 1024)
#define AN_LABELS_MAX	(1u << 20)

struct an_labels {
	struct an_count seen;	/* user: 1 benign, 2 hostile */
};

enum an_label { AN_LABEL_NONE, AN_LABEL_BENIGN, AN_LABEL_HOSTILE };

/* From @len bytes of JSON; @name is for messages. Returns an an_status. */
int an_labels_parse(struct an_labels *labels, const char *text, size_t len, const char *name,
		    struct an_error *err);

/* The same from a file. */
int an_labels_load(struct an_labels *labels, const char *path, struct an_error *err);

/* Harmless for labels all zero. */
void an_labels_free(struct an_labels *labels);

enum an_label an_labels_get(const struct an_labels *labels, struct an_addr addr);

#endif
