#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build the kernel modules for KDIR in build/kmod/<release>/, from a tree of links to the sources:
# Kbuild leaves its objects beside what it compiles, and nothing is to be left in the source tree.
# Without kernel headers it says so and succeeds; it never touches an installed kernel.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${KDIR:-}" ] || [ ! -e "$KDIR/Makefile" ]; then
	echo "  KMOD    no kernel headers found${KDIR:+ in $KDIR}: modules not built" \
		"(apt-get install linux-headers-amd64, or KDIR=…)" >&2
	exit 0
fi

arch=(${ARCH:+ARCH="$ARCH"})
# a kernel whose headers ship vmlinux asks for BTF, which needs pahole: not for us
opts=(CONFIG_DEBUG_INFO_BTF_MODULES= "VIRGO_VERSION=$(cat VERSION)")
[ -z "${W:-}" ] || opts+=("W=$W")
[ -z "${C:-}" ] || opts+=("C=$C")
rel=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$KDIR/include/generated/utsrelease.h" 2>/dev/null)
: "${rel:=$(make -s -C "$KDIR" "${arch[@]}" kernelrelease)}"
out=build/kmod/$rel
mkdir -p "$out"
# drop links whose source is gone, then link what is there
find "$out" -type l ! -exec test -e {} \; -delete
(cd kmod && find . -path ./user -prune -o \( -name '*.[ch]' -o -name Kbuild \) -print) |
while read -r f; do
	mkdir -p "$out/$(dirname "$f")"
	ln -sfn "$PWD/kmod/${f#./}" "$out/${f#./}"
done
echo "  KMOD    $out"
log=$out/build.log
if ! make -C "$KDIR" "${arch[@]}" M="$PWD/$out" "${opts[@]}" -j"$(nproc)" modules >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
grep -E 'warning|error' "$log" >&2 || true
if [ -n "${WERROR:-}" ] && grep -q 'warning:' "$log"; then
	exit 1
fi
ls "$out"/*.ko | sed 's/^/          /'
