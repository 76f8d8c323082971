// SPDX-License-Identifier: GPL-3.0-or-later
/* The six services: names as signed, and ports. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const struct {
	const char *name;
	unsigned int port;
} services[VIRGO_SERVICES] = {
	[VIRGO_CPUPOOL] = { "cpupool", 10000 },
	[VIRGO_EVENTNET] = { "eventnet", 20000 },
	[VIRGO_MEMPOOL] = { "mempool", 30000 },
	[VIRGO_CONTROL] = { "control", 40000 },
	[VIRGO_CLOUDFS] = { "cloudfs", 50000 },
	[VIRGO_QUEUE] = { "queue", 60000 },
};

const char *virgo_service_name(enum virgo_service service)
{
	return (unsigned int)service < VIRGO_SERVICES ? services[service].name : NULL;
}

unsigned int virgo_service_port(enum virgo_service service)
{
	return (unsigned int)service < VIRGO_SERVICES ? services[service].port : 0;
}

int virgo_service_find(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	for (int i = 0; i < VIRGO_SERVICES; i++)
		if (!strcmp(text, services[i].name) ||
		    (end != text && !*end && port == services[i].port))
			return i;
	return -1;
}
