#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The virgo command from the outside, against three embedded nodes: data, exit statuses, formats, several nodes,
# completion. What up and down themselves do is in cli-up.bats.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

setup_file()
{
	export VIRGO=${VIRGO:-$BATS_TEST_DIRNAME/../../build/virgo}
	export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/config
	unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE VIRGO_OUTPUT
	mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME"
	"$VIRGO" up --nodes 3 >/dev/null
}

teardown_file()
{
	"$VIRGO" down
}

setup()
{
	K=$BATS_TEST_NUMBER
	cd "$BATS_TEST_TMPDIR"
}

virgo()
{
	"$VIRGO" "$@"
}

# a port of this machine that accepts and never answers; its number in $hung
hang()
{
	python3 -c '
import socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
c = [s.accept() for _ in range(20)]
' >hang.port &
	hang_pid=$!
	until [ -s hang.port ]; do
		kill -0 "$hang_pid"
	done
	hung=127.0.0.1:$(cat hang.port)
}

teardown()
{
	[ -z "${hang_pid-}" ] || kill "$hang_pid"
}

@test "help and version go to standard output, and say nothing else" {
	run --separate-stderr virgo --version
	assert_success
	assert_output --regexp '^virgo [0-9]'
	run --separate-stderr virgo help
	assert_success
	assert_line --partial 'mem get'
	[ -z "$stderr" ]
	run virgo mem get --help
	assert_success
	assert_line 'usage: virgo mem get [OPTION…] KEY'
	run virgo help mem
	assert_success
	assert_line --partial 'mem txn'
	refute_line --partial 'node ls'
}

@test "usage errors: status 2, one line and one hint, on standard error" {
	run --separate-stderr virgo
	assert_failure 2
	assert_output ''
	run --separate-stderr virgo mem gte a
	assert_failure 2
	assert_output ''
	[ "$stderr" = $'virgo: mem: no such command: "gte"\nhint: did you mean virgo mem get?' ]
	run --separate-stderr virgo get a
	assert_failure 2
	[ "${stderr_lines[1]}" = 'hint: did you mean virgo mem get?' ]
	run --separate-stderr virgo stauts
	[ "${stderr_lines[1]}" = 'hint: did you mean virgo status?' ]
	run --separate-stderr virgo mem set a b --tlt 5s
	assert_failure 2
	[ "$stderr" = $'virgo: mem set: unknown option "--tlt"\nhint: did you mean --ttl?' ]
	run --separate-stderr virgo mem get
	assert_failure 2
	[ "${stderr_lines[0]}" = 'virgo: mem get: no argument given' ]
	run --separate-stderr virgo mem get a b
	assert_failure 2
	[ "${stderr_lines[0]}" = 'virgo: mem get: unexpected argument "b"' ]
	run --separate-stderr virgo -o xml status
	assert_failure 2
	run --separate-stderr virgo -w 'node[1' status
	assert_failure 2
}

@test "a value comes back byte for byte, through pipe, file and argument" {
	head -c 300000 /dev/urandom >in
	virgo mem set "bin$K" <in
	virgo mem get "bin$K" >out
	cmp in out
	virgo mem get "bin$K" | cmp in -
	cat in | virgo mem set "bin$K" -
	virgo mem get "bin$K" --offset 10 --length 20 >part
	cmp part <(tail -c +11 in | head -c 20)
	: | virgo mem set "empty$K"
	virgo mem get "empty$K" >out
	[ -f out ] && [ ! -s out ]
	virgo mem set "word$K" 'two words'
	[ "$(virgo mem get "word$K")" = 'two words' ]
}

@test "a value of exactly the limit is taken, one more byte is not" {
	head -c 1048576 /dev/zero | virgo mem set "limit$K"
	[ "$(virgo mem get "limit$K" | wc -c)" = 1048576 ]
	run bash -c 'head -c 1048577 /dev/zero | "$VIRGO" mem set "limit$0"' "$K"
	assert_failure 1
	assert_output --partial 'virgo: mem set: '
	[ "$(virgo mem get "limit$K" | wc -c)" = 1048576 ]
	virgo mem del "limit$K"
}

@test "keys may be any bytes, and lists show them escaped" {
	local key=$'k\t%2F/\n"\\\xff'"$K"
	virgo mem set "$key" v
	[ "$(virgo mem get "$key")" = v ]
	run virgo mem ls $'k\t'
	assert_output --partial 'k\t%2F/\n"\\\xff'
	[ "$(virgo -o raw mem ls $'k\t')" = "$key" ]
	run virgo -o json mem ls $'k\t'
	jq -e '.[0].key_b64' <<<"$output"
	virgo mem del "$key"
}

@test "exit statuses: absent, precondition, refused and unreachable are different things" {
	run --separate-stderr virgo mem get "nothing$K"
	assert_failure 3
	assert_output ''
	[[ $stderr == "virgo: mem get: "*"no key \"nothing$K\""* ]]
	run virgo mem del "nothing$K"
	assert_failure 3
	virgo mem set "here$K" 1
	run virgo mem set "here$K" 2 --if-absent
	assert_failure 6
	run virgo mem set "here$K" 2 --if-version 1
	assert_failure 6
	version=$(virgo --jq .version mem get "here$K")
	virgo mem set "here$K" 2 --if-version "$version"
	[ "$(virgo mem get "here$K")" = 2 ]
	run virgo -w 127.0.0.1:1 mem get a
	assert_failure 5
	printf 'user = "wrong-key:%s"\n' "$(head -c 40 /dev/zero | tr '\0' x)" >wrong
	chmod 600 wrong
	VIRGO_KEY_FILE=wrong run virgo mem get "here$K"
	assert_failure 4
	VIRGO_KEY_FILE=none run virgo mem get "here$K"
	assert_failure 4
	chmod 644 wrong
	VIRGO_KEY_FILE=wrong run virgo mem get "here$K"
	assert_failure 4
	assert_line --partial 'chmod 600'
}

@test "-o json covers errors: one document on standard output, nothing beside it" {
	run --separate-stderr virgo -o json mem get "nothing$K"
	assert_failure 3
	[ -z "$stderr" ]
	[ "$(jq -r '.error | "\(.command) \(.kind) \(.exit) \(.code) \(.status)"' <<<"$output")" = \
		'mem get not_found 3 mem.not_found 404' ]
	run --separate-stderr virgo mem get -o json
	assert_failure 2
	[ "$(jq -r .error.kind <<<"$output")" = usage ]
	run --separate-stderr virgo -o json nonsense
	assert_failure 2
	[ "$(jq -r .error.exit <<<"$output")" = 2 ]
	run --separate-stderr virgo -o ndjson -w 127.0.0.1:1 mem get a
	assert_failure 5
	[ "$(jq -r .error.kind <<<"$output")" = unreachable ]
	VIRGO_OUTPUT=json run --separate-stderr virgo mem get "nothing$K"
	[ "$(jq -r .error.exit <<<"$output")" = 3 ]
}

@test "formats: the same list as table, TSV, JSON, ndjson and raw" {
	virgo mem set "f$K-a" 12345
	virgo mem set "f$K-b" x --ttl 1h
	[ "$(virgo mem ls "f$K-" | cut -f1,2)" = "f$K-a"$'\t5\n'"f$K-b"$'\t1' ]
	[ "$(virgo -o raw mem ls "f$K-")" = "f$K-a"$'\n'"f$K-b" ]
	[ "$(virgo -o json mem ls "f$K-" | jq -r '.[].key')" = "f$K-a"$'\n'"f$K-b" ]
	[ "$(virgo -o json mem ls "f$K-" | jq -r '.[0].ttl_ms')" = null ]
	(( $(virgo -o json mem ls "f$K-" | jq -r '.[1].ttl_ms') > 3500000 ))
	[ "$(virgo -o ndjson mem ls "f$K-" | jq -r .size)" = $'5\n1' ]
	run virgo -o table mem ls "f$K-"
	assert_line --index 0 --regexp '^KEY +SIZE +VERSION +TTL +NODE$'
	[ "$(virgo -o json mem ls "none$K")" = '[]' ]
	run virgo -o table mem ls "none$K"
	assert_output ''
	[ "$(virgo mem get "f$K-a" -o json | jq -r .value)" = 12345 ]
}

@test "--jq filters the JSON, strings as text; its errors are usage errors" {
	virgo mem set "j$K" hello
	[ "$(virgo --jq .value mem get "j$K")" = hello ]
	[ "$(virgo --jq '[.[].size] | add' mem ls "j$K")" = 5 ]
	run --separate-stderr virgo --jq '.[' mem get "j$K"
	assert_failure 2
	assert_output ''
	[[ $stderr == 'virgo: mem get: --jq: '* ]]
	run --separate-stderr virgo --jq .value mem get "nothing$K"
	assert_failure 3
	assert_output ''
	[[ $stderr == *'no key'* ]]
}

@test "ls merges all nodes in byte order, with prefix, limit and after" {
	for i in {10..40}; do
		virgo mem set "ls$K-$i" "$i"
	done
	virgo -o raw mem ls "ls$K-" >all
	[ "$(wc -l <all)" = 31 ]
	LC_ALL=C sort -c all
	[ "$(virgo -o json mem ls "ls$K-" | jq -r '[.[].node] | unique | length')" = 3 ]
	[ "$(virgo -o raw mem ls "ls$K-" -n 2 --after "ls$K-38")" = "ls$K-39"$'\n'"ls$K-40" ]
	virgo mem del $(cat all)
	[ -z "$(virgo -o raw mem ls "ls$K-")" ]
}

@test "del goes on after a key that is absent" {
	virgo mem set "d$K-a" 1
	virgo mem set "d$K-b" 1
	run virgo mem del "d$K-a" "d$K-none" "d$K-b"
	assert_failure 3
	[ -z "$(virgo mem ls "d$K-")" ]
}

@test "incr counts, also down, and refuses what is no number" {
	[ "$(virgo mem incr "n$K")" = 1 ]
	[ "$(virgo mem incr "n$K" 41)" = 42 ]
	[ "$(virgo mem incr "n$K" -50)" = -8 ]
	run virgo mem incr "n$K" 1.5
	assert_failure 2
	virgo mem set "n$K" word
	run virgo mem incr "n$K"
	assert_failure
}

@test "txn: all or nothing, and status 6 when the conditions do not hold" {
	virgo mem set "t$K" old
	printf '{"if":[{"key":"t%s","value":"old"}],"then":[{"set":"t%s","value":"new"}],"else":[]}' "$K" "$K" >txn
	run virgo mem txn txn
	assert_success
	[ "$(jq -r .succeeded <<<"$output")" = true ]
	[ "$(virgo mem get "t$K")" = new ]
	run virgo mem txn - <txn
	assert_failure 6
	[ "$(jq -r .succeeded <<<"$output")" = false ]
	[ "$(virgo mem get "t$K")" = new ]
}

@test "blocks: alloc, write, read, free" {
	addr=$(virgo mem alloc 1k)
	head -c 1024 /dev/urandom >in
	virgo mem write "$addr" <in
	virgo mem read "$addr" | cmp in -
	virgo mem write "$addr" --offset 1000 ABC
	[ "$(virgo mem read "$addr" --offset 1000 --length 3)" = ABC ]
	run virgo mem write "$addr" --offset 1022 ABC
	assert_failure
	virgo mem read "${addr#*/}" --length 1 >/dev/null
	virgo mem free "$addr"
	run virgo mem read "$addr"
	assert_failure 3
}

@test "equal answers are folded, a dead node is named, counted, and holds nobody back" {
	run --separate-stderr virgo -w '127.0.0.[1-3]' config get --of-nodes value_max
	assert_success
	assert_output $'127.0.0.[1-3]:\n1048576'
	start=$(date +%s%N)
	run --separate-stderr virgo -w '127.0.0.[1-2],127.83.0.9' node ls
	assert_failure 5
	(( $(date +%s%N) - start < 3000000000 ))
	[ "$(printf '%s\n' "${lines[@]}" | cut -f1,3 | sort)" = \
		$'127.0.0.1\tup\n127.0.0.2\tup\n127.83.0.9\tunreachable' ]
	[[ ${stderr_lines[-1]} == 'virgo: node ls: 1 of 3 nodes failed: 127.83.0.9'* ]]
	run --separate-stderr virgo -o json -w '127.0.0.[1-2],127.83.0.9' node ls
	assert_failure 5
	[ -z "$stderr" ]
	[ "$(jq -r 'map(select(.error)) | length' <<<"$output")" = 1 ]
	[ "$(jq -r 'map(select(.state == "up")) | length' <<<"$output")" = 2 ]
	virgo mem set "dead$K" 1
	run --separate-stderr virgo -w '127.0.0.[1-3],127.83.0.9' -o raw mem ls "dead$K"
	assert_failure 5
	assert_output "dead$K"
}

@test "a node that never answers costs its time-out; an interrupt ends the wait at once" {
	hang
	start=$(date +%s%N)
	run virgo -w "$hung" --timeout 300ms mem get a
	assert_failure 5
	(( $(date +%s%N) - start < 2000000000 ))
	# once, whatever there is to ask it
	run --separate-stderr virgo -w "$hung" --timeout 300ms -o json node ping -n 20
	assert_failure 5
	run --separate-stderr virgo -w "$hung,127.0.0.1" --timeout 300ms node ping -n 20
	assert_failure 5
	assert_line --regexp "^$hung	1	0"
	assert_line --regexp '^127\.0\.0\.1	20	20'
	run virgo -w "$hung" --timeout 300ms mem del {1..20}
	assert_failure 5
	assert_line 'virgo: mem del: key "20" is not deleted: '"$hung"' did not answer'
	(( $(date +%s%N) - start < 5000000000 ))
	env --default-signal=INT "$VIRGO" -w "$hung" mem get a 2>err &
	pid=$!
	until ss -Htnp state established | grep -q "pid=$pid,"; do
		kill -0 "$pid"
	done
	kill -INT "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" = 130 ]
}

@test "an interrupt ends the wait for input at once" {
	mkfifo "pipe$K"
	env --default-signal=INT "$VIRGO" mem set "fifo$K" - <"pipe$K" 2>err &
	pid=$!
	exec 9>"pipe$K"
	until [[ $(cat "/proc/$pid/wchan") = *pipe*read* || $(cut -d' ' -f1 "/proc/$pid/syscall") = 0 ]]; do
		kill -0 "$pid"
	done
	kill -INT "$pid"
	status=0
	wait "$pid" || status=$?
	exec 9>&-
	[ "$status" = 130 ]
	grep -q '^virgo: mem set: interrupted$' err
	run virgo mem get "fifo$K"
	assert_failure 3
}

@test "mem get --if-version: only that version" {
	virgo mem set "v$K" 1
	version=$(virgo -o json mem get "v$K" | jq -r .version)
	[ "$(virgo mem get "v$K" --if-version "$version")" = 1 ]
	virgo mem set "v$K" 2
	run --separate-stderr virgo mem get "v$K" --if-version "$version"
	assert_failure 6
	assert_output ""
}

@test "-o json covers what is wrong before a command is found" {
	run --separate-stderr virgo -o json --nope status
	assert_failure 2
	[ "$(jq -r '.error.kind' <<<"$output")" = usage ]
	run --separate-stderr virgo -o json
	assert_failure 2
	[ "$(jq -r '.error.message' <<<"$output")" = "no command given" ]
	run --separate-stderr virgo -o json help nonsense
	assert_failure 3
	[ "$(jq -r '.[0].error.kind' <<<"$output")" = not_found ]
	run --separate-stderr virgo --nope
	assert_failure 2
	assert_output ""
	[ "${stderr_lines[*]}" = 'virgo: unknown option "--nope" hint: virgo help' ]
}

@test "what a node says does not drive the terminal" {
	exec 8< <(exec python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
body = b"{\"name\":\"a\\u001b[2Jb\\nc\"}"
while True:
    c = s.accept()[0]
    c.recv(65536)
    c.sendall(b"HTTP/1.1 200 OK\r\nVirgo-Node: 9\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
    c.close()
')
	fake=$!
	read -r port <&8
	run virgo -o table -w "127.0.0.1:$port" node show
	kill "$fake"
	exec 8<&-
	assert_success
	assert_output 'name                         a\x1b[2Jb\nc'
}

@test "a DELETE on several nodes needs --yes where nobody can be asked" {
	virgo mem set "y$K" 1
	run virgo api DELETE "/v1/mem/y$K"
	assert_failure 2
	assert_output --partial 'DELETE on 3 nodes needs --yes'
	[ "$(virgo mem get "y$K")" = 1 ]
	run virgo api DELETE "/v1/mem/y$K" --yes
	run virgo mem get "y$K"
	assert_failure 3
	virgo mem set "y$K" 1
	run script -qec "'$VIRGO' api DELETE /v1/mem/y$K" /dev/null <<<n
	assert_failure 1
	assert_output --partial 'DELETE on 3 nodes? [y/N]'
	[ "$(virgo mem get "y$K")" = 1 ]
	script -qec "'$VIRGO' api DELETE /v1/mem/y$K" /dev/null <<<y || true
	run virgo mem get "y$K"
	assert_failure 3
}

@test "root manages the key file of a node that runs as somebody else, and its owner stays" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	virgo key new one-key --node-file keys --client-file client1
	chown nobody keys
	virgo key new two-key --node-file keys --client-file client2
	[ "$(virgo key ls --node-file keys | cut -f1)" = $'one-key\ntwo-key' ]
	[ "$(stat -c %U%a keys)" = nobody600 ]
}

@test "a file that is absent is not found, whoever wants it" {
	run virgo mem txn missing.json
	assert_failure 3
	run virgo api PUT /v1/mem/x -d @missing -w 127.0.0.1
	assert_failure 3
	run virgo key ls --node-file missing
	assert_failure 3
	# a configuration that is wrong is not worked around
	run env VIRGO_OUTPUT=bogus "$VIRGO" key ls
	assert_failure 2
	assert_output --partial 'VIRGO_OUTPUT'
}

@test "-o json: a write says what it acknowledges" {
	addr=$(virgo mem alloc 1k)
	run virgo -o json mem write "$addr" --offset 2 abc
	assert_success
	[ "$(jq -r '[.offset, .size, .acked] | @csv' <<<"$output")" = '2,3,"memory"' ]
	virgo mem free "$addr"
}

@test "a balancer that is not there is refused, not ignored" {
	run virgo --balance luck mem alloc 1k
	assert_failure 2
	assert_output --partial 'least-loaded, two-choices, prg, predicted'
	for how in least-loaded two-choices prg predicted hash; do
		virgo mem free "$(virgo --balance "$how" mem alloc 1k)"
	done
}

@test "a full disk or closed output is a failure, whatever the node said" {
	virgo mem set "w$K" value
	run bash -c '"$VIRGO" mem get "w$0" >/dev/full' "$K"
	assert_failure 1
	assert_output --partial "can't write the output: No space left on device"
	run bash -c '"$VIRGO" status >/dev/full' "$K"
	assert_failure 1
	run bash -c '"$VIRGO" mem get "w$0" >&-' "$K"
	assert_failure 1
	run bash -c '"$VIRGO" help >/dev/full'
	assert_failure 1
}

@test "-vv shows the exchange, and neither secret nor signature" {
	secret=$(sed -n 's/^user = "[^:]*:\(.*\)"$/\1/p' "$XDG_RUNTIME_DIR/virgo/key")
	[ "${#secret}" = 43 ]
	virgo mem set "v$K" 1
	run --separate-stderr virgo -vv mem get "v$K"
	assert_success
	assert_output 1
	[[ $stderr == *"> 127.0.0."*"GET /v1/mem/v$K"* ]]
	[[ $stderr != *"$secret"* ]]
	[[ ! $stderr =~ Signature=[0-9a-f] ]]
}

@test "api: the body as it is, the status as exit status" {
	virgo api PUT "/v1/mem/a b$K" -d hello -w 127.0.0.1
	run virgo -w 127.0.0.1 api GET "/v1/mem/a%20b$K"
	assert_output hello
	run virgo -w 127.0.0.1 api GET "/v1/mem/a b$K" -i
	assert_line --index 0 200
	assert_line --regexp '^ETag: '
	run --separate-stderr virgo -w 127.0.0.1 api GET /v1/nothing
	assert_failure 3
	[ "$(jq -r .status <<<"$output")" = 404 ]
	[ "$(virgo -w 127.0.0.1 api GET /v1/node | jq -r .id)" = 1 ]
	[ "$(virgo -o json api GET /v1/node | jq -c '[.[].body.id]')" = '[1,2,3]' ]
	run virgo api get /v1/node
	assert_failure 2
}

@test "config get tells where each setting comes from, in the right order" {
	mkdir -p "$XDG_CONFIG_HOME/virgo"
	printf 'nodes = 127.0.0.7\ngroup.two = 127.0.0.[1-2]\ntimeout = 9s\n' >"$XDG_CONFIG_HOME/virgo/client.conf"
	[ "$(virgo config get nodes)" = '127.0.0.[1-3]' ]
	[ "$(virgo config get timeout)" = 9s ]
	[ "$(VIRGO_NODES=127.0.0.4 virgo config get nodes)" = 127.0.0.4 ]
	[ "$(VIRGO_NODES=127.0.0.4 virgo -w 127.0.0.5 config get nodes)" = 127.0.0.5 ]
	[ "$(virgo -o json config get | jq -r '.[] | select(.key == "timeout").origin')" = \
		"$XDG_CONFIG_HOME/virgo/client.conf:3" ]
	[ "$(virgo -o raw -w @two node ls | sort)" = $'127.0.0.1\n127.0.0.2' ]
	printf 'nodes = 127.0.0.2\n' >own.conf
	[ "$(virgo -c own.conf config get nodes)" = 127.0.0.2 ]
	[ "$(VIRGO_CONFIG=own.conf virgo config get nodes)" = 127.0.0.2 ]
	rm -r "$XDG_CONFIG_HOME/virgo"
}

@test "config check says all errors at once, of both kinds of file" {
	printf 'node_id = 0\nnonsense = 1\nvalue_max = lots\n' >node.conf
	run --separate-stderr virgo config check node.conf
	assert_failure 2
	[ "$(cut -f2 <<<"$output")" = $'1\n2\n3' ]
	[[ $stderr == *'3 errors'* ]]
	printf 'nodes = node[1\ntimeout = soon\noutput = table\n' >client.conf
	run --separate-stderr virgo -o json config check --client client.conf
	assert_failure 2
	[ "$(jq -c '[.[].line]' <<<"$output")" = '[1,2]' ]
	printf 'node_id = 1\n' >node.conf
	run virgo config check node.conf
	assert_success
	assert_output ''
	run virgo config check missing.conf
	assert_failure 3
	for file in "$BATS_TEST_DIRNAME"/../../conf/virgo_client.conf; do
		virgo config check "$file"
	done
}

@test "doctor: rows with what mends them, JSON, and status 1 for anything bad" {
	run --separate-stderr virgo -o json doctor
	jq -e 'map(select(.check == "key" and .state == "ok")) | length == 1' <<<"$output"
	jq -e 'map(select(.check | startswith("clock of"))) | length == 3' <<<"$output"
	jq -e 'map(select(.check == "port 30000" and (.message | contains("virgod")))) | length == 3' <<<"$output"
	printf 'user = "some-key:%s"\n' "$(head -c 43 /dev/zero | tr '\0' x)" >open
	chmod 644 open
	VIRGO_KEY_FILE=open run --separate-stderr virgo -o json doctor
	assert_failure 1
	jq -e 'map(select(.check == "key" and .state == "bad" and (.mend | contains("chmod 600")))) | length == 1' \
		<<<"$output"
	run virgo -w 127.83.0.9 doctor
	assert_failure 1
}

@test "an unknown command is virgo-NAME from PATH, with the options as environment" {
	mkdir bin
	printf '#!/bin/sh\necho "$VIRGO_NODES|$VIRGO_OUTPUT|$*"\nexit 7\n' >bin/virgo-hello
	chmod +x bin/virgo-hello
	PATH=$PWD/bin:$PATH run virgo -w 10.0.0.1 -o json hello a 'b c'
	assert_failure 7
	assert_output '10.0.0.1|json|a b c'
	PATH=$PWD/bin:$PATH run virgo ../bin/virgo-hello
	assert_failure 2
}

@test "completion: commands, options, values, nodes and keys, never over 100 ms on the network" {
	virgo mem set "comp$K-one" 1
	[ "$(virgo --complete me | cut -f1)" = mem ]
	[ "$(virgo --complete mem ge | cut -f1)" = get ]
	[ "$(virgo --complete -o nd)" = ndjson ]
	[ "$(virgo --complete --output=nd)" = --output=ndjson ]
	[ "$(virgo --complete mem set k v --tt | cut -f1)" = --ttl ]
	[ "$(virgo --complete -w 127.0.0.1,127.0.0.3)" = 127.0.0.1,127.0.0.3 ]
	[ "$(virgo --complete mem get "comp$K")" = "comp$K-one" ]
	[ "$(virgo --complete mem txn '')" = :file ]
	[ -z "$(virgo --complete nonsense '')" ]
	hang
	start=$(date +%s%N)
	[ -z "$(virgo --complete -w "$hung" mem get '')" ]
	(( $(date +%s%N) - start < 500000000 ))
}

@test "completion in bash itself" {
	cat >ask.bash <<-'END'
		PATH=$(dirname "$VIRGO"):$PATH
		source <(virgo completion bash)
		COMP_LINE=$1 COMP_POINT=${#1}
		read -ra COMP_WORDS <<<"$1"
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_virgo
		printf '%s\n' "${COMPREPLY[@]}"
	END
	[ "$(bash ask.bash 'virgo mem ge')" = get ]
	[ "$(bash ask.bash 'virgo --output=nd')" = ndjson ]
	[ "$(bash ask.bash 'virgo node ')" = $'ls\nshow\nload\nping' ]
}

@test "keys: files closed to others, secrets never shown, rotation without a gap" {
	virgo key new app-one --rights read --prefixes app/ --node-file keys --client-file client >out
	[ "$(stat -c %a keys)$(stat -c %a client)" = 600600 ]
	secret=$(sed 's/.*:\(.*\)"/\1/' client)
	[ "${#secret}" = 43 ]
	grep -q "^app-one $secret rights=read prefixes=app/\$" keys
	run virgo key ls --node-file keys --client-file client
	assert_output --partial $'app-one\tactive\ttrue\tread\t\tapp/'
	run cat out
	refute_output --partial "$secret"
	run virgo key new app-one --node-file keys --client-file other
	assert_failure 6
	run virgo key new app-two --node-file keys --client-file client
	assert_failure 6
	run virgo key new 'bad id' --node-file keys --client-file third
	assert_failure 2

	virgo mem set "key$K" 1
	before=$(cat "$XDG_RUNTIME_DIR/virgo/key")
	run virgo key rotate
	assert_success
	[ "$(cat "$XDG_RUNTIME_DIR/virgo/key")" != "$before" ]
	[ "$(virgo mem get "key$K")" = 1 ]
	# the old key is good for a day yet
	printf '%s\n' "$before" >old
	chmod 600 old
	[ "$(VIRGO_KEY_FILE=old virgo mem get "key$K")" = 1 ]
	run virgo -o json key ls
	[ "$(jq -r 'map(select(.not_after)) | length' <<<"$output")" = 1 ]
}

@test "key rotate: a node that does not know the new key changes nothing; the next one goes on with it" {
	local run=$XDG_RUNTIME_DIR/virgo
	before=$(cat "$run/key")
	ended=$(grep -c not_after "$run/keys" || true)
	run virgo -w '127.0.0.[1-3],127.83.0.9' key rotate
	assert_failure 5
	assert_output --partial 'the client still signs with'
	[ "$(cat "$run/key")" = "$before" ]
	[ "$(grep -c not_after "$run/keys" || true)" = "$ended" ]
	[ "$(stat -c %a "$run/key.new")" = 600 ]
	new=$(cat "$run/key.new")
	keylines=$(wc -l <"$run/keys")
	virgo key rotate
	[ "$(cat "$run/key")" = "$new" ]
	[ ! -e "$run/key.new" ]
	[ "$(wc -l <"$run/keys")" = "$keylines" ]
	[ "$(grep -c not_after "$run/keys")" = $((ended + 1)) ]
	virgo mem set "rotated$K" 1
}

@test "key new: many at once lose none" {
	for i in {1..8}; do
		virgo key new "many-$i" --node-file keys --client-file "client$i" 2>"err$i" &
	done
	wait
	[ "$(grep -c '^many-[1-8] ' keys)" = 8 ]
}
