#!/usr/bin/env bats
# Elasticsearch killed, hanging, busy, full, cut off, without its index, and its indexer killed, under load of writes
# and searches.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  export PARLEY_INDEX_MS=50 PARLEY_INDEX_BACK_OFF_MS=1000 PARLEY_INDEX_TIMEOUT_MS=5000
  stack_start elastic_start
}

# Its programs reach Elasticsearch through the proxy; the test itself at $DIRECT_URL.
elastic_start() {
  start elasticsearch 'indexing_pressure.memory.limit: 8mb'
  free_port
  export DIRECT_URL=$ELASTICSEARCH_URL PROXY_URL=http://127.0.0.1:$REPLY
  proxy_start elastic "${DIRECT_URL##*:}" "$REPLY"
  ELASTICSEARCH_URL=$PROXY_URL
}

elastic_again() {
  start elasticsearch 'indexing_pressure.memory.limit: 8mb'
  ELASTICSEARCH_URL=$PROXY_URL
}

teardown_file() {
  stack_stop
}

setup() {
  all_jobs+=(index)
  revive "${all_jobs[@]}"
}

teardown() {
  fault_failed
  proxy elastic pass >/dev/null
  pressure_end
  [ ! -f "$PARLEY_VAR/pids/searching" ] || kill_9 searching
  [ ! -f "$PARLEY_VAR/pids/elasticsearch" ] || signal elasticsearch CONT || true
  is_running elasticsearch || elastic_again
  calm
}

# direct METHOD PATH [JSON]: Elasticsearch itself
direct() {
  curl -sS --fail-with-body --max-time 60 -X "$1" ${3:+-H 'Content-Type: application/json' --data-binary "$3"} \
    "$DIRECT_URL$2"
}

active() { direct GET /_alias/messages | jq -r 'keys[0]'; }

# --- the load --------------------------------------------------------------------------------------------

# searches_start: of all chats of the scene, for what the load posts
searches_start() {
  local n urls=()
  for ((n = 1; n <= ${#chats[@]}; n++)); do
    urls+=("$(messages "$API" "$token" "$n")/search?q=posting&limit=5" "$(messages "$API" "$token" "$n")/search?q=no+such+thing")
  done
  blast_start searching --get --clients 2 --for 600 --rate 40 "${urls[@]}"
}

# searches_end: every one was answered
searches_end() {
  load_stop searching
  same "$(figure '.failed + .errors')" 0
  same "$(figure '.by_status | keys | join(" ")')" 200
}

# told_since SQL-TIME: Elasticsearch had been told all there was, after that
told_since() { [ "$(db "SELECT succeeded_at > '$1' FROM search_index")" = 1 ]; }
sql_now() { db 'SELECT UTC_TIMESTAMP(6)'; }

# as_mysql: Elasticsearch has what MySQL has, and answers searches
as_mysql() {
  local n
  wait_for 60 reviving indexed
  queue_tool verify
  for ((n = 1; n <= ${#chats[@]}; n++)); do
    wait_for 70 searched_there "$n" # the breaker may be open for a minute
  done
}

searched_there() {
  request GET "/applications/$token/chats/$1/messages/search?q=posting&limit=1"
  expect 200
  [ "$(header X-Search-Source)" = elasticsearch ]
}

# --- the faults -------------------------------------------------------------------------------------------

elastic_killed() {
  kill_9 elasticsearch
  pause 200 1000
  elastic_again
}

elastic_hanging() {
  signal elasticsearch STOP
  pause 500 2500
  signal elasticsearch CONT
}

elastic_refusing() {
  proxy elastic refuse >/dev/null
  pause 300 1500
  proxy elastic pass >/dev/null
}

elastic_slow() {
  proxy elastic delay 400 >/dev/null
  pause 800 2000
  proxy elastic pass >/dev/null
}

# Of each answer, to a search or to a bulk, only a part comes.
answers_cut() {
  between 50 500
  proxy elastic cut "$REPLY" >/dev/null
  pause 500 1500
  proxy elastic pass >/dev/null
}

# Elasticsearch has done what the indexer does not hear of; then that is killed, too.
bulks_unanswered() {
  local before
  before=$(proxy_state elastic .dropped)
  proxy elastic drop 100 _bulk >/dev/null
  wait_for 20 reviving more_dropped "$before" 2
  kill_job index
  proxy elastic pass >/dev/null
}

more_dropped() { [ $(($(proxy_state elastic .dropped) - $1)) -ge "$2" ]; }

# At moments of its own, between two steps or within one.
indexer_killed() {
  local n
  for ((n = 0; n < 5; n++)); do
    kill_job index
    revive index
    pause 30 300
  done
}

# What Elasticsearch does when a disk is fuller than its flood stage.
elastic_full() {
  local before
  before=$(log_count index 'cannot index')
  direct PUT '/messages*/_settings' '{"index.blocks.read_only_allow_delete":true}' >/dev/null
  wait_for 20 more_logged "$before" 'cannot index'
  direct PUT '/messages*/_settings' '{"index.blocks.read_only_allow_delete":null}' >/dev/null
}

more_logged() { [ "$(log_count index "$2")" -gt "$1" ]; }

index_deleted() {
  local old
  old=$(active)
  direct DELETE "/$old" >/dev/null
  wait_for 60 reviving another_index "$old"
}

# The alias is taken away meanwhile: searches have to fall back.
another_index() {
  local now
  now=$(active 2>/dev/null) && [ "$now" != "$1" ]
}

# Others fill what it takes at once (8 MiB) but for 40 kB, until it answers 429.
elastic_busy() {
  local n before
  before=$(log_count index '429')
  jq -nr '"x" * 60000 | . as $x | range(139) | "{\"index\":{}}\n{\"x\":\"\($x)\"}"' >"$BATS_TEST_TMPDIR/pressure"
  direct PUT /pressure '{"mappings":{"properties":{"x":{"type":"text","index":false}}}}' >/dev/null
  for n in 1 2 3; do
    spawn /dev/null env url="$DIRECT_URL" file="$BATS_TEST_TMPDIR/pressure" bash -c 'while :; do
      curl -s -o /dev/null --max-time 20 -H "Content-Type: application/x-ndjson" --data-binary "@$file" "$url/pressure/_bulk"
    done'
    echo "$REPLY" >"$PARLEY_VAR/pids/pressure-$n"
  done
  wait_for 60 refused_as_busy "$before"
  pressure_end
  direct DELETE /pressure >/dev/null
}

# What has gathered while the indexer was away is too much beside what the others send.
refused_as_busy() {
  kill_job index
  pause 1500 2500
  revive "${all_jobs[@]}"
  pause 500 1000
  more_logged "$1" '429'
}

pressure_end() {
  local n
  for n in 1 2 3; do [ ! -f "$PARLEY_VAR/pids/pressure-$n" ] || kill_9 "pressure-$n"; done
}

# --- the tests ---------------------------------------------------------------------------------------------

t10() {
  local fault since
  wait_for 60 reviving indexed
  scene 2
  load_start posting --clients 8 --for 600 --rate 300 --strict
  searches_start
  watch_start
  shuffle elastic_killed elastic_hanging elastic_refusing elastic_slow answers_cut bulks_unanswered indexer_killed \
    elastic_full index_deleted elastic_busy
  for fault in "${shuffled[@]:0:$(long 3 10)}"; do
    kills=$((kills + 1))
    $fault
    since=$(sql_now)
    wait_for 60 reviving told_since "$since"
  done
  load_stop posting
  same "$(figure .failed)" 0
  searches_end
  watch_end
  wait_for 30 reviving drained
  as_mysql
  invariants 30
}

@test "T10: Elasticsearch killed, hanging, refusing, slow, cut off, busy, full, without its index, and its indexer killed" {
  each_seed t10
}

t10_behind() {
  local n
  n=$(long 5000 50000)
  scene 2
  kill_9 elasticsearch
  kills=$((kills + 1))
  searches_start
  load_start posting --clients 16 --requests "$n" --strict
  all_accepted posting 120
  searches_end
  wait_for 60 reviving drained
  elastic_again
  as_mysql
  invariants 30
}

@test "T10: Elasticsearch away for thousands of messages catches up by itself" {
  each_seed t10_behind
}

flushall() {
  redis FLUSHALL >/dev/null
  loss_now
}

# The numbers of what is lost are gaps until somebody takes note.
t10_flushed() {
  losing flushall
  invariants 30 "${loss[@]}"
  queue_tool repair
  as_mysql
}

@test "T10: FLUSHALL under load: Elasticsearch has what MySQL has" {
  each_seed t10_flushed
}
