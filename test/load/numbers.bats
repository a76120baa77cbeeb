#!/usr/bin/env bats
# Numbers under load: none twice, none left out, and what was written can be read at once.

load ../helpers/stack
load ../helpers/load

setup_file() {
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

setup() {
  new_application
  new_chat
  log=$BATS_TEST_TMPDIR/log
}

# answered LOG FILE…: the numbers of all 201, ascending
answered() { awk '$3 == 201 && $9 == "post" { print $4 }' "$@" | sort -n; }

# bats test_tags=http:numbers
@test "64 clients post 40,000 messages to one chat through both services: 1..40,000, each once" {
  blast --clients 64 --requests 40000 --log "$log" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  cmp <(answered "$log") <(seq 40000)
  kept 60 "$log"
  same "$(checked_figure .stored)" 40000
  request GET "/applications/$token/chats/$chat"
  same "$(json .messages_count)" 40000
  request GET "/applications/$token"
  same "$(json .chats_count)" 1
}

# bats test_tags=http:numbers
@test "64 clients create 2,000 chats and post to one through both services: exact" {
  local base other=$BATS_TEST_TMPDIR/other urls=()
  for base in "$API" "$WRITER"; do urls+=("$base/applications/$token/chats"); done
  blast_start posting --clients 8 --requests 2000 --log "$other" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  blast --clients 56 --requests 2000 --log "$log" --strict "${urls[@]}"
  blast_end posting 60
  same "$(figure .failed)" 0
  cmp <(answered "$log") <(seq 2 2001)
  kept 60 "$other"
  request GET "/applications/$token"
  same "$(json .chats_count)" 2001
}

# bats test_tags=read:own-writes
@test "GET right after a 201 finds it, 1,000 times of 1,000, from one client and from eight" {
  local clients url
  for clients in 1 8; do
    for url in "$(messages "$API")" "$(messages "$WRITER")"; do
      blast --clients $clients --requests 1000 --read-back --read-base "$API" "$url"
      same "$(figure '"\(.ok) \(.found) \(.not_found)"')" "1000 1000 0"
    done
  done
}

# bats test_tags=down:jobs
@test "a chat takes messages at once with all job programs stopped; they are stored when these start" {
  local number
  jobs_stop
  new_application stopped
  new_chat
  blast --requests 100 --log "$log" --strict "$(messages "$API")" "$(messages "$WRITER")"
  cmp <(answered "$log") <(seq 100)
  writer POST "/applications/$token/chats"
  expect 201
  number=$(json .number)
  request POST "/applications/$token/chats/$number/messages" '{"body":"at once"}'
  expect 201
  same "$(db "SELECT COUNT(*) FROM chats c JOIN chat_applications a ON a.id = c.chat_application_id
              WHERE a.token = '$token'")" 0
  jobs_start 2
  kept 30 "$log"
  request GET "/applications/$token/chats/$number/messages/1"
  expect 200
  same "$(json .body)" "at once"
}
