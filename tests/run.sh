#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the tests and counts every one of them. A test that was announced and did not run has failed, and so has a program,
# a guest or a kernel that ended badly though all its tests passed.
set -uo pipefail

usage()
{
	cat <<-'END'
	usage: tests/run.sh [all]
	       tests/run.sh unit [NAME...]
	       tests/run.sh virgod [SUITE...]
	       tests/run.sh kernel [6.1|6.12|uml] [SUITE...]
	  all      unit tests; every suite on virgod; the node's suites on Debian's 6.1 in QEMU, a few tests on 6.12
	  NAME     as in tests/unit/test_NAME.c
	  SUITE    as in tests/bats/SUITE.bats
	environment: VIRGO_FILTER, a regular expression for names of tests; VIRGO_TAGS for tags; VIRGOD, another virgod
	             VIRGO_JOBS, stages at a time (3; 2 in the debug kernel)
	logs: build/test/
	END
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top" || exit 1
out=build/test
vm=tests/vm
# what concerns a node, whichever its host; the other suites are about programs
node_suites=(http auth control values limits lifecycle mempool registry cpupool syscall)
slots=${VIRGO_JOBS:-3}
beside=none	# the process that takes no slot
mkdir -p "$out"
results=$(mktemp -d "$out/results.XXXXXX")
trap 'rm -rf "$results"' EXIT

# --- counting -----------------------------------------------------------------------------------------------------------

# tally NAME STATUS LOG: a line on what the log holds, with all that failed; the numbers go to the results
tally()
{
	local name=$1 status=$2 log=$3 took=${4-0}

	awk -v took="$took" -v name="$name" -v status="$status" -v log_name="$log" -v counts="$results/$name" '
	/^[0-9]+\.\.[0-9]+/ { split($0, plan, /\.\./); planned += plan[2]; told = 0; next }
	/^not ok/ { failed++; told = 1; text = text "  " $0 "\n"; next }
	/^ok/ { if (tolower($0) ~ /# *skip/) skipped++; else passed++; told = 0; next }
	told && /^#/ && ++lines <= 400 { text = text "  " $0 "\n" }
	!/^#/ { told = 0; tail[NR % 80] = $0 }
	END {
		seen = passed + failed + skipped
		if (planned > seen) {
			text = text sprintf("  not ok: %d of %d tests did not run\n", planned - seen, planned)
			failed += planned - seen
			end = 1
		}
		if (status >= 98 || status != 0 && !failed || !seen) {
			text = text sprintf("  not ok: %s ended with status %d\n", name, status)
			failed++
			end = 1
		}
		if (end)
			for (i = NR + 1; i <= NR + 80; i++)
				if (i % 80 in tail)
					text = text "  | " tail[i % 80] "\n"
		printf "%d %d %d\n", passed, failed, skipped >counts
		printf "%s %s: %d passed, %d failed%s in %d s\n%s%s", failed ? "FAIL" : "ok  ", name, passed, failed,
			skipped ? sprintf(", %d skipped", skipped) : "", took, text, failed ? "  log: " log_name "\n" : ""
	}' "$log"
}

# stage NAME COMMAND...: the command writes TAP
stage()
{
	local name=$1 log status=0 began=$SECONDS
	log=$out/${name// /-}.log

	shift
	"$@" >"$log" 2>&1 </dev/null || status=$?
	tally "$name" "$status" "$log" $((SECONDS - began))
}

failure()
{
	local name=$1

	shift
	echo "not ok 1 $*" >"$out/${name// /-}.log"
	tally "$name" 1 "$out/${name// /-}.log"
}

# The next stage begins when there is a slot.
queue()
{
	while (($(jobs -rp | grep -cvx "$beside") >= slots)); do
		wait -n || true
	done
	stage "$@" &
}

finish()
{
	local passed failed skipped n=0 all=(0 0 0) file

	wait
	for file in "$results"/*; do
		[[ -e $file ]] || continue
		read -r passed failed skipped <"$file"
		all[0]=$((all[0] + passed)) all[1]=$((all[1] + failed)) all[2]=$((all[2] + skipped))
		n=$((n + 1))
	done
	[[ $n -gt 0 ]] || all[1]=1
	printf '%d passed, %d failed' "${all[0]}" "${all[1]}"
	[[ ${all[2]} = 0 ]] || printf ', %d skipped' "${all[2]}"
	printf '\n'
	[[ ${all[1]} = 0 ]]
}

# --- building -----------------------------------------------------------------------------------------------------------

# built NAME MAKE-ARGUMENT...
built()
{
	local name=$1 log=$out/make-$1.log

	shift
	make -s --no-print-directory "$@" >"$log" 2>&1 && return
	grep -E 'error|Error|warning' "$log" | head -20 >&2
	return 1
}

# --- stages -------------------------------------------------------------------------------------------------------------

unit_all()
{
	local name status ret=0 log=$out/unit-one.log

	for name; do
		echo "# $name"
		status=0
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 "build/unit/test_$name" >"$log" 2>&1 || status=$?
		cat "$log"
		[[ $status != 0 ]] || continue
		ret=1
		# a test that fails says so; a program that dies, or leaks in the end, does not
		grep -q '^not ok' "$log" || {
			echo "not ok - test_$name ended with status $status"
			tail -n 60 "$log" | sed 's/^/# /'
		}
	done
	return $ret
}

unit()
{
	local name bins=()

	if [[ $# = 0 ]]; then
		for name in tests/unit/test_*.c; do
			name=${name##*/test_}
			set -- "$@" "${name%.c}"
		done
	fi
	bins=("${@/#/build/unit/test_}")
	built unit -k "-j$(nproc)" "${bins[@]}" || true
	queue unit unit_all "$@"
	queue corpora tests/fuzz/run.sh --replay
}

# Paths of suites; those not there are left out of lists that nobody typed.
suite_files()
{
	local name

	for name; do
		[[ ! -r tests/bats/$name.bats ]] || printf '%s\n' "tests/bats/$name.bats"
	done
}

bats_options=()
[[ -z ${VIRGO_FILTER-} ]] || bats_options+=(-f "$VIRGO_FILTER")
[[ -z ${VIRGO_TAGS-} ]] || bats_options+=(--filter-tags "$VIRGO_TAGS")

# shellcheck disable=SC2120 # arguments come from the command line
virgod()
{
	local files

	if [[ $# = 0 ]]; then
		files=(tests/bats/*.bats)
	else
		mapfile -t files < <(suite_files "$@")
	fi
	built user "-j$(nproc)" user || { failure virgod 'the programs do not build: see build/test/make-user.log'; return; }
	tests/tools/build.sh || { failure virgod "the tests' programs do not build"; return; }
	# it waits more than it works, so it goes beside the others
	VIRGO_HOST=virgod stage "virgod" bats -T --tap "${bats_options[@]}" "${files[@]}" &
	beside=$!
}

# kernel_ready KERNEL: QEMU or the debug kernel, modules for it in $ko
kernel_ready()
{
	local kernel=$1 group=vm args

	[[ $kernel != uml ]] || group=uml
	if ! tests/deps.sh "$group" >"$out/deps-$kernel.log" 2>&1; then
		failure "kernel $kernel" "packages are missing: $(tail -n 1 "$out/deps-$kernel.log")"
		return 1
	fi
	if ! args=(kmod "KDIR=$("$vm/kernels.sh" kdir "$kernel")") || ! ko=$top/build/kmod/$("$vm/kernels.sh" release "$kernel"); then
		failure "kernel $kernel" 'there is no such kernel here, and it cannot be fetched'
		return 1
	fi
	[[ $kernel != uml ]] || args+=(ARCH=um)
	if ! WERROR=1 built "kmod-$kernel" "${args[@]}"; then
		failure "kernel $kernel" "the modules do not build: see $out/make-kmod-$kernel.log"
		return 1
	fi
	tests/tools/build.sh || { failure "kernel $kernel" "the tests' programs do not build"; return 1; }
}

# guest NAME KERNEL PROCESSORS FILE...: suites in one guest
guest()
{
	local name=$1 kernel=$2 smp=$3

	shift 3
	VIRGO_HOST=kernel queue "$name" "$vm/run" --kernel "$kernel" --name "test-${name// /-}" --smp "$smp" --ko "$ko" \
		--timeout 2400 -- "$top/tests/tools/quick.sh" bats -T --tap "${bats_options[@]}" "$@"
}

# The longest first, so that all processors are full to the end. A guest of one processor does the same in half
# the time, so only the suites that want races have two: life and limits.
kernel()
{
	local kernel=${1-6.1} ko group files smp

	shift
	# an emulated processor waits for a third of its time, the debug kernel never
	[[ $kernel != uml ]] || slots=${VIRGO_JOBS:-2}
	kernel_ready "$kernel" || return
	if [[ $# -gt 0 ]]; then
		mapfile -t files < <(suite_files "$@")
		guest "kernel $kernel" "$kernel" 2 "${files[@]}"
		return
	fi
	for group in 'lifecycle limits' 'cpupool' 'analytics-loop' 'auth http' 'values control registry' 'mempool syscall'; do
		# it is about what programs and a node do together, and learning in the debug kernel takes too long
		[[ $kernel != uml || $group != analytics* ]] || continue
		smp=1
		[[ $group != lifecycle* ]] || smp=2
		# shellcheck disable=SC2086 # several words
		mapfile -t files < <(suite_files $group)
		[[ ${#files[@]} = 0 ]] || guest "kernel $kernel ${group// /+}" "$kernel" "$smp" "${files[@]}"
	done
	[[ $kernel != uml ]] || queue "kernel $kernel kapi" "$vm/kapi.sh" "$kernel"
}

smoke()
{
	local kernel=$1 ko files

	kernel_ready "$kernel" || return
	mapfile -t files < <(suite_files "${node_suites[@]}")
	bats_options+=(--filter-tags smoke)
	guest "kernel $kernel smoke" "$kernel" 1 "${files[@]}"
}

case ${1-all} in
all)
	unit
	# shellcheck disable=SC2119
	virgod
	kernel 6.1
	smoke 6.12 ;;
unit|virgod)
	"$@" ;;
kernel)
	shift
	[[ $# -gt 0 ]] || set -- 6.1
	kernel "$@" ;;
-h|--help)
	usage
	exit 0 ;;
*)	usage >&2
	exit 2 ;;
esac
finish
