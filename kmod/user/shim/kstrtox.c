// SPDX-License-Identifier: GPL-2.0-or-later
/* Shim: numbers and bytes from text. Must never accept what the kernel's own functions refuse. */
#include <linux/errno.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>

const char hex_asc[] = "0123456789abcdef";
const char hex_asc_upper[] = "0123456789ABCDEF";

/* All ones when lo <= c <= hi, else 0, without a branch. */
static int in_range(int c, int lo, int hi)
{
	return ~((c - lo) | (hi - c)) >> 31;
}

int hex_to_bin(unsigned char ch)
{
	int c = ch;
	int upper = c & 0xdf;

	return -1 + ((c - '0' + 1) & in_range(c, '0', '9')) +
	       ((upper - 'A' + 11) & in_range(upper, 'A', 'F'));
}

int hex2bin(u8 *dst, const char *src, size_t count)
{
	while (count--) {
		int hi, lo;

		hi = hex_to_bin((unsigned char)*src++);
		if (hi < 0)
			return -EINVAL;
		lo = hex_to_bin((unsigned char)*src++);
		if (lo < 0)
			return -EINVAL;
		*dst++ = (u8)(hi << 4 | lo);
	}
	return 0;
}

char *bin2hex(char *dst, const void *src, size_t count)
{
	const u8 *p = src;

	while (count--)
		dst = hex_byte_pack(dst, *p++);
	return dst;
}

/* Takes the base's mark off; base 0 becomes 8, 10 or 16. */
static const char *skip_radix(const char *s, unsigned int *base)
{
	bool x = s[0] == '0' && (s[1] | 0x20) == 'x';

	if (!*base)
		*base = x && hex_to_bin((unsigned char)s[2]) >= 0 ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && x ? s + 2 : s;
}

/* A number without sign, then at most one newline, then the end. */
static int parse(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long val = 0;
	bool over = false;
	const char *begin;

	s = skip_radix(s, &base);
	begin = s;
	for (;; s++) {
		int digit = hex_to_bin((unsigned char)*s);

		if (digit < 0 || (unsigned int)digit >= base)
			break;
		over |= __builtin_mul_overflow(val, base, &val);
		over |= __builtin_add_overflow(val, (unsigned int)digit, &val);
	}
	if (over)
		return -ERANGE;
	if (s == begin)
		return -EINVAL;
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	*res = val;
	return 0;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	return parse(*s == '+' ? s + 1 : s, base, res);
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	unsigned long long val;
	bool negative = *s == '-';
	int err;

	err = negative ? parse(s + 1, base, &val) : kstrtoull(s, base, &val);
	if (err)
		return err;
	if (val > (unsigned long long)LLONG_MAX + negative)
		return -ERANGE;
	*res = negative ? (long long)(0 - val) : (long long)val;
	return 0;
}

#define NARROW(name, type, wide, widetype)				\
int name(const char *s, unsigned int base, type *res)			\
{									\
	widetype val;							\
	int err = wide(s, base, &val);					\
									\
	if (err)							\
		return err;						\
	if (val != (widetype)(type)val)					\
		return -ERANGE;						\
	*res = (type)val;						\
	return 0;							\
}

NARROW(kstrtoul, unsigned long, kstrtoull, unsigned long long)
NARROW(kstrtol, long, kstrtoll, long long)
NARROW(kstrtouint, unsigned int, kstrtoull, unsigned long long)
NARROW(kstrtoint, int, kstrtoll, long long)
NARROW(kstrtou16, u16, kstrtoull, unsigned long long)
NARROW(kstrtos16, s16, kstrtoll, long long)
NARROW(kstrtou8, u8, kstrtoull, unsigned long long)
NARROW(kstrtos8, s8, kstrtoll, long long)

int kstrtobool(const char *s, bool *res)
{
	if (!s)
		return -EINVAL;
	switch (s[0]) {
	case 'y':
	case 'Y':
	case 't':
	case 'T':
	case '1':
		*res = true;
		return 0;
	case 'n':
	case 'N':
	case 'f':
	case 'F':
	case '0':
		*res = false;
		return 0;
	case 'o':
	case 'O':
		if ((s[1] | 0x20) != 'n' && (s[1] | 0x20) != 'f')
			return -EINVAL;
		*res = (s[1] | 0x20) == 'n';
		return 0;
	default:
		return -EINVAL;
	}
}
