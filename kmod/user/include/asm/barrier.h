/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: memory barriers. */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/barrier.h>

#endif /* SHIM_ASM_BARRIER_H */
