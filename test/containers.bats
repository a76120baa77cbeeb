#!/usr/bin/env bats
# hand: compose.yaml on an engine of the test's own: minutes, root, two gigabytes of disk and three of memory.
#
# The images of Redis, MySQL, Elasticsearch and nginx are stand-ins (helpers/containers.bash), all else is as a user has it.

bats_require_minimum_version 1.5.0

load helpers/stack
load helpers/load
load helpers/containers

services='mysql redis elasticsearch jobs api writer frontend'

setup_file() {
  # of the tree's programs only the load generator is used
  export PARLEY_VAR=$BATS_FILE_TMPDIR PARLEY_BUILD=$stack_root/build
  mkdir "$PARLEY_VAR"/{tmp,pids,log}
  engine_start
  export OUTSIDE_PROJECT=$COMPOSE_PROJECT_NAME OUTSIDE_KEY=$PARLEY_VAR/key
  make -s -C "$stack_root" build/test/load
  images_make
  pick_ports
}

teardown_file() {
  engine_stop
}

# bats runs this file anew for each test
setup() {
  # shellcheck source=test/helpers/outside.bash disable=SC1091
  . "$stack_root/test/helpers/outside.bash"
}

# with_key: as stack.bash's words want it from now on
with_key() {
  (umask 077 && compose run --rm -T setup key >"$OUTSIDE_KEY" 2>/dev/null)
  [ "$(wc -c <"$OUTSIDE_KEY")" = 49 ]
  outside_options
}

# --- one container ----------------------------------------------------------------------------------------

# bats test_tags=admin:container
@test "a service without an admin key refuses to listen on more than loopback, in one line" {
  local name
  for name in api writer; do
    run -1 docker run --rm --network none parley "$name"
    same "${#lines[@]}" 1
    [[ $output == *PARLEY_ADMIN_KEY*PARLEY_OPEN=1* ]]
  done
}

@test "with PARLEY_OPEN=1 it listens on all, and without either on loopback; a stop ends it with status 0" {
  local id
  for name in PARLEY_OPEN=1 BIND=127.0.0.1; do
    id=$(docker run --detach --read-only --tmpfs /var/lib/parley:uid=10001,mode=700 --network none -e "$name" \
      --entrypoint /usr/local/lib/parley/entry parley api)
    wait_for 20 docker exec "$id" curl -fsS http://127.0.0.1:3000/health/live
    docker stop --time 30 "$id"
    same "$(docker inspect -f '{{.State.ExitCode}}' "$id")" 0
    docker rm "$id"
  done
}

@test "the image runs every program" {
  run -0 docker run --rm --network none parley queue --help
  run -0 docker run --rm --network none parley persist --help
  run -2 docker run --rm --network none parley nothing
}

@test "compose builds both images by itself" {
  # nothing of it is done again: a secret is no part of what a step is known by
  run -0 compose build
  [[ $output == *CACHED* ]]
}

# --- all ------------------------------------------------------------------------------------------------

# happened ACTION SERVICE: when first, in ns
happened() {
  awk -v action="$1" -v name="$(container_of "$2")" '$2 == action && $3 == name { print $1; exit }' "$PARLEY_VAR/events"
}

# after SERVICE ACTION SERVICE…: it was started after that had come of each
after() {
  local service=$1 action=$2 name
  shift 2
  for name; do
    [ "$(happened start "$service")" -gt "$(happened "$action" "$name")" ] ||
      { echo "$service was started before $action of $name" >&2; return 1; }
  done
}

@test "one command starts seven services, each when those it needs are healthy" {
  local since service
  since=$(date +%s)
  compose up --detach
  wait_for 60 is_well_of frontend
  docker events --since "$since" --until "$(date +%s)" --filter type=container \
    --format '{{.TimeNano}} {{.Action}} {{.Actor.Attributes.name}}' | sed 's/health_status: //' >"$PARLEY_VAR/events"
  for service in $services; do
    same "$(inspect "$service" '{{.State.Health.Status}} {{.RestartCount}}')" 'healthy 0'
  done
  same "$(inspect setup '{{.State.Status}} {{.State.ExitCode}}')" 'exited 0'
  after mysql die setup
  after jobs healthy mysql redis elasticsearch
  after api healthy jobs
  after writer healthy jobs
  after frontend healthy api writer
}

is_well_of() { [ "$(inspect "$1" '{{.State.Health.Status}}')" = healthy ]; }

@test "only the three ports are published, on loopback" {
  same "$(docker ps --format '{{.Ports}}' | grep -oE '[0-9.:]+->' | sort)" \
    "$(printf '127.0.0.1:%s->\n' "$API_PORT" "$WRITER_PORT" "$WEB_PORT" | sort)"
}

@test "the key was generated, is asked for, and stands in no command line and no log" {
  local key
  request POST /applications '{"name":"x"}'
  expect 401
  with_key
  new_application
  key=$(<"$OUTSIDE_KEY")
  same "$(grep -alF -- "$key" /proc/[0-9]*/cmdline 2>/dev/null)" ''
  compose logs --no-color >"$PARLEY_VAR/tmp/logs"
  same "$(grep -cF -- "$key" "$PARLEY_VAR/tmp/logs")" 0
  same "$(docker ps -aq | xargs docker inspect | grep -cF -- "$key")" 0
}

@test "no process is root's, none has a capability, and nobody can write to the root" {
  local service pid
  for service in $services; do
    for pid in $(docker top "$(container_of "$service")" -eo pid | tail -n +2); do
      same "$(awk '/^Uid:/ { n += $2 * $3 * $4 * $5 == 0 } /^Cap(Prm|Eff):/ { n += $2 != 0 } /^NoNewPrivs:/ { n += !$2 }
                   END { print n + 0 }' "/proc/$pid/status")" 0
    done
    run docker exec "$(container_of "$service")" touch /written
    [ "$status" != 0 ]
    [ "$service" != elasticsearch ] || continue
    # not even root
    run docker exec --user 0 "$(container_of "$service")" touch /written
    [[ $output == *'Read-only file system'* ]]
  done
}

@test "the page is there, and names both services" {
  run -0 curl -fsS "http://127.0.0.1:$WEB_PORT/"
  [[ $output == *'<script'* ]]
  run -0 curl -fsS "http://127.0.0.1:$WEB_PORT/config.json"
  same "$output" "{\"api\":\":$API_PORT\",\"writer\":\":$WRITER_PORT\"}"
  request OPTIONS /applications - -H "Origin: http://127.0.0.1:$WEB_PORT" -H 'Access-Control-Request-Method: POST'
  same "$(header Access-Control-Allow-Origin)" "http://127.0.0.1:$WEB_PORT"
}

found_by_elasticsearch() {
  request GET "/applications/$token/chats/$chat/messages/search?q=ell"
  [ "$status $(header X-Search-Source) $(json '[.[].number] | join(" ")')" = '200 elasticsearch 1' ]
}

@test "what the writer took is stored, searched by Elasticsearch, and counted by the metrics of the API" {
  with_key
  new_application
  new_chat
  writer POST "/applications/$token/chats/$chat/messages" '{"body":"Hello"}'
  expect 201
  wait_for 30 found_by_elasticsearch
  request GET /metrics
  expect 200
  [[ $body == *'service="writer"'* && $body == *'processes{program="persist"'* ]]
}

@test "the tests of the contract pass from outside" {
  local file name folder=$BATS_TEST_TMPDIR
  with_key
  for file in applications messages chats lists reading errors; do
    # (what bats exports for this run is not for that one)
    (
      for name in $(compgen -e BATS_) PARLEY_VAR; do unset "$name"; done
      export STACK_OUTSIDE=1 TMPDIR=$folder
      exec bats --tap --filter-tags '!own-stack' "$stack_root/test/$file.bats"
    ) >"$folder/$file.log" 2>&1 ||
      { cat "$folder/$file.log"; return 1; }
    same "$(grep -ciE '^not ok|# skip' "$folder/$file.log")" 0
    tell "$file: $(grep -c '^ok ' "$folder/$file.log") passed"
  done
}

# --- what fails -------------------------------------------------------------------------------------------

# acknowledged N LOG…: so many requests have been, in each
acknowledged() {
  local log n=$1
  shift
  for log; do [ "$(awk -F '\t' '$3 == 201' "$log" | wc -l)" -ge "$n" ] || return; done
}

# Both services are written to for so long that the service is back before the end.
killed_under_load() {
  local service=$1 pid log=$PARLEY_VAR/tmp/$1
  pid=$(main_pid "$service")
  for name in api writer; do : >"$log-$name.log"; done
  blast_start "$service-api" --clients 8 --rate 150 --for 15 --retry --log "$log-api.log" "$(messages "$API")"
  blast_start "$service-writer" --clients 8 --rate 150 --for 15 --retry --log "$log-writer.log" "$(messages "$WRITER")"
  wait_for 15 acknowledged 200 "$log-api.log" "$log-writer.log"
  kill -KILL "$pid"
  wait_for 60 healthy_again "$service" "$pid"
  blast_end "$service-api" 60
  blast_end "$service-writer" 60
}

@test "a service that is killed comes back, and nothing that was acknowledged is lost or stored twice" {
  local service logs=()
  with_key
  new_application
  new_chat
  for service in $services; do
    killed_under_load "$service"
    logs+=("$PARLEY_VAR/tmp/$service-api.log" "$PARLEY_VAR/tmp/$service-writer.log")
    [ "$(inspect "$service" '{{.RestartCount}}')" -ge 1 ]
    tell "$service was killed"
  done
  kept 120 "${logs[@]}"
  [ "$(checked_figure .acknowledged)" -gt 0 ]
  wait_for 60 all_told
}

all_told() { [ "$(db 'SELECT COUNT(*) FROM message_changes')" = 0 ]; }

all_work() {
  [[ $(docker exec "$(container_of jobs)" parley queue status) == *'persist 5 of 5, recount 1 of 1, schedule 1 of 1, purge 1 of 1, index 1 of 1'* ]]
}

@test "cron starts a job program that was killed within a minute, and the container goes on" {
  local before
  wait_for 60 all_work
  before=$(main_pid jobs)
  docker exec "$(container_of jobs)" bash -c 'kill -KILL $(cat slots/persist-1.lock) $(cat slots/schedule-1.lock)'
  run ! all_work
  wait_for 70 all_work
  same "$(main_pid jobs)" "$before"
}

@test "a stop answers who is in work, and ends with status 0; no zombie is left meanwhile" {
  local service asked
  with_key
  new_application
  same "$(for service in api writer jobs; do docker top "$(container_of "$service")" -eo stat; done | grep -c '^Z')" 0
  # MySQL hangs, so the request is in work until the program gives up
  signal mariadb STOP
  curl -s -o /dev/null -w '%{http_code}' --max-time 20 "$API/applications/$token/chats" >"$BATS_TEST_TMPDIR/status" &
  asked=$!
  wait_for 10 in_work
  docker stop "$(container_of api)"
  signal mariadb CONT
  wait "$asked"
  same "$(<"$BATS_TEST_TMPDIR/status")" 503
  for service in writer jobs frontend redis mysql; do docker stop "$(container_of "$service")"; done
  for service in api writer jobs frontend redis mysql; do
    same "$service $(inspect "$service" '{{.State.ExitCode}}')" "$service 0"
  done
}

in_work() { [ -n "$(ss -Htn state established "dport = :$API_PORT")" ]; }

allowed() {
  request OPTIONS /applications - -H "Origin: $1" -H 'Access-Control-Request-Method: POST'
  [ "$(header Access-Control-Allow-Origin)" = "$1" ]
}

@test "a HUP has a service read its settings anew, and fails no request" {
  local before
  compose up --detach
  before=$(main_pid api)
  with_key
  new_application
  new_chat
  blast_start hup --clients 4 --rate 200 --for 10 --strict --log "$PARLEY_VAR/tmp/hup.log" "$(messages "$API")"
  wait_for 10 acknowledged 100 "$PARLEY_VAR/tmp/hup.log"
  compose run --rm -T --entrypoint bash setup -c 'echo PARLEY_CORS_ORIGINS=https://chat.example >>/etc/parley/parley.conf'
  run ! allowed https://chat.example
  compose exec -T api bash -c 'kill -HUP 1'
  wait_for 20 allowed https://chat.example
  blast_end hup 30
  same "$(figure .failed)" 0
  same "$(main_pid api)" "$before"
}

@test "a client that holds a service up is ended, and the service goes on" {
  local before pid
  before=$(main_pid writer)
  # a byte of a request now and then, for ever; it ends when it is told that nobody listens any more
  spawn "$PARLEY_VAR/tmp/held.log" bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "POST / HTTP/1.1\r\nX: " >&3
    while printf x >&3; do sleep 0.5; done &
    cat <&3
    kill $!' held "$WRITER_PORT"
  pid=$REPLY
  wait_for 90 group_gone "$pid"
  writer GET /health/ready
  expect 200
  same "$(main_pid writer)" "$before"
  compose logs --no-color writer >"$PARLEY_VAR/tmp/writer"
  grep -q 'shed: 1 connections' "$PARLEY_VAR/tmp/writer"
}

@test "down and up keep the data and the key" {
  local before
  compose up --detach
  with_key
  cp "$OUTSIDE_KEY" "$PARLEY_VAR/key-before"
  new_application kept
  new_chat
  writer POST "/applications/$token/chats/$chat/messages" '{"body":"kept"}'
  expect 201
  request GET "/applications/$token/chats/$chat/messages"
  before=$body
  compose down
  same "$(docker ps -aq)" ''
  compose up --detach
  with_key
  cmp "$OUTSIDE_KEY" "$PARLEY_VAR/key-before"
  request GET "/applications/$token/chats/$chat/messages"
  expect 200
  same "$body" "$before"
}
