// SPDX-License-Identifier: GPL-3.0-or-later
/* The shell as its host sees it: made, given scripts and texts, asked whether it has ended. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shell/int.h"

enum { STACK_USUAL = 8 << 20, STACK_LEAST = 256 << 10 };

/* three quarters of the stack: what is called last needs some, too */
static size_t stack_limit(void)
{
	struct rlimit limit;
	size_t max = STACK_USUAL;

	if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur < max)
		max = limit.rlim_cur > STACK_LEAST ? limit.rlim_cur : STACK_LEAST;
	return max / 4 * 3;
}

struct sh *sh_new(const struct sh_host *host, const char *name)
{
	struct sh *sh = calloc(1, sizeof(*sh));

	if (!sh)
		return NULL;
	sh->host = host;
	sh->name = strdup(name);
	sh->pipe_status = calloc(1, sizeof(int));
	if (!sh->name || !sh->pipe_status) {
		free(sh->name);
		free(sh->pipe_status);
		free(sh);
		return NULL;
	}
	sh->pipe_max = 1;
	sh->pipe_n = 1;
	sh->trap_status = -1;
	sh->pid = getpid();
	sh->at = (struct sh_pos){ 1, 1 };
	sh->stack = __builtin_frame_address(0);
	sh->stack_max = stack_limit();
	sh_vars_start(sh);
	sh_fds_start(sh);
	sh_traps_start(sh);
	return sh;
}

void sh_free(struct sh *sh)
{
	if (!sh)
		return;
	sh_traps_free(sh);
	sh_functions_free(sh);
	sh_args_free(&sh->args);
	sh_vars_free(sh);
	sh_scratch_free(&sh->scratch);
	free(sh->pipe_status);
	free(sh->name);
	free(sh);
}

struct sh_options *sh_options(struct sh *sh)
{
	return &sh->opt;
}

int sh_status(const struct sh *sh)
{
	return sh->status;
}

void sh_set_status(struct sh *sh, int status)
{
	sh->status = status;
}

bool sh_exiting(const struct sh *sh, int *status)
{
	*status = sh->flow == SH_EXIT ? sh->ending : sh->status;
	return sh->flow == SH_EXIT;
}

int sh_eval_script(struct sh *sh, struct sh_script *script)
{
	struct sh_script *outer = sh->script;
	struct sh_pos at = sh->at;
	int status;

	sh->script = sh_script_get(script);
	status = sh_eval_list(sh, script->list);
	sh_script_put(script);
	sh->script = outer;
	sh->at = at;
	return status;
}

int sh_eval_text(struct sh *sh, const char *what, const char *text, size_t len)
{
	struct sh_syntax_error err;
	struct sh_script *script;
	int status;

	if (!sh_call_begin(sh))
		return SH_ST_ERROR;
	switch (sh_parse(&script, what, text, len, 1, &err)) {
	case SH_PARSED:
		status = sh_eval_script(sh, script);
		sh_script_put(script);
		break;
	case SH_NO_MEMORY:
		sh_out_of_memory();
	default:
		fflush(stdout);
		if (!sh->quiet)
			sh_report(what, text, len, 1, &err);
		sh_stop(sh, SH_ST_ERROR);
		status = SH_ST_ERROR;
		break;
	}
	sh->calls--;
	return status;
}

/* the whole of a file: NULL and why */
static char *read_file(const char *path, size_t *len, const char **why)
{
	int fd = !strcmp(path, "-") ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
	size_t max = 0;
	char *text = NULL, *more;
	ssize_t n = 1;

	*len = 0;
	*why = NULL;
	while (fd >= 0 && n && !*why) {
		if (*len == max) {
			max = max ? max * 2 : 16384;
			more = realloc(text, max);
			if (!more)
				sh_out_of_memory();
			text = more;
		}
		n = read(fd, text + *len, max - *len);
		if (n < 0 && errno != EINTR)
			break;
		*len += n > 0 ? (size_t)n : 0;
		if (*len > SH_TEXT_MAX)
			*why = "over 16 MiB";
	}
	if (fd < 0 || n < 0)
		*why = strerror(errno);
	if (fd >= 0)
		close(fd);
	if (!*why)
		return text;
	free(text);
	return NULL;
}

int sh_eval_file(struct sh *sh, const char *path)
{
	const char *why;
	size_t len;
	char *text = read_file(path, &len, &why);
	int status;

	if (!text) {
		sh_say(sh, "can't read %.1000s: %s", path, why);
		return SH_ST_NOT_FOUND;
	}
	status = sh_eval_text(sh, strcmp(path, "-") ? path : "stdin", text, len);
	free(text);
	return status;
}

/* what stands outside of all scripts: nothing goes further up than here, but the end */
static int outermost(struct sh *sh, int status)
{
	if (sh->pending)
		sh_handle_signals(sh);
	if (sh->flow >= SH_ABORT)
		status = sh->ending;
	if (sh->flow != SH_EXIT)
		sh->flow = SH_GO;
	sh->struck = false;
	sh->status = status;
	fflush(stdout);
	return status;
}

static bool begin(struct sh *sh)
{
	if (sh->flow == SH_EXIT)
		return false;
	sh->stack = __builtin_frame_address(0);
	if (sh->opt.interactive)
		sh->interrupted = 0;	/* a key at the prompt is no wish to end what comes */
	return true;
}

int sh_run(struct sh *sh, struct sh_script *script)
{
	if (!begin(sh))
		return sh->ending;
	return outermost(sh, sh_eval_script(sh, script));
}

int sh_run_text(struct sh *sh, const char *name, const char *text, size_t len)
{
	if (!begin(sh))
		return sh->ending;
	return outermost(sh, sh_eval_text(sh, name, text, len));
}

int sh_run_file(struct sh *sh, const char *path)
{
	int status;

	if (!begin(sh))
		return sh->ending;
	status = sh_eval_file(sh, path);
	return outermost(sh, status);
}

/* as within "…": a here-document's text is just that */
char *sh_expand_text(struct sh *sh, const char *text)
{
	static const char word[] = "end.of.the.prompt";
	struct sh_mark mark = sh_mark(sh);
	struct sh_pos at = sh->at;
	int status = sh->status;
	struct sh_syntax_error err;
	struct sh_script *script, *outer = sh->script;
	struct sh_buf b = { 0 };
	const char *value;
	char *copy = NULL;
	size_t len;

	sh->quiet = true;
	sh_buf_printf(sh, &b, ": <<%s\n%s\n%s\n", word, text, word);
	if (!sh->flow && sh_parse(&script, "prompt", b.data, b.len, 1, &err) == SH_PARSED) {
		sh->script = script;
		value = script->list && script->list->redirs
			? sh_expand_string(sh, script->list->redirs->word, false, &len) : NULL;
		if (value && !sh->flow && len)
			copy = strndup(value, len - 1);
		sh->script = outer;
		sh_script_put(script);
	}
	if (sh->flow != SH_EXIT)
		sh->flow = SH_GO;
	sh->struck = false;
	sh->quiet = false;
	sh->status = status;
	sh->at = at;
	sh_release(sh, mark);
	return copy;
}
