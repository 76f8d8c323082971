# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the two tours share: showing a command, running it, and insisting on its outcome. Sourced; starts nothing by itself.

steps=0
began=$(date +%s%N)

chapter()
{
	printf '\n--- %s\n' "$*"
}

fail()
{
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# step STATUSES PROMPT LINE [COMMAND]: shows a line and runs it, or the command it stands for; its status must be one of those.
step()
{
	local status=0
	printf '%s %s\n' "$2" "$3"
	(eval "${4-$3}") 2>&1 || status=$?
	[[ " $1 " = *" $status "* ]] || fail "expected exit status $1, got $status from: $3"
	steps=$((steps + 1))
}

show()
{
	step 0 '$' "$1"
}

# rate NODE FILE TIMES: Mbit/s of reading the key "big", which holds FILE, that often, a process each
rate()
{
	local from i
	from=$(date +%s%N)
	for ((i = 0; i < $3; i++)); do
		virgo -o raw -w "$1" mem get big >"$2.got"
	done
	cmp -s "$2" "$2.got" || fail "the value read is not the one written"
	echo $(($3 * 8 * $(stat -c %s "$2") * 1000 / ($(date +%s%N) - from)))
}

# capped BEFORE AFTER LIMIT, all in Mbit/s
capped()
{
	(($2 <= $3 * 11 / 10)) || fail "$2 Mbit/s went through a limit of $3"
	(($1 > 2 * $2)) || fail "the limit made no difference: $1 Mbit/s before, $2 Mbit/s after"
}

finish()
{
	local ms=$((($(date +%s%N) - began) / 1000000))
	printf '\ndemo: %d steps as expected in %d.%d s\n' "$steps" $((ms / 1000)) $((ms % 1000 / 100))
}
