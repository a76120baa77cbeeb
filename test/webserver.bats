#!/usr/bin/env bats
# web: what the web server itself says and lets through, byte by byte on the wire.

load helpers/stack

setup_file() {
  stack_start
  jobs_start 1
  new_application
  new_chat
  export token messages=/applications/$token/chats/$chat/messages
}

teardown_file() {
  stack_stop
}

# raw PORT BYTES…: sends each with printf's escapes, closes its side if $half_close is set, reads until
# the server closes; sets status, headers and body like `ask`, and answers: how many there were.
raw() {
  local port=$1 out=$BATS_TEST_TMPDIR/raw stdio=STDIO,ignoreeof
  shift
  [ -z "${half_close:-}" ] || stdio=STDIO
  printf '%b' "$@" | socat -t 10 -T 10 "$stdio" "TCP:127.0.0.1:$port" >"$out" 2>/dev/null || true
  answers=$(grep -acE '^HTTP/1\.[01] [0-9]{3}' "$out") || true
  status=$(sed -nE '1s/^HTTP\/1\.[01] ([0-9]{3}).*/\1/p' "$out")
  headers=$(sed '/^\r$/q' "$out" | tr -d '\r')
  body=$(sed '1,/^\r$/d' "$out")
}

# own_problem STATUS NAME: the last answer is a problem in full form, whoever has said it
own_problem() {
  expect "$1"
  same "$(header Content-Type)" application/problem+json
  same "$(header Cache-Control)" no-store
  same "$(header Referrer-Policy)" no-referrer
  [[ $(header X-Request-Id) =~ ^[A-Za-z0-9._-]{1,64}$ ]] || same "$headers" "with one id"
  same "$(json .type) $(json .status)" "/problems/$2 $1"
  [ "$1" != 503 ] || same "$(header Retry-After)" 1
}

# refused STATUS NAME BYTES…: by both services, and the connection does not go on
refused() {
  local port
  for port in "$API_PORT" "$WRITER_PORT"; do
    raw "$port" "${@:3}"
    [ "$status" = "$1" ] || echo "sent: ${*:3}" >&2
    own_problem "$1" "$2"
    same "$answers" 1
  done
}

# by_server LIGHTTPD NGINX
by_server() { if [ "$STACK_WEB" = lighttpd ]; then echo "$1"; else echo "$2"; fi; }

# Their escapes are for `raw`.
get() { printf '%s' "GET $1 HTTP/1.1" '\r\nHost: x\r\nConnection: close\r\n'; }
post() { printf '%s' "POST $messages HTTP/1.1" '\r\nHost: x\r\nConnection: close\r\n'; }
x() { head -c "$1" /dev/zero | tr '\0' x; }

count() {
  wait_for 10 drained
  db "SELECT COUNT(*) FROM messages"
}

# --- its own errors ---------------------------------------------------------------------------------

# bats test_tags=error:web-server
@test "what is no request is 400" {
  refused 400 bad-request 'GARBAGE\r\n\r\n'
  refused 400 bad-request '\x01\x02\r\n\r\n'
  refused 400 bad-request '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'
  refused 400 bad-request 'GET /health HTTP/1.1\r\n\r\n'
  refused 400 bad-request 'GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
  refused 400 bad-request 'GET /health HTTP/1.1\r\nHost: a b/\r\n\r\n'
}

@test "another version of HTTP is 505, or 400" {
  refused 505 http-version-not-supported 'GET /health HTTP/3.0\r\nHost: x\r\n\r\n'
  raw "$API_PORT" 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  own_problem "$(by_server 505 400)" "$(by_server http-version-not-supported bad-request)"
  raw "$API_PORT" 'GET /health\r\n\r\n'
  # nginx takes this for HTTP/0.9, which has no place for headers, and closes
  [ "$STACK_WEB" = nginx ] || own_problem 400 bad-request
  [ "$STACK_WEB" = lighttpd ] || same "$headers$body" ''
}

# bats test_tags=error:web-server
@test "a header too large is 431, a line too long is that or 414" {
  refused 431 header-fields-too-large "$(get /health)X-A: $(x 17000)\r\n\r\n"
  refused 431 header-fields-too-large "$(get /health)$(for n in {1..600}; do
    printf '%s' "X-$n: $(x 40)" '\r\n'; done)\r\n"
  refused "$(by_server 431 414)" "$(by_server header-fields-too-large uri-too-long)" \
    "$(get "/$(x 17000)")\r\n"
}

# bats test_tags=error:web-server,error:413
@test "a body announced as larger than 1152 KiB is 413 at once" {
  refused 413 content-too-large "$(post)Content-Length: 1179649\r\n\r\n"
  refused 413 content-too-large "$(post)Content-Length: 999999999999\r\n\r\n"
}

@test "a body in chunks is 413 as soon as it is larger, though the client goes on" {
  local url
  head -c 3000000 /dev/zero >"$BATS_TEST_TMPDIR/sent"
  for url in "$API" "$API" "$API" "$WRITER"; do
    ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/sent" -H 'Transfer-Encoding: chunked'
    own_problem 413 content-too-large
    ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/sent"
    own_problem 413 content-too-large
  done
}

# bats test_tags=error:411
@test "POST with neither length nor body is 411 by lighttpd, and a request without a body by nginx" {
  raw "$API_PORT" "$(post)\r\n"
  if [ "$STACK_WEB" = lighttpd ]; then
    own_problem 411 length-required
  else
    own_problem 422 validation-failed
  fi
}

# bats test_tags=error:web-server
@test "a method that nobody knows is 501 by the server or 405 by the program" {
  raw "$API_PORT" 'FROB /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  own_problem "$(by_server 501 405)" "$(by_server not-implemented method-not-allowed)"
  raw "$API_PORT" 'TRACE /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  own_problem "$(by_server 405 501)" "$(by_server method-not-allowed not-implemented)"
  refused 400 bad-request 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  refused 501 not-implemented "$(post)Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n"
}

@test "OPTIONS * has an id, too" {
  raw "$API_PORT" 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  expect "$(by_server 200 400)"
  [[ $(header X-Request-Id) =~ ^[A-Za-z0-9._-]{1,64}$ ]]
  same "$(header Cache-Control)" no-store
}

# bats test_tags=error:web-server,error:request-id
@test "an own error has the client's id where it could be read, and none that does harm" {
  raw "$API_PORT" "$(post)X-Request-Id: mine-1\r\nContent-Length: 9999999\r\n\r\n"
  own_problem 413 content-too-large
  same "$(header X-Request-Id)" mine-1
  raw "$API_PORT" "$(post)X-Request-Id: <b>\r\nContent-Length: 9999999\r\n\r\n"
  own_problem 413 content-too-large
  [ "$(header X-Request-Id)" != '<b>' ]
}

@test "who closes their side after the request gets the answer all the same" {
  local half_close=1
  raw "$API_PORT" "$(get /health)\r\n"
  expect 200
  refused 413 content-too-large "$(post)Content-Length: 999999999999\r\n\r\n"
  refused 400 bad-request 'GARBAGE\r\n\r\n'
}

@test "HEAD and an own error: the header alone" {
  raw "$API_PORT" "HEAD /health HTTP/1.1\r\nHost: x\r\nX-A: $(x 17000)\r\nConnection: close\r\n\r\n"
  expect 431
}

# --- programs that are down ---------------------------------------------------------------------------

both_unavailable() {
  local method
  for method in GET HEAD POST; do
    ask "$1" $method "/applications/$token/chats" "$([ $method = POST ] && echo '{}' || echo -)" \
      -H 'X-Request-Id: mine'
    expect 503
    same "$(header X-Request-Id) $(header Retry-After) $(header Cache-Control)" 'mine 1 no-store'
    same "$(header Content-Type)" application/problem+json
    [ $method = HEAD ] || own_problem 503 unavailable
  done
}

# bats test_tags=error:web-server
@test "a program that is down is 503, in another program's words" {
  local name
  for name in api writer; do
    stop $name
    both_unavailable "$([ $name = api ] && echo "$API" || echo "$WRITER")"
    start $name
  done
}

# said STATUS BYTES…: the body of such an error, and the file that has its words
said() {
  raw "$API_PORT" "${@:2}"
  expect "$1"
  printf '%s' "$body" | cmp - "$stack_root/problems/$1.html"
}

every_own_error() {
  said 400 'GARBAGE\r\n\r\n'
  said 413 "$(post)Content-Length: 1179649\r\n\r\n"
  said 431 "$(get /health)X-A: $(x 17000)\r\n\r\n"
  said 501 "$(post)Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n"
  said 505 'GET /health HTTP/3.0\r\nHost: x\r\n\r\n'
  if [ "$STACK_WEB" = lighttpd ]; then
    said 411 "$(post)\r\n"
  else
    said 414 "$(get "/$(x 17000)")\r\n"
  fi
}

# bats test_tags=error:web-server
@test "with all programs down the same words come from files" {
  every_own_error
  stop api
  stop writer
  both_unavailable "$API"
  both_unavailable "$WRITER"
  every_own_error
  said 503 "$(get /health)\r\n"
  own_problem 503 unavailable
  raw "$API_PORT" "$(post)X-Request-Id: mine\r\nContent-Length: 1179649\r\n\r\n"
  own_problem 413 content-too-large
  same "$(header X-Request-Id)" mine
  start api
  start writer
  said 503 "$(get /health)\r\n" && return 1
  expect 200
}

@test "a program that is killed while it answers is 503" {
  signal mariadb STOP
  ask_later GET /applications
  wait_for 5 is_asked
  kill_9 api
  signal mariadb CONT
  wait_for 10 group_gone "$(pid_of later)"
  rm "$PARLEY_VAR/pids/later"
  same "$(tail -n 1 "$PARLEY_VAR/tmp/later")" 503
  grep -q '"type":"/problems/unavailable"' "$PARLEY_VAR/tmp/later"
  start api
}

ask_later() {
  : >"$PARLEY_VAR/tmp/later"
  spawn "$PARLEY_VAR/tmp/later" curl -s -w '\n%{http_code}\n' -X "$1" "$API$2"
  echo "$REPLY" >"$PARLEY_VAR/pids/later"
}

# a process of the program has a connection of a client
is_asked() { [ "$(ss -Hx state established "src $PARLEY_VAR/run/api.sock" | wc -l)" -gt 0 ]; }

# The program, asked for the words of each status, without a web server.
# bats test_tags=error:web-server
@test "the files have the words of the programs" {
  local file said
  for file in "$stack_root"/problems/*.html; do
    status=$(basename "$file" .html)
    said=$(env -i PATH="$PATH" REDIRECT_STATUS="$status" REQUEST_METHOD=GET \
      cgi-fcgi -bind -connect "$PARLEY_VAR/run/api.sock" | sed '1,/^\r$/d')
    same "$(cat "$file")" "$said"
    same "$(jq .status "$file")" "$status"
  done
}

# --- smuggling -------------------------------------------------------------------------------------------

# bats test_tags=error:web-server
@test "two lengths, or a length and chunks, are refused" {
  local before
  before=$(count)
  for lines in 'Content-Length: 12\r\nContent-Length: 2' 'Content-Length: 12\r\nContent-Length: 12' \
    'Content-Length: 12, 12' 'Content-Length: +12' 'Content-Length: -1' 'Content-Length: 0x0c' \
    'Content-Length: 1 2' 'Content-Length: 99999999999999999999999' 'Content-Length: 12;a' \
    'Transfer-Encoding: chunked\r\nContent-Length: 12' \
    'Content-Length: 12\r\nTransfer-Encoding: chunked'; do
    refused 400 bad-request "$(post)$lines\r\n\r\n" '{"body":"a"}' "$(get /health)\r\n"
  done
  refused 400 bad-request "$(post)Transfer-Encoding: chunked\r\n\r\nzz\r\n" '{"body":"a"}\r\n0\r\n\r\n'
  same "$(count)" "$before"
}

@test "a length in disguise counts for nothing" {
  local name
  for name in Content_Length Content.Length CONTENT_LENGTH HTTP_CONTENT_LENGTH X-Content-Length; do
    raw "$API_PORT" "$(post)Content-Length: 12\r\n$name: 3\r\n\r\n" '{"body":"a"}'
    expect 201
    same "$answers" 1
  done
}

@test "a request behind a refused one is not answered" {
  refused 400 bad-request "$(post | sed 's/Connection: close/X-A: a/')Content-Length: x\r\n\r\n" \
    "$(get /health)\r\n"
}

@test "NUL, CR and blanks where they do not belong are refused" {
  refused 400 bad-request "$(get /health)X-A: b\x00c\r\n\r\n"
  refused 400 bad-request "$(get /health)X-A: b\rc\r\n\r\n"
  refused 400 bad-request "$(get /health)X-A : b\r\n\r\n"
  refused 400 bad-request "$(get /health)Content-Length : 3\r\n\r\nabc"
}

@test "a folded header is one line or refused" {
  raw "$API_PORT" "$(get /health)X-A: b\r\n X-Request-Id: smuggled\r\n\r\n"
  [ "$status" != 200 ] || [ "$(header X-Request-Id)" != smuggled ]
  [[ $status == [24]00 ]]
  raw "$API_PORT" "$(get /health)X-A: b\r\n\tContent-Length: 400\r\n\r\n"
  [[ $status == [24]00 ]]
  same "$answers" 1
}

@test "an id in disguise counts for nothing" {
  local name
  for name in X_Request_Id X_Request-Id X-Request_Id X.Request.Id 'X!Request~Id' HTTP_X_REQUEST_ID; do
    for port in "$API_PORT" "$WRITER_PORT"; do
      raw "$port" "$(get /health)$name: smuggled\r\nX-Request-Id: mine\r\n\r\n"
      expect 200
      same "$(header X-Request-Id)" mine
      raw "$port" "$(get /health)X-Request-Id: mine\r\n$name: smuggled\r\n\r\n"
      expect 200
      same "$(header X-Request-Id)" mine
      raw "$port" "$(get /health)$name: smuggled\r\n\r\n"
      expect 200
      [ "$(header X-Request-Id)" != smuggled ]
    done
  done
}

@test "a type in disguise counts for nothing" {
  raw "$API_PORT" "$(post)Content-Type: text/plain\r\nContent_Type: application/json\r\n" \
    'Content-Length: 12\r\n\r\n{"body":"a"}'
  expect 415
}

@test "Proxy and REDIRECT_STATUS from a client count for nothing" {
  local name
  for name in Proxy REDIRECT_STATUS Redirect-Status HTTP_REDIRECT_STATUS Status REQUEST_URI \
    Request-Uri X-Accel-Redirect X-Sendfile; do
    raw "$API_PORT" "$(get /health)$name: 413\r\n\r\n"
    expect 200
    raw "$API_PORT" "$(get /nothing)$name: /health\r\n\r\n"
    own_problem 404 not-found
  done
}

@test "a URL in place of the path means its path, whatever host it names, or is refused" {
  raw "$API_PORT" "GET http://x/applications/$token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
  expect 200
  same "$(json .token)" "$token"
  raw "$API_PORT" "GET http://other/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
  own_problem "$(by_server 400 404)" "$(by_server bad-request not-found)"
}

@test "the path reaches the program as it was sent" {
  local path
  for path in "//applications/$token" "/applications//$token" "/applications/%${token}" \
    "/x/../applications/$token" "/./applications/$token" "/%61pplications/$token" \
    "/applications/$token?" "/applications/$token/." "/applications%2F$token"; do
    raw "$API_PORT" "$(get "$path")\r\n"
    [[ $path == *'?' ]] && expect 200 && continue
    [[ $status == 40[04] ]] || same "$status" "400 or 404 for $path"
  done
  for path in "$messages/search?q=a" "$messages/search"; do
    raw "$WRITER_PORT" "$(get "$path")\r\n"
    own_problem 404 not-found
  done
}

@test "the paths of the own errors are nobody's" {
  local path
  for path in /.problem /.problem/ /.problem/413 /.file/413; do
    request GET "$path"
    own_problem 404 not-found
  done
}

# bats test_tags=admin:secret
@test "logs show no whole token" {
  stop api
  request GET "/applications/$token/chats"
  expect 503
  raw "$API_PORT" "GET /applications/$token/chats HTTP/1.1\r\nHost: a b\r\n\r\n"
  expect 400
  start api
  [ "$STACK_WEB" = lighttpd ] || wait_for 5 log_has nginx "${token:0:6}\.\.\."
  same "$(grep -ral -- "$token" "$PARLEY_VAR/log")" ''
}
