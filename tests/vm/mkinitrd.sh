#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the initial RAM disk of a test guest: static busybox, guest-init, the few modules a guest needs before it has a file
# system, and files of the caller's choice. Needs no root.
set -euo pipefail

usage()
{
	cat <<-'END'
	usage: tests/vm/mkinitrd.sh --kernel 6.1|6.12|uml --out FILE [--module NAME]... [--ko FILE]... [--file SRC=DEST]...
	  --no-host leave out what mode "run" needs to see the file system of this machine
	  --module  a module of that kernel, loaded at boot with what it depends on (added to the usual ones)
	  --ko      a module file, loaded after those, in the order given
	  --file    a file copied to DEST in the guest, mode kept
	END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernel='' out=''
modules=(virtio_pci virtio_net)
host_modules=(9pnet_virtio 9p overlay)
kos=()
files=()

fail()
{
	printf 'mkinitrd: %s\n' "$*" >&2
	exit 1
}

while [[ $# -gt 0 ]]; do
	case $1 in
	-h|--help) usage; exit 0 ;;
	--no-host) host_modules=(); shift ;;
	--kernel|--out|--module|--ko|--file)
		[[ $# -ge 2 ]] || { usage >&2; exit 2; }
		case $1 in
		--kernel) kernel=$2 ;;
		--out)	out=$2 ;;
		--module) modules+=("$2") ;;
		--ko)	kos+=("$2") ;;
		--file)	files+=("$2") ;;
		esac
		shift 2 ;;
	*)	usage >&2; exit 2 ;;
	esac
done
[[ -n $kernel && -n $out ]] || { usage >&2; exit 2; }
busybox=$(command -v busybox) || fail 'busybox is missing: run tests/deps.sh vm'
! ldd "$busybox" >/dev/null 2>&1 || fail "$busybox is not static: install busybox-static"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage"/{bin,dev,etc,lib,lower,modules,new,proc,root,run,rw,sys,tmp}
cp "$busybox" "$stage/bin/busybox"
ln -s busybox "$stage/bin/sh"
install -m 755 "$here/guest-init" "$stage/init"
: >"$stage/modules/order"

# Copies a module after everything it depends on; modules.dep lists the dependencies last one first.
declare -A copied=()
add_module()
{
	local name=$1 tree=$2 line path base
	local -a deps
	line=$(grep -E "(^|/)${name//[-_]/[-_]}\.ko(\.[a-z]+)?:" "$tree/modules.dep") || {
		grep -qE "/${name//[-_]/[-_]}\.ko$" "$tree/modules.builtin" || fail "kernel $kernel has no module $name"
		return 0
	}
	read -ra deps <<<"${line/:/}"
	for ((i = ${#deps[@]} - 1; i >= 0; i--)); do
		path=${deps[i]}
		base=${path##*/}
		base=${base%%.ko*}.ko
		[[ -z ${copied[$base]-} ]] || continue
		copied[$base]=1
		case $path in
		*.xz)	xz -dc "$tree/$path" >"$stage/modules/$base" ;;
		*.zst)	zstd -qdc "$tree/$path" >"$stage/modules/$base" ;;
		*)	cp "$tree/$path" "$stage/modules/$base" ;;
		esac
		echo "$base" >>"$stage/modules/order"
	done
}

if [[ $kernel != uml ]]; then
	tree=$("$here/kernels.sh" root "$kernel")/lib/modules/$("$here/kernels.sh" release "$kernel")
	for module in "${modules[@]}" "${host_modules[@]}"; do
		add_module "$module" "$tree"
	done
fi
for ko in "${kos[@]}"; do
	[[ -r $ko ]] || fail "no module file $ko"
	cp "$ko" "$stage/modules/"
	basename "$ko" >>"$stage/modules/order"
done
for file in "${files[@]}"; do
	[[ $file == *=/* ]] || fail "--file wants SRC=/DEST, got $file"
	[[ -r ${file%%=*} ]] || fail "no file ${file%%=*}"
	mkdir -p "$stage$(dirname "${file#*=}")"
	cp -p "${file%%=*}" "$stage${file#*=}"
done

mkdir -p "$(dirname "$out")"
(cd "$stage" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) | gzip -1 >"$out.new"
mv "$out.new" "$out"
