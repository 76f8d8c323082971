/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The descendants of this process, which is a subreaper: whoever loses its parent becomes its
 * child, so that none can get away. Signals go to them and to nobody else, even where numbers of
 * processes are used again.
 */
#ifndef HELPER_DESCEND_H
#define HELPER_DESCEND_H

#include <stdbool.h>
#include <sys/types.h>

/* True: neither this child nor what descends from it. NULL spares none. */
typedef bool descend_spare_fn(pid_t child);

/*
 * Send sig to every descendant that is there. The number of those that were neither dead nor
 * stopped: a sweep of SIGSTOP that finds none has stopped them all.
 */
unsigned int descend_signal(int sig, descend_spare_fn *spare);

/*
 * One round of getting rid of them: to be called again and again, waiting for children in between,
 * until there is none. Round 0 kills children only, which nearly always is enough; later ones stop
 * every descendant before they kill, so that a process that forks faster than we kill loses as
 * well: those stopped keep their places under the limit of processes.
 */
void descend_kill(unsigned int round, descend_spare_fn *spare);

#endif
