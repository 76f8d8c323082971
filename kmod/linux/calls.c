// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VIRGO_IOC_CALL and VIRGO_IOC_NODES, and what all calls by way of /dev/virgo have in common. Must never use
 * what user space gave twice, nor begin a call anew because of a signal.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "core/auth.h"
#include "core/config.h"
#include "core/http.h"
#include "core/node.h"
#include "dev.h"
#include "host.h"
#include "calls.h"

enum { STREAM_PIECE = 32 << 10 };

/* --- from user space ----------------------------------------------------------------------------------- */

struct ioc_head {
	u32 size, abi;
};

int virgo_ioc_take(void *s, void __user *p, size_t want)
{
	const struct ioc_head *head = s;

	if (copy_from_user(s, p, want))
		return -EFAULT;
	if (head->size != want)
		return -EINVAL;
	if (head->abi != VIRGO_ABI)
		return -EPROTONOSUPPORT;
	/* better to know now than when the call is done */
	return copy_to_user(p, s, want) ? -EFAULT : 0;
}

bool virgo_ioc_zero(const void *p, size_t n)
{
	return !memchr_inv(p, 0, n);
}

void *virgo_ioc_copy(u64 user, u64 n, size_t max)
{
	void *copy;

	if (!n)
		return NULL;
	if (n > max)
		return ERR_PTR(-EMSGSIZE);
	copy = kvmalloc(n, GFP_KERNEL_ACCOUNT);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (!copy_from_user(copy, u64_to_user_ptr(user), n))
		return copy;
	kvfree(copy);
	return ERR_PTR(-EFAULT);
}

static bool addr_fits(const struct virgo_ioc_to *to)
{
	static const u8 zero[16];

	if (to->pick != VIRGO_PICK_NODE)
		return !to->family && !to->port && !memcmp(to->ip, zero, sizeof(zero));
	return to->family == 6 || (to->family == 4 && !memcmp(to->ip + 4, zero, 12));
}

int virgo_ioc_to(struct virgo_ioc_run *run, const struct virgo_ioc_to *to, u32 service)
{
	static const enum vg_ask_how how[] = {
		[VIRGO_PICK_ANY] = VG_ASK_ANY, [VIRGO_PICK_NODE] = VG_ASK_ADDR,
		[VIRGO_PICK_KEY] = VG_ASK_KEY, [VIRGO_PICK_NUMBER] = VG_ASK_NUMBER,
	};
	static const enum vg_policy policy[] = {
		[VIRGO_BALANCE_LEAST_LOADED] = VG_LEAST_LOADED, [VIRGO_BALANCE_TWO_CHOICES] = VG_TWO_CHOICES,
		[VIRGO_BALANCE_PRG] = VG_PRG, [VIRGO_BALANCE_HASH] = VG_HASH,
		[VIRGO_BALANCE_PREDICTED] = VG_PREDICTED,
	};
	struct vg_ask *ask = &run->ask;

	if (to->pick >= ARRAY_SIZE(how) || to->balance >= ARRAY_SIZE(policy) || !addr_fits(to))
		return -EINVAL;
	if (to->pick != VIRGO_PICK_NUMBER && to->number)
		return -EINVAL;
	ask->how = how[to->pick];
	ask->policy = policy[to->balance];
	ask->number = to->number;
	ask->service = service;
	run->call.service = service;
	if (to->family == 4)
		vg_addr_from_ip4(&ask->addr, to->ip, to->port);
	else if (to->family == 6)
		vg_addr_from_ip6(&ask->addr, to->ip, to->port);
	return 0;
}

int virgo_bag_sink(struct vg_call *call, const void *p, size_t n)
{
	struct virgo_bag *bag = call->ctx;
	size_t need, cap;
	char *more;

	if (check_add_overflow(bag->n, n, &need) || need > bag->max)
		return -EMSGSIZE;
	if (need > bag->cap) {
		cap = min_t(size_t, max_t(size_t, 2 * need, PAGE_SIZE), bag->max);
		more = kvmalloc(cap, GFP_KERNEL_ACCOUNT);
		if (!more)
			return -ENOMEM;
		if (bag->n)
			memcpy(more, bag->p, bag->n);
		kvfree(bag->p);
		bag->p = more;
		bag->cap = cap;
	}
	memcpy(bag->p + bag->n, p, n);
	bag->n = need;
	return 0;
}

/* --- a call, to whoever takes it on ------------------------------------------------------------------------ */

void virgo_ioc_begin(struct virgo_ioc_run *run, struct virgo_ioc_reply *reply, const struct virgo_file *vf)
{
	run->call.cancel = &vf->cancelled;
	run->reply = reply;
	vg_buf_init(&run->body, NULL, 0, IOC_REFUSAL);
	memset(reply, 0, sizeof(*reply));
}

/* The reply as it stands after the last try */
static void fill_reply(struct virgo_ioc_run *run, int ret)
{
	struct virgo_ioc_reply *reply = run->reply;
	const struct vg_call *call = &run->call;
	char text[VG_ADDR_TEXT];

	BUILD_BUG_ON(VG_ADDR_TEXT > sizeof(reply->address) || VG_CALL_CODE > sizeof(reply->problem) ||
		     VG_CALL_DETAIL > sizeof(reply->detail));
	memset(reply, 0, sizeof(*reply));
	vg_addr_print(&call->to, text);
	strscpy(reply->address, text, sizeof(reply->address));
	reply->status = call->status;
	reply->node = call->node;
	reply->retry_after_s = call->retry_after_s;
	reply->us = call->us;
	reply->flags = (call->connected ? VIRGO_REPLY_CONNECTED : 0) |
		       (call->maybe_done ? VIRGO_REPLY_MAYBE_DONE : 0) |
		       (ret == -EINTR && run->flight ? VIRGO_REPLY_WAITS : 0);
	if (ret)
		strscpy(reply->detail, call->why ?: "no answer", sizeof(reply->detail));
	else if (call->status / 100 != 2)
		vg_call_problem(run->body.p, run->body.len, reply->problem, reply->detail);
}

/* The body of a refusal: that of any other is read piece by piece later. */
static int read_refusal(struct virgo_ioc_run *run)
{
	ssize_t got;
	char *to;

	do {
		to = vg_buf_reserve(&run->body, PAGE_SIZE);
		if (!to)
			return run->body.err == -E2BIG ? -EMSGSIZE : run->body.err;
		got = vg_call_read(run->flight, to, PAGE_SIZE);
		if (got > 0)
			vg_buf_add(&run->body, got);
	} while (got > 0);
	return got;
}

/* The head is there, or it is not (@ret) */
static int take_head(struct virgo_ioc_run *run, int ret)
{
	if (ret || run->call.status / 100 == 2)
		return ret;
	ret = read_refusal(run);
	vg_call_close(run->flight);
	run->flight = NULL;
	return ret;
}

static int try_open(struct virgo_ioc_run *run)
{
	return take_head(run, vg_call_open(virgo_node->client, &run->call, &run->flight));
}

int virgo_ioc_do(struct virgo_ioc_run *run, bool open)
{
	struct vg_call *call = &run->call;
	int ret, last = 0;

	do {
		ret = vg_peers_pick(virgo_node, &run->ask, &run->picked);
		if (ret) {
			/* nobody else: it is as the last one said */
			if (last || run->picked.tried)
				return last;
			strscpy(run->reply->detail, ret == -ENOENT ?
				"not one of the nodes of this kernel (nodes in virgo_cloud.conf)" :
				"no node answers", sizeof(run->reply->detail));
			return ret;
		}
		call->peer = run->picked.addr;
		call->out = &run->body;
		vg_buf_reset(&run->body);
		if (call->head)
			vg_buf_reset(call->head);
		last = open ? try_open(run) : vg_call(virgo_node->client, call);
		fill_reply(run, last);
	} while (!run->flight &&
		 vg_peers_done(virgo_node, &run->picked, call, last, run->reply->problem));
	return last;
}

/* The answer began well and was not read to its end. */
static void virgo_ioc_broken(struct virgo_ioc_run *run, int ret)
{
	const char *why = run->call.why;

	if (!why)
		why = ret == -EMSGSIZE ? "the answer is larger than there is room for" : "the answer could not be taken";
	strscpy(run->reply->detail, why, sizeof(run->reply->detail));
	if (run->call.method != VG_GET && run->call.method != VG_HEAD)
		run->reply->flags |= VIRGO_REPLY_MAYBE_DONE;
}

void virgo_ioc_end(struct virgo_ioc_run *run)
{
	/* one whose answer has begun lives, whatever became of the rest */
	if (run->flight) {
		vg_peers_done(virgo_node, &run->picked, &run->call, 0, "");
		vg_call_close(run->flight);
	}
	run->flight = NULL;
	vg_peers_put(&run->picked);
	vg_buf_free(&run->body);
}

bool virgo_ioc_is_refused(int ret, const struct virgo_ioc_reply *reply)
{
	return (ret == -EINVAL || ret == -EFAULT || ret == -EMSGSIZE || ret == -ENOMEM) && !reply->address[0];
}

int virgo_ioc_verdict(const struct virgo_ioc_run *run, int ret)
{
	if (!ret && run->call.status / 100 != 2)
		return -EREMOTEIO;
	return ret;
}

/* --- VIRGO_IOC_CALL -------------------------------------------------------------------------------------------- */

/* What of a call must stay as long as its answer is read */
struct virgo_stream {
	struct virgo_ioc_run run;
	struct virgo_ioc_reply reply;
	char *piece;			/* STREAM_PIECE bytes between the connection and user space */
};

/* What user space gave, copied */
struct given {
	char *target, *headers, *key;
	void *body;
	struct vg_call_field field[VG_CALL_FIELDS];
};

static void stream_free(struct virgo_stream *stream)
{
	if (!stream)
		return;
	virgo_ioc_end(&stream->run);
	kvfree(stream->piece);
	kfree(stream);
}

void virgo_stream_drop(struct virgo_file *vf)
{
	stream_free(vf->stream);
	vf->stream = NULL;
}

static void given_free(struct given *g)
{
	kvfree(g->target);
	kvfree(g->headers);
	kvfree(g->key);
	kvfree(g->body);
}

static int take(char **to, u64 user, u64 n, size_t max)
{
	void *copy = virgo_ioc_copy(user, n, max);

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	*to = copy;
	return 0;
}

static int take_given(struct given *g, const struct virgo_ioc_call *c)
{
	return take(&g->target, c->target, c->target_len, VIRGO_IOC_TARGET) ?:
	       take(&g->headers, c->headers, c->headers_len, VIRGO_IOC_HEADERS) ?:
	       take(&g->key, c->key, c->key_len, VIRGO_IOC_KEY) ?:
	       take((char **)&g->body, c->body, c->body_len, VIRGO_IOC_BODY);
}

/* Lines into fields, names in lower case: how many, or -EINVAL */
static int split_headers(struct given *g, size_t n)
{
	struct vg_field f;
	const char *why;
	size_t at = 0, bad, k;
	u32 fields = 0;
	int next;

	while (at < n) {
		next = vg_http_field(g->headers, at, n, &f, &why, &bad);
		if (next <= 0 || fields == VG_CALL_FIELDS)
			return -EINVAL;
		for (k = 0; k < f.name_n; k++)
			g->headers[f.name + k] = vg_to_lower(g->headers[f.name + k]);
		g->field[fields++] = (struct vg_call_field){
			.name = vg_str(g->headers + f.name, f.name_n),
			.value = vg_str(g->headers + f.value, f.value_n),
		};
		at = next;
	}
	return fields;
}

static int fill_call(struct virgo_ioc_run *run, struct given *g, const struct virgo_ioc_call *c)
{
	static const enum vg_method method[] = {
		[VIRGO_GET] = VG_GET, [VIRGO_HEAD] = VG_HEAD, [VIRGO_PUT] = VG_PUT, [VIRGO_POST] = VG_POST,
		[VIRGO_DELETE] = VG_DELETE,
	};
	struct vg_call *call = &run->call;
	int n;

	if (c->service >= VG_SERVICE_NAMES || (c->to.pick == VIRGO_PICK_KEY && !c->key_len) ||
	    c->method >= ARRAY_SIZE(method) ||
	    c->flags & ~(VIRGO_CALL_UNSIGNED | VIRGO_CALL_STREAM) || c->reserved0 ||
	    !virgo_ioc_zero(c->reserved, sizeof(c->reserved)))
		return -EINVAL;
	n = virgo_ioc_to(run, &c->to, c->service) ?: split_headers(g, c->headers_len);
	if (n < 0)
		return n;
	call->method = method[c->method];
	call->target = vg_str(g->target, c->target_len);
	call->field = g->field;
	call->nr_fields = n;
	call->body = g->body;
	call->body_n = c->body_len;
	call->unsigned_ok = c->flags & VIRGO_CALL_UNSIGNED;
	call->connect_ms = c->connect_ms;
	call->timeout_ms = c->timeout_ms;
	run->ask.key = vg_str(g->key, c->key_len);
	run->ask.arg_bytes = c->arg_bytes;
	return 0;
}

/* Up to @n bytes more of the answer, to @user: how many, 0 at its end */
static ssize_t stream_read(struct virgo_stream *stream, char __user *user, size_t n)
{
	ssize_t got;

	if (!stream->piece)
		stream->piece = kvmalloc(STREAM_PIECE, GFP_KERNEL_ACCOUNT);
	if (!stream->piece)
		return -ENOMEM;
	got = vg_call_read(stream->run.flight, stream->piece, min_t(size_t, n, STREAM_PIECE));
	if (got > 0 && copy_to_user(user, stream->piece, got))
		return -EFAULT;
	return got;
}

/* What there is room for of the answer; more is left to read() if the caller wants that */
static int put_body(struct virgo_stream *stream, struct virgo_ioc_call *c)
{
	char __user *out = u64_to_user_ptr(c->out);
	struct virgo_ioc_run *run = &stream->run;
	bool streams = c->flags & VIRGO_CALL_STREAM;
	ssize_t got = 1;

	if (!run->flight) {
		c->out_len = min_t(u64, run->body.len, c->out_room);
		if (c->out_len && copy_to_user(out, run->body.p, c->out_len))
			return -EFAULT;
		return run->body.len > c->out_room && !streams ? -EMSGSIZE : 0;
	}
	while (got > 0 && c->out_len < c->out_room && !(streams && !vg_call_ready(run->flight))) {
		got = stream_read(stream, out + c->out_len, c->out_room - c->out_len);
		c->out_len += got > 0 ? got : 0;
	}
	/* what was interrupted here goes on with read() */
	if (got < 0 && !(got == -EINTR && streams))
		return got;
	c->more = got && !vg_call_is_done(run->flight);
	return c->more && !streams ? -EMSGSIZE : 0;
}

/* The answer's header lines: all of them, or it is an error */
static int put_head(const struct vg_buf *head, struct virgo_ioc_call *c)
{
	if (!c->head)
		return 0;
	c->head_len = head->len;
	return head->len && copy_to_user(u64_to_user_ptr(c->head), head->p, head->len) ? -EFAULT : 0;
}

/* Make the call, or go on with one that waits (@g is NULL). */
static int do_call(struct virgo_stream *stream, struct virgo_ioc_call *c, struct given *g)
{
	struct virgo_ioc_run *run = &stream->run;
	struct vg_buf head;
	int ret = g ? fill_call(run, g, c) : 0;

	if (ret)
		return ret;
	vg_buf_init(&head, NULL, 0, min_t(u32, c->head_room, VG_HEADER_BYTES_MAX));
	if (c->head)
		run->call.head = &head;
	if (g) {
		ret = virgo_ioc_do(run, true);
	} else {
		ret = take_head(run, vg_call_resume(run->flight));
		fill_reply(run, ret);
	}
	if (!ret)
		ret = put_head(&head, c) ?: put_body(stream, c);
	if (!(c->flags & VIRGO_CALL_STREAM))
		run->reply->flags &= ~VIRGO_REPLY_WAITS;
	if (ret < 0 && run->flight && !(run->reply->flags & VIRGO_REPLY_WAITS))
		virgo_ioc_broken(run, ret);
	vg_buf_free(&head);
	run->call.head = NULL;
	return ret;
}

/* Keep it for read(), or be done with it. */
static void keep_stream(struct virgo_file *vf, struct virgo_stream *stream, bool more)
{
	struct vg_call *call = &stream->run.call;

	if (!more) {
		stream_free(stream);
		return;
	}
	/* they are gone when the ioctl ends */
	call->target = vg_str(NULL, 0);
	call->field = NULL;
	call->body = NULL;
	call->out = NULL;
	stream->run.ask.key = vg_str(NULL, 0);
	vf->stream = stream;
}

/* What was read from the file is given up; what read() is to go on with needs the file for itself. */
static int lock_file(struct virgo_file *vf, u32 flags)
{
	bool helper, waits;

	if (mutex_lock_interruptible(&vf->lock))
		return -EINTR;
	helper = vf->helper;
	waits = vf->stream && vf->stream->reply.flags & VIRGO_REPLY_WAITS;
	if (!(flags & VIRGO_CALL_RESUME))
		virgo_stream_drop(vf);
	else if (!waits || !(flags & VIRGO_CALL_STREAM))
		helper = true;
	if (!helper && flags & VIRGO_CALL_STREAM)
		return 0;
	mutex_unlock(&vf->lock);
	if (flags & VIRGO_CALL_RESUME)
		return -EINVAL;
	return helper ? -EBUSY : 0;
}

/* With the file locked: go on with the call that waits there. */
static int resume_call(struct virgo_file *vf, struct virgo_ioc_call *c)
{
	struct virgo_stream *stream = vf->stream;
	int ret;

	vf->stream = NULL;
	ret = do_call(stream, c, NULL);
	c->reply = stream->reply;
	keep_stream(vf, stream, (!ret && c->more) || c->reply.flags & VIRGO_REPLY_WAITS);
	return ret;
}

static int begin_call(struct virgo_file *vf, struct virgo_ioc_call *c)
{
	struct virgo_stream *stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	struct given *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	int ret = -ENOMEM;

	if (!stream || !g)
		goto out;
	virgo_ioc_begin(&stream->run, &stream->reply, vf);
	ret = take_given(g, c) ?: do_call(stream, c, g);
	c->reply = stream->reply;
	keep_stream(vf, stream, (!ret && c->more) || c->reply.flags & VIRGO_REPLY_WAITS);
	stream = NULL;
out:
	if (g)
		given_free(g);
	kfree(g);
	kfree(stream);
	return ret;
}

long virgo_ioctl_call(struct virgo_file *vf, void __user *p)
{
	struct virgo_ioc_call *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	bool stream;
	long ret;

	if (!c)
		return -ENOMEM;
	ret = virgo_ioc_take(c, p, sizeof(*c));
	if (ret)
		goto out;
	stream = c->flags & VIRGO_CALL_STREAM;
	ret = lock_file(vf, c->flags);
	if (ret)
		goto out;
	c->head_len = c->more = c->out_len = 0;
	memset(&c->reply, 0, sizeof(c->reply));
	ret = c->flags & VIRGO_CALL_RESUME ? resume_call(vf, c) : begin_call(vf, c);
	if (!virgo_ioc_is_refused(ret, &c->reply) && copy_to_user(p, c, sizeof(*c)))
		ret = -EFAULT;
	if (stream)
		mutex_unlock(&vf->lock);
out:
	kfree(c);
	return ret;
}

ssize_t virgo_stream_read(struct virgo_file *vf, char __user *to, size_t n)
{
	ssize_t ret;

	if (mutex_lock_interruptible(&vf->lock))
		return -EINTR;
	/* it was given up, or read to its end; one whose head is not there has no body either */
	if (vf->stream && vf->stream->reply.flags & VIRGO_REPLY_WAITS)
		ret = -EINVAL;
	else
		ret = vf->stream && n ? stream_read(vf->stream, to, n) : 0;
	if (vf->stream && n && ret <= 0 && ret != -EINTR && ret != -EINVAL)
		virgo_stream_drop(vf);
	mutex_unlock(&vf->lock);
	return ret;
}

/* --- VIRGO_IOC_NODES ----------------------------------------------------------------------------------------------- */

static void fill_node(struct virgo_ioc_node *n, const struct vg_peer_info *info)
{
	memset(n, 0, sizeof(*n));
	strscpy(n->name, info->name, sizeof(n->name));
	n->number = info->number;
	n->flags = (info->own ? VIRGO_NODE_OWN : 0) | (info->down ? VIRGO_NODE_DOWN : 0) |
		   (info->degraded ? VIRGO_NODE_DEGRADED : 0);
	n->family = info->addr.family;
	n->port = info->addr.port;
	memcpy(n->ip, info->addr.ip, sizeof(n->ip));
}

long virgo_ioctl_nodes(void __user *p)
{
	struct virgo_ioc_nodes nodes;
	struct virgo_ioc_node __user *list;
	struct vg_peer_info info;
	struct virgo_ioc_node n;
	struct vg_config *cfg;
	int ret;

	ret = virgo_ioc_take(&nodes, p, sizeof(nodes));
	if (ret)
		return ret;
	if (nodes.reserved0 || !virgo_ioc_zero(nodes.reserved, sizeof(nodes.reserved)))
		return -EINVAL;
	list = u64_to_user_ptr(nodes.list);
	for (nodes.count = 0; vg_peers_info(virgo_node, nodes.count, &info); nodes.count++) {
		if (nodes.count >= nodes.room)
			continue;
		fill_node(&n, &info);
		if (copy_to_user(&list[nodes.count], &n, sizeof(n)))
			return -EFAULT;
	}
	memset(nodes.cluster, 0, sizeof(nodes.cluster));
	memset(nodes.key, 0, sizeof(nodes.key));
	cfg = vg_node_cfg(virgo_node);
	nodes.own = virgo_node->id;
	strscpy(nodes.cluster, cfg->cluster, sizeof(nodes.cluster));
	strscpy(nodes.key, cfg->client_key, sizeof(nodes.key));
	vg_config_put(cfg);
	return copy_to_user(p, &nodes, sizeof(nodes)) ? -EFAULT : 0;
}
