// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Typed readings of configuration values, lists, and tables of keys. Must never allocate, sleep or
 * print, and never leave a field half set.
 */
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/overflow.h>

#include "core/conf.h"

struct conf_unit {
	const char *name;
	u64 scale;
};

static const struct conf_unit conf_no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct conf_unit conf_sizes[] = {
	{ "", 1 }, { "k", 1ULL << 10 }, { "M", 1ULL << 20 }, { "G", 1ULL << 30 },
	{ "T", 1ULL << 40 }, { NULL, 0 },
};

static const struct conf_unit conf_times[] = {
	/* without unit: seconds; last, so that no number is printed so */
	{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { "", 1000 },
	{ NULL, 0 },
};

/* @v in the largest unit that divides it */
static int conf_print_scaled(char *out, size_t n, const struct conf_unit *units, u64 v)
{
	const struct conf_unit *best = units, *u;

	for (u = units; v && u->name; u++)
		if (*u->name && div64_u64(v, u->scale) * u->scale == v)
			best = u;
	return snprintf(out, n, "%llu%s", div64_u64(v, best->scale), best->name);
}

static int conf_read_scaled(struct vg_str s, const struct conf_unit *units, u64 *out)
{
	const struct conf_unit *u;
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

static int conf_read_number(const struct vg_conf_pair *pair, const struct conf_unit *units,
			    const char *what, u64 min, u64 max, u64 *out,
			    struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN], lo[24], hi[24];
	int ret;
	u64 v;

	ret = conf_read_scaled(pair->value, units, &v);
	if (!ret && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	vg_conf_show(shown, pair->value);
	conf_print_scaled(lo, sizeof(lo), units, min);
	conf_print_scaled(hi, sizeof(hi), units, max);
	if (ret == -EINVAL)
		return vg_conf_fail(err, pair, ret, "%.*s: %s is not %s: allowed are %s to %s",
				    VG_STR_ARG(pair->key), shown, what, lo, hi);
	return vg_conf_fail(err, pair, -ERANGE, "%.*s: %s is out of range: allowed are %s to %s",
			    VG_STR_ARG(pair->key), shown, lo, hi);
}

int vg_conf_u64(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
		struct vg_conf_error *err)
{
	return conf_read_number(pair, conf_no_units, "a whole number", min, max, out, err);
}
EXPORT_SYMBOL_GPL(vg_conf_u64);

int vg_conf_size(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
		 struct vg_conf_error *err)
{
	return conf_read_number(pair, conf_sizes, "a size (digits and k, M, G or T)", min, max,
				out, err);
}
EXPORT_SYMBOL_GPL(vg_conf_size);

int vg_conf_ms(const struct vg_conf_pair *pair, u64 min, u64 max, u64 *out,
	       struct vg_conf_error *err)
{
	return conf_read_number(pair, conf_times, "a time (digits and ms, s, m or h)", min, max,
				out, err);
}
EXPORT_SYMBOL_GPL(vg_conf_ms);

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
EXPORT_SYMBOL_GPL(vg_conf_bool);

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
EXPORT_SYMBOL_GPL(vg_conf_enum);

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
EXPORT_SYMBOL_GPL(vg_conf_list_next);

/* ---- tables ---- */

static bool conf_row_matches(const struct vg_conf_key *row, struct vg_str key)
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
		if (conf_row_matches(&table->keys[i], key))
			return &table->keys[i];
	return NULL;
}
EXPORT_SYMBOL_GPL(vg_conf_find);

/*
 * Typing errors between two words of at most VG_CONF_KEY bytes: insertions, deletions,
 * replacements and swaps of neighbours (optimal string alignment, three rows of its matrix).
 */
static unsigned int conf_distance(struct vg_str a, struct vg_str b)
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
static bool conf_is_nearer(struct vg_str word, struct vg_str name, unsigned int *best)
{
	unsigned int d;

	if (word.n > VG_CONF_KEY || name.n > VG_CONF_KEY)
		return false;
	if (word.n > name.n + 2 || name.n > word.n + 2)
		return false;
	d = conf_distance(word, name);
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
		if (conf_is_nearer(word, vg_cstr(names[i]), &best))
			hit = names[i];
	return hit;
}
EXPORT_SYMBOL_GPL(vg_conf_nearest);

static int conf_unknown_key(const struct vg_conf_table *table, const struct vg_conf_pair *pair,
			    struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN];
	unsigned int best = 3;
	const char *hit = NULL;
	size_t i;

	for (i = 0; i < table->n; i++)
		if (conf_is_nearer(pair->key, vg_cstr(table->keys[i].name), &best))
			hit = table->keys[i].name;
	vg_conf_show(shown, pair->key);
	if (hit)
		return vg_conf_fail_key(err, pair, -ENOENT, "unknown key %s: did you mean \"%s\"?",
					shown, hit);
	return vg_conf_fail_key(err, pair, -ENOENT, "unknown key %s: the allowed ones are in %s",
				shown, table->manual);
}

static int conf_set_number(void *field, const struct vg_conf_key *key,
			   const struct vg_conf_pair *pair, struct vg_conf_error *err)
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

static int conf_set_string(char *field, const struct vg_conf_key *key,
			   const struct vg_conf_pair *pair, struct vg_conf_error *err)
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

static int conf_set_row(const struct vg_conf_key *key, void *base,
			const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	char *field = (char *)base + key->offset;

	switch (key->type) {
	case VG_CONF_T_BOOL:
		return vg_conf_bool(pair, (bool *)field, err);
	case VG_CONF_T_ENUM:
		return vg_conf_enum(pair, key->choices, (u32 *)field, err);
	case VG_CONF_T_STR:
		return conf_set_string(field, key, pair, err);
	case VG_CONF_T_FUNC:
		return key->set(base, key, pair, err);
	default:
		return conf_set_number(field, key, pair, err);
	}
}

int vg_conf_set(const struct vg_conf_table *table, void *base, const struct vg_conf_pair *pair,
		struct vg_conf_error *err)
{
	const struct vg_conf_key *key = vg_conf_find(table, pair->key);

	return key ? conf_set_row(key, base, pair, err) : conf_unknown_key(table, pair, err);
}
EXPORT_SYMBOL_GPL(vg_conf_set);

int vg_conf_defaults(const struct vg_conf_table *table, void *base, struct vg_conf_error *err)
{
	size_t i;

	for (i = 0; i < table->n; i++) {
		const struct vg_conf_key *key = &table->keys[i];
		struct vg_conf_pair pair = {
			.key = vg_cstr(key->name),
			.value = vg_cstr(key->def),
		};

		if (key->def && conf_set_row(key, base, &pair, err))
			return -EINVAL;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vg_conf_defaults);

ssize_t vg_conf_print(const struct vg_conf_key *key, const void *base, char *out, size_t n)
{
	const char *field = (const char *)base + key->offset;
	const struct conf_unit *units = conf_no_units;
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
		units = conf_sizes;
		break;
	case VG_CONF_T_MS:
		units = conf_times;
		break;
	default:
		break;
	}
	v = key->size == sizeof(u32) ? *(const u32 *)field : *(const u64 *)field;
	return conf_print_scaled(out, n, units, v);
}
EXPORT_SYMBOL_GPL(vg_conf_print);
