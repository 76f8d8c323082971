// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What core/host.h asks about the machine, in the kernel; and the tracepoints of a request.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/sched/loadavg.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "core/conn.h"
#include "core/host.h"
#include "core/node.h"

#define CREATE_TRACE_POINTS
#include "virgo_trace.h"

void host_facts(struct host_facts *f)
{
	struct sysinfo si;

	memset(f, 0, sizeof(*f));
	f->kind = "kernel";
	strscpy(f->release, init_utsname()->release, sizeof(f->release));
	f->cpus = num_online_cpus();
	f->load1_milli = (avenrun[0] * 1000) >> FSHIFT;
	si_meminfo(&si);
	f->mem_total = (u64)si.totalram * si.mem_unit;
	f->mem_free = (u64)si_mem_available() * PAGE_SIZE;
}
EXPORT_SYMBOL_GPL(host_facts);

void host_trace_start(const struct vg_req *req)
{
	trace_virgo_request_start(req);
}

void host_trace_end(const struct vg_req *req)
{
	trace_virgo_request_end(req);
}
