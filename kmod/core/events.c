// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See events.h. Must never keep an event: who has nobody to tell is told so.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "core/events.h"
#include "core/node.h"
#include "core/utf8.h"

void vg_event_sink_set(struct vg_node *node, const struct vg_event_sink *sink)
{
	rcu_assign_pointer(node->event_sink, sink);
	if (!sink)
		synchronize_rcu();
}
EXPORT_SYMBOL_GPL(vg_event_sink_set);

int vg_event_log(struct vg_node *node, const char *source, struct vg_str text)
{
	const struct vg_event_sink *sink;
	int ret = -ENOENT;

	if (!text.n || text.n > VG_EVENT_TEXT || !vg_utf8_valid(text.p, text.n))
		return -EINVAL;
	rcu_read_lock();
	sink = rcu_dereference(node->event_sink);
	if (sink)
		ret = sink->log(node, source, text);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(vg_event_log);
