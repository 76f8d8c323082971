// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * See proto.h. Must never look at a byte behind the message, whatever its lengths and counts say.
 */
#include "helper/proto.h"

enum { HEAD = sizeof(struct virgo_msg) };

const char *proto_head(const void *msg, size_t n, struct virgo_msg *head)
{
	size_t data, flags = 0;

	if (n < HEAD)
		return "a message is shorter than its head";
	memcpy(head, msg, HEAD);
	if (n > VIRGO_MSG_MAX)
		return "a message is too long";
	if (head->len != n)
		return "a message's length is not what its head says";
	data = n - HEAD;
	switch (head->type) {
	case VIRGO_MSG_RUN:
		if (data < sizeof(struct virgo_run) || !head->run)
			return "a RUN message is too short or has no number";
		break;
	case VIRGO_MSG_STDIN:
		if (data > VIRGO_MSG_DATA)
			return "a STDIN message is too long";
		flags = VIRGO_MSGF_EOF;
		break;
	case VIRGO_MSG_KILL:
		if (data != sizeof(struct virgo_kill))
			return "a KILL message has a wrong length";
		break;
	case VIRGO_MSG_LIST:
		break;
	case VIRGO_MSG_BYE:
		if (data)
			return "a BYE message has a wrong length";
		break;
	default:
		return "a message is of a type that is not known";
	}
	return head->flags & ~flags ? "a message has flags that are not known" : NULL;
}

const char *proto_strings(const void *p, size_t n, struct strings *s)
{
	const char *at = p, *end = at + n;

	s->first = p;
	s->n = 0;
	if (n > VIRGO_RUN_STRINGS)
		return "a message's strings are too long";
	if (n && end[-1])
		return "a message's last string has no end";
	for (; at < end; at = strings_next(at))
		s->n++;
	return NULL;
}

/* Take n strings off the front of all; there are so many. */
static struct strings take(struct strings *all, size_t n)
{
	struct strings part = { all->first, n };

	all->n -= n;
	while (n--)
		all->first = strings_next(all->first);
	return part;
}

const char *proto_run(const void *msg, size_t n, struct request *r)
{
	const size_t fixed = HEAD + sizeof(struct virgo_run);
	struct strings all;
	const char *wrong;

	memcpy(&r->id, (const char *)msg + offsetof(struct virgo_msg, run), sizeof(r->id));
	memcpy(&r->run, (const char *)msg + HEAD, sizeof(r->run));
	wrong = proto_strings((const char *)msg + fixed, n - fixed, &all);
	if (wrong)
		return wrong;
	/* three numbers of 32 bits: their sum fits */
	if (all.n != 4ull + r->run.nargs + r->run.nenv + r->run.nallow)
		return "a RUN message has not as many strings as it says";
	r->name = take(&all, 1).first;
	r->user = take(&all, 1).first;
	r->group = take(&all, 1).first;
	r->cwd = take(&all, 1).first;
	r->args = take(&all, r->run.nargs);
	r->env = take(&all, r->run.nenv);
	r->allow = all;
	return NULL;
}

const char *proto_list(const void *msg, size_t n, struct request *r)
{
	memset(r, 0, sizeof(*r));
	memcpy(&r->id, (const char *)msg + offsetof(struct virgo_msg, run), sizeof(r->id));
	r->name = r->user = r->group = "";
	r->cwd = "/";
	return proto_strings((const char *)msg + HEAD, n - HEAD, &r->allow);
}
