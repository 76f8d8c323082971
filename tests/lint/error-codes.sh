#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every error code in the node's source is in virgo-rest(7), and every code there is in the source. Reads only.
set -euo pipefail

cd "$(dirname "$0")/../.."
groups='auth|http|line|conn|clock|config|analytics|node|mem|exec|registry'
wrong=0

# a family of codes that nobody told us of is an error, too
strange=$(grep -rhoE 'vg_problem\([^"]*"[a-z]+\.[a-z_]+"' kmod --include='*.c' | grep -oE '"[a-z]+\.' | tr -d '".' | sort -u |
	grep -vE "^($groups)$" || true)
if [[ -n $strange ]]; then
	echo "error-codes: codes of a new kind, add it to tests/lint/error-codes.sh: $strange" >&2
	wrong=1
fi
code=$(grep -rhoE "\"($groups)\.[a-z_]+\"" kmod --include='*.c' | tr -d '"' | sort -u)
# only the section with the list: what is said elsewhere may be a key of the configuration
manual=$(sed -n '/^\.SH ERRORS/,/^\.SH SEE/p' man/virgo-rest.7 | grep -oE "\b($groups)\.[a-z_]+\b" | sort -u)
[[ $(wc -l <<<"$code") -gt 40 ]] || { echo "error-codes: found few codes in the source: has it changed its form?" >&2; exit 1; }
while IFS=$'\t' read -r only_code only_manual; do
	[[ -z $only_code ]] || { echo "error-codes: $only_code is in the source but not in man/virgo-rest.7" >&2; wrong=1; }
	[[ -z $only_manual ]] || { echo "error-codes: $only_manual is in man/virgo-rest.7 but not in the source" >&2; wrong=1; }
done < <(comm -3 <(echo "$code") <(echo "$manual"))
exit $wrong
