#!/usr/bin/env bats
# slow: a backup that is taken under load, and restored elsewhere; by the commands of doc/operate.md

load helpers/stack
load helpers/load
load helpers/tool

setup_file() {
  export PARLEY_WAIT_S=1 PARLEY_PURGE_MS=200 PARLEY_RETRY_BASE_MS=200 PARLEY_PROMOTE_MS=100
  stack_start
  jobs_start 3
  start purge
  # `parley NAME` of the commands
  mkdir "$BATS_FILE_TMPDIR/bin"
  printf '#!/bin/sh\nname=$1\nshift\nexec "%s/jobs/$name" "$@"\n' "$PARLEY_BUILD" >"$BATS_FILE_TMPDIR/bin/parley"
  chmod +x "$BATS_FILE_TMPDIR/bin/parley"
}

teardown_file() {
  stack_stop
}

# block HEADING N: the N-th block of commands below it
block() {
  awk -v heading="## $1" -v wanted="$2" '
    /^## / { here = $0 == heading }
    here && /^```$/ { inside = 0 }
    inside && n == wanted
    here && /^```sh$/ { inside = 1; n++ }' "$stack_root/doc/operate.md"
}

# commands HEADING N: runs that block as it stands, as far as a command fails
commands() {
  local text
  text=$(block "$1" "$2")
  [ -n "$text" ]
  (
    cd "$work"
    PATH=$BATS_FILE_TMPDIR/bin:$PATH REDIS="-s $PARLEY_VAR/run/redis.sock" DATABASE=parley FOLDER=$work/backup \
      REDIS_DIR=$PARLEY_VAR/redis bash -eo pipefail -c "$text"
  ) >>"$work/log" 2>&1 || { cat "$work/log"; return 1; }
}

# Where MySQL is now.
write_my_cnf() {
  printf '[client]\nsocket=%s/run/mysql.sock\nuser=parley\n' "$PARLEY_VAR" >"$work/my.cnf"
  chmod 600 "$work/my.cnf"
}

# churn: edits and deletes what it posts, in a chat of its own and in chats that it deletes, until TERM
churn() {
  local n
  for ((n = 1; ; n++)); do
    request POST "$beside/messages" "{\"body\":\"first $n\"}"
    request PATCH "$beside/messages/$n" "{\"body\":\"second $n\"}"
    [ $((n % 3)) != 0 ] || request DELETE "$beside/messages/$n"
    new_chat
    request POST "/applications/$token/chats/$chat/messages" '{"body":"x"}'
    request DELETE "/applications/$token/chats/$chat"
  done
}

has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# before TIME-US LOG: what was acknowledged before, "NUMBER BODY-ID"
before() { awk -F '\t' -v us="$1" '$1 + $2 < us && $3 == 201 { print $4 "\t" $8 }' "$2" | sort; }

@test "what was accepted before the backup began is there, under its number, and verify finds nothing" {
  local work=$BATS_TEST_TMPDIR log=$BATS_TEST_TMPDIR/posts beside main pid last
  mkdir "$work/backup"
  new_application
  new_chat
  beside=/applications/$token/chats/$chat
  new_chat
  main=$chat
  blast_start posting --clients 16 --rate 1000 --for 300 --log "$log" "$(messages "$API")" "$(messages "$WRITER")"
  churn >/dev/null 2>&1 3>&- &
  pid=$!
  wait_for 30 has_lines "$log" "$(long 2000 20000)"

  write_my_cnf
  began_us=$(($(date +%s%N) / 1000))
  commands Backup 1
  wait_for 30 has_lines "$log" $(($(wc -l <"$log") + 500)) # it went on all the time
  kill "$pid"
  kill_9 posting
  before "$began_us" "$log" >"$work/wanted"
  last=$(awk -F '\t' '$3 == 201 && $4 > n { n = $4 } END { print n }' "$log")
  tell "$(wc -l <"$work/wanted") acknowledged before it began, $last when the machine was lost"
  stack_stop

  stack_folder
  template
  start mariadb
  write_my_cnf
  db 'SHOW TABLES' >"$work/tables"
  same "$(<"$work/tables")" ''
  commands Restore 1
  stop mariadb
  mkdir "$PARLEY_VAR/redis"
  commands Restore 2
  same "$(ls "$PARLEY_VAR/redis")" appendonlydir
  start redis
  start mariadb
  commands Restore 3
  stack_again
  jobs_start 3
  start purge
  wait_for 60 settled
  queue verify --all
  exits 0

  chat=$main
  db "SELECT number, LEFT(body, 64) FROM messages WHERE chat_id = $(chat_id)" |
    awk -F '[\t ]' '{ print $1 "\t" $2 }' | sort >"$work/rows"
  same "$(comm -23 "$work/wanted" "$work/rows" | head -n 3)" ''
  holds "$(wc -l <"$work/rows") <= $last"
  counts_exact "$token" "$chat"
  request POST "/applications/$token/chats/$chat/messages" '{"body":"after"}'
  expect 201
  same "$(json .number)" $(($(tail -n 1 <(cut -f 1 "$work/rows" | sort -n)) + 1))
}

# stack_again: the programs, on servers that run
stack_again() {
  local name
  pick_ports
  for name in api writer search "$STACK_WEB"; do start "$name"; done
  wait_for 30 is_healthy "$API"
}
