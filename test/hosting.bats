#!/usr/bin/env bats
# hand: shared hosting: an ordinary user with the host's cron, in a Debian from nothing and name spaces of its own; minutes

load helpers/stack
# shellcheck source=script/chroot.bash disable=SC1091
. "$stack_root/script/chroot.bash"

setup_file() {
  [ "$(id -u)" = 0 ] || { echo "root only" >&2; return 1; }
  HOST=$(mktemp -d "${TMPDIR:-/tmp}/parley-host.XXXXXX")
  export HOST
  chmod 711 "$HOST"
  unshare --mount --propagation private "$stack_root/test/helpers/host.bash" make "$HOST" >"$HOST/make.log" 2>&1 3>&- ||
    { cat "$HOST/make.log" >&2; return 1; }
  # All that is started in there ends with its first process; the network is its own, so the ports are free.
  spawn "$HOST/host.log" unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private \
    "$stack_root/test/helpers/host.bash" run "$HOST"
  echo "$REPLY" >"$HOST/pid"
  wait_for 120 grep -q '^ready$' "$HOST/host.log" || { cat "$HOST/host.log" >&2; return 1; }
}

teardown_file() {
  [ ! -f "$HOST/pid" ] || stop_process "$(cat "$HOST/pid")" 5000 KILL || true
  rm -rf "$HOST"
}

# host COMMAND…: as the host's root; user LINE: as the user, in a login shell
host() {
  nsenter --target "$(pgrep -P "$(cat "$HOST/pid")" | head -n 1)" --mount --pid --net --root --wd=/ -- "$@" 3>&-
}
user() { host setpriv --reuid guest --regid guest --init-groups env -i HOME=/home/guest USER=guest LANG=C.UTF-8 \
  PATH=/usr/bin:/bin bash -c "cd && $1"; }

job_pids() { user 'cat parley/var/slots/*.lock'; }
jobs_run() { user 'parley/bin/parley doctor --json | grep -c "\"check\":\"jobs\",\"verdict\":\"ok\""' | grep -qx 4; }
is_green() { user 'parley/bin/parley doctor' >"$HOST/doctor" 2>&1; }

@test "an ordinary user installs, fills in the settings, migrates and hands the crontab to cron" {
  user 'make -s -C src -j2 all && make -s -C src install PREFIX=~/parley'
  user 'umask 077; printf "%s\n" "DATABASE_URL=mysql://guest:a%40b@127.0.0.1:3306/guest" \
    "REDIS_URL=redis://:hostpass@127.0.0.1:6379/0" PARLEY_API_PROCESSES=4 PARLEY_WRITER_PROCESSES=4 >parley/var/parley.conf'
  user 'parley/bin/parley migrate && crontab parley/share/parley/crontab'
  host sh -c 'cron -f >/dev/null 2>&1 &'
  wait_for 90 is_green || { cat "$HOST/doctor" >&2; return 1; }
  cat "$HOST/doctor"
  [ "$(grep -c '^FAIL\|^warn' "$HOST/doctor")" = 0 ]
}

@test "the README's lines work" {
  curl_block >"$HOST/readme"
  [ -s "$HOST/readme" ]
  user "$(<"$HOST/readme")" >"$HOST/readme.out" 2>&1
  cat "$HOST/readme.out"
  [ "$(grep -cE 'problems/|curl: \(' "$HOST/readme.out")" = 0 ]
  grep -q '"status":"healthy"' "$HOST/readme.out"
}

accept() {
  user "for i in \$(seq 1 $1); do curl -s -o /dev/null -w '%{http_code}\n' --json '{\"body\":\"kept\"}' \
    http://127.0.0.1:8080/applications/$2/chats/1/messages; done" | grep -cx 201
}

# stored TOKEN: messages of its first chat
stored() { user "curl -s http://127.0.0.1:3000/applications/$1/chats" | jq -r '.[0].messages_count'; }
some_stored() { [ "$(stored "$1")" -ge 20 ]; }
stored_are() { [ "$(stored "$1")" = "$2" ]; }

@test "every job program is killed: cron has them back within 60 s, and nothing is lost" {
  local token accepting
  token=$(user "curl -s --json '{\"name\":\"kept\"}' http://127.0.0.1:3000/applications" | jq -r .token)
  user "curl -s --json '{}' http://127.0.0.1:3000/applications/$token/chats" >/dev/null
  accept 300 "$token" >"$HOST/accepted" &
  accepting=$!
  wait_for 20 some_stored "$token"
  host bash -c "kill -9 $(job_pids | paste -sd ' ')" || true # (index has ended by itself)
  wait "$accepting"
  same "$(<"$HOST/accepted")" 300
  wait_for 60 jobs_run
  wait_for 10 stored_are "$token" 300
}

@test "api, writer and search are killed: cron has them back within 60 s" {
  local pids
  pids=$(user 'cat parley/var/run/{api,writer,search}.pid')
  host bash -c "kill -9 ${pids//$'\n'/ }"
  wait_for 70 is_green || { cat "$HOST/doctor" >&2; return 1; }
  [ "$(user 'cat parley/var/run/{api,writer,search}.pid')" != "$pids" ]
}

@test "with lighttpd's own spawning, too" {
  user 'crontab -l | sed "/unless-running/d; s/parley web/parley web --spawn/" | crontab -'
  host bash -c "kill -TERM $(user 'cat parley/var/run/{api,writer,search,lighttpd}.pid' | paste -sd ' ')"
  wait_for 70 is_green || { cat "$HOST/doctor" >&2; return 1; }
  user 'test -S parley/var/run/api.sock-0'
  host bash -c "kill -9 $(user 'cat parley/var/run/{api,writer,search}.pid' | paste -sd ' ')"
  wait_for 70 is_green || { cat "$HOST/doctor" >&2; return 1; }
}
