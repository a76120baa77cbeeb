#!/usr/bin/env bats
# shed ends clients that hold the web server up (load/slow.bats), and leaves those alone who wait for an answer.

load ../helpers/stack

setup_file() {
  PARLEY_CLIENT_TIMEOUT_S=$(long 4 20) every_s=$(long 1 5)
  export PARLEY_CLIENT_TIMEOUT_S every_s
  stack_start
}

teardown_file() {
  stack_stop
}

# has_waited NAME: for longer than strangers are borne
has_waited() {
  [ "$(ps -o etimes= -p "$(pid_of "$1")")" -gt $((2 * PARLEY_CLIENT_TIMEOUT_S + 2 * every_s + 5)) ]
}

@test "shed leaves those alone who wait for an answer" {
  local web
  for web in lighttpd nginx; do
    use_web $web
    : >"$PARLEY_VAR/log/shed.log"
    start shed "$every_s"
    signal_all api STOP
    : >"$PARLEY_VAR/tmp/waiting"
    spawn "$PARLEY_VAR/tmp/waiting" curl -s -o /dev/null -w '%{http_code}' "$API/health"
    echo "$REPLY" >"$PARLEY_VAR/pids/waiting"
    wait_for $((5 * PARLEY_CLIENT_TIMEOUT_S + 20)) has_waited waiting
    signal_all api CONT
    wait_for 20 group_gone "$(pid_of waiting)"
    rm "$PARLEY_VAR/pids/waiting"
    same "$(cat "$PARLEY_VAR/tmp/waiting")" 200
    same "$(cat "$PARLEY_VAR/log/shed.log")" ''
  done
}
