#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The prompt of virgo shell, through a real terminal: what keys do, what is kept, what signals do, and that no node that is
# dead holds it up.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup_file()
{
	local n

	own_place
	unset PAGER LESS NO_COLOR INPUTRC
	mkdir -p "$BATS_FILE_TMPDIR/virgo"
	printf 'nodes = %s,%s\nkey_file = %s/key\ngroup.first = %s\ngroup.dead = %s,%s\n' "$A" "$B" "$BATS_FILE_TMPDIR" "$A" "$A" \
		"$DEAD" >"$BATS_FILE_TMPDIR/virgo/client.conf"
	for n in "1 $A" "2 $B"; do
		own_node "${n% *}" "${n#* }" "analytics_file = $BATS_FILE_TMPDIR/values${n% *}" 'exec_grace = 200ms' \
			"exec_allow = /usr/bin/sleep,/usr/bin/true,$TOP/build/functions/" \
			"exec_functions = $TOP/build/functions" "exec_helper = $TOP/build/virgo_kernelupcall_plugin"
	done
	"$VIRGO" mem set user:1 one
	"$VIRGO" mem set user:2 two
	"$VIRGO" -w "$A" mem set first:1 x
	"$VIRGO" mem set 'with blank' three
	for n in {1..40}; do
		"$VIRGO" mem set "row:$n" x
	done
}

teardown_file()
{
	own_nodes_end
}

setup()
{
	export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state LC_ALL=C.UTF-8
	HISTORY=$XDG_STATE_HOME/virgo/history
	cd "$BATS_TEST_TMPDIR"
	rm -f "$XDG_CONFIG_HOME/virgo/shellrc"
}

teardown()
{
	if [[ -z ${BATS_TEST_COMPLETED-} ]]; then
		echo '--- the screen'
		screen
	fi
	terminal kill-server 2>/dev/null || true
	kill -CONT "$(<"$BATS_FILE_TMPDIR/node2/pid")"
}

# --- the terminal -------------------------------------------------------------------------------------------------------

terminal()
{
	tmux -f /dev/null -S "$BATS_TEST_TMPDIR/tmux" "$@" 3>&-
}

screen()
{
	terminal capture-pane -p "$@"
}

screen_has()
{
	screen | grep -qF -- "$1"
}

screen_matches()
{
	screen | grep -qE -- "$1"
}

# shows TEXT: it is on the screen, or will be
shows()
{
	poll_until 15 screen_has "$1"
}

# matches REGEX, of a line
matches()
{
	poll_until 15 screen_matches "$1"
}

# type_keys KEY...: as tmux calls them
type_keys()
{
	terminal send-keys -- "$@"
}

# line TEXT: typed as it stands, and Enter
line()
{
	terminal send-keys -l -- "$1"
	terminal send-keys Enter
}

# a terminal with a shell of the system's, out of which ours is started
open_terminal()
{
	terminal new-session -d -x "${COLUMNS_WANTED:-100}" -y "${ROWS_WANTED:-24}" "PS1='outer\$ ' exec bash --norc --noprofile"
	shows 'outer$'
}

# start [ASSIGNMENT...]: ours, at its prompt
start()
{
	open_terminal
	line "clear; env $* '$VIRGO' shell"
	matches '[0-9-]/[0-9]> *$'
}

press_until()
{
	local key=$1 end=$((${EPOCHREALTIME/./} + 15000000))

	until screen_matches "$2"; do
		((${EPOCHREALTIME/./} < end))
		type_keys "$key"
		sleep 0.1
	done
}

# --- the prompt ---------------------------------------------------------------------------------------------------------

@test "banner, nodes, health and status" {
	start
	screen_matches '^virgo [0-9.]+ on .* \(2 nodes\); help'
	press_until Enter ' 2/2> *$'
	line 'mem get nothing-there'
	matches ' 2/2 ✗3> *$'
	line 'echo =$?='
	shows '=3='
	matches ' 2/2> *$'
	line 'use @first'
	press_until Enter '^virgo @first 1/1> *$'
}

@test "a terminal without UTF-8 gets a status in ASCII; NO_COLOR and dumb ones no colours" {
	start LC_ALL=C NO_COLOR=1
	line 'mem get nothing-there'
	matches ' !3> *$'
	run screen -e
	refute_output --partial $'\e'
	line 'exit 0'
	line "clear; env TERM=dumb '$VIRGO' shell"
	matches '[0-9-]/2> *$'
	run screen -e
	refute_output --partial $'\e'
	line 'echo du''mb'
	shows dumb
}

@test "PS1 and PS2: escapes and parameters; what a variable holds is not run" {
	start
	line 'x='"'"'$(touch ran) \n'"'"
	line "PS1='[\\n|\\h|\$x|\\?]\\[\\e[1m\\]%\\[\\e[0m\\] ' PS2='more \\? '"
	press_until Enter '^\[.*\|2/2\|\$\(touch ran\) .*\|0\]% *$'
	line 'for i in 1; do'
	matches '^more 0 *$'
	type_keys C-c
	matches '^\[.*\|130\]% *$'
	[ ! -e ran ]
}

@test "shellrc is run first; one that others may write is refused; an error in it ends nothing" {
	echo 'echo from the rc; nosuchcommand; x=kept' >"$XDG_CONFIG_HOME/virgo/shellrc"
	chmod 600 "$XDG_CONFIG_HOME/virgo/shellrc"
	start
	shows 'from the rc'
	line 'echo =$x='
	shows '=kept='
	line exit
	chmod 666 "$XDG_CONFIG_HOME/virgo/shellrc"
	line "clear; '$VIRGO' shell"
	shows 'shellrc is not run: others may write it'
	matches '[0-9-]/2> *$'
	run ! screen_has 'from the rc'
}

# --- lines --------------------------------------------------------------------------------------------------------------

@test "a construct over several lines; Ctrl-D within one is an error, on an empty line the end" {
	start
	line 'for i in a b; do'
	matches '^> *$'
	line 'echo ='
	line 'done'
	poll_until 15 eval '[ "$(screen | grep -c "^=")" = 2 ]'
	line 'echo "unclosed'
	matches '^> *$'
	type_keys C-d
	shows 'input:1:6:'
	matches '✗2> *$'
	line 'true'
	matches '[0-9-]/2> *$'
	type_keys C-d
	matches '^exit$'
	line 'echo ended with $?'
	shows 'ended with 0'
}

@test "Ctrl-C gives up the line and the construct, in a search, too" {
	start
	type_keys 'echo not run'
	shows 'echo not run'
	type_keys C-c
	matches '✗130> *$'
	line 'for i in a; do'
	matches '^> *$'
	type_keys C-c
	matches '✗130> *$'
	type_keys C-r 'nothing'
	shows 'i-search'
	type_keys C-c
	line 'echo =$?='
	shows '=130='
	run ! screen_matches '^not run'
}

@test "a paste of several lines runs line by line, with brackets and without" {
	start
	printf 'echo one-$((1+0))\nfor i in 1; do\necho two-$i\ndone\n' >paste
	terminal load-buffer paste
	terminal paste-buffer -p
	shows 'done'
	type_keys Enter
	matches '^one-1$'
	matches '^two-1$'
	type_keys C-l
	terminal paste-buffer
	matches '^one-1$'
	matches '^two-1$'
}

@test "a new size is drawn" {
	start
	type_keys 'echo aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee'
	shows eeeeeeeeee
	terminal resize-window -x 50 -y 20
	matches '^.{50}$'
	type_keys ' end' Enter
	shows 'aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd'
	line 'echo $((40+2))'
	matches '^42$'
	line 'sleep 0.5'
	terminal resize-window -x 40 -y 20
	matches '[0-9-]/2> *$'
	type_keys C-l 'echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' C-a
	type_keys 'true; ' Enter
	matches '^a{47}$|^a{40}$'
}

# --- completion ---------------------------------------------------------------------------------------------------------

@test "Tab: commands, options, their values, nodes and groups" {
	start
	type_keys 'mem ge' Tab
	shows '> mem get'
	type_keys '--ou' Tab
	shows 'mem get --output'
	type_keys 'nd' Tab
	shows 'mem get --output ndjson'
	type_keys C-u 'use @fi' Tab
	shows 'use @first'
	type_keys C-u 'use ' Tab Tab
	shows 'every node of the configuration'
	type_keys C-u 'wh' Tab
	shows '> while'
	type_keys C-u 'if mem ge' Tab
	shows '> if mem get'
	type_keys C-u 'mem ls | sor' Tab
	shows '| sort'
}

@test "Tab: keys, quoted where they need it; what exec runs" {
	start
	# a node that is late has its answer shown by the next Tab; till then nothing is put in
	type_keys 'mem get us'
	press_until Tab 'mem get user:'
	press_until Tab '^user:1 +user:2'
	shows 'usage: mem get'
	type_keys C-u 'mem get wi'
	press_until Tab 'mem get with. blank'
	type_keys Enter
	matches '^three$'
	type_keys 'mem get "wi'
	press_until Tab 'mem get "with blank"'
	type_keys C-u 'echo "$(mem get us'
	press_until Tab '..mem get user:'
	type_keys C-u 'exec --function sample:su'
	press_until Tab 'sample:sum'
	type_keys C-u 'exec sl'
	press_until Tab 'exec sleep'
}

@test "Tab: variables, files, programs" {
	start
	touch 'a file' afile
	line 'name_of_mine=1'
	type_keys 'echo $name_o' Tab
	shows 'echo $name_of_mine'
	type_keys C-u 'echo "${name_o' Tab
	shows '${name_of_mine}'
	type_keys C-u '!cat afi' Tab
	shows '!cat afile'
	type_keys C-u '!cat a\ ' Tab
	shows '!cat a\ file'
	type_keys C-u 'mem get x > afi' Tab
	shows '> afile'
	type_keys C-u '!unam' Tab
	shows '!uname'
}

@test "the usage line: by Alt-h, and where Tab finds nothing twice" {
	start
	type_keys 'mem get x' M-h
	shows 'usage: mem get [OPTION…] KEY'
	type_keys C-u C-l 'mem incr a b c ' Tab Tab
	shows 'usage: mem incr'
}

# --- history ------------------------------------------------------------------------------------------------------------

@test "history: ours alone, no duplicates, no secrets, constructs whole" {
	start
	line 'echo a'
	line 'echo b'
	line 'echo a'
	line ' echo blank'
	line 'echo --token abc'
	line 'echo Zk7dQ2vR9xLpT4mWb8NcYf3HsJ6gAe1uKoXi5DzE0qU'
	line 'for i in 1; do'
	line 'echo $i'
	line 'done'
	line 'echo la''st'
	poll_until 15 grep -qs last "$HISTORY"
	[ "$(stat -c %a "$HISTORY")" = 600 ]
	[ "$(stat -c %a "${HISTORY%/*}")" = 700 ]
	run cat "$HISTORY"
	assert_output $'echo b\necho a\nfor i in 1; do\n\techo $i\n\tdone\necho last'
	line exit
	line "clear; '$VIRGO' shell"
	matches '[0-9-]/2> *$'
	type_keys Up Up Up
	shows 'for i in 1; do'
	type_keys C-c C-r 'echo b'
	shows 'i-search'
	type_keys Enter
	matches '^b$'
}

@test "no history where no terminal is" {
	echo 'echo a' | "$VIRGO" shell
	[ ! -e "$HISTORY" ]
}

@test "~/.inputrc: vi mode, and keys for virgo alone" {
	printf 'set editing-mode vi\nset show-mode-in-prompt on\n$if virgo\n"\\C-g": "echo from-inputrc"\n$endif\n' >.inputrc
	start
	type_keys C-g
	shows 'echo from-inputrc'
	type_keys Escape	# it waits for what may follow
	shows '(cmd)'
	type_keys 0 d w i 'true ' Enter
	matches '> true +from-inputrc'
}

# --- signals ------------------------------------------------------------------------------------------------------------

run_is_there()
{
	pgrep -f "^(/usr/bin/)?sleep 10$1\$" >/dev/null
}

run_is_gone()
{
	! run_is_there "$1"
}

@test "Ctrl-C ends the remote run, not the shell" {
	start
	line "exec -- sleep 10$$"
	poll_until 15 run_is_there $$
	type_keys C-c
	poll_until 15 run_is_gone $$
	matches '✗130> *$'
	line 'mem get user:1'
	matches '^one$'
}

@test "Ctrl-C during a remote run with a trap on INT: the run ends, then the trap has its turn" {
	start
	line "trap 'echo tr''apped \$?' INT"
	line 'exec -w @first -- sleep 1000'
	poll_until 10 pgrep -f 'sleep 1000'
	type_keys C-c
	matches 'trapped 130$'
	shows '130>'
	poll_until 10 bash -c '! pgrep -f "^/usr/bin/sleep 1000$"'
	line 'mem get user:1'
	matches '^one$'
}

@test "a plugin: its words, options, own candidates and functions by Tab, and they run" {
	mkdir p
	cc -std=c99 -I"$TOP/plugins" -I"$TOP/lib/include" -fPIC -shared -o p/sample.so "$TOP/plugins/sample/sample.c"
	chmod 755 p p/sample.so
	start "VIRGO_PLUGIN_PATH=$PWD/p"
	# a busy machine asks to press Tab again
	type_keys 'sam'
	press_until Tab '> sample$'
	type_keys 'hel'
	press_until Tab '> sample hello$'
	type_keys '--to'
	press_until Tab 'sample hello --tone$'
	type_keys 'l'
	press_until Tab 'tone loud$'
	type_keys Enter
	matches 'HELLO'
	type_keys 'sample count us'
	press_until Tab 'sample count user:'
	type_keys C-u 'sample_e'
	press_until Tab '> sample_each'
	type_keys M-h
	shows 'run a command for every key that begins'
	line 'user: echo got'
	matches '^got user:2$'
	type_keys 'sample ' M-h
	shows 'usage: sample count|hello'
}

@test "Ctrl-Z and fg: at the prompt and during a command" {
	start
	type_keys 'echo typ'
	shows 'echo typ'
	type_keys C-z
	shows 'Stopped'
	line 'stty -a | grep -o " icanon"; fg'
	matches '^ icanon'
	type_keys 'ed-on' Enter
	matches '^typed-on$'
	type_keys C-l
	line 'exec -- sleep 2'
	type_keys C-z
	shows 'Stopped'
	line 'fg'
	matches '[0-9-]/2> *$'
	line 'echo still-$((1+1))'
	matches '^still-2$'
}

@test "a program that crashes leaves the terminal as it was" {
	start
	line '!python3 -c "import tty,os; tty.setraw(0); os.kill(os.getpid(), 9)"'
	matches '✗137> *$'
	line '!stty -a'
	matches '[^-]icanon.* echo '
}

# --- nodes that are dead ------------------------------------------------------------------------------------------------

@test "a node that does not answer holds up neither start, nor Tab, nor prompt" {
	local begun

	kill -STOP "$(<"$BATS_FILE_TMPDIR/node2/pid")"
	open_terminal
	begun=${EPOCHREALTIME/./}
	line "clear; '$VIRGO' shell"
	poll_until 15 screen_matches '-/2> *$'
	((${EPOCHREALTIME/./} - begun < 1500000))
	# each Tab comes back at once; the keys of the other node are there with the first or the next
	type_keys 'mem get fi'
	press_until Tab 'mem get first:1'
	((${EPOCHREALTIME/./} - begun < 3000000))
	type_keys C-u
	press_until Enter ' 1/2> *$'
}

# --- pager --------------------------------------------------------------------------------------------------------------

@test "long tables go through the pager, short ones and pipes do not; leaving it early is no error" {
	start
	line 'mem ls'
	matches '^:$'
	type_keys q
	matches '[0-9-]/2> *$'
	type_keys C-l
	line 'node ls'
	matches '[0-9-]/2> *$'
	screen_has "$B"
	line 'mem ls | wc -l'
	matches '^44$'
	line 'PAGER="cat -n"'
	line 'mem ls'
	matches '^ +45.*with blank'
	matches '[0-9-]/2> *$'
	line 'PAGER='
	type_keys C-l
	line 'mem ls'
	matches '^user:2'
	matches '[0-9-]/2> *$'
	run ! screen_matches '^ +45'
}
