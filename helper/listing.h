/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process that has read libraries says about them, as the node is told. */
#ifndef HELPER_LISTING_H
#define HELPER_LISTING_H

#include <stdbool.h>

#include "helper/stream.h"

enum { SUMMARY_MAX = 200 };

/*
 * Put the next pairs of what was gathered, behind *at, to room (VIRGO_MSG_DATA bytes). *more: there
 * are others. What is no pair, or not of the form it must have, ends the list. Bytes that were put.
 */
size_t listing_next(const struct stream *s, size_t *at, char *room, bool *more);

#endif
