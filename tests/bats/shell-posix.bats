#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The shell's language where it is POSIX sh's: every case of shell-cases is run by "virgo shell -c" and by dash, which must
# agree on standard output and status.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup()
{
	virgo_alone
}

# each CALLBACK: with the name and the text of each case in turn
each()
{
	local line name='' text=''

	while IFS= read -r line; do
		case $line in
		'## '*)	[[ -z $name ]] || "$1" "$name" "$text"
			name=${line#'## '} text='' ;;
		*)	[[ -z $name ]] || text+=$line$'\n' ;;
		esac
	done <"$BATS_TEST_DIRNAME/../data/shell-cases"
	"$1" "$name" "$text"
}

# said SHELL... TEXT: standard output and status, in a directory of its own
said()
{
	local dir

	dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	(cd "$dir" && timeout 20 "$@" 2>"$dir.err" </dev/null; echo "status $?")
}

compare()
{
	local ours theirs

	ours=$(said "$VIRGO" shell -c "$2")
	theirs=$(said dash -c "$2")
	cases=$((cases + 1))
	[[ $ours != "$theirs" ]] || return 0
	printf '# case "%s"\n%s\n# dash\n%s\n# virgo\n%s\n' "$1" "$2" "$theirs" "$ours"
	differ=$((differ + 1))
}

@test "the language is sh's where they coincide" {
	cases=0 differ=0
	each compare
	echo "$differ of $cases cases differ"
	[[ $differ = 0 && $cases -gt 150 ]]
}
