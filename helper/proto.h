/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The node's messages taken apart. Nothing here does I/O or allocates; what is returned points into
 * the message.
 */
#ifndef HELPER_PROTO_H
#define HELPER_PROTO_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "uapi/virgo.h"

/* n strings one behind the other, each with its NUL */
struct strings {
	const char *first;
	size_t n;
};

static inline const char *strings_next(const char *s)
{
	return s + strlen(s) + 1;
}

struct request {
	uint64_t id;
	struct virgo_run run;
	const char *name, *user, *group, *cwd;
	struct strings args, env, allow;
};

/*
 * Whether the n bytes at msg are a whole message that a node may send. NULL, or what is wrong with
 * it; *head is filled if there is one.
 */
const char *proto_head(const void *msg, size_t n, struct virgo_msg *head);

/* The strings of n bytes, NULL or what is wrong. */
const char *proto_strings(const void *p, size_t n, struct strings *s);

/* A RUN or LIST message that proto_head() is content with: NULL, or what is wrong with it. */
const char *proto_run(const void *msg, size_t n, struct request *r);
const char *proto_list(const void *msg, size_t n, struct request *r);

#endif
