// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How many nodes answer, found by a child process while the user types or a command runs. The
 * prompt shows what is known and never waits for more.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/prompt/int.h"

static void answered(struct health *h)
{
	char *end;
	unsigned long up = strtoul(h->child.text, &end, 10);

	/* no answer at all (out of memory, an upgrade): what was known is no longer */
	h->up = end == h->child.text || h->child.failed ? -1 : (long)up;
	if (*end == ' ')
		h->total = strtoul(end, NULL, 10);
}

/* take the answer if it is there */
static void collect(struct health *h)
{
	if (!h->child.pid)
		return;
	if (child_read(&h->child, 0)) {
		answered(h);
		child_end(&h->child);
	} else if (now_ms() - h->child.started > PROMPT_HEALTH_LATE_MS) {
		child_end(&h->child);
		h->up = -1;
	}
}

void health_refresh(struct prompt *pr, bool ask)
{
	struct health *h = &pr->health;
	char set[PROMPT_SET_MAX];
	size_t total;

	collect(h);
	total = pr->host->nodes(pr->host->arg, set, sizeof(set));
	if (strcmp(set, h->set) || total != h->total) {
		child_end(&h->child);
		memcpy(h->set, set, sizeof(set));
		h->total = total;
		h->up = -1;
		h->asked = 0;
	}
	if (!ask || !total || h->child.pid || (h->asked && now_ms() - h->asked < PROMPT_HEALTH_MS))
		return;
	h->asked = now_ms();
	child_start(&h->child, pr->host, PROMPT_HEALTH, NULL, 0);
}

void health_show(struct prompt *pr, char *text, size_t size)
{
	struct health *h = &pr->health;

	if (h->up < 0)
		snprintf(text, size, "-/%zu", h->total);
	else
		snprintf(text, size, "%ld/%zu", h->up, h->total);
}

int health_state(const struct prompt *pr)
{
	const struct health *h = &pr->health;

	if (h->up < 0 || !h->total)
		return 0;
	return (size_t)h->up >= h->total ? 3 : h->up ? 1 : 2;
}

void health_end(struct prompt *pr)
{
	child_end(&pr->health.child);
}
