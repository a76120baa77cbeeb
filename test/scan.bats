#!/usr/bin/env bats
# Search on MySQL when the time budget is spent. What is found: test/search.bats.

load helpers/stack
load helpers/load

setup_file() {
  stack_start
  jobs_start 1
  new_application
  export token
}

teardown_file() {
  stack_stop
}

# search Q: answers 200
search() {
  request GET "/applications/$token/chats/$chat/messages/search?q=${1// /+}"
  expect 200
  same "$(header X-Search-Source)" mysql
}

numbers() { json '[.[].number] | join(" ")'; }

# bats test_tags=search:incomplete
@test "when the budget is spent the newest hits are there, and X-Search-Incomplete says so" {
  local total
  new_chat
  wait_for 10 drained
  fill "$(chat_id)" 60000 "CONCAT('word ', seq, REPEAT(' filling', 12))"
  search 'nothing like it'
  same "$(header X-Search-Incomplete)" ''
  stop search
  PARLEY_SEARCH_BUDGET_MS=1 start search
  search 'nothing like it'
  same "$body $(header X-Total-Count) $(header X-Search-Incomplete)" '[] 0 true'
  search word
  same "$(numbers) $(header X-Search-Incomplete)" "$(seq 60000 -1 59951 | xargs) true"
  total=$(header X-Total-Count)
  [ "$total" -lt 10000 ]
  new_chat
  request POST "/applications/$token/chats/$chat/messages" '{"body":"word in a short chat"}'
  search word
  same "$(numbers) $(header X-Search-Incomplete)" '1 '
}
