#!/usr/bin/env bats
# slow: script/server and script/restart, in a copy of the source that is changed and built again

load helpers/stack
load helpers/load

setup_file() {
  local folder part
  stack_folder
  pick_ports
  export TREE=$BATS_FILE_TMPDIR/tree
  mkdir -p "$TREE/build"
  chmod 711 "$BATS_FILE_TMPDIR"
  make -C "$stack_root" all web >"$BATS_FILE_TMPDIR/make.log" 2>&1
  for folder in script lib fcgi jobs tool doctor redis sql doc problems Makefile nginx.conf; do
    cp -a "$stack_root/$folder" "$TREE"
  done
  cp -a "$stack_root"/lighttpd* "$TREE"
  copy_page
  for part in gen lib fcgi jobs tool doctor libparley.a; do cp -a "$stack_root/build/$part" "$TREE/build"; done
  cd "$TREE" || return 1
  spawn "$PARLEY_VAR/log/server" env PARLEY_WORKERS=2 script/server
  echo "$REPLY" >"$PARLEY_VAR/pids/server"
  await 120000 "$REPLY" grep -q '^ready: ' "$PARLEY_VAR/log/server" ||
    { cat "$PARLEY_VAR/log/server" >&2; return 1; }
}

teardown_file() {
  stack_stop
}

# The page as it was built, its sources, and (borrowed) the packages that build it.
copy_page() {
  mkdir "$TREE/web"
  cp -a "$stack_root"/web/{src,public,dist,build.mjs,package.json,package-lock.json,tsconfig.json,.npmrc} "$TREE/web"
  ln -s "$stack_root/web/node_modules" "$TREE/web/node_modules"
}

setup() {
  cd "$TREE" || return 1
  new_application
  new_chat
}

masters() { cat "$PARLEY_VAR"/run/{api,writer,search}.pid; }
workers() { cat "$PARLEY_VAR"/slots/*.lock; }
processes() {
  local pid
  for pid in $(masters); do pgrep -P "$pid"; done
}

# runs_file FILE PID…: that is there now
runs_file() {
  local pid
  for pid in "${@:2}"; do same "$(stat -Lc %i "/proc/$pid/exe")" "$(stat -c %i "$1")"; done
}

@test "script/restart replaces all programs, and no request fails" {
  local before name slot from
  before=$(masters)
  from=$(workers; processes)
  touch fcgi/*.c jobs/*.c
  blast_start posting --clients 16 --rate 200 --for 600 --log "$BATS_TEST_TMPDIR/log" \
    "$(messages "$API")" "$(messages "$WRITER")"
  run script/restart
  signal posting TERM
  blast_end posting 30
  same "$status ${#lines[@]}" "0 1"
  [[ $output =~ ^'restarted: api, writer, search and 5 job programs, in '[0-9.]+' s'$ ]]
  tell "$output"
  same "$(figure '"\(.failed) \(.errors)"')" "0 0"
  holds "$(figure .ok) > 200"
  kept 30 "$BATS_TEST_TMPDIR/log"

  same "$(masters)" "$before"
  same "$( (workers; processes) | grep -cxF "$from")" 0
  for name in api writer search; do
    # shellcheck disable=SC2046 # splits on purpose
    runs_file "build/fcgi/$name" $(pgrep -P "$(cat "$PARLEY_VAR/run/$name.pid")")
  done
  for slot in "$PARLEY_VAR"/slots/*.lock; do
    name=${slot##*/}
    runs_file "build/jobs/${name%-*}" "$(cat "$slot")"
  done
}

# refuses_to_restart: not 0, one line, and all is as it was
refuses_to_restart() {
  local before
  before=$(masters; workers; processes)
  run script/restart
  same "$status" 1
  same "${#lines[@]}" 1
  same "$(masters; workers; processes)" "$before"
}

@test "what cannot be built is not started" {
  cp -a fcgi/search.c "$BATS_TEST_TMPDIR"
  echo '#error broken' >>fcgi/search.c
  refuses_to_restart || { cp -a "$BATS_TEST_TMPDIR/search.c" fcgi; return 1; }
  cp -a "$BATS_TEST_TMPDIR/search.c" fcgi
  [[ $output == "restart: the build failed, nothing was restarted: fcgi/search.c:"*broken* ]]
}

@test "settings that are no good are named; good ones are in force" {
  echo PARLEY_API_PROCESSES=many >"$PARLEY_VAR/parley.conf"
  refuses_to_restart
  [[ $output == *PARLEY_API_PROCESSES* ]]
  echo PARLEY_API_PROCESSES=3 >"$PARLEY_VAR/parley.conf"
  run script/restart
  same "$status" 0
  same "$(pgrep -c -P "$(cat "$PARLEY_VAR/run/api.pid")")" 3
  rm "$PARLEY_VAR/parley.conf"
}

@test "the front end's page is built anew" {
  sed -i 's/<title>Parley/<title>Parley anew/' web/src/index.html
  run script/restart
  same "$status ${#lines[@]}" "0 1"
  curl -s "http://127.0.0.1:$WEB_PORT/" | grep -q '<title>Parley anew<'
}

@test "where no script/server runs it says so" {
  PARLEY_VAR=$BATS_TEST_TMPDIR run script/restart
  same "$status $output" "1 restart: no script/server runs in $BATS_TEST_TMPDIR"
  run script/restart --now
  same "$status" 2
}

# All that script/server has started holds its lock.
@test "a server that is killed after a restart still takes all its parts with it" {
  local masters pid
  masters=$(masters)
  kill -KILL "$(pid_of server)"
  wait_for 60 flock -n "$PARLEY_VAR/run/server.lock" true
  for pid in $masters; do ! alive "$pid" || return 1; done
}
