#!/usr/bin/env bats
# slow: Counters that Redis lost one by one come back, exactly; those of what was deleted or never was do not.

load helpers/stack

setup_file() {
  export PARLEY_WAIT_S=1 PARLEY_PROMOTE_MS=100 PARLEY_RETRY_BASE_MS=200 PARLEY_READ_WAIT_MS=2000
  stack_start
}

teardown_file() {
  stack_stop
}

# An application with a chat of three messages, the third still queued, and no job program running.
setup() {
  jobs_start 1
  new_application
  new_chat
  messages=/applications/$token/chats/$chat/messages
  post one
  post two
  wait_for 10 drained
  jobs_stop
  post three
  app=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  id=$((app << 32 | chat))
}

teardown() {
  jobs_stop
}

post() {
  ask "${2:-$API}" POST "$messages" "{\"body\":$(quoted "$1")}"
  expect 201
}
number_is() { same "$(json .number)" "$1"; }
lose_message_counter() { redis DEL "chat:$id:message_counter" >/dev/null; }
lose_chat_counter() { redis DEL "chat_app:$app:chat_counter" >/dev/null; }

# bats test_tags=http:numbers
@test "a chat's counter comes back behind what is stored and what is queued, on both services" {
  lose_message_counter
  post four
  number_is 4
  lose_message_counter
  post five "$WRITER"
  number_is 5
  jobs_start 1
  wait_for 10 drained
  lose_message_counter
  post six "$WRITER"
  number_is 6
  wait_for 10 drained
  request GET "$messages"
  same "$(json '[.[].body] | join(" ")')" 'one two three four five six'
  log_has writer 'a counter that Redis had lost was healed'
}

@test "an application's counter comes back likewise, and both at once" {
  jobs_stop
  new_chat
  lose_chat_counter
  new_chat
  same "$chat" 3
  lose_chat_counter
  lose_message_counter
  post four "$WRITER"
  number_is 4
  writer POST "/applications/$token/chats" '{}' && expect 201
  number_is 4
  same "$(redis GET "chat_app:$app:chat_counter")" 4
}

@test "numbers are found in flight, in retry, schedule, dead, and in every queue and format" {
  local job n=3 where
  redis DEL queue:default >/dev/null
  for where in in-flight retry schedule dead unclaimed keywords activejob; do
    n=$((n + 10))
    job="{\"class\":\"CreateMessageJob\",\"args\":[$id,$n,\"\\\"args\\\":[$id,999999,\"],\"jid\":\"$n\"}"
    case $where in
      in-flight) redis LPUSH inflight:default:x:1 "$job" && redis SADD inflight inflight:default:x:1 ;;
      retry | schedule | dead) redis ZADD "$where" 9999999999 "$job" ;;
      unclaimed) redis LPUSH queue:unclaimed "$job" && redis SADD queues unclaimed ;;
      keywords)
        redis LPUSH queue:default "{\"class\":\"CreateMessageJob\",\"args\":[{\"body\":\"x\",\"chat_id\":$id,\"number\":$n}],\"jid\":\"k\"}"
        ;;
      activejob)
        redis LPUSH queue:default "{\"class\":\"Sidekiq::ActiveJob::Wrapper\",\"wrapped\":\"CreateMessageJob\",\"args\":[{\"job_class\":\"CreateMessageJob\",\"arguments\":[$id,$n,\"x\"]}],\"jid\":\"a\"}"
        ;;
    esac >/dev/null
    lose_message_counter
    post "after $where"
    number_is $((n + 1))
    redis LPOP queue:default >/dev/null
  done
  redis DEL queue:default queue:unclaimed inflight:default:x:1 retry schedule dead >/dev/null
}

# bats test_tags=http:numbers
@test "a chat that is queued itself is healed too: it was accepted" {
  new_chat
  id=$((app << 32 | chat))
  messages=/applications/$token/chats/$chat/messages
  post first
  lose_message_counter
  post second "$WRITER"
  number_is 2
  jobs_start 1
  wait_for 10 drained
  request GET "$messages"
  same "$(json '[.[].body] | join(" ")')" 'first second'
}

@test "what never was stays 404 and gets no counter" {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" POST "/applications/$token/chats/2/messages" '{"body":"x"}' && expect 404
    lose_chat_counter
    ask "$url" POST "/applications/$token/chats/2/messages" '{"body":"x"}' && expect 404
  done
  same "$(redis EXISTS "chat:$((id + 1)):message_counter")" 0
}

# bats test_tags=http:once
@test "what was deleted stays 404, also when every trace of that is gone from Redis" {
  jobs_start 1
  request DELETE "/applications/$token/chats/$chat" && expect 204
  redis DEL "gone:$id" >/dev/null
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages" '{"body":"x"}' && expect 404
  done
  same "$(redis EXISTS "chat:$id:message_counter")" 0
  request POST "/applications/$token/chats" '{}' && expect 201
  number_is 2
}

# bats test_tags=http:once
@test "of many who post to what was deleted long ago, each gets 404" {
  jobs_start 1
  request DELETE "/applications/$token/chats/$chat" && expect 204
  redis DEL "gone:$id" >/dev/null
  seq 1 40 | xargs -P 20 -I@ curl -s -o /dev/null -w '%{http_code}\n' --json '{"body":"x"}' \
    "$WRITER$messages" | sort | uniq -c | xargs >"$BATS_TEST_TMPDIR/codes"
  same "$(<"$BATS_TEST_TMPDIR/codes")" '40 404'
  same "$(redis EXISTS "gone:$id")" 1
}

# bats test_tags=http:numbers
@test "a counter is healed once, however many ask for it at once" {
  lose_message_counter
  seq 1 40 | xargs -P 20 -I@ curl -s --json '{"body":"racing"}' "$WRITER$messages" |
    jq .number | sort -n >"$BATS_TEST_TMPDIR/numbers"
  same "$(xargs <"$BATS_TEST_TMPDIR/numbers")" "$(seq 4 43 | xargs)"
  jobs_start 1
  wait_for 10 drained
  same "$(db "SELECT COUNT(*), MAX(number) FROM messages WHERE chat_id = $id")" $'43\t43'
}

@test "a heal whose lock is another's waits, then answers 503 and makes nothing" {
  lose_message_counter
  redis SET "heal:$id" other EX 60 >/dev/null
  writer POST "$messages" '{"body":"x"}' && expect 503
  same "$(json .title)" 'Sequential numbering unavailable'
  [ "$(header Retry-After)" -ge 1 ]
  same "$(redis EXISTS "chat:$id:message_counter")" 0
  redis DEL "heal:$id" >/dev/null
  post four
  number_is 4
}

@test "MySQL away: a lost counter is 503 until it is back, others go on" {
  local lost=$messages
  lose_message_counter
  new_chat
  messages=/applications/$token/chats/$chat/messages
  stop mariadb
  post goes "$WRITER"
  writer POST "$lost" '{"body":"x"}' && expect 503
  start mariadb
  wait_for 10 eval 'writer POST "$lost" "{\"body\":\"y\"}" && [ "$status" = 201 ]'
  number_is 4
}

@test "a job that needs a new number heals the counter for it" {
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
      VALUES ($id, 4, NOW(), NOW(), 'foreign')"
  post four
  jobs_start 1
  wait_for 10 eval '[ "$(redis ZCARD retry)" = 1 ]'
  lose_message_counter
  wait_for 10 eval '[ "$(redis ZCARD retry)" = 0 ] && drained'
  same "$(db "SELECT number, body FROM messages WHERE chat_id = $id AND number > 3")" \
    $'4\tforeign\n5\tfour'
}
