/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Pure: no allocation, any context.
 */
#ifndef VG_CORE_UTF8_H
#define VG_CORE_UTF8_H

#include "core/str.h"

/*
 * Length (1-4) of the well-formed sequence at @p of which @n bytes are there; 0 if there is none.
 * @cp, if not NULL, gets the code point.
 */
unsigned int vg_utf8_decode(const char *p, size_t n, u32 *cp);

/* Writes @cp, returns the length 1-4, or 0 (nothing written) for a surrogate or above U+10FFFF */
unsigned int vg_utf8_encode(u32 cp, char out[4]);

/* Length of the longest well-formed prefix: equal to @n if all of it is */
size_t vg_utf8_span(const char *p, size_t n);

static inline bool vg_utf8_valid(const char *p, size_t n)
{
	return vg_utf8_span(p, n) == n;
}

#endif
