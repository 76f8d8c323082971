// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The values file and its items on any bytes; addresses that are accepted print and parse the
 * same.
 */
#include <stdlib.h>

#include "core/addr.c"
#include "core/conf.c"
#include "core/conf_value.c"
#include "core/values_parse.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addr(const struct vg_addr *a)
{
	char text[VG_ADDR_TEXT];
	struct vg_addr again;
	size_t n = vg_addr_print(a, text);

	MUST(n == strlen(text));
	MUST(!vg_addr_parse(vg_str(text, n), VG_ADDR_PORT | VG_ADDR_PREFIX, &again, NULL));
	MUST(!memcmp(a, &again, sizeof(again)));
	vg_addr_mask(&again);
	MUST(vg_addr_in(a, &again) && vg_addr_overlap(&again, a));
}

static void check_error(const struct vg_conf_error *err)
{
	MUST(err->msg[0] && strnlen(err->msg, sizeof(err->msg)) < sizeof(err->msg));
	MUST(err->line && err->col);
}

static void read_item(const struct vg_conf_pair *item)
{
	struct vg_conf_error err;
	struct vg_addr a;
	u64 x, y;
	s64 s;

	if (vg_values_source(item, &a, &x, &err))
		check_error(&err);
	else
		check_addr(&a);
	if (vg_values_point(item, 63, 1000000, &x, &y, &err))
		check_error(&err);
	else
		MUST(x <= 63 && y <= 1000000);
	if (vg_values_s64(item, -5, 5, &s, &err))
		check_error(&err);
	else
		MUST(s >= -5 && s <= 5);
}

static int on_pair(void *ctx, const struct vg_conf_pair *p, struct vg_conf_error *err)
{
	struct vg_conf_list list = VG_VALUES_LIST(p);
	struct vg_conf_pair item;
	struct vg_addr a;
	int ret;

	MUST(!memchr(p->value.p, ',', p->value.n) && !memchr(p->value.p, '#', p->value.n));
	if (!vg_addr_parse(p->value, VG_ADDR_PORT | VG_ADDR_PREFIX, &a, NULL))
		check_addr(&a);
	while ((ret = vg_conf_list_next(&list, &item, err)) > 0)
		read_item(&item);
	return ret;
}

static bool on_bad(void *ctx, const struct vg_conf_error *err)
{
	check_error(err);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vg_conf_sink sink = { .pair = on_pair, .bad = on_bad };
	struct vg_conf_error err;

	if (vg_values_parse((const char *)data, size, &sink, &err))
		check_error(&err);
	return 0;
}
