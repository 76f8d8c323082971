#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the helper programs of the tests in build/tools. Does nothing that is done already.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$here/../..
out=$top/build/tools
mkdir -p "$out/functions"
for source in "$here"/*.c; do
	program=$out/$(basename "$source" .c)
	[[ $program -nt $source && $program -nt $here/../../kmod/include/uapi/virgo.h ]] ||
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
			-I"$here/../../kmod/include" -o "$program" "$source"
done
for source in "$here"/functions/*.c; do
	library=$out/functions/$(basename "$source" .c).so
	[[ $library -nt $source && $library -nt $top/lib/include/virgo/function.h ]] ||
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -I"$top/lib/include" \
			-fPIC -shared -o "$library" "$source"
done
