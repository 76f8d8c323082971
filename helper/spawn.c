// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See spawn.h. Must never run a program with a descriptor, a signal disposition, a privilege or a
 * variable that it was not meant to have, and never go on after one of the steps failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/rlimits.h"
#include "helper/spawn.h"

enum { PROGRAM_FD = 3, PROGRAM_REPORT_FD = 4, FILES = LIBRARY_FD + LIBRARIES_MAX + 1 };

static void fail(int report, const char *step, const char *what) __attribute__((noreturn));

static void fail(int report, const char *step, const char *what)
{
	struct report r = { .what = REPORT_FAILED, .why = VIRGO_END_FAILED, .err = errno };

	snprintf(r.text, sizeof(r.text), "%s%.120s: %s", step, what, strerror(r.err));
	/* if the supervisor is gone there is nobody to tell */
	if (write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * sigaction() refuses the two signals the C library keeps for its threads; whoever started the node may
 * have left even those ignored, so the kernel itself is asked. A handler there stays: exec ends it, and a
 * function's process needs it.
 */
static void default_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct { unsigned long handler, rest[7]; } act;	/* the kernel's structure, or more than it */
	int sig;

	for (sig = 1; sig < NSIG; sig++) {
		if (!sigaction(sig, &dfl, NULL))
			continue;
		memset(&act, 0, sizeof(act));
		if (syscall(SYS_rt_sigaction, sig, NULL, &act, NSIG / 8) ||
		    act.handler != (unsigned long)SIG_IGN)
			continue;
		memset(&act, 0, sizeof(act));
		syscall(SYS_rt_sigaction, sig, &act, NULL, NSIG / 8);
	}
}

/*
 * Give every descriptor its place, counted from 0, and close all others. The last two of a program,
 * and the program itself, are closed by exec. Returns where the report is now.
 */
static int place_files(const struct spawn *s, int *program)
{
	int from[FILES], high[FILES], n = 3, i;

	memcpy(from, s->stdio, sizeof(s->stdio));
	if (s->is_function) {
		from[n++] = s->report;
		for (i = 0; i < (int)s->nr_libraries; i++)
			from[n++] = s->libraries[i];
		from[n++] = s->program;
	} else {
		from[n++] = s->program;
		from[n++] = s->report;
	}
	/* out of each other's way first */
	for (i = 0; i < n; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FILES);
		if (high[i] < 0)
			fail(s->report, "its files cannot be opened", "");
	}
	for (i = 0; i < n; i++)
		if (dup2(high[i], i) < 0)
			fail(high[s->is_function ? REPORT_FD : PROGRAM_REPORT_FD],
			     "its files cannot be opened", "");
	*program = s->is_function ? n - 1 : PROGRAM_FD;
	i = s->is_function ? REPORT_FD : PROGRAM_REPORT_FD;
	fcntl(*program, F_SETFD, FD_CLOEXEC);
	if (!s->is_function)
		fcntl(i, F_SETFD, FD_CLOEXEC);
	if (close_range(n, ~0u, 0))
		fail(i, "descriptors cannot be closed", "");
	return i;
}

static void start(const struct spawn *s, int program, int report) __attribute__((noreturn));

static void start(const struct spawn *s, int program, int report)
{
	execveat(program, "", s->argv, s->envp, AT_EMPTY_PATH);
	if (errno == ENOENT && !s->is_function) {
		/*
		 * what an interpreter shall read must not be closed by exec: /dev/fd/3 is its name
		 */
		if (access("/dev/fd/3", F_OK))
			fail(report, "a script, for which /dev/fd is missing", "");
		fcntl(program, F_SETFD, 0);
		execveat(program, "", s->argv, s->envp, AT_EMPTY_PATH);
		if (errno == ENOENT)
			fail(report, "its interpreter is missing", "");
	}
	fail(report, "it cannot be run", "");
}

void spawn(const struct spawn *s)
{
	sigset_t none;
	int program, report;

	sigemptyset(&none);
	default_signals();
	report = place_files(s, &program);
	if (setsid() < 0)
		fail(report, "no session of its own", "");
	setpriority(PRIO_PROCESS, 0, config.nice);
	if (rlimits_apply(s->limits))
		fail(report, "its limits cannot be set", "");
	if (user_become(s->user))
		fail(report, "it cannot be run as user ", s->user->name);
	if (rlimits_apply_processes(s->processes))
		fail(report, "its limit of processes cannot be set", "");
	/*
	 * if the supervisor is killed, so is this; and a changed user has made the kernel forget it
	 */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail(report, "its privileges cannot be taken away", "");
	if (getppid() != s->supervisor)
		_exit(126);
	umask(s->umask);
	if (chdir(s->cwd))
		fail(report, "it cannot be run in ", s->cwd);
	sigprocmask(SIG_SETMASK, &none, NULL);
	start(s, program, report);
}
