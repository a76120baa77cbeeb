#!/usr/bin/env bats
# The longest bodies, many at once: stored, in statements of at most a quarter of max_allowed_packet.
#
# persist reaches MariaDB through test/helpers/packets.py, which measures its commands on the wire.

load ../helpers/stack
load ../helpers/load

packet=$((1 << 20)) # a quarter of it holds three bodies
longest=65535

setup_file() {
  stack_start
  stop mariadb
  start mariadb --max-allowed-packet=$packet
  spawn "$PARLEY_VAR/log/packets.log" "$stack_root/test/helpers/packets.py" \
    "$PARLEY_VAR/run/packets.sock" "$PARLEY_VAR/run/mysql.sock" "$PARLEY_VAR/tmp/largest"
  echo "$REPLY" >"$PARLEY_VAR/pids/packets"
  wait_for 10 test -S "$PARLEY_VAR/run/packets.sock"
}

teardown_file() {
  stack_stop
}

setup() {
  new_application
  new_chat
  log=$BATS_TEST_TMPDIR/log
  same "$(db "SELECT @@GLOBAL.max_allowed_packet")" $packet
}

jobs_start_measured() {
  DATABASE_URL="mysql://parley@/parley?socket=$PARLEY_VAR/run/packets.sock" jobs_start "$1"
}

# statements_fit: none over a quarter, and they were really of several bodies
statements_fit() {
  local largest
  largest=$(cat "$PARLEY_VAR/tmp/largest")
  tell "largest command: $largest bytes of $((packet / 4))"
  holds "$largest <= $packet / 4"
  holds "$largest > 2 * $longest"
}

whole() {
  db "SELECT COUNT(*), MIN(LENGTH(body)), MAX(LENGTH(body)) FROM messages WHERE chat_id = $(chat_id)"
}

@test "300 bodies of 65 KB in one batch" {
  blast --clients 8 --requests 300 --bytes $longest --log "$log" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  holds "$(waiting) >= 300"
  PARLEY_BATCH_BYTES=$((64 << 20)) jobs_start_measured 1
  kept 60 "$log"
  same "$(whole)" "300	$longest	$longest"
  statements_fit
  jobs_stop
}

@test "64 clients post bodies of 65 KB" {
  local posts
  posts=$(long 640 6400)
  jobs_start_measured 2
  blast --clients 64 --requests "$posts" --bytes $longest --log "$log" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  kept 120 "$log"
  same "$(whole)" "$posts	$longest	$longest"
  statements_fit
  jobs_stop
  # nothing was refused on the way, and no batch had to be cut
  absent 'again|cannot store|\(1153\)|\(2006\)' "$PARLEY_VAR"/log/persist-*.log
}
