#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages format without a warning, and what they refer to exists. Reads only.
set -euo pipefail

cd "$(dirname "$0")/../.."
wrong=0
for page in man/*.[1-8]; do
	# another name for a page
	if read -r first <"$page" && [[ $first = .so\ man?/* ]]; then
		if [[ ! -e man/${first##*/} ]]; then
			echo "man-pages: $page stands for ${first##*/}, which is not there" >&2
			wrong=1
		fi
		continue
	fi
	if ! warnings=$(LC_ALL=C.UTF-8 MANWIDTH=100 man -l --warnings -Tutf8 "$page" 2>&1 >/dev/null) || [[ -n $warnings ]]; then
		printf 'man-pages: %s: %s\n' "$page" "$warnings" >&2
		wrong=1
	fi
	if command -v mandoc >/dev/null && ! mandoc -T lint -W error "$page" >&2; then
		wrong=1
	fi
	while read -r name section; do
		if [[ ! -e man/$name.$section ]]; then
			echo "man-pages: $page refers to $name($section), which is not there" >&2
			wrong=1
		fi
	done < <(sed -nE 's/^\.BR "?(virgo[a-z_.\\-]*)"? \(([0-9])\).*/\1 \2/p' "$page" | sed 's,\\,,g' | sort -u)
done
exit $wrong
