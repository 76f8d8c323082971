#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# virgo analytics report: text, JSON and the page, of a training alone and of logs, among them one that holds markup. No node
# runs. A browser looks at the page where there is one.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

setup_file()
{
	export VIRGO=${VIRGO:-$BATS_TEST_DIRNAME/../../build/virgo} DATA=$BATS_TEST_DIRNAME/../data/kernlog
	cd "$BATS_FILE_TMPDIR"
	"$VIRGO" -q analytics train --log "$DATA/minutes.log.zst" --labels "$DATA/minutes.json" --model-dir model --out values.conf
	# an attacker who names a device or a function
	zstdcat "$DATA/minutes2.log.zst" | awk '{ print }
		/nvme nvme0: I\/O .* timeout/ { sub(/nvme nvme0: .*/, ""); print $0 "nvme nvme0: I/O 9 QID 3 timeout, aborting <script>document.title=\"owned\"</script><img src=x onerror=alert(1)> \033[31m \342\200\256 &lt; end" }
		/exec fn=virgo_fft/ && ++n < 9 { sub(/fn=virgo_fft/, "fn=<iframe/src=//x>"); print }' >evil.log
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	ln -s "$BATS_FILE_TMPDIR/model" model
	EVIL=$BATS_FILE_TMPDIR/evil.log
}

virgo()
{
	"$VIRGO" "$@"
}

# the page is XML but for what HTML leaves open: <meta>, <br> and the first line
well_formed()
{
	command -v xmllint >/dev/null || return 0
	sed -E 's,^<!DOCTYPE html>,,; s,<(meta|br)([^>]*)>,<\1\2/>,g' "$1" | xmllint --noout -
}

@test "of a training alone: where it comes from, each model beside its baseline, what was written; no log is read" {
	run -0 virgo analytics report --model-dir model
	assert_line --regexp '^model      model, trained 20[0-9-]+ [0-9:]+ UTC, feature version [0-9]+, seed 0$'
	assert_line --regexp "^from       .*minutes.log.zst  sha256 $(sha256sum <"$DATA/minutes.log.zst" | cut -c1-16)"
	assert_line 'values     values.conf'
	assert_equal "$(grep -c '^hand rule ' <<<"$output")" 3
	assert_line --regexp '^alarms     [0-9]+ of [0-9]+ minutes; '
	assert_line --regexp '^deny       [0-9.]+ +[0-9]+ lines +[0-9]+ ports'
	run -0 virgo analytics report --model-dir model -o json
	jq -e '.manifest.feature_version > 0 and (.manifest.inputs[0].sha256 | length) == 64 and (has("logs") | not) and
		(.training.models | keys) == ["exec","sources","windows"] and (.training.models.windows.curve | length) > 5' <<<"$output"
}

@test "of logs with labels: alarms with the lines behind them, and how right they are" {
	run -0 virgo analytics report --model-dir model --labels "$DATA/minutes2.json" "$DATA/minutes2.log.zst"
	assert_line --regexp '^alarms     [0-9]+ of 255 minutes'
	assert_equal "$(grep -c '^measured ' <<<"$output")" 2
	assert_line --regexp '^           [0-9]+: 2025-11-03T.* kernel: '
	run -0 virgo analytics report --model-dir model --log "$DATA/minutes2.log.zst" --labels "$DATA/minutes2.json" -o json
	jq -e '.logs.trained_on | not' <<<"$output"
	# the figures are those that the rows themselves give
	jq -e '.logs.measured.windows as $m | .logs.windows | ($m.tp == (map(select(.anomalous and .label)) | length)) and
		($m.fp == (map(select(.anomalous and .label == false)) | length)) and
		($m.fn == (map(select((.anomalous | not) and .label)) | length)) and $m.tp > 10' <<<"$output"
	# and the rows those of predict
	jq -r '.logs.windows[] | [.lines, .anomalous, .kind] | @tsv' <<<"$output" >told
	virgo analytics predict --model-dir model --kind windows -o ndjson "$DATA/minutes2.log.zst" |
		jq -r '[.lines, .anomalous, .kind] | @tsv' >predicted
	cmp told predicted
}

@test "a log that the model was made of is no proof, and that is said" {
	cp "$DATA/minutes.log.zst" renamed
	run -0 virgo analytics report --model-dir model --html page.html renamed
	assert_line --partial 'no proof of anything'
	grep -q 'class="warn"' page.html
	run -0 virgo analytics report --model-dir model --html page.html "$DATA/minutes2.log.zst"
	refute_line --partial 'no proof of anything'
	run grep -c 'class="warn"' page.html
	assert_output 0
}

@test "the page needs nothing: no script, no link, nothing to load; all parts are there" {
	virgo -q analytics report --model-dir model --html page.html --labels "$DATA/minutes2.json" "$DATA/minutes2.log.zst"
	assert_equal "$(stat -c %a page.html)" 644
	well_formed page.html
	run grep -cE '<(script|link|img|iframe|object|a|base)\b|@import|url\(|href=|src=' page.html
	assert_output 0
	for part in 'What was written' 'Models beside' 'Minute by minute' Sources 'Precision and recall' 'Run times, predicted' 'Where it comes from' \
		'prefers-color-scheme:dark' '@media print' 'name="viewport"' "default-src 'none'" 'anomaly score' \
		'predicted run time' 'class="alarm"' "$(sha256sum <"$DATA/minutes.log.zst" | cut -d' ' -f1)"; do
		grep -q -- "$part" page.html || fail "no $part"
	done
	# the same again is the same but for its own time
	virgo -q analytics report --model-dir model --html page2.html --labels "$DATA/minutes2.json" "$DATA/minutes2.log.zst"
	assert_equal "$(grep -v 'Report of' page.html | sha256sum)" "$(grep -v 'Report of' page2.html | sha256sum)"
	assert_equal "$(ls | tr '\n' ' ')" 'model page.html page2.html '
}

@test "markup in a log is text, on the page and on a terminal" {
	run -0 virgo analytics report --model-dir model --html page.html "$EVIL"
	refute_output --partial $'\033'
	refute_output --partial $'\342\200\256'
	well_formed page.html
	run grep -cE '<script|<img|<iframe' page.html
	assert_output 0
	grep -q '&lt;script&gt;document.title=&quot;owned&quot;&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; .x1b\[31m .xe2.x80.xae &amp;lt; end' page.html
	grep -q '&lt;iframe/src=//x&gt;' page.html
	# a name of a log, too
	cp "$DATA/train.log.gz" '<b onload=1>.log'
	virgo -q analytics train --log '<b onload=1>.log' --labels "$DATA/train.json" --model-dir '<i>'
	virgo -q analytics report --model-dir '<i>' --html page.html
	grep -q '&lt;b onload=1&gt;.log' page.html
	run grep -cE '<b onload|<i>' page.html
	assert_output 0
}

@test "empty cases say so: no model of a kind, no minute, no source, no run" {
	virgo -q analytics train --log "$DATA/train.log.gz" --labels "$DATA/train.json" --model-dir few
	run -0 virgo analytics report --model-dir few --html few.html
	assert_line --regexp '^not kept   .*are needed'
	well_formed few.html
	grep -q 'no model, because .*are needed' few.html
	grep -q 'no values file was asked for' few.html
	printf '2025-11-03T00:00:07Z h kernel: [1.0] quiet\n' >quiet.log
	run -0 virgo analytics report --model-dir model --html quiet.html quiet.log
	assert_line --partial 'none of a function that the model knows'
	well_formed quiet.html
	grep -q 'No source in these logs has enough lines' quiet.html
	grep -q 'No run with a prediction' quiet.html
	run grep -ciE 'nan|inf[^o]' <(grep -o ' d="[^"]*"' quiet.html)
	assert_output 0
}

@test "what is wrong is said in a line, and no page is written" {
	run -2 virgo analytics report
	assert_output --partial '--model-dir is missing'
	run -3 virgo analytics report --model-dir nowhere --html page.html
	run -2 virgo analytics report --model-dir model --labels "$DATA/minutes2.json" --html page.html
	assert_output --partial 'labels without a log'
	run -3 virgo analytics report --model-dir model --html page.html nolog
	run -2 virgo analytics report --model-dir model --html -
	run -3 virgo analytics report --model-dir model --html no/page.html
	cp -rL model broken
	printf ' ' >>broken/report.json
	run -2 virgo analytics report --model-dir broken --html page.html
	assert_output --partial 'report.json is damaged'
	assert_equal "$(ls | tr '\n' ' ')" 'broken model '
}

@test "a browser runs nothing of it, and nothing stands beyond the page's edge" {
	local browser

	browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip 'no chromium'
	virgo -q analytics report --model-dir model --html page.html --labels "$DATA/minutes2.json" "$EVIL"
	run -0 --separate-stderr timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir=profile --dump-dom "file://$PWD/page.html"
	assert_regex "$output" '<title>VIRGO analytics</title>'
	refute_regex "$output" '<script'
	refute_regex "$output" 'onerror="'
	# how wide it is in a frame of a phone, and in that of a desk, as another page of this directory sees it
	cat >frames.html <<-'END'
	<!DOCTYPE html><title>x</title><body><iframe src="page.html" width="360" height="500"></iframe><iframe src="page.html" width="1100" height="500"></iframe>
	<script>onload = () => { document.title = [...document.querySelectorAll('iframe')].map(f => f.contentDocument.documentElement.scrollWidth -
		f.contentDocument.documentElement.clientWidth).join(' ') }</script>
	END
	run -0 --separate-stderr timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir=profile --allow-file-access-from-files \
		--dump-dom "file://$PWD/frames.html"
	assert_regex "$output" '<title>0 0</title>'
}
