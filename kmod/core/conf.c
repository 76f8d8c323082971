// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration parser: text to pairs. Must never allocate, sleep, touch a file, or print:
 * what went wrong goes to the caller's error.
 */
#include <linux/export.h>

#include "core/conf.h"

struct conf_scan {
	const char *text;
	size_t n;
	const struct vg_conf_grammar *grammar;
	const struct vg_conf_sink *sink;
	struct vg_conf_error *err;	/* the first error goes here */
	struct vg_conf_error later;	/* and others here, on their way to sink->bad */
	int ret;
	u32 line;
	u32 line_at;			/* offset of the line's first byte */
	u32 pairs;
	u32 bare_at;			/* 1 + offset of the address line, 0 = none yet */
	u16 keys[VG_CONF_PAIRS];	/* offsets of the keys so far, all below 64 KiB */
};

const char *vg_conf_show(char out[VG_CONF_SHOWN], struct vg_str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0, i;

	out[at++] = '"';
	for (i = 0; i < s.n; i++) {
		u8 c = s.p[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		/* keep room for the dots, the quote and the NUL */
		if (at + (plain ? 1 : 4) > VG_CONF_SHOWN - 5) {
			memcpy(out + at, "...", 3);
			at += 3;
			break;
		}
		if (plain) {
			out[at++] = c;
			continue;
		}
		out[at++] = '\\';
		out[at++] = 'x';
		out[at++] = hex[c >> 4];
		out[at++] = hex[c & 15];
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}
EXPORT_SYMBOL_GPL(vg_conf_show);

static void __printf(4, 0) conf_fill(struct vg_conf_error *err, u32 line, u32 col,
				     const char *fmt, va_list ap)
{
	char *c;

	if (!err)
		return;
	err->line = line;
	err->col = col;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	/* it may end in a log: no line breaks, no terminal escapes, whoever formatted it */
	for (c = err->msg; *c; c++)
		if ((u8)*c < 0x20 || (u8)*c >= 0x7f)
			*c = '?';
}

int vg_conf_fail_key(struct vg_conf_error *err, const struct vg_conf_pair *pair, int ret,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_fill(err, pair->line, pair->line ? pair->key_col : 0, fmt, ap);
	va_end(ap);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_conf_fail_key);

int vg_conf_fail(struct vg_conf_error *err, const struct vg_conf_pair *pair, int ret,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_fill(err, pair->line, pair->line ? pair->value_col : 0, fmt, ap);
	va_end(ap);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_conf_fail);

static int __printf(4, 5) conf_fail_at(struct conf_scan *s, const char *p, int ret,
				       const char *fmt, ...)
{
	struct vg_conf_error *err = s->ret ? &s->later : s->err;
	va_list ap;

	va_start(ap, fmt);
	conf_fill(err, s->line, p - (s->text + s->line_at) + 1, fmt, ap);
	va_end(ap);
	return ret;
}

static bool conf_is_key_byte(const struct vg_conf_grammar *g, char c, bool first)
{
	if (vg_is_lower(c) || (g->upper && vg_is_upper(c)))
		return true;
	return !first && (vg_is_digit(c) || c == '_' || c == '.' || c == '-');
}

static int conf_check_key(struct conf_scan *s, struct vg_str key)
{
	const char *lower = s->grammar->upper ? "" : "lower-case ";
	char shown[VG_CONF_SHOWN], byte[VG_CONF_SHOWN];
	size_t i;

	if (!key.n)
		return conf_fail_at(s, key.p, -EINVAL, "no key before the \"=\"");
	for (i = 0; i < key.n; i++)
		if (!conf_is_key_byte(s->grammar, key.p[i], !i))
			return conf_fail_at(s, key.p + i, -EINVAL,
				       "%s has no place in key %s: allowed are %sletters and, but first, 0-9 _ . -",
				       vg_conf_show(byte, vg_str(key.p + i, 1)),
				       vg_conf_show(shown, key), lower);
	if (key.n > VG_CONF_KEY)
		return conf_fail_at(s, key.p, -E2BIG,
				    "key %s has %zu bytes: at most %d are allowed",
				    vg_conf_show(shown, key), key.n, VG_CONF_KEY);
	return 0;
}

static int conf_check_value(struct conf_scan *s, struct vg_str key, struct vg_str value)
{
	const char *longer = s->grammar->long_key;
	size_t i, max = longer && vg_str_is(key, longer) ? VG_CONF_LONG : VG_CONF_VALUE;

	for (i = 0; i < value.n; i++)
		if (vg_is_ctrl(value.p[i]))
			return conf_fail_at(s, value.p + i, -EINVAL,
				       "control byte \\x%02x in the value of %.*s: remove it",
				       (u8)value.p[i], VG_STR_ARG(key));
	if (value.n > max)
		return conf_fail_at(s, value.p, -E2BIG,
			       "the value of %.*s has %zu bytes: at most %zu are allowed",
			       VG_STR_ARG(key), value.n, max);
	return 0;
}

/* Does @key begin at offset @at, one of s->keys, where some key begins and a "=" follows? */
static bool conf_is_key_at(const struct conf_scan *s, u32 at, struct vg_str key)
{
	if (s->bare_at == at + 1)
		return vg_str_eq(key, VG_STR("nodes"));
	return key.n < s->n - at && !memcmp(s->text + at, key.p, key.n) &&
	       !conf_is_key_byte(s->grammar, s->text[at + key.n], false);
}

static u32 conf_line_of(const struct conf_scan *s, u32 at)
{
	u32 line = 1, i;

	for (i = 0; i < at; i++)
		line += s->text[i] == '\n';
	return line;
}

/* Remember the key at @p; refuse it if it was there before */
static int conf_check_new(struct conf_scan *s, struct vg_str key, const char *p)
{
	bool may_repeat = s->sink->repeats && s->sink->repeats(s->sink->ctx, key);
	u32 i;

	for (i = 0; i < s->pairs && !may_repeat; i++)
		if (conf_is_key_at(s, s->keys[i], key))
			return conf_fail_at(s, p, -EINVAL,
				       "duplicate key \"%.*s\", first on line %u: keep one of them",
				       VG_STR_ARG(key), conf_line_of(s, s->keys[i]));
	if (s->pairs == VG_CONF_PAIRS)
		return conf_fail_at(s, p, -E2BIG, "more than %d pairs", VG_CONF_PAIRS);
	s->keys[s->pairs++] = p - s->text;
	return 0;
}

/*
 * Is it the original's whole file, addresses and commas? Lexically only; the key's owner reads
 * them.
 */
static bool conf_is_bare_nodes(struct vg_str s)
{
	bool point = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' || c == ':')
			point = true;
		else if (vg_hex_val(c) < 0 && c != ',' && c != '[' && c != ']' && !vg_is_blank(c))
			return false;
	}
	return point;
}

static int conf_deliver(struct conf_scan *s, struct vg_str key, struct vg_str value,
			const char *key_at)
{
	struct vg_conf_error *err = s->ret ? &s->later : s->err;
	const char *line = s->text + s->line_at;
	struct vg_conf_pair pair = {
		.key = key,
		.value = value,
		.line = s->line,
		.key_col = key_at - line + 1,
		.value_col = value.p - line + 1,
	};
	int ret;

	err->msg[0] = '\0';
	ret = s->sink->pair(s->sink->ctx, &pair, err);
	if (ret && !err->msg[0])
		vg_conf_fail_key(err, &pair, ret, "key \"%.*s\" was refused: error %d",
				 VG_STR_ARG(key), -ret);
	return ret;
}

static int conf_bare_nodes(struct conf_scan *s, struct vg_str piece)
{
	struct vg_str key = VG_STR("nodes");
	const char *p = piece.p;
	int ret;

	/* written by hand for years: a last comma means nothing */
	if (piece.p[piece.n - 1] == ',')
		piece = vg_str_trim(vg_str_sub(piece, 0, piece.n - 1));
	ret = conf_check_value(s, key, piece);
	if (!ret)
		ret = conf_check_new(s, key, p);
	if (ret)
		return ret;
	s->bare_at = p - s->text + 1;
	return conf_deliver(s, key, piece, p);
}

/* One trimmed piece of text, not empty, which must be a pair */
static int conf_read_pair(struct conf_scan *s, struct vg_str piece)
{
	const char *eq = memchr(piece.p, '=', piece.n);
	char shown[VG_CONF_SHOWN];
	struct vg_str key, value;
	int ret;

	if (!eq && s->grammar->bare_nodes && conf_is_bare_nodes(piece))
		return conf_bare_nodes(s, piece);
	if (!eq)
		return conf_fail_at(s, piece.p, -EINVAL, "no \"=\" in %s: expected key = value",
			       vg_conf_show(shown, piece));
	key = vg_str_trim(vg_str_sub(piece, 0, eq - piece.p));
	value = vg_str_trim(vg_str_sub(piece, eq + 1 - piece.p, piece.n));
	ret = conf_check_key(s, key);
	if (!ret)
		ret = conf_check_value(s, key, value);
	if (!ret)
		ret = conf_check_new(s, key, key.p);
	if (ret)
		return ret;
	return conf_deliver(s, key, value, key.p);
}

/* What is left of a line without its comment */
static struct vg_str conf_cut_comment(const struct vg_conf_grammar *g, struct vg_str line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (g->commas || !i || vg_is_blank(line.p[i - 1])))
			return vg_str_sub(line, 0, i);
	return line;
}

/* true: stop here */
static bool conf_after(struct conf_scan *s, int ret)
{
	const struct vg_conf_error *err = s->ret ? &s->later : s->err;

	if (!ret)
		return false;
	if (!s->ret)
		s->ret = ret;
	/* no more pairs fit, so going on would repeat the same error for each of the rest */
	return !s->sink->bad || !s->sink->bad(s->sink->ctx, err) || s->pairs == VG_CONF_PAIRS;
}

static bool conf_read_line(struct conf_scan *s, struct vg_str line)
{
	struct vg_str rest = conf_cut_comment(s->grammar, line);

	while (rest.n) {
		const char *comma = s->grammar->commas ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct vg_str piece = vg_str_trim(vg_str_sub(rest, 0, n));

		if (piece.n && conf_after(s, conf_read_pair(s, piece)))
			return true;
		rest = vg_str_sub(rest, comma ? n + 1 : n, rest.n);
	}
	return false;
}

int vg_conf_scan(const char *text, size_t n, const struct vg_conf_grammar *grammar,
		 const struct vg_conf_sink *sink, struct vg_conf_error *err)
{
	struct conf_scan s = {
		.text = text,
		.n = n,
		.grammar = grammar,
		.sink = sink,
		.line = 1,
	};
	size_t at;

	s.err = err ? err : &s.later;
	if (n > VG_CONF_BYTES) {
		s.line = conf_line_of(&s, VG_CONF_BYTES);
		for (at = VG_CONF_BYTES; at && text[at - 1] != '\n'; at--)
			;
		s.line_at = at;
		conf_after(&s, conf_fail_at(&s, text + VG_CONF_BYTES, -E2BIG,
					    "the file has more than %d bytes", VG_CONF_BYTES));
		return s.ret;
	}
	for (at = 0; at < n; s.line++) {
		const char *lf = memchr(text + at, '\n', n - at);
		size_t end = lf ? (size_t)(lf - text) : n;
		struct vg_str line = vg_str(text + at, end - at);

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		s.line_at = at;
		if (conf_read_line(&s, line))
			break;
		at = end + 1;
	}
	return s.ret;
}
EXPORT_SYMBOL_GPL(vg_conf_scan);

int vg_conf_parse(const char *text, size_t n, const struct vg_conf_sink *sink,
		  struct vg_conf_error *err)
{
	static const struct vg_conf_grammar grammar = { .bare_nodes = true };

	return vg_conf_scan(text, n, &grammar, sink, err);
}
EXPORT_SYMBOL_GPL(vg_conf_parse);

int vg_conf_unread(const char *path, int ret, size_t max, char *msg, size_t msg_n)
{
	if (ret == -E2BIG)
		scnprintf(msg, msg_n, "%s: cannot be read: it has more than %zu bytes", path, max);
	else if (ret == -EISDIR)
		scnprintf(msg, msg_n, "%s: cannot be read: it is a directory", path);
	else
		scnprintf(msg, msg_n, "%s: cannot be read (error %d)", path, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vg_conf_unread);
