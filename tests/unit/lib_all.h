/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All of libvirgo and what it shares with the node, in one unit. */
#ifndef LIB_ALL_H
#define LIB_ALL_H

#include "core/conf.c"
#include "core/conf_value.c"
#include "core/place.c"

#include "lib/answer.c"
#include "lib/block.c"
#include "lib/body.c"
#include "lib/call.c"
#include "lib/conf.c"
#include "lib/ctx.c"
#include "lib/curl.c"
#include "lib/error.c"
#include "lib/flow.c"
#include "lib/fold.c"
#include "lib/json.c"
#include "lib/key.c"
#include "lib/list.c"
#include "lib/mem.c"
#include "lib/nodename.c"
#include "lib/nodeset.c"
#include "lib/problem.c"
#include "lib/service.c"
#include "lib/sha256.c"
#include "lib/target.c"
#include "lib/trace.c"
#include "lib/txn.c"
#include "lib/xfer.c"

#endif
