// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A connection on any bytes, with real verification. The first byte says how: bit 0 with a key, the rest
 * how the bytes are cut. Whatever the cuts, the answers must be the same and well-formed, the handlers run
 * as often, every reference and allocation be given back.
 */
#define CONN_ENV_KEYS
#include "../unit/conn_env.h"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

enum { NOW_S = 1795347598, ANSWERS = 512 };	/* 2026-11-22 11:39:58, when the seeds were signed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of one way of cutting the input */
struct verdict {
	u32 n, runs;
	u16 status[ANSWERS];
	bool closed;
	bool lines;
};

static void silent(int level, const char *text, size_t len)
{
}

/* Anew for each input, because keys cache what they have signed with */
static struct vg_keyset *make_keys(void)
{
	static const char text[] = "VK1TESTKEY Zk7dQ2vR9xLpT4mWb8NcYf3HsJ6gAe1uKoXi5DzE0qU\n";
	char *copy = kvmalloc(sizeof(text), GFP_KERNEL);
	struct vg_conf_error err;
	struct vg_keyset *keys;

	MUST(copy);
	memcpy(copy, text, sizeof(text));
	MUST(!vg_keyset_parse(copy, sizeof(text) - 1, &keys, &err));
	return keys;
}

/* Walk over the answers in @out; what is not cut short by the end must hang together. */
static void judge(const struct env_out *out, struct verdict *v)
{
	const char *p = out->p, *end = out->p ? out->p + out->n : NULL;

	while (p && p < end) {
		const char *head = memmem(p, end - p, "\r\n\r\n", 4), *len;
		unsigned int status;
		size_t n = 0;

		if (v->lines) {
			p = memchr(p, '\n', end - p);
			MUST(p);
			p++;
			continue;
		}
		MUST(head && sscanf(p, "HTTP/1.1 %3u ", &status) == 1);
		if (status == 100) {
			p = head + 4;
			continue;
		}
		MUST(v->n < ANSWERS);
		v->status[v->n++] = status;
		len = memmem(p, head - p, "\r\nContent-Length: ", 18);
		MUST(!!len == (status != 204 && status != 304));
		MUST(memmem(p, head - p, "\r\nDate: ", 8) && memmem(p, head - p, "\r\nVirgo-Clock: ", 15));
		MUST(!memmem(p, head - p, "Access-Control", 14));
		if (len)
			n = strtoul(len + 18, NULL, 10);
		MUST(n <= sizeof(env_big) + 200000);
		p = head + 4;
		/* the answer to HEAD has a length and no body */
		if ((size_t)(end - p) < n || (n && p < end && !memcmp(p, "HTTP/1.1 ", min_t(size_t, 9, end - p))))
			continue;
		p += n;
	}
}

static void finish_waiting(struct vg_conn *c)
{
	if (c->state != VG_CONN_PENDING)
		return;
	MUST(!(vg_conn_wants(c) & VG_WANT_CLOSE));
	vg_req_finish(&c->req, env_wait_done);
	vg_conn_kicked(c);
}

static void run(const uint8_t *p, size_t n, size_t step, struct verdict *v)
{
	struct vg_conn *c;
	struct env_out out = {};
	u32 runs = env_runs;
	size_t at = 0;

	memset(v, 0, sizeof(*v));
	MUST(!vg_replay_new(1024, &env_node.replay));
	atomic64_set(&env_node.clock, 0);
	shim_clock_set_real_ns(NOW_S * NSEC_PER_SEC);
	c = env_conn();
	MUST(c);
	while (at < n) {
		size_t took = vg_conn_input(c, p + at, min(step, n - at));

		at += took;
		env_take(c, &out, SIZE_MAX);
		finish_waiting(c);
		env_take(c, &out, SIZE_MAX);
		if (!took && !(vg_conn_wants(c) & VG_WANT_READ))
			break;
	}
	while (c->state == VG_CONN_PENDING) {
		finish_waiting(c);
		env_take(c, &out, SIZE_MAX);
	}
	MUST(c->in_cap <= VG_IN_MAX && c->out_cap <= VG_OUT_MAX);
	v->closed = !(vg_conn_wants(c) & VG_WANT_READ);
	if (!v->closed && step & 1)
		vg_conn_timeout(c, vg_mono_ms() + 100000);
	else
		vg_conn_eof(c, step & 2 ? -ECONNRESET : 0);
	v->lines = c->req.is_line;
	judge(&out, v);
	v->runs = env_runs - runs;
	free(out.p);
	vg_conn_free(c);
	vg_replay_free(env_node.replay);
	MUST(!env_refs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict whole, cut;
	struct vg_keyset *keys;
	long live;

	if (!env_svc.def) {
		shim_printk = silent;
		env_init();
	}
	if (size < 2 || size > 65536)
		return 0;
	live = shim_alloc_live();
	keys = data[0] & 1 ? make_keys() : NULL;
	rcu_assign_pointer(env_node.keys, keys);
	run(data + 1, size - 1, SIZE_MAX, &whole);
	run(data + 1, size - 1, (data[0] >> 1) + 1, &cut);
	vg_keyset_put(keys);
	rcu_barrier();
	MUST(shim_alloc_live() == live);
	MUST(whole.lines == cut.lines && whole.runs == cut.runs);
	/* a head that never ends may be refused for what is in it, or be waited for when it drips in */
	if (whole.closed && !cut.closed && whole.n == cut.n + 1 && whole.status[cut.n] >= 400)
		whole.status[--whole.n] = 0;
	else
		MUST(whole.closed == cut.closed);
	MUST(whole.n == cut.n && !memcmp(whole.status, cut.status, sizeof(whole.status)));
	return 0;
}
