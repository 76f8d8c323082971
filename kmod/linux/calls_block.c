// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgo_malloc, virgo_set, virgo_get and virgo_free by way of /dev/virgo. A block's node is in its id; data goes
 * between the connection and the caller's memory, without a copy of the whole for reading.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "core/auth.h"
#include "core/json.h"
#include "core/sockaddr.h"
#include "calls.h"

enum {
	MEMPOOL = 2,			/* index in vg_service_names[] */
	MALLOC_TOKENS = 64,
	TARGET = sizeof("/v1/blocks/?length=&offset=") + VIRGO_IOC_TEXT + 2 * VG_U64_DIGITS,
};

/* --- VIRGO_IOC_MALLOC ---------------------------------------------------------------------------------- */

static const struct vg_call_field json_type = {
	.name = VG_STR_INIT("content-type"), .value = VG_STR_INIT("application/json"),
};

/* A block's id: hexadecimal digits and hyphens, one at least, NUL-terminated */
static bool id_fits(const char *id)
{
	size_t n = strnlen(id, VIRGO_IOC_TEXT);

	return n && n < VIRGO_IOC_TEXT && strspn(id, "0123456789abcdef-") == n;
}

static void fill_at(struct virgo_ioc_to *at, const struct virgo_ioc_run *run)
{
	const struct vg_addr *addr = &run->picked.addr;

	memset(at, 0, sizeof(*at));
	at->pick = VIRGO_PICK_NODE;
	at->number = run->call.node;
	at->family = addr->family;
	memcpy(at->ip, addr->ip, sizeof(at->ip));
}

/* The id of a new block out of {"id":"1-0-6a3f20",…} */
static int take_id(const struct vg_buf *body, char id[VIRGO_IOC_TEXT])
{
	struct vg_jtok *tok = kmalloc_array(MALLOC_TOKENS, sizeof(*tok), GFP_KERNEL);
	struct vg_json doc;
	ssize_t n = -EINVAL;

	if (!tok)
		return -ENOMEM;
	memset(id, 0, VIRGO_IOC_TEXT);
	if (!vg_json_parse(&doc, body->p, body->len, tok, MALLOC_TOKENS))
		n = vg_json_str(&doc, vg_json_get(&doc, vg_json_root(&doc), "id"), id, VIRGO_IOC_TEXT - 1);
	kfree(tok);
	return n > 0 && id_fits(id) ? 0 : -EPROTO;
}

static int do_malloc(struct virgo_ioc_malloc *m, struct virgo_ioc_run *run)
{
	char json[48];
	int ret;

	if (!virgo_ioc_zero(m->reserved, sizeof(m->reserved)) || m->to.pick == VIRGO_PICK_KEY)
		return -EINVAL;
	ret = virgo_ioc_to(run, &m->to, MEMPOOL);
	if (ret)
		return ret;
	run->call.method = VG_POST;
	run->call.target = VG_STR("/v1/blocks");
	run->call.field = &json_type;
	run->call.nr_fields = 1;
	run->call.body = json;
	run->call.body_n = scnprintf(json, sizeof(json), "{\"size\":%llu}", (unsigned long long)m->bytes);
	run->call.timeout_ms = m->timeout_ms;
	run->call.connect_ms = m->connect_ms;
	ret = virgo_ioc_verdict(run, virgo_ioc_do(run, false));
	if (ret)
		return ret;
	fill_at(&m->at, run);
	ret = take_id(&run->body, m->id);
	if (ret)
		strscpy(m->reply.detail, "unexpected answer: no block \"id\"", sizeof(m->reply.detail));
	return ret;
}

long virgo_ioctl_malloc(struct virgo_file *vf, void __user *p)
{
	struct virgo_ioc_run *run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	struct virgo_ioc_malloc *m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	long ret = -ENOMEM;

	if (!run || !m)
		goto out;
	ret = virgo_ioc_take(m, p, sizeof(*m));
	if (ret)
		goto out;
	memset(m->id, 0, sizeof(m->id));
	memset(&m->at, 0, sizeof(m->at));
	virgo_ioc_begin(run, &m->reply, vf);
	ret = do_malloc(m, run);
	virgo_ioc_end(run);
	if (!virgo_ioc_is_refused(ret, &m->reply) && copy_to_user(p, m, sizeof(*m)))
		ret = -EFAULT;
out:
	kfree(m);
	kfree(run);
	return ret;
}

/* --- VIRGO_IOC_SET, _GET, _FREE ---------------------------------------------------------------------------- */

/* Where the bytes of an answer go */
struct window {
	char __user *to;
	u64 room, done;
};

static int window_sink(struct vg_call *call, const void *p, size_t n)
{
	struct window *w = call->ctx;

	if (n > w->room - w->done)
		return -EMSGSIZE;
	if (copy_to_user(w->to + w->done, p, n))
		return -EFAULT;
	w->done += n;
	return 0;
}

/* The node of a block, unless the caller names one: its id begins with the number, in hexadecimal. */
static int block_node(struct virgo_ioc_run *run, const struct virgo_ioc_block *b)
{
	int ret = virgo_ioc_to(run, &b->to, MEMPOOL);
	u64 number = 0;
	size_t i;

	if (ret || run->ask.how == VG_ASK_ADDR || run->ask.how == VG_ASK_NUMBER)
		return ret;
	if (run->ask.how != VG_ASK_ANY)
		return -EINVAL;
	for (i = 0; b->id[i] && b->id[i] != '-' && i < 8; i++)
		number = number << 4 | vg_hex_val(b->id[i]);
	if (b->id[i] != '-')
		return -EINVAL;
	run->ask.how = VG_ASK_NUMBER;
	run->ask.number = number;
	return 0;
}

static size_t block_target(char *out, const struct virgo_ioc_block *b, bool length)
{
	size_t n = scnprintf(out, TARGET, "/v1/blocks/%s", b->id);
	char mark = '?';

	if (length) {
		n += scnprintf(out + n, TARGET - n, "%clength=%llu", mark, (unsigned long long)b->length);
		mark = '&';
	}
	if (b->offset)
		n += scnprintf(out + n, TARGET - n, "%coffset=%llu", mark, (unsigned long long)b->offset);
	return n;
}

static int do_get(struct virgo_ioc_block *b, struct virgo_ioc_run *run)
{
	struct window w = { .to = u64_to_user_ptr(b->data), .room = b->length };
	int ret;

	run->call.method = VG_GET;
	run->call.sink = window_sink;
	run->call.ctx = &w;
	ret = virgo_ioc_do(run, false);
	b->done = ret == -EMSGSIZE ? run->call.length : w.done;
	return ret;
}

static int do_set(struct virgo_ioc_block *b, struct virgo_ioc_run *run)
{
	void *body = virgo_ioc_copy(b->data, b->length, VIRGO_IOC_BODY);
	int ret;

	if (IS_ERR(body))
		return PTR_ERR(body);
	run->call.method = VG_PUT;
	run->call.body = body;
	run->call.body_n = b->length;
	ret = virgo_ioc_do(run, false);
	if (!ret && run->call.status / 100 == 2)
		b->done = b->length;
	kvfree(body);
	return ret;
}

static int do_block(unsigned int cmd, struct virgo_ioc_block *b, struct virgo_ioc_run *run)
{
	bool get = cmd == VIRGO_IOC_GET, free = cmd == VIRGO_IOC_FREE;
	bool to_end = b->flags & VIRGO_BLOCK_TO_END;
	char target[TARGET];
	int ret;

	if (b->flags & ~(get ? VIRGO_BLOCK_TO_END : 0) || b->reserved0 || !id_fits(b->id) ||
	    !virgo_ioc_zero(b->reserved, sizeof(b->reserved)) || (free && (b->offset || b->length || b->data)))
		return -EINVAL;
	ret = block_node(run, b);
	if (ret)
		return ret;
	run->call.target = vg_str(target, block_target(target, b, get && !to_end));
	run->call.timeout_ms = b->timeout_ms;
	run->call.connect_ms = b->connect_ms;
	if (get) {
		ret = do_get(b, run);
	} else if (free) {
		run->call.method = VG_DELETE;
		ret = virgo_ioc_do(run, false);
	} else {
		ret = do_set(b, run);
	}
	return virgo_ioc_verdict(run, ret);
}

long virgo_ioctl_block(struct virgo_file *vf, unsigned int cmd, void __user *p)
{
	struct virgo_ioc_run *run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	struct virgo_ioc_block *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	long ret = -ENOMEM;

	if (!run || !b)
		goto out;
	ret = virgo_ioc_take(b, p, sizeof(*b));
	if (ret)
		goto out;
	b->done = 0;
	virgo_ioc_begin(run, &b->reply, vf);
	ret = do_block(cmd, b, run);
	virgo_ioc_end(run);
	if (!virgo_ioc_is_refused(ret, &b->reply) && copy_to_user(p, b, sizeof(*b)))
		ret = -EFAULT;
out:
	kfree(b);
	kfree(run);
	return ret;
}
