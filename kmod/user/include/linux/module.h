/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shim: what a module says about itself. Parameters and init functions belong to the hosts,
 * not here.
 */
#ifndef SHIM_LINUX_MODULE_H
#define SHIM_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>

struct module;

#define SHIM_MODULE_NOTE(tag)		struct module
#define MODULE_LICENSE(x)		SHIM_MODULE_NOTE(x)
#define MODULE_AUTHOR(x)		SHIM_MODULE_NOTE(x)
#define MODULE_DESCRIPTION(x)		SHIM_MODULE_NOTE(x)
#define MODULE_VERSION(x)		SHIM_MODULE_NOTE(x)
#define MODULE_ALIAS(x)			SHIM_MODULE_NOTE(x)
#define MODULE_SOFTDEP(x)		SHIM_MODULE_NOTE(x)

#endif /* SHIM_LINUX_MODULE_H */
