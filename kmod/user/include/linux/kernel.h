/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: the kernel's odds and ends. libc's <sys/sysinfo.h> reaches this file too. */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>
#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/hex.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdio.h>

#define ARRAY_SIZE(arr)	(sizeof(arr) / sizeof((arr)[0]) +		\
	BUILD_BUG_ON_ZERO(__builtin_types_compatible_p(__typeof__(arr), __typeof__(&(arr)[0]))))
#define PTR_IF(cond, ptr)	((cond) ? (ptr) : NULL)
#define upper_32_bits(n)	((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n)	((u32)((n) & 0xffffffff))
#define typeof_member(T, m)	__typeof__(((T *)0)->m)

/*
 * snprintf() and vsnprintf() are libc's: both give the length the text would have had. The
 * kernel's own conversions (%pI4, %pV, %*ph ...) do not exist here and must not be used.
 * The scn forms give the length really written, without the NUL: 0 when size is 0.
 */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
char *kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3) __malloc;
char *kvasprintf(gfp_t gfp, const char *fmt, va_list args) __printf(2, 0) __malloc;

#define might_sleep()		shim_might_sleep(__FILE__, __LINE__)
#define might_sleep_if(cond)	do { if (cond) might_sleep(); } while (0)
#define u64_to_user_ptr(x)	((void *)(uintptr_t)(x))

/* Aborts when the caller holds a spinlock, reads under RCU or runs an RCU callback. */
void shim_might_sleep(const char *file, int line);

#endif /* SHIM_LINUX_KERNEL_H */
