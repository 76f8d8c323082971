// SPDX-License-Identifier: GPL-3.0-or-later
/* Loads the part that learns and speaks for it; must never keep a terminal in a state of its own. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/analytics.h"

int an_cli_load(struct run *r, struct learning *l)
{
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{ "an_train_defaults", &l->defaults }, { "an_train", &l->train },
		{ "an_train_report_free", &l->train_free }, { "an_top", &l->top },
		{ "an_top_report_free", &l->top_free }, { "an_predict", &l->predict },
		{ "an_report", &l->report }, { "an_report_free", &l->report_free },
	};
	char path[PATH_MAX];
	void *so, *symbol;
	size_t i;

	if (cli_beside("virgo-analytics.so", path, sizeof(path))) {
		run_hint(r, "make builds it; packages put it into " VIRGO_LIBDIR "/virgo");
		return run_fail(r, VIRGO_FAILED, "no virgo-analytics.so beside virgo or in "
				VIRGO_LIBDIR "/virgo");
	}
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		run_hint(r, "apt-get install libsvm3 libcjson1 zlib1g libzstd1");
		return run_fail(r, VIRGO_FAILED, "can't load %s: %s", path, dlerror());
	}
	for (i = 0; i < CLI_COUNT(symbols); i++) {
		symbol = dlsym(so, symbols[i].name);
		if (!symbol)
			return run_fail(r, VIRGO_FAILED, "%s has no %s: it is of another version",
					path, symbols[i].name);
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	return VIRGO_OK;
}

int an_cli_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct watching *w = arg;

	if (w->tty && total)
		fprintf(w->r->cli->diag, "\r%s %u %%\033[K", what,
			(unsigned int)(100.0 * (double)done / (double)total));
	else if (w->tty)
		fprintf(w->r->cli->diag, "\r%s\033[K", what);
	w->shown = w->tty;
	return w->r->cli->interrupted;
}

void an_cli_watch(struct run *r, struct watching *w)
{
	w->r = r;
	w->shown = false;
	w->tty = !r->set.quiet && isatty(fileno(r->cli->diag));
}

void an_cli_unwatch(struct watching *w)
{
	if (w->shown)
		fputs("\r\033[K", w->r->cli->diag);
}

/* 1 is left to "no better than a hand rule" and to a machine out of memory or disk */
static enum virgo_code status_code(int status, int sys)
{
	if (run_errno(sys) != VIRGO_FAILED)
		return run_errno(sys);
	return status == AN_USAGE || status == AN_INPUT ? VIRGO_USAGE : VIRGO_FAILED;
}

int an_cli_failed(struct run *r, int status, const struct an_error *err)
{
	if (r->cli->interrupted)
		return run_fail(r, VIRGO_INTERRUPTED, "interrupted, nothing was written");
	return run_fail(r, status_code(status, err->sys), "%s", err->msg);
}

int an_cli_list(struct run *r, const char *option, const char *list[AN_CLI_LOGS_MAX], size_t *n)
{
	const char *value;

	for (*n = 0; (value = run_opt_at(r, option, *n)); ++*n) {
		if (*n == AN_CLI_LOGS_MAX)
			return run_usage(r, "more than %d times --%s", AN_CLI_LOGS_MAX, option);
		list[*n] = value;
	}
	return VIRGO_OK;
}

int an_cli_logs(struct run *r, const char *list[AN_CLI_LOGS_MAX], size_t *n)
{
	int ret = an_cli_list(r, "log", list, n), i;

	for (i = 0; i < r->argc && !ret; i++) {
		if (*n == AN_CLI_LOGS_MAX)
			return run_usage(r, "more than %d logs", AN_CLI_LOGS_MAX);
		list[(*n)++] = r->argv[i];
	}
	if (!ret && !*n)
		list[(*n)++] = "/var/log/kern.log";
	return ret;
}
