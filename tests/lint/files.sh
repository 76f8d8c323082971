#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What every file of text keeps: its line ends, no blanks before them; no reminder of work undone, no word about places
# outside the project. Reads only.
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 1
wrong=0

complain()
{
	printf '%s\n' "$*"
	wrong=1
}

while read -r file; do
	[[ -f $file && ! -L $file ]] || continue
	case $file in
	tests/fuzz/corpus/*|tests/data/*|LICENSES/*|*.gz|*.json|*.in|VERSION|*.md|.gitignore) continue ;;
	esac
	# the words are in pieces, or this file would be the first to be found
	! grep -nHwE 'TO''DO|FIX''ME|X''XX|not impl''emented' "$file" || wrong=1
	! grep -nHE '(^|[^A-Za-z0-9_.])(/wor''k/|\.\./shar''ed)|/tmp/pl''an' "$file" || wrong=1
	! grep -nHP '\r$' "$file" || complain "$file: CR at a line's end"
	! grep -nHP '[ \t]+$' "$file" || complain "$file: blanks at a line's end"
	[[ -z $(tail -c 1 "$file") ]] || complain "$file: no newline at the end"
done < <(git ls-files -co --exclude-standard)
exit $wrong
