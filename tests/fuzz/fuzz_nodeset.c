// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Node sets, any text: groups are lines of the input itself, so that they nest and cycle. What is
 * accepted is within the limits, has every name once and in its one spelling, and comes back from its
 * short form.
 */
#include <stdlib.h>

#include "lib/error.c"
#include "lib/fold.c"
#include "lib/nodename.c"
#include "lib/nodeparse.c"
#include "lib/nodeset.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 8 };

/* "@0" to "@7" are the lines behind the first, "all" is the second */
static const char *line_of(void *arg, const char *name)
{
	const char *const *lines = arg;

	if (!strcmp(name, "all"))
		return lines[1];
	return name[0] >= '0' && name[0] < '0' + LINES && !name[1] ? lines[name[0] - '0'] : NULL;
}

static void check_error(const struct virgo_error *err)
{
	MUST(err->code == VIRGO_USAGE && err->message[0]);
	for (const unsigned char *p = (const unsigned char *)err->message; *p; p++)
		MUST(*p >= 0x20 && *p != 0x7f);
}

static void check_set(const struct virgo_nodeset *set)
{
	size_t n = virgo_nodeset_count(set);
	const char **names = calloc(n, sizeof(*names));
	char canon[VIRGO_NODE_NAME_MAX + 1], *folded;
	struct virgo_nodeset *again;

	MUST(n && n <= VIRGO_NODES_MAX && names);
	for (size_t i = 0; i < n; i++) {
		names[i] = virgo_nodeset_name(set, i);
		MUST(virgo_nodeset_find(set, names[i]) == (long)i);
		MUST(!virgo_node_canon(names[i], strlen(names[i]), canon));
		MUST(!strcmp(canon, names[i]));
	}
	MUST(!virgo_nodeset_name(set, n));
	folded = virgo_nodeset_fold(names, n);
	MUST(folded && !virgo_nodeset_parse(&again, folded, NULL, NULL, NULL));
	MUST(virgo_nodeset_count(again) == n);
	for (size_t i = 0; i < n; i++)
		MUST(virgo_nodeset_find(again, names[i]) >= 0);
	virgo_nodeset_free(again);
	free(folded);
	free(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text;
	const char *lines[LINES + 1] = { NULL };
	struct virgo_nodeset *set;
	struct virgo_error err;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i <= LINES && at; i++) {
		lines[i] = at;
		at = strchr(at, '\n');
		if (at)
			*at++ = '\0';
	}
	if (virgo_nodeset_parse(&set, lines[0], line_of, lines, &err)) {
		MUST(!set);
		check_error(&err);
	} else {
		MUST(!virgo_nodeset_check(lines[0], line_of, lines, &err));
		check_set(set);
		virgo_nodeset_free(set);
	}
	free(text);
	return 0;
}
