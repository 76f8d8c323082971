// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON writer. Must never write what is not JSON, whatever bytes the strings hold; calls in the
 * wrong order stick as -EPROTO in the buffer.
 */
#include <linux/export.h>

#include "core/json.h"
#include "core/utf8.h"

void vg_jw_init(struct vg_jw *w, struct vg_buf *b)
{
	*w = (struct vg_jw){ .b = b };
}
EXPORT_SYMBOL_GPL(vg_jw_init);

/* The short escape for @c or 0 */
static char jw_short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static void jw_escape_byte(struct vg_buf *b, u8 c)
{
	char out[] = "\\u0000";
	char letter = jw_short_escape(c);

	if (letter) {
		out[1] = letter;
		vg_buf_put(b, out, 2);
		return;
	}
	out[4] = "0123456789abcdef"[c >> 4];
	out[5] = "0123456789abcdef"[c & 15];
	vg_buf_put(b, out, 6);
}

int vg_json_escape(struct vg_buf *b, struct vg_str s)
{
	size_t from = 0, at = 0;

	while (at < s.n) {
		u8 c = s.p[at];
		unsigned int len;

		if (likely(c >= 0x20 && c < 0x7f && c != '"' && c != '\\')) {
			at++;
			continue;
		}
		len = c >= 0x80 ? vg_utf8_decode(s.p + at, s.n - at, NULL) : 0;
		if (len) {
			at += len;
			continue;
		}
		vg_buf_put(b, s.p + from, at - from);
		if (c >= 0x80)
			vg_buf_puts(b, "\xef\xbf\xbd");
		else
			jw_escape_byte(b, c);
		from = ++at;
	}
	return vg_buf_put(b, s.p + from, at - from);
}
EXPORT_SYMBOL_GPL(vg_json_escape);

/*
 * What must come before a value: nothing behind a key, else a comma; false if no value belongs
 * here
 */
static bool jw_before_value(struct vg_jw *w)
{
	u32 bit = 1u << w->depth;

	if (w->keyed) {
		w->keyed = false;
		return true;
	}
	if (w->depth ? w->objs & bit : w->done) {
		vg_buf_fail(w->b, -EPROTO);
		return false;
	}
	if (!w->depth)
		w->done = true;
	else if (w->more & bit)
		vg_buf_putc(w->b, ',');
	w->more |= bit;
	return true;
}

static int jw_open_container(struct vg_jw *w, bool obj)
{
	u32 bit;

	if (!jw_before_value(w))
		return w->b->err;
	if (w->depth == VG_JW_DEPTH)
		return vg_buf_fail(w->b, -EPROTO);
	bit = 1u << ++w->depth;
	w->more &= ~bit;
	w->objs = obj ? w->objs | bit : w->objs & ~bit;
	return vg_buf_putc(w->b, obj ? '{' : '[');
}

static int jw_close_container(struct vg_jw *w, bool obj)
{
	if (!w->depth || w->keyed || !!(w->objs & 1u << w->depth) != obj)
		return vg_buf_fail(w->b, -EPROTO);
	w->depth--;
	return vg_buf_putc(w->b, obj ? '}' : ']');
}

int vg_jw_obj(struct vg_jw *w)
{
	return jw_open_container(w, true);
}
EXPORT_SYMBOL_GPL(vg_jw_obj);

int vg_jw_obj_end(struct vg_jw *w)
{
	return jw_close_container(w, true);
}
EXPORT_SYMBOL_GPL(vg_jw_obj_end);

int vg_jw_arr(struct vg_jw *w)
{
	return jw_open_container(w, false);
}
EXPORT_SYMBOL_GPL(vg_jw_arr);

int vg_jw_arr_end(struct vg_jw *w)
{
	return jw_close_container(w, false);
}
EXPORT_SYMBOL_GPL(vg_jw_arr_end);

static int jw_put_quoted(struct vg_buf *b, struct vg_str s)
{
	vg_buf_putc(b, '"');
	vg_json_escape(b, s);
	return vg_buf_putc(b, '"');
}

int vg_jw_key(struct vg_jw *w, const char *key)
{
	u32 bit = 1u << w->depth;

	if (w->keyed || !(w->objs & bit))
		return vg_buf_fail(w->b, -EPROTO);
	if (w->more & bit)
		vg_buf_putc(w->b, ',');
	w->more |= bit;
	w->keyed = true;
	jw_put_quoted(w->b, vg_cstr(key));
	return vg_buf_putc(w->b, ':');
}
EXPORT_SYMBOL_GPL(vg_jw_key);

int vg_jw_str(struct vg_jw *w, struct vg_str s)
{
	if (!jw_before_value(w))
		return w->b->err;
	return jw_put_quoted(w->b, s);
}
EXPORT_SYMBOL_GPL(vg_jw_str);

int vg_jw_cstr(struct vg_jw *w, const char *s)
{
	return vg_jw_str(w, vg_cstr(s));
}
EXPORT_SYMBOL_GPL(vg_jw_cstr);

int vg_jw_fmt(struct vg_jw *w, const char *fmt, ...)
{
	char text[VG_JW_FMT];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return vg_buf_fail(w->b, -EINVAL);
	return vg_jw_str(w, vg_str(text, min_t(size_t, n, sizeof(text) - 1)));
}
EXPORT_SYMBOL_GPL(vg_jw_fmt);

int vg_jw_u64(struct vg_jw *w, u64 v)
{
	if (!jw_before_value(w))
		return w->b->err;
	return vg_buf_u64(w->b, v);
}
EXPORT_SYMBOL_GPL(vg_jw_u64);

int vg_jw_s64(struct vg_jw *w, s64 v)
{
	if (!jw_before_value(w))
		return w->b->err;
	return vg_buf_s64(w->b, v);
}
EXPORT_SYMBOL_GPL(vg_jw_s64);

int vg_jw_id(struct vg_jw *w, u64 v)
{
	if (!jw_before_value(w))
		return w->b->err;
	vg_buf_putc(w->b, '"');
	vg_buf_u64(w->b, v);
	return vg_buf_putc(w->b, '"');
}
EXPORT_SYMBOL_GPL(vg_jw_id);

int vg_jw_bool(struct vg_jw *w, bool v)
{
	return vg_jw_raw(w, v ? VG_STR("true") : VG_STR("false"));
}
EXPORT_SYMBOL_GPL(vg_jw_bool);

int vg_jw_null(struct vg_jw *w)
{
	return vg_jw_raw(w, VG_STR("null"));
}
EXPORT_SYMBOL_GPL(vg_jw_null);

int vg_jw_raw(struct vg_jw *w, struct vg_str json)
{
	if (!jw_before_value(w))
		return w->b->err;
	return vg_buf_str(w->b, json);
}
EXPORT_SYMBOL_GPL(vg_jw_raw);

int vg_jw_end(struct vg_jw *w)
{
	if (w->depth || !w->done)
		return vg_buf_fail(w->b, -EPROTO);
	return w->b->err;
}
EXPORT_SYMBOL_GPL(vg_jw_end);
