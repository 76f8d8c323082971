// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which node is to run something: core/balance.c over the context's view. Must never offer a
 * request to a second node when the first one may have it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/place.h"
#include "view.h"

/* --- names ----------------------------------------------------------------------------------- */

const char *virgo_balancer_name(enum virgo_balancer balancer)
{
	return (unsigned int)balancer < VIRGO_BALANCERS ? vg_policy_names[balancer] : NULL;
}

int virgo_balancer_find(const char *name)
{
	for (int i = 0; i < VIRGO_BALANCERS; i++)
		if (!strcmp(name, vg_policy_names[i]))
			return i;
	return -1;
}

enum virgo_balancer virgo_balancer_get(const struct virgo_ctx *ctx)
{
	return ctx->balancer;
}

void virgo_balancer_set(struct virgo_ctx *ctx, enum virgo_balancer balancer)
{
	_Static_assert((int)VIRGO_PREDICTED == (int)VG_PREDICTED && (int)VIRGO_HASH == (int)VG_HASH &&
		       (int)VIRGO_BALANCERS == (int)VG_POLICIES, "the same, in the same order");
	if ((unsigned int)balancer < VIRGO_BALANCERS)
		ctx->balancer = balancer;
}

/* --- choosing -------------------------------------------------------------------------------- */

static struct vg_choice choice_for(struct virgo_ctx *ctx, const struct virgo_want *want,
				   const struct virgo_pick *pick)
{
	struct virgo_view *view = ctx->view;
	struct vg_choice c = {
		.policy = (enum vg_policy)ctx->balancer, .peers = view->peers, .n = view->n,
		.skip = pick->failed, .nr_skip = pick->tried, .arg_bytes = want->arg_bytes,
		.now_ms = virgo_now_ms(), .rng = &view->rng,
	};
	const char *fn = want->fn ? want->fn : "";

	c.key_hash = want->key ? vg_place_hash(want->key, want->key_len) :
				 vg_place_hash(fn, strlen(fn));
	return c;
}

/* two at random, looked at if their figures are old, as often as it takes to find a good one */
static enum virgo_code look_at_two(struct virgo_ctx *ctx, struct vg_choice *c, uint32_t *at,
				struct virgo_error *err)
{
	enum virgo_code code = VIRGO_OK;
	uint32_t two[2], n;
	size_t dead;

	do {
		n = vg_balance_draw(c, two);
		if (n && c->n > 1)
			code = virgo_view_look(ctx, two, n, VIEW_FRESH_MS, &dead, err);
		c->now_ms = virgo_now_ms();
		*at = vg_balance_better(c, two, n);
	} while (!code && n && *at == VG_PICK_NONE);
	return code;
}

static enum virgo_code pick_node(struct virgo_ctx *ctx, const struct virgo_want *want,
				 struct vg_choice *c, uint32_t *at, struct virgo_error *err)
{
	enum virgo_code code = VIRGO_OK;
	size_t dead;

	if (c->policy == VG_PREDICTED)
		c->model = virgo_view_model(ctx, want->fn, err);
	if (ctx->cancelled)
		return virgo_error_set(err, VIRGO_INTERRUPTED, "interrupted");
	if (c->policy == VG_TWO_CHOICES || (c->policy == VG_PREDICTED && !c->model))
		return look_at_two(ctx, c, at, err);
	/* of one there is nothing to choose */
	if (c->n > 1 && c->policy != VG_PRG && c->policy != VG_HASH)
		code = virgo_view_look(ctx, NULL, c->n, VIEW_FRESH_MS, &dead, err);
	c->now_ms = virgo_now_ms();
	*at = vg_balance_pick(c);
	return code;
}

/* why the last candidate did not take it, said of all of them */
static enum virgo_code give_up(const struct virgo_pick *pick, struct virgo_error *err)
{
	virgo_error_move(err, &pick->last);
	if (err && pick->tried > 1)
		snprintf(err->message, sizeof(err->message), "none of %u nodes took it: %.700s",
			 pick->tried, pick->last.message);
	return pick->last.code;
}

/* nobody may be picked: the error that says why, or (with *at) a dead node that is tried all the same */
static enum virgo_code nobody(struct virgo_ctx *ctx, const struct vg_choice *c,
			      const struct virgo_pick *pick, uint64_t begun_ms, uint32_t *at,
			      struct virgo_error *err)
{
	struct virgo_view *view = ctx->view;
	u64 wait_ms = 0;
	uint32_t i = vg_balance_soonest(c, &wait_ms);

	*at = VG_PICK_NONE;
	if (pick->tried)
		return give_up(pick, err);
	if (i != VG_PICK_NONE && c->now_ms < c->peers[i].retry_until_ms) {
		virgo_error_set(err, VIRGO_FAILED, "%s: asked to be left alone for %llu ms more",
				virgo_nodeset_name(ctx->nodes, i), (unsigned long long)wait_ms);
		virgo_error_hint(err, "try again in %llu s", (unsigned long long)wait_ms / 1000 + 1);
		return VIRGO_FAILED;
	}
	/* found dead just now: to try once more would be the same */
	if (i != VG_PICK_NONE && view->notes[i].asked_ms < begun_ms) {
		*at = i;
		return VIRGO_OK;
	}
	if (view->why.code)
		return virgo_error_move(err, &view->why);
	return virgo_error_set(err, VIRGO_UNREACHABLE, "no node answers");
}

enum virgo_code virgo_pick(struct virgo_ctx *ctx, const struct virgo_want *want,
			   struct virgo_pick *pick, struct virgo_error *err)
{
	static const struct virgo_want nothing;
	struct virgo_view *view = virgo_view(ctx);
	uint64_t begun_ms = virgo_now_ms();
	struct vg_choice c;
	uint32_t at = VG_PICK_NONE;
	enum virgo_code code;

	virgo_error_clear(err);
	pick->node = NULL;
	if (!view)
		return virgo_error_nomem(err);
	if (pick->view != view->number)
		pick->tried = 0;
	pick->view = view->number;
	if (pick->tried >= VIRGO_PICK_TRIES || pick->tried >= view->n)
		return give_up(pick, err);
	c = choice_for(ctx, want ? want : &nothing, pick);
	code = pick_node(ctx, want ? want : &nothing, &c, &at, err);
	if (!code && at == VG_PICK_NONE)
		code = nobody(ctx, &c, pick, begun_ms, &at, err);
	if (code)
		return code;
	virgo_error_clear(err);
	vg_peer_begin(&view->peers[at], c.now_ms);
	pick->index = at;
	pick->node = virgo_nodeset_name(ctx->nodes, at);
	return VIRGO_OK;
}

/* --- what became of it ----------------------------------------------------------------------- */

static enum vg_outcome outcome(const struct virgo_answer *ans, const struct virgo_error *err)
{
	if (ans && ans->status)
		return VG_ANSWERED;
	if (!err || !err->code)
		return VG_NO_MATTER;
	if (err->unsent)
		return VG_NOT_CONNECTED;
	return err->code == VIRGO_UNREACHABLE && !err->timed_out ? VG_LOST : VG_NO_MATTER;
}

/* the answer asks for rest; 1: and has not taken the request on */
static int asks_for_rest(struct vg_peer *peer, const struct virgo_answer *ans)
{
	const char *after = virgo_answer_header(ans, "retry-after");
	char *end;
	unsigned long s;

	if (ans->status != 503 && ans->status != 429)
		return 0;
	s = after && *after >= '0' && *after <= '9' ? strtoul(after, &end, 10) : 0;
	if (s && !*end)
		vg_peer_retry_after(peer, s < VG_RETRY_AFTER_MAX_MS / 1000 ? s * 1000 :
				    VG_RETRY_AFTER_MAX_MS, virgo_now_ms());
	return vg_not_taken_on(ans->err.problem);
}

int virgo_picked_done(struct virgo_ctx *ctx, struct virgo_pick *pick, const struct virgo_answer *ans,
		      const struct virgo_error *err)
{
	struct virgo_view *view = ctx->view;
	enum vg_outcome what = outcome(ans, err);
	struct vg_peer *peer;
	int again = what == VG_NOT_CONNECTED;

	if (!pick->node || !view || pick->view != view->number)
		return 0;
	peer = &view->peers[pick->index];
	vg_peer_end(peer, what, true, virgo_now_ms(), &view->rng);
	if (what == VG_ANSWERED) {
		virgo_view_heard(view, pick->index, ans);
		again = asks_for_rest(peer, ans);
	}
	pick->node = NULL;
	if (!again || pick->tried == VIRGO_PICK_TRIES)
		return 0;
	pick->failed[pick->tried++] = pick->index;
	pick->last = ans && ans->status ? ans->err : *err;
	return 1;
}

enum virgo_code virgo_call_picked(struct virgo_ctx *ctx, const struct virgo_want *want,
				  const struct virgo_request *req, struct virgo_answer **ans_out,
				  struct virgo_error *err)
{
	struct virgo_pick pick = { 0 };
	struct virgo_answer *ans = NULL;
	struct virgo_error local;
	enum virgo_code code;

	if (!err)
		err = &local;
	if (ans_out)
		*ans_out = NULL;
	if (virgo_device_picks(ctx))
		return virgo_device_picked(ctx, want, req, ans_out, err);
	while (!(code = virgo_pick(ctx, want, &pick, err))) {
		code = virgo_call(ctx, pick.node, req, &ans, err);
		if (!virgo_picked_done(ctx, &pick, ans, err))
			break;
		virgo_answer_free(ans);
		ans = NULL;
	}
	if (ans_out)
		*ans_out = ans;
	else
		virgo_answer_free(ans);
	return code;
}

/* --- looking --------------------------------------------------------------------------------- */

enum virgo_code virgo_look(struct virgo_ctx *ctx, unsigned long max_age_ms, struct virgo_error *err)
{
	size_t dead;

	virgo_error_clear(err);
	return virgo_view_look(ctx, NULL, virgo_nodeset_count(ctx->nodes), max_age_ms, &dead, err);
}

int virgo_load_of(const struct virgo_ctx *ctx, size_t i, struct virgo_load *load)
{
	const struct virgo_view *view = ctx->view;
	uint64_t now_ms = virgo_now_ms(), until_ms;
	const struct vg_peer *p;

	memset(load, 0, sizeof(*load));
	if (i >= virgo_nodeset_count(ctx->nodes))
		return -1;
	if (!view)
		return 0;
	p = &view->peers[i];
	until_ms = p->fails && p->down_until_ms > p->retry_until_ms ? p->down_until_ms :
								      p->retry_until_ms;
	load->known = p->seen_ms != 0;
	load->down = p->fails != 0;
	load->in_flight = p->in_flight;
	load->retry_ms = until_ms > now_ms ? until_ms - now_ms : 0;
	if (!load->known)
		return 0;
	load->age_ms = now_ms - p->seen_ms;
	load->degraded = p->load.degraded;
	load->cpus = p->load.cpus;
	load->running = p->load.running;
	load->queued = p->load.queued;
	load->load1_permille = p->load.load1_permille;
	load->mem_free = p->load.mem_free;
	load->predicted_us = p->load.predicted_us;
	return 0;
}
