// SPDX-License-Identifier: GPL-3.0-or-later
/* A ring of blocks between who reads them and who looks; must never use one before an earlier one. */
#include <pthread.h>
#include <stdlib.h>

#include "ahead.h"
#include "parallel.h"
#include "reader.h"

#define START_AFTER	4	/* blocks: threads cost more than a small log */
#define SLOTS(threads)	(8 * ((threads) + 1))	/* so many that nobody waits for one that takes longer */

enum slot_state { EMPTY, GIVEN, LOOKING, LOOKED };

struct ahead_slot {
	char *buf;		/* allocated when first needed, as is found */
	void *found;
	struct an_block block;
	enum slot_state state;
	bool ok;
};

/*
 * The slots first..given-1 (modulo their number) are in the ring, given is the one being filled.
 * state, first, next and given are changed under the lock only, and first and given by the caller's
 * thread only; all else of a slot belongs to whom its state says.
 */
struct an_ahead {
	an_look_fn look;
	an_looked_fn looked;
	an_found_done_fn done;
	void *arg;
	size_t size, found;	/* of a block, of what is found */
	unsigned int threads, running, nslots;
	unsigned long first, next, given;	/* next: the first that nobody looks at yet */
	bool end;
	pthread_mutex_t lock;
	pthread_cond_t more, some_looked;
	pthread_t thread[AN_THREADS_MAX];
	struct ahead_slot slots[SLOTS(AN_THREADS_MAX)];
};

struct an_ahead *an_ahead_new(size_t size, size_t found, an_look_fn look, an_looked_fn looked,
			      an_found_done_fn done, void *arg)
{
	struct an_ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->look = look;
	a->looked = looked;
	a->done = done;
	a->arg = arg;
	a->size = size;
	a->found = found;
	a->threads = an_processors() - 1;
	a->nslots = SLOTS(a->threads);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	pthread_cond_init(&a->some_looked, NULL);
	return a;
}

static struct ahead_slot *slot_at(struct an_ahead *a, unsigned long i)
{
	return &a->slots[i % a->nslots];
}

/* Looks at the next block that nobody looks at; the lock is held, but not meanwhile. */
static void look_at_next(struct an_ahead *a)
{
	struct ahead_slot *s = slot_at(a, a->next++);

	s->state = LOOKING;
	pthread_mutex_unlock(&a->lock);
	s->ok = a->look(a->arg, &s->block, s->found);
	pthread_mutex_lock(&a->lock);
	s->state = LOOKED;
	pthread_cond_signal(&a->some_looked);
}

static void *looking(void *arg)
{
	struct an_ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!a->end) {
		if (a->next < a->given)
			look_at_next(a);
		else
			pthread_cond_wait(&a->more, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Uses the oldest block, and looks at others while somebody else still looks at that. */
static int settle(struct an_ahead *a)
{
	struct ahead_slot *s = slot_at(a, a->first);
	int ret;

	pthread_mutex_lock(&a->lock);
	while (s->state != LOOKED) {
		if (a->next < a->given)
			look_at_next(a);
		else
			pthread_cond_wait(&a->some_looked, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	ret = a->looked(a->arg, &s->block, s->ok ? s->found : NULL);
	pthread_mutex_lock(&a->lock);
	s->state = EMPTY;
	a->first++;
	pthread_mutex_unlock(&a->lock);
	return ret;
}

static bool oldest_is_looked(struct an_ahead *a)
{
	bool is;

	pthread_mutex_lock(&a->lock);
	is = a->first < a->given && slot_at(a, a->first)->state == LOOKED;
	pthread_mutex_unlock(&a->lock);
	return is;
}

char *an_ahead_buffer(struct an_ahead *a)
{
	struct ahead_slot *s = slot_at(a, a->given);

	if (!s->buf)
		s->buf = malloc(a->size);
	if (!s->found)
		s->found = calloc(1, a->found);
	return s->found ? s->buf : NULL;
}

int an_ahead_give(struct an_ahead *a, const struct an_block *block)
{
	struct ahead_slot *s = slot_at(a, a->given);
	int ret = 0;

	if (a->given == START_AFTER)
		a->running = an_threads_start(a->thread, a->threads, looking, a);
	pthread_mutex_lock(&a->lock);
	s->block = *block;
	s->state = GIVEN;
	a->given++;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	/* one slot at least stays empty: the next block is put together there */
	while (!ret && (a->given - a->first == a->nslots || !a->running || oldest_is_looked(a)) &&
	       a->first < a->given)
		ret = settle(a);
	return ret;
}

int an_ahead_drain(struct an_ahead *a)
{
	int ret = 0;

	while (!ret && a->first < a->given)
		ret = settle(a);
	return ret;
}

void an_ahead_free(struct an_ahead *a)
{
	unsigned int i;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->end = true;
	pthread_cond_broadcast(&a->more);
	pthread_mutex_unlock(&a->lock);
	for (i = 0; i < a->running; i++)
		pthread_join(a->thread[i], NULL);
	for (i = 0; i < a->nslots; i++) {
		if (a->slots[i].found)
			a->done(a->slots[i].found);
		free(a->slots[i].found);
		free(a->slots[i].buf);
	}
	pthread_cond_destroy(&a->some_looked);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
