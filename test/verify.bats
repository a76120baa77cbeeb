#!/usr/bin/env bats
# slow: queue verify names every kind of damage, and queue repair mends it.

load helpers/stack
load helpers/load
load helpers/tool

setup_file() {
  export PARLEY_RETRY_BASE_MS=200 PARLEY_PROMOTE_MS=100 PARLEY_REAP_MS=200 PARLEY_PURGE_MS=100
  export PARLEY_WAIT_S=1 PARLEY_LEASE_MS=2000 PARLEY_BATCH_TIMEOUT_MS=1500 PARLEY_RETRY_LIMIT=2
  stack_start
}

teardown_file() {
  stack_stop
}

# Two chats, three messages in the first, all stored, nothing else anywhere, no job program running.
setup() {
  db "SET foreign_key_checks = 0; DELETE FROM messages; DELETE FROM chats; DELETE FROM chat_applications;
      DELETE FROM redis_losses; DELETE FROM renumbered_messages; DELETE FROM redis_mark"
  redis FLUSHALL >/dev/null
  redis SET queue_seq 0 >/dev/null
  new_application
  new_chat && new_chat
  chat=1
  messages=/applications/$token/chats/1/messages
  post one && post two && post three
  run_jobs
  id=$(chat_id) application=$((id >> 32)) short=${token:0:6}
}

teardown() {
  jobs_stop
}

post() { request POST "$messages" "$(jq -nc --arg body "$1" '{$body}')" && expect 201; }
run_jobs() { jobs_start 1 && wait_for 10 drained && jobs_stop; }
rows() { db "SELECT number, version, body FROM messages WHERE chat_id = $id ORDER BY number"; }
counts() { db "SELECT messages_count, messages_stored, last_message_number FROM chats WHERE id = $id"; }
counter() { redis --raw GET "chat:$id:message_counter"; }

# clean: verify finds nothing
clean() { queue verify && exits 0 && says '^no difference: ' && same "$stderr" ''; }

# differs LINE…: verify says exactly these, whichever application is asked for
differs() {
  local lines
  lines=$(printf '%s\n' "$@")
  queue verify --all
  exits 1
  same "$output" "$lines"
  same "$(tr -dc 0-9 <<<"$stderr")" $#
}

# mends LINE…: repair says exactly these; then nothing is left
mends() {
  queue repair
  exits 0
  same "$output" "$(printf '%s\n' "$@")"
  clean
  queue repair
  exits 0
  same "$output" 'nothing to mend'
}

# --- what is no difference -------------------------------------------------------------------------------------

@test "nothing differs; the figures are said" {
  clean
  same "$output" 'no difference: 1 application, 2 chats, 3 messages compared; 0 jobs wait'
  queue verify "$token" --json
  exits 0
  same "$output" '{"differences":[],"renumbered":[],"applications":1,"chats":2,"messages":3,"jobs":0}'
  redis DEL inflight queues >/dev/null # a Redis that never had a job
  queue verify && exits 0
  queue status && exits 0
  queue verify 0123456789abcdef0123456789abcdef
  exits 1
  complains 'no application with this token'
  queue verify --all "$token" && exits 2
  REDIS_URL=redis://127.0.0.1:1 queue verify && exits 1
  same "$stderr" 'queue verify: redis: Connection refused'
  DATABASE_URL=mysql://a:b@127.0.0.1:1/c queue repair && exits 1
  complains '^queue repair: mysql: '
}

@test "what waits, is in flight, or is to be tried again is no difference; deleted and void is none" {
  post four && post five && post six && post seven
  redis LMOVE queue:default inflight:default:n:1 RIGHT LEFT >/dev/null
  redis SADD inflight inflight:default:n:1 >/dev/null
  job=$(redis RPOP queue:default)
  put retry 1995560953 "${job%\}},$failed}"
  put schedule 1995560953 "$(redis RPOP queue:default)"
  request POST "/applications/$token/chats" '{}' && expect 201
  request POST "/applications/$token/chats/3/messages" '{"body":"queued"}' && expect 201
  clean
  says '6 jobs wait$'
  request DELETE "$messages/2" && expect 204
  request DELETE "/applications/$token/chats/2" && expect 204
  clean
  redis DEL retry schedule >/dev/null
}

@test "renumbered messages are listed, and are no difference" {
  db "INSERT INTO renumbered_messages VALUES ($id, 3, 2, NOW())"
  queue verify && exits 0
  says "^note: $short chat 1: message 3 was accepted as 2$"
  queue verify --json "$token" && exits 0
  same "$(jq -c .renumbered <<<"$output")" \
    "[{\"application\":\"$short\",\"chat\":1,\"number\":3,\"given_number\":2}]"
}

@test "verify while messages and chats are posted, deleted, retried and workers are killed finds nothing" {
  local until
  export PARLEY_LEASE_MS=2000
  jobs_start 2
  start purge
  blast_start posts --for "$(long 12 120)" --clients 8 "$(messages "$WRITER" "$token" 1)" \
    "$(messages "$WRITER" "$token" 2)" "$WRITER/applications/$token/chats"
  until=$((SECONDS + $(long 10 110)))
  while [ $SECONDS -lt $until ]; do
    queue verify
    exits 0
    request DELETE "/applications/$token/chats/$((RANDOM % 100 + 3))"
    kill_9 persist-2
    start persist-2
  done
  blast_end posts 60
  wait_for 60 drained
  clean
}

# --- counters --------------------------------------------------------------------------------------------------

@test "a counter that is too low" {
  redis SET "chat:$id:message_counter" 1 >/dev/null
  redis SET "chat_app:$application:chat_counter" 0 >/dev/null
  differs "$short: counter is 0, but 2 was given" "$short chat 1: counter is 1, but 3 was given"
  mends "$short: counter raised to 2" "$short chat 1: counter raised to 3"
  post four
  same "$(json .number)" 4
}

@test "a counter below a waiting job's number" {
  put retry 1995560953 "$(message a 9 x "$failed")"
  differs "$short chat 1: counter is 3, but 9 was given"
  queue verify --json
  same "$(jq -c '.differences[] | [.kind, .application, .chat]' <<<"$output")" "[\"counter_low\",\"$short\",1]"
  queue repair
  exits 0
  same "$output" "$short chat 1: counter raised to 9
$short chat 1: messages 4 to 8: 5 void rows made"
  same "$(counter)" 9
  clean
}

@test "a counter that is missing" {
  redis DEL "chat:$id:message_counter" "chat_app:$application:chat_counter" >/dev/null
  differs "$short: counter is missing" "$short chat 1: counter is missing"
  mends "$short: counter made, at 2" "$short chat 1: counter made, at 3"
  same "$(counter)" 3
}

@test "a counter of what is deleted" {
  request DELETE "/applications/$token/chats/2" && expect 204
  redis SET "chat:$((id + 1)):message_counter" 5 >/dev/null
  differs "$short chat 2: deleted, but its counter is there"
  mends "$short chat 2: counter removed"
  same "$(redis EXISTS "chat:$((id + 1)):message_counter")" 0
  request DELETE "/applications/$token" && expect 204
  # chat 7 was queued when its application was deleted, and never got a row
  redis MSET "chat_app:$application:chat_counter" 7 "chat:$((id + 6)):message_counter" 0 >/dev/null
  queue verify
  exits 1
  same "$output" "$short: deleted, but its counter is there
$short chat 7: deleted, but its counter is there"
  mends "$short: counter removed" "$short chat 7: counter removed"
}

# --- counts ----------------------------------------------------------------------------------------------------

@test "counts that are wrong" {
  db "UPDATE chats SET messages_count = 7, messages_stored = 1 WHERE id = $id;
      UPDATE chat_applications SET chats_count = 0, chats_stored = 9"
  differs "$short: chats_stored is 9, rows are 2" "$short: chats_count is 0, living rows are 2" \
    "$short chat 1: messages_stored is 1, rows are 3" "$short chat 1: messages_count is 7, living rows are 3"
  mends "$short: chats counted anew: 2 rows (was 9), 2 living (was 0), last 2 (was 2)" \
    "$short chat 1: messages counted anew: 3 rows (was 1), 3 living (was 7), last 3 (was 3)"
  same "$(counts)" $'3\t3\t3'
}

@test "a last number below the highest row; one above it is a number that was given" {
  db "UPDATE chats SET last_message_number = 2 WHERE id = $id"
  differs "$short chat 1: last_message_number is 2, the highest row is 3"
  mends "$short chat 1: messages counted anew: 3 rows (was 3), 3 living (was 3), last 3 (was 2)"
  db "UPDATE chats SET last_message_number = 5 WHERE id = $id"
  differs "$short chat 1: messages 4 to 5 have no row and no waiting job" \
    "$short chat 1: counter is 3, but 5 was given"
  mends "$short chat 1: counter raised to 5" "$short chat 1: messages 4 to 5: 2 void rows made"
  same "$(counts)" $'3\t5\t5'
}

# --- gaps ------------------------------------------------------------------------------------------------------

@test "a row that is gone" {
  db "DELETE FROM messages WHERE chat_id = $id AND number = 2"
  differs "$short chat 1: message 2 has no row and no waiting job" \
    "$short chat 1: messages_stored is 3, rows are 2" "$short chat 1: messages_count is 3, living rows are 2"
  queue verify --json
  same "$(jq -c '.differences[0]' <<<"$output")" \
    "{\"kind\":\"gap\",\"application\":\"$short\",\"chat\":1,\"number\":2,\"from\":2,\"to\":2,\"missing\":1,\"detail\":\"message 2 has no row and no waiting job\"}"
  queue repair "$token" && exits 0
  clean
  same "$(rows)" $'1\t1\tone\n2\t0\t\n3\t1\tthree'
  same "$(counts)" $'2\t3\t3'
}

@test "jobs that Redis has lost: their numbers become void, the next one is beyond them" {
  post four && post five
  redis DEL queue:default >/dev/null
  differs "$short chat 1: messages 4 to 5 have no row and no waiting job"
  mends "$short chat 1: messages 4 to 5: 2 void rows made"
  post six
  same "$(json .number)" 6
  run_jobs
  same "$(counts)" $'4\t6\t6'
}

@test "a chat whose job is lost is made, empty: its 201 was a promise" {
  request POST "/applications/$token/chats" '{}' && expect 201
  redis DEL queue:default >/dev/null
  differs "$short: chat 3 has no row and no waiting job"
  queue verify --json
  same "$(jq -c '.differences[] | [.kind, .application, .chat, .number]' <<<"$output")" "[\"gap\",\"$short\",null,3]"
  mends "$short: chat 3: 1 empty chat made"
  request GET "/applications/$token/chats/3" && expect 200
}

@test "a gap beside a waiting job: only what has no job is filled, and the job is stored" {
  post four && post five && post six
  redis LREM queue:default 1 "$(redis LINDEX queue:default 0)" >/dev/null
  redis LREM queue:default 1 "$(redis LINDEX queue:default 1)" >/dev/null
  differs "$short chat 1: message 4 has no row and no waiting job" \
    "$short chat 1: message 6 has no row and no waiting job"
  mends "$short chat 1: message 4: 1 void row made" "$short chat 1: message 6: 1 void row made"
  run_jobs
  same "$(rows | tail -n 3)" $'4\t0\t\n5\t1\tfive\n6\t0\t'
  clean
}

@test "jobs of every form are seen: ActiveJob, keywords, with a body that looks like another" {
  local fake
  fake='\"args\":['"$id"',8,\"x\"]'
  redis INCRBY "chat:$id:message_counter" 5 >/dev/null
  redis LPUSH queue:default \
    '{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"CreateMessageJob","jid":"w","args":[{"job_class":"CreateMessageJob","arguments":[ '"$id"' , 4,"wrapped"]}]}' \
    "{\"class\":\"CreateMessageJob\",\"jid\":\"k\",\"args\":[{\"number\":5,\"body\":\"key\",\"chat_id\":$id}]}" \
    "{\"class\":\"CreateMessageJob\",\"jid\":\"f\",\"args\":[$id,7,\"$fake\"]}" >/dev/null
  differs "$short chat 1: message 6 has no row and no waiting job" "$short chat 1: message 8 has no row and no waiting job"
  mends "$short chat 1: message 6: 1 void row made" "$short chat 1: message 8: 1 void row made"
  run_jobs
  same "$(db "SELECT GROUP_CONCAT(number ORDER BY number) FROM messages WHERE chat_id = $id AND version = 1")" 1,2,3,4,5,7
  clean
}

@test "a dead job without its void row gets it, and fills it when it is retried" {
  post four
  job=$(redis RPOP queue:default)
  put dead 5 "${job%\}},${failed/NumberTaken/DataRefused}}"
  differs "$short chat 1: message 4 has no row and no waiting job"
  mends "$short chat 1: message 4, whose job is dead, has its row"
  queue retry --all && exits 0
  run_jobs
  same "$(rows | tail -n 1)" $'4\t1\tfour'
}

@test "a gap that is too big to be believed is left to people" {
  redis SET "chat:$id:message_counter" 4000000000 >/dev/null
  differs "$short chat 1: messages 4 to 4000000000 have no row and no waiting job"
  queue repair
  exits 1
  says "^left: $short chat 1: 3999999997 numbers are missing from 4 to 4000000000: too many"
  complains '1 left'
  redis SET "chat:$id:message_counter" 8 >/dev/null
  queue repair --most 4 && exits 1
  queue repair --most 5 && exits 0
  clean
}

@test "with more jobs than can be read at one moment, gaps are left until they are fewer" {
  db "DELETE FROM messages WHERE chat_id = $id AND number = 2"
  redis EVAL "for i = 1, 50001 do redis.call('LPUSH', 'queue:other', '{}') end redis.call('SADD', 'queues', 'other')" 0 >/dev/null
  queue repair
  exits 1
  says "^left: $short chat 1: message 2: more than 50000 jobs wait"
  redis DEL queue:other >/dev/null
  queue repair && exits 0
  clean
}

@test "many gaps: a hundred one by one, the others as one line; all are filled" {
  fill $((id + 1)) 1000
  db "DELETE FROM messages WHERE chat_id = $((id + 1)) AND number % 2 = 0"
  queue verify "$token"
  exits 1
  same "$(grep -c 'has no row' <<<"$output")" 100
  says "^$short chat 2: 400 more messages from 202 to 1000 have no row and no waiting job$"
  queue repair && exits 0
  clean
  same "$(db "SELECT COUNT(*), SUM(version = 0) FROM messages WHERE chat_id = $((id + 1))")" $'1000\t500'
}

# --- tombstones, entries, losses ---------------------------------------------------------------------------------

@test "rows under what is purged go to purge once more" {
  request DELETE "$messages/1" && expect 204
  db "UPDATE chats SET deleted_at = NOW(), purged_at = NOW() WHERE id = $id;
      UPDATE chat_applications SET chats_count = 1"
  redis DEL "chat:$id:message_counter" >/dev/null
  differs "$short chat 1: purged, but 3 messages are left"
  mends "$short chat 1: given to \`purge\` once more"
  start purge
  wait_for 10 eval '[ "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $id")" = 0 ]'
  stop purge
  clean
}

@test "entries that lack what Sidekiq's pages ask for are completed, nothing of them is lost" {
  put dead 1.5 '{"class":"A","args":[1.50],"error_class":"X","failed_at":1,"retry_count":0}'
  put dead 2 '{"class":"A","args":[],"jid":"a","failed_at":1,"retry_count":0}'
  put retry 1995560953 '{"class":"A","args":[],"jid":"b","error_class":"X","retry_count":2,"failed_at":1}'
  put retry 1995560954 '{"class":"A","args":[],"jid":"c","error_class":"X"}'
  put schedule 1995560953 '{"class":"A","args":[]}'
  put schedule 1995560954 '{"class":"A","args":[],"jid":"d"}'
  queue verify
  exits 1
  same "$(sort <<<"$output")" "$(printf '%s\n' 'dead: job a at 2: no error_class' 'dead: the job at 1.5: no jid' \
    'retry: job b at 1995560953: no retried_at' 'retry: job c at 1995560954: no retry_count' \
    'schedule: the job at 1995560953: no jid')"
  queue verify --json
  same "$(jq -r '.differences[].kind' <<<"$output" | sort -u)" entry
  queue repair && exits 0
  clean
  same "$(redis ZCARD dead) $(redis ZCARD retry) $(redis ZCARD schedule)" '2 2 2'
  same "$(redis ZRANGE dead 0 -1 WITHSCORES | awk 'NR % 2 == 0')" $'1.5\n2'
  redis --raw ZRANGE dead 0 0 | grep -q '"args":\[1.50\]'
  same "$(redis --raw ZRANGE schedule 0 -1 | jq -r '.error_class // "none"' | sort | tr '\n' ' ')" 'none none '
}

@test "hostile entries: verify names them, repair wraps them, every byte is kept" {
  local before
  hostile dead
  before=$(redis ZCARD dead)
  redis EVAL "local all = {} for _, text in ipairs(redis.call('ZRANGE', 'dead', 0, -1)) do all[#all + 1] = redis.sha1hex(text) end return all" 0 |
    sort >"$BATS_TEST_TMPDIR/before"
  queue verify
  exits 1
  same "$(grep -c '^dead: ' <<<"$output")" "$before"
  queue repair
  exits 0
  queue verify && exits 0
  same "$(redis ZCARD dead)" "$before"
  redis --raw ZRANGE dead 0 -1 | jq -r 'select(.class == "Unreadable") | .args[0]' |
    while read -r text; do base64 -d <<<"$text" | sha1sum | cut -d' ' -f1; done | sort >"$BATS_TEST_TMPDIR/after"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/after")" -ge 200 ]
  [ -z "$(comm -13 "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after")" ]
}

@test "losses of Redis are said until repair has noted them" {
  db "INSERT INTO redis_losses (known_seq, queue_seq, found_at) VALUES (9, 5, '2026-11-25 12:00:00.5'), (20, NULL, '2026-11-25 13:00:00')"
  differs 'redis: went back at 2026-11-25 12:00:00: queue_seq was 5, MySQL had seen 9, so at least 4 writes were turned back' \
    'redis: went back at 2026-11-25 13:00:00: it had lost all, MySQL had seen queue_seq 20'
  queue verify "$token" && exits 0
  queue repair && exits 0
  says '^noted as seen: redis: went back at 2026-11-25 12:00:00'
  clean
  same "$(db 'SELECT COUNT(*) FROM redis_losses WHERE seen_at IS NOT NULL')" 2
}

@test "Redis behind MySQL is named; repair recovers it" {
  local mark
  mark=$(db 'SELECT MAX(mark) FROM redis_mark')
  redis SET queue_seq 1 >/dev/null
  redis SET "chat:$id:message_counter" 1 >/dev/null
  queue verify
  exits 1
  says "^redis: queue_seq is 1, MySQL has seen $mark: it has gone back$"
  queue repair && exits 0
  says '^redis: recovered'
  clean
  [ "$(redis GET queue_seq)" -ge "$mark" ]
  same "$(counter)" 3
}

@test "all kinds at once, in two applications; then post and store as ever" {
  redis SET "chat:$id:message_counter" 1 >/dev/null
  redis DEL "chat:$((id + 1)):message_counter" >/dev/null
  db "DELETE FROM messages WHERE chat_id = $id AND number = 1; UPDATE chats SET messages_count = 9"
  put dead 1 nonsense
  first=$token
  new_application && new_chat
  redis DEL queue:default >/dev/null
  queue repair "$first"
  exits 0
  queue verify "$first" && exits 0
  queue verify && exits 1
  queue repair && exits 0
  clean
  post four
  run_jobs
  clean
}
