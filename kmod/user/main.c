// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virgod: a node in user space. Options, signals, the tick; everything else is core's.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/printk.h>
#include <linux/shim.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/conf.h"
#include "core/host.h"
#include "core/ledger.h"
#include "core/limits.h"
#include "core/node.h"
#include "cpupool/cpupool.h"
#include "mempool/mempool.h"
#include "user/listen.h"
#include "user/loop.h"
#include "user/notify.h"

struct options {
	const char *config;
	bool config_given;
	unsigned int threads;
	char override[2048];
};

static const struct vg_service *const services[] = { &vg_control_service, &mp_service, &cp_service };

static const char help[] =
"usage: virgod [--config FILE] [--node-id N] [--listen ADDR[,ADDR...]] [--threads N]\n"
"A VIRGO node in user space; see virgod(8) and virgo_cloud.conf(5).\n"
"\n"
"  -c, --config FILE    configuration (default /etc/virgo_cloud.conf)\n"
"  -i, --node-id N      this node's number, instead of the configuration's node_id\n"
"  -l, --listen ADDRS   addresses to listen on, instead of listen\n"
"  -s, --set KEY=VALUE  any other setting, instead of the configuration's\n"
"  -t, --threads N      threads that serve connections (default: one a processor)\n"
"  -q, --quiet          warnings and errors only\n"
"  -h, --help           this text\n"
"      --version        version\n"
"\n"
"SIGTERM stops the node cleanly, SIGHUP makes it read configuration, keys and learnt values again.\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "node-id", required_argument, NULL, 'i' },
	{ "listen", required_argument, NULL, 'l' },
	{ "set", required_argument, NULL, 's' },
	{ "threads", required_argument, NULL, 't' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "virgod: %s \"%s\"\nhint: virgod --help\n", what, value);
	return 2;
}

static int override(struct options *o, const char *key, const char *value)
{
	size_t at = strlen(o->override);
	int n = snprintf(o->override + at, sizeof(o->override) - at, "%s%s%s\n", key, *key ? " = " : "", value);

	if (n < 0 || (size_t)n >= sizeof(o->override) - at || strchr(value, '\n'))
		return usage("too long or with a line break:", value);
	return 0;
}

/* 0: go on; 1: done with exit status 0; 2: usage error. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c, ret = 0;
	char *end;
	long n;

	while (!ret && (c = getopt_long(argc, argv, "c:i:l:s:t:qh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			o->config_given = true;
			break;
		case 'i':
			ret = override(o, "node_id", optarg);
			break;
		case 'l':
			ret = override(o, "listen", optarg);
			break;
		case 's':
			ret = override(o, "", optarg);
			break;
		case 't':
			n = strtol(optarg, &end, 10);
			if (*end || n < 1 || n > 256)
				return usage("--threads takes a number from 1 to 256, not", optarg);
			o->threads = n;
			break;
		case 'q':
			shim_printk_level = 4;
			break;
		case 'h':
			fputs(help, stdout);
			return 1;
		case 'V':
			puts("virgod " VIRGO_VERSION);
			return 1;
		default:
			fputs("hint: virgod --help\n", stderr);
			return 2;
		}
	}
	if (!ret && optind < argc)
		return usage("unexpected argument", argv[optind]);
	return ret;
}

/* A connection is a descriptor: ask for as many as the limits allow to be configured. */
static void raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = min_t(rlim_t, r.rlim_max, VG_CONNECTIONS_MAX + 1024);
	setrlimit(RLIMIT_NOFILE, &r);
}

static int fail(const char *msg)
{
	fprintf(stderr, "virgod: %s\n", msg);
	return 1;
}

static struct vg_node *make_node(const struct options *o)
{
	struct vg_node *node = NULL;
	char msg[512] = "out of memory";
	u8 *text = NULL;
	size_t n = 0;
	int ret;

	ret = host_read_file(o->config, VG_CONF_FILE_MAX, false, &text, &n);
	if (ret && (ret != -ENOENT || o->config_given)) {
		if (ret == -E2BIG)
			vg_conf_unread(o->config, ret, VG_CONF_FILE_MAX, msg, sizeof(msg));
		else
			snprintf(msg, sizeof(msg), "%s: cannot be read: %s", o->config,
				 strerror(-ret));
		fail(msg);
		return NULL;
	}
	ret = vg_node_new(o->config, (char *)text, n, o->override[0] ? o->override : NULL, &node, msg,
			  sizeof(msg));
	kvfree(text);
	if (ret)
		fail(msg);
	return ret ? NULL : node;
}

static void reload(struct vg_node *node)
{
	char msg[512] = "";

	if (vg_node_reload(node, msg, sizeof(msg)))
		pr_err("virgod: not reloaded: %s\n", msg);
	msg[0] = 0;
	if (vg_node_reload_values(node, VG_RELOAD_AS_SET, false, NULL, msg, sizeof(msg)) && msg[0])
		pr_warn("virgod: %s\n", msg);
}

/* Serve until SIGTERM or SIGINT. */
static void serve(struct vg_node *node, const sigset_t *set)
{
	struct timespec tick = { .tv_nsec = VG_TICK_MS * NSEC_PER_MSEC };
	int sig;

	for (;;) {
		sig = sigtimedwait(set, NULL, &tick);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(node);
		vg_node_tick(node);
	}
}

static int run(const struct options *o, const sigset_t *set)
{
	struct vg_node *node = make_node(o);
	char msg[512] = "out of memory";
	int ret;

	if (!node)
		return 1;
	ret = loop_start(o->threads);
	if (ret) {
		fprintf(stderr, "virgod: cannot start %u threads: %s\n", o->threads, strerror(-ret));
		return 1;
	}
	ret = vg_node_start(node, services, ARRAY_SIZE(services), msg, sizeof(msg));
	if (!ret) {
		notify("READY=1");
		serve(node, set);
		notify("STOPPING=1");
		vg_node_stop(node);
	}
	loop_stop();
	vg_node_free(node);
	rcu_barrier();
	vg_ledger_close();
	/* last, since who starts us shows the last line of what we said */
	return ret ? fail(msg) : 0;
}

int main(int argc, char **argv)
{
	struct options o = {
		.config = "/etc/virgo_cloud.conf",
		.threads = max(sysconf(_SC_NPROCESSORS_ONLN), 1l),
	};
	sigset_t set;
	int ret;

	ret = parse_options(argc, argv, &o);
	if (ret)
		return ret == 1 ? 0 : ret;
	/* the signals we wait for are blocked before there is another thread */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	raise_files();
	listen_inherit();
	if (cp_builtins_register())
		return fail("the functions every node has cannot be registered");
	ret = run(&o, &set);
	cp_builtins_unregister();
	return ret;
}
