// SPDX-License-Identifier: GPL-3.0-or-later
/* See prepare.h. Must never start anything, and never go on with half of what was asked for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/allow.h"
#include "helper/cgroup.h"
#include "helper/env.h"
#include "helper/helper.h"
#include "helper/prepare.h"
#include "helper/rlimits.h"

static int no_memory(struct fault *f)
{
	return fault_set(f, VIRGO_END_FAILED, ENOMEM, "no memory for arguments");
}

/* argv: front, then the request's arguments. */
static int build_argv(struct prepared *p, const struct request *r, const char *const *front,
		      size_t n, struct fault *f)
{
	const char *at = r->args.first;
	char **argv = calloc(n + r->args.n + 1, sizeof(*argv));
	size_t i;

	if (!argv)
		return no_memory(f);
	memcpy(argv, front, n * sizeof(*argv));
	for (i = 0; i < r->args.n; i++, at = strings_next(at))
		argv[n + i] = (char *)at;
	p->spawn.argv = argv;
	return 0;
}

/* This program itself is what loads libraries: see func.h for its arguments. */
static int build_loader(struct prepared *p, const struct request *r, const char *mode,
			const char *function, struct fault *f)
{
	const char *front[4 + LIBRARIES_MAX] = { "virgo_kernelupcall_plugin", mode, p->count };
	size_t n = 3, i;

	snprintf(p->count, sizeof(p->count), "%u", p->libraries.n);
	for (i = 0; i < p->libraries.n; i++)
		front[n++] = p->libraries.names[i];
	if (function)
		front[n++] = function;
	p->spawn.is_function = true;
	p->spawn.program = config.self;
	p->spawn.libraries = p->libraries.fds;
	p->spawn.nr_libraries = p->libraries.n;
	return build_argv(p, r, front, n, f);
}

static int find_what(const struct supervision *s, struct prepared *p, struct fault *f)
{
	const struct request *r = s->request;
	const char *function;

	if (s->is_list) {
		libraries_all(&r->allow, &p->libraries);
		return build_loader(p, r, "--list-functions", NULL, f);
	}
	if (r->run.kind == VIRGO_RUN_PROGRAM) {
		p->spawn.program = allow_open(&r->allow, r->name, ALLOW_PROGRAM, f);
		return p->spawn.program < 0 ? -1 : build_argv(p, r, &r->name, 1, f);
	}
	if (r->run.kind == VIRGO_RUN_FUNCTION) {
		if (libraries_find(&r->allow, r->name, &p->libraries, &function, f))
			return -1;
		return build_loader(p, r, "--call-function", function, f);
	}
	return fault_set(f, VIRGO_END_FAILED, EINVAL, "kind %u is not known here", r->run.kind);
}

static int find_who(const struct supervision *s, struct prepared *p, struct fault *f)
{
	const struct request *r = s->request;

	if (s->is_list)
		return user_find_nobody(&p->user, f);
	return user_find(r->user, r->group, &p->user, f);
}

void prepare_without_group(const struct supervision *s, struct prepared *p)
{
	if (p->group >= 0)
		close(p->group);
	p->group = -1;
	p->spawn.processes = rlimits_processes(p->user.change ? p->user.uid : geteuid(),
					       s->request->run.processes);
}

static void limit_processes(const struct supervision *s, struct prepared *p)
{
	unsigned int processes = s->request->run.processes;
	bool limits;

	p->group = cgroup_enter(s->group, processes, &limits);
	p->spawn.processes = limits ? RLIM_INFINITY :
		rlimits_processes(p->user.change ? p->user.uid : geteuid(), processes);
}

int prepare(const struct supervision *s, struct prepared *p, struct fault *f)
{
	const struct request *r = s->request;

	p->group = -1;
	if (r->cwd[0] != '/')
		return fault_set(f, VIRGO_END_FAILED, EINVAL,
				 "\"%s\" is no absolute path to run in", r->cwd);
	if (find_what(s, p, f) || find_who(s, p, f))
		return -1;
	p->spawn.envp = env_build(&r->env, p->user.name, p->user.home, f);
	if (!p->spawn.envp)
		return -1;
	limit_processes(s, p);
	p->spawn.supervisor = getpid();
	p->spawn.cwd = r->cwd;
	p->spawn.umask = r->run.umask & 0777;
	p->spawn.limits = &r->run;
	p->spawn.user = &p->user;
	memcpy(p->spawn.stdio, s->stdio, sizeof(s->stdio));
	return 0;
}
