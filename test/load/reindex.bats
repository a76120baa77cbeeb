#!/usr/bin/env bats
# hand: A new index is made while others write, edit, delete and search: no search misses anything, before, meanwhile
# and after, and the reindexer may be killed at any moment.

load ../helpers/stack
load ../helpers/load
load ../helpers/steady

setup_file() {
  # many slices, so that there is a meanwhile; and searches wait until what was posted is stored
  export PARLEY_INDEX_ROWS=250 PARLEY_INDEX_MS=50 PARLEY_WAIT_S=30 PARLEY_SEARCH_BUDGET_MS=20000
  export PARLEY_REDIS_TIMEOUT_MS=5000 PARLEY_READ_WAIT_MS=20000 # whatever else this machine has to do
  export STACK_SEARCH=elasticsearch
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

teardown() {
  local name
  for name in steady reindex; do [ ! -f "$PARLEY_VAR/pids/$name" ] || kill_9 "$name"; done
  is_running index || start index
}

# --- the load ---------------------------------------------------------------------------------------------

scene() {
  rows=$(long 6000 50000)
  steady_scene "$rows"
}

searches_start() {
  steady_start "$rows"
  phases=1
  wait_for 60 steady_has '.phases[0].elasticsearch >= 50'
}

next_phase() {
  phases=$((phases + 1))
  steady_phase
}

# searches_end: each phase had searches, and no search was wrong
searches_end() {
  wait_for 60 steady_has "(.phases | length == $phases) and .phases[-1].searches >= 50"
  steady_end
  same "$(jq '[.phases[].searches > 20] | all' <<<"$said")" true
  # its share while the new index is made, too: its load must not take them away from the old one
  same "$(jq '[.phases[].elasticsearch > 10] | all' <<<"$said")" true
}

# --- the reindexer ------------------------------------------------------------------------------------------

# reindex_start: it is at work; whoever was killed holds its locks until MySQL notices
reindex_start() {
  : >"$PARLEY_VAR/log/reindex.log"
  wait_for 20 unlocked
  start reindex --json
  wait_for 20 begun
}

unlocked() { [ "$(db "SELECT IS_FREE_LOCK(CONCAT('parley_reindex.', MD5(DATABASE())))")" = 1 ]; }
begun() { ! unlocked && ! is_idle; }

# reindex_end: it has ended well
reindex_end() {
  wait_for "$1" group_gone "$(pid_of reindex)"
  rm "$PARLEY_VAR/pids/reindex"
  tell "$(tail -n 1 "$PARLEY_VAR/log/reindex.log")"
  same "$(tail -n 1 "$PARLEY_VAR/log/reindex.log" | jq -c '[.refused, (.index | startswith("messages_v"))]')" '[0,true]'
}

active() { db 'SELECT active FROM search_index'; }
phase() { db 'SELECT phase FROM search_index'; }
is_idle() { [ "$(phase)" = idle ]; }

# filled ROWS: so far it is, or farther
filled() { [ "$(db "SELECT phase IN ('compare', 'swap', 'idle') OR (phase = 'fill' AND done >= $1)
                   FROM search_index JOIN search_backfill USING (id)")" = 1 ]; }

# all_the_same: nothing differs, although the load goes on
all_the_same() {
  run "$PARLEY_BUILD/jobs/queue" verify
  [ "$status" = 0 ] && return
  echo "$output"
  return 1
}

# The load has stopped, all is told: MySQL and the new index are the same, and only that one is left.
after_all() {
  wait_for 60 settled
  wait_for 60 indexed
  all_the_same
  [ "$(active)" != "$1" ]
  "$PARLEY_BUILD/jobs/reindex" --delete-old
  same "$(curl -sS --fail-with-body "$ELASTICSEARCH_URL/_alias" | jq -r 'keys | join(" ")')" "$(active)"
  all_the_same
}

# --- the tests ------------------------------------------------------------------------------------------------

@test "a new index is made under load: no search misses anything, and nothing differs at any moment" {
  local before
  scene
  before=$(active)
  searches_start
  all_the_same
  next_phase
  reindex_start
  wait_for 30 filled $((rows / 3))
  all_the_same
  reindex_end 600
  next_phase
  all_the_same
  searches_end
  after_all "$before"
}

@test "killed at any moment and started again, with no index program beside it, the reindexer finishes the same index" {
  local before n building
  scene
  before=$(active)
  stop index
  searches_start
  next_phase
  for n in 0 1 2 3; do
    reindex_start
    wait_for 120 filled $((rows * n / 4))
    sleep "0.$((RANDOM % 10))"
    if [ "$n" = 0 ]; then building=$(db 'SELECT building FROM search_index'); fi
    [ ! -f "$PARLEY_VAR/pids/reindex" ] || kill_9 reindex
    ! is_idle || break # it was quicker
  done
  if ! is_idle; then
    reindex_start
    reindex_end 600
  fi
  same "$(active)" "$building"
  next_phase
  start index
  searches_end
  after_all "$before"
}

@test "a reindexer that was killed leaves its index to the index program, which finishes it" {
  local before
  scene
  before=$(active)
  searches_start
  next_phase
  reindex_start
  wait_for 60 filled $((rows / 4))
  kill_9 reindex
  wait_for 600 is_idle
  next_phase
  searches_end
  after_all "$before"
}
