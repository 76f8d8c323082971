// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See supervise.h. Must never end while something of its run is alive (but for what the kernel
 * itself does not get rid of), and never signal anything else.
 *
 * It is a subreaper: whatever its program starts, in whatever session, stays its descendant. All
 * signals are blocked but while it waits, so that nothing happens between two steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/descend.h"
#include "helper/helper.h"
#include "helper/prepare.h"
#include "helper/supervise.h"

enum stage {
	RUNNING,
	TERMINATING,		/* they were asked to end */
	KILLING,
};

struct supervisor {
	const struct supervision *s;
	struct prepared p;
	enum stage stage;
	int report;		/* -1: closed */
	pid_t pid;		/* of the program */
	bool told;		/* STARTED */
	bool main_ended, all_ended;
	bool is_alone;		/* the helper is gone: nobody wants to know */
	bool has_value;
	uint64_t start_us, end_us;
	uint64_t wake_us;	/* something is to be done then; 0: never */
	uint64_t killing_us;	/* since when */
	unsigned int rounds;
	struct supervise_msg end;
	sigset_t wait_mask;
};

enum {
	NEVER = 0,
	ROUND_MIN_US = 500,	/* between rounds of killing */
	ROUND_MAX_US = 50000,
	HOPELESS_US = 1000000,	/* once the end was told */
	REPORTS_MAX = 16,
};

static volatile sig_atomic_t terminated;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static uint64_t after_ms(uint64_t from_us, uint64_t ms)
{
	return ms > (UINT64_MAX - from_us) / 1000 ? UINT64_MAX : from_us + ms * 1000;
}

static void on_child(int sig)
{
}

static void on_term(int sig)
{
	terminated = 1;
}

static void set_signals(struct supervisor *v)
{
	struct sigaction child = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };
	struct sigaction term = { .sa_handler = on_term };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGTERM, &term, NULL);
	signal(SIGALRM, SIG_DFL);
	v->wait_mask = all;
	sigdelset(&v->wait_mask, SIGCHLD);
	sigdelset(&v->wait_mask, SIGTERM);
}

static void tell(struct supervisor *v, struct supervise_msg *m)
{
	if (!v->is_alone && send(v->s->control, m, sizeof(*m), MSG_NOSIGNAL) < 0)
		v->is_alone = true;
}

static void tell_started(struct supervisor *v)
{
	struct supervise_msg m = { .what = SUPERVISE_STARTED, .pid = v->pid };

	if (!v->told)
		tell(v, &m);
	v->told = true;
}

static void tell_fault(struct supervisor *v, const struct fault *f)
{
	struct supervise_msg m = {
		.what = SUPERVISE_ENDED,
		.ended = { .why = f->why, .exit = -1, .errno_ = f->err },
	};

	snprintf(m.text, sizeof(m.text), "%s", f->text);
	tell(v, &m);
}

/* --- ending them ------------------------------------------------------------------------------ */

static void kill_them(struct supervisor *v)
{
	uint64_t pause = ROUND_MIN_US << (v->rounds < 7 ? v->rounds : 7);

	if (pause > ROUND_MAX_US)
		pause = v->end.what ? HOPELESS_US : ROUND_MAX_US;
	if (v->p.group >= 0)
		cgroup_kill(v->p.group);
	/* while the program is a zombie its number is that of its group of processes */
	if (v->pid && !v->main_ended)
		kill(-v->pid, SIGKILL);
	descend_kill(v->rounds++, NULL);
	v->wake_us = now_us() + pause;
}

static void begin_killing(struct supervisor *v)
{
	v->stage = KILLING;
	v->killing_us = now_us();
	kill_them(v);
}

/* Ask them to end; those that are stopped must go on to hear it. */
static void begin_terminating(struct supervisor *v)
{
	v->stage = TERMINATING;
	v->wake_us = after_ms(now_us(), v->s->request->run.grace_ms);
	descend_signal(SIGTERM, NULL);
	descend_signal(SIGCONT, NULL);
}

static void end_run(struct supervisor *v, uint32_t why, bool now)
{
	if (v->main_ended || v->stage == KILLING)
		return;
	if (v->stage == RUNNING)
		v->end.ended.why = why;
	if (now || !v->s->request->run.grace_ms)
		begin_killing(v);
	else if (v->stage == RUNNING)
		begin_terminating(v);
}

static void abandon(struct supervisor *v)
{
	v->is_alone = true;
	if (v->stage != KILLING)
		begin_killing(v);
}

/* --- what happens ----------------------------------------------------------------------------- */

static void take_control(struct supervisor *v)
{
	struct supervise_msg m;
	ssize_t n = recv(v->s->control, &m, sizeof(m), MSG_DONTWAIT);

	if (n == sizeof(m) && m.what == SUPERVISE_KILL)
		end_run(v, m.kill.why, m.kill.now);
	else if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		abandon(v);
}

/* A function's process may write anything here: it can only spoil its own run. */
static void take_report(struct supervisor *v)
{
	struct report r;
	ssize_t n = read(v->report, &r, sizeof(r));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != sizeof(r)) {
		if (!n && !v->p.spawn.is_function)
			tell_started(v);
		close(v->report);
		v->report = -1;
		return;
	}
	if (r.what == REPORT_STARTED) {
		tell_started(v);
	} else if (r.what == REPORT_VALUE && v->told) {
		v->has_value = true;
		v->end.ended.value = r.value;
	} else if (r.what == REPORT_FAILED && !v->told && v->stage == RUNNING) {
		bool missing = r.why == VIRGO_END_NOT_FOUND;

		v->end.ended.why = missing ? VIRGO_END_NOT_FOUND : VIRGO_END_FAILED;
		v->end.ended.errno_ = r.err;
		snprintf(v->end.text, sizeof(v->end.text), "%.*s", (int)sizeof(r.text), r.text);
	}
}

/* All that is there; what its program has written, it has written before its end. */
static void take_reports(struct supervisor *v)
{
	struct pollfd p = { .events = POLLIN };
	unsigned int i;

	for (i = 0; i < REPORTS_MAX && v->report >= 0; i++) {
		p.fd = v->report;
		if (poll(&p, 1, 0) <= 0)
			break;
		take_report(v);
	}
}

static void main_has_ended(struct supervisor *v, const siginfo_t *si)
{
	struct virgo_ended *e = &v->end.ended;

	take_reports(v);
	/* its descendants that stayed in its group, all at once, while the number is still taken */
	kill(-v->pid, SIGKILL);
	v->main_ended = true;
	if (si->si_code == CLD_EXITED)
		e->exit = si->si_status & 255;
	else
		e->signal = si->si_status;
	if (!e->why)
		e->why = si->si_code == CLD_EXITED ? VIRGO_END_EXITED : VIRGO_END_SIGNAL;
}

/* Wait for whoever has ended. */
static void reap(struct supervisor *v)
{
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT)) {
			if (errno == EINTR)
				continue;
			v->all_ended = true;
			break;
		}
		if (!si.si_pid)
			break;
		if (si.si_pid == v->pid)
			main_has_ended(v, &si);
		waitpid(si.si_pid, NULL, 0);
		v->end_us = now_us();
	}
}

static void look_at_time(struct supervisor *v)
{
	if (!v->wake_us || now_us() < v->wake_us)
		return;
	v->wake_us = NEVER;
	if (v->stage == RUNNING)
		end_run(v, VIRGO_END_TIMEOUT, false);
	else if (v->stage == TERMINATING)
		begin_killing(v);
	else
		kill_them(v);
}

static void wait_for_something(struct supervisor *v)
{
	struct pollfd p[2] = {
		{ .fd = v->is_alone ? -1 : v->s->control, .events = POLLIN },
		{ .fd = v->report, .events = POLLIN },
	};
	struct timespec left, *timeout = NULL;
	uint64_t now = now_us(), us;
	int n;

	if (v->wake_us && v->wake_us != UINT64_MAX) {
		us = v->wake_us > now ? v->wake_us - now : 0;
		left.tv_sec = us / 1000000;
		left.tv_nsec = us % 1000000 * 1000;
		timeout = &left;
	}
	n = ppoll(p, 2, timeout, &v->wait_mask);
	if (n > 0 && p[1].revents)
		take_report(v);
	if (n > 0 && p[0].revents)
		take_control(v);
	if (terminated) {
		terminated = 0;
		abandon(v);
	}
}

static void tell_end(struct supervisor *v)
{
	struct virgo_ended *e = &v->end.ended;

	v->end.what = SUPERVISE_ENDED;
	e->us = (v->end_us ? v->end_us : now_us()) - v->start_us;
	if (e->why == VIRGO_END_FAILED || e->why == VIRGO_END_NOT_FOUND) {
		e->exit = -1;
		e->signal = 0;
	} else {
		tell_started(v);
	}
	if (!v->main_ended && !e->signal)
		e->signal = SIGKILL;
	if (e->why == VIRGO_END_EXITED && v->p.spawn.is_function && !v->has_value)
		e->value = e->exit;
	tell(v, &v->end);
}

/*
 * Until nothing of the run is left. One that cannot be killed (a disk hangs) does not keep the end
 * secret.
 */
static void watch(struct supervisor *v)
{
	for (;;) {
		reap(v);
		if (v->all_ended)
			break;
		if (v->main_ended && v->stage != KILLING)
			begin_killing(v);
		if (!v->end.what && v->stage == KILLING &&
		    now_us() > after_ms(v->killing_us, LINGER_MS))
			tell_end(v);
		wait_for_something(v);
		look_at_time(v);
	}
	if (!v->end.what)
		tell_end(v);
}

/* --- starting it ------------------------------------------------------------------------------ */

/* Close all of the helper's descriptors but those of this run. */
static void keep_files(const struct supervision *s)
{
	const int keep[] = {
		s->control, s->stdio[0], s->stdio[1], s->stdio[2],
		config.self, config.null, cgroup_fd(),
	};
	unsigned int low = 3, next;
	size_t i;

	/* what lies between two that are kept, again and again: they are few */
	for (;;) {
		next = ~0u;
		for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
			if (keep[i] >= (int)low && keep[i] < next)
				next = keep[i];
		if (next > low)
			close_range(low, next - 1, 0);
		if (next == ~0u)
			break;
		low = next + 1;
	}
}

/*
 * Names are looked up, which name services may take long for: SIGALRM then ends this process, and
 * the helper tells why.
 */
static int prepare_in_time(struct supervisor *v, struct fault *f)
{
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(START_S);
	ret = prepare(v->s, &v->p, f);
	alarm(0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return ret;
}

static int fork_program(struct supervisor *v, struct fault *f)
{
	struct supervise_msg forking = { .what = SUPERVISE_FORKING };
	int pipes[2];
	pid_t pid = -1;

	if (pipe2(pipes, O_CLOEXEC))
		return fault_set(f, VIRGO_END_FAILED, errno, "no pipe for it: %s", strerror(errno));
	v->p.spawn.report = pipes[1];
	tell(v, &forking);
	v->start_us = now_us();
	if (v->p.group >= 0) {
		pid = cgroup_fork(v->p.group);
		if (pid < 0 && errno == ENOSYS)
			prepare_without_group(v->s, &v->p);
	}
	if (pid < 0 && v->p.group < 0)
		pid = fork();
	if (!pid)
		spawn(&v->p.spawn);
	if (pid < 0)
		return fault_set(f, VIRGO_END_FAILED, errno, "no process for it: %s",
				 strerror(errno));
	v->pid = pid;
	close(pipes[1]);
	v->report = pipes[0];
	fcntl(v->report, F_SETFL, O_NONBLOCK);
	return 0;
}

void supervise(const struct supervision *s)
{
	struct supervisor v = { .s = s, .report = -1, .end = { .ended = { .exit = -1 } } };
	struct fault f;
	int i;

	set_signals(&v);
	prctl(PR_SET_NAME, "virgo-run");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != s->helper)
		_exit(1);
	keep_files(s);
	if (prepare_in_time(&v, &f) || fork_program(&v, &f)) {
		tell_fault(&v, &f);
		_exit(0);
	}
	for (i = 0; i < 3; i++)
		if (s->stdio[i] != config.null)
			close(s->stdio[i]);
	if (s->request->run.timeout_ms)
		v.wake_us = after_ms(v.start_us, s->request->run.timeout_ms);
	watch(&v);
	_exit(0);
}
