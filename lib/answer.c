// SPDX-License-Identifier: GPL-3.0-or-later
/* Making, reading and freeing an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

/*
 * head holds "Name\0value\0" for each field, with an empty name at the end: xfer.c writes it so,
 * and values can be handed out without copying.
 */
const char *virgo_answer_header(const struct virgo_answer *ans, const char *name)
{
	const char *p = ans->head;

	while (p && *p) {
		const char *value = p + strlen(p) + 1;

		if (!strcasecmp(p, name))
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

void virgo_answer_free(struct virgo_answer *ans)
{
	if (!ans)
		return;
	free(ans->node);
	free(ans->address);
	free(ans->body);
	free(ans->head);
	free(ans);
}

/* an answer that is still to come, with the names of who is to give it */
struct virgo_answer *virgo_answer_new(const struct virgo_job *job, size_t index)
{
	struct virgo_answer *ans = calloc(1, sizeof(*ans));
	char canon[VIRGO_NODE_NAME_MAX + 1], address[sizeof(canon) + 8];
	struct virgo_endpoint ep;

	if (!ans)
		return NULL;
	ans->index = index;
	ans->node = strdup(job->node);
	ans->body = calloc(1, 1);
	if (!virgo_node_canon(job->node, strlen(job->node), canon)) {
		virgo_node_split(canon, &ep);
		snprintf(address, sizeof(address), "%s:%u", ep.host,
			 ep.port ? ep.port : virgo_service_port(job->req->service));
		ans->address = strdup(address);
	} else {
		ans->address = strdup("");
	}
	if (ans->node && ans->body && ans->address)
		return ans;
	virgo_answer_free(ans);
	return NULL;
}
