// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * virgo_kernelupcall_plugin: the process that runs programs and functions for a node of this
 * machine. Options, the start, the loop, the end. Must never wait for anything but the loop, nor
 * run anything itself: see runs.h, supervise.h and spawn.h for who does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/channel.h"
#include "helper/func.h"
#include "helper/helper.h"
#include "helper/log.h"
#include "helper/loop.h"
#include "helper/privileges.h"
#include "helper/rlimits.h"
#include "helper/runs.h"

struct helper_config config = {
	.self = -1,
	.null = -1,
};

struct options {
	const char *device, *cgroup;
	int fd;
};

enum stage { SERVING, LEAVING, DROPPED };

static enum stage stage;
static const char *broken;		/* how the node broke the rules */

static const char help[] =
"usage: virgo_kernelupcall_plugin [--device FILE | --fd N] [--functions DIR] [--cgroup DIR]\n"
"Runs programs and library functions for the VIRGO node of this machine, which starts it; see\n"
"virgo_kernelupcall_plugin(8).\n"
"\n"
"  -d, --device FILE    the kernel node's device (default " VIRGO_DEVICE ")\n"
"  -f, --fd N           an inherited SOCK_SEQPACKET socket to virgod instead\n"
"  -F, --functions DIR  where libraries of functions are (default: functions, beside this program)\n"
"  -g, --cgroup DIR     make control groups for runs below this one, \"none\": make none\n"
"                       (default: below the group it is in, where that is possible)\n"
"  -h, --help           this text\n"
"      --version        version\n";

static const struct option long_options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "fd", required_argument, NULL, 'f' },
	{ "functions", required_argument, NULL, 'F' },
	{ "cgroup", required_argument, NULL, 'g' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static int usage(const char *what, const char *value)
{
	fprintf(stderr,
		"virgo_kernelupcall_plugin: %s \"%s\"\nhint: virgo_kernelupcall_plugin --help\n",
		what, value);
	return 2;
}

static int number(const char *text, int *n)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || errno || value < 0 || value > 1 << 20)
		return -1;
	*n = value;
	return 0;
}

/* 0: go on; 1: done with exit status 0; 2: usage error. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "d:f:F:g:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->device = optarg;
			break;
		case 'f':
			if (number(optarg, &o->fd) || o->fd < 3)
				return usage("--fd takes a descriptor from 3 on, not", optarg);
			break;
		case 'F':
			if (optarg[0] != '/')
				return usage("--functions takes an absolute path, not", optarg);
			config.functions = optarg;
			break;
		case 'g':
			o->cgroup = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return 1;
		case 'V':
			puts("virgo_kernelupcall_plugin " VIRGO_VERSION);
			return 1;
		default:
			fputs("hint: virgo_kernelupcall_plugin --help\n", stderr);
			return 2;
		}
	}
	if (optind < argc)
		return usage("unexpected argument", argv[optind]);
	return 0;
}

/* --- start ------------------------------------------------------------------------------------ */

static void find_self(void)
{
	struct passwd *pw;

	config.is_root = !geteuid();
	if (!config.is_root) {
		pw = getpwuid(geteuid());
		snprintf(config.user, sizeof(config.user), "%u", geteuid());
		if (pw)
			snprintf(config.user, sizeof(config.user), "%s", pw->pw_name);
		snprintf(config.home, sizeof(config.home), "%s", pw ? pw->pw_dir : "/");
	}
	getrlimit(RLIMIT_NOFILE, &config.files);
	errno = 0;
	config.nice = getpriority(PRIO_PROCESS, 0);
}

static int fail(const char *what, const char *why)
{
	log_err("%s: %s", what, why);
	return 1;
}

/* They are installed beside this program, wherever that is. */
static int find_functions(void)
{
	static char path[PATH_MAX + sizeof("functions")];
	ssize_t n;

	if (config.functions)
		return 0;
	n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	if (n <= 0 || path[0] != '/')
		return fail("/proc is not there", strerror(errno));
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "functions");
	config.functions = path;
	return 0;
}

static int open_files(void)
{
	config.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (config.null < 0)
		return fail("/dev/null cannot be opened", strerror(errno));
	config.self = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (config.self < 0)
		return fail("/proc is not there", strerror(errno));
	if (loop_open())
		return fail("no epoll", strerror(errno));
	return 0;
}

static unsigned int runs_possible(void)
{
	struct rlimit r;
	rlim_t n = RUNS_MAX;

	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < RUNS_MAX * RUN_FILES + OTHER_FILES)
		n = r.rlim_cur > OTHER_FILES ? (r.rlim_cur - OTHER_FILES) / RUN_FILES : 0;
	return n < RUNS_MAX ? n : RUNS_MAX;
}

/* --- events ----------------------------------------------------------------------------------- */

static void leave(enum stage how)
{
	if (stage < how)
		stage = how;
	if (channel_is_open())
		channel_mute();
}

static void on_message(const struct virgo_msg *head, const void *msg)
{
	const char *wrong;

	if (head->type == VIRGO_MSG_BYE) {
		leave(LEAVING);
		return;
	}
	wrong = runs_message(head, msg);
	if (wrong) {
		broken = wrong;
		channel_close();
		leave(DROPPED);
	}
}

static void on_over(const char *why)
{
	broken = why;
	leave(DROPPED);
}

static void on_signal(struct source *s, uint32_t events)
{
	struct signalfd_siginfo si;

	while (read(s->fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD)
			leave(LEAVING);
	runs_reap();
}

/* Signals come through the loop; what a terminal sends to all of its processes is not for us. */
static int open_signals(struct source *s)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 || loop_add(s, fd, EPOLLIN, on_signal) ? -1 : 0;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Nothing is left, and the node was told. */
static bool is_done(void)
{
	return runs_are_gone() && !runs_has_orphans() && (channel_ready() || !channel_is_open());
}

/* Until the node says goodbye, and all that runs has ended. */
static void serve(void)
{
	enum { ORPHANS_MS = 10 };
	enum stage known = SERVING;
	long long until = 0;
	int wait;

	for (;;) {
		bool more = runs_work();

		if (stage != known) {
			known = stage;
			until = now_ms() + GOODBYE_MS;
			runs_end(stage == LEAVING);
		}
		if (stage != SERVING && (is_done() || now_ms() >= until))
			break;
		wait = stage == SERVING ? -1 : until - now_ms();
		if (runs_has_orphans())
			wait = ORPHANS_MS;
		loop_wait(more ? 0 : wait);
		if (runs_has_orphans())
			runs_reap();
	}
}

static int open_channel(const struct options *o)
{
	int fd = o->fd;

	if (fd < 0) {
		fd = channel_open_device(o->device);
		if (fd < 0)
			return fail(o->device, strerror(errno));
	}
	if (channel_open(fd, on_message, on_over))
		return fail("the node cannot be talked to", strerror(errno));
	return 0;
}

static int run(const struct options *o)
{
	struct source signals;
	bool has_groups;
	const char *what;
	int ret;

	find_self();
	setsid();
	rlimits_open();
	has_groups = cgroup_open(o->cgroup);
	/* an orphan of a supervisor that was killed must come to us, or it would get away */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return fail("orphans cannot be taken over", strerror(errno));
	ret = find_functions() || open_files();
	if (ret)
		return ret;
	if (open_signals(&signals))
		return fail("no signals", strerror(errno));
	/* the device is opened with the rights we came with */
	ret = open_channel(o);
	if (ret)
		return ret;
	if (privileges_drop(has_groups, &what))
		return fail(what, strerror(errno));
	if (seccomp_deny())
		log_warn("no system call filter: %s", strerror(errno));
	runs_open(runs_possible());
	serve();
	channel_close();
	privileges_for_removal();
	cgroup_close();
	return broken ? fail("the node was left", broken) : 0;
}

int main(int argc, char **argv)
{
	struct options o = { .device = VIRGO_DEVICE, .fd = -1 };
	int ret;

	if (func_is_meant(argc, argv))
		return func_main(argc, argv);
	if (log_open())
		return 1;
	ret = parse_options(argc, argv, &o);
	if (ret)
		return ret == 1 ? 0 : ret;
	return run(&o);
}
