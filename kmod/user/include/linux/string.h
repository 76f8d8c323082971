/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: the kernel's string functions that libc lacks or has in another form. */
#ifndef SHIM_LINUX_STRING_H
#define SHIM_LINUX_STRING_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

/* The length copied, or -E2BIG when src was cut or size is 0. dst always ends in NUL then. */
ssize_t strscpy(char *dst, const char *src, size_t size);
ssize_t strscpy_pad(char *dst, const char *src, size_t size);

/* The allocating forms take GFP flags; free with kfree(). NULL in, NULL out. */
char *kstrdup(const char *s, gfp_t gfp) __malloc;
char *kstrndup(const char *s, size_t max, gfp_t gfp) __malloc;
void *kmemdup(const void *src, size_t len, gfp_t gfp) __malloc;
char *kmemdup_nul(const char *s, size_t len, gfp_t gfp) __malloc;

char *skip_spaces(const char *s);
char *strim(char *s);
char *strnchr(const char *s, size_t count, int c);
char *strnstr(const char *s1, const char *s2, size_t len);
bool sysfs_streq(const char *s1, const char *s2);

/* The index of string, or -EINVAL. The array ends at n or at a NULL. */
int match_string(const char * const *array, size_t n, const char *string);
int __sysfs_match_string(const char * const *array, size_t n, const char *s);
#define sysfs_match_string(_a, _s) \
	__sysfs_match_string(_a, sizeof(_a) / sizeof((_a)[0]), _s)

/* The first byte that is not c, or NULL. */
void *memchr_inv(const void *start, int c, size_t bytes);
const char *kbasename(const char *path);

/* ASCII only, whatever the locale says. */
int shim_strcasecmp(const char *s1, const char *s2);
int shim_strncasecmp(const char *s1, const char *s2, size_t n);
#define strcasecmp(a, b)	shim_strcasecmp(a, b)
#define strncasecmp(a, b, n)	shim_strncasecmp(a, b, n)

static inline void memzero_explicit(void *s, size_t count)
{
	explicit_bzero(s, count);
}

static inline bool strstarts(const char *str, const char *prefix)
{
	return strncmp(str, prefix, strlen(prefix)) == 0;
}

static inline size_t str_has_prefix(const char *str, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(str, prefix, len) == 0 ? len : 0;
}

#endif /* SHIM_LINUX_STRING_H */
