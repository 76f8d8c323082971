// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Redirections, on the descriptors themselves. Those from 3 to 9 are the user's: what he has not opened
 * is kept occupied, so that no connection of the host ever lies where a redirection goes; and 0 to 2
 * are never really closed, for the same reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shell/int.h"

enum { KEPT = -1, WAS_CLOSED = -2 };

void sh_fds_start(struct sh *sh)
{
	int fd, flags;

	for (fd = 3; fd < SH_FDS; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			sh->user_fds |= 1u << fd;
	}
	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} while (fd >= 0 && fd < SH_FDS);
	if (fd >= 0)
		close(fd);
}

void sh_undo_start(struct sh_undo *undo)
{
	undo->touched = 0;
}

static void save(struct sh *sh, int fd, struct sh_undo *undo)
{
	if (!undo || undo->touched & 1u << fd)
		return;
	if (!undo->touched)
		undo->user_fds = sh->user_fds;
	undo->touched |= 1u << fd;
	undo->copy[fd] = fcntl(fd, F_DUPFD_CLOEXEC, SH_FDS);
	if (undo->copy[fd] < 0)
		undo->copy[fd] = errno == EBADF ? WAS_CLOSED : KEPT;
}

int sh_put_fd(struct sh *sh, int fd, int from, struct sh_undo *undo)
{
	save(sh, fd, undo);
	if (undo && undo->copy[fd] == KEPT) {
		sh_say(sh, "no more descriptors");
		return -1;
	}
	if (dup2(from, fd) < 0) {
		sh_say(sh, "descriptor %d: %s", fd, strerror(errno));
		return -1;
	}
	sh->user_fds |= 1u << fd;
	return 0;
}

void sh_undo(struct sh *sh, struct sh_undo *undo)
{
	int fd;

	if (!undo->touched)
		return;
	for (fd = 0; fd < SH_FDS; fd++) {
		if (!(undo->touched & 1u << fd) || undo->copy[fd] == KEPT)
			continue;
		if (undo->copy[fd] == WAS_CLOSED) {
			close(fd);
			continue;
		}
		dup2(undo->copy[fd], fd);
		close(undo->copy[fd]);
		if (fd > 2 && !(undo->user_fds & 1u << fd))
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	sh->user_fds = undo->user_fds;
	undo->touched = 0;
}

/* as closed as it may be: what stands there can't be used */
static int close_fd(struct sh *sh, int fd, struct sh_undo *undo)
{
	int null = open("/dev/null", (fd ? O_RDONLY : O_WRONLY) | O_CLOEXEC), ret;

	if (null < 0)
		return -1;
	ret = sh_put_fd(sh, fd, null, undo);
	close(null);
	if (!ret && fd > 2) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		sh->user_fds &= ~(1u << fd);
	}
	return ret;
}

static int duplicate(struct sh *sh, const struct sh_redir *r, const char *word,
		     struct sh_undo *undo)
{
	int from = *word - '0';

	if (!strcmp(word, "-"))
		return close_fd(sh, r->fd, undo);
	if (from < 0 || from >= SH_FDS || word[1]) {
		sh_say_at(sh, r->pos, "\"%.60s\" is no descriptor: 0 to 9, or - to close", word);
		return -1;
	}
	if (from > 2 && !(sh->user_fds & 1u << from)) {
		sh_say_at(sh, r->pos, "descriptor %d is not open", from);
		return -1;
	}
	if (from == r->fd)
		return 0;
	return sh_put_fd(sh, r->fd, from, undo);
}

static int open_file(struct sh *sh, const struct sh_redir *r, const char *path)
{
	static const int flags[] = {
		[SH_IN] = O_RDONLY, [SH_OUT] = O_WRONLY | O_CREAT | O_TRUNC,
		[SH_APPEND] = O_WRONLY | O_CREAT | O_APPEND, [SH_IN_OUT] = O_RDWR | O_CREAT,
	};
	int fd;

	do {	/* a pipe with a name waits for its other end */
		fd = open(path, flags[r->type] | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EINTR && !sh->interrupted);
	if (fd < 0 && errno != EINTR)
		sh_say_at(sh, r->pos, "can't %s %.1000s: %s",
			  r->type == SH_OUT || r->type == SH_APPEND ? "write to" : "open", path,
			  strerror(errno));
	return fd;
}

static int here_document(struct sh *sh, const struct sh_redir *r, const char *text, size_t len)
{
	int fd = memfd_create("here-document", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n = 0;

	while (fd >= 0 && done < len && n >= 0) {
		n = write(fd, text + done, len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0 && n >= 0 && !lseek(fd, 0, SEEK_SET))
		return fd;
	sh_say_at(sh, r->pos, "here-document: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int redirect_one(struct sh *sh, const struct sh_redir *r, struct sh_undo *undo)
{
	const char *word;
	size_t len;
	int fd, ret;

	word = sh_expand_string(sh, r->word, false, &len);
	if (sh->flow)
		return -1;
	if (r->type == SH_DUP_IN || r->type == SH_DUP_OUT)
		return duplicate(sh, r, word, undo);
	fd = r->type == SH_HERE ? here_document(sh, r, word, len) : open_file(sh, r, word);
	if (fd < 0)
		return -1;
	ret = sh_put_fd(sh, r->fd, fd, undo);
	close(fd);
	return ret;
}

int sh_redirect(struct sh *sh, const struct sh_redir *redirs, struct sh_undo *undo)
{
	if (redirs)
		fflush(stdout);
	for (; redirs; redirs = redirs->next)
		if (redirect_one(sh, redirs, undo))
			return -1;
	return 0;
}
