// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * $(…): what a command writes becomes text. One that changes nothing of the shell runs in this process
 * and writes to memory of a fixed size; all else runs in a child. Bytes are never lost silently.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shell/int.h"

enum { PAGE = 4096 };

static bool runs_here(struct sh *sh, const struct sh_node *list)
{
	const struct sh_builtin *builtin;
	enum sh_kind kind;

	if (list->next || list->type != SH_SIMPLE)
		return false;
	kind = sh_foresee(sh, list, false);
	if (kind != SH_K_BUILTIN)
		return kind == SH_K_HOST;
	builtin = sh_builtin_find(list->simple.words->literal);
	return builtin->flags & SH_B_PURE;
}

/* a file in memory that holds a page more than is allowed, and refuses what comes then */
static int capture_open(struct sh *sh)
{
	int fd = memfd_create("substitution", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && !ftruncate(fd, SH_STRING_MAX + PAGE) && !fcntl(fd, F_ADD_SEALS, F_SEAL_GROW))
		return fd;
	sh_fail(sh, "$(…): %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void too_long(struct sh *sh)
{
	sh_fail(sh, "the output is over %d MiB, the limit of $(…): use a pipe or a redirection",
		SH_STRING_MAX >> 20);
}

static void capture_read(struct sh *sh, int fd, struct sh_buf *b)
{
	off_t len = lseek(fd, 0, SEEK_CUR);
	ssize_t n;

	if (len > SH_STRING_MAX) {
		too_long(sh);
		return;
	}
	if (len <= 0 || !sh_buf_room(sh, b, (size_t)len))
		return;
	n = pread(fd, b->data, (size_t)len, 0);
	b->len = n > 0 ? (size_t)n : 0;
}

static int run_here(struct sh *sh, const struct sh_node *node, struct sh_buf *b)
{
	struct sh_undo undo;
	int fd, status;

	fd = capture_open(sh);
	if (fd < 0)
		return SH_ST_ERROR;
	fflush(stdout);
	sh_undo_start(&undo);
	status = sh_put_fd(sh, 1, fd, &undo) ? SH_ST_ERROR : sh_eval_simple(sh, node);
	status = sh_contain(sh, status);
	fflush(stdout);
	sh_undo(sh, &undo);
	if (!sh->flow)
		capture_read(sh, fd, b);
	close(fd);
	return status;
}

/* all that comes from fd; false: more than is allowed */
static bool read_all(struct sh *sh, int fd, pid_t pid, struct sh_buf *b)
{
	bool told = false;
	ssize_t n;

	for (;;) {
		if (b->len >= SH_STRING_MAX)
			return read(fd, &(char){ 0 }, 1) <= 0;
		if (!sh_buf_room(sh, b, b->len ? 1 : 4096))
			return false;
		n = b->max - b->len - 1 < SH_STRING_MAX - b->len ? (ssize_t)(b->max - b->len - 1)
								 : (ssize_t)(SH_STRING_MAX - b->len);
		if (sh_await(sh, fd, NULL, told) < 0) {
			sh_pass_interrupt(sh, 1, &pid);
			told = true;
			continue;
		}
		n = read(fd, b->data + b->len, (size_t)n);
		if (!n || (n < 0 && errno != EINTR))
			return true;
		b->len += n > 0 ? (size_t)n : 0;
	}
}

static void in_child(struct sh *sh, const struct sh_node *list, const int ends[2])
{
	dup2(ends[1], 1);
	close(ends[0]);
	close(ends[1]);
	sh->tested = 0;
	sh_child_exit(sh, sh_eval_list(sh, list));
}

static int run_apart(struct sh *sh, const struct sh_node *list, struct sh_buf *b)
{
	int ends[2];
	bool fits;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		sh_fail(sh, "$(…): %s", strerror(errno));
		return SH_ST_ERROR;
	}
	pid = sh_fork(sh);
	if (!pid)
		in_child(sh, list, ends);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		sh_stop(sh, SH_ST_ERROR);
		return SH_ST_ERROR;
	}
	fits = read_all(sh, ends[0], pid, b);
	close(ends[0]);
	if (!fits && !sh->flow)
		too_long(sh);
	return sh_wait(sh, pid);
}

const char *sh_substitute(struct sh *sh, const struct sh_node *list, size_t *len)
{
	struct sh_pos at = sh->at;
	struct sh_buf b = { 0 };
	int status = 0;

	if (list)
		status = runs_here(sh, list) ? run_here(sh, list, &b) : run_apart(sh, list, &b);
	sh->at = at;
	if (sh->pending)
		sh_handle_signals(sh);
	if (!sh->flow && b.len && memchr(b.data, 0, b.len))
		sh_fail(sh, "the output has a NUL byte, which no variable holds: "
			"use a pipe or a redirection");
	if (sh->flow)
		return NULL;
	sh->subst_status = status;
	sh->status = status;
	while (b.len && b.data[b.len - 1] == '\n')
		b.len--;
	*len = b.len;
	return sh_buf_end(sh, &b);
}
