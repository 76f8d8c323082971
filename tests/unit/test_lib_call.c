// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls: what goes over the wire, its signature recomputed here. How they end: test_lib_end.c. */
#include "tests/unit/lib_fixture.h"

#include <nettle/hmac.h>

/*
 * --- a signature computed anew, by section 4 of the specification --------------------------------
 */

static void hmac(const void *key, size_t key_len, const char *text, uint8_t out[32])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key_len, key);
	hmac_sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	hmac_sha256_digest(&ctx, 32, out);
}

static void canonical_request(const struct seen *seen, const char *list, char *out, size_t size)
{
	char method[16], target[4096], path[8192], names[512], value[512], hash[512];
	char *query, *save = NULL;
	size_t at = 0, n = 0;

	assert_int_equal(sscanf(seen->head, "%15s %4095s", method, target), 2);
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	for (const char *p = target; *p; p++)
		at += sprintf(path + at, *p == '%' ? "%%25" : "%c", *p);
	n = snprintf(out, size, "%s\n%s\n%s\n", method, path, query ? query : "");
	snprintf(names, sizeof(names), "%s", list);
	for (char *name = strtok_r(names, ";", &save); name; name = strtok_r(NULL, ";", &save))
		n += snprintf(out + n, size - n, "%s:%s\n", name,
			      seen_field(seen, name, value) ? value : "");
	if (!seen_field(seen, "x-virgo-content-sha256", hash) || strlen(hash) != 64)
		virgo_sha256_hex(seen->body, seen->len, hash);
	snprintf(out + n, size - n, "\n%s\n%s", list, hash);
}

static void assert_signed(const struct seen *seen, const char *service)
{
	char auth[512], date[512], hash[512], list[256], sig[65], day[9], text[16384], sum[65];
	char scope[128];
	uint8_t k[32];
	size_t n;

	assert_non_null(seen_field(seen, "authorization", auth));
	assert_non_null(seen_field(seen, "x-virgo-date", date));
	snprintf(scope, sizeof(scope),
		 "VIRGO4-HMAC-SHA256 Credential=%s/%.8s/virgo/%s/virgo4_request, ", KEY_ID, date,
		 service);
	assert_memory_equal(auth, scope, strlen(scope));
	n = sscanf(auth + strlen(scope), "SignedHeaders=%255[^,], Signature=%64s", list, sig);
	assert_int_equal(n, 2);
	if (seen->len) {
		virgo_sha256_hex(seen->body, seen->len, sum);
		assert_non_null(seen_field(seen, "x-virgo-content-sha256", hash));
		assert_string_equal(hash, sum);
		assert_non_null(strstr(list, "x-virgo-content-sha256"));
	}
	canonical_request(seen, list, text, sizeof(text));
	virgo_sha256_hex(text, strlen(text), sum);
	snprintf(text, sizeof(text), "VIRGO4-HMAC-SHA256\n%s\n%.8s/virgo/%s/virgo4_request\n%s",
		 date, date, service, sum);
	snprintf(day, sizeof(day), "%.8s", date);
	hmac("VIRGO4" SECRET, strlen("VIRGO4" SECRET), day, k);
	hmac(k, 32, "virgo", k);
	hmac(k, 32, service, k);
	hmac(k, 32, "virgo4_request", k);
	hmac(k, 32, text, k);
	for (n = 0; n < 32; n++)
		sprintf(sum + 2 * n, "%02x", k[n]);
	assert_string_equal(sig, sum);
}

/*
 * --- what is sent --------------------------------------------------------------------------------
 */

static void unsigned_get(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 0);
	struct virgo_answer *ans;
	struct virgo_error err;
	char field[512];

	(void)state;
	assert_int_equal(call(ctx, "GET", "/v1/mem/a", &ans, &err), VIRGO_OK);
	assert_int_equal(ans->status, 200);
	assert_string_equal(ans->body, "hello");
	assert_int_equal(ans->len, 5);
	assert_string_equal(ans->node_id, "7");
	assert_string_equal(ans->address, server.node);
	assert_string_equal(virgo_answer_header(ans, "etag"), "\"17\"");
	assert_string_equal(virgo_answer_header(ans, "x-empty"), "");
	assert_null(virgo_answer_header(ans, "x-none"));
	assert_null(seen_field(&server.log[0], "authorization", field));
	assert_null(seen_field(&server.log[0], "x-virgo-nonce", field));
	assert_string_equal(seen_field(&server.log[0], "host", field), server.node);
	assert_string_equal(virgo_key_id(ctx), "");
	virgo_answer_free(ans);
	virgo_disconnect(ctx);
}

static void signatures(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_header headers[] = { { "If-Match", "\"3\"" }, { "Range", "bytes=0-9" } };
	struct virgo_request req = request("PUT", "/v1/mem/a%20b%2Fc%25?ttl_ms=5000");
	struct virgo_body body;
	struct virgo_error err;
	char field[512], stream[17];

	(void)state;
	virgo_body_mem(&body, "some bytes", 10);
	req.body = &body;
	req.headers = headers;
	req.nheaders = 2;
	for (int i = 0; i < 2; i++)
		assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_OK);
	assert_int_equal(call(ctx, "GET", "/v1/mem?after=a%20b&limit=10", NULL, &err), VIRGO_OK);
	assert_int_equal(call(ctx, "DELETE", "/v1/mem/%C3%A4", NULL, &err), VIRGO_OK);
	assert_int_equal(call(ctx, "POST", "/v1/mem/a/incr?by=-5", NULL, &err), VIRGO_OK);
	assert_int_equal(call(ctx, "HEAD", "/v1/mem/a", NULL, &err), VIRGO_OK);
	assert_int_equal(atomic_load(&server.requests), 6);
	for (int i = 0; i < 6; i++)
		assert_signed(&server.log[i], "mempool");
	assert_memory_equal(server.log[0].head,
			    "PUT /v1/mem/a%20b%2Fc%25?ttl_ms=5000 HTTP/1.1\r\n", 47);
	assert_string_equal(server.log[0].body, "some bytes");
	assert_null(seen_field(&server.log[0], "expect", field));
	assert_memory_equal(server.log[3].head, "DELETE /v1/mem/%C3%A4 HTTP/1.1\r\n", 32);
	assert_string_equal(seen_field(&server.log[4], "content-length", field), "0");
	assert_null(seen_field(&server.log[2], "x-virgo-nonce", field));
	assert_null(seen_field(&server.log[5], "x-virgo-nonce", field));
	/* one stream, and the counter only grows: 1, 2, then 3 and 4 */
	assert_non_null(seen_field(&server.log[0], "x-virgo-nonce", field));
	snprintf(stream, sizeof(stream), "%.16s", field);
	assert_int_equal(strspn(field, "0123456789abcdef"), 16);
	assert_string_equal(field + 16, ".1");
	assert_string_equal(seen_field(&server.log[1], "x-virgo-nonce", field) + 16, ".2");
	assert_memory_equal(field, stream, 16);
	assert_string_equal(seen_field(&server.log[3], "x-virgo-nonce", field) + 16, ".3");
	assert_string_equal(seen_field(&server.log[4], "x-virgo-nonce", field) + 16, ".4");
	/* and all on one connection */
	assert_int_equal(atomic_load(&server.connections), 1);
	virgo_disconnect(ctx);
}

static void unsigned_on_demand(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_request req = request("GET", "/healthz");
	struct virgo_error err;
	char field[512];

	(void)state;
	req.unsigned_ok = 1;
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_OK);
	assert_null(seen_field(&server.log[0], "authorization", field));
	virgo_disconnect(ctx);
}

/* parallel calls never share a stream */
static int drop_answer(void *arg, struct virgo_answer *ans)
{
	int *count = arg;

	assert_int_equal(ans->err.code, VIRGO_OK);
	(*count)++;
	virgo_answer_free(ans);
	return 0;
}

static void parallel_streams(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_request req = request("DELETE", "/v1/mem/a");
	struct virgo_job jobs[8];
	struct virgo_error err;
	char a[512], b[512];
	int count = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		jobs[i] = (struct virgo_job){ .node = server.node, .req = &req };
	assert_int_equal(virgo_call_many(ctx, jobs, 8, drop_answer, &count, &err), VIRGO_OK);
	assert_int_equal(virgo_call_many(ctx, jobs, 8, drop_answer, &count, &err), VIRGO_OK);
	assert_int_equal(count, 16);
	for (int i = 0; i < 16; i++) {
		assert_signed(&server.log[i], "mempool");
		assert_non_null(seen_field(&server.log[i], "x-virgo-nonce", a));
		for (int k = 0; k < i; k++) {
			seen_field(&server.log[k], "x-virgo-nonce", b);
			assert_string_not_equal(a, b);
			if ((i < 8) == (k < 8))
				assert_memory_not_equal(a, b, 16);
		}
	}
	virgo_disconnect(ctx);
}

static void big_file(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_request req = request("PUT", "/v1/blocks/1-0-1");
	struct virgo_body body;
	struct virgo_error err;
	size_t n = 3 << 20;
	char *text = malloc(n);
	FILE *f = fopen(scratch, "w+");

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = 'a' + i * 7 % 26;
	assert_int_equal(fwrite("skip me", 1, 7, f), 7);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fflush(f);
	lseek(fileno(f), 7, SEEK_SET);
	assert_int_equal(virgo_body_fd(&body, fileno(f), n - 1, &err), VIRGO_USAGE);
	assert_int_equal(virgo_body_fd(&body, fileno(f), n, &err), VIRGO_OK);
	assert_true(body.from_file);
	req.body = &body;
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_OK);
	assert_int_equal(server.log[0].len, n);
	assert_memory_equal(server.log[0].body, text, n);
	assert_signed(&server.log[0], "mempool");
	/* it shrinks after it was hashed: the call fails, nothing false is sent as whole */
	assert_int_equal(ftruncate(fileno(f), n / 2), 0);
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_FAILED);
	assert_non_null(strstr(err.message, "file changed"));
	assert_int_equal(atomic_load(&server.requests), 1);
	virgo_body_free(&body);
	fclose(f);
	free(text);
	virgo_disconnect(ctx);
}

static void pipe_body(void **state)
{
	struct virgo_body body;
	struct virgo_error err;
	int fd[2];

	(void)state;
	for (int over = 0; over < 2; over++) {
		assert_int_equal(pipe(fd), 0);
		assert_int_equal(write(fd[1], "12345", 5), 5);
		close(fd[1]);
		assert_int_equal(virgo_body_fd(&body, fd[0], 5 - over, &err),
				 over ? VIRGO_USAGE : VIRGO_OK);
		if (!over) {
			assert_int_equal(body.len, 5);
			assert_memory_equal(body.data, "12345", 5);
		}
		virgo_body_free(&body);
		close(fd[0]);
	}
	assert_int_equal(virgo_body_fd(&body, -1, 5, &err), VIRGO_FAILED);
	virgo_body_free(NULL);
}

static void refused_before_sending(void **state)
{
	static const struct virgo_header bad[] = {
		{ "X-A", "b\r\nX-Evil: 1" }, { "X-A:", "b" }, { "", "b" }, { "X-A", "" },
		{ "X\nA", "b" },
	};
	static const char *const targets[] = { "", "v1", "/a b", "/a\r\nX: y", "/a#b" };
	struct virgo_ctx *ctx = connected(server.node, 1);
	struct virgo_request req = request("GET", "/x");
	struct virgo_error err;

	(void)state;
	req.nheaders = 1;
	for (size_t i = 0; i < VIRGO_COUNT(bad); i++) {
		req.headers = &bad[i];
		assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_USAGE);
	}
	req.nheaders = 0;
	for (size_t i = 0; i < VIRGO_COUNT(targets); i++) {
		req.target = targets[i];
		assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_USAGE);
	}
	req = request("get", "/x");
	assert_int_equal(virgo_call(ctx, server.node, &req, NULL, &err), VIRGO_USAGE);
	req = request("GET", "/x");
	assert_int_equal(virgo_call(ctx, "no node!", &req, NULL, &err), VIRGO_USAGE);
	assert_non_null(strstr(err.message, "\"no node!\" is not a node's name"));
	assert_int_equal(atomic_load(&server.requests), 0);
	virgo_disconnect(ctx);
}

static void note_trace(void *arg, const char *node, char mark, const char *text)
{
	char *all = arg;
	size_t n = strlen(all);

	assert_string_equal(node, server.node);
	snprintf(all + n, 16384 - n, "%c %s\n", mark, text);
}

static void traced(void **state)
{
	struct virgo_ctx *ctx = connected(server.node, 1);
	char *all = calloc(1, 16384);
	struct virgo_error err;
	const char *sig;

	(void)state;
	virgo_trace(ctx, note_trace, all);
	assert_int_equal(call(ctx, "DELETE", "/v1/mem/a", NULL, &err), VIRGO_OK);
	virgo_trace(ctx, NULL, NULL);
	assert_non_null(strstr(all, "> DELETE /v1/mem/a HTTP/1.1\n"));
	assert_non_null(strstr(all, "< HTTP/1.1 200 OK\n"));
	assert_non_null(strstr(all, "* 5 bytes of answer in "));
	sig = strstr(all, "Signature=");
	assert_non_null(sig);
	assert_memory_equal(sig, "Signature=…\n", strlen("Signature=…\n"));
	assert_null(strstr(all, SECRET));
	assert_null(strstr(sig + 10, "Signature="));
	free(all);
	virgo_disconnect(ctx);
}

static void contexts(void **state)
{
	struct virgo_conf *conf;
	struct virgo_ctx *ctx;
	struct virgo_error err;
	struct virgo_nodeset *set;

	(void)state;
	assert_int_equal(virgo_conf_open(&conf, "/dev/null", &err), VIRGO_OK);
	assert_int_equal(virgo_conf_set(conf, "key_file", "/nowhere/key", &err), VIRGO_OK);
	assert_int_equal(virgo_connect(&ctx, conf, &err), VIRGO_USAGE);
	assert_null(ctx);
	assert_int_equal(virgo_conf_set(conf, "key_file", key_path, &err), VIRGO_OK);
	assert_int_equal(virgo_conf_set(conf, "via", "syscall", &err), VIRGO_OK);
	assert_int_equal(virgo_connect(&ctx, conf, &err), VIRGO_FAILED);
	assert_int_equal(virgo_conf_set(conf, "via", "http", &err), VIRGO_OK);
	assert_int_equal(virgo_conf_set(conf, "nodes", "n[1-3]", &err), VIRGO_OK);
	assert_int_equal(virgo_connect(&ctx, conf, &err), VIRGO_OK);
	virgo_conf_free(conf);
	assert_string_equal(virgo_key_id(ctx), KEY_ID);
	assert_int_equal(virgo_nodeset_count(virgo_nodes(ctx)), 3);
	assert_true(virgo_nodeset_find(virgo_nodes(ctx), virgo_place(ctx, "a", 1)) >= 0);
	assert_int_equal(virgo_nodeset_parse(&set, "m7", NULL, NULL, &err), VIRGO_OK);
	assert_int_equal(virgo_use(ctx, set, &err), VIRGO_OK);
	assert_string_equal(virgo_place(ctx, "a", 1), "m7");
	virgo_disconnect(ctx);
	virgo_disconnect(NULL);
}

static void service_table_rows(void **state)
{
	(void)state;
	assert_string_equal(virgo_service_name(VIRGO_CONTROL), "control");
	assert_int_equal(virgo_service_port(VIRGO_QUEUE), 60000);
	assert_null(virgo_service_name(VIRGO_SERVICES));
	assert_int_equal(virgo_service_find("30000"), VIRGO_MEMPOOL);
	assert_int_equal(virgo_service_find("mempool"), VIRGO_MEMPOOL);
	assert_int_equal(virgo_service_find("30001"), -1);
	assert_int_equal(virgo_service_find(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(unsigned_get),
		SERVED(signatures),
		SERVED(unsigned_on_demand),
		SERVED(parallel_streams),
		SERVED(big_file),
		cmocka_unit_test(pipe_body),
		SERVED(refused_before_sending),
		SERVED(traced),
		cmocka_unit_test(contexts),
		cmocka_unit_test(service_table_rows),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
