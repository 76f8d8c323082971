/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands read: standard input or a file named by an argument, bounded. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/cli.h"

enum { INPUT_BODY_MAX = 64 << 20, INPUT_TEXT_MAX = 1 << 20 };

/*
 * The bytes a person gave: word itself, or standard input if it is "-". 0, or a status after
 * reporting. End with virgo_body_free(); word must live as long.
 */
int input_body(struct run *r, const char *word, struct virgo_body *body);
/* the same from an open file; name is for the error */
int input_body_fd(struct run *r, int fd, struct virgo_body *body);
/* a whole file ("-": standard input) of at most INPUT_TEXT_MAX bytes; NUL follows; free *text */
int input_text(struct run *r, const char *path, char **text, size_t *len);

#endif
