#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the debug kernel (User-Mode Linux, debug.config) from Debian's linux-source-6.1, once, in the cache. Never
# writes into the source tree of this project, and never needs root.
set -euo pipefail

usage()
{
	cat <<-'END'
	usage: tests/vm/uml/build.sh [build|dir|check]
	  build   build the kernel unless the cache has it; the last line printed is its directory
	  dir     print the directory of the kernel (also KDIR for modules, with ARCH=um)
	  check   exit 0 if the kernel is built
	END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tarball=/usr/src/linux-source-6.1.tar.xz
cache=${XDG_CACHE_HOME:-$HOME/.cache}/virgo

# UML 6.1 refuses DEBUG_ATOMIC_SLEEP only because the checks need PREEMPT_COUNT, which it cannot ask for. Counting works
# there all the same, and a sleep under a spinlock is what we most want to be told about.
kconfig_edit='/^config DEBUG_ATOMIC_SLEEP$/,/^$/{/depends on !ARCH_NO_PREEMPT/d}'

# Room for a processor's registers as the host hands them out whole: UML 6.1 has it for AVX-512, and on a host with AMX
# (11,008 bytes) its first process dies. More than there is does no harm. (6.13 asks the host.)
fp_edit='s/DEFINE_LONGS(HOST_FP_SIZE, 2696)/DEFINE_LONGS(HOST_FP_SIZE, 12288)/'

fail()
{
	printf 'uml: %s\n' "$*" >&2
	exit 1
}

# Everything that changes the result is in the name, so an old cache entry is never taken for a new one.
source_version=$(dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null) || source_version=
config_hash=$({ grep -Ev '^# [^C]|^$' "$here/debug.config"; printf '%s\n' "$kconfig_edit" "$fp_edit"; gcc -dumpfullversion; } |
	sha256sum | cut -c1-12)
dir=$cache/uml-${source_version:-none}-$config_hash

check_config()
{
	local line bad=0
	while IFS= read -r line; do
		if ! grep -qxF -- "$line" "$dir/.config"; then
			printf 'uml: the kernel configuration lacks: %s\n' "$line" >&2
			bad=1
		fi
	done < <(grep -E '^(CONFIG_|# CONFIG_)' "$here/debug.config")
	[[ $bad = 0 ]] || fail 'debug.config asks for what this kernel cannot give'
}

build()
{
	local start=$SECONDS jobs src=$dir/source log=$dir/build.log
	[[ -n $source_version && -r $tarball ]] ||
		fail "$tarball is missing: run tests/deps.sh uml"
	mkdir -p "$dir"
	exec 9>"$dir/.lock"
	flock -n 9 || { echo "uml: another build is running, waiting for it" >&2; flock 9; }
	[[ ! -e $dir/.done ]] || return 0
	jobs=$(nproc)
	echo "uml: building the debug kernel in $dir, about ten minutes on two cores (log: $log)" >&2
	: >"$log"
	if [[ ! -e $src/.unpacked ]]; then
		mkdir -p "$src"
		tar -C "$src" --strip-components=1 -xf "$tarball"
		sed -i "$kconfig_edit" "$src/lib/Kconfig.debug"
		sed -i "$fp_edit" "$src/arch/x86/um/user-offsets.c"
		grep -q 12288 "$src/arch/x86/um/user-offsets.c" || fail 'the source is not what it was: see fp_edit'
		touch "$src/.unpacked"
	fi
	export KBUILD_BUILD_USER=virgo KBUILD_BUILD_HOST=virgo KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
	unset KCONFIG_CONFIG ARCH CROSS_COMPILE
	make -C "$src" O="$dir" ARCH=um KCONFIG_ALLCONFIG="$here/debug.config" allnoconfig >>"$log" 2>&1 ||
		fail "configuration failed, see $log"
	check_config
	make -C "$src" O="$dir" ARCH=um -j"$jobs" linux modules >>"$log" 2>&1 || {
		grep -E 'error|Error' "$log" | head -20 >&2
		fail "the build failed, see $log"
	}
	[[ -x $dir/linux && -e $dir/Module.symvers ]] || fail "the build left no kernel in $dir"
	# Objects are no longer of use: modules need headers, scripts and Module.symvers only.
	find "$dir" -path "$src" -prune -o -path "$dir/scripts" -prune -o -name '*.o' -type f -exec rm -f {} +
	echo "$((SECONDS - start))" >"$dir/.done"
	echo "uml: built in $((SECONDS - start)) s" >&2
}

case ${1:-build} in
build)	[[ -e $dir/.done ]] || build
	echo "$dir" ;;
dir)	echo "$dir" ;;
check)	[[ -e $dir/.done ]] ;;
-h|--help) usage ;;
*)	usage >&2; exit 2 ;;
esac
