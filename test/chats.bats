#!/usr/bin/env bats
# web: Chats: create on both services, read.

load helpers/stack

setup_file() {
  stack_start
  jobs_start 1
}

teardown_file() {
  stack_stop
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%6NZ; }

# bats test_tags=route:post-chats,route:both-services
@test "POST answers 201 with the number and a Location, on both services" {
  local url n=0
  new_application
  for url in "$API" "$WRITER"; do
    ask "$url" POST "/applications/$token/chats" '{}'
    expect 201
    n=$((n + 1))
    same "$body" "{\"number\":$n,\"messages_count\":0}"
    same "$(header Content-Type)" application/json
    same "$(header Location)" "/applications/$token/chats/$n"
    request GET "$(header Location)"
    expect 200
    same "$(json .number)" $n
  done
}

# bats test_tags=route:post-chats
@test "POST needs no body, and takes any object" {
  local url text n=0
  new_application
  for url in "$API" "$WRITER"; do
    for text in - '{}' '{"name":"ignored"}' '{"chat":{"number":7}}' '{"number":99}'; do
      ask "$url" POST "/applications/$token/chats" "$text"
      expect 201
      n=$((n + 1))
      same "$(json .number)" $n
    done
  done
}

# bats test_tags=http:numbers
@test "numbers ascend from 1 in each application, over both services together" {
  local n first
  new_application
  first=$token
  new_application
  for n in 1 2 3; do
    request POST "/applications/$token/chats" '{}'
    same "$(json .number)" $((2 * n - 1))
    writer POST "/applications/$token/chats" '{}'
    same "$(json .number)" $((2 * n))
  done
  request POST "/applications/$first/chats" '{}'
  same "$(json .number)" 1
}

# bats test_tags=http:numbers
@test "chats that are created at once get the numbers 1 to N, each once" {
  new_application
  seq 1 60 | xargs -P 12 -I@ sh -c 'test $((@ % 2)) = 0 && url=$API || url=$WRITER
    curl -sS --json "{}" "$url/applications/$0/chats"; echo' "$token" >"$BATS_TEST_TMPDIR/all"
  same "$(jq .number "$BATS_TEST_TMPDIR/all" | sort -n | xargs)" "$(seq 1 60 | xargs)"
  wait_for 10 drained
  request GET "/applications/$token/chats?limit=200"
  same "$(json '[.[].number] | join(" ")')" "$(seq 1 60 | xargs)"
  request GET "/applications/$token"
  same "$(json .chats_count)" 60
}

# bats test_tags=route:get-chats,http:times,http:no-ids
@test "GET answers with number, count and times, and no id" {
  local before created
  new_application
  before=$(now)
  new_chat
  request GET "/applications/$token/chats/1"
  expect 200
  same "$(json 'keys_unsorted | join(",")')" number,messages_count,created_at,updated_at
  same "$(json '[.number, .messages_count, .created_at == .updated_at] | map(tostring) | join(" ")')" \
    '1 0 true'
  created=$(json .created_at)
  [[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$ ]]
  [[ ! $created < $before && ! $created > $(now) ]]
  local one
  one=$(printf '%s' "$body" | jq -c .)
  request GET "/applications/$token/chats"
  expect 200
  same "$(printf '%s' "$body" | jq -c '.[0]')" "$one"
}

# bats test_tags=route:get-chats
@test "messages_count is exact once all is stored" {
  local n
  new_application
  new_chat
  for n in 1 2 3 4; do
    writer POST "/applications/$token/chats/1/messages" '{"body":"x"}'
    expect 201
  done
  wait_for 10 drained
  request GET "/applications/$token/chats/1"
  same "$(json .messages_count)" 4
}

@test "an application has only its own chats" {
  local other
  new_application
  new_chat
  new_chat
  other=$token
  new_application
  new_chat
  request GET "/applications/$token/chats/2"
  expect 404
  request GET "/applications/$token/chats"
  same "$(json length)" 1
  request GET "/applications/$other/chats"
  same "$(json length)" 2
}

@test "an application without chats has an empty list" {
  new_application
  request GET "/applications/$token/chats"
  expect 200
  same "$body" '[]'
}
