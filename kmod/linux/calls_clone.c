// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgo_clone by way of /dev/virgo: the caller's strings become the JSON of POST /v1/exec, the answer's JSON the
 * numbers and bytes of struct virgo_ioc_clone.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "core/auth.h"
#include "core/base64.h"
#include "core/json.h"
#include "core/utf8.h"
#include "calls.h"

enum {
	CPUPOOL = 0,			/* index in vg_service_names[] */
	ANSWER_TOKENS = 128,
	ARGS_MAX = 1024,
	ENV_MAX = 256,
};

static const char *const kinds[] = {
	[VIRGO_CLONE_PROGRAM] = "program", [VIRGO_CLONE_FUNCTION] = "function", [VIRGO_CLONE_KERNEL] = "kernel",
};

static const char *const ends[] = {
	[VIRGO_CLONE_EXITED] = "exited", [VIRGO_CLONE_KILLED] = "killed", [VIRGO_CLONE_TIMEOUT] = "timeout",
	[VIRGO_CLONE_CANCELLED] = "cancelled", [VIRGO_CLONE_LOST] = "lost",
};

/* --- the request ---------------------------------------------------------------------------------------- */

/* The strings of the caller, one behind the other */
struct strings {
	char *p, *end;
	bool bad;
};

static struct vg_str next_string(struct strings *s)
{
	struct vg_str out = vg_str(s->p, 0);
	char *nul = s->p < s->end ? memchr(s->p, 0, s->end - s->p) : NULL;

	if (!nul) {
		s->bad = true;
		return out;
	}
	out.n = nul - s->p;
	s->p = nul + 1;
	return out;
}

static void put_env(struct vg_jw *w, struct strings *s, u32 n)
{
	struct vg_str pair;
	char *eq;

	vg_jw_kobj(w, "env");
	while (n-- && !s->bad) {
		pair = next_string(s);
		eq = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
		if (!eq || eq == pair.p) {
			s->bad = true;
			break;
		}
		/* the copy is ours */
		*eq = 0;
		vg_jw_kstr(w, pair.p, vg_str(eq + 1, pair.p + pair.n - eq - 1));
	}
	vg_jw_obj_end(w);
}

static void put_input(struct vg_jw *w, struct vg_str input)
{
	if (!input.n)
		return;
	if (vg_utf8_valid(input.p, input.n)) {
		vg_jw_kstr(w, "stdin", input);
		return;
	}
	/* a string without anything to escape, put together by hand */
	vg_jw_key(w, "stdin_b64");
	vg_jw_raw(w, VG_STR("\""));
	vg_base64_encode(w->b, input.p, input.n);
	vg_buf_putc(w->b, '"');
}

/* The document into @b: 0, -EINVAL (the strings are not as many as was said), -EILSEQ, -EMSGSIZE, -ENOMEM */
static int write_body(struct vg_buf *b, const struct virgo_ioc_clone *c, char *strings, struct vg_str input)
{
	struct strings s = { .p = strings, .end = strings + c->strings_len };
	struct vg_jw w;
	u32 i;
	int ret;

	if (!vg_utf8_valid(strings, c->strings_len))
		return -EILSEQ;
	vg_jw_init(&w, b);
	vg_jw_obj(&w);
	vg_jw_kcstr(&w, "kind", kinds[c->kind]);
	vg_jw_kstr(&w, "name", next_string(&s));
	if (c->flags & VIRGO_CLONE_HAS_CWD)
		vg_jw_kstr(&w, "cwd", next_string(&s));
	vg_jw_karr(&w, "args");
	for (i = 0; i < c->nargs && !s.bad; i++)
		vg_jw_str(&w, next_string(&s));
	vg_jw_arr_end(&w);
	if (c->nenv)
		put_env(&w, &s, c->nenv);
	put_input(&w, input);
	if (c->run_ms)
		vg_jw_ku64(&w, "timeout_ms", c->run_ms);
	if (c->priority)
		vg_jw_ks64(&w, "priority", c->priority);
	vg_jw_obj_end(&w);
	if (s.bad || s.p != s.end)
		return -EINVAL;
	ret = vg_jw_end(&w);
	return ret == -E2BIG ? -EMSGSIZE : ret;
}

static u64 arg_bytes(const struct virgo_ioc_clone *c)
{
	return c->strings_len + c->input_len;
}

/* --- the answer ------------------------------------------------------------------------------------------- */

static u32 find_end(const struct vg_json *doc, const struct vg_jtok *t)
{
	u32 i;

	for (i = VIRGO_CLONE_EXITED; i < ARRAY_SIZE(ends); i++)
		if (vg_json_str_eq(doc, t, vg_cstr(ends[i])))
			return i;
	return 0;
}

/* One of the streams: as text, or in base64. To user space goes what there is room for. */
static int put_stream(const struct vg_json *doc, const char *name, u64 user, u64 room, u64 *put, u64 *all, bool *cut)
{
	const struct vg_jtok *root = vg_json_root(doc), *t;
	char key[16];
	ssize_t n;
	void *p;
	int ret;

	t = vg_json_get(doc, root, name);
	scnprintf(key, sizeof(key), "%s_b64", name);
	if (!t)
		t = vg_json_get(doc, root, key);
	else
		key[0] = 0;
	if (!vg_json_is(t, VG_JSON_STRING))
		return -EPROTO;
	p = kvmalloc(max_t(size_t, t->len, 1), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	if (key[0])
		n = vg_base64_decode(vg_json_raw(doc, t), p);
	else
		n = vg_json_str(doc, t, p, t->len);
	ret = n < 0 ? -EPROTO : 0;
	*put = ret ? 0 : min_t(u64, n, room);
	if (*put && copy_to_user(u64_to_user_ptr(user), p, *put))
		ret = -EFAULT;
	kvfree(p);
	*all = ret ? 0 : n;
	*cut |= *put < *all;
	scnprintf(key, sizeof(key), "%s_bytes", name);
	vg_json_u64(doc, vg_json_get(doc, root, key), all);
	return ret;
}

static int take_result(struct virgo_ioc_clone *c, const struct vg_json *doc)
{
	const struct vg_jtok *root = vg_json_root(doc);
	s64 exit, signal = 0;
	bool cut = false;
	int ret;

	c->end = find_end(doc, vg_json_get(doc, root, "status"));
	if (!c->end || vg_json_s64(doc, vg_json_get(doc, root, "exit"), &exit) || exit < -1 || exit > 255)
		return -EPROTO;
	c->exit = exit;
	vg_json_s64(doc, vg_json_get(doc, root, "signal"), &signal);
	c->signal = signal >= 0 && signal < 128 ? signal : 0;
	vg_json_u64(doc, vg_json_get(doc, root, "us"), &c->run_us);
	if (!vg_json_s64(doc, vg_json_get(doc, root, "value"), &c->value))
		c->flags |= VIRGO_CLONE_HAS_VALUE;
	vg_json_bool(doc, vg_json_get(doc, root, "truncated"), &cut);
	vg_json_str(doc, vg_json_get(doc, root, "error"), c->reply.detail, sizeof(c->reply.detail) - 1);
	vg_json_str(doc, vg_json_get(doc, root, "id"), c->id, sizeof(c->id) - 1);
	ret = put_stream(doc, "stdout", c->out, c->out_room, &c->out_len, &c->out_bytes, &cut) ?:
	      put_stream(doc, "stderr", c->err, c->err_room, &c->err_len, &c->err_bytes, &cut);
	if (cut)
		c->flags |= VIRGO_CLONE_TRUNCATED;
	return ret;
}

static int take_answer(struct virgo_ioc_clone *c, const struct virgo_bag *bag)
{
	struct vg_jtok *tok = kvmalloc_array(ANSWER_TOKENS, sizeof(*tok), GFP_KERNEL);
	struct vg_json doc;
	int ret = -EPROTO;

	if (!tok)
		return -ENOMEM;
	if (!vg_json_parse(&doc, bag->p, bag->n, tok, ANSWER_TOKENS))
		ret = take_result(c, &doc);
	kvfree(tok);
	if (ret == -EPROTO)
		strscpy(c->reply.detail, "unexpected answer: not the result of a run", sizeof(c->reply.detail));
	return ret;
}

/* --- VIRGO_IOC_CLONE ----------------------------------------------------------------------------------------- */

static int check_clone(const struct virgo_ioc_clone *c)
{
	if (c->kind >= ARRAY_SIZE(kinds) || c->flags & ~VIRGO_CLONE_HAS_CWD || !c->strings_len ||
	    c->nargs > ARGS_MAX || c->nenv > ENV_MAX || c->priority < -100 || c->priority > 100 ||
	    c->to.pick == VIRGO_PICK_KEY || !virgo_ioc_zero(c->reserved, sizeof(c->reserved)))
		return -EINVAL;
	return 0;
}

static int run_clone(struct virgo_ioc_clone *c, struct virgo_ioc_run *run, const struct vg_buf *body)
{
	static const struct vg_call_field type = {
		.name = VG_STR_INIT("content-type"), .value = VG_STR_INIT("application/json"),
	};
	struct virgo_bag bag = { .max = VIRGO_IOC_ANSWER };
	struct vg_call *call = &run->call;
	int ret;

	call->method = VG_POST;
	call->target = VG_STR("/v1/exec");
	call->field = &type;
	call->nr_fields = 1;
	call->body = body->p;
	call->body_n = body->len;
	call->sink = virgo_bag_sink;
	call->ctx = &bag;
	/* the node ends it when its time is over; without a limit of the caller's that is waited for */
	call->timeout_ms = c->timeout_ms ?: U32_MAX;
	call->connect_ms = c->connect_ms;
	ret = virgo_ioc_verdict(run, virgo_ioc_do(run, false));
	if (!ret)
		ret = take_answer(c, &bag);
	kvfree(bag.p);
	return ret;
}

static int do_clone(struct virgo_ioc_clone *c, struct virgo_ioc_run *run)
{
	char *strings, *input = NULL;
	struct vg_buf body;
	int ret;

	ret = check_clone(c) ?: virgo_ioc_to(run, &c->to, CPUPOOL);
	if (ret)
		return ret;
	strings = virgo_ioc_copy(c->strings, c->strings_len, VIRGO_RUN_STRINGS);
	if (IS_ERR(strings))
		return PTR_ERR(strings);
	vg_buf_init(&body, NULL, 0, VG_JSON_BODY_MAX);
	input = virgo_ioc_copy(c->input, c->input_len, VG_JSON_BODY_MAX);
	ret = IS_ERR(input) ? PTR_ERR(input) : 0;
	if (ret)
		goto out_strings;
	ret = write_body(&body, c, strings, vg_str(input, c->input_len));
	if (ret)
		goto out;
	/* its name is the first of them, with its NUL */
	run->ask.key = vg_cstr(strings);
	run->ask.arg_bytes = arg_bytes(c);
	ret = run_clone(c, run, &body);
out:
	kvfree(input);
out_strings:
	vg_buf_free(&body);
	kvfree(strings);
	return ret;
}

static void clear_results(struct virgo_ioc_clone *c)
{
	memset(c->id, 0, sizeof(c->id));
	c->end = c->reserved1 = 0;
	c->exit = -1;
	c->signal = 0;
	c->value = 0;
	c->run_us = 0;
	c->out_len = c->err_len = 0;
	c->out_bytes = c->err_bytes = 0;
}

long virgo_ioctl_clone(struct virgo_file *vf, void __user *p)
{
	struct virgo_ioc_run *run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	struct virgo_ioc_clone *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	long ret = -ENOMEM;

	if (!run || !c)
		goto out;
	ret = virgo_ioc_take(c, p, sizeof(*c));
	if (ret)
		goto out;
	clear_results(c);
	virgo_ioc_begin(run, &c->reply, vf);
	ret = do_clone(c, run);
	virgo_ioc_end(run);
	if (!virgo_ioc_is_refused(ret, &c->reply) && copy_to_user(p, c, sizeof(*c)))
		ret = -EFAULT;
out:
	kfree(c);
	kfree(run);
	return ret;
}
