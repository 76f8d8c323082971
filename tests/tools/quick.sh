#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a command with programs that start quickly: what the suites start most often is loaded once and waits, so that a
# start is a fork (quick.c, quick_preload.c). They are this machine's own programs and do what they always do. For guests,
# whose processor is emulated; leaves nothing behind.
#	usage: tests/tools/quick.sh COMMAND [ARGUMENT]...
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../build/tools" && pwd)
# those with libraries to load, or that parse their own language first
programs=(curl jq nc grep sed awk sort cut cmp sha256sum date dmesg ip stat uniq wc)
# those that busybox does as well; in a guest there is a static one
simple=(cat chmod cp head insmod ln mkdir mv rm rmmod sleep tail touch tr)
busybox=/run/virgo-vm/busybox

VIRGO_QUICK=$(mktemp -d /tmp/virgo-quick.XXXXXX)
VIRGO_QUICK_NET=$(readlink /proc/self/ns/net)
pids=()

# shellcheck disable=SC2317 # called by the trap
cleanup()
{
	kill "${pids[@]}" 2>/dev/null || true
	rm -rf "$VIRGO_QUICK"
}
trap cleanup EXIT

mkdir "$VIRGO_QUICK/bin" "$VIRGO_QUICK/real"
for name in "${programs[@]}"; do
	path=$(type -P "$name") || continue
	ln -s "$path" "$VIRGO_QUICK/real/$name"
	prepare=''
	[[ $name != curl ]] || prepare=curl_global_init
	LD_PRELOAD=$tools/quick.so VIRGO_QUICK_SOCKET=$VIRGO_QUICK/$name.sock VIRGO_QUICK_PREPARE=$prepare "$path" \
		</dev/null >/dev/null 2>&1 &
	pids+=("$!")
done
end=$((SECONDS + 60))
for name in "${programs[@]}"; do
	[[ -e $VIRGO_QUICK/real/$name ]] || continue
	until [[ -S $VIRGO_QUICK/$name.sock ]]; do
		((SECONDS < end)) || { echo "quick: $name does not wait" >&2; exit 1; }
		sleep 0.05
	done
	ln -s "$tools/quick" "$VIRGO_QUICK/bin/$name"
done
if [[ -x $busybox ]]; then
	for name in "${simple[@]}"; do
		ln -s "$busybox" "$VIRGO_QUICK/bin/$name"
	done
fi
export VIRGO_QUICK VIRGO_QUICK_NET PATH=$VIRGO_QUICK/bin:$PATH
status=0
"$@" || status=$?
exit $status
