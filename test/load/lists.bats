#!/usr/bin/env bats
# alone: A chat of a million messages (in the short form 100,000) is as quick as a new one.

load ../helpers/stack
load ../helpers/load

setup_file() {
  rows=$(long 100000 1000000)
  export rows
  stack_start
  jobs_start 2
  new_application big
  new_chat
  wait_for 20 settled
  fill "$(chat_id)" "$rows"
  echo "$token" >"$PARLEY_VAR/tmp/token"
}

teardown_file() {
  stack_stop
}

setup() {
  token=$(cat "$PARLEY_VAR/tmp/token")
  chat=1
  log=$BATS_TEST_TMPDIR/log
}

# ratio: of the second URL's median to the first's
ratio() { figure '.urls[1].p50_us / .urls[0].p50_us'; }

# within MOST COMMAND…: the ratio it leaves, the best of three runs: other work on this machine makes
# a run slower, nothing makes one quicker
within() {
  local most=$1 n
  shift
  for n in 1 2 3; do
    "$@"
    tell "run $n: $(ratio) times"
    holds "$(ratio) <= $most" && return
  done
  return 1
}

pages() {
  blast --requests 400 --get --strict "$(messages "$API")?limit=50" \
    "$(messages "$API")?limit=50&after=$((rows - 50))"
}

# both_ways BASE: into a new chat and into the big one, in turn
both_ways() {
  new_chat
  blast --requests 2000 --strict "$(messages "$1")" "$(messages "$1" "$token" 1)"
}

# bats test_tags=list:keyset
@test "the last page of a chat of $(long 100,000 1,000,000) messages takes at most 1.3 times page 1" {
  request GET "/applications/$token/chats/1/messages?limit=50&after=$((rows - 50))"
  expect 200
  same "$(json '"\(length) \(.[0].number) \(.[-1].number)"')" "50 $((rows - 49)) $rows"
  request GET "/applications/$token/chats/1/messages?limit=50"
  same "$(json '"\(length) \(.[0].number) \(.[-1].number)"')" "50 1 50"
  within 1.3 pages
}

@test "posting into a chat of $(long 100,000 1,000,000) messages takes at most 1.1 times posting into a new one" {
  within 1.1 both_ways "$WRITER"
  within 1.1 both_ways "$API"
  chat=1
  wait_for 60 settled
  counts_exact "$token" 1
}

# Last of all: little is left of the chat.
@test "behind $(long 100,000 1,000,000) deleted messages the living are found, and no answer takes two seconds" {
  local next="/applications/$token/chats/1/messages?limit=50" pages=0
  db "UPDATE messages SET deleted_at = NOW(6) WHERE chat_id = $(chat_id) AND number BETWEEN 11 AND $((rows - 10))"
  request GET "$next" -
  expect 200
  while [ "$(json '.[-1].number')" != "$(db "SELECT MAX(number) FROM messages WHERE chat_id = $(chat_id)")" ] &&
    [ $((pages += 1)) -lt 100 ]; do
    next=$(header Link | sed -nE 's/.*<([^>]*)>; rel="next".*/\1/p')
    request GET "$next" -
    expect 200
  done
  tell "$pages pages further on: $(json '[.[].number] | length') messages"
  same "$(curl -sS -o "$BATS_TEST_TMPDIR/back" -D "$BATS_TEST_TMPDIR/back.head" -w '%{http_code}' --max-time 2 \
    "$API/applications/$token/chats/1/messages?limit=50&before=9007199254740991")" 200
  holds "$(jq length "$BATS_TEST_TMPDIR/back") >= 10"
}
