/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Embedded nodes: the directory "virgo up" keeps them in, their processes, and their end. All of it
 * belongs to one user; nothing here trusts a directory that somebody else could have made.
 *
 *	client.conf, key	what "virgo" reads: the nodes and the key
 *	keys			the nodes' key file
 *	node<N>/		configuration, pid (process and start time), log, state
 *	kernel			there instead: the modules were loaded by "up --kernel"
 *	lock			held while up or down works
 */
#ifndef CLI_EMBED_H
#define CLI_EMBED_H

#include <limits.h>
#include <sys/types.h>

#include "cli/cli.h"

enum { EMBED_NODES_MAX = 64, EMBED_READY_MS = 10000, EMBED_STOP_MS = 10000 };

struct embed {
	char dir[PATH_MAX - 64];
	int lock;
};

/*
 * Open (create: make) the directory and take the lock: 0, a status after reporting, or -1: there is
 * none
 */
int embed_open(struct run *r, struct embed *e, bool create);
/* remove the directory and everything in it: 0, or a status after reporting */
int embed_remove(struct run *r, struct embed *e);
void embed_close(struct embed *e);

/* "DIR/name", or "DIR/node<n>/name" with n above 0; cut where it does not fit */
void embed_path(const struct embed *e, unsigned int n, const char *name, char path[PATH_MAX]);
/* make a new file of 0600 with this text: 0, or -1 with errno */
int embed_write(const char *path, const char *text);
bool embed_has(const struct embed *e, unsigned int n, const char *name);

/* the path of a file of the embedded nodes' directory, if nodes run there: 0, or -1 */
int embed_running_file(const char *name, char path[PATH_MAX]);

/*
 * Start virgod for node n with its log in node<n>/log: 0 with *pid set and the pid file written, or
 * -1 and why.
 */
int embed_start(const struct embed *e, const char *virgod, unsigned int n, pid_t *pid,
		char why[CLI_WHY_MAX]);
/* the last line a node wrote to its log, or "" */
void embed_last_words(const struct embed *e, unsigned int n, char *line, size_t size);
/* the process of node n, if it still is the one that was started; else 0 */
pid_t embed_pid(const struct embed *e, unsigned int n);
/* wait for a child that was told to end; it is killed when it does not in time */
void embed_reap(pid_t pid);
/* end node n: 1 it ran, 0 it did not, -1 it would not end in time */
int embed_stop(const struct embed *e, unsigned int n);

#endif
