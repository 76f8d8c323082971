// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The client's key file. Must never follow a symbolic link, wait on a pipe, or let a byte of the
 * file into a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

enum { KEY_FILE_MAX = 4096 };

void virgo_key_wipe(struct virgo_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

/* $XDG_CONFIG_HOME/virgo/<file>, or ~/.config/virgo/<file>; -1: no home, or too long */
int virgo_xdg_path(char *path, size_t size, const char *file)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	/* the XDG specification: a relative path is to be ignored */
	if (xdg && xdg[0] == '/')
		n = snprintf(path, size, "%s/virgo/%s", xdg, file);
	else if (home && home[0] == '/')
		n = snprintf(path, size, "%s/.config/virgo/%s", home, file);
	else
		return -1;
	return n > 0 && (size_t)n < size ? 0 : -1;
}

int virgo_key_default_path(char *path, size_t size)
{
	static const char system_key[] = "/etc/virgo_client_key";
	struct stat st;

	if (!virgo_xdg_path(path, size, "key") && !lstat(path, &st))
		return 0;
	if (lstat(system_key, &st) || size < sizeof(system_key))
		return -1;
	memcpy(path, system_key, sizeof(system_key));
	return 0;
}

static enum virgo_code not_a_file(struct virgo_error *err, const char *path, const char *what)
{
	virgo_error_set(err, VIRGO_NOT_ALLOWED, "key file '%s' is %s", path, what);
	virgo_error_hint(err, "name the file itself in key_file or VIRGO_KEY_FILE");
	return VIRGO_NOT_ALLOWED;
}

static enum virgo_code open_failed(struct virgo_error *err, const char *path)
{
	int why = errno;

	if (why == ELOOP)
		return not_a_file(err, path, "a symbolic link");
	virgo_error_set(err, why == EACCES || why == EPERM ? VIRGO_NOT_ALLOWED : VIRGO_USAGE,
			"unable to open key file '%s': %s", path, strerror(why));
	if (why == ENOENT)
		virgo_error_hint(err, "'virgo key new' makes one");
	return why == EACCES || why == EPERM ? VIRGO_NOT_ALLOWED : VIRGO_USAGE;
}

/* whoever else can read or replace the file has the key */
static enum virgo_code check_file(struct virgo_error *err, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return open_failed(err, path);
	if (!S_ISREG(st.st_mode))
		return not_a_file(err, path, "not a regular file");
	if (st.st_uid && st.st_uid != geteuid()) {
		virgo_error_set(err, VIRGO_NOT_ALLOWED,
				"key file '%s' belongs to user %u, not to you (%u) or root", path,
				(unsigned int)st.st_uid, (unsigned int)geteuid());
		virgo_error_hint(err, "chown %u '%s'", (unsigned int)geteuid(), path);
		return VIRGO_NOT_ALLOWED;
	}
	if (st.st_mode & 077) {
		virgo_error_set(err, VIRGO_NOT_ALLOWED,
				"key file '%s' is open to others (mode %04o)", path,
				(unsigned int)st.st_mode & 07777);
		virgo_error_hint(err, "chmod 600 '%s'", path);
		return VIRGO_NOT_ALLOWED;
	}
	return VIRGO_OK;
}

static int key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static size_t key_span(const char *s)
{
	size_t n = 0;

	while (key_byte(s[n]))
		n++;
	return n;
}

/* the value of a "user" line, or NULL: another option of curl */
static char *user_value(char *line)
{
	if (!strncmp(line, "--", 2))
		line += 2;
	if (strncmp(line, "user", 4) || !strchr(" \t=:\"", line[4]))
		return NULL;
	line += 4;
	return line + strspn(line, " \t=:");
}

/* NULL, or what is wrong with ID:SECRET */
static const char *key_take(struct virgo_key *key, char *value)
{
	size_t id, secret, n = strlen(value);

	if (value[0] == '"') {
		if (n < 2 || value[n - 1] != '"')
			return "a quote is missing";
		value[n - 1] = '\0';
		value++;
	}
	id = key_span(value);
	if (id < 4 || id > VIRGO_KEY_ID_MAX || value[id] != ':')
		return "ID:SECRET begins with 4 to 32 letters, digits, \"-\" or \"_\"";
	secret = key_span(value + id + 1);
	if (value[id + 1 + secret])
		return "the secret has letters, digits, \"-\" and \"_\" only";
	if (secret < VIRGO_SECRET_MIN || secret > VIRGO_SECRET_MAX)
		return "the secret has 32 to 128 characters";
	memcpy(key->id, value, id);
	key->id[id] = '\0';
	memcpy(key->secret, value + id + 1, secret + 1);
	return NULL;
}

static enum virgo_code key_parse(struct virgo_error *err, const char *path, char *text,
				 struct virgo_key *key)
{
	unsigned int number = 0, found = 0;
	const char *wrong = NULL;

	for (char *line = text, *next; line && !wrong; line = next) {
		size_t n;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		line += strspn(line, " \t");
		for (n = strlen(line); n && strchr(" \t\r", line[n - 1]); n--)
			line[n - 1] = '\0';
		if (!*line || *line == '#')
			continue;
		line = user_value(line);
		if (!line)
			wrong = "only user = \"ID:SECRET\" may stand in a key file";
		else if (found++)
			wrong = "a key file holds one key";
		else
			wrong = key_take(key, line);
	}
	if (!wrong && !found)
		wrong = "no user = \"ID:SECRET\" line";
	if (!wrong)
		return VIRGO_OK;
	virgo_error_set(err, VIRGO_USAGE, "key file '%s' line %u: %s", path, number, wrong);
	return VIRGO_USAGE;
}

enum virgo_code virgo_key_read(const char *path, struct virgo_key *key, struct virgo_error *err)
{
	char text[KEY_FILE_MAX + 1];
	enum virgo_code code;
	ssize_t n;
	int fd;

	memset(key, 0, sizeof(*key));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return open_failed(err, path);
	code = check_file(err, path, fd);
	if (code)
		goto out_close;
	do {
		n = read(fd, text, sizeof(text));
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		code = open_failed(err, path);
		goto out_close;
	}
	if (n > KEY_FILE_MAX || memchr(text, 0, n)) {
		code = virgo_error_set(err, VIRGO_USAGE, "key file '%s' is %s", path,
				       n > KEY_FILE_MAX ? "over 4096 bytes" : "not text");
		goto out_wipe;
	}
	text[n] = '\0';
	code = key_parse(err, path, text, key);
out_wipe:
	explicit_bzero(text, sizeof(text));
	if (code)
		virgo_key_wipe(key);
out_close:
	close(fd);
	return code;
}
