/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints: events/virgo/virgo_request_start and …_end. They show method, path and status, never a
 * header or a body.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM virgo

#if !defined(VIRGO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VIRGO_TRACE_H

#include <linux/tracepoint.h>

#include "core/conn.h"
#include "core/node.h"

#define VIRGO_TRACE_PATH 64

/* so that programs that read the format know the numbers too */
TRACE_DEFINE_ENUM(VG_GET);
TRACE_DEFINE_ENUM(VG_HEAD);
TRACE_DEFINE_ENUM(VG_PUT);
TRACE_DEFINE_ENUM(VG_POST);
TRACE_DEFINE_ENUM(VG_DELETE);
TRACE_DEFINE_ENUM(VG_METHODS);

TRACE_EVENT(virgo_request_start,
	TP_PROTO(const struct vg_req *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__field(const void *, conn)
		__field(u32, method)
		__array(char, service, 12)
		__array(char, path, VIRGO_TRACE_PATH)
	),
	TP_fast_assign(
		size_t n = min_t(size_t, req->path.n, VIRGO_TRACE_PATH - 1);

		__entry->conn = req->conn;
		__entry->method = req->method;
		strscpy(__entry->service, req->conn->svc->def->name, sizeof(__entry->service));
		memcpy(__entry->path, req->path.p, n);
		__entry->path[n] = 0;
	),
	TP_printk("conn=%p service=%s method=%s path=%s", __entry->conn, __entry->service,
		  __print_symbolic(__entry->method, { VG_GET, "GET" }, { VG_HEAD, "HEAD" },
				   { VG_PUT, "PUT" }, { VG_POST, "POST" }, { VG_DELETE, "DELETE" },
				   { VG_METHODS, "?" }),
		  __entry->path)
);

TRACE_EVENT(virgo_request_end,
	TP_PROTO(const struct vg_req *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__field(const void *, conn)
		__field(u32, status)
		__field(u64, ns)
		__array(char, service, 12)
	),
	TP_fast_assign(
		__entry->conn = req->conn;
		__entry->status = req->status;
		__entry->ns = ktime_get_ns() - req->begun_ns;
		strscpy(__entry->service, req->conn->svc->def->name, sizeof(__entry->service));
	),
	TP_printk("conn=%p service=%s status=%u us=%llu", __entry->conn, __entry->service,
		  __entry->status, __entry->ns / 1000)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE virgo_trace
#include <trace/define_trace.h>
