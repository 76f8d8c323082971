// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connections a node keeps to others between its calls, and the count of calls. The course of a
 * call is flight.c's.
 *
 * client->lock guards the idle list and the counts; a connection in a call belongs to the call's thread.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/client_int.h"
#include "core/clock.h"
#include "core/ledger.h"

/* --- connections -------------------------------------------------------------------------------------- */

void vg_kept_free(struct vg_kept *k)
{
	if (!k)
		return;
	host_hangup(k->peer);
	kfree(k);
	vg_gone(VG_L_PEERS);
}

static bool same_peer(const struct vg_addr *a, const struct vg_addr *b)
{
	return a->port == b->port && vg_addr_same(a, b);
}

struct vg_kept *vg_kept_take(struct vg_client *c, const struct vg_addr *addr)
{
	struct vg_kept *k, *found = NULL;

	spin_lock(&c->lock);
	list_for_each_entry(k, &c->idle, link) {
		if (!same_peer(&k->addr, addr))
			continue;
		list_del(&k->link);
		c->nr_idle--;
		found = k;
		break;
	}
	spin_unlock(&c->lock);
	return found;
}

bool vg_kept_stale(struct vg_kept *k)
{
	char byte;

	return vg_now_ms() - k->idle_ms >= VG_CALL_IDLE_MS ||
	       host_peer_recv(k->peer, &byte, 1, 0) != -ETIMEDOUT;
}

void vg_kept_put(struct vg_client *c, struct vg_kept *k)
{
	struct vg_kept *other, *out = NULL;
	u32 same = 0;

	k->idle_ms = vg_now_ms();
	spin_lock(&c->lock);
	list_for_each_entry(other, &c->idle, link)
		same += same_peer(&other->addr, &k->addr);
	if (c->stopping || same >= VG_CALL_IDLE_PEER) {
		out = k;
	} else {
		list_add(&k->link, &c->idle);
		if (c->nr_idle++ == VG_CALL_IDLE_MAX) {
			out = list_last_entry(&c->idle, struct vg_kept, link);
			list_del(&out->link);
			c->nr_idle--;
		}
	}
	spin_unlock(&c->lock);
	vg_kept_free(out);
}

/* Close all that have been idle since @before_ms or longer */
static void drop_idle(struct vg_client *c, u64 before_ms)
{
	struct vg_kept *k, *next;
	LIST_HEAD(old);

	spin_lock(&c->lock);
	list_for_each_entry_safe(k, next, &c->idle, link) {
		if (k->idle_ms > before_ms)
			continue;
		list_move(&k->link, &old);
		c->nr_idle--;
	}
	spin_unlock(&c->lock);
	list_for_each_entry_safe(k, next, &old, link)
		vg_kept_free(k);
}

/* --- calls ---------------------------------------------------------------------------------------------------- */

int vg_client_enter(struct vg_client *c)
{
	int ret = 0;

	spin_lock(&c->lock);
	if (c->stopping)
		ret = -ESHUTDOWN;
	else if (c->nr_calls == VG_CALLS_MAX)
		ret = -EBUSY;
	else
		c->nr_calls++;
	spin_unlock(&c->lock);
	return ret;
}

void vg_client_leave(struct vg_client *c)
{
	spin_lock(&c->lock);
	/* under the lock: whoever waits for 0 takes it before the client is freed */
	if (!--c->nr_calls)
		wake_up(&c->no_calls);
	spin_unlock(&c->lock);
}

/* --- life of the client ------------------------------------------------------------------------------------------------------ */

int vg_client_new(struct vg_node *node, struct vg_client **out)
{
	struct vg_client *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	c->node = node;
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->idle);
	init_waitqueue_head(&c->no_calls);
	*out = c;
	return 0;
}

void vg_client_stop(struct vg_client *c)
{
	spin_lock(&c->lock);
	c->stopping = true;
	spin_unlock(&c->lock);
	drop_idle(c, U64_MAX);
}

static bool no_calls(struct vg_client *c)
{
	bool none;

	spin_lock(&c->lock);
	none = !c->nr_calls;
	spin_unlock(&c->lock);
	return none;
}

void vg_client_free(struct vg_client *c)
{
	if (!c)
		return;
	vg_client_stop(c);
	wait_event(c->no_calls, no_calls(c));
	kfree(c);
}

void vg_client_tick(struct vg_client *c, u64 now_ms)
{
	if (now_ms > VG_CALL_IDLE_MS)
		drop_idle(c, now_ms - VG_CALL_IDLE_MS);
}
