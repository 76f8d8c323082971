#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo exec and job from the outside: on one node and on many, of which one may be dead or slow; output as it comes,
# exit statuses, what is written down, and that what is given up is ended.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup_file()
{
	local n

	own_place
	export HOST=$A WORK=$BATS_FILE_TMPDIR/work VIRGO_CONFIG=$BATS_FILE_TMPDIR/client.conf
	mkdir -p "$WORK"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$WORK"
	(
		umask 077
		printf 'reader %s rights=read\n' "$secret" >>"$BATS_FILE_TMPDIR/keys"
		printf 'user = "reader:%s"\n' "$secret" >"$BATS_FILE_TMPDIR/key.reader"
	)
	printf 'nodes = %s,%s,%s\nkey_file = %s/key\ngroup.two = %s,%s\n' "$A" "$B" "$C" "$BATS_FILE_TMPDIR" "$A" "$B" >"$VIRGO_CONFIG"
	for n in "1 $A" "2 $B" "3 $C"; do
		start_node "${n% *}" "${n#* }"
	done
}

start_node()
{
	own_node "$1" "$2" "analytics_file = $BATS_FILE_TMPDIR/values$1" 'exec_grace = 200ms' 'output_max = 64k' \
		"exec_allow = /usr/bin/, $WORK/, $TOP/build/functions/" "exec_functions = $TOP/build/functions"
}

teardown_file()
{
	own_nodes_end
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	MARK=mark.$BATS_TEST_NUMBER.$$
	OUT=''
}

virgo()
{
	"$VIRGO" "$@"
}

# script NAME: a program of standard input's lines, which the nodes may run
script()
{
	{ echo '#!/bin/sh'; cat; } >"$WORK/$1"
	chmod 755 "$WORK/$1"
}

# how many programs of nodes have $MARK among their words
running()
{
	local pid comm n=0

	for pid in $(pgrep -f -- "$MARK"); do
		{ read -r comm <"/proc/$pid/comm"; } 2>/dev/null || continue
		[[ $comm = virgo || $comm = env ]] || n=$((n + 1))
	done
	echo "$n"
}

nobody_runs()
{
	[[ $(running) = 0 ]]
}

runs()
{
	[[ $(running) -ge $1 ]]
}

# a program that says it has begun, and stays; $MARK is its argument
sleeper()
{
	script sleeper <<-'END'
		echo "begun $1"
		while :; do sleep 1; done
	END
}

# start ARGUMENT...: virgo in the background, its pid in $pid; an interrupt reaches it, which shells else see to
start()
{
	: >out
	env --default-signal=INT "$VIRGO" "$@" >out 2>err 3>&- </dev/null &
	pid=$!
}

# ends CODE: what start began ends, with this status
ends()
{
	local status=0

	wait "$pid" || status=$?
	[[ $status = "$1" ]] || { echo "status $status instead of $1"; cat out err; return 1; }
}

interrupted()
{
	start "$@"
	poll_until 15 grep -q begun out
	kill -INT "$pid"
	ends 130
}

@test "one node: output byte for byte, its own streams, its own exit status" {
	head -c 30000 /dev/urandom >in
	virgo -w "$A" exec cat <in | cmp - in
	run --separate-stderr virgo -w "$A" exec -- sh -c 'echo out; echo err >&2; printf end; exit 7'
	assert_failure 7
	[ "$output" = $'out\nend' ]
	[ "$stderr" = err ]
	run virgo exec -- false
	assert_failure 1
	assert_output ''
	run virgo exec -- sh -c 'kill -KILL $$'
	assert_failure 137
	assert_output --partial 'killed by signal 9'
	printf 'x\0y' >want
	virgo exec -- printf 'x\0y' | cmp - want
}

@test "arguments are words, not a shell's; environment, directory and priority go along" {
	run virgo exec -- printf '<%s>' 'a b' '$HOME' '*' '' "it's"
	assert_output "<a b><\$HOME><*><><it's>"
	run virgo exec --env 'GREETING=good day' --env EMPTY= --cwd /tmp -- sh -c 'echo "$GREETING,$EMPTY"; pwd'
	assert_output $'good day,\n/tmp'
	run virgo exec --env GREETING -- true
	assert_failure 2
	run virgo exec --cwd tmp -- true
	assert_failure 2
	run virgo exec --priority 101 -- true
	assert_failure 2
	run virgo exec -- printf '\xff' $'\xff'
	assert_failure 2
	assert_output --partial 'argument 2 is not UTF-8'
}

@test "without -w one node is picked, with -w or --all all of them run it" {
	[ "$(virgo exec -- echo x)" = x ]
	run virgo exec --all -- echo x
	assert_success
	[ "$(sort <<<"$output")" = "$(printf '%s: x\n' "$A" "$B" "$C" | sort)" ]
	run virgo -w "$A,$B" exec -- echo x
	[ "$(sort <<<"$output")" = "$(printf '%s: x\n' "$A" "$B" | sort)" ]
	[ "$(virgo -w "$A,$B" exec --any -- echo x)" = x ]
	run virgo exec --all --any -- echo x
	assert_failure 2
	run virgo exec
	assert_failure 2
}

@test "node sets are worked out: steps, difference, intersection" {
	[ "$(virgo -w "@two!$A" exec -- echo x)" = x ]
	[ "$(virgo -w "all&$C" exec -o json -- true | jq -r '.[].node')" = "$C" ]
	[ "$(virgo -w 'all!@two' exec -o json -- true | jq -r '.[].node')" = "$C" ]
	[ "$(virgo -w "${HOST%.*}.[${HOST##*.}-$((${HOST##*.} + 2))/2]" exec -o json -- true | jq -c 'map(.node)')" = "[\"$A\",\"$C\"]" ]
	run virgo -w '@two!@two' exec -- true
	assert_failure 2
	assert_output --partial 'no node is left'
}

@test "lines of several nodes are never mixed, and each has its node's name" {
	virgo exec --all -- sh -c 'i=0; while [ $i -lt 2000 ]; do echo "line $i of this node"; i=$((i + 1)); done; printf "no end"' >lines
	[ "$(wc -l <lines)" = 6003 ]
	run ! grep -vE "^127[0-9.]*: (line [0-9]+ of this node|no end)\$" lines
	[ "$(grep -c "^$B: " lines)" = 2001 ]
	# in order for each node
	grep "^$B: line" lines | awk '$3 != NR - 1 { exit 1 }'
	# as it is, without names
	[ "$(virgo -o raw exec --all -- echo x)" = $'x\nx\nx' ]
	# a line longer than what is kept comes in parts
	virgo -w "$A,$B" exec -- head -c 40000 /dev/zero | tr '\0' z >lines
	[ "$(wc -l <lines)" = 6 ]
	[ "$(tr -cd z <lines | wc -c)" = 80000 ]
}

@test "output comes while the program still runs" {
	sleeper
	interrupted -w "$A" exec "$WORK/sleeper" "$MARK"
	grep -qx "begun $MARK" out
	interrupted exec --all "$WORK/sleeper" "$MARK"
	grep -q ": begun $MARK" out
	grep -q 'interrupted, 3 of 3 nodes had not ended' err
	# and what was given up is ended
	poll_until 15 nobody_runs
}

@test "whoever reads no more, or is killed, ends the runs" {
	"$VIRGO" exec --all -- yes "$MARK" 2>/dev/null | head -n 1 >out
	grep -q "$MARK" out
	poll_until 15 nobody_runs
	start exec --all -- sh -c "echo begun; sleep 600 # $MARK"
	poll_until 15 grep -q begun out
	kill -KILL "$pid"
	ends 137
	poll_until 15 nobody_runs
}

@test "standard input goes to all; -n gives none; too much is refused before anything runs" {
	run virgo exec --all -- cat <<<'to all'
	[ "$(sort <<<"$output")" = "$(printf '%s: to all\n' "$A" "$B" "$C" | sort)" ]
	[ "$(echo x | virgo exec -n -- cat)" = '' ]
	[ "$(virgo exec -- cat </dev/null)" = '' ]
	[ "$(virgo exec -- wc -c <&-)" = 0 ]
	run virgo exec -- cat < <(head -c 1048577 /dev/zero)
	assert_failure 2
	assert_output --partial 'over 1048576 bytes'
	run virgo exec -- cat < <(head -c 1000000 /dev/urandom)
	assert_failure 2
	assert_output --partial 'over 1 MiB'
}

@test "refusals: not there 3, not allowed 4, one line that says so" {
	run --separate-stderr virgo exec -- "no-such-$MARK"
	assert_failure 3
	[ "${#stderr_lines[@]}" = 1 ]
	run --separate-stderr virgo exec -- /etc/passwd
	assert_failure 4
	[ -z "$output" ]
	sed "s/key\$/key.reader/" "$VIRGO_CONFIG" >reader.conf
	run virgo -c reader.conf exec -- true
	assert_failure 4
	run virgo -c reader.conf exec --list
	assert_success
	run virgo -o json exec -- "no-such-$MARK"
	assert_failure 3
	[ "$(jq -r '.[0].error.code' <<<"$output")" = exec.not_found ]
}

@test "a time limit: 5, and the run is ended" {
	run virgo exec --timeout 200ms -- sleep 600
	assert_failure 5
	assert_output --partial 'ended by its time limit'
	run virgo --timeout 200ms exec --all -- sh -c "sleep 600 # $MARK"
	assert_failure 5
	assert_line --partial '3 of 3 nodes failed'
	poll_until 15 nobody_runs
	[ "$(virgo -o json exec --timeout 200ms -- sleep 600 | jq -c '.[] | [.status, .exit, .signal != 0]')" = '["timeout",-1,true]' ]
	# the call's own limit is the run's, not the 30 s of the configuration
	printf 'timeout = 500ms\n' | cat - "$VIRGO_CONFIG" >short.conf
	run virgo -c short.conf exec -- sh -c 'sleep 1; echo done'
	assert_success
	assert_output 'done'
}

@test "a dead node holds nobody up, and is named; the largest status counts" {
	run --separate-stderr virgo -w "all,$DEAD" exec -- echo x
	assert_failure 5
	[ "$(wc -l <<<"$output")" = 3 ]
	[[ $stderr = *"$DEAD:10000: no connection"*"1 of 4 nodes failed: $DEAD"* ]]
	run virgo -w "all,$DEAD" exec -- sh -c 'exit 9'
	assert_failure 9
	assert_line --partial '4 of 4 nodes failed'
	[ "$(grep -c 'exit status 9' <<<"$output")" = 3 ]
	run virgo -o json -w "$A,$DEAD" exec -- true
	assert_failure 5
	[ "$(jq -c '[.[0].status, .[1].error.kind]' <<<"$output")" = '["exited","unreachable"]' ]
	# where any will do, a dead one is passed over
	for i in 1 2 3 4 5 6; do
		[ "$(virgo -w "$A,$DEAD" exec --any -- echo "$i")" = "$i" ]
	done
}

@test "a slow node: the others' lines are there before it" {
	touch "$BATS_FILE_TMPDIR/node2/cwd/slow"
	script at-its-pace <<-'END'
		[ ! -e slow ] || until [ ! -e slow ]; do sleep 0.1; done
		echo "begun $1"
	END
	start exec --all "$WORK/at-its-pace" "$MARK"
	poll_until 15 eval '[ "$(wc -l <out)" = 2 ]'
	kill -0 "$pid"
	run ! grep "$B" out
	rm "$BATS_FILE_TMPDIR/node2/cwd/slow"
	ends 0
	[ "$(tail -n 1 out)" = "$B: begun $MARK" ]
}

@test "folding: equal output once, streams apart" {
	script odd <<-'END'
		echo same
		[ ! -e odd ] || echo odd
		echo complaint >&2
	END
	run --separate-stderr virgo exec --all -b -- "$WORK/odd"
	assert_success
	[ "$output" = "$(printf '%s.[%s-%s]:\nsame' "${HOST%.*}" "${HOST##*.}" "${C##*.}")" ]
	[ "$stderr" = "$(printf '%s.[%s-%s]:\ncomplaint' "${HOST%.*}" "${HOST##*.}" "${C##*.}")" ]
	touch "$BATS_FILE_TMPDIR/node2/cwd/odd"
	run --separate-stderr virgo exec --all -b -- "$WORK/odd"
	[ "$output" = "$(printf '%s.[%s,%s]:\nsame\n\n%s:\nsame\nodd' "${HOST%.*}" "${HOST##*.}" "${C##*.}" "$B")" ]
	run --separate-stderr virgo exec --all --diff -- "$WORK/odd"
	[ "${lines[0]}" = "$(printf -- '--- %s.[%s,%s]' "${HOST%.*}" "${HOST##*.}" "${C##*.}")" ]
	[ "${lines[1]}" = "+++ $B" ]
	[ "${lines[4]}" = +odd ]
	[ "${#lines[@]}" = 5 ]
	rm "$BATS_FILE_TMPDIR/node2/cwd/odd"
	run --separate-stderr virgo exec --all --diff -- "$WORK/odd"
	assert_output ''
	run virgo -o json exec --all -b -- true
	assert_failure 2
}

@test "JSON, ndjson, TSV: a row a node, also of what failed" {
	run virgo -o json exec --all -- sh -c 'printf "a\377"; echo e >&2; exit 3'
	assert_failure 3
	[ "$(jq -c 'map(.node)' <<<"$output")" = "[\"$A\",\"$B\",\"$C\"]" ]
	[ "$(jq -c '.[0] | del(.us, .node)' <<<"$output")" = \
		'{"status":"exited","exit":3,"signal":0,"stdout_b64":"Yf8=","stderr":"e\n","truncated":false}' ]
	[ "$(virgo -o ndjson exec --all -- echo x | jq -rs 'map(.stdout) | add')" = $'x\nx\nx' ]
	[ "$(virgo exec --all --jq '[.[].exit] | add' -- true)" = 0 ]
	run virgo -o tsv -w "$A" exec -- sh -c 'printf "a\tb\n"'
	[ "$(cut -f 1-7 <<<"$output")" = "$(printf '%s\texited\t0\t0\ta\\tb\\n\t\tfalse' "$A")" ]
	run virgo -o json exec --kernel virgo_node_facts
	[ "$(jq -c '.[0].value' <<<"$output")" = 0 ]
}

@test "output over the node's limit is cut, and that is said" {
	run --separate-stderr bash -c '"$VIRGO" -w "$A" exec -- head -c 70000 /dev/zero | wc -c'
	[ "$output" = 65536 ]
	[[ $stderr = *'kept only the beginning of its output (70000 and 0 bytes came)'* ]]
	[ "$(virgo -o json -w "$A" exec -- head -c 70000 /dev/zero | jq -c '.[0] | [.truncated, (.stdout | length)]')" = '[true,65536]' ]
}

@test "job log: a line a node, and the failed ones once more" {
	script once <<-'END'
		[ -e "done.$1" ] && exit 0
		touch "done.$1"
		[ ! -e good ]
		exit $?
	END
	touch "$BATS_FILE_TMPDIR/node1/cwd/good"
	script picky <<-'END'
		[ -e good ] || exit 5
	END
	run virgo -w "all,$DEAD" exec --joblog log -- "$WORK/picky" "two words" "it's"
	assert_failure 5
	[ "$(head -n 1 log)" = $'node\tstart\tus\texit\tsignal\tcommand' ]
	[ "$(tail -n +2 log | cut -f 1,4,5 | sort)" = \
		"$(printf '%s\t%s\t0\n' "$A" 0 "$B" 5 "$C" 5 "$DEAD" -1 | sort)" ]
	[ "$(tail -n 1 log | cut -f 6)" = "$WORK/picky 'two words' \$'it\\'s'" ]
	awk -F'\t' 'NR > 1 && ($2 < 1700000000 || $2 !~ /\.[0-9][0-9][0-9][0-9][0-9][0-9]$/ || $3 !~ /^[0-9]+$/) { exit 1 }' log
	touch "$BATS_FILE_TMPDIR/node3/cwd/good"
	run virgo exec --retry-failed log --joblog log -- "$WORK/picky"
	assert_failure 5
	# $C did it; $B and the dead one are left
	[ "$(tail -n +6 log | cut -f 1,4 | sort)" = "$(printf '%s\t%s\n' "$B" 5 "$C" 0 "$DEAD" -1 | sort)" ]
	touch "$BATS_FILE_TMPDIR/node2/cwd/good"
	run virgo -w all exec --retry-failed log --joblog log2 -- "$WORK/picky"
	assert_success
	[ "$(tail -n +2 log2 | cut -f 1)" = "$B" ]
	run virgo exec --retry-failed log2 -- "$WORK/picky"
	assert_success
	assert_output ''
	rm "$BATS_FILE_TMPDIR"/node?/cwd/good
	run virgo exec --retry-failed "$WORK/picky" -- true
	assert_failure 2
	assert_output --partial 'not a line of a job log'
	run virgo exec --retry-failed nowhere -- true
	assert_failure 3
	run virgo exec --joblog /nowhere/log -- true
	assert_failure 3
}

@test "--fail-fast ends the others, and none is begun any more" {
	script race <<-END
		if mkdir '$WORK/first' 2>/dev/null; then exit 4; fi
		exec sleep 600.17
	END
	run virgo exec --all --fail-fast --joblog log -- "$WORK/race" "$MARK"
	assert_failure 4
	assert_line --partial 'stopped by --fail-fast, 2 of 3 nodes had not ended'
	rmdir "$WORK/first"
	[ "$(wc -l <log)" = 2 ]
	poll_until 15 nobody_runs
	run virgo exec --all --fail-fast --max-parallel 1 -- sh -c "touch '$WORK/begun.\$\$'; exit 6"
	assert_failure 6
	[ "$(find "$WORK" -name 'begun.*' | wc -l)" = 1 ]
}

@test "--max-parallel: never more at once" {
	script crowd <<-END
		n=\$(mktemp -d '$WORK/crowd.XXXXXX')
		ls -d '$WORK'/crowd.* | wc -l
		sleep 0.2
		rmdir "\$n"
	END
	run virgo exec --all --max-parallel 1 -o raw -- "$WORK/crowd"
	assert_output $'1\n1\n1'
	run virgo exec --max-parallel 0 -- true
	assert_failure 2
}

@test "a node that dies under a run: unreachable, and it may have run" {
	sleeper
	start_node 4 "$DEAD"
	start -w "$A,$DEAD" exec -o json --joblog log -- "$WORK/sleeper" "$MARK"
	poll_until 15 runs 2
	kill -KILL "$(<"$BATS_FILE_TMPDIR/node4/pid")"
	poll_until 15 grep -q "^$DEAD"$'\t' log
	# the other one is still at it
	kill -0 "$pid"
	kill -INT "$pid"
	ends 130
	[ "$(jq -c '.[] | .error | [.kind, .maybe_done]' out)" = '["unreachable",true]' ]
	poll_until 15 nobody_runs
	rm -r "$BATS_FILE_TMPDIR/node4"
}

@test "a thousand nodes: every one is heard, in less than 100 MiB" {
	unshare -n true 2>/dev/null || skip 'no network of its own can be made here'
	mkdir state
	printf '%s\n' 'node_id = 1' 'listen = 0.0.0.0' "key_file = $BATS_FILE_TMPDIR/keys" "state_dir = $PWD/state" \
		"analytics_file = $PWD/values.conf" 'exec_allow = /usr/bin/' "exec_user = $(id -un)" >conf
	# every address of 127/8 is this node
	cat >world <<-END
		ip link set lo up
		'${VIRGOD:-$TOP/build/virgod}' --config conf >log 2>&1 </dev/null &
		node=\$!
		until grep -q started log; do kill -0 \$node || exit; sleep 0.05; done
		python3 -c '
		import resource, subprocess, sys
		with open("out", "wb") as out:
		    status = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=out)
		print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
		' '$VIRGO' -w '127.1.[0-3].[1-250]' exec -- echo up >result
		kill \$node
		wait \$node
	END
	unshare -n bash world 3>&-
	read -r status kib <result
	[ "$status" = 0 ]
	[ "$kib" -lt 102400 ]
	[ "$(sort -u out | wc -l)" = 1000 ]
	run ! grep -v ': up$' out
}

@test "kernel functions and the list of what can be run" {
	run virgo -w "$A" exec --kernel virgo_cloud_test_kernelspace hello
	assert_success
	assert_line --partial 'on node 1'
	assert_line 'argument 1: hello'
	[ "$(echo 'hello, Functions' | virgo -w "$A" exec --function sample:upper)" = 'HELLO, FUNCTIONS' ]
	run virgo -o json exec --all --function sample:sum 40 2
	[ "$(jq -c 'map([.stdout, .value, .exit])' <<<"$output")" = '[["42\n",42,42],["42\n",42,42],["42\n",42,42]]' ]
	assert_failure 42
	run virgo -w "$A" exec --function sample:no-such
	assert_failure 3
	run virgo exec --function --kernel x
	assert_failure 2
	run virgo exec --list
	assert_success
	assert_line $'program\t/usr/bin/\t'
	assert_line --regexp $'^kernel\tvirgo_node_facts\t'
	assert_line --regexp $'^function\tsample:upper\t'
	run virgo -o json exec --list
	[ "$(jq -c '.[0].body.programs[0]' <<<"$output")" = '"/usr/bin/"' ]
	run virgo exec --list echo
	assert_failure 2
}

@test "jobs: handed over, looked at, waited for, their output read" {
	script job <<-'END'
		echo "begun $1"
		until [ -e "go.$1" ]; do sleep 0.05; done
		echo finished
		echo complaint >&2
		exit 11
	END
	job=$(virgo -w "$B" exec --async --priority 3 -- "$WORK/job" "$MARK")
	[[ $job = "$B"/* ]]
	poll_until 15 eval '[ "$("$VIRGO" job output "$job")" = "begun $MARK" ]'
	run virgo -o json job show "$job"
	[ "$(jq -c '[.status, .exit, .priority, .key, .args]' <<<"$output")" = "[\"running\",null,3,\"tester\",[\"$MARK\"]]" ]
	run virgo job wait --timeout 100ms "$job"
	assert_failure 5
	run virgo job ls
	assert_line --partial "$job"$'\trunning'
	start job output -f "$job"
	poll_until 15 grep -q begun out
	touch "$BATS_FILE_TMPDIR/node2/cwd/go.$MARK"
	run virgo job wait "$job"
	assert_failure 11
	assert_output ''
	ends 0
	[ "$(<out)" = "begun $MARK"$'\nfinished' ]
	[ "$(<err)" = complaint ]
	[ "$(virgo job output --stream stderr "$job")" = complaint ]
	[ "$(virgo job output --stream stdout --offset 6 "$job" | head -n 1)" = "$MARK" ]
	[ "$(virgo -o json job output "$job" | jq -r '.status + .stderr')" = 'exitedcomplaint' ]
	run virgo -o json job wait "$job"
	assert_failure 11
	[ "$(jq -r .status <<<"$output")" = exited ]
	# the id alone: the nodes are asked; each counts for itself, so that another may have a job of that id
	run virgo -o json job show "${job#*/}"
	if [ "$status" = 0 ]; then
		[ "$(jq -r .job <<<"$output")" = "$job" ]
	else
		assert_failure 2
		assert_output --partial "job ${job#*/} is on"
	fi
	run virgo job cancel "$job"
	assert_failure 6
	virgo job cancel --forget "$job"
	run virgo job show "$job"
	assert_failure 3
	run virgo job output "$job"
	assert_failure 3
}

@test "jobs on all nodes, cancelled" {
	mapfile -t jobs < <(virgo exec --all --async -- sh -c "sleep 600 # $MARK")
	[ "${#jobs[@]}" = 3 ]
	poll_until 15 runs 3
	run virgo job ls --status running
	assert_success
	[ "$(grep -c "$MARK" <<<"$output")" = 3 ]
	virgo job cancel "${jobs[@]}"
	run virgo job wait "${jobs[@]}"
	assert_failure 130
	assert_line --partial "${jobs[1]}: cancelled"
	poll_until 15 nobody_runs
	run virgo job ls --status sleeping
	assert_failure 2
	run virgo -w "$A,$DEAD" exec --async -- true
	assert_failure 5
	assert_line --regexp "^$A/"
	run virgo -w "$A,$DEAD" job ls
	assert_failure 5
	run virgo job show no/such/job
	assert_failure 2
	run virgo exec --async -b -- true
	assert_failure 2
}

@test "what the nodes have to do" {
	run virgo -o json node load
	assert_success
	[ "$(jq -c 'map([.state, .cpus > 0, .running, .queued])' <<<"$output")" = '[["up",true,0,0],["up",true,0,0],["up",true,0,0]]' ]
}

@test "interrupted while it reads, and closed outputs" {
	mkfifo pipe
	env --default-signal=INT "$VIRGO" exec -- cat <pipe >out 2>err 3>&- &
	pid=$!
	exec 8>pipe
	# it has opened the pipe, and is about to read
	poll_until 15 eval '[ "$(readlink /proc/$pid/fd/0)" = "$PWD/pipe" ]'
	poll_until 15 eval 'grep -q pipe_read /proc/$pid/wchan 2>/dev/null || [ "$(cut -d" " -f3 /proc/$pid/stat)" = S ]'
	kill -INT "$pid"
	ends 130
	exec 8>&-
	run --separate-stderr bash -c '"$VIRGO" exec -- echo x >&-'
	assert_failure 1
	assert_equal "${stderr_lines[0]}" 'virgo: exec: can'\''t write the output: Bad file descriptor'
	run bash -c '"$VIRGO" exec --all -- echo x >/dev/full'
	assert_failure 1
}
