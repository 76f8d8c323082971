/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The virgo command from the inside: the command table and what a running command may use.
 *
 * One table row a command drives dispatch, help, usage errors, completion and the man page. The
 * shell runs the same rows in its own process, so no command may exit, keep state between two runs,
 * or write other than through its struct out and the verbs below.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <virgo/virgo.h>

#include "cli/out.h"

#define CLI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum cli_limit {
	CLI_OPTIONS_MAX = 24,		/* options of one command */
	CLI_EXTERNAL_ARGS = 1024,	/* words handed to virgo-foo */
	CLI_FAILURES_SHOWN = 8,		/* error lines before "and N more" */
	CLI_ANY = 0x7fffffff,		/* arguments: any number */
	CLI_NAME_MAX = 64,		/* a command's name with its NUL */
	CLI_WHY_MAX = 512,		/* a sentence about what is wrong */
	CLI_COMPLETE_MS = 90,		/* all a completion may cost on the network */
	CLI_SAID = 3,			/* settings that are variables of the environment, too */
};

/* what completes an option's value or an argument */
enum cli_complete {
	CLI_C_NONE, CLI_C_FILE, CLI_C_DIR, CLI_C_WORDS, CLI_C_NODES, CLI_C_KEY, CLI_C_COMMAND,
	CLI_C_CALL,			/* the command's offer() */
	/* from here on not for plugins */
	CLI_C_FUNCTION,			/* what exec runs: programs, functions, kernel functions */
};

/* One option. A table of them ends with a row whose name is NULL. */
struct cli_option {
	char letter;			/* 0: none */
	const char *name;
	const char *arg;		/* what its value is called; NULL: a flag */
	const char *help;		/* one line */
	enum cli_complete complete;
	const char *const *words;	/* CLI_C_WORDS: the allowed values, ended by NULL */
	bool repeats;
};

enum cli_flag {
	CLI_NEEDS_NODES = 1,		/* r->ctx is open before the command starts */
	CLI_STOP_OPTIONS = 2,		/* the first argument ends the options */
	CLI_VALUE = 4,			/* prints bytes: raw is its format in a pipe, not TSV */
	CLI_NEGATIVE = 8,		/* an argument may be a negative number */
	CLI_OWN_PROCESS = 16,		/* within a shell it gets a process of its own */
};

struct run;
typedef int (*cli_fn)(struct run *r);	/* an exit status: enum virgo_code, or a program's */

/* Where the cursor is, for a command that completes its words itself. */
struct cli_cursor {
	const char *option;		/* the option whose value it is; NULL: an argument */
	const char *begun;		/* the word so far */
	int argc;			/* the arguments before it */
	const char *const *argv;
};

struct completing;
struct cli_command;
/* calls complete_offer() of complete.h for each candidate, and says nothing */
typedef void (*cli_offer_fn)(struct completing *c, const struct cli_command *cmd,
			     const struct cli_cursor *at);

/* One command. */
struct cli_command {
	const char *name;		/* "mem get" */
	const char *args;		/* synopsis after the options: "KEY [VALUE | -]" */
	const char *summary;		/* one line, no full stop */
	const char *detail;		/* paragraphs separated by an empty line; may be NULL */
	const struct cli_option *options;	/* may be NULL */
	unsigned int min_args, max_args;
	unsigned int flags;
	enum cli_complete complete;	/* of the arguments */
	const char *const *words;
	cli_fn run;
	cli_offer_fn offer;		/* CLI_C_CALL, here or in an option */
};

/* A group: what one file of commands exports. Ends with a row whose name is NULL. */
struct cli_group {
	const char *name;		/* as in the man page: "memory" */
	const struct cli_command *commands;
	const char *origin;		/* a plugin's file; NULL: built in */
};

extern const struct cli_group cli_groups[];	/* table.c: built in; ends with a NULL name */
extern const struct cli_option cli_globals[];	/* globals.c */
extern const char *const cli_service_words[];	/* ends with NULL */

/* Options before the command (or, where it has none of that name, after it). NULL: not given. */
struct cli_settings {
	const char *config, *nodes, *output, *jq, *timeout, *connect_timeout, *via, *balance;
	bool quiet, no_color;
	unsigned int verbose;
};

/* A session: what outlives one command. The strings of settings stay the caller's. */
struct cli {
	struct cli_settings set;
	FILE *data, *diag;		/* standard output and error */
	int in_fd;
	struct virgo_conf *conf;	/* of set; NULL until asked for */
	struct virgo_ctx *ctx;
	struct virgo_ctx *volatile busy;	/* what an interrupt has to cancel */
	volatile int interrupted;
	bool pipe_is_quiet;		/* a reader that has gone is status 141, without a word */
	const char *self;		/* argv[0] */
	const struct out_pager *pager;	/* what shows tables at the prompt; NULL: nothing */
};

void cli_init(struct cli *cli, const char *self);
void cli_free(struct cli *cli);
/* async-signal-safe: end what is running with VIRGO_INTERRUPTED */
void cli_interrupt(struct cli *cli);

/* One command on its way. Commands read it and never keep it. */
struct run {
	struct cli *cli;
	const struct cli_command *cmd;
	const char *name;		/* for error lines, "mem get" */
	struct cli_settings set;	/* the session's, less what was said after the command */
	int argc;
	const char *const *argv;	/* arguments, the command's words and options taken out */
	const char **words;		/* storage of argv */
	struct cli_given {		/* options in the order of the command line */
		const struct cli_option *opt;
		const char *value;	/* "" for a flag */
	} *given;
	size_t ngiven;
	struct virgo_conf *conf;	/* run_conf() */
	struct virgo_ctx *ctx;		/* run_ctx(), or CLI_NEEDS_NODES */
	int no_ctx;			/* the status, when run_conf() or run_ctx() gave NULL */
	bool own_conf, own_ctx;
	struct out out;
	char hint[384];			/* for the next failure */
	struct virgo_error *failures;	/* of nodes, reported at the end */
	size_t nfailures, failures_max;
	size_t asked;			/* how many nodes were asked */
};

/* run.c: parse and run one command line without global options before it; returns its status */
int cli_run(struct cli *cli, int argc, const char *const *argv);
/* a command line that names no command: reports why (JSON, if that was asked for); VIRGO_USAGE */
int cli_refuse(struct cli *cli, const char *why);

/* the configuration and the context in force, opened when first asked for; NULL after reporting */
struct virgo_conf *run_conf(struct run *r);
struct virgo_ctx *run_ctx(struct run *r);
/* the same for a node set that an argument names (NULL: the one in force) */
struct virgo_ctx *run_on(struct run *r, const char *set);

/* an option of this command: given at all, its value (NULL: not given), its i-th value */
bool run_flag(const struct run *r, const char *name);
const char *run_opt(const struct run *r, const char *name);
const char *run_opt_at(const struct run *r, const char *name, size_t i);
/* its value as a number, size or duration: 0 and *value (untouched if not given), or a status */
int run_opt_u64(struct run *r, const char *name, uint64_t max, uint64_t *value);
int run_opt_size(struct run *r, const char *name, uint64_t *value);
int run_opt_ms(struct run *r, const char *name, uint64_t *value);

/*
 * err.c: the verbs. All but the notes return the exit status they stand for. With JSON output an
 * error is a document on standard output (an element of the list, if one has begun), else a line on
 * standard error and at most one "hint:" line.
 */
int run_fail(struct run *r, enum virgo_code code, const char *fmt, ...) CLI_PRINTF(3, 4);
int run_usage(struct run *r, const char *fmt, ...) CLI_PRINTF(2, 3);
/* what a file that can't be used comes to: absent and closed to us are statuses of their own */
enum virgo_code run_errno(int error);
int run_error(struct run *r, const struct virgo_error *err);
void run_hint(struct run *r, const char *fmt, ...) CLI_PRINTF(2, 3);
/* a remark for a person: silent with -q, with JSON and in a pipe */
void run_note(struct run *r, const char *fmt, ...) CLI_PRINTF(2, 3);
/* a warning: silent only with -q */
void run_warn(struct run *r, const char *fmt, ...) CLI_PRINTF(2, 3);
/* remember a node's failure; run_failures() names and counts them and returns the worst status */
void run_node_failed(struct run *r, const struct virgo_error *err);
int run_failures(struct run *r);

/*
 * table.c: commands that are built in, and those of plugins once they are loaded
 */
/* the command of the first one or two words; *used: how many. NULL: none. */
const struct cli_command *cli_find(int argc, const char *const *argv, int *used);
/* is word the first word of commands that have two? */
bool cli_is_group(const char *word);
/*
 * the command (of group, if that is not NULL) that looks most like word, if any does; without a
 * group, plugins that are not loaded count as well
 */
bool cli_nearest(const char *group, const char *word, char near[CLI_NAME_MAX]);
const char *cli_nearest_option(const struct cli_option *options, const char *word);
/* every command, in table order, plugins' last: NULL past the end */
const struct cli_command *cli_at(size_t i, const struct cli_group **group);

/* opt.c: what is in the command line besides arguments */
/*
 * Take the global options before the command: *used words of argv. 0, or -1: why says what is
 * wrong. *special becomes 'h' for --help, 'V' for --version, else stays.
 */
int cli_parse_globals(struct cli *cli, int argc, const char *const *argv, int *used, int *special,
		      char why[CLI_WHY_MAX]);
/*
 * Fill r->argv, r->given and r->set from the words after the command's name; *help: --help was
 * there. 0, or -1: why and r->hint say what is wrong.
 */
int run_parse(struct run *r, int argc, const char *const *argv, bool *help,
	      char why[CLI_WHY_MAX]);
void run_parse_free(struct run *r);

/* globals.c: put a global option's value into *set; 'h', 'V', 0, or -1: why says what is allowed */
int cli_global_set(struct cli_settings *set, const struct cli_option *opt, const char *value,
		   char why[CLI_WHY_MAX]);

/* help.c */
void help_overview(FILE *to);
int help_topic(FILE *to, int argc, const char *const *argv);	/* 0, or -1: no such topic */
void help_command(FILE *to, const struct cli_command *cmd);
void help_synopsis(FILE *to, const struct cli_command *cmd);
/* the man page's part on what is built in, or on the plugin that serves word */
void help_man(FILE *to, const char *word);
/*
 * complete.c: candidates for the last of argv, one a line: word, tab, description; ":file" and ":dir"
 * stand for names of files.
 */
enum cli_complete_flag {
	CLI_COMPLETE_ANY = 1,		/* also words that need quotes */
	CLI_COMPLETE_LOCAL = 2,		/* ask no node, search no directory: ":ask" stands for what they know */
	CLI_COMPLETE_PATIENT = 4,	/* wait seconds for the nodes, not CLI_COMPLETE_MS */
};
int cli_complete(struct cli *cli, FILE *to, unsigned int flags, int argc, const char *const *argv);
/* health.c: print how many nodes answer, a blank, and how many there are */
int cli_health(struct cli *cli);
/* external.c: run virgo-<argv[0]> and wait for it: its status, or -1: there is none */
int cli_external(struct cli *cli, int argc, const char *const *argv);
/*
 * our environment with the settings in it, for a process that is to work on the same nodes; malloc'd,
 * and so is each of said, after use. NULL: out of memory.
 */
char **cli_environment(const struct cli_settings *set, char *said[CLI_SAID]);
/* run this very program with these words, and the settings of cli; its status */
int cli_again(struct cli *cli, int argc, const char *const *argv);
/* beside.c: where a file that came with virgo lies (beside the binary, sbin, lib/virgo): 0, or -1 */
int cli_beside(const char *name, char *path, size_t size);
/* the directory of this very program, not of a link to it: 0, or -1 */
int cli_own_dir(char *dir, size_t size);

/*
 * plugin-load.c: put the commands of the plugin that serves word into the table, for good. 1: they are
 * there; 0: there is no such plugin, or the word is built in; -1: it is refused, or ought to be
 * there and is not, err says why and what to do. Only for words that cli_find() and cli_is_group() don't know.
 */
int cli_plugin_load(const char *word, struct virgo_error *err);
/* those that come with virgo, for who wants to see all; those that can't be loaded are left out */
void cli_plugin_load_bundled(void);
/* is word the first of a command, of whatever kind? Loads and runs nothing. */
bool cli_knows(const char *word);
/* the commands of the i-th plugin that is loaded: NULL past the end */
const struct cli_group *cli_plugin_group(size_t i);
/*
 * The function of the shell that a plugin has by this name: the plugin is loaded, if it was not.
 * NULL: there is none, or (err->code is not VIRGO_OK) its plugin is refused.
 */
struct virgo_plugin_function;
const struct virgo_plugin_function *cli_plugin_function(const char *name, struct virgo_error *err);
/* those of the plugins that are loaded: NULL past the end */
const struct virgo_plugin_function *cli_plugin_function_at(size_t i);

#endif
