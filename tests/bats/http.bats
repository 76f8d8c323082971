#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# HTTP as a node speaks it, from the outside: stock curl, and netcat for what curl would not say.

load helpers

# refused PORT STATUS CODE FORMAT [ARGUMENT...]: the answer has that status and code and is the only one, and the node closes
refused()
{
	local port=$1 status=$2 code=$3 answer

	shift 3
	exchange "$port" "$@"
	if [[ $answer != "HTTP/1.1 $status "* || $answer != *"\"code\":\"$code\""* || $answer != *'Connection: close'* ||
		$answer = *'(not closed)'* || $answer = *$'\n'HTTP/1.1* ]]; then
		echo "wanted one $status $code and a close, for: $*"
		echo "$answer"
		return 1
	fi
}

# answered PORT STATUS CODE FORMAT [ARGUMENT...]: the same for a request that is framed well, where the node need not close
answered()
{
	local port=$1 status=$2 code=$3 answer

	shift 3
	answer=$(raw_eof "$port" "$@")
	if [[ $answer != "HTTP/1.1 $status "* || $answer != *"\"code\":\"$code\""* ]]; then
		echo "wanted $status $code for: $*"
		echo "$answer"
		return 1
	fi
}

H='Host: localhost:30000\r\n'

# bats test_tags=smoke
@test "what every answer has, and what every port serves" {
	local port

	node_start
	for port in 30000 40000; do
		ask 200 GET "http://$ADDR:$port/healthz"
		assert_equal "$body" ok
		assert_equal "$(field virgo-node)" 7
		assert_regex "$(field date)" '^(mon|tue|wed|thu|fri|sat|sun), [0-9]{2} [a-z]{3} 20[0-9]{2} [0-9:]{8} gmt$'
		assert_regex "$(field virgo-clock)" '^[0-9]{13}\.[0-9]+$'
		ask 200 GET "http://$ADDR:$port/v1/node"
		jq -e '.id == 7 and .cluster == "virgo" and .cpus >= 1 and .mem_total > 0 and (.uptime_ms | type) == "number"
			and ([.services[].name] | contains(["control", "mempool"]))' answer.body
		jq -e --arg listen "$ADDR:$port" '[.services[].listen[]] | index($listen) != null' answer.body
		assert_equal "$(jq -r .kind answer.body)" "$VIRGO_HOST"
		ask 200 GET "http://$ADDR:$port/v1/stats"
		jq -e '.node == 7 and .max_connections == 4096 and .services.mempool.requests >= 0 and .services.control.accepted >= 0' \
			answer.body
	done
	node_stop
}

@test "metrics are in Prometheus' text format and count what happened" {
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary abc
	ask 404 GET "$MEM/v1/mem/b"
	ask 200 GET "$CTL/metrics"
	assert_equal "$(field content-type)" 'text/plain; version=0.0.4; charset=utf-8'
	# every line is a comment or a sample; every sample has a type, told once
	run grep -vE '^(# (HELP|TYPE) virgo_[a-z0-9_]+ .+|virgo_[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9]+)$' answer.body
	assert_output ''
	run bash -c "grep '^# TYPE' answer.body | cut -d ' ' -f 3 | sort | uniq -d"
	assert_output ''
	run bash -c "comm -3 <(grep '^# TYPE' answer.body | cut -d ' ' -f 3 | sort -u) <(sed -n 's/^\(virgo[a-z0-9_]*\).*/\1/p' answer.body | sort -u)"
	assert_output ''
	assert_equal "$(sed -n 's/^virgo_requests_total{service="mempool",class="2xx"} //p' answer.body)" 1
	assert_equal "$(sed -n 's/^virgo_requests_total{service="mempool",class="4xx"} //p' answer.body)" 1
	node_stop
}

@test "the clock moves past a request's, never back, and is not dragged far ahead" {
	local before after ahead

	node_start
	ask 200 GET "$CTL/healthz"
	before=$(field virgo-clock)
	ahead=$((${before%.*} + 20000))
	ask 200 GET "$CTL/v1/node" -H "Virgo-Clock: $ahead.5"
	after=$(field virgo-clock)
	[[ ${after%.*} -ge $ahead ]]
	[[ ${after%.*} -gt $ahead || ${after#*.} -gt 5 ]]
	ask 200 GET "$CTL/healthz"
	[[ $(printf '%s\n' "$after" "$(field virgo-clock)" | sort -V | head -n 1) = "$after" ]]
	[[ $(field virgo-clock) != "$after" ]]
	ask 400 GET "$CTL/v1/node" -H "Virgo-Clock: $((ahead + 10000000)).0"
	assert_equal "$code" clock.ahead
	ask 400 GET "$CTL/v1/node" -H 'Virgo-Clock: yesterday'
	assert_equal "$code" clock.malformed
	node_stop
}

# bats test_tags=smoke
@test "keep-alive and pipelining: answers in order, on one connection" {
	local answers

	node_start
	curl -sS -m 60 -o /dev/null -w '%{num_connects}\n' "$MEM/healthz" --next -sS -o /dev/null -w '%{num_connects}\n' \
		"$MEM/v1/mem?limit=1" --next -sS -o /dev/null -w '%{num_connects}\n' "$MEM/v1/mem/none" >connects
	assert_equal "$(tr '\n' ' ' <connects)" '1 0 0 '
	answers=$(raw 30000 "PUT /v1/mem/a HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\nfirst""GET /v1/mem/a HTTP/1.1\r\n$H\r\n""PUT /v1/mem/a HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n""GET /v1/mem/a HTTP/1.1\r\n$H\r\n""DELETE /v1/mem/a HTTP/1.1\r\n$H\r\n""GET /v1/mem/a HTTP/1.1\r\n${H}Connection: close\r\n\r\n""GET /healthz HTTP/1.1\r\n$H\r\n" | tr -d '\r')
	assert_equal "$(sed -n 's/.*HTTP\/1.1 \([0-9]*\).*/\1/p' <<<"$answers" | tr '\n' ' ')" '201 200 204 200 204 404 '
	assert_regex "$answers" $'\n\nfirst'
	assert_regex "$answers" $'\n\nsecond'
	# 400 requests in one write
	for ((i = 0; i < 400; i++)); do printf 'GET /healthz HTTP/1.1\r\nHost: localhost:30000\r\n\r\n'; done >many
	assert_equal "$(nc -N -w "$PATIENCE" "$ADDR" 30000 <many | grep -c '^HTTP/1.1 200 OK')" 400
	node_stop
}

@test "however many receives a request takes, the node closes behind its answer" {
	local n i piece

	node_start
	printf -v piece '%08192d' 0
	for ((n = 1; n <= 16; n++)); do
		{
			printf 'PUT /v1/mem/a HTTP/1.1\r\n'"$H"'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
			for ((i = 0; i < n; i++)); do
				printf '2000\r\n%s\r\n' "$piece"
			done
			printf '0\r\n\r\n'
		} >request
		exec 9<>"/dev/tcp/$ADDR/30000"
		# all of it in one write, so that the node finds it all there
		dd if=request bs=1M status=none >&9
		run timeout "$PATIENCE" cat <&9
		exec 9>&-
		assert_success
		assert_line --partial 'Connection: close'
	done
	node_stop
}

@test "HTTP/1.0 closes unless it is asked not to; Connection: close closes" {
	node_start
	run raw 30000 'GET /healthz HTTP/1.0\r\n\r\n'
	assert_success
	assert_line --partial 'HTTP/1.1 200 OK'
	assert_line --partial 'Connection: close'
	run raw 30000 'GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n'
	assert_success
	assert_equal "$(grep -c 'HTTP/1.1 200' <<<"$output")" 2
	assert_line --partial 'Connection: keep-alive'
	run raw 30000 "GET /healthz HTTP/1.1\r\n${H}Connection: foo, CLOSE\r\n\r\n"
	assert_success
	assert_line --partial 'Connection: close'
	node_stop
}

@test "HEAD is GET without the body" {
	node_start
	ask 201 PUT "$MEM/v1/mem/a" --data-binary "$(printf '%5000d' 7)"
	ask 200 GET "$MEM/v1/mem/a"
	assert_equal "$(stat -c %s answer.body)" 5000
	run raw 30000 "HEAD /v1/mem/a HTTP/1.1\r\n$H\r\nHEAD /healthz HTTP/1.1\r\n$H\r\nHEAD /v1/mem/b HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
	assert_success
	assert_equal "$(grep -c '^HTTP/1.1' <<<"$output")" 3
	assert_line $'Content-Length: 5000\r'
	assert_line $'Content-Length: 3\r'
	assert_line --partial 'HTTP/1.1 404'
	refute_line --partial '"status"'
	refute_line ok
	node_stop
}

@test "bodies: lengths, chunks, 100-continue" {
	node_start
	head -c 300000 /dev/urandom >big
	ask 201 PUT "$MEM/v1/mem/length" --data-binary @big
	ask 201 PUT "$MEM/v1/mem/upload" -T big
	ask 201 PUT "$MEM/v1/mem/chunks" -T big -H 'Transfer-Encoding: chunked'
	ask 201 PUT "$MEM/v1/mem/stdin" -T - <big
	for key in length upload chunks stdin; do
		ask 200 GET "$MEM/v1/mem/$key"
		cmp big answer.body
	done
	ask 201 PUT "$MEM/v1/mem/empty" -H 'Content-Length: 0'
	ask 201 PUT "$MEM/v1/mem/no-chunks" -T /dev/null -H 'Transfer-Encoding: chunked'
	ask 200 GET "$MEM/v1/mem/empty"
	assert_equal "$(field content-length)" 0
	# what is waited for is told before the body, and so is a refusal
	run curl -sS -m 60 --expect100-timeout 50 -v -H 'Expect: 100-continue' -X PUT --data-binary @big "$MEM/v1/mem/expect"
	assert_success
	assert_output --partial '100 Continue'
	assert_output --partial '201 Created'
	run curl -sS -m 60 --expect100-timeout 50 -v -H 'Expect: 100-continue' -X POST --data-binary @big "$MEM/v1/mem/expect"
	assert_output --partial '405 Method Not Allowed'
	refute_output --partial '100 Continue'
	# chunks byte by byte, and their framing in pieces
	run "$CLIENT" drip "$ADDR" 30000 0 "$(printf 'PUT /v1/mem/drip HTTP/1.1\r\nHost: localhost:30000\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0005\r\nhello\r\n1\r\n!\r\n0\r\n\r\n.')"
	assert_output --partial 'HTTP/1.1 201'
	ask 200 GET "$MEM/v1/mem/drip"
	assert_equal "$body" 'hello!'
	node_stop
}

@test "hostile heads are refused and the connection is closed" {
	local put="PUT /v1/mem/a HTTP/1.1\r\n$H"

	bad()
	{
		! row || refused 30000 "$@"
	}
	node_start
	bad 400 http.malformed "${put}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	bad 400 http.malformed "${put}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	bad 400 http.malformed "${put}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
	bad 400 http.malformed "${put}Transfer-Encoding: identity\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: +1\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: -1\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: 01\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: 1, 1\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: 0x1\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length: 99999999999999999999\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length:\r\n\r\nx"
	bad 400 http.malformed "${put}Content-Length : 1\r\n\r\nx"
	bad 400 http.malformed "${put}X: a\r\n folded\r\n\r\n"
	bad 400 http.malformed "${put} X: a\r\n\r\n"
	bad 400 http.malformed "${put}X: a\rb\r\n\r\n"
	bad 400 http.malformed "${put}X: a\nY: b\r\n\r\n"
	bad 400 http.malformed "${put}X: a\\000b\r\n\r\n"
	bad 400 http.malformed "${put}X: a\\177b\r\n\r\n"
	bad 400 http.malformed "${put}: a\r\n\r\n"
	bad 400 http.malformed "${put}X\r\n\r\n"
	bad 400 http.malformed "${put}X(y): 1\r\n\r\n"
	bad 400 http.malformed "GET /healthz HTTP/1.1\r\n${H}${H}\r\n"
	answered 30000 400 http.malformed "GET /v1/mem HTTP/1.1\r\n\r\n"
	bad 400 http.malformed "GET  /healthz HTTP/1.1\r\n$H\r\n"
	bad 400 http.malformed "GET /healthz  HTTP/1.1\r\n$H\r\n"
	bad 400 http.malformed "GET /healthz\r\n$H\r\n"
	bad 400 http.malformed "GET /healthz HTTP/1.1 \r\n$H\r\n"
	bad 400 http.malformed "GET /healthz HTTP/1.1\n$H\n"
	bad 400 http.malformed "GET /healthz http/1.1\r\n$H\r\n"
	bad 505 http.version "GET /healthz HTTP/2.0\r\n$H\r\n"
	bad 505 http.version "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	bad 417 http.expectation "${put}Expect: a-pony\r\nContent-Length: 1\r\n\r\nx"
	# what would have been smuggled has not happened
	refused 30000 400 http.malformed \
		"${put}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPUT /v1/mem/smuggled HTTP/1.1\r\n${H}Content-Length: 1\r\n\r\nx"
	ask 404 GET "$MEM/v1/mem/smuggled"
	ask 404 GET "$MEM/v1/mem/a"
	node_stop
}

@test "hostile chunks are refused and nothing of the body is kept" {
	local chunk

	node_start
	for chunk in '1\nx\r\n0\r\n\r\n' ' 1\r\nx\r\n0\r\n\r\n' '+1\r\nx\r\n0\r\n\r\n' '0x1\r\nx\r\n0\r\n\r\n' '1 \nx\r\n0\r\n\r\n' \
		'1\r\nxy\r\n0\r\n\r\n' '1\r\nx\n0\r\n\r\n' 'fffffffffffffffff\r\nx\r\n0\r\n\r\n' '-1\r\n\r\n' '\r\n\r\n' 'g\r\n\r\n' \
		'1;\000\r\nx\r\n0\r\n\r\n' '1;x=y\r\nx\r\n0\r\n\r\n' \
		'1\r\nx\r\n0\r\nTrailer: x\r\n\r\n'; do
		row || continue
		refused 30000 400 http.malformed "PUT /v1/mem/a HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n$chunk"
	done
	refused 30000 413 http.body_too_large "PUT /v1/mem/a HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n7ffffff\r\nx"
	ask 404 GET "$MEM/v1/mem/a"
	# half a body is no body
	raw_eof 30000 "PUT /v1/mem/a HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\n12345" >/dev/null
	raw_eof 30000 "PUT /v1/mem/a HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n" >/dev/null
	ask 404 GET "$MEM/v1/mem/a"
	node_stop
}

@test "404, 405 with Allow, 411, 413, 501, bodies where none belongs" {
	node_start
	ask 404 GET "$MEM/v1/nothing"
	assert_equal "$(field content-type)" application/problem+json
	jq -e '.status == 404 and .title == "Not Found" and .code == "http.no_route" and (.detail | contains("/v1/nothing"))' answer.body
	ask 404 GET "$MEM/v1/config"
	ask 405 POST "$MEM/v1/mem/a"
	assert_equal "$(field allow | tr -d ' ' | tr ',' '\n' | sort | tr '\n' ' ')" 'delete get head put '
	ask 405 DELETE "$CTL/healthz"
	assert_equal "$(field allow | tr -d ' ' | tr ',' '\n' | sort | tr '\n' ' ')" 'get head '
	ask 405 OPTIONS "$MEM/v1/mem/a"
	run raw_eof 30000 "GET /healthz HTTP/1.1\r\n${H}\r\nBREW /v1/mem/a HTTP/1.1\r\n$H\r\n"
	assert_output --partial 'HTTP/1.1 501'
	# as the first word of a connection it is no method, so a line
	run raw_eof 30000 'BREW /v1/mem/a HTTP/1.1\r\n'
	assert_output --partial 'error: line.unknown'
	ask 411 PUT "$MEM/v1/mem/a"
	assert_equal "$code" http.length_required
	head -c 1048577 /dev/zero >over
	ask 413 PUT "$MEM/v1/mem/a" -H 'Expect:' --data-binary @over
	ask 400 GET "$MEM/v1/mem/a" --data-binary x
	assert_equal "$code" http.body_unexpected
	ask 400 GET "$MEM/v1/mem?colour=red"
	assert_equal "$code" http.query_unknown
	node_stop
}

@test "limits of the head: 414, 431 by bytes and by fields" {
	local long fields='' i

	node_start
	long=$(printf '%05000d' 0)
	refused 30000 414 http.target_too_long "GET /$long HTTP/1.1\r\n$H\r\n"
	refused 30000 414 http.target_too_long "GET /$long$long"
	refused 30000 431 http.headers_too_large "GET /healthz HTTP/1.1\r\n${H}A: $long\r\nB: $long\r\nC: $long\r\nD: $long\r\n\r\n"
	refused 30000 431 http.headers_too_large "GET /healthz HTTP/1.1\r\n${H}A: $long$long$long$long"
	for ((i = 0; i < 63; i++)); do fields+="X-$i: v\r\n"; done
	run raw 30000 "GET /healthz HTTP/1.1\r\n${H}${fields%X-62*}Connection: close\r\n\r\n"
	assert_line --partial 'HTTP/1.1 200'
	refused 30000 431 http.headers_too_large "GET /healthz HTTP/1.1\r\n${H}${fields}X-63: v\r\n\r\n"
	# 3 * 5,000 bytes are under the limit of 16 KiB
	run raw 30000 "GET /healthz HTTP/1.1\r\n${H}A: $long\r\nB: $long\r\nC: $long\r\nConnection: close\r\n\r\n"
	assert_line --partial 'HTTP/1.1 200'
	node_stop
}

@test "a target that is not canonical is refused, and told what it should be" {
	local target

	node_start
	for target in //v1/mem /v1//mem /v1/./mem /v1/mem/.. /../etc '/v1/mem/%61' '/v1/mem/a%2fb' '/v1/mem/%00' '/v1/mem/a+b' \
		'/v1/mem/a:b' '/v1/mem/%' '/v1/mem/%2' '/v1/mem/%zz' '/v1/mem?' '/v1/mem?limit' '/v1/mem?prefix=a&limit=1' \
		'/v1/mem?limit=1&limit=1' '/v1/mem?limit=1&' '/v1/mem?a1=1' '/v1/mem?prefix=a+b' '/v1/mem?prefix=%2B' '/v1/mem#x' '*' \
		'http://localhost:30000/v1/mem' 'v1/mem'; do
		answered 30000 400 http.target_not_canonical 'GET %s HTTP/1.1\r\nHost: localhost:30000\r\n\r\n' "$target"
	done
	run raw_eof 30000 'GET %s HTTP/1.1\r\nHost: localhost:30000\r\n\r\n' '/v1/mem/a%2fb'
	assert_output --partial '/v1/mem/a%2Fb'
	node_stop
}

@test "the first bytes decide between HTTP and a line, for good" {
	node_start
	run raw_eof 30000 'virgo_cloud_malloc(8)\nGET /healthz HTTP/1.1\r\n\r\n'
	refute_output --partial 'HTTP/1.1'
	assert_line --index 0 --regexp '^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$'
	assert_line --partial 'error: '
	run raw_eof 30000 'GETX\r\n'
	assert_line --partial 'error: line.unknown'
	# bytes of an HTTP body or behind an HTTP error are never a command
	run raw 30000 'POST / HTTP/1.1\r\nHost: localhost:30000\r\nContent-Length: 22\r\n\r\nvirgo_cloud_malloc(8)\n'
	assert_line --partial 'HTTP/1.1 404'
	assert_equal "$(stat_of services.mempool.blocks)" 1
	node_stop
}

@test "Host must be this node's, keys or not" {
	node_start
	answered 30000 401 auth.host 'GET /v1/mem HTTP/1.1\r\nHost: evil.example:30000\r\n\r\n'
	answered 30000 401 auth.host 'GET /v1/mem HTTP/1.1\r\nHost: localhost:40000\r\n\r\n'
	run raw 30000 'GET /v1/mem HTTP/1.1\r\nHost: LOCALHOST:30000\r\nConnection: close\r\n\r\n'
	assert_line --partial 'HTTP/1.1 200'
	node_stop
	node_conf 'names = pool.example, other.example'
	node_start
	run raw 30000 'GET /v1/mem HTTP/1.1\r\nHost: other.example:30000\r\nConnection: close\r\n\r\n'
	assert_line --partial 'HTTP/1.1 200'
	node_stop
	node_conf 'host_check = off'
	node_start
	run raw 30000 'GET /v1/mem HTTP/1.1\r\nHost: evil.example:30000\r\nConnection: close\r\n\r\n'
	assert_line --partial 'HTTP/1.1 200'
	node_stop
}

@test "no answer invites a web page" {
	node_start
	ask 405 OPTIONS "$MEM/v1/mem/a" -H 'Origin: http://evil.example' -H 'Access-Control-Request-Method: PUT'
	assert_equal "$(grep -c access-control <<<"$head")" 0
	ask 200 GET "$MEM/v1/mem" -H 'Origin: http://evil.example'
	assert_equal "$(grep -c access-control <<<"$head")" 0
	# nor does one follow that did not ask: a browser sends such a POST without a word
	ask 401 POST "$MEM/v1/mem/a/incr" -H 'Origin: http://evil.example' -H 'Content-Length: 0'
	assert_equal "$code" auth.host
	ask 404 GET "$MEM/v1/mem/a"
	node_stop
}

@test "a refusal is readable though the client goes on sending" {
	node_start
	# the node closes at once; a reset would eat the answer while the client still writes
	head -c 900000 /dev/zero >zeros
	for i in 1 2 3 4 5; do
		run bash -c "{ printf 'PUT /v1/mem/a HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 900000\r\n\r\n'; cat zeros; } |
			nc -N -w $PATIENCE $ADDR 30000"
		assert_output --partial 'HTTP/1.1 401'
		assert_output --partial auth.host
	done
	node_stop
}
