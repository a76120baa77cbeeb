#!/usr/bin/env bats
# MySQL killed, hanging, read-only, in deadlocks, away for long, and with its answers lost.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  export PARLEY_DATABASE_TIMEOUT_S=1
  stack_start mysql_proxy_start
}

teardown_file() {
  stack_stop
}

setup() {
  proxied=(persist-{1..5})
  revive "${all_jobs[@]}"
}

teardown() {
  fault_failed
  proxy mysql pass >/dev/null
  calm
  mariadb_root "$PARLEY_VAR" -e 'SET GLOBAL read_only = 0'
}

mysql_killed() {
  kill_9 mariadb
  pause 100 600
  start mariadb
}

mysql_hanging() {
  signal mariadb STOP
  pause 500 1800
  signal mariadb CONT
}

mysql_read_only() {
  mariadb_root "$PARLEY_VAR" -e 'SET GLOBAL read_only = 1'
  pause 300 1200
  mariadb_root "$PARLEY_VAR" -e 'SET GLOBAL read_only = 0'
}

# Every connection of the programs, each time there is one.
connections_killed() {
  local n
  for ((n = 0; n < 10; n++)); do
    mariadb_root "$PARLEY_VAR" -e "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist
      WHERE user = 'parley'" | mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=root \
      --force >/dev/null 2>&1 || true # one may just have ended
    pause 10 100
  done
}

# deadlocks: so many since MariaDB started
deadlocks() { db "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'" | cut -f 2; }

# Somebody who takes the locks in the other direction, until there was a deadlock.
mysql_deadlocks() {
  local n before
  before=$(deadlocks)
  for ((n = 0; n < 200; n++)); do
    [ "$(deadlocks)" = "$before" ] || return 0
    for _ in {1..20}; do
      echo "START TRANSACTION; SELECT id FROM chats WHERE id = ${chats[1]} FOR UPDATE; DO SLEEP(0.005);
        SELECT id FROM chats WHERE id = ${chats[0]} FOR UPDATE;
        SELECT id FROM chat_applications WHERE id = $app FOR UPDATE; COMMIT;"
    done | mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=root --force parley \
      >/dev/null 2>&1 || true
  done
  echo "no deadlock in 4,000 tries" >&2
  return 1
}

# The transaction is there, and the worker does not know.
commits_unanswered() {
  local before
  before=$(proxy_state mysql .dropped)
  proxy mysql drop 50 COMMIT >/dev/null
  between 3 10
  wait_for 20 more_dropped "$before" "$REPLY"
  proxy mysql pass >/dev/null
}

# more_dropped BEFORE N
more_dropped() { [ $(($(proxy_state mysql .dropped) - $1)) -ge "$2" ]; }

nothing_dead() {
  same "$(redis ZCARD dead)" 0
  absent 'job is dead' "$PARLEY_VAR"/log/persist-*.log
}

t7() {
  local fault
  scene 2
  load_start posting --clients 16 --for 600 --rate 800 --strict
  watch_start
  shuffle mysql_killed mysql_hanging mysql_read_only connections_killed mysql_deadlocks commits_unanswered
  for fault in "${shuffled[@]}"; do
    kills=$((kills + 1))
    $fault
    wait_for 10 reviving commits_happen
  done
  load_stop posting
  same "$(figure .failed)" 0
  watch_end
  wait_for 30 reviving drained
  invariants 30
  nothing_dead
}

@test "T7: MySQL killed, hanging, read-only, its connections cut, in deadlocks, COMMIT's answer lost" {
  each_seed t7
}

t7_away() {
  local how until_ lapsed
  scene 1
  wait_for 10 drained
  lapsed=$(log_count schedule 'put back')
  one_of killed hanging
  how=$REPLY
  tell "MySQL is $how"
  load_start posting --clients 8 --for 600 --rate 300 --strict
  if [ "$how" = killed ]; then kill_9 mariadb; else signal mariadb STOP; fi
  kills=$((kills + 1))
  now_ms
  until_=$((REPLY + 3 * PARLEY_LEASE_MS))
  wait_for 30 reviving past "$until_"
  load_stop posting
  same "$(figure .failed)" 0
  if [ "$how" = killed ]; then start mariadb; else signal mariadb CONT; fi
  wait_for 30 reviving drained
  invariants 30
  nothing_dead
  # all the time each batch was its worker's own
  same "$(log_count schedule 'put back')" "$lapsed"
}

@test "T7, T12: MySQL away for three lease times: nothing is dead" {
  each_seed t7_away
}
