/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a plugin of the virgo command is made of. The manual page is virgo-plugin(7).
 *
 * A plugin is a shared object WORD.so in a plugin directory. It serves the commands "virgo WORD …",
 * is loaded when one of them (or help on it) is first asked for, and exports one thing: the
 * descriptor virgo_plugin. Build it with
 *
 *	cc -fPIC -shared -o hello.so hello.c
 *
 *	#include <virgo_plugin.h>
 *
 *	static int world(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
 *	{
 *		host->print(run, "hello, %s\n", host->argv(run)[0]);
 *		return VIRGO_OK;
 *	}
 *
 *	static const struct virgo_plugin_command commands[] = {
 *		{ .name = "world", .args = "NAME", .summary = "say hello", .min_args = 1,
 *		  .max_args = 1, .run = world },
 *		{ .name = NULL }
 *	};
 *
 *	const struct virgo_plugin virgo_plugin = {
 *		.head = VIRGO_PLUGIN_HEAD, .name = "hello", .version = "1.0",
 *		.summary = "greetings", .commands = commands,
 *	};
 *
 * Nothing needs to be linked: what a command uses of virgo comes through struct virgo_plugin_host,
 * and the functions of <virgo/virgo.h> are those of the virgo command itself.
 *
 * Within an ABI, structures grow at their end only, and each says its size: an older plugin has
 * zeros in the fields it does not know of, and of a newer one the fields are ignored that this virgo
 * does not know of (VIRGO_PLUGIN_HAS() tells the plugin which calls there are). Whatever does more
 * than that, or changes the libvirgo a plugin calls, is another ABI, which is refused.
 *
 * Strings are UTF-8 without control characters and stay valid as long as the plugin is loaded, which
 * is until the process ends. All calls come from one thread. A command must not exit, must leave
 * file descriptors, signals, locale and environment as they are, and must keep no data of a run: at
 * the prompt one process runs many.
 */
#ifndef VIRGO_PLUGIN_H
#define VIRGO_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <virgo/error.h>	/* enum virgo_code, struct virgo_error */

#define VIRGO_PLUGIN_ABI 1u

#ifdef __GNUC__
#define VIRGO_PLUGIN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define VIRGO_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define VIRGO_PLUGIN_PRINTF(fmt, args)
#define VIRGO_PLUGIN_EXPORT
#endif

/* of <virgo/virgo.h>, for those who use it */
struct virgo_ctx;
struct virgo_conf;
struct virgo_request;
struct virgo_answer;

struct virgo_plugin_run;	/* one command on its way */
struct virgo_plugin_completion;	/* one completion on its way */

enum virgo_plugin_limit {
	VIRGO_PLUGIN_COMMANDS_MAX = 64,
	VIRGO_PLUGIN_OPTIONS_MAX = 24,		/* of one command */
	VIRGO_PLUGIN_FUNCTIONS_MAX = 64,
	VIRGO_PLUGIN_COLUMNS_MAX = 24,
	VIRGO_PLUGIN_NAME_MAX = 28,		/* bytes of a plugin's or command's name */
	VIRGO_PLUGIN_LINE_MAX = 200,		/* bytes of a summary or another single line */
	VIRGO_PLUGIN_TEXT_MAX = 16384,		/* bytes of a detail or a function */
	VIRGO_PLUGIN_ANY = 0x7fffffff,		/* max_args: any number */
};

/* what completes an option's value or an argument */
enum virgo_plugin_complete {
	VIRGO_PLUGIN_C_NONE,
	VIRGO_PLUGIN_C_FILE,
	VIRGO_PLUGIN_C_DIR,
	VIRGO_PLUGIN_C_WORDS,		/* the row's words */
	VIRGO_PLUGIN_C_NODES,		/* node names and groups */
	VIRGO_PLUGIN_C_KEY,		/* keys of the memory pool */
	VIRGO_PLUGIN_C_COMMAND,		/* virgo's commands */
	VIRGO_PLUGIN_C_CALL,		/* the command's own offer() */
};

/* One option. A table of them ends with a row whose name is NULL. */
struct virgo_plugin_option {
	char letter;			/* 0: none; letters and digits */
	const char *name;		/* "max-size": a-z 0-9 -, two letters at least */
	const char *arg;		/* what its value is called; NULL: a flag */
	const char *help;		/* one line, no full stop */
	int complete;			/* enum virgo_plugin_complete */
	const char *const *words;	/* C_WORDS: ended by NULL. For completion: values are yours to check */
	int repeats;			/* may be given more than once */
};

enum virgo_plugin_flag {
	VIRGO_PLUGIN_NEEDS_NODES = 1,	/* host->ctx() is there before the command starts */
	VIRGO_PLUGIN_STOP_OPTIONS = 2,	/* the first argument ends the options */
	VIRGO_PLUGIN_VALUE = 4,		/* prints bytes: raw is its format in a pipe, not TSV */
	VIRGO_PLUGIN_NEGATIVE = 8,	/* an argument may be a negative number */
};

struct virgo_plugin_host;

/* Where the cursor is, for offer(). */
struct virgo_plugin_cursor {
	const char *option;		/* the option whose value it is; NULL: an argument */
	const char *begun;		/* the word so far */
	int argc;			/* the arguments before it */
	const char *const *argv;
};

/* One command. A table of them ends with a row whose name is NULL. */
struct virgo_plugin_command {
	const char *name;		/* "count" of "virgo sample count"; "": virgo sample itself */
	const char *args;		/* synopsis after the options: "KEY [VALUE | -]"; NULL: none */
	const char *summary;		/* one line, no full stop */
	const char *detail;		/* lines of text, paragraphs separated by an empty line; may be NULL */
	const struct virgo_plugin_option *options;	/* may be NULL */
	unsigned int min_args, max_args;
	unsigned int flags;		/* enum virgo_plugin_flag; an unknown one is refused */
	int complete;			/* of the arguments: enum virgo_plugin_complete */
	const char *const *words;	/* C_WORDS */
	/* run it: the exit status, an enum virgo_code as a rule, 0 to 255 */
	int (*run)(const struct virgo_plugin_host *host, struct virgo_plugin_run *run);
	/* C_CALL: call host->offer() for each candidate, in little time and without a word */
	void (*offer)(const struct virgo_plugin_host *host, struct virgo_plugin_completion *c,
		      const struct virgo_plugin_cursor *at);
};

/*
 * A function of virgo's shell. Its name is the plugin's (with _ for -), "_" and more: that is how
 * the shell knows which plugin to ask.
 */
struct virgo_plugin_function {
	const char *name;		/* "sample_each" */
	const char *summary;		/* one line */
	const char *text;		/* the definition: "sample_each() { … }" */
};

/* the ABI and the sizes of the structures; use the macro */
struct virgo_plugin_head {
	unsigned int abi;
	unsigned int plugin_size, command_size, option_size, function_size;
};

#define VIRGO_PLUGIN_HEAD {						\
	VIRGO_PLUGIN_ABI,						\
	(unsigned int)sizeof(struct virgo_plugin),			\
	(unsigned int)sizeof(struct virgo_plugin_command),		\
	(unsigned int)sizeof(struct virgo_plugin_option),		\
	(unsigned int)sizeof(struct virgo_plugin_function)		\
}

struct virgo_plugin {
	struct virgo_plugin_head head;	/* VIRGO_PLUGIN_HEAD */
	const char *name;		/* the file's, less ".so": a-z 0-9 -, beginning with a letter */
	const char *version;		/* the plugin's own: letters, digits and .+~- */
	const char *summary;		/* one line */
	const struct virgo_plugin_command *commands;
	const struct virgo_plugin_function *functions;	/* ended by a NULL name; may be NULL */
};

/* What virgo looks for in a plugin. */
extern VIRGO_PLUGIN_EXPORT const struct virgo_plugin virgo_plugin;

/* One column: its name in JSON, its title in a table (NULL: not shown there). */
struct virgo_plugin_column {
	const char *key;
	const char *title;
	int right;			/* numbers stand right in a table */
};

/* one node's answer, which is good; it is virgo's, and gone when the call returns */
typedef void (*virgo_plugin_answer_fn)(struct virgo_plugin_run *run,
				       const struct virgo_answer *answer, void *arg);

/* is there host->member? Those of VIRGO_PLUGIN_ABI 1 as it was first need not be asked for. */
#define VIRGO_PLUGIN_HAS(host, member) \
	((host)->size > offsetof(struct virgo_plugin_host, member) && (host)->member)

/*
 * What a plugin may use. Strings that come from here live until the command ends; flags are 0 or 1.
 */
struct virgo_plugin_host {
	unsigned int abi;
	unsigned int size;		/* of this structure, as virgo knows it */
	const char *version;		/* virgo's */

	/* arguments (the command's words and the options taken out; argv[argc] is NULL) */
	int (*argc)(const struct virgo_plugin_run *run);
	const char *const *(*argv)(const struct virgo_plugin_run *run);

	/* an option of this command: given at all, its value (NULL: not given), its i-th value */
	int (*flag)(const struct virgo_plugin_run *run, const char *option);
	const char *(*option)(const struct virgo_plugin_run *run, const char *option);
	const char *(*option_at)(const struct virgo_plugin_run *run, const char *option, size_t i);
	/*
	 * Its value as a number from 0 to max, a size (k, M, G) or a duration (ms, s, m, h): 0 and
	 * *value (untouched if not given), or a status to return: it has been reported.
	 */
	int (*option_u64)(struct virgo_plugin_run *run, const char *option, uint64_t max,
			  uint64_t *value);
	int (*option_size)(struct virgo_plugin_run *run, const char *option, uint64_t *value);
	int (*option_ms)(struct virgo_plugin_run *run, const char *option, uint64_t *value);

	/*
	 * Errors: one line on standard error (a document on standard output with -o json), and the
	 * status to return. code is an enum virgo_code. usage() adds the command's usage line.
	 */
	int (*fail)(struct virgo_plugin_run *run, int code, const char *fmt, ...)
		VIRGO_PLUGIN_PRINTF(3, 4);
	int (*usage)(struct virgo_plugin_run *run, const char *fmt, ...) VIRGO_PLUGIN_PRINTF(2, 3);
	/* libvirgo's error */
	int (*error)(struct virgo_plugin_run *run, const struct virgo_error *err);
	/* the remedy, said with the next error */
	void (*hint)(struct virgo_plugin_run *run, const char *fmt, ...) VIRGO_PLUGIN_PRINTF(2, 3);
	/* a remark for a person: silent with -q, with JSON and in a pipe */
	void (*note)(struct virgo_plugin_run *run, const char *fmt, ...) VIRGO_PLUGIN_PRINTF(2, 3);
	/* a warning: silent only with -q */
	void (*warn)(struct virgo_plugin_run *run, const char *fmt, ...) VIRGO_PLUGIN_PRINTF(2, 3);
	/*
	 * Over several nodes: remember a node's failure; failures() names and counts them (asked: how
	 * many nodes there were) and returns the worst status, VIRGO_OK without any.
	 */
	void (*node_failed)(struct virgo_plugin_run *run, const struct virgo_error *err);
	int (*failures)(struct virgo_plugin_run *run, size_t asked);

	/*
	 * Output, in the format the user asked for: a list of rows, or one record. The columns must
	 * stay until end(), which the command's return implies.
	 */
	void (*list)(struct virgo_plugin_run *run, const struct virgo_plugin_column *columns,
		     unsigned int n);
	void (*record)(struct virgo_plugin_run *run, const struct virgo_plugin_column *columns,
		       unsigned int n);
	void (*end)(struct virgo_plugin_run *run);
	/* the cells of a row, in the order of the columns; the last one ends the row */
	void (*str)(struct virgo_plugin_run *run, const char *text);	/* NULL: nothing there */
	void (*bytes)(struct virgo_plugin_run *run, const void *data, size_t len);
	void (*u64)(struct virgo_plugin_run *run, uint64_t n);
	void (*i64)(struct virgo_plugin_run *run, int64_t n);
	void (*boolean)(struct virgo_plugin_run *run, int yes);
	void (*size_cell)(struct virgo_plugin_run *run, uint64_t bytes);	/* 1.5M in a table */
	void (*ms)(struct virgo_plugin_run *run, uint64_t ms);	/* 3h 20m in a table */
	void (*us)(struct virgo_plugin_run *run, uint64_t us);	/* 1.25 ms in a table */
	void (*json)(struct virgo_plugin_run *run, const char *json);	/* JSON as it is; NULL: nothing */
	void (*none)(struct virgo_plugin_run *run);
	/* outside of lists and records: bytes as they are, text, a value (escaped in a table) */
	void (*write)(struct virgo_plugin_run *run, const void *data, size_t len);
	void (*print)(struct virgo_plugin_run *run, const char *fmt, ...) VIRGO_PLUGIN_PRINTF(2, 3);
	void (*value)(struct virgo_plugin_run *run, const void *data, size_t len);
	/* -o json or ndjson is asked for; output that failed, so that going on is of no use */
	int (*is_json)(const struct virgo_plugin_run *run);
	int (*output_failed)(const struct virgo_plugin_run *run);

	/*
	 * The nodes: virgo's own context, whose connections stay open between commands; the
	 * configuration in force; a value of it ("timeout"; NULL: none). NULL: it has been reported,
	 * return status(). on() is ctx() for a node set that an argument names; the context and
	 * configuration before it are gone then. None of them is the plugin's to free.
	 */
	struct virgo_ctx *(*ctx)(struct virgo_plugin_run *run);
	struct virgo_ctx *(*on)(struct virgo_plugin_run *run, const char *set);
	struct virgo_conf *(*conf)(struct virgo_plugin_run *run);
	const char *(*setting)(struct virgo_plugin_run *run, const char *key);
	int (*status)(const struct virgo_plugin_run *run);

	/* Ctrl-C came: stop. Calls of the context end with VIRGO_INTERRUPTED by themselves. */
	int (*interrupted)(const struct virgo_plugin_run *run);
	int (*quiet)(const struct virgo_plugin_run *run);
	unsigned int (*verbose)(const struct virgo_plugin_run *run);
	/* the file descriptor that is standard input */
	int (*input)(const struct virgo_plugin_run *run);

	/*
	 * In a completion: a candidate for the word at the cursor, and a word about it (may be NULL).
	 * What does not begin as the word does, or would need quotes, is left out. The context for
	 * candidates from nodes gives up after 90 ms (seconds, where the prompt asks in the background);
	 * NULL: there is none.
	 */
	void (*offer)(struct virgo_plugin_completion *c, const char *word, const char *about);
	struct virgo_ctx *(*completion_ctx)(struct virgo_plugin_completion *c);

	/* the format is a table: what people read, not programs */
	int (*is_table)(const struct virgo_plugin_run *run);
	/* print(), escaped as cells are: for what others wrote, which must not drive the terminal */
	void (*shown)(struct virgo_plugin_run *run, const char *fmt, ...) VIRGO_PLUGIN_PRINTF(2, 3);
	/*
	 * A JSON string with its quotes, U+FFFD where it is not UTF-8. With a name a member of an
	 * object, "name":"text", which is "name_b64":"…" where it is not UTF-8. malloc'd, the
	 * plugin's to free; NULL: out of memory.
	 */
	char *(*json_text)(const char *name, const void *data, size_t len);
	/*
	 * How far long work is: one line on a terminal, in place of the one before; nothing with -q
	 * and elsewhere. NULL takes it away, as the command's return does: before anything is printed.
	 */
	void (*progress)(struct virgo_plugin_run *run, const char *text);
	/*
	 * Print a question and read one line from standard input into answer, without its end, cut
	 * to size - 1 bytes: its length, or -1: there is none, or Ctrl-C came.
	 */
	int (*prompt)(struct virgo_plugin_run *run, const char *question, char *answer, size_t size);
	/*
	 * The path of a file in the directory of the nodes that "virgo up" started: 0 (the file need
	 * not be there), or -1: no nodes run there, or path is too small.
	 */
	int (*running_file)(struct virgo_plugin_run *run, const char *name, char *path, size_t size);
	/*
	 * Ask every node of the context. The answers that are good come in the order of the nodes,
	 * or (TSV, raw, ndjson) as soon as they are there; a dead node costs its own time-out and
	 * nobody else's answer, and is kept for failures(). *failed (may be NULL): how many. A status,
	 * other than VIRGO_OK only where the asking itself failed: it has been reported.
	 */
	int (*call_all)(struct virgo_plugin_run *run, const struct virgo_request *req,
			virgo_plugin_answer_fn fn, void *arg, size_t *failed);
	/*
	 * The same for text, outside of lists: what fn prints of an answer stands under the names of
	 * all nodes of which it prints the same ("node[1-3]:"), a single node's without a heading. In
	 * JSON fn is not called: a list of {"node","status","body"}. Ends with failures(); the status.
	 */
	int (*call_folded)(struct virgo_plugin_run *run, const struct virgo_request *req,
			   virgo_plugin_answer_fn fn, void *arg);
};

#ifdef __cplusplus
}
#endif

#endif
