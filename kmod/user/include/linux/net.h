/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: rate-limited messages about what came over the network. */
#ifndef SHIM_LINUX_NET_H
#define SHIM_LINUX_NET_H

#include <linux/printk.h>
#include <linux/socket.h>

#define net_err_ratelimited(fmt, ...)	 pr_err_ratelimited(fmt, ##__VA_ARGS__)
#define net_warn_ratelimited(fmt, ...)	 pr_warn_ratelimited(fmt, ##__VA_ARGS__)
#define net_notice_ratelimited(fmt, ...) pr_notice_ratelimited(fmt, ##__VA_ARGS__)
#define net_info_ratelimited(fmt, ...)	 pr_info_ratelimited(fmt, ##__VA_ARGS__)
#define net_dbg_ratelimited(fmt, ...)	 pr_debug_ratelimited(fmt, ##__VA_ARGS__)

#endif /* SHIM_LINUX_NET_H */
