// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines to their parts and kinds; must never read at or past the end it was given. */
#include <string.h>

#include "place.h"
#include "word.h"

#define ALERT_MAX	32
#define RAS_HEADING	3	/* "RAS KERNEL FATAL" */

static bool split_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The byte after the next blank, or @end. */
static const char *next_word(const char *s, const char *end)
{
	const char *blank = memchr(s, ' ', (size_t)(end - s));

	return blank ? blank + 1 : end;
}

/* Digits at *p: false when there are none, or more than fit. Leaves *p after them. */
static bool split_number(const char **p, const char *end, uint64_t max, uint64_t *value)
{
	const char *s = *p;
	uint64_t n = 0;

	for (; s < end && split_digit(*s); s++) {
		if (n > (max - (uint64_t)(*s - '0')) / 10)
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	if (s == *p)
		return false;
	*p = s;
	*value = n;
	return true;
}

/* The exact text @word at *p, stepped over. */
static bool split_word(const char **p, const char *end, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(end - *p) < len || memcmp(*p, text, len))
		return false;
	*p += len;
	return true;
}

/* "EPOCH YYYY.MM.DD " at *p, stepped over. */
static bool split_epoch(const char **p, const char *end, uint64_t *epoch)
{
	const char *date = *p;

	if (!split_number(&date, end, 99999999999ull, epoch) || !split_word(&date, end, " ") ||
	    end - date < 11 || date[4] != '.' || date[7] != '.' || date[10] != ' ')
		return false;
	*p = date + 11;
	return true;
}

/*
 * Logs of supercomputers as they were published: "CLASS EPOCH YYYY.MM.DD NODE …". The class is what
 * a person found out later, so it is kept out of the message, and it may be cut off.
 */
static bool split_ras(const char *s, const char *end, struct an_line *line)
{
	const char *p = s;
	uint64_t epoch;
	bool one_word;
	int i;

	if (!split_epoch(&p, end, &epoch)) {
		while (p < end && p - s < ALERT_MAX && *p != ' ')
			p++;
		line->alert_len = (size_t)(p - s);
		if (!split_word(&p, end, " ") || !split_epoch(&p, end, &epoch))
			return false;
		line->alert = s;
	}
	p = next_word(p, end);
	/* One more stamp, of one word or of three, and the node once more. */
	one_word = p < end && split_digit(*p);
	for (i = one_word ? 2 : 4; i; i--)
		p = next_word(p, end);
	line->ms = (int64_t)epoch * 1000;
	line->msg = p;
	line->heading = one_word ? RAS_HEADING : 0;
	return true;
}

/* The parts of a line that is not one of the kernel's own. */
static void split_other(const char *s, const char *end, struct an_line *line)
{
	const char *p = an_stamp_skip(s, end);

	if (p && p < end && *p == ' ')
		line->msg = next_word(p + 1, end);
	else if (!split_ras(s, end, line))
		line->alert_len = 0;
}

/* A packet logged after any prefix: a blank or nothing before "IN=", and OUT= after it. */
static const char *packet_fields(const char *msg, const char *end)
{
	const char *limit = end - msg > AN_PREFIX_MAX + 3 ? msg + AN_PREFIX_MAX + 3 : end;
	const char *eq = msg, *in, *out;

	while ((eq = memchr(eq, '=', (size_t)(limit - eq)))) {
		in = eq++ - 2;
		if (in < msg || in[0] != 'I' || in[1] != 'N')
			continue;
		if (in > msg && in[-1] != ' ' && (in - msg < 4 || memcmp(in - 4, "#011", 4)))
			return NULL;
		out = next_word(in, end);
		return end - out >= 4 && !memcmp(out, "OUT=", 4) ? in : NULL;
	}
	return NULL;
}

static enum an_line_kind kind_of(const struct an_prefixes *prefixes, struct an_line *line)
{
	const char *p = line->msg;

	line->fields = an_block_fields(prefixes, p, line->end);
	if (line->fields)
		return AN_LINE_BLOCK;
	if (split_word(&p, line->end, "virgo_cpupool: ")) {
		if (split_word(&p, line->end, "exec fn="))
			return AN_LINE_EXEC;
		if (split_word(&p, line->end, "ended fn="))
			return AN_LINE_ENDED;
		return split_word(&p, line->end, "load node=") ? AN_LINE_LOAD : AN_LINE_OTHER;
	}
	line->fields = packet_fields(p, line->end);
	return line->fields ? AN_LINE_PACKET : AN_LINE_OTHER;
}

void an_line_split(struct an_clock *clock, const struct an_prefixes *prefixes, const char *s,
		   const char *end, struct an_line *line)
{
	const char *stamp_end, *msg;

	*line = (struct an_line){ .s = s, .end = end, .msg = s, .ms = AN_MS_NONE };
	stamp_end = an_stamp_parse(clock, s, end, &line->ms);
	if (!stamp_end)
		line->ms = AN_MS_NONE;
	msg = an_kernel_message(s, end, stamp_end);
	if (!msg) {
		split_other(s, end, line);
		return;
	}
	line->kernel = true;
	line->msg = msg;
	line->kind = kind_of(prefixes, line);
}

uint64_t an_line_template(const struct an_line *line)
{
	return line->template_key ? line->template_key :
				    an_word_template(line->msg, line->end, line->heading);
}

bool an_line_exec(const struct an_line *line, struct an_exec *exec)
{
	const char *p = line->msg, *end = line->end;
	uint64_t node;

	if (line->kind != AN_LINE_EXEC && line->kind != AN_LINE_ENDED)
		return false;
	/* kind_of() has seen the '='. */
	while (*p++ != '=')
		;
	exec->fn = p;
	while (p < end && *p != ' ')
		p++;
	exec->fn_len = (size_t)(p - exec->fn);
	if (!exec->fn_len || exec->fn_len > AN_FN_MAX)
		return false;
	if (!split_word(&p, end, " arg_bytes=") || !split_number(&p, end, UINT64_MAX, &exec->arg_bytes) ||
	    !split_word(&p, end, " node=") || !split_number(&p, end, UINT32_MAX, &node) ||
	    !split_word(&p, end, " us=") || !split_number(&p, end, UINT64_MAX, &exec->us))
		return false;
	exec->node = (uint32_t)node;
	return p == end || *p == ' ';
}

bool an_line_load(const struct an_line *line, uint32_t *node, uint32_t *centi)
{
	const char *p = line->msg, *end = line->end;
	uint64_t id, whole, part;

	if (line->kind != AN_LINE_LOAD)
		return false;
	/* kind_of() has seen the '='. */
	while (*p++ != '=')
		;
	if (!split_number(&p, end, UINT32_MAX, &id) || !split_word(&p, end, " run=") ||
	    !split_number(&p, end, 1000000, &whole) || !split_word(&p, end, ".") || end - p < 2)
		return false;
	end = p + 2;
	if (!split_number(&p, end, 99, &part) || p != end || (p < line->end && *p != ' '))
		return false;
	*node = (uint32_t)id;
	*centi = (uint32_t)(whole * 100 + part);
	return true;
}
