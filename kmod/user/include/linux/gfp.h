/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: allocation flags. Only "may sleep", "zero" and "do not warn" have a meaning here. */
#ifndef SHIM_LINUX_GFP_H
#define SHIM_LINUX_GFP_H

#include <linux/types.h>

#define __GFP_HIGH		((gfp_t)0x01)
#define __GFP_IO		((gfp_t)0x02)
#define __GFP_FS		((gfp_t)0x04)
#define __GFP_ZERO		((gfp_t)0x08)
#define __GFP_DIRECT_RECLAIM	((gfp_t)0x10)
#define __GFP_KSWAPD_RECLAIM	((gfp_t)0x20)
#define __GFP_NOWARN		((gfp_t)0x40)
#define __GFP_RETRY_MAYFAIL	((gfp_t)0x80)
#define __GFP_NORETRY		((gfp_t)0x100)
#define __GFP_ACCOUNT		((gfp_t)0x200)
#define __GFP_COMP		((gfp_t)0x400)
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC		(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL		(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT		(__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO		(__GFP_RECLAIM)
#define GFP_NOFS		(__GFP_RECLAIM | __GFP_IO)

static inline bool gfpflags_allow_blocking(const gfp_t gfp_flags)
{
	return !!(gfp_flags & __GFP_DIRECT_RECLAIM);
}

#endif /* SHIM_LINUX_GFP_H */
