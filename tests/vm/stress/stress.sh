#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# In a guest: the modules under clients of all manners, while configuration, keys and learnt values change, while both modules go
# and come back, and (debug kernel) while memory runs short at random. The kernel's complaints are tests/vm/run's to find; here
# every ledger must balance and nothing be left. Loads and unloads modules: never run it outside a guest.
set -euo pipefail

usage()
{
	cat <<-'END'
	usage: tests/vm/stress/stress.sh --build      build the clients, which in a guest would take longer
	       tests/vm/run --kernel K -- tests/vm/stress/stress.sh [OPTION]...
	  --seconds N   how long the modules stay under load (30), and how long memory is short
	  --cycles N    how often they are unloaded and loaded under load (100)
	  --seed N      of the clients' choices (random)
	END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
load=$here/../../../build/vm/stress-load
seconds=30 cycles=100 seed=$SRANDOM

build()
{
	[[ ! -x $load || $here/load.c -nt $load ]] || return 0
	mkdir -p "${load%/*}"
	gcc -O2 -Wall -Wextra -static -o "$load.$$" "$here/load.c"
	mv "$load.$$" "$load"
}

while [[ $# -gt 0 ]]; do
	case $1 in
	--build) build; exit ;;
	--seconds) seconds=$2 ;;
	--cycles) cycles=$2 ;;
	--seed)	seed=$2 ;;
	-h|--help) usage; exit 0 ;;
	*)	usage >&2; exit 2 ;;
	esac
	shift 2
done
[[ -n ${VIRGO_VM-} && -n ${VIRGO_KO_DIR-} ]] || { echo 'stress: only in a guest of tests/vm/run' >&2; exit 2; }
work=$(mktemp -d)
conf=$work/virgo_cloud.conf
values=$work/values.conf
failures=0

fail()
{
	echo "not ok - $*"
	failures=$((failures + 1))
}

# --- what the node reads: never the same twice -----------------------------------------------------------------------------

write_conf()
{
	local evict=(none clock) me=$BASHPID

	cat >"$conf.$me" <<-END
	node_id = 1
	listen = 127.0.0.1
	host_check = off
	key_file = $work/keys
	state_dir = $work
	analytics_file = $values
	analytics_mode = apply
	trusted = 127.0.0.0/8
	trusted_rights = read, write, admin
	plaintext = k0id
	max_connections = $((60 + RANDOM % 200))
	mempool_max_bytes = $((1 + RANDOM % 16))M
	evict = ${evict[RANDOM % 2]}
	request_timeout = $((200 + RANDOM % 1000))ms
	idle_timeout = $((200 + RANDOM % 1000))ms
	END
	# a broken one changes nothing, and does not load
	((${1-1} || RANDOM % 5)) || echo 'nonsense = here' >>"$conf.$me"
	mv "$conf.$me" "$conf"
}

write_keys()
{
	local i n=$((1 + RANDOM % 8)) me=$BASHPID

	(
		umask 077
		for ((i = 0; i < n; i++)); do
			printf 'k%did %s%08x rights=read,write,admin\n' "$i" "$secret" 0
		done >"$work/keys.$me"
	)
	mv "$work/keys.$me" "$work/keys"
}

write_values()
{
	local i list='' age=0 me=$BASHPID

	((RANDOM % 4)) || age=7200
	for ((i = RANDOM % 200; i; i--)); do
		list+="${list:+;}10.$((RANDOM % 256)).$((RANDOM % 256)).0/24@$((1 + RANDOM % 9))"
	done
	{
		printf 'SchemaVersion=1,Generated=%d,ValidForSec=3600,ModelVersion=1\n' $((EPOCHSECONDS - age))
		printf 'ModelQualityPermille=%d,TrainRows=1000\n' $((600 + RANDOM % 400))
		printf 'MaxNetworkBandwidth=%d,MaxConnections=%d\n' $((100 + RANDOM)) $((60 + RANDOM % 100))
		# a pair is at most a kilobyte
		[[ -z $list ]] || printf 'DenySources=%s\n' "${list:0:1000}" | sed 's/;[^;]*$//'
		((RANDOM % 6)) || echo 'MaxConnections=many'
	} >"$values.$me"
	mv "$values.$me" "$values"
}

# Files that change under the node, which the clients make it read again; and signed requests, for keys and replay entries.
changes()
{
	local i=0
	while [[ ! -e $work/stop ]]; do
		write_conf 0
		write_values
		((i++ % 8)) || write_keys
		curl -s -m 5 -o "$work/discard" -u "k0id:${secret}00000000" --aws-sigv4 virgo:virgo:virgo:mempool \
			-H "x-virgo-nonce: $SRANDOM$SRANDOM" -X PUT -d "$SRANDOM" "http://127.0.0.1:30000/v1/mem/signed" || true
		sleep 0.0$((RANDOM % 10))
	done
}

# --- modules -----------------------------------------------------------------------------------------------------------------

load_modules()
{
	insmod "$VIRGO_KO_DIR/virgo.ko" config="$conf" && insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
}

unload_modules()
{
	rmmod virgo_mempool
	rmmod virgo
}

# Every ledger since the last look balances; $1 is how many there must be.
check_ledgers()
{
	local lines bad
	dmesg | grep 'virgo: ledger:' >"$work/ledgers.all" || true
	tail -n +"$((ledgers_seen + 1))" "$work/ledgers.all" >"$work/ledgers"
	ledgers_seen=$(wc -l <"$work/ledgers.all")
	lines=$(wc -l <"$work/ledgers")
	[[ $lines -ge $1 ]] || fail "$2: $lines ledgers were closed, not $1"
	bad=$(awk '{ for (i = 1; i <= NF; i++) if (split($i, n, "/") == 2 && n[1] != n[2]) print }' "$work/ledgers")
	[[ -z $bad ]] || fail "$2: $bad"
	tail -n 1 "$work/ledgers" | sed 's/^.*virgo: /# /'
}

# A port that somebody still listens on belongs to a listener that was lost.
check_ports()
{
	if awk '$4 == "0A" && $2 ~ /:(7530|9C40)$/ { found = 1 } END { exit !found }' /proc/net/tcp; then
		fail "$1: a port is still listened on"
	fi
}

# --- phases ------------------------------------------------------------------------------------------------------------------

steady()
{
	local pid changer
	load_modules
	rm -f "$work/stop"
	changes &
	changer=$!
	"$load" "$seconds" 8 "$seed" >"$work/load.log" 2>&1 &
	pid=$!
	wait "$pid" || fail "steady: the clients have something to say"
	touch "$work/stop"
	wait "$changer"
	sed 's/^/# /' "$work/load.log"
	unload_modules
	check_ledgers 1 steady
	check_ports steady
	echo "# steady: $seconds s"
}

cycling()
{
	local i pid changer started=$EPOCHREALTIME
	rm -f "$work/stop"
	changes &
	changer=$!
	# the shell that loads and unloads comes first
	nice -n 10 "$load" 100000 6 "$((seed + 1))" >"$work/load.log" 2>&1 &
	pid=$!
	for ((i = 0; i < cycles; i++)); do
		# the first may meet a broken file, which refuses to load: as it should
		until load_modules 2>/dev/null; do
			! grep -q '^virgo_mempool ' /proc/modules || rmmod virgo_mempool
			! grep -q '^virgo ' /proc/modules || rmmod virgo
			write_conf 1
			write_keys
		done
		sleep 0.$((RANDOM % 4))
		! rmmod virgo 2>/dev/null || fail "cycle $i: virgo was unloaded under virgo_mempool"
		rmmod virgo_mempool
		# now and then the pool alone goes and comes back
		if ((RANDOM % 3 == 0)); then
			insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
			rmmod virgo_mempool
		fi
		rmmod virgo
	done
	touch "$work/stop"
	kill "$pid"
	wait "$pid" "$changer" 2>/dev/null || true
	check_ledgers "$cycles" cycling
	check_ports cycling
	awk -v a="$started" -v b="$EPOCHREALTIME" -v n="$cycles" 'BEGIN { printf "# cycling: %d in %.0f s\n", n, b - a }'
}

# Only the kernel's workers are made to fail, which serve the connections: programs would make the test itself fail, and loading
# a module makes the kernel's own tracing complain. That a start fails anywhere without a loss is tests/unit/test_node.c's.
make_workers_fail()
{
	local dir comm
	for dir in /proc/[0-9]*; do
		read -r comm 2>/dev/null <"$dir/comm" || continue
		[[ $comm != kworker* ]] || echo "$1" 2>/dev/null >"$dir/make-it-fail" || true
	done
}

starve()
{
	local knobs=/sys/kernel/debug/failslab i end pid round_end
	if [[ ! -d $knobs ]]; then
		echo 'ok - short of memory # SKIP the kernel has no failslab'
		return
	fi
	echo N >$knobs/ignore-gfp-wait
	echo Y >$knobs/task-filter
	echo -1 >$knobs/times
	echo 0 >$knobs/verbose
	nice -n 10 "$load" 100000 6 "$((seed + 2))" >"$work/load.log" 2>&1 &
	pid=$!
	end=$((SECONDS + seconds))
	for ((i = 0; SECONDS < end; i++)); do
		write_conf 1
		write_keys
		write_values
		load_modules
		echo $((1 + RANDOM % 20)) >$knobs/probability
		round_end=$((SECONDS + 2))
		# workers come and go
		while ((SECONDS < round_end)); do
			make_workers_fail 1
			sleep 0.1
		done
		echo 0 >$knobs/probability
		unload_modules
		check_ports "short of memory, round $i"
	done
	make_workers_fail 0
	kill "$pid"
	wait "$pid" 2>/dev/null || true
	check_ledgers "$i" 'short of memory'
	echo "# short of memory: $i times"
}

ip link set lo up 2>/dev/null || true
build
secret=$(printf '%08x%08x%08x%08x' "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM")
ledgers_seen=0
echo "# seed $seed"
write_conf 1
write_keys
write_values
steady
cycling
starve
rm -rf "$work"
[[ $failures = 0 ]] || exit 1
echo 'ok - stress'
