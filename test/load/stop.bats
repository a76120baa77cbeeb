#!/usr/bin/env bats
# Stopping and replacing FastCGI processes under load cuts no request.

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

# refused NAME SUCCESS: after the stop 503, while nobody is there. Nothing else; an answer cut off in the
# middle would be an error of libcurl.
refused() {
  tell "$1: $(figure '.by_status | tostring')"
  same "$(figure .errors)" 0
  same "$(figure ".by_status | del(.\"$2\", .\"503\") | length")" 0
  holds "$(figure .ok) > 200"
}

# Fills the chat so that a list is of some length.
fill_chat() {
  blast --clients 8 --requests 200 --bytes 2000 --strict --log "$BATS_TEST_TMPDIR/fill" \
    "$(messages "$API")"
  wait_for 20 settled
}

@test "TERM drains: whatever was begun is answered in full" {
  local name base round began
  fill_chat
  for round in $(seq "$(long 2 15)"); do
    for name in api writer; do
      base=$API
      [ $name = api ] || base=$WRITER
      blast_start posting --clients 16 --for 5 --log "$log-$name-$round" "$(messages "$base")"
      blast_start getting --clients 8 --for 5 "$(messages "$API")?limit=200" --get
      sleep 1
      now_ms
      began=$REPLY
      stop $name 15000
      now_ms
      tell "$name stopped within $((REPLY - began)) ms"
      # an idle client may keep libfcgi for two seconds
      holds "$REPLY - $began < 2600"
      sleep 0.2
      start $name
      blast_end posting 30
      refused "posts while $name stops" 201
      holds "$(figure '.by_status."503" // 0') > 0"
      blast_end getting 30
      refused "gets while $name stops" 200
    done
  done
  kept 30 "$BATS_TEST_TMPDIR/fill" "$log"-*
  # what was not acknowledged was not begun
  same "$(checked_figure .unsure_stored)" 0
}

@test "HUP replaces the processes without a failed request" {
  local before after name n
  before=$(children_of api; children_of writer)
  blast_start posting --clients 16 --for "$(long 6 60)" --log "$log" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  blast_start getting --clients 8 --for "$(long 6 60)" --get --strict "$(messages "$API")?limit=200"
  for ((n = 0; n < $(long 8 100); n++)); do
    sleep 0.5
    for name in api writer; do signal $name HUP; done
  done
  blast_end posting 30
  same "$(figure '"\(.failed) \(.errors)"')" "0 0"
  blast_end getting 30
  same "$(figure '"\(.failed) \(.errors)"')" "0 0"
  kept 30 "$log"
  after=$(children_of api; children_of writer)
  same "$(grep -cxF "$before" <<<"$after")" 0
  same "$(wc -l <<<"$after")" 32
}

@test "a process is replaced after so many requests, and none of these is lost" {
  local before after name
  for name in api writer; do
    stop $name
    PARLEY_PROCESS_REQUESTS=50 start $name
  done
  before=$(children_of api; children_of writer)
  blast --clients 32 --requests "$(long 10000 100000)" --log "$log" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  kept 60 "$log"
  same "$(checked_figure '"\(.unsure_stored) \(.acknowledged)"')" "0 $(long 10000 100000)"
  after=$(children_of api; children_of writer)
  same "$(grep -cxF "$before" <<<"$after")" 0
  same "$(wc -l <<<"$after")" 32
}
