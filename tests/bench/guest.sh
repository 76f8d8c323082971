#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs in a test guest, for run.sh: the kernel node beside nginx under the same load on one processor. Prints tab-separated
# lines: server, connections, requests per second, for each round, and "memory", connections, bytes a connection.
# Must never measure anything that reads the host's files: what runs is copied to memory first.
#
#	guest.sh ROUNDS SECONDS
set -euo pipefail

rounds=${1-3} seconds=${2-1}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$(mktemp -d /tmp/bench.XXXXXX)
cd "$dir"
cp "$top/build/bench/load" "$(command -v nginx)" "$(command -v wrk)" .
# shellcheck source=tests/bench/common.sh
. "$here/common.sh"
small=$(value 100)

write_nginx 127.0.0.1 8099 "$small" >nginx.conf
./nginx -p "$dir" -c "$dir/nginx.conf" &
nginx=$!
write_node 1 127.0.0.1 >node.conf
insmod "$VIRGO_KO_DIR/virgo.ko" "config=$dir/node.conf"
insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
wait_port 127.0.0.1 8099
wait_port 127.0.0.1 30000
curl -sf -o /dev/null -X PUT --data-binary "$small" http://127.0.0.1:30000/v1/mem/k
write_get 127.0.0.1 30000 /v1/mem/k >virgo.req
write_get 127.0.0.1 8099 / >nginx.req

# wrk, whose report ends with "Requests/sec: N"
wrk_rate()
{
	./wrk -t1 -c "$1" -d "${seconds}s" "$2" | awk '/^Requests\/sec/ { print $2 } /Socket errors|Non-2xx/ { exit 1 }'
}

# once unmeasured: pages of the programs, slabs
./load http 127.0.0.1 8099 nginx.req 16 0.1 >/dev/null
./load http 127.0.0.1 30000 virgo.req 16 0.1 >/dev/null
for ((round = 0; round < rounds; round++)); do
	for connections in 1 16 128; do
		for server in virgo nginx; do
			port=$([[ $server = virgo ]] && echo 30000 || echo 8099)
			path=$([[ $server = virgo ]] && echo /v1/mem/k || echo /)
			printf '%s\twrk\t%s\t%s\n' "$server" "$connections" \
				"$(wrk_rate "$connections" "http://127.0.0.1:$port$path")"
			printf '%s\tload\t%s\t%s\n' "$server" "$connections" \
				"$(./load http 127.0.0.1 "$port" "$server.req" "$connections" "$seconds")"
		done
	done
done

# What a quiet connection holds, of all the memory there is: both ends of it are in this kernel.
available()
{
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemAvailable/ { print $2 * 1024 }' /proc/meminfo
}

idle_memory()
{
	local before after
	before=$(available)
	coproc ./load idle 127.0.0.1 "$1" "$2" 2000 0
	read -r -u "${COPROC[0]}" _
	after=$(available)
	eval "exec ${COPROC[1]}>&-"
	wait "$COPROC_PID" || true
	printf 'memory\t%s\t2000\t%d\n' "$3" $(((before - after) / 2000))
}
idle_memory 8099 - nginx
idle_memory 30000 - virgo

kill "$nginx"
wait "$nginx" || true
rmmod virgo_mempool virgo
