/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration files: bytes in, one callback a pair. The same code reads /etc/virgo_cloud.conf
 * in both hosts, /etc/virgo_client.conf in libvirgo and, with another grammar, the values file.
 * Must never allocate, sleep or read a file: somebody else brings the bytes.
 *
 *	# comment, also behind a value after a blank
 *	key = value
 *	10.0.0.1,10.0.0.2		the original's address line: the key "nodes"
 *
 * Lines end with LF or CRLF. Blanks around key and value are dropped. Columns and lines count
 * from 1, columns in bytes.
 */
#ifndef VG_CORE_CONF_H
#define VG_CORE_CONF_H

#include <linux/stddef.h>

#include "core/str.h"

enum vg_conf_limits {
	VG_CONF_BYTES = 64 * 1024,
	VG_CONF_PAIRS = 512,
	VG_CONF_KEY = 64,
	VG_CONF_VALUE = 1024,
	VG_CONF_LONG = 16 * 1024,
	VG_CONF_MSG = 256,
};

/* One line, lower case, no full stop, printable ASCII only; @line 0: not from a file */
struct vg_conf_error {
	u32 line;
	u32 col;
	char msg[VG_CONF_MSG];
};

/* @key and @value are views of the text. A pair that is not from a file has line 0. */
struct vg_conf_pair {
	struct vg_str key;
	struct vg_str value;
	u32 line;
	u32 key_col;
	u32 value_col;
};

struct vg_conf_sink {
	/* 0, or -errno with @err filled by one of the vg_conf_fail functions */
	int (*pair)(void *ctx, const struct vg_conf_pair *pair, struct vg_conf_error *err);
	/* may @key come more than once? NULL: none may */
	bool (*repeats)(void *ctx, struct vg_str key);
	/*
	 * if set: told of every error; true = go on with the next pair. NULL: the first one ends
	 * it.
	 */
	bool (*bad)(void *ctx, const struct vg_conf_error *err);
	void *ctx;
};

/* What differs between the kinds of file */
struct vg_conf_grammar {
	bool commas;		/* a comma ends a pair too; "#" is a comment anywhere */
	bool upper;		/* capital letters in keys, also first */
	bool bare_nodes;	/* a line of addresses without "=" is the key "nodes" */
	const char *long_key;	/* the value of this one may have VG_CONF_LONG bytes; NULL: none */
};

/*
 * 0, or the first error: -EINVAL (syntax, duplicate), -E2BIG (a limit), or what sink->pair
 * returned; then *@err says where and why. Pairs before the error were delivered.
 */
int vg_conf_parse(const char *text, size_t n, const struct vg_conf_sink *sink,
		  struct vg_conf_error *err);
int vg_conf_scan(const char *text, size_t n, const struct vg_conf_grammar *grammar,
		 const struct vg_conf_sink *sink, struct vg_conf_error *err);

/*
 * Say in @msg why host_read_file() did not read @path: it returned @ret, and at most @max bytes
 * were wanted. Returns @ret.
 */
int vg_conf_unread(const char *path, int ret, size_t max, char *msg, size_t msg_n);

/* Fill *@err (may be NULL) and return @ret: at the pair's key, or at its value */
int __printf(4, 5) vg_conf_fail_key(struct vg_conf_error *err, const struct vg_conf_pair *pair,
				    int ret, const char *fmt, ...);
int __printf(4, 5) vg_conf_fail(struct vg_conf_error *err, const struct vg_conf_pair *pair, int ret,
				const char *fmt, ...);

/*
 * @s in double quotes, other than printable ASCII as \xNN, long text cut with "..."; returns @out
 */
#define VG_CONF_SHOWN 56
const char *vg_conf_show(char out[VG_CONF_SHOWN], struct vg_str s);

/*
 * Typed readings of pair->value. 0 with *@out set, or -EINVAL/-ERANGE with *@err filled (key,
 * offending text, what is allowed); *@out is untouched then.
 */
/* on, yes, true, 1, off, no, false, 0 */
int vg_conf_bool(const struct vg_conf_pair *pair, bool *out, struct vg_conf_error *err);
/* a strict decimal */
int vg_conf_u64(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
		struct vg_conf_error *err);
/* bytes: digits and an optional k, M, G or T (1024, either case) */
int vg_conf_size(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
		 struct vg_conf_error *err);
/* milliseconds: digits and ms, s, m or h; without unit: seconds */
int vg_conf_ms(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
	       struct vg_conf_error *err);
/* index into @choices, which ends with NULL */
int vg_conf_enum(const struct vg_conf_pair *pair, const char *const *choices, u32 *out,
		 struct vg_conf_error *err);

/*
 * The items of a list, trimmed, each as a pair of its own so that errors point at it:
 *	struct vg_conf_list l = VG_CONF_LIST(pair, ',');
 *	while ((ret = vg_conf_list_next(&l, &item, err)) > 0) ...
 * 1: *@item set, 0: no more, -EINVAL: an empty item. An empty value is an empty list.
 */
struct vg_conf_list {
	const struct vg_conf_pair *pair;
	size_t at;
	char sep;
	bool done;
};

#define VG_CONF_LIST(p, c) ((struct vg_conf_list){ .pair = (p), .sep = (c) })

int vg_conf_list_next(struct vg_conf_list *list, struct vg_conf_pair *item,
		      struct vg_conf_error *err);

enum vg_conf_type {
	VG_CONF_T_BOOL,		/* bool */
	VG_CONF_T_NUM,		/* u32 or u64, by size; so are the next two */
	VG_CONF_T_SIZE,
	VG_CONF_T_MS,
	VG_CONF_T_ENUM,		/* u32 index into choices */
	VG_CONF_T_STR,		/* char[size], NUL-terminated; min..max bytes, max 0 = as fits */
	VG_CONF_T_FUNC,		/* by set() */
};

/* One key of a configuration: how its value is read, where it is kept, what it means */
struct vg_conf_key {
	const char *name;	/* "group.*": every key that begins "group." (T_FUNC only) */
	enum vg_conf_type type;
	bool repeats;
	u32 offset;		/* of the field in the structure */
	u32 size;		/* of the field */
	u64 min;
	u64 max;		/* 0 = as much as the field holds */
	const char *const *choices;
	const char *def;	/* default as it would be written; NULL: leave the field alone */
	const char *help;	/* one line */
	int (*set)(void *base, const struct vg_conf_key *key, const struct vg_conf_pair *pair,
		   struct vg_conf_error *err);
};

/* Place of @field of struct @s, for the initialiser of a vg_conf_key */
#define VG_CONF_AT(s, field) .offset = offsetof(s, field), .size = sizeof(((s *)0)->field)

struct vg_conf_table {
	const struct vg_conf_key *keys;
	size_t n;
	const char *manual;	/* which page describes the keys: "virgo_cloud.conf(5)" */
};

/* The row for @key, or NULL */
const struct vg_conf_key *vg_conf_find(const struct vg_conf_table *table, struct vg_str key);

/* Set one field of @base; unknown key: -ENOENT, with a suggestion if one is near */
int vg_conf_set(const struct vg_conf_table *table, void *base, const struct vg_conf_pair *pair,
		struct vg_conf_error *err);

/* Set every field that has a default. Fails only on a wrong table: -EINVAL. */
int vg_conf_defaults(const struct vg_conf_table *table, void *base, struct vg_conf_error *err);

/*
 * The field of @key as it would be written, NUL-terminated, cut to @n bytes; returns the full
 * length. T_FUNC has no text: -EOPNOTSUPP.
 */
ssize_t vg_conf_print(const struct vg_conf_key *key, const void *base, char *out, size_t n);

/* The name in @names (@n of them) nearest to @word, if at most two typing errors away; else NULL */
const char *vg_conf_nearest(struct vg_str word, const char *const *names, size_t n);

#endif
