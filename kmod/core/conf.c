// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration parser: text to pairs, pairs to typed fields. Must never allocate, sleep,
 * touch a file, or print: what went wrong goes to the caller's error.
 */
#include <linux/math64.h>
#include <linux/overflow.h>

#include "core/conf.h"

struct scan {
	const char *text;
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

static void __printf(4, 0) fill(struct vg_conf_error *err, u32 line, u32 col, const char *fmt,
				va_list ap)
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
	fill(err, pair->line, pair->line ? pair->key_col : 0, fmt, ap);
	va_end(ap);
	return ret;
}

int vg_conf_fail(struct vg_conf_error *err, const struct vg_conf_pair *pair, int ret,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, pair->line, pair->line ? pair->value_col : 0, fmt, ap);
	va_end(ap);
	return ret;
}

/* ---- text to pairs ---- */

static int __printf(4, 5) fail_at(struct scan *s, const char *p, int ret, const char *fmt, ...)
{
	struct vg_conf_error *err = s->ret ? &s->later : s->err;
	va_list ap;

	va_start(ap, fmt);
	fill(err, s->line, p - (s->text + s->line_at) + 1, fmt, ap);
	va_end(ap);
	return ret;
}

static bool is_key_byte(const struct vg_conf_grammar *g, char c, bool first)
{
	if (vg_is_lower(c) || (g->upper && vg_is_upper(c)))
		return true;
	return !first && (vg_is_digit(c) || c == '_' || c == '.' || c == '-');
}

static int check_key(struct scan *s, struct vg_str key)
{
	const char *lower = s->grammar->upper ? "" : "lower-case ";
	char shown[VG_CONF_SHOWN], byte[VG_CONF_SHOWN];
	size_t i;

	if (!key.n)
		return fail_at(s, key.p, -EINVAL, "no key before the \"=\"");
	for (i = 0; i < key.n; i++)
		if (!is_key_byte(s->grammar, key.p[i], !i))
			return fail_at(s, key.p + i, -EINVAL,
				       "%s has no place in key %s: allowed are %sletters and, but first, 0-9 _ . -",
				       vg_conf_show(byte, vg_str(key.p + i, 1)),
				       vg_conf_show(shown, key), lower);
	if (key.n > VG_CONF_KEY)
		return fail_at(s, key.p, -E2BIG, "key %s has %zu bytes: at most %d are allowed",
			       vg_conf_show(shown, key), key.n, VG_CONF_KEY);
	return 0;
}

static int check_value(struct scan *s, struct vg_str key, struct vg_str value)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if (vg_is_ctrl(value.p[i]))
			return fail_at(s, value.p + i, -EINVAL,
				       "control byte \\x%02x in the value of %.*s: remove it",
				       (u8)value.p[i], VG_STR_ARG(key));
	if (value.n > VG_CONF_VALUE)
		return fail_at(s, value.p, -E2BIG,
			       "the value of %.*s has %zu bytes: at most %d are allowed",
			       VG_STR_ARG(key), value.n, VG_CONF_VALUE);
	return 0;
}

/* The key that begins at offset @at; only for offsets in s->keys, so the grammar was checked */
static struct vg_str key_at(const struct scan *s, u32 at)
{
	u32 n = 0;

	if (s->bare_at == at + 1)
		return VG_STR("nodes");
	while (is_key_byte(s->grammar, s->text[at + n], !n))
		n++;
	return vg_str(s->text + at, n);
}

static u32 line_of(const struct scan *s, u32 at)
{
	u32 line = 1, i;

	for (i = 0; i < at; i++)
		line += s->text[i] == '\n';
	return line;
}

/* Remember the key at @p; refuse it if it was there before */
static int check_new(struct scan *s, struct vg_str key, const char *p)
{
	bool may_repeat = s->sink->repeats && s->sink->repeats(s->sink->ctx, key);
	u32 i;

	for (i = 0; i < s->pairs && !may_repeat; i++)
		if (vg_str_eq(key_at(s, s->keys[i]), key))
			return fail_at(s, p, -EINVAL,
				       "duplicate key \"%.*s\", first on line %u: keep one of them",
				       VG_STR_ARG(key), line_of(s, s->keys[i]));
	if (s->pairs == VG_CONF_PAIRS)
		return fail_at(s, p, -E2BIG, "more than %d pairs", VG_CONF_PAIRS);
	s->keys[s->pairs++] = p - s->text;
	return 0;
}

/*
 * Is it the original's whole file, addresses and commas? Lexically only; the key's owner reads
 * them.
 */
static bool is_bare_nodes(struct vg_str s)
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

static int deliver(struct scan *s, struct vg_str key, struct vg_str value, const char *key_at)
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

static int bare_nodes(struct scan *s, struct vg_str piece)
{
	struct vg_str key = VG_STR("nodes");
	const char *p = piece.p;
	int ret;

	/* written by hand for years: a last comma means nothing */
	if (piece.p[piece.n - 1] == ',')
		piece = vg_str_trim(vg_str_sub(piece, 0, piece.n - 1));
	ret = check_value(s, key, piece);
	if (!ret)
		ret = check_new(s, key, p);
	if (ret)
		return ret;
	s->bare_at = p - s->text + 1;
	return deliver(s, key, piece, p);
}

/* One trimmed piece of text, not empty, which must be a pair */
static int read_pair(struct scan *s, struct vg_str piece)
{
	const char *eq = memchr(piece.p, '=', piece.n);
	char shown[VG_CONF_SHOWN];
	struct vg_str key, value;
	int ret;

	if (!eq && s->grammar->bare_nodes && is_bare_nodes(piece))
		return bare_nodes(s, piece);
	if (!eq)
		return fail_at(s, piece.p, -EINVAL, "no \"=\" in %s: expected key = value",
			       vg_conf_show(shown, piece));
	key = vg_str_trim(vg_str_sub(piece, 0, eq - piece.p));
	value = vg_str_trim(vg_str_sub(piece, eq + 1 - piece.p, piece.n));
	ret = check_key(s, key);
	if (!ret)
		ret = check_value(s, key, value);
	if (!ret)
		ret = check_new(s, key, key.p);
	if (ret)
		return ret;
	return deliver(s, key, value, key.p);
}

/* What is left of a line without its comment */
static struct vg_str cut_comment(const struct vg_conf_grammar *g, struct vg_str line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (g->commas || !i || vg_is_blank(line.p[i - 1])))
			return vg_str_sub(line, 0, i);
	return line;
}

/* true: stop here */
static bool after(struct scan *s, int ret)
{
	const struct vg_conf_error *err = s->ret ? &s->later : s->err;

	if (!ret)
		return false;
	if (!s->ret)
		s->ret = ret;
	/* no more pairs fit, so going on would repeat the same error for each of the rest */
	return !s->sink->bad || !s->sink->bad(s->sink->ctx, err) || s->pairs == VG_CONF_PAIRS;
}

static bool read_line(struct scan *s, struct vg_str line)
{
	struct vg_str rest = cut_comment(s->grammar, line);

	while (rest.n) {
		const char *comma = s->grammar->commas ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct vg_str piece = vg_str_trim(vg_str_sub(rest, 0, n));

		if (piece.n && after(s, read_pair(s, piece)))
			return true;
		rest = vg_str_sub(rest, comma ? n + 1 : n, rest.n);
	}
	return false;
}

int vg_conf_scan(const char *text, size_t n, const struct vg_conf_grammar *grammar,
		 const struct vg_conf_sink *sink, struct vg_conf_error *err)
{
	struct scan s = { .text = text, .grammar = grammar, .sink = sink, .line = 1 };
	size_t at;

	s.err = err ? err : &s.later;
	if (n > VG_CONF_BYTES) {
		s.line_at = VG_CONF_BYTES;
		s.line = line_of(&s, VG_CONF_BYTES);
		after(&s, fail_at(&s, text + VG_CONF_BYTES, -E2BIG,
				  "more than %d bytes: the file is too long", VG_CONF_BYTES));
		return s.ret;
	}
	for (at = 0; at < n; s.line++) {
		const char *lf = memchr(text + at, '\n', n - at);
		size_t end = lf ? (size_t)(lf - text) : n;
		struct vg_str line = vg_str(text + at, end - at);

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		s.line_at = at;
		if (read_line(&s, line))
			break;
		at = end + 1;
	}
	return s.ret;
}

int vg_conf_parse(const char *text, size_t n, const struct vg_conf_sink *sink,
		  struct vg_conf_error *err)
{
	static const struct vg_conf_grammar grammar = { .bare_nodes = true };

	return vg_conf_scan(text, n, &grammar, sink, err);
}

/* ---- typed values ---- */

struct unit {
	const char *name;
	u64 scale;
};

static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit sizes[] = {
	{ "", 1 }, { "k", 1ULL << 10 }, { "M", 1ULL << 20 }, { "G", 1ULL << 30 },
	{ "T", 1ULL << 40 }, { NULL, 0 },
};

static const struct unit times[] = {
	/* without unit: seconds; last, so that no number is printed so */
	{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { "", 1000 },
	{ NULL, 0 },
};

/* @v in the largest unit that divides it */
static int print_scaled(char *out, size_t n, const struct unit *units, u64 v)
{
	const struct unit *best = units, *u;

	for (u = units; v && u->name; u++)
		if (*u->name && div64_u64(v, u->scale) * u->scale == v)
			best = u;
	return snprintf(out, n, "%llu%s", div64_u64(v, best->scale), best->name);
}

static int read_scaled(struct vg_str s, const struct unit *units, u64 *out)
{
	const struct unit *u;
	size_t digits = 0;
	u64 v;
	int ret;

	while (digits < s.n && vg_is_digit(s.p[digits]))
		digits++;
	ret = vg_str_u64(vg_str_sub(s, 0, digits), &v);
	if (ret)
		return ret;
	for (u = units; u->name; u++)
		if (vg_str_eq_nocase(vg_str_sub(s, digits, s.n), vg_cstr(u->name)))
			return check_mul_overflow(v, u->scale, out) ? -ERANGE : 0;
	return -EINVAL;
}

static int read_number(const struct vg_conf_pair *pair, const struct unit *units, const char *what,
		       u64 min, u64 max, u64 *out, struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN], lo[24], hi[24];
	int ret;
	u64 v;

	ret = read_scaled(pair->value, units, &v);
	if (!ret && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	vg_conf_show(shown, pair->value);
	print_scaled(lo, sizeof(lo), units, min);
	print_scaled(hi, sizeof(hi), units, max);
	if (ret == -EINVAL)
		return vg_conf_fail(err, pair, ret, "%.*s: %s is not %s: allowed are %s to %s",
				    VG_STR_ARG(pair->key), shown, what, lo, hi);
	return vg_conf_fail(err, pair, -ERANGE, "%.*s: %s is out of range: allowed are %s to %s",
			    VG_STR_ARG(pair->key), shown, lo, hi);
}

int vg_conf_u64(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
		struct vg_conf_error *err)
{
	return read_number(pair, no_units, "a whole number", min, max, out, err);
}

int vg_conf_size(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
		 struct vg_conf_error *err)
{
	return read_number(pair, sizes, "a size (digits and k, M, G or T)", min, max, out, err);
}

int vg_conf_ms(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
	       struct vg_conf_error *err)
{
	return read_number(pair, times, "a time (digits and ms, s, m or h)", min, max, out, err);
}

int vg_conf_bool(const struct vg_conf_pair *pair, bool *out, struct vg_conf_error *err)
{
	static const char *const words[] = { "off", "on", "no", "yes", "false", "true", "0", "1" };
	char shown[VG_CONF_SHOWN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!vg_str_is(pair->value, words[i]))
			continue;
		*out = i & 1;
		return 0;
	}
	return vg_conf_fail(err, pair, -EINVAL,
			    "%.*s: %s is unknown: allowed are on, off, yes, no, true, false, 1, 0",
			    VG_STR_ARG(pair->key), vg_conf_show(shown, pair->value));
}

int vg_conf_enum(const struct vg_conf_pair *pair, const char *const *choices, u32 *out,
		 struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN], allowed[128] = "";
	size_t at = 0;
	u32 i;

	for (i = 0; choices[i]; i++) {
		if (vg_str_is(pair->value, choices[i])) {
			*out = i;
			return 0;
		}
		if (at < sizeof(allowed))
			at += snprintf(allowed + at, sizeof(allowed) - at, "%s%s", i ? ", " : "",
				       choices[i]);
	}
	return vg_conf_fail(err, pair, -EINVAL, "%.*s: %s is unknown: allowed are %s",
			    VG_STR_ARG(pair->key), vg_conf_show(shown, pair->value), allowed);
}

int vg_conf_list_next(struct vg_conf_list *list, struct vg_conf_pair *item,
		      struct vg_conf_error *err)
{
	const struct vg_conf_pair *pair = list->pair;
	struct vg_str rest = vg_str_sub(pair->value, list->at, pair->value.n);
	const char *sep;
	size_t n;

	if (list->done || !pair->value.n)
		return 0;
	sep = rest.n ? memchr(rest.p, list->sep, rest.n) : NULL;
	n = sep ? (size_t)(sep - rest.p) : rest.n;
	list->done = !sep;
	list->at += n + 1;
	*item = *pair;
	item->value = vg_str_trim(vg_str_sub(rest, 0, n));
	item->value_col = pair->value_col + (item->value.p - pair->value.p);
	if (!item->value.n)
		return vg_conf_fail(err, item, -EINVAL, "%.*s: empty item: remove the spare \"%c\"",
				    VG_STR_ARG(pair->key), list->sep);
	return 1;
}

/* ---- tables ---- */

static bool row_matches(const struct vg_conf_key *row, struct vg_str key)
{
	struct vg_str name = vg_cstr(row->name);

	if (name.p[name.n - 1] != '*')
		return vg_str_eq(name, key);
	name.n--;
	return key.n > name.n && vg_str_starts(key, name);
}

const struct vg_conf_key *vg_conf_find(const struct vg_conf_table *table, struct vg_str key)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (row_matches(&table->keys[i], key))
			return &table->keys[i];
	return NULL;
}

/*
 * Typing errors between two words of at most VG_CONF_KEY bytes: insertions, deletions,
 * replacements and swaps of neighbours (optimal string alignment, three rows of its matrix).
 */
static unsigned int distance(struct vg_str a, struct vg_str b)
{
	u8 rows[3][VG_CONF_KEY + 1];
	size_t i, j;

	for (j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (i = 1; i <= a.n; i++) {
		u8 *row = rows[i % 3], *up = rows[(i - 1) % 3], *upup = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= b.n; j++) {
			unsigned int d = up[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			d = min_t(unsigned int, d, min(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				d = min_t(unsigned int, d, upup[j - 2] + 1);
			row[j] = d;
		}
	}
	return rows[a.n % 3][b.n];
}

/* Is @name nearer to @word than *@best? Two errors at most, and in less than half of the word. */
static bool is_nearer(struct vg_str word, struct vg_str name, unsigned int *best)
{
	unsigned int d;

	if (word.n > VG_CONF_KEY || name.n > VG_CONF_KEY)
		return false;
	if (word.n > name.n + 2 || name.n > word.n + 2)
		return false;
	d = distance(word, name);
	if (d >= *best || 2 * d > word.n)
		return false;
	*best = d;
	return true;
}

const char *vg_conf_nearest(struct vg_str word, const char *const *names, size_t n)
{
	unsigned int best = 3;
	const char *hit = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (is_nearer(word, vg_cstr(names[i]), &best))
			hit = names[i];
	return hit;
}

static int unknown_key(const struct vg_conf_table *table, const struct vg_conf_pair *pair,
		       struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN];
	unsigned int best = 3;
	const char *hit = NULL;
	size_t i;

	for (i = 0; i < table->n; i++)
		if (is_nearer(pair->key, vg_cstr(table->keys[i].name), &best))
			hit = table->keys[i].name;
	vg_conf_show(shown, pair->key);
	if (hit)
		return vg_conf_fail_key(err, pair, -ENOENT, "unknown key %s: did you mean \"%s\"?",
					shown, hit);
	return vg_conf_fail_key(err, pair, -ENOENT, "unknown key %s: the allowed ones are in %s",
				shown, table->manual);
}

static int set_number(void *field, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		      struct vg_conf_error *err)
{
	u64 max = key->max ? key->max : key->size == sizeof(u32) ? U32_MAX : U64_MAX, v;
	u32 v32;
	int ret;

	if (key->type == VG_CONF_T_SIZE)
		ret = vg_conf_size(pair, key->min, max, &v, err);
	else if (key->type == VG_CONF_T_MS)
		ret = vg_conf_ms(pair, key->min, max, &v, err);
	else
		ret = vg_conf_u64(pair, key->min, max, &v, err);
	if (ret)
		return ret;
	v32 = v;
	memcpy(field, key->size == sizeof(u32) ? (void *)&v32 : (void *)&v, key->size);
	return 0;
}

static int set_string(char *field, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		      struct vg_conf_error *err)
{
	u64 max = key->max && key->max < key->size ? key->max : key->size - 1;

	if (pair->value.n < key->min || pair->value.n > max)
		return vg_conf_fail(err, pair, -EINVAL, "%.*s: %zu bytes: allowed are %llu to %llu",
				    VG_STR_ARG(pair->key), pair->value.n, key->min, max);
	if (pair->value.n)
		memcpy(field, pair->value.p, pair->value.n);
	field[pair->value.n] = '\0';
	return 0;
}

static int set_row(const struct vg_conf_key *key, void *base, const struct vg_conf_pair *pair,
		   struct vg_conf_error *err)
{
	char *field = (char *)base + key->offset;

	switch (key->type) {
	case VG_CONF_T_BOOL:
		return vg_conf_bool(pair, (bool *)field, err);
	case VG_CONF_T_ENUM:
		return vg_conf_enum(pair, key->choices, (u32 *)field, err);
	case VG_CONF_T_STR:
		return set_string(field, key, pair, err);
	case VG_CONF_T_FUNC:
		return key->set(base, key, pair, err);
	default:
		return set_number(field, key, pair, err);
	}
}

int vg_conf_set(const struct vg_conf_table *table, void *base, const struct vg_conf_pair *pair,
		struct vg_conf_error *err)
{
	const struct vg_conf_key *key = vg_conf_find(table, pair->key);

	return key ? set_row(key, base, pair, err) : unknown_key(table, pair, err);
}

int vg_conf_defaults(const struct vg_conf_table *table, void *base, struct vg_conf_error *err)
{
	size_t i;

	for (i = 0; i < table->n; i++) {
		const struct vg_conf_key *key = &table->keys[i];
		struct vg_conf_pair pair = {
			.key = vg_cstr(key->name),
			.value = vg_cstr(key->def),
		};

		if (key->def && set_row(key, base, &pair, err))
			return -EINVAL;
	}
	return 0;
}

ssize_t vg_conf_print(const struct vg_conf_key *key, const void *base, char *out, size_t n)
{
	const char *field = (const char *)base + key->offset;
	const struct unit *units = no_units;
	u64 v = 0;

	switch (key->type) {
	case VG_CONF_T_BOOL:
		return snprintf(out, n, "%s", *(const bool *)field ? "on" : "off");
	case VG_CONF_T_ENUM:
		return snprintf(out, n, "%s", key->choices[*(const u32 *)field]);
	case VG_CONF_T_STR:
		return snprintf(out, n, "%s", field);
	case VG_CONF_T_FUNC:
		return -EOPNOTSUPP;
	case VG_CONF_T_SIZE:
		units = sizes;
		break;
	case VG_CONF_T_MS:
		units = times;
		break;
	default:
		break;
	}
	v = key->size == sizeof(u32) ? *(const u32 *)field : *(const u64 *)field;
	return print_scaled(out, n, units, v);
}
