/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that programs make by way of /dev/virgo: what calls.c (any call), calls_block.c (memory) and calls_clone.c (runs)
 * share. What user space gives is copied once, then checked, and the copy alone is used.
 */
#ifndef VIRGO_LINUX_CALLS_H
#define VIRGO_LINUX_CALLS_H

#include "core/client.h"
#include "core/peers.h"
#include "uapi/virgo.h"

enum {
	IOC_REFUSAL = 64 << 10,		/* bytes of a refusal's body that are read */
	IOC_ANSWER = 4 << 10,		/* of a small answer's */
};

/* One call on its way: all zero but what the caller sets in call and ask. */
struct virgo_ioc_run {
	struct vg_call call;
	struct vg_ask ask;
	struct vg_picked picked;
	struct virgo_ioc_reply *reply;
	struct vg_buf body;		/* a refusal's, or a small answer's */
	struct vg_flight *flight;	/* with open: the answer that is still coming */
};

/* A growing piece of memory that counts as the calling process's */
struct virgo_bag {
	char *p;
	size_t n, cap, max;
};

/*
 * Read a structure of @want bytes, the first two members being its size and the ABI, into @s, and see that it can
 * be written back: 0, -EINVAL, -EPROTONOSUPPORT, -EFAULT.
 */
int virgo_ioc_take(void *s, void __user *p, size_t want);
/* Is every byte 0? */
bool virgo_ioc_zero(const void *p, size_t n);
/* A copy of @n bytes at @user, to be kvfree()d; NULL for 0 bytes; ERR_PTR: -EMSGSIZE (over @max), -EFAULT, -ENOMEM */
void *virgo_ioc_copy(u64 user, u64 n, size_t max);

/* What struct virgo_ioc_to says, for @service: 0 or -EINVAL */
int virgo_ioc_to(struct virgo_ioc_run *run, const struct virgo_ioc_to *to, u32 service);
struct virgo_file;
void virgo_ioc_begin(struct virgo_ioc_run *run, struct virgo_ioc_reply *reply, const struct virgo_file *vf);
/*
 * Pick, call, and go on to the next candidate as long as nobody took it on; fill the reply. 0: an answer, whatever its
 * status, in run->call; a refusal's body in run->body. With @open the body of any other is still to be read
 * from run->flight. virgo_ioc_end() in any case.
 */
int virgo_ioc_do(struct virgo_ioc_run *run, bool open);
void virgo_ioc_end(struct virgo_ioc_run *run);
/* 0 for what was answered with 2xx, -EREMOTEIO for a refusal, or @ret */
int virgo_ioc_verdict(const struct virgo_ioc_run *run, int ret);

/* An error that says that nothing was done: then nothing is filled either */
bool virgo_ioc_is_refused(int ret, const struct virgo_ioc_reply *reply);

int virgo_bag_sink(struct vg_call *call, const void *p, size_t n);	/* call->ctx is the bag */

long virgo_ioctl_call(struct virgo_file *vf, void __user *p);
long virgo_ioctl_nodes(void __user *p);
long virgo_ioctl_malloc(struct virgo_file *vf, void __user *p);
long virgo_ioctl_block(struct virgo_file *vf, unsigned int cmd, void __user *p);
long virgo_ioctl_clone(struct virgo_file *vf, void __user *p);

#endif
