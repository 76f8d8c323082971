// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config get, check, reload: what is in force and where it comes from, what is wrong in a file (all
 * of it at once), and making the nodes read theirs again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/check.h"
#include "cli/commands.h"

static const struct cli_option get_options[] = {
	{ 'n', "of-nodes", NULL, "the nodes' settings instead of the client's" },
	{ 0 }
};

static void settings_cell(struct out *o, const cJSON *setting)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(setting, "value"), *item;
	struct out_text t = { 0 };
	char *text;

	if (cJSON_IsString(value)) {
		out_shown(o, "%s", value->valuestring);
	} else if (cJSON_IsArray(value)) {
		cJSON_ArrayForEach(item, value)
			text_printf(&t, "%s%s", t.len ? ", " : "",
				    cJSON_IsString(item) ? item->valuestring : "?");
		out_shown(o, "%s", t.data && !t.failed ? t.data : "");
	} else {
		text = cJSON_PrintUnformatted(value);
		out_shown(o, "%s", text ? text : "");
		cJSON_free(text);
	}
	text_free(&t);
}

static void print_name(struct out *o, const char *name)
{
	out_shown(o, o->format == OUT_TABLE ? "%-24s " : "%s", name);
	out_write(o, "\t", o->format != OUT_TABLE);
}

static void print_settings(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	cJSON *body = cJSON_ParseWithLength(ans->body, ans->len);
	const cJSON *settings = cJSON_GetObjectItemCaseSensitive(body, "settings"), *s;
	const char *only = r->argc ? r->argv[0] : NULL, *from;
	bool *found = arg;

	if (!only) {
		print_name(o, "file");
		out_shown(o, "%s", json_text(body, "file", "?"));
		out_write(o, "\n", 1);
	}
	cJSON_ArrayForEach(s, settings) {
		if (only && strcmp(only, s->string))
			continue;
		*found = true;
		if (!only)
			print_name(o, s->string);
		settings_cell(o, s);
		from = json_text(s, "from", "");
		if (!only && (o->format != OUT_TABLE || strcmp(from, "file"))) {
			out_printf(o, o->format == OUT_TABLE ? "  (" : "\t");
			out_shown(o, "%s", from);
			out_printf(o, o->format == OUT_TABLE ? ")" : "");
		}
		out_printf(o, "\n");
	}
	cJSON_Delete(body);
}

/* in JSON, and of one setting: a row a node */
static void setting_of_node(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *body = cJSON_ParseWithLength(ans->body, ans->len);
	const cJSON *settings = cJSON_GetObjectItemCaseSensitive(body, "settings");
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(settings, r->argv[0]);
	char *value = s ? cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(s, "value"))
			: NULL;
	bool *found = arg;

	if (value) {
		*found = true;
		out_str(&r->out, ans->node);
		out_str(&r->out, s->string);
		out_json(&r->out, value);
		out_str(&r->out, json_text(s, "from", NULL));
	}
	cJSON_free(value);
	cJSON_Delete(body);
}

static int get_of_nodes(struct run *r)
{
	static const struct out_col cols[] = {
		{ "node" }, { "key" }, { "value" }, { "origin" },
	};
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/v1/config" };
	bool found = !r->argc;
	int ret, worst = VIRGO_OK;

	if (!run_ctx(r))
		return r->no_ctx;
	if (r->argc && out_is_json(&r->out)) {
		out_list(&r->out, cols, CLI_COUNT(cols));
		ret = ask_rows(r, &req, setting_of_node, &found);
	} else {
		ret = ask_folded(r, &req, print_settings, &found);
	}
	if (!ret && !found && !r->nfailures)
		ret = run_fail(r, VIRGO_NOT_FOUND, "the nodes have no setting \"%.60s\"",
			       r->argv[0]);
	if (r->argc && out_is_json(&r->out))
		worst = run_failures(r);
	return worst > ret ? worst : ret;
}

static void setting_row(struct run *r, const struct virgo_setting *s)
{
	out_str(&r->out, s->key);
	out_str(&r->out, s->value);
	out_str(&r->out, s->origin);
}

static int config_get(struct run *r)
{
	static const struct out_col cols[] = {
		{ "key", "KEY" }, { "value", "VALUE" }, { "origin", "FROM" },
	};
	struct virgo_setting s;
	size_t i;

	if (run_flag(r, "of-nodes"))
		return get_of_nodes(r);
	if (!run_conf(r))
		return r->no_ctx;
	if (r->argc && virgo_conf_setting(r->conf, r->argv[0], &s))
		return run_fail(r, VIRGO_NOT_FOUND, "no setting \"%.60s\", or it is unset",
				r->argv[0]);
	if (r->argc && !out_is_json(&r->out)) {
		out_printf(&r->out, "%s\n", s.value);
		return VIRGO_OK;
	}
	if (r->argc) {
		out_record(&r->out, cols, CLI_COUNT(cols));
		setting_row(r, &s);
		return VIRGO_OK;
	}
	out_list(&r->out, cols, CLI_COUNT(cols));
	for (i = 0; !virgo_conf_at(r->conf, i, &s); i++)
		setting_row(r, &s);
	return VIRGO_OK;
}

static const struct cli_option check_options[] = {
	{ 0, "node", "FILE", "check this as a node's configuration", CLI_C_FILE, NULL, true },
	{ 0, "client", "FILE", "check this as a client's configuration", CLI_C_FILE, NULL, true },
	{ 0 }
};

struct checking {
	struct run *r;
	unsigned int wrong;
};

static void found_wrong(void *arg, const char *file, unsigned int line, unsigned int col,
			const char *msg)
{
	struct checking *c = arg;

	c->wrong++;
	out_str(&c->r->out, file);
	out_u64(&c->r->out, line);
	out_u64(&c->r->out, col);
	out_str(&c->r->out, msg);
}

/* 0, or a status when the file can't be read; must: it has to be there */
static int check_one(struct checking *c, const char *path, bool node, bool must)
{
	int error = node ? check_node_file(path, found_wrong, c)
		    : check_client_file(path, found_wrong, c);

	if (!error || (error == ENOENT && !must))
		return VIRGO_OK;
	return run_fail(c->r, run_errno(error), "can't read %s: %s", path, strerror(error));
}

static int check_given(struct checking *c)
{
	int ret = VIRGO_OK, one;
	const char *path;
	size_t i;
	int k;

	for (i = 0; (path = run_opt_at(c->r, "node", i)); i++) {
		one = check_one(c, path, true, true);
		ret = one ? one : ret;
	}
	for (i = 0; (path = run_opt_at(c->r, "client", i)); i++) {
		one = check_one(c, path, false, true);
		ret = one ? one : ret;
	}
	for (k = 0; k < c->r->argc; k++) {
		one = check_one(c, c->r->argv[k], !strstr(c->r->argv[k], "client"), true);
		ret = one ? one : ret;
	}
	return ret;
}

/* the files that are used: the nodes' and the client's, of those that are there */
static int check_used(struct checking *c)
{
	const char *named = c->r->set.config ? c->r->set.config : getenv("VIRGO_CONFIG");
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	char path[PATH_MAX];
	int ret, one;

	ret = check_one(c, "/etc/virgo_cloud.conf", true, false);
	if (named && *named) {
		one = check_one(c, named, false, true);
		return one ? one : ret;
	}
	one = check_one(c, "/etc/virgo_client.conf", false, false);
	ret = one ? one : ret;
	if (xdg && *xdg == '/')
		snprintf(path, sizeof(path), "%s/virgo/client.conf", xdg);
	else
		snprintf(path, sizeof(path), "%s/.config/virgo/client.conf", home ? home : "");
	one = check_one(c, path, false, false);
	return one ? one : ret;
}

static int config_check(struct run *r)
{
	static const struct out_col cols[] = {
		{ "file", "FILE" }, { "line", "LINE", true }, { "column", "COLUMN", true },
		{ "message", "WHAT IS WRONG" },
	};
	struct checking c = { .r = r };
	int ret;

	out_list(&r->out, cols, CLI_COUNT(cols));
	if (r->argc || run_flag(r, "node") || run_flag(r, "client"))
		ret = check_given(&c);
	else
		ret = check_used(&c);
	if (c.wrong && !out_is_json(&r->out)) {
		out_end(&r->out);
		return run_fail(r, VIRGO_USAGE, "%u %s", c.wrong,
				c.wrong == 1 ? "error" : "errors");
	}
	return c.wrong ? VIRGO_USAGE : ret;
}

static void reloaded(struct run *r, const struct virgo_answer *ans, void *arg)
{
	(void)arg;
	out_str(&r->out, ans->node);
	out_bool(&r->out, !ans->err.code);
}

static int config_reload(struct run *r)
{
	static const struct out_col cols[] = { { "node", "NODE" }, { "reloaded", "RELOADED" } };
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST",
				     .target = "/v1/config/reload" };

	out_list(&r->out, cols, CLI_COUNT(cols));
	return ask_rows_all(r, &req, reloaded, NULL);
}

const struct cli_command commands_config[] = {
	{ "config get", "[KEY]", "the settings in force, and where each comes from",
	  NULL, get_options, 0, 1, 0, CLI_C_NONE, NULL, config_get },
	{ "config check", "[FILE…]", "find everything that is wrong in configuration files",
	  "Without FILE those that are used: /etc/virgo_cloud.conf, /etc/virgo_client.conf and\n"
	  "the user's. A file with \"client\" in its name is a client's, another one a node's;\n"
	  "--node and --client say so. Each error is a row: file, line, column, what is\n"
	  "allowed. The exit status is 2 if there is one.",
	  check_options, 0, 256, 0, CLI_C_FILE, NULL, config_check },
	{ "config reload", "", "make the nodes read their configuration and keys again",
	  "A node whose file has an error says so and goes on with what it had.",
	  NULL, 0, 0, CLI_NEEDS_NODES, CLI_C_NONE, NULL, config_reload },
	{ 0 }
};
