// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See start.h. Must never look up a name: that may take long, and everybody waits for this process.
 * The supervisor does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/helper.h"
#include "helper/start.h"
#include "helper/supervise.h"

/* our ends and the run's: control, stdin, stdout, stderr */
struct files {
	int ours[4], theirs[4];
};

static void close_all(int fds[4])
{
	int i;

	for (i = 0; i < 4; i++) {
		if (fds[i] >= 0 && fds[i] != config.null)
			close(fds[i]);
		fds[i] = -1;
	}
}

/* A pipe of which our end does not block. */
static int make_pipe(struct files *f, int i)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return -1;
	f->ours[i] = i == 1 ? p[1] : p[0];
	f->theirs[i] = i == 1 ? p[0] : p[1];
	return fcntl(f->ours[i], F_SETFL, O_NONBLOCK);
}

static int make_files(struct files *f, bool wants_stdin)
{
	int pair[2], i;

	for (i = 0; i < 4; i++)
		f->ours[i] = f->theirs[i] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	f->ours[0] = pair[0];
	f->theirs[0] = pair[1];
	f->theirs[1] = config.null;
	if ((wants_stdin && make_pipe(f, 1)) || make_pipe(f, 2) || make_pipe(f, 3))
		return -1;
	return 0;
}

/* From here on the sources own our ends. */
static int watch(struct run *r, struct files *f, const struct request *req, source_fn *control)
{
	uint64_t max = req->run.output_max ? req->run.output_max : OUTPUT_MAX;

	if (r->is_list)
		max = LISTING_MAX;
	if (loop_add(&r->control, f->ours[0], EPOLLIN, control))
		return -1;
	f->ours[0] = -1;
	if (f->ours[1] >= 0 && input_open(&r->in, f->ours[1]))
		return -1;
	f->ours[1] = -1;
	if (stream_open(&r->out, r, f->ours[2], 0, max))
		return -1;
	f->ours[2] = -1;
	if (stream_open(&r->err, r, f->ours[3], VIRGO_MSGF_STDERR, r->is_list ? 0 : max))
		return -1;
	f->ours[3] = -1;
	return 0;
}

int run_start(struct run *r, const struct request *req, source_fn *control, struct fault *f)
{
	struct supervision s = { .request = req, .is_list = r->is_list, .helper = getpid() };
	struct files files;
	pid_t pid = -1;
	int err = 0, i;

	r->group = cgroup_take();
	s.group = r->group;
	if (!make_files(&files, req->run.stdin_follows) && !watch(r, &files, req, control)) {
		s.control = files.theirs[0];
		for (i = 0; i < 3; i++)
			s.stdio[i] = files.theirs[1 + i];
		pid = fork();
		if (!pid)
			supervise(&s);
	}
	if (pid < 0)
		err = errno;
	close_all(files.ours);
	close_all(files.theirs);
	if (pid > 0) {
		r->supervisor = pid;
		return 0;
	}
	loop_close(&r->control);
	input_close(&r->in);
	stream_close(&r->out);
	stream_close(&r->err);
	cgroup_give(r->group);
	r->group = -1;
	return fault_set(f, VIRGO_END_FAILED, err, "it cannot be started: %s", strerror(err));
}
