#!/usr/bin/env bats
# slow: The front end as it looks: pictures of every view, in build/shots, and what tools find in them.

load helpers/stack
load helpers/page

setup_file() {
  page_start
}

teardown_file() {
  stack_stop
}

setup() {
  restore_programs
}

@test "pictures of a Parley that has nothing yet" {
  scenario shots MODE=empty
}

@test "pictures of every view, where axe finds nothing and nothing scrolls sideways" {
  scenario shots >"$BATS_FILE_TMPDIR/shots"
}

@test "pictures of a Parley with an admin key" {
  restart_programs PARLEY_ADMIN_KEY=open-sesame
  scenario shots MODE=locked
}

@test "pictures of what fails" {
  stop redis
  stop mariadb
  scenario shots MODE=failing "$(grep '^TOKEN=' "$BATS_FILE_TMPDIR/shots")"
  start redis
  start mariadb
  wait_for 30 is_healthy "$API"
}

@test "Lighthouse gives 95 at least, on a phone, and on a desktop in the long form" {
  scenario lighthouse PRESETS="$(long mobile 'mobile desktop')"
}
