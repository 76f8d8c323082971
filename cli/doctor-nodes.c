// SPDX-License-Identifier: GPL-3.0-or-later
/* doctor: configuration files, keys, and the nodes of the configuration. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/doctor.h"

enum { SKEW_WARN_S = 5, SKEW_BAD_S = 30 };

static void wrong(void *arg, const char *file, unsigned int line, unsigned int col,
		  const char *msg)
{
	doctor_say(arg, "configuration", DOCTOR_BAD, "virgo config check", "%s:%u:%u: %s", file,
		   line, col, msg);
}

void doctor_files(struct doctor *d)
{
	static const char *const files[] = { "/etc/virgo_cloud.conf", "/etc/virgo_client.conf" };
	unsigned int before = d->bad;
	int error, i;

	for (i = 0; i < 2; i++) {
		error = i ? check_client_file(files[i], wrong, d)
			: check_node_file(files[i], wrong, d);
		if (error && error != ENOENT)
			doctor_say(d, "configuration", DOCTOR_BAD, "", "can't read %s: %s",
				   files[i], strerror(error));
	}
	if (!run_conf(d->r))
		doctor_say(d, "configuration", DOCTOR_BAD, "virgo config check",
			   "the client's can't be used");
	else if (d->bad == before)
		doctor_say(d, "configuration", DOCTOR_OK, "", "no errors");
}

/* the system's key file of the nodes: there and closed, or not there at all */
static void node_keys(struct doctor *d)
{
	static const char path[] = "/etc/virgo_keys";
	struct stat st;

	if (lstat(path, &st))
		return;
	if (!S_ISREG(st.st_mode))
		doctor_say(d, "node keys", DOCTOR_BAD, "put the file itself there",
			   "%s is not a regular file", path);
	else if (st.st_mode & 077)
		doctor_say(d, "node keys", DOCTOR_BAD, "chmod 600 /etc/virgo_keys",
			   "%s is open to others (mode %03o)", path, st.st_mode & 0777);
	else
		doctor_say(d, "node keys", DOCTOR_OK, "", "%s is closed to others", path);
}

void doctor_keys(struct doctor *d)
{
	const char *set = d->r->conf ? virgo_conf_get(d->r->conf, "key_file") : NULL;
	char path[PATH_MAX];
	struct virgo_error err;
	struct virgo_key key;

	node_keys(d);
	if (set && !strcmp(set, "none")) {
		doctor_say(d, "key", DOCTOR_OK, "", "none: requests are not signed");
		return;
	}
	if (set) {
		snprintf(path, sizeof(path), "%s", set);
	} else if (virgo_key_default_path(path, sizeof(path))) {
		doctor_say(d, "key", DOCTOR_WARN, "virgo key new",
			   "there is no key file: only nodes without keys will answer");
		return;
	}
	if (virgo_key_read(path, &key, &err)) {
		doctor_say(d, "key", DOCTOR_BAD, err.hint, "%s", err.message);
		return;
	}
	doctor_say(d, "key", DOCTOR_OK, "", "%s of %s", key.id, path);
	virgo_key_wipe(&key);
}

/* seconds that the node's clock is ahead of ours; false: it did not say */
static bool clock_ahead(const struct virgo_answer *ans, long *ahead)
{
	const char *date = virgo_answer_header(ans, "Date");
	struct tm tm = { 0 };
	char *end;

	end = date ? strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
	if (!end || *end)
		return false;
	*ahead = (long)(timegm(&tm) - time(NULL));
	return true;
}

static void node_clock(struct doctor *d, const struct virgo_answer *ans)
{
	static const char mend[] = "run an NTP client here and there (apt-get install chrony)";
	char check[VIRGO_NODE_NAME_MAX + 16];
	long ahead;

	snprintf(check, sizeof(check), "clock of %s", ans->node);
	if (!clock_ahead(ans, &ahead))
		doctor_say(d, check, DOCTOR_WARN, "", "it did not say the time");
	else if (labs(ahead) >= SKEW_BAD_S)
		doctor_say(d, check, DOCTOR_BAD, mend,
			   "%ld s %s ours: signatures are refused", labs(ahead),
			   ahead > 0 ? "ahead of" : "behind");
	else if (labs(ahead) >= SKEW_WARN_S)
		doctor_say(d, check, DOCTOR_WARN, mend, "%ld s %s ours", labs(ahead),
			   ahead > 0 ? "ahead of" : "behind");
	else
		doctor_say(d, check, DOCTOR_OK, "", "as ours");
}

/* answers arrive one by one, also bad ones: a refusal has a date, too */
static int node_answer(void *arg, struct virgo_answer *ans)
{
	struct doctor *d = arg;
	char check[VIRGO_NODE_NAME_MAX + 16];

	snprintf(check, sizeof(check), "node %s", ans->node);
	if (!ans->err.code)
		doctor_say(d, check, DOCTOR_OK, "", "answers as node %s in %.1f ms", ans->node_id,
			   (double)ans->us / 1000);
	else
		doctor_say(d, check, DOCTOR_BAD, *ans->err.hint ? ans->err.hint :
			   ans->status ? "" : "virgo up starts nodes here; else see the node's log",
			   "%s", ans->err.message);
	if (ans->status) {
		node_clock(d, ans);
		if (d->up)
			d->up[d->nup++] = ans->index;
	}
	virgo_answer_free(ans);
	return 0;
}

void doctor_nodes(struct doctor *d)
{
	struct virgo_request req = { .service = VIRGO_CONTROL, .method = "GET",
				     .target = "/v1/node" };
	struct virgo_ctx *ctx = NULL;
	struct virgo_error err;

	if (!d->r->conf)
		return;
	if (virgo_connect(&ctx, d->r->conf, &err)) {
		doctor_say(d, "libvirgo", DOCTOR_BAD, err.hint, "%s", err.message);
		return;
	}
	d->r->cli->busy = ctx;
	d->up = calloc(virgo_nodeset_count(virgo_nodes(ctx)), sizeof(*d->up));
	if (virgo_call_all(ctx, &req, node_answer, d, &err))
		doctor_say(d, "nodes", DOCTOR_BAD, err.hint, "%s", err.message);
	doctor_exec_nodes(d, ctx);
	free(d->up);
	d->r->cli->busy = NULL;
	virgo_disconnect(ctx);
}
