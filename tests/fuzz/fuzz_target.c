// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Request targets, any bytes: what is accepted is its own canonical form and nothing else spells
 * it; a canonical form that is offered is accepted.
 */
#include <stdlib.h>

#include <linux/slab.h>

#include "core/buf.c"
#include "core/target.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decode a part and encode it again: the same bytes */
static void same_again(struct vg_str part)
{
	char *plain = malloc(part.n + 1);
	ssize_t n = vg_pct_decode(part, plain, part.n);
	struct vg_buf b;

	MUST(n >= 0 && !memchr(plain, 0, n));
	vg_buf_init(&b, NULL, 0, 4096);
	MUST(!vg_pct_encode(&b, vg_str(plain, n), false));
	MUST(vg_str_eq(vg_buf_view(&b), part));
	vg_buf_free(&b);
	free(plain);
}

static void check_accepted(const struct vg_target *t, struct vg_str target)
{
	struct vg_str rest = t->path, part, key, last = vg_str(NULL, 0);
	size_t n = 0, pairs = 0;
	struct vg_str found;

	while (vg_target_seg(&rest, &part)) {
		MUST(part.n && !vg_str_is(part, ".") && !vg_str_is(part, ".."));
		n += part.n + 1;
		same_again(part);
	}
	MUST(n + (vg_target_is_dir(t) ? 1 : 0) == t->path.n);
	for (rest = t->query; vg_target_pair(&rest, &key, &part); last = key) {
		char name[VG_TARGET_KEY + 1];

		MUST(++pairs <= VG_TARGET_PAIRS && key.n && key.n <= VG_TARGET_KEY);
		MUST(!last.n || vg_str_cmp(last, key) < 0);
		memcpy(name, key.p, key.n);
		name[key.n] = '\0';
		MUST(vg_target_get(t, name, &found) && vg_str_eq(found, part));
		same_again(part);
	}
	MUST(!rest.n);
	MUST(t->path.n + (t->query.n ? t->query.n + 1 : 0) == target.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vg_str target = vg_str((const char *)data, size);
	struct vg_fault fault = { .why = NULL };
	struct vg_target t;
	struct vg_buf b;
	int ret, form;

	ret = vg_target_check(target, &t, &fault);
	vg_buf_init(&b, NULL, 0, 3 * size + 64);
	form = vg_target_canon(target, &b);
	if (!ret) {
		check_accepted(&t, target);
		MUST(!form && vg_str_eq(vg_buf_view(&b), target));
	} else {
		MUST(fault.why && fault.pos <= size);
		MUST(form == -EINVAL ? !b.len : !form);
		if (!form)
			MUST(!vg_target_check(vg_buf_view(&b), &t, NULL) &&
			     !vg_str_eq(vg_buf_view(&b), target));
	}
	vg_buf_free(&b);
	return 0;
}
