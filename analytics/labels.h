/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What somebody knows who looked:
 * {"sources":[{"ip":"192.0.2.1","malicious":true},…],
 *  "windows":[{"start":"2025-11-03T00:00:00Z","anomalous":true},…],"complete":true}
 * At least one of the two lists; other members are ignored. "start" is a text like that, or a number
 * of Unix seconds, and is rounded to the minute. "complete" (when absent: true) says that a source
 * that is not listed is not malicious; false: that nothing is known of it. A window that is not
 * listed is never known.
 */
#ifndef VIRGO_AN_LABELS_H
#define VIRGO_AN_LABELS_H

#include "analytics.h"
#include "count.h"

#define AN_LABELS_BYTES	(64u * 1024 * 1024)
#define AN_LABELS_MAX	(1u << 20)	/* of either list */

enum an_label { AN_LABEL_NONE, AN_LABEL_BENIGN, AN_LABEL_HOSTILE };

struct an_window_label {
	int64_t start_ms;
	enum an_label label;
};

struct an_labels {
	bool has_sources, has_windows, complete;
	struct an_count seen;		/* user: an_label */
	struct an_window_label *windows;	/* by rising start */
	size_t nwindows;
};

/* From @len bytes of JSON; @name is for messages. Returns an an_status. */
int an_labels_parse(struct an_labels *labels, const char *text, size_t len, const char *name,
		    struct an_error *err);

/* The same from a file. */
int an_labels_load(struct an_labels *labels, const char *path, struct an_error *err);

/* Harmless for labels all zero. */
void an_labels_free(struct an_labels *labels);

/* What is known of a source: AN_LABEL_NONE for one that is not listed, complete or not. */
enum an_label an_labels_get(const struct an_labels *labels, struct an_addr addr);
enum an_label an_labels_window(const struct an_labels *labels, int64_t start_ms);

#endif
