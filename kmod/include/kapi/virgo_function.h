/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that a module lets other nodes call (POST /v1/exec with kind "kernel"): what virgo_cpupool.ko
 * exports to GPL modules. A function runs in process context on a kernel thread, several at a time, and has
 * a deadline: it is asked to end, never killed.
 */
#ifndef KAPI_VIRGO_FUNCTION_H
#define KAPI_VIRGO_FUNCTION_H

#include <linux/list.h>
#include <linux/types.h>

/* one call; valid until run() returns */
struct virgo_call;

unsigned int virgo_call_args(const struct virgo_call *call);
/* NUL-terminated; NULL: there is no argument @i */
const char *virgo_call_arg(const struct virgo_call *call, unsigned int i);
/* what was sent as standard input */
const u8 *virgo_call_input(const struct virgo_call *call, size_t *n);
/* Append to the output; what is over the node's output_max is only counted. May sleep. */
void virgo_call_write(struct virgo_call *call, const void *p, size_t n);
__printf(2, 3) void virgo_call_printf(struct virgo_call *call, const char *fmt, ...);
/* The deadline has passed, the caller has gone or the module is to be unloaded: return soon. */
bool virgo_call_should_stop(const struct virgo_call *call);
u32 virgo_call_node(const struct virgo_call *call);
/*
 * The value of a key of this node's memory pool, as far as who calls may read it: @fn's value, -EACCES, -ENOENT,
 * -EOPNOTSUPP (no memory pool here). @fn may sleep, and must not keep @p.
 */
int virgo_call_read_key(struct virgo_call *call, const char *key,
			int (*fn)(void *ctx, const u8 *p, size_t n), void *ctx);

/*
 * @name: [A-Za-z_][A-Za-z0-9_]*, at most 63 characters. @summary: one line for GET /v1/functions.
 * @run: returns the function's value, 0 for success.
 */
struct virgo_function {
	const char *name;
	const char *summary;
	s64 (*run)(struct virgo_call *call);
	/* virgo's own */
	struct list_head link;
	unsigned int running;
	bool going;
};

/* 0, -EINVAL (its name) or -EEXIST. @f stays until it is unregistered. */
int virgo_function_register(struct virgo_function *f);
/* Nobody finds it any more; waits until those who are in it have returned. May sleep. */
void virgo_function_unregister(struct virgo_function *f);

#endif
