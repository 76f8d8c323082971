/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a service tells of itself for others to wait for. Core only passes it on to the service that keeps
 * events (eventnet), if there is one.
 */
#ifndef VG_CORE_EVENTS_H
#define VG_CORE_EVENTS_H

#include "core/str.h"

struct vg_node;

enum { VG_EVENT_TEXT = 1024 };	/* bytes of one event's text */

struct vg_event_sink {
	/* @text is UTF-8 and ends before the call does. 0 or -errno. Called under rcu_read_lock(): must not sleep. */
	int (*log)(struct vg_node *node, const char *source, struct vg_str text);
};

/* Only the service that keeps events; NULL: it goes. When that returns, nobody is in @sink any more. May sleep. */
void vg_event_sink_set(struct vg_node *node, const struct vg_event_sink *sink);
/*
 * Something has happened to @source ("cpupool", or a module's name): 0, -ENOENT (nobody keeps events), -EINVAL
 * (empty, too long or not UTF-8), or what the service says. Does not sleep.
 */
int vg_event_log(struct vg_node *node, const char *source, struct vg_str text);

#endif
