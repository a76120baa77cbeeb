#!/usr/bin/env bats
# Programs that are killed, or stopped and woken again, under load.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  export PARLEY_LEASE_MS=2000 PARLEY_BATCH_TIMEOUT_MS=1500
  stack_start mysql_proxy_start
  revive "${all_jobs[@]}"
}

teardown_file() {
  stack_stop
}

teardown() {
  fault_failed
  proxy mysql pass >/dev/null
  redis DEL dead >/dev/null
  calm
}

# kills SECONDS COMMAND…: runs it again and again
kills() {
  local until=$((SECONDS + $1))
  shift
  while [ $SECONDS -lt $until ]; do "$@"; done
}

no_deadlock() {
  same "$(db "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'" | cut -f 2)" 0
  absent 'Deadlock|\(1213\)' "$PARLEY_VAR"/log/*.log
}

# nothing_given_up: no list of a dead slot, and no job that was blamed
nothing_given_up() {
  same "$(redis --raw KEYS 'inflight:*')" ""
  same "$(redis ZCARD dead)" 0
  absent 'job is dead' "$PARLEY_VAR"/log/persist-*.log
}

# --- T1 ----------------------------------------------------------------------------------------------------

# No job has been run alone twice: so none is ever killed more than twice while it is.
nobody_blamed() { ! redis --raw HVALS suspects:default | grep -qE '^([2-9]|..+)$'; }

# Some of the job programs at one moment; they come back after a moment, as under cron or systemd.
kill_jobs() {
  local name names
  wait_for 20 nobody_blamed
  shuffle "${all_jobs[@]}"
  names=("${shuffled[@]:0:RANDOM % 6 + 1}")
  for name in "${names[@]}"; do signal "$name" KILL; done
  for name in "${names[@]}"; do wait_gone "$(pid_of "$name")"; done
  kills=$((kills + ${#names[@]}))
  pause 0 300
  for name in "${names[@]}"; do run_job "$name"; done
  pause 100 700
}

t1() {
  scene 2
  load_start posting --clients 32 --for "$(long 9 15)" --rate 2000 --strict
  chats_start chats --clients 2 --for "$(long 9 15)" --rate 50 --strict
  watch_start
  kills "$(long 8 14)" kill_jobs
  all_accepted posting 60
  all_accepted chats 60
  watch_end
  invariants 60
  no_deadlock
  nothing_given_up
}

@test "T1: job programs killed again and again" {
  each_seed t1
}

# --- T2 ----------------------------------------------------------------------------------------------------

# kill_service NAME: mostly some of its processes; now and then the master, alone or with them all
kill_service() {
  local pids
  kills=$((kills + 1))
  case $((RANDOM % 6)) in
    0)
      signal "$1" KILL
      wait_for 15 group_gone "$(pid_of "$1")"
      start "$1"
      ;;
    1)
      kill_9 "$1"
      start "$1"
      ;;
    *)
      mapfile -t pids < <(children_of "$1")
      shuffle "${pids[@]}"
      pids=("${shuffled[@]:0:RANDOM % 8 + 1}")
      kill -KILL "${pids[@]}" || true # one of them may just have ended
      kills=$((kills + ${#pids[@]} - 1))
      ;;
  esac
}

kill_all_sorts() {
  kill_service api
  pause 0 300
  kill_service writer
  pause 0 500
}

t2() {
  scene 2
  load_start posting --clients 32 --for "$(long 8 15)" --rate 1500 --retry
  chats_start chats --clients 2 --for "$(long 8 15)" --rate 50 --retry
  watch_start
  kills "$(long 7 14)" kill_all_sorts
  blast_end posting 90
  holds "$(figure .ok) > $(long 8 15) * 300"
  blast_end chats 90
  watch_end
  invariants 60
  no_deadlock
  nothing_given_up
}

@test "T2: FastCGI processes and masters killed in the middle of requests" {
  each_seed t2
}

# --- T3 ----------------------------------------------------------------------------------------------------

restart() {
  stop "$1"
  run_job "$1"
}

# slot N: its in-flight list
slot() { echo "inflight:default:$(cat "$PARLEY_VAR/node-id"):$1"; }
holds_jobs() { [ "$(redis LLEN "$(slot "$1")")" != 0 ]; }
has_none() { ! holds_jobs "$1"; }

# Any worker, at any moment, for longer than its lease.
stop_at_random() {
  local n
  n=$((RANDOM % 5 + 1))
  pause 0 300
  signal "persist-$n" STOP
  kills=$((kills + 1))
  wait_for 20 reviving has_none "$n"
  pause 0 300
  signal "persist-$n" CONT
}

# stop_at WHEN: the first worker, at COMMIT, until its jobs are another's; then for a moment longer, in
# which MySQL may, or may not yet, have closed its connection
stop_at() {
  proxy mysql stop "$1" COMMIT >/dev/null
  wait_for 20 proxy_stopped mysql
  kills=$((kills + 1))
  wait_for 20 reviving has_none 1
  one_of 100 4000
  pause 0 "$REPLY"
  proxy mysql pass >/dev/null
  signal persist-1 CONT
}

t3() {
  local how proxied=(persist-1)
  scene 2
  restart persist-1
  load_start posting --clients 8 --for 600 --rate 400 --strict
  watch_start
  shuffle random random before after
  for how in "${shuffled[@]}"; do
    case $how in
      random) stop_at_random ;;
      *) stop_at "$how" ;;
    esac
    revive "${all_jobs[@]}"
  done
  load_stop posting
  same "$(figure .failed)" 0
  watch_end
  wait_for 30 reviving drained
  invariants 30
  nothing_given_up
  proxied=()
  restart persist-1
}

@test "T3: workers stopped beyond their lease, also just before COMMIT and between COMMIT and finish" {
  each_seed t3
}

taken_over() { [ "$(redis EXISTS inflight:default:doomed:1)" = 0 ]; }

# A machine that is gone for ever: nobody starts its worker again.
t3_host() {
  local began limit proxied=(persist-1 persist-2)
  scene 1
  stop persist-1
  PARLEY_NODE=doomed run_job persist-1
  load_start posting --clients 8 --for 600 --rate 300 --strict
  watch_start
  proxy mysql stop before COMMIT >/dev/null
  wait_for 20 proxy_stopped mysql
  same "$(redis EXISTS lease:default:doomed:1)" 1
  [ "$(redis LLEN inflight:default:doomed:1)" -gt 0 ]
  signal_all persist-1 KILL
  now_ms
  began=$REPLY
  kills=$((kills + 1))
  rm "$PARLEY_VAR/pids/persist-1"
  proxy mysql reset >/dev/null
  proxy mysql pass >/dev/null
  wait_for 30 taken_over
  now_ms
  tell "taken over after $((REPLY - began)) ms, with a lease of $PARLEY_LEASE_MS ms"
  # I10: the lease, and one look of `schedule`, which lasts 10 s unless told
  limit=$((PARLEY_LEASE_MS + PARLEY_REAP_MS + 1000))
  holds "$REPLY - $began < $limit"

  # the slot of a process that comes back is taken at its start, lease or not
  stop persist-2
  PARLEY_LEASE_MS=60000 run_job persist-2
  proxy mysql stop before COMMIT >/dev/null
  wait_for 20 proxy_stopped mysql
  kill_job persist-2
  proxy mysql reset >/dev/null
  proxy mysql pass >/dev/null
  holds_jobs 2
  proxied=()
  run_job persist-2
  now_ms
  began=$REPLY
  wait_for 20 log_has persist-2 'put back what the last process of this slot left'
  now_ms
  holds "$REPLY - $began < 2000"
  load_stop posting
  same "$(figure .failed)" 0
  watch_end
  run_job persist-1
  invariants 30
  nothing_given_up
}

@test "T3: a machine dies for ever while it holds a batch: its jobs are taken over" {
  each_seed t3_host
}

# --- T12 ---------------------------------------------------------------------------------------------------

is_dead() { [ "$(redis ZCARD dead)" = "$1" ]; }

# One job of 500 kills whoever is about to store it, every time.
t12() {
  local position poison job killed_before proxied=(persist-1)
  scene 1
  wait_for 20 drained
  jobs_stop
  killed_before=$(proxy_state mysql .killed)
  between 0 499
  position=$REPLY
  load_start first --clients 8 --requests "$position" --strict
  blast_end first 30
  writer POST "/applications/$token/chats/$chat/messages" '{"body":"poison"}'
  expect 201
  poison=$(json .number)
  job=$(redis --raw LINDEX queue:default 0 | jq -r .jid)
  load_start rest --clients 8 --requests $((499 - position)) --strict
  blast_end rest 30
  same "$(redis LLEN queue:default)" 500
  proxy mysql kill poison >/dev/null
  start schedule
  start recount
  run_job persist-1
  wait_for 60 reviving_one is_dead 1
  kills=$(proxy_state mysql .killed)
  kills=$((kills - killed_before))
  # once among the others, then three times alone
  same "$kills" 4
  same "$(redis --raw ZRANGE dead 0 -1 | jq -r '[.jid, .error_class] | join(" ")')" "$job Interrupted"
  invariants 30 --excuse dead
  same "$(jq -r '[.acknowledged, .void, .lost] | join(" ")' <<<"$checked")" '499 1 0'
  same "$(db "SELECT version, body FROM messages WHERE chat_id = ${chats[0]} AND number = $poison" | xargs)" 0
  redis DEL dead >/dev/null
  proxy mysql pass >/dev/null
  proxied=()
  restart persist-1
  revive "${all_jobs[@]}"
}

reviving_one() {
  revive persist-1
  "$@"
}

@test "T12: a job that kills its worker is dead after three tries alone, its 499 neighbours are stored" {
  each_seed t12
}
