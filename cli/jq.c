// SPDX-License-Identifier: GPL-3.0-or-later
/* The bridge to libjq: every symbol is looked up at run time, so that virgo runs without it. */
#include <dlfcn.h>
#include <jq.h>
#include <jv.h>
#include <string.h>

#include "cli/jq.h"

/* libjq's functions, as its headers declare them */
struct lib {
	void *handle;
	jq_state *(*init)(void);
	void (*teardown)(jq_state **);
	int (*compile)(jq_state *, const char *);
	void (*set_error_cb)(jq_state *, jq_msg_cb, void *);
	void (*start)(jq_state *, jv, int);
	jv (*next)(jq_state *);
	struct jv_parser *(*parser_new)(int);
	void (*parser_free)(struct jv_parser *);
	void (*parser_set_buf)(struct jv_parser *, const char *, int, int);
	jv (*parser_next)(struct jv_parser *);
	jv_kind (*kind)(jv);
	void (*free)(jv);
	jv (*copy)(jv);
	int (*has_msg)(jv);
	jv (*get_msg)(jv);
	const char *(*string)(jv);
	int (*string_len)(jv);
	jv (*dump)(jv, int);
};

struct said {
	struct lib *lib;
	char *why;
	size_t size;
};

static int load(struct lib *l, char *why, size_t size)
{
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{ "jq_init", &l->init }, { "jq_teardown", &l->teardown },
		{ "jq_compile", &l->compile }, { "jq_set_error_cb", &l->set_error_cb },
		{ "jq_start", &l->start }, { "jq_next", &l->next },
		{ "jv_parser_new", &l->parser_new }, { "jv_parser_free", &l->parser_free },
		{ "jv_parser_set_buf", &l->parser_set_buf },
		{ "jv_parser_next", &l->parser_next }, { "jv_get_kind", &l->kind },
		{ "jv_free", &l->free }, { "jv_copy", &l->copy },
		{ "jv_invalid_has_msg", &l->has_msg }, { "jv_invalid_get_msg", &l->get_msg },
		{ "jv_string_value", &l->string }, { "jv_string_length_bytes", &l->string_len },
		{ "jv_dump_string", &l->dump },
	};
	void *symbol;
	size_t i;

	l->handle = dlopen("libjq.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!l->handle) {
		snprintf(why, size, "--jq needs libjq.so.1, which is not installed");
		return -1;
	}
	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		symbol = dlsym(l->handle, symbols[i].name);
		if (!symbol) {
			snprintf(why, size, "--jq: libjq.so.1 has no %s", symbols[i].name);
			dlclose(l->handle);
			return -1;
		}
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	return 0;
}

static void message(struct lib *l, jv msg, char *why, size_t size)
{
	if (l->kind(msg) != JV_KIND_STRING)
		msg = l->dump(msg, 0);
	snprintf(why, size, "--jq: %s", l->string(msg));
	why[strcspn(why, "\n")] = '\0';
	l->free(msg);
}

/* libjq complains here about an expression it can't compile: its first line is kept */
static void complain(void *arg, jv msg)
{
	struct said *s = arg;

	if (*s->why)
		s->lib->free(msg);
	else
		message(s->lib, msg, s->why, s->size);
}

static void print(struct lib *l, jv v, FILE *to)
{
	jv text = l->kind(v) == JV_KIND_STRING ? v : l->dump(v, 0);

	fwrite(l->string(text), 1, (size_t)l->string_len(l->copy(text)), to);
	fputc('\n', to);
	l->free(text);
}

/* the results for one document; -1 at the first that is an error */
static int apply(struct lib *l, jq_state *jq, jv doc, FILE *to, char *why, size_t size)
{
	jv v;

	l->start(jq, doc, 0);
	for (v = l->next(jq); l->kind(v) != JV_KIND_INVALID; v = l->next(jq))
		print(l, v, to);
	if (!l->has_msg(l->copy(v))) {
		l->free(v);
		return 0;
	}
	message(l, l->get_msg(v), why, size);
	return -1;
}

int jq_filter(const char *expr, const char *json, size_t len, FILE *to, char *why, size_t size)
{
	struct said said = { NULL, why, size };
	struct jv_parser *parser;
	struct lib l = { 0 };
	jq_state *jq;
	int ret = -1;
	jv doc;

	*why = '\0';
	if (len > 0x7fffffff || load(&l, why, size)) {
		if (!*why)
			snprintf(why, size, "--jq: more than 2 GiB of output");
		return -1;
	}
	said.lib = &l;
	jq = l.init();
	parser = l.parser_new(0);
	if (!jq || !parser)
		goto out;
	l.set_error_cb(jq, complain, &said);
	if (!l.compile(jq, expr))
		goto out;
	*why = '\0';
	l.parser_set_buf(parser, json, (int)len, 0);
	ret = 0;
	for (doc = l.parser_next(parser); !ret && l.kind(doc) != JV_KIND_INVALID;
	     doc = l.parser_next(parser))
		ret = apply(&l, jq, doc, to, why, size);
	if (!ret && l.has_msg(l.copy(doc))) {
		ret = -1;
		snprintf(why, size, "--jq: this command's output is no JSON");
	}
	l.free(doc);
out:
	if (ret && !*why)
		snprintf(why, size, "--jq: can't use the expression");
	if (parser)
		l.parser_free(parser);
	if (jq)
		l.teardown(&jq);
	return ret;	/* the library stays: it left destructors with the C library */
}
