// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads what commands were given. Never reads more than its bound. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/input.h"

int input_body_fd(struct run *r, int fd, struct virgo_body *body)
{
	struct virgo_error err;

	memset(body, 0, sizeof(*body));
	if (virgo_body_fd(body, fd, INPUT_BODY_MAX, &err))
		return run_error(r, &err);
	return VIRGO_OK;
}

int input_body(struct run *r, const char *word, struct virgo_body *body)
{
	memset(body, 0, sizeof(*body));
	if (strcmp(word, "-")) {
		virgo_body_mem(body, word, strlen(word));
		return VIRGO_OK;
	}
	if (isatty(r->cli->in_fd))
		run_note(r, "reading from the terminal, Ctrl-D ends");
	return input_body_fd(r, r->cli->in_fd, body);
}

static int read_all(struct run *r, int fd, const char *name, char **text, size_t *len)
{
	char *buf = malloc(INPUT_TEXT_MAX + 1);
	ssize_t n;

	*len = 0;
	if (!buf)
		return run_fail(r, VIRGO_FAILED, "out of memory");
	do {
		n = read(fd, buf + *len, INPUT_TEXT_MAX + 1 - *len);
		*len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 || (n < 0 && errno == EINTR && !r->cli->interrupted)) &&
		 *len <= INPUT_TEXT_MAX);
	if (!n && *len <= INPUT_TEXT_MAX) {
		buf[*len] = '\0';
		*text = buf;
		return VIRGO_OK;
	}
	free(buf);
	if (n < 0)
		return run_fail(r, VIRGO_FAILED, "can't read %s: %s", name, strerror(errno));
	return run_fail(r, VIRGO_USAGE, "%s has more than %d bytes", name, INPUT_TEXT_MAX);
}

int input_text(struct run *r, const char *path, char **text, size_t *len)
{
	int fd, ret;

	if (!strcmp(path, "-"))
		return read_all(r, r->cli->in_fd, "standard input", text, len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return run_fail(r, run_errno(errno), "can't open %s: %s", path, strerror(errno));
	ret = read_all(r, fd, path, text, len);
	close(fd);
	return ret;
}
