/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: BUG and WARN. Both abort: a warning of the kernel is a failed test here. */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* Prints one line with the place and aborts. Used by the whole shim for misuse of an API. */
void shim_bug(const char *file, int line, const char *func, const char *fmt, ...)
	__printf(4, 5) __noreturn;

#define SHIM_BUG(...)	shim_bug(__FILE__, __LINE__, __func__, __VA_ARGS__)

#define BUG()		SHIM_BUG("BUG")
#define BUG_ON(cond)	do { if (unlikely(cond)) SHIM_BUG("BUG_ON(%s)", #cond); } while (0)

/* The value is the condition, as in the kernel, though a true one never returns. */
#define WARN_ON(cond) ({						\
	bool __shim_warn = !!(cond);					\
									\
	if (unlikely(__shim_warn))					\
		SHIM_BUG("WARN_ON(%s)", #cond);				\
	__shim_warn;							\
})
#define WARN(cond, ...) ({						\
	bool __shim_warn = !!(cond);					\
									\
	if (unlikely(__shim_warn))					\
		SHIM_BUG(__VA_ARGS__);					\
	__shim_warn;							\
})
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN_ONCE(cond, ...)	WARN(cond, __VA_ARGS__)

#endif /* SHIM_LINUX_BUG_H */
