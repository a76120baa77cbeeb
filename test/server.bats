#!/usr/bin/env bats
# slow: script/server installs, builds and starts everything, several times

load helpers/stack

setup_file() {
  stack_folder
}

teardown_file() {
  stack_stop
}

setup() {
  pick_ports
  out=$BATS_TEST_TMPDIR/out
  err=$BATS_TEST_TMPDIR/err
}

teardown() {
  [ ! -f "$PARLEY_VAR/pids/server" ] || stop server 60000
}

server_options=() # of script/server

# server_start [SETTING…]: in the background, its pid in pids/server. All that it starts has MARK.
server_start() {
  : >"$out"
  : >"$err"
  servers_outlive='' # its exit status is asked for
  spawn "$err" bash -c 'out=$1; shift; exec env "$@" >"$out"' server "$out" \
    MARK="$PARLEY_VAR" PARLEY_WORKERS=2 "$@" script/server "${server_options[@]}"
  echo "$REPLY" >"$PARLEY_VAR/pids/server"
  await 300000 "$REPLY" grep -q '^ready: ' "$out" || { cat "$err" >&2; return 1; }
}

# server_refuses SETTING…: ends by itself, not 0, with one line; prints it
server_refuses() {
  ! env MARK="$PARLEY_VAR" "$@" timeout 120 "$stack_root/script/server" "${server_options[@]}" \
    >"$out" 2>"$err" 3>&- ||
    return 1
  [ ! -s "$out" ] || return 1
  [ "$(wc -l <"$err")" = 1 ] || return 1
  cat "$err"
}

# Pids and commands of what script/server started and is still there.
left() {
  local file pid
  grep -lzxF "MARK=$PARLEY_VAR" /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
    pid=${file//[!0-9]/}
    ! alive "$pid" || echo "$pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
  done
}

has_part() { [ -n "$(part "$1")" ]; }
part() { left | grep -E "$1" | head -n 1 | cut -d ' ' -f 1; }

# nginx_is_new: its master runs
nginx_is_new() { alive "$(cat "$PARLEY_VAR/run/nginx.pid")"; }

interrupt() {
  local pid
  pid=$(pid_of server)
  kill -s "$1" "$pid"
  wait_for 60 group_gone "$pid"
  wait "$pid" || return 1
  rm "$PARLEY_VAR/pids/server"
}

# bats test_tags=script:server-start,script:server-stop
@test "prints one line when all answer, and INT and TERM leave nothing running" {
  cd "$stack_root"
  server_start
  same "$(cat "$out")" "ready: http://127.0.0.1:$API_PORT"
  same "$(cat "$err")" "front end: http://127.0.0.1:$WEB_PORT"
  curl -sf "http://127.0.0.1:$WEB_PORT/" | grep -q '<title>Parley</title>'
  same "$(curl -sf "http://127.0.0.1:$WEB_PORT/config.json")" "{\"api\":\":$API_PORT\",\"writer\":\":$WRITER_PORT\"}"
  new_application kept
  new_chat
  echo "$token" >"$BATS_FILE_TMPDIR/token"
  interrupt INT
  same "$(left)" ""

  server_start
  interrupt TERM
  same "$(left)" ""
  same "$(cat "$err")" "front end: http://127.0.0.1:$WEB_PORT"
}

# without_page: a copy of the tree that has the programs, and no page
without_page() {
  local copy=$BATS_TEST_TMPDIR/copy
  mkdir -p "$copy/build"
  (cd "$stack_root" && tar -cf - Makefile lib fcgi jobs tool redis sql script doc/openapi.json problems test/*.c \
    test/*.h lighttpd* nginx.conf build/{fcgi,jobs,lib,tool,gen,libparley.a} --exclude=node_modules --exclude=dist web) |
    tar -xf - -C "$copy"
  cd "$copy" || return
}

# npm_that SAYS: an npm that fails with that, and never asks anybody, in $npm
npm_that() {
  npm=$BATS_TEST_TMPDIR/npm
  mkdir -p "$npm"
  printf '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\necho "npm error %s" >&2\nexit 1\n' "$1" >"$npm/npm"
  chmod 755 "$npm/npm"
}

# bats test_tags=script:server-start
@test "without a registry of npm there is no page, one line says so, and all else works" {
  local npm
  without_page
  npm_that 'network request to http://registry.invalid failed'
  server_start "PATH=$npm:$PATH"
  same "$(cat "$out")" "ready: http://127.0.0.1:$API_PORT"
  same "$(cat "$err")" \
    'server: the front end was not built: npm error network request to http://registry.invalid failed'
  new_application
  new_chat
  [[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$WEB_PORT/") == 40[34] ]]
  interrupt TERM
  same "$(left)" ""
}

@test "WEB_SERVER=nginx starts nginx instead of lighttpd" {
  cd "$stack_root"
  server_start WEB_SERVER=nginx
  [ -z "$(part ' [^ ]*lighttpd ')" ]
  curl -sI "$API/health" | grep -q '^Server: nginx'
  new_application
  new_chat
  # (its title overwrites its environment: it is not among what `left` finds, but its log's filter is)
  kill -KILL "$(cat "$PARLEY_VAR/run/nginx.pid")"
  wait_for 10 log_has server 'nginx .* starting it again'
  wait_for 20 nginx_is_new
  wait_for 20 is_healthy "$API"
  interrupt TERM
  same "$(left)" ""
}

# bats test_tags=script:server-again
@test "a second start finds its data, and restarts what dies" {
  cd "$stack_root"
  server_start
  request GET "/applications/$(cat "$BATS_FILE_TMPDIR/token")"
  expect 200
  same "$(json .name)" kept
  request GET "/applications/$(cat "$BATS_FILE_TMPDIR/token")/chats/1"
  expect 200

  kill -KILL "$(part ' redis-server')"
  kill -KILL "$(part /jobs/recount)"
  wait_for 10 log_has server 'redis .* starting it again'
  wait_for 10 log_has server 'recount .* starting it again'
  wait_for 10 has_part /jobs/recount
  wait_for 20 is_healthy "$API"

  run server_refuses API_PORT=1
  [[ $output == "server: already running in $PARLEY_VAR (pid "* ]]
  is_healthy "$API"
}

@test "a server that was killed takes all its parts with it, and the next start waits for them" {
  cd "$stack_root"
  server_start
  kill -KILL "$(pid_of server)"
  server_start
  is_healthy "$API"
  request GET "/applications/$(cat "$BATS_FILE_TMPDIR/token")"
  expect 200
}

# bats test_tags=script:server-refuses
@test "a taken port is named, and nothing is left running" {
  cd "$stack_root"
  spawn /dev/null socat "TCP-LISTEN:$WRITER_PORT,bind=127.0.0.1,fork" SYSTEM:true
  echo "$REPLY" >"$PARLEY_VAR/pids/socat"
  wait_for 5 port_taken "$WRITER_PORT" 127.0.0.1
  same "$(server_refuses A=1)" "server: port $WRITER_PORT is taken: set WRITER_PORT to another"
  stop socat
  same "$(left)" ""
}

# bats test_tags=script:server-refuses,admin:bind
@test "what cannot work is refused with one line" {
  cd "$stack_root"
  [[ $(server_refuses BIND=0.0.0.0) == *PARLEY_ADMIN_KEY*PARLEY_OPEN=1* ]]
  # with either it gets past that, to the next complaint
  [[ $(server_refuses BIND=0.0.0.0 PARLEY_OPEN=1 "WEB_PORT=$API_PORT") == *"must differ"* ]]
  [[ $(server_refuses BIND=0.0.0.0 PARLEY_ADMIN_KEY=k "WEB_PORT=$API_PORT") == *"must differ"* ]]
  [[ $(server_refuses WEB_SERVER=apache) == *WEB_SERVER* ]]
  [[ $(server_refuses "WEB_PORT=$API_PORT") == *"must differ"* ]]
  [[ $(server_refuses PARLEY_WORKERS=many) == *PARLEY_WORKERS* ]]
  [[ $(server_refuses "PARLEY_VAR=/tmp/$(printf '%0120d' 0)") == *"107 are possible"* ]]
  [[ $(server_refuses PARLEY_VAR=/proc/none) == *"/proc/none"* ]]
  [[ $(server_refuses "PARLEY_CONFIG=$PARLEY_VAR/none") == *none* ]]
  run script/server --with-nothing
  [ "$status" = 2 ]
}

# bats test_tags=script:server-refuses
@test "a full disk is refused with one line" {
  cd "$stack_root"
  local small=$PARLEY_VAR/small
  mkdir "$small"
  if ! mount -t tmpfs -o size=20m none "$small" 2>/dev/null; then
    # who may not mount gets the same answer from a device that is always full
    small=/dev/full
  fi
  run server_refuses "PARLEY_VAR=$small"
  umount "$PARLEY_VAR/small" 2>/dev/null || true
  [ "$status" = 0 ]
  [[ $output == *full* ]]
}

# bats test_tags=settings:own-servers
@test "with REDIS_URL and DATABASE_URL set, those servers are used and none is started" {
  cd "$stack_root"
  local own=$BATS_TEST_TMPDIR/own
  chmod 711 "$BATS_TEST_TMPDIR"
  mkdir -p "$own"/{run,log,tmp}
  chmod 711 "$own"
  redis_start "$own" 0 --appendfsync everysec --maxmemory-policy allkeys-lru
  echo "$REPLY" >"$PARLEY_VAR/pids/own-redis"
  template # to copy: other tests here install
  mariadb_start "$own"
  echo "$REPLY" >"$PARLEY_VAR/pids/own-mariadb"
  server_start "PARLEY_VAR=$PARLEY_VAR/elsewhere" "REDIS_URL=unix://$own/run/redis.sock" \
    "DATABASE_URL=mysql://parley@/parley?socket=$own/run/mysql.sock"
  [ -z "$(part redis-server)" ]
  [ -z "$(part mariadbd)" ]
  # what that Redis may lose is said once, and is no reason not to start
  same "$(head -n 1 "$err" | cut -d : -f 1-3)" 'server: Redis may lose or refuse writes: appendfsync is everysec'
  grep -q '; maxmemory-policy is allkeys-lru: ' "$err"
  new_application theirs
  new_chat
  same "$(redis-cli -s "$own/run/redis.sock" GET chat_app:1:chat_counter)" 1
  same "$(mariadb_root "$own" parley -e 'SELECT name FROM chat_applications')" theirs
  interrupt TERM
  redis_answers "$own"
  mariadb_answers "$own"
  stop own-mariadb
  stop own-redis
}

elastic() { curl -sf --max-time 5 "$@"; }
has_document() { elastic "$(cat "$PARLEY_VAR/run/elasticsearch.url")/kept/_doc/1?routing=1" >/dev/null; }
elastic_pids() { left | grep ' [^ ]*/java ' | cut -d ' ' -f 1; }
elastic_is_two() { [ "$(elastic_pids | wc -l)" = 2 ]; }

# elastic_returns OLD-PID: another runs, and what it had is there
elastic_returns() {
  wait_for 60 elastic_is_two
  ! elastic_pids | grep -qx "$1"
  wait_for 120 has_document
  wait_for 20 is_healthy "$API"
}

# bats test_tags=script:server-elasticsearch
@test "--with-elasticsearch starts one too, keeps it alive, and finds its data again" {
  local url pid
  cd "$stack_root"
  server_options=(--with-elasticsearch)
  server_start
  same "$(cat "$out")" "ready: http://127.0.0.1:$API_PORT"
  request GET /health
  expect 200
  same "$(json .services.elasticsearch.status)" ok
  url=$(cat "$PARLEY_VAR/run/elasticsearch.url")
  elastic -X PUT --json '{"a":1}' "$url/kept/_doc/1?routing=1"
  [ "$(id -u)" != 0 ] || same "$(elastic_pids | xargs ps -o user= -p | sort -u)" parley

  pid=$(elastic_pids | head -n 1) # the one that starts the other
  kill -KILL "$pid"
  wait_for 10 log_has server 'elasticsearch .* starting it again'
  elastic_returns "$pid"
  pid=$(elastic_pids | tail -n 1)
  kill -KILL "$pid"
  elastic_returns "$pid"
  same "$(log_count server 'elasticsearch .* starting it again')" 2
  interrupt INT
  same "$(left)" ""

  server_start
  wait_for 10 has_document
  same "$(cat "$PARLEY_VAR/run/elasticsearch.url")" "$url"
  interrupt TERM
  same "$(left)" ""
}

# bats test_tags=script:server-elasticsearch,settings:own-servers
@test "with ELASTICSEARCH_URL set that server is used and none is started, whatever is asked for" {
  cd "$stack_root"
  start elasticsearch
  server_options=(--with-elasticsearch)
  server_start "PARLEY_VAR=$PARLEY_VAR/third"
  same "$(elastic_pids)" ""
  request GET /health
  same "$(json .services.elasticsearch.status)" ok
  signal elasticsearch STOP
  request GET /health
  same "$(json .services.elasticsearch.status)" down
  signal elasticsearch CONT
  interrupt TERM
  stop elasticsearch
}

# bats test_tags=script:server-refuses
@test "an Elasticsearch that cannot be had is one line, and nothing is left running" {
  cd "$stack_root"
  server_options=(--with-elasticsearch)
  same "$(server_refuses XDG_CACHE_HOME=/proc/none PARLEY_ELASTICSEARCH_HOME=)" \
    'server: cannot make the folder /proc/none/parley'
  same "$(server_refuses PARLEY_ELASTICSEARCH_HOME=/proc)" \
    'server: PARLEY_ELASTICSEARCH_HOME=/proc is no unpacked Elasticsearch'
  [[ $(server_refuses PARLEY_ELASTICSEARCH_HEAP=much) == 'server: Elasticsearch does not start: '* ]]
  same "$(left)" ""
}
