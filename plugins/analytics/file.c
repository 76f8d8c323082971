// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Values files on this machine: read by the node's own grammar, and the one before put back. Must never leave a moment
 * without a file, nor lose one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/values_parse.h"
#include "plugins/analytics/plugin.h"

enum { COPY_MAX = 1 << 20 };	/* no values file is half as large */

static int take_pair(void *arg, const struct vg_conf_pair *pair, struct vg_conf_error *err)
{
	struct values_file *f = arg;

	(void)err;
	if (f->n < VG_CONF_PAIRS)
		f->pair[f->n++] = *pair;
	return 0;
}

void values_default(struct virgo_plugin_run *run, char path[PATH_MAX])
{
	if (host->running_file(run, "virgo_kernel_analytics.conf", path, PATH_MAX))
		snprintf(path, PATH_MAX, "/etc/virgo_kernel_analytics.conf");
}

int values_read(struct virgo_plugin_run *run, const char *path, bool must, struct values_file *f)
{
	struct vg_conf_sink sink = { .pair = take_pair, .ctx = f };
	struct vg_conf_error err = { .line = 0 };
	size_t len = 0;

	f->n = 0;
	f->text = read_whole(path, VG_CONF_BYTES, &len);
	if (!f->text)
		return must ? host->fail(run, errno_code(errno), "can't read %s: %s", path, strerror(errno)) : VIRGO_OK;
	if (!vg_values_parse(f->text, len, &sink, &err) || !must)
		return VIRGO_OK;
	values_free(f);
	return host->fail(run, VIRGO_USAGE, "%s:%u:%u: %s", path, err.line, err.col, err.msg);
}

void values_free(struct values_file *f)
{
	free(f->text);
	f->text = NULL;
	f->n = 0;
}

const struct vg_conf_pair *values_find(const struct values_file *f, const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->pair[i].key.n == len && !memcmp(f->pair[i].key.p, key, len))
			return &f->pair[i];
	return NULL;
}

static void numbered(const char *path, unsigned int i, char name[PATH_MAX + 16])
{
	if (i)
		snprintf(name, PATH_MAX + 16, "%s.%u", path, i);
	else
		snprintf(name, PATH_MAX + 16, "%s", path);
}

/* best effort: the renames are done, and last at the latest until the file system writes by itself */
static void sync_around(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* A file of its own, for file systems that know no second names; -1 and errno. */
static int copy(const char *path, const char *to)
{
	size_t len = 0, done = 0;
	char *text = read_whole(path, COPY_MAX, &len);
	int fd = -1, error;
	ssize_t n = 0;

	if (text && len > COPY_MAX)
		errno = EFBIG;
	else if (text)
		fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	while (fd >= 0 && done < len && (n = write(fd, text + done, len - done)) > 0)
		done += (size_t)n;
	if (fd >= 0 && (done < len || fsync(fd)))
		n = -1;
	error = errno;
	if (fd >= 0)
		close(fd);
	free(text);
	errno = error;
	return fd < 0 || n < 0 ? -1 : 0;
}

/* PATH stays under the name @undone, too. What had that name goes last, when nothing can fail. -1 and errno */
static int keep_undone(const char *path, const char *undone)
{
	char fresh[PATH_MAX + 32];
	int ret;

	snprintf(fresh, sizeof(fresh), "%s.new", undone);
	if (unlink(fresh) && errno != ENOENT)
		return -1;
	ret = link(path, fresh);
	if (ret && errno == ENOENT)
		return unlink(undone) && errno != ENOENT ? -1 : 0;
	if (ret && (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK))
		ret = copy(path, fresh);
	if (!ret)
		ret = rename(fresh, undone);
	/* also where both were one file already, which rename() leaves as they are */
	ret |= unlink(fresh) && errno != ENOENT ? -1 : 0;
	return ret;
}

int values_undo(struct virgo_plugin_run *run, const char *path)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16], undone[PATH_MAX + 16];
	unsigned int i;

	snprintf(undone, sizeof(undone), "%s.undone", path);
	if (keep_undone(path, undone))
		return host->fail(run, errno_code(errno), "can't keep %s as %s: %s: nothing was changed", path, undone,
				  strerror(errno));
	for (i = 0; i < VALUES_KEPT; i++) {
		numbered(path, i + 1, from);
		numbered(path, i, to);
		if (!rename(from, to))
			continue;
		if (i && errno == ENOENT)
			break;
		if (i)
			host->hint(run, "%s itself is the older one now: virgo analytics apply makes the nodes read it",
				   path);
		return host->fail(run, errno_code(errno), "can't move %s to %s: %s%s", from, to, strerror(errno),
				  i ? "" : ": nothing was changed");
	}
	sync_around(path);
	return VIRGO_OK;
}
