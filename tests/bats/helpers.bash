# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154
# What the black-box suites share: one node under test, on one of two hosts, and clients for it. Never leaves a process or a
# module behind, and waits by polling with a deadline, never by sleeping.
#
#	VIRGO_HOST=virgod (default) or kernel (the modules of $VIRGO_KO_DIR, in the running kernel, as root)
#	VIRGOD=FILE	another virgod, for instance one with sanitizers
#
# A suite says `load helpers` and uses what is below. setup and teardown are defined here; a suite with its own calls
# node_setup and node_teardown in them.
#
#	node_conf LINE...	write the configuration: every node's settings, with those given in place of or beside them
#	node_keys [ID [OPTION...]]  add a key to the node's key file and to a file for curl; $KEYFILE names the newest of those
#	node_start [OPTION...]	start the node, which must succeed; options go to virgod only
#	node_stop		stop it; it must end cleanly
#	node_refuse TEXT [OPTION...]  starting must fail with TEXT in its message, and leave nothing behind
#	node_reload		make it read its files anew; wait until it has
#	node_log		what it logged in this test
#	$ADDR $MEM $CPU $CTL $CONF $KEYS $VALUES $KEYFILE	address, URLs, files
#	ask STATUS METHOD URL [CURL-OPTION...]  a request, signed if $KEYFILE is set; its status must be STATUS; $body, $head, $code
#	scurl [CURL-OPTION...] URL	curl, signing
#	raw PORT FORMAT [ARGUMENT...]	send what printf makes of it, print what comes until the node closes
#	exchange PORT FORMAT [ARGUMENT...]	the same into $answer
#	member NAME [JSON]	a member of the last answer, or of JSON; jq for what is less simple
#	stat_of FIELD		a number of /v1/stats, as services.mempool.keys
#	poll_until SECONDS COMMAND...	succeed as soon as the command does

bats_require_minimum_version 1.5.0
# shellcheck source=tests/bats/common.bash
source "$BATS_TEST_DIRNAME/common.bash"
# Their own load.bash starts a program for each of these files, in every test; a process is dear in a guest.
for library in "${BATS_LIB_PATH%%:*}"/bats-{support,assert}/src/*.bash; do
	# shellcheck source=/dev/null
	source "$library"
done

VIRGO_HOST=${VIRGO_HOST-virgod}
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
VIRGOD=${VIRGOD:-$TOP/build/virgod}
CLIENT=$TOP/build/tools/client
# A guest without hardware virtualization is some ten times slower than the host.
PATIENCE=$([[ $VIRGO_HOST = kernel ]] && echo 60 || echo 15)

node_setup()
{
	local pid=$$

	cd "$BATS_TEST_TMPDIR" || return
	# An address of its own, so that several runs on a machine do not meet.
	ADDR=127.$((pid >> 16 & 63 | 64)).$((pid >> 8 & 255)).$((pid & 255))
	MEM=http://$ADDR:30000
	CPU=http://$ADDR:10000
	CTL=http://$ADDR:40000
	CONF=$BATS_TEST_TMPDIR/node.conf
	KEYS=$BATS_TEST_TMPDIR/node.keys
	VALUES=$BATS_TEST_TMPDIR/values.conf
	LOG=$BATS_TEST_TMPDIR/node.log
	KEYFILE=''
	NODE_PID=''
	BACKGROUND=()
	# a suite that needs more of them says so before node_start
	MODULES=(virgo_mempool)
	mkdir -p state
	: >"$LOG"
	[[ -x $CLIENT && $CLIENT -nt $TOP/tests/tools/client.c ]] || "$TOP/tests/tools/build.sh"
	[[ $VIRGO_HOST != kernel ]] || log_mark
	node_conf
}

node_teardown()
{
	local pid

	if [[ -z ${BATS_TEST_COMPLETED-} ]]; then
		echo "--- the node's log"
		node_log | tail -40
	fi
	for pid in "${BACKGROUND[@]}"; do
		kill -KILL "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	if [[ $VIRGO_HOST = kernel ]]; then
		unload_modules
	elif [[ -n $NODE_PID ]]; then
		kill -KILL "$NODE_PID" 2>/dev/null && wait "$NODE_PID" 2>/dev/null
	fi
	return 0
}

setup()
{
	node_setup
}

teardown()
{
	node_teardown
}

# only virgod|kernel WHY: skip the test on the other host
only()
{
	[[ $VIRGO_HOST = "$1" ]] || skip "$2"
}

# row: is this row of a long table to be tried? An emulated kernel tries every fifth one: what they are about is the same C in
# virgod and in the debug kernel, which try all.
ROWS=0
row()
{
	[[ ${VIRGO_VM-uml} = uml ]] || ((ROWS++ % 5 == 0))
}

# --- waiting ----------------------------------------------------------------------------------------------------------

# Milliseconds of a clock that goes on.
now_ms()
{
	echo $((${EPOCHREALTIME/./} / 1000))
}

# --- configuration ------------------------------------------------------------------------------------------------------

node_conf()
{
	local line default

	{
		for default in 'node_id = 7' "listen = $ADDR" "key_file = $KEYS" "state_dir = $BATS_TEST_TMPDIR/state" \
			"analytics_file = $VALUES"; do
			for line; do
				[[ ${line%%[ =]*} != "${default%% *}" ]] || continue 2
			done
			printf '%s\n' "$default"
		done
		[[ $# = 0 ]] || printf '%s\n' "$@"
	} >"$CONF.new"
	mv "$CONF.new" "$CONF"
}

# fresh_word LENGTH: hexadecimal digits in $word; no subshell, a process is dear in a guest
fresh_word()
{
	printf -v word '%08x%08x%08x%08x%08x%08x%08x%08x' "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM" \
		"$SRANDOM" "$SRANDOM"
	word=${word:0:$1}
}

random_word()
{
	local word

	fresh_word "${1-64}"
	echo "$word"
}

# node_keys [ID [OPTION...]]: the default key has every right but exec
node_keys()
{
	local id=${1-tester} word

	shift || set -- rights=read,write,admin
	fresh_word 43
	(
		umask 077
		printf '%s\t%s\t%s\n' "$id" "$word" "$*" >>"$KEYS"
		printf 'user = "%s:%s"\n' "$id" "$word" >"$BATS_TEST_TMPDIR/key.$id"
	)
	KEYFILE=$BATS_TEST_TMPDIR/key.$id
}

# --- life ---------------------------------------------------------------------------------------------------------------

module_loaded()
{
	[[ -d /sys/module/$1 ]]
}

# All that are there, also those of a start that went half way.
unload_modules()
{
	local module

	for module in virgo_cpupool virgo_mempool virgo; do
		! module_loaded "$module" || rmmod "$module" || return
	done
}

# The kernel's log has a line of ours where a test began.
log_mark()
{
	LOG_MARK="virgo-test: $BATS_TEST_NAME $$"
	echo "$LOG_MARK" >/dev/kmsg
}

node_log()
{
	if [[ $VIRGO_HOST = kernel ]]; then
		dmesg | awk -v mark="$LOG_MARK" 'index($0, mark) { on = 1; next } on'
	else
		cat "$LOG"
	fi
}

node_is_up()
{
	grep -q 'virgo: node [0-9]* started' "$LOG" || ! kill -0 "$NODE_PID" 2>/dev/null
}

node_gone()
{
	local state

	# a child that has ended is there until it is waited for
	{ read -r _ _ state _ <"/proc/$NODE_PID/stat"; } 2>/dev/null || return 0
	[[ $state = Z ]]
}

node_start()
{
	local module

	if [[ $VIRGO_HOST = kernel ]]; then
		insmod "$VIRGO_KO_DIR/virgo.ko" "config=$CONF" || return
		for module in "${MODULES[@]}"; do
			insmod "$VIRGO_KO_DIR/$module.ko" || return
		done
		return
	fi
	: >"$LOG"
	"$VIRGOD" --config "$CONF" "$@" >>"$LOG" 2>&1 3>&- &
	NODE_PID=$!
	poll_until "$PATIENCE" node_is_up
	if ! kill -0 "$NODE_PID" 2>/dev/null || node_gone; then
		echo "virgod did not start:"
		cat "$LOG"
		return 1
	fi
}

node_stop()
{
	local status=0

	if [[ $VIRGO_HOST = kernel ]]; then
		unload_modules
		return
	fi
	kill -TERM "$NODE_PID"
	poll_until "$PATIENCE" node_gone
	wait "$NODE_PID" || status=$?
	NODE_PID=''
	if [[ $status != 0 ]] || grep -q 'Sanitizer' "$LOG"; then
		echo "virgod ended with status $status:"
		cat "$LOG"
		return 1
	fi
}

node_refuse()
{
	local text=$1 status=0

	shift
	if [[ $VIRGO_HOST = kernel ]]; then
		if insmod "$VIRGO_KO_DIR/virgo.ko" "config=$CONF" 2>/dev/null; then
			# what concerns the pool alone is refused when the pool is loaded
			insmod "$VIRGO_KO_DIR/virgo_mempool.ko" 2>/dev/null && status=1
			rmmod virgo
		fi
		if [[ $status = 1 ]]; then
			echo "the modules were loaded"
			return 1
		fi
	else
		timeout "$PATIENCE" "$VIRGOD" --config "$CONF" "$@" >"$LOG" 2>&1 3>&- || status=$?
		if [[ $status = 0 || $status -ge 124 ]]; then
			echo "virgod ended with status $status"
			return 1
		fi
	fi
	if ! node_log | grep -qF -- "$text"; then
		echo "no message with: $text"
		echo "but:"
		node_log
		return 1
	fi
}

reloads()
{
	node_log | grep -cE 'has read its configuration anew|not reloaded' || true
}

reloads_over()
{
	(($(reloads) > $1))
}

# By signal where there is a process; over HTTP, as an administrator, where there is none.
node_reload()
{
	local before

	if [[ $VIRGO_HOST = kernel ]]; then
		scurl -f -X POST "$CTL/v1/config/reload" >/dev/null && scurl -f -X POST "$CTL/v1/analytics/reload" >/dev/null
		return
	fi
	before=$(reloads)
	kill -HUP "$NODE_PID"
	poll_until "$PATIENCE" reloads_over "$before"
}

# --- clients --------------------------------------------------------------------------------------------------------------

# The service that a URL's port belongs to, in $service.
service_of()
{
	case $1 in
	*:10000*) service=cpupool ;;
	*:30000*) service=mempool ;;
	*:40000*) service=control ;;
	*)	echo "no service has the port of $1" >&2; return 1 ;;
	esac
}

# Splits what curl is given: SCURL_ARGS is what it gets, with all that a signature needs. Text given as body is hashed by
# curl itself; what is uploaded, or too large to be held back until it has been hashed, needs a header that says the hash.
scurl_arguments()
{
	local arg next='' url='' path hash='' service word
	local -a args=()

	for arg; do
		if [[ $next = upload && $arg != - || $next = body && $arg = @* ]]; then
			read -r hash _ < <(sha256sum "${arg#@}")
		fi
		next=''
		case $arg in
		-T)	next='upload' ;;
		--data-binary) next='body' ;;
		http://*) url=$arg; continue ;;
		esac
		args+=("$arg")
	done
	SCURL_ARGS=(-sS -m "$((PATIENCE * 2))")
	if [[ -n $KEYFILE ]]; then
		service_of "$url"
		fresh_word 16
		SCURL_ARGS+=(--aws-sigv4 "virgo:virgo:${CLUSTER-virgo}:$service" -K "$KEYFILE")
		[[ " ${args[*]} " = *x-virgo-nonce:* ]] || SCURL_ARGS+=(-H "x-virgo-nonce: $word")
		[[ -z $hash || " ${args[*]} " = *x-virgo-content-sha256:* ]] ||
			SCURL_ARGS+=(-H "x-virgo-content-sha256: $hash")
		# curls before 8.14 sign a path as it stands in the URL, the node escapes it once more
		path=/${url#http://*/}
		if [[ ${path%%\?*} = *%* ]] && curl_is_old; then
			SCURL_ARGS+=(--request-target "$path")
			url=${url%"$path"}${path//%/%25}
		fi
	fi
	SCURL_ARGS+=("${args[@]}" "$url")
}

curl_is_old()
{
	local version major minor

	read -r _ version _ < <(curl --version)
	IFS=. read -r major minor _ <<<"$version"
	((major < 8 || major == 8 && minor < 14))
}

scurl()
{
	local SCURL_ARGS

	scurl_arguments "$@"
	curl "${SCURL_ARGS[@]}"
}

# ask STATUS METHOD URL [CURL-OPTION...]: $head is the answer's head in lower case, without CR; $body its body, without NUL
# (whole in answer.body); $code a problem's code
ask()
{
	local want=$1 method=$2 url=$3 got
	local -a how=(-X "$method")

	shift 3
	[[ $method != HEAD ]] || how=(-I)
	: >answer.head
	: >answer.body
	got=$(scurl "${how[@]}" "$@" -D answer.head -o answer.body -w '%{http_code}' "$url") || {
		echo "$method $url: curl ended with status $?"
		return 1
	}
	{ head=$(<answer.head) body=$(<answer.body); } 2>/dev/null
	head=${head//$'\r'/}
	head=${head,,}
	code=''
	[[ ! $body =~ ^\{\"status\":[0-9]+,.*\"code\":\"([a-z0-9_.]+)\" ]] || code=${BASH_REMATCH[1]}
	if [[ $got != "$want" ]]; then
		echo "$method $url: $got instead of $want"
		printf '%s\n' "$head" "${body:0:2000}"
		return 1
	fi
}

# member NAME [JSON]: the first member of that name in the last answer's body, or in JSON: a string's text, a number, a word;
# null where there is none. For whom that is enough; starting jq takes a quarter of a second in a guest.
member()
{
	local pattern="\"$1\":(\"(([^\"\\\\]|\\\\.)*)\"|[^],}]+)"

	if [[ ! ${2-$body} =~ $pattern ]]; then
		echo null
	elif [[ ${BASH_REMATCH[1]} = \"* ]]; then
		printf '%b\n' "${BASH_REMATCH[2]//\\\"/\"}"
	else
		echo "${BASH_REMATCH[1]}"
	fi
}

# The value of a field of the last answer's head.
field()
{
	local line

	while IFS= read -r line; do
		[[ $line != "$1: "* ]] || echo "${line#*: }"
	done <<<"$head"
}

# raw PORT FORMAT [ARGUMENT...]: the node must close by itself
raw()
{
	local port=$1

	shift
	# shellcheck disable=SC2059 # the format is the point
	printf "$@" | nc -w "$PATIENCE" "$ADDR" "$port"
}

# The same, with the end of input told at once.
raw_eof()
{
	local port=$1

	shift
	# shellcheck disable=SC2059
	printf "$@" | nc -N -w "$PATIENCE" "$ADDR" "$port"
}

# exchange PORT FORMAT [ARGUMENT...]: what raw prints, in $answer, and without starting a program, for long tables of requests
exchange()
{
	local port=$1 line status=0

	shift
	answer=''
	exec 9<>"/dev/tcp/$ADDR/$port" || return
	# the node may hang up while we write
	trap '' PIPE
	# shellcheck disable=SC2059
	printf "$@" >&9 2>/dev/null || true
	trap - PIPE
	while [[ $status = 0 ]]; do
		IFS= read -r -t "$PATIENCE" -u 9 line || status=$?
		answer+=$line
		[[ $status != 0 ]] || answer+=$'\n'
	done
	[[ $status -le 128 ]] || answer+='(not closed)'
	exec 9>&-
}

# stat_of [services.SERVICE.]FIELD
stat_of()
{
	local stats at=$1

	stats=$(scurl -f "$CTL/v1/stats") || return
	if [[ $at = services.* ]]; then
		at=${at#services.}
		stats=${stats#*"\"${at%%.*}\":{"}
	fi
	[[ $stats =~ \"${at#*.}\":([0-9]+) ]] || {
		echo "no number $1 in the node's statistics" >&2
		return 1
	}
	echo "${BASH_REMATCH[1]}"
}

# A command that the test leaves running; teardown ends it.
background()
{
	"$@" 3>&- &
	BACKGROUND+=("$!")
}
