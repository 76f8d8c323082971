// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tables longer than the screen go through $PAGER. A screenful is kept until it is clear that there
 * is more; from then on nothing is. Leaving the pager early is no error.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/prompt/int.h"

extern char **environ;

/* the screen of file; false: it is no terminal, or one without a height */
static bool measure(struct pager *p, FILE *file)
{
	struct winsize size;

	if (!isatty(fileno(file)) || ioctl(fileno(file), TIOCGWINSZ, &size) || size.ws_row < 3)
		return false;
	p->rows = size.ws_row;
	p->cols = size.ws_col ? size.ws_col : 80;
	return true;
}

/* what shows long tables; NULL: nothing */
static const char *command(const struct prompt *pr)
{
	const char *pager = pr->host->get(pr->host->arg, "PAGER"), *path, *p, *term;
	char file[4096];
	size_t n;

	if (pager)
		return *pager ? pager : NULL;
	term = getenv("TERM");
	path = getenv("PATH");
	for (p = path; p && *p && term && strcmp(term, "dumb"); p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		snprintf(file, sizeof(file), "%.*s/less", (int)n, p);
		if (!access(file, X_OK))
			return "less -FRX";
	}
	return NULL;
}

/* count the rows that text takes, from column p->col on; colours take no room */
static void count(struct pager *p, const char *s, size_t len)
{
	for (; len--; s++) {
		if (p->escape) {
			p->escape = !(*s >= '@' && *s <= '~' && *s != '[');
		} else if (*s == '\033') {
			p->escape = true;
		} else if (*s == '\n') {
			p->lines++;
			p->col = 0;
		} else if (((unsigned char)*s & 0xc0) != 0x80 && ++p->col > p->cols) {
			p->lines++;
			p->col = 1;
		}
	}
}

static int spawn(struct pager *p, const char *what)
{
	const char *argv[] = { "sh", "-c", what, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int fds[2], error;

	if (pipe2(fds, O_CLOEXEC))
		return errno;
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&actions, fds[0], 0);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(&p->pid, "/bin/sh", &actions, &attr, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	close(fds[0]);
	if (error) {
		close(fds[1]);
		p->pid = 0;
		return error;
	}
	p->fd = fds[1];
	return 0;
}

/* into the pager; once it has been left, into nothing */
static void feed(struct pager *p, const char *data, size_t len)
{
	ssize_t n;

	while (len && !p->left) {
		n = write(p->fd, data, len);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno != EINTR || interrupted()) {
			p->left = true;
		}
	}
}

static int hold(struct pager *p, const char *data, size_t len)
{
	char *held = realloc(p->held, p->len + len + 1);

	if (!held)
		return ENOMEM;
	memcpy(held + p->len, data, len);
	p->held = held;
	p->len += len;
	return 0;
}

static int release(struct pager *p, FILE *file)
{
	size_t n = p->len;
	int ret = fwrite(p->held, 1, n, file) == n ? 0 : errno ? errno : EIO;

	free(p->held);
	p->held = NULL;
	p->len = 0;
	return ret;
}

static int pass(FILE *file, const void *data, size_t len)
{
	return fwrite(data, 1, len, file) == len ? 0 : errno ? errno : EIO;
}

static int pager_write(void *arg, FILE *file, const void *data, size_t len)
{
	struct prompt *pr = arg;
	struct pager *p = &pr->pager;
	const char *what;
	int ret;

	if (!p->begun) {
		memset(p, 0, sizeof(*p));
		p->begun = true;
		p->through = !measure(p, file) || !command(pr);
	}
	if (p->through)
		return pass(file, data, len);
	if (p->pid) {
		feed(p, data, len);
		return 0;
	}
	ret = hold(p, data, len);
	count(p, data, len);
	if (ret || p->lines < p->rows - 1)
		return ret;
	what = command(pr);
	fflush(file);
	p->through = !what || spawn(p, what);
	if (p->through)
		return release(p, file);
	feed(p, p->held, p->len);
	free(p->held);
	p->held = NULL;
	return 0;
}

static int pager_end(void *arg, FILE *file)
{
	struct prompt *pr = arg;
	struct pager *p = &pr->pager;
	int ret = 0, status = 0;

	if (p->begun && p->held)
		ret = release(p, file);
	if (p->pid) {
		close(p->fd);
		while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status) || WEXITSTATUS(status) > 128)
			terminal_restore(pr);
	}
	free(p->held);
	memset(p, 0, sizeof(*p));
	return ret;
}

void pager_begin(struct prompt *pr)
{
	pr->pages.arg = pr;
	pr->pages.write = pager_write;
	pr->pages.end = pager_end;
	pr->host->page(pr->host->arg, &pr->pages);
}
