#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tour behind `make demo-vm`: two QEMU guests with Debian's own 6.1 kernels, which become nodes by loading the modules, and
# this machine's virgo as their client. Needs no root. Ends only the guests it started, and fails if a kernel complained.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kernel=6.1
log=tests/data/kernlog/train.log.gz
limit=8		# Mbit/s to be learnt; an emulated processor on a busy machine carries some five times that
fetches=3	# reads of 1 MiB that are timed

cd "$top"
tests/deps.sh demo vm
# shellcheck source=tests/demo-lib.sh
. tests/demo-lib.sh

# --- the stage -------------------------------------------------------------------------------------------

unset VIRGO_NODES VIRGO_KEY_FILE http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
work=$(mktemp -d "${TMPDIR:-/tmp}/virgo-demo-XXXXXX")
export XDG_RUNTIME_DIR=$work XDG_CONFIG_HOME=$work VIRGO_CONFIG=$work/client.conf PATH=$top/build:$PATH VIRGO_OUTPUT=table
export LC_ALL=C.UTF-8
guests=()

leave()
{
	local guest
	for guest in "${guests[@]}"; do
		tests/vm/node stop "$guest" >/dev/null 2>&1 || true
	done
	rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM

# The guest's number, its address on the cable between the two, and the two ends of that.
boot()
{
	local ports=$((17770 + $1))
	cat >"$work/node$1.conf" <<-END
	node_id = $1
	listen = 0.0.0.0
	names = 127.0.0.1$1
	nodes = 100.64.0.1, 100.64.0.2
	client_key = demo
	state_dir = /run
	analytics_mode = apply
	END
	tests/vm/node start "demo$1" --kernel $kernel --timeout 240 --mem 256 --shell $ports \
		--ko "$modules/virgo.ko" --ko "$modules/virgo_mempool.ko" --ko "$modules/virgo_cpupool.ko" \
		--file "$work/node$1.conf=/etc/virgo_cloud.conf" --file "$work/keys=/etc/virgo_keys" \
		"${clone[@]}" \
		--forward "127.0.0.1$1:30000:30000" --forward "127.0.0.1$1:40000:40000" \
		--link "$work/end$1,$work/end$((3 - $1)),$2/10" 2>&1 | sed "s/^/guest $1: /"
}

# with_libraries PROGRAM DEST: the --file options for it and for what it is linked with
with_libraries()
{
	local library

	printf -- '--file\n%s=%s\n' "$1" "$2"
	ldd "$1" | sed -nE 's/^(.* => )?[[:space:]]*(\/[^ ]+) \(.*/\2/p' | while read -r library; do
		# what is not the system's goes where its loader looks first
		[[ $library = /lib/* || $library = /lib64/* || $library = /usr/lib/* ]] ||
			library+="=/lib/${library##*/}"
		[[ $library = *=* ]] || library+="=$library"
		printf -- '--file\n%s\n' "$library"
	done
}

# in_guest STATUSES N LINE: typed at the guest's own shell
in_guest()
{
	step "$1" "guest$2#" "$3" "tests/vm/node sh demo$2 ${3@Q}"
}

# --- the tour ----------------------------------------------------------------------------------------------

chapter "the modules, built for Debian's own kernel, and a key for both nodes"
KDIR=$(tests/vm/kernels.sh kdir $kernel)
release=$(tests/vm/kernels.sh release $kernel)
modules=build/kmod/$release
export KDIR
show 'kmod/build.sh'
printf 'nodes = 127.0.0.11,127.0.0.12\nkey_file = %s/key\n' "$work" >"$VIRGO_CONFIG"
show "virgo key new demo --rights read,write,exec,admin --node-file $work/keys --client-file $work/key"

chapter "two guests: each loads virgo.ko, virgo_mempool.ko and virgo_cpupool.ko and is a node; its ports are those of 127.0.0.11 and 127.0.0.12"
mapfile -t clone < <(with_libraries build/examples/clone /bin/clone)
source=$(virgo -o tsv analytics top -q -n 1 $log | cut -f 1)
guests=(demo1 demo2)
boot 1 100.64.0.1 &
first=$!
boot 2 "$source" &
second=$!
for pid in "$first" "$second"; do
	wait "$pid" || fail "a guest did not start, see build/vm/node-demo1 and node-demo2"
done
in_guest 0 1 'uname -r; lsmod | grep virgo'
show 'virgo node ls'
[[ $(virgo -q -o json node ls --jq '[.[] | select(.kind == "kernel" and .state == "up")] | length') = 2 ]] ||
	fail "two kernels were expected"

chapter "keys and values in the memory of two kernels"
# shellcheck disable=SC2016 # the shown line is what is run
show 'for i in 1 2 3 4; do virgo -q mem set user/$i "name $i"; done && virgo mem ls'
show 'virgo mem get user/1 && virgo mem get user/2 && virgo mem incr visits 42'
step 4 '$' 'VIRGO_KEY_FILE=none virgo mem get user/1'

chapter "a program calls virgo_clone(); the kernel of guest 1 picks the node, by way of /dev/virgo"
in_guest 0 2 'ip addr add 100.64.0.2/10 dev eth1'
facts='clone --via syscall --kernel virgo_node_facts 2>/dev/null | head -n 1'
in_guest 0 1 'clone --via syscall --kernel virgo_cloud_test_kernelspace "hello from guest 1"'
in_guest 0 1 'for i in 1 2 3; do while :; do :; done & echo $! >>/tmp/busy; done'
in_guest 0 1 "until [ \"\$($facts)\" = node=2 ]; do sleep 1; done; for i in 1 2 3 4; do $facts; done"
in_guest 0 1 'kill $(cat /tmp/busy); dmesg | grep "virgo_cpupool: exec" | head -n 2'

chapter "the loop: values learnt from a kernel's log, acted upon in the kernel"
head -c 1048576 /dev/urandom >"$work/big"
virgo -q -w 127.0.0.11 mem set big <"$work/big"
before=$(rate 127.0.0.11 "$work/big" $fetches)
echo "# reading 1 MiB $fetches times from node 1, nothing learnt yet: $before Mbit/s"
ask='printf "GET /healthz HTTP/1.0\r\nHost: 100.64.0.1:30000\r\n\r\n" | nc -w 5 100.64.0.1 30000 | grep 200'
echo "# guest 2 has the address of the loudest source, $source, on a cable to guest 1"
in_guest 0 2 "$ask"
show "virgo -q analytics train --log $log --max-bandwidth $limit --deny 5 --out $work/values"
show "cat $work/values"
grep -q "^DenySources=.*\b$source\b" "$work/values" || fail "$source is not on the deny list"
for i in 1 2; do
	step 0 "guest$i#" 'cat > /etc/virgo_kernel_analytics.conf' \
		"tests/vm/node sh demo$i 'echo $(base64 -w 0 "$work/values") | base64 -d > /etc/virgo_kernel_analytics.conf'"
done
show 'virgo analytics apply'
in_guest 1 2 "$ask"
show "virgo -w 127.0.0.11 api -s control GET /v1/stats --jq '{refused_deny}'"
refused=$(virgo -q -w 127.0.0.11 api -s control GET /v1/stats --jq .refused_deny)
((refused >= 1)) || fail "the kernel counted no refused connection"
after=$(rate 127.0.0.11 "$work/big" $fetches)
echo "# reading 1 MiB $fetches times from node 1: $before Mbit/s before, $after Mbit/s now, $limit allowed"
capped "$before" "$after" "$limit"

chapter "what the kernels said, and away again"
in_guest 0 1 'dmesg | grep virgo:'
in_guest 0 1 'rmmod virgo_cpupool virgo_mempool && rmmod virgo && dmesg | tail -n 2'
for guest in "${guests[@]}"; do
	show "tests/vm/node stop $guest"
done
guests=()
finish
