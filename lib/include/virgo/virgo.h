/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirgo: everything. Programs include this one, or the parts they use.
 *
 * The house rules, for every function of every part:
 *  - A function that can fail returns VIRGO_OK (0) or another enum virgo_code and then fills *err;
 *    err may be NULL. On failure the output arguments hold nothing that must be freed.
 *  - The library never prints, never exits, installs no signal handler and changes no locale.
 *  - Strings are UTF-8 or plain bytes, NUL-terminated; lengths are bytes; times are milliseconds
 *    unless the name says otherwise (_us). Opaque things have a _free (virgo_disconnect for a
 *    context) that takes NULL.
 *  - A context is used by one thread at a time; different contexts are independent. virgo_cancel()
 *    alone may be called from anywhere, a signal handler included.
 */
#ifndef VIRGO_VIRGO_H
#define VIRGO_VIRGO_H

#include <virgo/error.h>
#include <virgo/nodeset.h>
#include <virgo/conf.h>
#include <virgo/key.h>
#include <virgo/target.h>
#include <virgo/ctx.h>
#include <virgo/call.h>
#include <virgo/mem.h>
#include <virgo/block.h>
#include <virgo/balance.h>
#include <virgo/exec.h>
#include <virgo/job.h>

#endif
