#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The node's configuration table, virgo_cloud.conf(5) and conf/virgo_cloud.conf name the same keys with the same defaults, and
# the values file's manual and example name every key that the code knows. Reads only.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0

# compare WHAT FILE: with the table, in its order or not
compare()
{
	sort "$2" >"$2.sorted"
	if ! diff -u --label 'kmod/core/config.c' --label "$1" "$tmp/table.sorted" "$2.sorted" >&2; then
		echo "conf-keys: $1 and the table in kmod/core/config.c differ" >&2
		wrong=1
	fi
}

[[ -e build/libvirgo.a ]] || make --no-print-directory -s build/libvirgo.a
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Ikmod/user/include -Ikmod/include -Ikmod -o "$tmp/print" tests/lint/conf-keys.c build/libvirgo.a \
	-lnettle -lurcu-memb -lpthread
"$tmp/print" >"$tmp/table"
sort "$tmp/table" >"$tmp/table.sorted"
[[ -s $tmp/table ]] || { echo "conf-keys: the table is empty" >&2; exit 1; }

sed -nE 's/^#([a-z_]+) =( (.*))?$/\1\t\3/p' conf/virgo_cloud.conf >"$tmp/file"
compare conf/virgo_cloud.conf "$tmp/file"

# .B key, then "Default: \fBvalue\fR." or "Default: none."
awk '/^\.B [a-z_]+$/ { key = $2; next }
	key && /^Default: / {
		sub(/^Default: /, ""); sub(/\.$/, ""); gsub(/\\f[BR]/, "")
		print key "\t" ($0 == "none" && key != "evict" ? "" : $0)
	}
	{ key = "" }' man/virgo_cloud.conf.5 >"$tmp/man"
compare man/virgo_cloud.conf.5 "$tmp/man"

# Every setting as shipped is accepted when it is no comment any more; an empty string is none.
sed -E 's/^#([a-z_]+ = .+)$/\1/' conf/virgo_cloud.conf >"$tmp/all.conf"
if ! build/virgo config check "$tmp/all.conf" >&2; then
	echo "conf-keys: conf/virgo_cloud.conf is wrong with its settings in force" >&2
	wrong=1
fi

{
	sed -nE 's/.*\.name = "([A-Z][A-Za-z.]+)".*/\1/p' kmod/core/values_core.c kmod/core/values_schema.c
	sed -nE 's/^\t\[VG_P_[A-Z_]+\]\s*= "([A-Za-z]+)",/\1/p' kmod/core/values_schema.c
} | sort >"$tmp/values"
(($(wc -l <"$tmp/values") >= 15)) || { echo "conf-keys: found few values in the code: has it changed its form?" >&2; exit 1; }
while read -r key; do
	for file in man/virgo_kernel_analytics.conf.5 conf/virgo_kernel_analytics.conf.example; do
		if ! grep -qE "(^|[^A-Za-z])${key//./\\.}([^A-Za-z]|$|[A-Za-z0-9]* =)" "$file"; then
			echo "conf-keys: $file does not name $key" >&2
			wrong=1
		fi
	done
done <"$tmp/values"
exit $wrong
