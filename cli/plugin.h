/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins from the inside: finding files, judging them, turning a descriptor into rows of the
 * command table. Others use what cli.h says of plugins; only "plugin ls" needs more of this.
 */
#ifndef CLI_PLUGIN_H
#define CLI_PLUGIN_H

#include <limits.h>

#include "cli/cli.h"
#include "plugins/virgo_plugin.h"

enum plugin_limit {
	PLUGIN_DIRS_MAX = 32,		/* of VIRGO_PLUGIN_PATH, and of PATH each 64 */
	PLUGIN_PATHS_MAX = 64,
	PLUGIN_FILES_MAX = 65536,	/* directory entries one search looks at */
	PLUGIN_WORDS_MAX = 512,		/* words that help and completion show */
	PLUGIN_SCAN_MS = 50,		/* what help and completion may spend on looking */
	PLUGIN_PROBE_MS = 2000,		/* what a plugin may take to load for "plugin ls" */
};

/* A plugin that is loaded: its descriptor as this virgo understands it, and its rows. */
struct plugin {
	struct plugin *next;
	void *handle;
	char *path;
	struct virgo_plugin about;	/* tables not to be used: rows and commands are the copies */
	size_t ncommands;
	struct virgo_plugin_command *commands;	/* one a row */
	struct cli_command *rows;	/* ends with a NULL name */
	char **names;			/* of the rows: "sample count" */
	struct cli_option **options;	/* of the rows; NULL where there are none */
	size_t nfunctions;
	struct virgo_plugin_function *functions;
	struct cli_group group;
};

/* plugin-dirs.c */
/* a file that the search came by; strings live for the call */
struct plugin_file {
	const char *word;		/* may be no word at all, where it is an object */
	const char *path;
	bool object;			/* WORD.so, else virgo-WORD */
	bool dir;			/* in a plugin directory, else in PATH */
};

/* a word of plugins: a-z 0-9 -, beginning with a letter, VIRGO_PLUGIN_NAME_MAX at most */
bool plugin_is_word(const char *word);
/* a word of programs, which may not lead out of the directories that are searched */
bool plugin_is_program(const char *word);
/* the i-th directory of plugins: false past the last one; "" for one that is left out */
bool plugin_dir_at(size_t i, char dir[PATH_MAX]);
/* where this virgo's own plugins are installed */
void plugin_home(char dir[PATH_MAX]);
/* the first WORD.so, or virgo-WORD, of the plugin directories (then of PATH): is there one? */
bool plugin_find(const char *word, bool object, char path[PATH_MAX]);
/* all of them, those found first that would be taken; other than 0 from fn ends it */
void plugin_scan(unsigned int ms, int (*fn)(void *arg, const struct plugin_file *file), void *arg);

/* a word that help and completion show */
struct plugin_word {
	char name[CLI_NAME_MAX];
	bool object;
};
/* the words that are not in the table (yet), sorted: how many; *words is the caller's to free */
size_t plugin_words(struct plugin_word **words);

/* plugin-trust.c: may the file be loaded or run: a regular file, and nobody else's to change? */
bool plugin_trusted(const char *path, struct virgo_error *err);
/* and is it a whole shared object for this machine? */
bool plugin_is_whole(const char *path, struct virgo_error *err);

/* plugin-load.c: load a file and judge it, without putting it into the table; NULL: err says why */
struct plugin *plugin_open(const char *word, const char *path, struct virgo_error *err);
void plugin_close(struct plugin *p);
/* the one that is loaded and serves word */
const struct plugin *plugin_loaded(const char *word);
/* the one that cmd is of, and which command it is there */
const struct plugin *plugin_of(const struct cli_command *cmd, size_t *index);

/* plugin-check.c: read a descriptor into p->about, rows, functions: 0, or -1: err says what is wrong */
int plugin_check(struct plugin *p, const char *word, const struct virgo_plugin *from,
		 struct virgo_error *err);
/* what that has allocated, also where it failed; once */
void plugin_check_free(struct plugin *p);

/* plugin-host.c: what the rows of plugins have for run and offer */
int plugin_run(struct run *r);
void plugin_offer(struct completing *c, const struct cli_command *cmd, const struct cli_cursor *at);

#endif
