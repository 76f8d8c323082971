#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the helper programs of the tests in build/tools. Does nothing that is done already.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$here/../../build/tools
mkdir -p "$out"

# program NAME SOURCE OPTION...
program()
{
	local target=$out/$1 source=$here/$2

	shift 2
	# whole at once: others may be about to build or to start it
	[[ $target -nt $source && $target -nt ${BASH_SOURCE[0]} && $target -nt $here/quick.h ]] || {
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter "$@" -o "$target.$$" "$source"
		mv "$target.$$" "$target"
	}
}

program client client.c
program quick quick.c -static
program quick.so quick_preload.c -shared -fPIC
