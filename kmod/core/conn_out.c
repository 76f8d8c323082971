// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection's output queue: linear bytes with bodies by reference in between. Must never grow
 * past its bounds nor forget a reference.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/conn_int.h"

/* Move what is unsent to the front of @to; the references' places move along */
static void out_move(struct vg_conn *c, char *to)
{
	u32 i, n = c->out_n - c->out_at;

	if (n)
		memmove(to, c->out + c->out_at, n);
	for (i = c->ref_at; i < c->nr_refs; i++)
		c->ref[i].at -= c->out_at;
	c->out_at = 0;
	c->out_n = n;
}

char *vg_out_room(struct vg_conn *c, size_t n)
{
	size_t have = c->out_n - c->out_at, cap;
	char *bigger;

	if (likely(c->out_cap - c->out_n >= n))
		return c->out + c->out_n;
	if (c->out_failed || have + n > VG_OUT_MAX)
		goto fail;
	if (c->out_cap - have >= n) {
		out_move(c, c->out);
		return c->out + c->out_n;
	}
	for (cap = c->out_cap ? c->out_cap : VG_OUT_MIN; cap < have + n; cap *= 2)
		;
	bigger = kvmalloc(cap, GFP_KERNEL);
	if (!bigger)
		goto fail;
	out_move(c, bigger);
	kvfree(c->out);
	c->out = bigger;
	c->out_cap = cap;
	return c->out + c->out_n;
fail:
	c->out_failed = true;
	return NULL;
}

void vg_out_add(struct vg_conn *c, size_t n)
{
	c->out_n += n;
	c->out_bytes += n;
}

void vg_out_own(void *obj)
{
	kvfree(obj);
}

void vg_out_ref(struct vg_conn *c, const void *p, size_t n, void (*put)(void *obj), void *obj)
{
	if (c->ref_at == c->nr_refs)
		c->ref_at = c->nr_refs = 0;
	if (c->aborted || WARN_ON_ONCE(c->nr_refs == VG_OUT_REFS)) {
		c->out_failed = true;
		put(obj);
		return;
	}
	c->ref[c->nr_refs++] = (struct vg_out_ref){
		.at = c->out_n, .p = p, .n = n, .put = put, .obj = obj,
		.own = put == vg_out_own ? n : 0,
	};
	if (put == vg_out_own)
		atomic64_add(n, &c->node->answers_bytes);
	c->out_bytes += n;
}

static void put_ref(struct vg_conn *c, struct vg_out_ref *r)
{
	r->put(r->obj);
	if (r->own)
		atomic64_sub(r->own, &c->node->answers_bytes);
}

void vg_out_abort(struct vg_conn *c)
{
	for (; c->ref_at < c->nr_refs; c->ref_at++)
		put_ref(c, &c->ref[c->ref_at]);
	c->nr_refs = c->ref_at = 0;
	c->out_n = c->out_at = 0;
	c->out_bytes = 0;
	c->aborted = true;
	c->out_failed = true;
}

/* The next piece at most @limit bytes long, and the step over it; false at the end */
static bool next_piece(struct vg_conn *c, u32 *at, u32 *ref, struct kvec *v, size_t limit)
{
	u32 stop;

	if (*ref < c->nr_refs && c->ref[*ref].at == *at) {
		v->iov_base = (void *)c->ref[*ref].p;
		v->iov_len = min_t(size_t, c->ref[*ref].n, limit);
		++*ref;
		return true;
	}
	stop = *ref < c->nr_refs ? c->ref[*ref].at : c->out_n;
	if (*at == stop)
		return false;
	v->iov_base = c->out + *at;
	v->iov_len = min_t(size_t, stop - *at, limit);
	*at = stop;
	return true;
}

int vg_conn_output(struct vg_conn *c, struct kvec *v, int max, size_t *bytes)
{
	u32 at = c->out_at, ref = c->ref_at;
	size_t limit;
	int n = 0;

	*bytes = 0;
	if (!c->out_bytes)
		return 0;
	limit = vg_bandwidth_room(c->node, c->out_bytes, &c->wake_ms);
	if (!limit) {
		if (!c->waits_out)
			vg_bandwidth_waits(c->node);
		c->waits_out = true;
		/* our limit is not the peer's slowness */
		c->write_by_ms = c->wake_ms + c->cfg->idle_timeout_ms;
		vg_conn_rearm(c);
		return 0;
	}
	while (n < max && limit && next_piece(c, &at, &ref, &v[n], limit)) {
		*bytes += v[n].iov_len;
		limit -= v[n].iov_len;
		n++;
	}
	return n;
}

/* One step of forgetting what was sent; returns how much of @n it took */
static size_t sent_step(struct vg_conn *c, size_t n)
{
	struct vg_out_ref *r = c->ref_at < c->nr_refs ? &c->ref[c->ref_at] : NULL;
	size_t k;

	if (r && r->at == c->out_at) {
		k = min(n, r->n);
		r->p += k;
		r->n -= k;
		if (!r->n) {
			put_ref(c, r);
			c->ref_at++;
		}
		return k;
	}
	k = min_t(size_t, n, (r ? r->at : c->out_n) - c->out_at);
	c->out_at += k;
	return k;
}

void vg_conn_sent(struct vg_conn *c, size_t n)
{
	if (WARN_ON_ONCE(n > c->out_bytes))
		n = c->out_bytes;
	if (!n)
		return;
	c->now_ms = vg_mono_ms();
	vg_bandwidth_used(c->node, n);
	c->n_out += n;
	c->out_bytes -= n;
	while (n)
		n -= sent_step(c, n);
	if (!c->out_bytes) {
		c->out_at = c->out_n = 0;
		c->ref_at = c->nr_refs = 0;
	}
	if (c->held && vg_out_low(c))
		vg_conn_run(c);
	else if (c->req.streaming && vg_stream_room(&c->req))
		vg_conn_drained(c);
	c->write_by_ms = 0;	/* there was progress: count anew */
	vg_conn_rearm(c);
	vg_conn_count(c);
}

void vg_conn_shrink(struct vg_conn *c)
{
	if (!c->out_bytes) {
		kvfree(c->out);
		c->out = NULL;
		c->out_cap = c->out_n = c->out_at = 0;
	}
	if (c->in_at == c->in_n && (c->state == VG_CONN_HEAD || c->state == VG_CONN_LINE)) {
		kvfree(c->in);
		c->in = NULL;
		c->in_cap = c->in_n = c->in_at = 0;
	}
}
