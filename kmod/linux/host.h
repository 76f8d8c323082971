/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the kernel host share. Core never sees this.
 */
#ifndef VIRGO_LINUX_HOST_H
#define VIRGO_LINUX_HOST_H

#include <linux/list.h>
#include <linux/net.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct vg_addr;
struct vg_conn;
struct vg_node;
struct vg_svc;

int virgo_sha256_init(void);
void virgo_sha256_exit(void);

/* conn.c: the work queue and the list of connections */
int virgo_conns_init(void);
void virgo_conns_exit(void);
/* Set the workers of connections whose time is up to work; every tick. */
void virgo_conns_tick(void);
/* Take a fresh socket; released here if the peer is not let in. */
void virgo_conn_accept(struct vg_node *node, struct vg_svc *svc, struct socket *sock);
/* The callback sockets are born with, to be put back before a socket is let go. */
struct sock;
extern void (*virgo_default_data_ready)(struct sock *sk);
void virgo_queue_accept(struct delayed_work *accept);
void virgo_queue_accept_later(struct delayed_work *accept);

/* the one node of this kernel, from load to unload */
extern struct vg_node *virgo_node;

#endif
