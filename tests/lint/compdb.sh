#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Turns what `make -Bn V=1` would run (standard input) into a compilation database (standard output). Runs nothing.
set -euo pipefail

awk -v dir="$PWD" '
function quoted(s)
{
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}
BEGIN { print "[" }
/ -c -o [^ ]+ [^ ]+\.c$/ {
	sub(/^[ \t]+/, "")
	printf "%s{\"directory\": %s, \"file\": %s, \"command\": %s}", n++ ? ",\n" : "", quoted(dir), quoted($NF), quoted($0)
}
END { print "\n]" }'
