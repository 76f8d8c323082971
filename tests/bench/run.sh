#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Measures against peers on the same machine in the same run, in turns, and prints tables: minimum, median and maximum of the
# rounds, and the ratio of the medians. Absolute numbers are this machine's; ratios are what to compare. Ends only what it started.
set -euo pipefail

usage()
{
	cat <<-'END'
	usage: tests/bench/run.sh [get|exec|virgod|deny|kernel|all]... [--rounds N] [--seconds S] [--kernel 6.1|6.12]
	  get      whole process: virgo mem get, curl, redis-cli
	  exec     virgo exec and ssh on one node; virgo exec, pdsh and clush over 1000 (as root: it makes a network of its own)
	  virgod   small GETs of virgod --threads 1, nginx, redis, memcached: server on processor 0, load on 1
	  deny     connections a second that virgod --threads 1 accepts and answers, with no deny list and with 256 networks
	  kernel   the same in a guest of one processor that counts instructions: kernel node and nginx; boot, sizes, memory
	END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/build/bench
# shellcheck source=tests/bench/common.sh
. "$here/common.sh"

parts=() rounds=7 seconds=1 kernel=6.1
while [[ $# -gt 0 ]]; do
	case $1 in
	get|exec|virgod|deny|kernel) parts+=("$1") ;;
	all)	parts+=(get exec virgod deny kernel) ;;
	--rounds|--seconds|--kernel)
		[[ $# -ge 2 ]] || { usage >&2; exit 2; }
		printf -v "${1#--}" '%s' "$2"
		shift ;;
	-h|--help) usage; exit 0 ;;
	*)	usage >&2; exit 2 ;;
	esac
	shift
done
[[ ${#parts[@]} -gt 0 ]] || parts=(get exec virgod deny kernel)

"$top/tests/deps.sh" bench
[[ " ${parts[*]} " != *' kernel '* ]] || "$top/tests/deps.sh" vm
# gone from some PATHs
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$out"
for tool in accept load pair lines; do
	[[ $out/$tool -nt $here/$tool.c ]] || gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$out/$tool" "$here/$tool.c"
done

dir=$(mktemp -d)
started=()
cleanup()
{
	local pid
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$dir"

# An address of its own for each server, and for each run of this script.
net=127.$(($$ >> 16 & 63 | 64)).$(($$ >> 8 & 255))
host=$(($$ & 31))
address() { echo "$net.$((host * 8 + $1))"; }

# The processors: one for the server, one for the load. With a single one they share it, and the table says so.
if [[ $(nproc) -ge 2 ]]; then
	on_server=(taskset -c 0) on_load=(taskset -c 1) where='server on processor 0, load on 1'
else
	on_server=() on_load=() where='server and load share one processor'
fi

start()
{
	"${on_server[@]}" "$@" >"$dir/$(basename "$1").log" 2>&1 </dev/null &
	started+=($!)
}

start_node()
{
	write_node "$1" "$2" >"node$1.conf"
	start "$top/build/virgod" --quiet --config "$dir/node$1.conf" --threads 1
	wait_port "$2" 30000
}

# sorted NUMBER...: minimum, median, maximum
spread()
{
	printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[1], v[int((NR + 1) / 2)], v[NR] }'
}

machine()
{
	printf '%s, %s processors, kernel %s, load average %s\n' "$(sed -n 's/^model name\t*: //p;T;q' /proc/cpuinfo)" "$(nproc)" \
		"$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)"
}

signed_curl=(curl -sfq --aws-sigv4 virgo:virgo:virgo:mempool)

# A node with keys on address 1, one without on address 2, each holding the same 100 bytes.
start_nodes()
{
	local secret body=$dir/value hash
	value 100 >"$body"
	secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
	(
		umask 077
		printf 'bench %s rights=read,write\n' "$secret" >node.keys.1
		printf 'user = "bench:%s"\n' "$secret" >client.key
	)
	start_node 1 "$(address 1)"
	start_node 2 "$(address 2)"
	hash=$(sha256sum <"$body")
	"${signed_curl[@]}" -K client.key -o /dev/null -X PUT -H "x-virgo-content-sha256: ${hash%% *}" -H 'x-virgo-nonce: be.1' \
		--data-binary "@$body" "http://$(address 1):30000/v1/mem/k"
	curl -sfq -o /dev/null -X PUT --data-binary "@$body" "http://$(address 2):30000/v1/mem/k"
}

start_redis()
{
	start redis-server --port 6390 --bind "$(address 4)" --save '' --appendonly no --dir "$dir"
	wait_port "$(address 4)" 6390
	redis-cli -h "$(address 4)" -p 6390 set k "$(value 100)" >/dev/null
}

nodes_running=
need_servers()
{
	[[ -z $nodes_running ]] || return 0
	start_nodes
	start_redis
	nodes_running=1
}

bench_get()
{
	local virgo=("$top/build/virgo" mem get k)
	need_servers
	printf 'nodes = %s\nkey_file = %s\n' "$(address 1)" "$dir/client.key" >virgo.conf
	export VIRGO_CONFIG=$dir/virgo.conf
	[[ $("${virgo[@]}") = "$(value 100)" ]] || { echo 'bench: virgo mem get does not give back the value' >&2; exit 1; }
	"$out/pair" $((rounds * 15)) 'virgo mem get' "${virgo[@]}" \
		-- 'curl, signing' "${signed_curl[@]}" -K client.key "http://$(address 1):30000/v1/mem/k" \
		-- 'curl, unsigned' curl -sfq "http://$(address 2):30000/v1/mem/k" \
		-- 'redis-cli get' redis-cli -h "$(address 4)" -p 6390 get k >pair.tsv
	printf '\n## One small key, the whole process (microseconds, %d runs in turns)\n\n' $((rounds * 15))
	awk -F'\t' '
		BEGIN { print "| process | what | min | median | max | virgo / it |\n|---|---|---|---|---|---|" }
		NR <= 2 { own[$2] = $4 }
		{ printf "| %s | %s | %d | %d | %d | %.2f |\n", $1, $2, $3, $4, $5, own[$2] / $4 }' pair.tsv
}

wrk_rate()
{
	"${on_load[@]}" wrk -t1 -c "$1" -d "${seconds}s" "$2" |
		awk '/^Requests\/sec/ { print int($2) } /Socket errors|Non-2xx/ { exit 1 }'
}

load_rate()
{
	"${on_load[@]}" "$out/load" "$1" "$2" "$3" "$4" 50 "$seconds"
}

redis_rate()
{
	"${on_load[@]}" redis-benchmark -h "$(address 4)" -p 6390 -c 50 -n $((seconds * 50000)) --csv GET k |
		awk -F'"' 'NR == 2 { print int($4) }'
}

# rate NAME: one round of one row of the table
rate()
{
	case $1 in
	'virgod, unsigned')	load_rate http "$(address 2)" 30000 plain.req ;;
	'virgod, signed')	load_rate http "$(address 1)" 30000 signed.req ;;
	'nginx return 200')	load_rate http "$(address 3)" 8099 nginx.req ;;
	'redis')		load_rate redis "$(address 4)" 6390 redis.req ;;
	'memcached -t 1')	load_rate memcached "$(address 5)" 11299 memcached.req ;;
	'virgod, unsigned (wrk)') wrk_rate 50 "http://$(address 2):30000/v1/mem/k" ;;
	'nginx return 200 (wrk)') wrk_rate 50 "http://$(address 3):8099/" ;;
	'redis (redis-benchmark)') redis_rate ;;
	esac
}

bench_virgod()
{
	local name round own memory
	local -A rates=()
	local names=('virgod, unsigned' 'nginx return 200' 'virgod, signed' redis 'memcached -t 1' 'virgod, unsigned (wrk)'
		'nginx return 200 (wrk)' 'redis (redis-benchmark)')
	need_servers
	write_nginx "$(address 3)" 8099 "$(value 100)" >nginx.conf
	start nginx -p "$dir" -c "$dir/nginx.conf"
	start memcached -t 1 -l "$(address 5)" -p 11299 -u "$(id -un)"
	wait_port "$(address 3)" 8099
	wait_port "$(address 5)" 11299
	write_get "$(address 2)" 30000 /v1/mem/k >plain.req
	write_get "$(address 3)" 8099 / >nginx.req
	printf 'get k\r\n' >memcached.req
	printf '*2\r\n%s3\r\nGET\r\n%s1\r\nk\r\n' '$' '$' >redis.req
	exec 3<>"/dev/tcp/$(address 5)/11299"
	printf 'set k 0 0 100\r\n%s\r\n' "$(value 100)" >&3
	read -r _ <&3
	exec 3>&-
	# a GET may be repeated while its signature is young: what curl sent once is the load
	"${signed_curl[@]}" -v -K client.key "http://$(address 1):30000/v1/mem/k" 2>&1 >/dev/null | sed -n 's/^> //p' >signed.req
	for ((round = 0; round < rounds; round++)); do
		for name in "${names[@]}"; do
			rates[$name]+=" $(rate "$name")"
		done
	done
	printf '\n## GET of 100 bytes, 50 connections kept alive, one thread (requests/s, %d rounds of %s s in turns; %s)\n\n' \
		"$rounds" "$seconds" "$where"
	printf '| server | min | median | max | virgod unsigned / it |\n|---|---|---|---|---|\n'
	for name in "${names[@]}"; do
		# shellcheck disable=SC2086 # a list of numbers
		read -r -a row < <(spread ${rates[$name]})
		# wrk's row of virgod is what wrk's others are compared with
		[[ $name != 'virgod, unsigned'* ]] || own=${row[1]}
		printf '| %s | %s | %s | %s | %s |\n' "$name" "${row[@]}" "$(awk "BEGIN { printf \"%.2f\", $own / ${row[1]} }")"
	done
	memory=$(idle_memory "${started[1]}" "$(address 2)" 4000)
	printf '\nMemory of virgod for each of 4000 idle connections: %s bytes resident\n' "$memory"
}

resident()
{
	awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$1/status"
}

# idle_memory PID ADDRESS CONNECTIONS: bytes that the process grows by for each
idle_memory()
{
	local before after peak
	before=$(resident "$1")
	coproc "$out/load" idle "$2" 30000 - "$3" 0
	read -r -u "${COPROC[0]}" _
	# accepted when the node says so
	until peak=$(curl -sfq "http://$2:40000/v1/stats" | jq .connections) && ((peak >= $3)); do :; done
	after=$(resident "$1")
	eval "exec ${COPROC[1]}>&-"
	wait "$COPROC_PID" || true
	echo $(((after - before) / $3))
}

bench_exec()
{
	local source=$here/clone.c
	if ! unshare -nm true 2>/dev/null; then
		printf '\nexec: left out, this user can make no network of its own: run it as root\n'
		return
	fi
	[[ $out/clone -nt $source && $out/clone -nt $top/build/libvirgo.a ]] ||
		gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$top/lib/include" -o "$out/clone" "$source" \
			"$top/build/libvirgo.a" -lcurl -lcjson -lnettle -lpthread
	unshare -nm "$here/exec.sh" "$top" "$rounds"
}

# 256 networks of both families, none of which holds who asks
write_deny()
{
	local i list=''
	for ((i = 0; i < 128; i++)); do
		list+=";198.$((18 + i % 2)).$i.0/24;2001:db8:$(printf %x "$i")::/48"
	done
	printf '%s\n' SchemaVersion=1 "Generated=$(date +%s)" ValidForSec=86400 ModelVersion=1 ModelQualityPermille=900 TrainRows=1 \
		"DenySources=${list#;}"
}

bench_deny()
{
	local round n entries own
	local -A rates=()
	write_deny >values.conf
	for n in 6 7; do
		write_node "$n" "$(address $((n - 2)))" 'analytics_mode = apply' >"node$n.conf"
		start "$top/build/virgod" --quiet --config "$dir/node$n.conf" --threads 1
		wait_port "$(address $((n - 2)))" 30000
		rm -f values.conf	# the second node has none
	done
	entries=$(curl -sfq "http://$(address 4):40000/v1/analytics" | jq '.values[] | select(.name == "DenySources") | .entries_live')
	[[ $entries = 256 ]] || { echo "bench: $entries networks are in force instead of 256" >&2; exit 1; }
	for ((round = 0; round < rounds; round++)); do
		for n in 5 4; do
			rates[$n]+=" $("${on_load[@]}" "$out/accept" "$(address "$n")" 30000 "$seconds")"
		done
	done
	printf '\n## Connections accepted and answered, 64 at a time (per second, %d rounds of %s s in turns; %s)\n\n' "$rounds" "$seconds" "$where"
	printf '| deny list | min | median | max | it / without |\n|---|---|---|---|---|\n'
	for n in 5 4; do
		# shellcheck disable=SC2086 # a list of numbers
		read -r -a row < <(spread ${rates[$n]})
		[[ $n != 5 ]] || own=${row[1]}
		printf '| %s | %s | %s | %s | %s |\n' "$([[ $n = 5 ]] && echo none || echo '256 networks')" "${row[@]}" \
			"$(awk "BEGIN { printf \"%.3f\", ${row[1]} / $own }")"
	done
}

bench_kernel()
{
	local ko release file
	release=$("$top/tests/vm/kernels.sh" release "$kernel")
	ko=$top/build/kmod/$release
	make -s -C "$top" kmod "KDIR=$("$top/tests/vm/kernels.sh" kdir "$kernel")" >/dev/null
	# from the tree, since the guest has a /tmp of its own
	(cd "$top" && "$top/tests/vm/run" --kernel "$kernel" --icount --ko "$ko" --name "bench-$kernel" --timeout 1800 -- \
		"$here/guest.sh" $(((rounds + 2) / 3)) "$seconds") >guest.tsv 2>guest.err || { cat guest.err guest.tsv >&2; exit 1; }
	printf '\n## In a guest, kernel %s, one processor, 1 ns an instruction: requests/s of 10^9 instructions of load, kernel and server\n\n' \
		"$release"
	awk -F'\t' '
		$1 == "memory" { memory[$2] = $4; next }
		NF == 4 { k = $2 "\t" $3; if (!(k in seen)) { seen[k] = 1; order[++n] = k } v[$1, k] = v[$1, k] " " $4 }
		function median(list,  a, m, i, j, t) {
			m = split(list, a, " ")
			for (i = 2; i <= m; i++)
				for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
			low = a[1]; high = a[m]
			return a[int((m + 1) / 2)]
		}
		END {
			print "| load | connections | kernel node (min-max) | nginx (min-max) | ratio |\n|---|---|---|---|---|"
			for (i = 1; i <= n; i++) {
				split(order[i], p, "\t")
				a = median(v["virgo", order[i]]); own = sprintf("%d (%d-%d)", a, low, high)
				b = median(v["nginx", order[i]]); peer = sprintf("%d (%d-%d)", b, low, high)
				printf "| %s | %s | %s | %s | %.2f |\n", p[1], p[2], own, peer, a / b
			}
			printf "\nMemory of the guest for each of 2000 idle connections, both ends: node %d bytes, nginx %d bytes\n",
				memory["virgo"], memory["nginx"]
		}' guest.tsv
	printf 'Ready %s\n' "$(sed -n 's/.*ready \(.*\), log.*/\1/p' guest.err)"
	printf '\n| module | bytes | without debug information |\n|---|---|---|\n'
	for file in virgo virgo_mempool virgo_cpupool; do
		strip --strip-debug -o "$file.ko" "$ko/$file.ko"
		printf '| %s.ko | %s | %s |\n' "$file" "$(stat -c %s "$ko/$file.ko")" "$(stat -c %s "$file.ko")"
	done
}

machine
for part in "${parts[@]}"; do
	"bench_$part"
done
