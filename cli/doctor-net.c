// SPDX-License-Identifier: GPL-3.0-or-later
/* doctor: the six ports. Reads /proc only, opens no socket. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/kernel.h"

/* A listening socket on a port. */
struct listener {
	unsigned long inode;	/* 0: the kernel's own */
	char address[48];
};

enum { LISTENERS_MAX = 32, TCP_LISTENING = 10 };

/* an address as /proc/net/tcp has it: words of the machine's byte order */
static void address_text(const char *hex, char *text, size_t size)
{
	unsigned int a, b, c, d;

	if (strlen(hex) == 8 && sscanf(hex, "%2x%2x%2x%2x", &d, &c, &b, &a) == 4)
		snprintf(text, size, "%u.%u.%u.%u", a, b, c, d);
	else if (strspn(hex, "0") == 32)
		snprintf(text, size, "::");
	else
		snprintf(text, size, "an IPv6 address");
}

static size_t find_listeners(const char *path, unsigned int port, struct listener *found,
			     size_t n)
{
	unsigned int local_port, state;
	char line[512], address[64];
	unsigned long inode;
	FILE *file = fopen(path, "re");

	if (!file)
		return n;
	while (n < LISTENERS_MAX && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*u: %63[0-9A-F]:%x %*s %x %*s %*s %*s %*u %*u %lu", address,
			   &local_port, &state, &inode) != 4)
			continue;
		if (local_port != port || state != TCP_LISTENING)
			continue;
		found[n].inode = inode;
		address_text(address, found[n].address, sizeof(found[n].address));
		n++;
	}
	fclose(file);
	return n;
}

/* is a descriptor of the process the socket with that inode? */
static bool has_socket(const char *pid, unsigned long inode)
{
	char path[600], link[64], want[64];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		found = !strcmp(link, want);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* the name of the process that has the socket: 0 with its pid, or -1: not ours to see */
static int owner(unsigned long inode, char *name, size_t size, int *pid)
{
	struct dirent *entry;
	char path[600];
	DIR *dir = opendir("/proc");
	int ret = -1;

	while (dir && ret && (entry = readdir(dir))) {
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name) ||
		    !has_socket(entry->d_name, inode))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		*pid = atoi(entry->d_name);
		ret = doctor_read(path, name, size);
	}
	if (dir)
		closedir(dir);
	return ret;
}

static void say_taken(struct doctor *d, const char *service, unsigned int port,
		      const struct listener *l)
{
	char check[32], name[64] = "", mend[128];
	int pid = 0;

	snprintf(check, sizeof(check), "port %u", port);
	snprintf(mend, sizeof(mend), "ss -ltnp sport = :%u shows it; or set listen_%s", port,
		 service);
	if (!l->inode && kernel_has("virgo"))
		doctor_say(d, check, DOCTOR_OK, "", "%s: the kernel's node has it on %s",
			   service, l->address);
	else if (owner(l->inode, name, sizeof(name), &pid))
		doctor_say(d, check, DOCTOR_BAD, mend, "%s: somebody else's process has it on %s",
			   service, l->address);
	else if (!strcmp(name, "virgod"))
		doctor_say(d, check, DOCTOR_OK, "", "%s: virgod (process %d) has it on %s", service,
			   pid, l->address);
	else
		doctor_say(d, check, DOCTOR_BAD, mend, "%s: %s (process %d) has it on %s", service,
			   name, pid, l->address);
}

void doctor_ports(struct doctor *d)
{
	struct listener found[LISTENERS_MAX];
	char check[32];
	size_t n, i, k;

	for (i = 0; i < VIRGO_SERVICES; i++) {
		const char *service = virgo_service_name((enum virgo_service)i);
		unsigned int port = virgo_service_port((enum virgo_service)i);

		n = find_listeners("/proc/net/tcp", port, found, 0);
		n = find_listeners("/proc/net/tcp6", port, found, n);
		for (k = 0; k < n; k++)
			say_taken(d, service, port, &found[k]);
		snprintf(check, sizeof(check), "port %u", port);
		if (!n)
			doctor_say(d, check, DOCTOR_OK, "", "%s: free", service);
	}
}

/* is port in a list like "1000,2000-2010"? */
static bool in_list(const char *list, unsigned int port)
{
	unsigned int low, high;
	const char *p;

	for (p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		if (sscanf(p, "%u-%u", &low, &high) == 2) {
			if (port >= low && port <= high)
				return true;
		} else if (sscanf(p, "%u", &low) == 1 && low == port) {
			return true;
		}
	}
	return false;
}

void doctor_ephemeral(struct doctor *d)
{
	char range[64], reserved[1024] = "", hit[128] = "", mend[1200];
	unsigned int low, high, port;
	size_t i, at = 0;

	if (doctor_read("/proc/sys/net/ipv4/ip_local_port_range", range, sizeof(range)) ||
	    sscanf(range, "%u %u", &low, &high) != 2)
		return;
	doctor_read("/proc/sys/net/ipv4/ip_local_reserved_ports", reserved, sizeof(reserved));
	for (i = 0; i < VIRGO_SERVICES; i++) {
		port = virgo_service_port((enum virgo_service)i);
		if (port >= low && port <= high && !in_list(reserved, port))
			at += (size_t)snprintf(hit + at, sizeof(hit) - at, "%s%u", at ? ", " : "",
					       port);
	}
	/* setting the list replaces it: what is reserved already must stay */
	snprintf(mend, sizeof(mend), "sysctl -w %s=%s%s10000,20000,30000,40000,50000,60000",
		 "net.ipv4.ip_local_reserved_ports", reserved, *reserved ? "," : "");
	if (at)
		doctor_say(d, "ephemeral ports", DOCTOR_WARN, mend,
			   "%s lie in the range %u to %u that clients' sockets are given", hit, low,
			   high);
	else
		doctor_say(d, "ephemeral ports", DOCTOR_OK, "",
			   "the six ports are kept out of %u to %u", low, high);
}
