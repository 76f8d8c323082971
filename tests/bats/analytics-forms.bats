#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The forms that scripts rely upon: options, members of what is printed, exit statuses. A change here breaks somebody's script.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
load common

setup()
{
	virgo_alone
	DATA=$BATS_TEST_DIRNAME/../data/kernlog
	zstdcat "$DATA/minutes.log.zst" >a.log
	zstdcat "$DATA/minutes2.log.zst" >b.log
}

virgo()
{
	"$VIRGO" "$@"
}

# shape FILE: each different set of members with their types, as one line of JSON
shape()
{
	jq -c 'to_entries | map([.key, (.value | type)] | join(":"))' "$1" | sort -u
}

@test "train --log F --labels L … --model-dir D --out CONF --seed N: pairs in order, other members ignored, 0 and both written" {
	jq -e '(keys - ["sources","windows"]) | length > 0' "$DATA/minutes.json" >/dev/null || jq '. + {other: [{"ip": 7}]}' "$DATA/minutes.json" >a.json
	[[ -e a.json ]] || cp "$DATA/minutes.json" a.json
	cp "$DATA/minutes2.json" b.json
	run -0 virgo -q analytics train --log a.log --log b.log --labels a.json --labels b.json --model-dir two --out two.conf --seed 3
	assert_regex "$output" '\(given labels\)'
	[[ -s two/sources.model && -s two/windows.model && -s two.conf ]]
	# the same, given the other way round in both, is no mixture
	run -0 virgo -q -o json analytics train --log b.log --log a.log --labels b.json --labels a.json --model-dir two2 --seed 3
	jq -e '.models.windows.kept and .models.windows.rows == 520' <<<"$output"
	# crossed, nothing fits any more: what is known of the one is said of the other
	run virgo -o json analytics train --log a.log --log b.log --labels b.json --labels a.json --seed 3 --dry-run
	jq -e '.models.windows.kept | not' <<<"$output"
	run -2 virgo analytics train --log a.log --log b.log --log a.log --labels a.json --labels b.json --model-dir three
	# same seed, same model
	virgo -q analytics train --log a.log --log b.log --labels a.json --labels b.json --model-dir again --seed 3
	for file in sources.model windows.model sources.range windows.range report.json; do
		cmp two/$file again/$file
	done
}

@test "train: --out is the values file; --no-apply and --model-dir alone write none; without either it is the nodes'" {
	virgo -q analytics train --log a.log --labels "$DATA/minutes.json" --model-dir m --no-apply
	virgo -q analytics train --log a.log --labels "$DATA/minutes.json" --model-dir m
	virgo -q analytics train --log a.log --labels "$DATA/minutes.json" --no-apply
	assert_equal "$(ls | tr '\n' ' ')" 'a.log b.log m run '
	virgo -q analytics train --log a.log --labels "$DATA/minutes.json" --no-apply --model-dir m --out c.conf
	grep -q ^SchemaVersion=1 c.conf
	"$VIRGO" up >/dev/null
	virgo -q analytics train --log a.log --labels "$DATA/minutes.json" >said
	cp run/virgo/virgo_kernel_analytics.conf nodes.conf || true
	"$VIRGO" -q down
	grep -q ^SchemaVersion=1 nodes.conf
}

@test "exit statuses of train: 0 written, 1 nothing better, 2 usage and labels, 3 absent, 4 not allowed; nothing changes but at 0" {
	echo old >c.conf
	# the same traffic, half of it called hostile by chance: nothing to be learnt
	{
		for i in {1..60}; do
			for j in {1..6}; do
				printf '2025-11-03T00:%02d:%02dZ h kernel: [1.0] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.%d DST=203.0.113.9 LEN=40 TTL=50 PROTO=TCP SPT=4000 DPT=22 SYN \n' \
					"$i" "$j" "$i"
			done
		done
	} 2>/dev/null | sed 's/T00:60/T01:00/' >same.log
	jq -n '{sources: [range(60) | {ip: "192.0.2.\(. + 1)", malicious: (. % 2 == 0)}]}' >chance.json
	run -1 virgo analytics train --log same.log --labels chance.json --model-dir m --out c.conf
	assert_equal "$(cat c.conf) $(ls -d m 2>/dev/null)" 'old '
	run -2 virgo analytics train --log a.log --nosuch
	run -2 virgo analytics train --log a.log --seed x
	echo '{"sources":7}' >bad.json
	run -2 virgo analytics train --log a.log --labels bad.json --model-dir m --out c.conf
	run -3 virgo analytics train --log nolog --model-dir m --out c.conf
	run -3 virgo analytics train --log a.log --labels nolabels --model-dir m --out c.conf
	run -3 virgo analytics train --log a.log --labels "$DATA/minutes.json" --out no/c.conf
	chmod 0 b.log
	chmod 755 "$BATS_TEST_TMPDIR"
	as=()
	[[ $(id -u) != 0 ]] || as=(setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search)
	run -4 "${as[@]}" "$VIRGO" analytics train --log b.log --model-dir m --out c.conf
	assert_equal "$(cat c.conf) $(ls -d m 2>/dev/null)" 'old '
	run -0 virgo -q analytics train --log a.log --labels "$DATA/minutes.json" --model-dir m --out c.conf
	assert [ "$(cat c.conf)" != old ]
}

@test "predict --kind sources|windows|exec -o ndjson F…: the members, their types, whole minutes" {
	virgo -q analytics train --log a.log --labels "$DATA/minutes.json" --model-dir m
	virgo analytics predict --model-dir m --kind sources -o ndjson b.log >s
	assert_equal "$(shape s)" '["ip:string","lines:number","hostile:boolean","score:number"]'
	virgo analytics predict --model-dir m --kind windows -o ndjson b.log >w
	assert_equal "$(shape w)" '["start:string","end:string","lines:number","anomalous:boolean","score:number","kind:string"]'
	jq -es 'all((.start | sub("\\+00:00$"; "Z") | fromdate) as $s | (.end | sub("\\+00:00$"; "Z") | fromdate) == $s + 60 and $s % 60 == 0)' w
	jq -es 'all(.kind | IN("none", "oom", "io", "net", "cpu", "other"))' w
	jq -es 'all(.score >= 0 and .score <= 1 and (.score > .5) == .anomalous)' w
	virgo analytics predict --model-dir m --kind exec -o ndjson b.log >e
	assert_equal "$(shape e)" '["line:number","fn:string","arg_bytes:number","node:number","us:number","predicted_us:number"]'
	# several logs are one machine's; nothing but rows on standard output
	virgo analytics predict --model-dir m --kind exec -o ndjson a.log b.log 2>/dev/null | wc -l >n
	assert_equal "$(<n)" "$(cat a.log b.log | grep -c 'virgo_cpupool: exec fn=')"
	run -2 virgo analytics predict --model-dir m --kind all b.log
	run -3 virgo analytics predict --model-dir m --kind exec nolog
}

@test "top -n N -o tsv F…: address, TAB, count; nothing else" {
	run -0 --separate-stderr virgo analytics top -n 3 -o tsv a.log b.log
	assert_equal "$output" "$(cat a.log b.log | mawk '/\[UFW BLOCK\] /{for(i=1;i<=NF;i++)if($i~/^SRC=/){c[substr($i,5)]++;break}}
		END{for(k in c)print k"\t"c[k]}' | sort -k2,2nr -k1,1V | head -n 3)"
	assert_equal "$stderr" ''
	run -0 virgo analytics top -n 1 -o tsv a.log
	assert_equal "${#lines[@]}" 1
	run -2 virgo analytics top -n 0 -o tsv a.log
	run -3 virgo analytics top -n 1 -o tsv nolog
}
