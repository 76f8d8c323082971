/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the shim's tests: a child that must abort with a certain message, and waiting with
 * a deadline.
 */
#ifndef TEST_SHIM_H
#define TEST_SHIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TEST_DEADLINE_MS = 20000,	/* sanitizers on a busy machine are slow */
};

/* Runs fn in a child; it must end by SIGABRT and have printed message on stderr. */
static inline void assert_aborts(void (*fn)(void), const char *message)
{
	char out[2048];
	size_t len = 0;
	int status, fds[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGABRT, SIG_DFL);	/* cmocka catches it otherwise */
		dup2(fds[1], STDERR_FILENO);
		alarm(20);
		fn();
		_exit(0);
	}
	close(fds[1]);
	while (len < sizeof(out) - 1 && (n = read(fds[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || !strstr(out, message))
		fail_msg("want an abort saying \"%s\", got status %#x and \"%s\"", message, status,
			 out);
}

static inline uint64_t test_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Polls until cond holds; fails the test when the deadline is over. */
#define wait_until(cond) do {						\
	uint64_t __end = test_now_ms() + TEST_DEADLINE_MS;		\
									\
	while (!(cond)) {						\
		struct timespec __ts = { 0, 200000 };			\
									\
		if (test_now_ms() > __end)				\
			fail_msg("still not true after %d ms: %s", TEST_DEADLINE_MS, #cond); \
		nanosleep(&__ts, NULL);					\
	}								\
} while (0)

#endif /* TEST_SHIM_H */
