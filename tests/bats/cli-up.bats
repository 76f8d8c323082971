#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo up and down: all nodes or none, found by the commands that follow, nothing left behind.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup()
{
	virgo_alone
}

teardown()
{
	"$VIRGO" -q down
	[ -z "${taker-}" ] || kill "$taker"
}

virgo()
{
	"$VIRGO" "$@"
}

# have ADDRESS PORT: somebody else listens there
take()
{
	python3 -c '
import socket, sys, time
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("taken", flush=True)
time.sleep(600)
' "$1" "$2" >taken &
	taker=$!
	until [ -s taken ]; do
		kill -0 "$taker"
	done
}

@test "up, use, down: nothing is left, neither process nor file" {
	run virgo up --nodes 2
	assert_success
	mapfile -t pids < <(cut -f3 <<<"$output")
	[ "${#pids[@]}" = 2 ]
	[ "$(stat -c %a "$XDG_RUNTIME_DIR/virgo")" = 700 ]
	[ "$(stat -c %a "$XDG_RUNTIME_DIR/virgo/key")" = 600 ]
	[ "$(stat -c %a "$XDG_RUNTIME_DIR/virgo/keys")" = 600 ]
	virgo mem set a 1
	[ "$(virgo mem get a)" = 1 ]
	run virgo up
	assert_failure 6
	assert_line --partial 'already up: 2 nodes'
	virgo down
	[ ! -e "$XDG_RUNTIME_DIR/virgo" ]
	for pid in "${pids[@]}"; do
		run ! readlink "/proc/$pid/exe"	# one that nobody has waited for yet has none
	done
	run virgo down
	assert_success
}

@test "a taken port: a clear error, and nothing half started" {
	take 127.0.0.2 30000
	run virgo up --nodes 3
	assert_failure 1
	assert_line --partial 'node 2 did not start'
	assert_line --partial 'cannot listen on 127.0.0.2:30000: the port is taken'
	[ ! -e "$XDG_RUNTIME_DIR/virgo" ]
	run pgrep -f "$XDG_RUNTIME_DIR/virgo"
	assert_failure
}

@test "a wrong setting: its line is shown, and nothing is started" {
	run virgo up --nodes 1 --set 'value_max = lots'
	assert_failure 1
	assert_line --partial value_max
	refute_line --partial ports
	[ ! -e "$XDG_RUNTIME_DIR/virgo" ]
}

@test "--no-keys: memory and status, no settings" {
	virgo up --nodes 1 --no-keys
	[ ! -e "$XDG_RUNTIME_DIR/virgo/key" ]
	virgo mem set a 1
	[ "$(virgo mem get a)" = 1 ]
	run virgo config reload
	assert_failure 4
}

@test "--set reaches the nodes" {
	virgo up --nodes 1 --set value_max=2k
	[ "$(virgo config get --of-nodes value_max)" = 2048 ]
}

@test "--set: what up decides itself is refused, not ignored" {
	local line

	for line in node_id=9 ' listen = 127.0.0.9'; do
		run virgo up --nodes 1 --set "$line"
		assert_failure 2
		assert_line --partial 'up gives each node its own'
	done
	run virgo up --kernel --set value_max=2k
	assert_failure 2
	run virgo up --kernel --no-keys
	assert_failure 2
	[ ! -e "$XDG_RUNTIME_DIR/virgo" ]
}

@test "a directory that is absent or closed: 3 and 4, as for any file" {
	XDG_RUNTIME_DIR=$PWD/missing run virgo up --nodes 1
	assert_failure 3
	assert_line --partial "can't make"
	[ "$(id -u)" = 0 ] || skip 'needs somebody to be closed to'
	chmod 755 .
	run setpriv --reuid 65534 --clear-groups env "XDG_RUNTIME_DIR=$PWD" "HOME=$PWD" "$VIRGO" up --nodes 1
	assert_failure 4
}

@test "nodes run a handful of programs and the sample library, unless --set says otherwise" {
	virgo up --nodes 1
	[ "$(virgo exec -- uname -s)" = Linux ]
	[ "$(echo a | virgo exec --function sample:upper)" = A ]
	run virgo exec -- /usr/bin/env true
	assert_failure 4
	run virgo doctor
	assert_line --regexp $'^exec on 127.0.0.1\tok\t'
	virgo down
	virgo up --nodes 1 --set exec_allow=/usr/bin/id
	virgo exec -- id
	run virgo exec -- uname
	assert_failure 3
	virgo down
	virgo up --nodes 1 --no-keys
	run virgo exec -- true
	assert_failure 4
}

@test "what a crash left behind is cleared away by the next up" {
	virgo up --nodes 1
	kill -9 "$(cut -d' ' -f1 "$XDG_RUNTIME_DIR/virgo/node1/pid")"
	run virgo mem get a
	assert_failure 5
	until run virgo up --nodes 1 && [ "$status" = 0 ]; do
		[ "$status" = 6 ]
	done
	run virgo mem get a
	assert_failure 3
}

@test "many ups at once: one wins, also over what a crash left; down says in JSON what it stopped" {
	virgo up --nodes 1 >/dev/null
	pid=$(cut -d' ' -f1 "$XDG_RUNTIME_DIR/virgo/node1/pid")
	kill -KILL "$pid"
	while kill -0 "$pid" 2>/dev/null; do :; done
	for i in {1..6}; do
		{ "$VIRGO" up --nodes 1 >/dev/null 2>&1; echo $? >"status$i"; } &
	done
	wait
	[ "$(cat status? | grep -cx 0)" = 1 ]
	[ "$(cat status? | grep -cvx '[016]')" = 0 ]
	virgo status >/dev/null
	run virgo -o json down
	assert_success
	[ "$(jq -c . <<<"$output")" = '{"stopped":1,"killed":0}' ]
	run virgo -o json down
	assert_success
	[ "$(jq -c . <<<"$output")" = '{"stopped":0,"killed":0}' ]
	[ ! -e "$XDG_RUNTIME_DIR/virgo" ]
}

@test "down ends no process that up did not start" {
	virgo up --nodes 1
	pid=$(cut -d' ' -f1 "$XDG_RUNTIME_DIR/virgo/node1/pid")
	cp "$XDG_RUNTIME_DIR/virgo/node1/pid" kept
	take 127.0.0.77 0
	printf '%d %d\n' "$taker" 12345 >"$XDG_RUNTIME_DIR/virgo/node1/pid"
	virgo down
	kill -0 "$taker"
	kill -0 "$pid"
	kill "$pid"
}

@test "a directory that others can enter is not trusted" {
	mkdir -m 777 "$XDG_RUNTIME_DIR/virgo"
	printf 'nodes = 127.0.0.66\n' >"$XDG_RUNTIME_DIR/virgo/client.conf"
	[ "$(virgo config get nodes)" = 127.0.0.1 ]
	run virgo up
	assert_failure 4
	chmod 700 "$XDG_RUNTIME_DIR/virgo"
	rm -r "$XDG_RUNTIME_DIR/virgo"
}

@test "up and down twenty times under load" {
	for i in {1..20}; do
		virgo up --nodes 2 >/dev/null
		for j in 1 2 3 4; do
			virgo mem set "k$j" "$i" &
		done
		wait
		[ "$(virgo mem get k3)" = "$i" ]
		virgo -q down
	done
	[ ! -e "$XDG_RUNTIME_DIR/virgo" ]
}
