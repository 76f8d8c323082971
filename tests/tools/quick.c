// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Stands for a program that tests/tools/quick.sh keeps loaded: hands its arguments, environment,
 * directory and descriptors to the copy that waits (quick_preload.c), and ends as that ends. Where
 * that cannot be it becomes the program itself. Linked statically, as starting it is the point; must
 * never change what the program would have done.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "quick.h"

static char **arguments;
static const char *directory, *name;

static void become_the_program(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/real/%s", directory, name);
	execv(path, arguments);
	perror(path);
	_exit(127);
}

/* A name space of one's own is not the waiting copy's. */
static int is_elsewhere(void)
{
	const char *want = getenv("VIRGO_QUICK_NET");
	char here[64];
	ssize_t n = readlink("/proc/self/ns/net", here, sizeof(here) - 1);

	if (n < 0 || !want)
		return 1;
	here[n] = '\0';
	return strcmp(here, want) != 0;
}

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s.sock", directory, name);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		become_the_program();
	return fd;
}

static size_t append(char *text, size_t at, char **strings, uint32_t *count)
{
	for (*count = 0; strings[*count]; (*count)++) {
		size_t len = strlen(strings[*count]) + 1;

		if (len > QUICK_TEXT_MAX - at)
			become_the_program();
		memcpy(text + at, strings[*count], len);
		at += len;
	}
	return at;
}

static void describe_signals(struct quick_head *head)
{
	struct sigaction sa;
	sigset_t set;
	int i;

	sigprocmask(SIG_BLOCK, NULL, &set);
	for (i = 1; i < 32; i++) {
		if (!sigaction(i, NULL, &sa) && sa.sa_handler == SIG_IGN)
			head->ignored |= 1u << i;
		if (sigismember(&set, i) == 1)
			head->blocked |= 1u << i;
	}
}

/* The descriptors open here, and the directory as the last one. */
static void collect(struct quick_head *head, int *fds)
{
	int fd;

	for (fd = 0; fd < QUICK_FD_MAX; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			head->fd[head->fds++] = fd;
	for (fd = 0; fd < (int)head->fds; fd++)
		fds[fd] = head->fd[fd];
	fds[head->fds] = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fds[head->fds] < 0)
		become_the_program();
}

static void hand_over(int to, char **argv, char **envp)
{
	static struct quick_head head;
	static char text[QUICK_TEXT_MAX];
	static int fds[QUICK_FD_MAX + 1];
	static char control[CMSG_SPACE(sizeof(fds))];
	struct iovec iov[2] = { { &head, sizeof(head) }, { text, 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control };
	struct rlimit files;
	struct cmsghdr *cmsg;
	size_t bytes;

	head.mask = umask(0);
	umask(head.mask);
	getrlimit(RLIMIT_NOFILE, &files);
	head.files = files.rlim_cur;
	describe_signals(&head);
	iov[1].iov_len = append(text, 0, argv, &head.argc);
	iov[1].iov_len = append(text, iov[1].iov_len, envp, &head.envc);
	collect(&head, fds);
	bytes = (head.fds + 1) * sizeof(int);
	msg.msg_controllen = CMSG_SPACE(bytes);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(cmsg), fds, bytes);
	if (sendmsg(to, &msg, MSG_NOSIGNAL) < 0)
		become_the_program();
}

static void end_as(int status)
{
	struct rlimit core = { 0, 0 };
	sigset_t set;

	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	setrlimit(RLIMIT_CORE, &core);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

int main(int argc, char **argv, char **envp)
{
	int fd, i, status;

	arguments = argv;
	directory = getenv("VIRGO_QUICK");
	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (!directory) {
		fprintf(stderr, "quick: %s: VIRGO_QUICK is not set\n", name);
		return 127;
	}
	if (is_elsewhere())
		become_the_program();
	/* a number that the program's own descriptors do not have, and none of 0 to 2 */
	fd = dial();
	i = fcntl(fd, F_DUPFD_CLOEXEC, QUICK_FD_MAX);
	close(fd);
	if (i < 0)
		become_the_program();
	fd = i;
	hand_over(fd, argv, envp);
	/* what is a pipe's end is the other's now, or its reader would wait for us */
	close_range(0, QUICK_FD_MAX - 1, 0);
	if (recv(fd, &status, sizeof(status), 0) != sizeof(status))
		_exit(126);
	end_as(status);
	return 0;
}
