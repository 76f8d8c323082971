// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Candidates for the word at the cursor, from the command table, the configuration and (for keys
 * and what exec runs, within CLI_COMPLETE_MS) the nodes. Says nothing about errors: then there are
 * no candidates.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complete.h"
#include "cli/plugin.h"
#include "cli/session.h"

/* A completion under way: what is known from the words before the cursor. */
struct completing {
	struct run r;		/* settings; configuration and context once they are needed */
	FILE *to;
	const char *cur;	/* the word at the cursor */
	int nkeep;		/* bytes of it that stay: "--output=", "node1," */
	unsigned int flags;
	const char *runs;	/* what exec was told to run: a member of /v1/functions */
	const struct cli_command *cmd;	/* once it is known */
	const char **before;	/* its arguments before the cursor */
	int nbefore;
};

/* a shell shows these as they are: nothing that would need quotes gets out */
static bool plain(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789._~/:@%+,=-[]"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *s && strspn(s, plain) == strlen(s);
}

static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

/* a description goes on one line, without a tab: what a plugin says is not ours */
static int about_len(const char *about)
{
	return (int)strcspn(about, "\t\r\n");
}

void complete_offer(struct completing *c, const char *word, const char *about)
{
	const char *rest = c->cur + c->nkeep;
	bool fits = c->flags & CLI_COMPLETE_ANY ? *word && printable(word) : plain(word);

	if (!fits || strncmp(word, rest, strlen(rest)))
		return;
	about = about ? about : "";
	fprintf(c->to, "%.*s%s%s%.*s\n", c->nkeep, c->cur, word, *about ? "\t" : "",
		about_len(about), about);
}

static void offer_words(struct completing *c, const char *const *words)
{
	for (; words && *words; words++)
		complete_offer(c, *words, NULL);
}

static struct virgo_conf *configuration(struct completing *c)
{
	struct virgo_error err;

	if (!c->r.conf && session_conf(&c->r, &err))
		return NULL;
	return c->r.conf;
}

static void offer_nodes(struct completing *c)
{
	struct virgo_conf *conf = configuration(c);
	const char *from = c->cur + c->nkeep;
	struct virgo_setting s;
	struct virgo_nodeset *set;
	struct virgo_error err;
	char group[128];
	size_t i;

	for (; *from; from++)
		if (strchr(",!&^", *from))
			c->nkeep = (int)(from + 1 - c->cur);
	complete_offer(c, "all", "every node of the configuration");
	for (i = 0; conf && !virgo_conf_at(conf, i, &s); i++) {
		if (strncmp(s.key, "group.", 6))
			continue;
		snprintf(group, sizeof(group), "@%s", s.key + 6);
		complete_offer(c, group, s.value);
	}
	if (!conf || virgo_conf_nodes(conf, &set, &err))
		return;
	for (i = 0; virgo_nodeset_name(set, i); i++)
		complete_offer(c, virgo_nodeset_name(set, i), NULL);
	virgo_nodeset_free(set);
}

/* --- what the nodes know: one row of "asked" for each kind ------------------------------ */

static void keys_target(struct completing *c, struct virgo_target *target)
{
	const char *begun = c->cur + c->nkeep;

	virgo_target_start(target, "/v1/mem");
	virgo_target_number(target, "limit", 50);
	if (*begun)
		virgo_target_query(target, "prefix", begun, strlen(begun));
}

static void keys_offer(struct completing *c, const cJSON *body)
{
	const cJSON *key, *name;

	cJSON_ArrayForEach(key, cJSON_GetObjectItemCaseSensitive(body, "keys")) {
		name = cJSON_GetObjectItemCaseSensitive(key, "key");
		if (cJSON_IsString(name))
			complete_offer(c, name->valuestring, NULL);
	}
}

static void functions_target(struct completing *c, struct virgo_target *target)
{
	(void)c;
	virgo_target_start(target, "/v1/functions");
}

/* a path or, as exec takes it, too, its last part */
static void runs_offer(struct completing *c, const char *name, const char *about)
{
	const char *slash = strrchr(name, '/');

	if (slash && slash[1] && c->cur[c->nkeep] != '/')
		name = slash + 1;
	complete_offer(c, name, about);
}

static void functions_offer(struct completing *c, const cJSON *body)
{
	const cJSON *item, *name;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(body, c->runs)) {
		name = cJSON_GetObjectItemCaseSensitive(item, "name");
		name = name ? name : item;
		if (cJSON_IsString(name))
			runs_offer(c, name->valuestring, cJSON_GetStringValue(
				   cJSON_GetObjectItemCaseSensitive(item, "summary")));
	}
}

static const struct asked {
	enum cli_complete kind;
	enum virgo_service service;
	void (*target)(struct completing *c, struct virgo_target *target);
	void (*offer)(struct completing *c, const cJSON *body);	/* of one node's answer */
} asked[] = {
	{ CLI_C_KEY, VIRGO_MEMPOOL, keys_target, keys_offer },
	{ CLI_C_FUNCTION, VIRGO_CPUPOOL, functions_target, functions_offer },
};

struct asking {
	struct completing *c;
	const struct asked *what;
};

static int take_answer(void *arg, struct virgo_answer *ans)
{
	struct asking *a = arg;
	cJSON *body = ans->err.code ? NULL : cJSON_ParseWithLength(ans->body, ans->len);

	a->what->offer(a->c, body);
	if (a->c->flags & CLI_COMPLETE_PATIENT)
		fflush(a->c->to);	/* whoever waits may not wait for the last node */
	cJSON_Delete(body);
	virgo_answer_free(ans);
	return 0;
}

struct virgo_ctx *complete_ctx(struct completing *c)
{
	bool patient = c->flags & CLI_COMPLETE_PATIENT;
	struct virgo_error err;

	if (c->r.ctx)
		return c->r.ctx;
	c->r.set.timeout = patient ? "5s" : "90ms";
	c->r.set.connect_timeout = patient ? "2s" : "90ms";
	if (!configuration(c) || virgo_connect(&c->r.ctx, c->r.conf, &err))
		return NULL;
	c->r.own_ctx = true;
	return c->r.ctx;
}

static void ask_nodes(struct completing *c, const struct asked *what)
{
	bool patient = c->flags & CLI_COMPLETE_PATIENT;
	struct virgo_request req = { .service = what->service, .method = "GET",
				     .timeout_ms = patient ? 0 : CLI_COMPLETE_MS };
	struct asking asking = { .c = c, .what = what };
	struct virgo_target target;
	struct virgo_error err;

	if (!complete_ctx(c))
		return;
	what->target(c, &target);
	if (virgo_target_end(&target, &err))
		return;
	req.target = target.text;
	virgo_call_all(c->r.ctx, &req, take_answer, &asking, &err);
}

/* not here: whoever wants it runs this again in a process that may wait */
static bool put_off(struct completing *c)
{
	if (c->flags & CLI_COMPLETE_LOCAL)
		fputs(":ask\n", c->to);
	return c->flags & CLI_COMPLETE_LOCAL;
}

static void offer_asked(struct completing *c, enum cli_complete kind)
{
	size_t i;

	if (put_off(c))
		return;
	for (i = 0; i < CLI_COUNT(asked); i++)
		if (asked[i].kind == kind)
			ask_nodes(c, &asked[i]);
}

/* plugins that are not loaded: nothing but their words is known; directories may be slow, too */
static void offer_plugins(struct completing *c)
{
	char about[CLI_NAME_MAX + 16];
	struct plugin_word *words;
	size_t i, n;

	if (put_off(c))
		return;
	n = plugin_words(&words);
	for (i = 0; i < n; i++) {
		snprintf(about, sizeof(about), "program virgo-%s", words[i].name);
		complete_offer(c, words[i].name, words[i].object ? "plugin" : about);
	}
	free(words);
}

static void offer_first_words(struct completing *c)
{
	const struct cli_command *cmd, *before;
	char word[CLI_NAME_MAX];
	size_t i, n;

	for (i = 0; (cmd = cli_at(i, NULL)); i++) {
		n = strcspn(cmd->name, " ");
		before = i ? cli_at(i - 1, NULL) : NULL;
		if (before && !strncmp(before->name, cmd->name, n) &&
		    (before->name[n] == ' ' || !before->name[n]))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)n, cmd->name);
		complete_offer(c, word, cmd->name[n] ? NULL : cmd->summary);
	}
	offer_plugins(c);
}

static void offer_second_words(struct completing *c, const char *first)
{
	const struct cli_command *cmd;
	size_t i, n = strlen(first);

	for (i = 0; (cmd = cli_at(i, NULL)); i++)
		if (!strncmp(cmd->name, first, n) && cmd->name[n] == ' ')
			complete_offer(c, cmd->name + n + 1, cmd->summary);
}

/* the command knows, and it may ask nodes */
static void offer_call(struct completing *c, const char *option)
{
	const struct cli_cursor at = { option, c->cur + c->nkeep, c->nbefore, c->before };

	if (c->cmd && c->cmd->offer && !put_off(c))
		c->cmd->offer(c, c->cmd, &at);
}

/* option: NULL for an argument */
static void offer_value(struct completing *c, enum cli_complete kind, const char *const *words,
			const char *option)
{
	switch (kind) {
	case CLI_C_FILE:
		fputs(":file\n", c->to);
		break;
	case CLI_C_DIR:
		fputs(":dir\n", c->to);
		break;
	case CLI_C_WORDS:
		offer_words(c, words);
		break;
	case CLI_C_NODES:
		offer_nodes(c);
		break;
	case CLI_C_KEY:
	case CLI_C_FUNCTION:
		offer_asked(c, kind);
		break;
	case CLI_C_COMMAND:
		offer_first_words(c);
		break;
	case CLI_C_CALL:
		offer_call(c, option);
		break;
	case CLI_C_NONE:
		break;
	}
}

static void offer_options(struct completing *c, const struct cli_option *opts)
{
	char word[CLI_NAME_MAX];

	for (; opts && opts->name; opts++) {
		snprintf(word, sizeof(word), "--%s", opts->name);
		complete_offer(c, word, opts->help);
	}
}

/* the option that word is, in a command's table or the global one; the value stands in the word? */
static const struct cli_option *option_of(const struct cli_option *own, const char *word,
					  bool *inside)
{
	const struct cli_option *tables[] = { own, cli_globals }, *opt;
	size_t n = strcspn(word, "="), i;

	*inside = word[n] == '=';
	for (i = 0; i < CLI_COUNT(tables); i++) {
		for (opt = tables[i]; opt && opt->name; opt++) {
			if (word[1] == '-' && strlen(opt->name) == n - 2 &&
			    !strncmp(opt->name, word + 2, n - 2))
				return opt;
			if (word[1] != '-' && opt->letter && opt->letter == word[1]) {
				*inside = word[2] != '\0';
				return opt;
			}
		}
	}
	return NULL;
}

/*
 * Step over an option and its value at argv[*i], remembering what chooses nodes; the option, if
 * its value is the word at the cursor.
 */
static const struct cli_option *step_over(struct completing *c, const struct cli_option *own,
					  int argc, const char *const *argv, int *i)
{
	char why[CLI_WHY_MAX];
	bool inside;
	const struct cli_option *opt = option_of(own, argv[*i], &inside);

	++*i;
	if (opt && !opt->arg && !strcmp(opt->name, "function"))
		c->runs = "functions";
	else if (opt && !opt->arg && !strcmp(opt->name, "kernel"))
		c->runs = "kernel";
	if (!opt || !opt->arg || inside)
		return NULL;
	if (*i == argc - 1)
		return opt;
	if (!strcmp(opt->name, "config") || !strcmp(opt->name, "nodes"))
		cli_global_set(&c->r.set, opt, argv[*i], why);
	++*i;
	return NULL;
}

/* the word at the cursor is an option, or an option's value after "=" */
static void complete_option(struct completing *c, const struct cli_option *own)
{
	const char *equals = strchr(c->cur, '=');
	const struct cli_option *opt;
	bool inside;

	if (!equals || c->cur[1] != '-') {
		offer_options(c, own);
		offer_options(c, cli_globals);
		return;
	}
	opt = option_of(own, c->cur, &inside);
	c->nkeep = (int)(equals + 1 - c->cur);
	if (opt && opt->arg && opt->complete != CLI_C_FILE)
		offer_value(c, opt->complete, opt->words, opt->name);
}

static void complete_argument(struct completing *c, const struct cli_command *cmd, unsigned int nth,
			      const char *before)
{
	struct virgo_error err;

	if (cmd->complete == CLI_C_COMMAND && nth == 1)
		cli_plugin_load(before, &err);
	if (cmd->complete == CLI_C_COMMAND && nth == 1 && cli_is_group(before))
		offer_second_words(c, before);
	else if (nth < cmd->max_args && !(cmd->complete == CLI_C_FUNCTION && nth) &&
		 !(cmd->complete == CLI_C_KEY && nth && cmd->max_args == 2))
		offer_value(c, cmd->complete, cmd->words, NULL);
}

/* the words after the command's name */
static void complete_command(struct completing *c, const struct cli_command *cmd, int argc,
			     const char *const *argv)
{
	const struct cli_option *opt;
	const char *before = "";
	unsigned int nth = 0;
	bool options = true;
	int i = 0;

	c->cmd = cmd;
	c->before = calloc((size_t)argc + 1, sizeof(*c->before));
	if (!c->before)
		return;
	while (i < argc - 1) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
			i++;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			opt = step_over(c, cmd->options, argc, argv, &i);
			if (opt) {
				offer_value(c, opt->complete, opt->words, opt->name);
				return;
			}
		} else {
			before = argv[i++];
			c->before[c->nbefore++] = before;
			options = options && !(cmd->flags & CLI_STOP_OPTIONS);
			nth++;
		}
	}
	if (options && *c->cur == '-')
		complete_option(c, cmd->options);
	else
		complete_argument(c, cmd, nth, before);
}

static void complete_words(struct completing *c, int argc, const char *const *argv)
{
	const struct cli_command *cmd;
	const struct cli_option *opt;
	struct virgo_error err;
	int i = 0, used;

	while (i < argc - 1 && argv[i][0] == '-') {
		opt = step_over(c, NULL, argc, argv, &i);
		if (opt) {
			offer_value(c, opt->complete, opt->words, opt->name);
			return;
		}
	}
	argc -= i;
	argv += i;
	if (argc == 1 && *c->cur == '-') {
		complete_option(c, NULL);
		return;
	}
	if (argc > 1 && !cli_find(1, argv, &used) && !cli_is_group(argv[0])) {
		if (put_off(c))
			return;
		cli_plugin_load(argv[0], &err);
	}
	cmd = cli_find(argc - 1, argv, &used);
	/* a plugin may have a command of its name alone, and others */
	if (cmd && argc == 2 && cli_is_group(argv[0]))
		offer_second_words(c, argv[0]);
	if (cmd)
		complete_command(c, cmd, argc - used, argv + used);
	else if (argc == 1)
		offer_first_words(c);
	else if (argc == 2)
		offer_second_words(c, argv[0]);
}

int cli_complete(struct cli *cli, FILE *to, unsigned int flags, int argc, const char *const *argv)
{
	struct completing c = { .r = { .cli = cli, .name = "", .set = cli->set }, .to = to,
				.flags = flags, .runs = "programs" };

	if (argc < 1)
		return VIRGO_USAGE;
	c.cur = argv[argc - 1];
	complete_words(&c, argc, argv);
	free(c.before);
	session_release(&c.r);
	return VIRGO_OK;
}
