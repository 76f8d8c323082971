// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Programs that do not want to be killed, for the tests of who kills them: they fork as fast as they can, change
 * their session, ignore what can be ignored. Must be run under a limit of processes only, and end by themselves
 * after a minute.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static time_t end;

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* all of them fork all the time */
static void fill(void)
{
	while (now() < end) {
		if (!fork())
			setsid();
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* nobody lives long: a child goes on, and has another before it ends */
static void comet(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (!fork())
			setsid();
	while (now() < end) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
		if (!pid)
			setsid();
	}
}

/* every one wakes all others up again */
static void alarmclock(void)
{
	while (now() < end) {
		fork();
		kill(0, SIGCONT);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

int main(int argc, char **argv)
{
	int sig;

	if (argc != 2) {
		fputs("usage: bomb fill|comet|alarm|main-ends\n", stderr);
		return 2;
	}
	end = now() + 60;
	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	puts("lit");
	fflush(stdout);
	if (!strcmp(argv[1], "main-ends")) {
		if (fork())
			return 0;
		setsid();
		fill();
	} else if (!strcmp(argv[1], "comet")) {
		/* its first process stays, or the run would have ended */
		if (!fork())
			comet();
		else
			while (now() < end)
				pause();
	} else if (!strcmp(argv[1], "alarm")) {
		alarmclock();
	} else {
		fill();
	}
	return 0;
}
