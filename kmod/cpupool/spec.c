// SPDX-License-Identifier: GPL-2.0-or-later
/* From a request's body to a checked struct cp_spec. Must never let a NUL, or a path with "..", through. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/path.h"
#include "cpupool/spec.h"

const char *const cp_kind_names[CP_KINDS + 1] = { "program", "function", "kernel", NULL };

struct reader {
	struct cp_spec *spec;
	struct vg_json doc;
	struct cp_fault *fault;
	size_t room;		/* of spec->text */
	const struct vg_jtok *kind, *name, *args, *env, *input, *input64, *cwd, *timeout, *priority;
};

__printf(3, 4)
static int refuse(struct cp_fault *fault, u16 status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(fault->why, sizeof(fault->why), fmt, ap);
	va_end(ap);
	fault->status = status;
	return -EINVAL;
}

void cp_spec_free(struct cp_spec *spec)
{
	kvfree(spec->text);
	kvfree(spec->input);
	*spec = (struct cp_spec){};
}

/* --- strings ------------------------------------------------------------------------------------------ */

/* Room for @n bytes and their NUL at the end of the text; NULL: refused */
static char *text_room(struct reader *r, size_t n)
{
	struct cp_spec *spec = r->spec;

	if (n >= CP_TEXT_MAX || spec->text_n + n + 1 > min_t(size_t, r->room, CP_TEXT_MAX)) {
		refuse(r->fault, 413, "name, arguments and environment together are over %d bytes", CP_TEXT_MAX);
		return NULL;
	}
	return spec->text + spec->text_n;
}

static void text_end(struct reader *r, char *s, size_t n)
{
	s[n] = 0;
	r->spec->text_n += n + 1;
}

static char *put_bytes(struct reader *r, const char *p, size_t n)
{
	char *s = text_room(r, n);

	if (!s)
		return NULL;
	memcpy(s, p, n);
	text_end(r, s, n);
	return s;
}

/* The string @tok, without NUL inside, at the end of the text */
static char *put_string(struct reader *r, const struct vg_jtok *tok, const char *what)
{
	char *s;
	ssize_t n;

	if (!vg_json_is(tok, VG_JSON_STRING)) {
		refuse(r->fault, 400, "%s is a string", what);
		return NULL;
	}
	/* decoded it is no longer than it stands there */
	s = text_room(r, tok->len);
	if (!s)
		return NULL;
	n = vg_json_str(&r->doc, tok, s, tok->len);
	if (n < 0 || memchr(s, 0, n)) {
		refuse(r->fault, 400, "%s must not hold a NUL", what);
		return NULL;
	}
	text_end(r, s, n);
	return s;
}

/* --- the members -------------------------------------------------------------------------------------- */

static int take_members(struct reader *r)
{
	const struct vg_jtok *root = vg_json_root(&r->doc), *key;

	const struct {
		const char *name;
		const struct vg_jtok **at;
	} members[] = {
		{ "kind", &r->kind }, { "name", &r->name }, { "args", &r->args }, { "env", &r->env },
		{ "stdin", &r->input }, { "stdin_b64", &r->input64 }, { "cwd", &r->cwd },
		{ "timeout_ms", &r->timeout }, { "priority", &r->priority },
	};
	size_t i;

	if (!vg_json_is(root, VG_JSON_OBJECT))
		return refuse(r->fault, 400, "an object with \"name\" is wanted");
	vg_json_for_each(&r->doc, root, key) {
		struct vg_str name = vg_json_raw(&r->doc, key);

		for (i = 0; i < ARRAY_SIZE(members); i++)
			if (vg_str_is(name, members[i].name))
				break;
		if (i == ARRAY_SIZE(members))
			return refuse(r->fault, 400, "unknown member \"%.*s\"", (int)min_t(size_t, name.n, 32),
				      name.p);
		*members[i].at = vg_json_value(key);
	}
	return 0;
}

static int take_kind(struct reader *r)
{
	int i;

	r->spec->kind = CP_PROGRAM;
	if (!r->kind)
		return 0;
	for (i = 0; i < CP_KINDS; i++) {
		if (vg_json_str_eq(&r->doc, r->kind, vg_cstr(cp_kind_names[i]))) {
			r->spec->kind = i;
			return 0;
		}
	}
	return refuse(r->fault, 400, "kind is one of program, function and kernel");
}

static int check_name(struct reader *r)
{
	const char *name = r->spec->name;
	size_t n = strlen(name), i;

	if (!n || n > CP_NAME_MAX)
		return refuse(r->fault, 400, "name has 1 to %d bytes", CP_NAME_MAX);
	for (i = 0; i < n; i++)
		if (vg_is_ctrl(name[i]))
			return refuse(r->fault, 400, "name holds a control byte");
	if (r->spec->kind != CP_PROGRAM) {
		if (strpbrk(name, "/ \t"))
			return refuse(r->fault, 400, "a function's name holds neither \"/\" nor blanks");
		return 0;
	}
	if (!strcmp(name, ".") || !strcmp(name, "..") ||
	    (strchr(name, '/') && (!vg_path_is_plain(vg_cstr(name)) || name[n - 1] == '/')))
		return refuse(r->fault, 400,
			      "a program is an absolute path without \"//\", \".\" and \"..\", or a name without \"/\"");
	return 0;
}

static int take_name(struct reader *r)
{
	if (!r->name)
		return refuse(r->fault, 400, "\"name\" is missing");
	r->spec->name = put_string(r, r->name, "name");
	return r->spec->name ? check_name(r) : -EINVAL;
}

static int take_cwd(struct reader *r)
{
	r->spec->cwd = r->cwd ? put_string(r, r->cwd, "cwd") : put_bytes(r, "", 0);
	if (!r->spec->cwd)
		return -EINVAL;
	r->spec->has_cwd = r->cwd;
	if (r->cwd && !vg_path_is_plain(vg_cstr(r->spec->cwd)))
		return refuse(r->fault, 400, "cwd is an absolute path without \"//\", \".\" and \"..\"");
	return 0;
}

static int take_args(struct reader *r)
{
	const struct vg_jtok *item;
	char *s;

	r->spec->args = r->spec->text + r->spec->text_n;
	if (!r->args)
		return 0;
	if (!vg_json_is(r->args, VG_JSON_ARRAY) || r->args->count > CP_ARGS_MAX)
		return refuse(r->fault, 400, "args is an array of at most %d strings", CP_ARGS_MAX);
	vg_json_for_each(&r->doc, r->args, item) {
		s = put_string(r, item, "an argument");
		if (!s)
			return -EINVAL;
		r->spec->arg_bytes += strlen(s);
		r->spec->nargs++;
	}
	return 0;
}

static bool is_env_name(struct vg_str s)
{
	size_t i;

	if (!s.n || s.n > CP_ENV_NAME_MAX || vg_is_digit(s.p[0]))
		return false;
	for (i = 0; i < s.n; i++)
		if (!vg_is_alpha(s.p[i]) && !vg_is_digit(s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

/* "NAME=value": the name and its "=" take the place of the NUL behind them */
static int put_variable(struct reader *r, struct vg_str name, const struct vg_jtok *value)
{
	if (!put_bytes(r, name.p, name.n))
		return -EINVAL;
	r->spec->text[r->spec->text_n - 1] = '=';
	return put_string(r, value, "a variable's value") ? 0 : -EINVAL;
}

static int take_env(struct reader *r)
{
	const struct vg_jtok *key;

	r->spec->env = r->spec->text + r->spec->text_n;
	if (!r->env)
		return 0;
	if (!vg_json_is(r->env, VG_JSON_OBJECT) || r->env->count > CP_ENV_MAX)
		return refuse(r->fault, 400, "env is an object of at most %d members", CP_ENV_MAX);
	vg_json_for_each(&r->doc, r->env, key) {
		/* an escape is no letter: it is refused with the rest */
		struct vg_str name = vg_json_raw(&r->doc, key);

		if (!is_env_name(name))
			return refuse(r->fault, 400, "a variable's name is made of letters, digits and _, and begins with no digit");
		if (put_variable(r, name, vg_json_value(key)))
			return -EINVAL;
		r->spec->nenv++;
	}
	return 0;
}

static int take_numbers(struct reader *r)
{
	s64 priority = 0;

	if (r->timeout && (vg_json_u64(&r->doc, r->timeout, &r->spec->timeout_ms) || !r->spec->timeout_ms))
		return refuse(r->fault, 400, "timeout_ms is a number above 0");
	if (r->priority && (vg_json_s64(&r->doc, r->priority, &priority) || priority < -CP_PRIORITY_MAX ||
			    priority > CP_PRIORITY_MAX))
		return refuse(r->fault, 400, "priority is a number from %d to %d", -CP_PRIORITY_MAX,
			      CP_PRIORITY_MAX);
	r->spec->priority = priority;
	return 0;
}

static int take_input(struct reader *r)
{
	const struct vg_jtok *tok = r->input ?: r->input64;
	struct vg_str raw;
	ssize_t n;

	if (!tok)
		return 0;
	if (r->input && r->input64)
		return refuse(r->fault, 400, "one of stdin and stdin_b64 is enough");
	if (!vg_json_is(tok, VG_JSON_STRING))
		return refuse(r->fault, 400, "stdin is a string");
	/* base64 in one piece has no escapes but "\/" */
	if (r->input64 && tok->escaped)
		return refuse(r->fault, 400, "stdin_b64 is not base64");
	raw = vg_json_raw(&r->doc, tok);
	r->spec->input = kvmalloc(raw.n + 1, GFP_KERNEL);
	if (!r->spec->input)
		return -ENOMEM;
	n = r->input ? vg_json_str(&r->doc, tok, (char *)r->spec->input, raw.n) :
	    vg_base64_decode(raw, r->spec->input);
	if (n < 0)
		return refuse(r->fault, 400, "stdin_b64 is not base64");
	r->spec->input_n = n;
	r->spec->arg_bytes += n;
	return 0;
}

static int begin_text(struct reader *r, size_t room)
{
	r->room = room;
	r->spec->text = kvmalloc(room, GFP_KERNEL);
	return r->spec->text ? 0 : -ENOMEM;
}

int cp_spec_parse(struct cp_spec *spec, const char *body, size_t n, struct cp_fault *fault)
{
	struct reader r = { .spec = spec, .fault = fault };
	u32 max = min_t(size_t, n / 2 + 1, CP_TOKENS_MAX);
	struct vg_jtok *tok;
	int ret = -ENOMEM;

	*spec = (struct cp_spec){};
	tok = kvmalloc_array(max, sizeof(*tok), GFP_KERNEL);
	if (!tok)
		return -ENOMEM;
	if (vg_json_parse(&r.doc, body, n, tok, max)) {
		ret = refuse(fault, 400, "not JSON at byte %zu: %s", r.doc.fault.pos + 1, r.doc.fault.why);
		goto out;
	}
	/* what is decoded is no longer than the body, and each string may need one NUL more */
	ret = begin_text(&r, min_t(size_t, n + CP_TOKENS_MAX + 8, CP_TEXT_MAX + 8));
	if (!ret)
		ret = take_members(&r) ?: take_kind(&r) ?: take_name(&r) ?: take_cwd(&r) ?: take_args(&r) ?:
		      take_env(&r) ?: take_numbers(&r) ?: take_input(&r);
out:
	kvfree(tok);
	return ret;
}

/* --- one-line commands ----------------------------------------------------------------------------------- */

/* The next word of @rest, quotes taken off, at the end of the text; NULL with *@ret 0: there is none */
static char *put_word(struct reader *r, struct vg_str *rest, int *ret)
{
	char *s, quote = 0;
	size_t n = 0, i;

	*rest = vg_str_trim(*rest);
	*ret = 0;
	if (!rest->n)
		return NULL;
	*ret = -EINVAL;
	s = text_room(r, rest->n);
	if (!s)
		return NULL;
	for (i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (!quote && vg_is_blank(c))
			break;
		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? 0 : c;
		else
			s[n++] = c;
	}
	if (quote) {
		refuse(r->fault, 400, "a quote is not closed");
		return NULL;
	}
	*rest = vg_str_sub(*rest, i, rest->n);
	text_end(r, s, n);
	return s;
}

int cp_spec_line(struct cp_spec *spec, struct vg_str line, struct cp_fault *fault)
{
	struct reader r = { .spec = spec, .fault = fault };
	char *word;
	int ret;

	*spec = (struct cp_spec){};
	ret = begin_text(&r, 2 * line.n + 16);
	if (ret)
		return ret;
	spec->name = put_word(&r, &line, &ret);
	if (!spec->name)
		return ret ?: refuse(fault, 400, "no command");
	ret = check_name(&r) ?: take_cwd(&r);
	if (ret)
		return ret;
	spec->args = spec->text + spec->text_n;
	while ((word = put_word(&r, &line, &ret))) {
		if (spec->nargs++ == CP_ARGS_MAX)
			return refuse(fault, 400, "more than %d arguments", CP_ARGS_MAX);
		spec->arg_bytes += strlen(word);
	}
	spec->env = spec->text + spec->text_n;
	return ret;
}
