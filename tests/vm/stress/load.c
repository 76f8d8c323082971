// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Clients of all manners against a node that may come and go at any moment: processes that pick one deed after the other
 * at random until time is up. Prints how often each was done; fails only where an answer carries wrong bytes or a deed
 * never got an answer at all. Must never wait without a limit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MEM		= 30000,
	CTL		= 40000,
	WAIT_MS		= 3000,		/* for an answer */
	MANY		= 120,		/* connections of one process at a time */
	PIPELINED	= 40,
	BUF		= 1 << 17,
};

/* shared by all processes */
struct counts {
	unsigned long done[16], answered[16];
	unsigned long ok, refused, broken, late, wrong;
};

static struct counts *counts;
static uint64_t rng;
static unsigned int self;
static const char *only;
static char buf[BUF];

static uint32_t rnd(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 11) % below;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static void count(unsigned long *n)
{
	__atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

/* --- connections ------------------------------------------------------------------------------ */

static int dial(int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		count(&counts->refused);
		/* the modules are out: let them come back */
		usleep(2000);
		return -1;
	}
	return fd;
}

static void reset(int fd)
{
	struct linger l = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

static void hang_up(int fd)
{
	if (rnd(4))
		close(fd);
	else
		reset(fd);
}

static bool put(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t did = send(fd, at, n, MSG_NOSIGNAL);

		if (did <= 0)
			return false;
		at += did;
		n -= did;
	}
	return true;
}

__attribute__((format(printf, 2, 3)))
static bool say(int fd, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return put(fd, text, n);
}

/* One answer to a request into buf[]: its status, with *body and *n; -1 if the connection ended before it was whole. */
static int answer(int fd, char **body, size_t *n)
{
	size_t have = 0, head, length = 0;
	char *end = NULL, *field;
	int status;

	for (;;) {
		ssize_t got = recv(fd, buf + have, sizeof(buf) - 1 - have, 0);

		if (got < 0 && errno == EAGAIN)
			count(&counts->late);
		if (got <= 0)
			goto broken;
		have += got;
		buf[have] = 0;
		if (!end)
			end = strstr(buf, "\r\n\r\n");
		if (!end)
			continue;
		head = end + 4 - buf;
		field = strstr(buf, "Content-Length: ");
		length = field && field < end ? strtoul(field + 16, NULL, 10) : 0;
		if (have >= head + length)
			break;
		if (head + length >= sizeof(buf))
			goto broken;
	}
	if (sscanf(buf, "HTTP/1.1 %d ", &status) != 1)
		goto broken;
	*body = buf + head;
	*n = length;
	count(&counts->ok);
	return status;
broken:
	count(&counts->broken);
	return -1;
}

/* Whatever comes until the node closes. */
static bool drain(int fd)
{
	ssize_t got, all = 0;

	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0)
		all += got;
	return all > 0;
}

/* --- deeds: true if there was an answer ------------------------------------------------------------- */

static void fill(char *p, size_t n, uint32_t seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = 'a' + (seed + i * 7) % 26;
}

/* what this node answers to; the control port is told the same and refuses, now and then */
#define HOST "Host: 127.0.0.1:30000\r\n"

/* Set, read back, delete, on one connection; what comes back must be what was set. */
static bool deed_keys(void)
{
	static char value[1 << 16];
	uint32_t n, seed, round;
	bool any = false;
	size_t got;
	char *body;
	int fd, status;

	fd = dial(MEM);
	if (fd < 0)
		return false;
	for (round = rnd(20) + 1; round; round--) {
		n = rnd(8) ? rnd(300) : rnd(sizeof(value));
		seed = rnd(1000);
		fill(value, n, seed);
		if (!say(fd, "PUT /v1/mem/own%u HTTP/1.1\r\n" HOST "Content-Length: %u\r\n\r\n", self, n) ||
		    !put(fd, value, n) || answer(fd, &body, &got) < 0)
			break;
		any = true;
		if (!say(fd, "GET /v1/mem/own%u HTTP/1.1\r\n" HOST "\r\n", self))
			break;
		status = answer(fd, &body, &got);
		if (status < 0)
			break;
		/* gone with the module, evicted or refused for want of memory, but never another */
		if (status == 200 && (got != n || memcmp(body, value, n)) && counts->wrong++ < 3)
			printf("load: own%u: %zu bytes instead of %u, or others\n", self, got, n);
		if (!rnd(3) && (!say(fd, "DELETE /v1/mem/own%u HTTP/1.1\r\n" HOST "\r\n", self) ||
				answer(fd, &body, &got) < 0))
			break;
	}
	hang_up(fd);
	return any;
}

static int one_request(char *to, size_t room)
{
	unsigned int k = rnd(200);

	switch (rnd(9)) {
	case 0:
		return snprintf(to, room, "PUT /v1/mem/k%u?ttl_ms=%u HTTP/1.1\r\n" HOST
				"Content-Length: 5\r\n\r\nvalue", k, 1 + rnd(3000));
	case 1:
		return snprintf(to, room, "DELETE /v1/mem/k%u HTTP/1.1\r\n" HOST "\r\n", k);
	case 2:
		return snprintf(to, room, "GET /v1/mem?prefix=k1&limit=%u HTTP/1.1\r\n" HOST "\r\n", 1 + rnd(50));
	case 3:
		return snprintf(to, room, "POST /v1/mem/n%u/incr HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", k);
	case 4:
		return snprintf(to, room, "HEAD /v1/mem/k%u HTTP/1.1\r\n" HOST "\r\n", k);
	case 5:
		return snprintf(to, room, "PUT /v1/mem/k%u HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
				"4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n", k);
	case 6:
		return snprintf(to, room, "GET /v1/stats HTTP/1.1\r\n" HOST "\r\n");
	default:
		return snprintf(to, room, "GET /v1/mem/k%u HTTP/1.1\r\n" HOST "\r\n", k);
	}
}

static int many_requests(char *to, size_t room, unsigned int n)
{
	size_t at = 0;

	while (n-- && at + 400 < room)
		at += one_request(to + at, room - at);
	return at;
}

/* All at once, then the answers; often only half of them are waited for. */
static bool deed_pipeline(void)
{
	static char text[PIPELINED * 400];
	unsigned int n = 1 + rnd(PIPELINED);
	int fd = dial(MEM), len;
	bool any = false;

	if (fd < 0)
		return false;
	len = many_requests(text, sizeof(text), n);
	if (put(fd, text, len) && !rnd(2)) {
		shutdown(fd, SHUT_WR);
		any = drain(fd);
	} else {
		any = recv(fd, buf, sizeof(buf), 0) > 0;
	}
	hang_up(fd);
	return any;
}

static bool deed_garbage(void)
{
	static const char *const lines[] = {
		"GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "GET /v1/mem/%zz HTTP/1.1\r\n" HOST "\r\n",
		"PUT /v1/mem/x HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n",
		"PUT /v1/mem/x HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /v1/txn HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n{\"if\":[[[[[[",
		"PUT /v1/mem/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffff\r\nzzz",
		"virgo_cloud_get(nothing)\nvirgo_cloud_malloc(-1)\nxyzzy\n",
	};
	int fd = dial(rnd(4) ? MEM : CTL);
	uint32_t i, n = rnd(3000);
	bool any;

	if (fd < 0)
		return false;
	if (rnd(2)) {
		const char *line = lines[rnd(sizeof(lines) / sizeof(lines[0]))];

		put(fd, line, strlen(line));
	} else {
		for (i = 0; i < n; i++)
			buf[i] = rnd(256);
		put(fd, buf, n);
	}
	shutdown(fd, SHUT_WR);
	any = drain(fd);
	hang_up(fd);
	return any;
}

/* Gone in the middle of a head or a body. */
static bool deed_reset(void)
{
	static char text[4000];
	int fd = dial(rnd(5) ? MEM : CTL), len;

	if (fd < 0)
		return false;
	if (rnd(2))
		len = snprintf(text, sizeof(text), "PUT /v1/mem/r%u HTTP/1.1\r\n" HOST "Content-Length: %u\r\n\r\nxyz",
			       rnd(50), 4 + rnd(1 << 20));
	else
		len = many_requests(text, sizeof(text), 3);
	put(fd, text, 1 + rnd(len));
	if (rnd(2))
		usleep(rnd(3000));
	reset(fd);
	return true;
}

/* Asks for much and reads nothing of it. */
static bool deed_deaf(void)
{
	static const char get[] = "GET /v1/mem/big HTTP/1.1\r\n" HOST "\r\n";
	static char value[60000];
	int fd = dial(MEM), small = 2048, i;
	size_t n;
	char *body;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	fill(value, sizeof(value), 1);
	say(fd, "PUT /v1/mem/big HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", sizeof(value));
	put(fd, value, sizeof(value));
	if (answer(fd, &body, &n) < 0) {
		close(fd);
		return false;
	}
	for (i = 0; i < 60; i++)
		if (send(fd, get, sizeof(get) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
	usleep(rnd(150000));
	if (!rnd(3))
		n = recv(fd, buf, 5000, MSG_DONTWAIT);
	hang_up(fd);
	return true;
}

/* More connections than the node wants; some are told so. */
static bool deed_crowd(void)
{
	int fd[MANY], n = 0, want = 20 + rnd(MANY - 20), i;
	bool any = false;

	while (n < want && (fd[n] = dial(rnd(6) ? MEM : CTL)) >= 0)
		n++;
	for (i = 0; i < n; i++)
		if (!rnd(3))
			say(fd[i], "GET /v1/mem/k%u HTTP/1.1\r\n" HOST "\r\n", rnd(200));
	usleep(rnd(50000));
	for (i = 0; i < n; i++) {
		if (!rnd(4))
			any |= recv(fd[i], buf, sizeof(buf), MSG_DONTWAIT) > 0;
		hang_up(fd[i]);
	}
	return any;
}

/* A request byte by byte, sometimes never whole. */
static bool deed_slow(void)
{
	int fd = dial(MEM), len, i;
	char text[400];
	bool any = false;

	if (fd < 0)
		return false;
	len = one_request(text, sizeof(text));
	for (i = 0; i < len; i++) {
		if (!put(fd, text + i, 1))
			break;
		usleep(rnd(1500));
		if (!rnd(200))
			break;
	}
	if (i == len)
		any = recv(fd, buf, sizeof(buf), 0) > 0;
	hang_up(fd);
	return any;
}

static bool deed_blocks(void)
{
	bool any = false;
	char id[64] = "";
	char *body, *at;
	int fd = dial(MEM), i;
	size_t n;

	if (fd < 0)
		return false;
	if (!say(fd, "POST /v1/blocks HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n"
		 "{\"size\":9000}") || answer(fd, &body, &n) != 201)
		goto out;
	any = true;
	at = strstr(body, "\"id\":\"");
	if (!at || sscanf(at + 6, "%63[0-9a-f-]", id) != 1)
		goto out;
	for (i = rnd(5); i; i--)
		if (!say(fd, "PUT /v1/blocks/%s?offset=%u HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nabcdef", id,
			 rnd(9000)) || answer(fd, &body, &n) < 0 ||
		    !say(fd, "GET /v1/blocks/%s HTTP/1.1\r\n" HOST "\r\n", id) || answer(fd, &body, &n) < 0)
			goto out;
	/* some are left for the unload to find */
	if (rnd(4) && say(fd, "DELETE /v1/blocks/%s HTTP/1.1\r\n" HOST "\r\n", id))
		answer(fd, &body, &n);
out:
	hang_up(fd);
	return any;
}

static bool deed_txn(void)
{
	char text[300];
	int fd = dial(MEM), len;
	size_t n;
	char *body;
	bool any;

	if (fd < 0)
		return false;
	len = snprintf(text, sizeof(text), "{\"then\":[{\"set\":{\"key\":\"k%u\",\"value\":\"a\"}},{\"set\":{\"key\":\"k%u\",\"value\":\"b\"}}]}",
		       rnd(200), rnd(200));
	any = say(fd, "POST /v1/txn HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		  len, text) && answer(fd, &body, &n) > 0;
	hang_up(fd);
	return any;
}

static bool deed_lines(void)
{
	int fd = dial(MEM);
	bool any;

	if (fd < 0)
		return false;
	say(fd, "virgo_cloud_malloc(%u)\nvirgo_cloud_set(1-1-1,x)\nvirgo_cloud_get(1-1-1)\nvirgo_cloud_free(1-1-1)\n",
	    1 + rnd(9000));
	if (rnd(2))
		shutdown(fd, SHUT_WR);
	any = recv(fd, buf, sizeof(buf), 0) > 0;
	hang_up(fd);
	return any;
}

static bool deed_control(void)
{
	static const char *const paths[] = { "/metrics", "/v1/stats", "/v1/node", "/v1/analytics", "/v1/config", "/healthz" };
	int fd = dial(rnd(2) ? MEM : CTL), i;
	bool any = false;
	size_t n;
	char *body;

	if (fd < 0)
		return false;
	for (i = 0; i < 3; i++) {
		if (!say(fd, "GET %s HTTP/1.1\r\n" HOST "\r\n", paths[rnd(6)]) || answer(fd, &body, &n) < 0)
			break;
		any = true;
	}
	hang_up(fd);
	return any;
}

/* Answered off the connection's worker; half of those who ask do not stay for it. */
static bool deed_reload(void)
{
	int fd = dial(CTL);
	bool any = false;
	size_t n;
	char *body;

	if (fd < 0)
		return false;
	if (say(fd, "POST /v1/%s/reload HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", rnd(2) ? "config" : "analytics") &&
	    rnd(2))
		any = answer(fd, &body, &n) > 0;
	hang_up(fd);
	return any;
}

static bool deed_knock(void)
{
	int fd = dial(rnd(2) ? MEM : CTL);

	if (fd < 0)
		return false;
	hang_up(fd);
	return true;
}

static const struct {
	const char *name;
	bool (*run)(void);
	unsigned int weight;
} deeds[] = {
	{ "keys", deed_keys, 6 }, { "pipeline", deed_pipeline, 6 }, { "garbage", deed_garbage, 4 },
	{ "reset", deed_reset, 5 }, { "deaf", deed_deaf, 1 }, { "crowd", deed_crowd, 1 }, { "slow", deed_slow, 1 },
	{ "blocks", deed_blocks, 3 }, { "txn", deed_txn, 3 }, { "lines", deed_lines, 2 }, { "control", deed_control, 2 },
	{ "reload", deed_reload, 2 }, { "knock", deed_knock, 3 },
};

enum { DEEDS = sizeof(deeds) / sizeof(deeds[0]) };

static unsigned int pick(void)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < DEEDS; i++)
		sum += deeds[i].weight;
	at = rnd(sum);
	for (i = 0; at >= deeds[i].weight; i++)
		at -= deeds[i].weight;
	return i;
}

static void work(unsigned int n, uint64_t seed, uint64_t end_ms)
{
	unsigned int i;

	self = n;
	rng = seed * 2654435761u + n * 40503u + 88172645463325252ull;
	while (now_ms() < end_ms) {
		i = pick();
		if (only && strcmp(only, deeds[i].name))
			continue;
		count(&counts->done[i]);
		if (deeds[i].run())
			count(&counts->answered[i]);
	}
	exit(0);
}

static int report(void)
{
	unsigned long done = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DEEDS; i++) {
		printf("%s %lu/%lu ", deeds[i].name, counts->answered[i], counts->done[i]);
		done += counts->done[i];
		/* a thing tried often and never answered is not a test of it */
		if (counts->done[i] > 100 && !counts->answered[i]) {
			printf("\nload: %s never had an answer", deeds[i].name);
			ret = 1;
		}
	}
	printf("\nload: %lu deeds, %lu answers, %lu refused connections, %lu broken, %lu late, %lu wrong\n", done,
	       counts->ok, counts->refused, counts->broken, counts->late, counts->wrong);
	return counts->wrong ? 1 : ret;
}

int main(int argc, char **argv)
{
	unsigned int workers = argc > 2 ? atoi(argv[2]) : 6, i;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	uint64_t end_ms;
	int status, ret = 0;

	if (argc < 2) {
		fputs("usage: load SECONDS [PROCESSES [SEED [DEED]]]\n", stderr);
		return 2;
	}
	if (argc > 4)
		only = argv[4];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	end_ms = now_ms() + strtoull(argv[1], NULL, 10) * 1000;
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return 2;
	for (i = 0; i < workers; i++)
		if (!fork())
			work(i, seed, end_ms);
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			ret = 1;
	return report() | ret;
}
