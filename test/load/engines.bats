#!/usr/bin/env bats
# slow: Search in real texts on Elasticsearch: against a plain search in Python, and against MySQL's answers.

load ../helpers/stack
load ../helpers/load
load ../helpers/search

setup_file() {
  "$stack_root/script/packages" demo
  export STACK_SEARCH=elasticsearch token=-
  search_settings
  local limit=()
  [ -n "${PARLEY_TEST_LONG:-}" ] || limit=(--limit 4000)
  stack_start
  jobs_start 2
  export state=$PARLEY_VAR/tmp/demo
  "$stack_root/script/demo" --api "$API" --writer "$WRITER" --state "$state" "${limit[@]}"
  wait_for 120 settled
  wait_for 120 indexed
}

teardown_file() {
  stack_stop
}

# bats test_tags=search:match,search:elasticsearch
@test "pieces of real texts, of one character and more, find their message on Elasticsearch" {
  run searches real "$state" "$(long 500 2000)"
  tell "$output"
  [ "$status" = 0 ]
}

# bats test_tags=search:order,search:highlight,search:elasticsearch
@test "both engines answer alike: hits, order, highlights" {
  local count
  count=$(long 500 2000)
  searches answers "$state" "$count" >"$BATS_TEST_TMPDIR/elasticsearch"
  stop search
  ELASTICSEARCH_URL='' start search
  SEARCH_SOURCE=mysql searches answers "$state" "$count" >"$BATS_TEST_TMPDIR/mysql"
  same "$(wc -l <"$BATS_TEST_TMPDIR/mysql")" "$count"
  tell "$count queries, $(jq -s 'map(.[2]) | add' "$BATS_TEST_TMPDIR/mysql") hits"
  diff "$BATS_TEST_TMPDIR/elasticsearch" "$BATS_TEST_TMPDIR/mysql"
}
