// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * virgo bench --run: real requests over the configured nodes, picked as libvirgo picks for any
 * program. So many are sent at once, all are waited for, then the next lot. Changes nothing on the
 * nodes, unless the kernel function that is named does.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/bench-run.h"

struct lot {
	struct run *r;
	const struct bench_plan *plan;
	struct bench_result *result;
	struct virgo_pick *picks;	/* of each request in it */
	double *us;			/* of those answered well, all lots together */
	uint32_t good;
	struct virgo_error why;		/* of the first that failed */
};

static int on_answer(void *arg, struct virgo_answer *ans)
{
	struct lot *lot = arg;
	struct virgo_pick *pick = &lot->picks[ans->index];

	if (lot->plan->balancer != BENCH_ROUND_ROBIN)
		virgo_picked_done(lot->r->ctx, pick, ans, &ans->err);
	if (!ans->err.code)
		lot->us[lot->good++] = (double)ans->us;
	else if (!lot->result->failed++)
		lot->why = ans->err;
	virgo_answer_free(ans);
	return 0;
}

/* the nodes of n requests */
static int pick_lot(struct lot *lot, struct virgo_job *jobs, uint32_t from, uint32_t n,
		    const struct virgo_request *req, const char *function, struct virgo_error *err)
{
	const struct virgo_nodeset *nodes = virgo_nodes(lot->r->ctx);
	struct virgo_want want = { .fn = function };
	char key[16];
	int ret;

	for (uint32_t k = 0; k < n; k++) {
		struct virgo_pick *pick = &lot->picks[k];

		memset(pick, 0, sizeof(*pick));
		if (lot->plan->balancer == BENCH_ROUND_ROBIN) {
			pick->index = (from + k) % lot->plan->machines;
			pick->node = virgo_nodeset_name(nodes, pick->index);
		} else {
			/* sixteen kinds of work, so that "hash" has something to spread */
			want.key = key;
			want.key_len = (size_t)snprintf(key, sizeof(key), "%u", (from + k) % 16);
			ret = virgo_pick(lot->r->ctx, &want, pick, err);
			if (ret)
				return ret;
		}
		lot->result->taken[pick->index]++;
		jobs[k] = (struct virgo_job){ .node = pick->node, .req = req };
	}
	return VIRGO_OK;
}

static int send_lots(struct lot *lot, struct virgo_job *jobs, const struct virgo_request *req,
		     const char *function, uint32_t at_once, struct virgo_error *err)
{
	uint32_t n, from;
	int ret = VIRGO_OK;

	for (from = 0; !ret && from < lot->plan->requests; from += n) {
		n = lot->plan->requests - from < at_once ? lot->plan->requests - from : at_once;
		ret = pick_lot(lot, jobs, from, n, req, function, err);
		if (!ret)
			ret = virgo_call_many(lot->r->ctx, jobs, n, on_answer, lot, err);
	}
	return ret;
}

/* {"kind":"kernel","name":…} in text, or -1: a name that needs escapes is none */
static int run_body(const char *function, char *text, size_t size, struct virgo_body *body)
{
	int n = snprintf(text, size, "{\"kind\":\"kernel\",\"name\":\"%s\"}", function);

	if (n < 0 || (size_t)n >= size ||
	    strspn(function, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") !=
		    strlen(function))
		return -1;
	virgo_body_mem(body, text, (uint64_t)n);
	return 0;
}

int bench_run(struct run *r, const struct bench_plan *plan, const char *function, uint32_t at_once,
	      struct bench_result *result)
{
	struct virgo_request req = {
		.service = VIRGO_CPUPOOL, .method = "GET", .target = "/healthz", .unsigned_ok = 1,
	};
	static const struct virgo_header type = { "Content-Type", "application/json" };
	struct lot lot = { .r = r, .plan = plan, .result = result };
	struct virgo_job *jobs = calloc(at_once, sizeof(*jobs));
	struct virgo_error err = { 0 };
	struct virgo_body body;
	char text[192];
	int ret = VIRGO_OK;

	memset(result, 0, sizeof(*result));
	result->taken = calloc(plan->machines, sizeof(*result->taken));
	lot.picks = calloc(at_once, sizeof(*lot.picks));
	lot.us = calloc(plan->requests, sizeof(*lot.us));
	if (!jobs || !result->taken || !lot.picks || !lot.us)
		ret = virgo_error_set(&err, VIRGO_FAILED, "out of memory");
	if (!ret && function) {
		if (run_body(function, text, sizeof(text), &body))
			ret = virgo_error_set(&err, VIRGO_USAGE, "\"%.60s\" is no kernel function's name",
					      function);
		req = (struct virgo_request){
			.service = VIRGO_CPUPOOL, .method = "POST", .target = "/v1/exec",
			.headers = &type, .nheaders = 1, .body = &body,
		};
	}
	if (!ret)
		ret = send_lots(&lot, jobs, &req, function, at_once, &err);
	if (!ret && !lot.good)
		err = lot.why;
	if (ret || !lot.good)
		ret = run_error(r, &err);
	else
		bench_sum_up(plan, lot.us, lot.good, result);
	free(jobs);
	free(lot.picks);
	free(lot.us);
	return ret;
}
