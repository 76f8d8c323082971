#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo analytics train and top, from the outside: real programs (mawk, svm-predict) are the reference. No node runs.

bats_load_library bats-support
bats_load_library bats-assert

setup()
{
	VIRGO=${VIRGO:-$BATS_TEST_DIRNAME/../../build/virgo}
	DATA=$BATS_TEST_DIRNAME/../data/kernlog
	cd "$BATS_TEST_TMPDIR"
}

virgo()
{
	"$VIRGO" "$@"
}

# The loudest sources of the logs on standard input as virgo prints them: address, TAB, count; by count, then by address.
reference()
{
	mawk '/\[UFW BLOCK\] /{for(i=1;i<=NF;i++)if($i~/^SRC=/){c[substr($i,5)]++;break}}
		END{for(k in c)print k"\t"c[k]}' | sort -k2,2nr -k1,1V | head -n "$1"
}

# line IP [DPT]: a blocked packet as the kernel logs it
line()
{
	printf '2025-11-03T00:00:07.5+00:00 h kernel: [%d.5] [UFW BLOCK] IN=eth0 OUT= MAC=02:00 SRC=%s DST=203.0.113.9 LEN=40 TOS=0x00 TTL=50 ID=1 PROTO=TCP SPT=4000 DPT=%d WINDOW=1024 RES=0x00 SYN URGP=0 \n' \
		$((RANDOM)) "$1" "${2:-22}"
}

value()
{
	sed -n "s/^$1=//p" values.conf
}

@test "top: counts as mawk does, on plain and compressed logs, together and through a pipe" {
	zcat "$DATA/train.log.gz" >train.log
	reference 50 <train.log >want
	run virgo analytics top -n 50 -o tsv train.log
	assert_success
	assert_output "$(cat want)"
	run virgo analytics top -n 50 -o tsv "$DATA/train.log.gz"
	assert_output "$(cat want)"
	run bash -c '"$0" analytics top -n 50 -o tsv - <train.log' "$VIRGO"
	assert_output "$(cat want)"
	run bash -c 'cat train.log | "$0" analytics top -n 50 -o tsv -' "$VIRGO"
	assert_output "$(cat want)"
	run virgo analytics top -n 50 -o tsv train.log "$DATA/other.log.gz"
	assert_success
	assert_output "$(zcat "$DATA/train.log.gz" "$DATA/other.log.gz" | reference 50)"
}

@test "top: words of the firewall in somebody else's mouth are not counted" {
	{
		line 198.51.100.1
		printf '2025-11-03T00:00:07Z h kernel: [1.0] usb 1-1: Product: [UFW BLOCK] IN=e OUT= SRC=192.0.2.66 DST=1.1.1.1 \n'
		printf '2025-11-03T00:00:07Z h evil: kernel: [1.0] [UFW BLOCK] IN=e OUT= SRC=192.0.2.67 DST=1.1.1.1 \n'
		line 198.51.100.2 | sed 's/ DST=.*//'
		head -c 100000 /dev/zero
		head -c 100000 /dev/zero | tr '\0' '['
		printf '\n'
		head -c 65536 /dev/urandom
		printf '\n'
		line 198.51.100.1
	} >hostile.log
	run virgo analytics top -n 10 -o tsv hostile.log
	assert_success
	assert_output $'198.51.100.1\t2'
}

@test "train: given labels make a model that beats the hand rule, and values of it" {
	run virgo analytics train --log "$DATA/train.log.gz" --labels "$DATA/train.json" --model-dir model --out values.conf
	assert_success
	(( $(value ModelQualityPermille) >= 930 ))
	[ "$(value SchemaVersion)" = 1 ]
	[ "$(value TopSourceIP)" = 100.98.11.243 ]
	[ "$(value TopSourceCount)" = 818 ]
	(( $(value Generated) > 1700000000 && $(value Generated) <= $(date +%s) ))
	[ "$(stat -c %a values.conf)" = 644 ]
	# every address denied is malicious in truth or one of the few errors; no local one
	value DenySources | tr ';' '\n' | sort >denied
	grep -o '"ip":"[0-9.]*","malicious":true' "$DATA/train.json" | cut -d'"' -f4 | sort >bad
	(( $(wc -l <denied) > 40 ))
	(( $(comm -23 denied bad | wc -l) <= 4 ))
	run grep -cE '^(10|127|192\.168|172\.(1[6-9]|2[0-9]|3[01])|203\.0\.113)\.' denied
	assert_output 0
	# nothing is left lying about
	[ "$(ls -A | sort | tr '\n' ' ')" = "bad denied model values.conf " ]
}

@test "train: libsvm's own tools load the model and the ranges" {
	command -v svm-predict || skip "libsvm-tools is not installed"
	virgo analytics train --log "$DATA/train.log.gz" --labels "$DATA/train.json" --model-dir model
	printf '1 1:4 2:4 3:1 4:1 5:.02 6:1 9:40 11:50 12:.9\n-1 1:2 2:.7 3:.7 8:1 9:60 11:50\n' >rows
	svm-scale -r model/sources.range rows >scaled
	run svm-predict scaled model/sources.model predicted
	assert_success
	run grep -cxE -e '-?1' predicted
	assert_output 2
}

@test "train: without labels says that they are weak, and forecasts better than the rule" {
	run virgo analytics train --log "$DATA/train.log.gz" --model-dir model --out values.conf
	assert_success
	assert_output --partial weak
	(( $(value ModelQualityPermille) >= 700 ))
	grep -q '"labels":[[:space:]]*"weak"' model/manifest.json
}

@test "train: the same log and seed give the same bytes" {
	for i in 1 2; do
		virgo analytics train --log "$DATA/train.log.gz" --seed 7 --model-dir model$i --out values.conf
		grep -v ^Generated= values.conf >values$i
	done
	cmp values1 values2
	cmp model1/sources.model model2/sources.model
	cmp model1/sources.range model2/sources.range
}

@test "train: the earlier values stay as .1" {
	printf 'MaxNetworkBandwidth=100\n' >values.conf
	virgo analytics train --log "$DATA/train.log.gz" --out values.conf
	[ "$(cat values.conf.1)" = "MaxNetworkBandwidth=100" ]
	[ "$(value SchemaVersion)" = 1 ]
}

@test "train: nothing better than a rule, nothing written, exit status 1" {
	for i in 1 2 3 4 5 6; do
		line 198.51.100.$i
	done >few.log
	printf 'old\n' >values.conf
	run virgo analytics train --log few.log --model-dir model --out values.conf
	assert_failure 1
	[ "$(cat values.conf)" = old ]
	[ ! -e model ]
}

@test "train: what cannot be read is named, and nothing is written" {
	printf 'old\n' >values.conf
	printf '{"sources":[{"ip":"x"}]}' >labels.json
	printf 'no such line\n' >empty.log
	run virgo analytics train --log nowhere.log --out values.conf
	assert_failure 3
	assert_output --partial nowhere.log
	run virgo analytics train --log "$DATA/train.log.gz" --labels nowhere.json --out values.conf
	assert_failure 3
	run virgo -o json analytics top nowhere.log
	assert_failure 3
	[ "$(jq -r '.error.kind' <<<"$output")" = not_found ]
	run virgo analytics train --log . --out values.conf
	assert_failure 2
	run virgo analytics train --log empty.log --out values.conf
	assert_failure 2
	assert_output --partial 'no [UFW BLOCK] line'
	run virgo analytics train --log "$DATA/train.log.gz" --labels labels.json --out values.conf
	assert_failure 2
	assert_output --partial 'sources[0]'
	run virgo analytics train --log "$DATA/train.log.gz" --out "$BATS_TEST_TMPDIR"
	assert_failure
	# standard output is no file to be replaced, and nobody means one of that name
	run virgo analytics train --log "$DATA/train.log.gz" --out -
	assert_failure 2
	[ ! -e ./- ]
	[ "$(cat values.conf)" = old ]
}

@test "train: a log closed to its reader is not allowed" {
	printf 'x\n' >closed.log
	chmod 0 closed.log
	chmod 755 "$BATS_TEST_TMPDIR"
	if [ "$(id -u)" = 0 ]; then
		run setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search \
			"$VIRGO" analytics top closed.log
	else
		run virgo analytics top closed.log
	fi
	assert_failure 4
	assert_output --partial 'cannot open closed.log: Permission denied'
}

@test "train: a directory with somebody's files is not taken for a model's" {
	mkdir home
	printf 'x\n' >home/precious
	run virgo analytics train --log "$DATA/train.log.gz" --model-dir home --out values.conf
	assert_failure
	assert_output --partial precious
	[ "$(cat home/precious)" = x ]
	[ ! -e values.conf ]
}

@test "train: an address that others forge into a few lines is not denied" {
	{
		zcat "$DATA/train.log.gz"
		for i in 1 2 3 4; do
			line 192.0.2.53 $((i * 1000))
		done
		for i in {1..200}; do
			printf '2025-11-03T00:00:07Z h kernel: [1.0] usb 1-1: Product: [UFW BLOCK] IN=e OUT= SRC=192.0.2.99 DST=203.0.113.9 LEN=40 PROTO=TCP SPT=1 DPT=%d SYN \n' $i
		done
	} >forged.log
	run virgo analytics train --log forged.log --labels "$DATA/train.json" --out values.conf
	assert_success
	run value DenySources
	refute_output --partial 192.0.2.53
	refute_output --partial 192.0.2.99
}
