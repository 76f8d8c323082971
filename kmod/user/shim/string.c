// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: strings. Must never look at the process's locale. */
#include <linux/bug.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#define C	SHIM_C
#define P	SHIM_P
#define D	SHIM_D
#define U	SHIM_U
#define L	SHIM_L

const unsigned char shim_ctype[256] = {
	[0x00 ... 0x08] = C,
	[0x09 ... 0x0d] = C | SHIM_S,
	[0x0e ... 0x1f] = C,
	[' '] = SHIM_S | SHIM_SP,
	['!' ... '/'] = P,
	['0' ... '9'] = D,
	[':' ... '@'] = P,
	['A' ... 'F'] = U | SHIM_X,
	['G' ... 'Z'] = U,
	['[' ... '`'] = P,
	['a' ... 'f'] = L | SHIM_X,
	['g' ... 'z'] = L,
	['{' ... '~'] = P,
	[0x7f] = C,
	[0xa0] = SHIM_S | SHIM_SP,
	[0xa1 ... 0xbf] = P,
	[0xc0 ... 0xd6] = U,
	[0xd7] = P,
	[0xd8 ... 0xde] = U,
	[0xdf ... 0xf6] = L,
	[0xf7] = P,
	[0xf8 ... 0xff] = L,
};

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len;

	if (!size || size > INT_MAX)
		return -E2BIG;
	len = strnlen(src, size);
	if (len < size) {
		memcpy(dst, src, len + 1);
		return (ssize_t)len;
	}
	memcpy(dst, src, size - 1);
	dst[size - 1] = '\0';
	return -E2BIG;
}

ssize_t strscpy_pad(char *dst, const char *src, size_t size)
{
	ssize_t len = strscpy(dst, src, size);

	if (len >= 0)
		memset(dst + len, 0, size - (size_t)len);
	return len;
}

char *kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	char *p;

	if (!s)
		return NULL;
	p = kmalloc(size_add(len, 1), gfp);
	if (p) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strlen(s), gfp) : NULL;
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strnlen(s, max), gfp) : NULL;
}

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = kmalloc(len, gfp);

	if (p)
		memcpy(p, src, len);
	return p;
}

char *skip_spaces(const char *s)
{
	while (isspace(*s))
		s++;
	return (char *)s;
}

char *strim(char *s)
{
	size_t len;

	s = skip_spaces(s);
	len = strlen(s);
	while (len && isspace(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

char *strnchr(const char *s, size_t count, int c)
{
	for (; count; s++, count--) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			break;
	}
	return NULL;
}

char *strnstr(const char *s1, const char *s2, size_t len)
{
	size_t l2 = strlen(s2);

	for (; len >= l2; s1++, len--)
		if (!memcmp(s1, s2, l2))
			return (char *)s1;
	return NULL;
}

bool sysfs_streq(const char *s1, const char *s2)
{
	while (*s1 && *s1 == *s2) {
		s1++;
		s2++;
	}
	if (*s1 == *s2)
		return true;
	return (!*s1 && !strcmp(s2, "\n")) || (!*s2 && !strcmp(s1, "\n"));
}

int match_string(const char * const *array, size_t n, const char *string)
{
	size_t i;

	for (i = 0; i < n && array[i]; i++)
		if (!strcmp(array[i], string))
			return (int)i;
	return -EINVAL;
}

int __sysfs_match_string(const char * const *array, size_t n, const char *s)
{
	size_t i;

	for (i = 0; i < n && array[i]; i++)
		if (sysfs_streq(array[i], s))
			return (int)i;
	return -EINVAL;
}

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	/* each byte like the one before it: the C library compares many at a time */
	if (!bytes || (*p == (u8)c && !memcmp(p, p + 1, bytes - 1)))
		return NULL;
	for (; bytes; p++, bytes--)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

const char *kbasename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int shim_strncasecmp(const char *s1, const char *s2, size_t n)
{
	for (; n; s1++, s2++, n--) {
		unsigned char a = *s1, b = *s2;

		if (a != b) {
			a = tolower(a);
			b = tolower(b);
		}
		if (a != b)
			return (int)a - (int)b;
		if (!a)
			break;
	}
	return 0;
}

int shim_strcasecmp(const char *s1, const char *s2)
{
	return shim_strncasecmp(s1, s2, SIZE_MAX);
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n;

	if (!size)
		return 0;
	n = vsnprintf(buf, size, fmt, args);
	if (n < 0)
		SHIM_BUG("vsnprintf(\"%s\") failed", fmt);
	return (size_t)n < size ? n : (int)(size - 1);
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

char *kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return NULL;
	p = kmalloc((size_t)n + 1, gfp);
	if (p)
		vscnprintf(p, (size_t)n + 1, fmt, args);
	return p;
}

char *kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = kvasprintf(gfp, fmt, args);
	va_end(args);
	return p;
}
