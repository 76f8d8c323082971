// SPDX-License-Identifier: GPL-2.0-or-later
/* The timing wheel of wheel.h. */
#include <linux/math64.h>

#include "mempool/wheel.h"

/* the slot, counted from time 0, in which a timer for @ms is due */
static u64 mp_wheel_index(u64 ms)
{
	return div_u64(ms, MP_WHEEL_MS) + 1;
}

void mp_wheel_init(struct mp_wheel *w, u64 now_ms)
{
	unsigned int i;

	w->turned = div_u64(now_ms, MP_WHEEL_MS);
	INIT_HLIST_HEAD(&w->looking);
	for (i = 0; i < MP_WHEEL_SLOTS; i++)
		INIT_HLIST_HEAD(&w->slot[i]);
}

void mp_wheel_add(struct mp_wheel *w, struct mp_timer *t, u64 at_ms)
{
	u64 index = mp_wheel_index(at_ms);

	/* already due: the next turn must not have passed it */
	if (index <= w->turned)
		index = w->turned + 1;
	t->at_ms = at_ms;
	hlist_add_head(&t->link, &w->slot[index % MP_WHEEL_SLOTS]);
}

void mp_wheel_del(struct mp_timer *t)
{
	hlist_del_init(&t->link);
}

/*
 * One by one out of the slot being looked at: those not due go back to it, for a later round. What the budget
 * leaves is where the next call goes on, so that no timer is looked at twice.
 */
static bool mp_wheel_look(struct mp_wheel *w, u64 now_ms, u32 *budget,
			  void (*fire)(void *ctx, struct mp_timer *t), void *ctx)
{
	struct hlist_head *slot = &w->slot[w->turned % MP_WHEEL_SLOTS];
	struct mp_timer *t;

	while (!hlist_empty(&w->looking)) {
		if (!*budget)
			return false;
		--*budget;
		t = hlist_entry(w->looking.first, struct mp_timer, link);
		mp_wheel_del(t);
		if (t->at_ms > now_ms)
			hlist_add_head(&t->link, slot);
		else
			fire(ctx, t);
	}
	return true;
}

bool mp_wheel_turn(struct mp_wheel *w, u64 now_ms, u32 budget,
		   void (*fire)(void *ctx, struct mp_timer *t), void *ctx)
{
	u64 end = div_u64(now_ms, MP_WHEEL_MS);

	if (!mp_wheel_look(w, now_ms, &budget, fire, ctx))
		return false;
	/* after a long pause one whole turn sees every timer */
	if (end > w->turned + MP_WHEEL_SLOTS)
		w->turned = end - MP_WHEEL_SLOTS;
	while (w->turned < end) {
		w->turned++;
		hlist_move_list(&w->slot[w->turned % MP_WHEEL_SLOTS], &w->looking);
		if (!mp_wheel_look(w, now_ms, &budget, fire, ctx))
			return false;
	}
	return true;
}
