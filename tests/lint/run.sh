#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every check that needs no test to run: style, types, layers, what the documents say. Each counts as one. Changes nothing.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
tests/deps.sh lint || exit 1
log=build/lint
mkdir -p "$log"
passed=0 failed=0

check()
{
	local name=$1 started=$SECONDS

	shift
	if "$@" >"$log/$name.log" 2>&1; then
		passed=$((passed + 1))
		printf 'ok %s (%d s)\n' "$name" $((SECONDS - started))
	else
		failed=$((failed + 1))
		printf 'not ok %s (%d s)\n' "$name" $((SECONDS - started))
		sed 's/^/  /' "$log/$name.log" | head -n 60
	fi
}

scripts()
{
	{
		git ls-files '*.sh' '*.bash' .ci/run conf/nightly.in tests/vm/run tests/vm/node tests/vm/splats tests/vm/guest-init
		git grep -lE '^#!/(usr/bin/env )?(ba)?sh' -- cli conf tests completions kmod
	} | sort -u | grep -v '\.bats$' | xargs shellcheck -x -S warning -e SC1091 || return
	# what the language of virgo shell has beyond sh: !PROGRAM, and exec with options
	shellcheck -s dash -S warning -e SC1035,SC3038 shell/examples/*
}

# The kernel's type checker on our files alone: what it says of the kernel's headers is not ours.
sparse_kernel()
{
	local build

	rm -f build/kmod/*/build.log
	make -s kmod C=2 || return
	build=$(find build/kmod -name build.log -newer "$log" | head -n 1)
	[[ -n $build ]] || { echo 'no kernel headers: nothing was checked'; return 1; }
	! grep -E '(warning|error):' "$build" | grep -E 'build/kmod/[^ ]*\.[ch]:[0-9]'
}

cppcheck_user()
{
	# not understood: a macro that gives two arguments; a list's head, which has no node around it
	cppcheck -q --std=c11 --language=c -j "$(nproc)" --error-exitcode=1 --inline-suppr --enable=warning,portability \
		--suppress=missingIncludeSystem --suppress=wrongPrintfScanfArgNum --suppress=uninitvar:kmod/user/loop.c \
		--suppress='*:kmod/user/include/*' --include=tests/lint/cppcheck.h \
		-Ilib/include -Ikmod/include -Iplugins -I. lib cli shell plugins analytics helper kmod/user/*.c
}

clang_build()
{
	make -s CC=clang SAN=undefined -j"$(nproc)" user
}

touch "$log"
check layers tests/lint/layers.sh
check scripts scripts
check checkpatch tests/lint/checkpatch.sh
check sparse sparse_kernel
check cppcheck cppcheck_user
check clang clang_build
for script in tests/lint/*.sh; do
	case ${script##*/} in
	run.sh|compdb.sh|layers.sh|checkpatch.sh) ;;
	*)	name=${script##*/}
		check "${name%.sh}" "$script" ;;
	esac
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed = 0 ]]
