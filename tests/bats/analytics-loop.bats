#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The whole loop: a log is learnt from, two nodes read what came of it, and what they then do can be seen from outside: an
# address is refused, a transfer is capped, a node that says it is unwell is left alone; all of it ends with the values' time.
# The first node is the one of the host under test, the second a virgod in either case.

load helpers

setup()
{
	local user net secret n

	virgo_alone
	DATA=$TOP/tests/data/kernlog
	user=$(id -un)
	NEIGHBOUR=''
	PIDS=()
	net=127.$((96 + ($$ >> 16 & 31))).$(($$ >> 8 & 255))
	A=$net.$(($$ & 254)) B=$net.$(($$ & 254 | 1))
	ADDR=$A CONF=$PWD/1.conf LOG=$PWD/1.log VALUES=$PWD/values.conf
	MODULES=(virgo_mempool virgo_cpupool)
	NODE_PID=''
	BACKGROUND=()
	: >"$LOG"
	[[ $VIRGO_HOST != kernel ]] || log_mark
	export VIRGO_CONFIG=$PWD/client.conf
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || true
	secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
	(
		umask 077
		printf 'tester %s rights=read,write,exec,admin\n' "$secret" >keys
		printf 'user = "tester:%s"\n' "$secret" >key
	)
	printf 'nodes = %s,%s\nkey_file = %s/key\n' "$A" "$B" "$PWD" >client.conf
	# addresses, settings: only the first one reads the values
	printf '%s\n' "listen = $A${NEAR:+, $NEAR}" "analytics_file = $VALUES" "exec_helper = $TOP/build/virgo_kernelupcall_plugin" >1.conf
	printf '%s\n' "listen = $B" "analytics_file = $PWD/none.conf" >2.conf
	for n in 1 2; do
		mkdir -p "state$n"
		printf '%s\n' "node_id = $n" "key_file = $PWD/keys" "state_dir = $PWD/state$n" 'analytics_mode = apply' \
			'exec_allow = /usr/bin/' "exec_user = $user" >>$n.conf
	done
}

teardown()
{
	local pid

	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${PIDS[@]}"; do
		poll_until "$PATIENCE" gone "$pid"
	done
	node_teardown
	if [[ $NEIGHBOUR ]]; then
		ip link del "vl$$" 2>/dev/null || true
		ip netns del "$NEIGHBOUR" 2>/dev/null || true
	fi
	[[ -n ${BATS_TEST_COMPLETED-} ]] || tail -n 30 2.log
}

nodes()
{
	node_start
	"$VIRGOD" --config 2.conf >2.log 2>&1 3>&- &
	PIDS+=($!)
	poll_until "$PATIENCE" grep -q started 2.log
}

virgo()
{
	"$VIRGO" "$@"
}

# train OUT OPTION...: of a log that ends in trouble, by what is known of it
train()
{
	virgo -q analytics train --log "$DATA/minutes.log.zst" --labels "$DATA/minutes.json" --out "$@"
}

# learn OPTION...: the values. Where a kernel is emulated that takes most of a minute: there it is done once, and what options
# change is changed by hand, the date first of all.
learn()
{
	local once=$BATS_FILE_TMPDIR/learnt.conf valid=86400 never=none mbit=''

	[[ $VIRGO_HOST = kernel ]] || { train "$VALUES" "$@"; return; }
	[[ -s $once ]] || train "$once"
	while [[ $# -gt 0 ]]; do
		case $1 in
		--valid-for)	valid=${2%s} ;;
		--never-deny)	never=$2 ;;
		--max-bandwidth) mbit=$2 ;;
		*)		fail "learn: $1" ;;
		esac
		shift 2
	done
	sed "s/^Generated=.*/Generated=$(date +%s)/; s/^ValidForSec=.*/ValidForSec=$valid/; /^DenySources=/s/${never//./\\.};*//" \
		"$once" >"$VALUES.new"
	[[ ! $mbit ]] || echo "MaxNetworkBandwidth=$mbit" >>"$VALUES.new"
	mv "$VALUES.new" "$VALUES"
}

learnt()
{
	sed -n "s/^$1=//p" "$VALUES"
}

# state NAME: of a learnt value on the first node
state()
{
	virgo -w "$A" -o tsv analytics show | awk -F '\t' -v name="$1" '$2 == name { print $4 }'
}

degraded()
{
	curl -sSf "http://$A:10000/v1/load" --aws-sigv4 virgo:virgo:virgo:cpupool -K key | jq .degraded
}

# where NUMBER: the nodes that so many runs were given to, as the balancer picks
where()
{
	local i

	for ((i = 0; i < $1; i++)); do
		virgo --balance least-loaded -o json exec --any /usr/bin/true | jq -r '(if type == "array" then .[0] else . end).node'
	done | sort | uniq -c
}

# Somebody elsewhere, with an address of his own.
neighbour()
{
	[[ $(id -u) = 0 ]] || skip 'a neighbour needs root'
	ip netns add "virgo-l$$" 2>/dev/null || skip 'this machine gives no network namespaces'
	NEIGHBOUR=virgo-l$$
	ip link add "vl$$" type veth peer name eth0 netns "$NEIGHBOUR"
	NEAR=198.19.$(($$ >> 8 & 255)).$(($$ & 255))
	FAR=$1
	ip addr add "$NEAR/32" peer "$FAR/32" dev "vl$$"
	ip link set "vl$$" up
	ip -n "$NEIGHBOUR" addr add "$FAR/32" peer "$NEAR/32" dev eth0
	ip -n "$NEIGHBOUR" link set eth0 up
	poll_until "$PATIENCE" eval 'ip -n "$NEIGHBOUR" link show eth0 | grep -q "state UP"'
}

# the status that the neighbour gets; 000 if he is refused
far()
{
	ip netns exec "$NEIGHBOUR" curl -sS -m "$PATIENCE" -o /dev/null -w '%{http_code}' "http://$NEAR:30000/healthz" 2>/dev/null || true
}

# milliseconds that it takes to fetch the value N times
fetch_ms()
{
	local begin=${EPOCHREALTIME/./} i url=()

	for ((i = 0; i < $1; i++)); do
		url+=("http://$A:30000/v1/mem/big" -o /dev/null)
	done
	curl -sSf -m 120 --aws-sigv4 virgo:virgo:virgo:mempool -K key "${url[@]}"
	echo $(((${EPOCHREALTIME/./} - begin) / 1000))
}

@test "a hostile source is refused, until the values are too old" {
	local hostile

	learn
	hostile=$(learnt DenySources)
	hostile=${hostile%%;*}
	# the truth, not the model, says that he is
	jq -e --arg ip "$hostile" '.sources[] | select(.ip == $ip).malicious' "$DATA/minutes.json"
	rm "$VALUES"
	neighbour "$hostile"
	sed -i "s/^listen = .*/&, $NEAR/" 1.conf
	nodes
	assert_equal "$(far)" 200
	learn
	assert_equal "$(far)" 200
	virgo -w "$A" -q analytics apply >applied
	assert_equal "$(state DenySources)" apply
	assert_equal "$(far)" 000
	# loopback is never refused, nor is the other one
	virgo mem set k v
	learn --never-deny "$hostile"
	virgo -w "$A" -q analytics apply >applied
	assert_equal "$(far)" 200
	# it ends by itself
	learn --valid-for $((PATIENCE / 2 + 8))s
	virgo -w "$A" -q analytics apply >applied
	assert_equal "$(far)" 000
	poll_until $((PATIENCE * 4)) eval '[[ $(far) = 200 ]]'
	poll_until "$PATIENCE" eval 'node_log | grep -q expired'
}

@test "bandwidth is capped, by as much as was said, until the values are too old" {
	local free capped n=4 mbit least

	nodes
	head -c 1048576 /dev/urandom >big
	virgo -w "$A" mem set big - <big
	free=$(fetch_ms $n)
	mbit=$((n * 8389 / (free + 1) / 4))
	mbit=$((mbit < 1 ? 1 : mbit > 24 ? 24 : mbit))
	learn --max-bandwidth "$mbit" --valid-for $((PATIENCE * 6))s
	assert_equal "$(learnt MaxNetworkBandwidth)" "$mbit"
	virgo -w "$A" -q analytics apply >applied
	capped=$(fetch_ms $n)
	least=$(((n * 8388608 - mbit * 50000 - 524288) / (mbit * 1000)))
	echo "$n MiB: $free ms without, $capped ms at $mbit Mbit/s, at least $least ms"
	assert [ "$capped" -ge $((least * 95 / 100)) ]
	learn --max-bandwidth "$mbit" --valid-for 5s
	virgo -w "$A" -q analytics apply >applied
	poll_until $((PATIENCE * 4)) eval '[[ $(state MaxNetworkBandwidth) != apply ]]'
	poll_until $((PATIENCE * 2)) eval '(($(fetch_ms $n) < capped / 2))'
}

@test "a node whose log ended in trouble says so and is left alone, until the values are too old" {
	learn
	# as it is for this log, or the test tells nothing
	assert [ "$(learnt AnomalyScorePermille)" -gt "$(learnt AnomalyThresholdPermille)" ]
	rm "$VALUES"
	nodes
	assert_equal "$(degraded)" false
	learn --valid-for $((PATIENCE + 25))s
	virgo -w "$A" -q analytics apply >applied
	assert_equal "$(degraded)" true
	run -0 where 12
	assert_output --regexp "^ *12 .*$B"
	# work that may wait is refused there, and done where it is asked for by name
	run ! virgo -w "$A" exec --async /usr/bin/true
	assert_output --partial degraded
	virgo -w "$A" exec /usr/bin/true
	assert_regex "$(node_log)" "degraded: AnomalyScorePermille $(learnt AnomalyScorePermille) .* kind $(learnt AnomalyKind)"
	poll_until $((PATIENCE * 6)) eval '[[ $(degraded) = false ]]'
	virgo -w "$A" exec --async /usr/bin/true
}

@test "run times that were learnt are what the node expects" {
	learn
	nodes
	virgo -w "$A" -q analytics apply >applied
	assert_equal "$(state ExecUs.virgo_fft)" apply
	assert_equal "$(virgo -w "$A" -o tsv analytics show | awk -F '\t' '$2 == "ExecUs.virgo_fft" { print $3 }')" "$(learnt ExecUs.virgo_fft)"
}

@test "the line of the crontab, by hand: from the log to what is in force, in silence" {
	local root=$BATS_TEST_TMPDIR/cron line user

	only virgod 'what programs do is the same'
	user=$(id -un)
	[[ $user != root ]] || user=nobody
	mkdir -p "$root/log" "$root/bin" "$root/run" "$root/virgo" "$root/var"
	chmod -R 755 "$root"
	chmod 711 "$BATS_TEST_TMPDIR"
	cat >"$root/bin/logger" <<-END
	#!/bin/sh
	echo "\$*" >>$root/run/syslog
	END
	chmod 755 "$root/bin/logger"
	sed -e "s|@BINDIR@|$(dirname "$(realpath "$VIRGO")")|; s|/var/log/|$root/log/|g" "$TOP/conf/nightly.in" >"$root/virgo/nightly"
	chmod 755 "$root/virgo/nightly"
	line=$(sed -n 's/^#17 3 \* \* \* root //p' "$TOP/conf/cron.d/virgo-analytics.in")
	assert [ "$line" ]
	line=${line//@LIBDIR@/$root}
	line=${line//\/run\/systemd\/system/$root\/no-systemd}
	zcat "$DATA/train.log.gz" | head -n 5000 >"$root/log/kern.log.1"
	zcat "$DATA/train.log.gz" | tail -n +5001 >"$root/log/kern.log"
	cp key "$root/var/key"
	[[ $(id -u) != 0 ]] || chown -R "$user" "$root/var"
	nodes
	sed -i "s/^nodes = .*/nodes = $A/; /^key_file/d" client.conf
	chmod 644 client.conf
	sed -i '/^key_file/d' client.conf
	export VIRGO_ANALYTICS_USER=$user VIRGO_ANALYTICS_DIR=$root/var VIRGO_NIGHTLY_LOCK=$root/run/lock VIRGO_ANALYTICS_CONF=$VALUES
	[[ $(id -u) = 0 ]] || export VIRGO_KEY_FILE=$root/var/key
	run -0 --separate-stderr env PATH="$root/bin:$PATH" sh -c "$line"
	assert_equal "$output$stderr" ''
	assert_regex "$(cat "$root/run/syslog")" '-p daemon.info -- done: [0-9]+ lines, [0-9]+ sources \(weak labels\); '
	export VIRGO_KEY_FILE=$PWD/key
	assert_equal "$(state DenySources)" apply
	assert [ "$(learnt ModelQualityPermille)" -ge 700 ]
	[[ -s $root/var/model/manifest.json ]]
	# from what it left a report can be made
	virgo analytics report --model-dir "$root/var/model" | grep -q 'kern.log.1'
	# and so the next night, though nothing is new: what was read is remembered, and forecasts the same
	[[ -s $root/var/state ]]
	grep -v '^Generated' "$VALUES" >before
	run -0 --separate-stderr env PATH="$root/bin:$PATH" sh -c "$line"
	assert_equal "$output$stderr" ''
	assert_equal "$(grep -v '^Generated' "$VALUES")" "$(cat before)"
}
