// SPDX-License-Identifier: GPL-2.0-or-later
/* UTF-8, checked and built. Must never read beyond the bytes it was given. */
#include <linux/export.h>

#include "core/utf8.h"

unsigned int vg_utf8_decode(const char *p, size_t n, u32 *cp)
{
	/* the smallest code point that needs so many bytes: anything below is overlong */
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const u8 *s = (const u8 *)p;
	unsigned int len, i;
	u32 c;

	if (!n)
		return 0;
	c = s[0];
	if (c < 0x80)
		len = 1;
	else if ((c & 0xe0) == 0xc0)
		len = 2;
	else if ((c & 0xf0) == 0xe0)
		len = 3;
	else if ((c & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	if (len > 1)
		c &= 0x7f >> len;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (cp)
		*cp = c;
	return len;
}
EXPORT_SYMBOL_GPL(vg_utf8_decode);

unsigned int vg_utf8_encode(u32 cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = 0xc0 | cp >> 6;
		out[1] = 0x80 | (cp & 0x3f);
		return 2;
	}
	if ((cp >= 0xd800 && cp <= 0xdfff) || cp > 0x10ffff)
		return 0;
	if (cp < 0x10000) {
		out[0] = 0xe0 | cp >> 12;
		out[1] = 0x80 | (cp >> 6 & 0x3f);
		out[2] = 0x80 | (cp & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | cp >> 18;
	out[1] = 0x80 | (cp >> 12 & 0x3f);
	out[2] = 0x80 | (cp >> 6 & 0x3f);
	out[3] = 0x80 | (cp & 0x3f);
	return 4;
}
EXPORT_SYMBOL_GPL(vg_utf8_encode);

size_t vg_utf8_span(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		unsigned int len;
		u64 word;

		/* eight bytes at once while they are ASCII, which they mostly are */
		while (n - i >= sizeof(word)) {
			memcpy(&word, p + i, sizeof(word));
			if (word & 0x8080808080808080ULL)
				break;
			i += sizeof(word);
		}
		if (i == n)
			break;
		len = vg_utf8_decode(p + i, n - i, NULL);
		if (!len)
			break;
		i += len;
	}
	return i;
}
EXPORT_SYMBOL_GPL(vg_utf8_span);
