#!/usr/bin/env bats
# slow: web: Health, and what still works while a part is down.

load helpers/stack

setup_file() {
  export PARLEY_BREAKER_MS=100 PARLEY_WAIT_S=1
  stack_start
  jobs_start 1
  new_application
  new_chat
  export token messages=/applications/$token/chats/$chat/messages
  request POST "$messages" '{"body":"first"}'
  expect 201
  wait_for 10 drained
}

teardown_file() {
  stack_stop
}

# status_of PART
status_of() { json ".services.$1.status"; }

# all_well: both services say so again, without having been restarted
all_well() { is_healthy "$API" && is_healthy "$WRITER"; }

is_stored() {
  request GET "$1"
  [ "$status" = 200 ]
}

depth_is() {
  request GET /health
  [ "$(json .queue.depth)" = "$1" ]
}

# bats test_tags=route:health
@test "all parts are ok, on both services" {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" GET /health
    expect 200
    same "$(header Content-Type)" application/json
    same "$(json 'keys_unsorted | join(",")')" status,services,queue
    same "$(json .status)" healthy
    same "$(json '.services | keys | join(",")')" elasticsearch,mysql,redis
    same "$(status_of mysql) $(status_of redis) $(status_of elasticsearch)" 'ok ok disabled'
    same "$(json '[.services.mysql, .services.redis | .latency_ms | type] | join(" ")')" 'number number'
    same "$(json '.services.elasticsearch | has("latency_ms")')" false
    same "$(json -c '.services.redis | del(.latency_ms)')" '{"status":"ok","appendonly":"yes",'\
'"appendfsync":"always","maxmemory_policy":"noeviction","role":"master","connected_replicas":0,'\
'"aof_last_write_status":"ok","durability":"always","warnings":[]}'
    same "$(json -c .queue)" "$(json '.queue | {depth, oldest_age_s, retry, dead}' -c)"
    same "$(json '.queue | [.depth, .retry, .dead] | join(" ")')" '0 0 0'
  done
}

# ready URL STATUS WORD, answered in bounded time
ready() {
  ask "$1" GET /health/ready - --max-time 5
  expect "$2"
  same "$(header Content-Type) $body" "application/json {\"status\":\"$3\"}"
}

# becomes_ready URL
becomes_ready() { ready "$1" 200 ready 2>/dev/null; }

live() {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" GET /health/live - --max-time 1
    expect 200
    same "$body" '{"status":"live"}'
  done
}

# bats test_tags=route:live-ready
@test "live and ready are 200 on both services, with HEAD too, and nothing else is below" {
  local url
  live
  for url in "$API" "$WRITER"; do
    ready "$url" 200 ready
    ask "$url" HEAD /health/ready
    expect 200
    same "$(header Content-Length)" 18
    ask "$url" HEAD /health/live
    expect 200
    ask "$url" POST /health/live '{}'
    expect 405
    ask "$url" GET /health/dead
    expect 404
    same "$(json .type)" /problems/not-found
  done
}

# bats test_tags=route:live-ready
@test "without Redis the writer is not ready, the full API is; both live" {
  stop redis
  ready "$WRITER" 503 'not ready'
  ready "$API" 200 ready
  live
  start redis
  wait_for 20 becomes_ready "$WRITER"
  signal redis STOP
  ready "$WRITER" 503 'not ready'
  ready "$API" 200 ready
  live
  signal redis CONT
  wait_for 20 becomes_ready "$WRITER"
}

# bats test_tags=route:live-ready
@test "without MySQL both are ready, and without both the full API is not" {
  stop mariadb
  ready "$WRITER" 200 ready
  ready "$API" 200 ready
  stop redis
  ready "$API" 503 'not ready'
  ready "$WRITER" 503 'not ready'
  live
  start redis
  wait_for 20 becomes_ready "$API"
  wait_for 20 becomes_ready "$WRITER"
  start mariadb
  wait_for 20 all_well
}

# bats test_tags=route:health
@test "with MySQL and Redis hanging the answer comes in bounded time" {
  signal mariadb STOP
  signal redis STOP
  ready "$API" 503 'not ready'
  ready "$WRITER" 503 'not ready'
  live
  signal mariadb CONT
  signal redis CONT
  wait_for 20 becomes_ready "$API"
  wait_for 20 becomes_ready "$WRITER"
  wait_for 20 all_well
}

# in_force SETTING VALUE WORD WARNING: what /health says of Redis with that setting, which is then set back.
# WARNING: how the only one begins; - is none
in_force() {
  local before
  before=$(redis --raw CONFIG GET "$1" | tail -n 1)
  redis CONFIG SET "$1" "$2" >/dev/null
  request GET /health
  redis CONFIG SET "$1" "$before" >/dev/null
  expect 200
  same "$(json .services.redis.durability)" "$3"
  same "$(json '.services.redis.warnings | map(split(": ")[0]) | join(",")')" "${4#-}"
}

rewritten() { redis INFO persistence | grep -q '^aof_rewrite_in_progress:0'; }

# bats test_tags=route:health
@test "what is in force of Redis' durability is told, with a warning where it may lose something" {
  in_force appendfsync everysec everysec 'appendfsync is everysec'
  same "$(json .services.redis.appendfsync)" everysec
  in_force appendfsync no none 'appendfsync is no'
  in_force no-appendfsync-on-rewrite yes always 'no-appendfsync-on-rewrite is yes'
  in_force maxmemory-policy allkeys-lru always 'maxmemory-policy is allkeys-lru'
  same "$(json .services.redis.maxmemory_policy)" allkeys-lru
  in_force min-replicas-to-write 1 always -
  same "$(json .services.redis.min_replicas_to_write)" 1
  in_force appendonly no none 'appendonly is no'
  same "$(json .services.redis.appendonly)" no
  wait_for 20 rewritten
  redis REPLICAOF 127.0.0.1 1 >/dev/null
  request GET /health
  redis REPLICAOF NO ONE >/dev/null
  same "$(json '.services.redis | .role, .warnings[0]')" \
    $'replica\nrole is replica: this server takes no writes, its master does'
  in_force appendfsync always always -
}

# bats test_tags=route:health
@test "a Redis that refuses CONFIG is no error: what it does not tell is left out, and said to be unknown" {
  redis ACL SETUSER default -config >/dev/null
  request GET /health
  redis ACL SETUSER default +@all >/dev/null
  expect 200
  same "$(json '.services.redis | [.status, has("appendfsync"), .appendonly, .durability, (.warnings | length)] | map(tostring) | join(" ")')" \
    'ok false yes unknown 1'
}

# as in redis.conf: NAME VALUE
recommended() {
  sed -n '/^## Redis configuration/,/^| setting/p' "$stack_root/doc/queues.md" |
    sed -n '/^```/,/^```/p' | grep -v '^```'
}

@test "the Redis that is started here is configured as doc/queues.md tells others to do it" {
  local name value
  same "$(recommended | wc -l)" 10
  while read -r name value; do
    value=${value/64mb/67108864}
    same "$name $(redis --raw CONFIG GET "$name" | sed -n 2p)" "$name ${value//\"/}"
  done < <(recommended)
}

warned() { log_count "$1" 'redis may lose or refuse writes'; }

@test "a program that starts against a Redis that may lose what it acknowledges says so once, and starts" {
  local name
  stop writer
  jobs_stop
  rm -f "$PARLEY_VAR"/log/{writer,persist-1,persist-2,recount,schedule}.log
  redis CONFIG SET appendfsync everysec >/dev/null
  redis CONFIG SET maxmemory-policy volatile-lru >/dev/null
  start writer
  jobs_start 2
  writer POST "$messages" '{"body":"all the same"}'
  expect 201
  wait_for 10 is_stored "$(header Location)"
  stop writer # so that each of its processes had the time to say it too
  jobs_stop
  for name in writer persist-1 persist-2 recount schedule; do
    same "$name $(warned "$name")" "$name 1"
    log_has "$name" 'level=warn .*durability=everysec because="appendfsync is everysec: .*; maxmemory-policy is volatile-lru: '
  done
  redis CONFIG SET appendfsync always >/dev/null
  redis CONFIG SET maxmemory-policy noeviction >/dev/null
  start writer
  jobs_start 1
  same "$(warned writer) $(warned persist-1)" '1 1'
}

@test "a program that starts without Redis, or with one that hangs, says nothing of that and starts" {
  stop writer
  rm "$PARLEY_VAR/log/writer.log"
  stop redis
  start writer
  writer GET /health
  expect 503
  stop writer
  start redis
  signal redis STOP
  start writer
  writer GET /health/live
  expect 200
  signal redis CONT
  wait_for 20 all_well
  same "$(warned writer)" 0
}

# bats test_tags=route:health
@test "the queue's depth counts what is queued and in flight, its age the oldest job" {
  local n age
  jobs_stop
  for n in 1 2 3; do
    writer POST "$messages" '{"body":"waits"}'
    expect 201
  done
  writer GET /health
  expect 200
  same "$(json .queue.depth)" 3
  age=$(json .queue.oldest_age_s)
  [[ $age =~ ^[0-9]+(\.[0-9]+)?$ ]]
  # one of them taken by a worker
  redis LMOVE queue:default inflight:default:elsewhere:1 RIGHT LEFT
  redis SADD inflight inflight:default:elsewhere:1
  depth_is 3
  redis LMOVE inflight:default:elsewhere:1 queue:default LEFT RIGHT
  request GET /health
  same "$(json ".queue.oldest_age_s >= $age")" true
  redis ZADD retry 99999999999 a 99999999999 b
  redis ZADD dead 1 c
  request GET /health
  same "$(json '.queue | [.retry, .dead] | join(" ")')" '2 1'
  redis ZREM retry a b
  redis ZREM dead c
  jobs_start 1
  wait_for 10 depth_is 0
}

# bats test_tags=route:health,down:redis,error:503
@test "with Redis stopped it is 503 and named; writes are 503, reads go on, and all recovers by itself" {
  local url
  stop redis
  for url in "$API" "$WRITER"; do
    ask "$url" GET /health
    expect 503
    same "$(json .status)" unhealthy
    same "$(status_of redis) $(status_of mysql)" 'down ok'
    same "$(json '.queue | [.depth, .oldest_age_s, .retry, .dead] | map(tostring) | join(" ")')" \
      'null null null null'
    ask "$url" POST "$messages" '{"body":"lost"}'
    expect 503
    same "$(header Content-Type)" application/problem+json
    same "$(json .title)" 'Sequential numbering unavailable'
    [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
    ask "$url" POST "/applications/$token/chats"
    expect 503
    [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
  done
  request POST /applications '{"name":"x"}'
  expect 503
  same "$(json .title)" 'Sequential numbering unavailable'
  for url in /applications "/applications/$token" "/applications/$token/chats" \
    "/applications/$token/chats/1" "$messages" "$messages/1"; do
    request GET "$url"
    expect 200
  done
  start redis
  wait_for 20 all_well
  writer POST "$messages" '{"body":"again"}'
  expect 201
  wait_for 20 is_stored "$(header Location)"
}

# bats test_tags=down:redis
@test "with Redis hanging writes are 503 within a second, reads go on, and all recovers by itself" {
  local url n
  signal redis STOP
  for url in "$API" "$WRITER"; do
    for n in 1 2; do
      ask "$url" POST "$messages" '{"body":"lost?"}' -w '%{stderr}%{time_total}\n%{stdout}%{http_code}'
      expect 503
      [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
      same "$(jq -n "$(tail -n 1 "$BATS_TEST_TMPDIR/error") < 1")" true
    done
    ask "$url" GET /health
    expect 503
    same "$(status_of redis) $(status_of mysql)" 'down ok'
  done
  request GET "$messages/1"
  expect 200
  signal redis CONT
  wait_for 20 all_well
  writer POST "$messages" '{"body":"again"}'
  expect 201
  wait_for 20 is_stored "$(header Location)"
}

# bats test_tags=route:health,down:mysql
@test "with MySQL stopped it is 503 and named; known chats still get messages, stored when it is back" {
  local url locations=()
  stop mariadb
  for url in "$API" "$WRITER"; do
    ask "$url" GET /health
    expect 503
    same "$(json .status)" unhealthy
    same "$(status_of mysql) $(status_of redis)" 'down ok'
    same "$(json '.queue.depth | type')" number
    ask "$url" POST "$messages" '{"body":"meanwhile"}'
    expect 201
    locations+=("$(header Location)")
    ask "$url" POST "/applications/$token/chats"
    expect 201
    locations+=("$(header Location)")
    ask "$url" POST "${locations[-1]}/messages" '{"body":"in a chat that MySQL does not know"}'
    expect 201
    locations+=("$(header Location)")
  done
  request GET "$messages/1"
  expect 503
  same "$(json .type)" /problems/database-unavailable
  [[ $(header Retry-After) =~ ^[1-9][0-9]*$ ]]
  request POST /applications '{"name":"x"}'
  expect 503
  start mariadb
  wait_for 20 all_well
  for url in "${locations[@]}"; do wait_for 20 is_stored "$url"; done
}

# bats test_tags=down:mysql
@test "with MySQL hanging writes to known chats are 201, and what waits is bounded" {
  signal mariadb STOP
  writer POST "$messages" '{"body":"meanwhile"}'
  expect 201
  local location
  location=$(header Location)
  request GET /health
  expect 503
  same "$(status_of mysql) $(status_of redis)" 'down ok'
  request GET "$messages/1"
  expect 503
  signal mariadb CONT
  wait_for 20 all_well
  wait_for 20 is_stored "$location"
}

# bats test_tags=route:health
@test "an Elasticsearch that is configured and does not answer is down and counts" {
  stop writer
  ELASTICSEARCH_URL=http://127.0.0.1:1 start writer
  writer GET /health
  expect 503
  same "$(json .status) $(status_of elasticsearch) $(status_of mysql) $(status_of redis)" \
    'unhealthy down ok ok'
  stop writer
  start writer
  writer GET /health
  expect 200
}

# bats test_tags=admin:secret
@test "logs show no whole token, whatever was away" {
  same "$(grep -ral -- "$token" "$PARLEY_VAR/log")" ''
}
