#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests the harness: that a planted fault fails a run, that a good module does not, that status, output and time-out come
# through. Arguments are the kernels to try (uml 6.1 6.12). A harness that lets everything pass would pass nothing here.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
passed=0 failed=0

# check NAME WANTED-STATUS WANTED-TEXT RUN-ARGUMENT...: WANTED-TEXT is a fixed string in the output or the report, or empty
check()
{
	local name=$1 status=$2 text=$3 got=0 log
	shift 3
	log=$work/$name.log
	"$here/run" --kernel "$kernel" --name "selftest-$kernel" --ko "$work" "$@" >"$log" 2>&1 </dev/null || got=$?
	if [[ $got = "$status" ]] && { [[ -z $text ]] || grep -qF -- "$text" "$log"; }; then
		echo "ok - $kernel: $name"
		passed=$((passed + 1))
	else
		echo "not ok - $kernel: $name: status $got, wanted $status${text:+ with \"$text\"}"
		sed 's/^/# /' "$log" | tail -40
		failed=$((failed + 1))
	fi
}

build()
{
	local -a arch=()
	work=$top/build/vm/selftest-ko-$kernel
	rm -rf "$work"
	mkdir -p "$work"
	cp "$here/selftest/virgo_selftest.c" "$work/"
	echo 'obj-m := virgo_selftest.o' >"$work/Kbuild"
	[[ $kernel != uml ]] || arch=(ARCH=um)
	make -C "$("$here/kernels.sh" kdir "$kernel")" "${arch[@]}" M="$work" modules >"$work/make.log" 2>&1 || {
		tail -20 "$work/make.log" >&2
		echo "selftest: the module does not build for $kernel, see $work/make.log" >&2
		exit 1
	}
}

fault()
{
	check "fault $1 is noticed" 99 "$2" -- insmod "$work/virgo_selftest.ko" "fault=$1"
}

[[ $# -gt 0 ]] || set -- uml 6.1 6.12
for kernel; do
	build
	# shellcheck disable=SC2016 # the single quotes are for the guest's shell
	check 'good module, clean kernel' 0 'out said' -- bash -c '
		insmod "$VIRGO_KO_DIR/virgo_selftest.ko" && rmmod virgo_selftest && dmesg | grep -q "fault none" &&
		echo "out said" && echo kept >"$VIRGO_VM_OUT/kept" && echo lost >"$PWD/build/vm-lost"'
	if [[ $(cat "$top/build/vm/selftest-$kernel/out/kept" 2>/dev/null) = kept && ! -e $PWD/build/vm-lost ]]; then
		echo "ok - $kernel: only the out directory is written to the host"
		passed=$((passed + 1))
	else
		echo "not ok - $kernel: only the out directory is written to the host"
		failed=$((failed + 1))
	fi
	check 'status comes through' 42 '' -- bash -c 'exit 42'
	check 'a process left behind does not hold the run' 0 'last words' --timeout 60 -- \
		bash -c 'sleep 1000 & echo last words'
	fault warn planted
	if [[ $kernel = uml ]]; then
		check 'time-out' 124 'time-out' --timeout 5 -- sleep 1000
		fault uaf 'BUG: KASAN'
		fault overflow 'BUG: KASAN'
		fault abba 'possible circular locking'
		fault sleep 'sleeping function called'
	else
		check 'time-out' 124 'time-out' --timeout 15 -- sleep 1000
		fault oops 'BUG:'
	fi
done
echo "$passed passed, $failed failed"
[[ $failed = 0 ]]
