// SPDX-License-Identifier: GPL-3.0-or-later
/* A node's JSON about runs and jobs, member by member. All of it is foreign; nothing is trusted. */
#include <stdlib.h>
#include <string.h>

#include "exec_int.h"

static const char *const status_names[VIRGO_EXEC_STATUSES] = {
	[VIRGO_EXEC_EXITED] = "exited", [VIRGO_EXEC_KILLED] = "killed",
	[VIRGO_EXEC_TIMEOUT] = "timeout", [VIRGO_EXEC_CANCELLED] = "cancelled",
	[VIRGO_EXEC_LOST] = "lost", [VIRGO_EXEC_QUEUED] = "queued",
	[VIRGO_EXEC_RUNNING] = "running", [VIRGO_EXEC_FAILED] = "failed",
};

static const char *const kind_names[] = {
	[VIRGO_EXEC_PROGRAM] = "program", [VIRGO_EXEC_FUNCTION] = "function",
	[VIRGO_EXEC_KERNEL] = "kernel",
};

const char *virgo_exec_status_name(enum virgo_exec_status status)
{
	return (unsigned int)status < VIRGO_EXEC_STATUSES ? status_names[status] : NULL;
}

const char *virgo_exec_kind_name(enum virgo_exec_kind kind)
{
	return (unsigned int)kind < VIRGO_COUNT(kind_names) ? kind_names[kind] : NULL;
}

int virgo_exec_ended(enum virgo_exec_status status)
{
	return status != VIRGO_EXEC_QUEUED && status != VIRGO_EXEC_RUNNING;
}

int virgo_exec_exit(enum virgo_exec_status status, int exit, int signal)
{
	switch (status) {
	case VIRGO_EXEC_EXITED:
		return exit & 0xff;
	case VIRGO_EXEC_KILLED:
		return 128 + (signal & 0x7f);
	case VIRGO_EXEC_TIMEOUT:
		return VIRGO_UNREACHABLE;
	case VIRGO_EXEC_CANCELLED:
		return VIRGO_INTERRUPTED;
	default:
		return VIRGO_FAILED;
	}
}

void virgo_exec_member_s64(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			   int64_t *out)
{
	s64 v;

	if (!vg_json_s64(doc, vg_json_get(doc, obj, name), &v))
		*out = v;
}

void virgo_exec_member_u64(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			   uint64_t *out)
{
	u64 v;

	if (!vg_json_u64(doc, vg_json_get(doc, obj, name), &v))
		*out = v;
}

void virgo_exec_member_int(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			   int *out)
{
	s64 v;

	if (!vg_json_s64(doc, vg_json_get(doc, obj, name), &v) && v >= INT_MIN && v <= INT_MAX)
		*out = (int)v;
}

void virgo_exec_member_flag(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			    int *out)
{
	bool v;

	if (!vg_json_bool(doc, vg_json_get(doc, obj, name), &v))
		*out = v;
}

char *virgo_exec_text(const struct vg_json *doc, const struct vg_jtok *t)
{
	char *text;
	ssize_t n;

	if (!vg_json_is(t, VG_JSON_STRING))
		return NULL;
	text = malloc((size_t)t->len + 1);
	n = text ? vg_json_str(doc, t, text, t->len) : -1;
	if (n < 0 || memchr(text, 0, n)) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

void virgo_exec_member_text(const struct vg_json *doc, const struct vg_jtok *obj, const char *name,
			    char *out, size_t size)
{
	char *text = virgo_exec_text(doc, vg_json_get(doc, obj, name));

	if (!text)
		return;
	snprintf(out, size, "%s", text);
	virgo_one_line(out);	/* also where it was cut within a character */
	free(text);
}

static int find_name(const struct vg_json *doc, const struct vg_jtok *t, const char *const *names,
		     int n)
{
	for (int i = 0; i < n; i++)
		if (vg_json_str_eq(doc, t, vg_cstr(names[i])))
			return i;
	return -1;
}

int virgo_exec_member_status(const struct vg_json *doc, const struct vg_jtok *obj)
{
	return find_name(doc, vg_json_get(doc, obj, "status"), status_names, VIRGO_EXEC_STATUSES);
}

int virgo_exec_member_kind(const struct vg_json *doc, const struct vg_jtok *obj)
{
	return find_name(doc, vg_json_get(doc, obj, "kind"), kind_names,
			 VIRGO_COUNT(kind_names));
}
