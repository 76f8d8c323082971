// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is to be run, checked and written as the body of a request. Says which of the caller's strings
 * is wrong, so that a node need not. Never changes one: what JSON cannot carry is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/utf8.h"
#include "exec_int.h"

static int is_utf8(const char *s)
{
	return vg_utf8_valid(s, strlen(s));
}

/* the i-th of some strings, counted from 1 as people do */
static enum virgo_code not_text(const char *what, size_t i, const char *s, struct virgo_error *err)
{
	char shown[VIRGO_SHOWN], ascii[VIRGO_SHOWN];
	size_t n = 0;

	/* its bytes as far as they can be shown: the rest as "?" */
	for (; n < sizeof(ascii) - 1 && s[n]; n++)
		ascii[n] = (unsigned char)s[n] < 0x80 ? s[n] : '?';
	virgo_show(shown, ascii, n);
	if (i)
		virgo_error_set(err, VIRGO_USAGE, "%s %zu is not UTF-8: %s", what, i, shown);
	else
		virgo_error_set(err, VIRGO_USAGE, "%s is not UTF-8: %s", what, shown);
	virgo_error_hint(err, "other bytes go through standard input");
	return VIRGO_USAGE;
}

static enum virgo_code check_env(const struct virgo_exec *exec, struct virgo_error *err)
{
	char shown[VIRGO_SHOWN];

	for (size_t i = 0; i < exec->nenv; i++) {
		const char *s = exec->env[i], *equals = strchr(s, '=');

		if (!is_utf8(s))
			return not_text("environment variable", i + 1, s, err);
		if (!equals || equals == s)
			return virgo_error_set(err, VIRGO_USAGE, "%s is not NAME=VALUE",
					       virgo_show(shown, s, strlen(s)));
		for (size_t k = 0; k < i; k++)
			if (!strncmp(exec->env[k], s, equals + 1 - s))
				return virgo_error_set(err, VIRGO_USAGE, "variable %s is there twice",
						       virgo_show(shown, s, equals - s));
	}
	return VIRGO_OK;
}

static enum virgo_code check_exec(const struct virgo_exec *exec, struct virgo_error *err)
{
	char shown[VIRGO_SHOWN];

	if (!virgo_exec_kind_name(exec->kind))
		return virgo_error_set(err, VIRGO_USAGE, "not a kind of run");
	if (!exec->name || !*exec->name)
		return virgo_error_set(err, VIRGO_USAGE, "no %s is named",
				       virgo_exec_kind_name(exec->kind));
	if (!is_utf8(exec->name))
		return not_text("the name", 0, exec->name, err);
	if (exec->nargs > VIRGO_EXEC_ARGS_MAX)
		return virgo_error_set(err, VIRGO_USAGE, "%zu arguments, at most %d can be given",
				       exec->nargs, VIRGO_EXEC_ARGS_MAX);
	if (exec->nenv > VIRGO_EXEC_ENV_MAX)
		return virgo_error_set(err, VIRGO_USAGE, "%zu variables, at most %d can be given",
				       exec->nenv, VIRGO_EXEC_ENV_MAX);
	for (size_t i = 0; i < exec->nargs; i++)
		if (!is_utf8(exec->args[i]))
			return not_text("argument", i + 1, exec->args[i], err);
	if (exec->cwd && !is_utf8(exec->cwd))
		return not_text("the directory", 0, exec->cwd, err);
	if (exec->cwd && exec->cwd[0] != '/')
		return virgo_error_set(err, VIRGO_USAGE, "directory %s is no absolute path",
				       virgo_show(shown, exec->cwd, strlen(exec->cwd)));
	if (exec->priority > VIRGO_EXEC_PRIORITY_MAX || exec->priority < -VIRGO_EXEC_PRIORITY_MAX)
		return virgo_error_set(err, VIRGO_USAGE, "priority %d is not from -%d to %d",
				       exec->priority, VIRGO_EXEC_PRIORITY_MAX,
				       VIRGO_EXEC_PRIORITY_MAX);
	return check_env(exec, err);
}

/* bytes with a NUL are text to JSON, but six characters each, and to few readers */
static void put_input(struct vg_jw *w, const struct virgo_exec *exec)
{
	struct vg_str input = vg_str(exec->input, exec->input_len);

	if (!input.n)
		return;
	if (!memchr(input.p, 0, input.n) && vg_utf8_valid(input.p, input.n)) {
		vg_jw_kstr(w, "stdin", input);
		return;
	}
	vg_jw_key(w, "stdin_b64");
	vg_jw_raw(w, VG_STR("\""));
	vg_base64_encode(w->b, input.p, input.n);
	vg_buf_putc(w->b, '"');
}

static void put_exec(struct vg_jw *w, const struct virgo_exec *exec)
{
	vg_jw_obj(w);
	if (exec->kind != VIRGO_EXEC_PROGRAM)
		vg_jw_kcstr(w, "kind", virgo_exec_kind_name(exec->kind));
	vg_jw_kcstr(w, "name", exec->name);
	if (exec->nargs) {
		vg_jw_karr(w, "args");
		for (size_t i = 0; i < exec->nargs; i++)
			vg_jw_cstr(w, exec->args[i]);
		vg_jw_arr_end(w);
	}
	if (exec->nenv) {
		vg_jw_kobj(w, "env");
		for (size_t i = 0; i < exec->nenv; i++) {
			const char *equals = strchr(exec->env[i], '=');
			char *name = strndup(exec->env[i], equals - exec->env[i]);

			if (!name) {
				vg_buf_fail(w->b, -ENOMEM);
				break;
			}
			vg_jw_kcstr(w, name, equals + 1);
			free(name);
		}
		vg_jw_obj_end(w);
	}
	if (exec->cwd)
		vg_jw_kcstr(w, "cwd", exec->cwd);
	if (exec->timeout_ms)
		vg_jw_ku64(w, "timeout_ms", exec->timeout_ms);
	if (exec->priority)
		vg_jw_ks64(w, "priority", exec->priority);
	put_input(w, exec);
	vg_jw_obj_end(w);
}

enum virgo_code virgo_exec_json(const struct virgo_exec *exec, char **json, size_t *len,
				struct virgo_error *err)
{
	enum virgo_code code = check_exec(exec, err);
	struct vg_buf b;
	struct vg_jw w;
	int ret;

	if (code)
		return code;
	vg_buf_init(&b, NULL, 0, VIRGO_EXEC_BODY_MAX);
	vg_jw_init(&w, &b);
	put_exec(&w, exec);
	ret = vg_jw_end(&w);
	*json = ret ? NULL : malloc(b.len);
	if (*json) {
		memcpy(*json, b.p, b.len);
		*len = b.len;
	} else if (ret == -E2BIG) {
		code = virgo_error_set(err, VIRGO_USAGE,
				       "arguments and standard input come to over 1 MiB");
		virgo_error_hint(err, "hand large input over in the nodes' memory: virgo mem set");
	} else {
		code = virgo_error_nomem(err);
	}
	vg_buf_free(&b);
	return code;
}

void virgo_exec_want(const struct virgo_exec *exec, struct virgo_want *want)
{
	memset(want, 0, sizeof(*want));
	want->fn = exec->name;
	want->arg_bytes = exec->input_len;
	for (size_t i = 0; i < exec->nargs; i++)
		want->arg_bytes += strlen(exec->args[i]);
}
