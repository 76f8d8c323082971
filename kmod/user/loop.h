/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of virgod: each waits in its own epoll for all listeners and for the connections it has
 * accepted, and is the one worker those connections have. Nothing here knows the protocol.
 */
#ifndef VIRGOD_LOOP_H
#define VIRGOD_LOOP_H

#include <linux/list.h>
#include <linux/types.h>

struct vg_node;
struct vg_svc;

/* Start @n threads, pinned to nothing. 0 or -errno. */
int loop_start(unsigned int n);
/* All listeners and connections are gone: end the threads. */
void loop_stop(void);

/*
 * Run @fn(@arg, thread index) on every thread between two batches of events, and wait for all.
 * Not from one of the threads.
 */
struct loop_thread;
void loop_call(void (*fn)(struct loop_thread *t, void *arg), void *arg);

/* what an epoll event points to */
enum loop_kind { LOOP_WAKE, LOOP_LISTENER, LOOP_CONN };

struct loop_listener {
	enum loop_kind kind;	/* LOOP_LISTENER */
	int fd;
	bool started;
	struct vg_node *node;
	struct vg_svc *svc;
};

/* Called by a thread with a readable listener: accept what is there, within a budget. */
void loop_accept(struct loop_thread *t, struct loop_listener *l);
/* Hand a fresh non-blocking socket and its connection to the thread. Takes both, also on failure. */
struct loop_conn;
struct vg_conn;
struct loop_conn *loop_conn_new(int fd);
void loop_conn_add(struct loop_thread *t, struct loop_conn *u, struct vg_conn *c);
void loop_conn_discard(struct loop_conn *u);

int loop_watch(struct loop_thread *t, struct loop_listener *l);
void loop_unwatch(struct loop_thread *t, struct loop_listener *l);

#endif
