/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What peers.c (the view of the nodes) and peers_pick.c (the choice) share.
 */
#ifndef VG_CORE_PEERS_INT_H
#define VG_CORE_PEERS_INT_H

#include <linux/kref.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core/config.h"
#include "core/peers.h"

/* What is asked of a node */
enum vg_look { VG_LOOK_LOAD, VG_LOOK_NUMBER };

struct vg_seat {
	struct vg_seats *seats;
	struct work_struct work;
	struct vg_addr addr;
	char name[VG_ADDR_TEXT];
	bool own;
	bool looking;
	u8 what;			/* is being looked for */
	u32 number;			/* 0: not known */
	u64 mute_until_ms;		/* tells no load: not asked before */
	u64 dead_ms;			/* when a look found it dead */
};

struct vg_seats {
	struct kref refs;
	struct vg_peers *peers;
	struct vg_config *cfg;		/* which they were made for */
	u32 n;
	struct vg_peer *peer;		/* [n], what balance.h knows of them */
	u64 *hash;			/* [n] */
	struct vg_seat seat[];
};

struct vg_peers {
	struct vg_node *node;
	spinlock_t lock;
	struct vg_seats *now;		/* with a reference; NULL at first */
	struct vg_rng rng;
	wait_queue_head_t looked;
};

/* The present seats with a reference; NULL without memory */
struct vg_seats *vg_seats_get(struct vg_peers *peers);
void vg_seats_put(struct vg_seats *s);
/* Whom to call for a service of the @i-th node: this node's own may have ports of their own. */
struct vg_addr vg_seat_addr(const struct vg_seats *s, u32 i, u32 service);
/*
 * Bring what is known of those of @which[@n] (NULL: all) up to date, as far as that is possible in a moment:
 * 0 or -EINTR.
 */
int vg_seats_look(struct vg_seats *s, const u32 *which, u32 n, enum vg_look what);

#endif
