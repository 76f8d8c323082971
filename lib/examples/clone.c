// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Something run on the node that should run it, its output and its end. By which road, over HTTP or by way of
 * /dev/virgo, is the configuration's to say.
 *
 *	cc -o clone clone.c $(pkg-config --cflags --libs virgo)
 *	./clone [--via http|syscall|auto] [--on NODE] [--kernel | --function] NAME [ARGUMENT...]
 */
#include <stdio.h>
#include <string.h>

#include <virgo/virgo.h>

static int failed(const char *what, const struct virgo_error *err)
{
	fprintf(stderr, "clone: %s: %s\n", what, err->message);
	if (err->hint[0])
		fprintf(stderr, "hint: %s\n", err->hint);
	return err->code;
}

static int run(struct virgo_ctx *ctx, const char *node, const struct virgo_exec *exec)
{
	struct virgo_exec_result result;
	struct virgo_error err;
	int ret;

	if (virgo_clone(ctx, node, exec, &result, &err))
		return failed("virgo_clone", &err);
	fwrite(result.out, 1, result.out_len, stdout);
	fwrite(result.err, 1, result.err_len, stderr);
	fprintf(stderr, "clone: %s on %s (node %s), exit %d, signal %d", virgo_exec_status_name(result.status),
		result.node, result.node_id, result.exit, result.signal);
	if (result.has_value)
		fprintf(stderr, ", value %lld", (long long)result.value);
	fprintf(stderr, "%s\n", result.truncated ? ", output cut" : "");
	ret = virgo_exec_exit(result.status, result.exit, result.signal);
	virgo_exec_result_free(&result);
	return ret;
}

int main(int argc, char **argv)
{
	struct virgo_exec exec = { .kind = VIRGO_EXEC_PROGRAM };
	const char *via = NULL, *node = NULL;
	struct virgo_conf *conf;
	struct virgo_error err;
	struct virgo_ctx *ctx;
	int i, ret;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--via") && i + 1 < argc)
			via = argv[++i];
		else if (!strcmp(argv[i], "--on") && i + 1 < argc)
			node = argv[++i];
		else if (!strcmp(argv[i], "--kernel"))
			exec.kind = VIRGO_EXEC_KERNEL;
		else if (!strcmp(argv[i], "--function"))
			exec.kind = VIRGO_EXEC_FUNCTION;
		else
			break;
	}
	if (i == argc || argv[i][0] == '-') {
		fprintf(stderr, "usage: clone [--via ROAD] [--on NODE] [--kernel | --function] NAME [ARGUMENT...]\n");
		return VIRGO_USAGE;
	}
	exec.name = argv[i];
	exec.args = (const char *const *)argv + i + 1;
	exec.nargs = argc - i - 1;
	if (virgo_conf_open(&conf, NULL, &err))
		return failed("configuration", &err);
	if (via && virgo_conf_set(conf, "via", via, &err))
		return failed("via", &err);
	if (virgo_connect(&ctx, conf, &err))
		return failed("virgo_connect", &err);
	virgo_conf_free(conf);
	ret = run(ctx, node, &exec);
	virgo_disconnect(ctx);
	return ret;
}
