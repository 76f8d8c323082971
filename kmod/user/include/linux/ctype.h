/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: character classes of the kernel: Latin-1 for letters, never the locale of the process. */
#ifndef SHIM_LINUX_CTYPE_H
#define SHIM_LINUX_CTYPE_H

#include <ctype.h>
#include <linux/types.h>

#undef isalnum
#undef isalpha
#undef iscntrl
#undef isdigit
#undef isgraph
#undef islower
#undef isprint
#undef ispunct
#undef isspace
#undef isupper
#undef isxdigit
#undef isascii
#undef toascii
#undef tolower
#undef toupper

#define SHIM_U	0x01	/* upper */
#define SHIM_L	0x02	/* lower */
#define SHIM_D	0x04	/* digit */
#define SHIM_C	0x08	/* control */
#define SHIM_P	0x10	/* punctuation */
#define SHIM_S	0x20	/* white space */
#define SHIM_X	0x40	/* hexadecimal letter */
#define SHIM_SP	0x80	/* the hard space 0x20 */

extern const unsigned char shim_ctype[256];

#define shim_is(c, mask)	((shim_ctype[(unsigned char)(c)] & (mask)) != 0)

#define isalnum(c)	shim_is(c, SHIM_U | SHIM_L | SHIM_D)
#define isalpha(c)	shim_is(c, SHIM_U | SHIM_L)
#define iscntrl(c)	shim_is(c, SHIM_C)
#define isdigit(c)	((unsigned int)(c) - '0' < 10u)
#define isgraph(c)	shim_is(c, SHIM_P | SHIM_U | SHIM_L | SHIM_D)
#define islower(c)	shim_is(c, SHIM_L)
#define isprint(c)	shim_is(c, SHIM_P | SHIM_U | SHIM_L | SHIM_D | SHIM_SP)
#define ispunct(c)	shim_is(c, SHIM_P)
#define isspace(c)	shim_is(c, SHIM_S)
#define isupper(c)	shim_is(c, SHIM_U)
#define isxdigit(c)	shim_is(c, SHIM_D | SHIM_X)
#define isascii(c)	(((unsigned char)(c)) <= 0x7f)
#define toascii(c)	(((unsigned char)(c)) & 0x7f)

static inline unsigned char shim_tolower(unsigned char c)
{
	return isupper(c) ? (unsigned char)(c + 0x20) : c;
}

static inline unsigned char shim_toupper(unsigned char c)
{
	/* 0xdf and 0xff are lower without an upper form in Latin-1; the kernel shifts them too. */
	return islower(c) ? (unsigned char)(c - 0x20) : c;
}

#define tolower(c)	shim_tolower(c)
#define toupper(c)	shim_toupper(c)

#endif /* SHIM_LINUX_CTYPE_H */
