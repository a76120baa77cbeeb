#!/usr/bin/env bats
# slow: Elasticsearch is slow, away, or behind: MySQL answers within the same request, and it comes back by itself.

load helpers/stack
load helpers/load

setup_file() {
  export STACK_SEARCH=elasticsearch PARLEY_INDEX_MS=50 PARLEY_INDEX_BACK_OFF_MS=500
  export PARLEY_SEARCH_PROCESSES=1 # so that it is known who has met what
  stack_start
  jobs_start 1
  wait_for 60 indexed
  new_application
  new_chat
  request POST "/applications/$token/chats/$chat/messages" '{"body":"needle in a haystack"}'
  expect 201
  wait_for 10 drained
  wait_for 10 indexed
  export token chat
}

teardown_file() {
  stack_stop
}

teardown() {
  is_running elasticsearch || start elasticsearch
  signal elasticsearch CONT
  is_running index || start index
  wait_for 60 indexed
  start_anew # its breaker, too
}

start_anew() {
  stop search
  start search
}

# found_by ENGINE [Q]: the needle is found, by that one; $took ms
found_by() {
  local from
  now_ms
  from=$REPLY
  request GET "/applications/$token/chats/$chat/messages/search?q=${2:-edl}"
  expect 200
  now_ms
  took=$((REPLY - from))
  same "$(json '.[].highlight')" 'ne<em>edl</em>e in a haystack'
  [ "$(header X-Search-Source)" = "$1" ]
}

fallbacks() { curl -s "$API/metrics" | awk '$1 == "search_fallbacks_total" { print $2 }'; }

# bats test_tags=search:elasticsearch
@test "it answers" {
  found_by elasticsearch
}

# bats test_tags=search:elasticsearch
@test "while it hangs a search waits its share of the budget, soon not at all; then it comes back by itself" {
  local n before
  before=$(fallbacks)
  found_by elasticsearch
  signal elasticsearch STOP
  for n in 1 2 3 4 5; do
    found_by mysql
    [ "$took" -ge 250 ] && [ "$took" -lt 1000 ]
  done
  found_by mysql
  [ "$took" -lt 250 ]
  same "$(fallbacks)" $((before + 6))
  signal elasticsearch CONT
  wait_for 10 found_by elasticsearch
  same "$(log_count search 'searches fall back to MySQL') $(log_count search 'searches go to Elasticsearch again')" '1 1'
}

# bats test_tags=search:elasticsearch
@test "while it is away nobody waits, and it comes back by itself" {
  local n
  kill_9 elasticsearch
  for n in 1 2 3 4 5 6 7 8; do
    found_by mysql
    [ "$took" -lt 250 ]
  done
  start elasticsearch
  wait_for 10 found_by elasticsearch
}

# bats test_tags=search:elasticsearch
@test "without its index MySQL answers, until there is one" {
  local index
  stop index
  index=$(curl -s "$ELASTICSEARCH_URL/_alias/messages" | jq -r 'keys[0]')
  curl -s -o /dev/null -X DELETE "$ELASTICSEARCH_URL/$index"
  found_by mysql
  start index
  wait_for 20 found_by elasticsearch
}

# bats test_tags=search:elasticsearch
@test "what it was not told of yet is found all the same; from a thousand messages on MySQL searches the chat" {
  local id
  stop index
  request POST "/applications/$token/chats" '{}'
  chat=$(json .number)
  wait_for 10 drained
  id=$(chat_id)
  fill "$id" 1001 "CONCAT(IF(seq = 500, 'needle in a haystack', 'hay'), '')"
  found_by mysql
  db "DELETE FROM message_changes WHERE chat_id = $id AND number = 1"
  found_by elasticsearch
  changed "$id" 'number = 1'
  found_by mysql
  start index
  wait_for 20 found_by elasticsearch
  wait_for 20 indexed
  found_by elasticsearch
}

@test "an index that is closed is none" {
  local index
  stop index
  index=$(curl -s "$ELASTICSEARCH_URL/_alias/messages" | jq -r 'keys[0]')
  curl -s -o /dev/null -X POST "$ELASTICSEARCH_URL/$index/_close"
  found_by mysql
  curl -s -o /dev/null -X POST "$ELASTICSEARCH_URL/$index/_open?wait_for_active_shards=1"
  wait_for 20 found_by elasticsearch
}
