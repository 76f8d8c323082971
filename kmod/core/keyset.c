// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keys of a node: the key file, rights, services, prefixes. A set is immutable once parsed; a
 * reload replaces it whole. Secrets are wiped with it and never reach a message.
 *
 *	# id	secret						what it may
 *	ops	3q2-7wEB…					rights=read,write,admin
 *	app1	kJ8_…						services=mempool prefixes=app1/
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core/auth.h"
#include "core/conf.h"
#include "core/ledger.h"
#include "core/sigv4.h"
#include "core/sigkey.h"

const char *const vg_service_names[] = {
	"cpupool", "eventnet", "mempool", "control", "cloudfs", "queue", NULL
};

static const struct {
	const char *name;
	u32 right;
} rights[] = {
	{ "read", VG_READ }, { "write", VG_WRITE }, { "exec", VG_EXEC }, { "admin", VG_ADMIN },
};

int vg_service_index(struct vg_str name)
{
	int i;

	for (i = 0; vg_service_names[i]; i++)
		if (vg_str_is(name, vg_service_names[i]))
			return i;
	return -1;
}

/* --- the file ---------------------------------------------------------------------------------- */

struct reader {
	struct vg_keyset *set;
	struct vg_conf_pair at;		/* where we are, for errors */
	struct vg_str line;
	const char *line_start;
};

static bool word_char(char c)
{
	return vg_is_alpha(c) || vg_is_digit(c) || c == '-' || c == '_';
}

/* The next blank-separated word of the line; empty at its end. */
static struct vg_str next_word(struct reader *r)
{
	struct vg_str w;
	size_t n = 0;

	while (r->line.n && vg_is_blank(r->line.p[0]))
		r->line = vg_str_sub(r->line, 1, r->line.n);
	while (n < r->line.n && !vg_is_blank(r->line.p[n]))
		n++;
	w = vg_str(r->line.p, n);
	r->at.value = w;
	r->at.value_col = w.p ? w.p - r->line_start + 1 : 1;
	r->line = vg_str_sub(r->line, n, r->line.n);
	return w;
}

static int parse_id(struct reader *r, struct vg_key *key, struct vg_conf_error *err)
{
	struct vg_str w = next_word(r);
	size_t i;

	if (w.n < 4 || w.n > VG_KEY_ID_MAX)
		return vg_conf_fail(err, &r->at, -EINVAL, "a key id has 4 to %d characters", VG_KEY_ID_MAX);
	for (i = 0; i < w.n; i++)
		if (!word_char(w.p[i]))
			return vg_conf_fail(err, &r->at, -EINVAL, "a key id is made of letters, digits, - and _");
	if (vg_keyset_find(r->set, w))
		return vg_conf_fail(err, &r->at, -EINVAL, "key id \"%.*s\" stands twice", VG_STR_ARG(w));
	memcpy(key->id, w.p, w.n);
	key->id_n = w.n;
	return 0;
}

static int parse_secret(struct reader *r, struct vg_key *key, struct vg_conf_error *err)
{
	struct vg_str w = next_word(r);
	size_t i;

	/* the message must not show it: the place and the rule are enough */
	r->at.value = VG_STR("");
	if (w.n < VG_KEY_SECRET_MIN || w.n > VG_KEY_SECRET_MAX)
		return vg_conf_fail(err, &r->at, -EINVAL,
				    "the secret of key \"%s\" has %zu characters, not %d to %d (make one with: virgo key new)",
				    key->id, w.n, VG_KEY_SECRET_MIN, VG_KEY_SECRET_MAX);
	for (i = 0; i < w.n; i++)
		if (!word_char(w.p[i]))
			return vg_conf_fail(err, &r->at, -EINVAL,
					    "the secret of key \"%s\" has a character other than letters, digits, - and _",
					    key->id);
	memcpy(key->secret, w.p, w.n);
	key->secret_n = w.n;
	return 0;
}

static int set_right(struct vg_key *key, const struct vg_conf_pair *item, struct vg_conf_error *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rights); i++)
		if (vg_str_is(item->value, rights[i].name)) {
			key->rights |= rights[i].right;
			return 0;
		}
	return vg_conf_fail(err, item, -EINVAL, "unknown right \"%.*s\": one of read, write, exec, admin",
			    VG_STR_ARG(item->value));
}

static int set_service(struct vg_key *key, const struct vg_conf_pair *item, struct vg_conf_error *err)
{
	int i = vg_service_index(item->value);

	if (i < 0)
		return vg_conf_fail(err, item, -EINVAL,
				    "unknown service \"%.*s\": one of cpupool, eventnet, mempool, control, cloudfs, queue",
				    VG_STR_ARG(item->value));
	key->services |= 1u << i;
	return 0;
}

static int set_prefix(struct vg_key *key, const struct vg_conf_pair *item, struct vg_conf_error *err)
{
	if (key->nr_prefixes == VG_KEY_PREFIXES_MAX)
		return vg_conf_fail(err, item, -EINVAL, "a key has at most %d prefixes",
				    VG_KEY_PREFIXES_MAX);
	key->prefix[key->nr_prefixes++] = item->value;
	return 0;
}

static int set_times(struct vg_key *key, struct vg_str name, const struct vg_conf_pair *pair,
		     struct vg_conf_error *err)
{
	return vg_conf_u64(pair, 0, S64_MAX, vg_str_is(name, "not_before") ? &key->not_before :
			   &key->not_after, err);
}

static int parse_option(struct reader *r, struct vg_key *key, struct vg_str w,
			struct vg_conf_error *err)
{
	int (*set)(struct vg_key *key, const struct vg_conf_pair *item, struct vg_conf_error *err);
	const char *eq = memchr(w.p, '=', w.n);
	struct vg_conf_pair pair = r->at, item;
	struct vg_conf_list list = VG_CONF_LIST(&pair, ',');
	int ret;

	if (!eq)
		return vg_conf_fail(err, &r->at, -EINVAL, "expected name=value after the secret");
	pair.key = vg_str(w.p, eq - w.p);
	pair.key_col = r->at.value_col;
	pair.value = vg_str(eq + 1, w.n - pair.key.n - 1);
	pair.value_col = pair.key_col + pair.key.n + 1;
	if (vg_str_is(pair.key, "not_before") || vg_str_is(pair.key, "not_after"))
		return set_times(key, pair.key, &pair, err);
	if (vg_str_is(pair.key, "rights"))
		set = set_right;
	else if (vg_str_is(pair.key, "services"))
		set = set_service;
	else if (vg_str_is(pair.key, "prefixes"))
		set = set_prefix;
	else
		return vg_conf_fail_key(err, &pair, -EINVAL,
					"unknown \"%.*s\": one of rights, services, prefixes, not_before, not_after",
					VG_STR_ARG(pair.key));
	/* nothing listed would mean the defaults, or everything: not what somebody meant who wrote it */
	if (!pair.value.n)
		return vg_conf_fail(err, &pair, -EINVAL, "%.*s lists nothing: leave it out or list some",
				    VG_STR_ARG(pair.key));
	while ((ret = vg_conf_list_next(&list, &item, err)) > 0) {
		ret = set(key, &item, err);
		if (ret)
			return ret;
	}
	return ret;
}

static int parse_key(struct reader *r, struct vg_conf_error *err)
{
	struct vg_key *key = &r->set->key[r->set->n];
	struct vg_str w;
	int ret;

	if (r->set->n == VG_KEYS_MAX)
		return vg_conf_fail(err, &r->at, -E2BIG, "more than %d keys", VG_KEYS_MAX);
	ret = parse_id(r, key, err) ?: parse_secret(r, key, err);
	while (!ret && (w = next_word(r)).n)
		ret = parse_option(r, key, w, err);
	if (!ret && !key->rights)
		key->rights = VG_READ | VG_WRITE;
	if (!ret)
		r->set->n++;
	return ret;
}

static int parse_lines(struct reader *r, struct vg_str text, struct vg_conf_error *err)
{
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? nl - text.p : text.n, i;
		int ret;

		r->at.line++;
		r->line_start = text.p;
		r->line = vg_str(text.p, n);
		text = vg_str_sub(text, n + (nl ? 1 : 0), text.n);
		if (r->line.n && r->line.p[r->line.n - 1] == '\r')
			r->line.n--;
		r->line = vg_str_trim(r->line);
		if (!r->line.n || r->line.p[0] == '#')
			continue;
		for (i = 0; i < r->line.n; i++)
			if (vg_is_ctrl(r->line.p[i]) && !vg_is_blank(r->line.p[i])) {
				r->at.value_col = r->line.p + i - r->line_start + 1;
				return vg_conf_fail(err, &r->at, -EINVAL, "a control byte");
			}
		ret = parse_key(r, err);
		if (ret)
			return ret;
	}
	return 0;
}

int vg_keyset_parse(char *text, size_t n, struct vg_keyset **out, struct vg_conf_error *err)
{
	struct reader r = { .at = { .key = VG_STR_INIT("key"), .key_col = 1, .value_col = 1 } };
	struct vg_keyset *set;
	int ret;

	if (n > VG_KEY_FILE_MAX)
		return vg_conf_fail(err, &r.at, -E2BIG, "the file is over %d bytes", VG_KEY_FILE_MAX);
	set = kvzalloc(struct_size(set, key, VG_KEYS_MAX), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	refcount_set(&set->refs, 1);
	host_random(set->dummy.secret, VG_KEY_SECRET_MIN);
	set->dummy.secret_n = VG_KEY_SECRET_MIN;
	r.set = set;
	ret = parse_lines(&r, vg_str(text, n), err);
	if (ret) {
		memzero_explicit(set, struct_size(set, key, VG_KEYS_MAX));
		kvfree(set);
		return ret;
	}
	set->text = text;
	set->text_n = n;
	*out = set;
	vg_made(VG_L_KEYSETS);
	return 0;
}

struct vg_keyset *vg_keyset_get(struct vg_keyset *set)
{
	refcount_inc(&set->refs);
	return set;
}
EXPORT_SYMBOL_GPL(vg_keyset_get);

static void drop_cache(struct vg_key *key)
{
	u32 i;

	for (i = 0; i < VG_SIGKEYS; i++)
		vg_sigkey_drop(rcu_dereference_protected(key->cache[i], 1));
}

void vg_keyset_put(struct vg_keyset *set)
{
	u32 i;

	if (!set || !refcount_dec_and_test(&set->refs))
		return;
	drop_cache(&set->dummy);
	for (i = 0; i < set->n; i++)
		drop_cache(&set->key[i]);
	if (set->text)
		memzero_explicit(set->text, set->text_n);
	kvfree(set->text);
	memzero_explicit(set->key, sizeof(set->key[0]) * VG_KEYS_MAX);
	kvfree_rcu(set, rcu);
	vg_gone(VG_L_KEYSETS);
}
EXPORT_SYMBOL_GPL(vg_keyset_put);

const struct vg_key *vg_keyset_find(const struct vg_keyset *set, struct vg_str id)
{
	u32 i;

	for (i = 0; set && i < set->n; i++)
		if (set->key[i].id_n == id.n && !memcmp(set->key[i].id, id.p, id.n))
			return &set->key[i];
	return NULL;
}

/* --- rights ------------------------------------------------------------------------------------ */

bool vg_key_may(const struct vg_key *key, u32 need, const char *service, const char *name, size_t n)
{
	struct vg_str s = vg_str(name, n);
	int svc;
	u32 i;

	if ((key->rights & need) != need)
		return false;
	if (key->services && service) {
		svc = vg_service_index(vg_cstr(service));
		if (svc < 0 || !(key->services & 1u << svc))
			return false;
	}
	if (!name || !key->nr_prefixes)
		return true;
	for (i = 0; i < key->nr_prefixes; i++)
		if (vg_str_starts(s, key->prefix[i]))
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(vg_key_may);

void vg_keyset_metrics(const struct vg_keyset *set, struct vg_buf *out)
{
	u32 i;

	if (!set || !set->n)
		return;
	vg_buf_puts(out, "# HELP virgo_key_last_used_seconds Unix time of a key's last accepted request, 0 if none.\n"
		    "# TYPE virgo_key_last_used_seconds gauge\n");
	for (i = 0; i < set->n; i++)
		vg_buf_printf(out, "virgo_key_last_used_seconds{key=\"%s\"} %lld\n", set->key[i].id,
			      (long long)atomic64_read(&set->key[i].last_used));
	vg_buf_puts(out, "# HELP virgo_key_requests_total Requests accepted from a key.\n"
		    "# TYPE virgo_key_requests_total counter\n");
	for (i = 0; i < set->n; i++)
		vg_buf_printf(out, "virgo_key_requests_total{key=\"%s\"} %lld\n", set->key[i].id,
			      (long long)atomic64_read(&set->key[i].uses));
}
