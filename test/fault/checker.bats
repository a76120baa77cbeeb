#!/usr/bin/env bats
# What the fault tests trust in: the checker names every invariant that does not hold.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

# 60 messages in two chats, stored; then no job program runs.
setup_file() {
  export PARLEY_WORKERS=5 PARLEY_WAIT_S=1
  stack_start
}

teardown_file() {
  stack_stop
}

setup() {
  fault_seed=1 loads=() loss=()
  revive "${all_jobs[@]}"
  scene 2
  load_start posting --clients 4 --requests 60 --strict
  all_accepted posting 20
  invariants 20
  log=$BATS_TEST_TMPDIR/1-posting
  id=${chats[0]}
  fault_seed=
}

teardown() {
  redis DEL retry dead queue:default suspects:default >/dev/null
}

# named INVARIANT COMMAND…: harm is done, and the checker says which one does not hold
named() {
  "${@:2}" >/dev/null
  run -1 "$stack_root/test/invariants.py" check --var "$PARLEY_VAR" "${loads[@]}"
  grep -q "^$1: " <<<"$output" || { echo "$output"; return 1; }
}

bats_require_minimum_version 1.5.0

@test "I1: a message that is lost, has another body or another number" {
  named I1 db "DELETE FROM messages WHERE chat_id = $id AND number = 7"
  named I1 db "UPDATE messages SET body = 'something else' WHERE chat_id = $id AND number = 8"
  named I1 db "UPDATE messages SET number = 1000 WHERE chat_id = $id AND number = 9"
}

@test "I2: a message that nobody sent, or twice" {
  named I2 db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
    VALUES ($id, 500, NOW(6), NOW(6), 'not sent')"
  named I2 db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
    SELECT chat_id, 501, created_at, updated_at, body FROM messages WHERE chat_id = $id AND number = 1"
}

@test "I3: a gap, a wrong count" {
  named I3 db "UPDATE chats SET messages_count = messages_count + 1 WHERE id = $id"
  db "UPDATE chats SET messages_count = messages_count - 1 WHERE id = $id"
  named I3 db "UPDATE chat_applications SET chats_stored = 3 WHERE id = $app"
}

@test "I3: a counter above the last number" {
  named I3 redis INCR "chat:$id:message_counter"
}

@test "I4: a number that two were answered" {
  sed -i '1p; 1s/posting/twice/' "$log"
  named I4 true
}

@test "I5: jobs that wait, in a queue, in flight or for a retry; suspects" {
  jobs_stop
  named I5 redis LPUSH queue:default '{"class":"HardJob"}'
  redis DEL queue:default >/dev/null
  named I5 redis EVAL "redis.call('SADD', 'inflight', 'inflight:default:x:1')
    return redis.call('LPUSH', 'inflight:default:x:1', '{}')" 0
  redis DEL inflight:default:x:1 >/dev/null
  named I5 redis ZADD retry 1 '{"class":"HardJob","jid":"x","error_class":"E","error_message":"","retry_count":0,"failed_at":1.5}'
  redis DEL retry >/dev/null
  named I5 redis HSET suspects:default jid 1
}

@test "I6: an acknowledged message that is nowhere, for a moment" {
  jobs_stop
  fault_seed=2
  load_start more --requests 5 --strict
  all_accepted more 10
  watch_start
  redis LPOP queue:default >/dev/null
  run -1 watch_end
  grep -q '^I6: ' <<<"$output"
  fault_seed=
}

@test "I7: a counter below a number in MySQL, or of a job" {
  named I7 redis SET "chat:$id:message_counter" 3
  redis SET "chat:$id:message_counter" "$(db "SELECT last_message_number FROM chats WHERE id = $id")" >/dev/null
  jobs_stop
  named I7 redis LPUSH queue:default "{\"class\":\"CreateMessageJob\",\"args\":[$id,5000,\"x\"]}"
}

@test "I9: a dead job that does not say why" {
  named I9 redis ZADD dead 1 '{"class":"HardJob","jid":"x","error_message":"","retry_count":0,"failed_at":1.5}'
}

@test "what was lost before the loss is counted; what had a row, or came later, is named" {
  local at
  loss_ahead
  loss_now
  db "DELETE FROM messages WHERE chat_id = $id AND number = 7"
  run -1 "$stack_root/test/invariants.py" check --var "$PARLEY_VAR" "${loads[@]}" "${loss[@]}"
  grep -q '^I1: ' <<<"$output"
  sed -i "/^$id\t7\t/d" "$BATS_TEST_TMPDIR/kept"
  db "UPDATE chats SET messages_count = messages_count - 1, messages_stored = messages_stored - 1 WHERE id = $id"
  checked=$("$stack_root/test/invariants.py" check --var "$PARLEY_VAR" "${loads[@]}" "${loss[@]}")
  same "$(checked_figure .lost)" 1
  at=$(head -n 1 "$log" | cut -f 1)
  run -1 "$stack_root/test/invariants.py" check --var "$PARLEY_VAR" "${loads[@]}" "${loss[@]}" --lost-before "$at"
  grep -q '^I1: ' <<<"$output"
}
