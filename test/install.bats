#!/usr/bin/env bats
# slow: what `make install` puts down for a host without root: crontab, logrotate, systemd's units, the web servers' files

load helpers/stack

setup_file() {
  export HOME=$BATS_FILE_TMPDIR/home
  # shellcheck disable=SC2088 # make's own tilde
  make -s -C "$stack_root" install PREFIX='~/parley' >"$BATS_FILE_TMPDIR/install.log" 2>&1 3>&- ||
    { cat "$BATS_FILE_TMPDIR/install.log" >&2; return 1; }
}

setup() {
  prefix=$BATS_FILE_TMPDIR/home/parley
  share=$prefix/share/parley
}

@test "no place is left to be filled in" {
  run grep -rnE '@[A-Z]+@' "$share" --include='*-api.conf' --include='*-writer.conf' --include='crontab' \
    --include='logrotate' --include='parley.conf' --include='*.service'
  same "$output" ''
}

@test "the programs' folder and its settings are the user's alone, and stay as they are" {
  same "$(stat -c %a "$prefix/var" "$prefix/var/run" "$prefix/var/log" "$prefix/var/parley.conf")" $'700\n700\n700\n600'
  echo API_PORT=3001 >"$prefix/var/parley.conf"
  HOME=$BATS_FILE_TMPDIR/home make -s -C "$stack_root" install PREFIX="$prefix" 3>&-
  same "$("$prefix/bin/parley" api --print-config | grep -w API_PORT)" API_PORT=3001
}

@test "a prefix with a blank is refused before anything is made" {
  run make -s -C "$stack_root" install PREFIX="$BATS_TEST_TMPDIR/with blank"
  [ "$status" != 0 ]
  grep -q 'PREFIX may have' <<<"$output"
  [ ! -e "$BATS_TEST_TMPDIR/with blank" ]
}

@test "parley web listens to no other address without a key" {
  run env BIND=0.0.0.0 "$prefix/bin/parley" web
  [ "$status" = 1 ]
  same "$output" 'web: BIND=0.0.0.0 would be open to whoever reaches it: set PARLEY_ADMIN_KEY, or PARLEY_OPEN=1'
}

@test "every command of the crontab is one that there is" {
  local name
  grep -oE '\* parley [a-z]+' "$share/crontab" | sort -u | while read -r _ _ name; do
    [ -x "$prefix/libexec/parley/$name" ] || { echo "no $name"; return 1; }
  done
  same "$(grep -c '^\* \* \* \* \* parley persist' "$share/crontab")" 5
}

@test "systemd finds nothing to say about the units, and little about what they may do" {
  local unit
  run systemd-analyze verify "$share"/systemd/parley{-api,-writer,-search,-persist@1,-recount,-schedule,-purge,-index,-alert}.service \
    "$share"/systemd/parley.target "$share"/systemd/parley-alert.timer
  same "$output" ''
  [ "$status" = 0 ]
  for unit in "$share"/systemd/*.service; do
    run systemd-analyze security --no-pager --offline=true --threshold=13 "$unit"
    [ "$status" = 0 ] || { tail -n 2 <<<"$output"; return 1; }
  done
}

@test "logrotate takes its file, and what is written while it works is kept" {
  local pid
  # a job program's, open as cron's shell opens it
  echo before >"$prefix/var/log/persist.log"
  exec 9>>"$prefix/var/log/persist.log"
  echo before >"$prefix/var/log/api.log"
  exec 8>>"$prefix/var/log/api.log"
  run logrotate --force --state "$prefix/var/logrotate.state" "$share/logrotate"
  same "$output" ''
  [ "$status" = 0 ]
  echo after >&9
  echo after >&8
  exec 9>&- 8>&-
  same "$(cat "$prefix"/var/log/persist.log-*)" $'before\nafter'
  same "$(cat "$prefix/var/log/api.log")" after
  same "$(zcat "$prefix"/var/log/api.log-*.gz)" before
}
