// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is to be run, on any bytes as a body and as a line: what is taken keeps to its form, what is refused has a
 * reason, and nothing is left.
 */
#include <stdlib.h>

#include <linux/shim.h>
#include <linux/slab.h>

#include "core/base64.c"
#include "core/buf.c"
#include "core/json_read.c"
#include "core/utf8.c"
#include "cpupool/spec.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All strings are there, one behind the other, and end where the text does. */
static void look(const struct cp_spec *s)
{
	char *at = s->name, *end = s->text + s->text_n;
	u32 i;

	MUST(s->kind < CP_KINDS && s->text_n <= CP_TEXT_MAX);
	MUST(at == s->text && *at && strlen(at) <= CP_NAME_MAX);
	if (s->kind == CP_PROGRAM && strchr(at, '/'))
		MUST(vg_path_is_plain(vg_cstr(at)));
	at = cp_next(at);
	MUST(at == s->cwd && (!*at || *at == '/'));
	at = cp_next(at);
	MUST(at == s->args && s->nargs <= CP_ARGS_MAX && s->nenv <= CP_ENV_MAX);
	for (i = 0; i < s->nargs; i++) {
		MUST(at < end);
		at = cp_next(at);
	}
	MUST(at == s->env);
	for (i = 0; i < s->nenv; i++) {
		MUST(at < end && strchr(at, '=') > at);
		at = cp_next(at);
	}
	MUST(at == end);
}

static void try_one(const char *p, size_t n, int (*parse)(struct cp_spec *, const char *, size_t, struct cp_fault *))
{
	struct cp_fault fault = {};
	long live = shim_alloc_live();
	struct cp_spec spec;
	int ret = parse(&spec, p, n, &fault);

	MUST(!ret || ret == -EINVAL);
	if (ret)
		MUST(fault.why[0] && (fault.status == 400 || fault.status == 413));
	else
		look(&spec);
	cp_spec_free(&spec);
	MUST(shim_alloc_live() == live);
}

static int parse_line(struct cp_spec *spec, const char *p, size_t n, struct cp_fault *fault)
{
	return cp_spec_line(spec, vg_str(p, n), fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 1 << 20)
		return 0;
	/* a line has neither NUL nor line end: the connection has seen to that */
	if (data[0] == '{')
		try_one((const char *)data, size, cp_spec_parse);
	else if (size <= 4096 && !memchr(data, 0, size) && !memchr(data, '\n', size))
		try_one((const char *)data, size, parse_line);
	return 0;
}
