// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The loop of the prompt: lines until a construct is complete, run, and what is around it: the
 * banner, shellrc, the history, the terminal as it was. Never waits for a node.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/prompt/hist.h"
#include "shell/prompt/int.h"

#define PS1_DEFAULT "virgo \\n \\h\\s> "
#define PS2_DEFAULT "> "

enum { INTERRUPTED = 130 };

static const struct prompt_host *running;	/* for the signal handler */
static volatile sig_atomic_t came;

static void on_interrupt(int sig)
{
	(void)sig;
	came = 1;
	running->interrupt(running->arg);
}

/* for signals that the shell outlives, but not what it starts: those begin without handlers */
static void on_nothing(int sig)
{
	(void)sig;
}

bool interrupted(void)
{
	return came;
}

/* --- the terminal ---------------------------------------------------------------------------- */

/* a program that had the terminal to itself and is gone left it to nobody */
static void terminal_take(void)
{
	pid_t owner = tcgetpgrp(0);
	sigset_t ttou, old;

	if (owner <= 0 || owner == getpgrp() || !kill(-owner, 0) || errno != ESRCH)
		return;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	tcsetpgrp(0, getpgrp());
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void terminal_restore(struct prompt *pr)
{
	terminal_take();
	if (pr->tty_known)
		tcsetattr(0, TCSADRAIN, &pr->tty);
}

/* what a command left: that of one which crashed is undone, that of "!stty" is kept */
static void terminal_settle(struct prompt *pr, int status)
{
	terminal_take();
	if (status >= 128)
		terminal_restore(pr);
	else
		pr->tty_known = !tcgetattr(0, &pr->tty);
}

static void look_at_terminal(struct prompt *pr)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR");

	setlocale(LC_CTYPE, "");
	pr->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	pr->dumb = !term || !*term || !strcmp(term, "dumb");
	pr->colors = !pr->dumb && !(none && *none) && (isatty(2) || isatty(1));
	pr->tty_known = !tcgetattr(0, &pr->tty);
}

/* --- the beginning --------------------------------------------------------------------------- */

static void remember_old(void *arg, const char *entry)
{
	read_remember(arg, entry);
}

static void load_history(struct prompt *pr)
{
	pr->history = hist_path(getenv("XDG_STATE_HOME"), getenv("HOME"));
	if (pr->history)
		hist_load(pr->history, remember_old, pr);
}

/* may what is in this file be run: is it ours, and can nobody else write it? */
static bool trusted(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		if (errno != ENOENT && errno != ENOTDIR)
			fprintf(stderr, "virgo: can't read %s: %s\n", path, strerror(errno));
		return false;
	}
	if ((st.st_uid == geteuid() || !st.st_uid) && !(st.st_mode & 022))
		return true;
	fprintf(stderr, "virgo: %s is not run: others may write it\nhint: chmod go-w %s\n", path,
		path);
	return false;
}

static void run_shellrc(struct prompt *pr)
{
	const char *dir = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path;
	int n;

	if (dir && *dir == '/')
		n = asprintf(&path, "%s/virgo/shellrc", dir);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.config/virgo/shellrc", home);
	else
		return;
	if (n < 0)
		return;
	if (trusted(path))
		pr->host->source(pr->host->arg, path);
	free(path);
}

static void banner(struct prompt *pr)
{
	fprintf(stderr, "virgo %s on %.*s (%zu node%s); help lists the commands, Ctrl-D ends\n",
		pr->host->version, PROMPT_SET_SHOWN, *pr->health.set ? pr->health.set : "no node",
		pr->health.total, pr->health.total == 1 ? "" : "s");
}

/* --- the loop -------------------------------------------------------------------------------- */

static void drop_pending(struct prompt *pr)
{
	free(pr->pending);
	pr->pending = NULL;
	pr->npending = 0;
}

/* put a line to what is there already; 0, or -1: out of memory */
static int add_line(struct prompt *pr, const char *line)
{
	size_t n = strlen(line);
	char *text = realloc(pr->pending, pr->npending + n + 2);

	if (!text)
		return -1;
	memcpy(text + pr->npending, line, n);
	pr->pending = text;
	pr->npending += n;
	text[pr->npending++] = '\n';
	text[pr->npending] = '\0';
	return 0;
}

static void remember(struct prompt *pr)
{
	char *entry = strdup(pr->pending);
	size_t n = entry ? strlen(entry) : 0;

	while (n && strchr(" \t\r\n", entry[n - 1]))
		entry[--n] = '\0';
	if (n && hist_keeps(entry)) {
		read_remember(pr, entry);
		if (pr->history)
			hist_add(pr->history, entry);
	}
	free(entry);
}

static void run_pending(struct prompt *pr)
{
	const struct prompt_host *host = pr->host;
	char *text = pr->pending;
	size_t n = pr->npending;

	remember(pr);
	pr->pending = NULL;
	pr->npending = 0;
	health_refresh(pr, true);
	came = 0;
	pr->status = host->run(host->arg, text, n);
	free(text);
	fetch_aged();
	fflush(stdout);
	if (came)
		fputc('\n', stderr);	/* behind the ^C */
	terminal_settle(pr, pr->status);
}

/* the end of input; true: of the shell, too */
static bool at_end(struct prompt *pr)
{
	if (!pr->npending) {
		fputs("exit\n", stderr);
		return true;
	}
	run_pending(pr);	/* reports what is missing */
	return false;
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t\r\n")];
}

/* a line, whatever becomes of it; false: the shell ends */
static bool one_line(struct prompt *pr)
{
	const struct prompt_host *host = pr->host;
	char *text, *line;
	bool cancelled;

	health_refresh(pr, false);
	text = pr->npending ? prompt_text(pr, "PS2", PS2_DEFAULT)
			    : prompt_text(pr, "PS1", PS1_DEFAULT);
	line = read_line(pr, text ? text : "> ", &cancelled);
	free(text);
	if (cancelled) {
		drop_pending(pr);
		pr->status = INTERRUPTED;
		host->cancelled(host->arg);
		return true;
	}
	if (!line)
		return !at_end(pr);
	if (pr->npending || !is_blank(line)) {
		if (add_line(pr, line))
			drop_pending(pr);
		else if (host->judge(host->arg, pr->pending, pr->npending) == PROMPT_WHOLE)
			run_pending(pr);
	}
	free(line);
	return true;
}

static void catch_signals(struct sigaction old[3])
{
	struct sigaction sa = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &sa, &old[0]);
	sa.sa_handler = on_nothing;
	sigaction(SIGQUIT, &sa, &old[1]);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, &old[2]);
}

static void release_signals(const struct sigaction old[3])
{
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGQUIT, &old[1], NULL);
	sigaction(SIGPIPE, &old[2], NULL);
}

int prompt_run(const struct prompt_host *host)
{
	struct prompt pr = { .host = host, .health.up = -1 };
	struct sigaction old[3];
	int status = 0;

	if (host->size != sizeof(*host) || strcmp(host->version, VIRGO_VERSION))
		return PROMPT_OTHER_VERSION;
	running = host;
	catch_signals(old);
	look_at_terminal(&pr);
	host->put(host->arg, "PS1", PS1_DEFAULT);
	host->put(host->arg, "PS2", PS2_DEFAULT);
	run_shellrc(&pr);
	if (!host->exiting(host->arg, &status)) {
		pager_begin(&pr);
		read_begin(&pr);
		load_history(&pr);
		health_refresh(&pr, false);
		banner(&pr);
		while (!host->exiting(host->arg, &status) && one_line(&pr))
			;
		if (!host->exiting(host->arg, &status))
			status = pr.status;
		host->page(host->arg, NULL);
	}
	health_end(&pr);
	fetch_end();
	drop_pending(&pr);
	free(pr.history);
	release_signals(old);
	return status;
}
