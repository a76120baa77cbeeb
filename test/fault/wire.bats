#!/usr/bin/env bats
# Redis hangs, or what lies between it and the programs refuses, swallows, cuts, delays, and loses answers.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  stack_start redis_through_proxy
  revive "${all_jobs[@]}"
}

# All programs reach Redis over TCP and through the proxy; the test itself does not.
redis_through_proxy() {
  free_port
  export REDIS_URL=redis://127.0.0.1:$REPLY/0
  proxy_start redis "$PARLEY_VAR/run/redis.sock" "$REPLY"
}

teardown_file() {
  stack_stop
}

teardown() {
  fault_failed
  proxy redis pass >/dev/null
  calm
}

# for_a_while MS_FROM MS_TO COMMAND…: of the proxy
for_a_while() {
  proxy redis "${@:3}" >/dev/null
  pause "$1" "$2"
  proxy redis pass >/dev/null
}

refusing() { for_a_while 300 800 refuse; }
black_hole() { for_a_while 500 1500 black-hole; }
breaking() { for_a_while 500 1000 resets "$((RANDOM % 30 + 1))"; }
cutting() { for_a_while 500 1000 cut "$((RANDOM % 40))"; }
slicing() { for_a_while 500 1000 slices; }
delaying() { for_a_while 500 1000 delay "$((RANDOM % 600))"; }

hanging() {
  signal redis STOP
  pause 500 1500
  signal redis CONT
}

resetting() {
  local n
  for ((n = 0; n < 10; n++)); do
    proxy redis reset >/dev/null
    pause 10 100
  done
}

# unanswered TEXT: Redis executes what has it, and some of the askers are not told
unanswered() {
  local before
  before=$(proxy_state redis .dropped)
  proxy redis drop 30 "$1" >/dev/null
  between 3 10
  wait_for 20 more_dropped "$before" "$REPLY"
  proxy redis pass >/dev/null
}

# more_dropped BEFORE N
more_dropped() { [ $(($(proxy_state redis .dropped) - $1)) -ge "$2" ]; }

creates_unanswered() { unanswered '"CreateMessageJob"'; }
finishes_unanswered() { unanswered stat:processed; }
# a lease's first key in a call that gives one
drains_unanswered() { unanswered suspects:default; }

t5() {
  local fault
  scene 2
  load_start posting --clients 16 --for 600 --rate 600 --retry
  watch_start
  shuffle refusing black_hole hanging breaking cutting slicing delaying resetting creates_unanswered \
    finishes_unanswered drains_unanswered
  for fault in "${shuffled[@]}"; do
    kills=$((kills + 1))
    $fault
    wait_for 10 can_write
  done
  load_stop posting
  watch_end
  wait_for 60 reviving drained
  invariants 30 --foreign probe-
  holds "$(figure .ok) > 500"
  same "$(redis ZCARD dead)" 0
}

@test "T5: Redis hanging, refusing, silent, slow, cut off in answers, its answers lost" {
  each_seed t5
}
