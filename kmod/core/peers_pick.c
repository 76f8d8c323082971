// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which of the nodes a call goes to. See peers.h. Must never offer a call to a second node when the first one
 * may have it.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/conf.h"
#include "core/node.h"
#include "core/peers_int.h"
#include "core/place.h"
#include "core/values.h"

/* --- learnt values ------------------------------------------------------------------------------------------------- */

/* What is learnt of the function that the key names, and how fast the nodes are: true if there is a curve. */
static bool read_model(struct vg_seats *s, struct vg_str fn, struct vg_model *model)
{
	struct vg_values *values = s->peers->node->values;
	char name[VG_FN_NAME], key[VG_CONF_KEY + 1], *text;
	s64 number;
	ssize_t n;
	u32 i;

	memset(model, 0, sizeof(*model));
	text = vg_fn_name(fn, name) ? kmalloc(VG_CONF_VALUE + 1, GFP_KERNEL) : NULL;
	if (!text)
		return false;
	mutex_lock(&s->peers->node->lock);
	scnprintf(key, sizeof(key), "ExecUs.%s", name);
	n = vg_values_get_text(values, key, text, VG_CONF_VALUE + 1);
	if (n < 0 || vg_curve_parse(&model->curve, vg_str(text, n), NULL))
		model->curve.n = 0;
	scnprintf(key, sizeof(key), "NodeLoadCoefPermille.%s", name);
	if (!vg_values_get_s64(values, key, &number))
		model->load_coef_permille = number;
	for (i = 0; i < s->n && model->curve.n; i++) {
		scnprintf(key, sizeof(key), "NodeSpeedPermille.%u", READ_ONCE(s->seat[i].number));
		WRITE_ONCE(s->peer[i].speed_permille,
			   vg_values_get_s64(values, key, &number) ? 0 : (u32)number);
	}
	mutex_unlock(&s->peers->node->lock);
	kfree(text);
	return model->curve.n;
}

/* --- picking ---------------------------------------------------------------------------------------------------------- */

struct picking {
	struct vg_seats *s;
	const struct vg_ask *ask;
	struct vg_choice choice;
	u64 begun_ms;
};

/*
 * Under the lock, where nobody may be picked: rather than nobody the dead one whose pause ends first, but not
 * one found dead just now.
 */
static u32 last_resort(const struct picking *p)
{
	u64 wait_ms = 0;
	u32 i = vg_balance_soonest(&p->choice, &wait_ms);

	if (p->choice.nr_skip)
		return VG_PICK_NONE;
	if (i == VG_PICK_NONE || p->choice.now_ms < p->s->peer[i].retry_until_ms || p->s->seat[i].dead_ms >= p->begun_ms)
		return VG_PICK_NONE;
	return i;
}

/* Two at random, looked at if their figures are old, until there is a good one among them */
static int pick_better_of_two(struct picking *p, u32 *at)
{
	struct vg_peers *peers = p->s->peers;
	u32 two[2], n, tries;
	int ret;

	*at = VG_PICK_NONE;
	for (tries = 0; tries < VG_ASK_TRIES && *at == VG_PICK_NONE; tries++) {
		spin_lock(&peers->lock);
		p->choice.now_ms = vg_now_ms();
		n = vg_balance_draw(&p->choice, two);
		spin_unlock(&peers->lock);
		if (!n)
			return 0;
		ret = p->s->n > 1 ? vg_seats_look(p->s, two, n, VG_LOOK_LOAD) : 0;
		if (ret)
			return ret;
		spin_lock(&peers->lock);
		p->choice.now_ms = vg_now_ms();
		*at = vg_balance_better(&p->choice, two, n);
		spin_unlock(&peers->lock);
	}
	return 0;
}

static int pick_by_policy(struct picking *p, u32 *at)
{
	struct vg_seats *s = p->s;
	struct vg_peers *peers = s->peers;
	struct vg_model *model = NULL;
	enum vg_policy policy = p->ask->policy;
	int ret = 0;

	if (policy == VG_PREDICTED) {
		model = kmalloc(sizeof(*model), GFP_KERNEL);
		if (!model)
			return -ENOMEM;
		if (read_model(s, p->ask->key, model))
			p->choice.model = model;
		else
			policy = VG_TWO_CHOICES;
	}
	if (policy == VG_TWO_CHOICES) {
		ret = pick_better_of_two(p, at);
	} else {
		/* of one there is nothing to choose */
		if (s->n > 1 && policy != VG_PRG && policy != VG_HASH)
			ret = vg_seats_look(s, NULL, s->n, VG_LOOK_LOAD);
		spin_lock(&peers->lock);
		p->choice.now_ms = vg_now_ms();
		*at = vg_balance_pick(&p->choice);
		spin_unlock(&peers->lock);
	}
	if (!ret && *at == VG_PICK_NONE) {
		spin_lock(&peers->lock);
		*at = last_resort(p);
		spin_unlock(&peers->lock);
	}
	kfree(model);
	return ret ?: *at == VG_PICK_NONE ? -EHOSTUNREACH : 0;
}

static u32 find_number(struct vg_seats *s, u32 number)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (READ_ONCE(s->seat[i].number) == number)
			return i;
	return VG_PICK_NONE;
}

static int pick_number(struct picking *p, u32 *at)
{
	int ret = 0;

	if (!p->ask->number)
		return -ENOENT;
	*at = find_number(p->s, p->ask->number);
	if (*at == VG_PICK_NONE) {
		ret = vg_seats_look(p->s, NULL, p->s->n, VG_LOOK_NUMBER);
		*at = find_number(p->s, p->ask->number);
	}
	return ret ?: *at == VG_PICK_NONE ? -ENOENT : 0;
}

static int pick_addr(struct picking *p, u32 *at)
{
	const struct vg_addr *want = &p->ask->addr;
	u32 i;

	for (i = 0; i < p->s->n; i++) {
		const struct vg_addr *addr = &p->s->seat[i].addr;

		if (addr->port == want->port && vg_addr_same(addr, want)) {
			*at = i;
			return 0;
		}
	}
	return -ENOENT;
}

static int pick_how(struct picking *p, u32 *at)
{
	const struct vg_ask *ask = p->ask;

	/* a certain node is either there or it is not */
	if (ask->how != VG_ASK_ANY && p->choice.nr_skip)
		return -EHOSTUNREACH;
	switch (ask->how) {
	case VG_ASK_ANY:
		return pick_by_policy(p, at);
	case VG_ASK_ADDR:
		return pick_addr(p, at);
	case VG_ASK_KEY:
		*at = vg_place(p->s->hash, p->s->n, vg_place_hash(ask->key.p, ask->key.n));
		return 0;
	default:
		return pick_number(p, at);
	}
}

int vg_peers_pick(struct vg_node *node, const struct vg_ask *ask, struct vg_picked *picked)
{
	struct vg_peers *peers = node->peers;
	struct picking p = { .ask = ask, .begun_ms = vg_now_ms() };
	u32 at = VG_PICK_NONE;
	int ret;

	if (!picked->seats)
		picked->seats = vg_seats_get(peers);
	if (!picked->seats)
		return -ENOMEM;
	p.s = picked->seats;
	p.choice = (struct vg_choice){
		.policy = ask->policy, .peers = p.s->peer, .n = p.s->n, .skip = picked->failed,
		.nr_skip = picked->tried, .arg_bytes = ask->arg_bytes, .now_ms = vg_now_ms(),
		.key_hash = vg_place_hash(ask->key.p, ask->key.n), .rng = &peers->rng,
	};
	ret = pick_how(&p, &at);
	if (ret)
		return ret;
	spin_lock(&peers->lock);
	vg_peer_begin(&p.s->peer[at], vg_now_ms());
	spin_unlock(&peers->lock);
	picked->index = at;
	picked->begun = true;
	picked->addr = vg_seat_addr(p.s, at, ask->service);
	return 0;
}

/* --- what became of it ----------------------------------------------------------------------------------------------- */

static enum vg_outcome call_outcome(const struct vg_call *call, int ret)
{
	if (call->status)
		return VG_ANSWERED;
	switch (ret) {
	case -EINTR:
	case -ECANCELED:
	case -ESHUTDOWN:
	case -EBUSY:
	case -ENOMEM:
	case -ENOKEY:
	case -EINVAL:
		return VG_NO_MATTER;
	case -ETIMEDOUT:
		return call->connected ? VG_NO_MATTER : VG_NOT_CONNECTED;
	default:
		return call->connected ? VG_LOST : VG_NOT_CONNECTED;
	}
}

bool vg_peers_done(struct vg_node *node, struct vg_picked *picked, const struct vg_call *call, int ret,
		   const char *problem)
{
	enum vg_outcome what = call_outcome(call, ret);
	struct vg_peers *peers = node->peers;
	struct vg_seats *s = picked->seats;
	struct vg_peer *p = &s->peer[picked->index];
	bool again = what == VG_NOT_CONNECTED;
	u64 now_ms = vg_now_ms();

	if (!picked->begun)
		return false;
	picked->begun = false;
	spin_lock(&peers->lock);
	vg_peer_end(p, what, true, now_ms, &peers->rng);
	if (call->node)
		s->seat[picked->index].number = call->node;
	if ((call->status == 503 || call->status == 429) && call->retry_after_s) {
		vg_peer_retry_after(p, (u64)call->retry_after_s * MSEC_PER_SEC, now_ms);
		again = vg_not_taken_on(problem);
	}
	spin_unlock(&peers->lock);
	if (!again || picked->tried == VG_ASK_TRIES)
		return false;
	picked->failed[picked->tried++] = picked->index;
	return picked->tried < s->n;
}

void vg_peers_put(struct vg_picked *picked)
{
	struct vg_seats *s = picked->seats;

	if (!s)
		return;
	if (picked->begun) {
		spin_lock(&s->peers->lock);
		vg_peer_end(&s->peer[picked->index], VG_NO_MATTER, true, vg_now_ms(), &s->peers->rng);
		spin_unlock(&s->peers->lock);
	}
	vg_seats_put(s);
	*picked = (struct vg_picked){ };
}
