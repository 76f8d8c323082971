// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A node, as the helper (virgo_kernelupcall_plugin) sees it: starts one with a socket pair, sends it what the
 * command line says, prints what comes. Must never wait for ever: everything has one deadline.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../kmod/include/uapi/virgo.h"

static const char help[] =
"usage: helper --plugin FILE [OPTION...] [NAME [ARGUMENT...]]\n"
"prints a line for each message; a run's output goes to the files \"out\" and \"err\"\n"
"  --plugin FILE  --plugin-arg ARG    what to start\n"
"  --allow ENTRY  --user U  --group G  --cwd DIR  --umask OCTAL  --env NAME=VALUE\n"
"  --timeout MS  --grace MS  --output-max N  --cpu S  --memory N  --file-size N  --files N  --processes N\n"
"  --function | --kind N              NAME is a function's; a number of one's own\n"
"  --stdin FILE  --piece N            send it, in pieces of N bytes; \"-\": keep it open and send nothing\n"
"  --kill WHY                         when it has started: cancelled, timeout, or now\n"
"  --count N  --parallel N            so many, one after the other or at once; prints a summary\n"
"  --sleepy MS                        read nothing for so long once all is sent\n"
"  --list                             the functions, not a run\n"
"  --send HEX                         this as a message, instead of a run; may be repeated\n"
"  --when-started die|hangup|bye|term|wait   kill the plugin, close the socket, say goodbye, SIGTERM, or\n"
"                                     wait for a line on standard input\n"
"  --ignore-signals                   start the plugin so, the two of the C library among them\n"
"  --deadline S                       for all of it (60)\n";

enum { FOREVER = -1, ENV_MAX = 2000, SENDS_MAX = 16 };

struct strings {
	const char *s[ENV_MAX];
	unsigned int n;
};

static struct {
	const char *plugin, *user, *group, *cwd, *input, *kill, *when_started;
	struct strings plugin_args, allow, env, sends;
	struct virgo_run run;
	unsigned long count, parallel, sleepy, deadline, piece;
	bool list, ignores_signals;
	char **argv;
	int argc;
} o = { .user = "", .group = "", .cwd = "/", .count = 1, .parallel = 1, .deadline = 60, .piece = VIRGO_MSG_DATA };

static int sock = -1;
static pid_t plugin;
static int64_t deadline_us;
static union {
	struct virgo_msg head;
	char bytes[VIRGO_MSG_MAX];
} in;
static FILE *out_file, *err_file;
static uint64_t next_run, open_runs;
static int64_t sent_us[1 << 16];
static unsigned int took[1 << 16], nr_took;
static unsigned long whys[8];
static bool over, started_once;

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("helper: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	if (plugin > 0)
		kill(plugin, SIGKILL);
	exit(3);
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* --- what is sent ---------------------------------------------------------------------------------- */

/* False: the plugin has gone */
static bool send_bytes(const void *p, size_t n)
{
	if (send(sock, p, n, MSG_NOSIGNAL) == (ssize_t)n)
		return true;
	if (errno != EPIPE && errno != ECONNRESET)
		die("cannot send: %s", strerror(errno));
	return false;
}

static void send_msg(unsigned int type, unsigned int flags, uint64_t run, const void *p, size_t n)
{
	static char bytes[VIRGO_MSG_MAX];
	struct virgo_msg head = { .len = sizeof(head) + n, .type = type, .flags = flags, .run = run };

	if (head.len > sizeof(bytes))
		die("a message is too long");
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), p, n);
	send_bytes(bytes, head.len);
}

static void add(char *bytes, size_t *n, const char *s)
{
	size_t len = strlen(s) + 1;

	if (*n + len > VIRGO_MSG_MAX - 64)
		die("too many strings");
	memcpy(bytes + *n, s, len);
	*n += len;
}

static void send_input(uint64_t run)
{
	static char bytes[VIRGO_MSG_DATA];
	FILE *f;
	size_t n;

	if (!strcmp(o.input, "-"))
		return;
	f = fopen(o.input, "rb");
	if (!f)
		die("%s: %s", o.input, strerror(errno));
	while ((n = fread(bytes, 1, o.piece, f)))
		send_msg(VIRGO_MSG_STDIN, 0, run, bytes, n);
	fclose(f);
	send_msg(VIRGO_MSG_STDIN, VIRGO_MSGF_EOF, run, "", 0);
}

static void send_run(void)
{
	static char bytes[VIRGO_MSG_MAX];
	size_t n = sizeof(o.run);
	unsigned int i;
	int k;

	o.run.nargs = o.argc - 1;
	o.run.nenv = o.env.n;
	o.run.nallow = o.allow.n;
	memcpy(bytes, &o.run, n);
	add(bytes, &n, o.argv[0]);
	add(bytes, &n, o.user);
	add(bytes, &n, o.group);
	add(bytes, &n, o.cwd);
	for (k = 1; k < o.argc; k++)
		add(bytes, &n, o.argv[k]);
	for (i = 0; i < o.env.n; i++)
		add(bytes, &n, o.env.s[i]);
	for (i = 0; i < o.allow.n; i++)
		add(bytes, &n, o.allow.s[i]);
	next_run++;
	open_runs++;
	sent_us[next_run & 0xffff] = now_us();
	send_msg(VIRGO_MSG_RUN, 0, next_run, bytes, n);
	if (o.input)
		send_input(next_run);
}

static void send_list(void)
{
	static char bytes[VIRGO_MSG_MAX];
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < o.allow.n; i++)
		add(bytes, &n, o.allow.s[i]);
	open_runs++;
	send_msg(VIRGO_MSG_LIST, 0, 0, bytes, n);
}

static void send_hex(const char *hex)
{
	static char bytes[VIRGO_MSG_MAX + 1024];
	unsigned int byte;
	size_t n = 0;

	if (!strcmp(hex, "long")) {
		n = VIRGO_MSG_MAX + 8;
		memcpy(bytes, &(uint32_t){ n }, 4);
	} else if (strlen(hex) / 2 > sizeof(bytes)) {
		die("too long: %s", hex);
	}
	for (; n < sizeof(bytes) && strcmp(hex, "long") && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		bytes[n] = byte;
	send_bytes(bytes, n);
}

/* --- what comes ------------------------------------------------------------------------------------ */

static const char *why_name(unsigned int why)
{
	static const char *const names[] = {
		"none", "exited", "signal", "timeout", "cancelled", "not_found", "not_allowed", "failed",
	};

	return why < 8 ? names[why] : "unknown";
}

static bool is_quiet(void)
{
	return o.count > 1 || o.parallel > 1;
}

static void on_started(void)
{
	struct virgo_kill k = { .why = VIRGO_END_CANCELLED };
	struct virgo_started s;
	char line[8];

	memcpy(&s, in.bytes + sizeof(in.head), sizeof(s));
	if (!is_quiet())
		printf("started pid=%u\n", s.pid);
	fflush(stdout);
	if (o.kill) {
		if (!strcmp(o.kill, "timeout"))
			k.why = VIRGO_END_TIMEOUT;
		k.now = !strcmp(o.kill, "now");
		send_msg(VIRGO_MSG_KILL, 0, in.head.run, &k, sizeof(k));
	}
	if (!o.when_started || started_once)
		return;
	started_once = true;
	if (!strcmp(o.when_started, "wait") && read(0, line, sizeof(line)) < 0)
		die("no standard input");
	if (!strcmp(o.when_started, "die"))
		kill(plugin, SIGKILL);
	else if (!strcmp(o.when_started, "term"))
		kill(plugin, SIGTERM);
	else if (!strcmp(o.when_started, "bye"))
		send_msg(VIRGO_MSG_BYE, 0, 0, "", 0);
	else if (!strcmp(o.when_started, "hangup"))
		over = true;
}

static void on_ended(void)
{
	struct virgo_ended e;
	int text = in.head.len - sizeof(in.head) - sizeof(e);

	if (text < 0)
		die("ENDED is too short");
	memcpy(&e, in.bytes + sizeof(in.head), sizeof(e));
	open_runs--;
	took[nr_took++ & 0xffff] = now_us() - sent_us[in.head.run & 0xffff];
	whys[e.why & 7]++;
	if (!is_quiet())
		printf("ended why=%s exit=%d signal=%d errno=%d value=%lld us=%llu out=%llu err=%llu text=%.*s\n",
		       why_name(e.why), e.exit, e.signal, e.errno_, (long long)e.value,
		       (unsigned long long)e.us, (unsigned long long)e.out_bytes,
		       (unsigned long long)e.err_bytes, text,
		       in.bytes + sizeof(in.head) + sizeof(e));
}

static void on_listed(void)
{
	const char *p = in.bytes + sizeof(in.head), *end = in.bytes + in.head.len;

	while (p < end) {
		printf("listed %s: ", p);
		p += strlen(p) + 1;
		printf("%s\n", p);
		p += strlen(p) + 1;
	}
	if (!(in.head.flags & VIRGO_MSGF_MORE))
		open_runs--;
}

static void on_message(void)
{
	struct virgo_hello h;
	size_t n = in.head.len - sizeof(in.head);

	switch (in.head.type) {
	case VIRGO_MSG_HELLO:
		memcpy(&h, in.bytes + sizeof(in.head), sizeof(h));
		if (!is_quiet())
			printf("hello abi=%u pid=%u\n", h.abi, h.pid);
		break;
	case VIRGO_MSG_STARTED:
		on_started();
		break;
	case VIRGO_MSG_OUTPUT:
		if (!n || n > VIRGO_MSG_DATA)
			die("OUTPUT of %zu bytes", n);
		fwrite(in.bytes + sizeof(in.head), 1, n,
		       in.head.flags & VIRGO_MSGF_STDERR ? err_file : out_file);
		break;
	case VIRGO_MSG_ENDED:
		on_ended();
		break;
	case VIRGO_MSG_LISTED:
		on_listed();
		break;
	default:
		die("a message of type %u", in.head.type);
	}
	fflush(stdout);
}

static void receive(void)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int64_t left = (deadline_us - now_us()) / 1000;
	ssize_t n;

	if (left <= 0 || poll(&p, 1, left) == 0)
		die("not within %lu s", o.deadline);
	n = recv(sock, in.bytes, sizeof(in.bytes), 0);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		printf("closed\n");
		over = true;
	} else if (n < (ssize_t)sizeof(in.head) || in.head.len != n) {
		die("a message of %zd bytes that says it has %u", n, in.head.len);
	} else {
		on_message();
	}
}

/* --- options --------------------------------------------------------------------------------------- */

enum option_id {
	PLUGIN = 256, PLUGIN_ARG, ALLOW, USER, GROUP, CWD, UMASK, ENV, TIMEOUT, GRACE, OUTPUT_MAX, CPU, MEMORY,
	FILE_SIZE, FILES, PROCESSES, FUNCTION, KIND, INPUT, KILL, COUNT, PARALLEL, SLEEPY, LIST, SEND,
	WHEN_STARTED, DEADLINE, PIECE, IGNORE_SIGNALS, HELP,
};

static const struct option options[] = {
	{ "plugin", 1, NULL, PLUGIN }, { "plugin-arg", 1, NULL, PLUGIN_ARG }, { "allow", 1, NULL, ALLOW },
	{ "user", 1, NULL, USER }, { "group", 1, NULL, GROUP }, { "cwd", 1, NULL, CWD },
	{ "umask", 1, NULL, UMASK }, { "env", 1, NULL, ENV }, { "timeout", 1, NULL, TIMEOUT },
	{ "grace", 1, NULL, GRACE }, { "output-max", 1, NULL, OUTPUT_MAX }, { "cpu", 1, NULL, CPU },
	{ "memory", 1, NULL, MEMORY }, { "file-size", 1, NULL, FILE_SIZE }, { "files", 1, NULL, FILES },
	{ "processes", 1, NULL, PROCESSES }, { "function", 0, NULL, FUNCTION }, { "kind", 1, NULL, KIND },
	{ "stdin", 1, NULL, INPUT }, { "kill", 1, NULL, KILL }, { "count", 1, NULL, COUNT },
	{ "parallel", 1, NULL, PARALLEL }, { "sleepy", 1, NULL, SLEEPY }, { "list", 0, NULL, LIST },
	{ "send", 1, NULL, SEND }, { "when-started", 1, NULL, WHEN_STARTED },
	{ "deadline", 1, NULL, DEADLINE }, { "piece", 1, NULL, PIECE }, { "ignore-signals", 0, NULL, IGNORE_SIGNALS },
	{ "help", 0, NULL, HELP }, { }
};

static uint64_t number(const char *text, int base)
{
	char *end;
	uint64_t n = strtoull(text, &end, base);

	if (*end || end == text)
		die("no number: %s", text);
	return n;
}

static void append(struct strings *s, const char *text)
{
	if (s->n == ENV_MAX)
		die("too many: %s", text);
	s->s[s->n++] = text;
}

static void take_option(int c)
{
	switch (c) {
	case PLUGIN: o.plugin = optarg; break;
	case PLUGIN_ARG: append(&o.plugin_args, optarg); break;
	case ALLOW: append(&o.allow, optarg); break;
	case USER: o.user = optarg; break;
	case GROUP: o.group = optarg; break;
	case CWD: o.cwd = optarg; break;
	case UMASK: o.run.umask = number(optarg, 8); break;
	case ENV: append(&o.env, optarg); break;
	case TIMEOUT: o.run.timeout_ms = number(optarg, 10); break;
	case GRACE: o.run.grace_ms = number(optarg, 10); break;
	case OUTPUT_MAX: o.run.output_max = number(optarg, 10); break;
	case CPU: o.run.cpu_s = number(optarg, 10); break;
	case MEMORY: o.run.memory = number(optarg, 10); break;
	case FILE_SIZE: o.run.file_size = number(optarg, 10); break;
	case FILES: o.run.files = number(optarg, 10); break;
	case PROCESSES: o.run.processes = number(optarg, 10); break;
	case FUNCTION: o.run.kind = VIRGO_RUN_FUNCTION; break;
	case KIND: o.run.kind = number(optarg, 10); break;
	case INPUT: o.input = optarg; o.run.stdin_follows = 1; break;
	case KILL: o.kill = optarg; break;
	case COUNT: o.count = number(optarg, 10); break;
	case PARALLEL: o.parallel = number(optarg, 10); break;
	case SLEEPY: o.sleepy = number(optarg, 10); break;
	case LIST: o.list = true; break;
	case SEND: append(&o.sends, optarg); break;
	case WHEN_STARTED: o.when_started = optarg; break;
	case DEADLINE: o.deadline = number(optarg, 10); break;
	case PIECE: o.piece = number(optarg, 10); break;
	case IGNORE_SIGNALS: o.ignores_signals = true; break;
	case HELP: fputs(help, stdout); exit(0);
	default: fputs(help, stderr); exit(2);
	}
}

/* --- the plugin ------------------------------------------------------------------------------------ */

/* also those that sigaction() refuses */
static void ignore_signals(void)
{
	unsigned long act[8] = { (unsigned long)SIG_IGN };

	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, act, NULL, NSIG / 8);
}

static void start_plugin(void)
{
	const char *argv[64] = { o.plugin, "--fd", "7" };
	unsigned int i;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("no socket pair: %s", strerror(errno));
	for (i = 0; i < o.plugin_args.n && i < 60; i++)
		argv[3 + i] = o.plugin_args.s[i];
	plugin = fork();
	if (!plugin) {
		if (pair[1] == 7)
			fcntl(7, F_SETFD, 0);
		else
			dup2(pair[1], 7);
		if (o.ignores_signals)
			ignore_signals();
		execv(o.plugin, (char **)argv);
		_exit(127);
	}
	if (plugin < 0)
		die("no process: %s", strerror(errno));
	close(pair[1]);
	sock = pair[0];
}

/* What the plugin needed at the most, while it is still there. */
static void print_memory(void)
{
	char path[40], line[200];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", plugin);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmHWM:", 6))
			printf("memory kib=%ld\n", strtol(line + 6, NULL, 10));
	if (f)
		fclose(f);
}

static void end_plugin(void)
{
	int status;

	while (waitpid(plugin, &status, WNOHANG) == 0) {
		if (now_us() > deadline_us)
			die("the plugin does not end");
		usleep(5000);
	}
	plugin = 0;
	if (WIFEXITED(status))
		printf("plugin exit=%d\n", WEXITSTATUS(status));
	else
		printf("plugin signal=%d\n", WTERMSIG(status));
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

static void print_summary(void)
{
	unsigned int i;

	qsort(took, nr_took, sizeof(took[0]), compare);
	printf("runs=%u", nr_took);
	for (i = 1; i < 8; i++)
		if (whys[i])
			printf(" %s=%lu", why_name(i), whys[i]);
	printf(" median_us=%u p99_us=%u\n", took[nr_took / 2], took[nr_took - 1 - nr_took / 100]);
}

static void converse(void)
{
	unsigned long sent = 0;
	unsigned int i;

	receive();
	for (i = 0; i < o.sends.n && !over; i++)
		send_hex(o.sends.s[i]);
	if (o.list)
		send_list();
	while (!over) {
		while (o.argc && sent < o.count * o.parallel && open_runs < o.parallel) {
			send_run();
			sent++;
		}
		if (o.sleepy) {
			usleep(o.sleepy * 1000);
			o.sleepy = 0;
		}
		if (!open_runs && !(o.sends.n && !o.argc && !o.list))
			break;
		receive();
	}
}

int main(int argc, char **argv)
{
	int c;

	o.run.kind = VIRGO_RUN_PROGRAM;
	o.run.umask = 022;
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		take_option(c);
	o.argv = argv + optind;
	o.argc = argc - optind;
	if (!o.plugin || !o.piece || o.piece > VIRGO_MSG_DATA || o.count * o.parallel > 60000)
		die("see --help");
	out_file = fopen("out", "wb");
	err_file = fopen("err", "wb");
	if (!out_file || !err_file)
		die("cannot write out and err here");
	deadline_us = now_us() + o.deadline * 1000000LL;
	start_plugin();
	converse();
	if (is_quiet())
		print_summary();
	if (!over) {
		print_memory();
		send_msg(VIRGO_MSG_BYE, 0, 0, "", 0);
	}
	close(sock);
	fclose(out_file);
	fclose(err_file);
	end_plugin();
	return 0;
}
