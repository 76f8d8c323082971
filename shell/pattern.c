// SPDX-License-Identifier: GPL-3.0-or-later
/* Patterns: matching, and cutting heads and tails off a text. By bytes, as dash does it. */
#include <fnmatch.h>

#include "shell/int.h"

bool sh_match(const char *pattern, const char *text)
{
	if (!pattern[strcspn(pattern, "*?[\\")])
		return !strcmp(pattern, text);
	return !fnmatch(pattern, text, 0);
}

/* a pattern that is but a text: its length, or -1 */
static ssize_t plain(const char *pattern)
{
	size_t n = strcspn(pattern, "*?[\\");

	return pattern[n] ? -1 : (ssize_t)n;
}

/* bytes at the head of text that match */
static size_t head(struct sh *sh, const char *pattern, const char *text, size_t len, bool longest)
{
	char *copy = sh_tmp_dup(sh, text, len);
	size_t i, n;
	char kept;
	bool hit;

	for (i = 0; i <= len && !sh->pending; i++) {
		n = longest ? len - i : i;
		kept = copy[n];
		copy[n] = '\0';
		hit = !fnmatch(pattern, copy, 0);
		copy[n] = kept;
		if (hit)
			return n;
	}
	return 0;
}

static size_t tail(struct sh *sh, const char *pattern, const char *text, size_t len, bool longest)
{
	size_t i, n;

	for (i = 0; i <= len && !sh->pending; i++) {
		n = longest ? len - i : i;
		if (!fnmatch(pattern, text + len - n, 0))
			return n;
	}
	return 0;
}

void sh_cut(struct sh *sh, enum sh_param_op op, const char *pattern, const char **text, size_t *len)
{
	bool at_head = op == SH_CUT_HEAD || op == SH_CUT_LONG_HEAD;
	bool longest = op == SH_CUT_LONG_HEAD || op == SH_CUT_LONG_TAIL;
	ssize_t same = plain(pattern);
	size_t n = 0;

	if (same >= 0 && (size_t)same <= *len) {
		if (!memcmp(at_head ? *text : *text + *len - same, pattern, (size_t)same))
			n = (size_t)same;
	} else if (same < 0) {
		n = at_head ? head(sh, pattern, *text, *len, longest)
			    : tail(sh, pattern, *text, *len, longest);
	}
	*text += at_head ? n : 0;
	*len -= n;
}
