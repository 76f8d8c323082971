// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection's life: admission, what it wants, deadlines, end. Must never touch a socket, and
 * never be freed while a handler elsewhere still has its request.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "core/clock.h"
#include "core/conn_int.h"
#include "core/ledger.h"
#include "core/values.h"

enum { TIDY_MS = 1000 };	/* a connection this long quiet gives its buffers back */

/* Exchange the references to configuration and keys when the node has new ones. */
void vg_conn_refresh(struct vg_conn *c)
{
	struct vg_node *node = c->node;

	if (unlikely(c->cfg != rcu_access_pointer(node->cfg))) {
		vg_config_put(c->cfg);
		c->cfg = vg_node_cfg(node);
		c->limits = (struct vg_http_limits){
			.line = min_t(u64, c->cfg->request_line_max, VG_REQUEST_LINE_MAX),
			.headers = min_t(u64, c->cfg->header_bytes_max, VG_HEADER_BYTES_MAX),
			.fields = min_t(u64, c->cfg->header_fields_max, VG_HEADER_FIELDS_MAX),
		};
	}
	if (unlikely(c->keys != rcu_access_pointer(node->keys))) {
		vg_keyset_put(c->keys);
		c->keys = vg_node_keys(node);
	}
}

/* Count the connection in, or among those told that there are too many. */
static int admit(struct vg_node *node, bool *counted)
{
	u32 n = atomic_inc_return(&node->connections);

	*counted = true;
	if (n <= READ_ONCE(node->max_connections)) {
		vg_shadow_connections(node, n);
		return 0;
	}
	atomic_dec(&node->connections);
	atomic64_inc(&node->refused_limit);
	vg_act_did(node, VG_ACT_CONNECTIONS);
	*counted = false;
	if (atomic_inc_return(&node->refusing) <= VG_REFUSE_MAX)
		return 0;
	atomic_dec(&node->refusing);
	return -EMFILE;
}

static void dismiss(struct vg_node *node, bool counted)
{
	atomic_dec(counted ? &node->connections : &node->refusing);
}

int vg_conn_new(struct vg_node *node, struct vg_svc *svc, const struct vg_addr *peer,
		const struct vg_addr *local, void *host, struct vg_conn **out)
{
	struct vg_conn *c;
	bool counted;
	int ret;

	if (WARN_ON_ONCE(!svc->match.n))
		return -EINVAL;
	if (vg_deny_match(node, peer))
		return -EACCES;
	ret = admit(node, &counted);
	if (ret)
		return ret;
	c = kvzalloc(sizeof(*c), GFP_KERNEL);
	if (!c) {
		dismiss(node, counted);
		return -ENOMEM;
	}
	vg_made(VG_L_CONNECTIONS);
	c->node = node;
	c->svc = svc;
	c->host = host;
	c->peer = *peer;
	c->local = *local;
	c->local.prefix = local->family == 4 ? 32 : 128;
	c->local_text_n = vg_addr_print(&c->local, c->local_text);
	c->counted = counted;
	c->state = VG_CONN_FIRST;
	spin_lock_init(&c->finish_lock);
	c->req.conn = c;
	c->req.node = node;
	c->now_ms = vg_mono_ms();
	vg_conn_refresh(c);
	atomic64_inc(&svc->count.accepted);
	atomic_inc(&svc->connections);
	if (!counted) {
		vg_request_reset(c);
		vg_problem(&c->req, 503, "conn.limit",
			   "this node serves %llu connections and no more: close some or try again",
			   (unsigned long long)READ_ONCE(node->max_connections));
		vg_request_end(c);
	}
	vg_conn_rearm(c);
	*out = c;
	return 0;
}
EXPORT_SYMBOL_GPL(vg_conn_new);

void vg_conn_free(struct vg_conn *c)
{
	unsigned long irq;

	if (!c || WARN_ON(c->req.pending))
		return;
	if (c->state == VG_CONN_BODY) {
		vg_out_abort(c);
		vg_request_end(c);
	}
	/* the one who finished the last request may still be within its kick */
	spin_lock_irqsave(&c->finish_lock, irq);
	spin_unlock_irqrestore(&c->finish_lock, irq);
	vg_out_abort(c);
	vg_conn_count(c);
	atomic_dec(&c->svc->connections);
	dismiss(c->node, c->counted);
	vg_config_put(c->cfg);
	vg_keyset_put(c->keys);
	kvfree(c->in);
	kvfree(c->out);
	kvfree(c);
	vg_gone(VG_L_CONNECTIONS);
}
EXPORT_SYMBOL_GPL(vg_conn_free);

void vg_conn_close(struct vg_conn *c)
{
	c->state = c->aborted || (c->eof && !c->out_bytes) ? VG_CONN_DEAD : VG_CONN_FLUSH;
	c->held = false;
}

/* Does a request arrive, so that the peer is to hurry? */
static bool arriving(const struct vg_conn *c)
{
	switch (c->state) {
	case VG_CONN_BODY:
		return true;
	case VG_CONN_FIRST:
	case VG_CONN_HEAD:
	case VG_CONN_LINE:
		return c->in_at != c->in_n;
	default:
		return false;
	}
}

static void rearm_read(struct vg_conn *c)
{
	u64 quiet_ms = c->cfg->idle_timeout_ms;

	/* one who connects is about to say something: no longer than a request may take */
	if (c->state == VG_CONN_FIRST)
		quiet_ms = min(quiet_ms, c->cfg->request_timeout_ms);
	if (c->state == VG_CONN_LINGER)
		return;
	if (c->held || c->state >= VG_CONN_FLUSH || c->state == VG_CONN_PENDING) {
		c->read_by_ms = 0;
		c->begun = false;
	} else if (!arriving(c)) {
		/* empty lines before the first word gain no time */
		if (c->state != VG_CONN_FIRST || !c->read_by_ms)
			c->read_by_ms = c->now_ms + quiet_ms;
		c->begun = false;
	} else if (!c->begun) {
		c->read_by_ms = c->now_ms + c->cfg->request_timeout_ms;
		c->begun = true;
	}
}

void vg_conn_rearm(struct vg_conn *c)
{
	u64 by;

	if (c->state == VG_CONN_FLUSH && c->eof && !c->out_bytes)
		c->state = VG_CONN_DEAD;
	rearm_read(c);
	if (!c->out_bytes)
		c->write_by_ms = 0;
	else if (!c->write_by_ms)
		c->write_by_ms = c->now_ms + c->cfg->idle_timeout_ms;
	by = c->read_by_ms;
	if (c->write_by_ms && (!by || c->write_by_ms < by))
		by = c->write_by_ms;
	c->tidy = !c->begun && !c->out_bytes && (c->in || c->out) &&
		  (c->state == VG_CONN_HEAD || c->state == VG_CONN_LINE);
	if (c->tidy && by > c->now_ms + TIDY_MS)
		by = c->now_ms + TIDY_MS;
	WRITE_ONCE(c->deadline_ms, by);
}

void vg_conn_count(struct vg_conn *c)
{
	struct vg_counters *to = &c->svc->count;
	u32 i;

	if (c->n_requests) {
		atomic64_add(c->n_requests, &to->requests);
		c->n_requests = 0;
		for (i = 0; i < ARRAY_SIZE(c->n_status); i++) {
			if (!c->n_status[i])
				continue;
			atomic64_add(c->n_status[i], &to->status[i]);
			c->n_status[i] = 0;
		}
	}
	if (c->n_in)
		atomic64_add(c->n_in, &to->bytes_in);
	if (c->n_out)
		atomic64_add(c->n_out, &to->bytes_out);
	c->n_in = c->n_out = 0;
}

/* A pending request came back with @ret: over, unless it waits for more. */
static void pending_returned(struct vg_conn *c, int ret)
{
	if (ret == VG_PENDING)
		return;
	vg_gone(VG_L_PENDING);
	c->req.pending = false;
	vg_request_answered(&c->req, ret);
	vg_request_end(c);
	vg_conn_run(c);
}

static void tell(struct vg_conn *c, enum vg_event event)
{
	struct vg_req *req = &c->req;

	/* of one-line commands as well: they stand in the same rows */
	if (c->state == VG_CONN_PENDING && req->route->event)
		pending_returned(c, req->route->event(req, event));
}

static void tell_gone(struct vg_conn *c)
{
	if (c->req.gone)
		return;
	c->req.gone = true;
	tell(c, VG_EVENT_GONE);
}

void vg_conn_hup(struct vg_conn *c)
{
	c->eof = true;
	tell_gone(c);
	vg_conn_rearm(c);
}
EXPORT_SYMBOL_GPL(vg_conn_hup);

void vg_conn_drained(struct vg_conn *c)
{
	tell(c, VG_EVENT_ROOM);
}

void vg_conn_eof(struct vg_conn *c, int err)
{
	c->eof = true;
	if (err)
		vg_out_abort(c);
	switch (c->state) {
	case VG_CONN_PENDING:
		/* its finish brings the end */
		if (err)
			tell_gone(c);
		break;
	case VG_CONN_BODY:
		c->req.keep_alive = false;
		vg_request_end(c);
		break;
	case VG_CONN_LINGER:
	case VG_CONN_DEAD:
		c->state = VG_CONN_DEAD;
		break;
	default:
		if (!c->held || err)
			vg_conn_close(c);
	}
	vg_conn_rearm(c);
}
EXPORT_SYMBOL_GPL(vg_conn_eof);

void vg_conn_shut(struct vg_conn *c)
{
	c->shut_done = true;
	if (c->state != VG_CONN_FLUSH)
		return;
	c->state = c->eof ? VG_CONN_DEAD : VG_CONN_LINGER;
	c->now_ms = vg_mono_ms();
	c->read_by_ms = c->now_ms + VG_LINGER_MS;
	vg_conn_rearm(c);
}
EXPORT_SYMBOL_GPL(vg_conn_shut);

static bool wants_input(const struct vg_conn *c)
{
	switch (c->state) {
	case VG_CONN_FIRST:
	case VG_CONN_HEAD:
	case VG_CONN_BODY:
	case VG_CONN_LINE:
		return !c->held && !c->eof;
	case VG_CONN_LINGER:
		return true;
	default:
		return false;
	}
}

/*
 * Who waits for a program's end wants to know of a client that does not. A client that has stopped sending
 * counts as gone, as with other HTTP servers; but `echo command | nc` waits for its line.
 */
static bool wants_hup(const struct vg_conn *c)
{
	const struct vg_req *req = &c->req;

	return c->state == VG_CONN_PENDING && !c->eof && !req->is_line && req->route->event;
}

unsigned int vg_conn_wants(struct vg_conn *c)
{
	unsigned int w = 0;

	if (c->state == VG_CONN_DEAD)
		return VG_WANT_CLOSE;
	if ((c->waits_in || c->waits_out) && vg_now_ms() >= c->wake_ms)
		c->waits_in = c->waits_out = false;
	if (c->out_bytes)
		w |= c->waits_out ? VG_WANT_WAIT : VG_WANT_WRITE;
	if (wants_input(c))
		w |= c->waits_in ? VG_WANT_WAIT : VG_WANT_READ;
	if (c->state == VG_CONN_FLUSH && !c->out_bytes && !c->shut_done)
		w |= VG_WANT_SHUT;
	if (wants_hup(c))
		w |= VG_WANT_HUP;
	return w;
}
EXPORT_SYMBOL_GPL(vg_conn_wants);

bool vg_conn_expired(const struct vg_conn *c, u64 now_ms)
{
	u64 by = READ_ONCE(c->deadline_ms);

	return by && now_ms >= by;
}
EXPORT_SYMBOL_GPL(vg_conn_expired);

/* A request did not arrive in time: say so to who has sent a part of one. */
static void too_slow(struct vg_conn *c)
{
	u64 limit_ms = c->cfg->request_timeout_ms;

	if (c->state != VG_CONN_BODY) {
		vg_request_reset(c);
		c->req.is_line = c->state == VG_CONN_LINE;
	}
	c->req.keep_alive = false;
	vg_problem(&c->req, 408, c->req.is_line ? "line.timeout" : "http.timeout",
		   "not all of it arrived within %llu ms: see request_timeout",
		   (unsigned long long)limit_ms);
	vg_request_end(c);
}

void vg_conn_timeout(struct vg_conn *c, u64 now_ms)
{
	bool write_over = c->write_by_ms && now_ms >= c->write_by_ms;
	bool read_over = c->read_by_ms && now_ms >= c->read_by_ms;

	if (c->state == VG_CONN_DEAD || !vg_conn_expired(c, now_ms))
		return;
	c->now_ms = now_ms;
	if (c->tidy)
		vg_conn_shrink(c);
	if (write_over) {
		atomic64_inc(&c->svc->count.timeouts);
		vg_conn_eof(c, -ETIMEDOUT);
		return;
	}
	if (read_over && c->begun) {
		atomic64_inc(&c->svc->count.timeouts);
		too_slow(c);
	} else if (read_over) {
		if (c->state == VG_CONN_FIRST)
			atomic64_inc(&c->svc->count.timeouts);
		c->state = VG_CONN_DEAD;
	} else {
		/* only tidied up: the idle time goes on */
		c->tidy = false;
		WRITE_ONCE(c->deadline_ms, c->read_by_ms);
		return;
	}
	vg_conn_rearm(c);
}
EXPORT_SYMBOL_GPL(vg_conn_timeout);

void vg_req_finish(struct vg_req *req, int (*finish)(struct vg_req *req))
{
	struct vg_conn *c = req->conn;
	unsigned long irq;

	/*
	 * Under the lock, so that the worker, which takes it before it acts on @finished and before
	 * it frees, cannot be through with the connection while it is still being kicked.
	 */
	spin_lock_irqsave(&c->finish_lock, irq);
	c->finish = finish;
	c->finished = true;
	host_conn_kick(c);
	spin_unlock_irqrestore(&c->finish_lock, irq);
}
EXPORT_SYMBOL_GPL(vg_req_finish);

void vg_conn_kicked(struct vg_conn *c)
{
	int (*finish)(struct vg_req *req) = NULL;
	struct vg_req *req = &c->req;
	unsigned long irq;

	if (c->state != VG_CONN_PENDING)
		return;
	spin_lock_irqsave(&c->finish_lock, irq);
	if (c->finished)
		finish = c->finish;
	c->finished = false;
	spin_unlock_irqrestore(&c->finish_lock, irq);
	if (!finish)
		return;
	c->now_ms = vg_mono_ms();
	pending_returned(c, finish(req));
	vg_conn_rearm(c);
}
EXPORT_SYMBOL_GPL(vg_conn_kicked);
