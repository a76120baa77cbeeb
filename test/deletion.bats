#!/usr/bin/env bats
# web: Deleting applications, chats and messages: at once, for good, and what jobs, healing and purge make of it.

load helpers/stack

setup_file() {
  export PARLEY_WAIT_S=1 PARLEY_PROMOTE_MS=100 PARLEY_RETRY_BASE_MS=200 PARLEY_REAP_MS=100
  export PARLEY_PURGE_MS=100 PARLEY_PURGE_ROWS=3 PARLEY_READ_WAIT_MS=2000
  stack_start
  jobs_start 1
}

teardown_file() {
  stack_stop
}

# Each test begins with an application, a chat, and the job programs running.
setup() {
  is_running persist-1 || jobs_start 1
  new_application
  new_chat
  path=/applications/$token/chats/$chat
}

teardown() {
  ! is_running purge || stop purge
}

post() {
  ask "${3:-$API}" POST "${2:-$path}/messages" "{\"body\":$(quoted "$1")}"
  expect 201
}

# The ids of the test's application and chat, once they are stored.
ids() {
  wait_for 10 drained
  app=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  id=$((app << 32 | chat))
}

# answers STATUS METHOD PATH [BODY]: on the full API; no_chat PATH: everything about a chat is 404
answers() { request "$2" "$3" "${4--}" && expect "$1"; }
no_chat() {
  answers 404 GET "$1"
  answers 404 GET "$1/messages"
  answers 404 GET "$1/messages/1"
  answers 404 PATCH "$1/messages/1" '{"body":"x"}'
  answers 404 DELETE "$1/messages/1"
  answers 404 DELETE "$1"
  answers 404 POST "$1/messages" '{"body":"x"}'
  writer POST "$1/messages" '{"body":"x"}' && expect 404
}
purged() { [ "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $id")" = 0 ] && [ "$(db "SELECT purged_at IS NOT NULL FROM chats WHERE id = $id")" = 1 ]; }

# --- messages -------------------------------------------------------------------------------------------

# bats test_tags=route:delete-message,http:once
@test "DELETE of a message answers 204 without a body; it is gone, its number is not given again" {
  local n
  for n in 1 2 3; do post "text $n"; done
  answers 204 DELETE "$path/messages/2"
  same "$body" ''
  same "$(header Content-Length)$(header Content-Type)" ''
  answers 404 GET "$path/messages/2"
  same "$(json .type)" /problems/not-found
  answers 404 DELETE "$path/messages/2"
  answers 404 PATCH "$path/messages/2" '{"body":"x"}'
  answers 200 GET "$path/messages"
  same "$(json '[.[].number] | join(" ")')" '1 3'
  answers 200 GET "$path"
  same "$(json .messages_count)" 2
  post next
  same "$(json .number)" 4
}

# bats test_tags=route:delete-message
@test "a deleted message leaves a tombstone: no text, its job key, a higher version" {
  post secret
  ids
  answers 204 DELETE "$path/messages/1"
  same "$(db "SELECT body, version, deleted_at IS NOT NULL, job_key IS NOT NULL FROM messages
    WHERE chat_id = $id")" $'\t2\t1\t1'
  same "$(db "SELECT messages_count, messages_stored, last_message_number FROM chats WHERE id = $id")" \
    $'0\t1\t1'
}

# bats test_tags=route:delete-message
@test "a job that comes again does not bring a deleted message back" {
  local job
  jobs_stop
  post once
  job=$(redis --raw LINDEX queue:default 0)
  jobs_start 1
  answers 204 DELETE "$path/messages/1"
  redis LPUSH queue:default "$job" >/dev/null
  wait_for 10 drained
  answers 404 GET "$path/messages/1"
  answers 200 GET "$path"
  same "$(json .messages_count)" 0
}

# bats test_tags=read:queued-one,error:409
@test "DELETE and PATCH of a message that is queued are 409, of one that never was 404" {
  ids
  jobs_stop
  post queued
  answers 409 DELETE "$path/messages/1"
  same "$(json .type)" /problems/not-stored-yet
  same "$(json .status)" 409
  same "$(header Retry-After)" 1
  answers 409 PATCH "$path/messages/1" '{"body":"x"}'
  answers 409 PUT "$path/messages/1" '{"body":"x"}'
  answers 404 DELETE "$path/messages/2"
  same "$(json .type)" /problems/not-found
  answers 404 PATCH "$path/messages/2" '{"body":"x"}'
  jobs_start 1
  wait_for 10 drained
  answers 204 DELETE "$path/messages/1"
}

@test "of many that delete one message at once, one gets 204" {
  post contested
  ids
  seq 1 20 | xargs -P 10 -I@ curl -s -o /dev/null -w '%{http_code}\n' -X DELETE \
    "$API$path/messages/1" | sort | uniq -c | xargs >"$BATS_TEST_TMPDIR/codes"
  same "$(<"$BATS_TEST_TMPDIR/codes")" '1 204 19 404'
  same "$(db "SELECT messages_count, version FROM chats c JOIN messages m ON m.chat_id = c.id
    WHERE c.id = $id")" $'0\t2'
}

# --- chats ----------------------------------------------------------------------------------------------

# bats test_tags=route:delete-chat,http:once
@test "DELETE of a chat answers 204; it and its messages are gone at once, for both services" {
  post one
  ids
  answers 204 DELETE "$path"
  no_chat "$path"
  answers 200 GET "/applications/$token/chats"
  same "$body" '[]'
  answers 200 GET "/applications/$token"
  same "$(json .chats_count)" 0
  same "$(redis EXISTS "chat:$id:message_counter")" 0
  same "$(redis EXISTS "gone:$id")" 1
  [ "$(redis TTL "gone:$id")" -gt 80000 ]
  [ "$(db "SELECT mark FROM redis_mark WHERE slot = 'api'")" -gt 0 ]
  new_chat
  same "$chat" 2
}

# bats test_tags=read:queued-delete,route:delete-chat
@test "a queued chat is deleted at once, and neither its job nor its messages bring it back" {
  jobs_stop
  new_chat
  path=/applications/$token/chats/$chat
  post waits
  answers 204 DELETE "$path"
  no_chat "$path"
  jobs_start 1
  ids
  no_chat "$path"
  same "$(db "SELECT COUNT(*), SUM(deleted_at IS NOT NULL) FROM chats WHERE chat_application_id = $app")" \
    $'2\t1'
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $id")" 0
  same "$(db "SELECT chats_count, chats_stored, last_chat_number FROM chat_applications
    WHERE id = $app")" $'1\t2\t2'
  same "$(redis EXISTS "chat:$id:message_counter")" 0
}

# bats test_tags=route:delete-chat
@test "messages that are queued when their chat is deleted, in flight or redelivered, go with it" {
  local job
  ids
  jobs_stop
  post first
  job=$(redis --raw LINDEX queue:default 0)
  post second
  redis EVAL "redis.call('LMOVE', 'queue:default', 'inflight:default:gone:9', 'RIGHT', 'LEFT')
    redis.call('SADD', 'inflight', 'inflight:default:gone:9')" 0 >/dev/null
  answers 204 DELETE "$path"
  jobs_start 1
  redis LPUSH queue:default "$job" >/dev/null
  wait_for 10 drained
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $id")" 0
  same "$(redis ZCARD dead)$(redis ZCARD retry)" 00
  no_chat "$path"
}

@test "a job that lost its number goes with its deleted chat, too" {
  post first
  ids
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
      VALUES ($id, 2, NOW(), NOW(), 'foreign')"
  post conflict
  answers 204 DELETE "$path"
  wait_for 10 eval '[ "$(redis ZCARD retry)" = 0 ] && drained'
  same "$(redis ZCARD dead)" 0
  same "$(redis EXISTS "chat:$id:message_counter")" 0
}

@test "a chat that never was, or of another application, cannot be deleted" {
  local other=$token
  answers 404 DELETE "/applications/$token/chats/2"
  same "$(json .type)" /problems/not-found
  new_application
  answers 404 DELETE "/applications/$token/chats/1"
  answers 200 GET "/applications/$other/chats/1"
}

@test "a deletion that broke off after MySQL is finished by the next one, or by purge" {
  post one
  ids
  db "UPDATE chats SET deleted_at = NOW(6) WHERE id = $id"
  answers 404 GET "$path"
  answers 204 DELETE "$path"
  no_chat "$path"
  # also one whose counter is lost by now: a heal could be on its way
  redis DEL "gone:$id" >/dev/null
  answers 204 DELETE "$path"
  same "$(redis EXISTS "gone:$id")" 1
  new_chat
  path=/applications/$token/chats/$chat
  post two
  ids
  db "UPDATE chats SET deleted_at = NOW(6) WHERE id = $id"
  start purge
  wait_for 10 purged
  same "$(redis EXISTS "chat:$id:message_counter")$(redis EXISTS "gone:$id")" 01
  no_chat "$path"
}

# bats test_tags=down:redis,error:503
@test "Redis down: deleting chats and applications is 503 and deletes nothing; messages are edited and deleted" {
  post one
  post two
  ids
  stop redis
  answers 503 DELETE "$path"
  same "$(json .title)" 'Sequential numbering unavailable'
  [ "$(header Retry-After)" -ge 1 ]
  answers 503 DELETE "/applications/$token"
  answers 204 DELETE "$path/messages/1"
  answers 200 PATCH "$path/messages/2" '{"body":"edited"}'
  answers 200 PATCH "/applications/$token" '{"name":"renamed"}'
  start redis
  answers 200 GET "$path/messages"
  same "$(json '[.[].body] | join(" ")')" edited
  wait_for 10 eval 'request DELETE "$path" && [ "$status" = 204 ]'
}

# bats test_tags=down:mysql
@test "MySQL down: deleting and editing are 503, and work afterwards" {
  post one
  ids
  stop mariadb
  for request in "DELETE $path" "DELETE /applications/$token" "DELETE $path/messages/1"; do
    # shellcheck disable=SC2086
    answers 503 $request
    same "$(json .type)" /problems/database-unavailable
  done
  answers 503 PATCH "$path/messages/1" '{"body":"x"}'
  answers 503 PUT "/applications/$token" '{"name":"x"}'
  start mariadb
  wait_for 10 eval 'request DELETE "$path" && [ "$status" = 204 ]'
}

# --- applications -----------------------------------------------------------------------------------------

# bats test_tags=route:delete-application
@test "DELETE of an application answers 204; it and everything below it is gone at once" {
  local other=$token first
  new_application
  first=$token
  new_chat
  path=/applications/$token/chats/$chat
  post one
  ids
  answers 204 DELETE "/applications/$token"
  same "$body" ''
  no_chat "$path"
  for method in GET DELETE; do answers 404 $method "/applications/$token"; done
  answers 404 PATCH "/applications/$token" '{"name":"x"}'
  answers 404 GET "/applications/$token/chats"
  answers 404 POST "/applications/$token/chats" '{}'
  writer POST "/applications/$token/chats" '{}' && expect 404
  same "$(redis EXISTS "chat_app:$app:chat_counter" "chat_app:token:$token")" 0
  # a list goes on behind it all the same
  new_application
  answers 200 GET "/applications?after=$first"
  same "$(json '.[0].token')" "$token"
  answers 200 GET "/applications/$other"
}

@test "a new process knows nothing of a deleted application either" {
  ids
  answers 204 DELETE "/applications/$token"
  stop writer
  start writer
  writer POST "$path/messages" '{"body":"x"}' && expect 404
  # also when nothing in Redis says so any more
  redis DEL "gone:$app" >/dev/null
  writer POST "$path/messages" '{"body":"x"}' && expect 404
  writer POST "/applications/$token/chats" '{}' && expect 404
  same "$(redis EXISTS "chat_app:$app:chat_counter")" 0
}

# bats test_tags=route:delete-application
@test "chats and messages that are queued below a deleted application go with it" {
  ids
  jobs_stop
  new_chat
  post waits "/applications/$token/chats/$chat"
  answers 204 DELETE "/applications/$token"
  jobs_start 1
  wait_for 10 drained
  same "$(db "SELECT COUNT(*) FROM chats WHERE chat_application_id = $app")" 1
  same "$(redis EXISTS "chat:$((app << 32 | chat)):message_counter")" 0
  same "$(redis ZCARD dead)$(redis ZCARD retry)" 00
}

# --- purge ------------------------------------------------------------------------------------------------

# bats test_tags=route:delete-chat
@test "purge removes the messages of a deleted chat in slices, and keeps the tombstone" {
  local n
  for n in 1 2 3 4 5 6 7; do post "$n"; done
  ids
  answers 204 DELETE "$path/messages/4"
  answers 204 DELETE "$path"
  start purge
  wait_for 10 purged
  same "$(db "SELECT number, deleted_at IS NOT NULL, messages_count, last_message_number FROM chats
    WHERE id = $id")" $'1\t1\t0\t7'
  no_chat "$path"
  redis DEL "gone:$id" >/dev/null
  no_chat "$path"
  wait_for 10 drained
  log_has purge 'purged.*messages=7'
}

# bats test_tags=route:delete-application
@test "purge takes an application apart: chats become tombstones, their messages and counters go" {
  local n
  for n in 1 2 3 4 5 6 7; do
    new_chat
    post "in $chat" "/applications/$token/chats/$chat"
  done
  ids
  answers 204 DELETE "/applications/$token"
  start purge
  wait_for 10 eval '[ "$(db "SELECT COUNT(*), SUM(purged_at IS NOT NULL) FROM chats
    WHERE chat_application_id = $app")" = "8	8" ]'
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id BETWEEN $((app << 32)) AND
    $((app << 32 | 4294967295))")" 0
  same "$(db "SELECT purged_at IS NOT NULL FROM chat_applications WHERE id = $app")" 1
  same "$(redis EXISTS "chat:$((app << 32 | 1)):message_counter" \
    "chat:$((app << 32 | 8)):message_counter")" 0
}

@test "purge leaves the living alone, and looks at a tombstone once" {
  post lives
  ids
  start purge
  new_chat
  answers 204 DELETE "/applications/$token/chats/$chat"
  wait_for 10 eval '[ "$(db "SELECT purged_at IS NOT NULL FROM chats WHERE id = $((id + 1))")" = 1 ]'
  answers 200 GET "$path/messages/1"
  same "$(db "SELECT COUNT(*) FROM chats WHERE id = $id AND purged_at IS NULL")" 1
  same "$(db "EXPLAIN SELECT id FROM chats WHERE purged_at IS NULL AND deleted_at IS NOT NULL
    ORDER BY deleted_at LIMIT 100" | cut -f 6)" index_chats_on_purged_at_and_deleted_at
}

# --- the outbox -------------------------------------------------------------------------------------------

@test "with an Elasticsearch configured, edits, deletions and purged messages are in the outbox" {
  local changes="SELECT number, version FROM message_changes WHERE chat_id"
  export ELASTICSEARCH_URL=http://127.0.0.1:9
  jobs_stop
  stop api
  start api
  jobs_start 1
  post one
  post two
  ids
  same "$(db "$changes = $id ORDER BY id")" $'1\t1\n2\t1'
  answers 200 PATCH "$path/messages/2" '{"body":"edited"}'
  answers 204 DELETE "$path/messages/1"
  answers 404 DELETE "$path/messages/1"
  same "$(db "$changes = $id ORDER BY id")" $'1\t1\n2\t1\n2\t2\n1\t2'
  answers 204 DELETE "$path"
  start purge
  wait_for 10 purged
  same "$(db "$changes = $id ORDER BY id" | tail -n 2)" $'1\t3\n2\t3'
  unset ELASTICSEARCH_URL
  jobs_stop
  stop api
  start api
}
