#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Every limit from both sides: exactly at it all is well, one over it is refused as the protocol says, and the node goes on.

load helpers

no_connections()
{
	# the one that asks is one
	[[ $(stat_of connections) -le 1 ]]
}

# bats test_tags=smoke
@test "5,000 connections against a limit of 4,096: the rest are told so, and those served stay served" {
	local first=() before

	# what is tested is the number: a slow machine needs its time for five thousand
	node_conf 'request_timeout = 110s' 'idle_timeout = 300s'
	node_start
	run "$CLIENT" storm "$ADDR" 30000 5000
	assert_success
	# those over the limit get a 503 while there are few of them, else are closed
	[[ ${lines[0]} =~ ^first:\ served\ ([0-9]+)\ refused\ ([0-9]+)\ other\ 0\ lost\ ([0-9]+)$ ]]
	first=("${BASH_REMATCH[@]:1}")
	echo "${lines[0]}"
	assert_equal "${first[0]}" 4096
	assert_equal $((first[1] + first[2])) 904
	assert [ "${first[1]}" -ge 1 ]
	assert_regex "${lines[1]}" '^second: served 4096 '
	poll_until "$PATIENCE" no_connections
	assert_equal "$(stat_of refused_limit)" 904
	# and it serves again as many as before
	run "$CLIENT" storm "$ADDR" 30000 500
	assert_line --regexp '^first: served 500 '
	node_stop
}

@test "max_connections counts over all services, and a reload moves it" {
	node_conf 'max_connections = 30'
	node_keys
	node_start
	run "$CLIENT" storm "$ADDR" 30000 40
	assert_line --regexp '^first: served 30 refused 10 other 0 lost 0'
	poll_until "$PATIENCE" no_connections
	"$CLIENT" hold "$ADDR" 40000 25 >held 3>&- &
	BACKGROUND+=("$!")
	poll_until "$PATIENCE" grep -q 'served 25' held
	run "$CLIENT" storm "$ADDR" 30000 10
	assert_line --regexp '^first: served 5 refused 5 '
	poll_until "$PATIENCE" eval '[[ $(stat_of connections) -le 26 ]]'
	node_conf 'max_connections = 60'
	node_reload
	run "$CLIENT" storm "$ADDR" 30000 34
	assert_line --regexp '^first: served 34 '
	node_stop
}

@test "a slow sender is answered 408 and closed, however it drips" {
	# where a program needs a second to start, honest requests need more than that
	local seconds=$((PATIENCE / 15))

	node_conf "request_timeout = ${seconds}s"
	node_start
	run "$CLIENT" drip "$ADDR" 30000 100 "$(printf 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: %0200d' 1)"
	assert_success
	assert_line --partial 'HTTP/1.1 408'
	assert_line --partial '"code":"http.timeout"'
	[[ ${lines[-1]} =~ answer\ after\ ([0-9]+)\ ms ]]
	assert [ "${BASH_REMATCH[1]}" -ge $((seconds * 900)) ]
	assert [ "${BASH_REMATCH[1]}" -le $((seconds * 1000 + 1000 + PATIENCE * 100)) ]
	# in the body as well, though each byte comes in time
	run "$CLIENT" drip "$ADDR" 30000 100 "$(printf 'PUT /v1/mem/slow HTTP/1.1\r\nHost: localhost:30000\r\nContent-Length: 1000\r\n\r\n%0200d' 1)"
	assert_line --partial 'HTTP/1.1 408'
	# half a line command
	run "$CLIENT" drip "$ADDR" 30000 300 'virgo_cloud_malloc(12345678901234567890)'
	assert_output --partial 'error: line.timeout'
	# who says nothing at all is cut off without a word
	run "$CLIENT" drip "$ADDR" 30000 100 ''
	assert_success
	refute_output --partial HTTP
	ask 404 GET "$MEM/v1/mem/slow"
	assert [ "$(stat_of services.mempool.timeouts)" -ge 4 ]
	node_stop
}

@test "many slow ones do not keep others from being served" {
	local i

	node_conf "request_timeout = $((PATIENCE / 5))s"
	node_start
	for ((i = 0; i < 20; i++)); do
		"$CLIENT" drip "$ADDR" 30000 50 "$(printf 'PUT /v1/mem/slow HTTP/1.1\r\nHost: localhost:30000\r\nContent-Length: 1000000\r\n\r\n')$(printf '%0900d' 1)" >/dev/null 3>&- &
		BACKGROUND+=("$!")
	done
	for ((i = 0; i < 5; i++)); do
		ask 200 GET "$MEM/v1/stats"
		assert [ "$(curl -sS -o /dev/null -w '%{time_total}' -m 60 "$MEM/healthz" | tr -d .)" -lt $((PATIENCE * 100000)) ]
	done
	poll_until $((PATIENCE * 2)) no_connections
	node_stop
}

# closed_in LEAST MOST FORMAT...: the node closes the connection on which this was said after so many ms, never sooner. A machine
# that stood still for a while may close one late, but not one after the other.
closed_in()
{
	local least=$1 most=$2 begin took i

	shift 2
	for i in 1 2 3; do
		begin=$(now_ms)
		raw 30000 "$@" >answer
		took=$(($(now_ms) - begin))
		echo "closed after $took ms"
		assert [ "$took" -ge "$least" ]
		[[ $took -gt $most ]] || return 0
	done
	fail "closed later than after $most ms"
}

@test "a quiet connection is closed after idle_timeout, a used one is not" {
	local idle=$((PATIENCE / 15)) least most i

	node_conf "idle_timeout = ${idle}s"
	node_start
	least=$((idle * 900)) most=$((idle * 1000 + 1000 + PATIENCE * 100))
	closed_in "$least" "$most" 'GET /healthz HTTP/1.1\r\nHost: localhost:30000\r\n\r\n'
	assert [ "$(grep -c 'HTTP/1.1 200' answer)" = 1 ]
	# nor one that never said anything
	closed_in "$least" "$most" ''
	assert [ ! -s answer ]
	# eight requests, a quarter of that time between them, on one connection; here, too, the machine may stand still
	for i in 1 2 3; do
		run bash -c "for i in 1 2 3 4 5 6 7 8; do printf 'GET /healthz HTTP/1.1\r\nHost: localhost:30000\r\n\r\n'; sleep $((idle / 4)).$((idle % 4 * 25)); done |
			nc -N -w $PATIENCE $ADDR 30000"
		[[ $(grep -c 'HTTP/1.1 200' <<<"$output") != 8 ]] || break
	done
	assert_equal "$(grep -c 'HTTP/1.1 200' <<<"$output")" 8
	node_stop
}

@test "one who does not read is not read either, and is closed in the end" {
	# longer than the client needs to fill what lies between, and its two seconds
	node_conf "idle_timeout = $((PATIENCE / 4 + 3))s"
	node_start
	head -c 1000000 /dev/urandom >big
	ask 201 PUT "$MEM/v1/mem/big" --data-binary @big
	run "$CLIENT" mute "$ADDR" 30000 /v1/mem/big
	assert_success
	assert_output --partial 'the node stopped reading after'
	"$CLIENT" mute "$ADDR" 30000 /v1/mem/big >/dev/null 3>&- &
	BACKGROUND+=("$!")
	# meanwhile the others are served
	ask 200 GET "$MEM/v1/mem/big"
	cmp big answer.body
	poll_until $((PATIENCE * 2)) no_connections
	node_stop
}

@test "a value exactly at the limit and one over it, by length and in chunks" {
	node_conf 'value_max = 100k'
	node_start
	head -c 102400 /dev/urandom >at
	head -c 102401 /dev/urandom >over
	ask 201 PUT "$MEM/v1/mem/length" --data-binary @at
	ask 201 PUT "$MEM/v1/mem/chunks" -T at -H 'Transfer-Encoding: chunked'
	ask 413 PUT "$MEM/v1/mem/length" --data-binary @over -H 'Expect:'
	assert_equal "$code" http.body_too_large
	ask 413 PUT "$MEM/v1/mem/chunks" -T over -H 'Transfer-Encoding: chunked'
	ask 413 PUT "$MEM/v1/mem/new" -T over -H 'Transfer-Encoding: chunked'
	ask 200 GET "$MEM/v1/mem/length"
	cmp at answer.body
	ask 200 GET "$MEM/v1/mem/chunks"
	cmp at answer.body
	ask 404 GET "$MEM/v1/mem/new"
	node_stop
}

@test "the default limits: 1 MiB of a value, 16 MiB of a block, 512 bytes of a key" {
	local key id

	node_start
	head -c 1048576 /dev/urandom >at
	{ cat at; echo; } >over
	ask 201 PUT "$MEM/v1/mem/a" --data-binary @at
	ask 413 PUT "$MEM/v1/mem/b" --data-binary @over
	ask 200 GET "$MEM/v1/mem/a"
	cmp at answer.body
	key=$(printf '%0512d' 1)
	ask 201 PUT "$MEM/v1/mem/$key" --data-binary x
	ask 400 PUT "$MEM/v1/mem/${key}2" --data-binary x
	assert_equal "$code" mem.bad_key
	ask 201 POST "$MEM/v1/blocks" --data-binary '{"size":16777216}'
	id=$(member id)
	ask 204 DELETE "$MEM/v1/blocks/$id"
	scurl -o answer.body -w '%{http_code}\n' -X POST --data-binary '{"size":16777217}' "$MEM/v1/blocks" >status
	assert_regex "$(cat status)" '^4(00|13)$'
	node_stop
}

@test "a full pool answers 507, keeps what it has, and takes again what fits" {
	node_conf 'mempool_max_bytes = 1M'
	node_start
	head -c 100000 /dev/urandom >part
	# curl's own counting: twenty requests, one program
	curl -sS -m 60 -o /dev/null -w '%{http_code}\n' -T part "$MEM/v1/mem/k[0-19]" >statuses
	assert_equal "$(sort -u statuses | tr '\n' ' ')" '201 507 '
	assert [ "$(grep -c 201 statuses)" -ge 7 ]
	assert [ "$(stat_of services.mempool.bytes_used)" -le 1048576 ]
	ask 507 POST "$MEM/v1/blocks" --data-binary '{"size":900000}'
	ask 200 GET "$MEM/v1/mem/k0"
	cmp part answer.body
	# a value that replaces itself needs room for both
	ask 204 DELETE "$MEM/v1/mem/k0"
	poll_until "$PATIENCE" ask 201 PUT "$MEM/v1/mem/k0" --data-binary @part
	ask 507 PUT "$MEM/v1/mem/k99" --data-binary @part
	assert_regex "$(member detail)" 'mempool_max_bytes'
	node_stop
	# with eviction the same pool takes all, and holds the newest
	node_conf 'mempool_max_bytes = 1M' 'evict = clock'
	node_start
	curl -sS -m 60 -o /dev/null -w '%{http_code}\n' -T part "$MEM/v1/mem/k[0-19]" >statuses
	assert_equal "$(sort statuses | uniq -c | tr -s ' ')" ' 20 201'
	assert [ "$(stat_of services.mempool.evicted)" -ge 5 ]
	assert [ "$(stat_of services.mempool.bytes_used)" -le 1048576 ]
	ask 200 GET "$MEM/v1/mem/k19"
	cmp part answer.body
	node_stop
}

@test "limits of heads and lines are the configuration's" {
	node_conf 'request_line_max = 300' 'header_bytes_max = 1k' 'header_fields_max = 8'
	node_start
	# method, target and version without the line's end
	ask 404 GET "$MEM/$(printf '%0286d' 1)"
	ask 414 GET "$MEM/$(printf '%0287d' 1)"
	ask 200 GET "$MEM/healthz" -H "A: $(printf '%0800d' 1)"
	ask 431 GET "$MEM/healthz" -H "A: $(printf '%01024d' 1)"
	ask 431 GET "$MEM/healthz" -H A:1 -H B:1 -H C:1 -H D:1 -H E:1 -H F:1
	run raw_eof 30000 '%05000d' 1
	assert_output --regexp 'error: line\.'
	node_stop
}
