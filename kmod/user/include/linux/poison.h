/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: pointers of removed list entries. Neither may be mapped. */
#ifndef SHIM_LINUX_POISON_H
#define SHIM_LINUX_POISON_H

#define LIST_POISON1	((void *)0x100)
#define LIST_POISON2	((void *)0x122)

#endif /* SHIM_LINUX_POISON_H */
