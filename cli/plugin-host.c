// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What plugins are handed: virgo's own verbs behind function pointers. A plugin that uses them wrongly
 * gets an error of its own and can't spoil memory by it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complete.h"
#include "cli/plugin-run.h"

static int host_argc(const struct virgo_plugin_run *run)
{
	return run->r->argc;
}

static const char *const *host_argv(const struct virgo_plugin_run *run)
{
	return run->r->argv;
}

static int host_flag(const struct virgo_plugin_run *run, const char *option)
{
	return run_flag(run->r, option);
}

static const char *host_option(const struct virgo_plugin_run *run, const char *option)
{
	return run_opt(run->r, option);
}

static const char *host_option_at(const struct virgo_plugin_run *run, const char *option, size_t i)
{
	return run_opt_at(run->r, option, i);
}

static int host_option_u64(struct virgo_plugin_run *run, const char *option, uint64_t max,
			   uint64_t *value)
{
	return run_opt_u64(run->r, option, max, value);
}

static int host_option_size(struct virgo_plugin_run *run, const char *option, uint64_t *value)
{
	return run_opt_size(run->r, option, value);
}

static int host_option_ms(struct virgo_plugin_run *run, const char *option, uint64_t *value)
{
	return run_opt_ms(run->r, option, value);
}

/* --- errors and remarks ---------------------------------------------------------------------- */

static enum virgo_code sound(int code)
{
	return (code >= VIRGO_FAILED && code <= VIRGO_PRECONDITION) || code == VIRGO_INTERRUPTED ?
	       (enum virgo_code)code : VIRGO_FAILED;
}

static int host_fail(struct virgo_plugin_run *run, int code, const char *fmt, ...)
{
	char text[sizeof(((struct virgo_error *)0)->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return run_fail(run->r, sound(code), "%s", text);
}

static int host_usage(struct virgo_plugin_run *run, const char *fmt, ...)
{
	char text[sizeof(((struct virgo_error *)0)->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return run_usage(run->r, "%s", text);
}

static int host_error(struct virgo_plugin_run *run, const struct virgo_error *err)
{
	struct virgo_error copy = *err;

	copy.code = sound((int)err->code);
	return run_error(run->r, &copy);
}

static void host_hint(struct virgo_plugin_run *run, const char *fmt, ...)
{
	char text[sizeof(run->r->hint)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	run_hint(run->r, "%s", text);
}

static void host_note(struct virgo_plugin_run *run, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	run_note(run->r, "%s", text);
}

static void host_warn(struct virgo_plugin_run *run, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	run_warn(run->r, "%s", text);
}

static void host_node_failed(struct virgo_plugin_run *run, const struct virgo_error *err)
{
	struct virgo_error copy = *err;

	copy.code = sound((int)err->code);
	run_node_failed(run->r, &copy);
}

/* --- output ------------------------------------------------------------------------------------ */

void plugin_finish_row(struct virgo_plugin_run *run)
{
	struct out *o = &run->r->out;

	if (!o->open || !o->col)
		return;
	run->misuse = run->misuse ? run->misuse : "it left a row unfinished";
	while (o->open && o->col)
		out_none(o);
}

static int host_failures(struct virgo_plugin_run *run, size_t asked)
{
	plugin_finish_row(run);
	run->r->asked = asked;
	return run_failures(run->r);
}

static void begin(struct virgo_plugin_run *run, const struct virgo_plugin_column *columns,
		  unsigned int n, bool record)
{
	struct out *o = &run->r->out;
	unsigned int i;

	plugin_finish_row(run);
	if (o->open)
		out_end(o);
	for (i = 0; columns && i < n && i < OUT_COLS_MAX && columns[i].key; i++)
		run->cols[i] = (struct out_col){ columns[i].key, columns[i].title,
						 columns[i].right };
	if (!n || i != n) {
		run->misuse = run->misuse ? run->misuse : "it has a wrong table of columns";
		return;
	}
	if (record)
		out_record(o, run->cols, n);
	else
		out_list(o, run->cols, n);
}

static void host_list(struct virgo_plugin_run *run, const struct virgo_plugin_column *columns,
		      unsigned int n)
{
	begin(run, columns, n, false);
}

static void host_record(struct virgo_plugin_run *run, const struct virgo_plugin_column *columns,
			unsigned int n)
{
	begin(run, columns, n, true);
}

static void host_end(struct virgo_plugin_run *run)
{
	plugin_finish_row(run);
	out_end(&run->r->out);
}

/* after every cell: a record has one row only */
static void done(struct virgo_plugin_run *run)
{
	struct out *o = &run->r->out;

	if (!o->open)
		run->misuse = run->misuse ? run->misuse : "it printed a cell outside of a list or record";
	else if (o->record && !o->col)
		out_end(o);
}

static void host_bytes(struct virgo_plugin_run *run, const void *data, size_t len)
{
	out_bytes(&run->r->out, data, len);
	done(run);
}

static void host_str(struct virgo_plugin_run *run, const char *text)
{
	host_bytes(run, text, text ? strlen(text) : 0);
}

static void host_u64(struct virgo_plugin_run *run, uint64_t n)
{
	out_u64(&run->r->out, n);
	done(run);
}

static void host_i64(struct virgo_plugin_run *run, int64_t n)
{
	out_i64(&run->r->out, n);
	done(run);
}

static void host_boolean(struct virgo_plugin_run *run, int yes)
{
	out_bool(&run->r->out, yes);
	done(run);
}

static void host_size(struct virgo_plugin_run *run, uint64_t bytes)
{
	out_size(&run->r->out, bytes);
	done(run);
}

static void host_ms(struct virgo_plugin_run *run, uint64_t ms)
{
	out_ms(&run->r->out, ms);
	done(run);
}

static void host_us(struct virgo_plugin_run *run, uint64_t us)
{
	out_us(&run->r->out, us);
	done(run);
}

static void host_json(struct virgo_plugin_run *run, const char *json)
{
	out_json(&run->r->out, json);
	done(run);
}

static void host_none(struct virgo_plugin_run *run)
{
	host_str(run, NULL);
}

static void host_write(struct virgo_plugin_run *run, const void *data, size_t len)
{
	out_write(&run->r->out, data, len);
}

static void print_v(struct virgo_plugin_run *run, bool shown, const char *fmt, va_list ap)
{
	struct out *out = &run->r->out;
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	if (n < 0) {
		out->error = ENOMEM;
		return;
	}
	if (shown)
		out_shown(out, "%s", text);
	else
		out_write(out, text, (size_t)n);
	free(text);
}

static void host_print(struct virgo_plugin_run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_v(run, false, fmt, ap);
	va_end(ap);
}

static void host_shown(struct virgo_plugin_run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_v(run, true, fmt, ap);
	va_end(ap);
}

/* the verb wants a NUL behind the bytes, which ours need not have */
static void host_value(struct virgo_plugin_run *run, const void *data, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy) {
		run->r->out.error = ENOMEM;
		return;
	}
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	out_value(&run->r->out, copy, len);
	free(copy);
}

static int host_is_json(const struct virgo_plugin_run *run)
{
	return out_is_json(&run->r->out);
}

static int host_is_table(const struct virgo_plugin_run *run)
{
	return run->r->out.format == OUT_TABLE;
}

static int host_output_failed(const struct virgo_plugin_run *run)
{
	return run->r->out.error != 0;
}

/* --- the nodes and the session ------------------------------------------------------------------- */

static struct virgo_ctx *host_ctx(struct virgo_plugin_run *run)
{
	return run_ctx(run->r);
}

static struct virgo_ctx *host_on(struct virgo_plugin_run *run, const char *set)
{
	return run_on(run->r, set);
}

static struct virgo_conf *host_conf(struct virgo_plugin_run *run)
{
	return run_conf(run->r);
}

static const char *host_setting(struct virgo_plugin_run *run, const char *key)
{
	struct virgo_conf *conf = run_conf(run->r);

	return conf ? virgo_conf_get(conf, key) : NULL;
}

static int host_status(const struct virgo_plugin_run *run)
{
	return run->r->no_ctx ? run->r->no_ctx : VIRGO_FAILED;
}

static int host_interrupted(const struct virgo_plugin_run *run)
{
	return run->r->cli->interrupted != 0;
}

static int host_quiet(const struct virgo_plugin_run *run)
{
	return run->r->set.quiet;
}

static unsigned int host_verbose(const struct virgo_plugin_run *run)
{
	return run->r->set.verbose;
}

static int host_input(const struct virgo_plugin_run *run)
{
	return run->r->cli->in_fd;
}

/* the two are the same thing under two names: the plugin's side never sees what is in it */
static void host_offer(struct virgo_plugin_completion *c, const char *word, const char *about)
{
	if (word)
		complete_offer((struct completing *)c, word, about);
}

static struct virgo_ctx *host_completion_ctx(struct virgo_plugin_completion *c)
{
	return complete_ctx((struct completing *)c);
}

static const struct virgo_plugin_host host = {
	.abi = VIRGO_PLUGIN_ABI, .size = sizeof(host), .version = VIRGO_VERSION,
	.argc = host_argc, .argv = host_argv,
	.flag = host_flag, .option = host_option, .option_at = host_option_at,
	.option_u64 = host_option_u64, .option_size = host_option_size,
	.option_ms = host_option_ms,
	.fail = host_fail, .usage = host_usage, .error = host_error, .hint = host_hint,
	.note = host_note, .warn = host_warn,
	.node_failed = host_node_failed, .failures = host_failures,
	.list = host_list, .record = host_record, .end = host_end,
	.str = host_str, .bytes = host_bytes, .u64 = host_u64, .i64 = host_i64,
	.boolean = host_boolean, .size_cell = host_size, .ms = host_ms, .us = host_us,
	.json = host_json, .none = host_none,
	.write = host_write, .print = host_print, .value = host_value,
	.is_json = host_is_json, .output_failed = host_output_failed,
	.ctx = host_ctx, .on = host_on, .conf = host_conf, .setting = host_setting,
	.status = host_status,
	.interrupted = host_interrupted, .quiet = host_quiet, .verbose = host_verbose,
	.input = host_input,
	.offer = host_offer, .completion_ctx = host_completion_ctx,
	.is_table = host_is_table, .shown = host_shown, .json_text = plugin_json_text,
	.progress = plugin_progress, .prompt = plugin_prompt, .running_file = plugin_running_file,
	.call_all = plugin_call_all, .call_folded = plugin_call_folded,
};

int plugin_run(struct run *r)
{
	struct virgo_plugin_run run = { .r = r };
	const struct plugin *p;
	size_t i = 0;
	int ret;

	p = plugin_of(r->cmd, &i);
	if (!p)
		return run_fail(r, VIRGO_FAILED, "the plugin has gone");
	ret = p->commands[i].run(&host, &run);
	plugin_progress(&run, NULL);
	plugin_finish_row(&run);
	if (run.misuse || ret < 0 || ret > 255)
		run_hint(r, "this is a fault of the plugin, %s", p->path);
	if (run.misuse)
		ret = run_fail(r, VIRGO_FAILED, "not everything was printed: %s", run.misuse);
	else if (ret < 0 || ret > 255)
		ret = run_fail(r, VIRGO_FAILED, "it ended with status %d", ret);
	/* the columns are ours, and gone in a moment */
	out_end(&r->out);
	return ret;
}

void plugin_offer(struct completing *c, const struct cli_command *cmd, const struct cli_cursor *at)
{
	const struct virgo_plugin_cursor cursor = { at->option, at->begun, at->argc, at->argv };
	const struct plugin *p;
	size_t i = 0;

	p = plugin_of(cmd, &i);
	if (p && p->commands[i].offer)
		p->commands[i].offer(&host, (struct virgo_plugin_completion *)c, &cursor);
}
