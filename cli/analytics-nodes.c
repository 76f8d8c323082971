// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * analytics show, apply, rollback, diff: what nodes make of learnt values. Nothing here learns; what stands in a values
 * file is judged by the nodes, and only told here.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/analytics.h"
#include "cli/ask.h"

enum { SHOWN_BYTES = 28 };	/* of a long list in a table */

/* nodes that hold the values back, and the first of them */
struct held_back {
	bool fails;		/* the command asked that they be in force */
	size_t count, index;
	char node[128], why[192];
};

/* --- one node's document as rows --------------------------------------------------------------------------- */

static const struct out_col columns[] = {
	{ "node" }, { "name", "VALUE" }, { "learnt", "LEARNT" }, { "force", "STATE" }, { "in_force", "IN FORCE", true },
	{ "would_be", "WOULD BE", true }, { "bounds", "BOUNDS" }, { "since", "SINCE" }, { "acted", "ACTED", true },
	{ "would_have_acted", "IN SHADOW", true }, { "why", "WHY" },
};

static void learnt_cell(struct out *o, const cJSON *value)
{
	const char *text = json_text(value, "learnt", NULL);
	char cut[SHOWN_BYTES + 8];
	size_t n = SHOWN_BYTES;

	if (!text || o->format != OUT_TABLE || strlen(text) <= SHOWN_BYTES + 2) {
		out_str(o, text);
		return;
	}
	/* not within a character */
	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	snprintf(cut, sizeof(cut), "%.*s…", (int)n, text);
	out_str(o, cut);
}

static void in_force_cell(struct out *o, const cJSON *value)
{
	double entries = json_number(value, "entries", -1);
	char text[64];

	if (entries >= 0) {
		snprintf(text, sizeof(text), "%.0f of %.0f", json_number(value, "entries_live", 0), entries);
		out_str(o, entries ? text : NULL);
	} else {
		json_cell_u64(o, value, "in_force");
	}
}

static void bounds_cell(struct out *o, const cJSON *value)
{
	double least = json_number(value, "least", -1), most = json_number(value, "most", -1);
	char text[64];

	if (least < 0 || most < 0) {
		out_none(o);
		return;
	}
	snprintf(text, sizeof(text), most >= 9e18 ? "%.0f–" : "%.0f–%.0f", least, most);
	out_str(o, text);
}

static void since_cell(struct out *o, const cJSON *value)
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
	out_str(o, *text ? text : NULL);
}

static void value_row(struct out *o, const char *node, const cJSON *value)
{
	const char *bounded = json_text(value, "bounded_by", NULL), *why = json_text(value, "why", bounded);

	if (node)
		out_str(o, node);
	out_str(o, json_text(value, "name", "?"));
	learnt_cell(o, value);
	out_str(o, json_text(value, "force", "shown"));
	in_force_cell(o, value);
	json_cell_u64(o, value, "would_be");
	bounds_cell(o, value);
	since_cell(o, value);
	json_cell_u64(o, value, "acted");
	json_cell_u64(o, value, "would_have_acted");
	out_str(o, why);
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
static void values_table(struct run *r, struct out *o, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const char *why = json_text(doc, "why", NULL), *mode = json_text(doc, "mode", "?");
	const char *set = json_text(doc, "analytics_mode", mode);
	const cJSON *value;

	(void)r;
	note_held_back(arg, ans, doc);
	out_shown(o, "%s, mode %s", json_text(doc, "file", "?"), mode);
	if (strcmp(mode, set))
		out_shown(o, " (analytics_mode is %s)", set);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "dry_run")))
		out_shown(o, ", tried only");
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "degraded")))
		out_shown(o, ", the node is degraded");
	if (why)
		out_shown(o, ": %s", why);
	out_write(o, "\n", 1);
	out_list(o, columns + 1, CLI_COUNT(columns) - 1);
	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(doc, "values"))
		value_row(o, NULL, value);
	cJSON_Delete(doc);
}

static void values_rows(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const cJSON *value;

	note_held_back(arg, ans, doc);
	cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(doc, "values"))
		value_row(&r->out, ans->node, value);
	cJSON_Delete(doc);
}

static void values_document(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);

	note_held_back(arg, ans, doc);
	cJSON_Delete(doc);
	out_str(&r->out, ans->node);
	out_u64(&r->out, (uint64_t)ans->status);
	json_cell_body(&r->out, ans);
}

/* Only a failure where it was asked for that values be in force. */
static int held_back(struct run *r, const struct held_back *held)
{
	if (!held || !held->fails || !held->count)
		return VIRGO_OK;
	run_hint(r, "virgo analytics show tells more; virgo_kernel_analytics.conf(5) says when values count");
	return run_fail(r, VIRGO_PRECONDITION, "%zu of %zu nodes hold the values back, %s: %s", held->count, r->asked,
			held->node, held->why);
}

static int ask_values(struct run *r, const struct virgo_request *req, struct held_back *held)
{
	static const struct out_col documents[] = { { "node" }, { "status" }, { "body" } };
	int ret, held_them, worst;

	if (r->out.format == OUT_TABLE) {
		ret = ask_folded(r, req, values_table, held);
		return ret ? ret : held_back(r, held);
	}
	if (out_is_json(&r->out)) {
		out_list(&r->out, documents, CLI_COUNT(documents));
		ret = ask_rows(r, req, values_document, held);
	} else {
		out_list(&r->out, columns, CLI_COUNT(columns));
		ret = ask_rows(r, req, values_rows, held);
	}
	held_them = ret || r->nfailures ? VIRGO_OK : held_back(r, held);
	worst = run_failures(r);
	worst = worst > ret ? worst : ret;
	return worst ? worst : held_them;
}

/* --- show, apply ----------------------------------------------------------------------------------------------- */

int analytics_show(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/analytics" };

	return ask_values(r, &req, NULL);
}

const struct cli_option analytics_apply_options[] = {
	{ 'n', "dry-run", NULL, "only say what would be" },
	{ 0, "shadow", NULL, "count what would be done, do nothing, also where analytics_mode is apply" },
	{ 0, "now", NULL, "in force until the next reading, also where analytics_mode is shadow" },
	{ 0 }
};

int analytics_apply(struct run *r)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST" };
	bool now = run_flag(r, "now"), shadow = run_flag(r, "shadow"), dry = run_flag(r, "dry-run");
	struct held_back held = { .fails = now && !dry };
	char target[80];

	if (now && shadow)
		return run_usage(r, "--now and --shadow exclude each other");
	snprintf(target, sizeof(target), "/v1/analytics/reload%s%s%s%s", now || shadow || dry ? "?" : "",
		 dry ? "dry_run=1" : "", dry && (now || shadow) ? "&" : "",
		 now ? "mode=apply" : shadow ? "mode=shadow" : "");
	req.target = target;
	return ask_values(r, &req, &held);
}

/* --- files compared ---------------------------------------------------------------------------------------------- */

static void text_cell(struct out *o, const struct vg_conf_pair *pair)
{
	if (pair)
		out_bytes(o, pair->value.p, pair->value.n);
	else
		out_none(o);
}

static void change_row(struct out *o, const struct vg_conf_pair *before, const struct vg_conf_pair *after)
{
	const struct vg_conf_pair *key = before ? before : after;

	if (before && after && vg_str_eq(before->value, after->value))
		return;
	out_bytes(o, key->key.p, key->key.n);
	text_cell(o, before);
	text_cell(o, after);
}

static void change_rows(struct out *o, const struct values_file *before, const struct values_file *after)
{
	const struct vg_conf_pair *p;

	for (p = before->pair; p < before->pair + before->n; p++)
		change_row(o, p, values_find(after, p->key.p, p->key.n));
	for (p = after->pair; p < after->pair + after->n; p++)
		if (!values_find(before, p->key.p, p->key.n))
			change_row(o, NULL, p);
}

static int diff_files(struct run *r)
{
	static const struct out_col cols[] = {
		{ "name", "VALUE" }, { "before", "FIRST" }, { "after", "SECOND" },
	};
	struct values_file *f = calloc(2, sizeof(*f));
	int ret;

	if (!f)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	ret = values_read(r, r->argv[0], true, &f[0]);
	if (!ret)
		ret = values_read(r, r->argv[1], true, &f[1]);
	if (!ret) {
		out_list(&r->out, cols, CLI_COUNT(cols));
		change_rows(&r->out, &f[0], &f[1]);
	}
	values_free(&f[0]);
	values_free(&f[1]);
	free(f);
	return ret;
}

/* --- a file against what nodes make of it ------------------------------------------------------------------------- */

/* of one value: the file's text, the node's, and what counts there, where these are not all the same */
static void differing_row(struct run *r, const char *node, const char *name, const struct vg_conf_pair *pair,
			  const cJSON *value)
{
	const char *learnt = json_text(value, "learnt", NULL), *force = json_text(value, "force", NULL);
	const char *bounded = json_text(value, "bounded_by", NULL), *why = json_text(value, "why", bounded);
	bool same = pair ? learnt && strlen(learnt) == pair->value.n && !memcmp(learnt, pair->value.p, pair->value.n) :
			   !learnt;

	if (same && (!pair || ((!force || !strcmp(force, "apply")) && !bounded)))
		return;
	out_str(&r->out, node);
	out_str(&r->out, name);
	text_cell(&r->out, pair);
	out_str(&r->out, learnt);
	json_cell_u64(&r->out, value, "in_force");
	out_str(&r->out, same ? why : learnt ? "the node has read another one" : "the node has not read it");
}

static void differing_rows(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	const struct values_file *file = arg;
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(doc, "values"), *value;
	const struct vg_conf_pair *p;
	char key[VG_CONF_KEY + 1];

	cJSON_ArrayForEach(value, values) {
		const char *name = json_text(value, "name", "?");

		differing_row(r, ans->node, name, values_find(file, name, strlen(name)), value);
	}
	for (p = file->pair; p < file->pair + file->n; p++) {
		bool there = false;

		snprintf(key, sizeof(key), "%.*s", (int)p->key.n, p->key.p);
		cJSON_ArrayForEach(value, values)
			there |= !strcmp(json_text(value, "name", ""), key);
		if (!there)
			differing_row(r, ans->node, key, p, NULL);
	}
	cJSON_Delete(doc);
}

static int diff_nodes(struct run *r, const char *path)
{
	static const struct out_col cols[] = {
		{ "node", "NODE" }, { "name", "VALUE" }, { "file", "FILE" }, { "learnt", "NODE HAS" },
		{ "in_force", "IN FORCE", true }, { "why", "WHY" },
	};
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/analytics" };
	struct values_file *f = calloc(1, sizeof(*f));
	int ret, worst;

	if (!f)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	ret = values_read(r, path, true, f);
	if (!ret && !run_ctx(r))
		ret = r->no_ctx;
	if (!ret) {
		out_list(&r->out, cols, CLI_COUNT(cols));
		ret = ask_rows(r, &req, differing_rows, f);
		worst = run_failures(r);
		ret = worst > ret ? worst : ret;
	}
	values_free(f);
	free(f);
	return ret;
}

int analytics_diff(struct run *r)
{
	char path[PATH_MAX];

	if (r->argc == 2)
		return diff_files(r);
	values_default(path);
	return diff_nodes(r, r->argc ? r->argv[0] : path);
}

/* --- rollback -------------------------------------------------------------------------------------------------------- */

const struct cli_option analytics_rollback_options[] = {
	{ 0, "conf", "FILE", "the values file; default: the nodes'", CLI_C_FILE },
	{ 'n', "dry-run", NULL, "only say what would change" },
	{ 0 }
};

struct going_back {
	const char *path;
	struct held_back held;
	size_t elsewhere;	/* nodes that read another file */
};

static void reloaded(struct run *r, const struct virgo_answer *ans, void *arg)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len);
	struct going_back *g = arg;
	char mine[PATH_MAX], theirs[PATH_MAX];
	const char *file = json_text(doc, "file", "");

	(void)r;
	note_held_back(&g->held, ans, doc);
	if (strcmp(realpath(g->path, mine) ? mine : g->path, realpath(file, theirs) ? theirs : file))
		g->elsewhere++;
	cJSON_Delete(doc);
}

/* All nodes read theirs again; what one of them says against it is a warning, the file is back. */
static int reload_nodes(struct run *r, const char *path)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "POST", .target = "/v1/analytics/reload" };
	struct going_back g = { .path = path };
	int ret = ask_rows(r, &req, reloaded, &g), worst = run_failures(r);

	if (g.held.count)
		run_warn(r, "virgo: analytics rollback: %zu of %zu nodes hold the values back, %s: %s", g.held.count,
			 r->asked, g.held.node, g.held.why);
	if (g.elsewhere)
		run_warn(r, "virgo: analytics rollback: %zu of %zu nodes read another file than %s: they are as they were",
			 g.elsewhere, r->asked, path);
	return worst > ret ? worst : ret;
}

static int go_back(struct run *r, const char *path, const struct values_file *now, const struct values_file *before)
{
	static const struct out_col cols[] = {
		{ "name", "VALUE" }, { "before", "WAS" }, { "after", "IS" },
	};
	bool dry = run_flag(r, "dry-run");
	int ret = dry ? VIRGO_OK : values_undo(r, path);

	if (ret)
		return ret;
	out_list(&r->out, cols, CLI_COUNT(cols));
	change_rows(&r->out, now, before);
	if (dry)
		return VIRGO_OK;
	ret = reload_nodes(r, path);
	out_end(&r->out);
	run_note(r, "%s is what %s.1 was; what it was until now is %s.undone", path, path, path);
	return ret;
}

int analytics_rollback(struct run *r)
{
	struct values_file *f = calloc(2, sizeof(*f));
	char path[PATH_MAX], older[PATH_MAX + 16];
	const char *given = run_opt(r, "conf");
	int ret = VIRGO_OK;

	if (!f)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	values_default(path);
	if (given)
		snprintf(path, sizeof(path), "%s", given);
	snprintf(older, sizeof(older), "%s.1", path);
	ret = values_read(r, older, true, &f[1]);
	/* one that is broken, or gone, is a reason to go back */
	if (!ret)
		ret = values_read(r, path, false, &f[0]);
	if (!ret)
		ret = go_back(r, path, &f[0], &f[1]);
	values_free(&f[0]);
	values_free(&f[1]);
	free(f);
	return ret;
}
