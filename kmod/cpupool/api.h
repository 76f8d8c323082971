/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool's operations as requests: the handlers of cpupool.c's route table and what they share. See
 * core/service.h for when each is called.
 *
 * Codes of problems, stable:
 *
 *	exec.bad_request	400	the body is not of the documented form, or a query parameter is wrong
 *	exec.too_large		413	name, arguments and environment together are too long
 *	exec.not_found		404	no such program or function on this node
 *	exec.no_job		404	no such job, it is forgotten, or it is somebody else's
 *	exec.not_allowed	403	not in exec_allow, or outside the prefixes of the key that signed
 *	exec.failed		409	it could not be started: the detail says why
 *	exec.cancelled		409	the client stopped sending while it waited: its run is ended
 *	exec.range		416	offset is behind the output that was kept
 *	exec.busy		503	exec_queued runs and jobs are in line already
 *	exec.no_helper		503	the program that runs programs cannot be started
 *	exec.degraded		503	the node is degraded, and takes no new jobs
 *	exec.ended		(line)	a one-line command that did not exit with 0
 */
#ifndef VG_CPUPOOL_API_H
#define VG_CPUPOOL_API_H

#include "cpupool/pool.h"

/* exec.c */
size_t cp_exec_body_max(struct vg_req *req);
int cp_exec(struct vg_req *req);
int cp_exec_line(struct vg_req *req);
int cp_exec_event(struct vg_req *req, enum vg_event event);
void cp_exec_drop(struct vg_req *req);
/* The body as a run that is the caller's; NULL: answered */
struct cp_run *cp_exec_parse(struct vg_req *req, bool job);
/* Answer that the run could not be put in line */
int cp_not_submitted(struct vg_req *req, int ret);

/* stream.c: output as it comes */
/* What there is to say now; 0: all is said. run->lock is held. */
int cp_stream_more(struct vg_req *req, struct cp_run *run);

/* jobs.c */
int cp_job_post(struct vg_req *req);
int cp_job_list(struct vg_req *req);
int cp_job_get(struct vg_req *req);
int cp_job_delete(struct vg_req *req);
int cp_job_output(struct vg_req *req);
int cp_job_event(struct vg_req *req, enum vg_event event);
void cp_job_drop(struct vg_req *req);

/* load.c */
int cp_get_load(struct vg_req *req);

/* result.c */
/* A job as one object; pool->lock is held */
void cp_job_json(struct cp_run *run, struct vg_jw *w);

#endif
