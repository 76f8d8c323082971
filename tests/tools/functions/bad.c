// SPDX-License-Identifier: GPL-3.0-or-later
/* Functions that do what functions should not, for the tests. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <virgo/function.h>

static long crash(int argc, const char *const *argv)
{
	printf("before");
	fflush(stdout);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static long leave(int argc, const char *const *argv)
{
	printf("leaving");
	exit(7);
}

static long leave_thread(int argc, const char *const *argv)
{
	pthread_exit(NULL);
	return 0;
}

static long loop(int argc, const char *const *argv)
{
	volatile int i = 0;

	for (;;)
		i++;
	return i;
}

static long unended(int argc, const char *const *argv)
{
	fputs("no newline", stdout);
	fputs("none here", stderr);
	return 0;
}

static long value(int argc, const char *const *argv)
{
	return argc > 1 ? strtol(argv[1], NULL, 0) : 0;
}

static long arguments(int argc, const char *const *argv)
{
	int i;

	for (i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	return argv[argc] ? -1 : argc;
}

/* needs most of the stack that it is promised */
static long stack(int argc, const char *const *argv)
{
	volatile char all[VIRGO_FUNCTION_STACK - (64 << 10)];
	size_t i;

	for (i = 0; i < sizeof(all); i += 4096)
		all[i] = 1;
	return all[0];
}

static long program(int argc, const char *const *argv)
{
	return system(argv[1]);
}

/* a system call that is denied to all runs; EFAULT is what it would say else */
static long denied(int argc, const char *const *argv)
{
	return syscall(SYS_add_key, NULL, NULL, NULL, 0, 0) < 0 ? errno : 0;
}

/* writes where the way to the supervisor is */
static long forge(int argc, const char *const *argv)
{
	char text[256];
	int fd;

	memset(text, argc > 1 ? atoi(argv[1]) : 0, sizeof(text));
	for (fd = 3; fd < 10; fd++)
		if (write(fd, text, sizeof(text)) < 0)
			continue;
	return 5;
}

static long hidden(int argc, const char *const *argv)
{
	return 99;
}

/* not in the table: it must not be found by its name */
long undeclared(int argc, const char *const *argv);
long undeclared(int argc, const char *const *argv)
{
	return hidden(argc, argv);
}

VIRGO_FUNCTIONS(
	{ "crash", crash, "ends by a signal" },
	{ "leave", leave, "calls exit()" },
	{ "leave_thread", leave_thread, "calls pthread_exit()" },
	{ "loop", loop, "does not end" },
	{ "unended", unended, "prints without newline" },
	{ "value", value, "returns its argument" },
	{ "arguments", arguments, "prints its arguments" },
	{ "stack", stack, "uses its stack" },
	{ "program", program, "runs its argument in a shell" },
	{ "denied", denied, "the errno of a system call that is denied" },
	{ "forge", forge, "writes to descriptors it does not know" },
	{ "bad name", value, "cannot be listed" },
	{ "control", value, "a summary\nof two lines" },
	{ "last", value, NULL },
);
