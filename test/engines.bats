#!/usr/bin/env bats
# slow: elastic: What holds for a search on each engine: what was just written, chats that are alike, odd queries.

load helpers/stack
load helpers/load
load helpers/search

setup_file() {
  search_settings
  stack_start
  jobs_start 1
  all_indexed
  new_application
  export token
}

teardown_file() {
  stack_stop
}

# bats test_tags=search:own-chat,search:operators
@test "no query, whatever it is made of, finds or counts another chat's messages" {
  searches odd "$(long 200 2000)"
}

# bats test_tags=read:own-writes
@test "a search right after a 201, and after an edit's 200, finds the new text" {
  searches fresh "$(long 150 1000)"
}

# bats test_tags=read:own-writes
@test "the same while no indexer runs" {
  [ ! -f "$PARLEY_VAR/pids/index" ] || stop index
  searches fresh "$(long 150 1000)"
}
