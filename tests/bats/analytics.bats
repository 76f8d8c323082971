#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo analytics train, predict, label and top, from the outside: real programs (mawk, svm-predict) are the reference. No node runs.

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
	grep -q '"labels":[[:space:]]*"weak' model/manifest.json
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

minutes()
{
	virgo analytics train --log "$DATA/minutes.log.zst" --labels "$DATA/minutes.json" --model-dir model --out values.conf "$@"
}

@test "train: three models and the kernel's tables, of one log" {
	run minutes
	assert_success
	assert_output --partial 'by time in 5 parts'
	for kind in sources windows exec; do
		[ -s model/$kind.model ]
		[ -s model/$kind.range ]
		(( $(jq ".models.$kind.quality_permille" model/manifest.json) >= 700 ))
	done
	[ "$(jq -r '.inputs[0].sha256' model/manifest.json)" = "$(sha256sum <"$DATA/minutes.log.zst" | cut -d' ' -f1)" ]
	(( $(value ModelQualityPermille) >= 700 ))
	(( $(value AnomalyScorePermille) <= 1000 ))
	[ "$(value AnomalyThresholdPermille)" = 500 ]
	[[ "$(value AnomalyKind)" =~ ^(none|oom|io|net|cpu|other)$ ]]
	[[ "$(value ExecUs.virgo_fft)" =~ ^[0-9]+:[0-9]+(\;[0-9]+:[0-9]+)*$ ]]
	(( $(value NodeLoadCoefPermille.virgo_fft) <= 5000 ))
	(( $(grep -c ^NodeSpeedPermille. values.conf) == 4 ))
	for i in 0 1 2 3; do
		(( $(value NodeSpeedPermille.$i) >= 100 && $(value NodeSpeedPermille.$i) <= 10000 ))
	done
	run grep -c MaxNetworkBandwidth values.conf
	assert_output 0
}

@test "predict: the pinned objects, one a line" {
	minutes -q
	virgo analytics predict --model-dir model --kind sources -o ndjson "$DATA/minutes2.log.zst" >sources
	run jq -c 'keys_unsorted' sources
	assert_success
	[ "$(sort -u <<<"$output")" = '["ip","lines","hostile","score"]' ]
	jq -r .ip sources >ips
	[ -z "$(sort ips | uniq -d)" ]
	jq -r 'select(.hostile)|.ip' sources | sort >said
	grep -o '"ip":"[0-9.]*","malicious":true' "$DATA/minutes2.json" | cut -d'"' -f4 | sort >bad
	(( $(comm -23 said bad | wc -l) * 5 <= $(wc -l <said) ))
	(( $(wc -l <said) >= 20 ))
	[ "$(jq -c 'select(.hostile != (.score > 0.5))' sources)" = "" ]

	virgo analytics predict --model-dir model --kind windows -o ndjson "$DATA/minutes2.log.zst" >windows
	[ "$(jq -c keys_unsorted windows | sort -u)" = '["start","end","lines","anomalous","score","kind"]' ]
	[ "$(jq -r .start windows)" = "$(jq -r '.windows[].start' "$DATA/minutes2.json")" ]
	[ "$(jq -s 'map(.lines)|add' windows)" = "$(zstdcat "$DATA/minutes2.log.zst" | wc -l)" ]
	(( $(jq -c 'select(.anomalous)' windows | wc -l) >= 15 ))

	virgo analytics predict --model-dir model --kind exec -o ndjson "$DATA/minutes2.log.zst" >exec
	[ "$(jq -c keys_unsorted exec | sort -u)" = '["line","fn","arg_bytes","node","us","predicted_us"]' ]
	[ "$(wc -l <exec)" = "$(zstdcat "$DATA/minutes2.log.zst" | grep -c 'virgo_cpupool: exec fn=')" ]
	n=$(jq -s '.[5].line' exec)
	zstdcat "$DATA/minutes2.log.zst" | sed -n "${n}p" | grep -q "fn=$(jq -rs '.[5].fn' exec) arg_bytes=$(jq -s '.[5].arg_bytes' exec) "
}

@test "predict: --explain tells the features that weighed and the lines behind an alarm" {
	minutes -q
	zstdcat "$DATA/minutes2.log.zst" >log
	virgo analytics predict --model-dir model --kind windows --explain -o ndjson log | jq -c 'select(.anomalous and (.causes|length) > 0)' >why
	(( $(wc -l <why) >= 5 ))
	jq -e '(.reasons|length) > 0 and (.reasons|length) <= 5 and (.causes|length) <= 8' why >/dev/null
	jq -r '.causes[0]|"\(.line)\t\(.text)"' why | while IFS=$'\t' read -r line text; do
		[[ "$(sed -n "${line}p" log)" = "$text"* ]]
	done
}

@test "predict: a model of another version, a damaged one, or none is refused" {
	minutes -q
	run virgo analytics predict --kind windows log
	assert_failure 2
	run virgo analytics predict --model-dir nowhere --kind windows "$DATA/minutes2.log.zst"
	assert_failure 3
	run virgo analytics predict --model-dir model --kind minutes "$DATA/minutes2.log.zst"
	assert_failure 2
	printf 'x' >>model/windows.model
	run virgo analytics predict --model-dir model --kind windows "$DATA/minutes2.log.zst"
	assert_failure 2
	assert_output --partial 'windows.model is damaged'
	sed -i 's/"feature_version":[[:space:]]*[0-9]*/"feature_version": 1/' model/manifest.json
	run virgo analytics predict --model-dir model --kind sources "$DATA/minutes2.log.zst"
	assert_failure 2
	assert_output --partial 'feature version 1'
	assert_output --partial 'train again'
}

@test "label: asks about the doubtful, keeps each answer, goes on where it stopped" {
	minutes -q
	run bash -c 'printf "y\nwhat\nn\ns\nq\n" | "$0" analytics label --model-dir model --labels answers.json -n 4 "$1"' "$VIRGO" "$DATA/minutes2.log.zst"
	assert_success
	assert_output --partial '2 answers added'
	[ "$(jq -c '[.complete, (.windows|map(.anomalous))]' answers.json)" = '[false,[true,false]]' ]
	first=$(jq -r '.windows[0].start' answers.json)
	run bash -c 'printf "n\n" | "$0" analytics label --model-dir model --labels answers.json --kind windows -n 2 "$1"' "$VIRGO" "$DATA/minutes2.log.zst"
	assert_success
	refute_output --partial "the minute from $first"
	[ "$(jq '.windows|length' answers.json)" = 3 ]
	run bash -c 'printf "y\n" | "$0" analytics label --model-dir model --labels answers.json --kind sources -n 1 "$1"' "$VIRGO" "$DATA/minutes2.log.zst"
	[ "$(jq '.sources|length' answers.json)" = 1 ]
	# and what it wrote is a labels file
	run virgo analytics train --log "$DATA/minutes2.log.zst" --labels answers.json --dry-run
	assert_output --partial 'weak ones made by a rule'
	# nothing is left lying about
	[ "$(ls answers.json*)" = answers.json ]
	printf '[]' >none.json
	run virgo analytics label --model-dir model --labels none.json "$DATA/minutes2.log.zst"
	assert_failure 2
}

@test "train: a log of another kind is judged by its own first column, of which nothing is learnt" {
	for i in $(seq 200); do
		t=$((1117838570 + i * 600))
		class=- text="RAS KERNEL INFO instruction cache $((i % 7)) was corrected"
		(( i % 5 == 0 )) && class=KERNDTLB text="RAS KERNEL FATAL data TLB error interrupt"
		(( i % 7 == 1 )) && class=- text="RAS APP INFO ciod generated $i core files for program $RANDOM"
		printf '%s %d 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 %s\n' "$class" $t "$text"
	done >ras.log
	run virgo analytics train --log ras.log --model-dir model
	assert_success
	assert_output --partial "the log's own first column"
	sed 's/^[^ ]*/-/' ras.log >blind.log
	virgo analytics predict --model-dir model --kind windows -o ndjson blind.log >said
	[ "$(jq -s 'map(select(.anomalous))|length' said)" = 34 ]
}

@test "train: a flood whose sender may be forged is not denied, and the report says so" {
	{
		zstdcat "$DATA/minutes.log.zst"
		for i in {1..400}; do
			printf '2025-11-03T01:00:%02d.5+00:00 h kernel: [5.5] [UFW BLOCK] IN=eth0 OUT= MAC=02:00 SRC=198.51.100.7 DST=203.0.113.10 LEN=40 TOS=0x00 TTL=50 ID=%d PROTO=TCP SPT=%d DPT=80 WINDOW=1024 RES=0x00 SYN URGP=0 \n' $((i / 8)) $i $((1024 + i * 97 % 60000))
		done
	} >flood.log
	jq -c '.sources += [{"ip":"198.51.100.7","malicious":true}]' "$DATA/minutes.json" >flood.json
	run virgo analytics train --log flood.log --labels flood.json --out values.conf
	assert_success
	assert_line --regexp '198\.51\.100\.7 .*forged'
	run value DenySources
	refute_output --partial 198.51.100.7
}
