// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Node sets: from text to names. The text may come from anybody: no recursion, and nothing grows
 * past VIRGO_NODES_MAX. Must never resolve a name. Folding back is fold.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
	SET_TEXT_MAX = 4 << 20,		/* bytes of one text */
	GROUP_DEPTH = 16,
	GROUP_NAME_MAX = 63,
	BRACKETS_MAX = 8,		/* in one item */
	ADDS_MAX = 16 * VIRGO_NODES_MAX, /* names, repetitions included: bounds the time */
};

struct virgo_nodeset {
	char *text;			/* the names, each with its NUL */
	size_t used, cap;
	size_t *at;			/* where each begins */
	size_t count, at_cap;
	uint32_t *table;		/* open addressing: index + 1, 0 free */
	size_t slots;			/* power of two */
};

struct range {
	uint32_t first, last;
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
};

struct parser {
	struct virgo_nodeset *set;
	struct source stack[GROUP_DEPTH];
	unsigned int depth;
	struct range *ranges;
	size_t nranges, ranges_cap;
	unsigned int adds;
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

static uint64_t hash_name(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 0x100000001b3;
	return h ^ h >> 29;
}

/* the slot of name, or the free one where it belongs */
static size_t find_slot(const struct virgo_nodeset *set, const char *name)
{
	size_t i = hash_name(name) & (set->slots - 1);

	while (set->table[i] && strcmp(set->text + set->at[set->table[i] - 1], name))
		i = (i + 1) & (set->slots - 1);
	return i;
}

static int grow_table(struct virgo_nodeset *set)
{
	size_t slots = set->slots ? set->slots * 2 : 64;
	uint32_t *table = calloc(slots, sizeof(*table));

	if (!table)
		return -1;
	free(set->table);
	set->table = table;
	set->slots = slots;
	for (size_t i = 0; i < set->count; i++)
		table[find_slot(set, set->text + set->at[i])] = i + 1;
	return 0;
}

static int set_grow(void **array, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 64;
	void *p;

	if (want <= *cap)
		return 0;
	while (n < want)
		n *= 2;
	p = realloc(*array, n * size);
	if (!p)
		return -1;
	*array = p;
	*cap = n;
	return 0;
}

/* 0 also if it is there already; -1 without memory. The caller has checked the count. */
static int add_name(struct virgo_nodeset *set, const char *name)
{
	size_t len = strlen(name) + 1, slot;

	if (set->count * 2 >= set->slots && grow_table(set))
		return -1;
	slot = find_slot(set, name);
	if (set->table[slot])
		return 0;
	if (set_grow((void **)&set->text, &set->cap, set->used + len, 1) ||
	    set_grow((void **)&set->at, &set->at_cap, set->count + 1, sizeof(*set->at)))
		return -1;
	memcpy(set->text + set->used, name, len);
	set->at[set->count++] = set->used;
	set->used += len;
	set->table[slot] = set->count;
	return 0;
}

static enum virgo_code add_node(struct parser *p, const char *item, const char *name, size_t len)
{
	char canon[VIRGO_NODE_NAME_MAX + 1], shown[VIRGO_SHOWN], what[VIRGO_SHOWN + 128];
	const char *wrong = virgo_node_canon(name, len, canon);

	if (++p->adds > ADDS_MAX)
		return set_fail(p, item, "the same nodes too often");
	if (wrong) {
		snprintf(what, sizeof(what), "%s: %s", virgo_show(shown, name, len), wrong);
		return set_fail(p, item, what);
	}
	if (p->set->count >= VIRGO_NODES_MAX && virgo_nodeset_find(p->set, canon) < 0)
		return set_fail(p, item, "more than 65536 nodes");
	if (add_name(p->set, canon))
		return virgo_error_nomem(p->err);
	return VIRGO_OK;
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

static enum virgo_code read_range(struct parser *p, const char **at)
{
	struct range r;
	const char *first = *at;
	int width;

	if (read_number(at, &r.first, &r.width))
		return set_fail(p, first, "a number of up to 9 digits is expected");
	r.last = r.first;
	if (**at == '-') {
		const char *second = ++*at;

		if (read_number(at, &r.last, &width))
			return set_fail(p, second, "a number of up to 9 digits is expected");
		if (r.last < r.first)
			return set_fail(p, first, "the range ends before it begins");
		if (r.last - r.first >= VIRGO_NODES_MAX)
			return set_fail(p, first, "more than 65536 nodes");
		/* 08-11 is fine, 8-011 and 08-9 are slips of the pen */
		if (width ? width != r.width : r.width && digits_of(r.last) < r.width)
			return set_fail(p, second, "both ends of a range need the same width");
	}
	if (p->nranges >= VIRGO_NODES_MAX)
		return set_fail(p, first, "more than 65536 ranges");
	if (set_grow((void **)&p->ranges, &p->ranges_cap, p->nranges + 1, sizeof(r)))
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
	if (b->value < p->ranges[b->cur].last) {
		b->value++;
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
			one += (uint64_t)p->ranges[r].last - p->ranges[r].first + 1;
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

	if (++p->adds > ADDS_MAX)
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
	s = &p->stack[p->depth++];
	s->text = text;
	s->at = text;
	memcpy(s->group, group, len + 1);
	return VIRGO_OK;
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

/* one item of the text on top of the stack; a group is pushed, and read next */
static enum virgo_code read_item(struct parser *p)
{
	struct source *s = &p->stack[p->depth - 1];
	const char *item = skip_blanks(s->at), *at = item, *name = NULL;
	size_t len = group_length(item), ip6 = ip6_length(item);
	enum virgo_code code = VIRGO_OK;

	if (*at == '@') {
		name = at + 1;
		len = group_length(name);
		at = name + len;
	} else if (len == 3 && !memcmp(at, "all", 3) && strchr(" \t,", at[3])) {
		name = at;
		at += 3;
	} else if (ip6) {
		code = add_node(p, item, item, ip6);
		at += ip6;
	} else if (*at && *at != ',') {
		code = read_host(p, &at);
	} else {
		code = set_fail(p, at, "a node, \"@group\" or \"all\" is expected");
	}
	if (code)
		return code;
	at = skip_blanks(at);
	if (*at && *at != ',')
		return set_fail(p, at, at == item ? "no node can begin with this"
					      : "\",\" or the end is expected");
	s->at = at;
	return name ? push_group(p, item, name, len) : VIRGO_OK;
}

static enum virgo_code read_items(struct parser *p)
{
	enum virgo_code code = read_item(p);

	while (!code && p->depth) {
		struct source *s = &p->stack[p->depth - 1];

		if (s->at != s->text) {
			if (!*s->at) {
				p->depth--;
				continue;
			}
			s->at++;	/* the comma read_item() stopped at */
		}
		code = read_item(p);
	}
	return code;
}

enum virgo_code virgo_nodeset_parse(struct virgo_nodeset **set, const char *text,
				    virgo_group_fn group, void *arg, struct virgo_error *err)
{
	struct parser p = { .depth = 1, .group = group, .arg = arg, .err = err };
	enum virgo_code code;

	*set = NULL;
	if (strnlen(text, SET_TEXT_MAX) == SET_TEXT_MAX)
		return virgo_error_set(err, VIRGO_USAGE, "node set: over 4 MiB of text");
	p.stack[0].text = text;
	p.stack[0].at = text;
	p.set = calloc(1, sizeof(*p.set));
	if (!p.set)
		return virgo_error_nomem(err);
	code = read_items(&p);
	free(p.ranges);
	if (code) {
		virgo_nodeset_free(p.set);
		return code;
	}
	*set = p.set;
	return VIRGO_OK;
}

void virgo_nodeset_free(struct virgo_nodeset *set)
{
	if (!set)
		return;
	free(set->text);
	free(set->at);
	free(set->table);
	free(set);
}

size_t virgo_nodeset_count(const struct virgo_nodeset *set)
{
	return set->count;
}

const char *virgo_nodeset_name(const struct virgo_nodeset *set, size_t i)
{
	return i < set->count ? set->text + set->at[i] : NULL;
}

long virgo_nodeset_find(const struct virgo_nodeset *set, const char *name)
{
	size_t slot;

	if (!set->slots)
		return -1;
	slot = find_slot(set, name);
	return set->table[slot] ? (long)set->table[slot] - 1 : -1;
}
