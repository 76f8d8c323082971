/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: what was made and what is gone, of each kind of object whose loss nobody would notice. The host closes
 * it when the last one must be gone; the memory pool keeps its own. Never counts per request.
 */
#ifndef VG_CORE_LEDGER_H
#define VG_CORE_LEDGER_H

#include <linux/atomic.h>
#include <linux/types.h>

enum vg_ledger_kind {
	VG_L_LISTENERS,
	VG_L_CONNECTIONS,
	VG_L_PENDING,		/* requests that a handler finishes later */
	VG_L_CONFIGS,
	VG_L_KEYSETS,
	VG_L_SIGKEYS,
	VG_L_REPLAYS,		/* entries of the replay table */
	VG_L_DENIES,
	VG_L_LOADS,		/* entries of the registry of load */
	VG_L_CALLS,		/* this node's own, and the connections it made for them */
	VG_L_PEERS,
	VG_L_HELPERS,		/* the kernel's ends of helpers */
	VG_LEDGER_KINDS,
};

struct vg_ledger_line {
	atomic64_t made, gone;
};

extern struct vg_ledger_line vg_ledger[VG_LEDGER_KINDS];

/* Any context. */
static inline void vg_made(enum vg_ledger_kind kind)
{
	atomic64_inc(&vg_ledger[kind].made);
}

static inline void vg_gone(enum vg_ledger_kind kind)
{
	atomic64_inc(&vg_ledger[kind].gone);
}

/*
 * After the last node is freed and the last RCU callback has run: log the accounts in one line,
 * "virgo: ledger: connections 12/12 …" (made/gone), and warn if one does not balance; true if all do.
 */
bool vg_ledger_close(void);

#endif
