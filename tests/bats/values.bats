#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Learnt values: read whole or not at all, judged, bounded, acted upon, and taken back.

load helpers

# values LINE...: a file as training writes it, generated now, with those lines; PROVENANCE lines instead of the usual ones
values()
{
	local now line default

	printf -v now '%(%s)T' -1
	{
		for default in 'SchemaVersion=1' "Generated=$now" 'ValidForSec=600' 'ModelVersion=3' 'ModelQualityPermille=900' \
			'TrainRows=1000'; do
			for line; do
				[[ ${line%%=*} != "${default%%=*}" ]] || continue 2
			done
			echo "$default"
		done
		printf '%s\n' "$@"
	} >"$VALUES.new"
	mv "$VALUES.new" "$VALUES"
}

reload()
{
	ask "${1-200}" POST "$CTL/v1/analytics/reload" -H 'Content-Length: 0'
}

# value NAME MEMBER: of a value as the last answer shows it
value()
{
	local pattern="\{\"name\":\"$1\",[^}]*\}"

	[[ $body =~ $pattern ]] || { echo "no value $1 in: $body" >&2; return 1; }
	member "$2" "${BASH_REMATCH[0]}"
}

start()
{
	node_conf 'analytics_mode = apply' "$@"
	node_keys
	node_start
}

@test "without a file everything is the administrator's own" {
	start 'max_connections = 200'
	ask 200 GET "$CTL/v1/analytics"
	assert_equal "$(member mode) $(member usable)" 'apply false'
	assert_equal "$(value MaxConnections in_force)" 200
	assert_equal "$(value MaxConnections applied)" false
	reload
	assert_equal "$(value MaxConnections in_force)" 200
	assert_equal "$(stat_of max_connections)" 200
	node_stop
}

@test "a good file is applied, told once in the log with old, new and why, and taken back when it is gone" {
	start
	values MaxConnections=500 MempoolMaxBytes=20000000 TopSourceIP=203.0.113.9 TopSourceCount=77 Mystery=42
	reload
	assert_equal "$(member usable)" true
	assert_equal "$(value MaxConnections applied)" true
	assert_equal "$(value MaxConnections learnt)" 500
	assert_equal "$(value MaxConnections own)" 4096
	assert_equal "$(stat_of max_connections)" 500
	assert_equal "$(stat_of services.mempool.bytes_max)" 20000000
	assert_equal "$(jq -rc '[.. | objects | select(.name == "Mystery" or .name == "TopSourceCount") | [.learnt, .applied]]' answer.body)" \
		'[["77",false],["42",false]]'
	assert_equal "$(value ModelQualityPermille learnt)" 900
	reload
	reload
	assert_equal "$(node_log | grep -c 'value MaxConnections: in force, 4096 -> 500')" 1
	rm "$VALUES"
	reload
	assert_equal "$(stat_of max_connections)" 4096
	assert_equal "$(stat_of services.mempool.bytes_max)" 268435456
	assert_equal "$(node_log | grep -c 'value MaxConnections: back to .*500 -> 4096')" 1
	node_stop
}

@test "a list is told in the log with old and new, too, when it changes and only then" {
	start
	values 'DenySources=198.51.100.7;198.51.100.8'
	reload
	assert_equal "$(node_log | grep -c 'value DenySources: in force, nothing -> 198.51.100.7;198.51.100.8$')" 1
	reload
	values 'DenySources=198.51.100.9'
	reload
	reload
	assert_equal "$(node_log | grep -c 'value DenySources: in force, 198.51.100.7;198.51.100.8 -> 198.51.100.9$')" 1
	rm "$VALUES"
	reload
	assert_equal "$(node_log | grep -c 'value DenySources: back to .*, 198.51.100.9 -> nothing: ')" 1
	assert_equal "$(node_log | grep -c 'value DenySources: ')" 3
	node_stop
}

@test "a file that is there at the start counts from the start" {
	values MaxConnections=300
	start
	assert_equal "$(stat_of max_connections)" 300
	node_stop
}

@test "shadow tells what would be done and does nothing; off does not even that" {
	values MaxConnections=300
	node_conf
	node_keys
	node_start
	ask 200 GET "$CTL/v1/analytics"
	assert_equal "$(member mode)" shadow
	assert_equal "$(value MaxConnections force)" shadow
	assert_equal "$(value MaxConnections would_be)" 300
	assert_equal "$(value MaxConnections applied)" false
	assert_equal "$(stat_of max_connections)" 4096
	node_conf 'analytics_mode = off'
	node_reload
	ask 200 GET "$CTL/v1/analytics"
	assert_equal "$(value MaxConnections force)" own
	node_conf 'analytics_mode = apply'
	node_reload
	assert_equal "$(stat_of max_connections)" 300
	node_conf 'analytics_mode = shadow'
	node_reload
	assert_equal "$(stat_of max_connections)" 4096
	node_stop
}

@test "what is expired, from the future, of low quality or without provenance is shown and not applied" {
	local now file

	printf -v now '%(%s)T' -1
	start 'analytics_min_quality = 800'
	for file in "Generated=$((now - 1000)) it expired" "Generated=$((now + 4000)) in the future" 'ModelQualityPermille=799 under analytics_min_quality' \
		'SchemaVersion=2 SchemaVersion 2 is not known'; do
		values MaxConnections=300 "${file%% *}"
		reload
		assert_equal "$(value MaxConnections applied)" false
		assert_equal "$(value MaxConnections learnt)" 300
		assert_regex "$(member why)" "${file#* }"
	done
	values MaxConnections=300
	sed -i /TrainRows/d "$VALUES"
	reload
	assert_equal "$(member why)" 'TrainRows is missing'
	assert_equal "$(stat_of max_connections)" 4096
	values MaxConnections=300 ModelQualityPermille=800
	reload
	assert_equal "$(value MaxConnections applied)" true
	# the administrator asks for more
	node_conf 'analytics_mode = apply' 'analytics_min_quality = 801'
	node_reload
	assert_equal "$(stat_of max_connections)" 4096
	node_stop
}

@test "an applied file goes out of force by itself when its time is over" {
	local seconds=$((PATIENCE / 5))

	start
	values MaxConnections=300 "ValidForSec=$seconds"
	reload
	assert_equal "$(value MaxConnections applied)" true
	poll_until $((seconds + PATIENCE)) eval '[[ $(stat_of max_connections) = 4096 ]]'
	assert_regex "$(node_log)" 'value MaxConnections: back to .*expired'
	node_stop
}

@test "the administrator's settings are bounds" {
	start 'max_connections = 1000' 'max_connections_min = 100' 'mempool_max_bytes = 8M' 'mempool_max_bytes_min = 2M' \
		'max_network_bandwidth = 100'
	values MaxConnections=5000 MempoolMaxBytes=1000 MaxNetworkBandwidth=10
	reload
	assert_equal "$(value MaxConnections in_force)" 1000
	assert_equal "$(value MaxConnections why)" 'bounded by the configuration: 100 to 1000'
	assert_equal "$(value MempoolMaxBytes in_force)" 2097152
	# a change of more than half a reload is clamped
	assert_equal "$(value MaxNetworkBandwidth in_force)" 50
	reload
	assert_equal "$(value MaxNetworkBandwidth in_force)" 25
	values MaxConnections=5
	reload
	assert_equal "$(value MaxConnections in_force)" 100
	# and bounds that move take the value with them
	node_conf 'analytics_mode = apply' 'max_connections = 80' 'max_connections_min = 70'
	node_reload
	assert_equal "$(stat_of max_connections)" 70
	# this alone, without reading the values again
	node_conf 'analytics_mode = apply' 'max_connections = 80' 'max_connections_min = 75'
	ask 204 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	assert_equal "$(stat_of max_connections)" 75
	node_stop
}

@test "one bad pair refuses the whole file with line and column, and what is in force stays" {
	local bad

	start
	values MaxConnections=300
	reload
	for bad in MaxConnections=many MaxConnections=-1 MaxConnections=0 MaxNetworkBandwidth=1.5 DenySources=10.0.0.0/33 \
		'DenySources=1.2.3.4@' 'DenySources=1.2.3.4;;' DenySources=here AnomalyKind=bad AnomalyScorePermille=1001 \
		'ExecUs.f=' 'ExecUs.f=10:5;9:6' NodeSpeedPermille.a=99 TopSourceIP=x 1Key=2 'MaxConnections' ModelVersion=x; do
		row || continue
		values MempoolMaxBytes=5000000
		echo "$bad" >>"$VALUES"
		reload 409
		assert_equal "$code" analytics.invalid
		assert_regex "$(member detail)" "values.conf:8:[0-9]+: .*what was in force stays"
	done
	values MaxConnections=200
	echo MaxConnections=100 >>"$VALUES"
	reload 409
	head -c 66000 /dev/zero | tr '\0' '#' >"$VALUES"
	reload 409
	assert_regex "$(jq -r .detail answer.body)" 'values.conf: .*more than 65536 bytes'
	for ((i = 0; i < 600; i++)); do echo "K$i=1"; done >"$VALUES"
	reload 409
	assert_equal "$(stat_of max_connections)" 300
	node_stop
}

@test "the original's file, comments and commas; MaxNetworkBandwidth set by hand needs no provenance" {
	start
	printf 'kernel_analytics1=v1, kernel_analytics2=v2 # the original\n\n' >"$VALUES"
	reload
	assert_equal "$(jq -rc '[.. | objects | select(.name | tostring | startswith("kernel_analytics")) | .learnt]' answer.body)" '["v1","v2"]'
	printf 'MaxNetworkBandwidth=50,unknown=1\n' >"$VALUES"
	reload
	assert_equal "$(value MaxNetworkBandwidth in_force)" 50
	printf 'MaxNetworkBandwidth=50,MaxConnections=100\n' >"$VALUES"
	reload
	assert_equal "$(value MaxConnections applied)" false
	assert_equal "$(value MaxNetworkBandwidth applied)" false
	node_stop
}

# Milliseconds that a number of fetches of a megabyte take.
fetch_ms()
{
	local begin url=() i

	for ((i = 0; i < $1; i++)); do
		url+=("$MEM/v1/mem/big" -o /dev/null)
	done
	begin=$(now_ms)
	# one signature serves for all: reading is no change
	curl -sSf -m 120 --aws-sigv4 virgo:virgo:virgo:mempool -K "$KEYFILE" "${url[@]}"
	echo $(($(now_ms) - begin))
}

fetched_under()
{
	(($(fetch_ms "$1") < $2))
}

# bats test_tags=smoke
@test "MaxNetworkBandwidth caps a transfer, both ways, and goes away with the file" {
	local free capped n=6 mbit least begin up

	start
	head -c 1048576 /dev/urandom >big
	ask 201 PUT "$MEM/v1/mem/big" --data-binary @big
	[[ $VIRGO_HOST != kernel ]] || n=3
	free=$(fetch_ms $n)
	# a quarter of what this machine does now, as a guest on a busy host may do little
	mbit=$((n * 8389 / free / 4))
	mbit=$((mbit < 1 ? 1 : mbit > 24 ? 24 : mbit))
	printf 'MaxNetworkBandwidth=%d\n' $mbit >"$VALUES"
	reload
	assert_equal "$(value MaxNetworkBandwidth applied)" true
	capped=$(fetch_ms $n)
	# what has to pass, less a burst of 64 KiB or 50 ms of the rate
	least=$(((n * 8388608 - mbit * 50000 - 524288) / (mbit * 1000)))
	echo "$n MiB: $free ms without, $capped ms at $mbit Mbit/s, at least $least ms"
	assert [ "$capped" -ge $((least * 95 / 100)) ]
	# not much slower than it must be; a guest on a busy host is woken late
	assert [ "$capped" -le $((least * 14 / 10 + free * 3 + PATIENCE * 200)) ]
	assert [ "$(stat_of bandwidth_delayed)" -gt 0 ]
	begin=$(now_ms)
	ask 204 PUT "$MEM/v1/mem/big" --data-binary @big
	up=$(($(now_ms) - begin))
	assert [ "$up" -ge $(((8388608 - mbit * 50000 - 524288) * 95 / (mbit * 100000))) ]
	rm "$VALUES"
	reload
	poll_until "$PATIENCE" fetched_under $n $((capped / 2))
	node_stop
}

@test "MaxConnections is kept: those over it are told so" {
	start 'max_connections_min = 10'
	values MaxConnections=20
	reload
	run "$CLIENT" storm "$ADDR" 30000 50
	assert_line --regexp '^first: served (19|20) refused (30|31) other 0 lost 0$'
	assert_line --regexp '^second: served (19|20) refused 0 '
	assert [ "$(stat_of refused_limit)" -ge 30 ]
	rm "$VALUES"
	reload
	poll_until "$PATIENCE" eval '[[ $(stat_of connections) -le 2 ]]'
	run "$CLIENT" storm "$ADDR" 30000 50
	assert_line --regexp '^first: served 50 '
	node_stop
}

@test "MempoolMaxBytes is kept: a full pool says so, and what is in it stays" {
	start
	head -c 700000 /dev/urandom >big
	ask 201 PUT "$MEM/v1/mem/a" --data-binary @big
	values MempoolMaxBytes=1048576
	reload
	ask 507 PUT "$MEM/v1/mem/b" --data-binary @big
	assert_equal "$code" mem.full
	ask 200 GET "$MEM/v1/mem/a"
	rm "$VALUES"
	reload
	ask 201 PUT "$MEM/v1/mem/b" --data-binary @big
	node_stop
}

@test "tried, nothing is done; asked for in another mode, it holds until the next reading; off is off" {
	node_conf
	node_keys
	node_start
	values MaxConnections=300
	ask 200 POST "$CTL/v1/analytics/reload?dry_run=1&mode=apply" -H 'Content-Length: 0'
	assert_equal "$(member dry_run) $(member mode) $(value MaxConnections in_force) $(value MaxConnections would_be)" 'true apply 4096 300'
	assert_equal "$(stat_of max_connections)" 4096
	assert_equal "$(node_log | grep -c 'value MaxConnections')" 0
	ask 200 POST "$CTL/v1/analytics/reload?mode=apply" -H 'Content-Length: 0'
	assert_equal "$(member mode) $(member analytics_mode) $(value MaxConnections in_force)" 'apply shadow 300'
	assert_equal "$(stat_of max_connections)" 300
	reload
	assert_equal "$(member mode) $(value MaxConnections force)" 'shadow shadow'
	assert_equal "$(stat_of max_connections)" 4096
	echo MaxConnections >>"$VALUES"
	ask 409 POST "$CTL/v1/analytics/reload?dry_run=1" -H 'Content-Length: 0'
	assert_equal "$code" analytics.invalid
	ask 400 POST "$CTL/v1/analytics/reload?mode=off" -H 'Content-Length: 0'
	ask 400 POST "$CTL/v1/analytics/reload?dry_run=2" -H 'Content-Length: 0'
	node_conf 'analytics_mode = off'
	ask 204 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	ask 409 POST "$CTL/v1/analytics/reload?mode=apply" -H 'Content-Length: 0'
	assert_equal "$code" analytics.off
	node_stop
}

@test "what balancers take is told as applied, and logged when it changes" {
	start
	values 'ExecUs.crc32=10:12;20:900' NodeSpeedPermille.7=1500
	reload
	assert_equal "$(value ExecUs.crc32 applied) $(value NodeSpeedPermille.7 force)" 'true apply'
	assert_equal "$(value ExecUs.crc32 acted)" 0
	reload
	values 'ExecUs.crc32=10:13;20:900'
	reload
	assert_equal "$(node_log | grep -c 'value ExecUs.crc32: in force, nothing -> 10:12;20:900$')" 1
	assert_equal "$(node_log | grep -c 'value ExecUs.crc32: in force, 10:12;20:900 -> 10:13;20:900$')" 1
	assert_equal "$(node_log | grep -c 'value NodeSpeedPermille.7: back to .*, 1500 -> nothing$')" 1
	assert_equal "$(node_log | grep -c 'value ExecUs.crc32: ')" 2
	node_stop
}

# Two files in turns, until told to stop.
alternate()
{
	local i

	for ((i = 0; ; i++)); do
		cp "values.$((i % 2))" "$VALUES.new"
		mv "$VALUES.new" "$VALUES"
		scurl -f -o /dev/null -X POST "$CTL/v1/analytics/reload" -H 'Content-Length: 0' || return
		echo $i >reloads
	done
}

reloaded_more_than()
{
	local n

	n=$(<reloads) 2>/dev/null && ((n > $1))
}

@test "a reload is atomic: thousands of requests meanwhile see one file or the other, never a mixture" {
	local n=0 batch=500 least=3000 reloads=20 end

	[[ $VIRGO_HOST != kernel ]] || batch=50 least=300 reloads=5
	start
	values MaxConnections=1001 MempoolMaxBytes=10010000 ExecUs.f=1:1001 Both=1001
	cp "$VALUES" values.0
	values MaxConnections=2002 MempoolMaxBytes=20020000 ExecUs.f=1:2002 Both=2002
	mv "$VALUES" values.1
	cp values.0 "$VALUES"
	reload
	echo 0 >reloads
	background alternate
	end=$((SECONDS + PATIENCE * 8))
	while ((n < least)) || ! reloaded_more_than $reloads; do
		assert [ $SECONDS -lt $end ]
		# what stands behind "#" stays here, and makes many of one
		curl -sSf -m 300 --aws-sigv4 virgo:virgo:virgo:control -K "$KEYFILE" "$CTL/v1/analytics#[1-$batch]" >>seen.json
		curl -sSf -m 300 --aws-sigv4 virgo:virgo:virgo:control -K "$KEYFILE" "$CTL/v1/stats#[1-$batch]" >>stats.json
		n=$((n + batch))
	done
	jq -c '[.values[] | select(.name | IN("MaxConnections", "MempoolMaxBytes", "ExecUs.f", "Both")) | .learnt, .in_force // empty]' seen.json |
		sort | uniq -c >kinds
	cat kinds
	assert_equal "$(awk '{ n += $1 } END { print n }' kinds)" "$n"
	assert_equal "$(awk '{ print $2 }' kinds)" '["1001",1001,"10010000",10010000,"1:1001","1001"]
["2002",2002,"20020000",20020000,"1:2002","2002"]'
	jq -c '[.max_connections, .services.mempool.bytes_max]' stats.json | sort | uniq -c >kinds
	cat kinds
	assert_equal "$(awk '{ print $2 }' kinds)" $'[1001,10010000]\n[2002,20020000]'
	node_stop
}

# A neighbour: a network namespace with an address that is not this machine's.
neighbour()
{
	NEIGHBOUR=virgo-$$
	local subnet="$((16 + $$ % 16)).$(($$ >> 8 & 255))"

	[[ $(id -u) = 0 ]] || skip 'a neighbour needs root'
	ip netns add "$NEIGHBOUR" 2>/dev/null || skip 'this machine gives no network namespaces'
	ip link add "vg$$" type veth peer name eth0 netns "$NEIGHBOUR"
	NEAR=172.$subnet.1
	FAR=172.$subnet.2
	NEAR6=fd00:$((1000 + $$ % 9000))::1
	FAR6=${NEAR6%1}2
	ip addr add "$NEAR/24" dev "vg$$"
	ip addr add "$NEAR6/64" dev "vg$$" nodad
	ip link set "vg$$" up
	ip -n "$NEIGHBOUR" addr add "$FAR/24" dev eth0
	ip -n "$NEIGHBOUR" addr add "$FAR6/64" dev eth0 nodad
	ip -n "$NEIGHBOUR" link set eth0 up
	poll_until "$PATIENCE" eval 'ip -n $NEIGHBOUR link show eth0 | grep -q "state UP"'
}

from_neighbour()
{
	ip netns exec "$NEIGHBOUR" "$@"
}

# far URL-HOST: the status that the neighbour gets; 000 if it is refused
far()
{
	from_neighbour curl -sS -m "$PATIENCE" -o /dev/null -w '%{http_code}' "http://$1:30000/healthz" 2>/dev/null || true
}

teardown()
{
	node_teardown
	if [[ -n ${NEIGHBOUR-} ]]; then
		ip link del "vg$$" 2>/dev/null || true
		ip netns del "$NEIGHBOUR" 2>/dev/null || true
	fi
}

@test "DenySources are refused at accept and counted; never loopback, ourselves, nodes of the cluster or who is not to be denied" {
	neighbour
	start "listen = $ADDR, $NEAR, $NEAR6"
	assert_equal "$(far "$NEAR")" 200
	assert_equal "$(far "[$NEAR6]")" 200
	values "DenySources=198.51.100.7;$FAR"
	reload
	assert_equal "$(value DenySources applied)" true
	assert_equal "$(far "$NEAR")" 000
	assert_equal "$(far "[$NEAR6]")" 200
	assert_equal "$(stat_of refused_deny)" 1
	assert_equal "$(scurl "$CTL/metrics" | sed -n 's/^virgo_sources_denied_total //p')" 1
	values "DenySources=${FAR%.2}.0/24;${FAR6%2}/64;127.0.0.0/8;0.0.0.0/0;::/0"
	reload
	assert_equal "$(far "$NEAR")" 000
	assert_equal "$(far "[$NEAR6]")" 000
	assert_equal "$(stat_of refused_deny)" 3
	# loopback and our own address, though they are on the list
	assert_equal "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' "http://$NEAR:30000/healthz")" 200
	node_conf 'analytics_mode = apply' "listen = $ADDR, $NEAR, $NEAR6" "analytics_never_deny = ${FAR%.2}.0/24"
	node_reload
	assert_equal "$(far "$NEAR")" 200
	assert_equal "$(far "[$NEAR6]")" 000
	node_conf 'analytics_mode = apply' "listen = $ADDR, $NEAR, $NEAR6" "nodes = $NEAR, $FAR, $FAR6"
	node_reload
	assert_equal "$(far "$NEAR")" 200
	assert_equal "$(far "[$NEAR6]")" 200
	# in shadow they are let in and counted
	node_conf 'analytics_mode = shadow' "listen = $ADDR, $NEAR, $NEAR6"
	node_reload
	ask 200 GET "$CTL/v1/analytics"
	before=$(value DenySources would_have_acted)
	acted=$(value DenySources acted)
	assert_equal "$(far "$NEAR")" 200
	ask 200 GET "$CTL/v1/analytics"
	assert_equal "$(value DenySources would_have_acted)" $((before + 1))
	assert_equal "$(value DenySources acted)" "$acted"
	# an item's own time
	node_conf 'analytics_mode = apply' "listen = $ADDR, $NEAR, $NEAR6"
	values "DenySources=$FAR@$((PATIENCE / 5))"
	node_reload
	reload
	assert_equal "$(far "$NEAR")" 000
	poll_until $((PATIENCE * 2)) eval '[[ $(far "$NEAR") = 200 ]]'
	node_stop
}
