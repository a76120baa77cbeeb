#!/usr/bin/env bats
# alone: Strangers that never finish a request: silent, by the byte, endless. They slow nobody and are ended.

load ../helpers/stack
load ../helpers/load

setup_file() {
  PARLEY_CLIENT_TIMEOUT_S=$(long 4 20) every_s=$(long 1 5)
  export PARLEY_CLIENT_TIMEOUT_S every_s
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

# Twice the limit until shed counts them, a while until it looks, 5 s that the web server leaves them, and
# some for a busy machine.
bound_s() { echo $((2 * PARLEY_CLIENT_TIMEOUT_S + every_s + 5 + 6)); }

strangers_start() {
  spawn "$PARLEY_VAR/tmp/strangers" "$stack_root/test/helpers/slow.py" "$API_PORT" 200 \
    $(($(bound_s) + 30)) "$PARLEY_VAR/tmp/left"
  echo "$REPLY" >"$PARLEY_VAR/pids/strangers"
  wait_for 5 test -s "$PARLEY_VAR/tmp/left"
}

# strangers_gone: all that were there were ended in time
strangers_gone() {
  wait_for "$(bound_s)" group_gone "$(pid_of strangers)"
  rm "$PARLEY_VAR/pids/strangers"
  summary=$(tail -n 1 "$PARLEY_VAR/tmp/strangers")
  tell "$summary"
  same "$(figure '[.[].clients] | add')" 200
  same "$(figure '[.[] | .clients - .gone] | add')" 0
  holds "$(figure '[.[].last_s] | max') <= $(bound_s)"
}

# median LABEL SECONDS [BROKEN]: of an honest client that writes; nothing of it fails. In $p50. BROKEN of its four kept
# connections may be closed by a web server that starts afresh while a request is being sent: then HTTP has the client
# send it again (RFC 9112, 9.5), which libcurl would do, and the load generator does not let it.
median() {
  blast --clients 4 --rate 200 --for "$2" "$(messages "$API")" "$(messages "$WRITER")"
  same "$(figure '.failed - .errors')" 0
  holds "$(figure .errors) <= ${3:-0}"
  [ "$(figure .errors)" = 0 ] || same "$(figure .first_error)" 'A kept connection broke before the answer'
  p50=$(figure .p50_us)
  tell "$STACK_WEB, $1: $p50 µs"
}

strangers_slow_nobody() {
  local before with later after
  use_web "$1"
  start shed "$every_s"
  new_application
  new_chat
  blast --clients 4 --requests 400 --strict "$(messages "$API")" "$(messages "$WRITER")"
  median "alone" 4
  before=$p50
  rm -f "$PARLEY_VAR/tmp/left"
  strangers_start
  median "with 200 strangers" $((PARLEY_CLIENT_TIMEOUT_S - 2))
  with=$p50
  same "$(cat "$PARLEY_VAR/tmp/left")" 200
  median "until they are gone" $(($(bound_s) - PARLEY_CLIENT_TIMEOUT_S)) 4
  later=$p50
  strangers_gone
  median "alone again" 4
  after=$p50
  # what the machine does besides is in both
  holds "$with <= 2 * ($before > $after ? $before : $after)"
  holds "$later <= 2 * ($before > $after ? $before : $after)"
}

@test "under lighttpd 200 slow and endless clients slow nobody, and are gone in time" {
  strangers_slow_nobody lighttpd
  log_has shed 'held the web server up'
}

@test "under nginx 200 slow and endless clients slow nobody, and are gone in time" {
  strangers_slow_nobody nginx
}
