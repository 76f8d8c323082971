#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Configuration: what a node runs with, what it refuses to run with, and reloading all of it or nothing.

load helpers

# setting NAME: [VALUE,"FROM"]
setting()
{
	local config value

	config=$(scurl -f "$CTL/v1/config") || return
	[[ $config = *"\"$1\":{\"value\":"*,\"from\":* ]] || { echo "no setting $1 in: $config" >&2; return 1; }
	value=${config#*"\"$1\":{\"value\":"}
	value=${value%%\}*}
	echo "[${value%,\"from\":*},${value##*,\"from\":}]"
}

# Line and column of the message of a refused start, counted in the file that node_conf wrote.
refuses_at()
{
	local text=$1

	node_refuse "node.conf:$2:$3: "
	node_log | grep -qF -- "$text" || {
		echo "no message with: $text"
		node_log
		return 1
	}
}

@test "the configuration is shown with where each value comes from, and without secrets" {
	node_conf 'value_max = 2k' 'request_timeout = 33s' 'names = a.example, b.example'
	node_keys
	node_start
	assert_equal "$(member file "$(scurl -f "$CTL/v1/config")")" "$CONF"
	assert_equal "$(setting value_max)" '[2048,"file"]'
	assert_equal "$(setting block_max)" '[16777216,"default"]'
	assert_equal "$(setting node_id)" '[7,"file"]'
	assert_equal "$(setting names)" '[["a.example","b.example"],"file"]'
	assert_equal "$(setting evict)" '["none","default"]'
	assert_equal "$(setting listen)" "[[\"$ADDR\"],\"file\"]"
	assert_regex "$(setting request_timeout)" '33(000|s)'
	node_stop
}

@test "a bad configuration refuses the start with file, line, column and what is allowed" {
	printf '# one\n\n  valu_max = 1\n' >"$CONF"
	refuses_at value_max 3 3
	printf 'node_id = 0\n' >"$CONF"
	refuses_at 65535 1 11
	printf 'node_id = seven\n' >"$CONF"
	refuses_at seven 1 11
	printf '\nlisten = 127.0.0.1, 999.1.1.1\n' >"$CONF"
	refuses_at 'IPv4 or IPv6' 2 21
	printf 'evict = lru\n' >"$CONF"
	refuses_at clock 1 9
	printf 'value_max = 99G\n' >"$CONF"
	refuses_at value_max 1 13
	printf 'value_max = 1k\nvalue_max = 2k\n' >"$CONF"
	refuses_at value_max 2 1
	printf 'request_timeout = 3 fortnights\n' >"$CONF"
	refuses_at request_timeout 1 19
	printf 'node_id = 7\nnonsense\n' >"$CONF"
	node_refuse 'node.conf:2:'
	printf 'max_connections = 100\nmax_connections_min = 200\n' >"$CONF"
	node_refuse 'max_connections_min is over max_connections (100)'
	printf 'plaintext = on\n' >"$CONF"
	node_refuse 'plaintext = on needs plaintext_key'
	head -c 70000 /dev/zero | tr '\0' '#' >"$CONF"
	node_refuse 'cannot be read'
	rm "$CONF"
	mkdir "$CONF"
	node_refuse 'cannot be read'
}

@test "of a file that is too long the limit is told" {
	only virgod 'the module reads its first configuration with a message of its own'
	head -c 70000 /dev/zero | tr '\0' '#' >"$CONF"
	node_refuse 'more than 65536 bytes'
	node_conf
	head -c 70000 /dev/zero | tr '\0' '#' >"$KEYS"
	chmod 600 "$KEYS"
	node_refuse 'more than 65536 bytes'
}

@test "a configuration that is not there is one of defaults only where nobody named it" {
	only virgod 'a module has one place for it, which need not exist'
	rm "$CONF"
	node_refuse "$CONF: cannot be read"
}

@test "a reload takes all of a good configuration, and nothing of a bad one" {
	node_keys
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary "$(printf '%3000d' 1)"
	node_conf 'value_max = 2k' 'evict = clock'
	node_reload
	assert_equal "$(setting value_max)" '[2048,"file"]'
	ask 413 PUT "$MEM/v1/mem/a" --data-binary "$(printf '%3000d' 1)"
	ask 200 GET "$MEM/v1/mem/a"
	node_conf 'value_max = 4k' 'evict = maybe'
	ask 409 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	assert_equal "$code" config.invalid
	assert_regex "$(member detail)" "node.conf:7:9: .*what was in force stays"
	assert_equal "$(setting value_max)" '[2048,"file"]'
	assert_equal "$(setting evict)" '["clock","file"]'
	ask 413 PUT "$MEM/v1/mem/a" --data-binary "$(printf '%3000d' 1)"
	# keys that cannot be read: the configuration beside them is not taken either
	node_conf 'value_max = 8k'
	chmod 644 "$KEYS"
	ask 409 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	chmod 600 "$KEYS"
	assert_equal "$(setting value_max)" '[2048,"file"]'
	ask 204 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	ask 204 PUT "$MEM/v1/mem/a" --data-binary "$(printf '%3000d' 1)"
	# a setting that is gone is the default again; the number of a node stays while it runs
	node_conf 'node_id = 9'
	ask 204 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	assert_equal "$(setting value_max)" '[1048576,"default"]'
	ask 200 GET "$CTL/healthz"
	assert_equal "$(field virgo-node)" 7
	node_stop
}

@test "SIGHUP reads everything anew, and survives what is wrong" {
	only virgod 'signals are for processes'
	node_start
	node_conf 'value_max = 2k'
	node_reload
	assert_equal "$(setting value_max)" '[2048,"file"]'
	echo 'bogus = 1' >>"$CONF"
	node_reload
	assert_regex "$(node_log)" "not reloaded: $CONF:[0-9]+:1: "
	assert_equal "$(setting value_max)" '[2048,"file"]'
	rm "$CONF"
	node_conf
	node_reload
	assert_equal "$(setting value_max)" '[1048576,"default"]'
	node_stop
}

@test "options of virgod count more than the file, over a reload too" {
	only virgod 'a module has no options'
	node_start --node-id 3 --set value_max=512 --threads 1
	ask 200 GET "$CTL/healthz"
	assert_equal "$(field virgo-node)" 3
	assert_equal "$(setting value_max | jq -c '.[0]')" 512
	node_conf 'value_max = 2k'
	node_reload
	assert_equal "$(setting value_max | jq -c '.[0]')" 512
	node_stop
	run "$VIRGOD" --config "$CONF" --set value_max=lots
	assert_failure 1
	assert_output --partial 'virgod: option: value_max: "lots"'
	run "$VIRGOD" --threads 0
	assert_failure 2
	run "$VIRGOD" --frobnicate
	assert_failure 2
	assert_output --partial 'virgod --help'
	run "$VIRGOD" --help
	assert_success
	assert_output --partial 'usage: virgod'
	run "$VIRGOD" --version
	assert_success
	assert_output --regexp '^virgod [0-9]+\.[0-9]+'
}

@test "the original's line of addresses still means the nodes" {
	printf '127.0.0.1,127.0.0.2\nlisten = %s\nkey_file = %s\nstate_dir = %s\n' "$ADDR" "$KEYS" "$BATS_TEST_TMPDIR/state" >"$CONF"
	node_start
	assert_equal "$(setting nodes | jq -c '.[0]')" '["127.0.0.1","127.0.0.2"]'
	node_stop
}

@test "reloads from many at once are all answered, and the node goes on" {
	local i pids=()

	node_keys
	node_start
	for i in 1 2 3 4 5 6; do
		scurl -o /dev/null -w '%{http_code}\n' -X POST -H 'Content-Length: 0' "$CTL/v1/config/reload" >reload.$i 3>&- &
		pids+=("$!")
		scurl -o /dev/null -w '%{http_code}\n' "$CTL/v1/config" >get.$i 3>&- &
		pids+=("$!")
	done
	wait "${pids[@]}"
	assert_equal "$(cat reload.* | sort | uniq -c | tr -s ' ')" ' 6 204'
	assert_equal "$(cat get.* | sort | uniq -c | tr -s ' ')" ' 6 200'
	# one who leaves while his reload is under way
	for i in 1 2 3; do
		scurl -m 0.01 -X POST -H 'Content-Length: 0' "$CTL/v1/config/reload" >/dev/null 2>&1 || true
	done
	ask 200 GET "$CTL/v1/config"
	node_stop
}
