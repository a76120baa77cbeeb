#!/usr/bin/env bats
# The life of a job: formats, redelivery, conflicts, retries, dead, leases, counts.

load helpers/stack

setup_file() {
  export PARLEY_RETRY_BASE_MS=200 PARLEY_PROMOTE_MS=100 PARLEY_REAP_MS=200
  export PARLEY_WAIT_S=1 PARLEY_LEASE_MS=2000 PARLEY_BATCH_TIMEOUT_MS=1500 PARLEY_RETRY_LIMIT=2
  stack_start
}

teardown_file() {
  stack_stop
}

teardown() {
  jobs_stop
}

# A chat that is stored, nothing waiting, no job program running; id is the chat's.
setup() {
  jobs_start 1
  new_application
  new_chat
  wait_for 10 drained
  jobs_stop
  id=$(db "SELECT MAX(id) FROM chats")
  messages=/applications/$token/chats/$chat/messages
  redis DEL retry dead schedule queue:unclaimed >/dev/null
}

post() { request POST "$messages" "$(jq -nc --arg body "$1" '{$body}')" && expect 201; }
payload() { redis --raw LINDEX queue:default 0; }
push() { redis LPUSH queue:default "$1" >/dev/null; }
bodies() { db "SELECT number, body FROM messages WHERE chat_id = $id AND deleted_at IS NULL ORDER BY number"; }
counts() { db "SELECT messages_count, messages_stored, last_message_number FROM chats WHERE id = $id"; }
run_jobs() { jobs_start 1 && wait_for 10 drained; }
length() { [ "$(redis --raw ZCARD "$1")" = "$2" ]; }
stored() { [ "$(bodies)" = "$1" ]; }

@test "a native payload has just what Sidekiq writes" {
  post 'Hi "there" 👋'
  same "$(payload | jq -c keys_unsorted)" '["class","args","queue","retry","jid","created_at","enqueued_at"]'
  same "$(payload | jq -c '[.class, .args, .queue, .retry]')" \
    "[\"CreateMessageJob\",[$id,1,\"Hi \\\"there\\\" 👋\"],\"default\",true]"
  [[ $(payload) =~ \"jid\":\"[0-9a-f]{24}\" ]]
  [[ $(payload) =~ \"created_at\":[0-9]{10}\.[0-9]{6}, ]]
  redis SISMEMBER queues default | grep -q 1
}

@test "an ActiveJob payload is wrapped, and stored like the other" {
  stop api
  JOB_FORMAT=activejob start api
  wait_for 10 is_healthy "$API"
  post wrapped
  same "$(payload | jq -r .class)" ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper
  same "$(payload | jq -c '[.wrapped, .args[0].job_class, .args[0].arguments, .args[0].provider_job_id]')" \
    "[\"CreateMessageJob\",\"CreateMessageJob\",[$id,1,\"wrapped\"],null]"
  stop api
  start api
  wait_for 10 is_healthy "$API"
  run_jobs
  same "$(bodies)" $'1\twrapped'
}

@test "foreign producers' forms are understood: keyword arguments, Rails 8's wrapper, milliseconds, no jid" {
  push "{\"class\":\"CreateMessageJob\",\"args\":[{\"chat_id\":$id,\"number\":1,\"body\":\"keywords\"}],\"jid\":\"k1\",\"created_at\":1600000000123}"
  push "{\"class\":\"Sidekiq::ActiveJob::Wrapper\",\"wrapped\":\"CreateMessageJob\",\"args\":[{\"job_class\":\"CreateMessageJob\",\"arguments\":[{\"chat_id\":$id,\"number\":2,\"body\":\"rails\",\"_aj_ruby2_keywords\":[\"chat_id\",\"number\",\"body\"]}]}],\"jid\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}"
  push "{\"class\":\"CreateMessageJob\",\"args\":[$id,3,\"no jid\"]}"
  run_jobs
  same "$(bodies)" $'1\tkeywords\n2\trails\n3\tno jid'
  same "$(db "SELECT created_at FROM messages WHERE chat_id = $id AND number = 1")" '2020-09-13 12:26:40.123000'
  same "$(db "SELECT HEX(job_key) FROM messages WHERE chat_id = $id AND number = 2")" 01890A5DAC96774BBCCEB302099A8057
}

@test "a job that comes twice is stored once, in one batch and in two" {
  post once
  job=$(payload)
  push "$job"
  run_jobs
  push "$job"
  wait_for 10 drained
  same "$(bodies)" $'1\tonce'
  same "$(counts)" $'1\t1\t1'
  same "$(redis ZCARD retry)" 0
}

@test "the same jid with another number: that number ends as a void row, without a gap" {
  post once
  push "$(payload | jq -c '.args[1] = 2')"
  run_jobs
  same "$(bodies)" $'1\tonce'
  same "$(counts)" $'1\t2\t2'
  same "$(db "SELECT number, version, deleted_at IS NOT NULL FROM messages WHERE chat_id = $id")" $'1\t1\t0\n2\t0\t1'
}

@test "a number that another writer took: the job gets a new one at its first retry" {
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body) VALUES ($id, 1, NOW(), NOW(), 'foreign')"
  post mine
  jobs_start 1
  wait_for 10 stored $'1\tforeign\n2\tmine'
  wait_for 10 drained
  same "$(redis GET "chat:$id:message_counter")" 2
  length dead 0
  # recount has brought in what the other writer did not count
  wait_for 10 eval 'same "$(counts)" "2	2	2"'
}

@test "a chat's row is made by a message that arrives before the chat's own job, which dates it" {
  new_chat
  messages=/applications/$token/chats/$chat/messages
  created=$(payload)
  id=$((id + 1))
  redis LPOP queue:default >/dev/null
  post early
  run_jobs
  same "$(bodies)" $'1\tearly'
  push "$created"
  wait_for 10 drained
  seconds=$(jq -r .created_at <<<"$created")
  same "$(db "SELECT UNIX_TIMESTAMP(created_at) FROM chats WHERE id = $id")" "$seconds"
}

@test "a job that cannot be stored is dead, its number a void row; its neighbours are stored" {
  long=$(head -c 65536 /dev/zero | tr '\0' x)
  post before
  push "{\"class\":\"CreateMessageJob\",\"args\":[$id,2,\"$long\"],\"jid\":\"toolong\"}"
  push "{\"class\":\"CreateMessageJob\",\"args\":[$id,3,null],\"jid\":\"nobody\"}"
  push "{\"class\":\"CreateMessageJob\",\"args\":[\"x\"],\"jid\":\"noid\"}"
  push "{\"class\":\"CreateMessageJob\",\"args\":[$id,4,\"after\"],\"jid\":\"after\"}"
  run_jobs
  same "$(bodies)" $'1\tbefore\n4\tafter'
  same "$(counts)" $'2\t4\t4'
  length dead 3
  same "$(redis --raw ZRANGE dead 0 -1 | jq -r '[.jid, .error_class] | join(" ")' | sort | tr '\n' ,)" \
    'nobody BadArguments,noid BadArguments,toolong BodyTooLong,'
  redis --raw ZRANGE dead 0 -1 | jq -e '.failed_at > 1600000000 and .retry_count == 0 and (.error_message | length > 0)' >/dev/null
}

@test "a void row is filled when its dead job is retried and succeeds" {
  db "INSERT INTO messages (chat_id, number, version, job_key, created_at, updated_at, deleted_at, body)
      VALUES ($id, 1, 0, UNHEX('0123456789abcdef0123456700000000'), NOW(), NOW(), NOW(), '');
      UPDATE chats SET messages_stored = 1, last_message_number = 1 WHERE id = $id"
  push "{\"class\":\"CreateMessageJob\",\"args\":[$id,1,\"filled\"],\"jid\":\"0123456789abcdef01234567\"}"
  run_jobs
  same "$(bodies)" $'1\tfilled'
  same "$(counts)" $'1\t1\t1'
}

@test "a job without an application is tried again, ever later, then dead" {
  push '{"class":"CreateChatJob","args":[2000000,1],"jid":"orphan","retry":true}'
  run_jobs
  length retry 1
  redis --raw ZRANGE retry 0 0 | jq -e '.error_class == "ApplicationMissing" and .retry_count == 0' >/dev/null
  wait_for 10 length dead 1
  same "$(redis --raw ZRANGE dead 0 0 | jq -c '[.jid, .retry_count, (.retried_at > .failed_at)]')" '["orphan",2,true]'
}

@test "a job of a class that is not ours moves to its own queue, unchanged; one of ours to the right one" {
  foreign='{"class": "MailJob", "args": [1, {"a": []}], "jid": "m1"}'
  push "$foreign"
  push 'no json at all'
  push "{\"class\":\"UpdateChatMessageCountJob\",\"args\":[$id],\"jid\":\"c1\"}"
  db "UPDATE chats SET messages_count = 7 WHERE id = $id"
  run_jobs
  same "$(redis --raw LRANGE queue:unclaimed 0 -1)" $'no json at all\n'"$foreign"
  redis SISMEMBER queues unclaimed | grep -q 1
  wait_for 10 eval 'same "$(counts)" "0	0	0"'
}

@test "due jobs of retry and schedule go to their queues, a foreign one where its payload says" {
  redis ZADD schedule 1 "{\"class\":\"CreateMessageJob\",\"args\":[$id,1,\"scheduled\"],\"jid\":\"s1\"}" >/dev/null
  redis ZADD retry 1 "{\"class\":\"CreateMessageJob\",\"args\":[$id,2,\"retried\"],\"jid\":\"r1\"}" >/dev/null
  redis ZADD retry 1 '{"class":"MailJob","args":[],"queue":"mailers","jid":"m2"}' >/dev/null
  redis ZADD retry 9999999999 '{"class":"MailJob","args":[],"queue":"mailers","jid":"m3"}' >/dev/null
  jobs_start 1
  wait_for 10 stored $'1\tscheduled\n2\tretried'
  length retry 1
  same "$(redis LLEN queue:mailers)" 1
}

@test "the jobs of a worker that is gone for ever are taken over when its lease has lapsed, in order, each alone" {
  post one
  post two
  redis EVAL "local j = redis.call('RPOP', 'queue:default')
    while j do redis.call('LPUSH', 'inflight:default:gone:1', j) j = redis.call('RPOP', 'queue:default') end
    redis.call('SADD', 'inflight', 'inflight:default:gone:1')
    redis.call('SET', 'lease:default:gone:1', 'x', 'PX', 500)" 0 >/dev/null
  jobs_start 1
  wait_for 10 stored $'1\tone\n2\ttwo'
  same "$(redis EXISTS suspects:default)" 0
  log_has schedule 'jobs=2'
}

@test "a job that ended every worker that ran it alone is dead, untried, after three tries" {
  post poison
  redis HSET suspects:default "$(payload | jq -r .jid)" 3 >/dev/null
  run_jobs
  same "$(redis --raw ZRANGE dead 0 0 | jq -r .error_class)" Interrupted
  same "$(counts)" $'0\t1\t1'
  same "$(redis EXISTS suspects:default)" 0
}

@test "a worker that is stopped beyond its lease finds it lost: nothing is doubled" {
  jobs_start 1
  signal persist-1 STOP
  post paused
  redis EVAL "redis.call('LMOVE', 'queue:default', 'inflight:default:gone:2', 'RIGHT', 'LEFT')
    redis.call('SADD', 'inflight', 'inflight:default:gone:2')" 0 >/dev/null
  start persist-2
  wait_for 10 stored $'1\tpaused'
  signal persist-1 CONT
  wait_for 10 drained
  same "$(counts)" $'1\t1\t1'
}

@test "of the count jobs for one chat only one waits" {
  start persist-1
  post a
  wait_for 10 eval '[ "$(redis LLEN queue:default)" = 0 ]'
  post b
  wait_for 10 stored $'1\ta\n2\tb'
  same "$(redis --raw LRANGE queue:counts 0 -1 | grep -c UpdateChatMessageCountJob)" 1
  start recount
  wait_for 10 drained
  same "$(redis EXISTS "pending:UpdateChatMessageCountJob:$id")" 0
}

@test "queue_seq behind what MySQL has seen: writes are refused, reads go on" {
  post kept
  run_jobs
  jobs_stop
  seq=$(redis GET queue_seq)
  redis SET queue_seq 0 >/dev/null
  redis --raw KEYS 'recovered:*' | xargs -r redis-cli -s "$PARLEY_VAR/run/redis.sock" DEL >/dev/null
  stop writer
  start writer
  writer POST "$messages" '{"body":"x"}'
  expect 503
  same "$(json .title)" 'Sequential numbering unavailable'
  [ "$(header Retry-After)" -ge 1 ]
  request GET "$messages"
  expect 200
  redis SET queue_seq "$seq" >/dev/null
  wait_for 5 eval 'writer POST "$messages" "{\"body\":\"y\"}" && [ "$status" = 201 ]'
}

@test "migrate runs twice without harm and refuses a database that is newer" {
  "$PARLEY_BUILD/jobs/migrate"
  db "INSERT INTO parley_migrations VALUES (9, 'later', NOW())"
  run "$PARLEY_BUILD/jobs/migrate"
  db "DELETE FROM parley_migrations WHERE version = 9"
  [ "$status" -eq 1 ]
  [[ $output == *'level 9'* ]]
}
