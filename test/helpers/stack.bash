# stack.bash: a whole Parley of its own for one bats file.
#
#   load helpers/stack
#   setup_file() { stack_start; jobs_start; }
#   teardown_file() { stack_stop; }
#
# Settings (PARLEY_LEASE_MS and so on) are exported before stack_start. PARLEY_BUILD names the
# programs' folder (build; build/san for the sanitizers), PARLEY_TEST_LONG=1 asks a test for its long
# form, STACK_WEB names the web server (lighttpd; nginx), STACK_SEARCH=elasticsearch starts one and jobs_start its indexer. What a test starts outlives it and ends with stack_stop, or with bats.
# Below $PARLEY_VAR: pids/NAME, log/NAME.log.

stack_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=script/servers.bash
. "$stack_root/script/servers.bash"
# shellcheck disable=SC2034 # servers.bash reads it
servers_outlive=1
: "${PARLEY_BUILD:=$stack_root/build}"
: "${STACK_WEB:=lighttpd}"
stack_options=() # of curl, for every request of ask and typed
[[ $PARLEY_BUILD == /* ]] || PARLEY_BUILD=$stack_root/$PARLEY_BUILD

# --- the parts --------------------------------------------------------------------------------------

pid_of() { cat "$PARLEY_VAR/pids/$1"; }
is_running() { [ -f "$PARLEY_VAR/pids/$1" ] && alive "$(pid_of "$1")"; }

# signal NAME SIGNAL: STOP and CONT make a part hang and go on. To its master, or to all of it. (The master of
# Elasticsearch only starts it.)
signal() {
  if [ "$1" = elasticsearch ]; then signal_all "$@"; else kill -s "$2" "$(pid_of "$1")"; fi
}
signal_all() { kill -s "$2" -- "-$(pid_of "$1")"; }

# Pids of the processes that a program forked.
children_of() { pgrep -P "$(pid_of "$1")"; }

# start NAME: redis, mariadb, elasticsearch, $STACK_WEB, api, writer, search, recount, schedule, purge, index, persist,
# persist-2 … Services are waited for. Elasticsearch, which takes some ten seconds, comes back where it was;
# ELASTICSEARCH_URL is exported: stack_start start elasticsearch.
start() {
  local name=$1 log=$PARLEY_VAR/log/$1.log
  shift
  case $name in
    redis) redis_start "$PARLEY_VAR" "${STACK_REDIS_PORT:-0}" "$@" ;;
    mariadb) mariadb_start "$PARLEY_VAR" "${STACK_MYSQL_PORT:-}" "$@" ;;
    elasticsearch) elasticsearch_start "$PARLEY_VAR" "${STACK_ELASTICSEARCH_PORT:-0}" "$@" ;;
    lighttpd | nginx) start_web "$name" ;;
    shed) shed_launch "$PARLEY_VAR" "$STACK_WEB" "$@" ;;
    api | writer | search)
      rm -f "$PARLEY_VAR/run/$name.sock"
      spawn "$log" "$PARLEY_BUILD/fcgi/$name" "$@"
      ;;
    *) spawn "$log" "$PARLEY_BUILD/jobs/${name%%-*}" "$@" ;;
  esac || return 1
  echo "$REPLY" >"$PARLEY_VAR/pids/$name"
  case $name in
    elasticsearch)
      ELASTICSEARCH_URL=$(<"$PARLEY_VAR/run/elasticsearch.url")
      export ELASTICSEARCH_URL
      # what it has on disk is read in after its first answer
      curl -s -o /dev/null "$ELASTICSEARCH_URL/_cluster/health?wait_for_status=yellow&timeout=30s"
      ;;
    api | writer | search)
      await 20000 "$REPLY" test -S "$PARLEY_VAR/run/$name.sock" || { tail "$log" >&2; return 1; }
      ! is_running "$STACK_WEB" || wait_for 10 is_reached "$name"
      ;;
  esac
}

# After a failure lighttpd leaves a program alone for up to a second, and answers 503 itself.
is_reached() {
  local url=$API/health
  case $1 in
    writer) url=$WRITER/health ;;
    search) url=$API/applications/00000000000000000000000000000000/chats/1/messages/search ;;
  esac
  [[ $(curl -s --max-time 5 "$url") != *'/problems/unavailable"'* ]]
}

# stop NAME [MS]: TERM, and wait until all of it is gone; fails when it had to be killed.
stop() {
  [ -f "$PARLEY_VAR/pids/$1" ] || return 0
  kill -CONT -- "-$(pid_of "$1")" 2>/dev/null || true
  stop_process "$(pid_of "$1")" "${2:-20000}" || { echo "$1 had to be killed" >&2; return 1; }
  rm -f "$PARLEY_VAR/pids/$1"
}

# kill_9 NAME: the whole program, at once.
kill_9() {
  signal_all "$1" KILL
  await 5000 "" group_gone "$(pid_of "$1")"
  rm -f "$PARLEY_VAR/pids/$1"
}

# jobs_start [WORKERS [OPTION…]]
jobs_start() {
  local n workers=${1:-2}
  shift $(($# < 1 ? $# : 1))
  for ((n = 1; n <= workers; n++)); do start "persist-$n" "$@"; done
  start recount "$@"
  start schedule "$@"
  [ "${STACK_SEARCH:-}" != elasticsearch ] || start index "$@"
}

job_names() { (cd "$PARLEY_VAR/pids" && compgen -G '[iprs]*' | grep -E '^(persist|recount|schedule|purge|index|reindex)'); }

# At once: each may have a batch to finish.
jobs_stop() {
  local name failed=0
  for name in $(job_names); do signal "$name" TERM 2>/dev/null || true; done
  for name in $(job_names); do stop "$name" || failed=1; done
  return $failed
}

jobs_kill_9() {
  local name
  for name in $(job_names); do kill_9 "$name"; done
}

# --- the whole ----------------------------------------------------------------------------------------

# Another run may take a port between the look and the web server's bind: then others are tried.
start_web() {
  for _ in 1 2 3 4 5; do
    web_start "$PARLEY_VAR" "$1" && return
    pick_ports
  done
  return 1
}

# use_web WEB_SERVER: instead of the one that runs; only for the test that asks for it.
use_web() {
  local name
  for name in shed lighttpd nginx; do stop "$name"; done
  STACK_WEB=$1
  start "$STACK_WEB"
  wait_for 10 is_healthy "$API"
}

# free_port: in REPLY. Below 32768 the kernel gives none to outgoing connections.
free_port() {
  until REPLY=$((20000 + RANDOM % 12000)) && ! port_taken "$REPLY" 127.0.0.1; do :; done
}

pick_ports() {
  local name
  for name in API_PORT WRITER_PORT WEB_PORT; do
    free_port
    export "$name=$REPLY"
  done
  export API=http://127.0.0.1:$API_PORT WRITER=http://127.0.0.1:$WRITER_PORT
}

# Made once per run: installing takes longer than copying.
template() {
  : "${PARLEY_TEST_TEMPLATE:=${BATS_RUN_TMPDIR:?}/template}"
  (
    mkdir -p "$PARLEY_TEST_TEMPLATE/log"
    chmod 711 "$PARLEY_TEST_TEMPLATE"
    flock 9
    [ -d "$PARLEY_TEST_TEMPLATE/mysql" ] ||
      mariadb_install "$(mariadb_user "$PARLEY_TEST_TEMPLATE")" "$PARLEY_TEST_TEMPLATE/mysql" \
        "$PARLEY_TEST_TEMPLATE/log/mariadb.log"
  ) 9>>"$PARLEY_TEST_TEMPLATE.lock"
  MARIADB_TEMPLATE=$PARLEY_TEST_TEMPLATE/mysql
}

# Ends all of a stack whose bats was killed, or ended by the TERM that script/test sends when it is interrupted.
guard() {
  # shellcheck disable=SC2016 # expanded by the guard itself
  spawn /dev/null env owner=$$ dir="$PARLEY_VAR" bash -c '
    trap "" TERM
    while kill -0 "$owner" 2>/dev/null; do sleep 1; done
    for pid in $(cat "$dir"/pids/*); do kill -KILL -- "-$pid"; done
    rm -rf "$dir"'
  echo "$REPLY" >"$PARLEY_VAR/guard"
}

# stack_folder: only the folder and the environment, for who starts parts one by one.
stack_folder() {
  PARLEY_VAR=$(mktemp -d "${TMPDIR:-/tmp}/parley.XXXXXX")
  chmod 711 "$PARLEY_VAR"
  mkdir -p "$PARLEY_VAR"/{run,log,tmp,web,pids}
  chmod 700 "$PARLEY_VAR"/{run,log}
  BIND=127.0.0.1
  PARLEY_WEB=$PARLEY_VAR/web
  # any report of a sanitizer is a file that logs_clean finds
  ASAN_OPTIONS=log_path=$PARLEY_VAR/log/sanitizer:detect_leaks=1:detect_stack_use_after_return=1
  UBSAN_OPTIONS=log_path=$PARLEY_VAR/log/sanitizer:print_stacktrace=1
  export PARLEY_VAR BIND PARLEY_WEB ASAN_OPTIONS UBSAN_OPTIONS
  unset REDIS_URL DATABASE_URL ELASTICSEARCH_URL PARLEY_CONFIG
  guard
}

# stack_start [COMMAND…]: all but the job programs, answering. COMMAND is run when the servers are up, before
# the programs start.
stack_start() {
  stack_folder
  stack_run "$@"
}

# stack_run [COMMAND…]: the same in a folder that is there
stack_run() {
  pick_ports # the programs know the front end's origin by its port
  template
  start redis
  start mariadb
  [ "${STACK_SEARCH:-}" != elasticsearch ] || start elasticsearch
  "$PARLEY_BUILD/jobs/migrate" 2>>"$PARLEY_VAR/log/migrate.log" ||
    { cat "$PARLEY_VAR/log/migrate.log" >&2; return 1; }
  "${@:-:}"
  start api
  start writer
  start search
  start "$STACK_WEB"
  wait_for 30 is_healthy "$API"
  wait_for 30 is_healthy "$WRITER"
}

is_healthy() { [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$1/health")" = 200 ]; }

# In the order of script/server. Fails when a sanitizer has reported or something did not end.
stack_stop() {
  local name failed=0
  [ -n "${PARLEY_VAR:-}" ] && [ -d "$PARLEY_VAR/pids" ] || return 0
  for name in shed "$STACK_WEB" api writer search; do stop "$name" || failed=1; done
  jobs_stop || failed=1
  for name in mariadb redis; do stop "$name" || failed=1; done
  for name in "$PARLEY_VAR"/pids/*; do
    [ ! -f "$name" ] || stop "${name##*/}" || failed=1
  done
  kill -KILL -- "-$(cat "$PARLEY_VAR/guard")" 2>/dev/null || true
  logs_clean || failed=1
  if [ $failed = 0 ] && [ -z "${PARLEY_TEST_KEEP:-}" ]; then
    rm -rf "$PARLEY_VAR"
  else
    echo "kept: $PARLEY_VAR" >&2
  fi
  return $failed
}

# logs_clean: no sanitizer has reported anything; prints what one has.
logs_clean() {
  local file failed=0
  for file in "$PARLEY_VAR"/log/sanitizer*; do
    [ ! -e "$file" ] || { echo "$file:" >&2; head -n 60 "$file" >&2; failed=1; }
  done
  if grep -alE 'runtime error:|(Address|Leak|Undefined\w*)Sanitizer' "$PARLEY_VAR"/log/*.log >&2; then
    failed=1
  fi
  return $failed
}

# log_has NAME PATTERN · log_count NAME PATTERN: extended, over the whole log of a part.
log_has() { grep -aqE -- "$2" "$PARLEY_VAR/log/$1.log"; }
log_count() { grep -acE -- "$2" "$PARLEY_VAR/log/$1.log" || true; }

# --- asking -----------------------------------------------------------------------------------------------

# ask URL METHOD PATH [BODY [CURL-OPTION…]]: sets status, headers and body, this to the byte.
# 000 is no answer. Without BODY (or with '-') none is sent; '@FILE' sends what a file holds.
ask() {
  local url=$1$3 method=$2 text=${4--} options=()
  local out=$BATS_TEST_TMPDIR
  [ -n "${out:-}" ] || out=$PARLEY_VAR/tmp
  shift $(($# < 4 ? $# : 4))
  options=(-sS -X "$method" --max-time 60 -o "$out/body" -D "$out/headers" -w '%{http_code}'
    "${stack_options[@]}" "$@")
  : >"$out/body"
  case $method:$text in
    HEAD:*) options+=(-I) ;;
    POST:- | PUT:- | PATCH:-) options+=(-H 'Content-Length: 0') ;;
    *:-) ;;
    *:@*) options+=(--data-binary "$text" -H 'Content-Type: application/json') ;;
    *) options+=(--data-binary @- -H 'Content-Type: application/json') ;;
  esac
  : >"$out/headers"
  status=$(printf '%s' "$text" | curl "${options[@]}" "$url" 2>"$out/error") || true
  IFS= read -r -d '' headers <"$out/headers" || true
  headers=${headers//$'\r'/}
  headers=${headers%$'\n\n'}
  IFS= read -r -d '' body <"$out/body" || true # an answer has no NUL
}

# typed URL PATH CURL-OPTION…: a POST with the body, and the Content-Type, that the options give
typed() {
  local url=$1$2
  shift 2
  status=$(curl -sS -o "$BATS_TEST_TMPDIR/body" -D "$BATS_TEST_TMPDIR/headers" \
    -w '%{http_code}' --max-time 60 "${stack_options[@]}" "$@" "$url")
  headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers")
  body=$(cat "$BATS_TEST_TMPDIR/body")
}

# request METHOD PATH [BODY [CURL-OPTION…]] from the full API; writer …: from the fast writer
request() { ask "$API" "$@"; }
writer() { ask "$WRITER" "$@"; }

# expect STATUS: what was asked last answered so.
expect() {
  [ "$status" = "$1" ] && return
  printf 'expected %s, got %s: %s\n' "$1" "$status" "${body:0:500}" >&2
  return 1
}

# header NAME: of the last answer
header() {
  local line
  while IFS= read -r line; do
    [[ ${line,,} != "${1,,}: "* ]] || echo "${line:${#1}+2}"
  done <<<"$headers"
}

# json FILTER [JQ-OPTION…]: of the last body, raw
json() { json_member "$@" || printf '%s' "$body" | jq -r "${@:2}" "$1"; }

# json_member .NAME: the same, if the body is an object of nothing but plain values and has it. (jq takes ten
# times as long to start.)
json_member() {
  local text='"([^"\\[:cntrl:]]*)"' value
  value="($text|-?(0|[1-9][0-9]*)|true|false|null)"
  [[ $# = 1 && $1 =~ ^\.[a-z_]+$ && ${#body} -lt 2000 ]] || return
  [[ $body =~ ^\{($text:$value,)*$text:$value\}$ ]] || return
  [[ $body =~ [{,]\"${1#.}\":${value}[,}] ]] || return
  set -- "${BASH_REMATCH[@]:1}"
  case $1 in \"*) printf '%s\n' "$2" ;; *) printf '%s\n' "$1" ;; esac
}

# same ACTUAL EXPECTED
same() {
  [ "$1" = "$2" ] && return
  printf 'got      %s\nexpected %s\n' "${1:0:1000}" "${2:0:1000}" >&2
  return 1
}

# quoted TEXT: as a JSON string, without jq; TEXT has no control characters but new lines and tabs
quoted() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "${text//$'\t'/\\t}"
}

# new_application [NAME]: its token in $token · new_chat [TOKEN]: its number in $chat
new_application() {
  request POST /applications "{\"name\":$(quoted "${1:-test}")}"
  expect 201
  token=$(json .token)
}

new_chat() {
  request POST "/applications/${1:-$token}/chats" '{}'
  expect 201
  # shellcheck disable=SC2034 # for the tests
  chat=$(json .number)
}

# --- looking behind it --------------------------------------------------------------------------------------

# db SQL: tab-separated rows, no heading
db() {
  mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=parley \
    --default-character-set=utf8mb4 --batch --skip-column-names parley -e "$1"
}

redis() { redis-cli -s "$PARLEY_VAR/run/redis.sock" "$@"; }

# waiting: jobs that are queued or in flight, counted at one moment
waiting() {
  redis --raw EVAL "local n = redis.call('LLEN', 'queue:default') + redis.call('LLEN', 'queue:counts')
    for _, key in ipairs(redis.call('KEYS', 'inflight:*')) do n = n + redis.call('LLEN', key) end
    return n" 0
}

drained() { [ "$(waiting)" = 0 ]; }

# wait_for SECONDS COMMAND…: polls
wait_for() {
  local seconds=$1
  shift
  await $((seconds * 1000)) "" "$@" && return
  echo "in vain for $seconds s: $*" >&2
  return 1
}

# long SHORT LONG: how many or how much, for a test that has a long form
long() { [ -n "${PARLEY_TEST_LONG:-}" ] && echo "$2" || echo "$1"; }

# STACK_OUTSIDE=1: not a stack of its own, but the one in containers that test/containers.bats has started
# shellcheck source=test/helpers/outside.bash
[ -z "${STACK_OUTSIDE:-}" ] || . "$stack_root/test/helpers/outside.bash"
