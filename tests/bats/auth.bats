#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may do what: stock curl signs, netcat does not. The vectors of the signature are the unit tests' business.

load helpers

# With a key file of a key's own: as KEY COMMAND...
as()
{
	local KEYFILE=$BATS_TEST_TMPDIR/key.$1

	shift
	"$@"
}

unsigned()
{
	local KEYFILE=''

	"$@"
}

secret_of()
{
	sed -n 's/^user = ".*:\(.*\)"$/\1/p' "$BATS_TEST_TMPDIR/key.$1"
}

# capture FILE CURL-OPTION... URL: what curl would send, signed now, kept for later
capture()
{
	local file=$1

	shift
	printf 'HTTP/1.1 204 No Content\r\n\r\n' | timeout "$PATIENCE" nc -N -l 127.0.0.1 "$CAPTURE_PORT" >"$file" 3>&- &
	poll_until "$PATIENCE" scurl -o /dev/null --connect-to "$ADDR:30000:127.0.0.1:$CAPTURE_PORT" "$@" 2>/dev/null
	wait $!
	assert [ -s "$file" ]
}

replay()
{
	nc -N -w "$PATIENCE" "$ADDR" 30000 <"$1" | tr -d '\r'
}

setup()
{
	node_setup
	CAPTURE_PORT=$((20000 + $$ % 9000))
}

# bats test_tags=smoke
@test "stock curl signs every method; with keys nothing else passes but healthz" {
	node_keys
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary 'hello world'
	ask 200 GET "$MEM/v1/mem/a"
	assert_equal "$body" 'hello world'
	ask 200 HEAD "$MEM/v1/mem/a"
	ask 200 POST "$MEM/v1/mem/n/incr?by=5" -H 'Content-Length: 0'
	ask 200 GET "$MEM/v1/mem?limit=5&prefix=a"
	ask 200 GET "$MEM/v1/mem?after=%20%C3%A4&prefix=n"
	ask 201 PUT "$MEM/v1/mem/a%2Fb%20c" --data-binary y
	ask 200 GET "$MEM/v1/mem/a%2Fb%20c"
	ask 204 DELETE "$MEM/v1/mem/a"
	ask 200 GET "$CTL/v1/config"
	ask 204 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	# a body in memory needs no hash header; an upload does
	ask 201 PUT "$MEM/v1/mem/plain" -H 'x-other: 1' --data-ascii 'signed by its hash'
	head -c 100000 /dev/urandom >big
	ask 201 PUT "$MEM/v1/mem/big" -T big
	ask 201 PUT "$MEM/v1/mem/chunks" -T big -H 'Transfer-Encoding: chunked'
	ask 201 PUT "$MEM/v1/mem/expect" -H 'Expect: 100-continue' --data-binary @big
	ask 200 GET "$MEM/v1/mem/chunks"
	cmp big answer.body
	for url in "$MEM/v1/mem/big" "$MEM/v1/stats" "$MEM/metrics" "$CTL/v1/node" "$CTL/v1/config" "$CTL/v1/analytics"; do
		unsigned ask 401 GET "$url"
		assert_equal "$code" auth.missing
		assert_equal "$(field www-authenticate)" 'virgo4-hmac-sha256 realm="virgo"'
		assert_regex "$(member server_time)" '^20[0-9]{6}T[0-9]{6}Z$'
	done
	unsigned ask 401 PUT "$MEM/v1/mem/plain" --data-binary evil
	unsigned ask 200 GET "$MEM/healthz"
	ask 200 GET "$MEM/v1/mem/plain"
	assert_equal "$body" 'signed by its hash'
	node_stop
}

@test "a wrong secret and an unknown key are the same refusal" {
	node_keys
	node_start
	printf 'user = "tester:%s"\n' "$(random_word 43)" >key.wrong
	printf 'user = "nobody:%s"\n' "$(secret_of tester)" >key.unknown
	as wrong ask 401 GET "$MEM/v1/mem"
	assert_equal "$code" auth.signature
	wrong=$(member detail)
	as unknown ask 401 GET "$MEM/v1/mem"
	assert_equal "$code" auth.signature
	assert_equal "$(member detail)" "$wrong"
	as wrong ask 401 PUT "$MEM/v1/mem/a" --data-binary x
	ask 404 GET "$MEM/v1/mem/a"
	assert_equal "$(scurl "$MEM/metrics" | sed -n 's/^virgo_auth_refused_total{code="auth.signature"} //p')" 3
	node_stop
}

@test "the body is the one that was signed" {
	local other

	node_keys
	node_start
	other=$(printf other | sha256sum | cut -d ' ' -f 1)
	ask 401 PUT "$MEM/v1/mem/a" --data-binary mine -H "x-virgo-content-sha256: $other"
	assert_equal "$code" auth.payload_mismatch
	head -c 200000 /dev/zero >big
	ask 401 PUT "$MEM/v1/mem/a" -T big -H "x-virgo-content-sha256: $other"
	ask 401 PUT "$MEM/v1/mem/a" -T big -H 'Transfer-Encoding: chunked' -H "x-virgo-content-sha256: $other"
	assert_equal "$code" auth.payload_mismatch
	ask 401 PUT "$MEM/v1/mem/a" --data-binary mine -H 'x-virgo-content-sha256: UNSIGNED-PAYLOAD'
	assert_equal "$code" auth.payload_hash_required
	# an upload without the header is signed as if it were empty
	printf mine >small
	run env curl -sS -m 60 --aws-sigv4 virgo:virgo:virgo:mempool -K "$KEYFILE" -H "x-virgo-nonce: $(random_word 16)" -T small "$MEM/v1/mem/a"
	assert_output --partial 'add x-virgo-content-sha256'
	run env curl -sS -m 60 --aws-sigv4 virgo:virgo:virgo:mempool -K "$KEYFILE" -H "x-virgo-nonce: $(random_word 16)" -T big "$MEM/v1/mem/a"
	assert_output --partial auth.payload_hash_required
	ask 404 GET "$MEM/v1/mem/a"
	node_stop
}

@test "what is not covered or meant for another place is refused" {
	node_keys
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary 0123456789
	ask 401 GET "$MEM/v1/mem/a" -r 2-4
	assert_equal "$code" auth.header_not_signed
	ask 206 GET "$MEM/v1/mem/a" -H 'Range: bytes=2-4'
	assert_equal "$body" 234
	run curl -sS -m 60 --aws-sigv4 virgo:virgo:virgo:control -K "$KEYFILE" "$MEM/v1/mem/a"
	assert_output --partial auth.scope
	CLUSTER=other ask 401 GET "$MEM/v1/mem/a"
	assert_equal "$code" auth.scope
	ask 401 GET "http://localhost:30001/v1/mem/a" --connect-to "localhost:30001:$ADDR:30000" --aws-sigv4 virgo:virgo:virgo:mempool
	assert_equal "$code" auth.host
	ask 200 GET "http://localhost:30000/v1/mem/a" --connect-to "localhost:30000:$ADDR:30000"
	node_stop
}

@test "replay: accepted once, then never, over a restart too, and stale in the end" {
	# what is captured has to be played before it is stale
	local window=$((PATIENCE / 3 < 8 ? 8 : PATIENCE / 3))

	node_conf "auth_window_past = $window"
	node_keys
	node_start
	capture put -X PUT --data-binary once "$MEM/v1/mem/once"
	capture get "$MEM/v1/mem/once"
	run replay put
	assert_line --index 0 --partial 'HTTP/1.1 201'
	run replay put
	assert_line --index 0 --partial 'HTTP/1.1 409'
	assert_output --partial auth.replay
	# reading is no change
	run replay get
	assert_line --index 0 --partial 'HTTP/1.1 200'
	run replay get
	assert_line --index 0 --partial 'HTTP/1.1 200'
	node_stop
	node_start
	run replay put
	assert_line --index 0 --regexp 'HTTP/1.1 (401|503)'
	assert_output --regexp 'auth\.(starting|stale)'
	run poll_until $((window + 30)) eval 'replay put | grep -q auth.stale'
	assert_success
	# it was signed after the other, by seconds where programs start slowly
	run poll_until $((window + 30)) eval 'replay get | grep -q auth.stale'
	assert_success
	run replay get
	assert_line --index 0 --partial 'HTTP/1.1 401'
	assert_output --regexp 'clock is [0-9]+ s behind'
	ask 404 GET "$MEM/v1/mem/once"
	# new requests are taken again
	poll_until $((window + 40)) ask 201 PUT "$MEM/v1/mem/new" --data-binary x
	node_stop
}

@test "nonces: the same request twice in a second needs one; ordered ones only grow" {
	local stream

	node_keys
	node_start
	capture one -X DELETE -H 'x-virgo-nonce: 1' "$MEM/v1/mem/x"
	cat one one >twice
	run replay twice
	assert_line --partial 'HTTP/1.1 404'
	assert_line --partial 'HTTP/1.1 409'
	stream=$(random_word 16)
	ask 200 POST "$MEM/v1/mem/n/incr?by=1" -H 'Content-Length: 0' -H "x-virgo-nonce: $stream.1"
	ask 200 POST "$MEM/v1/mem/n/incr?by=1" -H 'Content-Length: 0' -H "x-virgo-nonce: $stream.7"
	ask 409 POST "$MEM/v1/mem/n/incr?by=1" -H 'Content-Length: 0' -H "x-virgo-nonce: $stream.7"
	ask 409 POST "$MEM/v1/mem/n/incr?by=2" -H 'Content-Length: 0' -H "x-virgo-nonce: $stream.3"
	assert_equal "$code" auth.replay
	ask 200 POST "$MEM/v1/mem/n/incr?by=1" -H 'Content-Length: 0' -H "x-virgo-nonce: $stream.8"
	assert_equal "$(member value)" 3
	node_stop
}

@test "after a crash nothing dated before half a minute later is believed to be new" {
	only virgod 'a kernel that crashed takes the test with it'
	node_keys
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary x
	kill -KILL "$NODE_PID"
	wait "$NODE_PID" || true
	node_start
	ask 503 PUT "$MEM/v1/mem/a" --data-binary x
	assert_equal "$code" auth.starting
	assert [ "$(field retry-after)" -ge 1 ]
	assert [ "$(field retry-after)" -le 32 ]
	ask 404 GET "$MEM/v1/mem/a"
	node_stop
}

@test "rights, services and prefixes" {
	node_keys
	node_keys reader rights=read
	node_keys writer rights=write
	node_keys pool services=mempool
	node_keys app1 rights=read,write services=mempool prefixes=app1/,shared
	node_start
	as tester ask 201 PUT "$MEM/v1/mem/a" --data-binary x
	as reader ask 200 GET "$MEM/v1/mem/a"
	as reader ask 403 PUT "$MEM/v1/mem/a" --data-binary y
	assert_equal "$code" auth.rights
	as reader ask 403 DELETE "$MEM/v1/mem/a"
	as reader ask 200 GET "$CTL/v1/config"
	as reader ask 403 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	as writer ask 403 GET "$MEM/v1/mem/a"
	as writer ask 204 PUT "$MEM/v1/mem/a" --data-binary y
	as writer ask 403 POST "$CTL/v1/analytics/reload" -H 'Content-Length: 0'
	as pool ask 200 GET "$MEM/v1/mem/a"
	as pool ask 403 GET "$CTL/v1/config"
	as app1 ask 201 PUT "$MEM/v1/mem/app1%2Fx" --data-binary z
	as app1 ask 200 GET "$MEM/v1/mem/app1%2Fx"
	as app1 ask 201 PUT "$MEM/v1/mem/shared-y" --data-binary z
	as app1 ask 403 GET "$MEM/v1/mem/a"
	as app1 ask 403 PUT "$MEM/v1/mem/app2%2Fx" --data-binary z
	as app1 ask 403 DELETE "$MEM/v1/mem/a"
	as app1 ask 403 POST "$MEM/v1/mem/a/incr?by=1" -H 'Content-Length: 0'
	as app1 ask 200 GET "$MEM/v1/mem?prefix=app1%2F"
	assert_equal "$(jq -r '.keys[].key' answer.body)" app1/x
	# what bodies and listings name is checked as well
	as app1 ask 200 GET "$MEM/v1/mem"
	assert_equal "$(jq -c '[.keys[].key]' answer.body)" '["app1/x","shared-y"]'
	as app1 ask 403 POST "$MEM/v1/txn" --data-binary '{"then":[{"get":"a"}]}'
	as tester ask 200 GET "$MEM/v1/mem/a"
	assert_equal "$body" y
	node_stop
}

@test "keys come and go by a reload; times limit them" {
	local now

	node_keys key-old rights=read,write,admin
	node_start
	as key-old ask 201 PUT "$MEM/v1/mem/a" --data-binary 1
	# the rotation: both, then only the new one
	node_keys key-new rights=read,write,admin
	as key-new ask 401 GET "$MEM/v1/mem/a"
	as key-old node_reload
	as key-new ask 204 PUT "$MEM/v1/mem/a" --data-binary 2
	as key-old ask 204 PUT "$MEM/v1/mem/a" --data-binary 3
	sed -i /^key-old/d "$KEYS"
	as key-new node_reload
	as key-old ask 401 GET "$MEM/v1/mem/a"
	as key-new ask 200 GET "$MEM/v1/mem/a"
	assert_equal "$body" 3
	now=$(date +%s)
	KEYFILE='' node_keys later "not_before=$((now + 1000))"
	KEYFILE='' node_keys gone "not_after=$((now - 10))"
	KEYFILE='' node_keys soon "not_after=$((now + 1000)) not_before=$((now - 1000))"
	as key-new node_reload
	as later ask 401 GET "$MEM/v1/mem/a"
	as gone ask 401 GET "$MEM/v1/mem/a"
	assert_equal "$code" auth.signature
	as soon ask 200 GET "$MEM/v1/mem/a"
	as key-new ask 200 GET "$CTL/metrics"
	assert_regex "$body" 'virgo_key_last_used_seconds\{key="soon"\} [1-9]'
	node_stop
}

@test "a key file that is not safe, or wrong, refuses the start and a reload" {
	node_keys
	chmod 644 "$KEYS"
	node_refuse "chmod 600 $KEYS"
	chmod 600 "$KEYS"
	mv "$KEYS" real
	ln -s real "$KEYS"
	node_refuse 'must be a regular file'
	rm "$KEYS"
	mv real "$KEYS"
	node_start
	cp -p "$KEYS" good
	printf 'shorty\t%s\n' "$(random_word 20)" >>"$KEYS"
	ask 409 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	assert_regex "$(member detail)" "node.keys:2:[0-9]+: the secret of key \"shorty\" has 20 characters"
	refute_regex "$body" "$(tail -n 1 "$KEYS" | cut -f 2)"
	ask 200 GET "$MEM/v1/mem"
	node_stop
	node_refuse 'the secret of key "shorty" has 20 characters'
	cp -p good "$KEYS"
	cat good >>"$KEYS"
	node_refuse 'stands twice'
	cp -p good "$KEYS"
	echo "oddly $(random_word 43) rights=fly" >>"$KEYS"
	node_refuse 'unknown right "fly": one of read, write, exec, admin'
}

@test "trusted networks need no signature, and get their rights only" {
	node_conf 'trusted = 127.0.0.0/8' 'trusted_rights = read'
	node_keys
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary x
	unsigned ask 200 GET "$MEM/v1/mem/a"
	unsigned ask 403 PUT "$MEM/v1/mem/a" --data-binary y
	unsigned ask 403 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	# who signs there is taken at his word, or not at all
	printf 'user = "tester:%s"\n' "$(random_word 43)" >key.wrong
	as wrong ask 401 GET "$MEM/v1/mem/a"
	node_conf 'trusted = 127.0.0.0/8' 'trusted_rights = read, write, admin'
	node_reload
	unsigned ask 204 PUT "$MEM/v1/mem/a" --data-binary y
	unsigned ask 204 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	node_conf 'trusted = 192.0.2.0/24'
	node_reload
	unsigned ask 401 GET "$MEM/v1/mem/a"
	node_stop
}

@test "one-line commands: off, readonly, as a key, and from where" {
	local id

	node_keys
	node_keys liner rights=read,write
	node_keys looker rights=read
	KEYFILE=$BATS_TEST_TMPDIR/key.tester
	node_start
	run raw 30000 'virgo_cloud_malloc(8)\n'
	assert_output --partial 'error: auth.plaintext_off: use HTTP with a signature'
	node_conf 'plaintext = liner'
	node_reload
	id=$(raw_eof 30000 'virgo_cloud_malloc(16)\r\n' | tr -d '\r')
	assert_regex "$id" '^[0-9a-f-]+$'
	run raw_eof 30000 'virgo_cloud_set(%s,hello)\nvirgo_cloud_get("%s")\n' "$id" "$id"
	assert_output $'0\nhello'
	node_conf 'plaintext = readonly'
	node_reload
	run raw_eof 30000 'virgo_cloud_get(%s)\n' "$id"
	assert_output hello
	run raw_eof 30000 'virgo_cloud_free(%s)\n' "$id"
	assert_output --partial 'error: auth.rights'
	node_conf 'plaintext = on' 'plaintext_key = looker'
	node_reload
	run raw_eof 30000 'virgo_cloud_get(%s)\n' "$id"
	assert_output hello
	run raw_eof 30000 'virgo_cloud_malloc(8)\n'
	assert_output --partial 'error: auth.rights'
	node_conf 'plaintext = liner' 'plaintext_allow = 192.0.2.0/24'
	node_reload
	run raw 30000 'virgo_cloud_get(%s)\n' "$id"
	assert_output --partial 'error: auth.plaintext_off'
	assert_output --partial plaintext_allow
	node_conf 'plaintext = nokey'
	node_reload
	run raw 30000 'virgo_cloud_get(%s)\n' "$id"
	assert_output --partial 'names no active key'
	node_stop
}

@test "without keys: loopback only, memory and status only" {
	node_conf 'listen = 0.0.0.0'
	node_refuse 'a node without keys listens on loopback only'
	node_conf "listen_mempool = $ADDR, 0.0.0.0"
	node_refuse 'a node without keys listens on loopback only'
	node_conf
	node_start
	assert_regex "$(node_log)" 'has no keys'
	ask 201 PUT "$MEM/v1/mem/a" --data-binary x
	ask 200 GET "$CTL/v1/config"
	# a page that a browser of this machine shows
	ask 401 POST "$MEM/v1/txn" -H 'Origin: https://evil.example' -H 'Content-Type: text/plain' \
		--data-binary '{"then":[{"del":"a"}]}'
	assert_equal "$code" auth.host
	ask 200 GET "$MEM/v1/mem/a"
	ask 403 POST "$CTL/v1/config/reload" -H 'Content-Length: 0'
	ask 403 POST "$CTL/v1/analytics/reload" -H 'Content-Length: 0'
	node_stop
}

@test "no log and no answer ever holds a secret or a signature" {
	local secret signature

	node_keys
	secret=$(secret_of tester)
	node_start
	capture one -X PUT --data-binary x "$MEM/v1/mem/x"
	signature=$(sed -n 's/.*Signature=\([0-9a-f]*\).*/\1/p' one)
	assert_equal "${#signature}" 64
	replay one >answers
	replay one >>answers
	sed "s/$signature/${signature:1}0/" one >forged
	replay forged >>answers
	# someone who puts the secret in the wrong place
	scurl -o - "$MEM/v1/mem/a" -H "Authorization: Bearer $secret" >>answers || true
	echo "oddly $secret rights=fly" >>"$KEYS"
	scurl -X POST "$CTL/v1/config/reload" -H 'Content-Length: 0' >>answers
	sed -i '$d' "$KEYS"
	for url in "$CTL/v1/config" "$CTL/v1/stats" "$CTL/metrics" "$CTL/v1/analytics" "$CTL/v1/node"; do
		scurl "$url" >>answers
	done
	node_stop
	node_log >>answers
	assert [ "$(wc -l <answers)" -gt 50 ]
	run grep -c -e "$secret" -e "$signature" answers
	assert_output 0
	[[ $VIRGO_HOST != kernel ]] || run ! grep -rqs "$secret" /sys/module/virgo/parameters
}
