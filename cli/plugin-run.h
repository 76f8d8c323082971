/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin's command on its way, and the calls of struct virgo_plugin_host that are more than a verb
 * of cli.h (plugin-calls.c). virgo_plugin.h says what they do.
 */
#ifndef CLI_PLUGIN_RUN_H
#define CLI_PLUGIN_RUN_H

#include "cli/plugin.h"

struct virgo_plugin_run {
	struct run *r;
	struct out_col cols[OUT_COLS_MAX];
	const char *misuse;		/* the first thing that was wrong */
	bool asked_tty, tty, shown;	/* of the line of progress */
};

/* a row that was left unfinished is filled up, or those after it would be shifted */
void plugin_finish_row(struct virgo_plugin_run *run);

char *plugin_json_text(const char *name, const void *data, size_t len);
void plugin_progress(struct virgo_plugin_run *run, const char *text);
int plugin_prompt(struct virgo_plugin_run *run, const char *question, char *answer, size_t size);
int plugin_running_file(struct virgo_plugin_run *run, const char *name, char *path, size_t size);
int plugin_call_all(struct virgo_plugin_run *run, const struct virgo_request *req,
		    virgo_plugin_answer_fn fn, void *arg, size_t *failed);
int plugin_call_folded(struct virgo_plugin_run *run, const struct virgo_request *req,
		       virgo_plugin_answer_fn fn, void *arg);

#endif
