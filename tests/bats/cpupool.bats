#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Running programs and functions for others: what comes back, what is refused, what is ended, and that nothing is left.

load helpers

setup()
{
	node_setup
	MODULES=(virgo_mempool virgo_cpupool)
	HELPER=$TOP/build/virgo_kernelupcall_plugin
	FUNCTIONS=$TOP/build/functions
	# who runs them must be able to get here
	WORK=$(mktemp -d /tmp/virgo-cpupool.XXXXXX)
	chmod 755 "$WORK"
	mkdir -m 777 "$WORK/out"
}

teardown()
{
	node_teardown
	rm -rf "$WORK"
}

# start LINE...: a node that runs what is in /usr/bin and $WORK
start()
{
	node_conf "exec_helper = $HELPER" "exec_functions = $FUNCTIONS" "exec_allow = /usr/bin/, $WORK/, $FUNCTIONS/" "$@"
	[[ -s $KEYS ]] || node_keys tester rights=read,write,exec,admin
	node_start
}

# A node that was started anew waits until it can tell a request from an old one.
takes_changes()
{
	scurl -o /dev/null -f -X POST "$CPU/v1/exec" --data-binary '{"kind":"kernel","name":"virgo_node_facts"}' 2>/dev/null
}

restart()
{
	node_start
	poll_until "$PATIENCE" takes_changes
}

# script NAME: a program of standard input's lines, which may be run
script()
{
	cat >"$WORK/$1"
	chmod 755 "$WORK/$1"
}

# exec_it JSON [CURL-OPTION...]: run it; the members of the result are variables of their own
exec_it()
{
	local json=$1

	shift
	ask 200 POST "$CPU/v1/exec" --data-binary "$json" "$@"
	stdout='' stderr='' status='' exit='' signal='' truncated='' value=''
	eval "$(jq -r 'to_entries[] | select(.key | IN("status", "exit", "signal", "stdout", "stderr", "truncated", "value",
		"stdout_bytes", "stderr_bytes", "stdout_b64", "us")) | "\(.key)=\(.value | tostring | @sh)"' answer.body)"
	# as command substitution has it, but for one line end alone
	stdout=${stdout%$'\n'} stderr=${stderr%$'\n'}
}

# Is a process alive that has this word among its arguments?
alive()
{
	pgrep -f -- "$1" >/dev/null
}

not_alive()
{
	! alive "$1"
}

# bats test_tags=smoke
@test "a program's exit status, output, error output, arguments and input arrive as they are" {
	start
	exec_it '{"name":"true"}'
	assert_equal "$status $exit $signal $stdout$stderr$truncated" 'exited 0 0 false'
	exec_it '{"name":"/usr/bin/false"}'
	assert_equal "$status $exit" 'exited 1'
	script both <<-'END'
		#!/bin/sh
		printf 'out:%s\n' "$@"
		echo "err:$#" >&2
		cat
		exit 37
	END
	exec_it "{\"name\":\"$WORK/both\",\"args\":[\"a b\",\"\",\"\$HOME;\`id\`\",\"ü\\\"'\"],\"stdin\":\"in\\nput\"}"
	assert_equal "$status $exit" 'exited 37'
	assert_equal "$stdout" $'out:a b\nout:\nout:$HOME;`id`\nout:ü"\'\nin\nput'
	assert_equal "$stderr" 'err:4'
	# not text: as base64, byte for byte
	exec_it '{"name":"printf","args":["\\000\\377\\n"]}'
	assert_equal "$stdout_b64" 'AP8K'
	exec_it '{"name":"od","args":["-An","-tx1"],"stdin_b64":"AP8K"}'
	assert_equal "$stdout" ' 00 ff 0a'
	node_stop
}

@test "a program sees a clean environment, its directory, umask and limits, and nothing of ours is open in it" {
	start "exec_cwd = $WORK/out" 'exec_umask = 027' 'exec_files = 77' 'exec_path = /usr/bin:/bin'
	exec_it '{"name":"env","env":{"A":"b c","EMPTY":""}}'
	run sort <<<"$stdout"
	assert_line 'A=b c'
	assert_line 'EMPTY='
	assert_line 'PATH=/usr/bin:/bin'
	refute_output --regexp 'VIRGO|BATS|SUDO|NOTIFY|LISTEN'
	exec_it '{"name":"env","env":{"PATH":"/x"}}'
	run grep '^PATH=' <<<"$stdout"
	assert_output 'PATH=/usr/bin:/bin'
	exec_it '{"name":"sh","args":["-c","pwd; umask; ulimit -n; echo x >made; ls -l made | cut -c1-10; ls /proc/self/fd | wc -l"]}'
	assert_equal "$stdout" "$WORK/out"$'\n0027\n77\n-rw-r-----\n4'
	exec_it '{"name":"pwd","cwd":"/usr"}'
	assert_equal "$stdout" '/usr'
	ask 409 POST "$CPU/v1/exec" --data-binary '{"name":"pwd","cwd":"/nowhere"}'
	assert_equal "$code" exec.failed
	node_stop
}

@test "programs run as the configured user, who has no rights beyond" {
	[[ $(id -u) = 0 ]] || skip 'only root can be somebody else'
	start
	exec_it '{"name":"sh","args":["-c","id -un; id -Gn; grep -E ^Cap /proc/self/status | tr -s \"\\t\\n\" \" \"; grep NoNewPrivs /proc/self/status"]}'
	assert_regex "$stdout" $'^nobody\nnogroup\n'
	assert_regex "$stdout" 'CapInh: 0+ CapPrm: 0+ CapEff: 0+ CapBnd: 0+ '
	assert_regex "$stdout" $'NoNewPrivs:\t1'
	exec_it '{"name":"cat","args":["/etc/shadow"]}'
	assert_equal "$exit" 1
	node_stop
	node_conf "exec_helper = $HELPER" 'exec_allow = /usr/bin/' 'exec_user = no-such-user'
	restart
	ask 409 POST "$CPU/v1/exec" --data-binary '{"name":"true"}'
	assert_equal "$code" exec.failed
	node_stop
}

@test "nothing runs but what is allowed, whatever it is called" {
	cp /usr/bin/id "$WORK/id2"
	mkdir -p "$BATS_TEST_TMPDIR/else"
	cp /usr/bin/id "$BATS_TEST_TMPDIR/else/secret"
	ln -s "$BATS_TEST_TMPDIR/else/secret" "$WORK/link"
	ln -s /usr/bin/true "$WORK/fine"
	node_conf "exec_helper = $HELPER" "exec_allow = /usr/bin/true, $WORK/"
	node_keys tester rights=read,write,exec,admin
	node_start
	exec_it '{"name":"true"}'
	assert_equal "$exit" 0
	exec_it "{\"name\":\"$WORK/id2\"}"
	assert_equal "$exit" 0
	exec_it "{\"name\":\"id2\"}"
	assert_equal "$exit" 0
	# a name is allowed by its own entry or not at all, wherever it leads: there are programs that heed their names
	ask 403 POST "$CPU/v1/exec" --data-binary "{\"name\":\"$WORK/fine\"}"
	assert_equal "$code" exec.not_allowed
	ask 403 POST "$CPU/v1/exec" --data-binary "{\"name\":\"$WORK/link\"}"
	assert_equal "$code" exec.not_allowed
	ask 403 POST "$CPU/v1/exec" --data-binary '{"name":"/usr/bin/id"}'
	assert_equal "$code" exec.not_allowed
	ask 404 POST "$CPU/v1/exec" --data-binary '{"name":"id"}'
	assert_equal "$code" exec.not_found
	ask 404 POST "$CPU/v1/exec" --data-binary "{\"name\":\"$WORK/none\"}"
	assert_equal "$code" exec.not_found
	for name in "$WORK/../etc/x" ../id ./id2 a/b /usr/bin/ /; do
		ask 400 POST "$CPU/v1/exec" --data-binary "{\"name\":\"$name\"}"
		assert_equal "$code" exec.bad_request
	done
	mkdir "$WORK/dir"
	echo 'no program' >"$WORK/text"
	for name in "$WORK/dir" "$WORK/text"; do
		run scurl -o answer.body -w '%{http_code}' -X POST "$CPU/v1/exec" --data-binary "{\"name\":\"$name\"}"
		assert_output --regexp '^40[39]$'
	done
	node_stop
	# empty by default
	node_conf "exec_helper = $HELPER"
	restart
	ask 403 POST "$CPU/v1/exec" --data-binary '{"name":"true"}'
	assert_equal "$code" exec.not_allowed
	assert_regex "$(jq -r .detail answer.body)" exec_allow
	exec_it '{"kind":"kernel","name":"virgo_node_facts"}'
	assert_equal "$exit" 0
	node_stop
}

@test "a link that is swapped all the time gets nothing else to run" {
	local i run=0 refused=0

	only virgod 'a race is faster here'
	mkdir -p "$BATS_TEST_TMPDIR/else"
	printf '#!/bin/sh\necho secret\n' >"$BATS_TEST_TMPDIR/else/secret"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/else" "$BATS_TEST_TMPDIR/else/secret"
	script good <<<$'#!/bin/sh\necho good'
	start
	(
		while :; do
			ln -sfn "$WORK/good" "$WORK/swap.new" && mv -T "$WORK/swap.new" "$WORK/swap"
			ln -sfn "$BATS_TEST_TMPDIR/else/secret" "$WORK/swap.new" && mv -T "$WORK/swap.new" "$WORK/swap"
		done
	) 2>/dev/null 3>&- &
	BACKGROUND+=("$!")
	for ((i = 0; i < 60; i++)); do
		scurl -X POST "$CPU/v1/exec" --data-binary "{\"name\":\"$WORK/swap\"}" >answer.body
		! grep -q secret answer.body || ! grep -q '"exited"' answer.body
		! grep -q '"good' answer.body || run=$((run + 1))
		! grep -q not_allowed answer.body || refused=$((refused + 1))
	done
	echo "$run run, $refused refused"
	assert [ $run -gt 0 ]
	assert [ $refused -gt 0 ]
	node_stop
}

@test "keys: the right to run, and only what lies under their prefixes" {
	script jobs-a <<<$'#!/bin/sh\necho a'
	node_keys reader rights=read,write,admin
	start
	ask 403 POST "$CPU/v1/exec" --data-binary '{"name":"true"}'
	assert_equal "$code" auth.rights
	ask 200 GET "$CPU/v1/load"
	ask 200 GET "$CPU/v1/functions"
	node_keys narrow rights=exec services=cpupool "prefixes=$WORK/jobs-"
	node_conf "exec_helper = $HELPER" "exec_allow = /usr/bin/, $WORK/"
	KEYFILE=$BATS_TEST_TMPDIR/key.reader
	node_reload
	KEYFILE=$BATS_TEST_TMPDIR/key.narrow
	exec_it "{\"name\":\"$WORK/jobs-a\"}"
	assert_equal "$stdout" a
	ask 403 POST "$CPU/v1/exec" --data-binary '{"name":"/usr/bin/true"}'
	assert_equal "$code" exec.not_allowed
	ask 403 POST "$CPU/v1/exec" --data-binary '{"kind":"kernel","name":"virgo_node_facts"}'
	assert_equal "$code" exec.not_allowed
	node_stop
}

@test "without keys nothing runs" {
	node_conf "exec_helper = $HELPER" 'exec_allow = /usr/bin/'
	node_start
	ask 403 POST "$CPU/v1/exec" --data-binary '{"name":"true"}'
	ask 403 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	exchange 10000 'true\n'
	assert_regex "$answer" '^error: auth'
	ask 200 GET "$CPU/v1/load"
	node_stop
}

# bats test_tags=smoke
@test "kernel functions: the node's own three, their values, what they may read" {
	start
	exec_it '{"kind":"kernel","name":"virgo_cloud_test_kernelspace","args":["a","b c"]}'
	assert_equal "$status $exit $value" 'exited 0 0'
	assert_equal "$stdout" $'virgo_cloud_test_kernelspace() on node 7\nargument 1: a\nargument 2: b c'
	exec_it '{"kind":"kernel","name":"virgo_node_facts"}'
	assert_equal "$(head -n 3 <<<"$stdout")" "node=7
kind=$([[ $VIRGO_HOST = kernel ]] && echo kernel || echo virgod)
release=$(uname -r)"
	ask 201 PUT "$MEM/v1/mem/k" --data-binary 123456789
	exec_it '{"kind":"kernel","name":"virgo_mem_crc","args":["k"]}'
	assert_equal "$stdout" cbf43926
	exec_it '{"kind":"kernel","name":"virgo_mem_crc","args":["none"]}'
	assert_equal "$stdout $value $exit" 'no such key -2 254'
	ask 404 POST "$CPU/v1/exec" --data-binary '{"kind":"kernel","name":"none"}'
	assert_equal "$code" exec.not_found
	# a key that may not read the pool does not read it this way either
	node_keys blind rights=exec services=cpupool
	KEYFILE=$BATS_TEST_TMPDIR/key.tester
	node_reload
	KEYFILE=$BATS_TEST_TMPDIR/key.blind
	exec_it '{"kind":"kernel","name":"virgo_mem_crc","args":["k"]}'
	assert_equal "$value" -13
	node_stop
}

# bats test_tags=smoke
@test "functions of libraries: listed, called, their value and output; one that crashes takes nobody with it" {
	start
	ask 200 GET "$CPU/v1/functions"
	assert_equal "$(jq -r '[.kernel[].name] | index("virgo_node_facts") != null' answer.body)" true
	assert_equal "$(jq -r '[.functions[].name] | index("sample:upper") != null' answer.body)" true
	assert_regex "$(jq -r '.programs | join(" ")' answer.body)" '^/usr/bin/ '
	exec_it '{"kind":"function","name":"sample:upper","stdin":"hello, kernels\n"}'
	assert_equal "$status $exit $value $stdout" 'exited 0 0 HELLO, KERNELS'
	exec_it '{"kind":"function","name":"upper","stdin":"x"}'
	assert_equal "$stdout" X
	ask 404 POST "$CPU/v1/exec" --data-binary '{"kind":"function","name":"sample:none"}'
	assert_equal "$code" exec.not_found
	ask 404 POST "$CPU/v1/exec" --data-binary '{"kind":"function","name":"sample:system"}'
	ask 404 POST "$CPU/v1/exec" --data-binary '{"kind":"function","name":"none:upper"}'
	node_stop
}

@test "output over output_max is counted, not kept, and the program is not held up" {
	local bytes=100000000

	# more takes minutes of an emulated processor
	[[ ${VIRGO_VM-uml} = uml ]] || bytes=2000000
	start 'output_max = 64k'
	exec_it "{\"name\":\"sh\",\"args\":[\"-c\",\"head -c $bytes /dev/zero | tr \\\"\\\\\\\\000\\\" x; echo end >&2\"]}"
	assert_equal "$status $exit $truncated $stdout_bytes $stderr" "exited 0 true $bytes end"
	assert_equal "${#stdout}" 65536
	exec_it '{"name":"sh","args":["-c","head -c 65536 /dev/zero | tr \"\\\\000\" y"]}'
	assert_equal "$truncated ${#stdout}" 'false 65536'
	poll_until "$PATIENCE" eval '[[ $(stat_of services.cpupool.bytes_held) = 0 ]]'
	node_stop
	node_conf "exec_helper = $HELPER" 'exec_allow = /usr/bin/' 'exec_bytes_max = 64k'
	restart
	exec_it '{"name":"sh","args":["-c","head -c 1000000 /dev/zero | tr \"\\\\000\" x"]}'
	assert_equal "$status $truncated $stdout_bytes" 'exited true 1000000'
	assert [ ${#stdout} -le 131072 ]
	node_stop
}

@test "time is limited: everything a program began is ended with it, also who ignores being asked" {
	local word=$RANDOM$RANDOM

	start 'exec_grace = 200ms' 'exec_timeout_max = 5m'
	script stubborn <<-END
		#!/bin/sh
		trap '' TERM HUP INT
		(setsid sleep 7$word) &
		(sleep 7$word; :) &
		echo begun
		sleep 7$word
		sleep 7$word
	END
	exec_it "{\"name\":\"$WORK/stubborn\",\"timeout_ms\":500}"
	assert_equal "$status $exit $stdout" 'timeout -1 begun'
	assert [ "$us" -ge 500000 ]
	poll_until "$PATIENCE" not_alive "7$word"
	# what is left behind by who exits is ended as well
	exec_it "{\"name\":\"sh\",\"args\":[\"-c\",\"setsid sleep 8$word & sleep 8$word & echo on\"]}"
	assert_equal "$status $exit $stdout" 'exited 0 on'
	poll_until "$PATIENCE" not_alive "8$word"
	ask 400 POST "$CPU/v1/exec" --data-binary '{"name":"true","timeout_ms":300001}'
	assert_equal "$code" exec.bad_request
	# killed by somebody else is something else
	exec_it '{"name":"sh","args":["-c","kill -KILL $$"]}'
	assert_equal "$status $exit $signal" 'killed -1 9'
	node_stop
}

@test "a client that goes away ends what runs for it" {
	local word=6$RANDOM$RANDOM pid

	start
	scurl_arguments -X POST "$CPU/v1/exec" --data-binary "{\"name\":\"sleep\",\"args\":[\"$word\"]}"
	curl "${SCURL_ARGS[@]}" >/dev/null 2>&1 3>&- &
	pid=$!
	poll_until "$PATIENCE" alive "sleep $word"
	kill -KILL $pid
	wait $pid || true
	poll_until "$PATIENCE" not_alive "sleep $word"
	poll_until "$PATIENCE" eval '[[ $(stat_of services.cpupool.cancelled) = 1 ]]'
	assert_equal "$(stat_of services.cpupool.running)" 0
	node_stop
}

@test "ndjson: output comes as it appears, whole characters, then the result" {
	local pid

	mkfifo "$WORK/go" "$WORK/on"
	chmod 666 "$WORK/go" "$WORK/on"
	script talk <<-END
		#!/bin/sh
		echo first
		printf 'no end of line'
		echo error >&2
		read -r x <$WORK/go
		printf '\\303'
		read -r x <$WORK/on
		printf '\\244\\n'
		exit 3
	END
	start
	scurl_arguments -N -X POST "$CPU/v1/exec" -H 'Accept: application/x-ndjson' -D answer.head \
		--data-binary "{\"name\":\"$WORK/talk\"}"
	curl "${SCURL_ARGS[@]}" >lines 3>&- &
	pid=$!
	BACKGROUND+=("$pid")
	poll_until "$PATIENCE" eval '[[ $(jq -rj "select(.stream == \"stdout\") | .data" lines) = $'\''first\nno end of line'\'' ]]'
	poll_until "$PATIENCE" grep -q '"stderr","data":"error\\n"' lines
	assert_regex "$(<answer.head)" 'Transfer-Encoding: chunked'
	echo >"$WORK/go"
	echo >"$WORK/on"
	wait $pid
	assert_equal "$(jq -rj 'select(.stream == "stdout") | .data' lines)" $'first\nno end of lineä'
	assert_equal "$(tail -n 1 lines | jq -r '"\(.status) \(.exit) \(.truncated) \(has("stdout"))"')" 'exited 3 false false'
	# half a character that never becomes whole, and what is none
	scurl -X POST "$CPU/v1/exec" -H 'Accept: application/x-ndjson' \
		--data-binary '{"name":"printf","args":["a\\377b\\303"]}' >lines
	assert_equal "$(jq -r 'select(.stream) | .data // (.data_b64 | @base64d | length | tostring)' lines | head -n 1)" a
	assert_equal "$(jq -r 'select(.stream) | (.data // "" | @base64) + (.data_b64 // "")' lines | while read -r x; do base64 -d <<<"$x"; done | od -An -tx1)" ' 61 ff 62 c3'
	# what cannot be started is a plain error
	ask 404 POST "$CPU/v1/exec" -H 'Accept: application/x-ndjson' --data-binary '{"name":"no-such-program"}'
	# an old client gets the same without chunks
	scurl -0 -X POST "$CPU/v1/exec" -H 'Accept: application/x-ndjson' --data-binary '{"name":"echo","args":["x"]}' >lines
	assert_equal "$(wc -l <lines)" 2
	node_stop
}

@test "ndjson to a client that reads slowly: all of it arrives, and the node waits for it" {
	start 'output_max = 8M'
	scurl -X POST "$CPU/v1/exec" -H 'Accept: application/x-ndjson' --limit-rate 4M \
		--data-binary '{"name":"seq","args":["600000"]}' | jq -rj 'select(.stream) | .data' >got
	seq 600000 | cmp - got
	node_stop
}

@test "jobs: begun, seen, waited for, their output read, cancelled, forgotten" {
	local id pids

	mkfifo "$WORK/go"
	chmod 666 "$WORK/go"
	script work <<-END
		#!/bin/sh
		echo one
		read -r x <$WORK/go
		echo two
		echo three >&2
		exit 5
	END
	start
	ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"$WORK/work\"}"
	id=$(jq -r .id answer.body)
	assert_equal "$(field location)" "/v1/jobs/$id"
	poll_until "$PATIENCE" eval 'scurl "$CPU/v1/jobs/$id" | grep -q "\"stdout_bytes\":4,"'
	ask 200 GET "$CPU/v1/jobs/$id"
	assert_equal "$(jq -r '"\(.status) \(.name) \(.key) \(.exit) \(.ended_ms)"' answer.body)" "running $WORK/work tester -1 null"
	ask 200 GET "$CPU/v1/jobs/$id/output"
	assert_equal "$body $(field virgo-job-status) $(field virgo-output-next)" 'one running 4'
	# from there on, waiting for it
	scurl "$CPU/v1/jobs/$id/output?offset=4&wait=60000" >tail 3>&- &
	pids=("$!")
	scurl "$CPU/v1/jobs/$id?wait=60000" >ended 3>&- &
	pids+=("$!")
	echo >"$WORK/go"
	wait "${pids[@]}"
	assert_equal "$(<tail)" two
	assert_equal "$(jq -r '"\(.status) \(.exit) \(.stdout_bytes) \(.stderr_bytes)"' ended)" 'exited 5 8 6'
	ask 200 GET "$CPU/v1/jobs/$id/output?stream=stderr"
	assert_equal "$body $(field virgo-job-status)" 'three exited'
	ask 200 GET "$CPU/v1/jobs/$id/output?offset=8"
	assert_equal "$body" ''
	ask 416 GET "$CPU/v1/jobs/$id/output?offset=9"
	assert_equal "$code" exec.range
	ask 204 DELETE "$CPU/v1/jobs/$id"
	ask 404 GET "$CPU/v1/jobs/$id"
	assert_equal "$code" exec.no_job
	# cancelled
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"sleep","args":["1000"]}'
	id=$(jq -r .id answer.body)
	ask 202 DELETE "$CPU/v1/jobs/$id"
	ask 200 GET "$CPU/v1/jobs/$id?wait=60000"
	assert_equal "$(jq -r .status answer.body)" cancelled
	# what cannot be started says so when asked
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"no-such-program"}'
	ask 200 GET "$CPU/v1/jobs/$(jq -r .id answer.body)?wait=60000"
	assert_equal "$(jq -r .status answer.body)" failed
	for id in 0 x 99999999999999999999 1%20; do
		ask 404 GET "$CPU/v1/jobs/$id"
	done
	node_stop
}

@test "jobs wait in line by priority, so many at a time; who waits in line can be cancelled" {
	local i id ids=()

	mkfifo "$WORK/go"
	chmod 666 "$WORK/go"
	script first <<<$'#!/bin/sh\nread -r x <'"$WORK/go"
	script note <<<$'#!/bin/sh\necho "$1" >>'"$WORK/out/order"
	start 'jobs_running = 1' 'exec_queued = 6'
	ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"$WORK/first\"}"
	for i in 0 5 -5 5 0; do
		ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"$WORK/note\",\"args\":[\"$i/${#ids[@]}\"],\"priority\":$i}"
		ids+=("$(jq -r .id answer.body)")
	done
	ask 200 GET "$CPU/v1/jobs?limit=2&status=queued"
	assert_equal "$(jq -r '[.jobs[].id] | join(" ")' answer.body)" "${ids[0]} ${ids[1]}"
	ask 200 GET "$CPU/v1/jobs?after=$(jq -r .next answer.body)&status=queued"
	assert_equal "$(jq -r '[.jobs[].id] | join(" ")' answer.body)" "${ids[*]:2}"
	assert_equal "$(jq -r .next answer.body)" null
	# the line is full at six
	ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"$WORK/note\",\"args\":[\"gone\"]}"
	id=$(jq -r .id answer.body)
	ask 503 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	assert_equal "$code $(field retry-after)" 'exec.busy 1'
	ask 202 DELETE "$CPU/v1/jobs/$id"
	ask 200 GET "$CPU/v1/jobs/$id"
	assert_equal "$(jq -r .status answer.body)" cancelled
	# runs have slots of their own
	exec_it '{"name":"true"}'
	echo >"$WORK/go"
	for id in "${ids[@]}"; do
		ask 200 GET "$CPU/v1/jobs/$id?wait=60000"
		assert_equal "$(jq -r .status answer.body)" exited
	done
	assert_equal "$(tr '\n' ' ' <"$WORK/out/order")" '5/1 5/3 0/0 0/4 -5/2 '
	node_stop
}

@test "jobs belong to who began them; administrators see all; the oldest are forgotten" {
	local id

	node_keys other rights=exec
	node_keys boss rights=exec,admin
	node_keys tester rights=exec,read
	start 'jobs_kept = 3'
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	id=$(jq -r .id answer.body)
	ask 200 GET "$CPU/v1/jobs/$id?wait=60000"
	KEYFILE=$BATS_TEST_TMPDIR/key.other
	ask 404 GET "$CPU/v1/jobs/$id"
	ask 404 DELETE "$CPU/v1/jobs/$id"
	ask 404 GET "$CPU/v1/jobs/$id/output"
	ask 200 GET "$CPU/v1/jobs"
	assert_equal "$(jq -r '.jobs | length' answer.body)" 0
	KEYFILE=$BATS_TEST_TMPDIR/key.boss
	ask 200 GET "$CPU/v1/jobs"
	assert_equal "$(jq -r '.jobs[].key' answer.body)" tester
	KEYFILE=$BATS_TEST_TMPDIR/key.tester
	for ((i = 0; i < 4; i++)); do
		ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	done
	poll_until "$PATIENCE" eval '[[ $(scurl "$CPU/v1/jobs" | jq ".jobs | length") = 3 ]]'
	ask 404 GET "$CPU/v1/jobs/$id"
	node_stop
}

@test "a node that was stopped or killed says lost of what it ran, and begins with new numbers" {
	local id done_id word=5$RANDOM$RANDOM

	start 'jobs_running = 1'
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	done_id=$(jq -r .id answer.body)
	ask 200 GET "$CPU/v1/jobs/$done_id?wait=60000"
	ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"sleep\",\"args\":[\"$word\"]}"
	id=$(jq -r .id answer.body)
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"echo","args":["waits"]}'
	poll_until "$PATIENCE" alive "sleep $word"
	node_stop
	poll_until "$PATIENCE" not_alive "sleep $word"
	restart
	ask 200 GET "$CPU/v1/jobs"
	assert_equal "$(jq -r '[.jobs[] | "\(.name) \(.status) \(.key)"] | join(", ")' answer.body)" \
		'sleep lost tester, echo lost tester'
	ask 200 GET "$CPU/v1/jobs/$id"
	assert_equal "$(jq -r '"\(.status) \(.exit)"' answer.body)" 'lost -1'
	ask 404 GET "$CPU/v1/jobs/$done_id"
	ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"sleep\",\"args\":[\"1$word\"]}"
	assert [ "$(jq -r .id answer.body)" -gt "$id" ]
	id=$(jq -r .id answer.body)
	if [[ $VIRGO_HOST = virgod ]]; then
		poll_until "$PATIENCE" alive "sleep 1$word"
		kill -KILL "$NODE_PID"
		wait "$NODE_PID" || true
		# what it ran goes with it
		poll_until "$PATIENCE" not_alive "sleep 1$word"
		node_start
		ask 200 GET "$CPU/v1/jobs/$id"
		assert_equal "$(jq -r .status answer.body)" lost
	fi
	node_stop
	poll_until "$PATIENCE" not_alive "$HELPER"
}

# bats test_tags=smoke
@test "a helper that is killed loses what it ran, and is started anew" {
	local word=4$RANDOM$RANDOM pid

	start
	scurl -X POST "$CPU/v1/exec" --data-binary "{\"name\":\"sleep\",\"args\":[\"$word\"]}" >result 3>&- &
	pid=$!
	poll_until "$PATIENCE" alive "sleep $word"
	# the one whose parent is the node or the kernel's helper thread, and not one of its own
	kill -KILL "$(pgrep -o -f "^$HELPER")"
	wait $pid
	assert_equal "$(jq -r '"\(.status) \(.exit)"' result)" 'lost -1'
	poll_until "$PATIENCE" not_alive "sleep $word"
	poll_until "$PATIENCE" eval 'scurl -X POST "$CPU/v1/exec" --data-binary "{\"name\":\"echo\",\"args\":[\"again\"]}" | grep -q again'
	node_stop
}

@test "without a helper programs are refused with the remedy, and functions of the kernel run" {
	node_conf 'exec_helper = /nowhere/helper' 'exec_allow = /usr/bin/'
	node_keys tester rights=read,write,exec,admin
	node_start
	ask 503 POST "$CPU/v1/exec" --data-binary '{"name":"true"}'
	assert_equal "$code" exec.no_helper
	assert_regex "$(jq -r .detail answer.body)" 'exec_helper'
	exec_it '{"kind":"kernel","name":"virgo_node_facts"}'
	assert_equal "$exit" 0
	node_stop
}

@test "one-line commands run a program or a function, on one line" {
	node_keys tester rights=read,write,exec,admin
	start 'plaintext = tester'
	# all of it at once, and no more: each is answered in its turn
	answer=$(raw_eof 10000 'echo  "a  b" c\nvirgo_cloud_test_kernelspace x\nsample:upper\nfalse\nno-such-program\necho "open\n')
	mapfile -t lines <<<"$answer"
	assert_equal "${lines[0]}" 'a  b c'
	assert_equal "${lines[1]}" 'virgo_cloud_test_kernelspace() on node 7\nargument 1: x'
	assert_equal "${lines[2]}" ''
	assert_equal "${lines[3]}" 'error: exec.ended: false exited with 1'
	assert_regex "${lines[4]}" '^error: exec.not_found: program no-such-program on node 7: '
	assert_equal "${lines[5]}" 'error: exec.bad_request: a quote is not closed'
	node_stop
}

# bats test_tags=smoke
@test "stopping with runs and jobs in flight leaves no process, and waits for none" {
	local i word=3$RANDOM$RANDOM pids=()

	start 'jobs_running = 8'
	script stubborn <<<$'#!/bin/sh\ntrap "" TERM\nsleep '"$word; sleep $word"
	for ((i = 0; i < 6; i++)); do
		scurl -X POST "$CPU/v1/exec" --data-binary "{\"name\":\"$WORK/stubborn\"}" >/dev/null 2>&1 3>&- &
		pids+=("$!")
		ask 202 POST "$CPU/v1/jobs" --data-binary "{\"name\":\"$WORK/stubborn\"}"
	done
	poll_until "$PATIENCE" eval '[[ $(stat_of services.cpupool.running) = 6 ]]'
	poll_until "$PATIENCE" alive "$word"
	node_stop
	wait "${pids[@]}" || true
	poll_until "$PATIENCE" not_alive "$word"
	poll_until "$PATIENCE" not_alive "$HELPER"
}

@test "hundreds of runs at once all end as they should" {
	local i n=300 pids=()

	[[ $VIRGO_HOST = virgod ]] || n=60
	start 'exec_running = 100' 'exec_processes = 4096'
	scurl_arguments -X POST "$CPU/v1/exec" --data-binary '{"name":"echo","args":["x"]}'
	for ((i = 0; i < n; i++)); do
		fresh_word 16
		curl "${SCURL_ARGS[@]/x-virgo-nonce: */x-virgo-nonce: $word}" >"out.$i" 2>&1 3>&- &
		pids+=("$!")
		((i % 50 != 49)) || wait "${pids[@]}"
	done
	wait "${pids[@]}"
	assert_equal "$(cat out.* | grep -o '"status":"exited","exit":0,"signal":0,"stdout":"x\\n"' | wc -l)" $n
	assert_equal "$(stat_of services.cpupool.exited)" $n
	node_stop
}

@test "every end is a line that can be learnt from; numbers are in the statistics; the load is told" {
	start
	exec_it '{"name":"true","args":["abc","de"]}'
	exec_it '{"name":"sleep","args":["100"],"timeout_ms":100}'
	assert_regex "$(node_log)" 'virgo_cpupool: exec fn=true arg_bytes=5 node=7 us=[0-9]+'
	assert_regex "$(node_log)" 'virgo_cpupool: ended fn=sleep arg_bytes=3 node=7 us=[0-9]+ how=timeout'
	assert_equal "$(stat_of services.cpupool.timeout)" 1
	assert_regex "$(scurl "$CPU/metrics")" $'\nvirgo_cpupool_exited_total 1\n'
	ask 200 GET "$CPU/v1/load"
	assert_equal "$(jq -r '[.node, .cpus > 0, .load1 >= 0, .running, .queued, .mem_free > 0, .predicted_us > 0, .degraded] | join(" ")' answer.body)" \
		'7 true true 0 0 true true false'
	node_stop
}

# learnt_of NAME FILTER: of what the node tells of a learnt value
learnt_of()
{
	scurl -f "$CTL/v1/analytics" | jq -r --arg name "$1" ".values[] | select(.name == \$name) | $2"
}

@test "a node whose learnt values say it is degraded tells so, and takes no new jobs until they expire" {
	local now

	start 'analytics_mode = apply'
	printf -v now '%(%s)T' -1
	printf '%s\n' SchemaVersion=1 "Generated=$now" "ValidForSec=$((PATIENCE / 3))" ModelVersion=1 ModelQualityPermille=900 TrainRows=9 \
		AnomalyScorePermille=800 AnomalyThresholdPermille=700 AnomalyKind=oom >"$VALUES"
	ask 200 POST "$CTL/v1/analytics/reload" -H 'Content-Length: 0'
	ask 200 GET "$CPU/v1/load"
	assert_equal "$(jq .degraded answer.body)" true
	ask 503 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	assert_equal "$code" exec.degraded
	# who waits for it is served
	exec_it '{"name":"true"}'
	assert_equal "$(learnt_of AnomalyScorePermille '.applied, .in_force, .acted')" $'true\n800\n1'
	poll_until $((PATIENCE * 2)) eval 'scurl "$CPU/v1/load" | grep -q "\"degraded\":false"'
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	node_stop
}

@test "an anomaly in shadow is counted and logged, and nothing is done" {
	local now

	start
	printf -v now '%(%s)T' -1
	printf '%s\n' SchemaVersion=1 "Generated=$now" ValidForSec=600 ModelVersion=1 ModelQualityPermille=900 TrainRows=9 \
		AnomalyScorePermille=800 AnomalyThresholdPermille=700 AnomalyKind=oom >"$VALUES"
	ask 200 POST "$CTL/v1/analytics/reload" -H 'Content-Length: 0'
	ask 200 GET "$CPU/v1/load"
	assert_equal "$(jq .degraded answer.body)" false
	ask 202 POST "$CPU/v1/jobs" --data-binary '{"name":"true"}'
	assert_equal "$(learnt_of AnomalyScorePermille '.applied, .would_be, .acted, .would_have_acted')" $'false\n800\n0\n1'
	assert_regex "$(node_log)" 'node 7 would be, .* degraded: AnomalyScorePermille 800 .* kind oom'
	node_stop
}

@test "bodies that say something else are refused with what is wrong" {
	local json

	start
	for json in '' '{' '[]' '{}' '{"name":1}' '{"name":"true","argv":[]}' '{"name":"true","args":[1]}' '{"name":"true","kind":"x"}' \
		'{"name":"true","env":{"A=":"x"}}' '{"name":"true","timeout_ms":0}' '{"name":"true","stdin_b64":"?"}' \
		'{"name":"true","cwd":"here"}' '{"name":"tr\u0000ue"}' '{"name":"true","priority":1000}'; do
		ask "$([[ $json ]] && echo 400 || echo 411)" POST "$CPU/v1/exec" ${json:+--data-binary "$json"}
		[[ -z $json ]] || assert_equal "$code" exec.bad_request
	done
	printf '{"name":"true","args":["%090000d"]}' 1 >long
	ask 413 POST "$CPU/v1/exec" --data-binary @long
	assert_equal "$code" exec.too_large
	ask 405 GET "$CPU/v1/exec"
	node_stop
}
