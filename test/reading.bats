#!/usr/bin/env bats
# Reading what was just written. One process, so that its patience can be seen.

load helpers/stack

setup_file() {
  export PARLEY_API_PROCESSES=1 PARLEY_READ_WAIT_MS=800 PARLEY_WAIT_S=1
  stack_start
  new_application
  export token
}

teardown_file() {
  stack_stop
}

setup() {
  [ -f "$PARLEY_VAR/pids/persist-1" ] || jobs_start 1
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%6NZ; }

not_stored_yet() {
  expect 404
  same "$(json .type)" /problems/not-stored-yet
  same "$(header Retry-After)" 1
}

not_found() {
  expect 404
  same "$(json .type)" /problems/not-found
  same "$(header Retry-After)" ''
}

# timed PATH: GET; its milliseconds in $took
timed() {
  local from
  now_ms
  from=$REPLY
  request GET "$1"
  now_ms
  took=$((REPLY - from))
}

waited() {
  timed "$1"
  [ "$took" -ge 800 ]
}

# bats test_tags=read:own-writes
@test "GET right after a 201 finds it" {
  local n url location
  new_chat
  for ((n = 1; n <= $(long 50 1000); n++)); do
    [ $((n % 2)) = 0 ] && url=$API || url=$WRITER
    ask "$url" POST "/applications/$token/chats/$chat/messages" "{\"body\":\"$n\"}"
    expect 201
    location=$(header Location)
    request GET "$location"
    expect 200
    [[ $body == "{\"number\":$n,\"body\":\"$n\","* ]] || same "$body" $n
  done
}

# bats test_tags=read:own-writes
@test "a list right after a 201 has it, and a chat its count" {
  local n path
  for ((n = 1; n <= 10; n++)); do
    writer POST "/applications/$token/chats" '{}'
    expect 201
    path=$(header Location)
    request GET "/applications/$token/chats?before=9007199254740991&limit=1"
    same "/applications/$token/chats/$(json '.[].number')" "$path"
    writer POST "$path/messages" '{"body":"x"}'
    expect 201
    request GET "$path/messages"
    same "$(json length)" 1
    request GET "$path"
    expect 200
    same "$(json .messages_count)" 1
  done
}

# bats test_tags=read:queued-list,read:queued-one,down:jobs
@test "what is queued can be written to but not read, until a job program runs" {
  local n url path
  new_chat # one that is stored
  request GET "/applications/$token/chats/$chat"
  expect 200
  jobs_stop
  writer POST "/applications/$token/chats/$chat/messages" '{"body":"queued in a stored chat"}'
  expect 201
  request GET "/applications/$token/chats/$chat/messages/1"
  not_stored_yet
  request GET "/applications/$token/chats/$chat/messages"
  expect 200
  same "$body" '[]'
  request GET "/applications/$token/chats/$chat/messages/2"
  not_found

  new_chat
  path=/applications/$token/chats/$chat
  n=0
  for url in "$API" "$WRITER"; do
    n=$((n + 1))
    ask "$url" POST "$path/messages" "{\"body\":\"queued $n\"}"
    expect 201
    same "$body" "{\"number\":$n}"
  done
  request GET "$path"
  not_stored_yet
  request HEAD "$path"
  expect 404
  request GET "$path/messages"
  expect 200
  same "$body" '[]'
  request GET "$path/messages/1"
  not_stored_yet
  request GET "$path/messages/3"
  not_found
  request GET "/applications/$token/chats/$((chat + 1))"
  not_found
  request GET "/applications/$token/chats/$((chat + 1))/messages"
  not_found
  request GET "/applications/$token/chats?before=9007199254740991&limit=1"
  expect 200
  same "$(json '.[].number')" $((chat - 1))

  jobs_start 1
  wait_for 10 drained
  request GET "$path"
  expect 200
  same "$(json .messages_count)" 2
  request GET "$path/messages"
  same "$(json '[.[].body] | join(",")')" 'queued 1,queued 2'
}

# bats test_tags=read:own-writes,own-stack
@test "a wait is bounded, and after one in vain there is none for a second" {
  local took path
  jobs_stop
  new_chat
  path=/applications/$token/chats/$chat
  wait_for 5 waited "$path" # the test before may have waited in vain a moment ago
  not_stored_yet
  timed "$path"
  not_stored_yet
  [ "$took" -lt 800 ]
  timed "$path/messages"
  expect 200
  [ "$took" -lt 800 ]
  wait_for 5 waited "/applications/$token/chats"
  expect 200
  [ "$took" -lt 5000 ]
}

# bats test_tags=read:own-writes
@test "what is not there at all is not waited for" {
  local took
  wait_for 10 drained
  new_chat
  request GET "/applications/$token/chats/$chat"
  jobs_stop
  timed "/applications/$token/chats/4294967295"
  not_found
  [ "$took" -lt 800 ]
  timed "/applications/$token/chats/$chat/messages/1"
  not_found
  [ "$took" -lt 800 ]
  timed "/applications/$token/chats/$chat/messages"
  expect 200
  [ "$took" -lt 800 ]
}

# bats test_tags=http:times
@test "created_at is when it was accepted, not when it was stored" {
  local before after path created
  jobs_stop
  before=$(now)
  new_chat
  path=/applications/$token/chats/$chat
  writer POST "$path/messages" '{"body":"x"}'
  expect 201
  after=$(now)
  request GET "$path"
  not_stored_yet
  [[ $(now) > $after ]]
  jobs_start 1
  wait_for 10 drained
  for path in "$path" "$path/messages/1"; do
    request GET "$path"
    expect 200
    created=$(json .created_at)
    [[ ! $created < $before && $created < $after ]] || same "$created" "$before to $after"
    same "$(json .updated_at)" "$created"
  done
}

@test "many reads at once that wait in vain end all the same" {
  jobs_stop
  new_chat
  seq 12 | xargs -P 12 -I@ curl -s -o /dev/null -w '%{http_code}\n' --max-time 30 \
    "$API/applications/$token/chats/$chat" >"$BATS_TEST_TMPDIR/all"
  same "$(sort "$BATS_TEST_TMPDIR/all" | uniq -c | xargs)" '12 404'
}
