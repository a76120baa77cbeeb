#!/usr/bin/env bats
# slow: web: Which web pages may use the API: Origin, CORS. test/browser.bats asks a real browser.

load helpers/stack
load helpers/problem

setup_file() {
  stack_start
  # the ports are known only now: the default goes by WEB_PORT
  stop api
  stop writer
  start api
  start writer
  jobs_start 1
  new_application
  new_chat
  export token front=http://127.0.0.1:$WEB_PORT foreign=http://evil.example
  export chats=/applications/$token/chats messages=/applications/$token/chats/$chat/messages
}

teardown_file() {
  stack_stop
}

exposed='Link, Location, Retry-After, X-Request-Id, X-Total-Count, X-Search-Source, X-Search-Incomplete'

# from ORIGIN URL METHOD PATH [BODY [CURL-OPTION…]]
from() {
  local origin=$1 url=$2 method=$3 path=$4 text=${5--}
  shift $(($# < 5 ? $# : 5))
  ask "$url" "$method" "$path" "$text" -H "Origin: $origin" "$@"
}

# may_read ORIGIN: the browser shows the last answer to pages of that origin
may_read() {
  same "$(header Access-Control-Allow-Origin)" "$1"
  same "$(header Access-Control-Expose-Headers)" "$exposed"
  same "$(header Vary)" Origin
}

no_cors() {
  same "$(grep -ci '^access-control-' <<<"$headers")" 0
  same "$(header Vary)" Origin
}

# All that a request could have made, in Redis and MySQL.
state() {
  db 'SELECT COUNT(*), MAX(id) FROM chat_applications'
  redis --raw EVAL "local out = {}
    for _, key in ipairs(redis.call('KEYS', 'chat*counter')) do
      out[#out + 1] = key .. '=' .. redis.call('GET', key) end
    table.sort(out)
    return table.concat(out, ' ')" 0
}

# bats test_tags=origin:allowed
@test "pages of the front end may read every answer, errors too, on both services" {
  local url origin
  for origin in "$front" "http://localhost:$WEB_PORT"; do
    for url in "$API" "$WRITER"; do
      from "$origin" "$url" POST "$messages" '{"body":"x"}'
      expect 201
      may_read "$origin"
      [ -n "$(header Location)" ]
      from "$origin" "$url" POST "$messages" '{'
      problem 400 malformed-json
      may_read "$origin"
      from "$origin" "$url" DELETE /health
      problem 405 method-not-allowed
      may_read "$origin"
      from "$origin" "$url" GET /nothing
      problem 404 not-found
      may_read "$origin"
      from "$origin" "$url" GET /health
      expect 200
      may_read "$origin"
    done
    from "$origin" "$API" POST /applications '{"name":"x"}'
    expect 201
    may_read "$origin"
    from "$origin" "$API" GET "$messages?limit=1"
    expect 200
    may_read "$origin"
    from "$origin" "$API" HEAD "$messages?limit=1"
    expect 200
    may_read "$origin"
  done
}

# bats test_tags=origin:allowed
@test "without an Origin nothing is refused, and there are no CORS headers" {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages" '{"body":"x"}'
    expect 201
    no_cors
  done
  request POST /applications '{"name":"x"}'
  expect 201
  no_cors
  request GET /applications
  expect 200
  no_cors
}

# bats test_tags=origin:foreign
@test "a foreign Origin that would change something is 403, and nothing happens" {
  local url origin before
  before=$(state)
  for origin in "$foreign" null "http://127.0.0.1:$API_PORT" "https://127.0.0.1:$WEB_PORT" \
    "$front.evil.example" http://127.0.0.1 "${front%?}" "$front/" "$front $front" x; do
    for url in "$API" "$WRITER"; do
      from "$origin" "$url" POST "$chats" '{}'
      [ "$status" = 403 ] || echo "origin: $origin" >&2
      problem 403 forbidden-origin
      no_cors
      from "$origin" "$url" POST "$messages" '{"body":"x"}'
      problem 403 forbidden-origin
    done
    from "$origin" "$API" POST /applications '{"name":"x"}'
    problem 403 forbidden-origin
    no_cors
    from "$origin" "$API" GET /applications
    problem 403 forbidden-origin
    no_cors
  done
  same "$(state)" "$before"
}

# bats test_tags=origin:foreign
@test "a foreign Origin edits and deletes nothing" {
  local path method
  request POST "$messages" '{"body":"as it was"}'
  expect 201
  for path in "/applications/$token" "$chats/1" "$(header Location)"; do
    for method in PATCH PUT DELETE; do
      # a chat is not edited
      [[ $method:$path == P*:*/chats/1 ]] && continue
      from "$foreign" "$API" "$method" "$path" '{"name":"x","body":"x"}'
      problem 403 forbidden-origin
      no_cors
    done
    request GET "$path"
    expect 200
  done
  same "$(json .body)" 'as it was'
  request GET "/applications/$token"
  same "$(json .name)" test
}

# bats test_tags=origin:foreign
@test "what a browser sends without asking first does nothing either" {
  local type before
  before=$(state)
  for type in text/plain application/x-www-form-urlencoded 'multipart/form-data; boundary=x'; do
    typed "$API" /applications -H "Origin: $foreign" -H "Content-Type: $type" -d '{"name":"x"}'
    problem 403 forbidden-origin
    typed "$WRITER" "$chats" -H "Origin: $foreign" -H "Content-Type: $type" -d '{}'
    problem 403 forbidden-origin
  done
  from "$foreign" "$WRITER" POST "$chats"
  problem 403 forbidden-origin
  same "$(state)" "$before"
}

@test "a body that is refused unread holds nobody up" {
  local n began
  head -c 1048576 /dev/zero >"$BATS_TEST_TMPDIR/big"
  now_ms
  began=$REPLY
  for n in 1 2 3 4 5 6 7 8 9 10; do
    from "$foreign" "$WRITER" POST "$messages" "@$BATS_TEST_TMPDIR/big"
    problem 403 forbidden-origin
    from "$foreign" "$WRITER" POST /nothing "@$BATS_TEST_TMPDIR/big"
    problem 404 not-found
  done
  now_ms
  [ $((REPLY - began)) -lt 10000 ]
}

# bats test_tags=origin:allowed
@test "a foreign page's reads are answered, but its browser does not show it the answer" {
  local path
  for path in "/applications/$token" "$chats" "$messages" /health /problems/not-found; do
    from "$foreign" "$API" GET "$path"
    expect 200
    no_cors
    from null "$API" HEAD "$path"
    expect 200
    no_cors
  done
}

# bats test_tags=error:options
@test "a preflight is answered for the front end, and says nothing to others" {
  local url method
  for url in "$API" "$WRITER"; do
    for method in POST PUT PATCH DELETE GET; do
      from "$front" "$url" OPTIONS "$messages" - -H "Access-Control-Request-Method: $method" \
        -H 'Access-Control-Request-Headers: content-type,authorization'
      expect 204
      may_read "$front"
      same "$(header Access-Control-Allow-Methods)" "$(header Allow)"
      same "$(header Access-Control-Allow-Headers)" 'Content-Type, Authorization, X-Request-Id'
      [[ $(header Access-Control-Max-Age) =~ ^[1-9][0-9]*$ ]]
    done
    [[ ", $(header Allow), " == *', POST, '* ]]
    for method in "$foreign" null; do
      from "$method" "$url" OPTIONS "$messages" - -H 'Access-Control-Request-Method: POST'
      expect 204
      no_cors
      [[ ", $(header Allow), " == *', POST, '* ]]
    done
    # not a preflight
    from "$front" "$url" OPTIONS "$messages"
    expect 204
    same "$(header Access-Control-Allow-Origin)$(header Access-Control-Allow-Methods)" "$front"
    from "$front" "$url" OPTIONS /nothing - -H 'Access-Control-Request-Method: POST'
    problem 404 not-found
  done
}

# bats test_tags=origin:allowed
@test "PARLEY_CORS_ORIGINS replaces the default; it is a list, or * for all" {
  stop writer
  PARLEY_CORS_ORIGINS='https://chat.example.com, http://a.example:8000' start writer
  for origin in https://chat.example.com http://a.example:8000; do
    from "$origin" "$WRITER" POST "$messages" '{"body":"x"}'
    expect 201
    may_read "$origin"
  done
  for origin in "$front" https://a.example:8000 "$foreign" null; do
    from "$origin" "$WRITER" POST "$messages" '{"body":"x"}'
    problem 403 forbidden-origin
  done
  stop writer
  PARLEY_CORS_ORIGINS='*' start writer
  for origin in "$front" "$foreign" null; do
    from "$origin" "$WRITER" POST "$messages" '{"body":"x"}'
    expect 201
    may_read "$origin"
  done
  stop writer
  start writer
}

# bats test_tags=origin:allowed
@test "the web server's own errors can be read by the front end" {
  env -i REQUEST_METHOD=GET REQUEST_URI=/ REDIRECT_STATUS=413 HTTP_ORIGIN="$front" \
    cgi-fcgi -bind -connect "$PARLEY_VAR/run/writer.sock" | tr -d '\r' >"$BATS_TEST_TMPDIR/out"
  headers=$(cat "$BATS_TEST_TMPDIR/out")
  same "$(header Status)" '413 Content Too Large'
  may_read "$front"
}
