// SPDX-License-Identifier: GPL-3.0-or-later
/* A few threads for a while; must never leave one running, nor need one to finish. */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "parallel.h"

struct pool {
	an_piece_fn piece;
	an_pieces_done_fn said;
	void *arg;
	size_t n, next, done;
	bool failed;
	pthread_mutex_t lock;
	pthread_cond_t some_done;
};

/* Takes pieces until there are none. */
static void work(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->next < p->n && !p->failed) {
		size_t i = p->next++;
		bool ok;

		pthread_mutex_unlock(&p->lock);
		ok = p->piece(p->arg, i);
		pthread_mutex_lock(&p->lock);
		p->done++;
		if (!ok)
			p->failed = true;
		pthread_cond_signal(&p->some_done);
	}
	pthread_mutex_unlock(&p->lock);
}

static void *thread(void *arg)
{
	work(arg);
	return NULL;
}

/* The caller only watches, so that it can ask its own caller whether to go on. */
static void watch(struct pool *p)
{
	size_t seen = 0;

	pthread_mutex_lock(&p->lock);
	while (p->done < p->n && !(p->failed && p->done == p->next)) {
		if (p->done == seen)
			pthread_cond_wait(&p->some_done, &p->lock);
		if (p->done == seen)
			continue;
		seen = p->done;
		pthread_mutex_unlock(&p->lock);
		if (p->said && !p->said(p->arg, seen)) {
			pthread_mutex_lock(&p->lock);
			p->failed = true;
			continue;
		}
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
}

unsigned int an_threads_start(pthread_t *t, unsigned int n, void *(*fn)(void *), void *arg)
{
	unsigned int i;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, fn, arg))
			break;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return i;
}

unsigned int an_processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return n < 1 ? 1 : n > AN_THREADS_MAX ? AN_THREADS_MAX : (unsigned int)n;
}

bool an_parallel(size_t n, unsigned int threads, an_piece_fn piece, an_pieces_done_fn done,
		 void *arg)
{
	struct pool p = {
		.piece = piece, .said = done, .arg = arg, .n = n,
		.lock = PTHREAD_MUTEX_INITIALIZER, .some_done = PTHREAD_COND_INITIALIZER,
	};
	pthread_t t[AN_THREADS_MAX];
	unsigned int i;

	if (!threads)
		threads = an_processors();
	if (threads > AN_THREADS_MAX)
		threads = AN_THREADS_MAX;
	threads = an_threads_start(t, threads < n ? threads : (unsigned int)n, thread, &p);
	if (!threads)
		work(&p);
	watch(&p);
	for (i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	return !p.failed;
}
