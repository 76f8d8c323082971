#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests what only a kernel has: what another module may call (kapi/virgo.h), tracepoints, refusals to load and to unload. Outside a
# guest: builds the module and runs itself in one. Never loads anything into the machine it is called on.
#	tests/vm/kapi.sh 6.1|6.12|uml ...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
passed=0 failed=0

on_host()
{
	local kernel release work status=0
	local -a arch
	for kernel; do
		arch=()
		[[ $kernel != uml ]] || arch=(ARCH=um)
		release=$("$here/kernels.sh" release "$kernel")
		make -s -C "$top" kmod KDIR="$("$here/kernels.sh" kdir "$kernel")" "${arch[@]}" >/dev/null
		work=$top/build/vm/kapi-$kernel
		rm -rf "$work"
		mkdir -p "$work"
		cp "$here/kapi_test/"* "$work/"
		make -C "$("$here/kernels.sh" kdir "$kernel")" "${arch[@]}" M="$work" VIRGO_KMOD="$top/kmod" \
			CONFIG_DEBUG_INFO_BTF_MODULES= \
			KBUILD_EXTRA_SYMBOLS="$top/build/kmod/$release/Module.symvers" modules >"$work/make.log" 2>&1 || {
			tail -20 "$work/make.log" >&2
			exit 1
		}
		VIRGO_KAPI_KO=$work/virgo_kapi_test.ko "$here/run" --kernel "$kernel" --name "kapi-run-$kernel" -- \
			"$here/kapi.sh" || status=1
	done
	exit "$status"
}

check()
{
	local what=$1
	shift
	if "$@"; then
		echo "ok - $what"
		passed=$((passed + 1))
	else
		echo "not ok - $what"
		failed=$((failed + 1))
	fi
}

is()
{
	[[ $1 = "$2" ]] || { echo "# \"$1\" instead of \"$2\""; return 1; }
}

param()
{
	cat "/sys/module/virgo_kapi_test/parameters/$1"
}

values()
{
	printf '%s\n' "SchemaVersion=1,Generated=$EPOCHSECONDS,ValidForSec=3600,ModelVersion=1" \
		'ModelQualityPermille=900,TrainRows=10' "$@" >"$work/values"
}

# The configuration of $1 as the last line does not load: one line that says why, and nothing left.
refused()
{
	local text=$1 before
	shift
	before=$(dmesg | wc -l)
	! insmod "$VIRGO_KO_DIR/virgo.ko" config="$work/conf" "$@" 2>/dev/null || { rmmod virgo; return 1; }
	! grep -q '^virgo ' /proc/modules || return 1
	dmesg | tail -n +$((before + 1)) | grep -vE 'virgo: (ledger:|loading out-of-tree|module verification)' >"$work/said"
	is "$(grep -c 'virgo' "$work/said")" 1 || { cat "$work/said"; return 1; }
	grep -qF -- "$text" "$work/said" || { cat "$work/said"; return 1; }
	dmesg | grep 'virgo: ledger:' | tail -n 1 |
		awk '{ for (i = 1; i <= NF; i++) if (split($i, n, "/") == 2 && n[1] != n[2]) exit 1 }'
}

config()
{
	printf '%s\n' 'node_id = 1' 'listen = 127.0.0.1' "key_file = $work/keys" "state_dir = $work" \
		"analytics_file = $work/values" 'analytics_mode = apply' 'trusted = 127.0.0.0/8' \
		'trusted_rights = read, write, admin' "$@" >"$work/conf"
}

get()
{
	curl -sS -m 60 -o "$work/body" -w '%{http_code}' "$@"
}

test_refusals()
{
	config 'nonsense = 1'
	check 'a wrong configuration does not load' refused "$work/conf:9:1:"
	config
	sed -i 's,^key_file = .*,key_file = /,' "$work/conf"
	check 'an unreadable key file does not load' refused '/: cannot be read'
	config
	python3 -c 'import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 40000)); s.listen()
open(sys.argv[1], "w").close(); time.sleep(600)' "$work/taken" &
	python=$!
	for _ in {1..600}; do [[ ! -e $work/taken ]] || break; sleep 0.1; done
	check 'a taken port does not load' refused 'the port is taken'
	kill "$python"
	wait "$python" 2>/dev/null || true
}

test_values()
{
	values 'SampleLimit=42,TopSourceCount=7,TopSourceIP=192.0.2.9'
	insmod "$VIRGO_KO_DIR/virgo.ko" config="$work/conf"
	insmod "$VIRGO_KAPI_KO"
	check 'a value in force is told at once' is "$(param told) $(param in_force)" '42 Y'
	check 'a number is read' is "$(param top_count)" 7
	check 'a text is read' is "$(param top_ip)" 192.0.2.9
	check 'an event that nobody keeps, and one without a text' is "$(param event)" '-2 -22'
	values 'SampleLimit=43'
	check 'values are read anew' is "$(get -X POST http://127.0.0.1:40000/v1/analytics/reload)" 200
	check 'a new value is told' is "$(param told)" 43
	check 'what is not in the file is not there' is "$(param top_count)" 'error -2'
	values 'SampleLimit=1001'
	check 'a value out of range refuses the file' is "$(get -X POST http://127.0.0.1:40000/v1/analytics/reload)" 409
	check 'and leaves what was in force' is "$(param told)" 43
	rm "$work/values"
	get -X POST http://127.0.0.1:40000/v1/analytics/reload >/dev/null
	check 'without a file nothing is in force' is "$(param told) $(param in_force)" '0 N'
	check 'virgo stays while a module uses it' is "$(rmmod virgo 2>/dev/null; grep -c '^virgo ' /proc/modules)" 1
	values 'SampleLimit=44'
	get -X POST http://127.0.0.1:40000/v1/analytics/reload >/dev/null
	rmmod virgo_kapi_test
	check 'a module that goes is told a last time' is "$(dmesg | grep -c 'virgo_kapi_test: gone after .* in force 0')" 1
	check 'and the node lives on' is "$(get http://127.0.0.1:40000/v1/analytics)" 200
}

test_modules()
{
	insmod "$VIRGO_KO_DIR/virgo_mempool.ko"
	check 'virgo stays while virgo_mempool is loaded' is "$(rmmod virgo 2>/dev/null; grep -c '^virgo ' /proc/modules)" 1
	check 'a second virgo_mempool is refused' is "$(insmod "$VIRGO_KO_DIR/virgo_mempool.ko" 2>/dev/null; echo $?)" 1
	check 'in the first network name space' is "$(unshare -n sh -c 'ip link set lo up; curl -sS -m 5 -o /dev/null \
		http://127.0.0.1:30000/healthz 2>/dev/null; echo $?')" 7
	check 'the pool answers' is "$(get -X PUT -d value http://127.0.0.1:30000/v1/mem/traced)" 201
}

test_tracing()
{
	local t=/sys/kernel/tracing
	if [[ ! -d $t/events/virgo ]]; then
		echo 'ok - tracepoints # SKIP this kernel has none'
		return
	fi
	echo 1 >$t/events/virgo/enable
	get http://127.0.0.1:30000/v1/mem/traced >/dev/null
	echo 0 >$t/events/virgo/enable
	grep virgo_request $t/trace | tail -n 2 | sed 's/^/# /'
	check 'the start of a request is traced' grep -q 'virgo_request_start:.*service=mempool method=GET path=/v1/mem/traced' $t/trace
	check 'and its end' grep -q 'virgo_request_end:.*service=mempool status=200 us=' $t/trace
	echo >$t/trace
}

[[ -n ${VIRGO_VM-} ]] || on_host "${@:-6.1}"
work=$(mktemp -d)
# a node without keys lets nobody change its settings
(umask 077; echo 'test abcdefghijklmnopqrstuvwxyz0123456789' >"$work/keys")
ip link set lo up 2>/dev/null || true
test_refusals
config
test_values
test_modules
test_tracing
rmmod virgo_mempool
rmmod virgo
echo "$passed passed, $failed failed"
[[ $failed = 0 ]]
