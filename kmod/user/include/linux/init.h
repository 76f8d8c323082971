/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: code for start and end only. */
#ifndef SHIM_LINUX_INIT_H
#define SHIM_LINUX_INIT_H

#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata

#endif /* SHIM_LINUX_INIT_H */
