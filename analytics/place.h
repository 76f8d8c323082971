/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by line.c and split.c: the places in a line that are believed. */
#ifndef VIRGO_AN_PLACE_H
#define VIRGO_AN_PLACE_H

#include "line.h"

#define AN_PREFIX_MAX	128	/* bytes before "IN="; nftables' longest log prefix is 127 */

/*
 * Where the message of one of the kernel's own lines begins, or NULL. @stamp_end is what an_stamp_parse() has
 * returned for this line, or NULL, with which the answer is the same.
 */
const char *an_kernel_message(const char *s, const char *end, const char *stamp_end);

/* The fields of the kernel's message @msg when it is of a refused packet, or NULL. */
const char *an_block_fields(const struct an_prefixes *prefixes, const char *msg, const char *end);

#endif
