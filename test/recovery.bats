#!/usr/bin/env bats
# slow: Redis lost what it had acknowledged: it is found out, counted, and no number is given twice.

load helpers/stack

setup_file() {
  export PARLEY_RETRY_BASE_MS=100 PARLEY_PROMOTE_MS=50 PARLEY_REAP_MS=200 PARLEY_WAIT_S=1
  stack_start
}

teardown_file() {
  stack_stop
}

teardown() {
  jobs_stop
}

# An application with two chats and three messages, stored; no job program runs. id, application: MySQL's.
setup() {
  jobs_start 1
  new_application
  new_chat
  new_chat
  messages=/applications/$token/chats/$chat/messages
  for text in one two three; do post "$text"; done
  wait_for 10 drained
  jobs_stop
  id=$(db "SELECT MAX(id) FROM chats")
  application=$((id >> 32))
  db "DELETE FROM redis_losses"
}

post() { request POST "$messages" "$(jq -nc --arg body "$1" '{$body}')" && expect 201; }
accepted() { request POST "$messages" "{\"body\":\"$1\"}" && [ "$status" = 201 ]; }
writer_accepts() { writer POST "$messages" "{\"body\":\"$1\"}" && [ "$status" = 201 ]; }
counter() { redis GET "chat:${1:-$id}:message_counter"; }
bodies() { db "SELECT number, body FROM messages WHERE chat_id = $id ORDER BY number"; }
losses() { db "SELECT known_seq, queue_seq, recovered_at IS NOT NULL FROM redis_losses"; }

# back SEQ: as an older append-only file would leave it, for who connects from now on
back() {
  redis SET queue_seq "$1" >/dev/null
  redis --raw KEYS 'recovered:*' | xargs -r redis-cli -s "$PARLEY_VAR/run/redis.sock" DEL >/dev/null
  redis CLIENT KILL TYPE normal SKIPME yes >/dev/null
}

@test "FLUSHALL: writes are refused, then accepted again without any job program; numbers go on" {
  local seq
  seq=$(db "SELECT MAX(mark) FROM redis_mark")
  redis FLUSHALL >/dev/null
  request POST "$messages" '{"body":"too early"}'
  expect 503
  same "$(json .title)" 'Sequential numbering unavailable'
  request GET "$messages"
  expect 200
  same "$(json length)" 3
  wait_for 10 accepted four
  same "$(json .number)" 4
  wait_for 10 writer_accepts five
  same "$(json .number)" 5
  new_chat
  same "$chat" 3
  same "$(db "SELECT known_seq >= $seq, queue_seq IS NULL, recovered_at IS NOT NULL FROM redis_losses")" $'1\t1\t1'
  [ "$(redis GET queue_seq)" -gt "$seq" ]
  same "$(redis EXISTS recovering)" 0
}

@test "FLUSHALL while nobody writes: the workers find out by themselves" {
  jobs_start 1
  redis FLUSHALL >/dev/null
  wait_for 15 eval '[ "$(redis EXISTS queue_seq)" = 1 ]'
  same "$(counter)" 3
  same "$(redis GET "chat_app:$application:chat_counter")" 2
}

@test "counters that went back are raised to what MySQL has, those that did not are left" {
  local other=$(((application << 32) + 1))
  redis SET "chat:$id:message_counter" 1 >/dev/null
  redis SET "chat:$other:message_counter" 7 >/dev/null
  redis SET "chat_app:$application:chat_counter" 1 >/dev/null
  back 2
  request POST "$messages" '{"body":"x"}'
  expect 503
  wait_for 10 accepted four
  same "$(json .number)" 4
  same "$(counter "$other")" 7
  same "$(redis GET "chat_app:$application:chat_counter")" 2
}

@test "what waits counts: in a queue, in flight, in retry, in dead; also a chat that has no row yet" {
  local at="{\"class\":\"CreateMessageJob\",\"args\":[$id" new=$(((application << 32) + 9)) seq
  post four
  redis LPUSH queue:default "$at,11,\"x\"],\"jid\":\"a\"}" >/dev/null
  redis LPUSH inflight:default:gone:1 "$at,12,\"x\"],\"jid\":\"b\"}" >/dev/null
  redis SADD inflight inflight:default:gone:1 >/dev/null
  redis ZADD retry 99999999999 "$at,13,\"x\"],\"jid\":\"c\"}" >/dev/null
  redis ZADD dead 1 "$at,14,\"x\"],\"jid\":\"d\"}" >/dev/null
  redis LPUSH queue:default "{\"class\":\"CreateChatJob\",\"args\":[$application,9],\"jid\":\"e\"}" >/dev/null
  redis DEL "chat:$id:message_counter" "chat_app:$application:chat_counter" >/dev/null
  back 1
  request POST "$messages" '{"body":"x"}'
  expect 503
  wait_for 10 accepted fifteen
  same "$(json .number)" 15
  same "$(redis GET "chat:$new:message_counter")" 0
  same "$(redis GET "chat_app:$application:chat_counter")" 9
  redis DEL queue:default inflight:default:gone:1 retry dead >/dev/null
  redis SREM inflight inflight:default:gone:1 >/dev/null
}

@test "counters of what is deleted do not come back" {
  local kept=$token
  request DELETE "/applications/$token/chats/$chat"
  expect 204
  redis SET "chat:$id:message_counter" 3 >/dev/null
  redis DEL "gone:$id" >/dev/null
  new_application
  request DELETE "/applications/$token"
  expect 204
  redis SET "chat_app:$((application + 1)):chat_counter" 0 >/dev/null
  back 1
  request POST "/applications/$kept/chats" '{}'
  expect 503
  wait_for 10 eval 'request POST "/applications/$kept/chats" "{}"; [ "$status" = 201 ]'
  same "$(redis EXISTS "chat:$id:message_counter" "chat_app:$((application + 1)):chat_counter")" 0
  request POST "$messages" '{"body":"x"}'
  expect 404
}

@test "one recovers, the others wait: writes are 503 until then, reads go on" {
  local holder
  mkfifo "$BATS_TEST_TMPDIR/hold"
  mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=parley --unbuffered --batch \
    --skip-column-names parley <"$BATS_TEST_TMPDIR/hold" >"$BATS_TEST_TMPDIR/held" 3>&- &
  holder=$!
  exec 7>"$BATS_TEST_TMPDIR/hold"
  echo "SELECT GET_LOCK(CONCAT('parley_recover.', MD5(DATABASE())), 0);" >&7
  wait_for 5 grep -q 1 "$BATS_TEST_TMPDIR/held"
  back 1
  for _ in 1 2 3; do
    request POST "$messages" '{"body":"x"}'
    expect 503
    [ "$(header Retry-After)" -ge 1 ]
    request GET "$messages"
    expect 200
  done
  same "$(losses)" ""
  exec 7>&-
  wait "$holder"
  wait_for 10 accepted four
  same "$(json .number)" 4
  same "$(db "SELECT COUNT(*) FROM redis_losses WHERE recovered_at IS NOT NULL")" 1
}

@test "a loss that only the process knows of which the numbers came: counted, numbers go on" {
  local seq
  post four # not stored: no mark has it
  seq=$(redis GET queue_seq)
  redis RPOP queue:default >/dev/null
  redis SET "chat:$id:message_counter" 3 >/dev/null
  back $((seq - 1))
  # whichever of the processes gave the number finds out when it is asked again
  wait_for 20 eval 'request POST "$messages" "{\"body\":\"x\"}"; [ "$(losses)" = "$seq	$((seq - 1))	1" ]'
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $id")" 3
  wait_for 10 accepted after
}

@test "a message that lost its number to another row is listed with both numbers" {
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body) VALUES ($id, 4, NOW(), NOW(), 'foreign')"
  post mine
  same "$(json .number)" 4
  jobs_start 1
  wait_for 10 eval '[ "$(db "SELECT number, given_number FROM renumbered_messages WHERE chat_id = $id")" = "5	4" ]'
  same "$(bodies)" $'1\tone\n2\ttwo\n3\tthree\n4\tforeign\n5\tmine'
  log_has persist-1 "message renumbered.*given_number=4 number=5"
}

@test "twice taken: the number that the client was told is the one that is listed" {
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body) VALUES ($id, 4, NOW(), NOW(), 'foreign')"
  post mine
  redis DEL retry >/dev/null
  start persist-1
  wait_for 10 eval '[ "$(redis ZCARD retry)" = 1 ]'
  same "$(redis ZRANGE retry 0 0 | jq .given_number)" 4
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body) VALUES ($id, 5, NOW(), NOW(), 'foreign too')"
  start schedule
  wait_for 10 eval '[ "$(db "SELECT number, given_number FROM renumbered_messages WHERE chat_id = $id")" = "6	4" ]'
}
