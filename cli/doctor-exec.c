// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor: what a node of this machine needs to run programs, and what the nodes say they can run. Starts
 * nothing.
 */
#include <cjson/cJSON.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/doctor.h"

static const char node_file[] = "/etc/virgo_cloud.conf";
static const char helper_name[] = "virgo_kernelupcall_plugin";

enum { VALUE_MAX = 4096 };

static void check_helper(struct doctor *d)
{
	char path[VALUE_MAX];

	if (!check_node_value(node_file, "exec_helper", path, sizeof(path))) {
		if (access(path, X_OK))
			doctor_say(d, "exec helper", DOCTOR_BAD, "correct exec_helper",
				   "%s of %s is no program", path, node_file);
		else
			doctor_say(d, "exec helper", DOCTOR_OK, "", "%s", path);
	} else if (cli_beside(helper_name, path, sizeof(path))) {
		doctor_say(d, "exec helper", DOCTOR_WARN,
			   "make builds it; packages put it into lib/virgo",
			   "no %s: nodes here run kernel functions only", helper_name);
	} else {
		doctor_say(d, "exec helper", DOCTOR_OK, "", "%s", path);
	}
}

static void check_user(struct doctor *d)
{
	char name[64] = "nobody";
	const struct passwd *user;

	check_node_value(node_file, "exec_user", name, sizeof(name));
	user = getpwnam(name);
	if (!user)
		doctor_say(d, "exec user", DOCTOR_BAD, "adduser --system, or correct exec_user",
			   "there is no user %s that programs could run as", name);
	else if (!user->pw_uid)
		doctor_say(d, "exec user", DOCTOR_WARN, "exec_user = nobody",
			   "programs run as %s, who may do anything", name);
	else
		doctor_say(d, "exec user", DOCTOR_OK, "", "programs run as %s", name);
}

/* each entry of the list is there? */
static void check_allow(struct doctor *d)
{
	char list[VALUE_MAX] = "", missing[256] = "", *save = NULL, *entry;
	unsigned int n = 0, gone = 0;

	check_node_value(node_file, "exec_allow", list, sizeof(list));
	for (entry = strtok_r(list, ", \t", &save); entry; entry = strtok_r(NULL, ", \t", &save)) {
		n++;
		if (!access(entry, F_OK))
			continue;
		if (!gone++)
			snprintf(missing, sizeof(missing), "%s", entry);
	}
	if (!n)
		doctor_say(d, "exec_allow", DOCTOR_OK, "", "%s lets no program be run", node_file);
	else if (gone)
		doctor_say(d, "exec_allow", DOCTOR_WARN, "correct exec_allow",
			   "%u of its %u entries are not there, the first is %s", gone, n, missing);
	else
		doctor_say(d, "exec_allow", DOCTOR_OK, "", "its %u entries are there", n);
}

static void check_functions(struct doctor *d)
{
	char path[VALUE_MAX];

	if (!check_node_value(node_file, "exec_functions", path, sizeof(path))) {
		if (access(path, X_OK))
			doctor_say(d, "exec functions", DOCTOR_BAD, "correct exec_functions",
				   "%s of %s can't be entered", path, node_file);
		else
			doctor_say(d, "exec functions", DOCTOR_OK, "", "%s", path);
	} else if (cli_beside("functions", path, sizeof(path))) {
		doctor_say(d, "exec functions", DOCTOR_OK, "",
			   "there is no directory for libraries of functions, %s/virgo/functions",
			   VIRGO_LIBDIR);
	} else {
		doctor_say(d, "exec functions", DOCTOR_OK, "", "%s", path);
	}
}

void doctor_exec(struct doctor *d)
{
	check_helper(d);
	check_user(d);
	check_allow(d);
	check_functions(d);
}

static int count_of(const cJSON *doc, const char *name)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(doc, name));
}

static int functions_answer(void *arg, struct virgo_answer *ans)
{
	struct doctor *d = arg;
	char check[VIRGO_NODE_NAME_MAX + 16];
	cJSON *doc;

	snprintf(check, sizeof(check), "exec on %s", ans->node);
	if (ans->err.code) {
		doctor_say(d, check, DOCTOR_WARN, *ans->err.hint ? ans->err.hint :
			   "modprobe virgo_cpupool, or see the node's log", "%s", ans->err.message);
	} else {
		doc = cJSON_ParseWithLength(ans->body, ans->len);
		doctor_say(d, check, DOCTOR_OK, "",
			   "%d programs and directories, %d functions, %d kernel functions",
			   count_of(doc, "programs"), count_of(doc, "functions"),
			   count_of(doc, "kernel"));
		cJSON_Delete(doc);
	}
	virgo_answer_free(ans);
	return 0;
}

/* of the nodes that answer at all */
void doctor_exec_nodes(struct doctor *d, struct virgo_ctx *ctx)
{
	struct virgo_request req = { .service = VIRGO_CPUPOOL, .method = "GET",
				     .target = "/v1/functions" };
	struct virgo_job *calls = calloc(d->nup + 1, sizeof(*calls));
	struct virgo_error err;
	size_t i;

	for (i = 0; calls && i < d->nup; i++) {
		calls[i].node = virgo_nodeset_name(virgo_nodes(ctx), d->up[i]);
		calls[i].req = &req;
	}
	if (calls && virgo_call_many(ctx, calls, d->nup, functions_answer, d, &err))
		doctor_say(d, "exec", DOCTOR_BAD, err.hint, "%s", err.message);
	free(calls);
}
