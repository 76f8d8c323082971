#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel's own style checker over kmod/ and the C of user space. It is taken out of Debian's linux-source once and kept
# in the cache. The shim's headers define the very macros it speaks of: they are left out, and of its code only errors count.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-6.*.tar.xz' | sort -V | head -n 1)
[[ -n $tarball ]] || { echo 'checkpatch: no linux-source package: tests/deps.sh lint' >&2; exit 1; }
version=$(basename "$tarball" .tar.xz)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/virgo/checkpatch-$version
if [[ ! -x $cache/checkpatch.pl ]]; then
	mkdir -p "$cache"
	tar -C "$cache" --strip-components=2 -xf "$tarball" \
		"$version/scripts/checkpatch.pl" "$version/scripts/spelling.txt" "$version/scripts/const_structs.checkpatch"
fi

# FILE_PATH_CHANGES, SPDX_LICENSE_TAG: about patches and a tree's own rules.  CAMELCASE: names of values, of structures of
# others.  LINUX_VERSION_CODE: layers.sh knows where it may stand.  The others: house style, see CONTRIBUTING.md.
ignore=FILE_PATH_CHANGES,SPDX_LICENSE_TAG,PREFER_KERNEL_TYPES,CAMELCASE,LINUX_VERSION_CODE,SPLIT_STRING,EMBEDDED_FUNCTION_NAME
ignore+=,COMPLEX_MACRO,MACRO_ARG_REUSE,EXPORT_SYMBOL,NEW_TYPEDEFS,VOLATILE,CONSTANT_COMPARISON,BRACES,SPACING,STATIC_CONST_CHAR_ARRAY
ignore+=,MULTISTATEMENT_MACRO_USE_DO_WHILE,PREFER_PR_LEVEL,QUOTED_WHITESPACE_BEFORE_NEWLINE,MISSING_SPACE,BRACKET_SPACE

check()
{
	perl "$cache/checkpatch.pl" --no-tree --terse --no-summary --max-line-length=130 --ignore "$ignore" "$@" 2>/dev/null |
		grep -v '^$' || true
}

found=$(
	git ls-files 'kmod/*.[ch]' ':!kmod/user/include' ':!kmod/user/shim' | xargs -n 40 -P "$(nproc)" \
		bash -c "$(declare -f check); cache=$cache ignore=$ignore; check -f \"\$@\"" check
	git ls-files 'kmod/user/shim/*.[ch]' 'lib/*.[ch]' 'cli/*.[ch]' 'shell/*.[ch]' 'analytics/*.[ch]' 'helper/*.[ch]' 'plugins/*.[ch]' |
		xargs -n 40 -P "$(nproc)" bash -c "$(declare -f check); cache=$cache ignore=$ignore; check -f \"\$@\"" check |
		grep ' ERROR: ' || true
)
[[ -z $found ]] || { printf '%s\n' "$found"; exit 1; }
