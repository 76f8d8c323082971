/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --jq: libjq, loaded only when asked for, because loading it costs more than most commands. */
#ifndef CLI_JQ_H
#define CLI_JQ_H

#include <stddef.h>
#include <stdio.h>

/*
 * Write what expr makes of each JSON document in json, one result a line; strings as their text,
 * the rest as JSON. 0, or -1 and why.
 */
int jq_filter(const char *expr, const char *json, size_t len, FILE *to, char *why, size_t size);

#endif
