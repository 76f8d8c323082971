/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory pool service of a node: keys with values, and raw blocks. All a host needs to know.
 */
#ifndef VG_MEMPOOL_MEMPOOL_H
#define VG_MEMPOOL_MEMPOOL_H

#include "core/service.h"

extern const struct vg_service mp_service;

#endif
