#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The nightly job below a root of its own, with a virgo and a logger that only write down what they are told: who does what,
# what is said to whom, and what is left when it goes wrong.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	# where another user gets, too
	ROOT=$(mktemp -d /tmp/virgo-nightly.XXXXXX)
	chmod 755 "$ROOT"
	cd "$ROOT"
	mkdir bin etc run log
	chmod 1777 log
	sed -e "s|@BINDIR@|$ROOT/bin|" "$TOP/conf/nightly.in" >nightly
	chmod +x nightly
	cat >bin/virgo <<-EOF
	#!/bin/sh
	echo "\$(id -un) \$*" >>$ROOT/log/virgo
	[ "\$3" = train ] || { [ ! -e $ROOT/bad-apply ] || { echo 'virgo: analytics apply: no node' >&2; exit 5; }; echo table; exit; }
	while [ -e $ROOT/slow ]; do sleep 0.05; done
	[ ! -e $ROOT/bad-train ] || { echo 'half a report'; echo 'virgo: analytics train: no better than a rule' >&2; exit 1; }
	while [ "\$1" != --out ]; do shift; done
	[ -e $ROOT/link ] && ln -sfn $ROOT/secret "\$2" || cat $ROOT/learnt >"\$2"
	echo 'a warning' >&2
	echo '9 lines, 3 sources'
	EOF
	cat >bin/logger <<-EOF
	#!/bin/sh
	echo "\$*" >>$ROOT/log/syslog
	EOF
	chmod +x bin/*
	echo LogLimited=1 >learnt
	ME=$(id -un)
	[[ $ME != root ]] || ME=nobody
	export PATH=$ROOT/bin:$PATH VIRGO_ANALYTICS_USER=$ME VIRGO_ANALYTICS_DIR=$ROOT/var VIRGO_NIGHTLY_LOCK=$ROOT/run/lock \
		VIRGO_ANALYTICS_CONF=$ROOT/etc/values.conf
	[[ $(id -u) = 0 ]] || mkdir var
}

teardown()
{
	rm -f slow
	[[ -z ${JOB-} ]] || wait "$JOB" || true
	rm -rf "$ROOT"
}

nightly()
{
	"$ROOT/nightly" "$@"
}

@test "success is silent, but for one line to syslog; the values are in place, those before are kept" {
	local i

	for i in 1 2 3 4 5 6 7; do
		echo "TopSourceCount=$i" >learnt
		run -0 --separate-stderr nightly a.log b.log
		assert_equal "$output$stderr" ''
	done
	assert_equal "$(head -n 2 log/virgo)" "$ME -q analytics train --state $ROOT/var/state --model-dir $ROOT/var/model --out $ROOT/var/values a.log b.log
$ME -q analytics apply"
	assert_equal "$(sort -u log/syslog)" '-t virgo-analytics -p daemon.info -- done: 9 lines, 3 sources'
	assert_equal "$(wc -l <log/syslog)" 7
	assert_equal "$(cat etc/values.conf{,.1,.2,.3,.4,.5} | tr '\n' ' ')" 'TopSourceCount=7 TopSourceCount=6 TopSourceCount=5 TopSourceCount=4 TopSourceCount=3 TopSourceCount=2 '
	assert_equal "$(ls etc | wc -l)" 6
	assert_equal "$(stat -c %a etc/values.conf)" 644
	# the same once more is no older file
	run -0 nightly a.log
	assert_equal "$(cat etc/values.conf.1)" TopSourceCount=6
}

@test "nothing is read, learnt or asked as root; root writes the values file and the lock, and nothing else" {
	[[ $(id -u) = 0 ]] || skip 'what root does not do needs root'
	: >mark
	run -0 nightly a.log
	assert_equal "$(cut -d' ' -f1 log/virgo | sort -u)" nobody
	assert_equal "$(find etc run var -type f -newer mark -user root | sort | tr '\n' ' ')" 'etc/values.conf run/lock '
	assert_equal "$(stat -c '%U %a' var) $(stat -c %U var/values)" 'nobody 750 nobody'
	assert_equal "$(stat -c '%U:%G %a' etc/values.conf)" 'root:root 644'
}

@test "a link laid by the one who learns gives nothing away and replaces nothing" {
	[[ $(id -u) = 0 ]] || skip 'what root may read needs root'
	echo old >etc/values.conf
	echo secret >secret
	chmod 600 secret
	: >link
	run ! nightly a.log
	assert_output --partial 'Permission denied'
	assert_equal "$(cat etc/values.conf)" old
	run grep -r secret etc
	assert_output ''
	assert_equal "$(ls etc)" values.conf
}

@test "a failure is said, in full to whoever is mailed and in a line to syslog; nothing is changed" {
	echo old >etc/values.conf
	: >bad-train
	run -1 --separate-stderr nightly a.log
	assert_equal "$output" ''
	assert_equal "$stderr" $'half a report\nvirgo: analytics train: no better than a rule'
	assert_equal "$(cat log/syslog)" '-t virgo-analytics -p daemon.err -- failed with status 1: virgo: analytics train: no better than a rule'
	assert_equal "$(wc -l <log/virgo)" 1
	assert_equal "$(cat etc/*)" old
	rm bad-train
	# what was learnt stays, when nodes do not answer
	: >bad-apply
	run -5 --separate-stderr nightly a.log
	assert_equal "$stderr" $'a warning\n9 lines, 3 sources\nvirgo: analytics apply: no node'
	assert_equal "$(cat etc/values.conf)" LogLimited=1
	rm -rf etc
	run ! nightly a.log
	assert_output --partial values.conf.new
}

@test "a second one ends at once, and says so; the first one goes on" {
	: >slow
	nightly a.log 3>&- &
	JOB=$!
	poll_until 10 test -s log/virgo
	run -75 --separate-stderr nightly b.log
	assert_equal "$stderr" "virgo: nightly: another one is running and holds $ROOT/run/lock"
	assert_regex "$(cat log/syslog)" 'daemon.err -- failed with status 75: '
	rm slow
	wait "$JOB"
	JOB=
	assert_equal "$(grep -c train log/virgo)" 1
	run -0 nightly b.log
}

@test "a user who is not there is named" {
	[[ $(id -u) = 0 ]] || skip 'only root becomes another one'
	VIRGO_ANALYTICS_USER=nosuchuser run -1 nightly a.log
	assert_output --partial 'no user nosuchuser: systemd-sysusers makes it'
	[ ! -e log/virgo ]
}

@test "it stands back: nice, and idle where the disk is concerned" {
	sed -i '2i ps -o ni= -p $$ >>'"$ROOT/log/nice; ionice -p \$\$ >>$ROOT/log/nice" bin/virgo
	run -0 nightly a.log
	assert_equal "$(tr -d ' ' <log/nice | sort -u)" $'19\nidle'
}
