#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The guided tour behind `make demo`: real commands, their real output, and a failure if any of them does not do what the
# tour says. Needs no root. Runs in a network namespace of its own where one can be made, so that it meets no other
# service's ports and a source address can be refused; leaves nothing behind, and ends only what it started.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log=tests/data/kernlog/train.log.gz	# real firewall lines
limit=40				# Mbit/s to be learnt
fetches=16				# reads of 1 MiB that are timed
gate=198.51.100.1 friend=192.0.2.7	# a node's public address, and a client that is on no list

cd "$top"
tests/deps.sh demo

# --- a network of its own ----------------------------------------------------------------------------

can_have_netns()
{
	unshare "$@" sh -c 'ip link set lo up && ip link add v0 type veth peer name v1' 2>/dev/null
}

if [[ -z ${VIRGO_DEMO_NETNS-} ]]; then
	# as root, or as oneself with what a namespace of users grants: its root could become nobody, who runs programs
	for how in -n '-Un --map-current-user --keep-caps'; do
		read -ra options <<<"$how"
		if can_have_netns "${options[@]}"; then
			VIRGO_DEMO_NETNS=yes exec unshare "${options[@]}" "${BASH_SOURCE[0]}"
		fi
	done
	echo "demo: this machine lets no network namespace be made: the ports are the machine's own, and no source can be refused"
	VIRGO_DEMO_NETNS=no
fi

# shellcheck source=tests/demo-lib.sh
. tests/demo-lib.sh

# --- the stage -----------------------------------------------------------------------------------------

unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
XDG_RUNTIME_DIR=$(mktemp -d "${TMPDIR:-/tmp}/virgo-demo-XXXXXX")
export XDG_RUNTIME_DIR XDG_CONFIG_HOME=$XDG_RUNTIME_DIR/config PATH=$top/build:$PATH VIRGO_OUTPUT=table LC_ALL=C.UTF-8
run=$XDG_RUNTIME_DIR/virgo
[[ $VIRGO_DEMO_NETNS = no ]] || ip link set lo up
children=()

leave()
{
	local pid
	for pid in "${children[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	virgo -q down 2>/dev/null || true
	wait
	rm -rf "$XDG_RUNTIME_DIR"
}
trap leave EXIT
trap 'exit 130' INT TERM

# elsewhere STATUSES ADDRESS: a client behind the cable asks for a sign of life, from that address.
elsewhere()
{
	local line="curl -sS -m 2 http://$gate:30000/healthz"
	step "$1" "$2\$" "$line" "nsenter -t ${children[0]} -n -- ${line/curl/curl --interface $2}"
}

# --- the tour --------------------------------------------------------------------------------------------

chapter "three nodes in user space, the same code as the kernel modules; every request is signed with a fresh key"
show 'virgo up --nodes 3 --set "analytics_mode = apply"'
show 'virgo node ls'
show 'virgo key ls'

chapter "keys and values: each key lives on one of the nodes"
show 'virgo mem set greeting "hello, kernels"'
show 'virgo mem get greeting'
show 'virgo mem incr visits 41 && virgo mem incr visits'
# shellcheck disable=SC2016 # the shown line is what is run
show 'for i in 1 2 3 4; do virgo -q mem set user/$i "name $i" --ttl 5m; done; virgo mem ls user/'
step 3 '$' 'virgo mem get nobody'

chapter "a transaction: all of it or nothing"
show 'virgo -w 127.0.0.1 mem set stock 3'
show 'echo '\''{"if":[{"key":"stock","value":"3"}],"then":[{"set":"stock","value":"2"},{"get":"stock"}]}'\'' | virgo -w 127.0.0.1 mem txn'
step 6 '$' 'echo '\''{"if":[{"key":"stock","value":"3"}],"then":[{"del":"stock"}]}'\'' | virgo -w 127.0.0.1 mem txn'

chapter "blocks: memory of another machine, by address"
# shellcheck disable=SC2016
show 'block=$(virgo -q -o raw -w 127.0.0.2 mem alloc 20) && echo "$block" && virgo mem write "$block" "written afar" --offset 4 && virgo mem read "$block" && virgo mem free "$block"'

chapter "running things: on the node with least to do, on all of them, in the background; never through a shell"
show 'virgo exec -- echo "from wherever there is room"'
show 'virgo exec --all -- uname -s'
show 'virgo exec --all --fold -- uname -s'
show 'echo "hello, kernels" | virgo exec --function sample:upper'
show 'virgo -w 127.0.0.2 exec --kernel virgo_cloud_test_kernelspace hello'
# shellcheck disable=SC2016
show 'job=$(virgo exec --async -- sleep 0.2) && virgo job ls && virgo job wait "$job" && virgo job show "$job" | head -n 2'
step 1 '$' 'virgo exec --all -- false'
step 4 '$' 'virgo exec -- /bin/sh -c "what is not on the list is not run"'
step 5 '$' 'virgo exec --timeout 300ms -- sleep 60'
show 'virgo node load'

chapter "stock curl: refused without a signature, served with one"
show 'curl -sS http://127.0.0.1:30000/v1/mem/stock'
show "curl -sS -K $run/key --aws-sigv4 virgo:virgo:virgo:mempool http://127.0.0.1:30000/v1/mem/stock && echo"
show "curl -sS -K $run/key --aws-sigv4 virgo:virgo:virgo:mempool -H 'x-virgo-nonce: tour-1' -X PUT -d 'put by curl' http://127.0.0.1:30000/v1/mem/curl -o /dev/null -w '%{http_code}\n'"
show 'virgo -w 127.0.0.1 mem get curl'
code=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:30000/v1/mem/stock)
[[ $code = 401 ]] || fail "an unsigned request was answered with $code"

chapter "the loop: what a kernel logged becomes what a kernel does"
show "zcat $log | awk '/UFW BLOCK/ && !n++' | cut -c 53-243"
show "virgo analytics top -n 3 $log"
head -c 1048576 /dev/urandom >"$XDG_RUNTIME_DIR/big"
virgo -q -w 127.0.0.1 mem set big <"$XDG_RUNTIME_DIR/big"
before=$(rate 127.0.0.1 "$XDG_RUNTIME_DIR/big" $fetches)
echo "# reading 1 MiB $fetches times from node 1, nothing learnt yet: $before Mbit/s"
everybody='127.0.0.[1-3]'
source=$(virgo -o tsv analytics top -q -n 1 $log | cut -f 1)
if [[ $VIRGO_DEMO_NETNS = yes ]]; then
	unshare -n sleep 3600 &
	children+=($!)
	until [[ $(readlink "/proc/${children[0]}/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do :; done
	ip link add v0 type veth peer name v1 netns "${children[0]}"
	ip addr add "$gate/32" dev v0
	ip link set v0 up
	ip route add "$source/32" dev v0
	ip route add "$friend/32" dev v0
	nsenter -t "${children[0]}" -n -- sh -c "ip addr add $source/32 dev v1 && ip addr add $friend/32 dev v1 &&
		ip link set v1 up && ip route add $gate/32 dev v1"
	echo "# loopback is never refused, so a fourth node listens on $gate; behind a cable are the loudest source, $source, and $friend"
	printf '$ virgod --quiet --node-id 4 --listen %s --config %s &\n' "$gate" "$run/node1/virgo_cloud.conf"
	virgod --quiet --node-id 4 --listen "$gate" --config "$run/node1/virgo_cloud.conf" &
	children+=($!)
	for ((i = 0; i < 100; i++)); do
		! virgo -q -w "$gate" node ping >/dev/null 2>&1 || break
		sleep 0.05
	done
	everybody+=,$gate
	elsewhere 0 "$source"
fi
show "virgo analytics train --log $log --max-bandwidth $limit --deny 5"
show "cat $run/virgo_kernel_analytics.conf"
grep -q "^DenySources=.*\b$source\b" "$run/virgo_kernel_analytics.conf" || fail "$source is not on the deny list"
show "virgo -w $everybody analytics apply"
if [[ $VIRGO_DEMO_NETNS = yes ]]; then
	elsewhere '7 52 56' "$source"
	elsewhere 0 "$friend"
	show "virgo -w $gate api -s control GET /v1/stats --jq '{refused_deny}'"
	refused=$(virgo -q -w "$gate" api -s control GET /v1/stats --jq .refused_deny)
	[[ $refused = 1 ]] || fail "one connection was refused, the node counted $refused"
fi
after=$(rate 127.0.0.1 "$XDG_RUNTIME_DIR/big" $fetches)
echo "# reading 1 MiB $fetches times from node 1: $before Mbit/s before, $after Mbit/s now, $limit allowed"
capped "$before" "$after" "$limit"

chapter "and away again"
if [[ $VIRGO_DEMO_NETNS = yes ]]; then
	kill "${children[1]}"
	wait "${children[1]}" || fail "node 4 did not end cleanly"
fi
show 'virgo down'
left=$(ls -A "$run" 2>/dev/null || true)
[[ -z $left ]] || fail "left behind in $run: $left"
finish
