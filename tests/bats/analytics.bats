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

# A log of @1 lines made from seed @2, with every kind of line; a fifth are not to be counted. What is to be counted goes to the file @3, an
# address a line. Awk's own generator of numbers, so that nothing but awk is needed.
make_log()
{
	mawk -v n="$1" -v seed="$2" -v truth="$3" '
	function r(k) { x = (x * 16807) % 2147483647; return x % k }
	function ip() { return r(6) ? "198.51." r(3) "." r(9) : "2001:db8::" sprintf("%x", 1 + r(20)) }
	BEGIN {
		x = seed * 7919 + 1; split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", mon, " ")
		for (i = 0; i < n; i++) {
			s = i % 86400
			hms = sprintf("%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
			k = r(4); head = k == 0 ? "2025-11-03T" hms ".123456+00:00 node1" : k == 1 ? "Nov  3 " hms " h" : k == 2 ? "2025-11-03T" hms "Z a.b" : ""
			head = head (k == 3 ? "" : " kernel: ")
			up = sprintf(r(2) ? "[%5d.%06d] " : "[%d.%06d] ", i, r(999999))
			if (k == 3 || r(3)) head = head up
			a = ip(); f = "IN=eth0 OUT= MAC=02:00:5e SRC=" a " DST=203.0.113.9 LEN=" 40 + r(1400) " TOS=0x00 TTL=50 ID=1 "
			k = r(12)
			if (k == 0) line = head "usb 1-1: Product: [UFW BLOCK] " f
			else if (k == 1) line = head "[UFW ALLOW] " f
			else if (k == 2) line = "2025-11-03T" hms "Z h logger: kernel: [1.0] [UFW BLOCK] " f
			else if (k == 3) line = head "[UFW BLOCK] IN=eth0 OUT= MAC=02 SRC=" substr(a, 1, 3)
			else {
				line = head "[UFW BLOCK] " f (r(3) ? "PROTO=TCP SPT=" r(65536) " DPT=22 SYN " : "PROTO=ICMP TYPE=3 CODE=1 [SRC=9.9.9.9 DST=8.8.8.8 LEN=3 ] ")
				print a >truth
			}
			print line
		}
	}'
}

# The loudest of a list of addresses, as reference() has them.
loudest()
{
	sort "$1" | uniq -c | mawk '{print $2 "\t" $1}' | sort -k2,2nr -k1,1V | head -n "$2"
}

@test "top: every kind of line, on logs of random lines, counts as it was made" {
	for seed in 1 2 3 4 5; do
		make_log 5000 "$seed" truth >random.log
		run virgo analytics top -n 1000 -o tsv random.log
		assert_success
		# equal counts of the two kinds of addresses may stand in another order
		assert_equal "$(sort <<<"$output")" "$(loudest truth 1000 | sort)"
	done
}

@test "top: a rotated log in parts, plain, gzip and zstd, by a pattern and one by one, oldest first" {
	command -v zstd || skip "zstd is not installed"
	zcat "$DATA/other.log.gz" >all.log
	reference 50 <all.log >want
	split -n l/4 -d all.log part
	mv part00 kern.log.3
	mv part01 kern.log.2
	mv part02 kern.log.1
	mv part03 kern.log
	gzip kern.log.3
	zstd -q --rm kern.log.2
	run virgo analytics top -n 50 -o tsv 'kern.log*'
	assert_output "$(cat want)"
	run virgo analytics top -n 50 -o tsv kern.log kern.log.1 kern.log.3.gz kern.log.2.zst
	assert_output "$(cat want)"
	run bash -c 'cat kern.log.2.zst | "$0" analytics top -n 5 -o tsv -' "$VIRGO"
	assert_output "$(zstdcat kern.log.2.zst | reference 5)"
	# a part that is just being packed is there once
	gzip -k kern.log.1
	run virgo analytics top -n 50 -o tsv 'kern.log*'
	assert_output "$(cat want)"
	run virgo analytics top 'nothing*'
	assert_failure 3
	assert_output --partial "no log matches nothing*"
	head -c 1000 kern.log.2.zst >cut.zst
	run virgo analytics top cut.zst
	assert_failure 2
	assert_output --partial 'cut.zst: the zstd data end too early'
}

@test "top --state: no line is lost or counted twice while the log is written and rotated" {
	make_log 20000 9 truth >all.log
	# a writer that rotates in each way there is and never loses a part, and a reader that never waits for it
	(
		set +e
		trap ': >finished' EXIT
		parts=0
		shift_parts()
		{
			for ((k = parts; k; k--)); do
				mv "kern.log.$k.gz" "kern.log.$((k + 1)).gz"
			done
			parts=$((parts + 1))
		}
		while IFS= read -r line; do
			printf '%s\n' "$line" >>kern.log
			i=$((i + 1))
			case $((i % 2500)) in
			700)	shift_parts
				mv kern.log kern.log.1 && gzip kern.log.1 ;;
			1900)	shift_parts
				cp kern.log kern.log.1 && : >kern.log && gzip kern.log.1 ;;
			esac
		done <all.log
	) 3>&- &
	writer=$!
	runs=0
	deadline=$((SECONDS + 120))
	while [ ! -e finished ] && (( SECONDS < deadline )); do
		# at the very moment of a rotation there may be no log at all
		virgo analytics top -o tsv --state state 'kern.log*' >out 2>err || grep 'no log matches\|No such file' err
		runs=$((runs + 1))
	done
	[ -e finished ] || kill "$writer"
	wait "$writer"
	# what the writer itself had lost could not be found by any reader that came late
	mapfile -t logs < <(ls -vr kern.log*)
	zcat -f "${logs[@]}" | cmp - all.log
	(( runs > 1 ))
	run virgo analytics top -n 1000 -o tsv --state state 'kern.log*'
	assert_success
	assert_equal "$(sort <<<"$output")" "$(loudest truth 1000 | sort)"
	[ "$(stat -c %a state)" = 600 ]
	# nothing new, the same answer
	run virgo analytics top -n 1000 -o tsv --state state kern.log
	assert_equal "$(sort <<<"$output")" "$(loudest truth 1000 | sort)"
}

@test "top --state: a broken state starts over and says so" {
	zcat "$DATA/train.log.gz" >kern.log
	virgo analytics top -n 5 -o tsv --state state kern.log >want
	run virgo -o table analytics top -n 5 --state state kern.log
	assert_output --partial '0 of the lines were new'
	refute_output --partial 'from the start'
	printf 'X' | dd of=state bs=1 seek=100 conv=notrunc status=none
	run virgo analytics top -n 5 --state state kern.log
	assert_success
	assert_output --partial 'state: its checksum is wrong; all was read from the start'
	run virgo analytics top -n 5 -o tsv --state state kern.log
	assert_output "$(cat want)"
	run virgo analytics top --state nowhere/state kern.log
	assert_failure 3
	assert_output --partial nowhere/state
}

@test "top: other log prefixes count when they are named, and only at their place" {
	{
		line 198.51.100.1
		line 198.51.100.2 | sed 's/\[UFW BLOCK\] /DROP: /'
		line 198.51.100.3 | sed 's/\[UFW BLOCK\] /nft#011/'
		line 198.51.100.4 | sed 's/\[UFW BLOCK\] /usb 1-1: Product: DROP: /'
	} >fw.log
	run virgo analytics top -o tsv fw.log
	assert_output $'198.51.100.1\t1'
	run virgo analytics top -o tsv --block-prefix 'DROP:' --block-prefix nft fw.log
	assert_output $'198.51.100.1\t1\n198.51.100.2\t1\n198.51.100.3\t1'
	run virgo analytics top --block-prefix '' fw.log
	assert_failure 2
}

@test "top: logs of other kinds than text are read to their end" {
	line 198.51.100.1 >plain
	for log in nuls utf16 binary long; do
		case $log in
		nuls)	head -c 10000000 /dev/zero ;;
		utf16)	line 192.0.2.1 | sed 's/./&\x00/g' ;;
		binary)	head -c 1000000 "$(command -v bash)"; echo ;;
		long)	head -c 10000000 /dev/zero | tr '\0' x; echo ;;
		esac >$log.log
		cat plain >>$log.log
		run virgo analytics top -o tsv $log.log
		assert_success
		assert_output $'198.51.100.1\t1'
	done
}

@test "top: the journal's kernel messages, and only those" {
	remote=/lib/systemd/systemd-journal-remote
	[ -x $remote ] || skip "systemd-journal-remote is not installed"
	entry()
	{
		printf '__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%032d\n_TRANSPORT=%s\n_HOSTNAME=h\nMESSAGE=%s\n\n' \
			$((1767225590000000 + $1)) $((1 + $1)) 1 "$2" "[UFW BLOCK] IN=e OUT= SRC=$3 DST=203.0.113.9 LEN=40 "
	}
	mkdir journal
	{
		entry 1 kernel 198.51.100.1
		entry 2 syslog 192.0.2.66
		entry 3 kernel 198.51.100.1
	} >entries
	$remote -o journal/a.journal entries 2>/dev/null
	run virgo analytics top -o tsv "journal:$PWD/journal"
	assert_success
	assert_output $'198.51.100.1\t2'
	virgo analytics top -o tsv --state state "journal:$PWD/journal"
	entry 4 kernel 198.51.100.2 >entries
	$remote -o journal/a.journal entries 2>/dev/null
	run virgo -o table analytics top --state state "journal:$PWD/journal"
	assert_output --partial '1 of the lines were new'
	run virgo analytics top -o tsv --state state "journal:$PWD/journal"
	assert_output $'198.51.100.1\t2\n198.51.100.2\t1'
}

@test "top: the system's own journal while it is written, and only what is new in it" {
	[ -x /lib/systemd/systemd-journald ] || skip "systemd-journald is not installed"
	unshare -m true 2>/dev/null && [ -w /dev/kmsg ] || skip "needs root and the kernel's log"
	# its own /run and /var/log/journal: whatever journal the machine has is left alone
	cat >live <<-'END'
	set -e
	. "$BATS_TEST_DIRNAME/common.bash"
	logged()
	{
		local id=$RANDOM$RANDOM$RANDOM
		echo "<4>[UFW BLOCK] IN=e OUT= MAC=02:00 SRC=$1 DST=203.0.113.9 LEN=40 ID=$id " >/dev/kmsg
		poll_until 15 said $id
	}
	said()
	{
		journalctl -k --no-pager | grep -q "ID=$1 "
	}
	mount -t tmpfs none /run
	mkdir -p /run/systemd/journal /run/systemd/units /run/log/journal
	if [ -d /var/log/journal ]; then mount -t tmpfs none /var/log/journal; fi
	/lib/systemd/systemd-journald &
	trap 'kill $!; wait $!' EXIT
	logged 203.0.113.$1
	"$VIRGO" analytics top -n 100000 -o tsv --state state journal: >first
	logged 203.0.113.$1
	logged 203.0.113.$2
	"$VIRGO" analytics top -n 100000 -o tsv --state state journal: >second
	END
	# the kernel's log may still hold what an earlier run wrote
	a=$((RANDOM % 100)) b=$((RANDOM % 100 + 100))
	export VIRGO BATS_TEST_DIRNAME
	run unshare -m bash live $a $b
	assert_success
	was=$(awk -v ip=203.0.113.$a '$1 == ip { print $2 }' first)
	[ "$was" -ge 1 ]
	[ "$(awk -v ip=203.0.113.$a '$1 == ip { print $2 }' second)" = $((was + 1)) ]
	grep -q "^203.0.113.$b	" second
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

@test "train --state: a log read in parts, rotated and packed between them, makes the model of the whole" {
	zcat "$DATA/train.log.gz" >all.log
	virgo -q analytics train --log all.log --labels "$DATA/train.json" --model-dir whole --no-apply
	head -n 4000 all.log >kern.log
	run virgo analytics train --log kern.log --labels "$DATA/train.json" --state state --model-dir model --no-apply
	assert_output --partial '4000 of the lines are new'
	assert_equal "$(stat -c %a state)" 600
	sed -n 4001,6000p all.log >>kern.log
	mv kern.log kern.log.1
	sed -n 6001,7000p all.log >kern.log
	run virgo -o json analytics train --log kern.log --labels "$DATA/train.json" --state state --model-dir model --no-apply
	assert_output --partial '"news":3000,"lines":7000,'
	gzip kern.log.1
	sed -n '7001,$p' all.log >>kern.log
	cp state before
	run virgo analytics train --log kern.log --labels "$DATA/train.json" --state state --dry-run
	assert_success
	cmp state before
	run virgo analytics train --log kern.log --labels "$DATA/train.json" --state state --model-dir model --no-apply
	assert_success
	for file in sources.model sources.range; do
		cmp whole/$file model/$file
	done
	grep -q '"from"' model/manifest.json
}

@test "train --state: what is new is the later half; a broken state starts over and says so; whose it is is seen to" {
	zcat "$DATA/train.log.gz" >all.log
	head -n 6000 all.log >kern.log
	run virgo analytics train --log kern.log --state state --model-dir model --no-apply
	assert_output --regexp 'rows of the earlier [0-9]+ \[UFW BLOCK\] lines, labelled by the later'
	tail -n +6001 all.log >>kern.log
	run virgo analytics train --log kern.log --state state --model-dir model --no-apply
	assert_success
	assert_output --regexp "rows of the earlier runs' [0-9]+ \[UFW BLOCK\] lines, labelled by the new"
	# nothing new: the same once more
	cp model/sources.model before
	run virgo analytics train --log kern.log --state state --model-dir model --no-apply
	assert_success
	assert_output --partial 'state      0 of the lines are new'
	cmp before model/sources.model
	printf 'X' | dd of=state bs=1 seek=100 conv=notrunc status=none
	run virgo analytics train --log kern.log --state state --model-dir model --no-apply
	assert_success
	assert_output --partial 'state: its checksum is wrong; all was read from the start'
	run virgo analytics top --state state kern.log
	assert_failure 2
	assert_output --partial 'is the state of "train"'
	run virgo analytics train --log kern.log --log all.log --labels "$DATA/train.json" --labels "$DATA/train.json" --state two
	assert_failure 2
	assert_output --partial 'give one for all'
	run virgo analytics train --log kern.log --state two --state-days 0
	assert_failure 2
	[ ! -e two ]
}

minutes()
{
	virgo analytics train --log "$DATA/minutes.log.zst" --labels "$DATA/minutes.json" --model-dir model --out values.conf "$@"
}

@test "train --state: on quiet nights those who were hostile do not become labels of innocence" {
	# twelve sources as ever, and twelve that scan for three days each; too few a night to be learnt from by themselves
	cat >night.py <<-'END'
	import sys
	from datetime import datetime, timedelta, timezone
	day = int(sys.argv[1])
	begin = datetime(2025, 11, 1, tzinfo=timezone.utc) + timedelta(days=day)
	lines = []
	def refused(at, source, port, flag):
	    lines.append((at, "[UFW BLOCK] IN=eth0 OUT= MAC=02:00 SRC=%s DST=203.0.113.1 LEN=60 TOS=0x00 PREC=0x00 TTL=50 ID=%d DF "
	                  "PROTO=TCP SPT=%d DPT=%d WINDOW=1000 RES=0x00 %s URGP=0 " % (source, at % 60000, 40000 + at % 2000, port, flag)))
	for i in range(12):
	    for k in range(8):
	        refused(i * 300 + k * 9000 + 1, "198.51.100.%d" % (i + 1), 443, "ACK")
	    for k in range(30):
	        refused(2000 + i * 70 + k * 2400, "192.0.%d.%d" % ((day + i % 3) // 3, i + 1), 20 + k, "SYN")
	for at, text in sorted(lines):
	    print((begin + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00"), "h kernel: [1.0]", text)
	END
	for day in {1..11}; do
		python3 night.py "$day" >>kern.log
		virgo -q -o json analytics train --log kern.log --state state --state-days 3 --model-dir model --no-apply >night.$day || true
	done
	# the first four nights are one stretch that begins; from then on as many are hostile each night
	[ "$(jq .models.sources.positives night.5)" -ge 5 ]
	for day in {6..11}; do
		[ "$(jq .models.sources.positives night.$day)" = "$(jq .models.sources.positives night.5)" ]
		(($(jq .models.sources.rows night.$day) > 12))
	done
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

@test "an interrupt ends a read that waits for a pipe" {
	minutes -q
	for command in 'analytics top -' 'analytics train - --dry-run' 'analytics predict --model-dir model --kind lines -' \
		'analytics predict --model-dir model --kind exec -'; do
		# a shell's background jobs ignore SIGINT, and so would virgo
		run python3 -c '
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
r, w = os.pipe()
p = subprocess.Popen([sys.argv[2], "shell", "-c", sys.argv[1] + "; echo $?"], stdin=r, stdout=subprocess.PIPE)
os.write(w, b"2025-11-03T00:00:07.042138+00:00 node1 kernel: [86400.042138] hello\n")
end = time.time() + 30
while time.time() < end and p.poll() is None:
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
p.kill()
out = p.stdout.read()
sys.exit(p.wait() not in (0, 130) and repr((p.wait(), out)))' "$command" "$VIRGO"
		assert_success
	done
}

@test "predict: --kind lines are all lines behind the alarms, and no others" {
	minutes -q
	zstdcat "$DATA/minutes2.log.zst" >log
	virgo analytics predict --model-dir model --kind lines -o ndjson log >lines
	[ "$(jq -c keys_unsorted lines | sort -u)" = '["file","line","ip","start","kind","score","text"]' ]
	# each as it stands in the log, in its order
	jq -r '"\(.line)\t\(.text)"' lines >given
	awk -F '\t' 'NR == FNR { want[$1]; next } FNR in want { print FNR "\t" $0 }' given log >stand
	cmp given stand
	# every packet of every hostile source, each alarm's source and minute
	virgo analytics predict --model-dir model --kind sources -o ndjson log | jq -r 'select(.hostile) | "\(.ip) \(.lines)"' | sort >sources
	jq -r 'select(.ip) | .ip' lines | sort | uniq -c | awk '{ print $2, $1 }' | sort >counted
	cmp sources counted
	virgo analytics predict --model-dir model --kind windows -o ndjson log | jq -r 'select(.anomalous) | "\(.start) \(.kind)"' >windows
	jq -r 'select(.start) | "\(.start) \(.kind)"' lines | uniq >minutes
	[ -s minutes ]
	[ -z "$(comm -13 <(sort -u windows) <(sort -u minutes))" ]
	(($(wc -l <minutes) * 10 >= $(wc -l <windows) * 8))
	[ -z "$(jq -c 'select(.score <= 0.5 or (.ip == null and .start == null))' lines)" ]
	# through a pipe, packed too, and of one model alone
	cat log | virgo analytics predict --model-dir model --kind lines -o ndjson - | jq -c 'del(.file)' >piped
	cmp piped <(jq -c 'del(.file)' lines)
	cat "$DATA/minutes2.log.zst" | virgo analytics predict --model-dir model --kind lines -o ndjson - | jq -c 'del(.file)' >piped
	cmp piped <(jq -c 'del(.file)' lines)
	jq 'del(.models.windows)' model/manifest.json >less && mv less model/manifest.json
	virgo analytics predict --model-dir model --kind lines -o ndjson log >fewer
	cmp <(jq -c '[.line, .ip]' fewer) <(jq -c 'select(.ip) | [.line, .ip]' lines)
	[ -z "$(jq -c 'select(.start)' fewer)" ]
	jq 'del(.models.sources)' model/manifest.json >less && mv less model/manifest.json
	run virgo analytics predict --model-dir model --kind lines log
	assert_failure 2
	assert_output --partial 'no model of sources or windows'
	run virgo analytics predict --model-dir model --kind lines --explain log
	assert_failure 2
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

# ras FAULT…: 200 minutes of a supercomputer's log, a FAULT in each fifth, one after the other
ras()
{
	local i t class text faults=("$@")
	for i in $(seq 200); do
		t=$((1117838580 + i * 600)) class=-
		case $((i % 7)) in
		0)	text="RAS KERNEL INFO instruction cache parity error corrected" ;;
		1)	text="RAS APP FATAL ciod: Error loading /home/u$i: invalid or missing program image" ;;
		2)	text="RAS KERNEL FATAL data address: 0x00$i" ;;
		*)	text="RAS KERNEL INFO generating core.$i" ;;
		esac
		(( i % 5 )) || class=FAULT text="RAS KERNEL FATAL ${faults[i / 5 % $#]}"
		printf '%s %d 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 %s\n' "$class" $t "$text"
	done
}

@test "train: where minutes hold a line or two, a fault of a new kind is told by the words it shares; by labels as by a column" {
	ras "data TLB error interrupt" "instruction storage interrupt" >column.log
	awk '{ printf "%s{\"start\":%d,\"anomalous\":%s}", (NR > 1 ? "," : "{\"windows\":["), $2, ($1 == "-" ? "false" : "true") }
		END { print "]}" }' column.log >labels.json
	cut -d' ' -f2- column.log >given.log
	ras "data storage interrupt" | cut -d' ' -f2- >new.log
	virgo analytics train --log column.log --model-dir column
	run virgo analytics train --log given.log --labels labels.json --model-dir given
	assert_success
	assert_output --partial 'labels     given'
	for model in column given; do
		virgo analytics predict --model-dir $model --kind windows -o ndjson new.log >said
		[ "$(jq -s 'map(select(.anomalous))|length' said)" = 40 ] || fail "$model: $(cat said)"
	done
	[ "$(jq -s length said)" = 200 ]
	# what has nothing in common with anything known is none, nor what is no message at all
	for i in $(seq 50); do
		printf '%d 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 %s\n' $((1117838580 + i * 600)) "xylophones quietly rehearse minuets"
	done >strange.log
	for i in $(seq 10 50); do
		echo "Jul  2 00:$i:07 h kernel: [1.5] [UFW BLOCK] IN=eth0 OUT= MAC= SRC=198.51.100.7 DST=203.0.113.10 LEN=40 TOS=0x00 TTL=50 ID=1 PROTO=TCP SPT=1024 DPT=80 WINDOW=1024 RES=0x00 SYN URGP=0"
	done >packets.log
	for log in strange packets; do
		virgo analytics predict --model-dir given --kind windows -o ndjson $log.log >said
		jq -es 'length > 40 and all(.anomalous | not)' said || fail "$log: $(cat said)"
	done
	# why: its words and pairs of them
	virgo analytics predict --model-dir given --kind windows --explain -o ndjson new.log >said
	virgo analytics predict --model-dir given --kind lines -o ndjson new.log >lines
	[ "$(jq -s length lines)" = 40 ]
	jq -es 'map(select(.anomalous).reasons | map(.feature)) | all(any(. == "text:storage interrupt"))' said
	[ "$(jq .models.windows.text_places given/manifest.json)" = 16384 ]
	# a model of another log, which has no use for text, has none
	virgo analytics train --log "$DATA/minutes.log.zst" --labels "$DATA/minutes.json" --model-dir dense
	[ "$(jq .models.windows.text_places dense/manifest.json)" = null ]
}

@test "train: what all lines of a log begin with does not make one message of those that say different things" {
	ras "ciod: failed to read message prefix on control stream" | sed 's/KERNEL FATAL ciod/APP FATAL ciod/' >column.log
	ras "ciod: Error reading message prefix on stream: severed" | sed 's/KERNEL FATAL ciod/APP FATAL ciod/' |
		cut -d' ' -f2- >new.log
	virgo analytics train --log column.log --model-dir column
	virgo analytics predict --model-dir column --kind windows -o ndjson new.log >said
	# Error loading, with which one of those lines begins, is none
	[ "$(jq -sc 'to_entries | map(select(.value.anomalous) | (.key + 1) % 5) | [length, unique]' said)" = '[40,[0]]' ] ||
		fail "$(cat said)"
}

@test "train: labels tell the year of stamps that have none; labels of another time are said to be so" {
	for i in $(seq 10 50); do
		echo "Jul  2 00:$i:07 h kernel: [1.5] usb 1-1: reset"
	done >last-year.log
	year=$(($(date +%Y) - 1))
	printf '{"windows":[{"start":"%d-07-02T00:20:00Z","anomalous":true},{"start":"%d-07-02T00:30:00Z","anomalous":false}]}' $year $year >labels.json
	run virgo analytics train --log last-year.log --labels labels.json --dry-run
	assert_output --partial 'rows       2, 1 of them anomalous'
	# beside another log they may be that one's
	echo "Jul  2 00:10:07 h kernel: [1.5] usb 1-1: reset" >other.log
	run virgo analytics train --log last-year.log --log other.log --labels labels.json --dry-run
	assert_output --partial 'none of 2 labelled minutes is in the log'
	sed -i 's/07-02/06-02/g' labels.json
	run virgo analytics train --log last-year.log --labels labels.json --dry-run
	assert_line --regexp "not kept   none of 2 labelled minutes is in the log: they begin at $year-06-02 00:20, it at 20[0-9]*-07-02 00:10"
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
