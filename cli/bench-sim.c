// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A queueing simulation of the balancers, event by event: clients, each with a view of its own that
 * grows old as libvirgo's does, send requests to machines that serve in the order of arrival. What
 * picks is core/balance.c itself. Must never ask a node or a clock: the same seed gives the same
 * figures everywhere.
 *
 * Requests arrive as a Poisson process, at a rate that uses load_percent of what all machines can
 * do together; each belongs to a client at random. A machine has cpus processors; a request takes
 * the first that is free. Nothing is lost and the network takes no time. Arrivals and run times are
 * the same for every balancer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "core/place.h"

enum { FUNCTIONS = 16, BEGIN_MS = 100000, SMALL_LOG2 = 10, LARGE_LOG2 = 20, LARGE_TIMES = 10 };

struct machine {
	double speed;
	double *free_at;	/* each processor's, µs */
	uint32_t here;		/* requests that have not left */
};

struct client {
	struct vg_peer *peers;
	uint32_t turn;		/* round robin */
};

struct leaving {		/* a request that will be done */
	double at;
	uint32_t machine, client;
};

struct request {
	double at, run_us;
	uint32_t client, function;
	uint64_t bytes;
};

struct sim {
	const struct bench_plan *plan;
	struct vg_rng world;	/* arrivals and run times */
	struct vg_rng choice;	/* the balancers' */
	struct machine *machines;
	struct client *clients;
	struct leaving *heap;	/* by time, the next one first */
	uint32_t in_heap;
	double now, interval, small_us;
	double zipf[FUNCTIONS];	/* cumulated */
	struct vg_model model;
	double *us;		/* response times */
	uint32_t *taken;
};

/* --- chance ---------------------------------------------------------------------------------- */

/* in [0, 1) */
static double fraction(struct vg_rng *rng)
{
	return (double)(vg_rng_next(rng) >> 11) * 0x1p-53;
}

static double exponential(struct vg_rng *rng, double mean)
{
	return -mean * log1p(-fraction(rng));
}

static uint32_t a_function(struct sim *sim)
{
	double u = fraction(&sim->world);
	uint32_t f = 0;

	while (f < FUNCTIONS - 1 && u >= sim->zipf[f])
		f++;
	return f;
}

/* Its run time is that of a machine that is not slow. The size of a request tells what can be told of it. */
static struct request next_request(struct sim *sim)
{
	struct request rq = { .bytes = 1 << SMALL_LOG2 };
	double mean = sim->small_us;

	sim->now += exponential(&sim->world, sim->interval);
	rq.at = sim->now;
	rq.client = vg_rng_below(&sim->world, sim->plan->clients);
	rq.function = a_function(sim);
	if (sim->plan->pattern == BENCH_SKEWED && fraction(&sim->world) < 0.1) {
		mean *= LARGE_TIMES;
		rq.bytes = 1 << LARGE_LOG2;
	}
	rq.run_us = exponential(&sim->world, mean);
	if (sim->plan->pattern == BENCH_SKEWED)		/* a quarter up or down: it can be predicted */
		rq.run_us = mean * (0.75 + 0.5 * fraction(&sim->world));
	return rq;
}

/* --- requests that leave ----------------------------------------------------------------------- */

static void heap_put(struct sim *sim, struct leaving l)
{
	uint32_t i = sim->in_heap++, up;

	for (; i && sim->heap[up = (i - 1) / 2].at > l.at; i = up)
		sim->heap[i] = sim->heap[up];
	sim->heap[i] = l;
}

static struct leaving heap_take(struct sim *sim)
{
	struct leaving first = sim->heap[0], last = sim->heap[--sim->in_heap];
	uint32_t i = 0, down;

	while ((down = 2 * i + 1) < sim->in_heap) {
		if (down + 1 < sim->in_heap && sim->heap[down + 1].at < sim->heap[down].at)
			down++;
		if (sim->heap[down].at >= last.at)
			break;
		sim->heap[i] = sim->heap[down];
		i = down;
	}
	sim->heap[i] = last;
	return first;
}

static uint64_t ms_of(double us)
{
	return BEGIN_MS + (uint64_t)(us / 1000);
}

static void leave_until(struct sim *sim, double at)
{
	while (sim->in_heap && sim->heap[0].at <= at) {
		struct leaving l = heap_take(sim);

		sim->machines[l.machine].here--;
		vg_peer_end(&sim->clients[l.client].peers[l.machine], VG_ANSWERED, true, ms_of(l.at),
			    &sim->choice);
	}
}

/* --- choosing ---------------------------------------------------------------------------------- */

/* what a machine says of its load */
static void look(struct sim *sim, struct client *c, uint32_t i)
{
	const struct machine *m = &sim->machines[i];
	uint32_t cpus = sim->plan->cpus, running = m->here < cpus ? m->here : cpus;
	struct vg_load load = {
		.node = i + 1, .cpus = cpus, .running = running, .queued = m->here - running,
		.load1_permille = running * 1000,
	};
	double mean = sim->plan->run_us / m->speed;

	load.predicted_us = (uint64_t)(mean * (m->here + 1 > cpus ? m->here + 1 : cpus) / cpus);
	vg_peer_saw(&c->peers[i], &load, c->peers[i].in_flight, 0, ms_of(sim->now));
}

static bool is_old(const struct sim *sim, const struct vg_peer *p)
{
	return !p->seen_ms || ms_of(sim->now) - p->seen_ms >= VG_VIEW_FRESH_MS;
}

/* as libvirgo does it: figures of a second ago are asked for anew, of all or of the two drawn */
static uint32_t choose(struct sim *sim, struct client *c, const struct request *rq)
{
	const struct bench_plan *plan = sim->plan;
	struct vg_choice choice = {
		.policy = (enum vg_policy)plan->balancer, .peers = c->peers, .n = plan->machines,
		.key_hash = vg_place_hash(&rq->function, sizeof(rq->function)), .model = &sim->model,
		.arg_bytes = rq->bytes, .now_ms = ms_of(sim->now), .rng = &sim->choice,
	};
	uint32_t two[2], n, i;

	switch (plan->balancer) {
	case BENCH_ROUND_ROBIN:
		return c->turn++ % plan->machines;
	case VG_TWO_CHOICES:
		n = vg_balance_draw(&choice, two);
		for (i = 0; i < n; i++)
			if (is_old(sim, &c->peers[two[i]]))
				look(sim, c, two[i]);
		return vg_balance_better(&choice, two, n);
	case VG_LEAST_LOADED:
	case VG_PREDICTED:
		for (i = 0; i < plan->machines; i++)
			if (is_old(sim, &c->peers[i]))
				look(sim, c, i);
		/* fall through */
	default:
		return vg_balance_pick(&choice);
	}
}

/* when the request is done: the first processor that is free takes it */
static double serve(struct sim *sim, struct machine *m, const struct request *rq)
{
	uint32_t first = 0, i;
	double begin;

	for (i = 1; i < sim->plan->cpus; i++)
		if (m->free_at[i] < m->free_at[first])
			first = i;
	begin = m->free_at[first] > rq->at ? m->free_at[first] : rq->at;
	m->free_at[first] = begin + rq->run_us / m->speed;
	m->here++;
	return m->free_at[first];
}

static void run(struct sim *sim)
{
	for (uint32_t k = 0; k < sim->plan->requests; k++) {
		struct request rq = next_request(sim);
		struct client *c = &sim->clients[rq.client];
		double done;
		uint32_t i;

		leave_until(sim, rq.at);
		i = choose(sim, c, &rq);
		vg_peer_begin(&c->peers[i], ms_of(rq.at));
		done = serve(sim, &sim->machines[i], &rq);
		heap_put(sim, (struct leaving){ .at = done, .machine = i, .client = rq.client });
		sim->us[k] = done - rq.at;
		sim->taken[i]++;
	}
}

/* --- setting up -------------------------------------------------------------------------------- */

static void set_model(struct sim *sim)
{
	double skew = sim->plan->pattern == BENCH_SKEWED ? 0.9 + 0.1 * LARGE_TIMES : 1;

	sim->small_us = sim->plan->run_us / skew;
	sim->model.curve.n = 2;
	sim->model.curve.log2[0] = SMALL_LOG2;
	sim->model.curve.us[0] = (uint32_t)sim->small_us;
	sim->model.curve.log2[1] = LARGE_LOG2;
	sim->model.curve.us[1] = (uint32_t)(sim->small_us * (skew > 1 ? LARGE_TIMES : 1));
}

static void set_functions(struct sim *sim)
{
	double sum = 0;

	for (int f = 0; f < FUNCTIONS; f++) {
		sum += sim->plan->pattern == BENCH_SKEWED ? 1.0 / (f + 1) : 1;
		sim->zipf[f] = sum;
	}
	for (int f = 0; f < FUNCTIONS; f++)
		sim->zipf[f] /= sum;
}

static int set_machines(struct sim *sim)
{
	const struct bench_plan *plan = sim->plan;
	uint32_t slow = plan->pattern == BENCH_ONE_SLOW ? 1 : plan->pattern == BENCH_TWO_SLOW ? 2 : 0;
	double can = 0;

	for (uint32_t i = 0; i < plan->machines; i++) {
		struct machine *m = &sim->machines[i];

		m->speed = i < slow ? 1.0 / plan->slow : 1;
		can += m->speed * plan->cpus;
		m->free_at = calloc(plan->cpus, sizeof(*m->free_at));
		if (!m->free_at)
			return -1;
	}
	sim->interval = plan->run_us / (can * plan->load_percent / 100.0);
	return 0;
}

static int set_clients(struct sim *sim)
{
	const struct bench_plan *plan = sim->plan;

	for (uint32_t k = 0; k < plan->clients; k++) {
		struct client *c = &sim->clients[k];

		c->peers = calloc(plan->machines, sizeof(*c->peers));
		if (!c->peers)
			return -1;
		c->turn = vg_rng_below(&sim->choice, plan->machines);
		for (uint32_t i = 0; i < plan->machines; i++) {
			c->peers[i].hash = vg_place_hash(&i, sizeof(i));
			c->peers[i].speed_permille = (uint32_t)(sim->machines[i].speed * 1000);
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void bench_sum_up(const struct bench_plan *plan, double *us, uint32_t n, struct bench_result *result)
{
	double mean = 0, most = 0, square = 0, sum = 0;

	qsort(us, n, sizeof(*us), compare);
	for (uint32_t k = 0; k < n; k++)
		sum += us[k];
	result->mean_us = n ? (uint64_t)(sum / n) : 0;
	result->p50_us = n ? (uint64_t)us[(n - 1) / 2] : 0;
	result->p99_us = n ? (uint64_t)us[(uint64_t)(n - 1) * 99 / 100] : 0;
	for (uint32_t i = 0; i < plan->machines; i++) {
		mean += (double)result->taken[i] / plan->machines;
		most = result->taken[i] > most ? result->taken[i] : most;
	}
	for (uint32_t i = 0; i < plan->machines; i++)
		square += (result->taken[i] - mean) * (result->taken[i] - mean);
	result->spread = mean > 0 ? most / mean : 0;
	result->variation = mean > 0 ? sqrt(square / plan->machines) / mean : 0;
}

static void sim_free(struct sim *sim)
{
	for (uint32_t i = 0; sim->machines && i < sim->plan->machines; i++)
		free(sim->machines[i].free_at);
	for (uint32_t k = 0; sim->clients && k < sim->plan->clients; k++)
		free(sim->clients[k].peers);
	free(sim->machines);
	free(sim->clients);
	free(sim->heap);
	free(sim->us);
}

int bench_simulate(const struct bench_plan *plan, struct bench_result *result)
{
	struct sim sim = { .plan = plan, .world = { plan->seed }, .choice = { ~plan->seed } };
	int ret = -1;

	memset(result, 0, sizeof(*result));
	sim.machines = calloc(plan->machines, sizeof(*sim.machines));
	sim.clients = calloc(plan->clients, sizeof(*sim.clients));
	sim.heap = calloc(plan->requests, sizeof(*sim.heap));
	sim.us = calloc(plan->requests, sizeof(*sim.us));
	sim.taken = result->taken = calloc(plan->machines, sizeof(*result->taken));
	if (!sim.machines || !sim.clients || !sim.heap || !sim.us || !sim.taken)
		goto out;
	set_model(&sim);
	set_functions(&sim);
	if (set_machines(&sim) || set_clients(&sim))
		goto out;
	run(&sim);
	bench_sum_up(plan, sim.us, plan->requests, result);
	ret = 0;
out:
	sim_free(&sim);
	return ret;
}

void bench_free(struct bench_result *result)
{
	free(result->taken);
	result->taken = NULL;
}
