/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON (RFC 8259), bounded: a reader that fills a flat array of tokens the caller gives, and a
 * writer on top of struct vg_buf. The reader never allocates, recurses or changes the text; the
 * text and the token array must stay while tokens are used. The writer sleeps only where its
 * buffer does.
 */
#ifndef VG_CORE_JSON_H
#define VG_CORE_JSON_H

#include "core/buf.h"
#include "core/str.h"

enum vg_json_limits {
	VG_JSON_DEPTH = 16,		/* objects and arrays inside each other */
	VG_JSON_MEMBERS = 256,		/* of one object */
	VG_JSON_KEY_BYTES = 512,	/* of one key as written, without its quotes */
};

enum vg_jtype {
	VG_JSON_NULL = 1,
	VG_JSON_FALSE,
	VG_JSON_TRUE,
	VG_JSON_NUMBER,
	VG_JSON_STRING,
	VG_JSON_ARRAY,
	VG_JSON_OBJECT,
};

/*
 * Tokens lie in the order of the text. A container is followed by its content; a member is a string
 * token (the key) followed by the value's tokens.
 */
struct vg_jtok {
	u8 type;	/* enum vg_jtype */
	bool escaped;	/* string with at least one backslash */
	bool key;	/* string that names a member */
	u32 start;	/* offset in the text; of a string: behind the opening quote */
	u32 len;	/* bytes in the text; of a string: without the quotes */
	u32 next;	/* index of the first token behind this one and all it contains */
	u32 count;	/* of an array's elements, an object's members; a key's hash; else 0 */
};

struct vg_json {
	const char *text;
	u32 n;
	const struct vg_jtok *toks;
	u32 used;		/* tokens filled */
	struct vg_fault fault;	/* where and why vg_json_parse failed */
};

/*
 * Parse exactly one value with blanks around it. Returns 0 or
 *  -EINVAL   not JSON, or a key twice
 *  -EILSEQ   not UTF-8, or half a surrogate pair
 *  -E2BIG    a limit above, more than @max tokens, or @n over 256 MiB
 * with doc->fault set; no accessor may be used then. One token a value and one more a member's key:
 * @max = n / 2 + 1 is enough for whatever is valid.
 */
int vg_json_parse(struct vg_json *doc, const char *text, size_t n, struct vg_jtok *toks, u32 max);

static inline const struct vg_jtok *vg_json_root(const struct vg_json *doc)
{
	return &doc->toks[0];
}

/* The value of member @key of @obj; NULL if @obj is NULL, no object, or has no such member */
const struct vg_jtok *vg_json_get(const struct vg_json *doc, const struct vg_jtok *obj,
				  const char *key);

/*
 * The children of an array or object @c, in order, NULL behind the last one (or if @c is NULL or a
 * scalar). Of an object these are the keys; the value of a key is vg_json_value().
 */
const struct vg_jtok *vg_json_first(const struct vg_json *doc, const struct vg_jtok *c);
const struct vg_jtok *vg_json_next(const struct vg_json *doc, const struct vg_jtok *c,
				   const struct vg_jtok *child);

static inline const struct vg_jtok *vg_json_value(const struct vg_jtok *key)
{
	return key + 1;
}

#define vg_json_for_each(doc, c, child)						\
	for ((child) = vg_json_first(doc, c); (child);				\
	     (child) = vg_json_next(doc, c, child))

static inline bool vg_json_is(const struct vg_jtok *t, enum vg_jtype type)
{
	return t && t->type == type;
}

/* The token's bytes as they stand in the text (a string's still with its escapes) */
static inline struct vg_str vg_json_raw(const struct vg_json *doc, const struct vg_jtok *t)
{
	return vg_str(doc->text + t->start, t->len);
}

/*
 * Decode the string @t to @out: returns its length (it may hold NUL bytes; none is added),
 * -EINVAL if @t is NULL or no string, -ENOSPC if it has more than @cap bytes. Decoded is never
 * longer than t->len.
 */
ssize_t vg_json_str(const struct vg_json *doc, const struct vg_jtok *t, char *out, size_t cap);
/* The same to the end of @b: 0, -EINVAL (@b is untouched), or b->err */
int vg_json_str_buf(const struct vg_json *doc, const struct vg_jtok *t, struct vg_buf *b);
/* Does the string @t, decoded, equal @s? False for NULL and for other types. */
bool vg_json_str_eq(const struct vg_json *doc, const struct vg_jtok *t, struct vg_str s);

/*
 * Integers are those written without fraction and exponent. 0 with *@out set, else *@out is
 * untouched: -EINVAL (NULL, no number, or no integer; for u64 also any "-"), -ERANGE.
 */
int vg_json_u64(const struct vg_json *doc, const struct vg_jtok *t, u64 *out);
int vg_json_s64(const struct vg_json *doc, const struct vg_jtok *t, s64 *out);
int vg_json_bool(const struct vg_json *doc, const struct vg_jtok *t, bool *out);
/* A 64-bit id is a string of decimal digits: as vg_json_u64 otherwise */
int vg_json_id(const struct vg_json *doc, const struct vg_jtok *t, u64 *out);

/*
 * The writer. Commas, quotes and escapes are its business; what it writes is valid JSON as long
 * as the calls nest properly. A call out of place (a value without key in an object, a wrong end)
 * makes the buffer's error -EPROTO, once and for all. Every call returns that error.
 */
struct vg_jw {
	struct vg_buf *b;
	u32 depth;	/* open containers, at most VG_JW_DEPTH */
	u32 objs;	/* bit d: container d is an object */
	u32 more;	/* bit d: container d has content, so a comma comes first */
	bool keyed;	/* a key was written and waits for its value */
	bool done;	/* the one top-level value is complete */
};

#define VG_JW_DEPTH 31
#define VG_JW_FMT 512

void vg_jw_init(struct vg_jw *w, struct vg_buf *b);
int vg_jw_obj(struct vg_jw *w);
int vg_jw_obj_end(struct vg_jw *w);
int vg_jw_arr(struct vg_jw *w);
int vg_jw_arr_end(struct vg_jw *w);
int vg_jw_key(struct vg_jw *w, const char *key);
/* Any bytes; what is not UTF-8 becomes U+FFFD, a byte each. Check before if that is not wanted. */
int vg_jw_str(struct vg_jw *w, struct vg_str s);
int vg_jw_cstr(struct vg_jw *w, const char *s);
/* A string made by printf, on the stack: what is over VG_JW_FMT - 1 bytes is cut */
int __printf(2, 3) vg_jw_fmt(struct vg_jw *w, const char *fmt, ...);
int vg_jw_u64(struct vg_jw *w, u64 v);
int vg_jw_s64(struct vg_jw *w, s64 v);
int vg_jw_id(struct vg_jw *w, u64 v);		/* decimal, in quotes */
int vg_jw_bool(struct vg_jw *w, bool v);
int vg_jw_null(struct vg_jw *w);
/* @json must be one JSON value, which is not checked */
int vg_jw_raw(struct vg_jw *w, struct vg_str json);
/*
 * 0 if exactly one complete value was written, else the error (-EPROTO if something is still
 * open)
 */
int vg_jw_end(struct vg_jw *w);

/* key and value in one */
static inline int vg_jw_kstr(struct vg_jw *w, const char *key, struct vg_str s)
{
	vg_jw_key(w, key);
	return vg_jw_str(w, s);
}

static inline int vg_jw_kcstr(struct vg_jw *w, const char *key, const char *s)
{
	vg_jw_key(w, key);
	return vg_jw_cstr(w, s);
}

static inline int vg_jw_ku64(struct vg_jw *w, const char *key, u64 v)
{
	vg_jw_key(w, key);
	return vg_jw_u64(w, v);
}

static inline int vg_jw_ks64(struct vg_jw *w, const char *key, s64 v)
{
	vg_jw_key(w, key);
	return vg_jw_s64(w, v);
}

static inline int vg_jw_kid(struct vg_jw *w, const char *key, u64 v)
{
	vg_jw_key(w, key);
	return vg_jw_id(w, v);
}

static inline int vg_jw_kbool(struct vg_jw *w, const char *key, bool v)
{
	vg_jw_key(w, key);
	return vg_jw_bool(w, v);
}

static inline int vg_jw_kobj(struct vg_jw *w, const char *key)
{
	vg_jw_key(w, key);
	return vg_jw_obj(w);
}

static inline int vg_jw_karr(struct vg_jw *w, const char *key)
{
	vg_jw_key(w, key);
	return vg_jw_arr(w);
}

/* @s as the inside of a JSON string, without the quotes, to the end of @b; returns b->err */
int vg_json_escape(struct vg_buf *b, struct vg_str s);

#endif
