/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Range and conditional requests (RFC 9110, sections 13 and 14) for what a handler needs: one
 * byte range, and entity tags that are a 64-bit version in double quotes.
 */
#ifndef VG_CORE_COND_H
#define VG_CORE_COND_H

#include "core/req.h"

/*
 * The part of @total bytes of @version asked for. 206 with *@off and *@len set; 200 when there is no
 * Range, several ranges, another unit, or If-Range with another tag (then all is meant: 0, @total);
 * 416 when the answer has been given.
 */
int vg_req_range(struct vg_req *req, u64 version, u64 total, u64 *off, u64 *len);

/*
 * Does entity-tag list @h (VG_H_IF_MATCH: compared strongly; VG_H_IF_NONE_MATCH: weakly) match
 * something of @version that does or does not exist? 1, 0, or -ENOENT when the header is absent,
 * -EINVAL (it is no list of tags) with a 400 answered.
 */
int vg_req_etag_match(struct vg_req *req, enum vg_header h, u64 version, bool exists);

/* The two parsers behind them, for text without a request. Ranges: 0, -ENOENT (ignore), -ERANGE. */
int vg_range_parse(struct vg_str s, u64 total, u64 *off, u64 *len);
int vg_etag_list(struct vg_str s, bool weak, u64 version, bool exists);

#endif
