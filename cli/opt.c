// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Command lines taken apart by option tables: long options (also shortened, also --name=value),
 * bundled letters, "--". Re-entrant, unlike getopt; never prints.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* One option found: the rest of its word and the words after it hold the value. */
struct found {
	const struct cli_option *opt;
	const char *value;
	bool global;
};

static const struct cli_option *find_letter(const struct cli_option *opts, char letter)
{
	for (; opts && opts->name; opts++)
		if (opts->letter == letter)
			return opts;
	return NULL;
}

/* exact, or the only one that begins so; *several: more than one does */
static const struct cli_option *find_long(const struct cli_option *opts, const char *name, size_t n,
					  bool *several)
{
	const struct cli_option *hit = NULL;

	for (; opts && opts->name; opts++) {
		if (strncmp(opts->name, name, n))
			continue;
		if (!opts->name[n])
			return opts;
		*several = *several || hit;
		hit = opts;
	}
	return *several ? NULL : hit;
}

/* "--name", "--name=value"; *i is the index of its word, moved on to the last word used */
static int take_long(const struct cli_option *own, int argc, const char *const *argv, int *i,
		     struct found *f, char why[CLI_WHY_MAX])
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	bool several = false;

	f->opt = find_long(own, name, n, &several);
	f->global = !f->opt && !several;
	if (f->global)
		f->opt = find_long(cli_globals, name, n, &several);
	if (!f->opt) {
		snprintf(why, CLI_WHY_MAX, "%s option \"--%.*s\"",
			 several ? "ambiguous" : "unknown", (int)(n < 100 ? n : 100), name);
		return -1;
	}
	f->value = "";
	if (!f->opt->arg && equals) {
		snprintf(why, CLI_WHY_MAX, "option --%s takes no value", f->opt->name);
		return -1;
	}
	if (!f->opt->arg)
		return 0;
	if (!equals && *i + 1 >= argc) {
		snprintf(why, CLI_WHY_MAX, "option --%s needs a value, %s", f->opt->name,
			 f->opt->arg);
		return -1;
	}
	f->value = equals ? equals + 1 : argv[++*i];
	return 0;
}

/* the letter at argv[*i][*at]; *at 0 afterwards: the word is used up */
static int take_letter(const struct cli_option *own, int argc, const char *const *argv, int *i,
		       size_t *at, struct found *f, char why[CLI_WHY_MAX])
{
	const char *word = argv[*i];
	char letter = word[*at];

	f->opt = find_letter(own, letter);
	f->global = !f->opt;
	if (f->global)
		f->opt = find_letter(cli_globals, letter);
	if (!f->opt) {
		snprintf(why, CLI_WHY_MAX, "unknown option \"-%c\"",
			 isprint((unsigned char)letter) ? letter : '?');
		return -1;
	}
	f->value = "";
	++*at;
	if (!f->opt->arg) {
		*at = word[*at] ? *at : 0;
		return 0;
	}
	if (!word[*at] && *i + 1 >= argc) {
		snprintf(why, CLI_WHY_MAX, "option -%c needs a value, %s", letter, f->opt->arg);
		return -1;
	}
	f->value = word[*at] ? word + *at : argv[++*i];
	*at = 0;
	return 0;
}

static bool is_option(const struct cli_command *cmd, const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	return !(cmd && (cmd->flags & CLI_NEGATIVE) && isdigit((unsigned char)word[1]));
}

int cli_parse_globals(struct cli *cli, int argc, const char *const *argv, int *used, int *special,
		      char why[CLI_WHY_MAX])
{
	struct found f;
	size_t at = 0;
	int i, ret;

	for (i = 0; i < argc; i += !at) {
		if (!at && (!is_option(NULL, argv[i]) || !strcmp(argv[i], "--")))
			break;
		at = at ? at : 1;
		if (at == 1 && argv[i][1] == '-') {
			at = 0;
			ret = take_long(NULL, argc, argv, &i, &f, why);
		} else {
			ret = take_letter(NULL, argc, argv, &i, &at, &f, why);
		}
		if (!ret)
			ret = cli_global_set(&cli->set, f.opt, f.value, why);
		if (ret < 0)
			return -1;
		*special = ret ? ret : *special;
	}
	*used = i + (i < argc && !strcmp(argv[i], "--"));
	return 0;
}

static int keep(struct run *r, const struct found *f, bool *help, char why[CLI_WHY_MAX])
{
	size_t i;
	int ret;

	if (f->global) {
		ret = cli_global_set(&r->set, f->opt, f->value, why);
		*help = *help || ret == 'h';
		if (ret == 'V')
			snprintf(why, CLI_WHY_MAX, "--version stands before the command");
		return ret == 'V' ? -1 : ret < 0 ? -1 : 0;
	}
	for (i = 0; i < r->ngiven && !f->opt->repeats && f->opt->arg; i++) {
		if (r->given[i].opt == f->opt) {
			snprintf(why, CLI_WHY_MAX, "option --%s is there twice", f->opt->name);
			return -1;
		}
	}
	r->given[r->ngiven].opt = f->opt;
	r->given[r->ngiven++].value = f->value;
	return 0;
}

/* how many options a word can hold at most: its letters */
static size_t room_for(int argc, const char *const *argv)
{
	size_t n = 1;
	int i;

	for (i = 0; i < argc; i++)
		n += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 1;
	return n;
}

static void hint_option(struct run *r, const char *word)
{
	const char *near = word[1] == '-' ? cli_nearest_option(r->cmd->options, word + 2) : NULL;

	/* an option that is known by its name was meant: something else is wrong with it */
	if (near && strncmp(near, word + 2, strcspn(word + 2, "=")))
		snprintf(r->hint, sizeof(r->hint), "did you mean --%s?", near);
}

int run_parse(struct run *r, int argc, const char *const *argv, bool *help, char why[CLI_WHY_MAX])
{
	struct found f;
	size_t at = 0;
	int i, word, ret;

	r->words = calloc((size_t)argc + 1, sizeof(*r->words));
	r->given = calloc(room_for(argc, argv), sizeof(*r->given));
	if (!r->words || !r->given) {
		snprintf(why, CLI_WHY_MAX, "out of memory");
		return -1;
	}
	r->argv = r->words;
	for (i = 0; i < argc; i += !at) {
		word = i;
		if (!at && !strcmp(argv[i], "--"))
			break;
		if (!at && !is_option(r->cmd, argv[i])) {
			if (r->cmd->flags & CLI_STOP_OPTIONS)
				break;
			r->words[r->argc++] = argv[i];
			continue;
		}
		at = at ? at : 1;
		if (at == 1 && argv[i][1] == '-') {
			at = 0;
			ret = take_long(r->cmd->options, argc, argv, &i, &f, why);
		} else {
			ret = take_letter(r->cmd->options, argc, argv, &i, &at, &f, why);
		}
		if (!ret)
			ret = keep(r, &f, help, why);
		if (ret) {
			hint_option(r, argv[word]);
			return -1;
		}
	}
	i += i < argc && !strcmp(argv[i], "--");
	for (; i < argc; i++)
		r->words[r->argc++] = argv[i];
	return 0;
}

void run_parse_free(struct run *r)
{
	free(r->words);
	free(r->given);
}

const char *run_opt_at(const struct run *r, const char *name, size_t i)
{
	size_t k;

	for (k = 0; k < r->ngiven; k++)
		if (!strcmp(r->given[k].opt->name, name) && !i--)
			return r->given[k].value;
	return NULL;
}

const char *run_opt(const struct run *r, const char *name)
{
	return run_opt_at(r, name, 0);
}

bool run_flag(const struct run *r, const char *name)
{
	return run_opt(r, name);
}

int run_opt_u64(struct run *r, const char *name, uint64_t max, uint64_t *value)
{
	const char *text = run_opt(r, name), *p;
	uint64_t n = 0;

	if (!text)
		return 0;
	for (p = text; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (digit > max || n > (max - digit) / 10)
			break;
		n = n * 10 + digit;
	}
	if (!*text || *p)
		return run_usage(r, "--%s \"%.60s\" is not a number from 0 to %llu", name, text,
				 (unsigned long long)max);
	*value = n;
	return 0;
}

int run_opt_size(struct run *r, const char *name, uint64_t *value)
{
	const char *text = run_opt(r, name);
	struct virgo_error err;

	if (!text || !virgo_parse_size(text, value, &err))
		return 0;
	return run_usage(r, "--%s: %s", name, err.message);
}

int run_opt_ms(struct run *r, const char *name, uint64_t *value)
{
	const char *text = run_opt(r, name);
	struct virgo_error err;

	if (!text || !virgo_parse_duration(text, value, &err))
		return 0;
	return run_usage(r, "--%s: %s", name, err.message);
}
