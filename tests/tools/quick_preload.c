// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Loaded into a program by LD_PRELOAD: when all its libraries are there and it is about to start, it
 * waits instead, and starts in a child for everyone who comes (quick.c). Under emulation a start is
 * little but the loading of libraries. Must never run a line of the program in the waiting process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "quick.h"

enum { CALLERS_MAX = 256, FD_BASE = 2 * QUICK_FD_MAX };

typedef int (*main_fn)(int, char **, char **);

int __libc_start_main(main_fn main, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end);

static main_fn program;
static struct pollfd callers[2 + CALLERS_MAX];
static pid_t children[2 + CALLERS_MAX];
static nfds_t used = 2;

static void die(const char *what)
{
	perror(what);
	_exit(125);
}

/* --- in the child ----------------------------------------------------------------------------- */

static char text[QUICK_TEXT_MAX + 1];
static struct quick_head head;

/* The descriptors get the numbers they had; nothing else stays open. */
static void take_descriptors(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	int fds[QUICK_FD_MAX + 1];
	uint32_t i;

	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS || cmsg->cmsg_len != CMSG_LEN((head.fds + 1) * sizeof(int)))
		_exit(125);
	memcpy(fds, CMSG_DATA(cmsg), (head.fds + 1) * sizeof(int));
	for (i = 0; i <= head.fds; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD, FD_BASE);
		if (fds[i] < 0)
			_exit(125);
	}
	if (fchdir(fds[head.fds]))
		_exit(125);
	close_range(0, FD_BASE - 1, 0);
	for (i = 0; i < head.fds; i++)
		dup2(fds[i], head.fd[i]);
	close_range(FD_BASE, ~0U, 0);
}

static void take_signals(void)
{
	sigset_t set;
	int i;

	sigemptyset(&set);
	for (i = 1; i < 32; i++) {
		signal(i, head.ignored & 1u << i ? SIG_IGN : SIG_DFL);
		if (head.blocked & 1u << i)
			sigaddset(&set, i);
	}
	sigprocmask(SIG_SETMASK, &set, NULL);
}

static char **strings(char **at, uint32_t count)
{
	char **list = calloc(count + 1, sizeof(*list));
	uint32_t i;

	for (i = 0; list && i < count; i++) {
		list[i] = *at;
		*at += strlen(*at) + 1;
	}
	return list;
}

static void run(int from)
{
	static char control[CMSG_SPACE((QUICK_FD_MAX + 1) * sizeof(int))];
	struct iovec iov[2] = { { &head, sizeof(head) }, { text, QUICK_TEXT_MAX } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct rlimit files;
	char *at = text, **argv, **envp;

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) < (ssize_t)sizeof(head) || head.fds > QUICK_FD_MAX)
		_exit(125);
	take_descriptors(&msg);
	take_signals();
	umask(head.mask);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = head.files < files.rlim_max ? head.files : files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	argv = strings(&at, head.argc);
	envp = strings(&at, head.envc);
	if (!argv || !envp)
		_exit(125);
	environ = envp;
	exit(program(head.argc, argv, envp));
}

/* --- in the process that waits ---------------------------------------------------------------- */

static void forget(nfds_t i)
{
	if (callers[i].fd >= 0)
		close(callers[i].fd);
	used--;
	callers[i] = callers[used];
	children[i] = children[used];
}

static void receive(void)
{
	int fd = accept4(callers[0].fd, NULL, NULL, SOCK_CLOEXEC);
	pid_t pid;

	if (fd < 0)
		return;
	if (used == 2 + CALLERS_MAX) {
		close(fd);
		return;
	}
	pid = fork();
	if (!pid)
		run(fd);
	if (pid < 0) {
		close(fd);
		return;
	}
	callers[used] = (struct pollfd){ .fd = fd };
	children[used++] = pid;
}

/* Those that have ended: their callers are told how. */
static void bury(void)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;
	nfds_t i;

	if (read(callers[1].fd, &info, sizeof(info)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 2; i < used; i++) {
			if (children[i] != pid)
				continue;
			if (callers[i].fd >= 0)
				send(callers[i].fd, &status, sizeof(status), MSG_NOSIGNAL);
			forget(i);
			break;
		}
	}
}

/* A caller that was killed takes its program along. */
static void follow(void)
{
	nfds_t i;

	for (i = 2; i < used; i++) {
		if (!(callers[i].revents & (POLLHUP | POLLERR)))
			continue;
		kill(children[i], SIGKILL);
		close(callers[i].fd);
		callers[i].fd = -1;
	}
}

static int serve(int argc, char **argv, char **envp)
{
	const char *path = getenv("VIRGO_QUICK_SOCKET"), *prepare = getenv("VIRGO_QUICK_PREPARE");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	long (*function)(long);
	sigset_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* what would be read from files at every start stays in the C library's memory */
	setlocale(LC_ALL, "");
	setlocale(LC_ALL, "C");
	if (prepare) {
		*(void **)&function = dlsym(RTLD_DEFAULT, prepare);
		if (function)
			function(3);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	callers[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	callers[0].fd = fd;
	callers[0].events = callers[1].events = POLLIN;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || callers[1].fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128))
		die(path);
	while (poll(callers, used, -1) >= 0 || errno == EINTR) {
		follow();
		if (callers[1].revents)
			bury();
		if (callers[0].revents & POLLIN)
			receive();
	}
	die("poll");
	return 1;
}

int __libc_start_main(main_fn main, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	int (*next)(main_fn, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

	*(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
	program = main;
	return next(getenv("VIRGO_QUICK_SOCKET") ? serve : main, argc, argv, init, fini, rtld_fini, stack_end);
}
