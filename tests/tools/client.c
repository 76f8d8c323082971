// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Clients that stock tools cannot be: thousands of connections at once, slow ones, ones that die in
 * the middle of a request or never read. Must never wait for ever: every mode has a deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
"usage: client MODE ADDRESS PORT ARGUMENT...\n"
"  storm N       N connections at once, a request on each, then another on those that were served\n"
"  hold N        the same without the second request; holds what was served until SIGTERM\n"
"  load N        N connections that ask, store and fetch until SIGTERM, and connect again when cut off\n"
"  vandal N      N connections, each killed somewhere in the middle of a request, by RST or FIN\n"
"  drip MS TEXT  a byte of TEXT every MS milliseconds; prints the answer and how long it took\n"
"  mute PATH     asks for PATH again and again, never reads; prints how many requests the node took\n";

enum { DEADLINE_MS = 120000, ANSWER_MAX = 8192, EVENTS = 256 };

struct peer {
	int fd;
	bool connected;
	bool done;		/* answered or cut off */
	bool lost;
	int status;
	unsigned int turn;
	const char *what;	/* the rest of the request that is to be sent */
	size_t left;
	char request[1024];
	size_t n;		/* bytes of the answer that are here */
	size_t body;		/* bytes of its body still to come */
	bool in_body;
	char answer[ANSWER_MAX + 1];
};

static struct sockaddr_storage target;
static socklen_t target_len;
static char host[80];
static volatile sig_atomic_t stopped;

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("client: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void stop(int sig)
{
	stopped = 1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void set_target(const char *address, const char *port)
{
	struct sockaddr_in *in = (void *)&target;
	struct sockaddr_in6 *in6 = (void *)&target;
	int n = atoi(port);

	if (n < 1 || n > 65535)
		die("a port is 1 to 65535, not %s", port);
	if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(n);
		target_len = sizeof(*in);
		snprintf(host, sizeof(host), "%s:%d", address, n);
	} else if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(n);
		target_len = sizeof(*in6);
		snprintf(host, sizeof(host), "[%s]:%d", address, n);
	} else {
		die("no address: %s", address);
	}
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || n > 1000000)
		die("a number of at most 1000000 is expected, not %s", text);
	return n;
}

static void raise_files(unsigned long n)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur < n + 16)
		die("the limit of open files is %llu, %lu are needed",
		    (unsigned long long)r.rlim_cur, n + 16);
}

/* A connection that is on its way; -1 with errno. */
static int dial(bool wait)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK);
	int one = 1, fd = socket(target.ss_family, type, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&target, target_len) && errno != EINPROGRESS) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* --- many connections ------------------------------------------------------------------------ */

static void ask(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	p->left = vsnprintf(p->request, sizeof(p->request), fmt, ap);
	va_end(ap);
	p->what = p->request;
	p->n = p->body = 0;
	p->in_body = p->done = false;
	p->status = 0;
}

static void lose(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->done = p->lost = true;
}

/* Take the head out of what has come; false: it is not all there. */
static bool take_head(struct peer *p)
{
	char *end, *length;

	p->answer[p->n] = 0;
	end = strstr(p->answer, "\r\n\r\n");
	if (!end)
		return false;
	end += 4;
	p->status = atoi(p->answer + 9);
	length = strstr(p->answer, "Content-Length: ");
	p->body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
	p->n -= end - p->answer;
	p->in_body = true;
	return true;
}

static void receive(struct peer *p)
{
	while (!p->done) {
		ssize_t n = recv(p->fd, p->answer + p->n, ANSWER_MAX - p->n, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			lose(p);
			return;
		}
		p->n += n;
		if (!p->in_body && !take_head(p)) {
			if (p->n == ANSWER_MAX)
				lose(p);
			continue;
		}
		if (p->n > p->body)
			die("%zu bytes behind an answer of status %d", p->n - p->body, p->status);
		p->body -= p->n;
		p->n = 0;
		p->done = !p->body;
	}
}

static void transmit(struct peer *p)
{
	while (p->left) {
		ssize_t n = send(p->fd, p->what, p->left, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (n < 0) {
			/* the node may have said why before it hung up */
			receive(p);
			if (!p->done)
				lose(p);
			return;
		}
		p->what += n;
		p->left -= n;
	}
}

static void watch(int ep, struct peer *p)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = p,
	};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, p->fd, &e))
		die("epoll: %s", strerror(errno));
}

/* One round of events; the number of peers that became done in it. */
static unsigned long turn_once(int ep, int wait_ms)
{
	struct epoll_event e[EVENTS];
	unsigned long done = 0;
	int i, n = epoll_wait(ep, e, EVENTS, wait_ms);

	for (i = 0; i < n; i++) {
		struct peer *p = e[i].data.ptr;

		if (p->done || p->fd < 0)
			continue;
		transmit(p);
		if (!p->done)
			receive(p);
		done += p->done;
	}
	return done;
}

static void finish_all(int ep, unsigned long waiting)
{
	int64_t end = now_ms() + DEADLINE_MS;

	while (waiting && now_ms() < end)
		waiting -= turn_once(ep, 100);
	if (waiting)
		die("%lu connections had neither an answer nor an end after %d s", waiting,
		    DEADLINE_MS / 1000);
}

static struct peer *peers_new(unsigned long n)
{
	struct peer *p = calloc(n, sizeof(*p));

	if (!p)
		die("no memory for %lu connections", n);
	raise_files(n);
	return p;
}

static void count(const struct peer *p, unsigned long n, const char *name)
{
	unsigned long i, served = 0, refused = 0, other = 0, lost = 0;

	for (i = 0; i < n; i++) {
		if (p[i].status == 200)
			served++;
		else if (p[i].status == 503)
			refused++;
		else if (p[i].status)
			other++;
		else
			lost++;
	}
	printf("%s: served %lu refused %lu other %lu lost %lu\n", name, served, refused, other,
	       lost);
	fflush(stdout);
}

static void get_healthz(struct peer *p)
{
	ask(p, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", host);
}

static int storm(unsigned long n, bool hold)
{
	struct peer *p = peers_new(n);
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned long i, waiting = 0;

	for (i = 0; i < n; i++) {
		p[i].fd = dial(false);
		if (p[i].fd < 0)
			die("connection %lu: %s", i + 1, strerror(errno));
		get_healthz(&p[i]);
		watch(ep, &p[i]);
	}
	finish_all(ep, n);
	count(p, n, "first");
	if (hold) {
		while (!stopped)
			pause();
		return 0;
	}
	for (i = 0; i < n; i++) {
		if (p[i].status != 200) {
			p[i].status = 0;
			p[i].done = true;
			continue;
		}
		get_healthz(&p[i]);
		transmit(&p[i]);
		waiting += !p[i].done;
	}
	finish_all(ep, waiting);
	count(p, n, "second");
	return 0;
}

/* --- load ------------------------------------------------------------------------------------ */

static void next_request(struct peer *p, unsigned long i)
{
	static const char value[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789";

	switch (p->turn++ % 8) {
	case 0:
		ask(p, "PUT /v1/mem/load-%lu HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n%s",
		    i, host, sizeof(value) - 1, value);
		break;
	case 3:
		ask(p, "POST /v1/mem/load-sum/incr?by=1 HTTP/1.1\r\nHost: %s\r\n"
		    "Content-Length: 0\r\n\r\n", host);
		break;
	case 5:
		get_healthz(p);
		break;
	case 7:
		ask(p, "GET /v1/mem?limit=20&prefix=load HTTP/1.1\r\nHost: %s\r\n\r\n", host);
		break;
	default:
		ask(p, "GET /v1/mem/load-%lu HTTP/1.1\r\nHost: %s\r\n\r\n", i, host);
	}
}

static int load(unsigned long n)
{
	struct peer *p = peers_new(n);
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned long i, requests = 0, ok = 0, cut = 0;
	int64_t tell = now_ms();

	for (i = 0; i < n; i++) {
		p[i].fd = -1;
		p[i].done = true;
	}
	while (!stopped) {
		for (i = 0; i < n; i++) {
			if (!p[i].done)
				continue;
			requests += p[i].status != 0;
			ok += p[i].status / 100 == 2;
			cut += p[i].lost;
			p[i].lost = false;
			next_request(&p[i], i);
			if (p[i].fd < 0) {
				p[i].fd = dial(false);
				if (p[i].fd < 0) {
					p[i].done = true;
					continue;
				}
				watch(ep, &p[i]);
			}
			transmit(&p[i]);
		}
		turn_once(ep, 5);
		if (now_ms() - tell > 200) {
			/* whoever waits for us to be at work reads this */
			printf("so far: requests %lu ok %lu cut %lu\n", requests, ok, cut);
			fflush(stdout);
			tell = now_ms();
		}
	}
	printf("load: requests %lu ok %lu cut %lu\n", requests, ok, cut);
	return 0;
}

/* --- bad manners ----------------------------------------------------------------------------- */

static int vandal(unsigned long n)
{
	static const char put[] = "PUT /v1/mem/vandal-%lu HTTP/1.1\r\nHost: %s\r\n"
				  "Content-Length: 3000\r\n\r\n";
	static const char get[] = "GET /v1/mem/vandal-%lu HTTP/1.1\r\nHost: %s\r\n\r\n"
				  "GET /v1/mem HTTP/1.1\r\nHo";
	struct linger rst = { .l_onoff = 1 };
	unsigned int seed = 1;
	unsigned long i, killed = 0;
	char text[4096];
	size_t len, cut;
	int fd;

	for (i = 0; i < n && !stopped; i++) {
		memset(text, 'x', sizeof(text));
		len = snprintf(text, sizeof(text), i % 3 ? put : get, i % 10, host);
		text[len] = 'x';
		len = i % 3 ? len + 2999 : len;
		cut = 1 + rand_r(&seed) % len;
		fd = dial(true);
		if (fd < 0)
			die("connection %lu: %s", i + 1, strerror(errno));
		/* a node that has had enough answers with a reset: all the same here */
		send(fd, text, cut, MSG_NOSIGNAL);
		if (rand_r(&seed) % 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
		close(fd);
		killed++;
	}
	printf("vandal: killed %lu\n", killed);
	return 0;
}

static int drip(unsigned long ms, const char *text)
{
	struct pollfd pfd = { .fd = dial(true), .events = POLLIN };
	int64_t begin = now_ms(), end = begin + DEADLINE_MS, first = 0, next = begin, wait;
	char answer[4096];
	size_t at = 0;
	ssize_t n;

	if (pfd.fd < 0)
		die("%s", strerror(errno));
	while (now_ms() < end && !stopped) {
		if (now_ms() >= next && text[at]) {
			send(pfd.fd, text + at++, 1, MSG_NOSIGNAL);
			next += ms;
		}
		wait = text[at] ? next - now_ms() : 200;
		if (poll(&pfd, 1, wait > 0 ? wait : 0) <= 0)
			continue;
		n = read(pfd.fd, answer, sizeof(answer));
		if (!first)
			first = now_ms();
		if (n <= 0) {
			printf("\ndrip: sent %zu bytes, answer after %lld ms, end after %lld ms\n",
			       at, (long long)(first - begin), (long long)(now_ms() - begin));
			return 0;
		}
		fwrite(answer, 1, n, stdout);
	}
	die("no end after %d s", DEADLINE_MS / 1000);
	return 1;
}

/* How many requests a node takes from one who reads none of its answers: it has to stop reading. */
static int mute(const char *path)
{
	struct pollfd pfd = { .fd = dial(true), .events = POLLOUT };
	int64_t end = now_ms() + DEADLINE_MS;
	size_t one, len, at = 0, sent = 0;
	static char text[1 << 16];
	ssize_t n;

	if (pfd.fd < 0)
		die("%s", strerror(errno));
	/* many at once: what lies between us and the node is full long before it loses its patience */
	one = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
	for (len = one; len + one <= sizeof(text); len += one)
		memcpy(text + len, text, one);
	fcntl(pfd.fd, F_SETFL, O_NONBLOCK);
	while (now_ms() < end && !stopped) {
		/* two seconds without room: it reads no more */
		if (!poll(&pfd, 1, 2000)) {
			printf("mute: the node stopped reading after %zu requests, %zu bytes\n",
			       sent / one, sent);
			return 0;
		}
		n = send(pfd.fd, text + at, len - at, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			die("cut off after %zu bytes: %s", sent, strerror(errno));
		if (n > 0) {
			sent += n;
			at = (at + n) % len;
		}
		if (sent > 64 << 20)
			break;
	}
	printf("mute: the node took %zu bytes and was ready for more\n", sent);
	return 1;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	struct sigaction sa = { .sa_handler = stop };

	if (argc < 5) {
		fputs(help, stderr);
		return 2;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	set_target(argv[2], argv[3]);
	if (!strcmp(mode, "storm") || !strcmp(mode, "hold"))
		return storm(number(argv[4]), mode[0] == 'h');
	if (!strcmp(mode, "load"))
		return load(number(argv[4]));
	if (!strcmp(mode, "vandal"))
		return vandal(number(argv[4]));
	if (!strcmp(mode, "drip") && argc == 6)
		return drip(number(argv[4]), argv[5]);
	if (!strcmp(mode, "mute"))
		return mute(argv[4]);
	fputs(help, stderr);
	return 2;
}
