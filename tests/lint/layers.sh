#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may know whom. Layers only look down: cli, plugins -> lib, shell; plugins/analytics -> analytics; lib -> the pure files of
# core; services -> core; hosts -> core and services. What differs by host stands at the seam, what differs by kernel in compat.h.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
status=0

# refuse WHY, with the offending lines on standard input
refuse()
{
	local lines

	lines=$(cat)
	[[ -n $lines ]] || return 0
	printf '%s:\n%s\n' "$1" "$lines"
	status=1
}

includes()
{
	git grep -nE "^#include \"$1" -- "${@:2}"
}

pure='core/(base64|conf|config|place|addr|buf|str|utf8|json|limits|service|values_parse|balance|load|predict)\.h'
includes '(mempool|linux|user)/' kmod/core | refuse 'core knows a service or a host'
includes '(linux|user)/' kmod/mempool | refuse 'a service knows a host'
includes 'user/' kmod/linux | refuse 'a host knows the other'
includes '(lib|virgo|cli|analytics|helper|shell)/' kmod | refuse 'the node knows its clients'
git grep -nE '^#include [<"](virgo/|\.\./lib)' -- kmod | refuse 'the node knows the library'
git grep -nE '^#include "(core|mempool|linux|user)/' -- lib | grep -vE "\"$pure" | refuse 'lib knows more of core than its pure files'
git grep -nE '^#include "(core|mempool|linux|user)/' -- cli | grep -vE "\"$pure" | refuse 'cli knows more of core than its pure files'
git grep -nE '^#include "(core|mempool|linux|user|cli|lib|analytics|kapi)/' -- helper | refuse 'the helper knows more than uapi'
git grep -nE '^#include [<"]virgo/' -- helper | grep -vE '[<"]virgo/function\.h' | refuse 'the helper knows the library'
git grep -nE '^#include "helper/' -- lib cli analytics | refuse 'somebody knows the helper from within'
git grep -nE '^#include "(core|mempool|linux|user|cli)/' -- analytics | refuse 'analytics knows the node or the command'
git grep -nE '^#include "' -- plugins ':!plugins/analytics' | refuse 'a plugin knows more than installed headers'
git grep -nE '^#include "' -- plugins/analytics | grep -vE '"(plugins/analytics/|analytics/analytics\.h"|core/(conf|values_parse)\.h")' |
	refuse 'the plugin analytics knows more than its library and the grammar of values'
git grep -nE '#include "analytics/|\ban_[a-z]|virgo analytics|analytics\.so' -- cli | refuse 'cli knows analytics'
git grep -nE '^#include "plugins/[^v]' -- . ':!plugins' | refuse 'somebody knows a plugin from within'
git grep -nE '^#include <(uapi|kapi|core|cli|shell|lib|linux|virgo_[^p])' -- plugins | refuse 'a plugin knows more than lib and virgo_plugin.h'
git grep -nE '^#include <virgo' -- plugins/virgo_plugin.h | grep -v '<virgo/error.h>' | refuse 'virgo_plugin.h needs more than error.h'
git grep -nE '^#include [<"](plugins/|virgo_plugin)' -- lib kmod analytics helper | refuse 'somebody below knows the plugins'
git grep -nE '^#include "(cli|analytics)/' -- lib | refuse 'lib knows who uses it'
git grep -nE '^#include "' -- shell | grep -vE '"shell/' | refuse 'the shell knows more than itself'
git grep -nE '^#include [<"]virgo/' -- shell | refuse 'the shell knows the library'
git grep -nE '^#include "shell/' -- lib analytics helper | refuse 'somebody but cli knows the shell'
git grep -nE '\bexit\(|\b(printf|puts|perror)\(' -- 'lib/*.c' ':!lib/kshim.c' ':!lib/examples/*' | refuse 'lib prints or exits'

git grep -n '__KERNEL__' -- kmod ':!kmod/core/host.h' ':!kmod/user' ':!kmod/include/uapi' | refuse '__KERNEL__ outside the seam'
git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' -- kmod ':!kmod/linux/compat.h' ':!kmod/user' |
	refuse 'kernel versions outside compat.h'
git grep -nE '^[^"*]*\b(float|double) ' -- kmod/core kmod/mempool kmod/linux | refuse 'floating point in the kernel'

spdx()
{
	local file want

	git ls-files '*.c' '*.h' '*.sh' '*.bats' '*.bash' Makefile '*/Kbuild' | while read -r file; do
		want=GPL-3.0-or-later
		case $file in
		kmod/*|tests/vm/*/Kbuild|tests/vm/*/virgo_*.c) want=GPL-2.0-or-later ;;	# what a kernel loads
		esac
		head -n 2 "$file" | grep -q "SPDX-License-Identifier: $want" || echo "$file: no SPDX line for $want"
	done
}
spdx | refuse 'licence lines'

git ls-files '*.c' '*.h' | xargs wc -l | awk '$1 > 700 && $2 != "total" && $2 !~ /^tests\// { print $2 ": " $1 " lines" }' |
	refuse 'files of more than 700 lines'

exit $status
