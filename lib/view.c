// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a context knows of its nodes' load. Asks all of them at once, or the registry; nobody is
 * waited for much longer than the others, and a node that does not answer is left out by the
 * balancer's rules. What comes is foreign: it is read by the node's own parser (core/load.h).
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view.h"

enum { LEARNT_TRIES = 3 };

uint64_t virgo_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- the nodes ------------------------------------------------------------------------------- */

void virgo_view_free(struct virgo_ctx *ctx)
{
	struct virgo_view *view = ctx->view;

	ctx->view = NULL;
	if (!view)
		return;
	cJSON_Delete(view->learnt);
	free(view->peers);
	free(view->notes);
	free(view);
}

struct virgo_view *virgo_view(struct virgo_ctx *ctx)
{
	struct virgo_view *view = ctx->view;
	size_t n = virgo_nodeset_count(ctx->nodes);

	if (view)
		return view;
	view = calloc(1, sizeof(*view));
	if (!view)
		return NULL;
	ctx->view = view;
	view->peers = calloc(n, sizeof(*view->peers));
	view->notes = calloc(n, sizeof(*view->notes));
	if (!view->peers || !view->notes || virgo_random(&view->rng, sizeof(view->rng))) {
		virgo_view_free(ctx);
		return NULL;
	}
	view->n = n;
	view->number = ++ctx->views;
	for (size_t i = 0; i < n; i++)
		view->peers[i].hash = ctx->hashes[i];
	return view;
}

/* the text of a learnt value; NULL: there is none */
static const char *learnt(const struct virgo_view *view, const char *prefix, const char *name)
{
	char key[96];

	snprintf(key, sizeof(key), "%s%s", prefix, name);
	return virgo_json_text(view->learnt, key);
}

static uint32_t learnt_u32(const struct virgo_view *view, const char *prefix, const char *name)
{
	const char *text = learnt(view, prefix, name);
	char *end;
	unsigned long v = text ? strtoul(text, &end, 10) : 0;

	return text && *text && !*end && v <= UINT32_MAX ? v : 0;
}

static void set_speed(struct virgo_view *view, size_t i)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", view->notes[i].node_id);
	view->peers[i].speed_permille = learnt_u32(view, "NodeSpeedPermille.", id);
}

/* node i says that its number is id */
static void is_number(struct virgo_view *view, size_t i, unsigned long id)
{
	if (!id || id > UINT32_MAX || id == view->notes[i].node_id)
		return;
	view->notes[i].node_id = id;
	set_speed(view, i);
}

void virgo_view_heard(struct virgo_view *view, size_t i, const struct virgo_answer *ans)
{
	if (!view->notes[i].node_id)
		is_number(view, i, strtoul(ans->node_id, NULL, 10));
}

static void mute(struct virgo_view *view, size_t i)
{
	view->notes[i].mute_until_ms = virgo_now_ms() + VIEW_MUTE_MS;
}

/* --- asking the nodes ------------------------------------------------------------------------ */

struct looking {
	struct virgo_view *view;
	uint32_t *which;		/* node of each job */
	char *heard;			/* of each job */
	size_t n, answers, dead;
	uint64_t begun_ms, half_ms;	/* half_ms: how long half of them took; 0: less have answered */
};

/* enough is there, and who is missing had its time? */
static int look_enough(void *arg)
{
	struct looking *l = arg;
	uint64_t took = virgo_now_ms() - l->begun_ms;

	if (l->answers * 2 < l->n)
		return 0;
	if (!l->half_ms)
		l->half_ms = took + 1;
	return took >= VIEW_LATE_MS + 4 * l->half_ms;
}

static void dead_node(struct looking *l, size_t job)
{
	struct virgo_view *view = l->view;

	vg_peer_end(&view->peers[l->which[job]], VG_NOT_CONNECTED, false, virgo_now_ms(), &view->rng);
	l->dead++;
}

/* the load of one node; 0, or -1: it is none */
static int take_load(struct virgo_view *view, size_t i, const struct virgo_answer *ans)
{
	struct vg_peer *peer = &view->peers[i];
	struct vg_jtok toks[VG_LOAD_TOKENS];
	struct vg_json doc;
	struct vg_load load;

	if (vg_json_parse(&doc, ans->body, ans->len, toks, VG_LOAD_TOKENS) ||
	    vg_load_read(&doc, vg_json_root(&doc), &load, NULL))
		return -1;
	is_number(view, i, load.node);
	vg_peer_saw(peer, &load, peer->in_flight, 0, virgo_now_ms());
	return 0;
}

static int on_load(void *arg, struct virgo_answer *ans)
{
	struct looking *l = arg;
	struct virgo_view *view = l->view;
	size_t job = ans->index, i = l->which[job];

	l->heard[job] = 1;
	l->answers++;
	if (!ans->status) {
		view->why = ans->err;
		dead_node(l, job);
	} else {
		vg_peer_end(&view->peers[i], VG_ANSWERED, false, virgo_now_ms(), &view->rng);
		if (ans->err.code || take_load(view, i, ans))
			mute(view, i);
	}
	virgo_answer_free(ans);
	return 0;
}

/* is it worth asking node i, and allowed? */
static int to_ask(const struct virgo_view *view, size_t i, uint64_t max_age_ms, uint64_t now_ms)
{
	const struct view_note *note = &view->notes[i];
	const struct vg_peer *p = &view->peers[i];

	if (!vg_peer_usable(p, now_ms) || now_ms < note->mute_until_ms)
		return 0;
	return p->fails || !p->seen_ms || now_ms - p->seen_ms >= max_age_ms;
}

static enum virgo_code ask_nodes(struct virgo_ctx *ctx, struct looking *l,
				 struct virgo_error *err)
{
	struct virgo_request req = {
		.service = VIRGO_CPUPOOL, .method = "GET", .target = "/v1/load",
		.answer_max = VG_LOAD_BYTES, .timeout_ms = ctx->connect_timeout_ms,
	};
	struct virgo_request probe = req;
	struct virgo_job *jobs = calloc(l->n, sizeof(*jobs));
	enum virgo_code code;

	if (!jobs)
		return virgo_error_nomem(err);
	if (probe.timeout_ms > VIEW_PROBE_MS)
		probe.timeout_ms = VIEW_PROBE_MS;
	l->begun_ms = virgo_now_ms();
	for (size_t i = 0; i < l->n; i++) {
		jobs[i].node = virgo_nodeset_name(ctx->nodes, l->which[i]);
		jobs[i].req = l->view->peers[l->which[i]].fails ? &probe : &req;
		l->view->notes[l->which[i]].asked_ms = l->begun_ms;
	}
	code = virgo_call_until(ctx, jobs, l->n, on_load, look_enough, l, err);
	free(jobs);
	for (size_t i = 0; !code && i < l->n; i++)
		if (!l->heard[i])
			dead_node(l, i);
	return code;
}

static enum virgo_code look_at_nodes(struct virgo_ctx *ctx, const uint32_t *which, size_t n,
				     uint64_t max_age_ms, size_t *failed, struct virgo_error *err)
{
	struct looking l = { .view = ctx->view };
	uint64_t now_ms = virgo_now_ms();
	enum virgo_code code = VIRGO_OK;

	l.which = calloc(n, sizeof(*l.which));
	l.heard = calloc(n, 1);
	if (!l.which || !l.heard)
		code = virgo_error_nomem(err);
	for (size_t k = 0; !code && k < n; k++) {
		uint32_t i = which ? which[k] : k;

		if (to_ask(l.view, i, max_age_ms, now_ms))
			l.which[l.n++] = i;
	}
	if (!code && l.n)
		code = ask_nodes(ctx, &l, err);
	*failed = l.dead;
	free(l.which);
	free(l.heard);
	return code;
}

/* --- asking the registry --------------------------------------------------------------------- */

/* Is the node called name the one at address ("10.0.0.2", "10.0.0.2:10001")? */
static int is_at(const char *name, const char *address)
{
	struct virgo_endpoint node, at;

	virgo_node_split(name, &node);
	virgo_node_split(address, &at);
	return !strcmp(node.host, at.host) && (!node.port || node.port == at.port);
}

static long find_entry(const struct virgo_ctx *ctx, const char *address, uint32_t node_id)
{
	const struct virgo_view *view = ctx->view;

	for (size_t i = 0; i < view->n; i++)
		if (is_at(virgo_nodeset_name(ctx->nodes, i), address) ||
		    (node_id && view->notes[i].node_id == node_id))
			return (long)i;
	return -1;
}

static void take_entry(const struct virgo_ctx *ctx, const struct vg_json *doc,
		       const struct vg_jtok *entry)
{
	const struct vg_jtok *t = vg_json_get(doc, entry, "address");
	struct virgo_view *view = ctx->view;
	char address[VIRGO_NODE_NAME_MAX + 1];
	struct vg_load load;
	ssize_t n = vg_json_str(doc, t, address, sizeof(address) - 1);
	u64 age_ms;
	long i;

	if (n < 0 || vg_load_read(doc, entry, &load, NULL) ||
	    vg_json_u64(doc, vg_json_get(doc, entry, "age_ms"), &age_ms))
		return;
	address[n] = '\0';
	i = find_entry(ctx, address, load.node);
	if (i < 0)
		return;
	is_number(view, i, load.node);
	/* what was under way when we looked last is in figures that came since */
	view->peers[i].missing = false;
	vg_peer_saw(&view->peers[i], &load,
		    view->notes[i].noted < view->peers[i].in_flight ? view->notes[i].noted :
								      view->peers[i].in_flight,
		    age_ms, virgo_now_ms());
}

static int take_loads(const struct virgo_ctx *ctx, const struct virgo_answer *ans)
{
	const struct vg_jtok *loads, *entry;
	struct virgo_view *view = ctx->view;
	struct vg_jtok *toks = calloc(ans->len / 2 + 1, sizeof(*toks));
	struct vg_json doc;
	int ret = -1;

	if (toks && !vg_json_parse(&doc, ans->body, ans->len, toks, ans->len / 2 + 1)) {
		loads = vg_json_get(&doc, vg_json_root(&doc), "loads");
		if (vg_json_is(loads, VG_JSON_ARRAY))
			ret = 0;
		for (size_t i = 0; !ret && i < view->n; i++) {
			view->peers[i].seen_ms = 0;
			view->peers[i].missing = true;
		}
		vg_json_for_each(&doc, loads, entry)
			take_entry(ctx, &doc, entry);
		for (size_t i = 0; i < view->n; i++)
			view->notes[i].noted = view->peers[i].in_flight;
	}
	free(toks);
	return ret;
}

/* 0: the view is the registry's; -1: it has none to give, *code says whether to go on */
static int look_at_registry(struct virgo_ctx *ctx, uint64_t max_age_ms, enum virgo_code *code,
			    struct virgo_error *err)
{
	struct virgo_request req = {
		.service = VIRGO_CONTROL, .method = "GET", .target = "/v1/loads",
		.answer_max = VIEW_LOADS_MAX, .timeout_ms = ctx->connect_timeout_ms,
	};
	struct virgo_view *view = ctx->view;
	uint64_t now_ms = virgo_now_ms();
	struct virgo_answer *ans = NULL;
	int ret = -1;

	*code = VIRGO_OK;
	if (!ctx->registry[0] || now_ms < view->registry_mute_ms)
		return -1;
	if (view->registry_ms && now_ms - view->registry_ms < max_age_ms)
		return 0;
	*code = virgo_call(ctx, ctx->registry, &req, &ans, err);
	if (!*code)
		ret = take_loads(ctx, ans);
	virgo_answer_free(ans);
	if (*code != VIRGO_INTERRUPTED)
		*code = VIRGO_OK;
	if (!ret) {
		view->registry_ms = virgo_now_ms();
		return 0;
	}
	view->registry_mute_ms = virgo_now_ms() + VIEW_MUTE_MS;
	for (size_t i = 0; i < view->n; i++)
		view->peers[i].missing = false;
	return -1;
}

enum virgo_code virgo_view_look(struct virgo_ctx *ctx, const uint32_t *which, size_t n,
				uint64_t max_age_ms, size_t *failed, struct virgo_error *err)
{
	enum virgo_code code;

	*failed = 0;
	if (!virgo_view(ctx))
		return virgo_error_nomem(err);
	if (!look_at_registry(ctx, max_age_ms, &code, err) || code)
		return code;
	return look_at_nodes(ctx, which, n, max_age_ms, failed, err);
}

/* --- what is learnt -------------------------------------------------------------------------- */

/* the values of GET /v1/analytics as name: text, if the node acts on them; else NULL */
static cJSON *take_learnt(const struct virgo_answer *ans)
{
	cJSON *doc = cJSON_ParseWithLength(ans->body, ans->len), *by_name = NULL;
	const char *mode = virgo_json_text(doc, "mode");
	const cJSON *value;

	if (mode && !strcmp(mode, "apply") &&
	    cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "usable")))
		by_name = cJSON_CreateObject();
	if (by_name)
		cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(doc, "values")) {
			const char *name = virgo_json_text(value, "name");
			const char *text = virgo_json_text(value, "learnt");

			if (name && text)
				cJSON_AddStringToObject(by_name, name, text);
		}
	cJSON_Delete(doc);
	return by_name;
}

/* of the first node that answers: all have the same file */
static enum virgo_code read_learnt(struct virgo_ctx *ctx, struct virgo_error *err)
{
	struct virgo_request req = {
		.service = VIRGO_CONTROL, .method = "GET", .target = "/v1/analytics",
		.answer_max = 1 << 20, .timeout_ms = ctx->connect_timeout_ms,
	};
	enum virgo_code code = VIRGO_FAILED;
	struct virgo_view *view = ctx->view;
	struct virgo_answer *ans = NULL;
	uint64_t now_ms = virgo_now_ms();
	int tries = 0;

	view->learnt_ms = now_ms + VIEW_MUTE_MS;
	view->fn[0] = '\0';
	for (size_t i = 0; i < view->n && code && tries < LEARNT_TRIES; i++) {
		if (!vg_peer_usable(&view->peers[i], now_ms))
			continue;
		tries++;
		code = virgo_call(ctx, virgo_nodeset_name(ctx->nodes, i), &req, &ans, err);
		if (code == VIRGO_INTERRUPTED)
			return code;
		if (!code) {
			cJSON_Delete(view->learnt);
			view->learnt = take_learnt(ans);
			view->learnt_ms = now_ms + VIEW_LEARNT_MS;
		}
		virgo_answer_free(ans);
	}
	for (size_t i = 0; i < view->n; i++)
		set_speed(view, i);
	return VIRGO_OK;
}

const struct vg_model *virgo_view_model(struct virgo_ctx *ctx, const char *fn,
					struct virgo_error *err)
{
	struct virgo_view *view = ctx->view;
	const char *curve;
	char name[VG_FN_NAME];

	if (!fn || !vg_fn_name(vg_cstr(fn), name))
		return NULL;
	if (virgo_now_ms() >= view->learnt_ms && read_learnt(ctx, err))
		return NULL;
	if (strcmp(name, view->fn)) {
		memcpy(view->fn, name, sizeof(name));
		memset(&view->model, 0, sizeof(view->model));
		curve = learnt(view, "ExecUs.", name);
		if (curve && !vg_curve_parse(&view->model.curve, vg_cstr(curve), NULL))
			view->model.load_coef_permille =
				learnt_u32(view, "NodeLoadCoefPermille.", name);
	}
	return view->model.curve.n ? &view->model : NULL;
}
