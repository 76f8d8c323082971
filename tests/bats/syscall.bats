#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel's own road: calls by way of /dev/virgo, the nodes that the kernel picks, and the helper on the same device. A second
# node is a virgod beside the kernel's.

load helpers

setup()
{
	node_setup
	MODULES=(virgo_mempool virgo_cpupool)
	DEVICE=$TOP/build/tools/device
	VIRGO=$TOP/build/virgo
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE VIRGO_OUTPUT
	mkdir -m 700 "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
	[[ -x $DEVICE && $DEVICE -nt $TOP/tests/tools/device.c ]] || "$TOP/tests/tools/build.sh"
	HELPER=$TOP/build/virgo_kernelupcall_plugin
	SECOND_PID=''
	# what somebody has set up on this machine counts in a guest, too; its /etc is a copy
	[[ -z ${VIRGO_VM-} ]] || rm -f /etc/virgo_client_key /etc/virgo_client.conf
}

teardown()
{
	[[ -z $SECOND_PID ]] || kill -KILL "$SECOND_PID" 2>/dev/null || true
	node_teardown
}

# start LINE...: a node with a key, by which the kernel signs
start()
{
	[[ "$*" = *exec_helper* ]] || set -- "exec_helper = $HELPER" "$@"
	node_conf 'exec_allow = /usr/bin/' 'client_key = kernel' "$@"
	[[ -s $KEYS ]] || {
		node_keys kernel rights=read,write,exec,admin
		node_keys tester rights=read,write,exec,admin
	}
	node_start
	# a node that has just started takes no changes until it can tell an old request from a new one
	poll_until "$PATIENCE" eval '"$DEVICE" call mempool PUT /v1/mem/awake x | grep -q "^ok status 20"'
}

# A virgod as node 9 at $SECOND, with the keys of the first. On failure its log is shown.
start_second()
{
	SECOND=127.$((RANDOM % 60 + 2)).$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
	mkdir -p second
	printf '%s\n' 'node_id = 9' "listen = $SECOND" "key_file = $KEYS" "state_dir = $PWD/second" "analytics_file = $VALUES" \
		"$@" >second.conf
	"$VIRGOD" --config second.conf >second.log 2>&1 3>&- &
	SECOND_PID=$!
	poll_until "$PATIENCE" grep -q 'virgo: node 9 started' second.log || {
		cat second.log
		return 1
	}
}

stop_second()
{
	kill -TERM "$SECOND_PID"
	wait "$SECOND_PID"
	SECOND_PID=''
}

# The ledger of a module that has gone: every account in pairs.
ledger_is_balanced()
{
	local line

	line=$(node_log | grep 'virgo: ledger:.*listeners' | tail -n 1)
	[[ -n $line ]] || return
	awk '{ for (i = 1; i <= NF; i++) if (split($i, n, "/") == 2 && n[1] != n[2]) exit 1 }' <<<"$line"
}

# The number of an account that was made, of the last ledger
made()
{
	node_log | grep 'virgo: ledger:.*listeners' | tail -n 1 | sed -n "s,.* $1 \([0-9]*\)/.*,\1,p"
}

memory()
{
	"$TOP/build/examples/memory" "$@"
}

# --- the library and its sample -------------------------------------------------------------------------------------------

@test "the sample program by HTTP" {
	MODULES=(virgo_mempool)
	node_conf
	node_start
	run memory http "$ADDR"
	assert_success
	assert_line --regexp "^block 7-[0-9a-f-]+ on $ADDR\$"
	assert_line '4096 bytes in all, the same there'
	node_stop
}

# bats test_tags=smoke
@test "the sample program by way of the device: malloc, set, get, free" {
	only kernel 'of the device'
	start
	run memory syscall
	assert_success
	assert_line --regexp "^block 7-[0-9a-f-]+ on $ADDR\$"
	assert_line '34 bytes: what one node says, another keeps'
	assert_line '4096 bytes in all, the same there'
	assert_line --regexp "^afterwards: node 7 \($ADDR:30000\): no block 7-[0-9a-f-]+, or it was freed\$"
	# named, it is the same node
	run memory syscall "$ADDR"
	assert_success
	# the very words that HTTP has for it
	run "$VIRGO" --via syscall -w "$ADDR" mem read 7-0-1
	assert_failure 3
	by_device=$output
	VIRGO_KEY_FILE=$KEYFILE run "$VIRGO" --via http -w "$ADDR" mem read 7-0-1
	assert_failure 3
	assert_equal "$by_device" "$output"
	# nobody but the kernel's nodes
	run memory syscall 192.0.2.1
	assert_failure 2
	assert_output --partial '192.0.2.1:30000: not one of the nodes of this kernel'
	assert_output --partial 'hint: add it to nodes in virgo_cloud.conf'
	node_stop
	ledger_is_balanced
	# who calls has no road where there is no device
	run memory syscall
	assert_failure 1
	assert_output --partial 'via syscall: /dev/virgo: No such file or directory'
}

@test "the command by way of the device does what it does by HTTP" {
	only kernel 'of the device'
	start
	run "$VIRGO" --via syscall mem set greeting 'hello world'
	assert_success
	run "$VIRGO" --via syscall mem get greeting
	assert_output 'hello world'
	run "$VIRGO" --via syscall mem get none
	assert_failure 3
	assert_output --partial "no key \"none\" on node 7 ($ADDR:30000)"
	run "$VIRGO" --via syscall mem incr counter 5
	assert_output 5
	# any bytes, and more than fit into the first piece
	head -c 700000 /dev/urandom >big
	"$VIRGO" --via syscall mem set big - <big
	"$VIRGO" --via syscall mem get big >got
	cmp big got
	run "$VIRGO" --via syscall mem ls
	assert_line --partial greeting
	run "$VIRGO" --via syscall -o json node ls
	assert_success
	# what is traced says by which road
	run "$VIRGO" --via syscall -vv mem get greeting
	assert_output --partial 'by way of /dev/virgo'
	assert_output --partial 'GET /v1/mem/greeting'
	node_stop
	ledger_is_balanced
}

@test "auto takes the device for those who have said neither nodes nor key" {
	only kernel 'of the device'
	start
	run "$VIRGO" -vv mem set a b
	assert_success
	assert_output --partial 'by way of /dev/virgo'
	# who names nodes, by option or file, is asked for no other road
	VIRGO_KEY_FILE=$KEYFILE run "$VIRGO" -vv -w "$ADDR" mem get a
	assert_success
	refute_output --partial 'by way of'
	VIRGO_NODES=$ADDR VIRGO_KEY_FILE=$KEYFILE run "$VIRGO" -vv mem get a
	refute_output --partial 'by way of'
	# a key of one's own is not exchanged for the kernel's
	VIRGO_KEY_FILE=$KEYFILE run "$VIRGO" -vv mem get a
	refute_output --partial 'by way of'
	run "$VIRGO" --via http -vv mem get a
	refute_output --partial 'by way of'
	# who may not open it goes by HTTP
	chmod 600 /dev/virgo
	export XDG_CONFIG_HOME=/none XDG_RUNTIME_DIR=/none
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$VIRGO" -vv mem get a
	assert_output --partial '127.0.0.1:30000'
	refute_output --partial 'by way of'
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$VIRGO" --via syscall mem get a
	assert_failure 4
	assert_output --partial '/dev/virgo: Permission denied'
	assert_output --partial 'hint: join the group virgo'
	node_stop
}

@test "the device is for its owner and group" {
	only kernel 'of the device'
	start
	assert_equal "$(stat -c %a /dev/virgo)" 660
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$DEVICE" nodes
	assert_failure 2
	chgrp 65534 /dev/virgo
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$DEVICE" nodes
	assert_success
	# what it may do there is another matter
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$DEVICE" helper twice
	assert_failure
	assert_output 'attach: EPERM'
	node_stop
}

@test "running things by way of the device: the library, its sample, the command" {
	only kernel 'of the device'
	start
	run --separate-stderr "$TOP/build/examples/clone" --via syscall echo one two
	assert_success
	assert_output 'one two'
	assert_regex "$stderr" "^clone: exited on $ADDR \(node 7\), exit 0, signal 0\$"
	run --separate-stderr "$TOP/build/examples/clone" --via syscall sh -c 'echo bad >&2; exit 4'
	assert_failure 4
	assert_regex "$stderr" '^bad'
	run --separate-stderr "$TOP/build/examples/clone" --via syscall --on "$ADDR" --kernel virgo_node_facts
	assert_success
	assert_line 'node=7'
	run "$TOP/build/examples/clone" --via syscall none-such
	assert_failure 3
	by_device=$output
	VIRGO_KEY_FILE=$KEYFILE VIRGO_NODES=$ADDR run "$TOP/build/examples/clone" --via http none-such
	assert_failure 3
	assert_equal "$by_device" "$output"
	# output of any size and kind
	"$TOP/build/examples/clone" --via syscall head -c 900000 /dev/urandom >got
	assert_equal "$(stat -c %s got)" 900000
	run "$VIRGO" --via syscall exec -- sh -c 'echo out; echo err >&2; exit 5'
	assert_failure 5
	assert_line out
	assert_line err
	echo input | "$VIRGO" --via syscall exec -- cat >got
	assert_equal "$(cat got)" input
	node_stop
	ledger_is_balanced
}

@test "a call that is stopped and continued goes on" {
	only kernel 'of the device'
	local pid

	start
	# stopped wherever it is, from its start to its end
	stop_and_continue()
	{
		kill -STOP "$pid" 2>/dev/null && kill -CONT "$pid"
		grep -q two got
	}
	"$VIRGO" --via syscall exec -- sh -c 'echo one; sleep 2; echo 1; sleep 1; echo two' >got 2>&1 3>&- &
	pid=$!
	poll_until "$PATIENCE" stop_and_continue
	wait "$pid"
	assert_equal "$(cat got)" $'one\n1\ntwo'
	node_stop
}

# --- signing -------------------------------------------------------------------------------------------------------------------

@test "the kernel signs with client_key, whose rights count" {
	only kernel 'of the device'
	node_keys kernel rights=read,write
	node_keys tester rights=read,write,exec,admin
	start
	run "$DEVICE" nodes
	assert_line '1 nodes, own 7, cluster virgo, key kernel'
	run "$DEVICE" call mempool PUT '/v1/mem/a%20b?ttl_ms=60000' value
	assert_line --partial 'ok status 201 node 7'
	run "$DEVICE" call control POST /v1/config/reload
	assert_line --partial 'status 403'
	assert_line --partial 'problem auth.rights'
	run "$VIRGO" --via syscall -w "$ADDR" config reload
	assert_failure 4
	assert_output --partial 'has not the right for this'
	# another key from now on
	node_conf "exec_helper = $HELPER" 'client_key = tester'
	scurl -f -X POST "$CTL/v1/config/reload" >/dev/null
	run "$DEVICE" call control POST /v1/config/reload
	assert_line --partial 'ok status 204'
	# one that is none
	node_conf "exec_helper = $HELPER" 'client_key = nobody'
	scurl -f -X POST "$CTL/v1/config/reload" >/dev/null
	run "$DEVICE" call mempool GET /v1/mem/a%20b
	assert_line --partial 'ENOKEY'
	assert_line --partial 'client_key names no key of the key file'
	# none at all: not signed, and refused by who wants signatures
	node_conf "exec_helper = $HELPER"
	scurl -f -X POST "$CTL/v1/config/reload" >/dev/null
	run "$DEVICE" call mempool GET /v1/mem/a%20b
	assert_line --partial 'ok status 401'
	assert_line --partial 'problem auth.missing'
	run "$VIRGO" --via syscall mem get a
	assert_failure 4
	assert_output --partial 'client_key of virgo_cloud.conf'
	node_stop
	ledger_is_balanced
}

@test "a node without keys takes unsigned calls" {
	only kernel 'of the device'
	node_conf
	node_start
	run memory syscall
	assert_success
	node_stop
	ledger_is_balanced
}

@test "one connection serves many calls, a restarted node is found again" {
	only kernel 'of the device'
	local i

	start
	for ((i = 0; i < 50; i++)); do
		"$DEVICE" call mempool PUT "/v1/mem/k$i" value >out
		grep -q '^ok status 201' out
	done
	for ((i = 0; i < 3; i++)); do
		rmmod virgo_mempool
		insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
		"$DEVICE" call mempool PUT /v1/mem/a value >out
		grep -q '^ok status 201' out
	done
	node_stop
	ledger_is_balanced
	# a few to begin with, one for each life of the pool
	assert [ "$(made peers)" -lt 20 ]
	assert [ "$(made calls)" -gt 50 ]
}

# --- hostile programs ----------------------------------------------------------------------------------------------------------

@test "wrong structures, sizes and pointers are refused" {
	only kernel 'of the device'
	start
	run "$DEVICE" wrong
	assert_success
	assert_output 'wrong: all refused'
	node_stop
	ledger_is_balanced
}

# bats test_tags=smoke
@test "random structures and pointers do no harm" {
	only kernel 'of the device'
	local i pids=()

	# what is asked for by chance shall not end the node, nor wait for long
	start 'exec_timeout = 1s'
	for i in 1 2 3 4; do
		"$DEVICE" hostile 3000 "$RANDOM$i" >"hostile.$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	grep -c 'hostile: 3000 rounds' hostile.*
	run "$DEVICE" call mempool GET /v1/mem/awake
	assert_line --partial 'ok status 200'
	node_stop
	ledger_is_balanced
}

@test "a signal ends a call, and one that is killed leaves nothing" {
	only kernel 'of the device'
	local id i

	start
	run "$DEVICE" clone 0 /usr/bin/true
	assert_line --partial 'end 1 exit 0'
	# a job to wait for
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"sleep","args":["100"]}'
	id=$(jq -r .id answer.body)
	run "$DEVICE" signal cpupool GET "/v1/jobs/$id?wait=60000"
	assert_line --partial 'EINTR status 0'
	refute_output --partial late
	run "$DEVICE" signal cpupool POST /v1/exec '{"name":"sleep","args":["100"]}'
	assert_line --partial 'EINTR status 0'
	assert_line --partial 'flags 3'
	# the connection is closed, so the node ends what was run for it
	poll_until "$PATIENCE" eval '! pgrep -f "sleep 100" >/dev/null || [[ $(pgrep -fc "sleep 100") = 1 ]]'
	for i in 1 2 3; do
		"$DEVICE" call cpupool GET "/v1/jobs/$id?wait=60000" >/dev/null 3>&- &
		sleep 0.2
		kill -KILL $!
		wait $! || true
	done
	ask 202 DELETE "$CPU/v1/jobs/$id"
	node_stop
	ledger_is_balanced
}

@test "an interrupted command gives up what waits in the device" {
	only kernel 'of the device'
	local began status=0

	start
	began=$(now_ms)
	# a shell would let its background jobs ignore it
	timeout -s INT 2 "$VIRGO" --via syscall api POST /v1/exec --service cpupool -d '{"name":"sleep","args":["100"]}' >out 2>&1 || status=$?
	cat out
	assert [ $(($(now_ms) - began)) -lt 30000 ]
	assert_not_equal "$status" 0
	poll_until "$PATIENCE" eval '! pgrep -f "sleep 100" >/dev/null'
	node_stop
	ledger_is_balanced
}

# --- who is asked ------------------------------------------------------------------------------------------------------------------

@test "two nodes: keys are placed, blocks found, and a dead one is left out" {
	only kernel 'of the device'
	local i where id first=0 second=0 began

	node_keys kernel rights=read,write,exec,admin
	node_keys tester rights=read,write,exec,admin
	start_second
	start "nodes = $ADDR, $SECOND"
	run "$DEVICE" nodes
	assert_line --partial '2 nodes, own 7'
	assert_line --partial "$ADDR number 7 flags 1"
	# by the placement that every client has
	for ((i = 0; i < 12; i++)); do
		"$VIRGO" --via syscall mem set "key$i" "value $i"
		where=$(VIRGO_KEY_FILE=$KEYFILE "$VIRGO" --via http -w "$ADDR,$SECOND" mem get "key$i")
		assert_equal "$where" "value $i"
	done
	assert_equal "$(VIRGO_KEY_FILE=$KEYFILE "$VIRGO" --via http -w "$ADDR,$SECOND" mem ls key | wc -l)" 12
	# memory is taken on both, and found again by its id alone
	for ((i = 0; i < 30 && (first == 0 || second == 0); i++)); do
		run memory syscall
		assert_success
		[[ ${lines[0]} != *"on $ADDR" ]] || first=1
		[[ ${lines[0]} != *"on $SECOND" ]] || second=1
	done
	assert_equal "$first$second" 11
	# a dead node costs one failed connection; what any node can do is done by the other
	stop_second
	began=$(now_ms)
	for ((i = 0; i < 10; i++)); do
		run memory syscall
		assert_success
		assert_line --partial "on $ADDR"
	done
	assert [ $(($(now_ms) - began)) -lt 60000 ]
	run "$VIRGO" --via syscall -w "$SECOND" mem get a
	assert_failure 5
	assert_output --partial "$SECOND:30000: no connection: Connection refused"
	node_stop
	ledger_is_balanced
}

@test "a node that does not answer costs the time that was allowed for it" {
	only kernel 'of the device'
	local began

	# an address of the guest's network that nobody has
	start "nodes = $ADDR, 10.0.2.77"
	began=$(now_ms)
	run "$VIRGO" --via syscall --connect-timeout 1s -w 10.0.2.77 mem get a
	assert_failure 5
	assert [ $(($(now_ms) - began)) -lt 20000 ]
	assert_output --regexp '10.0.2.77:30000: no connection( within 1000 ms|: )'
	# the same at many at once: what the living say is not held back
	run "$VIRGO" --via syscall --connect-timeout 1s -w "$ADDR,10.0.2.77" node ls
	assert_failure
	assert_output --partial "$ADDR"
	node_stop
	ledger_is_balanced
}

@test "programs run where the kernel says, and their output comes as it appears" {
	only kernel 'of the device'

	start
	run "$DEVICE" clone 0 echo one two
	assert_line --partial 'ok status 200 node 7'
	assert_line 'end 1 exit 0 signal 0 value 0 flags 0 out 8/8 err 0/0'
	assert_line 'one two'
	run "$DEVICE" clone 0 sh -c 'echo out; echo err >&2; exit 3'
	assert_line 'end 1 exit 3 signal 0 value 0 flags 0 out 4/4 err 4/4'
	run "$DEVICE" clone 0 sh -c 'kill -9 $$'
	assert_line --partial 'end 2 exit -1 signal 9'
	# not UTF-8
	run --separate-stderr "$DEVICE" clone 0 printf '\377\000\n'
	assert_line --partial 'out 3/3'
	# more than there is room for
	run "$DEVICE" clone 0 head -c 100000 /dev/zero
	assert_line --partial 'flags 256 out 65536/100000'
	run "$DEVICE" clone 2 virgo_node_facts
	assert_line --partial 'end 1 exit 0'
	run "$DEVICE" clone 0 /etc/passwd
	assert_line --partial 'EREMOTEIO status 403'
	assert_line --partial 'problem exec.not_allowed'
	# the first line is there long before the last
	"$DEVICE" stream cpupool POST /v1/exec '{"name":"sh","args":["-c","echo first; sleep 600"]}' 4096 >streamed 3>&- &
	poll_until "$PATIENCE" grep -q first streamed
	kill -KILL $!
	wait $! || true
	poll_until "$PATIENCE" eval '! pgrep -f "sleep 600" >/dev/null'
	node_stop
	ledger_is_balanced
}

# --- unloading ------------------------------------------------------------------------------------------------------------------------

# bats test_tags=smoke
@test "a module whose device is open stays; a service can go with calls under way" {
	only kernel 'of the device'
	local id pid

	start
	"$DEVICE" hold >held < <(sleep 60) 3>&- &
	pid=$!
	poll_until "$PATIENCE" grep -q open held
	rmmod virgo_cpupool
	rmmod virgo_mempool
	run ! rmmod virgo
	run "$DEVICE" call mempool GET /v1/mem/a
	assert_line --partial 'ECONNREFUSED'
	kill -KILL "$pid"
	wait "$pid" || true
	insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
	insmod "$VIRGO_KO_DIR/virgo_cpupool.ko"
	# calls that wait for a job's end
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"sleep","args":["100"]}'
	id=$(jq -r .id answer.body)
	"$DEVICE" call cpupool GET "/v1/jobs/$id?wait=60000" >one 3>&- &
	"$DEVICE" stream cpupool POST /v1/exec '{"name":"sleep","args":["100"]}' >two 3>&- &
	poll_until "$PATIENCE" eval '[[ $(pgrep -fc "sleep 100") -ge 2 ]]'
	rmmod virgo_cpupool
	wait
	run cat one
	assert_output --regexp '^(ECONNRESET|ok) '
	poll_until "$PATIENCE" eval '! pgrep -f "sleep 100" >/dev/null'
	rmmod virgo_mempool
	rmmod virgo
	ledger_is_balanced
	run ! stat /dev/virgo
}

@test "load and unload eight times with callers at the door" {
	only kernel 'of the device'
	local i pids=()

	start
	for i in 1 2 3; do
		(while :; do
			"$DEVICE" call mempool PUT /v1/mem/a x >/dev/null 2>&1 || true
			"$DEVICE" clone 2 virgo_node_facts >/dev/null 2>&1 || true
		done) 3>&- &
		BACKGROUND+=("$!")
	done
	for ((i = 0; i < 8; i++)); do
		rmmod virgo_mempool
		rmmod virgo_cpupool
		# whoever has the device open holds the core for a moment
		poll_until "$PATIENCE" rmmod virgo 2>/dev/null
		node_start
	done
	for i in "${BACKGROUND[@]}"; do
		kill -KILL "$i"
		wait "$i" || true
	done
	BACKGROUND=()
	poll_until "$PATIENCE" node_stop
	ledger_is_balanced
}

# --- the helper --------------------------------------------------------------------------------------------------------------------------

@test "the helper is started when it is needed, once, and again when it has died" {
	only kernel 'of the device'
	local pid

	start
	run ! pgrep -f "$HELPER"
	run "$DEVICE" clone 0 true
	assert_line --partial 'end 1 exit 0'
	pid=$(pgrep -f "$HELPER" | head -n 1)
	run "$DEVICE" clone 0 true
	assert_line --partial 'end 1 exit 0'
	assert_equal "$(pgrep -f "$HELPER" | head -n 1)" "$pid"
	# nobody else can be it now
	run "$DEVICE" helper twice
	assert_output --partial 'attach: EBUSY'
	run "$DEVICE" helper abi
	assert_success
	# what runs when it dies is lost, what comes then is not
	"$DEVICE" clone 0 sleep 100 >lost 3>&- &
	poll_until "$PATIENCE" pgrep -f 'sleep 100' >/dev/null
	kill -KILL "$pid"
	wait $!
	run cat lost
	assert_line --partial 'end 5 exit -1'
	run "$DEVICE" clone 0 true
	assert_line --partial 'end 1 exit 0'
	assert_not_equal "$(pgrep -f "$HELPER" | head -n 1)" "$pid"
	node_stop
	poll_until "$PATIENCE" eval '! pgrep -f "$HELPER" >/dev/null'
	ledger_is_balanced
}

@test "without a helper it is said, and which file is missing is mended without a restart" {
	only kernel 'of the device'
	start "exec_helper = $PWD/none"
	run "$DEVICE" clone 0 true
	assert_line --partial 'EREMOTEIO status 503'
	assert_line --partial 'problem exec.no_helper'
	# a program that is no helper
	printf '#!/bin/sh\nexit 0\n' >none
	chmod 755 none
	run "$DEVICE" clone 0 true
	refute_line --partial 'end 1'
	ln -sf "$HELPER" none
	poll_until "$PATIENCE" eval '"$DEVICE" clone 0 true | grep -q "end 1 exit 0"'
	node_stop
	ledger_is_balanced
}

# attach_bad MODE: a helper of our own; it must be gone in the end, and the next run be served by a good one
attach_bad()
{
	"$DEVICE" helper "$1" >"helper.$1" 2>&1 3>&- &
	HELPER_PID=$!
	poll_until "$PATIENCE" grep -q attached "helper.$1"
}

@test "a helper that does not keep to the rules is ended" {
	only kernel 'of the device'
	local mode

	start
	for mode in nohello hello-abi hellos length short long; do
		attach_bad "$mode"
		poll_until "$PATIENCE" eval '! kill -0 $HELPER_PID 2>/dev/null'
		wait "$HELPER_PID" || true
		assert_regex "$(node_log)" 'virgo: the helper .*: it is ended'
	done
	# nonsense in the right form is the service's to bear
	attach_bad nonsense
	run "$DEVICE" call cpupool GET /v1/load
	assert_line --partial 'ok status 200'
	kill -KILL "$HELPER_PID"
	wait "$HELPER_PID" || true
	attach_bad small
	"$DEVICE" clone 0 true >dropped 3>&- &
	poll_until "$PATIENCE" grep -q EFAULT helper.small
	run cat helper.small
	assert_line 'read: EMSGSIZE'
	kill -KILL "$HELPER_PID"
	wait || true
	run cat dropped
	assert_line --partial 'end 5'
	# one that dies over its first run
	attach_bad die
	run "$DEVICE" clone 0 true
	assert_line --partial 'end 5'
	wait || true
	poll_until "$PATIENCE" eval '"$DEVICE" clone 0 true | grep -q "end 1 exit 0"'
	node_stop
	ledger_is_balanced
}

@test "a helper that does not listen is killed when the service goes" {
	only kernel 'of the device'
	start
	attach_bad stuck
	# it is told to go, and has its time
	rmmod virgo_cpupool
	wait "$HELPER_PID" || true
	assert_regex "$(node_log)" 'the helper does not end: it is killed'
	rmmod virgo_mempool
	rmmod virgo
	ledger_is_balanced
}
