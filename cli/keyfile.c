// SPDX-License-Identifier: GPL-3.0-or-later
/* Key files. Buffers that held a secret are wiped; no message is made here, only errno. */
#include "cli/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool keyfile_id_ok(const char *id)
{
	size_t n = strlen(id);

	return n >= 4 && n <= VIRGO_KEY_ID_MAX && strspn(id, base64url) == n;
}

int keyfile_make(struct virgo_key *key, const char *id)
{
	unsigned char random[32 + 6];
	unsigned int acc = 0, bits = 0;
	size_t i, n = 0;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	for (i = 0; i < 32; i++) {
		acc = acc << 8 | random[i];
		for (bits += 8; bits >= 6; bits -= 6)
			key->secret[n++] = base64url[acc >> (bits - 6) & 63];
	}
	key->secret[n++] = base64url[acc << (6 - bits) & 63];
	key->secret[n] = '\0';
	if (*id) {
		snprintf(key->id, sizeof(key->id), "%s", id);
	} else {
		snprintf(key->id, sizeof(key->id), "key-");
		for (i = 0; i < 6; i++)
			key->id[4 + i] = "abcdefghijklmnopqrstuvwxyz234567"[random[32 + i] & 31];
		key->id[10] = '\0';
	}
	explicit_bzero(random, sizeof(random));
	return 0;
}

void keyfile_free(struct keyfile *file)
{
	if (file->text)
		explicit_bzero(file->text, file->len);
	free(file->text);
	memset(file, 0, sizeof(*file));
}

static int check_open(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	errno = EINVAL;
	if (!S_ISREG(st.st_mode))
		return -1;
	errno = EPERM;
	/* root keeps the files of nodes that run as somebody else */
	if ((st.st_mode & 077) || (st.st_uid && geteuid() && st.st_uid != geteuid()))
		return -1;
	errno = EFBIG;
	return st.st_size > KEYFILE_MAX ? -1 : 0;
}

int keyfile_read(const char *path, struct keyfile *file)
{
	int fd, saved;
	ssize_t n = -1;

	memset(file, 0, sizeof(*file));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (!check_open(fd))
		file->text = malloc(KEYFILE_MAX + 1);
	if (file->text)
		n = read(fd, file->text, KEYFILE_MAX);
	saved = errno;
	close(fd);
	errno = saved;
	if (n < 0) {
		free(file->text);
		file->text = NULL;
		return -1;
	}
	file->text[n] = '\0';
	file->len = (size_t)n;
	return 0;
}

/* the next line that holds a key; its end in *end. NULL: none. */
static const char *next_key(const char *p, const char **end)
{
	size_t n;

	for (; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		*end = p + n;
		p += strspn(p, " \t");
		n = (size_t)(*end - p);
		if (n && *p != '#' && *p != '\r')
			return p;
	}
	return NULL;
}

/* true: it did not fit */
static bool take_text(char *to, size_t size, const char *p, size_t n)
{
	snprintf(to, size, "%.*s", (int)(n < size ? n : size - 1), p);
	return n >= size;
}

/* one "name=value" after id and secret */
static void take_setting(struct keyfile_line *line, const char *p, size_t n)
{
	const char *equals = memchr(p, '=', n), *value;
	size_t name, len;

	if (!equals)
		return;
	name = (size_t)(equals - p);
	value = equals + 1;
	len = n - name - 1;
	if (name == 6 && !memcmp(p, "rights", 6))
		line->cut |= take_text(line->rights, sizeof(line->rights), value, len);
	else if (name == 8 && !memcmp(p, "services", 8))
		line->cut |= take_text(line->services, sizeof(line->services), value, len);
	else if (name == 8 && !memcmp(p, "prefixes", 8))
		line->cut |= take_text(line->prefixes, sizeof(line->prefixes), value, len);
	else if (name == 10 && !memcmp(p, "not_before", 10))
		line->not_before = strtoll(value, NULL, 10);
	else if (name == 9 && !memcmp(p, "not_after", 9))
		line->not_after = strtoll(value, NULL, 10);
}

static void take_line(struct keyfile_line *line, const char *p, const char *end)
{
	unsigned int word;
	size_t n;

	memset(line, 0, sizeof(*line));
	for (word = 0; p < end; word++) {
		n = strcspn(p, " \t\r\n#");
		if (!n)
			break;
		if (!word)
			take_text(line->id, sizeof(line->id), p, n);
		else if (word > 1)
			take_setting(line, p, n);
		p += n;
		p += strspn(p, " \t");
	}
}

int keyfile_line_at(const struct keyfile *file, size_t i, struct keyfile_line *line)
{
	const char *p = file->text, *end;

	for (p = p ? next_key(p, &end) : NULL; p; p = next_key(end, &end)) {
		if (i--)
			continue;
		take_line(line, p, end);
		return 0;
	}
	return -1;
}

int keyfile_find(const struct keyfile *file, const char *id, struct keyfile_line *line)
{
	size_t i;

	for (i = 0; !keyfile_line_at(file, i, line); i++)
		if (!strcmp(line->id, id))
			return 0;
	return -1;
}

/* the text anew with insert in place of what stands from at to end */
static int replace(struct keyfile *file, size_t at, size_t end, const char *insert)
{
	size_t n = strlen(insert), len = file->len - (end - at) + n;
	char *text;

	if (len > KEYFILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	text = malloc(len + 1);
	if (!text)
		return -1;
	if (at)
		memcpy(text, file->text, at);
	memcpy(text + at, insert, n);
	if (file->len > end)
		memcpy(text + at + n, file->text + end, file->len - end);
	text[len] = '\0';
	keyfile_free(file);
	file->text = text;
	file->len = len;
	return 0;
}

int keyfile_add(struct keyfile *file, const struct virgo_key *key, const struct keyfile_line *with)
{
	bool open_end = file->len && file->text[file->len - 1] != '\n';
	char line[1200];
	int n, ret;

	n = snprintf(line, sizeof(line), "%s%s %s rights=%s", open_end ? "\n" : "", key->id,
		     key->secret, *with->rights ? with->rights : "read,write");
	if (*with->services)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " services=%s", with->services);
	if (*with->prefixes)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " prefixes=%s", with->prefixes);
	if (with->not_before)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " not_before=%" PRId64,
			      with->not_before);
	if (with->not_after)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " not_after=%" PRId64,
			      with->not_after);
	snprintf(line + n, sizeof(line) - (size_t)n, "\n");
	ret = replace(file, file->len, file->len, line);
	explicit_bzero(line, sizeof(line));
	return ret;
}

/* the word that begins so: a list of prefixes may hold the same letters */
static const char *find_word(const char *p, const char *stop, const char *begin)
{
	size_t len = strlen(begin);

	for (; p < stop; p += strspn(p, " \t\r")) {
		if ((size_t)(stop - p) >= len && !memcmp(p, begin, len))
			return p;
		p += strcspn(p, " \t\r\n");
	}
	return NULL;
}

int keyfile_retire(struct keyfile *file, const char *id, int64_t not_after)
{
	const char *p, *end, *old, *stop;
	struct keyfile_line line;
	char setting[48];

	for (p = file->text ? next_key(file->text, &end) : NULL; p; p = next_key(end, &end)) {
		take_line(&line, p, end);
		if (!strcmp(line.id, id))
			break;
	}
	errno = ENOENT;
	if (!p)
		return -1;
	if (line.not_after && line.not_after <= not_after)
		return 0;
	snprintf(setting, sizeof(setting), " not_after=%" PRId64, not_after);
	for (stop = p; stop < end && *stop != '#'; stop++)
		;
	while (stop > p && strchr(" \t\r", stop[-1]))
		stop--;
	old = find_word(p, stop, "not_after=");
	if (old)
		return replace(file, (size_t)(old - 1 - file->text),
			      (size_t)(old + strcspn(old, " \t\r\n") - file->text), setting);
	return replace(file, (size_t)(stop - file->text), (size_t)(stop - file->text), setting);
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return -1;
		n = n < 0 ? 0 : n;
	}
	return fsync(fd);
}

static int open_dir_of(const char *path)
{
	char dir[PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	return open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* of the directory: the file itself is another one after each change */
int keyfile_lock(const char *path)
{
	int fd = open_dir_of(path), saved;

	if (fd < 0 || !flock(fd, LOCK_EX))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* a renamed file is there for good only when its directory is written, too */
static void sync_dir(const char *path)
{
	int fd = open_dir_of(path);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int keyfile_replace(const char *path, const char *text, size_t len)
{
	char temp[PATH_MAX];
	struct stat st;
	int fd, saved;

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(temp, O_CLOEXEC);	/* 0600 */
	if (fd < 0)
		return -1;
	if (!lstat(path, &st) && S_ISREG(st.st_mode) && st.st_uid != geteuid() &&
	    fchown(fd, st.st_uid, st.st_gid))
		goto fail;
	if (write_all(fd, text, len) || rename(temp, path))
		goto fail;
	close(fd);
	sync_dir(path);
	return 0;
fail:
	saved = errno;
	close(fd);
	unlink(temp);
	errno = saved;
	return -1;
}

int keyfile_write_client(const char *path, const struct virgo_key *key)
{
	char text[256];
	int ret;

	snprintf(text, sizeof(text), "user = \"%s:%s\"\n", key->id, key->secret);
	ret = keyfile_replace(path, text, strlen(text));
	explicit_bzero(text, sizeof(text));
	return ret;
}
