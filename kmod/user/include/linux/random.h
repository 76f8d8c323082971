/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: random bytes from getrandom(2), good enough for keys. Aborts rather than give weak
 * ones.
 */
#ifndef SHIM_LINUX_RANDOM_H
#define SHIM_LINUX_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *buf, size_t len);
u32 get_random_u32(void);
u64 get_random_u64(void);
/* 0 .. ceil - 1, each as likely. */
u32 get_random_u32_below(u32 ceil);

#endif /* SHIM_LINUX_RANDOM_H */
