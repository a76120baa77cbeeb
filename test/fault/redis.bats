#!/usr/bin/env bats
# Redis killed; and Redis that comes back without what it had acknowledged.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  stack_start
}

teardown_file() {
  stack_stop
}

setup() {
  revive "${all_jobs[@]}"
}

teardown() {
  fault_failed
  calm
}

# works URL: a write is accepted there
works() {
  ask "$1" POST "/applications/$token/chats/$chat/messages" "{\"body\":\"probe-$EPOCHREALTIME\"}"
  [ "$status" = 201 ]
}

# back_at_once: since Redis answers again; the slowest so far is in $slowest_ms
back_at_once() {
  local base began
  now_ms
  began=$REPLY
  for base in "$WRITER" "$API"; do
    until works "$base"; do past $((began + 10000)) && return 1; done
  done
  now_ms
  [ $((REPLY - began)) -le "$slowest_ms" ] || slowest_ms=$((REPLY - began))
}

t4_killed() {
  local n slowest_ms=0 before
  scene 2
  before=$(losses)
  load_start posting --clients 16 --for 600 --rate 1000 --retry
  chats_start chats --clients 2 --for 600 --rate 30 --retry
  watch_start
  for ((n = 0; n < $(long 4 8); n++)); do
    pause 300 1500
    kill_9 redis
    kills=$((kills + 1))
    pause 0 400
    start redis
    back_at_once
  done
  load_stop posting
  load_stop chats
  watch_end
  invariants 30 --foreign probe-
  tell "writes were back after at most $slowest_ms ms"
  figures="{\"back_ms\":$slowest_ms}"
  holds "$slowest_ms < 1000"
  same "$(losses)" "$before" # nothing was rebuilt: nothing had been turned back
  same "$(redis ZCARD dead)" 0
}

@test "T4: Redis killed again and again, appendfsync always" {
  each_seed t4_killed
}

aof() { echo "$PARLEY_VAR"/redis/appendonlydir/*.incr.aof; }

# At some byte before a moment since when something was given, drained and stored; or only at the very end,
# where perhaps nobody can notice.
cut_aof() {
  local size
  size=$(stat -c %s "$(aof)")
  wait_for 20 commits_happen
  wait_for 20 commits_happen
  kill_9 redis
  one_of deep shallow
  cut=$REPLY
  if [ "$cut" = deep ]; then
    between $((size / 2)) "$size"
  else
    size=$(stat -c %s "$(aof)")
    between $((size - 20000)) "$size"
  fi
  truncate -s "$REPLY" "$(aof)"
  loss_now
  start redis
}

t4_cut() {
  local cut
  losing cut_aof
  invariants 30 "${loss[@]}"
  [ "$cut" = shallow ] || loss_found
}

@test "T4: the append-only file cut at some byte" {
  each_seed t4_cut
}

# Of a moment before some of the load was stored.
older_aof() {
  cp -a "$PARLEY_VAR/redis/appendonlydir" "$PARLEY_VAR/older"
  pause 500 1500
  wait_for 20 commits_happen
  wait_for 20 commits_happen
  kill_9 redis
  rm -r "$PARLEY_VAR/redis/appendonlydir"
  mv "$PARLEY_VAR/older" "$PARLEY_VAR/redis/appendonlydir"
  loss_now
  start redis
}

t4_older() {
  losing older_aof
  invariants 30 "${loss[@]}"
  loss_found
}

@test "T4: an older append-only file put back" {
  each_seed t4_older
}

flushall() {
  redis FLUSHALL >/dev/null
  loss_now
}

t4_flushall() {
  losing flushall
  invariants 30 "${loss[@]}"
  loss_found 'queue_seq IS NULL'
}

@test "T4: FLUSHALL under load" {
  each_seed t4_flushall
}

# Each alone, and nothing is lost: it is healed from the waiting jobs and MySQL.
delete_counters() {
  local key
  for key in "chat:${chats[0]}:message_counter" "chat_app:$app:chat_counter" "chat:${chats[1]}:message_counter"; do
    redis DEL "$key" >/dev/null
    wait_for 10 can_write
    pause 100 500
  done
}

t4_counters() {
  losing delete_counters
  invariants 30 --foreign probe-
  same "$(redis ZCARD dead)" 0
}

@test "T4: counters deleted under load" {
  each_seed t4_counters
}

traced() { grep -q fdatasync "$PARLEY_VAR/tmp/trace"; }

# The same as `always`, but for what was not synced when the power went: it is cut off. No job program runs, so
# that all of it would be lost.
t4_everysec() {
  local at_risk
  scene 1
  wait_for 20 drained
  jobs_stop
  stop redis
  start redis --appendfsync everysec
  rm -f "$PARLEY_VAR/tmp/trace"
  spawn "$PARLEY_VAR/log/strace.log" strace -f -ttt -s 0 -e trace=write,fdatasync,fsync -P "$(aof)" \
    -o "$PARLEY_VAR/tmp/trace" -p "$(pid_of redis)"
  load_start posting --clients 16 --for 600 --retry
  wait_for 20 traced
  pause 1000 3000
  kill_9 redis
  kills=$((kills + 1))
  at_risk=$("$BATS_TEST_DIRNAME/unsynced.py" "$PARLEY_VAR/tmp/trace" "$(aof)")
  loss_now
  start redis
  wait_for 20 can_write
  load_stop posting
  revive "${all_jobs[@]}"
  invariants 60 "${loss[@]}"
  tell "everysec: $at_risk"
  figures=$(jq -c '{at_risk: .}' <<<"$at_risk")
  holds "$(jq .lost <<<"$checked") <= $(jq .messages <<<"$at_risk")"
}

@test "T4: with appendfsync everysec, cut back to the last sync" {
  each_seed t4_everysec
}
