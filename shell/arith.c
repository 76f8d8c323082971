// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * $((…)): POSIX's operators over 64 bits, which wrap around. Reads text that expansion has made, so
 * it trusts nothing: depth is bounded, overflowed constants and divisions by 0 are errors.
 */
#include "shell/int.h"

enum { DEPTH_MAX = 500 };

struct arith {
	struct sh *sh;
	const char *p;
	unsigned int depth;
	unsigned int skip;	/* within what && || ?: leave out: nothing is done or is wrong by value */
	bool failed;
};

static int64_t assignment(struct arith *a);

static int64_t wrong(struct arith *a, const char *what, const char *at, size_t len)
{
	if (!a->failed)
		sh_fail(a->sh, "arithmetic: %s%s%.*s%s", what, len ? " \"" : "",
			(int)(len < 60 ? len : 60), at, len ? "\"" : "");
	a->failed = true;
	return 0;
}

static void blanks(struct arith *a)
{
	while (*a->p == ' ' || *a->p == '\t' || *a->p == '\n')
		a->p++;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* digits at *s, which moves behind them; limit: the largest value. NULL, or what is wrong */
static const char *digits(const char **s, uint64_t limit, uint64_t *value)
{
	const char *p = *s, *begin;
	unsigned int base = 10, d;
	bool over = false;

	*value = 0;
	if (*p == '0' && (p[1] | 0x20) == 'x' && digit(p[2]) < 16) {
		base = 16;
		p += 2;
	} else if (*p == '0') {
		base = 8;
	}
	for (begin = p; (d = (unsigned int)digit(*p)) < base; p++) {
		over = over || *value > (limit - d) / base;
		*value = *value * base + d;
	}
	*s = p;
	if (p == begin || sh_in_name(*p))
		return "not a number";
	return over ? "over 64 bits:" : NULL;
}

const char *sh_parse_number(const char *text, int64_t *value)
{
	const char *bad, *s = text + strspn(text, " \t\n");
	bool minus = *s == '-';
	uint64_t n;

	*value = 0;
	if (!*s)
		return NULL;
	s += minus || *s == '+';
	bad = digits(&s, minus ? (uint64_t)1 << 63 : INT64_MAX, &n);
	if (bad)
		return bad;
	*value = minus ? (int64_t)-n : (int64_t)n;
	return s[strspn(s, " \t\n")] ? "not a number" : NULL;
}

static int64_t constant(struct arith *a)
{
	const char *begin = a->p, *bad;
	uint64_t n;

	bad = digits(&a->p, INT64_MAX, &n);
	if (!bad)
		return (int64_t)n;
	while (sh_in_name(*a->p))
		a->p++;
	return wrong(a, bad, begin, (size_t)(a->p - begin));
}

static int64_t variable(struct arith *a, const char *name, size_t len)
{
	const char *bad, *value;
	size_t vlen;
	int64_t n;

	if (a->skip)
		return 0;
	value = sh_param(a->sh, sh_tmp_dup(a->sh, name, len), &vlen);
	if (!value && a->sh->opt.nounset) {
		wrong(a, "not set:", name, len);
		return 0;
	}
	bad = value ? sh_parse_number(value, &n) : NULL;
	if (bad) {
		if (!a->failed)
			sh_fail(a->sh, "arithmetic: %.*s is %s \"%.60s\"", (int)len, name, bad,
				value);
		a->failed = true;
		return 0;
	}
	return value ? n : 0;
}

/* "x++": there is none, and no other meaning that it could have */
static bool steps(struct arith *a, const char *p)
{
	if ((p[0] != '+' && p[0] != '-') || p[1] != p[0])
		return false;
	p += 2;
	p += strspn(p, " \t\n");
	return !sh_in_name(*p) && !strchr("(+-!~", *p ? *p : 'x');
}

static int64_t no_steps(struct arith *a)
{
	return wrong(a, "++ and -- are left out: use x=$((x + 1)) or $((x += 1))", "", 0);
}

static int64_t primary(struct arith *a)
{
	const char *name = a->p;
	size_t len = sh_name_len(name);
	int64_t n;

	if (len) {
		a->p += len;
		blanks(a);
		return steps(a, a->p) ? no_steps(a) : variable(a, name, len);
	}
	if (*a->p >= '0' && *a->p <= '9')
		return constant(a);
	if (*a->p != '(')
		return *a->p ? wrong(a, "a value is missing at", a->p, strlen(a->p))
			     : wrong(a, "a value is missing at the end", "", 0);
	a->p++;
	n = assignment(a);
	blanks(a);
	if (*a->p != ')')
		return wrong(a, "a ) is missing", "", 0);
	a->p++;
	return n;
}

static int64_t unary(struct arith *a)
{
	char op;
	int64_t n;

	blanks(a);
	op = *a->p;
	if (!op || !strchr("+-!~", op))
		return primary(a);
	if (++a->depth > DEPTH_MAX)
		return wrong(a, "too deep", "", 0);
	if ((op == '+' || op == '-') && a->p[1] == op && sh_begins_name(a->p[2]))
		return no_steps(a);
	a->p++;
	n = unary(a);
	a->depth--;
	switch (op) {
	case '-':
		return (int64_t)-(uint64_t)n;
	case '!':
		return !n;
	case '~':
		return ~n;
	default:
		return n;
	}
}

/* longer ones first; a = behind one makes it an assignment, but for those that end so themselves */
static const struct operator {
	char text[3];
	unsigned char level;
	bool assigns;
} operators[] = {
	{ "||", 1, false }, { "&&", 2, false }, { "==", 6, false }, { "!=", 6, false },
	{ "<=", 7, false }, { ">=", 7, false }, { "<<", 8, true }, { ">>", 8, true },
	{ "|", 3, true }, { "^", 4, true }, { "&", 5, true }, { "<", 7, false },
	{ ">", 7, false }, { "+", 9, true }, { "-", 9, true }, { "*", 10, true },
	{ "/", 10, true }, { "%", 10, true },
};

/* the operator at p, with a = behind it or not */
static const struct operator *operator_at(const char *p, bool assigns)
{
	const struct operator *op;

	if (!*p || !strchr("|&=!<>^+-*/%", *p))
		return NULL;
	for (op = operators; op < operators + SH_COUNT(operators); op++) {
		if (*p != op->text[0] || (op->text[1] && p[1] != op->text[1]))
			continue;
		p += op->text[1] ? 2 : 1;
		return (op->assigns && *p == '=') == assigns ? op : NULL;
	}
	return NULL;
}

static int64_t divide(struct arith *a, char op, int64_t x, int64_t y)
{
	if (a->skip)
		return 0;
	if (!y)
		return wrong(a, "division by 0", "", 0);
	if (y == -1)	/* the one that does not fit wraps around */
		return op == '/' ? (int64_t)-(uint64_t)x : 0;
	return op == '/' ? x / y : x % y;
}

static int64_t shift(const char *op, int64_t x, int64_t y)
{
	unsigned int n = (unsigned int)(y & 63);

	return *op == '<' ? (int64_t)((uint64_t)x << n) : x >> n;
}

static int64_t apply(struct arith *a, const char *op, int64_t x, int64_t y)
{
	uint64_t u = (uint64_t)x, v = (uint64_t)y;

	switch (*op) {
	case '+':
		return (int64_t)(u + v);
	case '-':
		return (int64_t)(u - v);
	case '*':
		return (int64_t)(u * v);
	case '/':
	case '%':
		return divide(a, *op, x, y);
	case '^':
		return x ^ y;
	case '&':
		return op[1] ? x && y : x & y;
	case '|':
		return op[1] ? x || y : x | y;
	case '=':
		return x == y;
	case '!':
		return x != y;
	case '<':
		return op[1] == '<' ? shift(op, x, y) : op[1] ? x <= y : x < y;
	default:
		return op[1] == '>' ? shift(op, x, y) : op[1] ? x >= y : x > y;
	}
}

static int64_t binary(struct arith *a, unsigned int level)
{
	int64_t x = unary(a), y;
	const struct operator *op;
	bool skip;

	while (!a->failed) {
		blanks(a);
		op = operator_at(a->p, false);
		if (!op || op->level < level)
			break;
		a->p += strlen(op->text);
		skip = (op->level == 1 && x) || (op->level == 2 && !x);
		a->skip += skip;
		y = binary(a, op->level + 1u);
		a->skip -= skip;
		x = apply(a, op->text, x, y);
	}
	return x;
}

static int64_t choice(struct arith *a)
{
	int64_t n = binary(a, 1), yes, no;

	blanks(a);
	if (a->failed || *a->p != '?')
		return n;
	a->p++;
	a->skip += !n;
	yes = assignment(a);
	a->skip -= !n;
	blanks(a);
	if (*a->p != ':')
		return wrong(a, "a : is missing after ?", "", 0);
	a->p++;
	a->skip += !!n;
	no = assignment(a);
	a->skip -= !!n;
	return n ? yes : no;
}

/* name = …, name += …: the bytes up to the value; 0: it is none */
static size_t assigns(const char *p, size_t *name, const struct operator **op)
{
	size_t n = sh_name_len(p);

	*name = n;
	if (!n)
		return 0;
	n += strspn(p + n, " \t\n");
	*op = operator_at(p + n, true);
	if (*op)
		return n + strlen((*op)->text) + 1;
	return p[n] == '=' && p[n + 1] != '=' ? n + 1 : 0;
}

static void store(struct arith *a, const char *name, size_t len, int64_t value)
{
	char number[24];

	if (!a->failed && !a->skip &&
	    sh_var_set(a->sh, name, len, number, sh_number(number, value)))
		a->failed = true;
}

static int64_t assignment(struct arith *a)
{
	const struct operator *op = NULL;
	const char *name;
	size_t len, n;
	int64_t value, old;

	if (++a->depth > DEPTH_MAX)
		return wrong(a, "too deep", "", 0);
	blanks(a);
	name = a->p;
	n = assigns(name, &len, &op);
	if (n) {
		a->p += n;
		old = op ? variable(a, name, len) : 0;
		value = assignment(a);
		if (op && !a->failed)
			value = apply(a, op->text, old, value);
		store(a, name, len, value);
	} else {
		value = choice(a);
	}
	a->depth--;
	return value;
}

int sh_arith(struct sh *sh, const char *text, int64_t *value)
{
	struct arith a = { .sh = sh, .p = text };

	blanks(&a);
	*value = 0;
	if (!*a.p)
		return 0;
	*value = assignment(&a);
	blanks(&a);
	if (!a.failed && *a.p)
		wrong(&a, "what is", a.p, strlen(a.p));
	return a.failed ? -1 : 0;
}
