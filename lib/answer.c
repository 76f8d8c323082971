// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading and freeing an answer. */
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
