/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: symbols need no export. */
#ifndef SHIM_LINUX_EXPORT_H
#define SHIM_LINUX_EXPORT_H

#define EXPORT_SYMBOL(sym)
#define EXPORT_SYMBOL_GPL(sym)
#define EXPORT_SYMBOL_NS_GPL(sym, ns)

#define THIS_MODULE	((struct module *)0)

#endif /* SHIM_LINUX_EXPORT_H */
