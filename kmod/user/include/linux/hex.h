/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: bytes to hexadecimal and back. On kernels before 6.4 include <linux/kernel.h> instead. */
#ifndef SHIM_LINUX_HEX_H
#define SHIM_LINUX_HEX_H

#include <linux/compiler.h>
#include <linux/types.h>

extern const char hex_asc[];
extern const char hex_asc_upper[];

#define hex_asc_lo(x)	hex_asc[((x) & 0x0f)]
#define hex_asc_hi(x)	hex_asc[((x) & 0xf0) >> 4]

static inline char *hex_byte_pack(char *buf, u8 byte)
{
	*buf++ = hex_asc_hi(byte);
	*buf++ = hex_asc_lo(byte);
	return buf;
}

/* The value 0..15 of a digit, or -1. Takes the same time for every digit. */
int hex_to_bin(unsigned char ch);

/* Reads 2 * count digits; 0, or -EINVAL at the first that is none. */
int __must_check hex2bin(u8 *dst, const char *src, size_t count);

/* Writes 2 * count lower-case digits without a NUL, gives the byte after the last. */
char *bin2hex(char *dst, const void *src, size_t count);

#endif /* SHIM_LINUX_HEX_H */
