// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws one line over and over. Never writes where no terminal is. */
#include <time.h>
#include <unistd.h>

#include "cli/progress.h"

enum { SHOW_AFTER_MS = 300, DRAW_EVERY_MS = 100 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_start(struct progress *p, struct run *r, size_t total, bool at_once)
{
	bool wanted = total > 1 && !r->set.quiet && !r->set.verbose &&
		      r->out.format == OUT_TABLE && isatty(fileno(r->cli->diag));

	*p = (struct progress){ .to = wanted ? r->cli->diag : NULL };
	p->start_ms = now_ms() - (at_once ? SHOW_AFTER_MS : 0);
	if (at_once)
		progress_show(p, 0, 0, total);
}

void progress_show(struct progress *p, size_t done, size_t failed, size_t total)
{
	int64_t now;

	if (!p->to)
		return;
	now = now_ms();
	if (now - p->start_ms < SHOW_AFTER_MS ||
	    (p->shown && done < total && now - p->drawn_ms < DRAW_EVERY_MS))
		return;
	fprintf(p->to, "\r%zu of %zu nodes", done, total);
	if (failed)
		fprintf(p->to, ", %zu failed", failed);
	fflush(p->to);
	p->shown = true;
	p->drawn_ms = now;
}

void progress_clear(struct progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", p->to);
	fflush(p->to);
	p->shown = false;
}
