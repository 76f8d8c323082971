/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: IPv6 addresses, as libc has them. */
#ifndef SHIM_LINUX_IN6_H
#define SHIM_LINUX_IN6_H

#include <linux/in.h>

#endif /* SHIM_LINUX_IN6_H */
