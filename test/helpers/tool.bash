# tool.bash: what the tests of jobs/queue share. Needs helpers/stack; $id is the chat's.

# queue COMMAND…: its exit status in $status, what it said in $output and $stderr
queue() {
  status=0
  output=$("$PARLEY_BUILD/jobs/queue" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
}

says() { grep -qE -- "$1" <<<"$output" || { printf 'no "%s" in:\n%s\n%s\n' "$1" "$output" "$stderr" >&2; return 1; }; }
complains() { grep -qE -- "$1" <<<"$stderr" || { printf 'no "%s" in:\n%s\n' "$1" "$stderr" >&2; return 1; }; }
exits() { same "$status" "$1" && return; printf '%s\n%s\n' "$output" "$stderr" >&2; return 1; }

# message JID NUMBER BODY [FIELDS]: a payload; failed: the fields of one that has failed
message() {
  printf '{"class":"CreateMessageJob","args":[%s,%s,"%s"],"queue":"default","jid":"%s","created_at":1795560953.1%s}' \
    "$id" "$2" "$3" "$1" "${4:+,$4}"
}
# shellcheck disable=SC2034 # for the tests
failed='"error_class":"NumberTaken","error_message":"no","failed_at":1795560953.2,"retry_count":0'
put() { redis ZADD "$1" "$2" "$3" >/dev/null; }
# give: a number of the chat's counter, as if a POST had taken it
give() { redis INCR "chat:$id:message_counter" >/dev/null && redis INCR queue_seq >/dev/null; }

# Bytes that no payload should have, in one zset.
hostile() {
  redis EVAL "local add = function(text) redis.call('ZADD', KEYS[1], 1795560000.5 + redis.call('ZCARD', KEYS[1]), text) end
    add('') add('\\\\0\\\\255\\\\254') add('{') add('[]') add('null') add('\"text\"') add('{}')
    add(' {\"class\":\"CreateMessageJob\",\"args\":[1,2,\"x\"]} ')
    add('{\"class\":\"CreateMessageJob\",\\n\"args\":[1,2,\"x\"]}')
    add('{\"class\":7,\"args\":{\"a\":1},\"jid\":[],\"error_class\":{},\"retry_count\":-1,\"failed_at\":\"never\"}')
    add('{\"class\":\"CreateMessageJob\",\"args\":[18446744073709551616,-1,null],\"jid\":\"\"}')
    add('{\"class\":\"' .. string.char(27) .. '[2J\"}')
    add('{\"class\":\"\\\\u001b[2J\\\\u202e\",\"args\":[\"\\\\ud83d\\\\ude00\"],\"jid\":\"\\\\u009b1\",\"error_message\":\"\\\\u0000\\\\u0007\"}')
    add(string.rep('[', 10000))
    add('{\"class\":\"A\",\"args\":' .. string.rep('[', 31) .. string.rep(']', 31) .. '}')
    add('{\"class\":\"A\",\"args\":[\"' .. string.rep('x', 300000) .. '\"]}')
    for i = 1, 200 do local bytes = {} for k = 1, i do bytes[k] = string.char((i * 31 + k * 17 + k * k) % 256) end
      add(table.concat(bytes)) end" 1 "$1" >/dev/null
}
