// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How many connections a second a node accepts and answers: accept ADDRESS PORT SECONDS. Each asks once and is dropped by
 * RST, so that no port is used up. Must end by itself, also when nobody answers.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_A_TIME = 64, LOST_MS = 5000 };

static struct sockaddr_in target = { .sin_family = AF_INET };
static const char request[] = "GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n";

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void begin(struct pollfd *p)
{
	struct linger rst = { .l_onoff = 1 };

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		fail("socket");
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
	if (connect(p->fd, (struct sockaddr *)&target, sizeof(target)))
		fail("connect");
	if (write(p->fd, request, sizeof(request) - 1) != sizeof(request) - 1)
		fail("write");
	p->events = POLLIN;
}

int main(int argc, char **argv)
{
	struct pollfd p[AT_A_TIME];
	unsigned long served = 0;
	double start, end;
	char answer[1024];
	int i;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &target.sin_addr) != 1) {
		fputs("usage: accept ADDRESS PORT SECONDS\n", stderr);
		return 2;
	}
	target.sin_port = htons(atoi(argv[2]));
	start = now();
	end = start + atof(argv[3]);
	for (i = 0; i < AT_A_TIME; i++)
		begin(&p[i]);
	while (now() < end) {
		if (poll(p, AT_A_TIME, LOST_MS) <= 0)
			fail("poll");
		for (i = 0; i < AT_A_TIME; i++) {
			if (!p[i].revents)
				continue;
			if (read(p[i].fd, answer, sizeof(answer)) < 15 || memcmp(answer, "HTTP/1.1 200 OK", 15)) {
				fputs("accept: a connection was not answered\n", stderr);
				return 1;
			}
			close(p[i].fd);
			served++;
			begin(&p[i]);
		}
	}
	printf("%.0f\n", served / (now() - start));
	return 0;
}
