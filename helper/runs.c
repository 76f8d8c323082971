// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See runs.h. Must never let go of a run before its supervisor was waited for: a child that is
 * nobody's supervisor is an orphan, left by a supervisor that was killed, and is killed too.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/channel.h"
#include "helper/descend.h"
#include "helper/helper.h"
#include "helper/listing.h"
#include "helper/log.h"
#include "helper/run.h"
#include "helper/runs.h"
#include "helper/start.h"
#include "helper/supervise.h"

enum { PLACES = 1024, SPARE = 256, ORPHAN_ROUNDS = 3, LAST_WORDS = 8 };

TAILQ_HEAD(run_list, run);
LIST_HEAD(run_place, run);

static struct run_list all = TAILQ_HEAD_INITIALIZER(all);
static struct run_list telling = TAILQ_HEAD_INITIALIZER(telling);
static struct run_place places[PLACES];
static unsigned int limit, nr_runs;
static bool orphans;
static unsigned int orphan_rounds;

void runs_open(unsigned int n)
{
	limit = n;
}

static struct run_place *place_of(uint64_t id)
{
	return &places[(id ^ id >> 10 ^ id >> 32) % PLACES];
}

static struct run *find(uint64_t id)
{
	struct run *r;

	LIST_FOREACH(r, place_of(id), same)
		if (r->id == id)
			return r;
	return NULL;
}

static struct run *run_new(uint64_t id, bool is_list)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->id = id;
	r->is_list = is_list;
	r->group = -1;
	r->control.fd = r->in.source.fd = r->out.source.fd = r->err.source.fd = -1;
	TAILQ_INIT(&r->in.chunks);
	TAILQ_INSERT_TAIL(&all, r, all);
	if (!is_list)
		LIST_INSERT_HEAD(place_of(id), r, same);
	nr_runs++;
	return r;
}

static void close_files(struct run *r)
{
	loop_close(&r->control);
	input_close(&r->in);
	stream_close(&r->out);
	stream_close(&r->err);
}

/* The node has heard all of it; its number may be used again. */
static void forget(struct run *r)
{
	if (!r->told_ended && !r->is_list)
		LIST_REMOVE(r, same);
	r->told_ended = true;
	if (r->in_tell)
		TAILQ_REMOVE(&telling, r, tell);
	r->in_tell = false;
	input_close(&r->in);
	if (r->supervisor)
		return;
	close_files(r);
	TAILQ_REMOVE(&all, r, all);
	nr_runs--;
	cgroup_give(r->group);
	free(r->out.gathered);
	free(r);
}

/* --- what the node is told -------------------------------------------------------------------- */

static void want_to_tell(struct run *r)
{
	if (r->in_tell || r->told_ended)
		return;
	r->in_tell = true;
	TAILQ_INSERT_TAIL(&telling, r, tell);
}

static bool is_complete(const struct run *r)
{
	return r->ended && r->out.source.fd < 0 && r->err.source.fd < 0;
}

void run_stream_closed(struct run *r)
{
	if (is_complete(r))
		want_to_tell(r);
}

static void tell_started(struct run *r)
{
	struct virgo_started m = { .pid = r->pid };

	memcpy(channel_room(), &m, sizeof(m));
	r->told_started = true;
	channel_send(VIRGO_MSG_STARTED, 0, r->id, sizeof(m));
	stream_go(&r->out);
	stream_go(&r->err);
}

static void tell_ended(struct run *r)
{
	size_t n = strlen(r->note.text);
	uint64_t id = r->id;

	r->end.out_bytes = r->out.came;
	r->end.err_bytes = r->err.came;
	memcpy(channel_room(), &r->end, sizeof(r->end));
	memcpy((char *)channel_room() + sizeof(r->end), r->note.text, n);
	n += sizeof(r->end);
	forget(r);
	channel_send(VIRGO_MSG_ENDED, 0, id, n);
}

/* One message of what a run has to tell. The channel is ready. */
static void tell(struct run *r)
{
	bool more;
	size_t n;

	TAILQ_REMOVE(&telling, r, tell);
	r->in_tell = false;
	if (r->is_list) {
		n = listing_next(&r->out, &r->listed, channel_room(), &more);
		if (more)
			want_to_tell(r);
		channel_send(VIRGO_MSG_LISTED, more ? VIRGO_MSGF_MORE : 0, r->id, n);
		if (!more)
			forget(r);
	} else if (r->started && !r->told_started) {
		if (is_complete(r))
			want_to_tell(r);
		tell_started(r);
	} else {
		tell_ended(r);
	}
}

bool runs_work(void)
{
	struct run *r;
	bool more;

	while (channel_ready() && (r = TAILQ_FIRST(&telling)))
		tell(r);
	more = streams_work();
	return more || (channel_ready() && !TAILQ_EMPTY(&telling));
}

/* --- what supervisors say --------------------------------------------------------------------- */

static void run_ended(struct run *r)
{
	r->ended = true;
	input_close(&r->in);
	if (!r->started) {
		/* could not start: the node expects nothing but the end */
		stream_close(&r->out);
		stream_close(&r->err);
	}
	stream_last(&r->out);
	stream_last(&r->err);
	if (is_complete(r))
		want_to_tell(r);
}

static void end_failed(struct run *r, const struct fault *f)
{
	r->end = (struct virgo_ended){ .why = f->why, .exit = -1, .errno_ = f->err };
	r->note = *f;
	run_ended(r);
}

/*
 * The supervisor was killed, and its program with it; what else there was is among our children
 * soon.
 */
static void run_lost(struct run *r)
{
	struct fault f;
	bool limits;
	int group;

	group = cgroup_enter(r->group, 0, &limits);
	if (group >= 0) {
		cgroup_kill(group);
		close(group);
	}
	log_warn("the supervisor of a run was killed: process %d", r->supervisor);
	/* who is told that it could not start may start it elsewhere: only if that is certain */
	r->started = r->forked;
	if (r->forked)
		fault_set(&f, VIRGO_END_SIGNAL, ECHILD,
			  "the process that watched over it was killed");
	else
		fault_set(&f, VIRGO_END_FAILED, ETIMEDOUT,
			  "names were not looked up within %d s, or who did it was killed",
			  START_S);
	end_failed(r, &f);
	if (r->forked)
		r->end.signal = SIGKILL;
}

static void supervisor_said(struct run *r, const struct supervise_msg *m)
{
	if (m->what == SUPERVISE_FORKING) {
		r->forked = true;
	} else if (m->what == SUPERVISE_STARTED && !r->started && !r->ended) {
		r->started = true;
		r->pid = m->pid;
		if (r->is_list) {
			r->told_started = true;
			stream_go(&r->out);
			stream_go(&r->err);
		} else {
			want_to_tell(r);
		}
	} else if (m->what == SUPERVISE_ENDED && !r->ended) {
		r->end = m->ended;
		if (m->text[0])
			fault_set(&r->note, m->ended.why, m->ended.errno_, "%.255s", m->text);
		run_ended(r);
	}
}

static void control_event(struct source *s, uint32_t events)
{
	struct run *r = (struct run *)s;
	struct supervise_msg m;
	ssize_t n = recv(s->fd, &m, sizeof(m), MSG_DONTWAIT);

	if (n == sizeof(m)) {
		supervisor_said(r, &m);
	} else if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
		/* it is about to end, or was killed: we hear of that when it has let go of its children */
		loop_close(s);
	}
}

/* --- what the node wants ---------------------------------------------------------------------- */

static void run_kill(struct run *r, uint32_t why, bool now)
{
	struct supervise_msg m = { .what = SUPERVISE_KILL, .kill = { .why = why, .now = now } };

	/* one that cannot be told has too many of these waiting, or has ended */
	if (r->control.fd >= 0)
		send(r->control.fd, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* No memory even to remember it: say so at once, or give up. */
static const char *refuse_unheard(uint64_t id, const struct fault *f)
{
	struct virgo_ended e = { .why = f->why, .exit = -1, .errno_ = f->err };

	if (!channel_ready())
		return "more runs are sent than can be refused";
	memcpy(channel_room(), &e, sizeof(e));
	channel_send(VIRGO_MSG_ENDED, 0, id, sizeof(e));
	return NULL;
}

static const char *start(const struct request *req, bool is_list)
{
	struct run *r = nr_runs < limit + SPARE ? run_new(req->id, is_list) : NULL;
	struct fault f;

	if (!r) {
		fault_set(&f, VIRGO_END_FAILED, EAGAIN, "no memory");
		return refuse_unheard(req->id, &f);
	}
	if (is_list)
		r->out.gathered = malloc(LISTING_MAX);
	if (nr_runs > limit)
		fault_set(&f, VIRGO_END_FAILED, EAGAIN,
			  "%u runs are under way, more are not possible", limit);
	else if (is_list && !r->out.gathered)
		fault_set(&f, VIRGO_END_FAILED, ENOMEM, "no memory");
	else if (!run_start(r, req, control_event, &f))
		return NULL;
	end_failed(r, &f);
	return NULL;
}

static const char *want_run(const struct virgo_msg *head, const void *msg)
{
	struct request req;
	const char *wrong = proto_run(msg, head->len, &req);

	if (wrong)
		return wrong;
	if (find(head->run))
		return "a RUN message has the number of another run";
	return start(&req, false);
}

static const char *want_list(const struct virgo_msg *head, const void *msg)
{
	struct request req;
	const char *wrong = proto_list(msg, head->len, &req);

	if (wrong)
		return wrong;
	req.run.timeout_ms = LIST_MS;
	return start(&req, true);
}

static void take_stdin(const struct virgo_msg *head, const void *msg)
{
	struct run *r = find(head->run);
	const char *data = (const char *)msg + sizeof(*head);

	if (!r || !input_add(&r->in, data, head->len - sizeof(*head), head->flags & VIRGO_MSGF_EOF))
		return;
	fault_set(&r->note, VIRGO_END_CANCELLED, errno, "its standard input cannot be kept: %s",
		  strerror(errno));
	input_close(&r->in);
	run_kill(r, VIRGO_END_CANCELLED, true);
}

const char *runs_message(const struct virgo_msg *head, const void *msg)
{
	struct virgo_kill kill;
	struct run *r;

	switch (head->type) {
	case VIRGO_MSG_RUN:
		return want_run(head, msg);
	case VIRGO_MSG_LIST:
		return want_list(head, msg);
	case VIRGO_MSG_STDIN:
		take_stdin(head, msg);
		break;
	case VIRGO_MSG_KILL:
		memcpy(&kill, (const char *)msg + sizeof(*head), sizeof(kill));
		if (kill.why != VIRGO_END_CANCELLED && kill.why != VIRGO_END_TIMEOUT)
			return "a KILL message has a reason that is none";
		r = find(head->run);
		if (r)
			run_kill(r, kill.why, kill.now);
		break;
	}
	return NULL;
}

/* --- the end of all --------------------------------------------------------------------------- */

void runs_end(bool tell)
{
	struct run *r, *next;

	for (r = TAILQ_FIRST(&all); r; r = next) {
		next = TAILQ_NEXT(r, all);
		if (tell) {
			run_kill(r, VIRGO_END_CANCELLED, true);
		} else {
			/* a supervisor that nobody listens to kills its run and ends */
			r->ended = true;
			close_files(r);
			forget(r);
		}
	}
}

bool runs_are_gone(void)
{
	return TAILQ_EMPTY(&all);
}

static struct run *run_of(pid_t supervisor)
{
	struct run *r;

	TAILQ_FOREACH(r, &all, all)
		if (r->supervisor == supervisor)
			return r;
	return NULL;
}

static bool is_supervisor(pid_t pid)
{
	return run_of(pid);
}

static void kill_orphans(void)
{
	if (!orphans)
		return;
	descend_kill(orphan_rounds++, is_supervisor);
	orphans = orphan_rounds < ORPHAN_ROUNDS || descend_signal(0, is_supervisor);
}

bool runs_has_orphans(void)
{
	return orphans;
}

static void supervisor_ended(struct run *r, int status)
{
	int i;

	/* what it said last may not have been read yet */
	for (i = 0; i < LAST_WORDS && r->control.fd >= 0; i++)
		control_event(&r->control, 0);
	loop_close(&r->control);
	if (status) {
		orphans = true;
		orphan_rounds = 0;
	}
	if (!r->ended)
		run_lost(r);
	r->supervisor = 0;
	if (r->told_ended)
		forget(r);
}

void runs_reap(void)
{
	struct run *r;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		r = run_of(pid);
		if (r)
			supervisor_ended(r, status);
	}
	kill_orphans();
}
