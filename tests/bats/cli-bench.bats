#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo bench: what it simulates, that its figures hang together, the original's formula beside them, and real nodes.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup()
{
	virgo_alone
}

teardown()
{
	"$VIRGO" -q down
}

virgo()
{
	"$VIRGO" "$@"
}

# is FILTER FILE: jq finds it true
is()
{
	jq -e "$1" "$2" >/dev/null || {
		echo "not so: $1"
		cat "$2"
		return 1
	}
}

@test "every balancer is simulated under every pattern, without any node, and the same seed gives the same" {
	virgo -o json bench --requests 20000 >all
	is '[.[].pattern] | unique == ["one-slow", "skewed", "two-slow", "uniform"]' all
	is 'group_by(.pattern) | all(map(.balancer) == ["round-robin", "prg", "hash", "two-choices", "least-loaded", "predicted"])' all
	is 'all(.requests == 20000 and .failed == 0 and .per_node == 5000 and .p50_us <= .p99_us and .least <= 5000 and .most >= 5000)' all
	is 'all(.[] | select(.balancer == "round-robin"); .p99_ratio == 1 and .max_mean < 1.001)' all
	virgo -o json bench --requests 20000 >again
	cmp all again
	virgo -o json bench --requests 20000 --seed 2 >other
	run ! cmp all other
	virgo -o json bench --requests 20000 --balance two-choices --pattern one-slow >one
	is 'length == 1' one
	is "[.[] | select(.balancer == \"two-choices\" and .pattern == \"one-slow\")] == $(cat one)" all
}

@test "with one slow machine of four, who looks is far better than round-robin" {
	virgo -o json bench --pattern one-slow >slow
	is 'map({(.balancer): .p99_ratio}) | add | ."two-choices" < 0.4 and ."least-loaded" < 0.35 and .predicted < 0.25 and .prg > 1' slow
	# the slow one gets less, by those who can tell
	is '.[] | select(.balancer == "predicted") | .least < .per_node / 2' slow
	# a machine that cannot do its share: the others are not held up by its queue
	virgo -o json bench --pattern one-slow --slow 4 --load 60 --requests 20000 >slower
	is 'map({(.balancer): .p99_ratio}) | add | ."two-choices" < 0.02 and .predicted < 0.01' slower
}

@test "the original's formula stands beside what is measured, and where they part is said" {
	virgo -o json bench --requests 1000 --pattern uniform --balance prg >prg
	is '.[0].per_node == 250 and .[0].original == 0.444' prg
	virgo -o json bench --formula >formula
	# 51/144, and by its series 1/4
	is '.[0] | .requests == 1 and .original == 0.3542 and .series == 0.25 and (.measured - 0.25 | fabs) < 0.02' formula
	is 'all((.measured / .per_node - 1 | fabs) < 0.05)' formula
	is '.[-1] | .requests == 1000 and .original == 0.4444 and .ratio < 0.002' formula
	run virgo -o table bench --formula --machines 8
	assert_success
	assert_line --partial '(N^(k+2) - kN^2 + kN - 1) / (N^(k+3) - 2N^(k+2) + N^(k+1))'
	assert_line --partial 'not that exactly i of k do'
	run virgo -o table bench --requests 1000
	assert_success
	assert_line --regexp '^PATTERN +BALANCER .* P50 +P99 '
	assert_line --partial 'ORIGINAL: the original'
	# a formula that is 0/0 for one machine is left out there
	virgo -o json bench --machines 1 --requests 100 --balance prg --pattern uniform >single
	is '.[0].original == null and .[0].least == 100' single
}

@test "in a pipe there is data alone: a row a line" {
	virgo bench --requests 1000 >rows
	[ "$(wc -l <rows)" = 24 ]
	[ "$(awk -F'\t' '{ print NF }' rows | sort -u)" = 14 ]
	virgo -o ndjson bench --requests 1000 --pattern skewed | jq -es 'length == 6' >/dev/null
}

@test "what can't be simulated is refused" {
	for bad in '--machines 0' '--machines 1025' '--requests 0' '--requests 1000001' '--clients 257' '--load 0' '--slow 101' \
		'--work 11m' '--work x' '--balance luck' '--pattern luck' '--cpus -1' '--seed x' '--kernel f' '--at-once 3' \
		'--run --at-once 0' more; do
		# shellcheck disable=SC2086 # words
		run virgo bench $bad
		assert_failure 2
	done
}

@test "--run sends real requests to the nodes, picked as libvirgo picks" {
	virgo up --nodes 3 >/dev/null
	virgo -o json bench --run --requests 300 >real
	is 'map(.balancer) == ["round-robin", "prg", "hash", "two-choices", "least-loaded", "predicted"]' real
	is 'all(.pattern == "real" and .requests == 300 and .failed == 0 and .per_node == 100 and .p50_us > 0)' real
	is 'map({(.balancer): .}) | add | ."round-robin".least == 100 and ."least-loaded".least > 80 and .prg.least > 60' real
	# one that is dead: round-robin runs into it again and again, the others do not
	virgo -o json bench --run --requests 300 -w 127.0.0.1,127.0.0.2,127.0.0.77 >dead
	is 'map({(.balancer): .failed}) | add | ."round-robin" == 100 and ."least-loaded" == 0 and ."two-choices" == 0 and .prg < 40' dead
	run virgo bench --run --requests 10 -w 127.0.0.77
	assert_failure 5
	assert_line --partial 'no connection: Connection refused'
}

@test "--run --kernel runs a kernel function on the nodes" {
	virgo up --nodes 2 >/dev/null
	run -0 virgo api GET /v1/functions
	virgo -o json bench --run --requests 60 --kernel virgo_cloud_test_kernelspace >real
	is 'all(.failed == 0)' real
	run virgo bench --run --requests 10 --kernel no_such_function
	assert_failure 3
	assert_line --partial 'no function no_such_function'
	run virgo bench --run --kernel 'a"b'
	assert_failure 2
}
