// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * analytics show, apply, rollback, diff: what nodes make of learnt values. Nothing here learns; what stands in a values
 * file is judged by the nodes, and only told here.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cjson/cJSON.h>

#include "plugins/analytics/plugin.h"

enum { SHOWN_BYTES = 28 };	/* of a long list in a table */

/* nodes that hold the values back, and the first of them */
struct held_back {
	bool fails;		/* the command asked that they be in force */
	size_t count, index;
	char node[128], why[192];
};

/* --- members of a node's document, and cells of them ------------------------------------------------------------ */

static const char *json_text(const cJSON *object, const char *name, const char *fallback)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) ? item->valuestring : fallback;
}

static double json_number(const cJSON *object, const char *name, double fallback)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

static void json_cell_u64(struct virgo_plugin_run *run, const cJSON *object, const char *name)
{
	double n = json_number(object, name, -1);

	if (n < 0 || n > 1e18)
		host->none(run);
	else
		host->u64(run, (uint64_t)n);
}

/* --- one node's document as rows --------------------------------------------------------------------------- */

static const struct virgo_plugin_column columns[] = {
	{ "node" }, { "name", "VALUE" }, { "learnt", "LEARNT" }, { "force", "STATE" }, { "in_force", "IN FORCE", true },
	{ "would_be", "WOULD BE", true }, { "bounds", "BOUNDS" }, { "since", "SINCE" }, { "acted", "ACTED", true },
	{ "would_have_acted", "IN SHADOW", true }, { "why", "WHY" },
};

static void learnt_cell(struct virgo_plugin_run *run, const cJSON *value)
{
	const char *text = json_text(value, "learnt", NULL);
	char cut[SHOWN_BYTES + 8];
	size_t n = SHOWN_BYTES;

	if (!text || !host->is_table(run) || strlen(text) <= SHOWN_BYTES + 2) {
		host->str(run, text);
		return;
	}
	/* not within a character */
	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	snprintf(cut, sizeof(cut), "%.*s…", (int)n, text);
	host->str(run, cut);
}

static void in_force_cell(struct virgo_plugin_run *run, const cJSON *value)
{
	double entries = json_number(value, "entries", -1);
	char text[64];

	if (entries >= 0) {
		snprintf(text, sizeof(text), "%.0f of %.0f", json_number(value, "entries_live", 0), entries);
		host->str(run, entries ? text : NULL);
	} else {
		json_cell_u64(run, value, "in_force");
	}
}

static void bounds_cell(struct virgo_plugin_run *run, const cJSON *value)
{
	double least = json_number(value, "least", -1), most = json_number(value, "most", -1);
	char text[64];

	if (least < 0 || most < 0) {
		host->none(run);
		return;
	}
	snprintf(text, sizeof(text), most >= 9e18 ? "%.0f–" : "%.0f–%.0f", least, most);
	host->str(run, text);
}

static void since_cell(struct virgo_plugin_run *run, const cJSON *value)
{
	double ms = json_number(value, "since_ms", -1);
	char text[32] = "";
	struct tm tm;
	time_t t;

	if (ms >= 0 && ms < 1e15) {
		t = (time_t)(ms / 1000);
		if (localtime_r(&t, &tm))
			strftime(text, sizeof(text), "%F %T", &tm);
	}
	host->str(run, *text ? text : NULL);
}

static void value_row(struct virgo_plugin_run *run, const char *node, const cJSON *value)
{
	const char *bounded = json_text(value, "bounded_by", NULL), *why = json_text(value, "why", bounded);

	if (node)
		host->str(run, node);
	host->str(run, json_text(value, "name", "?"));
	learnt_cell(run, value);
	host->str(run, json_text(value, "force", "shown"));
	in_force_cell(run, value);
	json_cell_u64(run, value, "would_be");
	bounds_cell(run, value);
	since_cell(run, value);
	json_cell_u64(run, value, "acted");
	json_cell_u64(run, value, "would_have_acted");
	host->str(run, why);
}

static void note_held_back(struct held_back *held, const struct virgo_answer *ans, const cJSON *doc)
{
	if (!held || !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(doc, "usable")))
		return;
	/* answers come in any order */
	if (held->count++ && ans->index > held->index)
		return;
	held->index = ans->index;
	snprintf(held->node, sizeof(held->node), "%s", ans->node);
	snprintf(held->why, sizeof(held->why), "%s", json_text(doc, "why", "it does not say why"));
}

/* a table under a line on the file, so that nodes that say the same fold */
static void values_table(struct virgo_plugin_run *run, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const char *why = json_text(doc, "why", NULL), *mode = json_text(doc, "mode", "?");
	const char *set = json_text(doc, "analytics_mode", mode);
	const cJSON *value;

	note_held_back(arg, ans, doc);
	host->shown(run, "%s, mode %s", json_text(doc, "file", "?"), mode);
	if (strcmp(mode, set))
		host->shown(run, " (analytics_mode is %s)", set);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "dry_run")))
		host->shown(run, ", tried only");
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "degraded")))
		host->shown(run, ", the node is degraded");
	if (why)
		host->shown(run, ": %s", why);
	host->write(run, "\n", 1);
	host->list(run, columns + 1, COUNT(columns) - 1);
	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(doc, "values"))
		value_row(run, NULL, value);
	cJSON_Delete(doc);
}

static void values_rows(struct virgo_plugin_run *run, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const cJSON *value;

	note_held_back(arg, ans, doc);
	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(doc, "values"))
		value_row(run, ans->node, value);
	cJSON_Delete(doc);
}

static void values_document(struct virgo_plugin_run *run, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	char *body = doc ? cJSON_PrintUnformatted(doc) : NULL;

	note_held_back(arg, ans, doc);
	host->str(run, ans->node);
	host->u64(run, (uint64_t)ans->status);
	if (body)
		host->json(run, body);
	else
		host->bytes(run, ans->body, ans->len);
	cJSON_free(body);
	cJSON_Delete(doc);
}

/* how many nodes are asked; only where there is a context */
static size_t asked(struct virgo_plugin_run *run)
{
	return virgo_nodeset_count(virgo_nodes(host->ctx(run)));
}

/* Only a failure where it was asked for that values be in force. */
static int held_back(struct virgo_plugin_run *run, const struct held_back *held)
{
	if (!held || !held->fails || !held->count)
		return VIRGO_OK;
	host->hint(run, "virgo analytics show tells more; virgo_kernel_analytics.conf(5) says when values count");
	return host->fail(run, VIRGO_PRECONDITION, "%zu of %zu nodes hold the values back, %s: %s", held->count,
			  asked(run), held->node, held->why);
}

static int ask_values(struct virgo_plugin_run *run, const struct virgo_request *req, struct held_back *held)
{
	static const struct virgo_plugin_column documents[] = { { "node" }, { "status" }, { "body" } };
	int ret, held_them, worst;
	size_t failed;

	if (host->is_table(run)) {
		ret = host->call_folded(run, req, values_table, held);
		return ret ? ret : held_back(run, held);
	}
	if (host->is_json(run)) {
		host->list(run, documents, COUNT(documents));
		ret = host->call_all(run, req, values_document, held, &failed);
	} else {
		host->list(run, columns, COUNT(columns));
		ret = host->call_all(run, req, values_rows, held, &failed);
	}
	held_them = ret || failed ? VIRGO_OK : held_back(run, held);
	worst = host->failures(run, asked(run));
	worst = worst > ret ? worst : ret;
	return worst ? worst : held_them;
}

/* --- show, apply ----------------------------------------------------------------------------------------------- */

int analytics_show(struct virgo_plugin_run *run)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/analytics" };

	return ask_values(run, &req, NULL);
}

const struct virgo_plugin_option analytics_apply_options[] = {
	{ 'n', "dry-run", NULL, "only say what would be" },
	{ 0, "shadow", NULL, "count what would be done, do nothing, also where analytics_mode is apply" },
	{ 0, "now", NULL, "in force until the next reading, also where analytics_mode is shadow" },
	{ 0 }
};

int analytics_apply(struct virgo_plugin_run *run)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST" };
	bool now = host->flag(run, "now"), shadow = host->flag(run, "shadow"), dry = host->flag(run, "dry-run");
	struct held_back held = { .fails = now && !dry };
	char target[80];

	if (now && shadow)
		return host->usage(run, "--now and --shadow exclude each other");
	snprintf(target, sizeof(target), "/v1/analytics/reload%s%s%s%s", now || shadow || dry ? "?" : "",
		 dry ? "dry_run=1" : "", dry && (now || shadow) ? "&" : "",
		 now ? "mode=apply" : shadow ? "mode=shadow" : "");
	req.target = target;
	return ask_values(run, &req, &held);
}

/* --- files compared ---------------------------------------------------------------------------------------------- */

static void text_cell(struct virgo_plugin_run *run, const struct vg_conf_pair *pair)
{
	if (pair)
		host->bytes(run, pair->value.p, pair->value.n);
	else
		host->none(run);
}

static void change_row(struct virgo_plugin_run *run, const struct vg_conf_pair *before, const struct vg_conf_pair *after)
{
	const struct vg_conf_pair *key = before ? before : after;

	if (before && after && vg_str_eq(before->value, after->value))
		return;
	host->bytes(run, key->key.p, key->key.n);
	text_cell(run, before);
	text_cell(run, after);
}

static void change_rows(struct virgo_plugin_run *run, const struct values_file *before, const struct values_file *after)
{
	const struct vg_conf_pair *p;

	for (p = before->pair; p < before->pair + before->n; p++)
		change_row(run, p, values_find(after, p->key.p, p->key.n));
	for (p = after->pair; p < after->pair + after->n; p++)
		if (!values_find(before, p->key.p, p->key.n))
			change_row(run, NULL, p);
}

static int diff_files(struct virgo_plugin_run *run)
{
	static const struct virgo_plugin_column cols[] = {
		{ "name", "VALUE" }, { "before", "FIRST" }, { "after", "SECOND" },
	};
	struct values_file *f = calloc(2, sizeof(*f));
	int ret;

	if (!f)
		return host->fail(run, VIRGO_FAILED, "out of memory");
	ret = values_read(run, host->argv(run)[0], true, &f[0]);
	if (!ret)
		ret = values_read(run, host->argv(run)[1], true, &f[1]);
	if (!ret) {
		host->list(run, cols, COUNT(cols));
		change_rows(run, &f[0], &f[1]);
	}
	values_free(&f[0]);
	values_free(&f[1]);
	free(f);
	return ret;
}

/* --- a file against what nodes make of it ------------------------------------------------------------------------- */

/* of one value: the file's text, the node's, and what counts there, where these are not all the same */
static void differing_row(struct virgo_plugin_run *run, const char *node, const char *name, const struct vg_conf_pair *pair,
			  const cJSON *value)
{
	const char *learnt = json_text(value, "learnt", NULL), *force = json_text(value, "force", NULL);
	const char *bounded = json_text(value, "bounded_by", NULL), *why = json_text(value, "why", bounded);
	bool same = pair ? learnt && strlen(learnt) == pair->value.n && !memcmp(learnt, pair->value.p, pair->value.n) :
			   !learnt;

	if (same && (!pair || ((!force || !strcmp(force, "apply")) && !bounded)))
		return;
	host->str(run, node);
	host->str(run, name);
	text_cell(run, pair);
	host->str(run, learnt);
	json_cell_u64(run, value, "in_force");
	host->str(run, same ? why : learnt ? "the node has read another one" : "the node has not read it");
}

static void differing_rows(struct virgo_plugin_run *run, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const struct values_file *file = arg;
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(doc, "values"), *value;
	const struct vg_conf_pair *p;
	char key[VG_CONF_KEY + 1];

	cJSON_ArrayForEach(value, values) {
		const char *name = json_text(value, "name", "?");

		differing_row(run, ans->node, name, values_find(file, name, strlen(name)), value);
	}
	for (p = file->pair; p < file->pair + file->n; p++) {
		bool there = false;

		snprintf(key, sizeof(key), "%.*s", (int)p->key.n, p->key.p);
		cJSON_ArrayForEach(value, values)
			there |= !strcmp(json_text(value, "name", ""), key);
		if (!there)
			differing_row(run, ans->node, key, p, NULL);
	}
	cJSON_Delete(doc);
}

static int diff_nodes(struct virgo_plugin_run *run, const char *path)
{
	static const struct virgo_plugin_column cols[] = {
		{ "node", "NODE" }, { "name", "VALUE" }, { "file", "FILE" }, { "learnt", "NODE HAS" },
		{ "in_force", "IN FORCE", true }, { "why", "WHY" },
	};
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/analytics" };
	struct values_file *f = calloc(1, sizeof(*f));
	int ret, worst;

	if (!f)
		return host->fail(run, VIRGO_FAILED, "out of memory");
	ret = values_read(run, path, true, f);
	if (!ret && !host->ctx(run))
		ret = host->status(run);
	if (!ret) {
		host->list(run, cols, COUNT(cols));
		ret = host->call_all(run, &req, differing_rows, f, NULL);
		worst = host->failures(run, asked(run));
		ret = worst > ret ? worst : ret;
	}
	values_free(f);
	free(f);
	return ret;
}

int analytics_diff(struct virgo_plugin_run *run)
{
	char path[PATH_MAX];

	if (host->argc(run) == 2)
		return diff_files(run);
	values_default(run, path);
	return diff_nodes(run, host->argc(run) ? host->argv(run)[0] : path);
}

/* --- rollback -------------------------------------------------------------------------------------------------------- */

const struct virgo_plugin_option analytics_rollback_options[] = {
	{ 0, "conf", "FILE", "the values file; default: the nodes'", VIRGO_PLUGIN_C_FILE },
	{ 'n', "dry-run", NULL, "only say what would change" },
	{ 0 }
};

struct going_back {
	const char *path;
	struct held_back held;
	size_t elsewhere;	/* nodes that read another file */
};

static void reloaded(struct virgo_plugin_run *run, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	struct going_back *g = arg;
	char mine[PATH_MAX], theirs[PATH_MAX];
	const char *file = json_text(doc, "file", "");

	note_held_back(&g->held, ans, doc);
	if (strcmp(realpath(g->path, mine) ? mine : g->path, realpath(file, theirs) ? theirs : file))
		g->elsewhere++;
	cJSON_Delete(doc);
}

/* All nodes read theirs again; what one of them says against it is a warning, the file is back. */
static int reload_nodes(struct virgo_plugin_run *run, const char *path)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST", .target = "/v1/analytics/reload" };
	struct going_back g = { .path = path };
	int ret = host->call_all(run, &req, reloaded, &g, NULL);
	int worst = host->failures(run, asked(run));

	if (g.held.count)
		host->warn(run, "virgo: analytics rollback: %zu of %zu nodes hold the values back, %s: %s", g.held.count,
			   asked(run), g.held.node, g.held.why);
	if (g.elsewhere)
		host->warn(run, "virgo: analytics rollback: %zu of %zu nodes read another file than %s: they are as they were",
			   g.elsewhere, asked(run), path);
	return worst > ret ? worst : ret;
}

static int go_back(struct virgo_plugin_run *run, const char *path, const struct values_file *now,
		   const struct values_file *before)
{
	static const struct virgo_plugin_column cols[] = {
		{ "name", "VALUE" }, { "before", "WAS" }, { "after", "IS" },
	};
	bool dry = host->flag(run, "dry-run");
	int ret = dry ? VIRGO_OK : values_undo(run, path);

	if (ret)
		return ret;
	host->list(run, cols, COUNT(cols));
	change_rows(run, now, before);
	if (dry)
		return VIRGO_OK;
	ret = reload_nodes(run, path);
	host->end(run);
	host->note(run, "%s is what %s.1 was; what it was until now is %s.undone", path, path, path);
	return ret;
}

int analytics_rollback(struct virgo_plugin_run *run)
{
	struct values_file *f = calloc(2, sizeof(*f));
	char path[PATH_MAX], older[PATH_MAX + 16];
	const char *given = host->option(run, "conf");
	int ret = VIRGO_OK;

	if (!f)
		return host->fail(run, VIRGO_FAILED, "out of memory");
	values_default(run, path);
	if (given)
		snprintf(path, sizeof(path), "%s", given);
	snprintf(older, sizeof(older), "%s.1", path);
	ret = values_read(run, older, true, &f[1]);
	/* one that is broken, or gone, is a reason to go back */
	if (!ret)
		ret = values_read(run, path, false, &f[0]);
	if (!ret)
		ret = go_back(run, path, &f[0], &f[1]);
	values_free(&f[0]);
	values_free(&f[1]);
	free(f);
	return ret;
}
