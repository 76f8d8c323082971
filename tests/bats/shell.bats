#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo shell -c, virgo shell < FILE and virgo run from the outside: what the language does with virgo's commands, programs
# of this machine, pipes, signals and memory. What it shares with any POSIX shell is a table elsewhere.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup_file()
{
	local n settings

	own_place
	export VIRGO_CONFIG=$BATS_FILE_TMPDIR/client.conf
	printf 'nodes = %s,%s\nkey_file = %s/key\ngroup.first = %s\n' "$A" "$B" "$BATS_FILE_TMPDIR" "$A" >"$VIRGO_CONFIG"
	settings=('exec_allow = /usr/bin/' 'exec_grace = 200ms' 'value_max = 64M' 'output_max = 256M')
	for n in "1 $A" "2 $B"; do
		own_node "${n% *}" "${n#* }" "analytics_file = $BATS_FILE_TMPDIR/values${n% *}" "${settings[@]}"
	done
}

teardown_file()
{
	own_nodes_end
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	MARK=mark.$BATS_TEST_NUMBER.$$
}

# sh TEXT [NAME ARG...]: what is tested, in most tests
sh()
{
	status=0
	output=$("$VIRGO" shell -c "$@" </dev/null 2>sh.err) || status=$?
	stderr=$(<sh.err)
	mapfile -t lines <<<"$output"
}

# script: standard input becomes ./script
script()
{
	cat >script
}

# programs of nodes with $MARK among their words
running()
{
	local pid comm n=0

	for pid in $(pgrep -f -- "$MARK"); do
		{ read -r comm <"/proc/$pid/comm"; } 2>/dev/null || continue
		[[ $comm = virgo || $comm = env ]] || n=$((n + 1))	# not who asks for it, nor on its way to that
	done
	echo "$n"
}

runs()
{
	[[ $(running) = "$1" ]]
}

# --- how it is begun and ended ----------------------------------------------------------------------------------------

@test "-c, standard input and run: the same language, with its name and arguments" {
	sh 'echo "$0" "$1" $#' name 'a b' c
	assert_success
	assert_output 'name a b 2'
	run "$VIRGO" shell <<<'echo from stdin; exit 4'
	assert_failure 4
	assert_output 'from stdin'
	script <<<'echo "$0 $*"'
	run "$VIRGO" run script x y
	assert_output 'script x y'
	run "$VIRGO" run - z <script
	assert_output -- '- z'
	printf '#!/usr/bin/env -S %s run\necho "$1"\n' "$VIRGO" >program
	chmod +x program
	run ./program direct
	assert_output direct
	run -127 --separate-stderr "$VIRGO" run nothing
	assert_regex "$stderr" 'nothing: No such file'
	run --separate-stderr "$VIRGO" shell script
	assert_failure 2
}

@test "run: -e, -u and pipefail are on; in shell -c they are off" {
	script <<<'false; echo on'
	run "$VIRGO" run script
	assert_failure 1
	assert_output ''
	script <<<'echo $nothing; echo on'
	run --separate-stderr "$VIRGO" run script
	assert_failure 2
	assert_regex "$stderr" '^virgo: script:1:6: nothing is not set'
	script <<<'exec -w nowhere.invalid -- true | cat; echo on'
	run --separate-stderr "$VIRGO" run script
	assert_failure 5
	assert_output ''
	script <<<'set +e +u +o pipefail; false; echo $nothing on'
	run "$VIRGO" run script
	assert_output on
	sh 'false; echo $nothing on; false | true'
	assert_success
	assert_output on
}

@test "an error of the language names file, line and column, and shows the place" {
	printf 'echo begun\n\techo ok; echo "${nothing:?is missing}"\n' | script
	run --separate-stderr "$VIRGO" run script
	assert_failure 2
	assert_output $'begun\nok'
	[ "$stderr" = $'virgo: script:2:17: nothing: is missing\n  \techo ok; echo "${nothing:?is missing}"\n  \t               ^' ]
	sh 'echo $((1/0))'
	assert_failure 2
	[ "$stderr" = $'virgo: -c:1:6: arithmetic: division by 0\n  echo $((1/0))\n       ^' ]
	sh 'if true; then'
	assert_failure 2
	assert_regex "$stderr" '^virgo: -c:1:'
	sh 'f() { echo $1 ${2?second}; }
	f a'
	assert_regex "$stderr" '^virgo: -c:1:15: 2: second'
}

@test "a word that nobody knows: 127, and what was perhaps meant" {
	sh 'ls; echo $?'
	assert_output 127
	[ "$stderr" = $'virgo: -c:1:1: no such command: "ls"\n  ls; echo $?\n  ^\nhint: !ls runs the program of this machine' ]
	sh 'node lss'
	assert_failure 2
	assert_regex "$stderr" 'did you mean'
	sh 'mmem get k'
	assert_failure 127
	assert_regex "$stderr" 'hint: did you mean mem'
	# what other shells have
	for word in alias let declare wait jobs time; do
		sh "$word x"
		assert_failure 127
		[ "${stderr##*hint: }" != "$stderr" ]
	done
	sh 'alias x=y'
	assert_regex "$stderr" 'hint: there are no aliases: write a function'
	sh 'x=1; -w x mem get k'
	assert_failure 127
	assert_regex "$stderr" 'options stand behind the command'
}

@test "help WORD, in the shell and outside, for every command and construct; the page has them all" {
	local word words

	words=$("$VIRGO" shell -c help | sed -n "/^the shell's own commands/,\$p" | sed -n 's/^  \([^ ]*\) .*/\1/p')
	[ "$(wc -l <<<"$words")" -gt 45 ]
	for word in $words if then elif else fi while until do done for in case esac '{' '}' '|' '<'; do
		run -0 "$VIRGO" help "$word"
		assert_output --partial usage:
		run -0 "$VIRGO" shell -c 'help "$1"' x "$word"
		assert_line --index 0 --regexp '^usage: '
	done
	col -b <<<"$(MANWIDTH=200 man -l "$TOP/man/virgo-shell.1")" >page
	for word in $("$VIRGO" shell -c help | sed -n "/^the shell's own commands/,/^the language/p" | sed -n 's/^  \([^ ]*\) .*/\1/p'); do
		grep -qE "^ {7}(.*, )?$(sed 's/[.[]/\\&/g' <<<"$word")( |,|$)" page || fail "$word is not in virgo-shell(1)"
	done
}

# --- virgo's commands ---------------------------------------------------------------------------------------------------

@test "virgo's commands without the word virgo, their statuses, their output in variables" {
	sh 'mem set k "a  b" && x=$(mem get k); echo "[$x] $?"; mem get none; echo $?; exec -- false; echo $?
		mem del k; if mem get k 2>/dev/null; then echo there; else echo gone $?; fi'
	assert_output $'[a  b] 0\n3\n1\ngone 3'
	sh 'mem set n 5; mem incr n -3; echo $(($(mem get n) * 2)); for n in $(node ls -o raw); do echo node $n; done'
	assert_output --partial $'2\n4\nnode '
	sh 'mem set f - < '"$BATS_TEST_FILENAME"'; mem get f > copy; mem get f | cmp - copy; echo $pipestatus
		mem set h <<END
here $((1+1))
END
		mem get h'
	assert_output $'0 0\nhere 2'
	cmp copy "$BATS_TEST_FILENAME"
}

@test "use picks the nodes, output the format, timing says how long it took" {
	sh 'use; use @first; use; node ls -o raw | wc -l; use -; node ls -o raw | wc -l; node ls -o raw -w @first | wc -l'
	assert_output "$A,$B
@first
1
2
1"
	sh 'use @nobody; echo $?'
	assert_output 2
	assert_regex "$stderr" '^virgo: -c:1:1: use: .*nobody'
	run "$VIRGO" shell -w "$A" -c 'use; node ls -o raw | wc -l; use all; node ls -o raw | wc -l'
	assert_output "$A
1
2"
	sh 'mem set j 1; output json; mem get j | jq -r .key; output -; mem get j; output yaml; echo " $?"'
	assert_output $'j\n1 2'
	assert_regex "$stderr" 'output: .*yaml.* none of'
	sh 'timing on; mem set t 1; echo x; timing off; mem set t 2; timing'
	assert_output $'x\noff'
	assert_regex "$stderr" '^time: mem set: [0-9.]+ .s$'
	sh 'export VIRGO_NODES='"$A"'; node ls -o raw | wc -l; mem set v 1; export VIRGO_OUTPUT=json; mem get v | jq -r .value'
	assert_output $'1\n1'
}

connections()
{
	"$VIRGO" api -w "$A" /v1/stats | jq .connections.accepted
}

@test "connections stay open from one command to the next, also behind a fork" {
	local before

	"$VIRGO" api -w "$A" /v1/stats | jq -e .connections.accepted || "$VIRGO" api -w "$A" /v1/stats
	before=$(connections)
	sh "use $A; i=0; while [ \$i -lt 50 ]; do mem set k\$i v; i=\$((i+1)); (true); x=\$(echo; echo); done"
	assert_success
	# ours, and those of the two calls that count
	[ $(($(connections) - before)) -le 4 ]
}

@test "virgo-foo is a command of the shell, too" {
	mkdir bin
	printf '#!/bin/sh\necho "foo $1 $VIRGO_NODES"; cat; exit 9\n' >bin/virgo-foo
	chmod +x bin/virgo-foo
	PATH=$PWD/bin:$PATH sh 'use @first; echo in | foo a; echo $?; x=$(foo b </dev/null); echo "$x"; foo c </dev/null | tr a-z A-Z'
	assert_output $'foo a @first\nin\n9\nfoo b @first\nFOO C @FIRST'
}

@test "help: commands, the shell's own words, constructs" {
	sh 'help mem get'
	assert_success
	assert_line --partial 'usage: virgo mem get'
	sh 'help cd; help if; help done; help printf'
	assert_line --partial 'usage: cd'
	assert_line --partial 'if LIST; then'
	sh 'help'
	assert_line --partial "the shell's own commands"
	sh 'help nothing'
	assert_failure 3
	sh 'type cd mem exec if nobody_; command -v cd'
	assert_output $'cd is a command of the shell\nmem is a virgo command\nexec is a virgo command\nif is a word of the language\ncd'
}

# --- programs and pipes ---------------------------------------------------------------------------------------------------

@test "programs of this machine: behind ! and behind |, with their statuses" {
	sh '!printf "%s\n" a "b c"; !sh -c "exit 3"; echo $?; x=$(!printf x); echo $x; !nothing_; echo $?; !/etc/passwd; echo $?'
	assert_output $'a\nb c\n3\nx\n127\n126'
	sh 'echo b a | tr " " "\n" | sort | while read -r x; do echo "<$x>"; done'
	assert_output $'<a>\n<b>'
	touch 1.txt 2.txt
	sh '!echo *.txt "*.txt"; echo *.txt; echo x | cat - 1.*; for f in *.txt; do echo $f; done'
	assert_output $'1.txt 2.txt *.txt\n*.txt\nx\n1.txt\n2.txt'
	sh '!sh -c "kill -TERM \$\$"; echo $?'
	assert_output 143
	assert_regex "$stderr" 'killed by signal 15'
}

@test "pipelines: all statuses, pipefail, negation, variables of the stages their own" {
	sh 'false | true; echo "$? $pipestatus"; !sh -c "exit 3" | !sh -c "exit 4" | true; echo "$? $pipestatus"
		set -o pipefail; !sh -c "exit 3" | !sh -c "exit 4" | true; echo "$? $pipestatus"
		! true | false; echo $?; true; echo $pipestatus'
	assert_output $'0 1 0\n0 3 4 0\n4 3 4 0\n0\n0'
	sh 'x=1; echo a | read x; echo $x; mem set k v; f() { x=$1; mem get k; }; f 2 | cat; echo " $x"; : ${y:=1} | cat; echo "[$y]"'
	assert_output $'1\nv 1\n[]'
	sh 'mem set p1 abc; mem get p1 | mem set p2; mem get p2 | tr a-c A-C | mem set p3; mem get p3; echo; mem get p1 | { read x; echo "got $x"; } | cat'
	assert_output $'ABC\ngot abc'
}

@test "a reader that has gone ends the writer at once: 141, without a word" {
	local began=$SECONDS

	sh 'exec -w @first -- yes | head -n 1; echo "$? $pipestatus"'
	assert_success
	assert_output $'y\n0 141 0'
	[ -z "$stderr" ]
	sh 'while :; do echo y; done | head -n 1; set -o pipefail; !yes | head -n 1; echo $?'
	assert_output $'y\ny\n141'
	[ -z "$stderr" ]
	run bash -c '"$VIRGO" shell -c "while :; do echo y; done" 2>err | head -n 1; echo ${PIPESTATUS[0]}; cat err'
	assert_output $'y\n141'
	run bash -c '"$VIRGO" shell -c "exec -w @first -- yes; echo not seen >&2" 2>err | head -n 1; echo ${PIPESTATUS[0]}; cat err'
	assert_output $'y\n141'
	[ $((SECONDS - began)) -lt 10 ]
	sh 'echo full > /dev/full; echo $?; mem set k v; mem get k > /dev/full; echo $?'
	assert_output $'1\n1'
	assert_regex "$stderr" "can't write the output: No space"
}

@test "bytes pass through pipes and redirections; a variable that would lose them is an error" {
	head -c 100000 /dev/urandom >random
	printf '\0\1\0' >>random
	sh 'mem set bin < random; mem get bin | cat > copy1; mem get bin > copy2; mem get bin | mem set bin2; !cmp random copy1; !cmp random copy2
		mem get bin2 | { cat_() { !cat; }; cat_; } | cmp - random; echo same'
	assert_output same
	sh 'mem set nul < random; x=$(mem get nul); echo not'
	assert_failure 2
	assert_output ''
	assert_regex "$stderr" '^virgo: -c:1:25: the output has a NUL byte.*use a pipe'
	sh 'x=$(!cat random; true); echo not'
	assert_failure 2
	sh 'printf "a\0b\n" | read x; echo $?; printf "a\0b" | od -An -c'
	assert_output $'2\n   a  \\0   b'
}

# rss: the largest resident set of a command, in KiB, in $peak
rss()
{
	/usr/bin/env python3 - "$@" <<'END' >rss
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
	peak=$(tail -n 1 rss)
}

@test "200 MB stream through a pipe without being held" {
	local sum

	head -c 60000000 /dev/zero >big
	"$VIRGO" mem set big - -w "$A" <big
	sum=$(head -c 200000000 /dev/zero | sha256sum)
	rss "$VIRGO" shell -c "exec -w $A -- head -c 200000000 /dev/zero | sha256sum > sum; !test \"\$pipestatus\" = '0 0'"
	[ "$(cat sum)" = "$sum" ]
	echo "peak: $peak KiB"
	[ "$peak" -lt 40000 ]
	sum=$(sha256sum <big)
	rss "$VIRGO" shell -c "use $A; mem get big | sha256sum > sum; mem get big > out; mem set big2 - < big"
	[ "$(cat sum)" = "$sum" ]
	cmp out big
	echo "peak: $peak KiB"
	[ "$peak" -lt 40000 ]
	sh 'x=$(!head -c 70000000 /dev/zero | tr "\0" a); echo not'
	assert_failure 2
	assert_regex "$stderr" 'over 64 MiB'
	sh "x=\$(exec -w $A -- head -c 70000000 /dev/zero); echo not"
	assert_failure 2
	assert_regex "$stderr" 'over 64 MiB'
	"$VIRGO" mem del big big2 -w "$A"
}

@test "redirections: files, descriptors, here-documents, and back again" {
	sh 'echo a > f; echo b >> f; { echo out; echo err >&2; } > g 2>&1; { echo three >&3; } 3> h; read x < f; echo $x
		mem get none_ > e 2>&1; !cat g h e; echo x 2>/dev/null >&2; echo still; { mem get f_; } 2>&1 | cat; echo >&7; echo $?'
	assert_output --regexp $'^a\nout\nerr\nthree\nvirgo: mem get: no key "none_"[^\n]*\nstill\nvirgo: mem get: no key "f_"[^\n]*\n2$'
	sh 'cat_() { while read -r l; do echo "[$l]"; done; }; x=1; cat_ <<END; cat_ <<"END"; cat_ <<-END
$x $((x+1)) $(echo c) \$x
END
$x
END
	tab
	END'
	assert_output $'[1 2 c $x]\n[$x]\n[tab]'
	sh 'echo x > /nowhere/file; echo $?; { echo; } < /nowhere/file || echo no'
	assert_output $'2\nno'
	assert_regex "$stderr" "^virgo: -c:1:8: can't write to /nowhere/file: No such file"
	# what a redirection names is never one of the shell's own connections
	sh 'mem set k v; { mem set k2 v2; mem get k; } 3>a 4>b 5>c 6>d 7>e 8>f 9>g; mem get k2 >&- ; mem get k2'
	assert_output 'vv2'
}

# --- -e, -u, -x, traps, signals ----------------------------------------------------------------------------------------------

@test "-e knows POSIX's exceptions" {
	sh 'set -e; if false; then :; fi; while false; do :; done; false || true; false && true; ! true; f() { false; echo in f; }; f || true; echo here; mem get none_; echo not'
	assert_failure 3
	assert_output $'in f\nhere'
	sh 'set -e; x=$(false); echo not'
	assert_failure 1
	sh 'set -e; (false); echo not'
	assert_failure 1
	sh 'set -e; trap "echo end \$?" EXIT; exec -- sh -c "exit 7"; echo not'
	assert_failure 7
	assert_output 'end 7'
}

@test "-x shows what runs, but no secret" {
	local key

	key=$(sed -n 's/.*:\(.*\)"/\1/p' "$BATS_FILE_TMPDIR/key")
	sh 'set -x; x="a b"; echo "$x" $((1+1)); MY_TOKEN=hunter22; echo "is $MY_TOKEN!"; echo '"$key"'; DB_PASSWORD=zyx true; unset MY_TOKEN'
	assert_success
	[ "$stderr" = "+ x='a b'
+ echo 'a b' 2
+ MY_TOKEN='***'
+ echo 'is ***!'
+ echo '***'
+ DB_PASSWORD='***' true
+ unset MY_TOKEN" ]
}

@test "traps: EXIT once and in subshells, signals between commands, ignored and reset ones" {
	sh 'trap "echo bye \$?" EXIT; (trap "echo sub" EXIT; echo in); exit 3'
	assert_failure 3
	assert_output $'in\nsub\nbye 3'
	sh 'trap "echo usr1" USR1; !kill -USR1 $$; echo on; trap - USR1; trap "" TERM; !kill -TERM $$; echo alive; trap'
	assert_output $'usr1\non\nalive\ntrap -- \'\' TERM'
	sh 'trap "exit 5" TERM; sleep 0.2; !sh -c "sleep 0.3; kill -TERM $$" >/dev/null; sleep 20; echo not'
	assert_failure 5
	sh 'trap x KILL; echo $?'
	assert_output 1
}

# interrupt SECONDS WHEN COMMAND...: run it, send SIGINT when WHEN succeeds; its status in $status, output in out and err
interrupt()
{
	local pid when=$1 status_=0

	shift
	: >out	# what an earlier one said must not count
	env --default-signal=INT "$@" >out 2>err 3>&- </dev/null &
	pid=$!
	eval "poll_until 10 $when"
	kill -INT "$pid"
	wait "$pid" || status_=$?
	status=$status_
	echo "status $status of $*: $(tail -n 3 out err)"
}

@test "Ctrl-C ends the command under way, remote ones too, and the script with 130; the trap on EXIT runs" {
	script <<-END
		trap 'echo the end \$?' EXIT
		echo begun
		exec -w $A -- sh -c "sleep 100; : $MARK"
		echo not
	END
	interrupt 'runs 1' "$VIRGO" run script
	[ "$status" = 130 ]
	[ "$(cat out)" = $'begun\nthe end 130' ]
	poll_until 5 runs 0
}

@test "Ctrl-C: programs, sleep, loops, pipelines and substitutions end; a trap on INT goes on" {
	local began=$SECONDS

	interrupt 'test -s out' "$VIRGO" shell -c 'echo a; !sleep 100; echo not'
	[ "$status" = 130 ]
	interrupt 'test -s out' "$VIRGO" shell -c 'echo a; sleep 100; echo not'
	[ "$status" = 130 ]
	interrupt 'test -s out' "$VIRGO" shell -c 'echo a; while :; do :; done; echo not'
	[ "$status" = 130 ]
	interrupt 'test -s out' "$VIRGO" shell -c 'echo a; !sleep 100 | cat; echo not'
	[ "$status" = 130 ]
	interrupt 'test -s out' "$VIRGO" shell -c 'echo a; x=$(!sleep 100; true); echo not'
	[ "$status" = 130 ]
	interrupt 'test -s out' "$VIRGO" shell -c 'echo a; (while :; do :; done); echo not'
	[ "$status" = 130 ]
	[ "$(cat out)" = a ]
	# the session goes on, and its nodes answer
	interrupt 'runs 1' "$VIRGO" shell -c 'trap "echo int" INT; mem set k v; exec -w '"$A"' -- sh -c "sleep 100; : '"$MARK"'"; echo $?; mem get k'
	[ "$status" = 0 ]
	[ "$(cat out)" = $'int\n130\nv' ]
	poll_until 5 runs 0
	# with -e the trap runs, too, before the end
	script <<-END2
		trap 'echo int \$?' INT
		trap 'echo end \$?' EXIT
		mem set k v
		exec -w $A -- sh -c "sleep 100; : $MARK"
		echo not
	END2
	interrupt 'runs 1' "$VIRGO" run script
	[ "$status" = 130 ]
	[ "$(cat out)" = $'int 130\nend 130' ]
	poll_until 5 runs 0
	# an ignored interrupt leaves the remote run alone
	interrupt 'runs 1' "$VIRGO" shell -c 'trap "" INT; exec -w '"$A"' -- sh -c "sleep 1.5; : '"$MARK"'"; echo $?'
	[ "$(cat out)" = 0 ]
	[ $((SECONDS - began)) -lt 60 ]
}

# --- bounds --------------------------------------------------------------------------------------------------------------------

@test "a million rounds leak nothing" {
	rss "$VIRGO" shell -c 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done'
	small=$peak
	rss "$VIRGO" shell -c 'i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); x="$i:${x%%:*}"; case $x in q) ;; esac; done'
	echo "peak: $small, $peak KiB"
	[ $((peak - small)) -lt 2000 ]
	rss "$VIRGO" shell -c 'f() { local a=$1; [ "$a" ]; }; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); f $i; y=$(echo $i); echo $y >/dev/null; done'
	echo "peak: $peak KiB"
	[ $((peak - small)) -lt 2000 ]
}

@test "a text of more than 16 MiB is an error before anything is kept of it" {
	yes ': a b c' | head -c $((16 << 20)) >large
	echo ': end of it' >>large
	rss bash -c '"$VIRGO" run large || [ $? = 127 ]'
	echo "peak: $peak KiB"
	[ "$peak" -lt 100000 ]
	run -127 "$VIRGO" run large
	assert_output --partial 'large: over 16 MiB'
	run -2 --separate-stderr "$VIRGO" shell -c 'x=": a b c
"; while [ ${#x} -le 16777216 ]; do x=$x$x; done; eval "$x"; echo on'
	assert_regex "$stderr" 'longer than 16 MiB'
}

@test "too deep is an error, not a crash" {
	sh 'f() { f; }; f; echo not'
	assert_failure 2
	assert_regex "$stderr" 'too deep'
	sh 'x="eval \"\$x\""; eval "$x"; echo not'
	assert_failure 2
	echo '. ./loop' >loop
	sh '. ./loop; echo not'
	assert_failure 2
	sh "echo \$(($(printf '(%.0s' {1..3000})1$(printf ')%.0s' {1..3000})))"
	assert_failure 2
	sh 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'
	assert_failure 2
	assert_regex "$stderr" 'over 64 MiB'
}

@test "a shell within the shell is a process of its own" {
	script <<<'echo "in $1"; x=2; exit 6'
	sh 'x=1; run script a; echo "$? $x"; shell -c "echo nested; exit 2"; echo $?'
	assert_output $'in a\n6 1\nnested\n2'
}
