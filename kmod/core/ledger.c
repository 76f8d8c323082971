// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger's accounts and how they are closed. Must never be what keeps an object alive.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/printk.h>

#include "core/ledger.h"

struct vg_ledger_line vg_ledger[VG_LEDGER_KINDS];

bool vg_ledger_close(void)
{
	static const char *const names[VG_LEDGER_KINDS] = {
		[VG_L_LISTENERS] = "listeners",
		[VG_L_CONNECTIONS] = "connections",
		[VG_L_PENDING] = "pending",
		[VG_L_CONFIGS] = "configurations",
		[VG_L_KEYSETS] = "keysets",
		[VG_L_SIGKEYS] = "sigkeys",
		[VG_L_REPLAYS] = "replays",
		[VG_L_DENIES] = "denylists",
		[VG_L_LOADS] = "loads",
		[VG_L_CALLS] = "calls",
		[VG_L_PEERS] = "peers",
		[VG_L_HELPERS] = "helpers",
	};
	char text[VG_LEDGER_KINDS * 64];
	bool balanced = true;
	size_t at = 0;
	u32 i;

	for (i = 0; i < VG_LEDGER_KINDS; i++) {
		u64 made = atomic64_read(&vg_ledger[i].made);
		u64 gone = atomic64_read(&vg_ledger[i].gone);

		at += scnprintf(text + at, sizeof(text) - at, " %s %llu/%llu", names[i],
				(unsigned long long)made, (unsigned long long)gone);
		balanced = balanced && made == gone;
	}
	pr_info("virgo: ledger:%s\n", text);
	WARN(!balanced, "virgo: something is left:%s\n", text);
	return balanced;
}
