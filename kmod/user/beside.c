// SPDX-License-Identifier: GPL-2.0-or-later
/* Where virgod's companions are: in a build tree beside it, installed in lib/virgo. */
#include <linux/kernel.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/beside.h"

void find_beside(const char *name, char *path, size_t n)
{
	static const char *const places[] = { "%s/%s", "%s/../lib/virgo/%s" };
	char self[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (len > 0) {
		self[len] = 0;
		slash = strrchr(self, '/');
		if (slash)
			*slash = 0;
		for (i = 0; i < ARRAY_SIZE(places); i++) {
			if ((size_t)snprintf(path, n, places[i], self, name) < n && !access(path, X_OK))
				return;
		}
	}
	snprintf(path, n, VIRGO_LIBDIR "/virgo/%s", name);
}
