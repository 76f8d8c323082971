# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What suites have in common, whether they are about a node or about a program.

# poll_until SECONDS COMMAND [ARGUMENT...]
poll_until()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@"; do
		if ((${EPOCHREALTIME/./} >= end)); then
			echo "not within the time given: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# The command of this tree, alone: no configuration, key or running nodes but those of the test.
virgo_alone()
{
	VIRGO=${VIRGO:-$BATS_TEST_DIRNAME/../../build/virgo}
	export VIRGO XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE VIRGO_OUTPUT
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	cd "$BATS_TEST_TMPDIR" || return
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

# --- nodes of a file's own, on addresses of its own, so that several runs on a machine do not meet ------------------------

# The command of this tree, and four addresses, of which the last stays empty: $A $B $C $DEAD. A key with all rights for
# them, "tester", in keys and key of $BATS_FILE_TMPDIR; $secret is it.
own_place()
{
	local net=127.$((64 + ($$ >> 16 & 63))).$(($$ >> 8 & 255))

	export VIRGO=${VIRGO:-$BATS_TEST_DIRNAME/../../build/virgo} TOP
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR XDG_CONFIG_HOME=$BATS_FILE_TMPDIR
	unset VIRGO_CONFIG VIRGO_NODES VIRGO_KEY_FILE VIRGO_OUTPUT VIRGO_PLUGIN_PATH
	export A=$net.$(($$ & 252)) B=$net.$(($$ & 252 | 1)) C=$net.$(($$ & 252 | 2)) DEAD=$net.$(($$ & 252 | 3))
	secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
	(
		umask 077
		printf 'tester %s rights=read,write,exec,admin\n' "$secret" >"$BATS_FILE_TMPDIR/keys"
		printf 'user = "tester:%s"\n' "$secret" >"$BATS_FILE_TMPDIR/key"
	)
}

# own_node NUMBER ADDRESS SETTING...
own_node()
{
	local dir=$BATS_FILE_TMPDIR/node$1 number=$1 address=$2

	shift 2
	mkdir -p "$dir/state" "$dir/cwd"
	printf '%s\n' "node_id = $number" "listen = $address" "key_file = $BATS_FILE_TMPDIR/keys" "state_dir = $dir/state" \
		"exec_user = $(id -un)" "exec_cwd = $dir/cwd" "$@" >"$dir/conf"
	"${VIRGOD:-$TOP/build/virgod}" --config "$dir/conf" >"$dir/log" 2>&1 3>&- &
	echo $! >"$dir/pid"
	disown
	poll_until 15 grep -q started "$dir/log" || { cat "$dir/log" >&2; return 1; }
}

# What stopped them goes on first.
own_nodes_end()
{
	local pid

	for pid in "$BATS_FILE_TMPDIR"/node*/pid; do
		kill "$(<"$pid")" 2>/dev/null || true
		kill -CONT "$(<"$pid")" 2>/dev/null || true
	done
	for pid in "$BATS_FILE_TMPDIR"/node*/pid; do
		poll_until 15 gone "$(<"$pid")"
	done
}
