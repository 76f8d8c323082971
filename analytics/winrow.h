/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The numbers a model sees of a window: everything beside the same log's medians, the words of messages that are
 * rare in it, and in logs of few lines what all its messages say. Change one and AN_FEATURE_VERSION must change.
 */
#ifndef VIRGO_AN_WINROW_H
#define VIRGO_AN_WINROW_H

#include <libsvm/svm.h>

#include "window.h"

enum an_win_feature {
	AN_W_LINES_UP, AN_W_LINES_DOWN, AN_W_BLOCKS_UP, AN_W_BLOCKS_DOWN, AN_W_REST_UP,
	AN_W_REST_DOWN, AN_W_LOUD_SHARE, AN_W_LOUD, AN_W_LOUD_SYN, AN_W_LOUD_ACK, AN_W_LOUD_GROUP,
	AN_W_LOUD_UDP, AN_W_LOUD_PORTS, AN_W_PORTS, AN_W_BURST, AN_W_RARE5_LINES,
	AN_W_RARE5_TEMPLATES, AN_W_RARE2_LINES, AN_W_RARE2_TEMPLATES, AN_W_FAULT_RATIO,
	AN_W_FAULT_RARE, AN_W_SURPRISE, AN_W_OOM, AN_W_IO, AN_W_NET, AN_W_CPU,
	AN_W_SCALARS
};

#define AN_W_NFEATURES	(AN_W_SCALARS + AN_WORD_BUCKETS)
#define AN_W_NTEXT	(AN_W_NFEATURES + AN_TEXT_PLACES)	/* with the text of all its messages */

extern const char *const an_win_names[AN_W_SCALARS];

/* What windows are compared with: of the whole log. */
struct an_win_norm {
	double lines, blocks, rest, ports, loud, fault;	/* medians */
	uint32_t n;
};

/* After an_windows_end(). False when out of memory. */
bool an_win_norm(const struct an_windows *w, struct an_win_norm *norm);

/* Whether most minutes hold so little that not more is known of them than what their lines say. */
bool an_win_sparse(const struct an_win_norm *norm);

/*
 * Window @i as a sparse row of @nfeat features, AN_W_NFEATURES or AN_W_NTEXT: about 0 to 1 each, the text as a
 * vector of one length (see an_win_text()), all finite; @x has room for @nfeat + 1. Needs no other windows than
 * those @norm was made of.
 */
void an_win_row(const struct an_windows *w, const struct an_win_norm *norm, size_t i,
		unsigned int nfeat, struct svm_node *x);

/* How much of a template's lines is taken as rare: 1 below 5 % of the windows, 0 for common ones. */
double an_win_rarity(const struct an_windows *w, const struct an_template *t);

/* "oom", "io", "net", "cpu" or "other": what an anomalous window is about. A hand rule. */
const char *an_win_kind(const struct an_windows *w, const struct an_win_norm *norm, size_t i);

#endif
