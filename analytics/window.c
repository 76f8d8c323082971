// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts what each minute holds; must never grow with what one minute or one source sends. */
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "window.h"

bool an_windows_init(struct an_windows *w)
{
	memset(w, 0, sizeof(*w));
	w->mask = 1023;
	w->slots = calloc(w->mask + 1ul, sizeof(*w->slots));
	w->sources = calloc(AN_WINDOW_SLOTS, sizeof(*w->sources));
	w->used = calloc(AN_WINDOW_SOURCES, sizeof(*w->used));
	return w->slots && w->sources && w->used;
}

void an_windows_free(struct an_windows *w)
{
	free(w->v);
	free(w->templates);
	free(w->slots);
	free(w->pairs);
	free(w->sources);
	free(w->used);
	memset(w, 0, sizeof(*w));
}

/* How many different values a bitmap of @bits bits, @set of them, has seen (linear counting). */
static uint32_t linear_count(unsigned int set, unsigned int bits)
{
	double zero = bits - set > 0 ? bits - set : 0.5;
	double x = zero / bits, sum = 0, term;
	int i;

	/* -ln(x) by its series for (1 - x): no libm, the same bits on every machine */
	term = 1 - x;
	for (i = 1; i < 200; i++) {
		sum += term / i;
		term *= 1 - x;
	}
	return (uint32_t)(sum * bits + 0.5);
}

static void finish_sources(struct an_windows *w, struct an_window *win)
{
	const struct an_window_source *best = NULL;
	unsigned int set = 0;
	uint32_t i;

	for (i = 0; i < w->nused; i++) {
		const struct an_window_source *s = &w->sources[w->used[i]];

		if (!best || s->n.count > best->n.count ||
		    (s->n.count == best->n.count && s->key < best->key))
			best = s;
	}
	for (i = 0; i < 32; i++)
		set += (unsigned int)__builtin_popcountll(w->portmap[i]);
	win->sources = w->nused;
	win->ports = set ? linear_count(set, 32 * 64) : 0;
	if (best) {
		win->loud = best->n;
		win->loud.key = best->key;
		win->loud.ports = linear_count((unsigned int)__builtin_popcountll(best->portmap),
					       64);
	}
}

void an_windows_end(struct an_windows *w)
{
	struct an_window *win;

	if (!w->n)
		return;
	win = &w->v[w->n - 1];
	win->npairs = (uint32_t)w->npairs - win->pairs;
	finish_sources(w, win);
	w->nused = 0;
	w->generation++;
	memset(w->portmap, 0, sizeof(w->portmap));
}

static int64_t minute_of(int64_t ms)
{
	return (ms >= 0 ? ms : ms - AN_WINDOW_MS + 1) / AN_WINDOW_MS * AN_WINDOW_MS;
}

struct an_window *an_windows_append(struct an_windows *w)
{
	struct an_window *last;

	if (!an_grow((void **)&w->v, w->n, &w->room, sizeof(*w->v)))
		return NULL;
	last = &w->v[w->n++];
	memset(last, 0, sizeof(*last));
	last->pairs = (uint32_t)w->npairs;
	return last;
}

/* The window for a line of time @ms, a new one when need be; NULL when there is no room. */
static struct an_window *window_for(struct an_windows *w, int64_t ms, bool *nomem)
{
	struct an_window *last = w->n ? &w->v[w->n - 1] : NULL;

	if (last && ms < last->start_ms + AN_WINDOW_MS && ms >= last->start_ms - AN_WINDOW_LATE_MS)
		return last;
	if (w->n == AN_WINDOWS_MAX)
		return NULL;
	an_windows_end(w);
	last = an_windows_append(w);
	if (!last) {
		*nomem = true;
		return NULL;
	}
	last->start_ms = minute_of(ms);
	last->first_ms = (int32_t)(ms - last->start_ms);
	return last;
}

static uint32_t find_slot(const struct an_windows *w, uint64_t key)
{
	uint32_t at = (uint32_t)key & w->mask;

	while (w->slots[at] && w->templates[w->slots[at] - 1].key != key)
		at = (at + 1) & w->mask;
	return at;
}

static bool grow_slots(struct an_windows *w)
{
	uint32_t mask = w->mask * 2 + 1, i;
	uint32_t *slots = calloc(mask + 1ul, sizeof(*slots));

	if (!slots)
		return false;
	free(w->slots);
	w->slots = slots;
	w->mask = mask;
	for (i = 0; i < w->ntemplates; i++)
		w->slots[find_slot(w, w->templates[i].key)] = i + 1;
	return true;
}

/* What the template's first line speaks of. */
static void read_words(struct an_template *t, const char *s, const char *end)
{
	char word[AN_WORD_MAX];
	size_t len;
	int k;

	while (t->nwords < AN_WORDS_MAX && (len = an_word_next(&s, end, word))) {
		unsigned int about = an_word_about(word, len);

		t->about |= (uint8_t)about;
		for (k = 0; k < AN_ABOUT_KINDS; k++)
			t->kind[k] += !!(about & AN_ABOUT_OOM << k);
		t->nwords = (uint8_t)an_word_add(t->word, t->nwords, an_word_hash(word, len));
	}
}

struct an_template *an_windows_new_template(struct an_windows *w, uint64_t key)
{
	struct an_template *t;

	if (w->ntemplates == w->templates_room) {
		uint32_t room = w->templates_room ? w->templates_room * 2 : 256;

		t = realloc(w->templates, room * sizeof(*t));
		if (!t)
			return NULL;
		w->templates = t;
		w->templates_room = room;
	}
	if ((w->ntemplates + 1) * 2 > w->mask && !grow_slots(w))
		return NULL;
	t = &w->templates[w->ntemplates];
	memset(t, 0, sizeof(*t));
	t->key = key;
	t->window = UINT32_MAX;
	w->slots[find_slot(w, key)] = ++w->ntemplates;
	return t;
}

struct an_pair *an_windows_new_pair(struct an_windows *w)
{
	if (!an_grow((void **)&w->pairs, w->npairs, &w->pairs_room, sizeof(*w->pairs)))
		return NULL;
	return &w->pairs[w->npairs++];
}

const struct an_template *an_windows_template(const struct an_windows *w, uint64_t key)
{
	uint32_t at = find_slot(w, key);

	return w->slots[at] ? &w->templates[w->slots[at] - 1] : NULL;
}

/* Counts a message's template in the window under way; false when out of memory. */
static bool add_message(struct an_windows *w, const struct an_line *line)
{
	uint64_t key = an_line_template(line);
	uint32_t at = find_slot(w, key), now = (uint32_t)w->n - 1;
	struct an_template *t;
	struct an_pair *pair;

	if (w->slots[at]) {
		t = &w->templates[w->slots[at] - 1];
	} else if (w->ntemplates == AN_TEMPLATES_MAX) {
		w->untracked++;
		return true;
	} else {
		t = an_windows_new_template(w, key);
		if (!t)
			return false;
		read_words(t, line->msg, line->end);
	}
	t->total++;
	if (t->window == now) {
		w->pairs[t->pair].count++;
		return true;
	}
	if (w->npairs == AN_PAIRS_MAX) {
		w->untracked++;
		return true;
	}
	pair = an_windows_new_pair(w);
	if (!pair)
		return false;
	*pair = (struct an_pair){ (uint32_t)(t - w->templates), 1 };
	t->window = now;
	t->df++;
	t->pair = (uint32_t)w->npairs - 1;
	return true;
}

struct an_window_source *an_windows_source(struct an_windows *w, uint64_t key)
{
	uint32_t at = (uint32_t)key & (AN_WINDOW_SLOTS - 1);
	struct an_window_source *s;

	while (w->sources[at].generation == w->generation + 1 && w->sources[at].key != key)
		at = (at + 1) & (AN_WINDOW_SLOTS - 1);
	s = &w->sources[at];
	if (s->generation == w->generation + 1)
		return s;
	if (w->nused == AN_WINDOW_SOURCES)
		return NULL;
	w->used[w->nused++] = at;
	memset(s, 0, sizeof(*s));
	s->generation = w->generation + 1;
	s->key = key;
	return s;
}

static void add_packet(struct an_windows *w, const struct an_event *ev)
{
	uint32_t tcp, port = 0;
	struct an_window_source *s;

	if (ev->flags & AN_F_DPT) {
		port = (ev->dpt + 1u) * 0x9e3779b1u >> 16;
		w->portmap[port >> 6 & 31] |= 1ull << (port & 63);
	}
	s = an_windows_source(w, an_addr_hash(ev->src));
	if (!s)
		return;
	tcp = ev->flags & (AN_F_SYN | AN_F_ACK | AN_F_RST | AN_F_FIN);
	s->n.count++;
	s->n.syn += tcp == AN_F_SYN;
	s->n.ack += !!(tcp & (AN_F_ACK | AN_F_RST | AN_F_FIN));
	s->n.group += !!(ev->flags & AN_F_GROUP);
	s->n.udp += ev->proto == AN_PROTO_UDP && !(ev->flags & AN_F_GROUP);
	if (ev->flags & AN_F_DPT)
		s->portmap |= 1ull << (port & 63);
}

bool an_windows_add(struct an_windows *w, const struct an_line *line, const struct an_event *ev)
{
	bool nomem = false;
	struct an_window *win = window_for(w, line->ms, &nomem);

	if (!win) {
		w->untracked++;
		return !nomem;
	}
	win->lines++;
	if (line->ms - win->start_ms > win->last_ms)
		win->last_ms = (int32_t)(line->ms - win->start_ms);
	if (line->alert) {
		w->has_alerts = true;
		win->alerts += !(line->alert_len == 1 && *line->alert == '-');
	}
	switch (line->kind) {
	case AN_LINE_BLOCK:
		win->blocks++;
		if (ev)
			add_packet(w, ev);
		return true;
	case AN_LINE_PACKET:
		win->packets++;
		return true;
	case AN_LINE_EXEC:
	case AN_LINE_LOAD:
		return true;
	default:
		return add_message(w, line);
	}
}
