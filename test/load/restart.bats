#!/usr/bin/env bats
# New programs and new settings come in the place of the running ones, and not one request fails.

load ../helpers/stack
load ../helpers/load
load ../helpers/replace

setup_file() {
  programs_copied
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

setup() { replace_scene; }

# metric LINE-BEGINS… : the sum of the values of the lines that begin so
metric() {
  curl -s "$API/metrics" | awk -v "with=$1" 'index($0, with) == 1 { n += $NF } END { print n + 0 }'
}

# in_its_place NAME: what the pid file says is what was started
in_its_place() { [ "$(cat "$PARLEY_VAR/run/$1.pid")" = "$(pid_of "$1")" ]; }

replaced_under_load() {
  local n before pids name
  use_web "$1"
  before=$(metric 'http_requests_total{service="writer"')
  pids=$(pid_of api; pid_of writer; pid_of search)
  load_begin
  for ((n = 0; n < $(long 10 50); n++)); do
    for name in api writer search; do install_program $name; done
    hang_up api writer search
    for name in api writer search; do runs_file $name; done
  done
  load_end
  same "$(pid_of api; pid_of writer; pid_of search)" "$pids"
  for name in api writer search; do
    in_its_place $name
    # nobody is counted who is gone
    same "$(metric "processes{program=\"$name\"")" "${count[$name]}"
  done
  holds "$(metric 'http_requests_total{service="writer"') > $before + 200"
}

@test "behind lighttpd: ten times HUP with new programs, under load" {
  replaced_under_load lighttpd
}

@test "behind nginx: ten times HUP with new programs, under load" {
  replaced_under_load nginx
}

# second_start NAME: with --replace, beside the one that runs, which then stops
second_start() {
  local first
  first=$(pid_of "$1")
  spawn "$PARLEY_VAR/log/$1.log" "$PARLEY_BUILD/fcgi/$1" --replace
  echo "$REPLY" >"$PARLEY_VAR/pids/$1"
  wait_for 20 in_its_place "$1"
  stop_process "$first" 20000
}

started_beside() {
  local n name
  use_web "$1"
  load_begin
  for ((n = 0; n < $(long 3 30); n++)); do
    for name in api writer search; do
      second_start $name
      in_its_place $name
    done
  done
  load_end
}

@test "behind lighttpd: a second start with --replace, then a stop of the first, under load" {
  started_beside lighttpd
}

@test "behind nginx: a second start with --replace, then a stop of the first, under load" {
  started_beside nginx
}

# held NAME: from here a holder has the socket and starts the program whenever it has ended
held() {
  stop "$1"
  rm -f "$PARLEY_VAR/run/$1.sock"
  spawn "$PARLEY_VAR/log/$1.log" "$stack_root/test/helpers/hold_socket.py" \
    "$PARLEY_VAR/run/$1.sock" "$PARLEY_VAR/pids/$1" "$PARLEY_BUILD/fcgi/$1"
  echo "$REPLY" >"$PARLEY_VAR/pids/holder-$1"
  wait_for 10 is_running "$1"
}

# restarted NAME PID: another one runs, and all of its processes do
restarted() {
  [ "$(pid_of "$1")" != "$2" ] && in_its_place "$1"
}

held_under_load() {
  local n name pid
  for name in api writer; do held $name; done
  use_web "$1"
  load_begin
  for ((n = 0; n < $(long 3 30); n++)); do
    for name in api writer; do
      pid=$(pid_of $name)
      kill -TERM "$pid"
      wait_for 20 restarted $name "$pid"
    done
  done
  # and HUP, with a socket that is not its own
  hang_up api writer
  load_end
  for name in api writer; do
    stop holder-$name
    rm -f "$PARLEY_VAR/pids/$name" "$PARLEY_VAR/run/$name.sock"
    start $name
  done
}

@test "behind lighttpd: TERM and start with a socket that somebody holds, under load" {
  held_under_load lighttpd
}

@test "behind nginx: TERM and start with a socket that somebody holds, under load" {
  held_under_load nginx
}

# in_queue NAME: how many connections wait in a program's socket
in_queue() {
  ss -Hxl | awk -v "path=$PARLEY_VAR/run/$1.sock" '$5 == path { print $3 }'
}

has_in_queue() { [ "$(in_queue "$1")" = "$2" ]; }

stopped_with_a_queue() {
  local pids
  use_web "$1"
  pids=$(children_of writer)
  # shellcheck disable=SC2086 # splits on purpose
  kill -STOP $pids
  blast_start posting --clients 64 --requests 64 --log "$log" --strict "$(messages "$WRITER")"
  wait_for 10 has_in_queue writer 64
  signal writer TERM
  wait_for 5 gone "$PARLEY_VAR/run/writer.sock"
  # shellcheck disable=SC2086
  kill -CONT $pids
  blast_end posting 30
  same "$(figure '"\(.ok) \(.failed) \(.errors)"')" "64 0 0"
  stop writer
  start writer
  kept 30 "$log"
}

gone() { [ ! -e "$1" ]; }

@test "behind lighttpd: who waits in the socket when the program is stopped is served" {
  stopped_with_a_queue lighttpd
}

@test "behind nginx: who waits in the socket when the program is stopped is served" {
  stopped_with_a_queue nginx
}

# says NAME COUNT PATTERN: so many lines of its log
says() { [ "$(log_count "$1" "$3")" = "$2" ]; }

@test "a broken program does not come in the place of a running one; a good one does" {
  local children kind said
  children=$(children_of api)
  load_begin
  for kind in garbage empty half missing; do
    said=$(log_count api 'goes on as it was')
    case $kind in
      garbage) install_program api <(head -c 100000 /dev/urandom) ;;
      empty) install_program api /dev/null ;;
      half) install_program api <(head -c 65536 "$ORIGINAL/fcgi/api") ;;
      missing) rm "$PARLEY_BUILD/fcgi/api" ;;
    esac
    signal api HUP
    wait_for 15 says api $((said + 1)) 'goes on as it was'
    same "$(children_of api)" "$children"
  done
  install_program api
  hang_up api
  runs_file api
  load_end
}

@test "settings that have changed are in force after HUP; bad ones change nothing" {
  local children said
  load_begin
  echo PARLEY_API_PROCESSES=7 >"$PARLEY_VAR/parley.conf"
  count[api]=7
  hang_up api
  children=$(children_of api)
  echo PARLEY_API_PROCESSES=many >"$PARLEY_VAR/parley.conf"
  said=$(log_count api 'goes on as it was')
  signal api HUP
  wait_for 15 says api $((said + 1)) 'goes on as it was'
  log_has api '^api: .*PARLEY_API_PROCESSES'
  same "$(children_of api)" "$children"
  rm "$PARLEY_VAR/parley.conf"
  count[api]=16
  hang_up api
  load_end
}

@test "a second start without --replace is refused, and the first goes on" {
  run "$PARLEY_BUILD/fcgi/api"
  same "$status" 1
  [[ $output == *'somebody listens there already'* ]]
  in_its_place api
  is_healthy "$API"
}
