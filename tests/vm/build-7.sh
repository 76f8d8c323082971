#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the modules for the newest kernel of Debian's development branch (7.x at the time of writing), with that branch's
# compiler: its headers' tools want a newer libc than Debian 12 has. Compiler and headers are unpacked in the cache, never
# installed; the build runs in a mount namespace of its own, so it needs root. Prints the modules; warnings are errors.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
base=${XDG_CACHE_HOME:-$HOME/.cache}/virgo/sid
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
tools=(gcc-16 libc6-dev make dash bash coreutils sed grep findutils mawk perl-base libelf1t64 libssl3t64 diffutils xz-utils
	binutils)

fail()
{
	printf 'build-7: %s\n' "$*" >&2
	exit 1
}

[[ $(id -u) = 0 ]] || fail 'root is needed, for a mount namespace and chroot'
mirror=${VIRGO_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/*$' || true)}
[[ -n $mirror ]] || fail 'apt has no Debian mirror configured, name one in VIRGO_DEBIAN_MIRROR'

mkdir -p "$base"/apt/lists/partial "$base"/apt/cache/archives/partial "$base"/root/usr/{bin,sbin,lib,lib64}
: >>"$base/apt/status"
echo "deb [signed-by=$keyring] $mirror sid main" >"$base/apt/sources.list"
apt=(-qq -o Dir::Etc::sourcelist="$base/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
	-o Dir::State::lists="$base/apt/lists" -o Dir::Cache="$base/apt/cache" -o Dir::State::status="$base/apt/status"
	-o APT::Sandbox::User=root)
apt-get "${apt[@]}" update || fail "the package lists of $mirror cannot be read"
headers=$(apt-cache "${apt[@]}" search --names-only '^linux-headers-[0-9][^ ]*+deb[0-9]*-amd64$' | sort -V | tail -n 1)
headers=${headers%% *}
[[ -n $headers ]] || fail 'there are no kernel headers on the mirror'

root=$base/root
if [[ ! -e $root/usr/src/$headers/Makefile ]]; then
	apt-get "${apt[@]}" --no-install-recommends -d -y install "${tools[@]}" "$headers" >/dev/null
	for dir in bin sbin lib lib64; do
		ln -sfn "usr/$dir" "$root/$dir"
	done
	for package in "$base"/apt/cache/archives/*.deb; do
		dpkg -x "$package" "$root"
	done
	ln -sf mawk "$root/usr/bin/awk"
fi

mkdir -p "$root"/{src,dev,proc,tmp}
unshare -m bash -euc '
	mount --bind "$1" "$2/src"
	mount --bind /dev "$2/dev"
	mount -t proc proc "$2/proc"
	PATH=/usr/bin:/bin WERROR=1 KDIR=/usr/src/$3 exec /usr/sbin/chroot "$2" /usr/bin/bash /src/kmod/build.sh
' build-7 "$top" "$root" "$headers"
