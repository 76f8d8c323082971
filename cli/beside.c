// SPDX-License-Identifier: GPL-3.0-or-later
/* Where this program lies, and what came with it: virgod, loaded parts. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const char *const lib_dirs[] = { VIRGO_LIBDIR "/virgo/plugins", VIRGO_LIBDIR "/virgo" };

int cli_own_dir(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	if (n <= 0)
		return -1;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return -1;
	*slash = '\0';
	return 0;
}

static bool found(char *path, size_t size, const char *dir, const char *name)
{
	int n = snprintf(path, size, "%s/%s", dir, name);

	return n > 0 && (size_t)n < size && !access(path, R_OK);
}

int cli_beside(const char *name, char *path, size_t size)
{
	char dir[PATH_MAX], other[PATH_MAX + 16];
	size_t i;

	if (!cli_own_dir(dir, sizeof(dir))) {
		snprintf(other, sizeof(other), "%s/../sbin", dir);
		if (found(path, size, dir, name) || found(path, size, other, name))
			return 0;
		snprintf(other, sizeof(other), "%s/../lib/virgo", dir);
		if (found(path, size, other, name))
			return 0;
	}
	for (i = 0; i < CLI_COUNT(lib_dirs); i++)
		if (found(path, size, lib_dirs[i], name))
			return 0;
	return -1;
}
