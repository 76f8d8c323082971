#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The helper that runs programs and functions for a node (virgo_kernelupcall_plugin), talked to as virgod does.
#
#	HELPER=FILE	another one, for instance one with sanitizers

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file
load common

setup_file()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export TOP
	"$TOP/tests/tools/build.sh"
	export HELPER=${HELPER:-$TOP/build/virgo_kernelupcall_plugin}
	# other users must be able to look into it
	PUBLIC=$(mktemp -d /tmp/virgo-helper.XXXXXX)
	export PUBLIC
	chmod 755 "$PUBLIC"
	cp "$HELPER" "$PUBLIC/plugin"
	cp "$TOP/build/tools/helper" "$TOP/build/tools/bomb" "$PUBLIC"
	mkdir "$PUBLIC/functions"
	cp "$TOP"/build/functions/*.so "$TOP"/build/tools/functions/*.so "$PUBLIC/functions"
	# the leak checker wants to look into a process that does not let itself be looked into
	export ASAN_OPTIONS=detect_leaks=0
}

teardown_file()
{
	rm -rf "$PUBLIC"
}

setup()
{
	D=$PUBLIC/$BATS_TEST_NUMBER
	mkdir -m 755 "$D"
	cd "$D" || return
	# all programs of the machine, and those of a test
	ALLOW=(--allow /usr/bin/ --allow /bin/ --allow "$D/")
	WHO=()
	[[ $(id -u) != 0 ]] || WHO=(--user nobody)
	MARK=$((SRANDOM % 900000 + 100000))
	BACKGROUND=()
}

teardown()
{
	local pid

	for pid in "${BACKGROUND[@]}"; do
		kill -KILL "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	# what should not be there after a test that failed
	for pid in $(marked); do
		kill -KILL "$pid" 2>/dev/null || true
	done
}

root()
{
	[[ $(id -u) = 0 ]] || skip 'only root can change users'
}

has_sanitizer()
{
	grep -q __asan_init "$HELPER"
}

# h [OPTION...] NAME [ARGUMENT...]: one run; $output has what the helper said, out and err what the run said
h()
{
	run -0 "$PUBLIC/helper" --plugin "$PUBLIC/plugin" --plugin-arg --functions --plugin-arg "$PUBLIC/functions" \
		"${ALLOW[@]}" "${WHO[@]}" "$@"
	assert_line 'plugin exit=0'
}

# f FUNCTION [ARGUMENT...]
f()
{
	ALLOW=(--allow "$PUBLIC/functions/")
	h --function "$@"
}

# ended FIELD=VALUE...: how it ended; text=… is a part of the sentence
ended()
{
	local line field

	line=$(grep '^ended ' <<<"$output") || { echo "no end in: $output"; return 1; }
	for field; do
		[[ $field != text=* || $line != *" text="*"${field#*=}"* ]] || continue
		[[ " $line " = *" $field "* ]] || { echo "not $field: $line"; return 1; }
	done
}

# a number of the last end
number()
{
	sed -n "s/^ended .* $1=\([-0-9]*\) .*/\1/p" <<<"$output"
}

# the sleeps that have the mark of this test
marked()
{
	pgrep -f "^sleep $MARK" || true
}

nothing_marked()
{
	[[ -z $(marked) ]]
}

assert_nothing_marked()
{
	assert_equal "$(marked)" ''
}

# --- how runs end ---------------------------------------------------------------------------------------------------------

@test "exit statuses and signals are told exactly" {
	local n

	for n in 0 1 42 255; do
		h sh -c "exit $n"
		ended why=exited exit=$n signal=0 errno=0 value=0
	done
	for n in 2 9 11 15 34; do
		h sh -c "kill -$n \$\$"
		ended why=signal exit=-1 signal=$n
	done
	assert_line --regexp '^hello abi=1 pid=[0-9]+$'
	assert_line --regexp '^started pid=[0-9]+$'
}

@test "the time that is told is the time that it took" {
	h sleep 0.2
	ended why=exited exit=0
	assert [ "$(number us)" -ge 200000 ]
	assert [ "$(number us)" -lt 5000000 ]
}

@test "a run that takes too long is asked to end, and the sentence says which it was" {
	h --timeout 200 --grace 5000 sleep 60
	ended why=timeout exit=-1 signal=15
	assert [ "$(number us)" -ge 200000 ]
	assert [ "$(number us)" -lt 4000000 ]
	# its children are asked, too
	h --timeout 400 --grace 10000 sh -c '(trap "echo child; exit" TERM; sleep 60 & wait) & trap "wait; echo bye; exit 5" TERM; wait'
	ended why=timeout exit=5 signal=0
	assert_file_contains out '^bye$'
	assert_file_contains out '^child$'
}

@test "one that ignores the request is killed after the grace" {
	h --timeout 200 --grace 300 sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	ended why=timeout exit=-1 signal=9
	assert [ "$(number us)" -ge 500000 ]
	h --timeout 200 sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	ended why=timeout signal=9
	# one that is stopped can be asked, too
	h --timeout 200 --grace 5000 sh -c 'trap "exit 6" TERM; kill -STOP $$; sleep 60'
	ended why=timeout exit=6
}

@test "cancelled is not timed out, and now is now" {
	h --kill cancelled --grace 5000 sleep 60
	ended why=cancelled signal=15
	h --kill timeout --grace 5000 sleep 60
	ended why=timeout signal=15
	h --kill now --grace 600000 sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	ended why=cancelled signal=9
}

# --- what is left behind --------------------------------------------------------------------------------------------------

@test "children in the background, in other sessions, with other parents: all end with the program" {
	h --deadline 20 sh -c "sleep $MARK & setsid sleep $MARK.1 & (setsid sh -c 'sleep $MARK.2 & exec sleep $MARK.3' &); exit 4"
	ended why=exited exit=4
	assert_nothing_marked
	h --timeout 200 --grace 100 sh -c "(setsid sh -c 'trap \"\" TERM; sleep $MARK & sleep $MARK.1' &); setsid sleep $MARK.2"
	ended why=timeout
	assert_nothing_marked
}

@test "nobody outlives the helper, however it ends" {
	local how

	for how in hangup bye term; do
		h --when-started $how sh -c "setsid sleep $MARK & (sleep $MARK.1 &) ; exec sleep $MARK.2"
		assert_nothing_marked
	done
	run -0 "$PUBLIC/helper" --plugin "$PUBLIC/plugin" "${ALLOW[@]}" "${WHO[@]}" --when-started die \
		sh -c "setsid sleep $MARK & (sleep $MARK.1 &) ; exec sleep $MARK.2"
	assert_line 'plugin signal=9'
	poll_until 10 nothing_marked
}

has_started()
{
	grep -q '^started' said && [[ $(marked | wc -l) = 3 ]]
}

@test "nobody outlives the process that watches over it, and the run is lost" {
	local pid supervisor

	"$PUBLIC/helper" --plugin "$PUBLIC/plugin" "${ALLOW[@]}" "${WHO[@]}" \
		sh -c "setsid sleep $MARK & (setsid sleep $MARK.1 &) ; exec sleep $MARK.2" >said 3>&- &
	BACKGROUND+=($!)
	poll_until 10 has_started
	pid=$(sed -n 's/^started pid=//p' said)
	read -r _ _ _ supervisor _ <"/proc/$pid/stat"
	assert_equal "$(<"/proc/$supervisor/comm")" virgo-run
	kill -KILL "$supervisor"
	wait "${BACKGROUND[0]}"
	run cat said
	ended why=signal signal=9 text='was killed'
	assert_line 'plugin exit=0'
	assert_nothing_marked
}

bombs()
{
	local kind

	for kind in fill comet alarm; do
		h "$@" --processes 64 --timeout 700 --grace 300 --deadline 30 bomb $kind
		ended why=timeout signal=9
		assert_equal "$(<out)" lit
		assert_equal "$(pgrep -x bomb)" ''
	done
	h "$@" --processes 64 --deadline 30 bomb main-ends
	ended why=exited exit=0
	assert_equal "$(pgrep -x bomb)" ''
}

@test "fork bombs lose" {
	cp "$PUBLIC/bomb" .
	bombs
}

group_root()
{
	local dir

	for dir in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		if [[ -e $dir/cgroup.procs && $(stat -f -c %T $dir) = cgroup2fs ]]; then
			echo $dir
			return
		fi
	done
	return 1
}

@test "fork bombs lose in control groups, of which none is left" {
	local groups

	root
	groups=$(group_root) || skip 'no control groups of version 2 here'
	cp "$PUBLIC/bomb" .
	h --plugin-arg --cgroup --plugin-arg "$groups" cat /proc/self/cgroup
	grep -qE '^0::/virgo\.helper\.[0-9]+/run-0$' out
	bombs --plugin-arg --cgroup --plugin-arg "$groups"
	h --plugin-arg --cgroup --plugin-arg "$groups" --parallel 20 sleep 0.1
	assert_line --partial 'runs=20 exited=20 '
	run find "$groups" -maxdepth 1 -name 'virgo.helper.*'
	assert_output ''
	# one that was killed cannot clean up: the next one does
	run -0 "$PUBLIC/helper" --plugin "$PUBLIC/plugin" "${ALLOW[@]}" "${WHO[@]}" --plugin-arg --cgroup --plugin-arg "$groups" \
		--when-started die sleep "$MARK"
	poll_until 10 nothing_marked
	h --plugin-arg --cgroup --plugin-arg "$groups" true
	run find "$groups" -maxdepth 1 -name 'virgo.helper.*'
	assert_output ''
}

@test "processes are limited, but not by what others of that user have" {
	"$PUBLIC/helper" --plugin "$PUBLIC/plugin" "${ALLOW[@]}" "${WHO[@]}" sh -c \
		"for i in $(seq -s ' ' 60); do sleep $MARK & done; exec sleep $MARK.1" >said 3>&- &
	BACKGROUND+=($!)
	poll_until 10 sixty_are_marked
	h --processes 4 sh -c 'sleep 0.1 & sleep 0.1 & sleep 0.1; echo fine'
	assert_equal "$(<out)" fine
	# the limit is a user's, if there are no control groups: a run may have more than it says, but not that many
	h --processes 4 sh -c "for i in $(seq -s ' ' 60); do sleep 5 & done; wait"
	grep -qi fork err
	assert_equal "$(marked | wc -l)" 61
}

sixty_are_marked()
{
	[[ $(marked | wc -l) = 61 ]]
}

@test "in a control group a run has exactly as many processes as it may have" {
	local groups

	root
	groups=$(group_root) || skip 'no control groups of version 2 here'
	grep -qw pids "$groups/cgroup.controllers" || skip 'no controller of processes here'
	h --plugin-arg --cgroup --plugin-arg "$groups" --processes 4 --parallel 8 sh -c 'sleep 0.3 & sleep 0.3 & sleep 0.3 & wait'
	assert_line --partial 'runs=8 exited=8 '
	run cat err
	assert_output ''
	h --plugin-arg --cgroup --plugin-arg "$groups" --processes 3 sh -c 'sleep 0.3 & sleep 0.3 & sleep 0.3 & wait'
	grep -qi fork err
}

# --- input and output -------------------------------------------------------------------------------------------------------

@test "output and errors come apart, with every byte, with or without a newline" {
	h sh -c 'printf "to out"; printf "to err" >&2'
	ended out=6 err=6
	assert_equal "$(<out)" 'to out'
	assert_equal "$(<err)" 'to err'
	head -c 5000000 /dev/urandom >blob
	chmod 644 blob
	h --cwd "$D" --output-max 100000000 sh -c 'cat blob; cat blob >&2'
	ended out=5000000 err=5000000
	cmp blob out
	cmp blob err
	h sh -c 'printf "a\0b\377"'
	printf 'a\0b\377' | cmp - out
}

@test "a gigabyte of output: what is kept is kept, the rest is counted, and the helper stays small" {
	h --deadline 120 --output-max 1048576 head -c 1073741824 /dev/zero
	ended why=exited exit=0 out=1073741824 err=0
	assert_equal "$(stat -c %s out)" 1048576
	has_sanitizer || assert [ "$(sed -n 's/^memory kib=//p' <<<"$output")" -lt 8192 ]
	# errors have a limit of their own
	h --output-max 10 sh -c 'printf 0123456789abc; printf 0123 >&2'
	ended out=13 err=4
	assert_equal "$(<out)" 0123456789
	assert_equal "$(<err)" 0123
	# and without one a megabyte is kept
	h head -c 2000000 /dev/zero
	ended out=2000000
	assert_equal "$(stat -c %s out)" 1048576
}

@test "while the node takes nothing, nothing is lost and nothing piles up" {
	head -c 20000000 /dev/urandom >blob
	h --cwd "$D" --sleepy 1500 --output-max 100000000 cat blob
	ended why=exited out=20000000
	cmp blob out
	has_sanitizer || assert [ "$(sed -n 's/^memory kib=//p' <<<"$output")" -lt 8192 ]
}

@test "standard input is delivered, and its end" {
	head -c 1000000 /dev/urandom >blob
	h --stdin blob cat
	ended why=exited out=1000000
	cmp blob out
	head -c 300000 blob >part
	h --stdin part --piece 7 sh -c 'sleep 0.5; exec cat'
	cmp part out
	h --stdin part --piece 5000 sh -c 'sleep 0.5; exec cat'
	cmp part out
	has_sanitizer || assert [ "$(sed -n 's/^memory kib=//p' <<<"$output")" -lt 4096 ]
	: >empty
	h --stdin empty wc -c
	assert_equal "$(<out)" 0
	# none at all: nothing to read, nowhere to wait
	h cat
	ended why=exited exit=0 out=0
	h readlink /proc/self/fd/0
	assert_equal "$(<out)" /dev/null
	# it stays open until the node says otherwise
	h --stdin - --timeout 300 cat
	ended why=timeout
}

@test "a program that does not read its input is no trouble" {
	head -c 1000000 /dev/zero >blob
	h --stdin blob true
	ended why=exited exit=0
	h --stdin blob sh -c 'exec <&-; sleep 0.2; echo done'
	ended why=exited exit=0
	assert_equal "$(<out)" 'done'
	h --stdin blob --timeout 300 sleep 60
	ended why=timeout
}

@test "more input than a run may have waiting ends that run" {
	head -c 3000000 /dev/zero >blob
	h --stdin blob sleep 60
	ended why=cancelled text='its standard input cannot be kept'
}

@test "a pipe that was passed on to somebody else does not hold the run" {
	cat >"$D/a-pass" <<-'EOF'
	#!/usr/bin/python3
	import socket, array, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [1]))])
	s.recv(1)
	print('passed on')
	EOF
	chmod 755 "$D/a-pass"
	cat >"$D/take" <<-'EOF'
	import socket, array, sys, os, time
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	os.chmod(sys.argv[1], 0o777)
	s.listen()
	c, _ = s.accept()
	_, fds, _, _ = socket.recv_fds(c, 1, 1)
	c.send(b'y')
	time.sleep(60)
	EOF
	python3 "$D/take" "$D/socket" 3>&- &
	BACKGROUND+=($!)
	poll_until 10 test -S "$D/socket"
	h --deadline 10 a-pass "$D/socket"
	ended why=exited exit=0
	assert_equal "$(<out)" 'passed on'
}

# --- what a run has -----------------------------------------------------------------------------------------------------------

@test "the environment is what was asked for, and a clean base" {
	local home=/nonexistent user=nobody

	if [[ $(id -u) != 0 ]]; then
		user=$(id -un)
		home=$(getent passwd "$user" | cut -d: -f6)
	fi
	SECRET=1 h --env PATH=/usr/bin --env 'A=b c' --env LANG=C --env PATH=/evil --env A=d env
	run sort out
	assert_output "A=b c
HOME=$home
LANG=C
LOGNAME=$user
PATH=/usr/bin
SHELL=/bin/sh
USER=$user"
	h env
	assert_file_contains out '^PATH=/usr/local/bin:/usr/bin:/bin$'
	assert_file_contains out '^LANG=C.UTF-8$'
}

@test "variables that make programs run something else are not let through" {
	local v

	for v in LD_PRELOAD=/tmp/x.so LD_LIBRARY_PATH=/tmp BASH_ENV=/tmp/x 'BASH_FUNC_ls%%=() { id; }' 'X=() { :;}; id' PERL5OPT=-Mx \
		PYTHONPATH=/tmp PS4='$(id)' IFS=x GIT_SSH_COMMAND=id NODE_OPTIONS=x; do
		h --env A=b --env "$v" true
		ended why=not_allowed errno=1 text='is not let through'
	done
	for v in LDX=1 PYTHONUNBUFFERED=1 ENVIRONMENT=x GITHUB=x; do
		h --env "$v" true
		ended why=exited exit=0
	done
	for v in novalue =x ''; do
		h --env "$v" true
		ended why=failed errno=22 text='not of the form NAME=value'
	done
}

@test "no descriptor, signal, session or privilege is inherited" {
	exec 8</dev/null 9</dev/null
	h --ignore-signals ls /proc/self/fd
	exec 8<&- 9<&-
	# the fourth is its own, of that directory
	assert_equal "$(tr '\n' ' ' <out)" '0 1 2 3 '
	h --ignore-signals cat /proc/self/status
	assert_file_contains out '^SigBlk:.0*$'
	assert_file_contains out '^SigIgn:.0*$'
	assert_file_contains out '^Cap.*:.0*$'
	assert_equal "$(grep -c '^Cap.*:.0*$' out)" 5
	assert_file_contains out '^NoNewPrivs:.1$'
	assert_file_contains out '^Seccomp:.2$'
	h sh -c 'read -r pid _ _ _ pgrp session tty _ </proc/self/stat; echo $(($pid - $$)) $(($pgrp - $$)) $(($session - $$)) $tty'
	assert_equal "$(<out)" '0 0 0 0'
	h nice
	assert_equal "$(<out)" "$(nice)"
}

@test "directory, umask and limits are what was asked for" {
	h --cwd /usr/bin pwd
	assert_equal "$(<out)" /usr/bin
	h --cwd /no/such pwd
	ended why=failed errno=2 text='cannot be run in /no/such'
	h --cwd usr pwd
	ended why=failed errno=22
	h --umask 027 sh -c umask
	assert_equal "$(<out)" 0027
	h --cpu 7 --memory 536870912 --file-size 1048576 --files 99 sh -c 'ulimit -S -t; ulimit -v; ulimit -f; ulimit -n; ulimit -H -n'
	assert_equal "$(tr '\n' ' ' <out)" '7 524288 2048 99 99 '
	# those of the helper itself were raised; a run gets what there was
	h sh -c 'ulimit -S -n; ulimit -H -n'
	assert_equal "$(tr '\n' ' ' <out)" "$(ulimit -S -n) $(ulimit -H -n) "
	h --cpu 1 --deadline 60 sh -c 'while :; do :; done'
	ended why=signal signal=24
	h --file-size 4096 --cwd / sh -c 'exec head -c 100000 /dev/zero >/dev/null'
	ended why=exited exit=0
}

@test "as root, a run is who it shall be and cannot be root again" {
	local gid

	root
	gid=$(id -g nobody)
	h id
	assert_equal "$(<out)" "$(setpriv --reuid nobody --regid "$gid" --clear-groups id)"
	h --user daemon --group games sh -c 'id -u; id -g; id -G'
	assert_equal "$(tr '\n' ' ' <out)" "$(id -u daemon) $(getent group games | cut -d: -f3) $(id -G daemon | sed "s/\b$(id -g daemon)\b/$(getent group games | cut -d: -f3)/") "
	h --user 12345 --group 12346 sh -c 'id -u; id -G; echo $HOME $USER'
	assert_equal "$(tr '\n' ' ' <out)" '12345 12346 / 12345 '
	h --user 12345 true
	ended why=failed text='a group must be named'
	h --user no-such-user true
	ended why=failed errno=2 text='there is no user "no-such-user"'
	h --group no-such-group true
	ended why=failed errno=2 text='there is no group'
	h --user '' true
	ended why=failed errno=1 text='no user is named'
	h --user 0 true
	ended why=failed errno=1 text='only "root" stands for it'
	h --group 0 true
	ended why=failed errno=1
	h --user -1 true
	ended why=failed
	h --user 4294967295 --group 1 true
	ended why=failed
	h --user ' 0' true
	ended why=failed
	# a program that would make it root does not
	cp /usr/bin/id rootid
	chmod 4755 rootid
	h "$D/rootid" -u
	assert_equal "$(<out)" "$(id -u nobody)"
	# and root, where it must be, is root without a capability
	h --user root sh -c 'id -u; grep CapEff /proc/self/status'
	assert_equal "$(tr '\n\t' '  ' <out)" '0 CapEff: 0000000000000000 '
}

@test "a helper that is not root runs everything as itself" {
	root
	chmod 777 "$D"
	run -0 setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$PUBLIC/helper" --plugin "$PUBLIC/plugin" \
		"${ALLOW[@]}" --user root id -u
	ended why=exited exit=0
	assert_equal "$(<out)" "$(id -u nobody)"
	cp "$PUBLIC/bomb" .
	run -0 setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$PUBLIC/helper" --plugin "$PUBLIC/plugin" \
		"${ALLOW[@]}" --processes 64 --timeout 700 --grace 300 --deadline 30 bomb fill
	ended why=timeout signal=9
	assert_equal "$(pgrep -x bomb)" ''
	# its own processes are nothing a run could not see; that it watches over them still works
	run -0 setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$PUBLIC/helper" --plugin "$PUBLIC/plugin" \
		"${ALLOW[@]}" sh -c "setsid sleep $MARK & kill -KILL \$PPID; sleep $MARK.1"
	ended why=signal text='was killed'
	assert_nothing_marked
	# many at a time take a while to let go of what they watched over
	run -0 setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$PUBLIC/helper" --plugin "$PUBLIC/plugin" \
		"${ALLOW[@]}" --parallel 100 sh -c "setsid sleep $MARK & setsid sleep $MARK.1 & kill -KILL \$PPID; sleep $MARK.2"
	assert_line --partial 'runs=100 signal=100 '
	assert_line 'plugin exit=0'
	assert_nothing_marked
}

# --- what may be run ----------------------------------------------------------------------------------------------------------

@test "only what is on the list is run, and what is not is not said to exist" {
	mkdir yes no
	cp /usr/bin/echo yes/a
	cp /usr/bin/echo no/b
	mkdir yes/dir
	echo text >yes/text
	chmod 644 yes/text
	mkfifo yes/fifo
	ln -s ../no/b yes/out
	ln -s ../yes/a no/in
	ln -s a yes/alias
	ln -s yes way
	ALLOW=(--allow "$D/yes/")
	h "$D/yes/a" ran
	ended why=exited exit=0
	h a ran
	ended why=exited exit=0
	h "$D/yes/alias" ran
	ended why=exited exit=0
	h "$D/way/a" ran
	ended why=exited exit=0
	h "$D/no/b"
	ended why=not_allowed errno=1 text='is not in exec_allow'
	h "$D/no/missing"
	ended why=not_allowed errno=1
	h "$D/nowhere/missing"
	ended why=not_allowed errno=1
	h "$D/yes/missing"
	ended why=not_found errno=2
	h missing
	ended why=not_found errno=2
	h "$D/yes/missing/a"
	ended why=not_found
	h "$D/yes/out"
	ended why=not_allowed errno=1 text="leads to \"$D/no/b\""
	h out
	ended why=not_allowed
	# the name must be in the list as well as the file
	h "$D/no/in"
	ended why=not_allowed
	h "$D/yes/dir"
	ended why=failed errno=21
	h "$D/yes/text"
	ended why=failed errno=13 text='is not executable'
	h "$D/yes/fifo"
	ended why=failed errno=13 text='is not a regular file'
	ALLOW=()
	h "$D/yes/a"
	ended why=not_allowed text='exec_allow is empty'
	ALLOW=(--allow "$D/gone/")
	h "$D/gone/a"
	ended why=not_found
}

@test "names that are no names are refused" {
	local name

	mkdir yes
	cp /usr/bin/echo yes/a
	ALLOW=(--allow "$D/yes/" --allow "$D/yes/a")
	for name in "$D/yes/../yes/a" "$D/yes/./a" "$D/yes//a" "$D/yes/a/" "$D/yes/" "$D/yes/.." yes/a ./a ../yes/a . .. '' / // \
		"/proc/self/fd/../../..$D/yes/a" $'a\n' "$(printf '%05000d' 0)"; do
		h "$name"
		ended signal=0 exit=-1
		[[ $output = *why=not_allowed* || $output = *why=not_found* ]] || fail "$name: $output"
	done
	assert_equal "$(<out)" ''
}

@test "an entry that is a file allows that file by that name only" {
	mkdir bin other
	cp /usr/bin/echo bin/box
	ln -s box bin/true
	ln -s box bin/sh
	ln -s ../bin/box other/true
	ln -s bin alias
	ln bin/box bin/hard
	ALLOW=(--allow "$D/bin/true")
	# a box with many programs looks at its name: the others are not allowed
	h "$D/bin/true" x
	ended why=exited
	h true x
	ended why=exited
	h "$D/alias/true" x
	ended why=exited
	for name in bin/sh bin/box bin/hard other/true; do
		h "$D/$name"
		ended why=not_allowed
	done
	h sh
	ended why=not_found
}

@test "a name is resolved once: a link that is swapped meanwhile gets nothing else run" {
	local i good=0

	mkdir good evil
	printf '#!/bin/sh\necho good\n' >good/x
	printf '#!/bin/sh\necho evil\n' >evil/x
	chmod 755 good/x evil/x
	ln -s good way
	mkdir way2
	ln -s ../good/x way2/x
	cat >swap <<-'EOF'
	import os
	while True:
	    for to in ('evil', 'good'):
	        for link, target in (('way', to), ('way2/x', '../' + to + '/x')):
	            os.symlink(target, 'tmp')
	            os.rename('tmp', link)
	EOF
	python3 swap 3>&- &
	BACKGROUND+=($!)
	ALLOW=(--allow "$D/good/" --allow "$D/way2/")
	for name in "$D/way/x" "$D/way2/x" x; do
		h --deadline 120 --count 300 "$name"
		good=$((good + $(grep -c good out || true)))
		run ! grep evil out
	done
	# the test would say nothing if the link had never been right
	assert [ "$good" -gt 30 ]
	kill -0 "${BACKGROUND[0]}"
}

@test "scripts run, and see themselves through a descriptor" {
	printf '#!/bin/sh\necho "$0" "$@"\nls /proc/self/fd | wc -l\n' >a-script
	printf '#!/no/such/interpreter\n' >orphan
	printf 'no program at all' >junk
	chmod 755 a-script orphan junk
	h a-script a 'b c'
	ended why=exited exit=0
	assert_equal "$(head -n 1 out)" '/dev/fd/3 a b c'
	h orphan
	ended why=failed errno=2 text='interpreter'
	h junk
	ended why=failed errno=8
	chmod 711 a-script
	h a-script
	if [[ $(id -u) = 0 ]]; then
		ended why=exited
		grep -qiE 'permission denied|cannot open' err
	fi
}

@test "arguments are what they are: no shell looks at them" {
	h printf '[%s]' '' 'a b' '$(id)' '`id`' '*' ';' $'\n' '--' "$(printf '%030000d' 7)"
	printf '[%s]' '' 'a b' '$(id)' '`id`' '*' ';' $'\n' '--' "$(printf '%030000d' 7)" | cmp - out
}

# --- functions ----------------------------------------------------------------------------------------------------------------

@test "a function reads, writes and returns a value" {
	printf 'some text\nwithout end' >text
	f --stdin text sample:upper
	ended why=exited exit=0 value=0
	assert_equal "$(<out)" $'SOME TEXT\nWITHOUT END'
	f sample:sum 1 -5 40
	ended why=exited exit=36 value=36
	assert_equal "$(<out)" 36
	f --stdin text sample:count
	ended value=4
	assert_equal "$(<out)" '1 4 21'
	f sample:primes 100
	ended value=25
	f bad:arguments a 'b c' ''
	ended value=4
	assert_equal "$(<out)" '[arguments][a][b c][]'
	f bad:unended
	assert_equal "$(<out)" 'no newline'
	assert_equal "$(<err)" 'none here'
}

@test "a value becomes an exit status" {
	local pair

	for pair in 0:0 1:1 255:255 256:1 257:1 -1:255 -256:1 9223372036854775807:255 -9223372036854775808:1; do
		f bad:value "${pair%:*}"
		ended why=exited value="${pair%:*}" exit="${pair#*:}"
	done
}

@test "a function that crashes, exits or does not end is the end of its run alone" {
	f bad:crash
	ended why=signal signal=11 exit=-1 out=6
	assert_equal "$(<out)" before
	f bad:leave
	ended why=exited exit=7 value=7
	assert_equal "$(<out)" leaving
	f bad:leave_thread
	ended why=exited exit=126
	f --timeout 300 --grace 200 bad:loop
	ended why=timeout
	f --timeout 300 hang:never
	ended why=timeout
	f abort:never
	ended why=signal signal=6
	f bad:stack
	ended why=exited exit=1
}

@test "functions have no more than programs have" {
	local n

	f bad:program "ls /proc/self/fd >fds 2>/dev/null || ls /proc/self/fd"
	assert_equal "$(tr '\n' ' ' <out)" '0 1 2 3 '
	f bad:program 'kill -9 $PPID'
	ended why=signal signal=9
	f bad:denied
	ended value=1
	has_sanitizer || f --memory 268435456 bad:program 'exit 0'
	has_sanitizer || ended why=exited exit=0
	for n in 0 1 2 3 255; do
		f bad:forge $n
		ended why=exited exit=5 value=5
	done
	if [[ $(id -u) = 0 ]]; then
		f bad:program 'id -u'
		assert_equal "$(<out)" "$(id -u nobody)"
	fi
}

@test "only declared functions of libraries on the list are called" {
	f sample:nothing
	ended why=not_found text='no library has this function'
	f bad:undeclared
	ended why=not_found
	f missing:upper
	ended why=not_found
	f none:upper
	ended why=failed text='declares no functions'
	for name in '../functions/sample:upper' sample:../x '' : sample: :upper .sample:upper 'a b:c' "$(printf '%0100d' 0)"; do
		f "$name"
		ended why=not_found
	done
	echo text >"$PUBLIC/functions/text.so"
	f text:upper
	ended why=failed
	ln -s /usr/lib/x86_64-linux-gnu/libm.so.6 "$PUBLIC/functions/away.so"
	f away:upper
	[[ $output = *why=not_allowed* || $output = *why=not_found* ]]
	rm "$PUBLIC/functions/text.so" "$PUBLIC/functions/away.so"
	ALLOW=(--allow /usr/bin/)
	h --function sample:sum 1
	ended why=not_allowed
	h --function sum 1
	ended why=not_found
	ALLOW=(--allow "$PUBLIC/functions/sample.so")
	h --function sample:sum 1
	ended why=exited value=1
	h --function bad:value 1
	ended why=not_allowed
	h --function sum 1
	ended why=exited value=1
}

@test "a function without a library's name is looked for in all, and bad ones are no hindrance" {
	f sum 4
	ended why=exited value=4
	f value 5
	ended why=exited value=5
	f undeclared
	ended why=not_found
}

@test "functions are listed, by libraries that can be loaded" {
	ALLOW=(--allow "$PUBLIC/functions/")
	h --list
	assert_line 'listed sample:upper: standard input in upper case'
	assert_line 'listed bad:value: returns its argument'
	assert_line 'listed bad:control: a summary of two lines'
	assert_line 'listed bad:last: '
	refute_line --partial 'listed abort:'
	refute_line --partial 'listed hang:'
	refute_line --partial 'bad name'
	ALLOW=(--allow "$PUBLIC/functions/sample.so")
	h --list
	assert_equal "$(grep -c '^listed' <<<"$output")" 4
	ALLOW=()
	h --list
	refute_line --partial listed
}

# --- many, and nonsense ---------------------------------------------------------------------------------------------------------

@test "a thousand runs at a time" {
	h --deadline 120 --parallel 1000 --output-max 100 sh -c 'echo hello; sleep 2'
	assert_line --partial 'runs=1000 exited=1000 '
	assert_equal "$(grep -c hello out)" 1000
	h --deadline 120 --parallel 1000 --timeout 500 sleep 60
	assert_line --partial 'runs=1000 timeout=1000 '
}

@test "more runs than there are descriptors for are refused, the others go on" {
	root
	mkdir -m 777 open
	cd open
	run -0 prlimit --nofile=256:256 setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups \
		"$PUBLIC/helper" --plugin "$PUBLIC/plugin" "${ALLOW[@]}" --parallel 100 sleep 1
	assert_line --partial 'runs=100 exited=48 failed=52 '
	assert_line 'plugin exit=0'
}

@test "a kind that is not known is refused, and the conversation goes on" {
	h --kind 9 true
	ended why=failed errno=22 text='kind 9'
}

# hex TYPE FLAGS RUN [DATA]: a message
hex()
{
	local data=${4-} len=$((16 + ${#4} / 2))

	printf '%02x%02x%02x00%02x00%02x00%02x00000000000000%s' $((len & 255)) $((len >> 8 & 255)) $((len >> 16)) "$1" "$2" "$3" "$data"
}

@test "messages that break the rules end the conversation; nothing else does" {
	local message zeros

	printf -v zeros '%0208d' 0
	for message in 00 1000000001 \
		"$(hex 9 0 1)" "$(hex 64 0 1)" "$(hex 0 0 1)" \
		"$(hex 1 0 1)" "$(hex 1 0 0 "$zeros")" "$(hex 1 0 1 "$zeros")" "$(hex 1 1 1 "${zeros}00000000")" \
		"$(hex 3 0 1)" "$(hex 3 0 1 0000000000000000)" "$(hex 3 0 1 04000000000000)" \
		"$(hex 5 0 0 00)" "$(hex 5 1 0)" "$(hex 2 2 1)" "$(hex 4 0 0 41)" \
		"20000000030000000100000000000000" long; do
		run -0 "$PUBLIC/helper" --plugin "$PUBLIC/plugin" --deadline 10 --send "$message"
		assert_line closed
		assert_line 'plugin exit=1'
		assert_line --partial 'the node was left: '
	done
	# for runs that are not there: nothing
	h --send "$(hex 2 0 7 4141)" --send "$(hex 2 1 7)" --send "$(hex 3 0 7 0400000001000000)" true
	ended why=exited exit=0
}

@test "options" {
	run -0 "$PUBLIC/plugin" --help
	assert_line --partial 'usage: virgo_kernelupcall_plugin'
	run -0 "$PUBLIC/plugin" --version
	assert_output "virgo_kernelupcall_plugin $(<"$TOP/VERSION")"
	run -2 "$PUBLIC/plugin" --no-such
	run -2 "$PUBLIC/plugin" --fd 2
	run -2 "$PUBLIC/plugin" --fd x
	run -2 "$PUBLIC/plugin" argument
	run -2 "$PUBLIC/plugin" --functions relative
	run -1 "$PUBLIC/plugin" --device /no/such/device
	assert_output --partial '/no/such/device: No such file or directory'
	run -1 "$PUBLIC/plugin" --device /dev/null
	assert_output --partial '/dev/null: Inappropriate ioctl for device'
	run -1 "$PUBLIC/plugin" --fd 99
}
