/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tiny HTTP listener for the units of libvirgo: one thread a server, one connection at a time in
 * the order they come; what it answers is the test's function. It keeps what it was sent.
 */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVER_LOG = 64, SERVER_CONNS = 64 };

struct seen {
	char head[8192];		/* request line and fields, with CRLF */
	char *body;
	size_t len;
	int conn;			/* which connection it came on */
};

struct server;
typedef char *server_answer_fn(struct server *s, const struct seen *seen, size_t *len);

struct server {
	int fd, stop_fd[2];
	char node[32];			/* 127.0.0.1:port */
	pthread_t thread;
	atomic_int requests, connections;
	struct seen log[SERVER_LOG];
	/*
	 * The answer in malloc'd text, which a NUL ends unless *len is set. NULL: close without a
	 * word; "": say nothing and stay.
	 */
	server_answer_fn *answer;
	void *arg;
};

struct server_conn {
	int fd, number;
	char *in;
	size_t len, cap;
};

static const char *seen_field(const struct seen *seen, const char *name, char out[512])
{
	const char *p = strstr(seen->head, "\r\n");
	size_t n = strlen(name);

	while (p && p[2] && p[2] != '\r') {
		p += 2;
		if (!strncasecmp(p, name, n) && p[n] == ':') {
			p += n + 1;
			p += strspn(p, " ");
			snprintf(out, 512, "%.*s", (int)strcspn(p, "\r"), p);
			return out;
		}
		p = strstr(p, "\r\n");
	}
	return NULL;
}

static void server_send(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		text += n;
		len -= n;
	}
}

/* a whole request in c->in? take it; -1: close */
static int server_serve(struct server *s, struct server_conn *c)
{
	char *end, *reply, field[512];
	struct seen *seen;
	size_t head, body = 0, out = 0;
	int i;

	c->in[c->len] = '\0';
	end = strstr(c->in, "\r\n\r\n");
	if (!end)
		return 0;
	head = end + 4 - c->in;
	i = atomic_load(&s->requests);
	if (i >= SERVER_LOG || head >= sizeof(seen->head))
		return -1;
	seen = &s->log[i];
	memcpy(seen->head, c->in, head);
	seen->head[head] = '\0';
	if (seen_field(seen, "content-length", field))
		body = strtoul(field, NULL, 10);
	if (c->len < head + body) {
		if (seen_field(seen, "expect", field))
			server_send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
		return 0;
	}
	free(seen->body);
	seen->body = malloc(body + 1);
	memcpy(seen->body, c->in + head, body);
	seen->body[body] = '\0';
	seen->len = body;
	seen->conn = c->number;
	memmove(c->in, c->in + head + body, c->len - head - body);
	c->len -= head + body;
	atomic_fetch_add(&s->requests, 1);
	reply = s->answer(s, seen, &out);
	if (!reply)
		return -1;
	server_send(c->fd, reply, out ? out : strlen(reply));
	free(reply);
	return 0;
}

static int server_read(struct server *s, struct server_conn *c)
{
	ssize_t n;

	if (c->cap - c->len < 65536) {
		c->cap = c->cap * 2 + 131072;
		c->in = realloc(c->in, c->cap);
	}
	n = recv(c->fd, c->in + c->len, c->cap - c->len - 1, 0);
	if (n <= 0)
		return -1;
	c->len += n;
	return server_serve(s, c);
}

static void *server_run(void *arg)
{
	struct server *s = arg;
	struct server_conn conn[SERVER_CONNS] = { 0 };
	struct pollfd p[SERVER_CONNS + 2];
	int n = 0;

	for (;;) {
		p[0] = (struct pollfd){ .fd = s->stop_fd[0], .events = POLLIN };
		p[1] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
		for (int i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){ .fd = conn[i].fd, .events = POLLIN };
		poll(p, n + 2, -1);
		if (p[0].revents)
			break;
		for (int i = n - 1; i >= 0; i--) {
			if (!p[i + 2].revents || !server_read(s, &conn[i]))
				continue;
			close(conn[i].fd);
			free(conn[i].in);
			conn[i] = conn[--n];
		}
		if (p[1].revents && n < SERVER_CONNS) {
			conn[n] = (struct server_conn){
				.fd = accept(s->fd, NULL, NULL),
				.number = atomic_fetch_add(&s->connections, 1),
			};
			n++;
		}
	}
	for (int i = 0; i < n; i++) {
		close(conn[i].fd);
		free(conn[i].in);
	}
	return NULL;
}

static int server_start(struct server *s, server_answer_fn *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, len) || listen(s->fd, 64) ||
	    getsockname(s->fd, (struct sockaddr *)&a, &len) || pipe(s->stop_fd))
		return -1;
	snprintf(s->node, sizeof(s->node), "127.0.0.1:%u", ntohs(a.sin_port));
	return pthread_create(&s->thread, NULL, server_run, s);
}

static void server_stop(struct server *s)
{
	server_send(s->stop_fd[1], "", 0);
	if (write(s->stop_fd[1], "x", 1) != 1)
		abort();
	pthread_join(s->thread, NULL);
	close(s->fd);
	close(s->stop_fd[0]);
	close(s->stop_fd[1]);
	for (int i = 0; i < SERVER_LOG; i++)
		free(s->log[i].body);
}

/* "200 OK", more fields (each with CRLF), body */
static char *reply_text(const char *status, const char *fields, const char *body)
{
	char *text = NULL;

	if (asprintf(&text, "HTTP/1.1 %s\r\nVirgo-Node: 7\r\n%sContent-Length: %zu\r\n\r\n%s",
		     status, fields, strlen(body), body) < 0)
		abort();
	return text;
}

static char *reply_problem(const char *status, const char *code, const char *detail,
			   const char *fields)
{
	char body[512], all[256];

	snprintf(body, sizeof(body),
		 "{\"status\":%d,\"title\":\"x\",\"code\":\"%s\",\"detail\":\"%s\"}",
		 atoi(status), code, detail);
	snprintf(all, sizeof(all), "Content-Type: application/problem+json\r\n%s", fields);
	return reply_text(status, all, body);
}

#endif
