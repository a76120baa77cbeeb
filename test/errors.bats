#!/usr/bin/env bats
# web: What every route refuses, and how.

load helpers/stack
load helpers/problem

setup_file() {
  stack_start
  jobs_start 1
  new_application
  new_chat
  export token messages=/applications/$token/chats/$chat/messages
  request POST "$messages" '{"body":"first"}'
  expect 201
  wait_for 10 drained
}

teardown_file() {
  stack_stop
}

# refused BYTES…: as a message's body, with printf's escapes; 400 from both services
refused() {
  local bytes url
  for bytes; do
    printf '%b' "$bytes" >"$BATS_TEST_TMPDIR/sent"
    for url in "$API" "$WRITER"; do
      ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/sent"
      [ "$status" = 400 ] || echo "sent: $bytes" >&2
      problem 400 malformed-json
    done
  done
}

# accepted BYTES…
accepted() {
  local bytes url
  for bytes; do
    printf '%b' "$bytes" >"$BATS_TEST_TMPDIR/sent"
    for url in "$API" "$WRITER"; do
      ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/sent"
      [ "$status" = 201 ] || echo "sent: $bytes" >&2
      expect 201
    done
  done
}

repeat() { printf "%0$2d" 0 | sed "s/0/$1/g"; }

# --- 400 ------------------------------------------------------------------------------------------------

# bats test_tags=error:400,error:problem
@test "malformed JSON is 400" {
  refused '{' '{"body":"x"' '{"body":"x",}' "{'body':'x'}" '{body:"x"}' '{"body":"x"} x' \
    '{"body":"x"}{"body":"x"}' '{"body":"x"/**/}' '{"body":"\\x"}' '{"body":"\\u12g4"}' \
    '{"body":"x","a":True}' '{"body":"x" "a":1}' '  '
}

# bats test_tags=error:400
@test "JSON that is not an object is 400" {
  refused '["x"]' '"x"' 1 null true '[]'
  request POST "/applications/$token/chats" '[]'
  problem 400 malformed-json
  request POST /applications '["name"]'
  problem 400 malformed-json
}

# bats test_tags=error:400
@test "nesting over 32 is 400, and 32 is not" {
  refused "{\"body\":\"x\",\"a\":$(repeat '[' 32)$(repeat ']' 32)}"
  accepted "{\"body\":\"x\",\"a\":$(repeat '[' 31)$(repeat ']' 31)}"
}

# bats test_tags=error:400
@test "a duplicate key is 400, however it is written and however deep it lies" {
  refused '{"body":"x","body":"x"}' '{"body":"x","b\\u006fdy":"y"}' \
    '{"body":"x","a":[{"b":1,"c":2,"b":1}]}'
  accepted '{"body":"x","a":{"body":"y"}}'
}

# bats test_tags=error:400
@test "NaN, Infinity and numbers that JSON does not know are 400" {
  local number
  for number in NaN Infinity -Infinity 1. .5 01 +1 1e - 0x1; do
    refused "{\"body\":\"x\",\"a\":$number}"
  done
  accepted '{"body":"x","a":[0,-0,1.5e-7,123456789012345678901234567890]}'
}

# bats test_tags=error:400
@test "raw control characters are 400" {
  refused '{"body":"a\x01b"}' '{"body":"a\nb"}' '{"body":"a\tb"}' '{"body":"a\x1fb"}' \
    '{"body":"a\x00b"}' '{"a\nb":1,"body":"x"}' '{"body":"x"}\x00'
  accepted '{"body":"a\x7fb"}'
}

# bats test_tags=error:400
@test "invalid UTF-8 is 400" {
  refused '{"body":"\xc0\xaf"}' '{"body":"\xed\xa0\x80"}' '{"body":"\xf5\x80\x80\x80"}' \
    '{"body":"\xff"}' '{"body":"\xc3"}' '{"body":"\xe0\x80\xaf"}' '{"body":"\xf4\x90\x80\x80"}' \
    '{"body":"\x80"}' '{"\xff":1,"body":"x"}'
}

# bats test_tags=error:400
@test "a lone surrogate is 400, and a pair is not" {
  refused '{"body":"\\ud800"}' '{"body":"\\udc00"}' '{"body":"\\ud800\\ud800"}' \
    '{"body":"\\ud83dx"}' '{"body":"\\udc00\\ud800"}' '{"\\ud800":1,"body":"x"}'
  accepted '{"body":"\\ud83d\\ude00"}'
}

@test "a byte order mark is 400" {
  refused '\xef\xbb\xbf{"body":"x"}'
  accepted '{"body":"\xef\xbb\xbfx"}'
}

# bats test_tags=error:400
@test "a bad percent escape in a query is 400" {
  local query
  for query in 'limit=%zz' 'limit=%' 'limit=1%00' 'limit=%ff'; do
    request GET "$messages?$query"
    problem 400 bad-parameter
  done
}

# --- 413, 415, 422 ----------------------------------------------------------------------------------------

# bats test_tags=error:413
@test "a body over 1 MiB is 413, and 1 MiB is not" {
  local url
  { printf '{"body":"' && head -c 1048565 /dev/zero | tr '\0' x && printf '"}'; } \
    >"$BATS_TEST_TMPDIR/mib"
  same "$(stat -c %s "$BATS_TEST_TMPDIR/mib")" 1048576
  { cat "$BATS_TEST_TMPDIR/mib" && printf ' '; } >"$BATS_TEST_TMPDIR/more"
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/mib"
    problem 422 validation-failed
    ask "$url" POST "/applications/$token/chats" "@$BATS_TEST_TMPDIR/mib"
    expect 201
    ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/more"
    problem 413 content-too-large
    ask "$url" POST "/applications/$token/chats" "@$BATS_TEST_TMPDIR/more"
    problem 413 content-too-large
    ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/more" -H 'Transfer-Encoding: chunked'
    expect 413
  done
  head -c 3000000 /dev/zero >"$BATS_TEST_TMPDIR/more"
  request POST "$messages" "@$BATS_TEST_TMPDIR/more"
  expect 413
}

@test "a body in chunks is taken like any other" {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages" '{"body":"in chunks"}' -H 'Transfer-Encoding: chunked'
    expect 201
  done
}

# bats test_tags=error:415
@test "a form or another type of body is 415" {
  local url type
  for url in "$API" "$WRITER"; do
    typed "$url" "$messages" -d '{"body":"x"}'
    problem 415 unsupported-media-type
    [[ $(json .detail) == *--json* ]]
    for type in text/plain application/xml application/jsonp text/json \
      'multipart/form-data; boundary=x' application/+json; do
      typed "$url" "$messages" -H "Content-Type: $type" --data-binary '{"body":"x"}'
      [ "$status" = 415 ] || echo "type: $type" >&2
      problem 415 unsupported-media-type
    done
  done
}

# bats test_tags=error:415
@test "JSON by whatever name, or by none, is taken" {
  local url type
  for url in "$API" "$WRITER"; do
    for type in '' ' application/json' ' application/json; charset=utf-8' \
      ' application/json;charset=UTF-8' ' Application/JSON' ' application/merge-patch+json' \
      ' application/vnd.api+json'; do
      typed "$url" "$messages" -H "Content-Type:$type" --data-binary '{"body":"x"}'
      [ "$status" = 201 ] || echo "type: $type" >&2
      expect 201
    done
  done
}

# bats test_tags=error:422,error:problem
@test "422 says which field and why" {
  request POST "$messages" '{}'
  problem 422 validation-failed
  same "$(json '.errors | [keys[], (.body | type), (.body[] | type)] | join(" ")')" \
    'body array string'
  request POST /applications '{}'
  problem 422 validation-failed
  same "$(json '.errors | keys[]')" name
}

# --- 404, 405, HEAD ------------------------------------------------------------------------------------------

# bats test_tags=error:404
@test "an unknown route, token, chat or message is 404" {
  local path
  for path in / /nothing /applications/ "/applications/$token/" "/applications/$token/chat" \
    "/applications//$token" /applications/00000000000000000000000000000000 \
    "/applications/${token^^}A" "/applications/${token:0:31}" "/applications/${token}0" \
    "/applications/$token/chats/" "/applications/$token/chats/1/" \
    "/applications/$token/chats/4294967295" "$messages/" "$messages/1/" "$messages/1/x" \
    "$messages/4294967295" "/applications/$token/chats/4294967295/messages" \
    "/applications/$token/chats/4294967295/messages/1" \
    "/applications/00000000000000000000000000000000/chats/1" \
    "/applications/00000000000000000000000000000000/chats" \
    "/applications/00000000000000000000000000000000/chats/1/messages/1"; do
    request GET "$path"
    [ "$status" = 404 ] || echo "path: $path" >&2
    problem 404 not-found
    same "$(header Retry-After)$(header Location)" ''
  done
}

# bats test_tags=http:paths
@test "an upper-case token is 404" {
  local upper=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA url
  # one that has letters, for certain
  db "UPDATE chat_applications SET token = '${upper,,}' WHERE token = '$token'"
  request GET "/applications/${upper,,}"
  expect 200
  request GET "/applications/$upper"
  problem 404 not-found
  for url in "$API" "$WRITER"; do
    ask "$url" POST "/applications/${upper,,}/chats"
    expect 201
    ask "$url" POST "/applications/$upper/chats"
    problem 404 not-found
  done
  db "UPDATE chat_applications SET token = '$token' WHERE token = '${upper,,}'"
}

# bats test_tags=http:paths
@test "a number that is not canonical decimal from 1 to 4294967295 is 404" {
  local number url
  for number in 0 01 +1 -1 1abc abc 1.0 1e0 4294967296 18446744073709551617 %31 1%20 ''; do
    request GET "/applications/$token/chats/$number"
    [ "$status" = 404 ] || echo "number: $number" >&2
    problem 404 not-found
    request GET "$messages/$number"
    problem 404 not-found
    for url in "$API" "$WRITER"; do
      ask "$url" POST "/applications/$token/chats/$number/messages" '{"body":"x"}'
      problem 404 not-found
    done
  done
}

# bats test_tags=error:404
@test "creating below an unknown token or chat is 404" {
  local url nobody=00000000000000000000000000000000
  for url in "$API" "$WRITER"; do
    ask "$url" POST "/applications/$nobody/chats"
    problem 404 not-found
    ask "$url" POST "/applications/$nobody/chats/1/messages" '{"body":"x"}'
    problem 404 not-found
    ask "$url" POST "/applications/$token/chats/4294967295/messages" '{"body":"x"}'
    problem 404 not-found
    ask "$url" POST "/applications/$token/chats/" '{}'
    problem 404 not-found
    ask "$url" POST "$messages/" '{"body":"x"}'
    problem 404 not-found
  done
}

# bats test_tags=route:writer-only
@test "the writer has no other route" {
  local path
  for path in / /applications "/applications/$token" "/applications/$token/chats/1" "$messages/1"; do
    writer GET "$path"
    problem 404 not-found
  done
  writer POST /applications '{"name":"x"}'
  problem 404 not-found
}

# bats test_tags=error:405
@test "another method is 405 with Allow" {
  local method
  for method in DELETE PATCH PUT; do
    request "$method" /applications
    problem 405 method-not-allowed
    same "$(header Allow | grep -oE '[A-Z]+' | sort | xargs)" 'GET HEAD OPTIONS POST'
    request "$method" "/applications/$token/chats"
    problem 405 method-not-allowed
    same "$(header Allow | grep -oE '[A-Z]+' | sort | xargs)" 'GET HEAD OPTIONS POST'
    request "$method" "$messages"
    problem 405 method-not-allowed
    same "$(header Allow | grep -oE '[A-Z]+' | sort | xargs)" 'GET HEAD OPTIONS POST'
  done
  request POST "/applications/$token" '{}'
  problem 405 method-not-allowed
  [[ $(header Allow) == *'GET, HEAD'* && $(header Allow) != *POST* ]]
  request POST /health '{}'
  problem 405 method-not-allowed
  [[ $(header Allow) == *'GET, HEAD'* && $(header Allow) != *POST* ]]
}

# bats test_tags=route:writer-only,error:405
@test "another method on the writer's routes is 405 with Allow" {
  local method path
  for method in GET DELETE PATCH PUT; do
    for path in "/applications/$token/chats" "$messages"; do
      writer "$method" "$path"
      problem 405 method-not-allowed
      [[ $(header Allow) == *POST* && $(header Allow) != *GET* ]]
    done
  done
  writer HEAD "$messages"
  expect 405
}

# bats test_tags=error:head
@test "HEAD answers like GET, without the body" {
  local path
  for path in /applications "/applications/$token" "/applications/$token/chats" \
    "/applications/$token/chats/1" "$messages?limit=1" "$messages/1"; do
    request GET "$path"
    expect 200
    local length link
    length=$(stat -c %s "$BATS_TEST_TMPDIR/body")
    link=$(header Link)
    request HEAD "$path"
    expect 200
    same "$(header Content-Length)" "$length"
    same "$(header Content-Type)" application/json
    same "$(header Link)" "$link"
  done
  request HEAD "$messages/4294967295"
  expect 404
  request HEAD /health
  expect 200
  writer HEAD /health
  expect 200
}

# bats test_tags=error:options
@test "OPTIONS is 204 with Allow wherever there is a route, and 404 elsewhere" {
  local url path
  for path in "/applications/$token/chats" "$messages" /health /health/live /health/ready /problems \
    /problems/not-found; do
    for url in "$API" "$WRITER"; do
      ask "$url" OPTIONS "$path"
      expect 204
      same "$body" ''
      [[ ", $(header Allow), " == *', OPTIONS, '* ]]
      same "$(header Cache-Control) $(header Referrer-Policy)" 'no-store no-referrer'
      [[ $(header X-Request-Id) =~ ^[A-Za-z0-9]+$ ]]
    done
    # what it says is what there is
    request DELETE "$path"
    problem 405 method-not-allowed
    ask "$API" OPTIONS "$path"
    same "$(header Allow)" "$(request DELETE "$path" && header Allow)"
  done
  writer OPTIONS "$messages"
  same "$(header Allow)" 'POST, OPTIONS'
  request OPTIONS "$messages/1" - -H 'X-Request-Id: mine'
  expect 204
  same "$(header X-Request-Id)" mine
  for url in "$API" "$WRITER"; do
    ask "$url" OPTIONS /nothing
    problem 404 not-found
  done
  writer OPTIONS /applications
  problem 404 not-found
}

# --- headers ------------------------------------------------------------------------------------------------------

# bats test_tags=error:request-id
@test "X-Request-Id is the client's where it is 1 to 64 harmless characters, else a new one" {
  local url id long
  long=$(repeat a 64)
  for url in "$API" "$WRITER"; do
    for id in a A-b_c.9 "$long"; do
      ask "$url" POST "$messages" '{"body":"x"}' -H "X-Request-Id: $id"
      expect 201
      same "$(header X-Request-Id)" "$id"
    done
    for id in "${long}a" 'a b' 'a;b' 'a"b' 'é' '/'; do
      ask "$url" POST "$messages" '{"body":"x"}' -H "X-Request-Id: $id"
      expect 201
      [[ $(header X-Request-Id) =~ ^[A-Za-z0-9._-]{1,64}$ ]]
      [ "$(header X-Request-Id)" != "$id" ]
    done
    ask "$url" GET /nothing - -H 'X-Request-Id: mine'
    problem 404 not-found
    same "$(header X-Request-Id)" mine
  done
  request GET /applications
  id=$(header X-Request-Id)
  [[ $id =~ ^[A-Za-z0-9._-]{1,64}$ ]]
  request GET /applications
  [ "$(header X-Request-Id)" != "$id" ]
}

# bats test_tags=admin:secret
@test "no answer is kept by a cache or leaks its address" {
  local url path
  for path in /applications "/applications/$token" "/applications/$token/chats" "$messages" \
    "$messages/1" /health; do
    request GET "$path"
    expect 200
    same "$(header Cache-Control)" no-store
    same "$(header Referrer-Policy)" no-referrer
    same "$(header Content-Type)" application/json
  done
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages" '{"body":"x"}'
    expect 201
    same "$(header Cache-Control)" no-store
    same "$(header Referrer-Policy)" no-referrer
    same "$(header Content-Type)" application/json
  done
}

# --- no number to give --------------------------------------------------------------------------------------------

# bats test_tags=error:409
@test "no number left is 409" {
  local url id
  new_application
  id=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  new_chat
  redis SET "chat:$((id << 32 | 1)):message_counter" 4294967294
  request POST "/applications/$token/chats/1/messages" '{"body":"the last"}'
  expect 201
  same "$body" '{"number":4294967295}'
  redis SET "chat_app:$id:chat_counter" 4294967295
  for url in "$API" "$WRITER"; do
    ask "$url" POST "/applications/$token/chats/1/messages" '{"body":"one too many"}'
    problem 409 number-space-full
    ask "$url" POST "/applications/$token/chats"
    problem 409 number-space-full
  done
  wait_for 10 drained
  request GET "/applications/$token/chats/1/messages/4294967295"
  expect 200
  same "$(json .body)" 'the last'
}

# bats test_tags=error:503,own-stack
@test "a queue that is full is 503 with Retry-After, and nothing is numbered" {
  local before
  stop writer
  stop persist-1
  PARLEY_QUEUE_LIMIT=2 start writer
  writer POST "$messages" '{"body":"x"}'
  expect 201
  before=$(json .number)
  writer POST "$messages" '{"body":"x"}'
  expect 201
  writer POST "$messages" '{"body":"x"}'
  problem 503 queue-full
  [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
  writer POST "/applications/$token/chats"
  problem 503 queue-full
  start persist-1
  wait_for 10 drained
  writer POST "$messages" '{"body":"x"}'
  expect 201
  same "$(json .number)" $((before + 2))
}

# bats test_tags=admin:secret
@test "logs show no whole token" {
  request GET "/applications/$token/chats/999/messages"
  expect 404
  same "$(grep -ral -- "$token" "$PARLEY_VAR/log")" ''
}
