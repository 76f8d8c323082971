// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Load for one server: the same request again and again on many connections, one outstanding on each. Speaks to HTTP servers,
 * redis and memcached with the same loop, so that what it costs itself is the same for all. Must never count an answer that is
 * not a whole, good one.
 *
 *	load PROTOCOL ADDRESS PORT REQUEST-FILE CONNECTIONS SECONDS	http, redis or memcached; prints requests per second
 *	load idle ADDRESS PORT - CONNECTIONS SECONDS			only connects, prints "connected", waits for standard input's end
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, ANSWER_MAX = 4096, REQUEST_MAX = 4096 };

struct conn {
	int fd;
	size_t n;
	char in[ANSWER_MAX];
};

static char request[REQUEST_MAX];
static size_t request_n;
static uint64_t answers;

static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* How long is the whole answer? 0: more bytes are needed. Ends the program on anything but success. */
static size_t http_len(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4), *len;

	if (!end)
		return 0;
	len = memmem(p, end - p, "\nContent-Length: ", 17);
	if (memcmp(p, "HTTP/1.1 200", 12) || !len) {
		fprintf(stderr, "%.*s\n", (int)n, p);
		fail("not a 200 with Content-Length");
	}
	return end + 4 - p + strtoul(len + 17, NULL, 10);
}

static size_t redis_len(const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);

	if (!end)
		return 0;
	if (p[0] != '$' || p[1] == '-')
		fail("not a bulk answer");
	return end + 1 - p + strtoul(p + 1, NULL, 10) + 2;
}

/* VALUE key flags bytes CRLF data CRLF END CRLF */
static size_t memcached_len(const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n), *len;

	if (!end)
		return 0;
	len = memrchr(p, ' ', end - p);
	if (memcmp(p, "VALUE ", 6) || !len)
		fail("not a value");
	return end + 1 - p + strtoul(len, NULL, 10) + 2 + 5;
}

static size_t (*answer_len)(const char *p, size_t n);

static int connect_to(const char *address, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		fail("connect");
	return fd;
}

static void ask(struct conn *c)
{
	if (send(c->fd, request, request_n, MSG_NOSIGNAL) != (ssize_t)request_n)
		fail("send");
}

static void answered(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, 0);
	size_t len;

	if (n <= 0)
		fail("recv");
	c->n += n;
	len = answer_len(c->in, c->n);
	if (!len || c->n < len)
		return;
	if (c->n > len)
		fail("more than one answer");
	c->n = 0;
	answers++;
	ask(c);
}

static void run(int epoll_fd, double until)
{
	struct epoll_event e[EVENTS];
	int i, n;

	while (now_s() < until) {
		n = epoll_wait(epoll_fd, e, EVENTS, 1000);
		if (!n)
			fail("no answer within a second");
		for (i = 0; i < n; i++)
			answered(e[i].data.ptr);
	}
}

static void read_request(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		fail(path);
	request_n = fread(request, 1, sizeof(request), f);
	fclose(f);
	if (!request_n || request_n == sizeof(request))
		fail("the request is empty or too long");
}

static void idle(const char *address, int port, int connections)
{
	while (connections--)
		connect_to(address, port);
	puts("connected");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	int connections, i, epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct conn *c;
	double seconds, start;

	if (argc != 7) {
		fprintf(stderr, "usage: load http|redis|memcached|idle ADDRESS PORT REQUEST-FILE CONNECTIONS SECONDS\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	connections = atoi(argv[5]);
	seconds = atof(argv[6]);
	if (!strcmp(argv[1], "idle")) {
		idle(argv[2], atoi(argv[3]), connections);
		return 0;
	}
	answer_len = !strcmp(argv[1], "http") ? http_len : !strcmp(argv[1], "redis") ? redis_len : memcached_len;
	read_request(argv[4]);
	c = calloc(connections, sizeof(*c));
	if (!c || epoll_fd < 0)
		fail("start");
	for (i = 0; i < connections; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = &c[i] };

		c[i].fd = connect_to(argv[2], atoi(argv[3]));
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c[i].fd, &e))
			fail("epoll_ctl");
		ask(&c[i]);
	}
	/* a tenth to get warm */
	run(epoll_fd, now_s() + seconds / 10);
	answers = 0;
	start = now_s();
	run(epoll_fd, start + seconds);
	printf("%.0f\n", answers / (now_s() - start));
	return 0;
}
