// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The client's configuration: which source says what. Files are parsed by kmod/core/conf.c, the
 * node's own parser. Must never read a secret: of the key file it knows the name only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conf.h"
#include "internal.h"

enum layer { BUILT_IN, ETC, USER, RUNNING, ENVIRONMENT, OPTION, ABOVE_ALL };
enum kind { K_NODES, K_NODE, K_GROUP, K_NAME, K_PATH, K_DURATION, K_CHOICE };

enum { TIMEOUT_MAX_S = 365 * 24 * 3600, ENTRIES_MAX = 4096 };

static const char *const outputs[] = { "table", "json", "ndjson", "tsv", "raw", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };
static const char *const vias[] = { "auto", "http", "syscall", NULL };
static const char *const balances[] = {
	"least-loaded", "two-choices", "prg", "predicted", "hash", NULL
};

static const struct known {
	const char *key, *def;
	enum kind kind;
	const char *const *choices;
	const char *variable;
} known[] = {
	{ "nodes", "127.0.0.1", K_NODES, NULL, "VIRGO_NODES" },
	{ "cluster", "virgo", K_NAME, NULL, NULL },
	{ "key_file", NULL, K_PATH, NULL, "VIRGO_KEY_FILE" },
	{ "timeout", "30s", K_DURATION, NULL, NULL },
	{ "connect_timeout", "2s", K_DURATION, NULL, NULL },
	{ "output", NULL, K_CHOICE, outputs, "VIRGO_OUTPUT" },
	{ "color", "auto", K_CHOICE, colors, NULL },
	{ "via", "auto", K_CHOICE, vias, NULL },
	{ "balance", "least-loaded", K_CHOICE, balances, NULL },
	{ "registry", NULL, K_NODE, NULL, NULL },
};

enum { KNOWN = VIRGO_COUNT(known) };

static const struct known group_key = { "group.", NULL, K_GROUP, NULL, NULL };

struct entry {
	enum layer layer;
	char *key, *value, *origin;
};

struct virgo_conf {
	struct entry *entries;
	size_t n, cap;
};

/* a file being read */
struct reading {
	struct virgo_conf *conf;
	enum layer layer;
	const char *path;
	int nomem;
};

static const char etc_default[] = "/etc/virgo_client.conf";
static const char *etc_path = etc_default;	/* the tests name another */

static const struct entry *conf_find(const struct virgo_conf *conf, const char *key,
				     enum layer below)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < conf->n; i++) {
		const struct entry *e = &conf->entries[i];

		if (e->layer < below && !strcmp(e->key, key) && (!best || e->layer > best->layer))
			best = e;
	}
	return best;
}

static void entry_free(struct entry *e)
{
	free(e->key);
	free(e->value);
	free(e->origin);
}

static int conf_put(struct virgo_conf *conf, enum layer layer, struct vg_str key,
		    struct vg_str value, const char *origin)
{
	struct entry e = { .layer = layer }, *grown;
	size_t cap, i;

	e.key = strndup(key.p, key.n);
	e.value = strndup(value.n ? value.p : "", value.n);
	e.origin = strdup(origin);
	if (!e.key || !e.value || !e.origin)
		goto err_entry;
	for (i = 0; i < conf->n; i++) {
		if (conf->entries[i].layer != layer || strcmp(conf->entries[i].key, e.key))
			continue;
		entry_free(&conf->entries[i]);
		conf->entries[i] = e;
		return 0;
	}
	if (conf->n == conf->cap) {
		cap = conf->cap ? conf->cap * 2 : 32;
		grown = cap <= ENTRIES_MAX ? realloc(conf->entries, cap * sizeof(*grown)) : NULL;
		if (!grown)
			goto err_entry;
		conf->entries = grown;
		conf->cap = cap;
	}
	conf->entries[conf->n++] = e;
	return 0;

err_entry:
	entry_free(&e);
	return -ENOMEM;
}

static int cluster_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static int check_name(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	char shown[VG_CONF_SHOWN];
	size_t i = 0;

	while (i < pair->value.n && cluster_byte(pair->value.p[i]))
		i++;
	if (i == pair->value.n && i >= 1 && i <= 32)
		return 0;
	return vg_conf_fail(err, pair, -EINVAL,
			    "%.*s: %s is not a name: allowed are 1 to 32 of a-z, 0-9 and \"-\"",
			    VG_STR_ARG(pair->key), vg_conf_show(shown, pair->value));
}

/* while a value is checked, every group is there: it may be defined further down */
static const char *any_group(void *arg, const char *name)
{
	return *(int *)arg && !strcmp(name, "all") ? NULL : "localhost";
}

static int check_nodes(const struct vg_conf_pair *pair, int from_file, struct vg_conf_error *err)
{
	/* in a file's "nodes", "all" would mean itself */
	int no_all = from_file && vg_str_is(pair->key, "nodes");
	struct virgo_error why;
	char *text = strndup(pair->value.n ? pair->value.p : "", pair->value.n);

	if (!text)
		return -ENOMEM;
	if (virgo_nodeset_check(text, any_group, &no_all, &why)) {
		free(text);
		return vg_conf_fail(err, pair, -EINVAL, "%.*s: %s", VG_STR_ARG(pair->key),
				    why.message);
	}
	free(text);
	return 0;
}

static int check_node(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	char name[VIRGO_NODE_NAME_MAX + 1];
	const char *why = virgo_node_canon(pair->value.n ? pair->value.p : "", pair->value.n, name);

	if (!why)
		return 0;
	return vg_conf_fail(err, pair, -EINVAL, "%.*s: %s", VG_STR_ARG(pair->key), why);
}

static int check_group_name(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	size_t n = pair->key.n - strlen(group_key.key);

	/* the parser has seen to the characters; a "." could not be written behind "@" */
	if (n && n <= 63 && !memchr(pair->key.p + strlen(group_key.key), '.', n))
		return 0;
	return vg_conf_fail_key(err, pair, -EINVAL,
				"group.<name>: the name has 1 to 63 of a-z, 0-9, \"-\" and \"_\"");
}

static const struct known *find_known(const struct vg_conf_pair *pair)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (vg_str_is(pair->key, known[i].key))
			return &known[i];
	if (vg_str_starts(pair->key, vg_cstr(group_key.key)))
		return &group_key;
	return NULL;
}

static int unknown_key(const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	const char *names[KNOWN], *near;
	char shown[VG_CONF_SHOWN], all[160] = "";
	size_t at = 0;

	for (size_t i = 0; i < KNOWN; i++) {
		names[i] = known[i].key;
		at += snprintf(all + at, sizeof(all) - at, "%s, ", known[i].key);
	}
	vg_conf_show(shown, pair->key);
	near = vg_conf_nearest(pair->key, names, KNOWN);
	if (near)
		return vg_conf_fail_key(err, pair, -ENOENT, "unknown key %s: did you mean \"%s\"?",
					shown, near);
	return vg_conf_fail_key(err, pair, -ENOENT, "unknown key %s: allowed are %sgroup.<name>",
				shown, all);
}

/* 0, or -errno with *err filled */
static int conf_check(const struct vg_conf_pair *pair, int from_file, struct vg_conf_error *err)
{
	const struct known *k = find_known(pair);
	u64 ms;
	u32 choice;
	int ret;

	if (!k)
		return unknown_key(pair, err);
	switch (k->kind) {
	case K_GROUP:
		ret = check_group_name(pair, err);
		return ret ? ret : check_nodes(pair, from_file, err);
	case K_NODES:
		return check_nodes(pair, from_file, err);
	case K_NODE:
		return check_node(pair, err);
	case K_NAME:
		return check_name(pair, err);
	case K_DURATION:
		return vg_conf_ms(pair, 1, TIMEOUT_MAX_S * 1000ULL, &ms, err);
	case K_CHOICE:
		return vg_conf_enum(pair, k->choices, &choice, err);
	case K_PATH:
		if (pair->value.n)
			return 0;
		return vg_conf_fail(err, pair, -EINVAL, "%s: a path or \"none\" is expected",
				    k->key);
	}
	return -EINVAL;
}

static int on_pair(void *arg, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct reading *r = arg;
	char origin[4200];
	int ret = conf_check(pair, 1, err);

	if (ret)
		return ret;
	snprintf(origin, sizeof(origin), "%s:%u", r->path, pair->line);
	if (conf_put(r->conf, r->layer, pair->key, pair->value, origin)) {
		r->nomem = 1;
		return vg_conf_fail(err, pair, -ENOMEM, "out of memory");
	}
	return 0;
}

/* the bytes of a file, at most one over the limit; NULL with errno */
static char *slurp(const char *path, size_t *len)
{
	char *text = NULL;
	ssize_t n;
	int fd, why;

	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	text = malloc(VG_CONF_BYTES + 1);
	if (!text)
		goto out_close;
	while (*len <= VG_CONF_BYTES) {
		n = read(fd, text + *len, VG_CONF_BYTES + 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			why = errno;
			free(text);
			text = NULL;
			errno = why;
			goto out_close;
		}
		if (!n)
			break;
		*len += n;
	}
out_close:
	why = errno;
	close(fd);
	errno = why;
	return text;
}

static enum virgo_code conf_read_file(struct virgo_conf *conf, enum layer layer, const char *path,
				      int must_exist, struct virgo_error *err)
{
	struct reading r = { .conf = conf, .layer = layer, .path = path };
	struct vg_conf_sink sink = { .pair = on_pair, .ctx = &r };
	struct vg_conf_error why;
	enum virgo_code code = VIRGO_OK;
	size_t len;
	char *text = slurp(path, &len);

	if (!text && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return VIRGO_OK;
	if (!text)
		return virgo_error_set(err, VIRGO_USAGE, "unable to read '%s': %s", path,
				       strerror(errno));
	if (vg_conf_parse(text, len, &sink, &why))
		code = r.nomem ? virgo_error_nomem(err) :
		       virgo_error_set(err, VIRGO_USAGE, "%s:%u:%u: %s", path, why.line, why.col,
				       why.msg);
	free(text);
	return code;
}

static enum virgo_code put_checked(struct virgo_conf *conf, enum layer layer, const char *key,
				   const char *value, const char *origin, struct virgo_error *err)
{
	struct vg_conf_pair pair = { .key = vg_cstr(key), .value = vg_cstr(value) };
	struct vg_conf_error why;

	if (pair.value.n > VG_CONF_VALUE && layer == ENVIRONMENT)
		return virgo_error_set(err, VIRGO_USAGE, "%s is over %d bytes", origin,
				       VG_CONF_VALUE);
	if (conf_check(&pair, 0, &why))
		return layer == OPTION ?
		       virgo_error_set(err, VIRGO_USAGE, "%s", why.msg) :
		       virgo_error_set(err, VIRGO_USAGE, "%s: %s", origin, why.msg);
	if (conf_put(conf, layer, pair.key, pair.value, origin))
		return virgo_error_nomem(err);
	return VIRGO_OK;
}

static enum virgo_code read_environment(struct virgo_conf *conf, struct virgo_error *err)
{
	enum virgo_code code = VIRGO_OK;
	char origin[64];

	for (size_t i = 0; i < KNOWN && !code; i++) {
		const char *value = known[i].variable ? getenv(known[i].variable) : NULL;

		if (!value || !*value)
			continue;
		snprintf(origin, sizeof(origin), "environment %s", known[i].variable);
		code = put_checked(conf, ENVIRONMENT, known[i].key, value, origin, err);
	}
	return code;
}

int virgo_runtime_dir(char *path, size_t size)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	unsigned int uid = (unsigned int)geteuid();
	char user[64];
	struct stat st;
	int n;

	snprintf(user, sizeof(user), "/run/user/%u", uid);
	if (xdg && xdg[0] == '/')
		n = snprintf(path, size, "%s/virgo", xdg);
	else if (!lstat(user, &st) && S_ISDIR(st.st_mode) && st.st_uid == uid)
		n = snprintf(path, size, "%s/virgo", user);
	else
		n = snprintf(path, size, "/tmp/virgo-%u", uid);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

/* What "virgo up" started. Anybody can make a directory in /tmp: only one's own counts. */
static enum virgo_code read_running(struct virgo_conf *conf, struct virgo_error *err)
{
	char dir[4096], path[4096 + 16];
	struct stat st;

	if (virgo_runtime_dir(dir, sizeof(dir)) || lstat(dir, &st) || !S_ISDIR(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 022))
		return VIRGO_OK;
	snprintf(path, sizeof(path), "%s/client.conf", dir);
	return conf_read_file(conf, RUNNING, path, 0, err);
}

static enum virgo_code read_files(struct virgo_conf *conf, const char *file,
				  struct virgo_error *err)
{
	char user[4096];
	enum virgo_code code;

	if (!file || !*file)
		file = getenv("VIRGO_CONFIG");
	if (file && *file)
		return conf_read_file(conf, USER, file, 1, err);
	code = conf_read_file(conf, ETC, etc_path, 0, err);
	if (!code && !virgo_xdg_path(user, sizeof(user), "client.conf"))
		code = conf_read_file(conf, USER, user, 0, err);
	return code ? code : read_running(conf, err);
}

enum virgo_code virgo_conf_open(struct virgo_conf **conf_out, const char *file,
				struct virgo_error *err)
{
	struct virgo_conf *conf = calloc(1, sizeof(*conf));
	enum virgo_code code = VIRGO_OK;

	virgo_error_clear(err);
	*conf_out = NULL;
	if (!conf)
		return virgo_error_nomem(err);
	for (size_t i = 0; i < KNOWN && !code; i++)
		if (known[i].def && conf_put(conf, BUILT_IN, vg_cstr(known[i].key),
					     vg_cstr(known[i].def), "built-in"))
			code = virgo_error_nomem(err);
	if (!code)
		code = read_files(conf, file, err);
	if (!code)
		code = read_environment(conf, err);
	if (code)
		virgo_conf_free(conf);
	else
		*conf_out = conf;
	return code;
}

void virgo_conf_free(struct virgo_conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->n; i++)
		entry_free(&conf->entries[i]);
	free(conf->entries);
	free(conf);
}

enum virgo_code virgo_conf_set(struct virgo_conf *conf, const char *key, const char *value,
			       struct virgo_error *err)
{
	return put_checked(conf, OPTION, key, value, "option", err);
}

const char *virgo_conf_get(const struct virgo_conf *conf, const char *key)
{
	const struct entry *e = conf_find(conf, key, ABOVE_ALL);

	return e ? e->value : NULL;
}

int virgo_conf_setting(const struct virgo_conf *conf, const char *key,
		       struct virgo_setting *setting)
{
	const struct entry *e = conf_find(conf, key, ABOVE_ALL);

	if (!e)
		return -1;
	setting->key = e->key;
	setting->value = e->value;
	setting->origin = e->origin;
	return 0;
}

int virgo_conf_at(const struct virgo_conf *conf, size_t i, struct virgo_setting *setting)
{
	size_t at = 0;

	for (size_t k = 0; k < KNOWN; k++)
		if (conf_find(conf, known[k].key, ABOVE_ALL) && at++ == i)
			return virgo_conf_setting(conf, known[k].key, setting);
	for (size_t k = 0; k < conf->n; k++) {
		const struct entry *e = &conf->entries[k];

		/* a group of two files is listed once: where it is in force */
		if (strncmp(e->key, group_key.key, strlen(group_key.key)) ||
		    e != conf_find(conf, e->key, ABOVE_ALL))
			continue;
		if (at++ == i)
			return virgo_conf_setting(conf, e->key, setting);
	}
	return -1;
}

unsigned long virgo_conf_ms(const struct virgo_conf *conf, const char *key)
{
	const char *text = virgo_conf_get(conf, key);
	uint64_t ms = 0;

	if (text)
		virgo_parse_duration(text, &ms, NULL);
	return ms;
}

struct lookup {
	const struct virgo_conf *conf;
	enum layer below;
};

static const char *look_up(void *arg, const char *name)
{
	const struct lookup *l = arg;
	const struct entry *e;
	char key[VG_CONF_KEY + 1];
	enum layer below;

	if (strcmp(name, "all")) {
		snprintf(key, sizeof(key), "%s%s", group_key.key, name);
		return virgo_conf_get(l->conf, key);
	}
	for (below = l->below; (e = conf_find(l->conf, "nodes", below)); below = e->layer)
		if (strcmp(e->value, "all"))
			return e->value;
	return NULL;
}

enum virgo_code virgo_conf_nodes(const struct virgo_conf *conf, struct virgo_nodeset **set,
				 struct virgo_error *err)
{
	const struct entry *e = conf_find(conf, "nodes", ABOVE_ALL);
	struct lookup l = { .conf = conf, .below = e->layer };

	return virgo_nodeset_parse(set, e->value, look_up, &l, err);
}

enum virgo_code virgo_conf_nodeset(const struct virgo_conf *conf, const char *text,
				   struct virgo_nodeset **set, struct virgo_error *err)
{
	struct lookup l = { .conf = conf, .below = ABOVE_ALL };

	return virgo_nodeset_parse(set, text, look_up, &l, err);
}

static enum virgo_code parse_failed(const struct vg_conf_error *why, struct virgo_error *err)
{
	return virgo_error_set(err, VIRGO_USAGE, "%s", why->msg);
}

enum virgo_code virgo_parse_duration(const char *text, uint64_t *ms, struct virgo_error *err)
{
	struct vg_conf_pair pair = { .key = VG_STR_INIT("duration"), .value = vg_cstr(text) };
	struct vg_conf_error why;
	u64 value;

	if (vg_conf_ms(&pair, 1, TIMEOUT_MAX_S * 1000ULL, &value, &why))
		return parse_failed(&why, err);
	*ms = value;
	return VIRGO_OK;
}

enum virgo_code virgo_parse_size(const char *text, uint64_t *bytes, struct virgo_error *err)
{
	struct vg_conf_pair pair = { .key = VG_STR_INIT("size"), .value = vg_cstr(text) };
	struct vg_conf_error why;
	u64 value;

	if (vg_conf_size(&pair, 0, INT64_MAX, &value, &why))
		return parse_failed(&why, err);
	*bytes = value;
	return VIRGO_OK;
}
