// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a node answers about runs, any bytes: a streamed answer in two pieces means what it means in one,
 * and what is kept is within its limits; a job is read whole or not at all.
 */
#include "tests/unit/lib_all.h"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* the verdict, and what was kept */
static const char *read_stream(const uint8_t *data, size_t size, size_t cut,
			       struct virgo_exec_result *res)
{
	struct virgo_exec_reader r = { .result = res };
	char *piece = malloc(size + 1);
	int ret;

	memset(res, 0, sizeof(*res));
	memcpy(piece, data, cut);
	ret = virgo_exec_feed(&r, piece, cut);
	memcpy(piece, data + cut, size - cut);
	if (!ret)
		ret = virgo_exec_feed(&r, piece, size - cut);
	free(piece);
	MUST(!ret == !r.bad);
	return virgo_exec_reader_end(&r);
}

static void check_result(const struct virgo_exec_result *res)
{
	MUST(virgo_exec_status_name(res->status) && virgo_exec_ended(res->status));
	MUST(res->status != VIRGO_EXEC_EXITED || (res->exit >= 0 && res->exit <= 255));
	MUST(res->out && !res->out[res->out_len] && res->err && !res->err[res->err_len]);
	MUST(strnlen(res->id, sizeof(res->id)) < sizeof(res->id));
}

static void stream(const uint8_t *data, size_t size, size_t cut)
{
	struct virgo_exec_result one, two;
	const char *bad = read_stream(data, size, size, &one);
	const char *also = read_stream(data, size, cut, &two);

	MUST(!bad == !also && (!bad || !strcmp(bad, also)));
	MUST(one.out_len == two.out_len && one.err_len == two.err_len);
	MUST(!one.out_len || !memcmp(one.out, two.out, one.out_len));
	MUST(one.out_len + one.err_len <= size);
	if (!bad)
		check_result(&one);
	virgo_exec_result_free(&one);
	virgo_exec_result_free(&two);
}

static void job(const uint8_t *data, size_t size)
{
	struct virgo_job_info info;
	struct vg_jtok *toks;
	struct vg_json doc;

	if (virgo_job_doc(&doc, (const char *)data, size, &toks)) {
		MUST(!toks);
		return;
	}
	if (!virgo_job_read(&doc, vg_json_root(&doc), "n", &info)) {
		MUST(info.name && job_id_ok(info.job.id) && info.nargs <= VIRGO_EXEC_ARGS_MAX);
		MUST(virgo_exec_status_name(info.status) && virgo_exec_kind_name(info.kind));
		for (size_t i = 0; i < info.nargs; i++)
			MUST(info.args[i] && strlen(info.args[i]) <= size);
		virgo_job_info_free(&info);
	} else {
		MUST(!info.name && !info.args);
	}
	free(toks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	stream(data + 1, size - 1, data[0] % size);
	job(data + 1, size - 1);
	return 0;
}
