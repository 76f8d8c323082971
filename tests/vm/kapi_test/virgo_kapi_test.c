// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module that lets VIRGO tell it a value and reads another, as kapi/virgo.h has it. For tests: shows what it was
 * told in its parameters and does nothing else.
 */
#include <linux/kernel.h>
#include <linux/module.h>

#include "kapi/virgo.h"

static unsigned long told;
module_param(told, ulong, 0444);
MODULE_PARM_DESC(told, "SampleLimit in force, 0 if none");

static bool in_force;
module_param_named(in_force, in_force, bool, 0444);

static unsigned int calls;
module_param(calls, uint, 0444);

static int show_read(char *out, const struct kernel_param *kp)
{
	s64 value;
	int ret = virgo_value_s64("TopSourceCount", &value);

	return ret ? sysfs_emit(out, "error %d\n", ret) : sysfs_emit(out, "%lld\n", value);
}

static int show_text(char *out, const struct kernel_param *kp)
{
	char text[64];
	int ret = virgo_value_text("TopSourceIP", text, sizeof(text));

	return ret < 0 ? sysfs_emit(out, "error %d\n", ret) : sysfs_emit(out, "%s\n", text);
}

static int show_event(char *out, const struct kernel_param *kp)
{
	return sysfs_emit(out, "%d %d\n", virgo_eventnet_log(KBUILD_MODNAME, "read"),
			  virgo_eventnet_log(KBUILD_MODNAME, ""));
}

static const struct kernel_param_ops event_ops = { .get = show_event };
static const struct kernel_param_ops read_ops = { .get = show_read };
static const struct kernel_param_ops text_ops = { .get = show_text };
module_param_cb(event, &event_ops, NULL, 0444);
module_param_cb(top_count, &read_ops, NULL, 0444);
module_param_cb(top_ip, &text_ops, NULL, 0444);

static void changed(struct virgo_value *v, bool force, s64 value)
{
	told = force ? value : 0;
	in_force = force;
	calls++;
	pr_info("virgo_kapi_test: %s %s %lld\n", v->name, force ? "is" : "is not any more", value);
}

static struct virgo_value limit = {
	.name = "SampleLimit", .unit = "things", .min = 1, .max = 1000, .changed = changed,
};

static int __init kapi_test_init(void)
{
	struct virgo_value twice = limit;
	int ret = virgo_value_register(&limit);

	if (ret)
		return ret;
	ret = virgo_value_register(&twice);
	if (ret == -EEXIST)
		return 0;
	pr_err("virgo_kapi_test: the same name could be registered twice (%d)\n", ret);
	virgo_value_unregister(&limit);
	return -EINVAL;
}

static void __exit kapi_test_exit(void)
{
	virgo_value_unregister(&limit);
	pr_info("virgo_kapi_test: gone after %u calls, in force %d\n", calls, in_force);
}

module_init(kapi_test_init);
module_exit(kapi_test_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the VIRGO authors");
MODULE_DESCRIPTION("test of VIRGO's interface for other modules");
