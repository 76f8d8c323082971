// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Pipelines: programs are started, of the host's commands the last one runs in this process, on its
 * connections, and everything else in children. Nothing is held: what a stage writes the next one
 * reads. No process keeps an end of a pipe that is not its own, or the others would never see an end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/int.h"

struct stage {
	const struct sh_node *node;
	enum sh_kind kind;
	int in, out;		/* its ends of pipes; -1: as outside */
};

struct pipeline {
	struct sh *sh;
	struct stage *stages;
	pid_t *pids;
	int *status;
	size_t n;
	size_t here;		/* the stage that runs in this process; n: none */
};

static void close_ends(struct stage *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->out >= 0)
		close(s->out);
	s->in = -1;
	s->out = -1;
}

static int connect_ends(struct sh *sh, const struct stage *s, struct sh_undo *undo)
{
	if (s->in >= 0 && sh_put_fd(sh, 0, s->in, undo))
		return -1;
	return s->out >= 0 ? sh_put_fd(sh, 1, s->out, undo) : 0;
}

static void in_child(struct pipeline *p, size_t i)
{
	struct stage *s = &p->stages[i];
	struct sh *sh = p->sh;
	size_t k;

	if (connect_ends(sh, s, NULL))
		_exit(SH_ST_ERROR);
	for (k = 0; k < p->n; k++)
		close_ends(&p->stages[k]);
	sh->after_pipe = i && s->node->type == SH_SIMPLE;
	sh_child_exit(sh, sh_eval_node(sh, s->node));
}

/* a program: connected and started from here, which needs no copy of this process */
static void start_program(struct pipeline *p, size_t i)
{
	struct stage *s = &p->stages[i];
	struct sh *sh = p->sh;
	struct sh_undo undo;

	sh_undo_start(&undo);
	fflush(stdout);
	p->status[i] = SH_ST_ERROR;
	if (!connect_ends(sh, s, &undo)) {
		sh->after_pipe = i;
		p->pids[i] = sh_start_simple(sh, s->node, &p->status[i]);
		sh->after_pipe = false;
		p->status[i] = sh_contain(sh, p->status[i]);
	}
	sh_undo(sh, &undo);
}

static void start_stage(struct pipeline *p, size_t i)
{
	p->pids[i] = -1;
	if (p->stages[i].kind == SH_K_PROGRAM) {
		start_program(p, i);
	} else {
		p->pids[i] = sh_fork(p->sh);
		if (!p->pids[i])
			in_child(p, i);
		p->status[i] = SH_ST_ERROR;
	}
	close_ends(&p->stages[i]);
}

static void run_here(struct pipeline *p)
{
	struct stage *s = &p->stages[p->here];
	struct sh *sh = p->sh;
	struct sh_undo undo;
	bool piped = sh->piped;
	int status = SH_ST_ERROR;

	sh_undo_start(&undo);
	fflush(stdout);
	if (!connect_ends(sh, s, &undo)) {
		sh->piped = s->out >= 0 || piped;
		close_ends(s);
		sh->after_pipe = p->here;
		status = sh_eval_simple(sh, s->node);
		status = sh_contain(sh, status);
	}
	close_ends(s);
	sh->piped = piped;
	sh_undo(sh, &undo);
	p->status[p->here] = status;
}

/* who runs where; the ends of all pipes are still nobody's */
static void plan(struct pipeline *p, const struct sh_node *node)
{
	struct stage *s = p->stages;

	p->here = p->n;
	for (; node; node = node->next, s++) {
		s->node = node;
		s->in = -1;
		s->out = -1;
		s->kind = node->type == SH_SIMPLE
			? sh_foresee(p->sh, node, s != p->stages) : SH_K_NONE;
		if (s->kind == SH_K_HOST)
			p->here = (size_t)(s - p->stages);
	}
}

/* each pipe is made just before its writer starts, so that nobody else inherits it */
static int start_all(struct pipeline *p)
{
	int ends[2];
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (i + 1 < p->n) {
			if (pipe2(ends, O_CLOEXEC)) {
				sh_fail(p->sh, "no pipe: %s", strerror(errno));
				return -1;
			}
			p->stages[i].out = ends[1];
			p->stages[i + 1].in = ends[0];
		}
		if (i != p->here)
			start_stage(p, i);
	}
	return 0;
}

static void keep_status(struct pipeline *p)
{
	struct sh *sh = p->sh;
	int *room;

	if (p->n > sh->pipe_max) {
		room = realloc(sh->pipe_status, p->n * sizeof(*room));
		if (!room)
			sh_out_of_memory();
		sh->pipe_status = room;
		sh->pipe_max = p->n;
	}
	memcpy(sh->pipe_status, p->status, p->n * sizeof(int));
	sh->pipe_n = p->n;
}

static int result(const struct pipeline *p)
{
	size_t i;

	if (p->sh->opt.pipefail)
		for (i = p->n; i > 0; i--)
			if (p->status[i - 1])
				return p->status[i - 1];
	return p->status[p->n - 1];
}

static int run_pipeline(struct sh *sh, const struct sh_node *node)
{
	struct pipeline p = { .sh = sh, .n = node->pipe.n };
	struct sh_mark mark = sh_mark(sh);
	int status;
	size_t i;

	p.stages = sh_tmp(sh, p.n * sizeof(*p.stages));
	p.pids = sh_tmp(sh, p.n * sizeof(*p.pids));
	p.status = sh_tmp(sh, p.n * sizeof(*p.status));
	for (i = 0; i < p.n; i++) {
		p.pids[i] = -1;
		p.status[i] = SH_ST_ERROR;
	}
	plan(&p, node->pipe.stages);
	if (!start_all(&p) && p.here < p.n && !sh->flow)
		run_here(&p);
	for (i = 0; i < p.n; i++)
		close_ends(&p.stages[i]);
	sh_wait_all(sh, p.n, p.pids, p.status);
	keep_status(&p);
	status = result(&p);
	sh_release(sh, mark);
	return status;
}

int sh_pipeline(struct sh *sh, const struct sh_node *node)
{
	int status;

	sh->tested += node->pipe.negated;
	if (node->pipe.n == 1)
		status = sh_eval_node(sh, node->pipe.stages);
	else
		status = run_pipeline(sh, node);
	sh->tested -= node->pipe.negated;
	return node->pipe.negated && !sh->flow ? !status : status;
}
