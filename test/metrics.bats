#!/usr/bin/env bats
# slow: web: /metrics: what all programs on the machine did and have open.

load helpers/stack

setup_file() {
  export PARLEY_API_PROCESSES=3 PARLEY_WRITER_PROCESSES=2 PARLEY_WAIT_S=1
  export PARLEY_RETRY_BASE_MS=200 PARLEY_PROMOTE_MS=100 PARLEY_BREAKER_MS=100
  stack_start
  jobs_start 1
  new_application
  new_chat
  export token messages=/applications/$token/chats/$chat/messages
  wait_for 10 drained
}

teardown_file() {
  stack_stop
}

# scrape: the page, read strictly, is in $page
scrape() {
  request GET /metrics
  expect 200
  page=$("$stack_root/test/helpers/metrics.py" <<<"${body%$'\n'}")
}

# value SAMPLE: of $page; 0 where it is missing. (A line each: jq takes long to start.)
value() {
  local line
  line=$(grep -F -m 1 -- "\"${1//\"/\\\"}\": " <<<"$page") || { echo 0 && return; }
  line=${line##*: }
  echo "${line%,}"
}

# rise COMMAND… -- SAMPLE: by how much it does, from before to behind the command
rise() {
  local before command=()
  while [ "$1" != -- ]; do command+=("$1") && shift; done
  scrape
  before=$(value "$2")
  "${command[@]}"
  scrape
  REPLY=$(($(value "$2") - before))
}

# requests_total SERVICE METHOD ROUTE STATUS
requests_total() { echo "http_requests_total{method=\"$2\",route=\"$3\",service=\"$1\",status=\"$4\"}"; }

processed() { echo "jobs_processed_total{class=\"$1\"}"; }

# value_is SAMPLE N
value_is() {
  scrape
  [ "$(value "$1")" = "$2" ]
}

post() { writer POST "$messages" '{"body":"counted"}' && expect 201; }
post_7() { for _ in 1 2 3 4 5 6 7; do post; done; }

many_of_many_kinds() {
  local n
  for n in 1 2 3; do request GET "$messages" && expect 200; done
  for n in 1 2; do request GET "$messages/999999" && expect 404; done
  request HEAD "$messages" && expect 200
  request GET "$messages?limit=0" && expect 400
  for n in 1 2 3 4 5; do post; done
  request POST "$messages" '{"body":"by the full API"}' && expect 201
  writer POST "$messages" '{"body":" "}' && expect 422
  writer GET "/applications/$token" && expect 404
  request GET /nowhere && expect 404
}

# bats test_tags=route:metrics
@test "it is Prometheus' text format 0.0.4, each metric with HELP and TYPE" {
  local name
  request GET /metrics
  expect 200
  same "$(header Content-Type)" 'text/plain; version=0.0.4; charset=utf-8'
  same "$(header Cache-Control)" no-store
  scrape
  for name in 'parley_up{part="redis"}' 'parley_up{part="mysql"}' 'parley_up{part="metrics"}' \
    'queue_depth{queue="default"}' 'queue_depth{queue="counts"}' 'queue_depth{queue="index"}' \
    queue_oldest_age_seconds queue_in_flight queue_retry queue_schedule queue_dead \
    'mysql_connections{state="idle"}' 'mysql_connections{state="in_use"}' \
    'redis_connections{state="idle"}' 'redis_connections{state="in_use"}' \
    'elasticsearch_connections{state="idle"}' 'elasticsearch_connections{state="in_use"}' \
    renumbered_total redis_recoveries_total; do
    [[ $page == *$'\n'"\"${name//\"/\\\"}\": "* ]] || { echo "missing: $name" && false; }
  done
  writer GET /metrics
  expect 404
  request HEAD /metrics
  expect 200
  request POST /metrics '{}'
  expect 405
}

# bats test_tags=route:metrics
@test "requests are counted exactly, by service, method, route and status, over all processes" {
  local before key
  declare -A more=(
    [$(requests_total api GET '/applications/:token/chats/:number/messages' 200)]=3
    [$(requests_total api HEAD '/applications/:token/chats/:number/messages' 200)]=1
    [$(requests_total api GET '/applications/:token/chats/:number/messages' 400)]=1
    [$(requests_total api GET '/applications/:token/chats/:number/messages/:number' 404)]=2
    [$(requests_total api POST '/applications/:token/chats/:number/messages' 201)]=1
    [$(requests_total writer POST '/applications/:token/chats/:number/messages' 201)]=5
    [$(requests_total writer POST '/applications/:token/chats/:number/messages' 422)]=1
    [$(requests_total writer GET none 404)]=1
    [$(requests_total api GET none 404)]=1
    [$(requests_total api GET /metrics 200)]=1
    ['http_request_duration_seconds_count{method="GET",route="/applications/:token/chats/:number/messages",service="api"}']=4
  )
  scrape
  before=$page
  many_of_many_kinds
  scrape
  for key in "${!more[@]}"; do
    same "$key $(($(value "$key") - $(page=$before value "$key")))" "$key ${more[$key]}"
  done
  # and nothing else
  same "$(jq -n --argjson a "$before" --argjson b "$page" '
    [$b, $a | to_entries | map(select(.key | startswith("http_requests_total")) | .value) | add] |
    .[0] - .[1]')" 17
}

@test "latencies are in seconds" {
  local sum='http_request_duration_seconds_sum{method="GET",route="/applications/:token/chats/:number",service="api"}'
  signal mariadb STOP
  request GET "/applications/$token/chats/1" - --max-time 0.5 || true
  signal mariadb CONT
  same "$status" 000
  # as long as it lasted, though nobody was there any more to read the answer
  wait_for 5 is_slow "$sum"
}

is_slow() {
  scrape
  [ "$(jq -n "$(value "$1") > 0.4 and $(value "$1") < 5")" = true ]
}

@test "jobs, batches and stored rows are counted by the job programs" {
  local before key
  scrape
  before=$page
  post_7
  wait_for 10 drained
  scrape
  for key in "$(processed CreateMessageJob)" 'rows_stored_total{table="messages"}'; do
    same $(($(value "$key") - $(page=$before value "$key"))) 7
  done
  for key in "$(processed UpdateChatMessageCountJob)" 'job_batches_total{queue="default"}' \
    'job_batches_total{queue="counts"}'; do
    [ "$(value "$key")" -gt "$(page=$before value "$key")" ]
  done
  db "UPDATE chats SET messages_count = messages_count + 5"
  rise stored_one -- 'counts_corrected_total{class="UpdateChatMessageCountJob"}'
  same "$REPLY" 1
}

stored_one() { post && wait_for 10 drained && wait_for 10 counted; }
counted() { [ "$(db 'SELECT messages_count = messages_stored FROM chats')" = 1 ]; }

# bats test_tags=route:metrics
@test "what waits is counted by queue, with its age, and what failed is in retry and dead" {
  jobs_stop
  post_7
  redis ZADD retry 99999999999 a 99999999999 b
  redis ZADD schedule 99999999999 a
  redis ZADD dead 1 c
  redis LMOVE queue:default inflight:default:elsewhere:1 RIGHT LEFT
  redis SADD inflight inflight:default:elsewhere:1
  scrape
  same "$(value 'queue_depth{queue="default"}') $(value queue_in_flight)" '6 1'
  same "$(value queue_retry) $(value queue_schedule) $(value queue_dead)" '2 1 1'
  same "$(jq -n "$(value queue_oldest_age_seconds) > 0")" true
  redis LMOVE inflight:default:elsewhere:1 queue:default LEFT RIGHT
  redis ZREM retry a b && redis ZREM schedule a && redis ZREM dead c
  jobs_start 1
  wait_for 10 drained
}

# bats test_tags=route:metrics
@test "a message that gets a new number counts as renumbered, its job as failed and as processed" {
  local id
  jobs_stop
  id=$(db 'SELECT MAX(id) FROM chats')
  post
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
      VALUES ($id, $(json .number), UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), 'another')"
  rise settle_it -- renumbered_total
  same "$REPLY" 1
  same "$(value 'jobs_failed_total{class="CreateMessageJob"}')" 1
}

settle_it() { jobs_start 1 && wait_for 20 is_settled; }
is_settled() { drained && [ "$(redis ZCARD retry)" = 0 ] && [ "$(db "SELECT COUNT(*) FROM messages WHERE body = 'another'")" = 1 ]; }

# bats test_tags=route:metrics
@test "each process has its connections, idle while nothing is asked of it" {
  local idle
  wait_for 10 drained
  # 3 and 2 processes, persist, recount and schedule
  scrape
  same "$(value 'processes{program="api",state="idle"}') $(value 'processes{program="api",state="busy"}')" '2 1'
  same "$(value 'processes{program="writer",state="idle"}')" 2
  same "$(value 'processes{program="persist",state="idle"}')" 1
  # the one that is asked uses both of its own
  same "$(value 'redis_connections{state="in_use"}') $(value 'mysql_connections{state="in_use"}')" '1 1'
  # how many others have one depends on which processes were asked so far; those that were have
  idle=$(value 'redis_connections{state="idle"}')
  [ "$idle" -ge 3 ] && [ "$idle" -le 7 ]
}

@test "a program of which nothing runs has no processes, and how many there should be is told" {
  scrape
  same "$(grep -c '"processes{program=..purge.*: 0' <<<"$page")" 2
  same "$(value 'processes_wanted{program="purge"}') $(value 'processes_wanted{program="api"}')" '1 3'
  # without an Elasticsearch nobody misses its indexer
  same "$(grep -c 'program=..index' <<<"$page")" 0
}

@test "connections that MySQL and Redis have, and how many they allow, are told, and what Redis has in memory" {
  local before
  mariadb_root "$PARLEY_VAR" -e "SET GLOBAL max_connections = 321;
    ALTER USER parley@localhost WITH MAX_USER_CONNECTIONS 123"
  redis CONFIG SET maxclients 234 maxmemory 500mb >/dev/null
  stop api && start api
  scrape
  same "$(value 'server_connections_limit{server="mysql"}') $(value 'server_connections_limit{server="redis"}')" '321 234'
  same "$(value 'server_connections_limit{server="mysql_account"}') $(value redis_memory_limit_bytes)" '123 524288000'
  [ "$(value redis_memory_bytes)" -gt 500000 ]
  before=$(value 'server_connections{server="mysql"}')
  mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=root -e 'DO SLEEP(60)' 3>&- &
  wait_for 5 has_more "$before"
  same "$(value 'server_connections{server="mysql_account"}')" \
    $(($(value 'mysql_connections{state="idle"}') + $(value 'mysql_connections{state="in_use"}')))
  kill %%
  mariadb_root "$PARLEY_VAR" -e "SET GLOBAL max_connections = 1000; ALTER USER parley@localhost WITH MAX_USER_CONNECTIONS 0"
  redis CONFIG SET maxclients 10000 maxmemory 0 >/dev/null
}

has_more() {
  scrape
  [ "$(value 'server_connections{server="mysql"}')" = $(($1 + 1)) ]
}

@test "a request that is worked on has its connections in use" {
  signal mariadb STOP
  curl -s -o /dev/null --max-time 10 "$API$messages" &
  wait_for 5 busy_slots 1
  signal mariadb CONT
  wait
  wait_for 5 value_is 'processes{program="api",state="busy"}' 1
  wait_for 5 value_is 'mysql_connections{state="in_use"}' 1
}

# busy_slots N: while MySQL hangs, /metrics itself waits for it: look into the file
busy_slots() {
  [ "$(slot_states api | awk '$1 == 2 && $4 == 2' | wc -l)" -ge "$1" ]
}

# slot_states PROGRAM: MySQL, Redis, Elasticsearch and the process, per slot that it ever had
slot_states() {
  /usr/bin/python3 - "$PARLEY_VAR/run/metrics" "$1" <<'PY'
import sys
data = open(sys.argv[1], 'rb').read()
slots = data[len(data) - 2048 * 64:]
for i in range(2048):
    slot = slots[64 * i:64 * i + 64]
    if slot[:24].split(b'\0')[0].decode() == sys.argv[2]:
        print(*slot[24:28])
PY
}

@test "a program that is killed has no connections and no processes; its counts stay" {
  local before
  wait_for 10 drained
  scrape
  before=$(value "$(requests_total writer POST '/applications/:token/chats/:number/messages' 201)")
  [ "$before" -ge 5 ]
  kill_9 writer
  kill_9 persist-1
  scrape
  same "$(value 'processes{program="writer",state="idle"}')" 0
  same "$(value 'processes{program="writer",state="busy"}')" 0
  same "$(value 'processes{program="persist",state="idle"}')" 0
  # three of api, recount and schedule: no more than five connections are left
  [ $(($(value 'redis_connections{state="idle"}') + $(value 'redis_connections{state="in_use"}'))) -le 5 ]
  start writer
  start persist-1
  post
  scrape
  same "$(value "$(requests_total writer POST '/applications/:token/chats/:number/messages' 201)")" \
    $((before + 1))
  same $(($(value 'processes{program="writer",state="idle"}') +
    $(value 'processes{program="writer",state="busy"}'))) 2
}

@test "killed in the middle of a request: nothing is left in use" {
  local pid
  signal mariadb STOP
  curl -s -o /dev/null --max-time 10 "$API$messages" &
  wait_for 5 busy_slots 1
  for pid in $(children_of api); do kill -KILL "$pid"; done
  signal mariadb CONT
  wait
  wait_for 10 value_is 'processes{program="api",state="busy"}' 1
  wait_for 10 value_is 'mysql_connections{state="in_use"}' 1
}

@test "counts go on over a restart of all programs" {
  local before
  scrape
  before=$(value "$(requests_total api GET /metrics 200)")
  stop api && stop writer && jobs_stop
  start api && start writer && jobs_start 1
  scrape
  [ "$(value "$(requests_total api GET /metrics 200)")" -gt "$before" ]
  wait_for 10 value_is 'processes{program="schedule",state="idle"}' 1
}

@test "with Redis down the page is there, says so and leaves out what waits" {
  stop redis
  scrape
  same "$(value 'parley_up{part="redis"}') $(value 'parley_up{part="mysql"}')" '0 1'
  same "$(jq 'keys | map(select(startswith("queue_"))) | length' <<<"$page")" 0
  same "$(jq 'has("renumbered_total")' <<<"$page")" true
  start redis
  wait_for 20 value_is 'parley_up{part="redis"}' 1
}

@test "with MySQL down the page is there and says so" {
  stop mariadb
  scrape
  same "$(value 'parley_up{part="redis"}') $(value 'parley_up{part="mysql"}')" '1 0'
  start mariadb
  wait_for 20 value_is 'parley_up{part="mysql"}' 1
}

@test "without a file the programs work, say so once, and the page has the rest" {
  stop writer
  stop api
  mv "$PARLEY_VAR/run/metrics" "$PARLEY_VAR/tmp/"
  mkdir "$PARLEY_VAR/run/metrics"
  start api
  start writer
  post
  scrape
  same "$(value 'parley_up{part="metrics"}') $(value 'parley_up{part="redis"}')" '0 1'
  same "$(jq 'has("queue_dead") and (has("renumbered_total") | not)' <<<"$page")" true
  same "$(log_count api 'no metrics') $(log_count writer 'no metrics')" '1 1'
  stop writer
  stop api
  rmdir "$PARLEY_VAR/run/metrics"
  mv "$PARLEY_VAR/tmp/metrics" "$PARLEY_VAR/run/"
  start api
  start writer
  scrape
  same "$(value 'parley_up{part="metrics"}')" 1
}

@test "a file of another layout is replaced, and counting begins anew" {
  stop writer
  stop api
  jobs_stop
  printf 'another layout' | dd of="$PARLEY_VAR/run/metrics" conv=notrunc bs=1 seek=16 status=none
  start api
  start writer
  post
  scrape
  same "$(value "$(requests_total writer POST '/applications/:token/chats/:number/messages' 201)")" 1
  jobs_start 1
  wait_for 10 drained
}

# bats test_tags=admin:secret
@test "no token stands in it, nor in its file, whatever was asked" {
  request GET "/applications/$token/nowhere"
  expect 404
  request GET "/applications/${token}x"
  expect 404
  request DELETE "/applications/$token/chats/1/none"
  expect 404
  request GET /metrics
  if grep -qE '[0-9a-f]{32}' <<<"$body"; then false; fi
  same "$(grep -ac "$token" "$PARLEY_VAR/run/metrics")" 0
}
