// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A block of another node's memory: taken, written, read, given back. The program does not know by which road, over
 * HTTP or by way of /dev/virgo: that is the configuration's to say.
 *
 *	cc -o memory memory.c $(pkg-config --cflags --libs virgo)
 *	./memory [http | syscall | auto [NODE]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <virgo/virgo.h>

static const char text[] = "what one node says, another keeps";

static int failed(const char *what, const struct virgo_error *err)
{
	fprintf(stderr, "memory: %s: %s\n", what, err->message);
	if (err->hint[0])
		fprintf(stderr, "hint: %s\n", err->hint);
	return err->code;
}

static int use_block(struct virgo_ctx *ctx, const char *node)
{
	struct virgo_address block;
	struct virgo_error err;
	struct virgo_body body;
	char *data;
	size_t len;

	if (virgo_malloc(ctx, node, 4096, &block, &err))
		return failed("virgo_malloc", &err);
	printf("block %s on %s\n", block.id, block.node);
	virgo_body_mem(&body, text, sizeof(text));
	if (virgo_set(ctx, &block, 100, &body, &err))
		return failed("virgo_set", &err);
	if (virgo_get(ctx, &block, 100, sizeof(text), NULL, NULL, &data, &len, &err))
		return failed("virgo_get", &err);
	printf("%zu bytes: %s\n", len, data);
	free(data);
	if (virgo_get(ctx, &block, 0, 0, NULL, NULL, &data, &len, &err))
		return failed("virgo_get", &err);
	printf("%zu bytes in all, the same %s\n", len,
	       len == 4096 && !memcmp(data + 100, text, sizeof(text)) && !data[0] ? "there" : "MISSING");
	free(data);
	if (virgo_free(ctx, &block, &err))
		return failed("virgo_free", &err);
	/* a block that was given back is nobody's */
	if (!virgo_get(ctx, &block, 0, 1, NULL, NULL, &data, &len, &err)) {
		free(data);
		return 1;
	}
	printf("afterwards: %s\n", err.message);
	return 0;
}

int main(int argc, char **argv)
{
	struct virgo_conf *conf;
	struct virgo_error err;
	struct virgo_ctx *ctx;
	int ret;

	if (virgo_conf_open(&conf, NULL, &err))
		return failed("configuration", &err);
	if (argc > 1 && virgo_conf_set(conf, "via", argv[1], &err))
		return failed("via", &err);
	if (virgo_connect(&ctx, conf, &err))
		return failed("virgo_connect", &err);
	virgo_conf_free(conf);
	ret = use_block(ctx, argc > 2 ? argv[2] : NULL);
	virgo_disconnect(ctx);
	return ret;
}
