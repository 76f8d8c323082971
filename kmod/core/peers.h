/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes that this node may call, and which of them a call goes to: those of "nodes" in the
 * configuration, and itself. It keeps a view of their load, asks for figures that are too old, and knows
 * who is dead; the choice is core/balance.h's. Nobody else is ever called on somebody's behalf.
 */
#ifndef VG_CORE_PEERS_H
#define VG_CORE_PEERS_H

#include "core/addr.h"
#include "core/balance.h"
#include "core/client.h"

struct vg_node;
struct vg_peers;
struct vg_seats;	/* the nodes of one configuration */

enum vg_ask_how {
	VG_ASK_ANY,	/* whom the policy picks */
	VG_ASK_ADDR,	/* the node with this address */
	VG_ASK_KEY,	/* where this key is placed: the same for whoever has the same nodes */
	VG_ASK_NUMBER,	/* the node with this number */
};

struct vg_ask {
	enum vg_ask_how how;
	enum vg_policy policy;		/* ANY; also: */
	struct vg_str key;		/* KEY; of ANY with hash, and the function's name for predicted */
	u64 arg_bytes;
	struct vg_addr addr;
	u32 number;
	u32 service;			/* index of vg_service_names[]: which port of this node itself */
};

enum { VG_ASK_TRIES = 16 };	/* candidates one call is offered to */

/* One choice, and those before it for the same call. All zero to begin with; vg_peers_put() at the end. */
struct vg_picked {
	struct vg_seats *seats;
	u32 index;
	bool begun;			/* it counts as busy with this call */
	u32 tried;
	u32 failed[VG_ASK_TRIES];
	struct vg_addr addr;		/* whom to call; port 0: the service's own */
};

/*
 * The node for @ask, or the next candidate after one that did not take the call; it counts as busy with
 * one more until vg_peers_done(). May ask the nodes for their load or number first, and waits for that
 * VG_LOOK_WAIT_MS at most. -ENOENT: not one of the nodes; -EHOSTUNREACH: nobody is left; -EINTR, -ENOMEM.
 */
int vg_peers_pick(struct vg_node *node, const struct vg_ask *ask, struct vg_picked *picked);
/*
 * What became of the call: @ret is that of vg_call(), @problem the code of what was answered ("" if there is
 * none). True: it was not taken on, and the next candidate may be picked; nothing is ever offered to a second
 * node when the first may have it.
 */
bool vg_peers_done(struct vg_node *node, struct vg_picked *picked, const struct vg_call *call, int ret,
		   const char *problem);
void vg_peers_put(struct vg_picked *picked);

enum { VG_LOOK_WAIT_MS = 500 };

/* What is known of the @i-th node; false behind the last one. Asks nobody. */
struct vg_peer_info {
	struct vg_addr addr;
	char name[VG_ADDR_TEXT];	/* what placement goes by */
	u32 number;			/* 0: not known */
	bool own, down, known, degraded;
};
bool vg_peers_info(struct vg_node *node, u32 i, struct vg_peer_info *info);

/* In node.c alone; freed after the node's work queue. */
int vg_peers_new(struct vg_node *node, struct vg_peers **peers);
void vg_peers_free(struct vg_peers *peers);

#endif
