// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Node sets from text: ranges, groups and operators, evaluated from left to right. The text may come
 * from anybody: no recursion, and neither names nor time grow past the limits here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nodeset_int.h"

enum {
	SET_TEXT_MAX = 4 << 20,		/* bytes of one text */
	GROUP_DEPTH = 16,
	GROUP_NAME_MAX = 63,
	BRACKETS_MAX = 8,		/* in one item */
	WORK_MAX = 16 * VIRGO_NODES_MAX, /* names looked at, repetitions included: bounds the time */
};

#define OPERATORS ",!&^"

struct range {
	uint32_t first, last, step;
	int width;			/* digits to pad to, 0: none */
};

struct bracket {
	size_t from, to;		/* its ranges, in the parser's array */
	size_t cur;			/* where the expansion stands */
	uint32_t value;
	const char *after;		/* literal text behind it */
	size_t after_len;
};

/* a text being read: the caller's, or a group's */
struct source {
	const char *text, *at;
	char group[GROUP_NAME_MAX + 1];
	struct virgo_nodeset *set;	/* what it is so far */
	char op;			/* what becomes of the item that is read next */
};

struct parser {
	struct source stack[GROUP_DEPTH];
	unsigned int depth;
	struct virgo_nodeset *operand;	/* the item, where it is not simply added; else NULL */
	struct range *ranges;
	size_t nranges, ranges_cap;
	size_t work;
	virgo_group_fn group;
	void *arg;
	struct virgo_error *err;
};

static enum virgo_code set_fail(struct parser *p, const char *at, const char *what)
{
	const struct source *s = &p->stack[p->depth - 1];
	char shown[VIRGO_SHOWN];

	virgo_show(shown, s->text, strlen(s->text));
	if (s->group[0])
		return virgo_error_set(p->err, VIRGO_USAGE, "node set of @%s: column %zu of %s: %s",
				       s->group, (size_t)(at - s->text) + 1, shown, what);
	return virgo_error_set(p->err, VIRGO_USAGE, "node set: column %zu of %s: %s",
			       (size_t)(at - s->text) + 1, shown, what);
}

static enum virgo_code set_refused(struct parser *p, const char *at, int why)
{
	if (why == VIRGO_SET_FULL)
		return set_fail(p, at, "more than 65536 nodes");
	return virgo_error_nomem(p->err);
}

static enum virgo_code add_node(struct parser *p, const char *item, const char *name, size_t len)
{
	char canon[VIRGO_NODE_NAME_MAX + 1], shown[VIRGO_SHOWN], what[VIRGO_SHOWN + 128];
	struct source *s = &p->stack[p->depth - 1];
	const char *wrong = virgo_node_canon(name, len, canon);
	int ret;

	if (++p->work > WORK_MAX)
		return set_fail(p, item, "the same nodes too often");
	if (wrong) {
		snprintf(what, sizeof(what), "%s: %s", virgo_show(shown, name, len), wrong);
		return set_fail(p, item, what);
	}
	ret = virgo_set_add(p->operand ? p->operand : s->set, canon);
	return ret ? set_refused(p, item, ret) : VIRGO_OK;
}

/* digits at *at: value, and width if they are padded */
static int read_number(const char **at, uint32_t *value, int *width)
{
	const char *s = *at;
	uint32_t v = 0;

	while (*s >= '0' && *s <= '9') {
		if (s - *at >= 9)
			return -1;
		v = v * 10 + (*s++ - '0');
	}
	if (s == *at)
		return -1;
	*width = **at == '0' && s - *at > 1 ? (int)(s - *at) : 0;
	*value = v;
	*at = s;
	return 0;
}

static int digits_of(uint32_t v)
{
	int n = 1;

	while (v >= 10) {
		v /= 10;
		n++;
	}
	return n;
}

static int ranges_grow(struct parser *p)
{
	size_t n = p->ranges_cap ? p->ranges_cap * 2 : 64;
	struct range *ranges;

	if (p->nranges < p->ranges_cap)
		return 0;
	ranges = realloc(p->ranges, n * sizeof(*ranges));
	if (!ranges)
		return -1;
	p->ranges = ranges;
	p->ranges_cap = n;
	return 0;
}

static uint32_t range_count(const struct range *r)
{
	return (r->last - r->first) / r->step + 1;
}

/* "-LAST" and "/STEP" of a range, *at stands on "-" */
static enum virgo_code read_span(struct parser *p, const char **at, const char *first,
				 struct range *r)
{
	const char *second = ++*at, *step;
	int width;

	if (read_number(at, &r->last, &width))
		return set_fail(p, second, "a number of up to 9 digits is expected");
	if (r->last < r->first)
		return set_fail(p, first, "the range ends before it begins");
	/* 08-11 is fine, 8-011 and 08-9 are slips of the pen */
	if (width ? width != r->width : r->width && digits_of(r->last) < r->width)
		return set_fail(p, second, "both ends of a range need the same width");
	if (**at == '/') {
		step = ++*at;
		if (read_number(at, &r->step, &width) || !r->step)
			return set_fail(p, step, "a step of 1 or more is expected");
	}
	return VIRGO_OK;
}

static enum virgo_code read_range(struct parser *p, const char **at)
{
	struct range r = { .step = 1 };
	const char *first = *at;
	enum virgo_code code;

	if (read_number(at, &r.first, &r.width))
		return set_fail(p, first, "a number of up to 9 digits is expected");
	r.last = r.first;
	if (**at == '-') {
		code = read_span(p, at, first, &r);
		if (code)
			return code;
		if (range_count(&r) > VIRGO_NODES_MAX)
			return set_fail(p, first, "more than 65536 nodes");
	}
	if (p->nranges >= VIRGO_NODES_MAX)
		return set_fail(p, first, "more than 65536 ranges");
	if (ranges_grow(p))
		return virgo_error_nomem(p->err);
	p->ranges[p->nranges++] = r;
	return VIRGO_OK;
}

/* *at stands behind "["; afterwards behind "]" */
static enum virgo_code read_bracket(struct parser *p, const char **at, struct bracket *b)
{
	const char *open = *at - 1;
	enum virgo_code code;

	b->from = p->nranges;
	for (;;) {
		code = read_range(p, at);
		if (code)
			return code;
		if (**at != ',')
			break;
		++*at;
	}
	if (**at == '\0')
		return set_fail(p, open, "\"[\" without \"]\"");
	if (**at != ']')
		return set_fail(p, *at, "\",\", \"-\" or \"]\" is expected");
	++*at;
	b->to = p->nranges;
	return VIRGO_OK;
}

static void rewind_bracket(const struct parser *p, struct bracket *b)
{
	b->cur = b->from;
	b->value = p->ranges[b->from].first;
}

/* the next value, true; or back to the first, false */
static int bracket_step(const struct parser *p, struct bracket *b)
{
	const struct range *r = &p->ranges[b->cur];

	if (r->last - b->value >= r->step) {
		b->value += r->step;
		return 1;
	}
	if (++b->cur < b->to) {
		b->value = p->ranges[b->cur].first;
		return 1;
	}
	rewind_bracket(p, b);
	return 0;
}

static enum virgo_code check_product(struct parser *p, const char *item, const struct bracket *b,
				     size_t n)
{
	uint64_t all = 1;

	for (size_t i = 0; i < n; i++) {
		uint64_t one = 0;

		for (size_t r = b[i].from; r < b[i].to; r++)
			one += range_count(&p->ranges[r]);
		if (one > VIRGO_NODES_MAX)
			return set_fail(p, item, "more than 65536 nodes");
		all *= one;
		if (all > VIRGO_NODES_MAX)
			return set_fail(p, item, "more than 65536 nodes");
	}
	return VIRGO_OK;
}

/* every combination, the last bracket turning fastest */
static enum virgo_code expand(struct parser *p, const char *item, size_t head, struct bracket *b,
			      size_t n)
{
	char name[VIRGO_NODE_NAME_MAX + 1];
	enum virgo_code code = check_product(p, item, b, n);
	size_t i;

	if (code)
		return code;
	for (i = 0; i < n; i++)
		rewind_bracket(p, &b[i]);
	do {
		size_t len = head;

		if (len < sizeof(name))
			memcpy(name, item, len);
		for (i = 0; i < n && len < sizeof(name); i++) {
			len += snprintf(name + len, sizeof(name) - len, "%0*u%.*s",
					p->ranges[b[i].cur].width, b[i].value,
					(int)b[i].after_len, b[i].after);
		}
		if (len >= sizeof(name))
			return set_fail(p, item, "a name over 262 bytes");
		code = add_node(p, item, name, len);
		if (code)
			return code;
		for (i = n; i > 0 && !bracket_step(p, &b[i - 1]); i--)
			;
	} while (i > 0);
	return VIRGO_OK;
}

static int name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
}

static enum virgo_code read_host(struct parser *p, const char **at)
{
	const char *item = *at, *s = item;
	struct bracket b[BRACKETS_MAX];
	size_t n = 0, head = 0;
	enum virgo_code code;

	p->nranges = 0;
	for (;;) {
		const char *literal = s;

		while (name_byte(*s))
			s++;
		if (n) {
			b[n - 1].after = literal;
			b[n - 1].after_len = s - literal;
		} else {
			head = s - literal;
		}
		if (*s != '[')
			break;
		if (n == BRACKETS_MAX)
			return set_fail(p, s, "more than 8 ranges in one name");
		s++;
		code = read_bracket(p, &s, &b[n++]);
		if (code)
			return code;
	}
	*at = s;
	return n ? expand(p, item, head, b, n) : add_node(p, item, item, s - item);
}

/* "[" begins an IPv6 address if a colon comes before its "]" */
static size_t ip6_length(const char *at)
{
	size_t close = strcspn(at, "]"), n;

	if (*at != '[' || !at[close] || !memchr(at, ':', close))
		return 0;
	n = close + 1;
	if (at[n] == ':')
		n += 1 + strspn(at + n + 1, "0123456789");
	return n;
}

static enum virgo_code push_group(struct parser *p, const char *at, const char *name, size_t len)
{
	char what[GROUP_NAME_MAX + 64], group[GROUP_NAME_MAX + 1];
	struct source *s;
	const char *text;

	if (++p->work > WORK_MAX)
		return set_fail(p, at, "the same groups too often");
	if (!len || len > GROUP_NAME_MAX)
		return set_fail(p, at, "a group's name is expected");
	memcpy(group, name, len);
	group[len] = '\0';
	for (unsigned int i = 0; i < p->depth; i++) {
		if (strcmp(p->stack[i].group, group))
			continue;
		snprintf(what, sizeof(what), "@%s contains itself", group);
		return set_fail(p, at, what);
	}
	text = p->group ? p->group(p->arg, group) : NULL;
	if (!text) {
		snprintf(what, sizeof(what), "no group \"%s\" in the configuration", group);
		return set_fail(p, at, what);
	}
	if (p->depth == GROUP_DEPTH || strnlen(text, SET_TEXT_MAX) == SET_TEXT_MAX)
		return set_fail(p, at, "groups nest too deep or are too long");
	s = &p->stack[p->depth];
	*s = (struct source){ .text = text, .at = text, .op = ',', .set = virgo_set_new() };
	if (!s->set)
		return virgo_error_nomem(p->err);
	memcpy(s->group, group, len + 1);
	p->depth++;
	return VIRGO_OK;
}

/* join right to the set of the text on top, by the operator before it */
static enum virgo_code join(struct parser *p, const struct virgo_nodeset *right)
{
	struct source *s = &p->stack[p->depth - 1];
	int ret;

	p->work += virgo_set_live(right) + (s->op == '&' ? virgo_set_places(s->set) : 0);
	if (p->work > WORK_MAX)
		return set_fail(p, s->at, "the same nodes too often");
	ret = virgo_set_apply(s->set, right, s->op);
	return ret ? set_refused(p, s->at, ret) : VIRGO_OK;
}

/* the group on top is read to its end */
static enum virgo_code pop_group(struct parser *p)
{
	struct virgo_nodeset *set = p->stack[--p->depth].set;
	enum virgo_code code = join(p, set);

	virgo_nodeset_free(set);
	return code;
}

/* an item that is no group: straight into the set, or by its operator */
static enum virgo_code read_nodes(struct parser *p, const char *item, size_t ip6, const char **at)
{
	enum virgo_code code;

	if (p->stack[p->depth - 1].op != ',') {
		p->operand = virgo_set_new();
		if (!p->operand)
			return virgo_error_nomem(p->err);
	}
	if (ip6) {
		code = add_node(p, item, item, ip6);
		*at += ip6;
	} else {
		code = read_host(p, at);
	}
	if (!code && p->operand)
		code = join(p, p->operand);
	virgo_nodeset_free(p->operand);
	p->operand = NULL;
	return code;
}

static size_t group_length(const char *at)
{
	size_t n = 0;

	while (name_byte(at[n]) && !strchr(".:%", at[n]))
		n++;
	return n;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static int ends_item(char c)
{
	return strchr(" \t" OPERATORS, c) != NULL;	/* the end is one, too */
}

/* one item of the text on top of the stack; a group is pushed, and read next */
static enum virgo_code read_item(struct parser *p)
{
	struct source *s = &p->stack[p->depth - 1];
	const char *item = skip_blanks(s->at), *at = item, *name = NULL;
	size_t len = group_length(item);
	enum virgo_code code = VIRGO_OK;

	if (*at == '@') {
		name = at + 1;
		len = group_length(name);
		at = name + len;
	} else if (len == 3 && !strncasecmp(at, "all", 3) && ends_item(at[3])) {
		/* in any case, as names are: no node can be called so */
		name = "all";
		at += 3;
	} else if (!ends_item(*at)) {
		code = read_nodes(p, item, ip6_length(item), &at);
	} else {
		code = set_fail(p, at, "a node, \"@group\" or \"all\" is expected");
	}
	if (code)
		return code;
	at = skip_blanks(at);
	if (!ends_item(*at))
		return set_fail(p, at, at == item ? "no node can begin with this" :
				"\",\", \"!\", \"&\", \"^\" or the end is expected");
	s->at = at;
	return name ? push_group(p, item, name, len) : VIRGO_OK;
}

static enum virgo_code read_items(struct parser *p)
{
	enum virgo_code code = read_item(p);

	while (!code) {
		struct source *s = &p->stack[p->depth - 1];

		if (s->at != s->text && !*s->at) {
			if (p->depth == 1)
				break;
			code = pop_group(p);
			continue;
		}
		if (s->at != s->text)
			s->op = *s->at++;	/* what read_item() stopped at */
		code = read_item(p);
	}
	return code;
}

/* parse into a set of the caller's, also on failure */
static enum virgo_code parse_into(struct virgo_nodeset *set, const char *text, virgo_group_fn group,
				  void *arg, struct virgo_error *err)
{
	struct parser p = { .depth = 1, .group = group, .arg = arg, .err = err };
	enum virgo_code code;

	if (strnlen(text, SET_TEXT_MAX) == SET_TEXT_MAX)
		return virgo_error_set(err, VIRGO_USAGE, "node set: over 4 MiB of text");
	p.stack[0] = (struct source){ .text = text, .at = text, .op = ',', .set = set };
	code = read_items(&p);
	free(p.ranges);
	while (p.depth > 1)
		virgo_nodeset_free(p.stack[--p.depth].set);
	return code;
}

enum virgo_code virgo_nodeset_parse(struct virgo_nodeset **set_out, const char *text,
				    virgo_group_fn group, void *arg, struct virgo_error *err)
{
	struct virgo_nodeset *set = virgo_set_new();
	char shown[VIRGO_SHOWN];
	enum virgo_code code;

	*set_out = NULL;
	if (!set)
		return virgo_error_nomem(err);
	code = parse_into(set, text, group, arg, err);
	if (!code && !virgo_set_live(set))
		code = virgo_error_set(err, VIRGO_USAGE, "node set: no node is left of %s",
				       virgo_show(shown, text, strlen(text)));
	if (!code && virgo_set_compact(set))
		code = virgo_error_nomem(err);
	if (code)
		virgo_nodeset_free(set);
	else
		*set_out = set;
	return code;
}

enum virgo_code virgo_nodeset_check(const char *text, virgo_group_fn group, void *arg,
				    struct virgo_error *err)
{
	struct virgo_nodeset *set = virgo_set_new();
	enum virgo_code code = set ? parse_into(set, text, group, arg, err)
				   : virgo_error_nomem(err);

	virgo_nodeset_free(set);
	return code;
}
