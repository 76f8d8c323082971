// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What one small GET costs without its system calls: parsing, routing, the handler's 100 bytes copied into
 * an answer. Prints nanoseconds a request for single requests, pipelined ones and a curl's head.
 *
 *	bench_conn [requests]
 */
#include <time.h>

#include "../unit/conn_env.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void drain(struct vg_conn *c)
{
	struct kvec v[8];
	size_t bytes;

	while (vg_conn_wants(c) & VG_WANT_WRITE) {
		vg_conn_output(c, v, ARRAY_SIZE(v), &bytes);
		vg_conn_sent(c, bytes);
	}
}

static void run(const char *name, const char *request, u32 depth, u64 requests)
{
	size_t n = strlen(request), all = n * depth, at;
	char *text = malloc(all);
	struct vg_conn *c = env_conn();
	double best = 1e9;
	u64 i, k;

	for (i = 0; i < depth; i++)
		memcpy(text + i * n, request, n);
	for (k = 0; k < 5; k++) {
		double start = now_s(), took;

		for (i = 0; i < requests / depth; i++) {
			for (at = 0; at < all; drain(c))
				at += vg_conn_input(c, text + at, all - at);
		}
		took = (now_s() - start) * 1e9 / (requests / depth * depth);
		best = min(best, took);
	}
	printf("%-24s %7.0f ns/request\n", name, best);
	vg_conn_free(c);
	free(text);
}

int main(int argc, char **argv)
{
	u64 requests = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;

	if (requests < 100)
		requests = 100;
	env_init();
	run("small GET", "GET /v1/mem/key HTTP/1.1\r\nHost: 127.0.0.1:30000\r\n\r\n", 1, requests);
	run("small GET, 16 pipelined", "GET /v1/mem/key HTTP/1.1\r\nHost: 127.0.0.1:30000\r\n\r\n", 16,
	    requests);
	run("GET with curl's head", "GET /v1/mem/key HTTP/1.1\r\nHost: 127.0.0.1:30000\r\n"
	    "Authorization: VIRGO4-HMAC-SHA256 Credential=KEYID123/20261122/lab/mempool/virgo4_request, "
	    "SignedHeaders=host;x-virgo-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
	    "X-Virgo-Date: 20261122T111442Z\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n", 1, requests);
	run("404", "GET /v1/mem/miss HTTP/1.1\r\nHost: 127.0.0.1:30000\r\n\r\n", 1, requests);
	run("PUT of 100 bytes", "PUT /v1/mem/key HTTP/1.1\r\nHost: 127.0.0.1:30000\r\nContent-Length: 100\r\n\r\n"
	    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
	    1, requests);
	run("line", "virgo_cloud_get(5)\n", 1, requests);
	return 0;
}
