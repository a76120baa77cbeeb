#!/usr/bin/env bats
# slow: More comes than can be stored: who is refused then, and that what waits is stored all the same.
# shellcheck disable=SC2154 # status and headers are set by helpers

load helpers/stack
load helpers/problem

setup_file() {
  export PARLEY_WAIT_S=1 PARLEY_BREAKER_MS=100 PARLEY_REAP_MS=200 PARLEY_PROMOTE_MS=100
  stack_start
}

teardown_file() {
  stack_stop
}

teardown() {
  redis CONFIG SET maxmemory 0 >/dev/null
  jobs_stop
}

# room NAME: an application with a chat, both stored. NAME is then the path of the chat's messages,
# NAME_id the application's id.
room() {
  new_application "$1"
  new_chat
  printf -v "$1" '%s' "/applications/$token/chats/$chat/messages"
  printf -v "$1_id" '%s' "$(redis GET "chat_app:token:$token")"
}

# rooms NAME…: and no job program runs afterwards
rooms() {
  local name
  jobs_start 1
  for name; do room "$name"; done
  wait_for 10 drained
  jobs_stop
}

# writer_with SETTING…: starts it afresh
writer_with() {
  stop writer
  env_start "$@"
}

env_start() {
  local -x "$@"
  start writer
}

post() { writer POST "$1" '{"body":"one of many"}'; }

# gets_in N PATH: N messages are accepted, no more
gets_in() {
  local n
  for ((n = 0; n < $1; n++)); do
    post "$2"
    expect 201
  done
  is_full "$2"
}

is_full() {
  post "$1"
  problem 503 queue-full
  [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
}

backlog() { redis --raw HGET backlog "$1"; }

accepted() {
  post "$1"
  [ "$status" = 201 ]
}

# bats test_tags=error:503
@test "one application alone fills the queue to its limit, others still get their share, up to twice the limit" {
  rooms a b c d e
  writer_with PARLEY_QUEUE_LIMIT=10
  gets_in 10 "$a"
  writer POST "${a%/*/messages}"
  problem 503 queue-full
  gets_in 5 "$b" # a half
  gets_in 4 "$c" # a third is 3 1/3: with four it has that or more
  is_full "$a"
  gets_in 1 "$d" # 20 wait
  is_full "$e"
  same "$(redis LLEN queue:default)" 20
  same "$(backlog "$a_id") $(backlog "$b_id") $(backlog "$c_id") $(backlog "$d_id")" '10 5 4 1'
  jobs_start 1
  wait_for 10 drained
  same "$(redis EXISTS backlog)" 0
  wait_for 5 accepted "$a"
  wait_for 5 accepted "$e"
}

@test "what nobody was counted for leaves the limit what it is" {
  rooms a
  redis LPUSH queue:default '{"class":"MailJob","args":[1],"jid":"m1"}' \
    '{"class":"MailJob","args":[2],"jid":"m2"}' >/dev/null
  writer_with PARLEY_QUEUE_LIMIT=3
  gets_in 1 "$a"
  same "$(redis LLEN queue:default)" 3
  jobs_start 1
  wait_for 10 drained
}

@test "the counts begin anew with the first job of an empty queue" {
  rooms a b
  writer_with PARLEY_QUEUE_LIMIT=10
  redis HSET backlog "$a_id" 1000000 "$b_id" 1000000 77 -3 >/dev/null
  post "$b"
  expect 201
  same "$(redis --raw HGETALL backlog)" "$b_id"$'\n1'
  writer POST "${a%/*/messages}"
  expect 201
  same "$(backlog "$a_id") $(backlog "$b_id")" '1 1'
}

@test "a job is taken off once: when its batch is settled, not again as a retry" {
  local chat_id
  rooms a b
  chat_id=$((a_id << 32 | 1))
  redis HSET backlog "$a_id" 5 "$b_id" 1 >/dev/null
  redis LPUSH queue:default \
    "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,1,\"x\"],\"jid\":\"00000000000000000000000a\",\"retry_count\":0}" \
    "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,2,\"x\"],\"jid\":\"00000000000000000000000b\"}" \
    "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,3,\"x\"],\"jid\":\"00000000000000000000000c\"}" \
    "{\"class\":\"CreateChatJob\",\"args\":[$b_id,2],\"jid\":\"00000000000000000000000d\"}" \
    "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,\"no number\"],\"jid\":\"00000000000000000000000e\"}" >/dev/null
  jobs_start 1
  wait_for 10 drained
  same "$(backlog "$a_id") $(redis HEXISTS backlog "$b_id")" '3 0'
  redis DEL backlog dead >/dev/null
}

# aged JSON: the queue's oldest job, an hour old
aged() {
  redis RPUSH queue:default "{\"class\":\"MailJob\",\"args\":[],\"jid\":\"old\",\"created_at\":$(($(date +%s) - 3600)).5$1}" >/dev/null
}

# bats test_tags=settings:queue-age,error:503
@test "while the oldest job is older than PARLEY_QUEUE_AGE_LIMIT_S creating is 503, and without the setting it is not" {
  rooms a
  writer_with PARLEY_QUEUE_AGE_LIMIT_S=60 PARLEY_WRITER_PROCESSES=2
  aged ''
  is_full "$a"
  writer POST "${a%/*/messages}"
  problem 503 queue-full
  request POST "$a" '{"body":"x"}' # the full API has no such limit here
  expect 201
  redis RPOP queue:default >/dev/null
  wait_for 5 eval 'accepted "$a" && accepted "$a" && accepted "$a"'
  # one that waits for a retry says nothing of how long it waits this time
  stop writer
  aged ',"retry_count":3'
  env_start PARLEY_QUEUE_AGE_LIMIT_S=60 PARLEY_WRITER_PROCESSES=1
  post "$a"
  expect 201
  # the first ever behind it does
  redis RPOP queue:default >/dev/null
  stop writer
  aged ''
  aged ',"retry_count":3'
  env_start PARLEY_QUEUE_AGE_LIMIT_S=60 PARLEY_WRITER_PROCESSES=1
  is_full "$a"
  jobs_start 1
  wait_for 10 drained
  wait_for 5 accepted "$a"
}

# bats test_tags=settings:queue-age,down:redis
@test "an age that cannot be asked for refuses nothing by itself: without Redis it is the ordinary 503" {
  rooms a
  writer_with PARLEY_QUEUE_AGE_LIMIT_S=60 PARLEY_WRITER_PROCESSES=1
  stop redis
  post "$a"
  problem 503 sequential-numbering-unavailable
  start redis
  wait_for 10 accepted "$a"
}

no_numbers() {
  problem 503 sequential-numbering-unavailable
  same "$(json .title)" 'Sequential numbering unavailable'
  [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
}

refuses_all() {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$1" '{"body":"x"}'
    no_numbers
    ask "$url" POST "${1%/*/messages}"
    no_numbers
  done
  request POST /applications '{"name":"x"}'
  no_numbers
}

# as a Redis that has just been started: without marks and scripts
forget_marks() {
  redis --raw KEYS 'recovered:*' | while read -r key; do redis DEL "$key"; done >/dev/null
  redis SCRIPT FLUSH >/dev/null
}

# bats test_tags=error:503
@test "a Redis at maxmemory refuses what is new and drains to empty, also by workers that were just started" {
  local n
  rooms a b
  writer_with PARLEY_QUEUE_LIMIT=1000000
  for n in 1 2 3 4 5; do post "$a" && expect 201; done
  redis CONFIG SET maxmemory 1mb >/dev/null
  forget_marks
  refuses_all "$a"
  # meanwhile: one to be retried with a new number from a counter that is lost, one left by a worker that
  # died; and queue_seq is lost, so that it must be recovered first
  redis CONFIG SET maxmemory 0 >/dev/null
  redis ZADD retry 1 "{\"class\":\"CreateMessageJob\",\"args\":[$((b_id << 32 | 1)),9,\"renumbered\"],\"jid\":\"0000000000000000000000f0\",\"retry_count\":0,\"error_class\":\"NumberTaken\"}"
  redis DEL "chat:$((b_id << 32 | 1)):message_counter" >/dev/null
  redis DEL queue_seq >/dev/null
  redis LMOVE queue:default inflight:default:gone:1 RIGHT LEFT >/dev/null
  redis SADD inflight inflight:default:gone:1 >/dev/null
  redis CONFIG SET maxmemory 1mb >/dev/null
  forget_marks
  jobs_start 2
  wait_for 20 eval 'drained && [ "$(redis ZCARD retry)" = 0 ]'
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $((a_id << 32 | 1))")" 5
  same "$(db "SELECT number, body FROM messages WHERE chat_id = $((b_id << 32 | 1))")" $'10\trenumbered'
  same "$(redis ZCARD dead)" 0
  # deleting makes room, so it works
  request DELETE "${b%/messages}"
  expect 204
  refuses_all "$a"
  # nobody is restarted
  redis CONFIG SET maxmemory 0 >/dev/null
  for n in "$API" "$WRITER"; do
    ask "$n" POST "$a" '{"body":"again"}'
    expect 201
  done
  request POST /applications '{"name":"x"}'
  expect 201
  wait_for 20 drained
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $((a_id << 32 | 1))")" 7
}

bgsave_is() { [ "$(redis --raw INFO persistence | tr -d '\r' | sed -n 's/^rdb_last_bgsave_status://p')" = "$1" ]; }

# bats test_tags=error:503
@test "a Redis that refuses all writing because it could not save: 503, nothing is lost, and all goes on by itself" {
  rooms a
  writer_with PARLEY_QUEUE_LIMIT=1000000
  post "$a"
  expect 201
  mkdir "$PARLEY_VAR/redis/dump.rdb" # in the snapshot's place
  redis CONFIG SET save '3600 100000' >/dev/null
  redis BGSAVE >/dev/null
  wait_for 10 bgsave_is err
  refuses_all "$a"
  jobs_start 1
  request GET "$a"
  expect 200
  same "$(redis LLEN queue:default)" 1
  request GET /health
  expect 503
  [[ $(json '.services.redis.warnings | join(" ")') == 'rdb_last_bgsave_status is err: '* ]]
  rmdir "$PARLEY_VAR/redis/dump.rdb"
  redis BGSAVE >/dev/null
  wait_for 10 bgsave_is ok
  redis CONFIG SET save '' >/dev/null
  wait_for 10 accepted "$a"
  wait_for 20 drained
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $((a_id << 32 | 1))")" 2
}
