// SPDX-License-Identifier: GPL-3.0-or-later
/* From a node's refusal to a struct virgo_error. The node's text is foreign: bounded, one line. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void virgo_node_label(const struct virgo_answer *ans, char *out, size_t size)
{
	if (ans->node_id[0])
		snprintf(out, size, "node %s (%s)", ans->node_id, ans->address);
	else
		snprintf(out, size, "%s", ans->address);
}

static enum virgo_code code_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return VIRGO_NOT_ALLOWED;
	case 404:
		return VIRGO_NOT_FOUND;
	case 409:
	case 412:
		return VIRGO_PRECONDITION;
	default:
		return VIRGO_FAILED;
	}
}

/* no key "a" on node 2 (10.0.0.2:30000); but node 2 (10.0.0.2:30000): the signature is wrong */
static void set_message(struct virgo_answer *ans, const char *detail)
{
	struct virgo_error *err = &ans->err;
	char label[320];

	virgo_node_label(ans, label, sizeof(label));
	if (!strcmp(err->problem, "mem.not_found"))
		snprintf(err->message, sizeof(err->message), "%s on %s", detail, label);
	else
		snprintf(err->message, sizeof(err->message), "%s: %s", label, detail);
	virgo_one_line(err->message);
}

static void set_hint(struct virgo_answer *ans, const char *key_note)
{
	const char *after = virgo_answer_header(ans, "retry-after");
	struct virgo_error *err = &ans->err;

	if (!strcmp(err->problem, "auth.replay"))
		virgo_error_hint(err, "an earlier copy was accepted; look before you repeat it");
	else if (ans->status == 401 && *key_note)
		virgo_error_hint(err, "%s", key_note);
	else if (!strcmp(err->problem, "auth.stale"))
		virgo_error_hint(err, "set this machine's or the node's clock (NTP)");
	else if ((ans->status == 429 || ans->status == 503) && after)
		virgo_error_hint(err, "try again in %.20s s", after);
}

/* no answer came from whom ans names; err.code is set, and timed_out where that was why */
void virgo_no_answer(struct virgo_answer *ans, const char *text, int sent, int changes)
{
	struct virgo_error *err = &ans->err;
	char label[320];

	virgo_node_label(ans, label, sizeof(label));
	snprintf(err->node, sizeof(err->node), "%s", ans->address);
	snprintf(err->node_id, sizeof(err->node_id), "%s", ans->node_id);
	snprintf(err->message, sizeof(err->message), "%s%s%s", label, *label ? ": " : "", text);
	virgo_one_line(err->message);
	err->unsent = !sent && err->code == VIRGO_UNREACHABLE;
	if (sent && changes) {
		err->maybe_done = 1;
		virgo_error_hint(err, "it may have taken effect; look before you repeat it");
	}
}

/* the refusal's code and sentence into ans->err */
void virgo_problem_set(struct virgo_answer *ans, const char *problem, const char *detail,
		       const char *key_note)
{
	struct virgo_error *err = &ans->err;
	char fallback[64];

	virgo_error_clear(err);
	err->code = code_of(ans->status);
	err->status = ans->status;
	snprintf(err->node, sizeof(err->node), "%s", ans->address);
	snprintf(err->node_id, sizeof(err->node_id), "%s", ans->node_id);
	snprintf(err->problem, sizeof(err->problem), "%s", problem ? problem : "");
	virgo_one_line(err->problem);
	if (!detail || !*detail) {
		snprintf(fallback, sizeof(fallback), "HTTP status %d", ans->status);
		detail = fallback;
	}
	set_message(ans, detail);
	set_hint(ans, key_note);
}

void virgo_problem_read(struct virgo_answer *ans, const char *key_note)
{
	const char *type = virgo_answer_header(ans, "content-type");
	const char *detail = NULL, *code = NULL;
	cJSON *doc = NULL;

	if (type && !strncmp(type, "application/problem+json", 24))
		doc = cJSON_ParseWithLength(ans->body, ans->len);
	if (doc) {
		code = virgo_json_text(doc, "code");
		detail = virgo_json_text(doc, "detail");
		if (!detail || !*detail)
			detail = virgo_json_text(doc, "title");
	}
	virgo_problem_set(ans, code, detail, key_note);
	cJSON_Delete(doc);
}

enum virgo_code virgo_bad_answer(const struct virgo_answer *ans, const char *what,
				 struct virgo_error *err)
{
	char label[320];

	virgo_node_label(ans, label, sizeof(label));
	virgo_error_set(err, VIRGO_FAILED, "%s: unexpected answer: %s", label, what);
	if (err) {
		err->status = ans->status;
		snprintf(err->node, sizeof(err->node), "%s", ans->address);
		snprintf(err->node_id, sizeof(err->node_id), "%s", ans->node_id);
	}
	return VIRGO_FAILED;
}
