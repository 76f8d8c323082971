// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgo_cpupool.ko: the processor pool as a module of its own. The service is cpupool/'s, the life of its
 * connections core's: when the service is unregistered, none is left, and no function of ours runs.
 */
#include <linux/module.h>

#include "core/service.h"
#include "cpupool/cpupool.h"

static int __init virgo_cpupool_init(void)
{
	int ret = cp_builtins_register();

	if (ret)
		return ret;
	ret = vg_service_register(&cp_service);
	if (ret)
		cp_builtins_unregister();
	return ret;
}

static void __exit virgo_cpupool_exit(void)
{
	vg_service_unregister(&cp_service);
	cp_builtins_unregister();
}

module_init(virgo_cpupool_init);
module_exit(virgo_cpupool_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the VIRGO authors");
MODULE_DESCRIPTION("VIRGO processor pool");
MODULE_VERSION(VIRGO_VERSION);
