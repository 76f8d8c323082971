#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Plugins from the outside: the sample and others are built out of tree, with nothing but what make install put down, and
# run by the installed command. What a descriptor may hold is in tests/unit/test_plugin_check.c.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

setup_file()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	D=$BATS_FILE_TMPDIR/root
	SAMPLE=$BATS_FILE_TMPDIR/sample
	VIRGO=$D/usr/bin/virgo
	export TOP D SAMPLE VIRGO
	export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
	unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE VIRGO_OUTPUT VIRGO_PLUGIN_PATH
	umask 022
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME" "$XDG_DATA_HOME"
	make -C "$TOP" --no-print-directory -s install DESTDIR="$D" PREFIX=/usr
	# the one that comes with virgo has a test of its own, the others count plugins
	mv "$D/usr/lib/virgo/plugins/analytics.so" "$BATS_FILE_TMPDIR"
	cp -r "$TOP/plugins/sample" "$SAMPLE"
	make -C "$SAMPLE" --no-print-directory -s PREFIX="$D/usr" CFLAGS='-O1 -Wall -Wextra -Werror -pedantic'
	# any plugin at all: what it is comes by -D
	cat >"$BATS_FILE_TMPDIR/any.c" <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <unistd.h>
	#include <virgo_plugin.h>
	#ifndef RUN
	#define RUN host->print(run, "%s ran\n", host->argc(run) ? host->argv(run)[0] : WORD)
	#endif
	#ifndef LOAD
	#define LOAD
	#endif
	#ifndef HEAD
	#define HEAD VIRGO_PLUGIN_HEAD
	#endif
	static int run(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		(void)host;
		(void)run;
		RUN;
		return VIRGO_OK;
	}
	__attribute__((constructor)) static void load(void)
	{
		if (getenv("LOADED"))
			fclose(fopen(getenv("LOADED"), "a"));
		LOAD;
	}
	#ifdef OPTIONS
	static const struct virgo_plugin_option given[] = {
		{ .name = "level", .arg = "N", .help = "how much" }, { .name = NULL }
	};
	#else
	#define given NULL
	#endif
	static const struct virgo_plugin_command commands[] = {
		{ .name = "", .summary = "the word alone", .max_args = 9, .run = run, .options = given },
		{ .name = "go", .summary = "go on", .max_args = 9, .run = run },
		{ .name = NULL }
	};
	const struct virgo_plugin virgo_plugin = {
		.head = HEAD, .name = WORD, .version = "0.1", .summary = "a plugin of the tests",
		.commands = commands,
	};
	END
	export ANY=$BATS_FILE_TMPDIR/any.c
	# the nodes are those of the build: a node's configuration wants plain paths
	"$TOP/build/virgo" up --nodes 3 >/dev/null
}

teardown_file()
{
	"$VIRGO" down
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	umask 022
	mkdir p
	export VIRGO_PLUGIN_PATH=$PWD/p
}

virgo()
{
	"$VIRGO" "$@"
}

# any WORD [CC-OPTION...]: build p/WORD.so
any()
{
	cc "${@:2}" -I"$D/usr/include" -fPIC -shared "-DWORD=\"$1\"" -o "p/$1.so" "$ANY"
}

# refused STATUS WORD TEXT: one error line with TEXT, at most one hint; other commands are not disturbed
refused()
{
	run --separate-stderr virgo "$2" go
	assert_failure "$1"
	assert_output ''
	[[ ${stderr_lines[0]} = "virgo: $2: "*"$3"* ]] || fail "$stderr"
	[[ ${#stderr_lines[@]} = 1 || ${#stderr_lines[@]} = 2 && ${stderr_lines[1]} = 'hint: '* ]] || fail "$stderr"
	run virgo help
	assert_success
	run virgo --complete ''
	assert_success
	run virgo -o json plugin ls
	assert_success
	jq -e --arg word "$2" '.[] | select(.name == $word and .state == "refused")' <<<"$output"
}

@test "the header compiles by itself, as C99, C11 and C++, with nothing but installed headers" {
	for std in c99 c11 gnu11; do
		echo '#include <virgo_plugin.h>' |
			cc -std=$std -Wall -Wextra -Werror -pedantic -I"$D/usr/include" -x c -fsyntax-only -
	done
	command -v c++ >/dev/null || skip 'no C++ compiler'
	cat >hi.cc <<-'END'
	#include <virgo_plugin.h>
	static int hi(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		host->print(run, "hi from C++\n");
		return VIRGO_OK;
	}
	static const virgo_plugin_command commands[] = {
		{ "", nullptr, "say hi", nullptr, nullptr, 0, 0, 0, VIRGO_PLUGIN_C_NONE, nullptr, hi, nullptr },
		{ nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, 0, 0, nullptr, nullptr, nullptr },
	};
	const struct virgo_plugin virgo_plugin = { VIRGO_PLUGIN_HEAD, "hi", "1", "C++", commands, nullptr };
	END
	c++ -std=c++11 -Wall -Wextra -Werror -pedantic -I"$D/usr/include" -fPIC -shared -o p/hi.so hi.cc
	run -0 virgo hi
	assert_output 'hi from C++'
}

@test "the sample is installed by its Makefile, and needs no library of ours" {
	unset VIRGO_PLUGIN_PATH
	run -2 virgo sample hello
	run -0 make -C "$SAMPLE" --no-print-directory -s PREFIX="$D/usr" install
	run -0 virgo sample hello
	assert_output $'greeting\thello\nname\tworld'
	rm "$XDG_DATA_HOME/virgo/plugins/sample.so"
	run objdump -p "$SAMPLE/sample.so"
	refute_output --regexp 'NEEDED +libvirgo'
	# the installation's own directory
	assert_dir_exist "$D/usr/lib/virgo/plugins"
	cp "$SAMPLE/sample.so" "$D/usr/lib/virgo/plugins/"
	run -0 virgo sample hello
	run -0 virgo --jq '.[].path' plugin ls
	rm "$D/usr/lib/virgo/plugins/sample.so"
	assert_output --partial "$D/usr/lib/virgo/plugins/sample.so"
}

@test "help: the overview has the word, and help on it has everything" {
	cp "$SAMPLE/sample.so" p
	run -0 virgo help
	assert_line --regexp '^  sample +plugin: virgo help sample$'
	run -0 virgo help sample
	assert_line --regexp '^  sample count +count the keys'
	assert_line --regexp '^  sample hello +greet somebody$'
	run -0 virgo help sample count
	assert_line 'usage: virgo sample count [OPTION…] PREFIX'
	assert_line --regexp '^  -s, --min-size N +only values of N bytes'
	wanted=$output
	run -0 virgo sample count --help
	assert_output "$wanted"
	run -0 virgo --help sample count
	assert_output "$wanted"
	run -0 virgo sample --help
	assert_line 'usage: virgo sample COMMAND'
	run -0 virgo -o json help sample hello
	jq -e '.[0] | .group == "plugins" and .options[0].name == "tone" and .options[0].letter == "t"' <<<"$output"
	# the manual page is virgo's alone
	run -0 virgo help --man
	refute_output --partial 'sample count'
}

@test "output in every format, options as those of built-in commands" {
	cp "$SAMPLE/sample.so" p
	[ "$(virgo -o json sample hello bob)" = '{"greeting":"hello","name":"bob"}' ]
	[ "$(virgo sample hello bob --tone=loud -o json)" = '{"greeting":"HELLO","name":"bob"}' ]
	[ "$(virgo -o raw sample hello -t loud)" = HELLO ]
	[ "$(virgo -o table sample hello)" = $'greeting  hello\nname      world' ]
	[ "$(virgo --jq .name sample hello 'a b')" = '"a b"' ] || [ "$(virgo --jq .name sample hello 'a b')" = 'a b' ]
	run --separate-stderr virgo sample hello --tnoe loud
	assert_failure 2
	[ "$stderr" = $'virgo: sample hello: unknown option "--tnoe"\nhint: did you mean --tone?' ]
	run --separate-stderr virgo sample hello a b
	assert_failure 2
	[ "${stderr_lines[0]}" = 'virgo: sample hello: unexpected argument "b"' ]
	run --separate-stderr virgo sample hello -t shrill
	assert_failure 2
	[ "${stderr_lines[0]}" = 'virgo: sample hello: --tone "shrill" is neither plain nor loud' ]
	[[ ${stderr_lines[1]} = 'hint: usage: virgo sample hello [OPTION…] [NAME]'* ]]
	run --separate-stderr virgo sample count --min-size much x
	assert_failure 2
}

@test "errors: status, line and hint; a document with -o json" {
	cp "$SAMPLE/sample.so" p
	run --separate-stderr virgo sample hello nobody
	assert_failure 3
	assert_output ''
	[ "$stderr" = $'virgo: sample hello: there is no "nobody" to greet\nhint: virgo sample hello NAME' ]
	run --separate-stderr virgo -o json sample hello nobody
	assert_failure 3
	[ -z "$stderr" ]
	jq -e '.error | .command == "sample hello" and .kind == "not_found" and .hint == "virgo sample hello NAME"' <<<"$output"
	run --separate-stderr virgo smaple hello
	assert_failure 2
	[ "$stderr" = $'virgo: no such command: "smaple"\nhint: did you mean virgo sample?' ]
	run --separate-stderr virgo sample hallo
	assert_failure 2
	[ "$stderr" = $'virgo: sample: no such command: "hallo"\nhint: did you mean virgo sample hello?' ]
	run --separate-stderr virgo sample
	assert_failure 2
	[ "${stderr_lines[0]}" = 'virgo: sample: which command of sample?' ]
	run --separate-stderr virgo help sample hallo
	assert_failure 3
	# -o json is for what is refused, too
	echo junk >p/junk.so
	run --separate-stderr virgo -o json junk
	assert_failure 1
	[ -z "$stderr" ]
	jq -e '.error.command == "junk"' <<<"$output"
}

@test "the plugin that comes with virgo: missed by name, and in the overview where it is" {
	unset VIRGO_PLUGIN_PATH
	own=$D/usr/lib/virgo/plugins
	for words in 'analytics' 'analytics show' 'help analytics' 'shell -c analytics\ show'; do
		eval "run --separate-stderr virgo $words"
		assert_failure 1
		assert_output ''
		[[ $stderr = *"the plugin is not installed: no analytics.so in $own"$'\n''hint: make install puts it there'* ]] || fail "$stderr"
		[[ ${#stderr_lines[@]} = 2 ]] || fail "$stderr"
	done
	run -1 virgo -o json analytics show
	jq -e '.error | .command == "analytics" and .kind == "failed"' <<<"$output"
	run -0 virgo --complete analytics ''
	assert_output ''
	run -0 virgo help
	refute_output --partial 'analytics'
	cp "$BATS_FILE_TMPDIR/analytics.so" "$own"
	run -0 virgo help
	assert_line --regexp '^  analytics train +learn from kernel logs'
	run -0 virgo --help
	assert_line --regexp '^  analytics train +learn from kernel logs'
	[ "$(virgo -o json help | jq '[.[] | select(.group == "plugins")] | length')" = 9 ]
	run -0 virgo --complete analytics ro
	assert_output --regexp $'^rollback\t'
	[ "$(virgo -o json plugin info analytics | jq -r .path)" = "$own/analytics.so" ]
	[ "$(virgo -o json plugin info analytics | jq -r .version)" = "$(cat "$TOP/VERSION")" ]
	# one's own goes before it
	any analytics
	VIRGO_PLUGIN_PATH=$PWD/p run -0 virgo analytics go on
	assert_output 'on ran'
	chmod g+w "$own/analytics.so"
	run -4 virgo analytics show
	assert_output --partial 'its group can write to it'
	run -0 virgo help
	rm "$own/analytics.so"
	# a build has its own beside it
	[ "$("$TOP/build/virgo" -o json plugin info analytics | jq -r .path)" = "$TOP/build/plugins/analytics.so" ]
	run objdump -T "$TOP/build/plugins/analytics.so"
	[ "$(grep -v UND <<<"$output" | grep -cE ' (an|vg|virgo)_')" = 1 ]
}

@test "what belongs to virgo's owner is as good as virgo" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir -m 755 built
	cp "$VIRGO" built/virgo
	any mine
	mv p built/plugins
	chown -R nobody built
	VIRGO_PLUGIN_PATH='' run -0 built/virgo mine
	assert_output 'mine ran'
	chown root built/virgo
	VIRGO_PLUGIN_PATH='' run -4 built/virgo mine
	assert_output --partial 'it belongs to user'
}

@test "the host's later calls: questions, escaped text, JSON, and all nodes at once" {
	cat >asks.c <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <virgo/virgo.h>
	#include <virgo_plugin.h>
	static const struct virgo_plugin_host *h;
	static const struct virgo_request node = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/node" };
	static const struct virgo_request gone = { .service = VIRGO_CONTROL, .method = "GET", .target = "/v1/nothing" };
	static int ask(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		char line[8];
		int n;
		while ((n = host->prompt(run, "? ", line, sizeof(line))) >= 0)
			host->print(run, "%d<%s>\n", n, line);
		return VIRGO_PLUGIN_HAS(host, call_folded) ? VIRGO_OK : VIRGO_FAILED;
	}
	static int text(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		char *a = host->json_text(NULL, "a\"\xff", 3), *b = host->json_text("n", "\xff", 1);
		host->progress(run, "half way");
		host->print(run, "%d%s,%s,", host->is_table(run), a, b);
		host->shown(run, "%s", "\033[1m");
		host->print(run, "\n");
		free(a);
		free(b);
		return VIRGO_OK;
	}
	static void row(struct virgo_plugin_run *run, const struct virgo_answer *answer, void *arg)
	{
		h->str(run, answer->node);
		h->str(run, arg);
	}
	static void same(struct virgo_plugin_run *run, const struct virgo_answer *answer, void *arg)
	{
		static const struct virgo_plugin_column cols[] = { { "at", "AT", 0 } };
		h->print(run, "head\n");
		h->list(run, cols, 1);
		h->str(run, strcmp(answer->node, "127.0.0.2") ? "here" : "there");
	}
	static int rows(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		static const struct virgo_plugin_column cols[] = { { "node", "NODE", 0 }, { "arg", "ARG", 0 } };
		size_t failed = 9;
		int ret, worst;
		h = host;
		host->list(run, cols, 2);
		ret = host->call_all(run, host->argc(run) ? &gone : &node, row, "x", &failed);
		worst = host->failures(run, 3);
		host->warn(run, "failed %zu", failed);
		return ret ? ret : worst;
	}
	static int fold(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		h = host;
		return host->call_folded(run, &node, same, NULL);
	}
	static int file(const struct virgo_plugin_host *host, struct virgo_plugin_run *run)
	{
		char path[4096];
		int ret = host->running_file(run, host->argv(run)[0], path, host->argc(run) > 1 ? 8 : sizeof(path));
		host->print(run, "%d %s\n", ret, ret ? "" : path);
		return VIRGO_OK;
	}
	static const struct virgo_plugin_command commands[] = {
		{ .name = "ask", .summary = "s", .run = ask },
		{ .name = "text", .summary = "s", .run = text },
		{ .name = "rows", .summary = "s", .max_args = 1, .run = rows },
		{ .name = "fold", .summary = "s", .run = fold },
		{ .name = "file", .summary = "s", .min_args = 1, .max_args = 2, .run = file },
		{ .name = NULL }
	};
	const struct virgo_plugin virgo_plugin = {
		.head = VIRGO_PLUGIN_HEAD, .name = "asks", .version = "1", .summary = "s", .commands = commands,
	};
	END
	cc -Wall -Wextra -Werror -Wno-missing-field-initializers -Wno-unused-parameter -I"$D/usr/include" -fPIC -shared -o p/asks.so asks.c
	[ "$(printf 'one\n\nlonger than eight\nend' | virgo asks ask)" = $'? 3<one>\n? 0<>\n? 7<longer >\n? 3<end>\n? ' ]
	[ "$(virgo asks text 2>&1)" = '0"a\"\ufffd","n_b64":"/w==",\x1b[1m' ]
	[[ $(virgo -o table asks text) = 1* ]]
	# how far it is: on a terminal, gone when the command ends, and silent with -q
	for quiet in '' -q; do
		run -0 python3 -c '
import os, pty, subprocess, sys
master, slave = pty.openpty()
subprocess.run([os.environ["VIRGO"], *sys.argv[1:], "asks", "text"], stdout=subprocess.DEVNULL, stderr=slave, check=True)
os.write(slave, b"end")
seen = b""
while not seen.endswith(b"end"):
    seen += os.read(master, 100)
print(repr(seen))' $quiet
		[ "$output" = "$([ $quiet ] && echo "b'end'" || echo "b'\\rhalf way\\x1b[K\\r\\x1b[Kend'")" ] || fail "$output"
	done
	run --separate-stderr virgo -w '127.0.0.[1-3]' -o table asks rows
	assert_success
	assert_output $'NODE       ARG\n127.0.0.1  x\n127.0.0.2  x\n127.0.0.3  x'
	[ "$stderr" = 'failed 0' ]
	run --separate-stderr virgo -w '127.0.0.[1-3]' asks rows gone
	assert_failure 3
	[[ $stderr = *'3 of 3 nodes failed'*'failed 3' ]] || fail "$stderr"
	run -0 virgo -w '127.0.0.[1-3]' -o table asks fold
	assert_output $'127.0.0.[1,3]:\nhead\nAT\nhere\n\n127.0.0.2:\nhead\nAT\nthere'
	[ "$(virgo -w '127.0.0.[1-3]' -o json asks fold | jq -c 'map(.node)')" = '["127.0.0.1","127.0.0.2","127.0.0.3"]' ]
	[ "$(virgo asks file some.conf)" = "0 $XDG_RUNTIME_DIR/virgo/some.conf" ]
	[ "$(virgo asks file some.conf short)" = '-1 ' ]
	[ "$(virgo asks file ../x)" = '-1 ' ]
}

@test "over nodes: virgo's context and connections, libvirgo's functions, failures named" {
	cp "$SAMPLE/sample.so" p
	for i in {1..12}; do
		virgo mem set "count:$i" "$(printf '%*s' "$i" '')"
	done
	[ "$(virgo -o json sample count count: | jq -c '[map(.keys), map(.bytes)] | map(add)')" = '[12,78]' ]
	[ "$(virgo -o json sample count count: --min-size 10 | jq -c 'map(.keys) | add')" = 3 ]
	[ "$(virgo -o json sample count no-such- | jq -c .)" = '[]' ]
	[ "$(virgo -o json sample count -e no-such- | jq -c 'map(.keys)')" = '[0,0,0]' ]
	[ "$(virgo -o json sample count -e -w 127.0.0.2 count: | jq -r '.[].node')" = 127.0.0.2 ]
	run --separate-stderr virgo -w '127.0.0.[1-2],127.83.0.9' sample count -e count:
	assert_failure 5
	assert_line --partial '127.0.0.1'
	[[ $stderr = *'127.83.0.9'*'1 of 3 nodes failed'* ]] || fail "$stderr"
	# the same with the library linked: the command's copy is the one that is used
	cc -std=c99 -I"$D/usr/include" -fPIC -shared -o p/sample.so "$SAMPLE/sample.c" -L"$D/usr/lib" -lvirgo
	export LD_LIBRARY_PATH=$D/usr/lib
	[ "$(virgo -o json sample count count: | jq -c 'map(.keys) | add')" = 12 ]
}

@test "completion: words, options, values, and the plugin's own candidates" {
	cp "$SAMPLE/sample.so" p
	virgo mem set comp:a:1 x
	virgo mem set comp:a:2 x
	virgo mem set comp:b:1 x
	[ "$(virgo --complete sam)" = $'sample\tplugin' ]
	[ "$(virgo --complete sample '' | cut -f1)" = $'count\nhello' ]
	[ "$(virgo --complete sample hello --to)" = $'--tone\tplain or loud' ]
	[ "$(virgo --complete sample hello --tone l)" = loud ]
	[ "$(virgo --complete sample hello --tone=l)" = --tone=loud ]
	[ "$(virgo --complete sample count comp:)" = $'comp:a:\ncomp:b:' ]
	[ -z "$(virgo --complete sample count comp: '')" ]
	[ "$(virgo --complete help sample c | cut -f1)" = count ]
	[ "$(virgo --complete plugin info sa)" = sample ]
	# nobody answers: no candidates, and no wait
	start=$(date +%s%N)
	[ -z "$(virgo --complete -w 127.83.0.9 sample count comp:)" ]
	(( $(date +%s%N) - start < 1000000000 ))
}

@test "a plugin is loaded when one of its commands is asked for, and not before" {
	any probe
	export LOADED=$PWD/loaded
	echo 1 | virgo mem set lazy
	for words in 'mem get lazy' help '--complete' 'status' '--version' 'prbe' 'mem gte' 'help mem' 'nonsense'; do
		# shellcheck disable=SC2086 # several words
		run virgo $words
		assert_not_exist "$LOADED"
	done
	run virgo --complete pro
	assert_output $'probe\tplugin'
	assert_not_exist "$LOADED"
	run -0 virgo probe
	assert_output 'probe ran'
	assert_exist "$LOADED"
	for words in 'help probe' '--complete probe x' 'probe go --help' 'plugin ls' 'plugin info probe'; do
		rm "$LOADED"
		# shellcheck disable=SC2086
		run -0 virgo $words
		assert_exist "$LOADED"
	done
}

@test "a built-in command never looks for plugins" {
	command -v strace >/dev/null || skip 'no strace'
	any probe
	virgo mem set looked x
	# a sanitizer looks for leaks the way strace does, and only one can
	export ASAN_OPTIONS=detect_leaks=0
	run -0 strace -f -o trace "$VIRGO" mem get looked
	run grep -c "$PWD/p\|/virgo/plugins\|virgo-mem" trace
	assert_output 0
	# and a plugin's command asks for its own file only
	any other
	run -0 strace -f -o trace "$VIRGO" probe
	assert_file_contains trace "$PWD/p/probe.so"
	run grep -c 'other\.so' trace
	assert_output 0
}

@test "another ABI is refused with a sentence that names both, newer and older" {
	sed 's/define VIRGO_PLUGIN_ABI 1u/define VIRGO_PLUGIN_ABI 2u/' "$D/usr/include/virgo_plugin.h" >virgo_plugin.h
	any later -I.
	refused 1 later 'is built for plugin ABI 2, and virgo '
	[[ $(virgo later go 2>&1) = *" has plugin ABI 1"*'hint: build the plugin anew with this virgo'*'or install a newer virgo' ]]
	sed 's/define VIRGO_PLUGIN_ABI 1u/define VIRGO_PLUGIN_ABI 0u/' "$D/usr/include/virgo_plugin.h" >virgo_plugin.h
	any earlier -I.
	refused 1 earlier 'is built for plugin ABI 0, and virgo '
	[[ $(virgo earlier go 2>&1) != *newer* ]]
	# nor is it run
	run virgo earlier
	refute_output --partial 'ran'
}

@test "fields that a later header has at the end of its structures do no harm" {
	python3 - "$D/usr/include/virgo_plugin.h" >virgo_plugin.h <<-'END'
	import re, sys
	text = open(sys.argv[1]).read()
	for name in 'virgo_plugin', 'virgo_plugin_command', 'virgo_plugin_option', 'virgo_plugin_function':
	    text = re.sub(r'(\nstruct %s \{.*?)\n};' % name, r'\1\n\tconst char *later[3];\n};', text, count=1, flags=re.S)
	print(text)
	END
	[ "$(grep -c 'later\[3\]' virgo_plugin.h)" = 4 ]
	cc -std=c99 -I. -I"$D/usr/include" -fPIC -shared -o p/sample.so "$SAMPLE/sample.c"
	run -0 virgo sample hello -t loud you
	assert_output $'greeting\tHELLO\nname\tyou'
	run -0 virgo --jq '.functions[]' plugin info sample
	assert_output --partial sample_each
}

@test "broken files: one error line, no crash, nobody else disturbed" {
	cp "$SAMPLE/sample.so" p
	echo 'not an object' >p/text.so
	refused 1 text 'it is no shared object'
	: >p/empty.so
	refused 1 empty 'it is no shared object'
	mkdir p/dir.so
	refused 1 dir 'it is no regular file'
	mkfifo p/fifo.so
	refused 1 fifo 'it is no regular file'
	ln -s missing p/gone.so
	run -2 virgo gone
	any cut
	size=$(stat -c %s p/cut.so)
	for part in 70 200 1000 5000 9000 13000; do
		(( part < size )) || continue
		any cut
		truncate -s "$part" p/cut.so
		run virgo cut
		# what lies behind the last segment is not needed
		[[ $status = 1 && $output = *"can't be loaded: it is "* ]] || [[ $part -gt 12000 && $output = 'cut ran' ]]
	done
	rm p/cut.so
	any alien
	printf '\x16' | dd of=p/alien.so bs=1 seek=18 conv=notrunc status=none
	refused 1 alien 'it is made for another kind of machine'
	echo 'int x;' | cc -shared -fPIC -x c -o p/bare.so -
	refused 1 bare 'it has no descriptor virgo_plugin'
	echo 'int main(void) { return 0; }' | cc -x c -o p/program.so -
	refused 1 program ''
	any needy '-DRUN=extern void nobody_has_this(void); nobody_has_this()'
	refused 1 needy 'undefined symbol: nobody_has_this'
	any wordy '-DHEAD={ 1, 8, 8, 8, 8 }'
	refused 1 wordy 'its head is not VIRGO_PLUGIN_HEAD'
	any named
	mv p/named.so p/renamed.so
	refused 1 renamed 'it is "named", so its file has to be named.so'
	run -0 virgo sample hello
	# every one of them in one list
	run -0 virgo -o json plugin ls
	jq -e 'map(select(.state == "ok")) | map(.name) == ["sample"]' <<<"$output"
	jq -e 'map(select(.state == "refused" and .about)) | length >= 9' <<<"$output"
}

@test "a file that is damaged anywhere in its first pages is an error or a crash of plugin ls's child, never of plugin ls" {
	any damaged
	cp p/damaged.so whole
	for at in 16 24 32 40 54 56 64 72 96 120 128 400 800 1600; do
		cp whole p/damaged.so
		printf '\xff\xff\xff\xff' | dd of=p/damaged.so bs=1 seek="$at" conv=notrunc status=none
		run -0 virgo -o json plugin ls
		jq -e 'length == 1' <<<"$output"
	done
}

@test "files that others could have written are not loaded" {
	any mine
	for mode in 666 646 664; do
		chmod $mode p/mine.so
		refused 4 mine 'can write to it'
	done
	[[ $(virgo mine 2>&1) = *"hint: if nobody has changed it, chmod go-w $PWD/p/mine.so" ]]
	chmod 644 p/mine.so
	run -0 virgo mine
	chmod 1777 p
	refused 4 mine 'everybody can write to it'
	chmod 775 p
	refused 4 mine 'its group can write to it'
	chmod 755 p
	printf '#!/bin/sh\necho it ran\n' >p/virgo-prog
	chmod 777 p/virgo-prog
	run -4 virgo prog
	refute_output --partial 'it ran'
	chmod 755 p/virgo-prog
	run -0 virgo prog
	[ "$(id -u)" = 0 ] || skip 'the rest needs root'
	chown nobody p/mine.so
	refused 4 mine 'it belongs to user'
	chown root p/mine.so
	chown nobody p
	refused 4 mine 'it belongs to user'
	chown root p
	run -0 virgo mine
}

@test "a built-in command can't be replaced" {
	mkdir bin
	export LOADED=$PWD/loaded
	for word in mem status plugin help; do
		any "$word"
		printf '#!/bin/sh\necho stolen\n' >"bin/virgo-$word"
		chmod +x "bin/virgo-$word"
	done
	virgo mem set mine x
	PATH=$PWD/bin:$PATH run virgo mem get mine
	assert_output x
	PATH=$PWD/bin:$PATH run virgo mem go
	assert_failure 2
	PATH=$PWD/bin:$PATH run virgo status
	refute_output --partial 'ran'
	refute_output --partial 'stolen'
	assert_not_exist "$LOADED"
	PATH=$PWD/bin:$PATH run -0 virgo -o json plugin ls
	jq -e 'map(select(.name == "mem" and .state == "refused" and .about == "virgo mem is built in")) | length == 2' <<<"$output"
	assert_not_exist "$LOADED"
	PATH=$PWD/bin:$PATH run -0 virgo --complete me
	assert_output mem
	run -2 virgo plugin info mem
}

@test "plugin ls and info: state, version, ABI; crashes, hangs and exits are rows" {
	cp "$SAMPLE/sample.so" p
	mkdir q
	cp "$SAMPLE/sample.so" q
	any crash '-DLOAD=abort()'
	any leave '-DLOAD=exit(0)'
	any hang '-DLOAD=sleep(60)'
	any Upper
	printf '#!/bin/sh\n' >p/virgo-prog
	chmod +x p/virgo-prog
	export VIRGO_PLUGIN_PATH=$PWD/p:$PWD/q:$PWD/p:
	start=$(date +%s)
	run -0 virgo -o json plugin ls
	(( $(date +%s) - start < 20 ))
	row() { jq -c --arg name "$1" "map(select(.name == \$name)) | $2" <<<"$output"; }
	[ "$(row sample 'map([.state, .version, .abi, .kind])')" = '[["ok","1.0",1,"object"],["hidden",null,null,"object"]]' ]
	[ "$(row sample '.[0].path')" = "\"$PWD/p/sample.so\"" ]
	[[ $(row crash '.[0].about') = *'crashed while it was loaded: Aborted'* ]]
	[[ $(row leave '.[0].about') = *'ended the process'* ]]
	[[ $(row hang '.[0].about') = *'over 2 s'* ]]
	[[ $(row Upper '.[0].about') = *"name can't be"* ]]
	[ "$(row prog '.[0] | [.state, .kind]')" = '["ok","program"]' ]
	run -0 virgo plugin info sample
	assert_line $'version\t1.0'
	assert_line $'abi\t1'
	assert_line $'commands\tsample count, sample hello'
	assert_line $'functions\tsample_each'
	[ "$(virgo --jq '.commands | length' plugin info sample)" = 2 ]
	run -0 virgo plugin info prog
	assert_line $'kind\tprogram'
	run -1 virgo plugin info crash
	assert_output --partial 'crashed while it was loaded'
	run -3 virgo plugin info nothing
	assert_output --partial 'no plugin "nothing"'
}

@test "programs of any language, in plugin directories and on PATH" {
	mkdir bin
	printf '#!/bin/sh\ncase $1 in --help) echo "usage: virgo shy" ;; *) echo "sh: $VIRGO_NODES|$*"; exit 7 ;; esac\n' >p/virgo-shy
	printf '#!/usr/bin/env python3\nimport os, sys\nprint("python:", os.environ.get("VIRGO_OUTPUT"), sys.argv[1:])\n' >bin/virgo-snake
	chmod +x p/virgo-shy bin/virgo-snake
	# not programs
	printf '#!/bin/sh\n' >bin/virgo-plain
	mkdir bin/virgo-dir
	PATH=$PWD/bin:$PATH
	run -7 virgo -w 10.0.0.1 shy a 'b c'
	assert_output 'sh: 10.0.0.1|a b c'
	run -0 virgo -o json snake x
	assert_output "python: json ['x']"
	run -0 virgo help
	assert_line --regexp '^  shy +program virgo-shy$'
	assert_line --regexp '^  snake +program virgo-snake$'
	refute_line --partial 'virgo-plain'
	refute_line --partial 'virgo-dir'
	run -0 virgo help shy
	assert_output 'usage: virgo shy'
	[ "$(virgo --complete sn)" = $'snake\tprogram virgo-snake' ]
	run --separate-stderr virgo snkae
	[ "${stderr_lines[1]}" = 'hint: did you mean virgo snake?' ]
	run -0 virgo -o json plugin ls
	jq -e 'map(select(.kind == "program")) | map(.name) | sort == ["shy", "snake"]' <<<"$output"
	# an object goes before a program
	any shy
	run -0 virgo shy
	assert_output 'shy ran'
	# wherever they are, and the listing says so
	mkdir q
	mv p/shy.so q
	VIRGO_PLUGIN_PATH=$PWD/p:$PWD/q run -0 virgo shy
	assert_output 'shy ran'
	VIRGO_PLUGIN_PATH=$PWD/p:$PWD/q run -0 virgo -o json plugin ls
	jq -e 'map(select(.name == "shy") | [.kind, .state]) | sort == [["object", "ok"], ["program", "hidden"]]' <<<"$output"
	# more words than there is room for are not another command
	run -2 virgo snake $(seq 1100)
	assert_output 'virgo: more than 1024 words'
}

@test "a command of the plugin's name alone does not hide the others" {
	any both
	run -0 virgo help both
	assert_line --partial 'the word alone'
	assert_line --regexp 'both go +.*go on'
	[ "$(virgo --complete both g | cut -f1)" = go ]
	[ "$(virgo --complete bot | cut -f1)" = both ]
	# loaded or not
	[ "$(virgo shell -c 'both; both go' | tr '\n' ' ')" = 'both ran both ran ' ]
}

@test "numbers of options are within their bounds, small ones too" {
	any few '-DRUN=uint64_t n = 0; if (host->option_u64(run, "level", 3, &n)) return VIRGO_USAGE; host->print(run, "%d\n", (int)n)' -DOPTIONS
	for n in 0 1 3 03; do
		[ "$(virgo few --level $n)" = $((n)) ]
	done
	for n in 4 9 10 30 49 99 999999 18446744073709551616 -1 '' x; do
		run -2 virgo few --level "$n"
		assert_output --partial 'not a number from 0 to 3'
	done
}

@test "a plugin that uses its host wrongly gets an error, and spoils nothing" {
	cols='static const struct virgo_plugin_column c[25] = { { "a", "A", 0 }, { "b", "B", 0 } };'
	any part "-DRUN=$cols host->list(run, c, 2); host->str(run, \"1\")"
	for format in table json ndjson tsv raw; do
		run virgo -o $format part
		assert_failure 1
		assert_output --partial 'left a row unfinished'
	done
	any many "-DRUN=$cols host->list(run, c, 25); host->str(run, \"1\")"
	run -1 virgo -o table many
	assert_output --partial 'wrong table of columns'
	any loose '-DRUN=host->u64(run, 1)'
	run -1 virgo loose
	assert_output --partial 'outside of a list or record'
	any twice "-DRUN=$cols host->record(run, c, 2); host->u64(run, 1); host->u64(run, 2); host->u64(run, 3)"
	run -1 virgo -o json twice
	assert_line '{"a":1,"b":2}'
	any odd '-DRUN=return -5'
	run -1 virgo odd
	assert_output --partial 'ended with status -5'
	any zero '-DRUN=return host->fail(run, 0, "%s", "no success")'
	run -1 virgo zero
	assert_output 'virgo: zero: no success'
	any bell '-DRUN=return host->fail(run, 1, "%s", "\033[2J")'
	run -1 virgo bell
	assert_output 'virgo: bell: \x1b[2J'
}

@test "lists in all formats, values byte for byte, standard input, remarks, settings" {
	cols='static const struct virgo_plugin_column c[] = { { "name", "NAME", 0 }, { "size", "SIZE", 1 }, { "yes", "YES", 0 } };'
	cells='host->bytes(run, "a\0b", 3); host->size_cell(run, 2048); host->boolean(run, 1)'
	cells+='; host->none(run); host->json(run, "[1]"); host->boolean(run, 0); host->end(run)'
	any rows "-DRUN=$cols host->list(run, c, 3); $cells; host->note(run, \"a remark\"); host->warn(run, \"a warning\")"
	run --separate-stderr virgo -o json rows
	assert_success
	assert_equal "$(jq -c . <<<"$output")" '[{"name":"a\u0000b","size":2048,"yes":true},{"name":null,"size":[1],"yes":false}]'
	[ "$stderr" = 'a warning' ]
	run --separate-stderr virgo -q -o tsv rows
	assert_output $'a\\x00b\t2048\ttrue\n\t[1]\tfalse'
	[ -z "$stderr" ]
	run --separate-stderr virgo -o table rows
	assert_line --index 0 --regexp '^NAME +SIZE +YES$'
	[ "$stderr" = $'a remark\na warning' ]
	any echo '-DRUN=char b[9]; ssize_t n = read(host->input(run), b, 9); host->write(run, b, (size_t)n)'
	[ "$(printf 'x\0y' | virgo -o raw echo | od -An -c | tr -d ' ')" = 'x\0y' ]
	any sets '-DRUN=host->print(run, "%s %s %u\n", host->setting(run, "timeout"), host->setting(run, "via"), host->verbose(run))'
	run -0 virgo --timeout 7s --via http -v sets
	assert_output '7s http 1'
	# what can't be written is a failure
	if [ -e /dev/full ]; then
		run -1 bash -c '"$VIRGO" rows >/dev/full'
	fi
}

# in the installed shell, which is a session of its own
shell()
{
	virgo shell -c "$@" </dev/null
}

@test "in the shell: a plugin's commands are commands like any other" {
	cp "$SAMPLE/sample.so" p
	run -0 shell 'sample hello; output raw; sample hello -t loud you; x=$(sample hello); echo "[$x]"; sample hello | cat
		type sample; command -v sample; sample hello nobody 2>/dev/null; echo $?; help sample hello | head -n 1'
	assert_output $'greeting\thello\nname\tworld\nHELLO\n[hello]\nhello\nsample is a virgo command\nsample\n3
usage: virgo sample hello [OPTION…] [NAME]'
	# connections stay open over plugins' commands, and -w and use hold
	virgo mem set in-shell x
	run -0 shell 'use 127.0.0.1; sample count -e in-shell -o raw; use 127.0.0.[2-3]; sample count -e in-shell -o raw'
	assert_line --index 2 --partial 127.0.0.3
	# a program of any language
	printf '#!/bin/sh\necho "$VIRGO_NODES $*"; exit 9\n' >p/virgo-prog
	chmod 755 p/virgo-prog
	run -9 shell 'use 127.0.0.2; prog a "b c"'
	assert_output '127.0.0.2 a b c'
	# what is refused is said, and the script goes on
	chmod 666 p/sample.so
	run -0 --separate-stderr shell 'sample hello; echo $?; sample_each x y; echo $?'
	assert_output $'4\n127'
	assert_regex "$stderr" 'virgo: sample: .*can write to it'
	assert_regex "$stderr" 'no such command: "sample_each"'
	[ "$(grep -c 'can write to it' <<<"$stderr")" = 2 ]
}

@test "in the shell: functions that a plugin has are there when they are first used" {
	cp "$SAMPLE/sample.so" p
	for i in 1 2 3; do
		virgo mem set "each:$i" "v$i"
	done
	run -0 shell 'sample_each each: echo got'
	assert_output $'got each:1\ngot each:2\ngot each:3'
	# in $(...), behind |, in a subshell, in a script; type and help know it
	run -0 shell 'x=$(sample_each each: mem get); echo $x; true | sample_each each:1 echo; (sample_each each:2 echo)
		type sample_each; command -v sample_each; help sample_each | head -n 1'
	assert_output $'v1v2v3\neach:1\neach:2\nsample_each is a function\nsample_each
run a command for every key that begins with a prefix'
	echo 'sample_each each: echo "$1"' >script
	run -0 virgo run script in-script
	assert_line --index 2 'in-script each:3'
	# its status is that of the command that fails
	run -7 shell 'stop() { [ "$1" != each:2 ] || return 7; echo "$1"; }; sample_each each: stop'
	assert_output each:1
	# one's own goes first, and comes back as the plugin's when it is unset
	run -0 shell 'sample_each() { echo mine; }; sample_each; unset -f sample_each; sample_each each:1 echo'
	assert_output $'mine\neach:1'
	# nothing is loaded for other words
	any probe
	LOADED=$PWD/loaded run -0 shell 'mem get each:1; sample hello >/dev/null; true | cat; x_y() { :; }; x_y'
	assert_not_exist loaded
	run -127 shell 'sample_nothing'
	run -0 virgo help sample_each
	assert_line 'sample_each() {'
}

@test "in the shell: a function whose text is something else is refused" {
	functions()
	{
		sed "s|\.commands = commands,|& .functions = functions,|; s|^const struct virgo_plugin virgo|static const struct virgo_plugin_function functions[] = {\n{ \"$1_f\", \"a function\", $2 }, { \"$1_g\", \"another\", \"$1_g() { echo g; }\" }, { NULL, NULL, NULL } };\n&|" \
			"$ANY" >"$1.c"
		cc -I"$D/usr/include" -fPIC -shared "-DWORD=\"$1\"" -o "p/$1.so" "$1.c"
	}
	functions good '"good_f() {\\n\\techo f $1\\n\\tgood_g\\n}\\n"'
	run -0 shell 'good_f x'
	assert_output $'f x\ng'
	functions runs '"echo run; runs_f() { :; }"'
	run -127 --separate-stderr shell 'runs_f'
	assert_output ''
	assert_regex "$stderr" 'what is there for runs_f is not its definition'
	functions other '"mem() { echo taken; }"'
	run -127 shell 'other_f; mem >/dev/null 2>&1; other_f'
	refute_output --partial taken
	functions wrong '"wrong_f() { if; }"'
	run -127 --separate-stderr shell 'wrong_f'
	assert_regex "$stderr" '^virgo: wrong_f:1:'
	# an error within it names the function and its line
	functions fails '"fails_f() {\\n\\techo ${nothing:?is missing}\\n}\\n"'
	run -2 --separate-stderr shell 'fails_f'
	assert_regex "$stderr" '^virgo: fails_f:2:7: nothing: is missing'
}

@test "Ctrl-C ends a plugin's command with 130" {
	any wait '-DRUN=fclose(fopen("started", "w")); while (!host->interrupted(run)) usleep(1000); return 1'
	# a shell's background jobs ignore SIGINT, and so would virgo
	run -130 python3 -c '
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
p = subprocess.Popen([os.environ["VIRGO"], "wait"])
try:
    while not os.path.exists("started"):
        assert p.poll() is None
        time.sleep(0.01)
    p.send_signal(signal.SIGINT)
    sys.exit(p.wait(10))
finally:
    p.kill()'
}
