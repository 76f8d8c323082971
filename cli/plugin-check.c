// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A plugin's descriptor, read and judged: everything that the rest of virgo takes for granted of a
 * row of its table is proven here, once. Copies structures by the sizes the plugin says.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plugin.h"

enum { STRUCT_MAX = 1024 };	/* bytes of a structure of any later minor version */

#define SAME(a, b) _Static_assert((int)(a) == (int)(b), #a)
SAME(VIRGO_PLUGIN_NEEDS_NODES, CLI_NEEDS_NODES);
SAME(VIRGO_PLUGIN_STOP_OPTIONS, CLI_STOP_OPTIONS);
SAME(VIRGO_PLUGIN_VALUE, CLI_VALUE);
SAME(VIRGO_PLUGIN_NEGATIVE, CLI_NEGATIVE);
SAME(VIRGO_PLUGIN_C_NONE, CLI_C_NONE);
SAME(VIRGO_PLUGIN_C_WORDS, CLI_C_WORDS);
SAME(VIRGO_PLUGIN_C_CALL, CLI_C_CALL);
SAME(VIRGO_PLUGIN_ANY, CLI_ANY);
SAME(VIRGO_PLUGIN_OPTIONS_MAX, CLI_OPTIONS_MAX);
SAME(VIRGO_PLUGIN_COLUMNS_MAX, OUT_COLS_MAX);
_Static_assert(2 * VIRGO_PLUGIN_NAME_MAX + 2 <= CLI_NAME_MAX, "two names make a command's name");

/* A descriptor under judgement. */
struct judged {
	struct plugin *p;
	const struct virgo_plugin_head *head;
	struct virgo_error *err;
	char where[96];			/* "command \"count\", option \"top\": " */
};

static int wrong(struct judged *j, const char *fmt, ...) CLI_PRINTF(2, 3);

static int wrong(struct judged *j, const char *fmt, ...)
{
	char why[CLI_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	virgo_error_set(j->err, VIRGO_FAILED, "plugin %s is refused: %s%s", j->p->path, j->where,
			why);
	virgo_error_hint(j->err, "this is the plugin's fault; virgo-plugin(7) says how it has to be");
	return -1;
}

/* the i-th structure of a table whose elements may be shorter or longer than ours */
static void element(void *to, size_t size, const void *table, size_t stride, size_t i)
{
	memset(to, 0, size);
	memcpy(to, (const char *)table + i * stride, stride < size ? stride : size);
}

static bool text_ok(const char *s, size_t max, bool lines)
{
	size_t i, n = strnlen(s, max + 1);

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' && !(lines && (s[i] == '\n' || s[i] == '\t')))
			return false;
	return n <= max && !memchr(s, '\177', n) && text_is_utf8(s, n);
}

/* one line; must: there has to be something */
static int line(struct judged *j, const char *what, const char *s, bool must)
{
	if (must && (!s || !*s))
		return wrong(j, "it has no %s", what);
	if (s && !text_ok(s, VIRGO_PLUGIN_LINE_MAX, false))
		return wrong(j, "its %s is not one line of at most %d bytes", what,
			     VIRGO_PLUGIN_LINE_MAX);
	return 0;
}

static bool is_version(const char *s)
{
	size_t n = strnlen(s, 33);

	return n && n < 33 && strspn(s, "0123456789.+~-abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

static int same_abi(struct judged *j)
{
	unsigned int theirs = j->head->abi;

	if (theirs == VIRGO_PLUGIN_ABI)
		return 0;
	virgo_error_set(j->err, VIRGO_FAILED,
			"plugin %s is refused: it is built for plugin ABI %u, and virgo " VIRGO_VERSION
			" has plugin ABI %u", j->p->path, theirs, VIRGO_PLUGIN_ABI);
	virgo_error_hint(j->err, "build the plugin anew with this virgo's virgo_plugin.h%s",
			 theirs > VIRGO_PLUGIN_ABI ? ", or install a newer virgo" : "");
	return -1;
}

/* ours are those of the first version of the ABI, so nothing valid is shorter */
static int sizes(struct judged *j)
{
	const struct virgo_plugin_head *h = j->head;
	const struct {
		unsigned int theirs;
		size_t least;
	} all[] = {
		{ h->plugin_size, sizeof(struct virgo_plugin) },
		{ h->command_size, sizeof(struct virgo_plugin_command) },
		{ h->option_size, sizeof(struct virgo_plugin_option) },
		{ h->function_size, sizeof(struct virgo_plugin_function) },
	};
	size_t i;

	for (i = 0; i < CLI_COUNT(all); i++)
		if (all[i].theirs < all[i].least || all[i].theirs > STRUCT_MAX ||
		    all[i].theirs % sizeof(void *))
			return wrong(j, "its head is not VIRGO_PLUGIN_HEAD");
	return 0;
}

static int completion(struct judged *j, int kind, const char *const *words, bool call)
{
	size_t i;

	if (kind < CLI_C_NONE || kind > CLI_C_CALL)
		return wrong(j, "its way of completion is unknown (%d)", kind);
	if (kind == CLI_C_CALL && !call)
		return wrong(j, "the command has no offer() to complete it");
	if (kind != CLI_C_WORDS)
		return 0;
	for (i = 0; words && words[i]; i++)
		if (!text_ok(words[i], VIRGO_PLUGIN_LINE_MAX, false))
			return wrong(j, "word %zu of its completion is not one short line", i + 1);
	return words ? 0 : wrong(j, "it has no words for its completion");
}

static bool is_option_name(const char *s)
{
	return *s != '-' && strnlen(s, VIRGO_PLUGIN_NAME_MAX + 1) <= VIRGO_PLUGIN_NAME_MAX &&
	       strlen(s) >= 2 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int option(struct judged *j, const struct virgo_plugin_option *o, const char *command,
		  bool call)
{
	snprintf(j->where, sizeof(j->where), "command \"%s\", option \"%.28s\": ", command, o->name);
	if (!is_option_name(o->name))
		return wrong(j, "that is no name (a-z, 0-9, -; 2 to %d bytes)",
			     VIRGO_PLUGIN_NAME_MAX);
	if (!strcmp(o->name, "help"))
		return wrong(j, "--help is virgo's own");
	if (o->letter && (!is_letter(o->letter) || o->letter == 'h'))
		return wrong(j, "its letter can't be one");
	if (o->arg && !*o->arg)
		return wrong(j, "its value has an empty name");
	if (line(j, "help", o->help, true) || line(j, "value's name", o->arg, false))
		return -1;
	return completion(j, o->complete, o->words, call);
}

static int options(struct judged *j, size_t row, const struct virgo_plugin_command *c)
{
	struct virgo_plugin_option o;
	struct cli_option *to;
	size_t i, k;

	to = calloc(VIRGO_PLUGIN_OPTIONS_MAX + 1, sizeof(*to));
	if (!to)
		return virgo_error_set(j->err, VIRGO_FAILED, "out of memory"), -1;
	j->p->options[row] = to;
	for (i = 0;; i++) {
		element(&o, sizeof(o), c->options, j->head->option_size, i);
		if (!o.name)
			break;
		if (i == VIRGO_PLUGIN_OPTIONS_MAX)
			return wrong(j, "it has more than %d options", VIRGO_PLUGIN_OPTIONS_MAX);
		if (option(j, &o, c->name, c->offer))
			return -1;
		for (k = 0; k < i; k++)
			if (!strcmp(to[k].name, o.name) || (o.letter && to[k].letter == o.letter))
				return wrong(j, "it is there twice");
		to[i] = (struct cli_option){ o.letter, o.name, o.arg, o.help,
					     (enum cli_complete)o.complete, o.words, o.repeats };
	}
	*j->where = '\0';
	return 0;
}

static int command(struct judged *j, const struct virgo_plugin_command *c)
{
	const unsigned int known = CLI_NEEDS_NODES | CLI_STOP_OPTIONS | CLI_VALUE | CLI_NEGATIVE;

	snprintf(j->where, sizeof(j->where), "command \"%.28s\": ", c->name);
	if (*c->name && !plugin_is_word(c->name))
		return wrong(j, "that is no name (a-z, 0-9, -; at most %d bytes)",
			     VIRGO_PLUGIN_NAME_MAX);
	if (line(j, "summary", c->summary, true) || line(j, "synopsis", c->args, false))
		return -1;
	if (c->detail && !text_ok(c->detail, VIRGO_PLUGIN_TEXT_MAX, true))
		return wrong(j, "its detail is not text of at most %d bytes", VIRGO_PLUGIN_TEXT_MAX);
	if (!c->run)
		return wrong(j, "it has no run()");
	if (c->min_args > c->max_args)
		return wrong(j, "it wants at least %u arguments and at most %u", c->min_args,
			     c->max_args);
	if (c->flags & ~known)
		return wrong(j, "it has flags that this virgo doesn't know (0x%x)", c->flags & ~known);
	return completion(j, c->complete, c->words, c->offer);
}

static int row(struct judged *j, const char *word, size_t i, const struct virgo_plugin_command *c)
{
	struct plugin *p = j->p;
	size_t k;

	if (command(j, c))
		return -1;
	for (k = 0; k < i; k++)
		if (!strcmp(p->commands[k].name, c->name))
			return wrong(j, "it is there twice");
	p->commands[i] = *c;
	p->ncommands = i + 1;
	if (asprintf(&p->names[i], "%s%s%s", word, *c->name ? " " : "", c->name) < 0) {
		p->names[i] = NULL;
		virgo_error_set(j->err, VIRGO_FAILED, "out of memory");
		return -1;
	}
	if (c->options && options(j, i, c))
		return -1;
	p->rows[i] = (struct cli_command){
		.name = p->names[i], .args = c->args ? c->args : "", .summary = c->summary,
		.detail = c->detail, .options = p->options[i], .min_args = c->min_args,
		.max_args = c->max_args, .flags = c->flags,
		.complete = (enum cli_complete)c->complete, .words = c->words, .run = plugin_run,
		.offer = c->offer ? plugin_offer : NULL,
	};
	*j->where = '\0';
	return 0;
}

static int rows(struct judged *j, const char *word)
{
	struct virgo_plugin_command c;
	struct plugin *p = j->p;
	size_t i;

	p->commands = calloc(VIRGO_PLUGIN_COMMANDS_MAX, sizeof(*p->commands));
	p->rows = calloc(VIRGO_PLUGIN_COMMANDS_MAX + 1, sizeof(*p->rows));
	p->names = calloc(VIRGO_PLUGIN_COMMANDS_MAX, sizeof(*p->names));
	p->options = calloc(VIRGO_PLUGIN_COMMANDS_MAX, sizeof(*p->options));
	if (!p->commands || !p->rows || !p->names || !p->options)
		return virgo_error_set(j->err, VIRGO_FAILED, "out of memory"), -1;
	for (i = 0;; i++) {
		element(&c, sizeof(c), p->about.commands, j->head->command_size, i);
		if (!c.name)
			break;
		if (i == VIRGO_PLUGIN_COMMANDS_MAX)
			return wrong(j, "it has more than %d commands", VIRGO_PLUGIN_COMMANDS_MAX);
		if (row(j, word, i, &c))
			return -1;
	}
	return i ? 0 : wrong(j, "it has no commands");
}

/* the plugin's word with _ for -, "_", and more of a shell's name */
static bool is_function_of(const char *word, const char *name)
{
	for (; *word; word++, name++)
		if (*name != (*word == '-' ? '_' : *word))
			return false;
	return *name == '_' && name[1] && strnlen(name, CLI_NAME_MAX) < CLI_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name);
}

static int functions(struct judged *j, const char *word)
{
	struct virgo_plugin_function f;
	struct plugin *p = j->p;
	size_t i;

	if (!p->about.functions)
		return 0;
	p->functions = calloc(VIRGO_PLUGIN_FUNCTIONS_MAX, sizeof(*p->functions));
	if (!p->functions)
		return virgo_error_set(j->err, VIRGO_FAILED, "out of memory"), -1;
	for (i = 0;; i++) {
		element(&f, sizeof(f), p->about.functions, j->head->function_size, i);
		if (!f.name)
			break;
		if (i == VIRGO_PLUGIN_FUNCTIONS_MAX)
			return wrong(j, "it has more than %d functions", VIRGO_PLUGIN_FUNCTIONS_MAX);
		snprintf(j->where, sizeof(j->where), "function \"%.60s\": ", f.name);
		if (!is_function_of(word, f.name))
			return wrong(j, "its name does not begin with the plugin's and \"_\"");
		if (line(j, "summary", f.summary, true))
			return -1;
		if (!f.text || !text_ok(f.text, VIRGO_PLUGIN_TEXT_MAX, true))
			return wrong(j, "its text is not text of at most %d bytes",
				     VIRGO_PLUGIN_TEXT_MAX);
		p->functions[p->nfunctions++] = f;
	}
	*j->where = '\0';
	return 0;
}

void plugin_check_free(struct plugin *p)
{
	size_t i;

	for (i = 0; i < p->ncommands; i++) {
		free(p->names[i]);
		free(p->options[i]);
	}
	free(p->names);
	free(p->options);
	free(p->rows);
	free(p->commands);
	free(p->functions);
}

int plugin_check(struct plugin *p, const char *word, const struct virgo_plugin *from,
		 struct virgo_error *err)
{
	struct judged j = { .p = p, .head = &from->head, .err = err };

	if (same_abi(&j) || sizes(&j))
		return -1;
	element(&p->about, sizeof(p->about), from, j.head->plugin_size, 0);
	if (!p->about.name || !p->about.commands)
		return wrong(&j, "it has no %s", p->about.name ? "commands" : "name");
	if (strcmp(p->about.name, word))
		return wrong(&j, "it is \"%.60s\", so its file has to be %.60s.so", p->about.name,
			     p->about.name);
	if (!p->about.version || !is_version(p->about.version))
		return wrong(&j, "it has no version of letters, digits and .+~-");
	if (line(&j, "summary", p->about.summary, true) || rows(&j, word) || functions(&j, word))
		return -1;
	p->group = (struct cli_group){ "plugins", p->rows, p->path };
	return 0;
}
