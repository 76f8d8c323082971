// SPDX-License-Identifier: GPL-3.0-or-later
/* Finds what a line stands behind; must never keep a line. */
#include "behind.h"

bool an_behind_init(struct an_behind *b, const struct an_gathered *g, bool sources)
{
	size_t i;

	*b = (struct an_behind){ .g = g };
	if (!sources)
		return true;
	if (!an_count_init(&b->index, 1u << 20))
		return false;
	for (i = 0; i < g->cands.n; i++) {
		bool fresh;
		uint32_t at = an_count_add(&b->index, g->cands.v[i].addr, &fresh);

		if (at == AN_COUNT_NONE)
			return false;
		b->index.entries[at].user = (uint32_t)i + 1;
	}
	return true;
}

void an_behind_free(struct an_behind *b)
{
	an_count_free(&b->index);
}

size_t an_behind_source(const struct an_behind *b, const struct an_line *line)
{
	struct an_event ev;
	uint32_t at;

	if (line->kind != AN_LINE_BLOCK || !an_line_packet(line, &ev))
		return AN_BEHIND_NONE;
	at = an_count_find(&b->index, ev.src);
	return at == AN_COUNT_NONE ? AN_BEHIND_NONE : b->index.entries[at].user - 1;
}

size_t an_behind_window(struct an_behind *b, const struct an_line *line)
{
	const struct an_windows *w = &b->g->groups[0].windows;
	const struct an_window *last = w->n ? &w->v[b->window] : NULL;
	size_t i;

	if (line->ms == AN_MS_NONE || !last)
		return AN_BEHIND_NONE;
	/* where it was counted: what comes a little late was, too */
	if (line->ms < last->start_ms + AN_WINDOW_MS &&
	    line->ms >= last->start_ms - AN_WINDOW_LATE_MS)
		return b->window;
	/* these found no room */
	if (w->n == AN_WINDOWS_MAX && b->window == w->n - 1)
		return AN_BEHIND_NONE;
	/* in the order the log was first read in: nearly always the next */
	for (i = 0; i < w->n; i++) {
		size_t at = (b->window + i) % w->n;

		if (line->ms >= w->v[at].start_ms && line->ms < w->v[at].start_ms + AN_WINDOW_MS) {
			b->window = at;
			return at;
		}
	}
	return AN_BEHIND_NONE;
}

bool an_behind_why(const struct an_behind *b, size_t window, const struct an_line *line)
{
	const struct an_group *group = &b->g->groups[0];
	const struct an_loud *loud = &group->windows.v[window].loud;
	const struct an_template *t;
	struct an_event ev;

	if (line->kind == AN_LINE_BLOCK)
		return loud->count > 4 * (group->norm.loud + 4) && an_line_packet(line, &ev) &&
		       an_addr_hash(ev.src) == loud->key;
	if (line->kind != AN_LINE_OTHER && line->kind != AN_LINE_ENDED)
		return false;
	t = an_windows_template(&group->windows, an_line_template(line));
	return t && (b->texts || an_win_rarity(&group->windows, t) > 0);
}
