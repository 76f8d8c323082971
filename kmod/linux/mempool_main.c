// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgo_mempool.ko: the memory pool as a module of its own. The service is mempool/'s, the life of its
 * connections core's: when the service is unregistered, none is left.
 */
#include <linux/module.h>

#include "core/service.h"
#include "mempool/mempool.h"

static int __init virgo_mempool_init(void)
{
	return vg_service_register(&mp_service);
}

static void __exit virgo_mempool_exit(void)
{
	vg_service_unregister(&mp_service);
}

module_init(virgo_mempool_init);
module_exit(virgo_mempool_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the VIRGO authors");
MODULE_DESCRIPTION("VIRGO memory pool");
MODULE_VERSION(VIRGO_VERSION);
