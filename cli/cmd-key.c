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

	if (!given && !run_conf(r))	/* it may name another file */
		return r->no_ctx;
	set = given ? NULL : virgo_conf_get(r->conf, "key_file");
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
	enum virgo_code code = run_errno(errno);

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

static int lock_file(struct run *r, const char *path, int *lock)
{
	*lock = keyfile_lock(path);
	if (*lock >= 0)
		return VIRGO_OK;
	return r->cli->interrupted ? VIRGO_INTERRUPTED :
	       file_error(r, "lock the directory of", path);
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
	int ret, lock = -1;

	if (r->argc && !keyfile_id_ok(r->argv[0]))
		return run_usage(r, "id \"%.60s\" is not 4 to 32 of A-Z a-z 0-9 _ -", r->argv[0]);
	node_file(r, node);
	ret = client_file(r, client);
	if (!ret)
		ret = take_settings(r, &with);
	if (!ret)
		ret = lock_file(r, node, &lock);
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
	if (lock >= 0)
		close(lock);
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

/* the id the client signs with, "" without a key; 0, or a status */
static int client_id(struct run *r, char id[VIRGO_KEY_ID_MAX + 1])
{
	struct virgo_key key;
	char path[PATH_MAX];
	int ret = client_file(r, path);

	*id = '\0';
	if (ret || virgo_key_read(path, &key, NULL))
		return ret;
	memcpy(id, key.id, sizeof(key.id));
	virgo_key_wipe(&key);
	return VIRGO_OK;
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
	int ret;

	ret = client_id(r, id);
	if (ret)
		return ret;
	node_file(r, path);
	if (keyfile_read(path, &file)) {
		if (errno == ENOENT)
			run_hint(r, "virgo key new makes one");
		return file_error(r, "read", path);
	}
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
	struct virgo_conf *conf;
	struct virgo_ctx *ctx;		/* signs with the new key */
};

static int answered(void *arg, struct virgo_answer *ans)
{
	struct run *r = arg;

	if (ans->err.code)
		run_node_failed(r, &ans->err);
	virgo_answer_free(ans);
	return 0;
}

static int ask_all(struct rotation *t, struct virgo_ctx *ctx, const char *method,
		   const char *target)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = method,
				     .target = target };
	struct virgo_error err;

	t->r->asked = virgo_nodeset_count(virgo_nodes(ctx));
	if (virgo_call_all(ctx, &req, answered, t->r, &err))
		return run_error(t->r, &err);
	return run_failures(t->r);
}

/* do all nodes know the new key? Those that don't keep their keys on another machine. */
static int try_key(struct rotation *t)
{
	struct virgo_error err;
	int ret;

	ret = virgo_conf_open(&t->conf, t->r->set.config, &err);
	if (!ret && t->r->set.nodes)
		ret = virgo_conf_set(t->conf, "nodes", t->r->set.nodes, &err);
	if (!ret)
		ret = virgo_conf_set(t->conf, "key_file", t->fresh, &err);
	if (!ret)
		ret = virgo_connect(&t->ctx, t->conf, &err);
	if (ret)
		return run_error(t->r, &err);
	return ask_all(t, t->ctx, "GET", "/v1/node");
}

/* the new key of an earlier try that not all nodes knew */
static bool go_on(struct rotation *t)
{
	struct keyfile_line line;

	if (!virgo_key_read(t->fresh, &t->key, NULL) &&
	    !keyfile_find(&t->file, t->key.id, &line) && strcmp(t->key.id, t->old.id))
		return true;
	virgo_key_wipe(&t->key);
	return false;
}

/* into the client's FILE.new first: what the nodes know and nobody has would be lost */
static int add_new_key(struct rotation *t)
{
	struct run *r = t->r;
	struct keyfile_line line;
	int ret = VIRGO_OK;

	if (keyfile_find(&t->file, t->old.id, &line)) {
		run_hint(r, "on the machine of the nodes, or with --node-file");
		return run_fail(r, VIRGO_NOT_FOUND, "%s has not the client's key %s", t->node,
				t->old.id);
	}
	if (go_on(t))
		return VIRGO_OK;
	if (line.cut)	/* part of a list may allow more than the whole */
		return run_fail(r, VIRGO_FAILED, "the lists of key %s in %s are too long to copy",
				t->old.id, t->node);
	line.not_before = 0;
	line.not_after = 0;
	if (keyfile_make(&t->key, ""))
		return run_fail(r, VIRGO_FAILED, "no random bytes: %s", strerror(errno));
	if (keyfile_write_client(t->fresh, &t->key))
		ret = file_error(r, "write", t->fresh);
	else if (keyfile_add(&t->file, &t->key, &line) ||
		 keyfile_replace(t->node, t->file.text, t->file.len))
		ret = file_error(r, "write", t->node);
	if (!ret)
		return VIRGO_OK;
	unlink(t->fresh);
	virgo_key_wipe(&t->key);
	return ret;
}

/* only now that the client has the new key may the old one end */
static int end_old_key(struct rotation *t, int64_t until)
{
	if (keyfile_retire(&t->file, t->old.id, until) ||
	    keyfile_replace(t->node, t->file.text, t->file.len))
		return file_error(t->r, "write", t->node);
	return ask_all(t, t->ctx, "POST", "/v1/config/reload");
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
	ret = add_new_key(t);
	if (!ret)
		ret = run_ctx(r) ? ask_all(t, r->ctx, "POST", "/v1/config/reload") : r->no_ctx;
	if (!ret)
		ret = try_key(t);
	if (ret && *t->key.id) {
		run_warn(r, "key %s is in %s, but the client still signs with %s", t->key.id,
			 t->node, t->old.id);
		run_warn(r, "a node whose key file is on another machine needs the new line there; "
			 "then rotate again: it goes on with this key");
		return ret;
	}
	if (!ret && rename(t->fresh, t->client))
		ret = file_error(r, "write", t->client);
	if (!ret)
		ret = end_old_key(t, until);
	if (!ret)
		show_key(r, t->key.id, t->node, t->client);
	return ret;
}

static int key_rotate(struct run *r)
{
	struct rotation t = { .r = r };
	uint64_t keep = 24ULL * 3600 * 1000;
	int ret, lock = -1;

	ret = run_opt_ms(r, "keep", &keep);
	if (!ret && !run_conf(r))
		ret = r->no_ctx;
	if (!ret)
		ret = client_file(r, t.client);
	if (ret)
		return ret;
	node_file(r, t.node);
	snprintf(t.fresh, sizeof(t.fresh), "%s.new", t.client);
	ret = lock_file(r, t.node, &lock);
	if (!ret)
		ret = rotate_steps(&t, time(NULL) + (int64_t)(keep / 1000));
	if (!ret)
		run_note(r, "the old key %s ends in %llu s", t.old.id,
			 (unsigned long long)(keep / 1000));
	virgo_disconnect(t.ctx);
	virgo_conf_free(t.conf);
	virgo_key_wipe(&t.old);
	virgo_key_wipe(&t.key);
	keyfile_free(&t.file);
	if (lock >= 0)
		close(lock);
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
	  "accept the new key, and only then the client uses it and the old one's end is set.\n"
	  "Key files of other machines are not reached: copy the line there, then rotate again,\n"
	  "which goes on with the same key (until then it is in FILE.new beside the client's).",
	  rotate_options, 0, 0, 0, CLI_C_NONE, NULL, key_rotate },
	{ 0 }
};
