// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * key new, ls, rotate: keys of this machine's files. A secret is made here and goes into files of
 * mode 0600; it is never printed, logged or taken from the command line.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/embed.h"
#include "cli/keyfile.h"

static const char *const right_words[] = { "read", "write", "exec", "admin", NULL };

/* where keys are kept when nobody says: of the nodes that are up, or the system's */
static void node_file(struct run *r, char path[PATH_MAX])
{
	const char *given = run_opt(r, "node-file");

	if (given)
		snprintf(path, PATH_MAX, "%s", given);
	else if (embed_running_file("keys", path))
		snprintf(path, PATH_MAX, "/etc/virgo_keys");
}

/* the file the client signs with; for a new one, where it will be looked for. 0, or a status */
static int client_file(struct run *r, char path[PATH_MAX])
{
	const char *given = run_opt(r, "client-file"), *home = getenv("HOME");
	const char *xdg = getenv("XDG_CONFIG_HOME"), *set;
	int n;

	set = r->conf ? virgo_conf_get(r->conf, "key_file") : NULL;
	if (given || (set && strcmp(set, "none"))) {
		snprintf(path, PATH_MAX, "%s", given ? given : set);
		return VIRGO_OK;
	}
	if (!virgo_key_default_path(path, PATH_MAX))
		return VIRGO_OK;
	if (!geteuid())
		n = snprintf(path, PATH_MAX, "/etc/virgo_client_key");
	else if (xdg && *xdg == '/')
		n = snprintf(path, PATH_MAX, "%s/virgo/key", xdg);
	else
		n = snprintf(path, PATH_MAX, "%s/.config/virgo/key", home ? home : "");
	if (n > 0 && n < PATH_MAX && *path == '/')
		return VIRGO_OK;
	return run_usage(r, "no home directory: say --client-file");
}

static int file_error(struct run *r, const char *what, const char *path)
{
	enum virgo_code code = errno == EACCES || errno == EPERM ? VIRGO_NOT_ALLOWED : VIRGO_FAILED;

	if (errno == EPERM)
		run_hint(r, "chmod 600 %s, and it must belong to you or root", path);
	else if (errno == EACCES)
		run_hint(r, "as root, or with --node-file and --client-file of your own");
	return run_fail(r, code, "can't %s %s: %s", what, path,
			errno == EPERM ? "it is open to others" :
			errno == EINVAL ? "it is not a regular file" : strerror(errno));
}

static int check_rights(struct run *r, const char *rights)
{
	const char *p = rights;
	size_t n, i;

	do {
		n = strcspn(p, ",");
		for (i = 0; right_words[i]; i++)
			if (strlen(right_words[i]) == n && !strncmp(p, right_words[i], n))
				break;
		if (!right_words[i])
			return run_usage(r, "right \"%.*s\" is none of read, write, exec, admin",
					 (int)(n < 40 ? n : 40), p);
		p += n;
	} while (*p++ == ',');
	return VIRGO_OK;
}

/* text that becomes one word of a line */
static int check_word(struct run *r, const char *option, const char *text, size_t max)
{
	if (*text && strlen(text) < max && !strpbrk(text, " \t\r\n#"))
		return VIRGO_OK;
	return run_usage(r, "--%s \"%.60s\" is not a list without blanks of at most %zu bytes",
			 option, text, max - 1);
}

static int take_settings(struct run *r, struct keyfile_line *with)
{
	const char *rights = run_opt(r, "rights"), *services = run_opt(r, "services");
	const char *prefixes = run_opt(r, "prefixes");
	uint64_t ms = 0;
	int ret;

	rights = rights ? rights : "read,write";
	ret = check_word(r, "rights", rights, sizeof(with->rights));
	if (!ret)
		ret = check_rights(r, rights);
	if (!ret && services)
		ret = check_word(r, "services", services, sizeof(with->services));
	if (!ret && prefixes)
		ret = check_word(r, "prefixes", prefixes, sizeof(with->prefixes));
	if (!ret)
		ret = run_opt_ms(r, "valid-for", &ms);
	if (ret)
		return ret;
	snprintf(with->rights, sizeof(with->rights), "%s", rights);
	snprintf(with->services, sizeof(with->services), "%s", services ? services : "");
	snprintf(with->prefixes, sizeof(with->prefixes), "%s", prefixes ? prefixes : "");
	with->not_after = ms ? time(NULL) + (int64_t)(ms / 1000) : 0;
	return VIRGO_OK;
}

static int load_or_none(struct run *r, const char *path, struct keyfile *file)
{
	if (keyfile_read(path, file) && errno != ENOENT)
		return file_error(r, "read", path);
	return VIRGO_OK;
}

/* the client's file must not be replaced by accident: its key would be lost */
static int check_client(struct run *r, const char *path)
{
	char dir[PATH_MAX], *slash;
	struct stat st;

	if (!lstat(path, &st) && !run_flag(r, "force")) {
		run_hint(r, "--client-file FILE for another, --force to replace it, or: "
			 "virgo key rotate");
		return run_fail(r, VIRGO_PRECONDITION, "%s is there already", path);
	}
	snprintf(dir, sizeof(dir), "%s", path);
	for (slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0700) && errno != EEXIST)
			return file_error(r, "make", dir);
		*slash = '/';
	}
	return VIRGO_OK;
}

static void show_key(struct run *r, const char *id, const char *node, const char *client)
{
	static const struct out_col cols[] = {
		{ "id", "id" }, { "node_file", "node file" }, { "client_file", "client file" },
	};

	out_record(&r->out, cols, CLI_COUNT(cols));
	out_str(&r->out, id);
	out_str(&r->out, node);
	out_str(&r->out, client);
}

static const struct cli_option new_options[] = {
	{ 0, "rights", "LIST", "read,write,exec,admin; default read,write" },
	{ 0, "services", "LIST", "only these services: mempool,control" },
	{ 0, "prefixes", "LIST", "only keys or paths that begin so: a/,b/" },
	{ 0, "valid-for", "DUR", "the key ends after this long" },
	{ 0, "node-file", "FILE", "the nodes' key file", CLI_C_FILE },
	{ 0, "client-file", "FILE", "the client's key file", CLI_C_FILE },
	{ 0, "force", NULL, "replace a client's key file that is there" },
	{ 0 }
};

static int key_new(struct run *r)
{
	char node[PATH_MAX], client[PATH_MAX];
	struct keyfile_line with = { 0 }, other;
	struct keyfile file = { 0 };
	struct virgo_key key;
	int ret;

	if (r->argc && !keyfile_id_ok(r->argv[0]))
		return run_usage(r, "id \"%.60s\" is not 4 to 32 of A-Z a-z 0-9 _ -", r->argv[0]);
	node_file(r, node);
	ret = client_file(r, client);
	if (!ret)
		ret = take_settings(r, &with);
	if (!ret)
		ret = load_or_none(r, node, &file);
	if (!ret && r->argc && !keyfile_find(&file, r->argv[0], &other))
		ret = run_fail(r, VIRGO_PRECONDITION, "%s has a key %s already", node, r->argv[0]);
	if (!ret)
		ret = check_client(r, client);
	if (!ret && keyfile_make(&key, r->argc ? r->argv[0] : ""))
		ret = run_fail(r, VIRGO_FAILED, "no random bytes: %s", strerror(errno));
	if (ret)
		goto out;
	/* the nodes' file first: a client's key that no node knows helps nobody */
	if (keyfile_add(&file, &key, &with) || keyfile_replace(node, file.text, file.len))
		ret = file_error(r, "write", node);
	else if (keyfile_write_client(client, &key))
		ret = file_error(r, "write", client);
	if (!ret) {
		show_key(r, key.id, node, client);
		run_note(r, "running nodes take it after: virgo config reload, or a restart");
	}
	virgo_key_wipe(&key);
out:
	keyfile_free(&file);
	return ret;
}

static const char *key_state(const struct keyfile_line *line)
{
	int64_t now = time(NULL);

	if (line->not_before && now < line->not_before)
		return "pending";
	return line->not_after && now > line->not_after ? "ended" : "active";
}

static void time_cell(struct out *o, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (!seconds || !gmtime_r(&t, &tm)) {
		out_none(o);
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	out_str(o, text);
}

static const struct cli_option ls_options[] = {
	{ 0, "node-file", "FILE", "the nodes' key file", CLI_C_FILE },
	{ 0, "client-file", "FILE", "the client's key file", CLI_C_FILE },
	{ 0 }
};

/* the id the client signs with, "" without a key */
static void client_id(struct run *r, char id[VIRGO_KEY_ID_MAX + 1])
{
	struct virgo_key key;
	char path[PATH_MAX];

	*id = '\0';
	if (client_file(r, path) || virgo_key_read(path, &key, NULL))
		return;
	memcpy(id, key.id, sizeof(key.id));
	virgo_key_wipe(&key);
}

static int key_ls(struct run *r)
{
	static const struct out_col cols[] = {
		{ "id", "KEY" }, { "state", "STATE" }, { "client", "OURS" }, { "rights", "RIGHTS" },
		{ "services", "SERVICES" }, { "prefixes", "PREFIXES" },
		{ "not_before", "FROM" }, { "not_after", "UNTIL" },
	};
	char path[PATH_MAX], id[VIRGO_KEY_ID_MAX + 1];
	struct keyfile_line line;
	struct keyfile file;
	size_t i;

	node_file(r, path);
	if (keyfile_read(path, &file)) {
		if (errno == ENOENT)
			run_hint(r, "virgo key new makes one");
		return file_error(r, "read", path);
	}
	client_id(r, id);
	out_list(&r->out, cols, CLI_COUNT(cols));
	for (i = 0; !keyfile_line_at(&file, i, &line); i++) {
		out_str(&r->out, line.id);
		out_str(&r->out, key_state(&line));
		out_bool(&r->out, !strcmp(line.id, id));
		out_str(&r->out, *line.rights ? line.rights : "read,write");
		out_str(&r->out, *line.services ? line.services : NULL);
		out_str(&r->out, *line.prefixes ? line.prefixes : NULL);
		time_cell(&r->out, line.not_before);
		time_cell(&r->out, line.not_after);
	}
	keyfile_free(&file);
	return VIRGO_OK;
}

static const struct cli_option rotate_options[] = {
	{ 0, "keep", "DUR", "the old key stays good this long; default 24h" },
	{ 0, "node-file", "FILE", "the nodes' key file", CLI_C_FILE },
	{ 0, "client-file", "FILE", "the client's key file", CLI_C_FILE },
	{ 0 }
};

/* What rotate works on. */
struct rotation {
	struct run *r;
	char node[PATH_MAX], client[PATH_MAX], fresh[PATH_MAX + 8];
	struct virgo_key old, key;
	struct keyfile file;
};

static void ignore_row(struct run *r, const struct virgo_answer *ans, void *arg)
{
	(void)r;
	(void)ans;
	(void)arg;
}

/* every node reads its keys again, told so by the old key */
static int reload_nodes(struct rotation *t)
{
	static const struct out_col cols[] = { { "node" } };
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST",
				     .target = "/v1/config/reload" };
	int ret, worst;

	if (!run_ctx(t->r))
		return t->r->no_ctx;
	(void)cols;
	ret = ask_rows(t->r, &req, ignore_row, NULL);
	worst = run_failures(t->r);
	return worst > ret ? worst : ret;
}

static int refused(void *arg, struct virgo_answer *ans)
{
	struct run *r = arg;

	if (ans->err.code)
		run_node_failed(r, &ans->err);
	virgo_answer_free(ans);
	return 0;
}

/* do all nodes know the new key? Those that don't keep their keys on another machine. */
static int try_key(struct rotation *t)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/v1/node" };
	struct virgo_conf *conf = NULL;
	struct virgo_ctx *ctx = NULL;
	struct virgo_error err;
	int ret;

	if (keyfile_write_client(t->fresh, &t->key))
		return file_error(t->r, "write", t->fresh);
	ret = virgo_conf_open(&conf, t->r->set.config, &err);
	if (!ret && t->r->set.nodes)
		ret = virgo_conf_set(conf, "nodes", t->r->set.nodes, &err);
	if (!ret)
		ret = virgo_conf_set(conf, "key_file", t->fresh, &err);
	if (!ret)
		ret = virgo_connect(&ctx, conf, &err);
	if (!ret)
		ret = virgo_call_all(ctx, &req, refused, t->r, &err);
	if (ret)
		run_error(t->r, &err);
	else
		ret = run_failures(t->r);
	virgo_disconnect(ctx);
	virgo_conf_free(conf);
	return ret;
}

static int add_new_key(struct rotation *t, int64_t until)
{
	struct run *r = t->r;
	struct keyfile_line line;

	if (keyfile_find(&t->file, t->old.id, &line)) {
		run_hint(r, "on the machine of the nodes, or with --node-file");
		return run_fail(r, VIRGO_NOT_FOUND, "%s has not the client's key %s", t->node,
				t->old.id);
	}
	line.not_before = 0;
	line.not_after = 0;
	if (keyfile_make(&t->key, ""))
		return run_fail(r, VIRGO_FAILED, "no random bytes: %s", strerror(errno));
	if (keyfile_add(&t->file, &t->key, &line) || keyfile_retire(&t->file, t->old.id, until) ||
	    keyfile_replace(t->node, t->file.text, t->file.len))
		return file_error(r, "write", t->node);
	return VIRGO_OK;
}

static int rotate_steps(struct rotation *t, int64_t until)
{
	struct run *r = t->r;
	struct virgo_error err;
	int ret;

	if (virgo_key_read(t->client, &t->old, &err))
		return run_error(r, &err);
	if (keyfile_read(t->node, &t->file))
		return file_error(r, "read", t->node);
	ret = add_new_key(t, until);
	if (!ret)
		ret = reload_nodes(t);
	if (!ret)
		ret = try_key(t);
	if (ret && *t->key.id) {
		run_warn(r, "key %s is in %s, but the client still signs with %s", t->key.id,
			 t->node, t->old.id);
		run_warn(r, "a node whose key file is on another machine needs the new line there; "
			 "then rotate again");
		return ret;
	}
	if (!ret && rename(t->fresh, t->client))
		ret = file_error(r, "write", t->client);
	if (!ret)
		show_key(r, t->key.id, t->node, t->client);
	return ret;
}

static int key_rotate(struct run *r)
{
	struct rotation t = { .r = r };
	uint64_t keep = 24ULL * 3600 * 1000;
	int ret;

	ret = run_opt_ms(r, "keep", &keep);
	if (!ret && !run_conf(r))
		ret = r->no_ctx;
	if (!ret)
		ret = client_file(r, t.client);
	if (ret)
		return ret;
	node_file(r, t.node);
	snprintf(t.fresh, sizeof(t.fresh), "%s.new", t.client);
	ret = rotate_steps(&t, time(NULL) + (int64_t)(keep / 1000));
	if (ret)
		unlink(t.fresh);
	else
		run_note(r, "the old key %s ends in %llu h", t.old.id,
			 (unsigned long long)(keep / 3600000));
	virgo_key_wipe(&t.old);
	virgo_key_wipe(&t.key);
	keyfile_free(&t.file);
	return ret;
}

const struct cli_command commands_key[] = {
	{ "key new", "[ID]", "make a key: a line for the nodes, a file for the client",
	  "The secret is 32 random bytes; it goes into the nodes' key file (that of the nodes\n"
	  "that are up, or /etc/virgo_keys) and the client's (the configured key_file, or its\n"
	  "default place), both 0600, and is not shown. curl -K reads the client's file as it\n"
	  "is.",
	  new_options, 0, 1, 0, CLI_C_NONE, NULL, key_new },
	{ "key ls", "", "list the keys of a nodes' key file, without their secrets",
	  NULL, ls_options, 0, 0, 0, CLI_C_NONE, NULL, key_ls },
	{ "key rotate", "", "replace the client's key by a new one; the old one ends after a day",
	  "The new key gets the old one's rights. The nodes read their key file again, all must\n"
	  "accept the new key, and only then the client uses it. Key files of other machines\n"
	  "are not reached: copy the line there, then rotate again.",
	  rotate_options, 0, 0, 0, CLI_C_NONE, NULL, key_rotate },
	{ 0 }
};
