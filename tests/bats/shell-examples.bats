#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The scripts of shell/examples, each run as a program against nodes of its own: what they are for, and what they do when
# it goes wrong.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file
load common

setup_file()
{
	local n

	own_place
	export PATH=$TOP/build:$TOP/shell/examples:$PATH DATA=$TOP/tests/data/kernlog
	export GONE=$DEAD VALUES=$BATS_FILE_TMPDIR/values.conf VIRGO_CONFIG=$BATS_FILE_TMPDIR/client.conf
	printf 'nodes = %s,%s\nkey_file = %s/key\n' "$A" "$B" "$BATS_FILE_TMPDIR" >"$VIRGO_CONFIG"
	for n in "1 $A" "2 $B"; do
		own_node "${n% *}" "${n#* }" "analytics_file = $VALUES" 'exec_allow = /usr/bin/' 'mempool_max_bytes = 1M'
	done
}

teardown_file()
{
	own_nodes_end
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "every example is here, is a program, says what it is and parses" {
	local file name

	for file in "$TOP"/shell/examples/*; do
		name=${file##*/}
		[ -x "$file" ]
		[ "$(head -n 1 "$file")" = '#!/usr/bin/env -S virgo run' ]
		sed -n 3p "$file" | grep -q "^# $name: "
		grep -q "^@test \"$name: " "$BATS_TEST_FILENAME"
	done
}

@test "rolling: one node after the other, in order, and nothing else in between" {
	run -0 rolling sh -c 'echo ran >>log; echo done'
	assert_output "--- $A
done
--- $B
done
rolling: 2 nodes are done"
	[ "$(cat "$BATS_FILE_TMPDIR/node1/cwd/log")" = ran ]
	run -0 rolling -w "$B" echo 'a  b' '*' \$x
	assert_output "--- $B
a  b * \$x
rolling: 1 nodes are done"
	run -2 rolling
	run -2 rolling -z x
}

@test "rolling: stops at the first failure, and goes on from there" {
	# fails on the first node as long as there is no file mended
	run -7 --separate-stderr rolling -l log sh -c '[ -e mended ] || exit 7'
	assert_output "--- $A"
	assert_equal "$stderr" "rolling: stopped at $A: sh ended with 7; 0 nodes are done"
	assert_not_exist log
	touch "$BATS_FILE_TMPDIR/node1/cwd/mended"
	run -7 --separate-stderr rolling -l log sh -c '[ -e mended ] || exit 7'
	assert_equal "$(cat log)" "$A"
	touch "$BATS_FILE_TMPDIR/node2/cwd/mended"
	run -0 rolling -l log -p 10ms sh -c '[ -e mended ] || exit 7'
	assert_output "--- $B
rolling: 1 nodes are done"
	assert_equal "$(cat log)" "$A
$B"
}

@test "rolling: a node that does not answer stops it before anything is run there" {
	ROLLING_TRIES=2 run -5 --separate-stderr rolling -w "$A,$GONE" touch reached
	assert_equal "$stderr" "rolling: stopped at $GONE: it does not answer; 1 nodes are done"
	assert_exist "$BATS_FILE_TMPDIR/node1/cwd/reached"
}

@test "cache-warm-up: files become values, byte for byte; what is there stays" {
	mkdir d
	printf 'one' >d/a
	printf 'bytes\0\377\n\n' >"d/with blank"
	: >d/empty
	mkdir d/sub
	virgo mem set warm:a mine
	run -0 cache-warm-up -t 5m warm d
	assert_output 'cache-warm-up: 2 set, 1 were there, 0 failed'
	[ "$(virgo mem get warm:a)" = mine ]
	virgo mem get 'warm:with blank' | cmp - "d/with blank"
	run -0 cache-warm-up -f warm d
	assert_output 'cache-warm-up: 3 set, 0 were there, 0 failed'
	[ "$(virgo mem get warm:a)" = one ]
	run -0 cache-warm-up -t 200ms brief d
	sleep 0.5
	run -3 virgo mem get brief:a
}

@test "cache-warm-up: what fails is said and counted" {
	mkdir d
	printf x >d/small
	head -c 2000000 /dev/zero >d/large
	run -1 --separate-stderr cache-warm-up big d
	assert_output 'cache-warm-up: 1 set, 0 were there, 1 failed'
	assert_regex "$stderr" 'virgo: mem set: '
	run -1 cache-warm-up x nowhere
	run -2 cache-warm-up x
	VIRGO_NODES=$GONE run -1 --separate-stderr cache-warm-up x d
	assert_output 'cache-warm-up: 0 set, 0 were there, 2 failed'
}

@test "counter: counts, from nothing, up and down; refuses what is none" {
	[ "$(counter c)" = 1 ]
	[ "$(counter c 41)" = 42 ]
	[ "$(counter c -50)" = -8 ]
	run -0 virgo mem get c
	assert_output --regexp '^-8 [^ ]+ [0-9]+$'
	virgo mem set text 'no number'
	run -1 --separate-stderr counter text
	assert_equal "$stderr" 'counter: what is under text is no counter'
	run -2 counter c 1.5
	run -2 counter 'a"b'
	VIRGO_NODES=$GONE run -5 --separate-stderr counter c
	assert_regex "$stderr" 'no connection'
}

@test "counter: many at once lose no count, and count none twice" {
	local i pids=()

	for i in 1 2 3 4; do
		(for _ in {1..15}; do counter many; done >"out$i") 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_equal "$(virgo mem get many | cut -d' ' -f1)" 60
	# every number was printed by exactly one of them
	assert_equal "$(sort -n out?)" "$(seq 60)"
}

@test "nightly-training: trains, applies, shows; keeps the model; frees the lock" {
	run -0 nightly-training -o "$VALUES" -m models -l "$DATA/train.json" "$DATA/train.log.gz"
	assert_line --regexp '^[0-9]+ lines, 1287 sources'
	assert_line 'nightly-training: the nodes have'
	assert_file_exist "$VALUES"
	assert_line --regexp $'\tModelVersion\t'"$(sed -n 's/^ModelVersion=//p' "$VALUES")"$'\t'
	assert_line --regexp $'\tTopSourceCount\t818\t'
	[ "$(echo models/*/)" != 'models/*/' ]
	run -3 virgo mem get nightly-training.lock
	# -n: nothing changes
	before=$(cksum <"$VALUES")
	run -0 nightly-training -n -l "$DATA/train.json" "$DATA/train.log.gz"
	assert_line --regexp '^written +nothing'
	[ "$(cksum <"$VALUES")" = "$before" ]
}

@test "nightly-training: one at a time; nothing learnt leaves all as it is" {
	virgo mem set --ttl 1m nightly-training.lock elsewhere.1
	run -75 --separate-stderr nightly-training -o "$VALUES" "$DATA/train.log.gz"
	assert_equal "$stderr" 'nightly-training: elsewhere.1 is at it'
	[ "$(virgo mem get nightly-training.lock)" = elsewhere.1 ]
	virgo mem del nightly-training.lock
	echo values >"$BATS_TEST_TMPDIR/values"
	zcat "$DATA/train.log.gz" | head -n 20 >few
	run -1 nightly-training -o values few
	[ "$(cat values)" = values ]
	run -3 virgo mem get nightly-training.lock
	run -3 nightly-training -o values nowhere.log
	run -2 nightly-training
	VIRGO_NODES=$GONE run -5 nightly-training -o values few
}

@test "health-report: well, loaded, full, down" {
	run -0 health-report -l 10000
	assert_line "ok $A"
	assert_line "ok $B"
	assert_line '2 ok, 0 warned, 0 bad'
	run -1 health-report -l 0
	assert_line --regexp "^warn $A: load [0-9.]+ on [0-9]+ processors"
	assert_line '0 ok, 2 warned, 0 bad'
	virgo -w "$A" mem alloc 700k >block
	run -1 health-report -l 10000 -m 50
	assert_line --regexp "^warn $A: memory pool [0-9]+ of 1048576 bytes, [0-9]+ keys, 1 blocks$"
	assert_line "ok $B"
	virgo mem free "$(cat block)"
	run -2 --separate-stderr health-report -l 10000 -w "$A,$GONE"
	assert_line "bad $GONE: unreachable"
	assert_line '1 ok, 0 warned, 1 bad'
	[ -z "$stderr" ]
	run -2 health-report -w 'no]set'
}
