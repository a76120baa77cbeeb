#!/usr/bin/env bats
# Redis or MySQL away, or there and silent: what can go on goes on, the rest is refused in time, and
# all is well again by itself.

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
  blast --requests 100 --clients 4 --log "$log" --strict "$(messages "$API")" "$(messages "$WRITER")"
  wait_for 20 settled
}

# Whatever a failed test left stopped or hanging.
teardown() {
  local name
  for name in redis mariadb; do
    if [ -f "$PARLEY_VAR/pids/$name" ]; then signal $name CONT; else start $name; fi
  done
}

# down PART HOW: stopped, or hanging · up PART HOW
down() { if [ "$2" = stopped ]; then stop "$1"; else signal "$1" STOP; fi; }
up() { if [ "$2" = stopped ]; then start "$1"; else signal "$1" CONT; fi; }

# health_names PART: both services say which one is down
health_names() {
  local base
  for base in "$API" "$WRITER"; do
    ask "$base" GET /health
    expect 503
    same "$(json '[.services[] | select(.status == "down")] | length')" 1
    same "$(json ".services.$1.status")" down
  done
}

# timed COMMAND…: its milliseconds in $took
timed() {
  now_ms
  took=$REPLY
  "$@"
  now_ms
  took=$((REPLY - took))
}

# all_refused LOG MS: each request was answered 503 with Retry-After within so many ms
all_refused() {
  awk -v most="$2" '$3 != 503 || $5 !~ /^[1-9][0-9]*$/ || $2 > most * 1000 {
    bad = 1; print "not refused in time:", $0 } END { exit bad }' "$1"
}

# can_write: now, to both services
can_write() {
  local base
  for base in "$API" "$WRITER"; do
    ask "$base" POST "/applications/$token/chats/$chat/messages" '{"body":"again"}' || return
    [ "$status" = 201 ] || return
  done
}

can_read() {
  request GET "/applications/$token/chats/$chat/messages?limit=5"
  [ "$status" = 200 ]
}

refuse_writes() {
  local base n
  for base in "$API" "$WRITER"; do
    for n in 1 8; do
      blast --clients $n --requests 50 --log "$log-${base##*:}-$n" "$(messages "$base")"
      tell "the slowest of 50 with $n at once: $(slowest "$log-${base##*:}-$n") ms"
      all_refused "$log-${base##*:}-$n" 1000
    done
    ask "$base" POST "/applications/$token/chats" '{}'
    expect 503
    same "$(json .title)" "Sequential numbering unavailable"
    [ -n "$(header Retry-After)" ]
  done
}

# without_redis HOW
without_redis() {
  down redis "$1"
  refuse_writes
  health_names redis
  sleep 0.6 # the breaker lets one ask again: this may be it
  timed request GET "/applications/$token/chats/$chat/messages"
  expect 200
  tell "the first read took $took ms"
  holds "$took < 1000"
  blast --clients 8 --requests 400 --get --log "$log.gets" --strict \
    "$(messages "$API")" "$(messages "$API")/1" "$API/applications/$token/chats"
  holds "$(figure .p95_us) < 250000"
  holds "$(slowest "$log.gets") < 1000"

  up redis "$1"
  timed wait_for 5 can_write
  tell "writes work again after $took ms"
  holds "$took < 2000"
  wait_for 5 is_healthy "$API"
  wait_for 5 is_healthy "$WRITER"
  rm "$log.gets"
  blast --clients 8 --requests 500 --log "$log-after" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
}

# compared: again and again "again" was posted without a log
compared() {
  local rows=$PARLEY_VAR/tmp/rows options=() file
  wait_for "$1" settled
  for file in "$log"*; do options+=(--log "$file"); done
  db "SELECT number, IF(body = 'again', CONCAT('again-', number), LEFT(body, 64)) FROM messages
      WHERE chat_id = $(chat_id)" >"$rows"
  checked=$("$stack_root/test/check_log.py" --rows "$rows" --unlogged 8 "${options[@]}") || {
    echo "$checked"
    return 1
  }
  tell "$checked"
  counts_exact "$token" "$chat"
}

# bats test_tags=down:redis
@test "Redis stopped: writes get 503 within a second, reads go on" {
  without_redis stopped
  compared 30
  same "$(checked_figure .unsure_stored)" 0
}

@test "Redis hanging: writes get 503 within a second, reads go on, and nothing is there twice" {
  without_redis hanging
  # what was sent to a Redis that hung may have been executed when it came back: once
  compared 30
}

# keep_writing LOG: a POST through either service, each 201
keep_writing() {
  blast --clients 4 --requests 400 --log "$log-$1" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  tell "$1: the slowest write took $(slowest "$log-$1") ms"
}

# without_mysql HOW
without_mysql() {
  local before name
  down mariadb "$1"
  keep_writing first
  health_names mysql

  timed request GET "/applications/$token/chats/$chat/messages"
  expect 503
  [ -n "$(header Retry-After)" ]
  tell "a read was refused after $took ms"
  blast_start reading --clients 16 --for 4 --get --log "$BATS_TEST_TMPDIR/gets" \
    "$(messages "$API")" "$(messages "$API")/1" "$API/applications/$token"
  sleep 0.3
  keep_writing among-readers
  blast_end reading 30
  tell "the slowest read was refused after $(slowest "$BATS_TEST_TMPDIR/gets") ms"
  all_refused "$BATS_TEST_TMPDIR/gets" 5000

  # processes that have never seen MySQL
  before=$(children_of api; children_of writer)
  for name in api writer; do signal $name HUP; done
  wait_for 15 replaced "$before"
  keep_writing new-processes

  up mariadb "$1"
  timed wait_for 5 can_read
  tell "reads work again after $took ms"
  holds "$took < 3000"
  wait_for 5 is_healthy "$API"
  wait_for 5 is_healthy "$WRITER"
  compared 30
  same "$(checked_figure .unsure_stored)" 0
  same "$(checked_figure .acknowledged)" 1300
}

replaced() {
  local now
  now=$(children_of api; children_of writer)
  [ "$(wc -l <<<"$now")" = 32 ] && ! grep -qxF "$1" <<<"$now"
}

# bats test_tags=down:mysql
@test "MySQL stopped: writes go on and are stored later, reads get 503" {
  without_mysql stopped
}

@test "MySQL hanging: writes go on and are stored later, reads get 503 in time" {
  without_mysql hanging
}
