#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# analytics show, apply, rollback, diff against three embedded nodes, which read one values file.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup()
{
	virgo_alone
	"$VIRGO" up --nodes 3 >/dev/null
	VALUES=$XDG_RUNTIME_DIR/virgo/virgo_kernel_analytics.conf
	ALL=127.0.0.1,127.0.0.2,127.0.0.3
}

teardown()
{
	"$VIRGO" -q down
}

virgo()
{
	"$VIRGO" "$@"
}

# values [FILE] LINE...: as training writes it
values()
{
	local file=$VALUES

	[[ $1 = *=* ]] || { file=$1; shift; }
	printf '%s\n' SchemaVersion=1 "Generated=$(date +%s)" ValidForSec=600 ModelVersion=3 ModelQualityPermille=900 TrainRows=9 "$@" \
		>"$file"
}

# in_force NAME: on each node, in one line
in_force()
{
	virgo -w $ALL -o json analytics show --jq "[.[].body.values[] | select(.name == \"$1\").in_force] | join(\" \")" | tr -d '"'
}

@test "apply: the node's mode counts, unless --now or --shadow ask for another; --dry-run does nothing" {
	values MaxConnections=300
	run -0 virgo -w $ALL -o table analytics apply
	assert_line --partial '127.0.0.[1-3]:'
	assert_line --regexp '^MaxConnections +300 +shadow +4096 +300 +[0-9]+–4096 '
	assert_equal "$(in_force MaxConnections)" '4096 4096 4096'
	run -0 virgo -w $ALL -o table analytics apply --dry-run --now
	assert_line --regexp '^/.*virgo_kernel_analytics.conf, mode apply \(analytics_mode is shadow\), tried only$'
	assert_line --regexp '^MaxConnections +300 +apply +4096 +300 '
	assert_equal "$(in_force MaxConnections)" '4096 4096 4096'
	run -0 virgo -w $ALL analytics apply --now
	assert_equal "$(in_force MaxConnections)" '300 300 300'
	run -0 virgo -w 127.0.0.2 analytics apply --shadow
	assert_equal "$(in_force MaxConnections)" '300 4096 300'
	run -0 virgo -w $ALL analytics apply
	assert_equal "$(in_force MaxConnections)" '4096 4096 4096'
	run -2 virgo analytics apply --now --shadow
}

@test "apply: a bad file is an error of each node, one that does not count fails --now alone" {
	values MaxConnections=many
	run -6 virgo -w $ALL analytics apply
	assert_output --partial '7:16: MaxConnections: "many" is not a whole number'
	values MaxConnections=300
	sed -i s/^ValidForSec.*/ValidForSec=0/ "$VALUES"
	sed -i s/^Generated.*/Generated=1000/ "$VALUES"
	run -0 virgo -w $ALL analytics apply
	run -6 --separate-stderr virgo -w $ALL analytics apply --now
	assert_regex "${stderr_lines[0]}" '^virgo: analytics apply: 3 of 3 nodes hold the values back, 127.0.0.1: it expired [0-9]+ s ago$'
	run -6 virgo -w $ALL -o json analytics apply --now
	jq -e 'length == 4 and .[3].error.kind == "precondition"' <<<"$output"
	rm "$VALUES"
	run -6 virgo -w 127.0.0.1 analytics apply --now
	assert_output --partial 'there is no file'
}

@test "a node that is not there is named, hides nobody else, and is status 5" {
	values MaxConnections=300
	run -5 --separate-stderr virgo -w 127.0.0.1,127.0.0.2,127.0.0.99 -o tsv analytics apply --now
	assert_regex "$output" $'127.0.0.1\tMaxConnections\t300\tapply\t300\t'
	assert_regex "$output" $'127.0.0.2\tMaxConnections\t300\tapply\t300\t'
	assert_regex "$stderr" '127.0.0.99'
}

@test "show: learnt, state, in force, bounds, since, acted, in shadow, why; in a table lists are cut, elsewhere not" {
	local list=198.51.100.1 i

	for i in {2..99}; do
		list+=";198.51.100.$i"
	done
	values "DenySources=$list" TopSourceIP=198.51.100.1 MempoolMaxBytes=999999999999 ExecUs.f=1:2
	virgo -w $ALL analytics apply --now >/dev/null
	run -0 virgo -w 127.0.0.1 -o table analytics show
	assert_line --regexp '^DenySources +198.51.100.1;198.51.100.2;19… +apply +99 of 99 '
	assert_line --regexp '^TopSourceIP +198.51.100.1 +shown '
	assert_line --regexp '^MempoolMaxBytes +999999999999 +apply +268435456 .*bounded by the configuration: '
	assert_line --regexp '^ExecUs.f +1:2 +apply .* 20[0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9:]{8} +0 +0'
	run -0 virgo -w 127.0.0.1 -o tsv analytics show
	assert_line --partial "$list"
	run -0 virgo -w $ALL -o json analytics show --jq '[.[].body.values[] | select(.name == "DenySources").learnt] | unique | .[]'
	assert_output "$list"
}

@test "rollback: the one before is back, and the nodes act on it; what was undone is kept; again, the one before that" {
	values "$VALUES.2" MaxConnections=100
	values "$VALUES.1" MaxConnections=200 LogLimited=1
	values MaxConnections=300 TopSourceIP=192.0.2.1
	virgo -w $ALL analytics apply --now >/dev/null
	run -0 virgo -w $ALL -o tsv analytics rollback --dry-run
	assert_line $'MaxConnections\t300\t200'
	grep -q =300 "$VALUES"
	assert_equal "$(in_force MaxConnections)" '300 300 300'
	run -0 virgo -w $ALL -o tsv analytics rollback
	assert_line $'MaxConnections\t300\t200'
	assert_line $'LogLimited\t\t1'
	assert_line $'TopSourceIP\t192.0.2.1\t'
	grep -q =200 "$VALUES"
	grep -q =100 "$VALUES.1"
	[ ! -e "$VALUES.2" ]
	grep -q =300 "$VALUES.undone"
	virgo -w $ALL -o json analytics show --jq '[.[].body.values[] | select(.name == "MaxConnections").learnt] | unique' | grep -q '"200"'
	# a broken one is a reason to go back
	echo 'x' >"$VALUES"
	run -0 virgo -w $ALL -o tsv analytics rollback
	grep -q =100 "$VALUES"
	run -3 virgo -w $ALL analytics rollback
	assert_output --partial "can't read $VALUES.1: No such file"
	grep -q =100 "$VALUES"
	echo x >"$VALUES.1"
	run -2 virgo -w $ALL analytics rollback
	assert_output --partial "$VALUES.1:1:1: no \"=\" in"
	grep -q =100 "$VALUES"
}

@test "rollback: what nodes hold back, or read elsewhere, is said" {
	values "$VALUES.1" MaxConnections=100
	sed -i s/^Generated.*/Generated=1000/ "$VALUES.1"
	values MaxConnections=300
	run -0 --separate-stderr virgo -w $ALL analytics rollback
	assert_regex "$stderr" '3 of 3 nodes hold the values back, 127.0.0.1: it expired'
	values mine MaxConnections=300
	values mine.1 MaxConnections=200
	run -0 --separate-stderr virgo -w $ALL analytics rollback --conf mine
	assert_regex "$stderr" '3 of 3 nodes read another file than mine'
	grep -q =200 mine
}

@test "diff: a file against each node, or two files" {
	values MaxConnections=300 MempoolMaxBytes=999999999999
	virgo -w $ALL analytics apply --now >/dev/null
	run -0 virgo -w $ALL -o tsv analytics diff
	assert_equal "${#lines[@]}" 3
	assert_line $'127.0.0.1\tMempoolMaxBytes\t999999999999\t999999999999\t268435456\tbounded by the configuration: 1048576 to 268435456'
	sed -i s/300/301/ "$VALUES"
	echo LogLimited=1 >>"$VALUES"
	run -0 virgo -w 127.0.0.2 -o tsv analytics diff
	assert_line $'127.0.0.2\tMaxConnections\t301\t300\t300\tthe node has read another one'
	assert_line $'127.0.0.2\tLogLimited\t1\t\t\tthe node has not read it'
	printf 'A=1,B=2\nC=3' >a
	printf 'A=1\nB=x\nD=4' >b
	run -0 virgo -w 127.0.0.99 -o tsv analytics diff a b
	assert_output $'B\t2\tx\nC\t3\t\nD\t\t4'
	run -0 virgo -o json analytics diff a b
	jq -e '.[0] == {"name":"B","before":"2","after":"x"}' <<<"$output"
	run -0 virgo -o tsv analytics diff a a
	assert_output ''
	run -3 virgo analytics diff a nowhere
	run -5 virgo -w 127.0.0.99 analytics diff a
}
