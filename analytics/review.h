/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a report is made of: what training left in the model directory and, when logs are given,
 * what its models say of those.
 */
#ifndef VIRGO_AN_REVIEW_H
#define VIRGO_AN_REVIEW_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "analytics.h"

#define AN_REVIEW_ALARMS	40	/* with their lines; the worst ones */
#define AN_REVIEW_SOURCES	20	/* by lines, and as many by score */
#define AN_REVIEW_FNS		64
#define AN_REVIEW_EXEC		2000
#define AN_REVIEW_TEXT		512	/* bytes of a line */

/* Something a model called hostile or anomalous, with copies of all that was lent. */
struct an_alarm {
	struct an_prediction p;		/* no ->fn, no ->file */
	int label;			/* 1, -1, 0: not known */
	char text[AN_CAUSES_MAX][AN_REVIEW_TEXT];
};

struct an_alarms {
	struct an_alarm v[AN_REVIEW_ALARMS];
	size_t n;
	uint64_t all;			/* with those that found no place */
};

struct an_seen_source {
	char ip[AN_ADDR_STRLEN];
	uint64_t lines;
	double score;
	bool hostile;
	int label;
};

struct an_seen_fn {
	char name[96];
	uint64_t runs, judged;		/* judged: with a prediction */
	double error;			/* sum of relative errors */
};

/* What the models say of given logs. Kinds without a model are empty. */
struct an_seen {
	struct an_read_stats read[AN_KINDS];
	bool asked[AN_KINDS];
	struct an_model_report of[AN_KINDS];	/* ->model and ->curve where labels were given */
	bool labelled[AN_KINDS];
	uint64_t judged[AN_KINDS];
	bool trained_on;			/* a log is one of those the model was made of */
	struct an_window_report *windows;	/* by time */
	size_t nwindows, windows_room;
	struct an_seen_source *sources;		/* all judged, by falling lines */
	size_t nsources, sources_room;
	uint64_t hostile;
	struct an_alarms source_alarms, window_alarms;
	struct an_exec_point exec[AN_REVIEW_EXEC];
	size_t nexec;
	uint64_t runs;
	double exec_error;			/* sum of relative errors */
	struct an_seen_fn fns[AN_REVIEW_FNS];
	size_t nfns;
};

struct an_review {
	const struct an_report_options *opt;
	cJSON *manifest, *findings;
	struct an_train_report trained;		/* texts of it belong to findings */
	struct an_seen *seen;			/* NULL: no logs */
	int64_t now;
};

/* Applies the models of @review to the logs of its options. */
int an_see(struct an_review *review, struct an_error *err);
void an_seen_free(struct an_seen *seen);

/* The three forms of it, each a stream's worth. False when out of memory. */
void an_review_text(const struct an_review *review, FILE *f);
void an_review_html(const struct an_review *review, FILE *f);
bool an_review_json(const struct an_review *review, FILE *f);

/* Texts and numbers of the manifest; "" and 0 for what is not there. */
const char *an_review_string(const cJSON *o, const char *name);
double an_review_number(const cJSON *o, const char *name);

/* "2025-11-03 02:15" in UTC. */
const char *an_review_time(int64_t sec, char text[24]);
/* When the manifest says that the model was made; the beginning of time for nonsense. */
const char *an_review_generated(const cJSON *manifest, char text[24]);

#endif
