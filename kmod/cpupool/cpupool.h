/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor pool, port 10000: what its hosts register. */
#ifndef VG_CPUPOOL_CPUPOOL_H
#define VG_CPUPOOL_CPUPOOL_H

struct vg_service;

extern const struct vg_service cp_service;

/* The functions every node has: before the service starts, and after it has stopped. */
int cp_builtins_register(void);
void cp_builtins_unregister(void);

#endif
