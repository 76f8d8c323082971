// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interface of kapi/virgo.h on top of core: learnt values and events.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "core/events.h"
#include "core/node.h"
#include "core/values.h"
#include "kapi/virgo.h"
#include "host.h"

struct adapter {
	struct vg_value_def def;
	struct virgo_value *v;
};

int virgo_value_s64(const char *name, s64 *value)
{
	int ret;

	mutex_lock(&virgo_node->lock);
	ret = vg_values_get_s64(virgo_node->values, name, value);
	mutex_unlock(&virgo_node->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(virgo_value_s64);

int virgo_value_text(const char *name, char *out, size_t cap)
{
	int ret;

	mutex_lock(&virgo_node->lock);
	ret = vg_values_get_text(virgo_node->values, name, out, cap);
	mutex_unlock(&virgo_node->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(virgo_value_text);

static int changed(const struct vg_value_def *def, struct vg_node *node, const struct vg_value *value,
		   enum vg_force force)
{
	struct virgo_value *v = container_of(def, struct adapter, def)->v;

	v->changed(v, force == VG_FORCE_APPLY, value->number);
	return 0;
}

int virgo_value_register(struct virgo_value *v)
{
	struct adapter *a = kzalloc(sizeof(*a), GFP_KERNEL);
	int ret;

	if (!a)
		return -ENOMEM;
	a->v = v;
	a->def.name = v->name;
	a->def.unit = v->unit;
	a->def.type = VG_VALUE_INT;
	a->def.min = v->min;
	a->def.max = v->max;
	a->def.apply = changed;
	v->slot = a;
	mutex_lock(&virgo_node->lock);
	ret = vg_values_register(virgo_node->values, &a->def);
	mutex_unlock(&virgo_node->lock);
	if (ret) {
		v->slot = NULL;
		kfree(a);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(virgo_value_register);

void virgo_value_unregister(struct virgo_value *v)
{
	struct adapter *a = v->slot;

	if (!a)
		return;
	mutex_lock(&virgo_node->lock);
	vg_values_unregister(virgo_node->values, &a->def);
	mutex_unlock(&virgo_node->lock);
	v->slot = NULL;
	kfree(a);
}
EXPORT_SYMBOL_GPL(virgo_value_unregister);

int virgo_eventnet_log(const char *source, const char *text)
{
	return vg_event_log(virgo_node, source, vg_cstr(text));
}
EXPORT_SYMBOL_GPL(virgo_eventnet_log);
