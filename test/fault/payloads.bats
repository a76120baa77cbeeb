#!/usr/bin/env bats
# Jobs that come twice, whose number is taken, that fail again and again, or that nobody understands.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  export PARLEY_WORKERS=5 PARLEY_WAIT_S=1 PARLEY_REAP_MS=100 PARLEY_PROMOTE_MS=50
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
  redis DEL dead retry queue:unclaimed queue:index >/dev/null
}

payloads() { "$BATS_TEST_DIRNAME/payloads.py" "$1" "$PARLEY_VAR" "${@:2}"; }

# --- T8 ----------------------------------------------------------------------------------------------------

# Somebody else writes rows under numbers that are about to be given.
take_numbers() {
  local id last n rows
  for id in "${chats[@]}"; do
    last=$(redis GET "chat:$id:message_counter")
    rows=
    for ((n = last + 1; n < last + 200; n++)); do
      [ $((RANDOM % 3)) = 0 ] || continue
      rows+="${rows:+, }($id, $n, NOW(6), NOW(6), 'foreign-$n')"
    done
    # a row that is there already was given meanwhile
    db "INSERT IGNORE INTO messages (chat_id, number, created_at, updated_at, body) VALUES $rows"
  done
}

# The delays of what waits in retry for its first time, in s
first_delays() {
  redis --raw ZRANGE retry 0 -1 WITHSCORES | paste - - -d '\t' |
    jq -Rr 'split("\t") | (.[1] | tonumber) - (.[0] | fromjson | select(.retry_count == 0) | .failed_at)'
}

some_retry() { [ "$(redis ZCARD retry)" -gt 10 ]; }

t8_taken() {
  scene 2
  wait_for 20 drained
  jobs_stop
  take_numbers
  load_start posting --clients 8 --requests 500 --strict
  all_accepted posting 30
  revive "${all_jobs[@]}"
  wait_for 20 some_retry
  # 3 s, and up to a tenth more
  first_delays | awk '{ n++ } $1 < 2.9999 || $1 > 3.3001 { bad = 1; print "delay", $1 } END { exit bad || n == 0 }'
  invariants 30 --excuse renumbered --foreign foreign-
  holds "$(jq .renumbered <<<"$checked") > 50"
  same "$(jq '[.acknowledged, .lost, .dead] | join(" ")' <<<"$checked")" '"500 0 0"'
  same "$(db "SELECT COUNT(*) FROM renumbered_messages WHERE chat_id IN (${chats[0]}, ${chats[1]})")" \
    "$(jq .renumbered <<<"$checked")"
}

@test "T8: numbers that another writer took: a new one at the first retry, after 3 s, and both are listed" {
  each_seed t8_taken
}

# has_failed N: the one job of retry, so often
has_failed() { [ "$(redis --raw ZRANGE retry 0 0 | jq -r '.retry_count // -1')" = "$1" ]; }

t8_stays() {
  local n entry score delay total=0
  redis DEL retry dead >/dev/null
  redis LPUSH queue:default \
    '{"class":"CreateMessageJob","args":[8589930291789825,1,"nobody has this application"],"retry":true}'
  for ((n = 0; n < 25; n++)); do
    wait_for 10 has_failed $n
    entry=$(redis --raw ZRANGE retry 0 0)
    score=$(redis --raw ZSCORE retry "$entry")
    # shellcheck disable=SC2016 # jq's
    delay=$(jq -n --argjson job "$entry" "$score - (\$job | .retried_at // .failed_at)")
    # 3 s, 9 s, 27 s …, at most 32 h, each with up to a tenth more
    awk -v n=$n -v delay="$delay" 'BEGIN {
      want = 3 ^ (n + 1); if (want > 115200) want = 115200
      if (delay < want - 0.001 || delay > want * 1.1 + 0.001) { print "retry", n + 1, "after", delay; exit 1 } }'
    total=$(jq -n "$total + $delay")
    redis ZADD retry XX 0 "$entry" >/dev/null # its time has come
  done
  wait_for 10 dead_is 1
  tell "$n retries in $(jq -n "$total / 864 | floor | . / 100") days"
  holds "$total / 86400 > 21 && $total / 86400 < 23.2"
  same "$(redis --raw ZRANGE dead 0 0 | jq -r '[.error_class, .retry_count] | join(" ")')" 'ApplicationMissing 25'
  scene 1
  load_start posting --requests 10 --strict
  all_accepted posting 20
  invariants 20
}

dead_is() { [ "$(redis ZCARD dead)" = "$1" ]; }

@test "T8: an error that stays: 3 s, 9 s, 27 s …, 25 retries, then dead" {
  each_seed t8_stays
}

# --- T9 ----------------------------------------------------------------------------------------------------

t9() {
  local pushed first second
  scene 2
  wait_for 20 drained
  jobs_stop
  load_start first --clients 8 --requests 200 --strict
  all_accepted first 20
  redis COPY queue:default queue:saved >/dev/null
  # in one batch with the others
  first=$(payloads again "$fault_seed" queue:default 40)
  load_start second --clients 8 --requests 300 --strict
  all_accepted second 20
  run_job persist-1
  run_job recount
  run_job schedule
  wait_for 20 drained
  # when they are stored, by several workers, among new ones
  load_start posting --clients 8 --for 600 --rate 500 --strict
  revive "${all_jobs[@]}"
  second=$(payloads again "$((fault_seed + 1))" queue:saved 40)
  redis DEL queue:saved >/dev/null
  pause 500 1000
  load_stop posting
  same "$(figure .failed)" 0
  tell "$first $second"
  invariants 30
  pushed=$(jq -sc 'map(.renumbered) | add' <<<"$first $second")
  # a number that was taken for a message that has one stays empty
  same "$(jq .void <<<"$checked")" "$pushed"
  same "$(redis ZCARD dead)" 0
}

@test "T9: the same payload twice, and the same jid under another number" {
  each_seed t9
}

# --- T14 ---------------------------------------------------------------------------------------------------

t14() {
  local id mutant count said pids
  pids=$(cat "$PARLEY_VAR"/pids/persist-*)
  count=1000 # more of these and the watcher, who reads all in one script, holds Redis up for too long
  redis DEL dead retry queue:unclaimed queue:index >/dev/null
  scene 1
  mutant=${chats[0]} # an application of its own, that is not looked at
  scene 2
  load_start posting --clients 8 --for 600 --rate 300 --strict
  watch_start
  new_application strange
  new_chat
  id=$(($(db "SELECT id FROM chat_applications WHERE token = '$token'") << 32 | chat))
  FILE=$BATS_TEST_TMPDIR/pushed payloads random "$fault_seed" "$count" "$id" "$mutant"
  load_stop posting
  same "$(figure .failed)" 0
  watch_end
  invariants 60 --excuse retry --excuse dead
  same "$(jq .dead <<<"$checked")" 0 # none of the load's
  said=$(FILE=$BATS_TEST_TMPDIR/pushed payloads compare) || { echo "$said"; return 1; }
  tell "$said"
  same "$(cat "$PARLEY_VAR"/pids/persist-*)" "$pids" # nobody died of it
}

@test "T14: payloads of every kind: what is known is stored, the rest is kept unchanged, nothing stops" {
  each_seed t14
}
