#!/usr/bin/env bats
# hand: alone: Writes beside Elasticsearch: whether it is there or not costs them nothing.

load ../helpers/stack
load ../helpers/load

setup_file() {
  export STACK_SEARCH=elasticsearch PARLEY_INDEX_BACK_OFF_MS=1000
  stack_start
  jobs_start 2
  wait_for 60 indexed
  new_application
  new_chat
  export token chat
}

teardown_file() {
  stack_stop
}

# posted KEY: writes and searches for some seconds; the median of the writes goes to the samples
posted() {
  blast_start searching --get --clients 2 --for "$(long 4 15)" --rate 20 "$(messages "$API")/search?q=word"
  blast --clients 4 --for "$(long 4 15)" --rate 200 --strict "$(messages "$API")" "$(messages "$WRITER")"
  figure .p50_us >>"$BATS_TEST_TMPDIR/$1"
  blast_end searching 30
  same "$(figure .failed)" 0
}

middle() { sort -n "$BATS_TEST_TMPDIR/$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

@test "the median of writes with Elasticsearch and without it, when it was killed, is the same within a quarter" {
  local round
  for ((round = 0; round < $(long 2 5); round++)); do
    posted warming # a Java that has just started compiles for a while
    posted with
    kill_9 elasticsearch
    posted without
    start elasticsearch
    wait_for 60 indexed
  done
  tell "median µs with Elasticsearch: $(middle with), without: $(middle without)"
  holds "$(middle with) <= 1.25 * $(middle without) && $(middle without) <= 1.25 * $(middle with)"
  wait_for 60 settled
  counts_exact "$token" "$chat"
  "$PARLEY_BUILD/jobs/queue" verify
}
