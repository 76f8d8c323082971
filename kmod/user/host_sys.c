// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What core/host.h asks about the machine, for virgod.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>

#include <ifaddrs.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/host.h"
#include "core/sockaddr.h"

void host_random(void *p, size_t n)
{
	get_random_bytes(p, n);
}

size_t host_alloc_size(const void *p, size_t asked)
{
	/* the allocator keeps a word in front of each piece */
	return p ? ksize(p) + sizeof(size_t) : 0;
}

bool host_addr_is_local(const struct vg_addr *addr)
{
	struct ifaddrs *list, *i;
	struct vg_addr own;
	bool yes = false;

	if (getifaddrs(&list))
		return false;
	for (i = list; i && !yes; i = i->ifa_next)
		yes = i->ifa_addr && !vg_addr_from_sockaddr(&own, i->ifa_addr) &&
		      vg_addr_same(&own, addr);
	freeifaddrs(list);
	return yes;
}

void host_facts(struct host_facts *f)
{
	struct utsname u;
	struct sysinfo si;
	double load;

	memset(f, 0, sizeof(*f));
	f->kind = "virgod";
	if (!uname(&u))
		strscpy(f->release, u.release, sizeof(f->release));
	f->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (getloadavg(&load, 1) == 1)
		f->load1_milli = load * 1000;
	if (!sysinfo(&si)) {
		f->mem_total = (u64)si.totalram * si.mem_unit;
		f->mem_free = (u64)si.freeram * si.mem_unit;
	}
}

void host_trace_start(const struct vg_req *req)
{
}

void host_trace_end(const struct vg_req *req)
{
}
