#!/usr/bin/env bats
# What saves a chat when a worker sleeps or a dead job is retried.

load helpers/stack

setup_file() {
  export PARLEY_RETRY_BASE_MS=200 PARLEY_PROMOTE_MS=100 PARLEY_REAP_MS=200
  export PARLEY_WAIT_S=1 PARLEY_LEASE_MS=2000 PARLEY_BATCH_TIMEOUT_MS=1500 PARLEY_RETRY_LIMIT=2
  stack_start
}

teardown_file() {
  stack_stop
}

teardown() {
  jobs_stop
}

# A chat that is stored, nothing waiting, no job program running; id is the chat's.
setup() {
  jobs_start 1
  new_application
  new_chat
  wait_for 10 drained
  jobs_stop
  id=$(db "SELECT MAX(id) FROM chats")
  messages=/applications/$token/chats/$chat/messages
  redis DEL retry dead schedule queue:unclaimed >/dev/null
}

post() { request POST "$messages" "{\"body\":$(quoted "$1")}" && expect 201; }
push() { redis LPUSH queue:default "$1" >/dev/null; }
bodies() { db "SELECT number, body FROM messages WHERE chat_id = $id AND deleted_at IS NULL ORDER BY number"; }
counts() { db "SELECT messages_count, messages_stored, last_message_number FROM chats WHERE id = $id"; }
run_jobs() { jobs_start 1 && wait_for 10 drained; }
stored() { [ "$(bodies)" = "$1" ]; }

@test "a void row is filled when its dead job is retried and succeeds" {
  db "INSERT INTO messages (chat_id, number, version, job_key, created_at, updated_at, deleted_at, body)
      VALUES ($id, 1, 0, UNHEX('0123456789abcdef0123456700000000'), NOW(), NOW(), NOW(), '');
      UPDATE chats SET messages_stored = 1, last_message_number = 1 WHERE id = $id"
  push "{\"class\":\"CreateMessageJob\",\"args\":[$id,1,\"filled\"],\"jid\":\"0123456789abcdef01234567\"}"
  run_jobs
  same "$(bodies)" $'1\tfilled'
  same "$(counts)" $'1\t1\t1'
}

@test "a worker that is stopped beyond its lease finds it lost: nothing is doubled" {
  jobs_start 1
  signal persist-1 STOP
  post paused
  redis EVAL "redis.call('LMOVE', 'queue:default', 'inflight:default:gone:2', 'RIGHT', 'LEFT')
    redis.call('SADD', 'inflight', 'inflight:default:gone:2')" 0 >/dev/null
  start persist-2
  wait_for 10 stored $'1\tpaused'
  signal persist-1 CONT
  wait_for 10 drained
  same "$(counts)" $'1\t1\t1'
}

@test "persist told to stop again and again while MySQL is away: that is not held against its jobs" {
  post patient
  stop mariadb
  for _ in 1 2 3 4 5; do
    start persist-1
    wait_for 10 log_has persist-1 'cannot store'
    stop persist-1
    : >"$PARLEY_VAR/log/persist-1.log"
  done
  start mariadb
  run_jobs
  same "$(bodies)" $'1\tpatient'
  same "$(redis ZCARD dead)" 0
}

@test "jobs for which there is no number left do not hold up those behind them" {
  post taken
  run_jobs
  jobs_stop
  redis SET "chat:$id:message_counter" 4294967295 >/dev/null
  redis EVAL "for i = 1, 150 do redis.call('ZADD', 'retry', i, '{\"class\":\"CreateMessageJob\",\"args\":[$id,1,\"x\"],\"jid\":\"stuck' .. i .. '\",\"error_class\":\"NumberTaken\"}') end
    redis.call('ZADD', 'retry', 1000, '{\"class\":\"MailJob\",\"args\":[],\"queue\":\"mailers\",\"jid\":\"m\"}')" 0 >/dev/null
  start schedule
  wait_for 10 eval '[ "$(redis LLEN queue:mailers)" = 1 ]'
  same "$(redis ZCARD retry)" 150
  redis SET "chat:$id:message_counter" 1 >/dev/null
  redis DEL queue:mailers >/dev/null
  start persist-1
  wait_for 20 eval '[ "$(counts)" = "151	151	151" ]'
}
