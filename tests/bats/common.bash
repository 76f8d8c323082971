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
