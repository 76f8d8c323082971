// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The JSON reader: one pass over the text, a state machine with a stack of 16 instead of
 * recursion. Must never allocate, read beyond the text, write beyond the caller's tokens, or take
 * more time than length times the limits of json.h.
 */
#include <linux/export.h>

#include "core/json.h"
#include "core/utf8.h"

#define VG_JSON_TEXT_MAX (256u << 20)
#define JR_BUCKET_BITS 6		/* JR_BUCKETS is two to this */
#define JR_BUCKETS 64

enum jr_expect {
	JR_EXPECT_VALUE,
	JR_EXPECT_VALUE_OR_END,	/* behind "[" */
	JR_EXPECT_KEY,
	JR_EXPECT_KEY_OR_END,	/* behind "{" */
	JR_EXPECT_MORE,		/* a comma or the end of the container, or of the text */
};

struct jr_parser {
	struct vg_json *doc;
	struct vg_jtok *toks;
	const char *p;
	u32 n;
	u32 at;
	u32 used;
	u32 max;
	u32 depth;
	u32 seed;
	u32 open[VG_JSON_DEPTH];	/* tokens of the containers around us */
};

static int jr_refuse(struct jr_parser *ps, u32 at, int ret, const char *why)
{
	ps->doc->fault.pos = at;
	ps->doc->fault.why = why;
	return ret;
}

static int jr_add(struct jr_parser *ps, enum vg_jtype type, u32 start, u32 len)
{
	struct vg_jtok *t;

	if (ps->used == ps->max)
		return jr_refuse(ps, start, -E2BIG, "too many values");
	t = &ps->toks[ps->used++];
	*t = (struct vg_jtok){ .type = type, .start = start, .len = len, .next = ps->used };
	return 0;
}

/* Four hexadecimal digits at @at, or -1 */
static s32 jr_hex4(const char *p, u32 n, u32 at)
{
	s32 v = 0;
	u32 i;

	if (n - at < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		int d = vg_hex_val(p[at + i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/*
 * Read the escape whose backslash is at @at: the bytes it takes, or -errno with *@why set.
 * Surrogates count only in pairs.
 */
static int jr_read_escape(const char *p, u32 n, u32 at, u32 *cp, const char **why)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *hit;
	s32 hi, lo;

	*why = "unknown escape: allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX";
	if (n - at < 2 || !p[at + 1])
		return -EINVAL;
	hit = strchr(from, p[at + 1]);
	if (hit) {
		*cp = to[hit - from];
		return 2;
	}
	if (p[at + 1] != 'u')
		return -EINVAL;
	*why = "\\u needs four hexadecimal digits";
	hi = jr_hex4(p, n, at + 2);
	if (hi < 0)
		return -EINVAL;
	*cp = hi;
	if (hi < 0xd800 || hi > 0xdfff)
		return 6;
	*why = "half a surrogate pair";
	if (hi > 0xdbff || n - at < 8 || p[at + 6] != '\\' || p[at + 7] != 'u')
		return -EILSEQ;
	lo = jr_hex4(p, n, at + 8);
	if (lo < 0xdc00 || lo > 0xdfff)
		return -EILSEQ;
	*cp = 0x10000 + ((u32)(hi - 0xd800) << 10 | (u32)(lo - 0xdc00));
	return 12;
}

/* Decodes one string piece after another, so that keys can be compared without memory for them */
struct jr_walk {
	const char *p;
	u32 n;
	u32 at;
	char piece[4];
};

/* The next piece of a string already checked: a run as it stands or one escape; empty at the end */
static struct vg_str jr_walk_next(struct jr_walk *w)
{
	u32 from = w->at, cp = 0;
	const char *hit, *why;
	int len;

	if (from == w->n)
		return vg_str(NULL, 0);
	if (w->p[from] == '\\') {
		len = jr_read_escape(w->p, w->n, from, &cp, &why);
		w->at = len > 0 ? from + len : w->n;
		return vg_str(w->piece, vg_utf8_encode(cp, w->piece));
	}
	hit = memchr(w->p + from, '\\', w->n - from);
	w->at = hit ? hit - w->p : w->n;
	return vg_str(w->p + from, w->at - from);
}

static struct jr_walk jr_walk_start(const char *text, const struct vg_jtok *t)
{
	return (struct jr_walk){ .p = text + t->start, .n = t->len };
}

/*
 * FNV-1a from a start that no client knows, the addresses involved, so that keys which all meet
 * in one bucket cannot be prepared; mixed at the end, because the bucket is taken from the upper
 * bits.
 */
static u32 jr_key_hash(const struct jr_parser *ps, const struct vg_jtok *t)
{
	struct jr_walk w = jr_walk_start(ps->p, t);
	u32 h = ps->seed;
	struct vg_str s;
	size_t i;

	for (s = jr_walk_next(&w); s.n; s = jr_walk_next(&w))
		for (i = 0; i < s.n; i++)
			h = (h ^ (u8)s.p[i]) * 16777619u;
	h ^= h >> 15;
	return h * 0x85ebca6bu;
}

static bool jr_keys_equal(const char *text, const struct vg_jtok *a, const struct vg_jtok *b)
{
	struct jr_walk wa, wb;
	struct vg_str sa, sb;

	if (!a->escaped && !b->escaped)
		return a->len == b->len && !memcmp(text + a->start, text + b->start, a->len);
	wa = jr_walk_start(text, a);
	wb = jr_walk_start(text, b);
	sa = jr_walk_next(&wa);
	sb = jr_walk_next(&wb);
	while (sa.n && sb.n) {
		size_t n = min_t(size_t, sa.n, sb.n);

		if (memcmp(sa.p, sb.p, n))
			return false;
		sa = sa.n > n ? vg_str_sub(sa, n, sa.n) : jr_walk_next(&wa);
		sb = sb.n > n ? vg_str_sub(sb, n, sb.n) : jr_walk_next(&wb);
	}
	return !sa.n && !sb.n;
}

/*
 * The key just added as the last token: count it. Whether it is new shows when the object closes.
 */
static int jr_add_member(struct jr_parser *ps)
{
	u32 obj = ps->open[ps->depth - 1];
	struct vg_jtok *key = &ps->toks[ps->used - 1];

	key->key = true;
	if (key->len > VG_JSON_KEY_BYTES)
		return jr_refuse(ps, key->start, -E2BIG, "key longer than 512 bytes");
	if (ps->toks[obj].count++ == VG_JSON_MEMBERS)
		return jr_refuse(ps, key->start, -E2BIG, "more than 256 members in an object");
	key->count = jr_key_hash(ps, key);
	return 0;
}

/*
 * No key twice in the object that closes: its keys, thrown into buckets by their hash, meet only
 * the few that fell there before. The chains run through the keys' next, which is known to be the
 * value and set right again.
 */
static int jr_check_keys(struct jr_parser *ps, u32 obj)
{
	u32 heads[JR_BUCKETS] = { 0 }, end = ps->used, i, j, dup = 0;

	for (i = obj + 1; i < end && !dup; i = ps->toks[i + 1].next) {
		struct vg_jtok *key = &ps->toks[i];
		u32 *head = &heads[key->count >> (32 - JR_BUCKET_BITS)];

		for (j = *head; j; j = ps->toks[j].next)
			if (ps->toks[j].count == key->count &&
			    jr_keys_equal(ps->p, &ps->toks[j], key))
				dup = i;
		key->next = *head;
		*head = i;
	}
	for (i = obj + 1; i < end; i = ps->toks[i + 1].next)
		ps->toks[i].next = i + 1;
	if (dup)
		return jr_refuse(ps, ps->toks[dup].start - 1, -EINVAL, "duplicate key");
	return 0;
}

/* Behind the run at @at of bytes that mean themselves, in steps of eight; it may stop too early */
static u32 jr_span_plain(const struct jr_parser *ps, u32 at)
{
	u64 w, quote, back;

	while (ps->n - at >= sizeof(w)) {
		memcpy(&w, ps->p + at, sizeof(w));
		quote = w ^ 0x2222222222222222ULL;
		back = w ^ 0x5c5c5c5c5c5c5c5cULL;
		/* a byte that is zero (or, for w, below a blank) borrows from its top bit */
		quote -= 0x0101010101010101ULL;
		back -= 0x0101010101010101ULL;
		if ((w | (w - 0x2020202020202020ULL) | quote | back) & 0x8080808080808080ULL)
			break;
		at += sizeof(w);
	}
	return at;
}

/* From the opening quote at ps->at to behind the closing one */
static int jr_read_string(struct jr_parser *ps)
{
	u32 start = ps->at + 1, at = start, cp;
	bool escaped = false;
	const char *why;
	int len, ret;

	for (;;) {
		at = jr_span_plain(ps, at);
		if (at == ps->n)
			return jr_refuse(ps, start - 1, -EINVAL, "string without closing quote");
		if (ps->p[at] == '"')
			break;
		if (ps->p[at] == '\\') {
			len = jr_read_escape(ps->p, ps->n, at, &cp, &why);
			if (len < 0)
				return jr_refuse(ps, at, len, why);
			escaped = true;
		} else if ((u8)ps->p[at] < 0x20) {
			return jr_refuse(ps, at, -EINVAL,
				      "control byte in a string: write it as \\uXXXX");
		} else {
			len = vg_utf8_decode(ps->p + at, ps->n - at, NULL);
			if (!len)
				return jr_refuse(ps, at, -EILSEQ, "not UTF-8");
		}
		at += len;
	}
	ret = jr_add(ps, VG_JSON_STRING, start, at - start);
	if (ret)
		return ret;
	ps->toks[ps->used - 1].escaped = escaped;
	ps->at = at + 1;
	return 0;
}

static u32 jr_span_digits(const struct jr_parser *ps, u32 at)
{
	u32 from = at;

	while (at < ps->n && vg_is_digit(ps->p[at]))
		at++;
	return at - from;
}

/* [ "-" ] ( "0" / 1-9 digits ) [ "." digits ] [ e [ sign ] digits ] */
static int jr_read_number(struct jr_parser *ps)
{
	u32 at = ps->at, k;

	if (ps->p[at] == '-')
		at++;
	k = jr_span_digits(ps, at);
	if (!k)
		return jr_refuse(ps, at, -EINVAL, "no digit behind the minus sign");
	if (k > 1 && ps->p[at] == '0')
		return jr_refuse(ps, at, -EINVAL, "number with a leading zero");
	at += k;
	if (at < ps->n && ps->p[at] == '.') {
		k = jr_span_digits(ps, ++at);
		if (!k)
			return jr_refuse(ps, at, -EINVAL, "no digit behind the decimal point");
		at += k;
	}
	if (at < ps->n && (ps->p[at] == 'e' || ps->p[at] == 'E')) {
		at++;
		if (at < ps->n && (ps->p[at] == '+' || ps->p[at] == '-'))
			at++;
		k = jr_span_digits(ps, at);
		if (!k)
			return jr_refuse(ps, at, -EINVAL, "no digit in the exponent");
		at += k;
	}
	k = ps->at;
	ps->at = at;
	return jr_add(ps, VG_JSON_NUMBER, k, at - k);
}

static int jr_read_word(struct jr_parser *ps)
{
	static const struct {
		struct vg_str s;
		enum vg_jtype type;
	} words[] = {
		{ VG_STR_INIT("true"), VG_JSON_TRUE },
		{ VG_STR_INIT("false"), VG_JSON_FALSE },
		{ VG_STR_INIT("null"), VG_JSON_NULL },
	};
	struct vg_str rest = vg_str(ps->p + ps->at, ps->n - ps->at);
	u32 at = ps->at, i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!vg_str_starts(rest, words[i].s))
			continue;
		ps->at += words[i].s.n;
		return jr_add(ps, words[i].type, at, words[i].s.n);
	}
	return jr_refuse(ps, at, -EINVAL,
		      "no JSON value: expected {, [, a string, a number, true, false or null");
}

static int jr_open_container(struct jr_parser *ps, enum vg_jtype type)
{
	int ret;

	if (ps->depth == VG_JSON_DEPTH)
		return jr_refuse(ps, ps->at, -E2BIG, "nested deeper than 16");
	ret = jr_add(ps, type, ps->at, 0);
	if (ret)
		return ret;
	ps->open[ps->depth++] = ps->used - 1;
	ps->at++;
	return 0;
}

static int jr_close_container(struct jr_parser *ps)
{
	u32 i = ps->open[--ps->depth];
	struct vg_jtok *t = &ps->toks[i];

	ps->at++;
	t->len = ps->at - t->start;
	t->next = ps->used;
	return t->type == VG_JSON_OBJECT && t->count > 1 ? jr_check_keys(ps, i) : 0;
}

static int jr_read_value(struct jr_parser *ps, enum jr_expect *expect)
{
	char c = ps->p[ps->at];
	int ret;

	if (ps->depth && ps->toks[ps->open[ps->depth - 1]].type == VG_JSON_ARRAY)
		ps->toks[ps->open[ps->depth - 1]].count++;
	*expect = JR_EXPECT_MORE;
	if (c == '{') {
		*expect = JR_EXPECT_KEY_OR_END;
		ret = jr_open_container(ps, VG_JSON_OBJECT);
	} else if (c == '[') {
		*expect = JR_EXPECT_VALUE_OR_END;
		ret = jr_open_container(ps, VG_JSON_ARRAY);
	} else if (c == '"') {
		ret = jr_read_string(ps);
	} else if (c == '-' || vg_is_digit(c)) {
		ret = jr_read_number(ps);
	} else {
		ret = jr_read_word(ps);
	}
	return ret;
}

static void jr_skip_blanks(struct jr_parser *ps)
{
	while (ps->at < ps->n) {
		char c = ps->p[ps->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			break;
		ps->at++;
	}
}

/* A key, its colon, and nothing of the value yet */
static int jr_read_key(struct jr_parser *ps)
{
	int ret;

	if (ps->p[ps->at] != '"')
		return jr_refuse(ps, ps->at, -EINVAL, "expected a key in double quotes");
	ret = jr_read_string(ps);
	if (ret)
		return ret;
	ret = jr_add_member(ps);
	if (ret)
		return ret;
	jr_skip_blanks(ps);
	if (ps->at == ps->n || ps->p[ps->at] != ':')
		return jr_refuse(ps, ps->at, -EINVAL, "expected a colon behind the key");
	ps->at++;
	return 0;
}

static int jr_read_more(struct jr_parser *ps, enum jr_expect *expect)
{
	bool obj = ps->toks[ps->open[ps->depth - 1]].type == VG_JSON_OBJECT;

	if (ps->p[ps->at] == (obj ? '}' : ']'))
		return jr_close_container(ps);
	if (ps->p[ps->at] != ',')
		return jr_refuse(ps, ps->at, -EINVAL, obj ? "expected , or } behind a member" :
			      "expected , or ] behind an element");
	ps->at++;
	*expect = obj ? JR_EXPECT_KEY : JR_EXPECT_VALUE;
	return 0;
}

static int jr_step(struct jr_parser *ps, enum jr_expect *expect)
{
	char c = ps->p[ps->at];
	int ret;

	switch (*expect) {
	case JR_EXPECT_VALUE_OR_END:
		if (c != ']')
			return jr_read_value(ps, expect);
		*expect = JR_EXPECT_MORE;
		return jr_close_container(ps);
	case JR_EXPECT_VALUE:
		return jr_read_value(ps, expect);
	case JR_EXPECT_KEY_OR_END:
		if (c == '}') {
			*expect = JR_EXPECT_MORE;
			return jr_close_container(ps);
		}
		fallthrough;
	case JR_EXPECT_KEY:
		ret = jr_read_key(ps);
		*expect = JR_EXPECT_VALUE;
		return ret;
	default:
		return jr_read_more(ps, expect);
	}
}

int vg_json_parse(struct vg_json *doc, const char *text, size_t n, struct vg_jtok *toks, u32 max)
{
	struct jr_parser ps = {
		.doc = doc,
		.toks = toks,
		.p = text,
		.n = n,
		.max = max,
		.seed = (u32)((unsigned long)doc >> 4) * 2654435761u,
	};
	enum jr_expect expect = JR_EXPECT_VALUE;
	int ret;

	ps.seed ^= (u32)((unsigned long)toks >> 4);
	*doc = (struct vg_json){ .text = text, .n = n, .toks = toks };
	if (n > VG_JSON_TEXT_MAX) {
		ps.n = 0;
		return jr_refuse(&ps, 0, -E2BIG, "more than 256 MiB");
	}
	for (;;) {
		jr_skip_blanks(&ps);
		if (expect == JR_EXPECT_MORE && !ps.depth)
			break;
		if (ps.at == ps.n)
			return jr_refuse(&ps, ps.at, -EINVAL, "the text ends too early");
		ret = jr_step(&ps, &expect);
		if (ret)
			return ret;
	}
	if (ps.at != ps.n)
		return jr_refuse(&ps, ps.at, -EINVAL, "text behind the value");
	doc->used = ps.used;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_json_parse);

const struct vg_jtok *vg_json_first(const struct vg_json *doc, const struct vg_jtok *c)
{
	if (!c || !c->count || (c->type != VG_JSON_ARRAY && c->type != VG_JSON_OBJECT))
		return NULL;
	return &doc->toks[c - doc->toks + 1];
}
EXPORT_SYMBOL_GPL(vg_json_first);

const struct vg_jtok *vg_json_next(const struct vg_json *doc, const struct vg_jtok *c,
				   const struct vg_jtok *child)
{
	const struct vg_jtok *value = child->key ? vg_json_value(child) : child;
	u32 next = value->next;

	return next < c->next ? &doc->toks[next] : NULL;
}
EXPORT_SYMBOL_GPL(vg_json_next);

const struct vg_jtok *vg_json_get(const struct vg_json *doc, const struct vg_jtok *obj,
				  const char *key)
{
	const struct vg_jtok *k;
	struct vg_str want = vg_cstr(key);

	if (!vg_json_is(obj, VG_JSON_OBJECT))
		return NULL;
	vg_json_for_each(doc, obj, k)
		if (vg_json_str_eq(doc, k, want))
			return vg_json_value(k);
	return NULL;
}
EXPORT_SYMBOL_GPL(vg_json_get);

bool vg_json_str_eq(const struct vg_json *doc, const struct vg_jtok *t, struct vg_str s)
{
	struct jr_walk w;
	struct vg_str part;

	if (!vg_json_is(t, VG_JSON_STRING))
		return false;
	if (!t->escaped)
		return vg_str_eq(vg_json_raw(doc, t), s);
	w = jr_walk_start(doc->text, t);
	for (part = jr_walk_next(&w); part.n; part = jr_walk_next(&w)) {
		if (!vg_str_starts(s, part))
			return false;
		s = vg_str_sub(s, part.n, s.n);
	}
	return !s.n;
}
EXPORT_SYMBOL_GPL(vg_json_str_eq);

ssize_t vg_json_str(const struct vg_json *doc, const struct vg_jtok *t, char *out, size_t cap)
{
	struct jr_walk w;
	struct vg_str part;
	size_t n = 0;

	if (!vg_json_is(t, VG_JSON_STRING))
		return -EINVAL;
	w = jr_walk_start(doc->text, t);
	for (part = jr_walk_next(&w); part.n; part = jr_walk_next(&w)) {
		if (part.n > cap - n)
			return -ENOSPC;
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	return n;
}
EXPORT_SYMBOL_GPL(vg_json_str);

int vg_json_str_buf(const struct vg_json *doc, const struct vg_jtok *t, struct vg_buf *b)
{
	ssize_t n;
	char *to;

	if (!vg_json_is(t, VG_JSON_STRING))
		return -EINVAL;
	to = vg_buf_reserve(b, t->len);
	if (!to)
		return b->err;
	n = vg_json_str(doc, t, to, t->len);
	if (n < 0)
		return n;
	vg_buf_add(b, n);
	return b->err;
}
EXPORT_SYMBOL_GPL(vg_json_str_buf);

/* Sign and magnitude of an integer in text already known to be a JSON number */
static int jr_read_int(const struct vg_json *doc, const struct vg_jtok *t, bool *minus, u64 *abs)
{
	struct vg_str s;

	if (!vg_json_is(t, VG_JSON_NUMBER))
		return -EINVAL;
	s = vg_json_raw(doc, t);
	*minus = s.p[0] == '-';
	return vg_str_u64(vg_str_sub(s, *minus, s.n), abs);
}

int vg_json_u64(const struct vg_json *doc, const struct vg_jtok *t, u64 *out)
{
	bool minus;
	u64 abs;
	int ret = jr_read_int(doc, t, &minus, &abs);

	if (ret)
		return ret;
	if (minus)
		return -EINVAL;
	*out = abs;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_json_u64);

int vg_json_s64(const struct vg_json *doc, const struct vg_jtok *t, s64 *out)
{
	bool minus;
	u64 abs;
	int ret = jr_read_int(doc, t, &minus, &abs);

	if (ret)
		return ret;
	if (abs > (u64)S64_MAX + minus)
		return -ERANGE;
	/* in two steps, because -S64_MIN does not exist */
	*out = minus && abs ? -(s64)(abs - 1) - 1 : (s64)abs;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_json_s64);

int vg_json_bool(const struct vg_json *doc, const struct vg_jtok *t, bool *out)
{
	if (!vg_json_is(t, VG_JSON_TRUE) && !vg_json_is(t, VG_JSON_FALSE))
		return -EINVAL;
	*out = doc->text[t->start] == 't';
	return 0;
}
EXPORT_SYMBOL_GPL(vg_json_bool);

int vg_json_id(const struct vg_json *doc, const struct vg_jtok *t, u64 *out)
{
	if (!vg_json_is(t, VG_JSON_STRING))
		return -EINVAL;
	return vg_str_u64(vg_json_raw(doc, t), out);
}
EXPORT_SYMBOL_GPL(vg_json_id);
