#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The lists of Debian 12 packages that each job needs, and their installation. Starts no service and touches nothing
# outside the package system; with everything present it only asks dpkg once.
set -euo pipefail

# A group names the groups it includes with a leading @.
declare -A packages=(
	[build]='gcc make pkg-config libcurl4-openssl-dev libcjson-dev libreadline-dev libsvm-dev liburcu-dev nettle-dev
		libjq-dev zlib1g-dev libzstd-dev'
	[kmod]='linux-headers-amd64 kmod'
	[demo]='@build curl iproute2'
	[test]='@build @kmod bats bats-support bats-assert bats-file libcmocka-dev curl jq netcat-openbsd socat python3 strace
		procps iproute2 libsvm-tools mawk zstd tmux less'
	[vm]='@kmod qemu-system-x86 busybox-static cpio xz-utils zstd procps'
	[uml]='linux-source-6.1 gcc make flex bison bc libelf-dev kmod cpio busybox-static xz-utils perl'
	[lint]='@build sparse cppcheck clang clang-tidy clang-format shellcheck linux-source-6.1 perl man-db'
	[fuzz]='@build clang libclang-rt-14-dev'
	[bench]='@build redis-server redis-tools nginx-light wrk memcached curl jq clustershell pdsh openssh-server openssh-client iproute2'
)

usage()
{
	cat <<-'END'
	usage: tests/deps.sh GROUP... [--check | --list]
	  installs the packages of the groups that are missing (as root, or through sudo without a password; else it
	  prints the command to run and exits 1)
	  --check  install nothing: print what is missing, exit 1 if anything is
	  --list   print the packages of the groups
	END
	printf 'groups: %s\n' "$(printf '%s\n' "${!packages[@]}" | sort | tr '\n' ' ')"
}

mode=install
groups=()
for arg; do
	case $arg in
	--check) mode=check ;;
	--list)	mode=list ;;
	-h|--help) usage; exit 0 ;;
	*)	if [[ -z ${packages[$arg]-} ]]; then
			printf 'deps: no such group: %s\n' "$arg" >&2
			usage >&2
			exit 2
		fi
		groups+=("$arg") ;;
	esac
done
[[ ${#groups[@]} -gt 0 ]] || { usage >&2; exit 2; }

declare -A wanted=()
expand()
{
	local word
	for word in ${packages[$1]}; do
		case $word in
		@*)	expand "${word#@}" ;;
		*)	wanted[$word]=1 ;;
		esac
	done
}
for group in "${groups[@]}"; do
	expand "$group"
done
mapfile -t names < <(printf '%s\n' "${!wanted[@]}" | sort)

if [[ $mode = list ]]; then
	printf '%s\n' "${names[@]}"
	exit 0
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	printf 'deps: this machine has no dpkg, install the equivalents of: %s\n' "${names[*]}" >&2
	exit 1
fi

missing=()
declare -A present=()
while read -r status name; do
	[[ $status != ii* ]] || present[$name]=1
done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${names[@]}" 2>/dev/null)
for name in "${names[@]}"; do
	[[ -n ${present[$name]-} ]] || missing+=("$name")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

install_command="apt-get install -y --no-install-recommends ${missing[*]}"
if [[ $mode = check ]]; then
	printf 'deps: missing for %s: %s\n' "${groups[*]}" "${missing[*]}" >&2
	exit 1
fi
become=()
if [[ $(id -u) != 0 ]]; then
	if ! sudo -n true 2>/dev/null; then
		printf 'deps: packages are missing for %s, install them as root: apt-get update && %s\n' \
			"${groups[*]}" "$install_command" >&2
		exit 1
	fi
	become=(sudo -n)
fi

# RUNLEVEL=1 is what invoke-rc.d honours where there is no policy-rc.d: packages with a daemon must not start it here.
apt=("${become[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -o Dpkg::Use-Pty=0
	-o DPkg::Lock::Timeout=300)
printf 'deps: installing for %s: %s\n' "${groups[*]}" "${missing[*]}" >&2
"${apt[@]}" update >&2 || echo "deps: apt-get update failed, going on with the lists at hand" >&2
if ! "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2; then
	printf 'deps: installation failed, see above; the command was: apt-get update && %s\n' "$install_command" >&2
	exit 1
fi
