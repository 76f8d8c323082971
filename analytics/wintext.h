/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the messages of a window say, for logs that hold but a line or two a minute: there a new kind of fault is
 * known by the words, and by the pairs of them, that it shares with known ones, and by nothing else.
 */
#ifndef VIRGO_AN_WINTEXT_H
#define VIRGO_AN_WINTEXT_H

#include <libsvm/svm.h>

#include "window.h"

/*
 * Appends the text of window @i to the sparse row @x, which has room for it: AN_TEXT_PLACES features from index
 * @after + 1 on, above all that @x holds. Of each, 1 + log of the lines it is in; their vector has a fixed length,
 * several times that of all the other features, so that a line of many words is not louder than one of few.
 */
void an_win_text(const struct an_windows *w, size_t i, int after, struct svm_node *x);

#endif
