#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Fetches Debian's kernels, image and headers, into the cache without installing them, and says where they are. Never
# touches the system's apt state: it runs apt with a configuration, lists and keyring of its own choosing, so that
# signatures are still checked.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/virgo
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

usage()
{
	cat <<-'END'
	usage: tests/vm/kernels.sh COMMAND [KERNEL]
	  fetch KERNEL    fetch and unpack it unless the cache has it
	  update KERNEL   the same, but ask the mirror for a newer one first
	  kdir KERNEL     print the directory to build modules against (fetches)
	  image KERNEL    print the path of the bootable kernel (fetches)
	  release KERNEL  print the release (uname -r) (fetches)
	  root KERNEL     print the directory that holds lib/modules/RELEASE (fetches)
	  list            print the kernels and whether they are in the cache
	KERNEL is 6.1 (bookworm), 6.12 (bookworm-backports) or uml (the debug kernel, see uml/build.sh)
	environment: VIRGO_DEBIAN_MIRROR, VIRGO_DEBIAN_SECURITY_MIRROR: used in place of the ones apt is configured with
	END
}

fail()
{
	printf 'kernels: %s\n' "$*" >&2
	exit 1
}

say()
{
	printf 'kernels: %s\n' "$*" >&2
}

# The target release for apt; none means whichever of bookworm and its security archive is newer. The name of a kernel is
# what its package version must start with.
suite_of()
{
	case $1 in
	6.1)	echo ;;
	6.12)	echo bookworm-backports ;;
	*)	fail "no such kernel: $1 (known: 6.1 6.12 uml)" ;;
	esac
}

# The mirrors the system already uses: first the main archive, then the security one, empty if there is none.
find_mirrors()
{
	local uri release origin main=${VIRGO_DEBIAN_MIRROR-} security=${VIRGO_DEBIAN_SECURITY_MIRROR-}
	# shellcheck disable=SC2016 # the dollars are apt's
	local format='$(REPO_URI)|$(RELEASE)|$(ORIGIN)'
	while IFS='|' read -r uri release origin; do
		case $release in
		*-security*)	[[ -n $security || $uri != *debian* ]] || security=$uri ;;
		*-updates|*-backports*) ;;
		*)	[[ -n $main || ( $origin != Debian && $uri != */debian/ ) ]] || main=$uri ;;
		esac
	done < <(apt-get indextargets --format "$format" 'Created-By: Packages' 2>/dev/null)
	[[ -n $main ]] || fail "apt has no Debian mirror configured, name one in VIRGO_DEBIAN_MIRROR"
	printf '%s\n%s\n' "$main" "$security"
}

setup_apt()
{
	local main security
	[[ -r $keyring ]] || fail "$keyring is missing: install debian-archive-keyring"
	{ read -r main; read -r security || true; } < <(find_mirrors)
	[[ -n $main ]] || exit 1
	mkdir -p "$cache"/apt/{lists/partial,archives/partial,empty}
	: >"$cache/apt/status"
	{
		printf 'deb [signed-by=%s arch=amd64] %s bookworm main\n' "$keyring" "$main"
		printf 'deb [signed-by=%s arch=amd64] %s bookworm-backports main\n' "$keyring" "$main"
		[[ -z $security ]] ||
			printf 'deb [signed-by=%s arch=amd64] %s bookworm-security main\n' "$keyring" "$security"
	} >"$cache/apt/sources.list"
	# The system's proxies are kept, its hooks and preferences are not.
	{
		cat <<-END
		Dir::Etc::Parts "$cache/apt/empty";
		Dir::Etc::Main "$cache/apt/none";
		Dir::Etc::SourceList "$cache/apt/sources.list";
		Dir::Etc::SourceParts "$cache/apt/empty";
		Dir::Etc::Preferences "$cache/apt/none";
		Dir::Etc::PreferencesParts "$cache/apt/empty";
		Dir::State "$cache/apt";
		Dir::State::Lists "$cache/apt/lists";
		Dir::State::Status "$cache/apt/status";
		Dir::Cache "$cache/apt";
		Dir::Cache::Archives "$cache/apt/archives";
		APT::Sandbox::User "";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		Acquire::Languages "none";
		Acquire::Retries "2";
		END
		apt-config dump | grep -iE '^Acquire::[^ ]*proxy' || true
	} >"$cache/apt/apt.conf"
	export APT_CONFIG=$cache/apt/apt.conf
}

field()
{
	apt-cache show "$1" 2>/dev/null | sed -n "s/^$2: //p" | head -1
}

# Prints "name=version" of the packages that make up a kernel: image, headers, common headers, build tools.
resolve()
{
	local name=$1 suite meta release version common kbuild
	suite=$(suite_of "$name")
	meta=$(apt-cache show ${suite:+-t "$suite"} --no-all-versions linux-image-amd64 2>/dev/null)
	release=$(sed -nE 's/^Depends:.*\blinux-image-([^ ,]+-amd64).*/\1/p' <<<"$meta" | head -1)
	version=$(sed -n 's/^Version: //p' <<<"$meta" | head -1)
	[[ -n $release && $version == "$name".* ]] ||
		fail "${suite:-bookworm} offers linux-image-amd64 ${version:-nowhere}, wanted a $name kernel"
	common=$(field "linux-headers-$release" Depends | grep -oE 'linux-headers-[^ ,]+-common' | head -1)
	kbuild=$(field "linux-headers-$release" Depends | grep -oE 'linux-kbuild-[^ ,]+' | head -1)
	[[ -n $common && -n $kbuild ]] || fail "linux-headers-$release does not name its parts, is the mirror complete?"
	printf '%s\n' "$release" "linux-image-$release" "linux-headers-$release" "$common" "$kbuild"
}

unpack()
{
	local root=$1 release=$2 deb kernel
	rm -rf "$root.new"
	mkdir -p "$root.new"
	for deb in "$root.debs"/*.deb; do
		dpkg-deb -x "$deb" "$root.new"
	done
	# The headers name each other by absolute path, as if installed.
	sed -i "s,/usr/src/,$root/usr/src/,g" "$root.new/usr/src/linux-headers-$release/Makefile"
	# With a vmlinux there kbuild wants pahole, for type information that no test uses.
	rm -f "$root.new/usr/src/linux-headers-$release/vmlinux"
	kernel=$root.new/lib/modules/$release/kernel
	[[ -d $kernel ]] || fail "linux-image-$release has no modules in lib/modules/$release"
	rm -rf "$kernel"/sound "$kernel"/drivers/{gpu,media,infiniband,scsi,staging,iio,hid,mtd,usb,platform,isdn,hwmon} \
		"$kernel"/drivers/net/{ethernet,wireless,can}
	depmod -b "$root.new" "$release"
	printf '%s\n' "$release" >"$root.new/.release"
	rm -rf "$root"
	mv "$root.new" "$root"
	rm -rf "$root.debs"
}

fetch()
{
	local name=$1 root=$cache/kernels/$1 release part log=$cache/kernels/$1.log
	local -a parts
	[[ ! -e $root/.release || ${2-} = update ]] || return 0
	mkdir -p "$cache/kernels"
	exec 8>"$cache/kernels/.lock"
	flock 8
	[[ ! -e $root/.release || ${2-} = update ]] || return 0
	setup_apt
	if ! apt-get -q update >"$log" 2>&1; then
		fail "no package list for kernel $name: the mirror does not answer ($(grep -m1 -E '^(E|Err|W):' "$log" ||
			echo "see $log")); this needs the network once, later runs use $root"
	fi
	mapfile -t parts < <(resolve "$name")
	[[ ${#parts[@]} = 5 ]] || exit 1
	release=${parts[0]}
	if [[ -e $root/.release && $(<"$root/.release") = "$release" ]]; then
		say "$name is current: $release"
		return 0
	fi
	say "fetching ${parts[*]:1}"
	rm -rf "$root.debs"
	mkdir -p "$root.debs"
	for part in "${parts[@]:1}"; do
		(cd "$root.debs" && apt-get -q download "$part" >>"$log" 2>&1) ||
			fail "could not download $part: $(grep -m1 '^E:' "$log" || echo "see $log")"
	done
	unpack "$root" "$release"
	say "$name is $release, in $root"
}

[[ $# -ge 1 ]] || { usage >&2; exit 2; }
command=$1
name=${2-}
case $command in
-h|--help)
	usage
	exit 0 ;;
list)
	for name in 6.1 6.12; do
		if [[ -e $cache/kernels/$name/.release ]]; then
			echo "$name $(<"$cache/kernels/$name/.release")"
		else
			echo "$name not fetched"
		fi
	done
	if "$here/uml/build.sh" check; then echo "uml $("$here/uml/build.sh" dir)"; else echo "uml not built"; fi
	exit 0 ;;
fetch|update|kdir|image|release|root)
	[[ -n $name ]] || { usage >&2; exit 2; } ;;
*)
	usage >&2
	exit 2 ;;
esac

if [[ $name = uml ]]; then
	"$here/uml/build.sh" build >/dev/null
	dir=$("$here/uml/build.sh" dir)
	case $command in
	kdir)	echo "$dir" ;;
	image)	echo "$dir/linux" ;;
	release) cat "$dir/include/config/kernel.release" ;;
	root)	fail "the debug kernel has everything built in, it has no lib/modules" ;;
	esac
	exit 0
fi

suite_of "$name" >/dev/null
if [[ $command = update ]]; then fetch "$name" update; else fetch "$name"; fi
root=$cache/kernels/$name
release=$(<"$root/.release")
case $command in
kdir)	echo "$root/usr/src/linux-headers-$release" ;;
image)	echo "$root/boot/vmlinuz-$release" ;;
release) echo "$release" ;;
root)	echo "$root" ;;
esac
