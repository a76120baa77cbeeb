#!/usr/bin/env bats
# The job programs: payloads, redelivery, retries, death, counts, leases, migrations.

load helpers/stack

setup_file() {
  export PARLEY_RETRY_BASE_MS=300 PARLEY_PROMOTE_MS=50 PARLEY_REAP_MS=100 PARLEY_LEASE_MS=20000
  export PARLEY_BATCH_TIMEOUT_MS=15000 PARLEY_WAIT_S=1 PARLEY_NODE=here PARLEY_WORKERS=2
  stack_start
}

teardown_file() {
  stack_stop
}

# Each test has a chat of its own, and starts what it needs: no job program runs.
setup() {
  redis EVAL "for _, key in ipairs(redis.call('KEYS', 'pending:*')) do redis.call('DEL', key) end" 0
  redis DEL retry schedule dead queue:default queue:counts queue:index queue:unclaimed \
    suspects:default
  new_application
  app=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  new_chat
  chat_id=$((app << 32 | chat))
  path=/applications/$token/chats/$chat
}

teardown() { jobs_stop; }

push() { redis LPUSH queue:default "$1" >/dev/null; }
# take: the next number of the test's chat, as another producer takes it, in $number
take() { number=$(redis INCR "chat:$chat_id:message_counter") && redis INCR queue_seq >/dev/null; }
len() { redis LLEN "queue:$1"; }
zcard() { redis ZCARD "$1"; }
zcard_is() { [ "$(zcard "$1")" = "$2" ]; }
len_is() { [ "$(len "$1")" = "$2" ]; }
# entry ZSET FILTER: of its first member
entry() { redis --raw ZRANGE "$1" 0 0 | jq -r "$2"; }
score() { redis --raw ZRANGE "$1" 0 0 WITHSCORES | tail -n 1; }
persisted() { [ "$(len default)" = 0 ] && [ "$(redis LLEN inflight:default:here:1)" = 0 ]; }
# in_db COLUMNS: of the test's chat
in_db() { db "SELECT $1 FROM chats WHERE id = $chat_id"; }

persist_all() {
  start persist-1
  wait_for 10 persisted
}

post() {
  writer POST "$path/messages" "{\"body\":\"$1\"}"
  expect 201
  number=$(json .number)
}

# message NUMBER BODY [CREATED_AT]: is what GET answers
message() {
  request GET "$path/messages/$1"
  expect 200
  same "$(json .body)" "$2"
  [ $# = 2 ] || same "$(json .created_at)" "$3"
}

# --- payloads -------------------------------------------------------------------------------------------

@test "a native payload has Sidekiq's keys, in its order, and the request's id" {
  local payload jid='[0-9a-f]{24}' time='[0-9]{10}\.[0-9]{6}' id='[A-Za-z0-9]{24,32}' pattern
  payload=$(redis --raw LINDEX queue:default 0)
  pattern="^\{\"class\":\"CreateChatJob\",\"args\":\[$app,1\],\"queue\":\"default\",\"retry\":true,"
  pattern+="\"jid\":\"$jid\",\"created_at\":$time,\"enqueued_at\":$time,\"request_id\":\"$id\"\}$"
  [[ $payload =~ $pattern ]] || same "$payload" "$pattern"
  writer POST "$path/messages" '{"body":"Hello \"you\" \u0000 שלום"}' -H 'X-Request-Id: mine-1'
  expect 201
  payload=$(redis --raw LINDEX queue:default 0)
  pattern="^\{\"class\":\"CreateMessageJob\",\"args\":\[$chat_id,1,\"(.*)\"\],\"queue\":\"default\","
  pattern+="\"retry\":true,\"jid\":\"$jid\",\"created_at\":$time,\"enqueued_at\":$time,\"request_id\":\"mine-1\"\}$"
  [[ $payload =~ $pattern ]] || same "$payload" "$pattern"
  same "$(jq -c '.args[2]' <<<"$payload")" "$(jq -c . <<<'"Hello \"you\" \u0000 שלום"')"
  same "$(redis SISMEMBER queues default)" 1
  same "$(jq '.created_at > (now - 60) and .created_at <= now' <<<"$payload")" true
}

@test "with JOB_FORMAT=activejob payloads are ActiveJob's, and are stored" {
  local payload uuid='^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
  stop api
  JOB_FORMAT=activejob start api
  new_chat
  chat_id=$((app << 32 | chat)) path=/applications/$token/chats/$chat
  payload=$(redis --raw LINDEX queue:default 0)
  same "$(jq -r .wrapped <<<"$payload")" CreateChatJob
  same "$(jq -c '.args[0].arguments' <<<"$payload")" "[$app,$chat]"
  request POST "$path/messages" '{"body":"wrapped \u0000 ü"}'
  expect 201
  payload=$(redis --raw LINDEX queue:default 0)
  same "$(jq -r 'keys_unsorted | join(",")' <<<"$payload")" \
    class,wrapped,args,queue,retry,jid,created_at,enqueued_at,request_id
  same "$(jq -r '[.class, .wrapped, .queue, .retry, (.args | length)] | map(tostring) | join(" ")' \
    <<<"$payload")" \
    'ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper CreateMessageJob default true 1'
  [[ $(jq -r .jid <<<"$payload") =~ ^[0-9a-f]{24}$ ]]
  same "$(jq -r '.args[0] | keys_unsorted | join(",")' <<<"$payload")" \
    job_class,job_id,provider_job_id,queue_name,priority,arguments,executions,exception_executions,locale,timezone,enqueued_at
  same "$(jq -c '.args[0] | [.job_class, .provider_job_id, .queue_name, .priority, .executions,
    .exception_executions, .locale, .timezone]' <<<"$payload")" \
    '["CreateMessageJob",null,"default",null,0,{},"en","UTC"]'
  [[ $(jq -r '.args[0].job_id' <<<"$payload") =~ $uuid ]]
  [[ $(jq -r '.args[0].enqueued_at' <<<"$payload") =~ ^[0-9]{4}-.*T.*Z$ ]]
  JOB_FORMAT=activejob persist_all
  stop api
  start api
  same "$(redis --raw LRANGE queue:counts 0 -1 | jq -r .wrapped | sort -u | xargs)" \
    'UpdateChatApplicationCountJob UpdateChatMessageCountJob'
  jobs_start 0
  wait_for 10 drained
  request GET "$path"
  expect 200
  request GET "$path/messages/1"
  expect 200
  same "$(printf '%s' "$body" | jq -c .body)" '"wrapped \u0000 ü"'
  same "$(zcard dead) $(zcard retry) $(len unclaimed)" '0 0 0'
}

@test "persist takes every form that Ruby writes" {
  local at=2023-11-14T22:13:20 active n names=() jid=0123456789abcdef01234567
  active='"provider_job_id":null,"queue_name":"default","priority":null,"executions":0,"locale":"en"'
  form() { names+=("$2") && take && push "${1//NUMBER/$number}"; }
  form '{"class":"CreateMessageJob","args":['"$chat_id"',NUMBER,"1"],"queue":"default","retry":true,
    "jid":"'$jid'","created_at":1700000000.123456}' $at.123456Z
  form '{"class":"CreateMessageJob","args":['"$chat_id"',NUMBER,"2"],"created_at":1700000000.5}' $at.500000Z
  form '{"class":"CreateMessageJob","args":['"$chat_id"',NUMBER,"3"],"created_at":1700000000123}' $at.123000Z
  form '{"class":"CreateMessageJob","args":[{"chat_id":'"$chat_id"',"number":NUMBER,"body":"4"}],
    "created_at":1700000000}' $at.000000Z
  form '{"class":"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper","wrapped":"CreateMessageJob",
    "args":[{"job_class":"CreateMessageJob","job_id":"6ba7b810-9dad-41d1-80b4-00c04fd430c8",'"$active"',
    "arguments":['"$chat_id"',NUMBER,"5"]}],"jid":"'${jid//0/9}'","created_at":1700000000.25}' $at.250000Z
  form '{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"CreateMessageJob","args":[{
    "job_class":"CreateMessageJob",'"$active"',"arguments":['"$chat_id"',NUMBER,"6"]}],
    "jid":"'${jid//0/8}'","created_at":1700000000250}' $at.250000Z
  form '{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"CreateMessageJob","args":[{
    "job_class":"CreateMessageJob",'"$active"',"enqueued_at":"2023-11-14T22:13:20.777Z","arguments":[{
    "chat_id":'"$chat_id"',"number":NUMBER,"body":"7","_aj_ruby2_keywords":["chat_id","number","body"]}]}]}' \
    $at.777000Z
  persist_all
  same "${#names[@]} $(zcard dead) $(zcard retry) $(len unclaimed)" '7 0 0 0'
  for ((n = 1; n <= ${#names[@]}; n++)); do message $n $n "${names[n - 1]}"; done
}

@test "persist takes chats in every form, too" {
  local n key
  for key in chat_application_id application_id; do
    n=$(redis INCR "chat_app:$app:chat_counter")
    redis SET "chat:$((app << 32 | n)):message_counter" 0
    redis INCR queue_seq
    push '{"class":"CreateChatJob","args":[{"'$key'":'"$app"',"number":'"$n"'}],"created_at":1700000000123}'
  done
  persist_all
  request GET "/applications/$token/chats"
  same "$(json '[.[].number] | join(" ")')" '1 2 3'
  same "$(json '.[2].created_at')" 2023-11-14T22:13:20.123000Z
  same "$(db "SELECT chats_count, chats_stored FROM chat_applications WHERE id = $app" | xargs)" '3 3'
}

@test "a message whose chat has no row yet brings the chat along" {
  local job
  job=$(redis --raw LPOP queue:default)
  post early
  persist_all
  message 1 early
  request GET "/applications/$token/chats"
  same "$(json length)" 1
  push "$job"
  wait_for 10 persisted
  request GET "$path"
  same "$(json '[.number, .messages_count] | join(" ")')" '1 1'
  [[ $(json .created_at) < $(request GET "$path/messages/1" && json .created_at) ]]
  same "$(db "SELECT chats_count, chats_stored FROM chat_applications WHERE id = $app" | xargs)" '1 1'
}

@test "what nobody knows goes to queue:unclaimed, unchanged" {
  local text texts=('{"class":"HardJob", "args":[1.0,{}], "jid":"x","queue":"default"}' 'no JSON at all' '[]'
    '{"class":"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper","args":[{"job_class":"OtherJob"}]}')
  for text in "${texts[@]}"; do push "$text"; done
  persist_all
  same "$(redis --raw LRANGE queue:unclaimed 0 -1 | tac)" "$(printf '%s\n' "${texts[@]}")"
  same "$(redis SISMEMBER queues unclaimed)" 1
  same "$(zcard dead) $(zcard retry)" '0 0'
}

@test "jobs of another program that lie in default go to their own queue, unchanged" {
  local count='{"class":"UpdateChatMessageCountJob", "args":['$chat_id'],"jid":"c"}'
  local index='{"class":"IndexMessageJob", "args":[1],"jid":"i"}'
  push "$count"
  push "$index"
  persist_all
  same "$(redis --raw LRANGE queue:index 0 -1)" "$index"
  [[ $'\n'$(redis --raw LRANGE queue:counts 0 -1)$'\n' == *$'\n'"$count"$'\n'* ]]
}

# --- redelivery, conflict, death ------------------------------------------------------------------------

@test "a job that comes again is stored once" {
  local job
  post once
  job=$(redis --raw LINDEX queue:default 0)
  push "$job"
  persist_all
  push "$job"
  wait_for 10 persisted
  message 1 once
  same "$(in_db 'messages_count, messages_stored, last_message_number' | xargs)" '1 1 1'
  same "$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $chat_id")" 1
  same "$(zcard dead) $(zcard retry)" '0 0'
  post next
  same "$number" 2
}

@test "a chat's job that comes again is stored once" {
  local job
  job=$(redis --raw LINDEX queue:default 0)
  push "$job"
  persist_all
  push "$job"
  wait_for 10 persisted
  same "$(db "SELECT chats_count, chats_stored FROM chat_applications WHERE id = $app" | xargs)" '1 1'
  same "$(zcard dead) $(zcard retry)" '0 0'
}

@test "the same job under another number is stored once, and that number stays empty, however often it comes" {
  local job n
  post once
  job=$(redis --raw LINDEX queue:default 0)
  persist_all
  take
  for n in 1 2 3; do
    push "${job/,1,\"once\"/,$number,\"once\"}"
    wait_for 10 persisted
  done
  same "$(zcard retry)" 0
  message 1 once
  request GET "$path/messages/2"
  expect 404
  same "$(json .type)" /problems/not-found
  same "$(in_db 'messages_count, messages_stored, last_message_number' | xargs)" '1 2 2'
}

@test "a job whose number another row has waits its turn and gets a new number" {
  start persist-1
  post first
  wait_for 10 persisted
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
    VALUES ($chat_id, 2, NOW(6), NOW(6), 'by hand'), ($chat_id, 3, NOW(6), NOW(6), 'by hand too')"
  post late
  same "$number" 2
  wait_for 10 zcard_is retry 1
  same "$(entry retry '[.class, .error_class, .retry_count, .args[2]] | map(tostring) | join(" ")')" \
    'CreateMessageJob NumberTaken 0 late'
  [[ $(entry retry .jid) =~ ^[0-9a-f]{24}$ ]]
  [[ $(entry retry .error_message) == *?* ]]
  # the n-th retry after 3^n times the base, and up to a tenth more
  same "$(jq -n "$(score retry) - $(entry retry .failed_at) | . > 0.2999 and . < 0.3301")" true
  post between # the counter has been raised above what was there
  same "$number" 4
  start schedule
  wait_for 10 zcard_is retry 0
  wait_for 10 persisted
  message 2 'by hand'
  message 3 'by hand too'
  message 4 between
  message 5 late
  same "$(redis GET "chat:$chat_id:message_counter")" 5
  same "$(zcard dead)" 0
}

@test "two jobs with one number in one batch: one of them gets another" {
  local job
  post a
  job=$(redis --raw LINDEX queue:default 0)
  push "$(jq -c '.jid = "abcdefabcdefabcdefabcdef" | .args[2] = "b"' <<<"$job" |
    sed -E "s/\"args\":\[[0-9.e+]+,/\"args\":[$chat_id,/")"
  jobs_start 1
  wait_for 10 zcard_is retry 1
  wait_for 10 zcard_is retry 0
  wait_for 10 drained
  message 1 a
  message 2 b
}

@test "an error that stays is tried again, later each time, until it is dead" {
  push '{"class":"CreateChatJob","args":[999999,1],"retry":2,"created_at":1700000000.5}'
  start persist-1
  wait_for 10 zcard_is retry 1
  same "$(entry retry '[.error_class, .retry_count, has("retried_at")] | map(tostring) | join(" ")')" \
    'ApplicationMissing 0 false'
  [[ $(entry retry .jid) =~ ^[0-9a-f]{24}$ ]]
  start schedule
  wait_for 10 zcard_is dead 1
  same "$(zcard retry)" 0
  same "$(entry dead '[.class, .error_class, .retry_count, .created_at, .retry] | map(tostring) | join(" ")')" \
    'CreateChatJob ApplicationMissing 2 1700000000.5 2'
  same "$(entry dead '.retried_at - .failed_at | . > 1.2 and . < 20')" true # 0.3 and 0.9 s
  same "$(entry dead 'has("error_message") and (.error_message | length > 0)')" true
  same "$(jq -n "$(score dead) - $(entry dead .retried_at) | fabs < 5")" true
}

@test "a job that can never be stored is dead, and its number stays empty" {
  take
  push "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,$number,42],\"created_at\":1700000000.5}"
  post after
  persist_all
  wait_for 10 zcard_is dead 1
  same "$(entry dead '[.class, .error_class, .retry_count] | map(tostring) | join(" ")')" \
    'CreateMessageJob BadArguments 0'
  same "$(entry dead '[.jid, .failed_at, .error_message | type] | join(" ")')" 'string number string'
  [[ $(redis --raw ZRANGE dead 0 0) == *"[$chat_id,1,42]"* ]]
  message 2 after
  request GET "$path/messages/1"
  expect 404
  same "$(json .type)" /problems/not-found
  request GET "$path/messages"
  same "$(json '[.[].number] | join(" ")')" 2
  same "$(in_db 'messages_count, messages_stored, last_message_number' | xargs)" '1 2 2'
}

@test "a body that is too long for MySQL is dead, and its neighbours are stored" {
  post before
  take
  printf '{"class":"CreateMessageJob","args":[%d,%d,"%065536d"]}' "$chat_id" "$number" 0 |
    redis -x LPUSH queue:default
  post after
  persist_all
  wait_for 10 zcard_is dead 1
  same "$(entry dead .error_class)" BodyTooLong
  message 1 before
  message 3 after
  same "$(in_db 'messages_count, messages_stored' | xargs)" '2 3'
}

@test "arguments that name no row are dead" {
  local args n=0
  for args in '' '"x"' "$chat_id" "$chat_id,0,\"x\"" "$chat_id,4294967296,\"x\"" "-1,1,\"x\"" '1,1,"x"' \
    "9007199254740993,1,\"x\"" "$chat_id,1.5,\"x\"" '{"chat_id":1}'; do
    push "{\"class\":\"CreateMessageJob\",\"args\":[$args],\"jid\":\"job$((++n))\"}"
  done
  push '{"class":"CreateMessageJob"}'
  push '{"class":"CreateChatJob","args":[2097152,1]}'
  persist_all
  wait_for 10 zcard_is dead $((n + 2))
  same "$(redis --raw ZRANGE dead 0 -1 | jq -r .error_class | sort -u)" BadArguments
  same "$(redis --raw ZRANGE dead 0 -1 | jq -r '[.jid, .failed_at, .retry_count | type] | join(" ")' | sort -u)" \
    'string number number'
  same "$(db 'SELECT COUNT(*) FROM chats WHERE id = 1')" 0
}

# --- schedule -------------------------------------------------------------------------------------------

@test "the same job dead under a second number leaves that empty, and its neighbours are stored" {
  local jid=aaaaaaaaaaaaaaaaaaaaaaaa
  take
  push "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,$number,\"stored\"],\"jid\":\"$jid\"}"
  persist_all
  jobs_stop
  take
  push "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,$number,7],\"jid\":\"$jid\"}"
  post neighbour
  start persist-1
  wait_for 10 persisted
  message 1 stored
  message 3 neighbour
  zcard_is dead 1
  same "$(db "SELECT version, job_key IS NULL FROM messages WHERE chat_id = $chat_id AND number = 2")" \
    $'0\t1'
  same "$(in_db 'messages_count, messages_stored, last_message_number')" $'2\t3\t3'
}

@test "a fault of the server's is not held against the jobs that meet it" {
  mariadb_root "$PARLEY_VAR" -e 'SET GLOBAL max_prepared_stmt_count = 0'
  post patient
  start persist-1
  wait_for 10 log_has persist-1 max_prepared_stmt_count
  mariadb_root "$PARLEY_VAR" -e 'SET GLOBAL max_prepared_stmt_count = 16382'
  wait_for 20 persisted
  message 1 patient
  zcard_is dead 0
  zcard_is retry 0
}

@test "schedule queues what is due in retry and schedule, and leaves what is not" {
  local zset due later at
  due=$(date +%s.%N) later=$(($(date +%s) + 3600))
  for zset in retry schedule; do
    take
    redis ZADD $zset "$due" "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,$number,\"$zset\"]}"
    redis ZADD $zset $later "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,9,\"later\"]}"
  done
  redis ZADD retry 1 '{"class":"HardJob","args":[],"queue":"low"}'
  start schedule
  start persist-1
  wait_for 10 zcard_is retry 1
  wait_for 10 zcard_is schedule 1
  wait_for 10 persisted
  message 1 retry
  message 2 schedule
  at=$(entry retry '.args[2]')
  same "$at" later
  same "$(redis --raw LRANGE queue:low 0 -1)" '{"class":"HardJob","args":[],"queue":"low"}'
  same "$(redis SISMEMBER queues low)" 1
}

@test "schedule puts back what a worker left whose lease has lapsed, and only that" {
  local job n
  for n in lapsed living; do
    take
    redis LPUSH "inflight:default:$n:1" \
      "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,$number,\"$n\"],\"jid\":\"$n\"}"
    redis SADD inflight "inflight:default:$n:1"
  done
  redis SET lease:default:living:1 token PX 600000
  start schedule
  wait_for 10 len_is default 2
  same "$(redis HGET suspects:default lapsed)" 0
  same "$(redis LLEN inflight:default:lapsed:1)" 0
  # it has looked at all of them again when this one is back, too
  redis LPUSH inflight:default:lapsed:1 '{"class":"HardJob","args":[]}'
  redis SADD inflight inflight:default:lapsed:1
  wait_for 10 len_is default 3
  same "$(redis LLEN inflight:default:living:1)" 1
  start persist-1
  wait_for 10 persisted
  message 1 lapsed
  same "$(redis HEXISTS suspects:default lapsed)" 0
  redis DEL lease:default:living:1
  wait_for 10 test_stored 2
  message 2 living
}

test_stored() {
  request GET "$path/messages/$1"
  [ "$status" = 200 ]
}

@test "a persist that starts puts back what its slot's last process left, though its lease lives" {
  take
  redis LPUSH inflight:default:here:1 "{\"class\":\"CreateMessageJob\",\"args\":[$chat_id,1,\"left\"],\"jid\":\"l\"}"
  redis SET lease:default:here:1 token PX 600000
  persist_all
  message 1 left
  log_has persist-1 'put back'
}

@test "a job that outlived its worker three times is dead, untried, and its number stays empty" {
  post poison
  redis HSET suspects:default "$(redis --raw LINDEX queue:default 0 | jq -r .jid)" 3
  post fine
  persist_all
  wait_for 10 zcard_is dead 1
  same "$(entry dead '[.error_class, .args[2]] | join(" ")')" 'Interrupted poison'
  message 2 fine
  request GET "$path/messages/1"
  expect 404
  same "$(json .type)" /problems/not-found
  same "$(in_db 'messages_count, messages_stored' | xargs)" '1 2'
  same "$(redis EXISTS suspects:default)" 0
}

@test "a count that outlived its worker three times is dead, untried, and the next one is counted" {
  post one
  persist_all
  redis DEL queue:counts >/dev/null
  redis LPUSH queue:counts "{\"class\":\"UpdateChatMessageCountJob\",\"args\":[$chat_id],\"jid\":\"killer\"}"
  redis HSET suspects:counts killer 3
  start recount
  wait_for 10 zcard_is dead 1
  same "$(entry dead '[.error_class, .jid] | join(" ")')" 'Interrupted killer'
  db "UPDATE chats SET messages_stored = 7 WHERE id = $chat_id"
  redis LPUSH queue:counts "{\"class\":\"UpdateChatMessageCountJob\",\"args\":[$chat_id],\"jid\":\"next\"}"
  wait_for 10 eval '[ "$(db "SELECT messages_stored FROM chats WHERE id = $chat_id")" = 1 ]'
  same "$(redis EXISTS suspects:counts)" 0
}

# bats test_tags=settings:slots
@test "as many persist run as there are slots; one too many ends at once with 0" {
  start persist-1
  start persist-2
  wait_for 10 log_has persist-1 'started'
  wait_for 10 log_has persist-2 'started'
  timeout 5 "$PARLEY_BUILD/jobs/persist"
  timeout 5 "$PARLEY_BUILD/jobs/persist" --slot 1
  post stored
  wait_for 10 persisted
  message 1 stored
}

# --- counts ---------------------------------------------------------------------------------------------

waits() { [ "$(redis CLIENT LIST | grep -c cmd=blmove)" = "$1" ]; }

@test "who waits for a job stops at once" {
  local signal from
  persist_all
  jobs_stop
  for signal in TERM INT HUP; do
    PARLEY_WAIT_S=60 start persist-1
    PARLEY_WAIT_S=60 start recount
    wait_for 10 waits 2
    now_ms
    from=$REPLY
    signal persist-1 $signal
    signal recount $signal
    wait_for 10 group_gone "$(pid_of persist-1)"
    wait_for 10 group_gone "$(pid_of recount)"
    now_ms
    [ $((REPLY - from)) -lt 10000 ]
  done
}

@test "one count job waits per chat and application, however often they change" {
  local n
  start persist-1
  for n in 1 2 3 4; do
    post $n
    wait_for 10 persisted
  done
  same "$(redis --raw LRANGE queue:counts 0 -1 | jq -r '[.class, .args[0]] | map(tostring) | join(" ")' | sort)" \
    "UpdateChatApplicationCountJob $app
UpdateChatMessageCountJob $chat_id"
  start recount
  wait_for 10 drained
  same "$(redis KEYS 'pending:*')" ''
  post 5
  wait_for 10 drained
  same "$(in_db 'messages_count, messages_stored' | xargs)" '5 5'
}

@test "recount corrects counts that are wrong" {
  post 1
  post 2
  persist_all
  db "UPDATE chats SET messages_count = 77, messages_stored = 1, last_message_number = 1 WHERE id = $chat_id;
    UPDATE chat_applications SET chats_count = 0, chats_stored = 9, last_chat_number = 0 WHERE id = $app"
  redis DEL queue:counts
  start recount
  push "{\"class\":\"UpdateChatMessageCountJob\",\"args\":[$chat_id],\"jid\":\"m\"}"
  push "{\"class\":\"UpdateChatApplicationCountJob\",\"args\":[{\"chat_application_id\":$app}],\"jid\":\"a\"}"
  wait_for 10 drained
  same "$(in_db 'messages_count, messages_stored, last_message_number' | xargs)" '2 2 2'
  same "$(db "SELECT chats_count, chats_stored, last_chat_number FROM chat_applications WHERE id = $app" | xargs)" \
    '1 1 1'
  log_has recount 'counts corrected'
  request GET "$path"
  same "$(json .messages_count)" 2
}

@test "a count job for what is not there is done, one without sense is dead" {
  redis LPUSH queue:counts '{"class":"UpdateChatMessageCountJob","args":[4294967297000]}' \
    '{"class":"UpdateChatMessageCountJob","args":["x"]}' '{"class":"HardJob","args":[]}'
  start recount
  wait_for 10 len_is counts 0
  wait_for 10 zcard_is dead 1
  same "$(entry dead .error_class)" BadArguments
  wait_for 10 len_is unclaimed 1
}

# --- the rest -------------------------------------------------------------------------------------------

@test "what was done is counted as Sidekiq counts it" {
  local processed before failed day
  day=$(date -u +%Y-%m-%d)
  processed=$(redis GET stat:processed) failed=$(redis GET stat:failed) before=$(redis GET "stat:processed:$day")
  push '{"class":"CreateMessageJob","args":[]}'
  persist_all # the chat's job and this one
  wait_for 10 zcard_is dead 1
  same "$(redis GET stat:processed)" $((processed + 2))
  same "$(redis GET stat:failed)" $((failed + 1))
  [ "$(date -u +%Y-%m-%d)" != "$day" ] || same "$(redis GET "stat:processed:$day")" $((before + 2))
}

@test "migrations run again do no harm" {
  local before after
  before=$(db 'SELECT * FROM parley_migrations; SHOW CREATE TABLE messages; SELECT COUNT(*) FROM messages')
  "$PARLEY_BUILD/jobs/migrate"
  "$PARLEY_BUILD/jobs/migrate"
  after=$(db 'SELECT * FROM parley_migrations; SHOW CREATE TABLE messages; SELECT COUNT(*) FROM messages')
  same "$after" "$before"
}

@test "migrations that broke off half-way run again" {
  db 'DELETE FROM parley_migrations'
  "$PARLEY_BUILD/jobs/migrate"
  same "$(db 'SELECT MAX(version) FROM parley_migrations')" \
    "$(cd "$stack_root/sql" && echo [0-9]*.sql | wc -w)"
}

@test "a database newer than the programs is refused" {
  db "INSERT INTO parley_migrations VALUES (999, 'from the future', NOW(6))"
  run "$PARLEY_BUILD/jobs/migrate"
  db 'DELETE FROM parley_migrations WHERE version = 999'
  same "$status" 1
  [[ $output == 'migrate: '*999* ]]
}
