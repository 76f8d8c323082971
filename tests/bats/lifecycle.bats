#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Starting and stopping: under load, a hundred times, with clients that die, where a port is taken.

load helpers

# The client's load, in the background; it connects again whenever it is cut off.
load_start()
{
	"$CLIENT" load "$ADDR" "${1-30000}" "${2-16}" >load.out 2>&1 3>&- &
	LOAD_PID=$!
	BACKGROUND+=("$LOAD_PID")
}

load_stop()
{
	kill -TERM "$LOAD_PID"
	wait "$LOAD_PID"
	[[ $(tail -n 1 load.out) =~ ^load:\ requests\ ([0-9]+)\ ok\ ([0-9]+)\ cut\ ([0-9]+)$ ]] || {
		cat load.out
		return 1
	}
	REQUESTS=${BASH_REMATCH[1]} OK=${BASH_REMATCH[2]} CUT=${BASH_REMATCH[3]}
	echo "$REQUESTS requests, $OK of them fine, $CUT connections cut off"
}

# requests so far, of all lives of the node
load_count()
{
	sed -n 's/^so far: requests \([0-9]*\).*/\1/p' load.out | tail -n 1
}

# An emulated processor takes a second and a half for each: there 15 must do.
@test "start and stop a hundred times under load" {
	local i times=100

	[[ ${VIRGO_VM-uml} = uml ]] || times=15
	node_start
	load_start
	for ((i = 0; i < times; i++)); do
		node_stop
		node_start
	done
	ask 200 GET "$MEM/healthz"
	load_stop
	assert [ "$OK" -gt $times ]
	assert [ "$CUT" -gt $times ]
	node_stop
	# nobody listens any more
	run ! nc -z "$ADDR" 30000
	run ! nc -z "$ADDR" 40000
}

# bats test_tags=smoke
@test "the pool alone is taken out and put back under load, while control serves on" {
	local i

	only kernel 'virgod is one program'
	node_start
	load_start
	for ((i = 0; i < 15; i++)); do
		rmmod virgo_mempool
		ask 200 GET "$CTL/healthz"
		insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
	done
	# the core cannot go while a service uses it
	run ! rmmod virgo
	load_stop
	assert [ "$OK" -gt 100 ]
	node_stop
}

@test "clients that die in the middle of a request leave nothing behind" {
	local used

	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary x
	used=$(stat_of services.mempool.bytes_used)
	run "$CLIENT" vandal "$ADDR" 30000 3000
	assert_success
	assert_output 'vandal: killed 3000'
	poll_until "$PATIENCE" eval '[[ $(stat_of connections) -le 1 ]]'
	# no value was ever complete
	assert_equal "$(stat_of services.mempool.keys)" 1
	poll_until "$PATIENCE" eval "[[ \$(stat_of services.mempool.bytes_used) = $used && \$(stat_of services.mempool.bytes_dying) = 0 ]]"
	ask 200 GET "$MEM/v1/mem/a"
	node_stop
}

# bats test_tags=smoke
@test "stopping with clients in every state, and with a pool that is full of things" {
	local i n=12

	[[ ${VIRGO_VM-uml} = uml ]] || n=4
	node_start
	head -c 900000 /dev/urandom >big
	for ((i = 0; i < n; i++)); do
		ask 201 PUT "$MEM/v1/mem/k$i?ttl_ms=$((i * 1000 + 1000))" --data-binary @big
		ask 201 POST "$MEM/v1/blocks" --data-binary '{"size":100000}'
	done
	background "$CLIENT" hold "$ADDR" 30000 200
	background "$CLIENT" mute "$ADDR" 30000 "/v1/mem/k$((n - 1))" >/dev/null
	background "$CLIENT" drip "$ADDR" 30000 20 "$(printf 'PUT /v1/mem/slow HTTP/1.1\r\nHost: localhost:30000\r\nContent-Length: 1000000\r\n\r\n')$(printf '%09000d' 1)" >/dev/null
	background "$CLIENT" load "$ADDR" 30000 8 >/dev/null
	background "$CLIENT" load "$ADDR" 40000 8 >/dev/null
	# the mute and the slow one may have had their time already, where a look takes seconds; and control knows no keys, so that
	# those who load it are cut off and come again
	poll_until "$PATIENCE" eval '[[ $(stat_of connections) -ge 205 ]]'
	node_stop
	# the port is free at once, though connections of the old life are not all gone
	node_start
	ask 404 GET "$MEM/v1/mem/k$((n - 1))"
	node_stop
}

@test "a taken port is a clear error, and nothing is half-started" {
	background nc -l -k "$ADDR" 30000
	poll_until "$PATIENCE" nc -z "$ADDR" 30000
	node_refuse "mempool: cannot listen on $ADDR:30000: the port is taken"
	run ! nc -z "$ADDR" 40000
	kill -KILL "${BACKGROUND[0]}"
	wait "${BACKGROUND[0]}" || true
	background nc -l -k "$ADDR" 40000
	poll_until "$PATIENCE" nc -z "$ADDR" 40000
	node_refuse "control: cannot listen on $ADDR:40000: the port is taken"
	run ! nc -z "$ADDR" 30000
	kill -KILL "${BACKGROUND[1]}"
	wait "${BACKGROUND[1]}" || true
	# an address that is not here
	node_conf 'listen_control = 127.0.0.1:40123, 192.0.2.1'
	node_keys
	node_refuse 'cannot listen on 192.0.2.1:40000'
	run ! nc -z 127.0.0.1 40123
	# the same place asked for by two
	node_conf "listen_mempool = $ADDR:40000"
	node_refuse "cannot listen on $ADDR:40000: the port is taken"
	node_conf
	node_start
	node_stop
}

@test "several addresses, IPv6 among them, and ports of one's own" {
	local addr port=$((21000 + $$ % 9000))

	[[ -e /proc/net/if_inet6 ]] && grep -q '^0\{31\}1 ' /proc/net/if_inet6 || skip 'this machine has no ::1'
	node_conf "listen = $ADDR" "listen_mempool = $ADDR, $ADDR:$port, [::1]:$port"
	node_start
	for addr in "$ADDR:30000" "$ADDR:$port" "[::1]:$port"; do
		assert_equal "$(curl -sS -m 60 "http://$addr/healthz")" ok
		assert_equal "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' -X PUT --data-binary x "http://$addr/v1/mem/a")" \
			"$([[ $addr = "$ADDR:30000" ]] && echo 201 || echo 204)"
	done
	assert_equal "$(curl -sS -m 60 "http://[::1]:$port/v1/node" | jq -c '.services[] | select(.name == "mempool") | .listen')" \
		"[\"$ADDR:30000\",\"$ADDR:$port\",\"[::1]:$port\"]"
	run "$CLIENT" storm ::1 "$port" 20
	assert_line --regexp '^first: served 20 '
	node_stop
}

@test "signatures over IPv6, and on any address" {
	local port=$((21000 + $$ % 9000))

	[[ -e /proc/net/if_inet6 ]] && grep -q '^0\{31\}1 ' /proc/net/if_inet6 || skip 'this machine has no ::1'
	node_conf "listen_mempool = 0.0.0.0:$port, [::]:$port"
	node_keys
	node_start
	for addr in "$ADDR:$port" "127.0.0.1:$port" "[::1]:$port"; do
		run curl -sS -m 60 --aws-sigv4 virgo:virgo:virgo:mempool -K "$KEYFILE" "http://$addr/v1/mem"
		assert_output '{"keys":[],"next":null}'
	done
	node_stop
}

@test "SIGTERM and SIGINT stop a loaded virgod cleanly" {
	only virgod 'a module has no signals'
	local signal status

	for signal in TERM INT; do
		node_start
		load_start
		poll_until "$PATIENCE" eval '[[ $(load_count) -gt 100 ]]'
		kill -s "$signal" "$NODE_PID"
		poll_until "$PATIENCE" node_gone
		status=0
		wait "$NODE_PID" || status=$?
		NODE_PID=''
		assert_equal "$status" 0
		assert_regex "$(cat node.log)" 'node 7 stopped'
		load_stop
	done
}

@test "a second node on the same addresses is refused and the first serves on" {
	only virgod 'one kernel is one node'
	node_start
	run timeout "$PATIENCE" "$VIRGOD" --config "$CONF" --set "state_dir=$BATS_TEST_TMPDIR/other"
	assert_failure 1
	assert_output --partial 'the port is taken'
	ask 200 GET "$MEM/healthz"
	node_stop
}

@test "a module that is there already is refused by the kernel and goes on" {
	only kernel 'of modules'
	node_start
	run ! insmod "$VIRGO_KO_DIR/virgo.ko" "config=$CONF"
	run ! insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
	ask 200 GET "$MEM/healthz"
	assert_equal "$(cat /sys/module/virgo/parameters/config)" "$CONF"
	node_stop
	run ! insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
}

@test "systemd is told when the node is ready and when it stops" {
	only virgod 'of processes'
	socat -u "UNIX-RECV:notify.sock" "CREATE:told" 3>&- &
	BACKGROUND+=("$!")
	poll_until "$PATIENCE" test -S notify.sock
	NOTIFY_SOCKET=$PWD/notify.sock node_start
	poll_until "$PATIENCE" grep -q READY=1 told
	# ready means ready
	ask 200 GET "$MEM/healthz"
	node_stop
	poll_until "$PATIENCE" grep -q STOPPING=1 told
}

@test "sockets handed over by systemd are used" {
	only virgod 'of processes'
	local port=$((21000 + $$ % 9000))

	command -v python3 >/dev/null || skip 'python3 stands in for systemd'
	node_conf "listen_mempool = $ADDR:$port"
	cat >activate.py <<-'END'
		import os, socket, sys
		s = socket.socket()
		s.bind((sys.argv[1], int(sys.argv[2])))
		s.listen(16)
		os.dup2(s.fileno(), 3)
		os.set_inheritable(3, True)
		os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
		os.execv(sys.argv[3], sys.argv[3:])
	END
	: >node.log
	python3 activate.py "$ADDR" "$port" "$VIRGOD" --config "$CONF" >node.log 2>&1 3>&- &
	NODE_PID=$!
	# who connected before virgod was there is served too
	poll_until "$PATIENCE" nc -z "$ADDR" "$port"
	assert_equal "$(curl -sS -m 60 "http://$ADDR:$port/healthz")" ok
	poll_until "$PATIENCE" node_is_up
	assert_equal "$(ss -Hltn "src $ADDR:$port" | awk '{ print $3 }')" 16
	node_stop
}

@test "a state directory that cannot be written is told, and the node serves" {
	node_conf 'state_dir = /proc/none'
	node_start
	assert_regex "$(node_log)" '/proc/none/replay-7 cannot be written'
	ask 200 GET "$MEM/healthz"
	node_stop
}
