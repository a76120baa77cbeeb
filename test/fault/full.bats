#!/usr/bin/env bats
# Redis, its disk, MySQL's disk and the queue full.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  stack_folder
  disk_make redis 200
  disk_make mysql 400
  template
  # with room already taken for whatever is of a fixed size
  cp -a --sparse=never "$MARIADB_TEMPLATE/." "$PARLEY_VAR/mysql/"
  own "$(mariadb_user "$PARLEY_VAR")" "$(readlink "$PARLEY_VAR/mysql")"
  stack_run
}

teardown_file() {
  stack_stop
  disk_unmake
}

setup() {
  revive "${all_jobs[@]}"
}

teardown() {
  local name
  fault_failed
  for name in redis mysql; do [ ! -f "$PARLEY_VAR/$name/filler" ] || disk_free $name; done
  calm
  redis CONFIG SET maxmemory 0 >/dev/null
}

# is_refused: a write, now, with Retry-After
is_refused() {
  writer POST "/applications/$token/chats/$chat/messages" "{\"body\":\"probe-$EPOCHREALTIME\"}"
  [ "$status" = 503 ] && [ -n "$(header Retry-After)" ]
}

used_memory() { redis INFO memory | tr -d '\r' | sed -n 's/^used_memory://p'; }

t5_memory() {
  scene 2
  wait_for 20 drained
  jobs_stop
  between 1000 5000
  redis CONFIG SET maxmemory $(($(used_memory) + REPLY * 1000)) >/dev/null
  load_start posting --clients 8 --for 600 --rate 1000 --bytes 2000 --retry
  wait_for 30 is_refused
  kills=$((kills + 1))
  # it drains all the same, and then there is room again
  revive "${all_jobs[@]}"
  wait_for 30 can_write
  load_stop posting
  invariants 60 --foreign probe-
  same "$(redis ZCARD dead)" 0
  redis CONFIG SET maxmemory 0 >/dev/null
}

@test "T5: Redis at maxmemory answers 503, drains, and takes writes again by itself" {
  each_seed t5_memory
}

redis_ended() { ! is_running redis; }

# A Redis that cannot write its file ends itself, rather than to acknowledge what is not on disk.
t5_disk() {
  scene 2
  load_start posting --clients 8 --for 600 --rate 600 --bytes 500 --retry
  watch_start
  pause 300 1000
  between 50 1000
  disk_fill redis "$REPLY"
  wait_for 30 redis_ended
  kills=$((kills + 1))
  wait_for 5 is_refused
  disk_free redis
  start redis
  wait_for 10 can_write
  pause 300 1000
  load_stop posting
  watch_end
  invariants 30 --foreign probe-
  same "$(redis ZCARD dead)" 0
}

@test "T5: the disk of Redis is full: nothing acknowledged is lost" {
  each_seed t5_disk
}

disk_is_full() { grep -qhE 'cannot store' "$PARLEY_VAR"/log/persist-*.log; }

t7_disk() {
  scene 2
  load_start posting --clients 8 --for 600 --rate 500 --bytes 5000 --strict
  watch_start
  pause 300 1000
  between 0 500
  disk_fill mysql "$REPLY"
  wait_for 60 disk_is_full
  kills=$((kills + 1))
  pause 500 2000
  disk_free mysql
  is_running mariadb || start mariadb
  wait_for 20 commits_happen
  load_stop posting
  same "$(figure .failed)" 0
  watch_end
  wait_for 60 reviving drained
  invariants 30
  same "$(redis ZCARD dead)" 0
}

@test "T7: the disk of MySQL is full: what was accepted is stored when there is room again" {
  each_seed t7_disk
}

# answers_200 PATH…: of the full API
answers_200() {
  local path
  for path; do
    request GET "$path"
    expect 200
  done
}

t13() {
  local path accepted alarms
  scene 1
  wait_for 20 drained
  jobs_stop
  stop api
  stop writer
  export PARLEY_QUEUE_LIMIT=$((RANDOM % 200 + 100))
  start api
  start writer
  load_start posting --clients 16 --requests 500
  blast_end posting 30
  accepted=$(figure .ok)
  # 503 for all the others, and the queue is never deeper than it may be
  same "$(figure '.by_status | keys | join(" ")')" '201 503'
  holds "$accepted > 0 && $accepted <= $PARLEY_QUEUE_LIMIT"
  same "$(redis LLEN queue:default)" "$accepted"
  alarms=$("$PARLEY_BUILD/jobs/queue" status --alert --depth 50 --wait 1) && return 1
  grep -q "^$accepted jobs wait" <<<"$alarms"
  grep -q 'no worker is alive' <<<"$alarms"
  writer POST "/applications/$token/chats/$chat/messages" '{"body":"one too many"}'
  expect 503
  same "$(json .type)" /problems/queue-full
  [ "$(header Retry-After)" -ge 1 ]
  request GET /health
  same "$(json .queue.depth)" "$accepted"

  # nobody needs Redis to read
  revive "${all_jobs[@]}"
  wait_for 20 drained
  wait_for 10 can_write
  wait_for 20 drained
  path=/applications/$token
  kill_9 redis
  kills=$((kills + 1))
  answers_200 "$path" "$path/chats" "$path/chats/$chat" "$path/chats/$chat/messages" \
    "$path/chats/$chat/messages/1" "$path/chats/$chat/messages/search?q=probe"
  start redis
  wait_for 10 can_write
  invariants 30 --foreign probe-
  stop api
  stop writer
  unset PARLEY_QUEUE_LIMIT
  start api
  start writer
}

@test "T13: the queue at its limit: 503, and room again when it drains; reads with Redis down" {
  each_seed t13
}
