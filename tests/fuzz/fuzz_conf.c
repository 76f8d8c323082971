// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The configuration parser on any bytes: every pair lies in the text where it says, every error
 * has a place and a printable message, every typed reading of any value holds.
 */
#include <stdlib.h>

#include "core/conf.c"
#include "core/conf_value.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *text;
	size_t size;
	u32 pairs;
	u32 errors;
};

static void check_error(const struct vg_conf_error *err)
{
	size_t i, n = strnlen(err->msg, sizeof(err->msg));

	MUST(n && n < sizeof(err->msg));
	for (i = 0; i < n; i++)
		MUST(err->msg[i] >= 0x20 && err->msg[i] < 0x7f);
}

/* The byte of the text that line and column, both from 1, stand for */
static const char *place(const struct input *in, u32 line, u32 col)
{
	size_t at = 0;

	MUST(line && col);
	while (--line) {
		const char *lf = memchr(in->text + at, '\n', in->size - at);

		MUST(lf);
		at = lf + 1 - in->text;
	}
	MUST(at + col - 1 <= in->size);
	return in->text + at + col - 1;
}

static void read_typed(const struct vg_conf_pair *p)
{
	static const char *const choices[] = { "off", "on", "a", NULL };
	struct vg_conf_list list = VG_CONF_LIST(p, ',');
	struct vg_conf_error err;
	struct vg_conf_pair item;
	u32 index, items = 0;
	bool flag;
	u64 v;

	if (vg_conf_u64(p, 5, 100, &v, &err))
		check_error(&err);
	else
		MUST(v >= 5 && v <= 100);
	if (vg_conf_size(p, 0, U64_MAX, &v, &err))
		check_error(&err);
	if (vg_conf_ms(p, 1, 1000, &v, &err))
		check_error(&err);
	if (vg_conf_bool(p, &flag, &err))
		check_error(&err);
	if (vg_conf_enum(p, choices, &index, &err))
		check_error(&err);
	vg_conf_nearest(p->key, choices, 3);
	while (vg_conf_list_next(&list, &item, &err)) {
		MUST(++items <= VG_CONF_VALUE + 1);
		MUST(item.value.p >= p->value.p);
		MUST(item.value.p + item.value.n <= p->value.p + p->value.n);
	}
}

static int on_pair(void *ctx, const struct vg_conf_pair *p, struct vg_conf_error *err)
{
	struct input *in = ctx;
	bool bare = vg_str_is(p->key, "nodes") && p->key_col == p->value_col;

	MUST(++in->pairs <= VG_CONF_PAIRS);
	MUST(p->key.n && p->key.n <= VG_CONF_KEY && p->value.n <= VG_CONF_VALUE);
	MUST(bare || place(in, p->line, p->key_col) == p->key.p);
	MUST(place(in, p->line, p->value_col) == p->value.p);
	MUST(!memchr(p->value.p, '\n', p->value.n) && !memchr(p->value.p, 0, p->value.n));
	read_typed(p);
	return 0;
}

static bool on_bad(void *ctx, const struct vg_conf_error *err)
{
	struct input *in = ctx;

	check_error(err);
	place(in, err->line, err->col);
	in->errors++;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .text = (const char *)data, .size = size };
	struct vg_conf_sink sink = { .pair = on_pair, .ctx = &in };
	struct vg_conf_error first, err;
	int ret, again;

	ret = vg_conf_parse(in.text, size, &sink, &first);
	if (ret) {
		check_error(&first);
		place(&in, first.line, first.col);
	}
	/* once more, but going on behind errors: the first one stays the same */
	in.pairs = 0;
	sink.bad = on_bad;
	again = vg_conf_parse(in.text, size, &sink, &err);
	MUST(ret == again && !ret == !in.errors);
	MUST(!ret || (first.line == err.line && first.col == err.col));
	MUST(!ret || !strcmp(first.msg, err.msg));
	return 0;
}
