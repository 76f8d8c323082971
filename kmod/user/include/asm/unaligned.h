/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: numbers at any address, under the name kernels before 6.12 know. */
#ifndef SHIM_ASM_UNALIGNED_H
#define SHIM_ASM_UNALIGNED_H

#include <linux/unaligned.h>

#endif /* SHIM_ASM_UNALIGNED_H */
