/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking configuration files with the parsers that read them, errors all at once. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stddef.h>

/* told of every error; line 0: of the file as a whole */
typedef void (*check_fn)(void *arg, const char *file, unsigned int line, unsigned int col,
			 const char *msg);

/* 0: it was read, or errno: it could not be */
int check_node_file(const char *path, check_fn fn, void *arg);
int check_client_file(const char *path, check_fn fn, void *arg);
/* what a node's file says of key: 0, or -1: nothing, or it can't be read, or is longer than size */
int check_node_value(const char *path, const char *key, char *value, size_t size);

#endif
