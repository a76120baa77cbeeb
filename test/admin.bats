#!/usr/bin/env bats
# web: The admin key.

load helpers/stack
load helpers/problem

setup_file() {
  export PARLEY_ADMIN_KEY='s3cret+Key/2~x='
  stack_start
  jobs_start 1
  ask "$API" POST /applications '{"name":"first"}' -H "Authorization: Bearer $PARLEY_ADMIN_KEY"
  expect 201
  token=$(json .token)
  new_chat
  export token chats=/applications/$token/chats messages=/applications/$token/chats/$chat/messages
}

teardown_file() {
  stack_stop
}

right="Authorization: Bearer $PARLEY_ADMIN_KEY"

applications() { db 'SELECT COUNT(*) FROM chat_applications'; }

# challenged [ERROR]: 401, and how to do better
challenged() {
  problem 401 admin-key
  same "$(header WWW-Authenticate)" "Bearer realm=\"parley\"${1:+, error=\"$1\"}"
}

# bats test_tags=admin:key
@test "applications are created and listed with the key" {
  request POST /applications '{"name":"x"}' -H "$right"
  expect 201
  request POST /applications '{"name":"x"}' -H "authorization: bEARER  $PARLEY_ADMIN_KEY"
  expect 201
  request GET /applications - -H "$right"
  expect 200
  request HEAD /applications - -H "$right"
  expect 200
}

# bats test_tags=admin:key
@test "without the key it is 401 with a challenge, and nothing happens" {
  local before
  before=$(applications)
  request POST /applications '{"name":"x"}'
  challenged
  request POST /applications '{"name":"x"}' -H "Authorization: Basic $(printf 'x:%s' "$PARLEY_ADMIN_KEY" | base64)"
  challenged
  request GET /applications
  challenged
  request HEAD /applications
  expect 401
  same "$(applications)" "$before"
}

# bats test_tags=admin:key
@test "with another key it is 401 and says so" {
  local key before
  before=$(applications)
  for key in x "${PARLEY_ADMIN_KEY%?}" "${PARLEY_ADMIN_KEY}x" "${PARLEY_ADMIN_KEY^^}" \
    "$PARLEY_ADMIN_KEY $PARLEY_ADMIN_KEY" "$token" ''; do
    request POST /applications '{"name":"x"}' -H "Authorization: Bearer $key"
    challenged invalid_token
    request GET "/applications?after=$token" - -H "Authorization: Bearer $key"
    challenged invalid_token
  done
  same "$(applications)" "$before"
}

# bats test_tags=admin:key
@test "the key is asked for before the query and the body are looked at" {
  request GET '/applications?limit=%zz'
  challenged
  request POST /applications '{'
  challenged
  typed "$API" /applications -H 'Content-Type: text/plain' -d '{'
  challenged
  request POST /applications '{' -H "$right"
  problem 400 malformed-json
}

@test "the origin comes before the key, and path and method before both" {
  request GET /applications - -H 'Origin: http://evil.example' -H "$right"
  problem 403 forbidden-origin
  request POST /applications '{"name":"x"}' -H 'Origin: http://evil.example'
  problem 403 forbidden-origin
  request GET /application
  problem 404 not-found
  request DELETE /applications - -H 'Origin: http://evil.example'
  problem 405 method-not-allowed
}

# bats test_tags=admin:key
@test "applications are renamed and deleted, and the metrics read, with the key only" {
  local method path
  request POST /applications '{"name":"old"}' -H "$right"
  expect 201
  path=$(header Location)
  for method in PATCH PUT; do
    request "$method" "$path" '{"name":"new"}'
    challenged
    request "$method" "$path" '{"name":"new"}' -H 'Authorization: Bearer wrong'
    challenged invalid_token
  done
  request DELETE "$path"
  challenged
  request GET /metrics
  challenged
  request GET "$path"
  same "$(json .name)" old
  for method in PATCH PUT; do
    request "$method" "$path" "{\"name\":\"$method\"}" -H "$right"
    expect 200
    same "$(json .name)" "$method"
  done
  request DELETE "$path" - -H "$right"
  expect 204
  request GET "$path"
  expect 404
  request GET /metrics - -H "$right"
  expect 200
}

# bats test_tags=admin:token
@test "what needs only the token needs no key, on both services" {
  local url path
  request GET "/applications/$token"
  expect 200
  request GET "$chats"
  expect 200
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$chats"
    expect 201
    ask "$url" POST "$messages" '{"body":"x"}'
    expect 201
    ask "$url" GET /health
    expect 200
    ask "$url" GET /problems/admin-key
    expect 200
    ask "$url" OPTIONS "$chats"
    expect 204
    ask "$url" GET /health - -H 'Authorization: Bearer wrong'
    expect 200
  done
  request OPTIONS /applications
  expect 204
  request POST "$messages" '{"body":"x"}'
  path=$(header Location)
  wait_for 10 drained
  request PATCH "$path" '{"body":"y"}'
  expect 200
  request DELETE "$path"
  expect 204
  request GET "$messages"
  expect 200
}

# bats test_tags=admin:key
@test "without a key in the settings all is open" {
  stop api
  PARLEY_ADMIN_KEY='' start api
  request POST /applications '{"name":"x"}'
  expect 201
  request GET /applications
  expect 200
  request GET /applications - -H 'Authorization: Bearer whatever'
  expect 200
  stop api
  start api
}

# bats test_tags=script:secrets,admin:secret
@test "the key is in no log and no process's arguments" {
  same "$(grep -ralF -- "$PARLEY_ADMIN_KEY" "$PARLEY_VAR/log")" ''
  same "$(grep -alF -- "$PARLEY_ADMIN_KEY" /proc/[0-9]*/cmdline 2>/dev/null)" ''
}
