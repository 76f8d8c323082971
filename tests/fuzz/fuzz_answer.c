// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The parser of answers on any bytes. The first byte says how: bits 0-2 the method, the rest how the bytes are cut.
 * Whatever the cuts, the verdict and the body must be the same, and every view lie in what was given.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/answer.c"
#include "core/chunk.c"
#include "core/http.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of one way of cutting the input: the last head's status, and a hash of the body */
struct verdict {
	int head;
	u16 status;
	u64 hash, body;
	size_t eaten;
	bool done, broken;
};

static void check_head(const struct vg_answer *a, const char *p, size_t n)
{
	u32 i;

	MUST(a->head == p && a->head_n <= n && a->fields_at <= a->head_n);
	MUST(a->status >= 100 && a->status <= 599 && a->framing <= VG_BODY_CLOSE);
	MUST(a->nr_fields <= VG_HEADER_FIELDS_MAX);
	for (i = 0; i < a->nr_fields; i++) {
		const struct vg_field *f = &a->field[i];

		MUST(f->name_n && f->name + f->name_n < f->value + f->value_n + 1u);
		MUST(f->value + f->value_n + 2u <= a->head_n);
		MUST(!memchr(p + f->value, '\n', f->value_n) && !memchr(p + f->value, 0, f->value_n));
	}
	MUST(!(a->keep_alive && a->framing == VG_BODY_CLOSE));
}

static void run_body(struct vg_answer *a, const char *p, size_t n, size_t step, struct verdict *v)
{
	size_t at = 0, i;

	while (at < n && !a->done) {
		size_t now = min(step, n - at);
		struct vg_str piece;
		ssize_t ate = vg_answer_body(a, p + at, now, &piece);

		if (ate < 0) {
			v->broken = true;
			return;
		}
		MUST((size_t)ate <= now && (ate == now || piece.n || a->done));
		MUST(!piece.n || (piece.p >= p + at && piece.p + piece.n == p + at + ate));
		for (i = 0; i < piece.n; i++)
			v->hash = (v->hash ^ (u8)piece.p[i]) * 0x100000001b3ULL;
		v->body += piece.n;
		at += ate;
	}
	v->eaten = at;
	v->done = !vg_answer_eof(a);
}

static void run(enum vg_method method, const char *p, size_t n, size_t step, struct verdict *v)
{
	static struct vg_answer a;
	const char *why = NULL;
	size_t have = min(step, n);

	memset(v, 0, sizeof(*v));
	/* bytes come in; the head is looked at anew each time, as the client does */
	for (;;) {
		v->head = vg_answer_head(&a, method, p, have, &why);
		if (v->head || have == n)
			break;
		have = min(have + step, n);
	}
	MUST(v->head >= 0 || why);
	if (v->head <= 0)
		return;
	check_head(&a, p, have);
	v->status = a.status;
	run_body(&a, p + v->head, n - v->head, step, v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict whole, cut;
	enum vg_method method;
	const char *p;

	if (size < 2 || size > 65536)
		return 0;
	method = (data[0] & 7) % VG_METHODS;
	p = (const char *)data + 1;
	run(method, p, size - 1, SIZE_MAX, &whole);
	run(method, p, size - 1, (data[0] >> 3) + 1, &cut);
	/* a head over its limit may be told by another limit first, or be waited for no longer */
	MUST((whole.head > 0) == (cut.head > 0) && (whole.head < 0) == (cut.head < 0));
	whole.head = cut.head = 0;
	MUST(whole.status == cut.status && whole.hash == cut.hash && whole.body == cut.body);
	MUST(whole.eaten == cut.eaten && whole.done == cut.done && whole.broken == cut.broken);
	return 0;
}
