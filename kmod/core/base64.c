// SPDX-License-Identifier: GPL-2.0-or-later
/* Base64 in both directions. Must never accept two spellings of the same bytes. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>

#include "core/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int vg_base64_encode(struct vg_buf *b, const void *p, size_t n)
{
	const u8 *s = p;
	size_t i;

	for (i = 0; i < n; i += 3) {
		u32 v = s[i] << 16 | (i + 1 < n ? s[i + 1] << 8 : 0) | (i + 2 < n ? s[i + 2] : 0);
		char four[4] = {
			digits[v >> 18], digits[v >> 12 & 63],
			i + 1 < n ? digits[v >> 6 & 63] : '=', i + 2 < n ? digits[v & 63] : '=',
		};

		if (vg_buf_put(b, four, sizeof(four)))
			break;
	}
	return b->err;
}
EXPORT_SYMBOL_GPL(vg_base64_encode);

static int digit_value(char c)
{
	if (vg_is_upper(c))
		return c - 'A';
	if (vg_is_lower(c))
		return c - 'a' + 26;
	if (vg_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t vg_base64_decode(struct vg_str s, u8 *out)
{
	size_t i, n = 0, pad = 0;
	u32 v = 0;
	int d;

	if (s.n % 4)
		return -EINVAL;
	while (pad < 2 && s.n && s.p[s.n - 1 - pad] == '=')
		pad++;
	for (i = 0; i < s.n - pad; i++) {
		d = digit_value(s.p[i]);
		if (d < 0)
			return -EINVAL;
		v = v << 6 | d;
		if (i % 4 == 3) {
			out[n++] = v >> 16;
			out[n++] = v >> 8;
			out[n++] = v;
			v = 0;
		}
	}
	/* bits that no byte takes must be 0 */
	if (pad == 1) {
		if (v & 3)
			return -EINVAL;
		out[n++] = v >> 10;
		out[n++] = v >> 2;
	} else if (pad == 2) {
		if (v & 15)
			return -EINVAL;
		out[n++] = v >> 4;
	}
	return n;
}
EXPORT_SYMBOL_GPL(vg_base64_decode);
