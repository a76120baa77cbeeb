#!/usr/bin/env bats
# slow: elastic: What holds for a search on each engine: what was just written, chats that are alike, odd queries.

load helpers/stack
load helpers/load

setup_file() {
  source=${STACK_SEARCH:-mysql}
  if [ "$source" = elasticsearch ]; then
    export PARLEY_ELASTICSEARCH_TIMEOUT_MS=20000 PARLEY_SEARCH_BUDGET_MS=60000 PARLEY_INDEX_MS=50
    export SEARCH_WAIT="source '$stack_root/test/helpers/stack.bash'; source '$stack_root/test/helpers/load.bash'
      wait_for 60 indexed"
  fi
  export source SEARCH_SOURCE=$source
  stack_start
  jobs_start 1
  [ "$source" = mysql ] || wait_for 60 indexed
  new_application
  export token
}

teardown_file() {
  stack_stop
}

searches() { "$stack_root/test/search/run.py" "$API" "$WRITER" "$token" "$@"; }

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
