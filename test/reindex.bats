#!/usr/bin/env bats
# slow: jobs/reindex: a new index beside the old one, under writes, killed in every step, gone on with, given up.

load helpers/stack
load helpers/load
load helpers/tool
load helpers/index

setup_file() {
  export PARLEY_INDEX_MS=50 PARLEY_INDEX_BACK_OFF_MS=300 PARLEY_PURGE_MS=100 PARLEY_WAIT_S=1
  export PARLEY_API_PROCESSES=2 PARLEY_WRITER_PROCESSES=2 PARLEY_SEARCH_PROCESSES=1
  export PARLEY_ELASTICSEARCH_TIMEOUT_MS=10000 PARLEY_SEARCH_BUDGET_MS=30000
  stack_start start elasticsearch
  jobs_start 1
  start purge
  start index
  new_application
  new_chat
  path=/applications/$token/chats/$chat/messages
  request POST "$path" '{"body":"first"}'
  expect 201
  wait_for 10 drained
  id=$(chat_id)
  messages 2 300
  counted
  export token chat path id
  becomes_equal
}

teardown_file() {
  stack_stop
}

setup() {
  is_running index || start index
  wait_for 20 phase_is idle
  before=$(index)
  after=messages_v$((${before#messages_v} + 1))
}

teardown() {
  release
  stop reindex
}

edit() { request PATCH "$path/$1" "{\"body\":$(quoted "$2")}" && expect 200; }
delete() { request DELETE "$1" && expect 204; }
verify_is_clean() { queue verify && [ "$status" = 0 ]; }

# done_and_equal: searches use the new index, and it has what MySQL has
done_and_equal() {
  same "$(index)" "$after"
  becomes_equal
  queue verify
  exits 0
}

@test "the new index takes the old one's place, which stays until it is told to go" {
  reindex --dry-run
  exits 0
  says "^would make $after beside $before: 300 messages of 1 chats$"
  same "$(index)" "$before"
  reindex
  exits 0
  says "^$after has 300 messages, after [0-9.]+ s: searches use it now"
  done_and_equal
  es GET "$before/_count" >/dev/null
  reindex --delete-old --dry-run
  says "^would remove $before$"
  reindex --delete-old
  exits 0
  says "^removed $before$"
  same "$(es GET 'messages_v*/_alias' | jq -r 'keys | join(" ")')" "$after"
  reindex --delete-old
  same "$output" "there is no old index"
}

@test "it needs no indexer beside it, and tells what changes meanwhile itself" {
  stop index
  edit 1 "changed before"
  reindex --json
  exits 0
  same "$(jq -r '[.index, .messages, .refused] | map(tostring) | join(" ")' <<<"$output")" "$after 300 0"
  done_and_equal
}

# Posts, edits and deletes until its file goes.
# shellcheck disable=SC2153 # WRITER is the stack's
write_on() {
  local n=0
  while [ -e "$PARLEY_VAR/tmp/writing" ]; do
    n=$((n + 1))
    curl -sf -o /dev/null -X POST --json '{"body":"under way"}' "$WRITER$path" || echo post >>"$PARLEY_VAR/tmp/failed"
    curl -sf -o /dev/null -X PATCH --json "{\"body\":\"edited $n\"}" "$API$path/$((1 + n % 100))" ||
      echo patch >>"$PARLEY_VAR/tmp/failed"
    curl -sf -o /dev/null -X DELETE "$API$path/$((100 + n))" || echo delete >>"$PARLEY_VAR/tmp/failed"
    # what was there before is found at every moment
    curl -sf "$API$path/search?q=message%20300" | jq -e 'map(.number) == [300]' >/dev/null ||
      echo search >>"$PARLEY_VAR/tmp/failed"
  done
}

@test "under writes and searches none fails, and what comes of it is what MySQL has" {
  touch "$PARLEY_VAR/tmp/writing"
  write_on 3>&- &
  local writer=$!
  PARLEY_INDEX_ROWS=20 reindex
  rm "$PARLEY_VAR/tmp/writing"
  wait $writer
  exits 0
  absent . "$PARLEY_VAR/tmp/failed" || [ ! -e "$PARLEY_VAR/tmp/failed" ]
  wait_for 10 drained
  done_and_equal
}

# start_reindex: in the background
start_reindex() { PARLEY_INDEX_ROWS=${1:-2000} start reindex; }

ended() { ! is_running reindex; }

# goes_on: started again it comes to its end
goes_on() {
  reindex
  exits 0
  done_and_equal
}

@test "killed when its index is made, it makes it again" {
  stop index
  hold 'BEGIN; SELECT * FROM search_backfill FOR UPDATE'
  start_reindex
  wait_for 20 has_alias messages_next "$after"
  wait_for 10 waits_for_lock
  same "$(phase)" create
  kill_9 reindex
  release
  goes_on
}

has_alias() { [ "$(es GET "_alias/$1" 2>/dev/null | jq -r 'keys | join(" ")')" = "$2" ]; }

@test "killed when a slice is told but not noted, it tells it again" {
  stop index
  start_reindex 1
  wait_for 20 phase_is fill
  hold 'BEGIN; SELECT * FROM search_backfill FOR UPDATE'
  wait_for 10 waits_for_lock
  same "$(phase)" fill
  kill_9 reindex
  release
  start index
  # the indexer does what is left, by itself
  wait_for 20 index_is "$after"
  done_and_equal
}

@test "killed while it compares, it compares again; what the new index lacks is told" {
  local wrong
  stop index
  start_reindex 1
  wait_for 20 phase_is fill
  hold 'BEGIN; SELECT * FROM search_backfill FOR UPDATE'
  wait_for 10 waits_for_lock
  kill_9 reindex
  release
  wait_for 10 nobody_steps
  # as if the rest had been lost
  wrong=$(db 'SELECT 300 - done FROM search_backfill')
  db "UPDATE search_index SET phase = 'compare'; UPDATE search_backfill SET chat_id = 0, number = 0"
  hold 'BEGIN; SELECT * FROM search_backfill FOR UPDATE'
  start_reindex
  wait_for 10 outbox_is_at_least $((wrong > 0 ? 1 : 0))
  wait_for 10 waits_for_lock
  kill_9 reindex
  release
  goes_on
}

nobody_steps() { [ "$(db "SELECT IS_FREE_LOCK(CONCAT('parley_rebuild.', MD5(DATABASE())))")" = 1 ]; }
outbox_is_at_least() { [ "$(outbox)" -ge "$1" ]; }

# as_if_killed: what a process leaves that ends between the swap of the alias and its COMMIT
as_if_killed() {
  db "UPDATE search_index SET building = active, building_uuid = active_uuid, active = NULL, active_uuid = NULL,
      phase = 'swap'"
}

@test "killed when searches use the new index but MySQL does not know, whoever comes next finds out" {
  stop index
  reindex
  exits 0
  as_if_killed
  start index
  wait_for 10 phase_is idle
  same "$(db 'SELECT active, building IS NULL FROM search_index')" "$after	1"
  done_and_equal
  stop index
  as_if_killed
  goes_on
  same "$(db 'SELECT active, building IS NULL FROM search_index')" "$after	1"
}

@test "one at a time" {
  hold "SELECT GET_LOCK(CONCAT('parley_reindex.', MD5(DATABASE())), 0)"
  reindex
  exits 1
  same "$stderr" "reindex: another reindex is running"
  same "$(phase)" idle
}

@test "given up, it leaves the old index as it was" {
  stop index
  start_reindex 1
  wait_for 20 phase_is fill
  stop reindex
  log_has reindex 'stopped; `index` goes on with it, or reindex started again'
  reindex --dry-run
  says "^would go on with $after \(fill, [0-9]+ of [0-9]+ messages\) beside $before$"
  reindex --cancel
  exits 0
  same "$(phase)" idle
  run es GET "$after"
  [[ $output == *index_not_found_exception* ]]
  same "$(index)" "$before"
  becomes_equal || { start index && becomes_equal; }
}

@test "an index that is removed while it is filled is begun again" {
  stop index
  start_reindex 1
  wait_for 20 phase_is fill
  es DELETE "$after"
  wait_for 60 ended
  rm -f "$PARLEY_VAR/pids/reindex"
  same "$(index)" "$after"
  start index
  done_and_equal
}

@test "an application's messages are told again, and are whole afterwards" {
  becomes_equal
  es DELETE "messages/_doc/$id-300?routing=$id" >/dev/null
  es POST messages/_refresh >/dev/null
  reindex --application 00000000000000000000000000000000
  exits 1
  same "$stderr" "reindex: there is no application with this token"
  reindex --application "$token" --dry-run
  says "^would tell $before again: [0-9]+ messages of 1 chats$"
  reindex --application "$token"
  exits 0
  says '^[0-9]+ messages were told again, in '
  same "$(index)" "$before"
  wait_for 10 outbox_is 0
  done_and_equal_to "$before"
}

done_and_equal_to() { after=$1 && done_and_equal; }

@test "what makes no sense is said" {
  reindex --cancel --delete-old
  exits 2
  reindex --nonsense
  exits 2
  ELASTICSEARCH_URL='' reindex
  exits 1
  same "$stderr" "reindex: ELASTICSEARCH_URL is not set: there is no index"
  reindex --cancel
  same "$output" "none is being built"
}
