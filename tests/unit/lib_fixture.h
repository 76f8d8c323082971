/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the units of libvirgo's calls share: a server with fixed answers, a key file, contexts. */
#ifndef LIB_FIXTURE_H
#define LIB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/lib_server.h"
#include "tests/unit/lib_all.h"

#define KEY_ID "lab-1"
#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef-_01234567"

static char dir[] = "/tmp/virgo-test-call.XXXXXX";
static char key_path[96], scratch[96];
static struct server server;

/*
 * --- answers -------------------------------------------------------------------------------------
 */

static char *answer(struct server *s, const struct seen *seen, size_t *len)
{
	static const char *const same[][3] = {
		{ "/missing", "404 Not Found", "mem.not_found" },
		{ "/refused", "401 Unauthorized", "auth.missing" },
		{ "/right", "403 Forbidden", "auth.rights" },
		{ "/replay", "409 Conflict", "auth.replay" },
		{ "/match", "412 Precondition Failed", "mem.precondition" },
		{ "/full", "507 Insufficient Storage", "mem.full" },
		{ "/busy", "503 Service Unavailable", "auth.starting" },
	};
	const char *path = strchr(seen->head, ' ') + 1;

	(void)s;
	for (size_t i = 0; i < VIRGO_COUNT(same); i++)
		if (!strncmp(path, same[i][0], strlen(same[i][0])))
			return reply_problem(same[i][1], same[i][2], "as you \\u0007 asked",
					     "Retry-After: 3\r\n");
	if (!strncmp(path, "/silent", 7))
		return strdup("");
	if (!strncmp(path, "/drop", 5))
		return NULL;
	/* a kept connection dies under the second request */
	if (!strncmp(path, "/once", 5) && atomic_load(&s->requests) == 2)
		return NULL;
	if (!strncmp(path, "/noise", 6))
		return strdup("220 mail.example ESMTP\r\n");
	if (!strncmp(path, "/plain", 6))
		return reply_text("500 Oops", "Content-Type: text/html\r\n", "<h1>oops</h1>");
	if (!strncmp(path, "/short", 6))
		return strdup("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
	if (!strncmp(path, "/same", 5))
		return strdup("HTTP/1.1 304 Not Modified\r\nVirgo-Node: 7\r\nETag: \"5\"\r\n\r\n");
	if (!strncmp(path, "/head", 5)) {
		char *text = malloc(100000);

		*len = sprintf(text, "HTTP/1.1 200 OK\r\nX: ");
		memset(text + *len, 'y', 90000);
		*len += 90000;
		*len += sprintf(text + *len, "\r\nContent-Length: 0\r\n\r\n");
		return text;
	}
	return reply_text("200 OK", "ETag: \"17\"\r\nX-Empty:\r\n", "hello");
}

/*
 * --- fixtures ------------------------------------------------------------------------------------
 */

static struct virgo_ctx *connected(const char *nodes, int with_key)
{
	struct virgo_conf *conf;
	struct virgo_ctx *ctx;
	struct virgo_error err;

	assert_int_equal(virgo_conf_open(&conf, "/dev/null", &err), VIRGO_OK);
	assert_int_equal(virgo_conf_set(conf, "nodes", nodes, &err), VIRGO_OK);
	assert_int_equal(virgo_conf_set(conf, "key_file", with_key ? key_path : "none", &err), 0);
	if (virgo_connect(&ctx, conf, &err))
		fail_msg("%s", err.message);
	virgo_conf_free(conf);
	return ctx;
}

static int start(void **state)
{
	(void)state;
	return server_start(&server, answer);
}

static int stop(void **state)
{
	(void)state;
	server_stop(&server);
	return 0;
}

static int make_files(void **state)
{
	FILE *f;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(key_path, sizeof(key_path), "%s/key", dir);
	snprintf(scratch, sizeof(scratch), "%s/body", dir);
	umask(077);
	f = fopen(key_path, "w");
	if (!f)
		return -1;
	fprintf(f, "user = \"%s:%s\"\n", KEY_ID, SECRET);
	return fclose(f);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(key_path);
	unlink(scratch);
	return rmdir(dir);
}

static struct virgo_request request(const char *method, const char *target)
{
	return (struct virgo_request){
		.service = VIRGO_MEMPOOL, .method = method, .target = target,
	};
}

static enum virgo_code call(struct virgo_ctx *ctx, const char *method, const char *target,
			    struct virgo_answer **ans, struct virgo_error *err)
{
	struct virgo_request req = request(method, target);

	return virgo_call(ctx, server.node, &req, ans, err);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

#endif
