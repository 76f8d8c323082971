// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Signals and traps. A handler only notes that something came; what is to be done is done between two
 * commands. A signal that was ignored when we began stays ignored.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "shell/int.h"

static struct sh *owner;	/* for the handler: one shell a process */

static const struct {
	const char *name;
	int sig;
} conditions[] = {
	{ "EXIT", 0 }, { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT },
	{ "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
};

void sh_traps_start(struct sh *sh)
{
	int i;

	owner = sh;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);	/* else nobody could be waited for */
	for (i = 0; i < (int)SH_COUNT(conditions); i++)
		if (conditions[i].sig)
			sigaction(conditions[i].sig, NULL, &sh->before[conditions[i].sig]);
}

void sh_signal(struct sh *sh, int sig)
{
	if (sig <= 0 || sig >= SH_SIGNALS)
		return;
	sh->got[sig] = 1;
	sh->pending = 1;
}

void sh_interrupt(struct sh *sh)
{
	if (sh->traps[SIGINT])
		sh->got[SIGINT] = 1;
	else
		sh->interrupted = 1;
	sh->pending = 1;
}

bool sh_interrupted(const struct sh *sh)
{
	return sh->interrupted || sh->got[SIGINT];
}

static void caught(int sig)
{
	if (owner && sig == SIGINT)
		sh_interrupt(owner);
	else if (owner)
		sh_signal(owner, sig);
}

/* let a signal do what its trap says */
static void arm(struct sh *sh, int sig)
{
	struct sigaction sa = { .sa_handler = caught, .sa_flags = SA_RESTART };
	const struct sigaction *before = &sh->before[sig];

	if (before->sa_handler == SIG_IGN)
		return;
	if (!sh->traps[sig]) {
		sigaction(sig, before, NULL);
		return;
	}
	if (!*sh->traps[sig])
		sa.sa_handler = SIG_IGN;
	else if (before->sa_handler != SIG_DFL)
		sa = *before;	/* the host's own, which tells us */
	if (sig == SIGINT)
		sa.sa_flags &= ~SA_RESTART;	/* it ends what waits */
	sigaction(sig, &sa, NULL);
}

static void put_trap(struct sh *sh, int sig, const char *action)
{
	char *old = sh->traps[sig], *copy = action ? strdup(action) : NULL;

	if (action && !copy)
		sh_out_of_memory();
	sh->traps[sig] = copy;
	free(old);
	if (sig)
		arm(sh, sig);
}

void sh_traps_free(struct sh *sh)
{
	int sig;

	for (sig = 0; sig < SH_SIGNALS; sig++)
		if (sh->traps[sig])
			put_trap(sh, sig, NULL);
	if (owner == sh)
		owner = NULL;
}

void sh_traps_forked(struct sh *sh)
{
	int sig;

	for (sig = 0; sig < SH_SIGNALS; sig++) {
		if (sh->traps[sig] && (!sig || *sh->traps[sig]))
			put_trap(sh, sig, NULL);
		sh->got[sig] = 0;
	}
	sh->pending = 0;
	sh->interrupted = 0;
}

static void run_action(struct sh *sh, const char *action, int status)
{
	struct sh_mark mark = sh_mark(sh);
	int outer = sh->trap_status;
	const char *text = sh_tmp_dup(sh, action, strlen(action));	/* it may end its own trap */

	sh->flow = SH_GO;
	sh->trap_status = status;
	sh->status = status;
	sh_eval_text(sh, "trap", text, strlen(text));
	sh->trap_status = outer;
	sh_release(sh, mark);
}

/* an action that only passes leaves $? and what was under way as they were */
static void run_trap(struct sh *sh, int sig)
{
	enum sh_flow flow = sh->flow;
	int status = sh->status;

	if (!sh->traps[sig] || !*sh->traps[sig])
		return;
	run_action(sh, sh->traps[sig], status);
	if (!sh->flow) {
		sh->flow = flow;
		sh->status = status;
	}
}

void sh_handle_signals(struct sh *sh)
{
	int sig;

	sh->pending = 0;
	if (sh->interrupted) {
		sh->interrupted = 0;
		sh->struck = true;
		sh_stop(sh, SH_ST_INTERRUPTED);
		return;
	}
	for (sig = 1; sig < SH_SIGNALS && sh->flow < SH_ABORT; sig++) {
		if (!sh->got[sig])
			continue;
		sh->got[sig] = 0;
		run_trap(sh, sig);
	}
}

int sh_await(struct sh *sh, int fd, const struct timespec *time, bool told)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	sigset_t all, before;
	int ret = -1;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (told || !sh->pending)
		ret = ppoll(&in, 1, time, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret < 0 ? -1 : ret > 0;
}

int sh_exit_trap(struct sh *sh, int status)
{
	char *action = sh->traps[0];

	sh->traps[0] = NULL;
	if (!action || !*action) {
		free(action);
		return status;
	}
	sh->struck = false;
	sh->tested = 0;
	run_action(sh, action, status);
	free(action);
	if (sh->flow >= SH_ABORT)
		status = sh->ending;
	fflush(stdout);
	sh->flow = SH_EXIT;
	sh->ending = status;
	return status;
}

/* "INT", "SIGINT", "2"; -1: none that can be trapped */
static int condition(const char *word)
{
	size_t i;
	char number[24];

	if (!strncmp(word, "SIG", 3))
		word += 3;
	for (i = 0; i < SH_COUNT(conditions); i++) {
		number[sh_number(number, conditions[i].sig)] = '\0';
		if (!strcmp(word, conditions[i].name) || !strcmp(word, number))
			return conditions[i].sig;
	}
	return -1;
}

static void list(struct sh *sh)
{
	struct sh_mark mark = sh_mark(sh);
	struct sh_buf b = { 0 };
	size_t i;

	for (i = 0; i < SH_COUNT(conditions); i++) {
		const char *action = sh->traps[conditions[i].sig];

		if (!action)
			continue;
		sh_buf_add(sh, &b, "trap -- ", 8);
		sh_quote(sh, &b, action);
		sh_buf_printf(sh, &b, " %s\n", conditions[i].name);
	}
	fwrite(sh_buf_end(sh, &b), 1, b.len, stdout);
	sh_release(sh, mark);
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

int sh_b_trap(struct sh *sh, int argc, const char *const *argv)
{
	const char *action;
	int i = 1, sig, status = 0;

	if (argc > 1 && !strcmp(argv[1], "--"))
		i++;
	if (argc == i) {
		list(sh);
		return 0;
	}
	action = argv[i];
	if (is_number(action) || argc == i + 1)
		action = "-";
	else
		i++;
	for (; i < argc; i++) {
		sig = condition(argv[i]);
		if (sig < 0) {
			sh_say(sh, "trap: \"%.60s\" is none of EXIT HUP INT QUIT USR1 USR2 ALRM TERM",
			       argv[i]);
			status = 1;
			continue;
		}
		put_trap(sh, sig, !strcmp(action, "-") ? NULL : action);
	}
	return status;
}
