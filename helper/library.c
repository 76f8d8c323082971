// SPDX-License-Identifier: GPL-3.0-or-later
/* See library.h. Must never load one: what a library's code may do is for a process of its own. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/allow.h"
#include "helper/library.h"

int library_name_ok(const char *name, size_t n)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t i;

	if (!n || n > LIBRARY_NAME || *name == '.' || *name == '-')
		return 0;
	for (i = 0; i < n; i++)
		if (!name[i] || !strchr(plain, name[i]))
			return 0;
	return 1;
}

static int add(struct libraries *l, const struct strings *allow, const char *name, size_t n,
	       struct fault *f)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%.*s.so", config.functions, (int)n, name) >=
	    (int)sizeof(path))
		return fault_set(f, VIRGO_END_FAILED, ENAMETOOLONG, "\"%s\" is too long a path",
				 config.functions);
	fd = allow_open(allow, path, ALLOW_LIBRARY, f);
	if (fd < 0)
		return -1;
	l->fds[l->n] = fd;
	snprintf(l->names[l->n], sizeof(l->names[0]), "%.*s", (int)n, name);
	l->n++;
	return 0;
}

static int is_library(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 3 && !strcmp(d->d_name + n - 3, ".so") && library_name_ok(d->d_name, n - 3);
}

void libraries_all(const struct strings *allow, struct libraries *l)
{
	struct dirent **names;
	struct fault f;
	int n, i;

	l->n = 0;
	n = scandir(config.functions, &names, is_library, alphasort);
	if (n < 0)
		return;
	for (i = 0; i < n; i++) {
		if (l->n < LIBRARIES_MAX)
			add(l, allow, names[i]->d_name, strlen(names[i]->d_name) - 3, &f);
		free(names[i]);
	}
	free(names);
}

int libraries_find(const struct strings *allow, const char *name, struct libraries *l,
		   const char **function, struct fault *f)
{
	const char *colon = strchr(name, ':');

	l->n = 0;
	*function = colon ? colon + 1 : name;
	if (!library_name_ok(*function, strlen(*function)) ||
	    (colon && !library_name_ok(name, colon - name)))
		return fault_set(f, VIRGO_END_NOT_FOUND, EINVAL, "\"%s\" is no function's name",
				 name);
	if (colon)
		return add(l, allow, name, colon - name, f);
	libraries_all(allow, l);
	if (!l->n)
		return fault_set(f, VIRGO_END_NOT_FOUND, ENOENT,
				 "exec_allow has no library in \"%s\"", config.functions);
	return 0;
}
