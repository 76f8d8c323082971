/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This node tells its load to the registry that load_registry names, every third of load_lease, so
 * that two pushes may be lost before it is forgotten there. Without a registry, or without a
 * service that has a load, nothing is done. The call runs on the node's work queue and holds nobody
 * up.
 */
#ifndef VG_CORE_LOAD_PUSH_H
#define VG_CORE_LOAD_PUSH_H

#include <linux/types.h>

struct vg_load_push;
struct vg_node;

int vg_load_push_new(struct vg_node *node, struct vg_load_push **push);
/* Waits for a push under way, which vg_client_stop() ends. node->lock must not be held. */
void vg_load_push_free(struct vg_load_push *push);
void vg_load_push_tick(struct vg_load_push *push, u64 now_ms);

#endif
