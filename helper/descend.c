// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See descend.h. Must never signal by number a process that is not a child: a child's number is
 * ours until we wait for it, anybody else's may be a stranger's by now. Those are held by a pidfd
 * and then asked who their parent is.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "helper/descend.h"

enum { STOP_SWEEPS = 16, WALK_MAX = 1 << 16 };

struct found {
	pid_t pid, parent;
};

/* a walk in progress: what was found so far */
struct walk {
	struct found *all;
	size_t n, cap;
};

static void add(struct walk *w, pid_t pid, pid_t parent)
{
	size_t cap = w->cap ? 2 * w->cap : 64;
	struct found *more;

	if (w->n == w->cap) {
		more = cap <= WALK_MAX ? realloc(w->all, cap * sizeof(*more)) : NULL;
		if (!more)
			return;	/* the next sweep finds it */
		w->all = more;
		w->cap = cap;
	}
	w->all[w->n++] = (struct found){ pid, parent };
}

static void add_numbers(struct walk *w, int fd, pid_t parent)
{
	char text[4096];
	long long pid = 0;
	ssize_t n, i;

	while ((n = read(fd, text, sizeof(text))) > 0) {
		for (i = 0; i < n; i++) {
			if (isdigit((unsigned char)text[i])) {
				pid = pid * 10 + text[i] - '0';
			} else {
				if (pid)
					add(w, pid, parent);
				pid = 0;
			}
		}
	}
	if (pid)
		add(w, pid, parent);
}

/* The children of all threads of a process. */
static void add_children(struct walk *w, pid_t parent)
{
	char path[300];
	struct dirent *d;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task", parent);
	dir = opendir(path);
	if (!dir)
		return;
	while ((d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/children", d->d_name);
		fd = openat(dirfd(dir), path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		add_numbers(w, fd, parent);
		close(fd);
	}
	closedir(dir);
}

/* What a process is doing, as in ps, and whose child it is. False: it is not there. */
static bool look(pid_t pid, char *state, pid_t *parent)
{
	char path[32], text[512], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* the name may hold anything, parentheses too */
	p = strrchr(text, ')');
	return p && sscanf(p, ") %c %d", state, parent) == 2;
}

static void spare_some(struct walk *w, descend_spare_fn *spare)
{
	size_t i, n = 0;

	for (i = 0; i < w->n; i++)
		if (!spare || !spare(w->all[i].pid))
			w->all[n++] = w->all[i];
	w->n = n;
}

/* Everybody there is; on the heap. */
static size_t snapshot(struct found **all)
{
	struct found *more;
	size_t n = 0, cap = 0;
	DIR *dir = opendir("/proc");
	struct dirent *d;
	pid_t parent;
	char state;

	*all = NULL;
	while (dir && (d = readdir(dir)) && n < WALK_MAX) {
		if (!isdigit((unsigned char)d->d_name[0]) ||
		    !look(atoi(d->d_name), &state, &parent))
			continue;
		if (n == cap) {
			more = realloc(*all, (cap + 512) * sizeof(*more));
			if (!more)
				break;
			*all = more;
			cap += 512;
		}
		(*all)[n++] = (struct found){ atoi(d->d_name), parent };
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Kernels built without lists of children: everybody is asked for its parent. */
static void add_all(struct walk *w, descend_spare_fn *spare)
{
	struct found *all;
	size_t n = snapshot(&all), i, done;

	for (i = 0; i < n; i++)
		if (all[i].parent == getpid())
			add(w, all[i].pid, all[i].parent);
	spare_some(w, spare);
	for (done = 0; done < w->n; done++)
		for (i = 0; i < n; i++)
			if (all[i].parent == w->all[done].pid)
				add(w, all[i].pid, all[i].parent);
	free(all);
}

static bool has_lists(void)
{
	static int known = -1;

	if (known < 0)
		known = !access("/proc/thread-self/children", R_OK);
	return known;
}

/*
 * Signal one that was found, unless it is somebody else by now. True: it was neither dead nor
 * stopped.
 */
static bool signal_one(struct walk *w, struct found f, int sig)
{
	bool is_child = f.parent == getpid(), is_ours = true;
	int fd = is_child ? -1 : pidfd_open(f.pid, 0);
	size_t n = w->n;
	char state = 'X';
	pid_t parent = 0;

	if (!is_child) {
		if (fd < 0)
			return false;
		/* its parent may have died since, and then it is our child */
		is_ours = look(f.pid, &state, &parent) &&
			  (parent == f.parent || parent == getpid());
		if (is_ours)
			pidfd_send_signal(fd, sig, NULL, 0);
	} else {
		look(f.pid, &state, &parent);
		kill(f.pid, sig);
	}
	/* whoever is signalled first cannot have children later that its list does not have */
	if (is_ours && has_lists())
		add_children(w, f.pid);
	/* and if it is gone, the list may have been another's */
	if (fd >= 0 && pidfd_send_signal(fd, 0, NULL, 0))
		w->n = n;
	if (fd >= 0)
		close(fd);
	return is_ours && !strchr("TZXx", state);
}

unsigned int descend_signal(int sig, descend_spare_fn *spare)
{
	struct walk w = { };
	unsigned int alive = 0;
	size_t i;

	if (has_lists()) {
		add_children(&w, getpid());
		spare_some(&w, spare);
	} else {
		add_all(&w, spare);
	}
	for (i = 0; i < w.n; i++)
		alive += signal_one(&w, w.all[i], sig);
	free(w.all);
	return alive;
}

static void kill_children(descend_spare_fn *spare)
{
	struct walk w = { };
	size_t i;
	int fd;

	fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	add_numbers(&w, fd, getpid());
	close(fd);
	spare_some(&w, spare);
	for (i = 0; i < w.n; i++)
		kill(w.all[i].pid, SIGKILL);
	free(w.all);
}

void descend_kill(unsigned int round, descend_spare_fn *spare)
{
	unsigned int i;

	if (!round) {
		kill_children(spare);
		return;
	}
	for (i = 0; i < STOP_SWEEPS && descend_signal(SIGSTOP, spare); i++)
		;
	descend_signal(SIGKILL, spare);
}
