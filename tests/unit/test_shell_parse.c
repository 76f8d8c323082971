// SPDX-License-Identifier: GPL-3.0-or-later
/* The shell's parser: what text becomes what tree, where errors point, and what more lines could complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* how many allocations succeed; below 0: all */
static int allocations = -1;

static bool may_allocate(void)
{
	return allocations < 0 || allocations-- > 0;
}

#define malloc(size) (may_allocate() ? malloc(size) : NULL)
#define calloc(n, size) (may_allocate() ? calloc(n, size) : NULL)
#define realloc(old, size) (may_allocate() ? realloc(old, size) : NULL)
#include "shell/arena.c"
#include "shell/compound.c"
#include "shell/error.c"
#include "shell/lex.c"
#include "shell/parse.c"
#include "shell/word.c"
#undef malloc
#undef calloc
#undef realloc

/* --- the tree as text ------------------------------------------------------------------------ */

static char out[1 << 16];
static size_t used;

static void put(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	used += vsnprintf(out + used, sizeof(out) - used, fmt, args);
	va_end(args);
	assert_true(used < sizeof(out));
}

static void put_list(const struct sh_node *node);

static const char *op_text(enum sh_param_op op)
{
	static const char *const text[] = { "", "#", "-", "=", "?", "+", "#", "##", "%", "%%" };

	return text[op];
}

static void put_parts(const struct sh_part *part)
{
	for (; part; part = part->next) {
		const char *quoted = part->quoted ? "\"" : "";

		switch (part->type) {
		case SH_LITERAL:
			assert_int_equal(strlen(part->literal.text), part->literal.len);
			put(part->quoted ? "'%s'" : "%s", part->literal.text);
			break;
		case SH_PARAM:
			if (part->param.op == SH_LENGTH) {
				put("%s[#%s]", quoted, part->param.name);
				break;
			}
			put("%s[%s%s%s", quoted, part->param.name, part->param.colon ? ":" : "",
			    op_text(part->param.op));
			if (part->param.word) {
				put(" ");
				put_parts(part->param.word->parts);
			}
			put("]");
			break;
		case SH_COMMAND:
			put("%s$(", quoted);
			put_list(part->command);
			put(")");
			break;
		case SH_ARITH:
			put("%s$((", quoted);
			put_parts(part->arith->parts);
			put("))");
			break;
		}
	}
}

/* what the parser says of the whole word is what its parts say */
static void put_word(const struct sh_word *word)
{
	char text[1024] = "";
	bool literal = true, quoted = false;

	for (const struct sh_part *part = word->parts; part; part = part->next) {
		literal = literal && part->type == SH_LITERAL;
		quoted |= part->quoted;
		if (literal)
			strncat(text, part->literal.text, sizeof(text) - strlen(text) - 1);
	}
	assert_int_equal(word->quoted, quoted);
	assert_int_equal(literal, word->literal != NULL);
	if (literal)
		assert_string_equal(word->literal, text);
	put_parts(word->parts);
}

static void put_words(const struct sh_word *word)
{
	for (; word; word = word->next) {
		put(" ");
		put_word(word);
	}
}

static void put_redirs(const struct sh_redir *redir)
{
	static const char *const text[] = { "<", ">", ">>", "<>", "<<", "<&", ">&" };

	for (; redir; redir = redir->next) {
		put(" %d%s", redir->fd, text[redir->type]);
		if (redir->type == SH_HERE)
			put_parts(redir->word->parts);
		else
			put_word(redir->word);
	}
}

static void put_simple(const struct sh_node *node)
{
	put("(%s", node->simple.program ? "!" : "");
	for (const struct sh_assign *a = node->simple.assigns; a; a = a->next) {
		put(" %s=", a->name);
		put_word(a->value);
	}
	put_words(node->simple.words);
	put_redirs(node->redirs);
	put(")");
}

static void put_case(const struct sh_node *node)
{
	put("(case ");
	put_word(node->select.word);
	for (const struct sh_case *branch = node->select.cases; branch; branch = branch->next) {
		put(" /");
		put_words(branch->patterns);
		put(": ");
		put_list(branch->body);
	}
	put_redirs(node->redirs);
	put(")");
}

static void put_for(const struct sh_node *node)
{
	put("(for %s%s", node->each.name, node->each.given ? " in" : "");
	put_words(node->each.words);
	put(": ");
	put_list(node->each.body);
	put_redirs(node->redirs);
	put(")");
}

static void put_pair(const char *word, const struct sh_node *a, const struct sh_node *b,
		     const struct sh_redir *redirs)
{
	put("(%s ", word);
	put_list(a);
	put(", ");
	put_list(b);
	put_redirs(redirs);
	put(")");
}

static void put_pipe(const struct sh_node *node)
{
	unsigned int n = 0;

	put("(%s", node->pipe.negated ? "! " : "");
	for (const struct sh_node *stage = node->pipe.stages; stage; stage = stage->next)
		n++;
	assert_int_equal(n, node->pipe.n);
	put("| ");
	put_list(node->pipe.stages);
	put(")");
}

static void put_node(const struct sh_node *node)
{
	switch (node->type) {
	case SH_SIMPLE:
		put_simple(node);
		break;
	case SH_PIPE:
		put_pipe(node);
		break;
	case SH_AND:
	case SH_OR:
		put_pair(node->type == SH_AND ? "&&" : "||", node->pair.left, node->pair.right, node->redirs);
		break;
	case SH_GROUP:
	case SH_SUBSHELL:
		put(node->type == SH_GROUP ? "{" : "(sub ");
		put_list(node->body);
		put_redirs(node->redirs);
		put(node->type == SH_GROUP ? "}" : ")");
		break;
	case SH_IF:
		put("(if ");
		put_list(node->choice.test);
		put_pair(" then", node->choice.then, node->choice.otherwise, node->redirs);
		put(")");
		break;
	case SH_WHILE:
	case SH_UNTIL:
		put_pair(node->type == SH_WHILE ? "while" : "until", node->loop.test, node->loop.body, node->redirs);
		break;
	case SH_FOR:
		put_for(node);
		break;
	case SH_CASE:
		put_case(node);
		break;
	case SH_FUNCTION:
		put("(%s() ", node->function.name);
		assert_null(node->function.body->next);
		put_list(node->function.body);
		put(")");
		break;
	}
}

static void put_list(const struct sh_node *node)
{
	for (; node; node = node->next) {
		put_node(node);
		put(node->next ? " " : "");
	}
}

static enum sh_parsed parse_text(const char *text, struct sh_syntax_error *err)
{
	struct sh_script *script;
	enum sh_parsed parsed = sh_parse(&script, "-c", text, strlen(text), 1, err);

	used = 0;
	out[0] = '\0';
	assert_int_equal(parsed == SH_PARSED, script != NULL);
	if (script)
		put_list(script->list);
	sh_script_put(script);
	return parsed;
}

static void trees(const char *const (*table)[2], size_t n)
{
	struct sh_syntax_error err;

	for (size_t i = 0; i < n; i++) {
		if (parse_text(table[i][0], &err) != SH_PARSED)
			fail_msg("%s: %u:%u: %s", table[i][0], err.pos.line, err.pos.col, err.message);
		if (strcmp(out, table[i][1]))
			fail_msg("%s\n is %s\n not %s", table[i][0], out, table[i][1]);
	}
}

#define TREES(table) trees(table, sizeof(table) / sizeof(*(table)))

static void words(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "# nothing", "" },
		{ "\n \t\n", "" },
		{ "echo a  b\tc", "( echo a b c)" },
		{ "echo a#b #c", "( echo a#b)" },
		{ "echo 'a b'\"c d\"e\\ f", "( echo 'a bc d'e' 'f)" },
		{ "echo \"\" '' a\"\"", "( echo '' '' a'')" },
		{ "echo \"\\$\\`\\\"\\\\\\a\"", "( echo '$`\"\\\\a')" },
		{ "ec\\\nho a\\\n b", "( echo a b)" },
		{ "echo 'a\\\nb'", "( echo 'a\\\nb')" },
		{ "echo \"a\\\nb\"", "( echo 'ab')" },
		{ "echo $a${b}c\"$d\" $", "( echo [a][b]c\"[d] $)" },
		{ "echo $1$10 ${10} $@ \"$*\" $# $? $- $$ $!", "( echo [1][1]0 [10] [@] \"[*] [#] [?] [-] [$] [!])" },
		{ "echo ${a-b c} ${a:-} ${a=} ${a:=\"x y\"}", "( echo [a- b c] [a:-] [a=] [a:= 'x y'])" },
		{ "echo ${a?} ${a:?no $b} ${a+'}'} ${a:+\\}}", "( echo [a?] [a:? no [b]] [a+ '}'] [a:+ '}'])" },
		{ "echo ${a#x*} ${a##*/} ${a%.c} ${a%%'*'}", "( echo [a# x*] [a## */] [a% .c] [a%% '*'])" },
		{ "echo ${#} ${#a} ${#10} ${##} ${#?} ${#-x} ${#:-x} ${#%x}",
		  "( echo [#] [#a] [#10] [##] [#?] [#- x] [#:- x] [#% x])" },
		{ "echo ${##x} ${###x}", "( echo [## x] [### x])" },
		{ "echo ${a#${b%c}}", "( echo [a# [b% c]])" },
		{ "echo \"${a:-'b'}\" \"${a:-\"b c\"}\" \"${a#'b'}\"", "( echo \"[a:- ''b''] \"[a:- 'b c'] \"[a# 'b'])" },
		{ "echo \"${a:-$(echo \"x\")}\"", "( echo \"[a:- \"$(( echo 'x'))])" },
		{ "echo ${a:-{x}}", "( echo [a:- {x]})" },
		{ "echo $fo\\\no ${f\\\noo}", "( echo [foo] [foo])" },
		{ "echo ~ ~/x ~u/y", "( echo ~ ~/x ~u/y)" },
		{ "echo *.c [ab]? {a,b}", "( echo *.c [ab]? {a,b})" },
		{ "echo $(date) \"$(a b)\" $() $( )", "( echo $(( date)) \"$(( a b)) $() $())" },
		{ "echo $(a; b | c\n d)", "( echo $(( a) (| ( b) ( c)) ( d)))" },
		{ "echo $(case x in a) b;; (c) d; esac)", "( echo $((case x / a: ( b) / c: ( d))))" },
		{ "echo $(echo ')' # )\n)", "( echo $(( echo ')')))" },
		{ "echo $( (a); b)", "( echo $((sub ( a)) ( b)))" },
		{ "echo `date` `` `echo \\`a\\` \\$b \\\\c`", "( echo $(( date)) $() $(( echo $(( a)) [b] 'c')))" },
		{ "echo \"`echo \\\"a b\\\"`\"", "( echo \"$(( echo 'a b')))" },
		{ "echo `echo \"a b\"`", "( echo $(( echo 'a b')))" },
		{ "echo $((1+2)) \"$(( (a*$b) ))\" $((`c`+$(d)))",
		  "( echo $(('1+2')) \"$((' (a*'\"[b]') ')) $((\"$(( c))'+'\"$(( d)))))" },
		{ "echo $((\n1 <\\\n 2 ))", "( echo $(('\n1 < 2 ')))" },
		{ "echo $((\"$x\" + 1))", "( echo $((\"[x]' + 1')))" },
		{ "echo a\xc3\xa4 '\x01'", "( echo a\xc3\xa4 '\x01')" },
	};

	TREES(table);
}

static void commands(void **state)
{
	static const char *const table[][2] = {
		{ "a;b\nc;", "( a) ( b) ( c)" },
		{ "a=1 b= c='x y'z=$d cmd e=f", "( a=1 b= c='x y'z=[d] cmd e=f)" },
		{ "a=~/x:~/y", "( a=~/x:~/y)" },
		{ "'a'=b a\\=b 1=x =y", "( 'a'=b a'='b 1=x =y)" },
		{ "a=\"b\"", "( a='b')" },
		{ "a && b || c", "(|| (&& ( a), ( b)), ( c))" },
		{ "a &&\n\n b ||#x\nc", "(|| (&& ( a), ( b)), ( c))" },
		{ "a | b |\nc", "(| ( a) ( b) ( c))" },
		{ "! a | b", "(! | ( a) ( b))" },
		{ "! a && b", "(&& (! | ( a)), ( b))" },
		{ "!ls -l", "(! ls -l)" },
		{ "! !ls", "(! | (! ls))" },
		{ "a | !sort -u", "(| ( a) (! sort -u))" },
		{ "LANG=C !\"$x\" y", "(! LANG=C \"[x] y)" },
		{ "!(a)", "(! | (sub ( a)))" },
		{ "if !grep x; then a; fi", "(if (! grep x)( then ( a), ))" },
		{ "echo ! !x", "( echo ! !x)" },
		{ "a <b >c 2>>d 3<>e >|f 2>&1 <&- 4>&- 5<&6", "( a 0<b 1>c 2>>d 3<>e 1>f 2>&1 0<&- 4>&- 5<&6)" },
		{ ">x", "( 1>x)" },
		{ ">x a=b c <y d", "( a=b c d 1>x 0<y)" },
		{ "echo 2>x a2>y 2 >z", "( echo a2 2 2>x 1>y 1>z)" },
		{ "a >&$x 2> \"$y\"", "( a 1>&[x] 2>\"[y])" },
		{ "a &\\\n& b |\\\n| c >\\\n> d", "(|| (&& ( a), ( b)), ( c 1>>d))" },
		{ "{ a; b; } >x", "{( a) ( b) 1>x}" },
		{ "{ a\n}", "{( a)}" },
		{ "{a }", "( {a })" },
		{ "(a;b)|c", "(| (sub ( a) ( b)) ( c))" },
		{ "( (a) )", "(sub (sub ( a)))" },
		{ "if a; then b; fi", "(if ( a)( then ( b), ))" },
		{ "if a\nthen b\nelif c; d; then e; else f; fi 2>x",
		  "(if ( a)( then ( b), (if ( c) ( d)( then ( e), ( f))) 2>x))" },
		{ "while a; do b; done <x", "(while ( a), ( b) 0<x)" },
		{ "until a\ndo\nb\ndone", "(until ( a), ( b))" },
		{ "for i in a \"b c\" $d; do e; done", "(for i in a 'b c' [d]: ( e))" },
		{ "for i\nin a\ndo b; done", "(for i in a: ( b))" },
		{ "for i in; do b; done", "(for i in: ( b))" },
		{ "for i do b; done", "(for i: ( b))" },
		{ "for i; do b; done", "(for i: ( b))" },
		{ "for in in in do; do in; done", "(for in in in do: ( in))" },
		{ "case $x in a|'b') c;; (d) e;; *) esac", "(case [x] / a 'b': ( c) / d: ( e) / *: )" },
		{ "case x\nin\n\na)\n;;\n\nb) c\n;;\nesac >y", "(case x / a:  / b: ( c) 1>y)" },
		{ "case x in esac", "(case x)" },
		{ "case x in (esac) a; esac", "(case x / esac: ( a))" },
		{ "case if in if|then) fi=1; esac", "(case if / if then: ( fi=1))" },
		{ "f() { a; }", "(f() {( a)})" },
		{ "f ( )\n\n(a) >x 2>&1", "(f() (sub ( a) 1>x 2>&1))" },
		{ "f() if a; then b; fi; c", "(f() (if ( a)( then ( b), ))) ( c)" },
		{ "f() { g() { a; }; }", "(f() {(g() {( a)})})" },
		{ "echo if then fi done } { esac", "( echo if then fi done } { esac)" },
		{ "\"if\" \\fi", "( 'if' 'f'i)" },
		{ "x=1 if", "( x=1 if)" },
	};

	TREES(table);
}

static void here_documents(void **state)
{
	static const char *const table[][2] = {
		{ "cat <<E\na $b\n$(c)`d`$((1))\nE\ne",
		  "( cat 0<<'a '\"[b]'\n'\"$(( c))\"$(( d))\"$(('1'))'\n') ( e)" },
		{ "cat <<E\nE", "( cat 0<<)" },
		{ "cat <<'E'\n$a \\\nE\n", "( cat 0<<'$a \\\n')" },
		{ "cat <<\\E\n`\nE\n", "( cat 0<<'`\n')" },
		{ "cat <<\"a b\"\n$\na b\n", "( cat 0<<'$\n')" },
		{ "cat <<$x\ny\n$x\n", "( cat 0<<'y\n')" },
		{ "cat <<E\n\"'\\$\\\\\\\"\\a\\\nb\nE\n", "( cat 0<<'\"'$\\\\\"\\ab\n')" },
		{ "cat <<E\na\\\nE\nE\n", "( cat 0<<'aE\n')" },
		{ "cat <<E\na\\\\\nE\n", "( cat 0<<'a\\\n')" },
		{ "cat <<-E\n\ta\n\t\tb\tc\n\tE\n", "( cat 0<<'a\nb\tc\n')" },
		{ "cat <<-'E'\n\t$a\n\t\tE\n", "( cat 0<<'$a\n')" },
		{ "cat <<- E\n\t$a\n\tE\n", "( cat 0<<\"[a]'\n')" },
		{ "a <<A <<B; b\n1\nA\n2\nB\nc", "( a 0<<'1\n' 0<<'2\n') ( b) ( c)" },
		{ "a <<A | b <<B && c\n1\nA\n2\nB\n", "(&& (| ( a 0<<'1\n') ( b 0<<'2\n')), ( c))" },
		{ "f() { cat <<E; } >x\na\nE\n", "(f() {( cat 0<<'a\n') 1>x})" },
		{ "if a <<E; then\nx\nE\nb; fi", "(if ( a 0<<'x\n')( then ( b), ))" },
		{ "a=$(cat <<E\nx)\nE\n)", "( a=$(( cat 0<<'x)\n')))" },
		{ "a <<A $(b <<B\n2\nB\n)\n1\nA\n", "( a $(( b 0<<'2\n')) 0<<'1\n')" },
		{ "cat <<A\n$(cat <<B\nx\nB\n)\nA\n", "( cat 0<<\"$(( cat 0<<'x\n'))'\n')" },
		{ "cat 3<<E <<E\na\nE\nb\nE\n", "( cat 3<<'a\n' 0<<'b\n')" },
		{ "cat <<E\n${a:-\"b\"}\nE\n", "( cat 0<<\"[a:- 'b']'\n')" },
		{ "cat <<E \"x\ny\"\na\nE\n", "( cat 'x\ny' 0<<'a\n')" },
		{ "cat <<E # x\na\nE\n", "( cat 0<<'a\n')" },
		{ "cat <<E &&\na\nE\nb", "(&& ( cat 0<<'a\n'), ( b))" },
		{ "echo `cat <<E\na\\$b\nE\n`", "( echo $(( cat 0<<'a'\"[b]'\n')))" },
	};
	struct sh_syntax_error err;

	TREES(table);
	assert_int_equal(parse_text("cat <<-E\n\t\ta ${b-\n\tE\n", &err), SH_WRONG);
	assert_int_equal(err.pos.line, 2);
	assert_int_equal(err.pos.col, 5);
}

/* --- errors ----------------------------------------------------------------------------------- */

struct wrong {
	const char *text;
	uint32_t line, col;
	const char *message;		/* what it begins with */
};

static void errors(const struct wrong *table, size_t n, enum sh_parsed want)
{
	struct sh_syntax_error err;

	for (size_t i = 0; i < n; i++) {
		const struct wrong *w = &table[i];
		enum sh_parsed got = parse_text(w->text, &err);

		if (got != want)
			fail_msg("%s: %d, not %d: %s", w->text, got, want, out);
		if (err.pos.line != w->line || err.pos.col != w->col ||
		    strncmp(err.message, w->message, strlen(w->message)))
			fail_msg("%s:\n %u:%u: %s\n %u:%u: %s", w->text, err.pos.line, err.pos.col, err.message,
				 w->line, w->col, w->message);
	}
}

static void wrong(void **state)
{
	static const struct wrong table[] = {
		{ ";", 1, 1, "found \";\" where a command is expected" },
		{ "a ;; b", 1, 3, "\";;\" has nothing to end here" },
		{ "a\n  fi", 2, 3, "\"fi\" has nothing to end here" },
		{ "a)", 1, 2, "\")\" has nothing to end here" },
		{ "&& a", 1, 1, "found \"&&\" where a command" },
		{ "a | | b", 1, 5, "found \"|\" where a command" },
		{ "a && ; b", 1, 6, "found \";\" where a command" },
		{ "a >", 1, 4, "found the end of the text where a file's name is expected" },
		{ "a >\nb", 1, 4, "found the end of the line where a file's name" },
		{ "if a; then b; done", 1, 15, "found \"done\" where \"fi\" is expected for the \"if\" of line 1" },
		{ "if a\nb; do c; fi", 2, 4, "found \"do\" where \"then\" is expected for the \"if\" of line 1" },
		{ "if; then b; fi", 1, 3, "found \";\" where a command" },
		{ "if a; then\nfi", 2, 1, "found \"fi\" where a command" },
		{ "{ }", 1, 3, "found \"}\" where a command" },
		{ "( )", 1, 3, "found \")\" where a command" },
		{ "{ a; )", 1, 6, "found \")\" where \"}\" is expected" },
		{ "( a; }", 1, 6, "found \"}\" where \")\" is expected" },
		{ "{ a; } b", 1, 8, "found \"b\" where \";\", an operator or the end of the line" },
		{ "for", 1, 4, "found the end of the text where a variable's name" },
		{ "for 1 in a; do b; done", 1, 5, "found \"1\" where a variable's name" },
		{ "for i in a do\nb; done", 1, 12, "this \"do\" is one of the words" },
		{ "for i in a | b", 1, 12, "found \"|\" where a word" },
		{ "for ((i=0;;)); do", 1, 5, "for ((...)) is left out" },
		{ "case a in b c) esac", 1, 13, "found \"c\" where \")\" or \"|\"" },
		{ "case a in b) c\nfi;; esac", 2, 1, "\"fi\" has nothing to end" },
		{ "case\n", 1, 5, "found the end of the line where a word" },
		{ "! ! a", 1, 3, "\"!\" can only stand before a whole pipeline" },
		{ "a | ! b", 1, 5, "\"!\" can only stand before" },
		{ "a=b ! c", 1, 5, "\"!\" stands before a whole pipeline" },
		{ "!A=b c", 1, 2, "the assignment belongs before" },
		{ "a b(c)", 1, 4, "\"(\" must be quoted here" },
		{ "a(b)", 1, 3, "found \"b\" behind \"(\"" },
		{ "a-b() { c; }", 1, 1, "a-b is no name for a function" },
		{ "f() echo", 1, 5, "found \"echo\" where the function's body" },
		{ "a &", 1, 3, "\"&\" is left out of this language: use \"exec --async\"" },
		{ "a & b", 1, 3, "\"&\" is left out" },
		{ "[[ a ]]", 1, 1, "[[ ]] is left out of this language: use [ ... ]" },
		{ "((a))", 1, 1, "((...)) is no command" },
		{ "a=(b c)", 1, 3, "there are no arrays" },
		{ "a[0]=b", 1, 1, "there are no arrays" },
		{ "a+=b", 1, 1, "there is no +=" },
		{ "function f { a; }", 1, 1, "\"function\" is left out of this language: write name()" },
		{ "select i in a; do b; done", 1, 1, "\"select\" is left out" },
		{ "coproc a", 1, 1, "\"coproc\" is left out" },
		{ "a <(b)", 1, 3, "\"<(...)\" is left out" },
		{ "a >(b)", 1, 3, "\">(...)\" is left out" },
		{ "a <<<b", 1, 3, "\"<<<\" is left out" },
		{ "a &>b", 1, 3, "\"&>\" is left out of this language: write > FILE 2>&1" },
		{ "a |& b", 1, 3, "\"|&\" is left out" },
		{ "case a in b) c;& esac", 1, 15, "\";&\" is left out" },
		{ "a $'b'", 1, 3, "$'...' is left out" },
		{ "a >&b", 1, 5, "\"b\" is no descriptor (0 to 9, or - to close): for both" },
		{ "a <&b", 1, 5, "\"b\" is no descriptor (0 to 9, or - to close)" },
		{ "a 10>b", 1, 3, "descriptors are 0 to 9" },
		{ "a ${}", 1, 5, "${ must be followed by a parameter's name" },
		{ "a ${b[0]}", 1, 6, "there are no arrays" },
		{ "a ${b:1:2}", 1, 6, "there is no ${b:OFFSET:LENGTH}" },
		{ "a ${b/c/d}", 1, 6, "there is no ${b/...}" },
		{ "a ${b^^}", 1, 6, "there is no ${b^}" },
		{ "a ${b~}", 1, 6, "${b must be followed by" },
		{ "a ${!b}", 1, 5, "there is no ${!name}" },
		{ "a ${1=b}", 1, 6, "only a variable can be assigned to, not $1" },
		{ "a ${#b-c}", 1, 7, "${#b must be followed by \"}\"" },
		{ "a $((b); (c))", 1, 3, "\"$((\" is not closed by \"))\"; a command that begins with" },
		{ "a $(b; done)", 1, 8, "\"done\" has nothing to end here" },
		{ "a `b; if`", 1, 7, "\"if\" has no \"then\" before the closing `" },
		{ "a\nb `c\\$d 'e` f", 2, 9, "the quote ' is not closed before the closing `" },
		{ "a `b | `", 1, 6, "no command follows \"|\" before the closing `" },
		{ "a <<", 1, 5, "\"<<\" needs a delimiter" },
		{ "a <<'b\nc'", 1, 5, "a here-document's delimiter must stand on one line" },
		{ "a $(b <<E)\nc\nE\n", 1, 7, "here-document \"E\" has no text before \")\"" },
		{ "a <<E\nx $(b\nE\n", 2, 3, "\"$(\" is not closed by \")\" before the end of here-document \"E\"" },
		{ "a\r\nb\r\n", 1, 2, "the line ends as DOS does it" },
		{ "a\nb \x01 c", 2, 3, "a control byte (1)" },
		{ "a \rb", 1, 3, "a control byte (13)" },
		{ "a \x1b[0m\n)", 1, 3, "a control byte (27)" },
		{ "'a\nb' )", 2, 4, "\")\" has nothing to end" },
		{ "x\\\ny )", 2, 3, "\")\" has nothing to end" },
	};
	struct sh_syntax_error err;
	struct sh_script *script;

	errors(table, sizeof(table) / sizeof(*table), SH_WRONG);
	assert_int_equal(sh_parse(&script, "-c", "a\nb\0c", 5, 7, &err), SH_WRONG);
	assert_int_equal(err.pos.line, 8);
	assert_int_equal(err.pos.col, 2);
	assert_null(script);
}

static void incomplete(void **state)
{
	static const struct wrong table[] = {
		{ "a 'b", 1, 3, "the quote ' is not closed" },
		{ "a \"b\n\n", 1, 3, "the quote \" is not closed" },
		{ "a \"$(b", 1, 4, "\"$(\" is not closed" },
		{ "a $(", 1, 3, "\"$(\" is not closed" },
		{ "a $(b; if c\n", 1, 8, "\"if\" has no \"then\"" },
		{ "a `b", 1, 3, "the ` is not closed" },
		{ "a ${b", 1, 3, "\"${\" is not closed" },
		{ "a ${", 1, 3, "\"${\" is not closed" },
		{ "a ${b:", 1, 3, "\"${\" is not closed" },
		{ "a ${b:-'", 1, 8, "the quote ' is not closed" },
		{ "a ${b%c", 1, 3, "\"${\" is not closed" },
		{ "a $((1", 1, 3, "\"$((\" is not closed" },
		{ "a $((1)", 1, 3, "\"$((\" is not closed" },
		{ "a $(((1", 1, 6, "\"(\" is not closed" },
		{ "a \\", 1, 3, "nothing follows the backslash" },
		{ "a \\\n", 1, 3, "the line ends with a backslash" },
		{ "a\\\n", 1, 2, "the line ends with a backslash" },
		{ "\\\n", 1, 1, "the line ends with a backslash" },
		{ "a |", 1, 3, "no command follows \"|\"" },
		{ "a &&\n# b", 1, 3, "no command follows \"&&\"" },
		{ "a || \n", 1, 3, "no command follows \"||\"" },
		{ "if", 1, 1, "\"if\" has no \"then\"" },
		{ "if a\n", 1, 1, "\"if\" has no \"then\"" },
		{ "if a; then b", 1, 1, "\"if\" has no \"fi\"" },
		{ "if a; then b; else", 1, 1, "\"if\" has no \"fi\"" },
		{ "if a; then b; elif", 1, 1, "\"if\" has no \"then\"" },
		{ "x\n while a; do b\n", 2, 2, "\"while\" has no \"done\"" },
		{ "until a", 1, 1, "\"until\" has no \"do\"" },
		{ "for i", 1, 1, "\"for\" has no \"do\"" },
		{ "for i in a b", 1, 1, "\"for\" has no \"do\"" },
		{ "for i in a do\n", 1, 1, "\"for\" has no \"do\"" },
		{ "for i in a; do b;", 1, 1, "\"for\" has no \"done\"" },
		{ "case a", 1, 1, "\"case\" has no \"in\"" },
		{ "case a in", 1, 1, "\"case\" has no \"esac\"" },
		{ "case a in b) c", 1, 1, "\"case\" has no \"esac\"" },
		{ "case a in b) c;;\n", 1, 1, "\"case\" has no \"esac\"" },
		{ "{ a", 1, 1, "\"{\" has no \"}\"" },
		{ "{", 1, 1, "\"{\" has no \"}\"" },
		{ "(a\n", 1, 1, "\"(\" has no \")\"" },
		{ "f()", 1, 1, "function \"f\" has no body" },
		{ "f() {", 1, 5, "\"{\" has no \"}\"" },
		{ "a <<E", 1, 3, "here-document \"E\" is not ended" },
		{ "a <<E\nb\n", 1, 3, "here-document \"E\" is not ended" },
		{ "a\nb <<A <<B\nA\n", 2, 7, "here-document \"B\" is not ended" },
		{ "a <<E\nb\\\nE\n", 1, 3, "here-document \"E\" is not ended" },
		{ "a <<'b", 1, 5, "the quote ' is not closed" },
		{ "a $(b <<E", 1, 7, "here-document \"E\" is not ended" },
	};

	errors(table, sizeof(table) / sizeof(*table), SH_INCOMPLETE);
}

/* --- bounds ------------------------------------------------------------------------------------- */

/* n times a, then b, then n times c */
static char *nested(size_t n, const char *a, const char *b, const char *c)
{
	size_t la = strlen(a), lc = strlen(c);
	char *text = malloc(n * (la + lc) + strlen(b) + 1), *at = text;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++, at += la)
		strcpy(at, a);
	at += sprintf(at, "%s", b);
	for (size_t i = 0; i < n; i++, at += lc)
		strcpy(at, c);
	return text;
}

static void bounded(size_t good, size_t bad, const char *a, const char *b, const char *c)
{
	struct sh_syntax_error err;
	struct sh_script *script;
	char *text = nested(good, a, b, c);

	assert_int_equal(sh_parse(&script, "-c", text, strlen(text), 1, &err), SH_PARSED);
	sh_script_put(script);
	free(text);
	text = nested(bad, a, b, c);
	assert_int_equal(sh_parse(&script, "-c", text, strlen(text), 1, &err), SH_WRONG);
	assert_null(script);
	assert_non_null(strstr(err.message, "more than"));
	free(text);
}

static void depth(void **state)
{
	bounded(190, 100000, "{ ", "a", ";}");
	bounded(190, 100000, "( ", "a", ")");
	bounded(95, 100000, "echo $(", "a", ")");
	bounded(190, 100000, "${a-", "b", "}");
	bounded(60, 100000, "\"${a-", "b", "}\"");
	bounded(190, 100000, "if a; then ", "b", "; fi");
	bounded(190, 100000, "f() { ", "b", "; }");
	bounded(190, 201, "case a in b) ", "b", ";; esac");
	bounded(60, 100000, "echo $((", "1", "))");
	bounded(1, 100000, "echo $((", "1", "))");
	bounded(1900, 2100, "a && ", "a", "");
	bounded(1, 2100, "if a; then b; el", "if a; then b; fi", "");
}

static void long_texts(void **state)
{
	char *text = nested(100000, "a | ", "a", "");
	struct sh_syntax_error err;
	struct sh_script *script;

	assert_int_equal(sh_parse(&script, "x", text, strlen(text), 1, &err), SH_PARSED);
	assert_int_equal(script->list->pipe.n, 100001);
	sh_script_put(script);
	free(text);
	text = nested(100000, "a;", "'", "b");
	assert_int_equal(sh_parse(&script, "x", text, strlen(text), 1, &err), SH_INCOMPLETE);
	assert_int_equal(err.pos.col, 200001);
	free(text);
}

/* each allocation fails once: everything is given back, and it is said */
static void no_memory(void **state)
{
	char *text = nested(500, "a=\"$(b `c`)\" <<E d\nx $y\nE\n", "'e'", "");
	struct sh_syntax_error err;
	struct sh_script *script;
	int n = 0;

	do {
		allocations = n++;
		script = (void *)text;
		if (sh_parse(&script, "x", text, strlen(text), 3, &err) == SH_PARSED)
			break;
		assert_null(script);
		assert_string_equal(err.message, "out of memory");
		assert_int_equal(err.pos.line, 3);
	} while (n < 1000);
	allocations = -1;
	assert_in_range(n, 5, 999);
	sh_script_put(script);
	free(text);
}

static void scripts(void **state)
{
	struct sh_syntax_error err;
	struct sh_script *script;
	const char *line;
	size_t len;

	assert_int_equal(sh_parse(&script, "name", "ab\n\nc", 5, 10, &err), SH_PARSED);
	assert_string_equal(script->name, "name");
	assert_int_equal(script->list->pos.line, 10);
	assert_int_equal(script->list->next->pos.line, 12);
	assert_int_equal(script->list->next->pos.col, 1);
	assert_ptr_equal(sh_script_get(script), script);
	sh_script_put(script);
	line = sh_script_line(script, 10, &len);
	assert_int_equal(len, 2);
	assert_memory_equal(line, "ab", 2);
	assert_non_null(sh_script_line(script, 11, &len));
	assert_int_equal(len, 0);
	line = sh_script_line(script, 12, &len);
	assert_int_equal(len, 1);
	assert_memory_equal(line, "c", 1);
	assert_null(sh_script_line(script, 13, &len));
	assert_null(sh_script_line(script, 9, &len));
	sh_script_put(script);
	sh_script_put(NULL);
	assert_true(sh_is_name("_a1", 3));
	assert_false(sh_is_name("1a", 2));
	assert_false(sh_is_name("", 0));
	assert_false(sh_is_name("a-b", 3));
}

static void arenas(void **state)
{
	struct sh_arena *arena = sh_arena_new();
	size_t sizes[] = { 1, 7, 8, 100, 5000, 70000, 3, 1 << 20, 2000 };

	assert_non_null(arena);
	for (size_t round = 0; round < 100; round++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			size_t size = round && sizes[i] > 10000 ? 10000 : sizes[i];
			unsigned char *piece = sh_alloc(arena, size);

			assert_non_null(piece);
			assert_int_equal((uintptr_t)piece % 8, 0);
			for (size_t j = 0; j < size; j++)
				assert_int_equal(piece[j], 0);
			memset(piece, 0xff, size);
			assert_string_equal(sh_strndup(arena, "abc", 2), "ab");
		}
	assert_null(sh_alloc(arena, SIZE_MAX - 4));
	assert_null(sh_strndup(arena, "a", SIZE_MAX));
	sh_arena_free(arena);
	sh_arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words), cmocka_unit_test(commands), cmocka_unit_test(here_documents),
		cmocka_unit_test(wrong), cmocka_unit_test(incomplete), cmocka_unit_test(depth),
		cmocka_unit_test(long_texts), cmocka_unit_test(no_memory), cmocka_unit_test(scripts), cmocka_unit_test(arenas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
