// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The bridge to the node's own parser (core/conf.h, core/config.h) and to libvirgo's checks of
 * single settings. Only reads.
 */
#include "cli/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <virgo/conf.h>

#include "core/conf.h"
#include "core/config.h"

struct checking {
	const char *path;
	check_fn fn;
	void *arg;
	struct virgo_conf *scratch;	/* a client's settings are tried here */
};

static int slurp(const char *path, char **text, size_t *len)
{
	ssize_t n;
	int fd, error = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	*text = malloc(VG_CONF_BYTES + 1);
	if (!*text) {
		close(fd);
		return ENOMEM;
	}
	for (*len = 0; *len <= VG_CONF_BYTES; *len += (size_t)n) {
		n = read(fd, *text + *len, VG_CONF_BYTES + 1 - *len);
		if (n <= 0)
			break;
	}
	if (n < 0)
		error = errno;
	close(fd);
	if (error)
		free(*text);
	return error;
}

static bool tell(void *arg, const struct vg_conf_error *err)
{
	struct checking *c = arg;

	c->fn(c->arg, c->path, err->line, err->col, err->msg);
	return true;
}

int check_node_file(const char *path, check_fn fn, void *arg)
{
	struct checking c = { .path = path, .fn = fn, .arg = arg };
	struct vg_conf_error err;
	char *text;
	size_t len;
	int error = slurp(path, &text, &len);

	if (error)
		return error;
	vg_config_check(text, len, tell, &c, &err);
	free(text);
	return 0;
}

struct wanted {
	const char *key;
	char *value;
	size_t size;
	int found;
};

static int look_at_pair(void *arg, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct wanted *w = arg;

	(void)err;
	if (vg_str_is(pair->key, w->key) && pair->value.n < w->size) {
		snprintf(w->value, w->size, "%.*s", VG_STR_ARG(pair->value));
		w->found = 1;
	}
	return 0;
}

static bool go_on(void *arg, const struct vg_conf_error *err)
{
	(void)arg;
	(void)err;
	return true;
}

int check_node_value(const char *path, const char *key, char *value, size_t size)
{
	struct wanted w = { .key = key, .value = value, .size = size };
	struct vg_conf_sink sink = { .pair = look_at_pair, .bad = go_on, .ctx = &w };
	struct vg_conf_error err;
	char *text;
	size_t len;

	if (slurp(path, &text, &len))
		return -1;
	vg_conf_parse(text, len, &sink, &err);
	free(text);
	return w.found ? 0 : -1;
}

static int try_pair(void *arg, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct checking *c = arg;
	char key[VG_CONF_KEY + 1], value[VG_CONF_VALUE + 1];
	struct virgo_error why;

	if (pair->key.n >= sizeof(key) || pair->value.n >= sizeof(value))
		return vg_conf_fail(err, pair, -E2BIG, "too long");
	snprintf(key, sizeof(key), "%.*s", VG_STR_ARG(pair->key));
	snprintf(value, sizeof(value), "%.*s", VG_STR_ARG(pair->value));
	if (!virgo_conf_set(c->scratch, key, value, &why))
		return 0;
	if (strstr(why.message, "unknown key"))
		return vg_conf_fail_key(err, pair, -EINVAL, "%s", why.message);
	return vg_conf_fail(err, pair, -EINVAL, "%s", why.message);
}

int check_client_file(const char *path, check_fn fn, void *arg)
{
	struct checking c = { .path = path, .fn = fn, .arg = arg };
	struct vg_conf_sink sink = { .pair = try_pair, .bad = tell, .ctx = &c };
	struct vg_conf_error err;
	struct virgo_error why;
	char *text;
	size_t len;
	int error = slurp(path, &text, &len);

	if (error)
		return error;
	/* an empty file: nothing but the built-in settings, whatever this machine's files hold */
	if (virgo_conf_open(&c.scratch, "/dev/null", &why)) {
		fn(arg, "environment", 0, 0, why.message);
		free(text);
		return 0;
	}
	vg_conf_parse(text, len, &sink, &err);
	virgo_conf_free(c.scratch);
	free(text);
	return 0;
}
