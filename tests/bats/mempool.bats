#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2030,SC2031,SC2154
# The memory pool from the outside, through stock curl and nc: keys, conditions, listings, transactions, blocks,
# one-line commands, and what happens when it is full. Each test has a loopback node without keys.

load helpers

# node [SETTING...]: a node without keys, on loopback
node()
{
	node_conf "$@"
	node_start
}

teardown()
{
	local failed=0

	# a clean end is part of every test: it checks that all that was made was freed
	[[ -z ${BATS_TEST_COMPLETED-} ]] || node_stop || failed=1
	node_teardown
	return $failed
}

etag()
{
	field etag | tr -d '"'
}

# get KEY: its value, which must be there
get()
{
	curl -sS -f -m 60 "$MEM/v1/mem/$1"
}

put()
{
	curl -sS -f -m 60 -T "$2" "$MEM/v1/mem/$1"
}

pool()
{
	stat_of "services.mempool.$1"
}

line()
{
	printf '%s\r\n' "$@" | nc -N -w "$PATIENCE" "$ADDR" 30000
}

@test "keys: put, get, head, delete, versions that only grow" {
	node
	ask 404 GET "$MEM/v1/mem/a"
	assert_equal "$code" mem.not_found
	ask 201 PUT "$MEM/v1/mem/a" --data-binary hello
	first=$(etag)
	ask 200 GET "$MEM/v1/mem/a"
	assert_equal "$body" hello
	ask 200 HEAD "$MEM/v1/mem/a"
	assert_equal "$(field content-length)" 5
	ask 204 PUT "$MEM/v1/mem/a" --data-binary world
	[ "$(etag)" -gt "$first" ]
	ask 204 DELETE "$MEM/v1/mem/a"
	ask 404 DELETE "$MEM/v1/mem/a"
}

@test "keys: any byte but NUL, escaped; at most 512 of them" {
	node
	ask 201 PUT "$MEM/v1/mem/a%2Fb%20%FF%C3%A4" --data-binary 1
	ask 200 GET "$MEM/v1/mem/a%2Fb%20%FF%C3%A4"
	assert_equal "$body" 1
	long=$(printf 'k%.0s' {1..512})
	ask 201 PUT "$MEM/v1/mem/$long" --data-binary 2
	ask 400 PUT "$MEM/v1/mem/${long}k" --data-binary 2
	assert_equal "$code" mem.bad_key
}

@test "values: binary, with a length and chunked, exactly the limit and one over" {
	node
	for n in 0 1 512 513 2048 2049 65536 1048576; do
		head -c $n /dev/urandom >value
		put len value
		get len | cmp - value
		# curl 7.88 never ends an empty chunked body
		[ $n != 0 ] || continue
		curl -sS -f -H 'Transfer-Encoding: chunked' -T value "$MEM/v1/mem/chunked"
		get chunked | cmp - value
	done
	head -c 1048577 /dev/urandom >value
	ask 413 PUT "$MEM/v1/mem/len" -T value
	ask 413 PUT "$MEM/v1/mem/len" -H 'Transfer-Encoding: chunked' -T value
	get len | cmp - <(get chunked)
}

@test "conditions: compare-and-set, create only, not modified" {
	node
	ask 412 PUT "$MEM/v1/mem/a" --data-binary 1 -H 'If-Match: *'
	assert_equal "$code" mem.precondition
	ask 201 PUT "$MEM/v1/mem/a" --data-binary 1 -H 'If-None-Match: *'
	old=$(etag)
	ask 412 PUT "$MEM/v1/mem/a" --data-binary 2 -H 'If-None-Match: *'
	ask 204 PUT "$MEM/v1/mem/a" --data-binary 2 -H "If-Match: \"$old\""
	ask 412 PUT "$MEM/v1/mem/a" --data-binary 3 -H "If-Match: \"$old\""
	ask 412 DELETE "$MEM/v1/mem/a" -H "If-Match: \"$old\""
	ask 404 DELETE "$MEM/v1/mem/none" -H "If-Match: \"$old\""
	ask 200 GET "$MEM/v1/mem/a"
	assert_equal "$body" 2
	ask 304 GET "$MEM/v1/mem/a" -H "If-None-Match: \"$(etag)\""
	ask 200 GET "$MEM/v1/mem/a" -H "If-None-Match: \"$old\""
	ask 400 PUT "$MEM/v1/mem/a" --data-binary 3 -H 'If-Match: 7'
}

@test "ranges: first, last, behind the end" {
	node
	ask 201 PUT "$MEM/v1/mem/a" --data-binary 0123456789
	ask 206 GET "$MEM/v1/mem/a" -r 2-4
	assert_equal "$body" 234
	assert_equal "$(field content-range)" 'bytes 2-4/10'
	ask 206 GET "$MEM/v1/mem/a" -r -3
	assert_equal "$body" 789
	ask 416 GET "$MEM/v1/mem/a" -r 10-
}

@test "ttl: gone when its time is over, and counted" {
	node
	ask 201 PUT "$MEM/v1/mem/long?ttl_ms=3600000" --data-binary 1
	ask 201 PUT "$MEM/v1/mem/short?ttl_ms=300" --data-binary 1
	gone() { [ "$(curl -sS -o /dev/null -w '%{http_code}' "$MEM/v1/mem/short")" = 404 ]; }
	poll_until "$PATIENCE" gone
	expired() { [ "$(pool expired)" = 1 ]; }
	poll_until "$PATIENCE" expired
	ask 200 GET "$MEM/v1/mem"
	assert_equal "$(jq -c '[.keys[] | [.key, .ttl_ms > 3000000 and .ttl_ms <= 3600000]]' <<<"$body")" '[["long",true]]'
	ask 400 PUT "$MEM/v1/mem/a?ttl_ms=0" --data-binary 1
}

@test "incr: from nothing, by any number, no number, overflow; many at once lose none" {
	node
	ask 200 POST "$MEM/v1/mem/n/incr"
	assert_equal "$body" '{"value":1}'
	ask 200 POST "$MEM/v1/mem/n/incr?by=-11"
	assert_equal "$body" '{"value":-10}'
	ask 204 PUT "$MEM/v1/mem/n" --data-binary 9223372036854775807
	ask 409 POST "$MEM/v1/mem/n/incr"
	assert_equal "$code" mem.overflow
	ask 204 PUT "$MEM/v1/mem/n" --data-binary x
	ask 409 POST "$MEM/v1/mem/n/incr"
	assert_equal "$code" mem.not_a_number
	local i pids=()

	for i in 1 2 3 4; do
		curl -sS -f -X POST "$MEM/v1/mem/many/incr?by=[1-50]" >/dev/null 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	ask 200 GET "$MEM/v1/mem/many"
	assert_equal "$body" $((4 * 1275))
}

@test "listing: in byte order, by prefix, page by page" {
	node
	curl -sS -f -X PUT --data-binary v "$MEM/v1/mem/k[100-349]" >/dev/null
	ask 201 PUT "$MEM/v1/mem/other" --data-binary v
	local after='' n=0
	while :; do
		ask 200 GET "$MEM/v1/mem?${after:+after=$after&}limit=90&prefix=k"
		jq -r '.keys[].key' <<<"$body" >>all
		n=$((n + 1))
		after=$(jq -r '.next // empty' <<<"$body")
		[ -n "$after" ] || break
	done
	assert_equal "$n" 3
	diff all <(seq -f 'k%g' 100 349)
	ask 200 GET "$MEM/v1/mem?limit=1000"
	assert_equal "$(jq '.keys | length' <<<"$body")" 251
	ask 400 GET "$MEM/v1/mem?limit=1001"
	ask 201 PUT "$MEM/v1/mem/%FF%22" --data-binary v
	ask 200 GET "$MEM/v1/mem?prefix=%FF"
	assert_equal "$(jq -r '.keys[0].key_raw' <<<"$body")" %FF%22
}

@test "transactions: all or nothing, the branch that the conditions choose" {
	node
	txn='{"if":[{"key":"a","absent":true}],"then":[{"set":"a","value":"1"},{"set":"b","value":"2"},{"get":"a"}],
		"else":[{"get":"b"},{"del":"a"}]}'
	ask 200 POST "$MEM/v1/txn" -d "$txn"
	assert_equal "$(jq -c '[.succeeded, .results[2].value]' <<<"$body")" '[true,"1"]'
	ask 200 GET "$MEM/v1/mem/b"
	assert_equal "$body" 2
	ask 200 POST "$MEM/v1/txn" -d "$txn"
	assert_equal "$(jq -c '[.succeeded, .results[0].value, .results[1].deleted]' <<<"$body")" '[false,"2",true]'
	ask 404 GET "$MEM/v1/mem/a"
	ask 200 GET "$MEM/v1/mem/b"
	ask 200 POST "$MEM/v1/txn" -d '{"if":[{"key":"b","version":"'"$(etag)"'"}],"then":[{"del":"b"}]}'
	ask 404 GET "$MEM/v1/mem/b"
	ask 400 POST "$MEM/v1/txn" -d '{"then":[{"set":"c","value":"1"},{"set":"d"}]}'
	assert_equal "$code" mem.bad_txn
	ask 404 GET "$MEM/v1/mem/c"
}

@test "blocks: zeroed, written in part, read in part, freed for good" {
	node
	ask 201 POST "$MEM/v1/blocks" -d '{"size":10}'
	id=$(member id)
	assert_equal "$(field location)" "/v1/blocks/$id"
	ask 204 PUT "$MEM/v1/blocks/$id?offset=4" --data-binary abc
	curl -sS -f "$MEM/v1/blocks/$id" | cmp - <(printf '\0\0\0\0abc\0\0\0')
	ask 200 GET "$MEM/v1/blocks/$id?length=2&offset=5"
	assert_equal "$body" bc
	ask 416 GET "$MEM/v1/blocks/$id?length=2&offset=9"
	assert_equal "$code" mem.range
	ask 416 PUT "$MEM/v1/blocks/$id?offset=18446744073709551615" --data-binary abc
	ask 416 PUT "$MEM/v1/blocks/$id" -H 'Transfer-Encoding: chunked' --data-binary 0123456789a
	ask 204 DELETE "$MEM/v1/blocks/$id"
	ask 404 GET "$MEM/v1/blocks/$id"
	assert_equal "$code" mem.no_block
	ask 201 POST "$MEM/v1/blocks" -d '{"size":10}'
	[ "$(member id)" != "$id" ]
	ask 404 GET "$MEM/v1/blocks/$id"
	ask 400 GET "$MEM/v1/blocks/0xffff888004a3c000"
	ask 413 POST "$MEM/v1/blocks" -d '{"size":16777217}'
	ask 400 POST "$MEM/v1/blocks" -d '{"size":0}'
}

@test "blocks: 16 MiB, whole and in the middle" {
	node
	head -c 16777216 /dev/urandom >value
	ask 201 POST "$MEM/v1/blocks" -d '{"size":16777216}'
	id=$(member id)
	ask 204 PUT "$MEM/v1/blocks/$id" -T value
	curl -sS -f "$MEM/v1/blocks/$id" | cmp - value
	ask 204 PUT "$MEM/v1/blocks/$id?offset=8000000" --data-binary middle
	printf middle | dd of=value bs=1 seek=8000000 conv=notrunc status=none
	curl -sS -f "$MEM/v1/blocks/$id" | cmp - value
}

@test "one-line commands: malloc, set, get, free" {
	node
	id=$(line 'virgo_cloud_malloc(20)')
	id=${id%$'\r'}
	[[ $id =~ ^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$ ]]
	run line "virgo_cloud_set($id,hello, (world))" "virgo_cloud_get(\"$id\")" "virgo_cloud_free($id)" \
		"virgo_cloud_get($id)" 'virgo_cloud_malloc(x)'
	assert_line -n 0 0
	assert_line -n 1 'hello, (world)'
	assert_line -n 2 0
	assert_line -n 3 --partial 'error: mem.no_block:'
	assert_line -n 4 --partial 'error: mem.bad_request:'
}

@test "full: refused with 507 that names the numbers, and usable as before" {
	node 'mempool_max_bytes = 1500k'
	head -c 1000000 /dev/urandom >value
	ask 201 PUT "$MEM/v1/mem/a" -T value
	ask 507 PUT "$MEM/v1/mem/b" -T value
	assert_equal "$code" mem.full
	assert_regex "$body" 'of 1536000 are used'
	ask 507 PUT "$MEM/v1/mem/b" -H 'Transfer-Encoding: chunked' -T value
	ask 507 POST "$MEM/v1/blocks" -d '{"size":1500000}'
	get a | cmp - value
	ask 204 DELETE "$MEM/v1/mem/a"
	ask 201 PUT "$MEM/v1/mem/b" -T value
}

@test "full: evict = clock makes room, keeps what is read, and never goes over" {
	node 'mempool_max_bytes = 2M' 'evict = clock'
	head -c 10000 /dev/urandom >value
	ask 201 PUT "$MEM/v1/mem/hot" -T value
	for i in {1..20}; do
		curl -sS -f -T value "$MEM/v1/mem/$i-[1-25]" >/dev/null
		ask 200 GET "$MEM/v1/mem/hot"
		[ "$(pool bytes_used)" -le 2097152 ]
	done
	[ "$(pool evicted)" -gt 200 ]
	ask 404 GET "$MEM/v1/mem/1-1"
	ask 200 GET "$MEM/v1/mem/20-25"
}

@test "many large uploads at once stay below the limit" {
	node 'mempool_max_bytes = 8M'
	head -c 1000000 /dev/urandom >value
	local i pids=()

	for i in {1..30}; do
		curl -sS -o /dev/null -w '%{http_code}\n' -T value "$MEM/v1/mem/u$i" >"status.$i" 3>&- &
		pids+=($!)
	done
	while kill -0 "${pids[@]}" 2>/dev/null; do
		[ "$(pool bytes_used)" -le 8388608 ]
	done
	wait "${pids[@]}"
	[ "$(pool bytes_used)" -le 8388608 ]
	assert_equal "$(cat status.* | sort -u | tr '\n' ' ')" '201 507 '
	assert_equal "$(cat status.* | grep -c 201)" "$(pool keys)"
}

@test "clients killed in the middle of an upload leave nothing" {
	local i pids=() before

	node
	before=$(pool bytes_used)
	mkfifo never
	exec 4<>never
	for i in {1..10}; do
		# the rest never comes
		curl -sS -H 'Content-Length: 1000000' -H 'Transfer-Encoding:' -T - "$MEM/v1/mem/u$i" <never 2>/dev/null 3>&- &
		pids+=($!)
	done
	held() { (($(pool bytes_used) > before + 9000000)); }
	poll_until "$PATIENCE" held
	kill -9 "${pids[@]}"
	exec 4>&-
	back() { [ "$(pool bytes_used)" = "$before" ]; }
	poll_until "$PATIENCE" back
	assert_equal "$(pool keys)" 0
}
