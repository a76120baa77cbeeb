#!/usr/bin/env bats
# The log: a line an event, in either format, and one message's way through it by the request's id.

load helpers/stack

setup_file() {
  export PARLEY_LOG_LEVEL=debug PARLEY_RETRY_BASE_MS=100000
  stack_start
}

teardown_file() {
  stack_stop
}

setup() {
  new_application
  new_chat
  path=/applications/$token/chats/$chat
}

teardown() { jobs_stop; }

# restarted FORMAT: all programs, with logs that are empty
restarted() {
  local name
  stop api
  stop writer
  for name in api writer persist-1; do : >"$PARLEY_VAR/log/$name.log"; done
  PARLEY_LOG_FORMAT=$1 start api
  PARLEY_LOG_FORMAT=$1 start writer
  PARLEY_LOG_FORMAT=$1 start persist-1
}

# lines FORMAT NAME: a log as JSON objects; fails when a line is anything else. logfmt is read by a parser that
# knows no more than its grammar: names, "=", and a bare or a JSON string.
lines() {
  if [ "$1" = json ]; then
    jq -ce 'if type == "object" then . else error("no object") end' "$PARLEY_VAR/log/$2.log"
  else
    python3 "$stack_root/test/logfmt.py" "$PARLEY_VAR/log/$2.log"
  fi
}

# event FORMAT NAME FILTER: of the lines for which it is true, what the filter's object says
event() { lines "$1" "$2" | jq -cS "$3"; }

followed() {
  local format=$1 service=$2 id=follow-$1-$2 wanted
  ask "${!service}" POST "$path/messages" '{"body":"a \"secret\""}' -H "X-Request-Id: $id"
  expect 201
  wanted='select(.request_id == "'$id'")'
  wait_for 10 log_has persist-1 "$id"
  same "$(event "$format" "${service,,}" "$wanted | {level, message, method, route, status: (.status | tonumber)}")" \
    '{"level":"debug","message":"request","method":"POST","route":"/applications/:token/chats/:number/messages","status":201}'
  same "$(event "$format" persist-1 "$wanted | {level, message, class, number: (.number | tonumber)}")" \
    '{"class":"CreateMessageJob","level":"debug","message":"stored","number":'"$(json .number)"'}'
}

@test "the request's id leads from either service to who stores the message, in either format" {
  local format service name
  for format in json logfmt; do
    restarted $format
    for service in API WRITER; do followed $format $service; done
    for name in api writer persist-1; do
      event $format $name '[has("time", "level", "program", "pid", "message")] | all' | sort -u >"$BATS_TEST_TMPDIR/all"
      same "$(<"$BATS_TEST_TMPDIR/all")" true
      ! grep -E "$token|secret" "$PARLEY_VAR/log/$name.log"
    done
    stop persist-1
  done
}

@test "a job that dies is told with the request's id, and keeps it" {
  local id=to-be-buried
  restarted json
  stop persist-1
  writer POST "$path/messages" '{"body":"x"}' -H "X-Request-Id: $id"
  expect 201
  # its arguments are spoilt while it waits
  redis EVAL "local job = redis.call('LPOP', 'queue:default')
    return redis.call('LPUSH', 'queue:default', (job:gsub('\"x\"%]', '7]')))" 0
  PARLEY_LOG_FORMAT=json start persist-1
  wait_for 10 log_has persist-1 '"job is dead"'
  same "$(event json persist-1 'select(.message == "job is dead") | [.level, .request_id, .error_class]')" \
    '["error","to-be-buried","BadArguments"]'
  same "$(redis --raw ZRANGE dead 0 0 | jq -r .request_id)" $id
}

@test "a failed request is told once, at warn" {
  restarted json
  stop redis
  writer POST "$path/messages" '{"body":"x"}' -H 'X-Request-Id: in-vain'
  expect 503
  same "$(event json writer 'select(.request_id == "in-vain") | [.level, .message, (.status | tostring)]')" \
    '["warn","request failed","503"]'
  start redis
  wait_for 10 is_healthy "$WRITER"
}
