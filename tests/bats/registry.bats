#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The registry of load: nodes push what they have to do, clients read all of it, and who stops pushing is forgotten.

load helpers

# put STATUS ID JSON [QUERY]
put()
{
	ask "$1" PUT "$CTL/v1/loads/$2${4:+?$4}" --data-binary "$3"
}

LOAD='"cpus":2,"load1":0.25,"running":1,"queued":3,"mem_free":4096,"predicted_us":700,"degraded":false'

# loads FILTER: what jq makes of the registry's list
loads()
{
	scurl -f "$CTL/v1/loads" | jq -c "$1"
}

forgotten()
{
	[[ $(loads .loads) = '[]' ]]
}

@test "what nodes push is there for whoever reads, by number, with its age" {
	node_keys
	node_start
	assert_equal "$(loads .)" '{"loads":[]}'
	put 201 12 "{$LOAD,\"address\":\"10.0.0.12\"}" ttl_ms=600000
	put 201 3 "{\"node\":3,$LOAD,\"address\":\"[FD00::3]:10001\",\"later\":{\"x\":[1]}}" ttl_ms=600000
	assert_equal "$(loads '[.loads[] | [.node, .address]]')" '[[3,"[fd00::3]:10001"],[12,"10.0.0.12"]]'
	assert_equal "$(loads '.loads[1] | del(.age_ms)')" \
		'{"node":12,"cpus":2,"load1":0.25,"running":1,"queued":3,"mem_free":4096,"predicted_us":700,"degraded":false,"address":"10.0.0.12"}'
	poll_until "$PATIENCE" eval '(($(loads ".loads[1].age_ms") > 100))'
	# told anew: other figures, a new age, still two
	put 204 12 '{"cpus":4,"running":0,"queued":0,"degraded":true,"address":"10.0.0.12"}' ttl_ms=600000
	assert_equal "$(loads '[.loads[1] | .cpus, .running, .load1 == 0, .degraded]')" '[4,0,true,true]'
	assert_equal "$(loads '.loads | length')" 2
	assert_equal "$(stat_of services.control.loads)" 2
	scurl -f "$CTL/metrics" | grep -qx 'virgo_registry_nodes 2'
	node_stop
	assert_regex "$(node_log)" 'ledger:.* loads 2/2'
}

@test "without an address it is the one the node called from" {
	node_keys
	node_start
	put 201 5 "{$LOAD}"
	assert_regex "$(loads '.loads[0].address')" '^"127\.'
	node_stop
}

@test "a lease runs out by itself, and lives as long as it is renewed" {
	local begun

	node_keys
	node_start
	put 201 5 "{$LOAD}" ttl_ms=600000
	put 204 5 "{$LOAD}" ttl_ms=300
	poll_until "$PATIENCE" forgotten
	poll_until "$PATIENCE" eval '[[ $(stat_of services.control.loads) = 0 ]]'
	put 201 5 "{$LOAD}" ttl_ms=100
	# before the tick has taken it away, nobody sees it
	poll_until "$PATIENCE" forgotten
	begun=$(now_ms)
	put 201 6 "{$LOAD}"
	# ten seconds, if nothing else is said
	while (($(now_ms) < begun + 3000)); do
		assert_equal "$(loads '.loads[].node')" 6
	done
	node_stop
	assert_regex "$(node_log)" 'ledger:.* loads 3/3'
}

@test "what is no load is refused, with what is wrong" {
	local bad

	node_keys
	node_start
	while IFS=$'\t' read -r bad detail; do
		row || continue
		put 400 5 "$bad"
		assert_equal "$code" registry.bad_load
		assert_regex "$(jq -r .detail answer.body)" "$detail"
	done <<-END
		nonsense	no JSON value
		[]	an object is expected
		{}	"cpus" is
		{"cpus":0,"running":0,"queued":0}	"cpus" is
		{"cpus":1,"running":-1,"queued":0}	"running" is
		{"cpus":1,"running":0,"queued":"x"}	"queued" is
		{"cpus":1,"running":0,"queued":0,"load1":1e9}	"load1" is
		{"cpus":1,"running":0,"queued":0,"degraded":0}	"degraded" is
		{"cpus":1,"running":0,"queued":0,"node":6}	"node" is not the number in the path
		{"cpus":1,"running":0,"queued":0,"address":"host.example"}	"address" is no address
		{"cpus":1,"running":0,"queued":0,"address":"10.0.0.1/8"}	"address" is no address
		{"cpus":1,"running":0,"queued":0,"address":7}	"address" is no address
	END
	for bad in 0 -1 x 4294967296 05; do
		row || continue
		put 400 "$bad" "{$LOAD}"
	done
	for bad in ttl_ms=99 ttl_ms=3600001 ttl_ms=x ttl=1000; do
		row || continue
		put 400 5 "{$LOAD}" "$bad"
	done
	put 413 5 "{$LOAD,\"x\":\"$(printf '%4000d' 1)\"}"
	ask 400 GET "$CTL/v1/loads?x=1"
	ask 405 DELETE "$CTL/v1/loads/5"
	assert_equal "$(loads .loads)" '[]'
	node_stop
}

@test "reading is for keys that may read, pushing for keys that may write" {
	node_keys reader rights=read
	node_start
	put 403 5 "{$LOAD}"
	assert_equal "$code" auth.rights
	assert_equal "$(loads .loads)" '[]'
	KEYFILE=''
	ask 401 GET "$CTL/v1/loads"
	node_stop
}

@test "the registry holds 1024 nodes and no more" {
	local i

	node_conf 'trusted = 127.0.0.0/8'
	node_start
	for i in {1..1024}; do
		printf 'PUT /v1/loads/%d?ttl_ms=3600000 HTTP/1.1\r\nHost: %s:40000\r\nContent-Length: %d\r\n\r\n{%s}' "$i" "$ADDR" \
			$((${#LOAD} + 2)) "$LOAD"
	done >requests
	printf 'GET /healthz HTTP/1.1\r\nHost: %s:40000\r\nConnection: close\r\n\r\n' "$ADDR" >>requests
	nc -w "$PATIENCE" "$ADDR" 40000 <requests >answers
	assert_equal "$(grep -ac '^HTTP/1.1 201 ' answers)" 1024
	put 507 1025 "{$LOAD}"
	assert_equal "$code" registry.full
	put 204 1024 "{$LOAD}"
	assert_equal "$(loads '[(.loads | length), .loads[0].node, .loads[1023].node]')" '[1024,1,1024]'
	node_stop
	assert_regex "$(node_log)" 'ledger:.* loads 1024/1024'
}

# push_conf REGISTRY KEY LEASE
push_conf()
{
	node_conf "load_registry = $1" "client_key = $2" "load_lease = $3"
}

# pushing REGISTRY KEY: start a node that has something to tell
pushing()
{
	MODULES=(virgo_mempool virgo_cpupool)
	node_keys teller rights=read,write,admin
	push_conf "$1" "$2" 3s
	node_start
}

# pushes that were refused for want of a right
refused()
{
	scurl -f "$CTL/metrics" | sed -n 's/^virgo_requests_total{service="control",class="4xx"} //p'
}

told()
{
	[[ $(loads '.loads[0].node') = 7 ]]
}

renewed()
{
	(($(loads '.loads[0].age_ms') < $1))
}

@test "a node tells its load to the registry, signed, again and again before its lease is over" {
	local i age

	pushing "$ADDR" teller
	poll_until "$PATIENCE" told
	assert_equal "$(loads '.loads[0] | [.address, .cpus > 0, .running, .queued, .mem_free > 0, .degraded]')" \
		"[\"$ADDR\",true,0,0,true,false]"
	# it grows old, and is young again: without a gap, for longer than a lease
	for i in 1 2 3 4 5; do
		poll_until "$PATIENCE" eval 'age=$(loads ".loads[0].age_ms"); [[ $age != null ]] && ((age > 300))'
		poll_until "$PATIENCE" renewed "$age"
	done
	assert_equal "$(node_log | grep -c 'tell its load\|tells its load')" 0
	node_stop
}

@test "a registry that cannot be told is logged once, and once that it can" {
	pushing "$ADDR" nobody
	poll_until "$PATIENCE" eval 'node_log | grep -q "node 7 cannot tell its load to the registry $ADDR: "'
	assert_equal "$(loads .loads)" '[]'
	# a key without the right: another reason, not another line
	node_keys reader rights=read
	KEYFILE=$BATS_TEST_TMPDIR/key.teller
	push_conf "$ADDR" reader 1s
	node_reload
	poll_until "$PATIENCE" eval '(($(refused) > 1))'
	push_conf "$ADDR" teller 1s
	node_reload
	poll_until "$PATIENCE" told
	assert_equal "$(node_log | grep -c 'cannot tell its load')" 1
	assert_equal "$(node_log | grep -c 'node 7 tells its load to the registry')" 1
	# nobody is told any more: it is forgotten
	node_conf
	node_reload
	poll_until "$PATIENCE" forgotten
	node_stop
}

@test "a registry that is not there holds nothing up" {
	pushing "$ADDR:1" teller
	poll_until "$PATIENCE" eval 'node_log | grep -q "cannot tell its load to the registry $ADDR:1: "'
	ask 200 GET "$CTL/healthz"
	node_stop
	# one that never answers, while the node stops
	python3 -c '
import socket, sys, time
s = socket.create_server((sys.argv[1], 1234))
print("up", flush=True)
s.accept()
print("asked", flush=True)
time.sleep(600)
' "$ADDR" >silent &
	BACKGROUND+=("$!")
	poll_until "$PATIENCE" grep -q up silent
	push_conf "$ADDR:1234" teller 3s
	node_start
	poll_until "$PATIENCE" grep -q asked silent
	node_stop
}

@test "a client asks the registry in place of the nodes, and the nodes while it does not answer" {
	only virgod 'the client is the same for both'
	pushing "$ADDR" teller
	poll_until "$PATIENCE" told
	printf '%s\n' "nodes = $ADDR, $ADDR:1" "key_file = $KEYFILE" "registry = $ADDR" >client.conf
	"$TOP/build/virgo" -c client.conf -vv -o json bench --run --requests 20 --balance least-loaded >row 2>trace
	assert_equal "$(jq -c '.[0] | [.requests, .failed]' row)" '[20,0]'
	grep -q 'GET /v1/loads HTTP' trace
	run ! grep -q 'GET /v1/load HTTP' trace
	sed -i "s/^registry = .*/registry = $ADDR:1/" client.conf
	"$TOP/build/virgo" -c client.conf -vv -o json bench --run --requests 20 --balance least-loaded >row 2>trace
	assert_equal "$(jq -c '.[0] | [.requests, .failed]' row)" '[20,0]'
	grep -q 'GET /v1/load HTTP' trace
	node_stop
}
