#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Fuzzes every parser of foreign bytes under ASan and UBSan, or replays the corpora. The corpora of the tree are only read:
# what a run finds new stays in build/fuzz/corpus, what breaks something in build/fuzz/found.
set -euo pipefail

usage()
{
	cat <<-'END'
	usage: tests/fuzz/run.sh [--replay] [NAME...]
	  NAME      as in tests/fuzz/fuzz_NAME.c; all without one
	  --replay  only the corpora, each file once, built with $CC (no clang needed)
	environment: FUZZ_SECONDS for each (60; 6 where what is read comes from a node, program or log one chose), FUZZ_JOBS at a time (2), CLANG
	END
}

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top"
# Anybody may send these, or they are whole languages.
exposed=' conf http json line shell values '
jobs=${FUZZ_JOBS:-2} clang=${CLANG:-clang}
mode=fuzz
names=()
for arg; do
	case $arg in
	--replay) mode=replay ;;
	-h|--help) usage; exit 0 ;;
	-*)	usage >&2; exit 2 ;;
	*)	[[ -r tests/fuzz/fuzz_$arg.c ]] || { echo "fuzz: no tests/fuzz/fuzz_$arg.c" >&2; exit 2; }
		names+=("$arg") ;;
	esac
done
if [[ ${#names[@]} = 0 ]]; then
	for file in tests/fuzz/fuzz_*.c; do
		file=${file##*/fuzz_}
		names+=("${file%.c}")
	done
fi
out=build/fuzz/$mode
mkdir -p "$out/shim"

# The unit tests' flags and libraries, as the Makefile has them.
from_makefile()
{
	# shellcheck disable=SC2016 # for make
	printf 'include Makefile\nshow:\n\t@:$(info $(%s))\n' "$1" | make -s --no-print-directory -f - show
}
eval "flags=($(from_makefile UNITFLAGS)) libs=($(from_makefile NODE_LIBS))"
libs+=(-lcurl -lcjson -lsvm -lz -lzstd -lm -ldl)
if [[ $mode = fuzz ]]; then
	command -v "$clang" >/dev/null || tests/deps.sh fuzz
	compiler=$clang
	# gcc's warnings are the unit tests' business
	flags+=(-Wno-error)
	instrument=(-fsanitize=fuzzer-no-link)
	entry=(-fsanitize=fuzzer)
else
	compiler=${CC:-cc}
	instrument=()
	entry=(tests/fuzz/replay.c)
fi

# What does not change between runs is built once: an object, or a program with the sources it was made of in a .d file.
is_fresh()
{
	local target=$1 line
	local -a needs

	[[ -e $target && -e $target.d ]] || return 1
	line=$(sed -e 's/^[^:]*://' -e 's/\\$//' "$target.d" | tr '\n' ' ')
	read -ra needs <<<"$line"
	for line in "${needs[@]}" tests/fuzz/run.sh Makefile; do
		[[ ${line: -1} = : || $target -nt $line ]] || return 1
	done
}

build_shim()
{
	local source object

	for source in kmod/user/shim/*.c; do
		object=$out/shim/$(basename "$source" .c).o
		is_fresh "$object" ||
			"$compiler" "${flags[@]}" "${instrument[@]}" -MF "$object.d" -c -o "$object" "$source" || return
	done
}

build()
{
	local target=$out/fuzz_$1 object=$out/fuzz_$1.o

	is_fresh "$object" ||
		"$compiler" "${flags[@]}" "${instrument[@]}" -MF "$object.d" -c -o "$object" "tests/fuzz/fuzz_$1.c" || return
	[[ $target -nt $object ]] || "$compiler" "${flags[@]}" -o "$target" "$object" "${entry[@]}" "$out"/shim/*.o "${libs[@]}"
}

run()
{
	local name=$1 corpus=build/fuzz/corpus/$1 found=build/fuzz/found/$1 seconds

	build "$name" || return
	if [[ $mode = replay ]]; then
		timeout 300 "$out/fuzz_$name" tests/fuzz/corpus/"$name"/*
		return
	fi
	mkdir -p "$corpus" "$found"
	seconds=6
	[[ $exposed != *" $name "* ]] || seconds=60
	seconds=${FUZZ_SECONDS:-$seconds}
	timeout $((seconds * 3 + 120)) "$out/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$found/" "$corpus" "tests/fuzz/corpus/$name"
}

# One fuzzer, its log kept; the line that counts it.
one()
{
	local name=$1 log=$out/$1.log status=0 units=''

	run "$name" >"$log" 2>&1 </dev/null || status=$?
	if [[ $status = 0 ]]; then
		[[ $mode = replay ]] || units=$(sed -n 's/^stat::number_of_executed_units: */, runs: /p' "$log")
		echo "ok - $mode $name$units"
	else
		echo "not ok - $mode $name: status $status, log $log"
		tail -n 60 "$log" | sed 's/^/# /'
	fi
}

build_shim
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
results=$out/results
: >"$results"
[[ $mode != replay ]] || jobs=$(nproc)
for name in "${names[@]}"; do
	while (($(jobs -rp | wc -l) >= jobs)); do
		wait -n || true
	done
	one "$name" >"$out/$name.result" &
done
wait
for name in "${names[@]}"; do
	cat "$out/$name.result"
done | tee "$results"
failed=$(grep -c '^not ok' "$results" || true)
printf '%d passed, %d failed\n' $((${#names[@]} - failed)) "$failed"
[[ $failed = 0 ]]
