/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: switches of code, under their older name. */
#ifndef SHIM_LINUX_STATIC_KEY_H
#define SHIM_LINUX_STATIC_KEY_H

#include <linux/jump_label.h>

#endif /* SHIM_LINUX_STATIC_KEY_H */
