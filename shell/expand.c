// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Words become text: tilde, parameters, commands, arithmetic, in one walk over the parts of a word.
 * What the value of a parameter holds is text, and never looked at for quotes or dollars again.
 */
#include <pwd.h>
#include <stdlib.h>

#include "shell/int.h"

static void expand_parts(struct sh_sink *k, const struct sh_word *word, bool quoted, bool split);

/* --- tilde ---------------------------------------------------------------------------------------- */

static const char *home_of(struct sh *sh, const char *user, size_t len)
{
	const struct passwd *pw;

	if (!len)
		return sh_get(sh, "HOME");
	pw = getpwnam(sh_tmp_dup(sh, user, len));
	return pw ? sh_tmp_dup(sh, pw->pw_dir, strlen(pw->pw_dir)) : NULL;
}

/* a ~ at the begin of s; last: no part follows. Bytes used, 0: it stands for itself */
static size_t tilde(struct sh_sink *k, const char *s, size_t len, bool assigned, bool last)
{
	size_t n = 1;
	const char *home;

	while (n < len && s[n] != '/' && !(assigned && s[n] == ':'))
		n++;
	if (n == len && !last)
		return 0;
	home = home_of(k->sh, s + 1, n - 1);
	if (!home)
		return 0;
	sh_sink_text(k, home, strlen(home), true);
	return n;
}

static void literal_with_tilde(struct sh_sink *k, const struct sh_part *part, bool first,
			       bool assigned)
{
	const char *s = part->literal.text, *end = s + part->literal.len, *p;
	bool begin = first;
	size_t n;

	while (s < end) {
		n = begin && *s == '~' ? tilde(k, s, (size_t)(end - s), assigned, !part->next) : 0;
		s += n;
		p = assigned ? memchr(s, ':', (size_t)(end - s)) : NULL;
		p = p ? p + 1 : end;
		sh_sink_text(k, s, (size_t)(p - s), false);
		s = p;
		begin = assigned;
	}
}

/* --- parameters ------------------------------------------------------------------------------------- */

static void add_value(struct sh_sink *k, const char *value, size_t len, bool quoted)
{
	if (quoted)
		sh_sink_text(k, value, len, true);
	else
		sh_sink_split(k, value, len);
}

/* $@ and $*: "$@" gives a field each, without quotes both do and are split besides */
static void add_args(struct sh_sink *k, bool star, bool quoted)
{
	struct sh *sh = k->sh;
	const char *joined;
	size_t len;
	int i;

	if ((star && quoted) || !k->fields) {
		joined = sh_args_joined(sh, star, &len);
		if (quoted || len)
			sh_sink_text(k, joined, len, quoted);
		return;
	}
	for (i = 0; i < sh->args.n && !sh->flow; i++) {
		if (i)
			sh_sink_break(k);
		add_value(k, sh->args.v[i], strlen(sh->args.v[i]), quoted);
	}
}

static bool is_args(const char *name)
{
	return (*name == '@' || *name == '*') && !name[1];
}

static void use_default(struct sh_sink *k, const struct sh_part *part, bool quoted)
{
	if (part->param.word)
		expand_parts(k, part->param.word, quoted, true);
	else if (quoted)
		sh_sink_text(k, "", 0, true);
}

static void assign_default(struct sh_sink *k, const struct sh_part *part, bool quoted)
{
	const char *name = part->param.name, *value = "";
	size_t len = 0;

	if (!sh_begins_name(*name)) {
		sh_fail_at(k->sh, part->pos, "$%s can't be assigned to", name);
		return;
	}
	if (part->param.word)
		value = sh_expand_string(k->sh, part->param.word, false, &len);
	if (!k->sh->flow && !sh_var_set(k->sh, name, strlen(name), value, len))
		add_value(k, value, len, quoted);
}

static void say_error(struct sh_sink *k, const struct sh_part *part)
{
	const char *text = NULL;
	size_t len;

	if (part->param.word)
		text = sh_expand_string(k->sh, part->param.word, false, &len);
	if (k->sh->flow)
		return;
	if (!text || !*text)
		text = part->param.colon ? "not set, or empty" : "not set";
	sh_fail_at(k->sh, part->pos, "%s: %.2000s", part->param.name, text);
}

static void add_cut(struct sh_sink *k, const struct sh_part *part, const char *value, size_t len,
		    bool quoted)
{
	const char *pattern;

	if (!part->param.word || !value) {
		add_value(k, value ? value : "", len, quoted);
		return;
	}
	value = sh_tmp_dup(k->sh, value, len);	/* the pattern may change the variable */
	pattern = sh_expand_pattern(k->sh, part->param.word);
	if (!k->sh->flow)
		sh_cut(k->sh, part->param.op, pattern, &value, &len);
	if (!k->sh->flow)
		add_value(k, value, len, quoted);
}

static void add_length(struct sh_sink *k, const char *name, size_t len, bool quoted)
{
	char number[24];
	size_t n = sh_number(number, is_args(name) ? k->sh->args.n : (int64_t)len);

	add_value(k, number, n, quoted);
}

static bool needs_value(enum sh_param_op op)
{
	return op == SH_VALUE || op == SH_LENGTH || op >= SH_CUT_HEAD;
}

static void add_param(struct sh_sink *k, const struct sh_part *part, bool quoted)
{
	const char *name = part->param.name, *value;
	bool all = is_args(name), set;
	struct sh *sh = k->sh;
	size_t len = 0;

	if (all && part->param.op == SH_VALUE) {
		add_args(k, *name == '*', quoted);
		return;
	}
	if (all)
		value = sh->args.n ? sh_args_joined(sh, *name == '*', &len) : NULL;
	else
		value = sh_param(sh, name, &len);
	if (!value && sh->opt.nounset && needs_value(part->param.op) && !all) {
		sh_fail_at(sh, part->pos, "%s is not set", name);
		return;
	}
	set = value && !(part->param.colon && !len);
	switch (part->param.op) {
	case SH_LENGTH:
		add_length(k, name, len, quoted);
		break;
	case SH_CUT_HEAD:
	case SH_CUT_LONG_HEAD:
	case SH_CUT_TAIL:
	case SH_CUT_LONG_TAIL:
		add_cut(k, part, value, len, quoted);
		break;
	case SH_IF_SET:
		if (set)
			use_default(k, part, quoted);
		else if (quoted)
			sh_sink_text(k, "", 0, true);
		break;
	default:
		if (set || part->param.op == SH_VALUE) {
			if (all)
				add_args(k, *name == '*', quoted);
			else
				add_value(k, value ? value : "", len, quoted);
		} else if (part->param.op == SH_OR_DEFAULT) {
			use_default(k, part, quoted);
		} else if (part->param.op == SH_OR_ASSIGN) {
			assign_default(k, part, quoted);
		} else {
			say_error(k, part);
		}
		break;
	}
}

/* --- commands and arithmetic ---------------------------------------------------------------------------- */

static void add_command(struct sh_sink *k, const struct sh_part *part, bool quoted)
{
	const char *text;
	size_t len;

	k->sh->at = part->pos;
	text = sh_substitute(k->sh, part->command, &len);
	if (text)
		add_value(k, text, len, quoted);
}

static void add_arith(struct sh_sink *k, const struct sh_part *part, bool quoted)
{
	struct sh *sh = k->sh;
	const char *text;
	char number[24];
	int64_t value;
	size_t len;

	text = part->arith ? sh_expand_string(sh, part->arith, false, &len) : "";
	if (sh->flow)
		return;
	sh->at = part->pos;
	if (!sh_arith(sh, text, &value))
		add_value(k, number, sh_number(number, value), quoted);
}

/* --- words ------------------------------------------------------------------------------------------------ */

/* split: literals that are not quoted are, too: those within ${x:-…} */
static void expand_parts(struct sh_sink *k, const struct sh_word *word, bool quoted, bool split)
{
	const struct sh_part *part;
	bool q;

	for (part = word->parts; part && !k->sh->flow; part = part->next) {
		q = quoted || part->quoted;
		switch (part->type) {
		case SH_LITERAL:
			if (!q && part == word->parts && *part->literal.text == '~')
				literal_with_tilde(k, part, true, false);
			else if (!q && split)
				sh_sink_split(k, part->literal.text, part->literal.len);
			else
				sh_sink_text(k, part->literal.text, part->literal.len, q);
			break;
		case SH_PARAM:
			add_param(k, part, q);
			break;
		case SH_COMMAND:
			add_command(k, part, q);
			break;
		case SH_ARITH:
			add_arith(k, part, q);
			break;
		}
	}
}

void sh_expand_fields(struct sh *sh, const struct sh_word *word, struct sh_words *to,
		      bool pathnames)
{
	struct sh_sink k = { .sh = sh, .fields = to, .marks = pathnames };
	const char *s = word->literal;

	if (s && *s != '~' && !(pathnames && sh_has_magic(s))) {
		sh_words_add(sh, to, s);
		return;
	}
	expand_parts(&k, word, false, false);
	if (!sh->flow)
		sh_sink_end(&k);
}

/* as for an assignment: a ~ counts behind each : as well */
static void expand_assigned(struct sh_sink *k, const struct sh_word *word)
{
	const struct sh_part *part;
	struct sh_word one = *word;
	struct sh_part copy;

	for (part = word->parts; part && !k->sh->flow; part = part->next) {
		if (part->type == SH_LITERAL && !part->quoted) {
			literal_with_tilde(k, part, part == word->parts, true);
			continue;
		}
		copy = *part;
		copy.next = NULL;
		one.parts = &copy;
		expand_parts(k, &one, false, false);
	}
}

const char *sh_expand_string(struct sh *sh, const struct sh_word *word, bool assigned, size_t *len)
{
	struct sh_sink k = { .sh = sh };
	const char *s = word->literal;

	if (s && !strchr(s, '~')) {
		*len = strlen(s);
		return s;
	}
	if (assigned)
		expand_assigned(&k, word);
	else
		expand_parts(&k, word, false, false);
	*len = k.text.len;
	return sh_buf_end(sh, &k.text);
}

const char *sh_expand_pattern(struct sh *sh, const struct sh_word *word)
{
	struct sh_sink k = { .sh = sh, .marks = true };

	expand_parts(&k, word, false, false);
	return sh_sink_pattern(&k);
}

/* --- what changes variables -------------------------------------------------------------------------------- */

static bool part_changes(const struct sh_part *part)
{
	const struct sh_part *inner;

	if (part->type == SH_PARAM) {
		if (part->param.op == SH_OR_ASSIGN)
			return true;
		return part->param.word && sh_word_changes(part->param.word);
	}
	if (part->type != SH_ARITH || !part->arith)
		return false;
	/* an assignment has a =, and what a value holds nobody knows before */
	for (inner = part->arith->parts; inner; inner = inner->next)
		if (inner->type != SH_LITERAL || strchr(inner->literal.text, '='))
			return true;
	return false;
}

bool sh_word_changes(const struct sh_word *words)
{
	const struct sh_part *part;

	for (; words; words = words->next)
		for (part = words->parts; part; part = part->next)
			if (part_changes(part))
				return true;
	return false;
}
