#!/usr/bin/env bats
# Programs killed again and again under load: nothing acknowledged is lost, doubled or left out.
#
# A job is given up (`dead`) when more than three workers die while each runs it alone. That is meant
# for jobs that kill; so here a second of peace lies between two kills of persist.

load ../helpers/stack
load ../helpers/load

setup_file() {
  export PARLEY_WORKERS=5
  stack_start
  jobs_start 5
}

teardown_file() {
  stack_stop
}

setup() {
  new_application
  new_chat
  log=$BATS_TEST_TMPDIR/log
}

# pause MS_FROM MS_TO: somewhere between
pause() {
  local ms=$(($1 + RANDOM % ($2 - $1 + 1)))
  sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

# Some of the five, at one moment; they come back after a moment, as under cron or systemd.
kill_persists() {
  local n names=()
  for n in $(shuf -i 1-5 -n $((1 + RANDOM % 5))); do
    names+=("persist-$n")
    signal "persist-$n" KILL
  done
  persists_killed=$((persists_killed + ${#names[@]}))
  for n in "${names[@]}"; do wait_for 5 group_gone "$(pid_of "$n")"; done
  pause 0 300
  for n in "${names[@]}"; do start "$n"; done
}

# kill_service NAME: mostly some of its processes; now and then the master, alone or with them all
kill_service() {
  services_killed=$((services_killed + 1))
  case $((RANDOM % 6)) in
    0)
      signal "$1" KILL
      wait_for 15 group_gone "$(pid_of "$1")"
      start "$1"
      ;;
    1)
      kill_9 "$1"
      start "$1"
      ;;
    *)
      # shellcheck disable=SC2046 # one argument per pid; one of them may just have ended
      kill -KILL $(children_of "$1" | shuf -n $((1 + RANDOM % 8))) || true
      ;;
  esac
}

# kills SECONDS COMMAND…: runs it again and again
kills() {
  local until=$((SECONDS + $1))
  shift
  while [ $SECONDS -lt $until ]; do "$@"; done
}

kill_workers() {
  kill_persists
  pause 1000 1500
}

kill_all_sorts() {
  kill_service api
  pause 0 400
  kill_service writer
  kill_workers
}

no_deadlock() {
  same "$(db "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'" | cut -f 2)" 0
  absent 'Deadlock|\(1213\)' "$PARLEY_VAR"/log/*.log
}

# left_alone: no list of a dead slot, no suspect, nothing given up
left_alone() {
  same "$(redis --raw KEYS 'inflight:*')" ""
  same "$(redis --raw HLEN suspects:default)" 0
  same "$(redis ZCARD dead)" 0
  absent 'job is dead' "$PARLEY_VAR"/log/persist-*.log
}

@test "persist killed again and again, five at once on one chat" {
  local seconds persists_killed=0
  seconds=$(long 12 150)
  blast_start posting --clients 32 --for "$seconds" --rate 2500 --log "$log" --strict \
    "$(messages "$API")" "$(messages "$WRITER")"
  kills $((seconds - 1)) kill_workers
  blast_end posting 60
  tell "persist killed $persists_killed times"
  same "$(figure .failed)" 0
  kept 120 "$log"
  same "$(checked_figure '"\(.unsure_stored) \(.stored == .acknowledged)"')" "0 true"
  no_deadlock
  left_alone
}

@test "FastCGI processes, masters and persist killed again and again" {
  local seconds persists_killed=0 services_killed=0
  seconds=$(long 13 150)
  blast_start posting --clients 32 --for "$seconds" --rate 1500 --retry --log "$log" \
    "$(messages "$API")" "$(messages "$WRITER")"
  kills $((seconds - 1)) kill_all_sorts
  blast_end posting 90
  tell "persist killed $persists_killed times, api and writer $services_killed"
  kept 120 "$log"
  holds "$(figure .ok) > $seconds * 300"
  no_deadlock
  left_alone
}
