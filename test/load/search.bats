#!/usr/bin/env bats
# alone: Search in real texts, against a plain search in Python (test/search/check.py), and in big chats.

load ../helpers/stack
load ../helpers/load

setup_file() {
  "$stack_root/script/packages" demo
  export PARLEY_SEARCH_BUDGET_MS=60000
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

# filled ROWS: a new chat of messages of 120 bytes, all with the word "common"
filled() {
  new_application
  new_chat
  wait_for 20 settled
  id=$(chat_id)
  fill "$id" "$1" \
    "RPAD(CONCAT('Message ', seq, ' is a common one, '), 120, 'as Many others are in such a chat. ')"
}

# timed QUERY: the quickest of five searches, in ms, is in $ms; their total in $total
timed() {
  local n one
  ms=999999
  for n in 1 2 3 4 5; do
    one=$(curl -sS -o "$BATS_TEST_TMPDIR/found" -D "$BATS_TEST_TMPDIR/found.head" \
      -w '%{http_code} %{time_total}' "$API/applications/$token/chats/$chat/messages/search?$1")
    same "${one% *}" 200
    ms=$(awk "BEGIN { n = ${one#* } * 1000; print n < $ms ? n : $ms }")
  done
  total=$(sed -n 's/^X-Total-Count: //Ip' "$BATS_TEST_TMPDIR/found.head" | tr -d '\r')
  if grep -qi '^X-Search-Incomplete' "$BATS_TEST_TMPDIR/found.head"; then false; fi
}

# bats test_tags=script:demo,search:match
@test "pieces of real texts, in another case and with other accents, find what a plain search finds" {
  local limit=() pieces
  pieces=$(long 500 2000)
  [ -n "${PARLEY_TEST_LONG:-}" ] || limit=(--limit 4000)
  "$stack_root/script/demo" --api "$API" --writer "$WRITER" --state "$PARLEY_VAR/tmp/demo" "${limit[@]}"
  wait_for 120 settled
  run "$stack_root/test/search/run.py" "$API" "$WRITER" - real "$PARLEY_VAR/tmp/demo" "$pieces"
  tell "$output"
  [ "$status" = 0 ]
  [[ $output == "$pieces pieces, "* ]]
}

@test "a search through a whole chat takes at most twice as long as MariaDB's own LIKE" {
  local rows like
  rows=$(long 200000 1000000)
  filled "$rows"
  timed 'q=zebra'
  same "$total" 0
  like=$(db "SELECT COUNT(*) FROM messages WHERE chat_id = $id AND body LIKE '%zebra%';
             SET @t = SYSDATE(6);
             SELECT COUNT(*) FROM messages WHERE chat_id = $id AND body LIKE '%zebra%';
             SELECT TIMESTAMPDIFF(MICROSECOND, @t, SYSDATE(6)) / 1000" | tail -n 1)
  tell "no hit in $rows messages: $ms ms; LIKE: $like ms"
  holds "$ms <= 2 * $like + 20"
  timed 'q=common&limit=20'
  same "$total" 10000
  tell "the newest 20 of a word in each of them: $ms ms"
  timed "q=$((rows / 2))"
  tell "one hit in the middle: $ms ms, $total found"
  same "$(jq '[.[].number] | index(1 * ($n | tonumber)) != null' --arg n $((rows / 2)) \
    "$BATS_TEST_TMPDIR/found")" true
}

@test "a chat of 10,000 messages is searched in less than 100 ms" {
  filled 10000
  timed 'q=zebra'
  tell "no hit in 10,000 messages: $ms ms"
  holds "$ms < 100"
  timed 'q=common&limit=20'
  tell "the newest 20 of a word in each of them: $ms ms"
}

@test "a search takes no more memory than it may, whatever a chat holds" {
  local after pid
  new_application
  new_chat
  wait_for 20 settled
  id=$(chat_id)
  # 3,000 short ones above 400 of 65,535 bytes: the windows have grown when the long ones come
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
      SELECT $id, seq, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), IF(seq <= 400, REPEAT('x', 65535), 'short')
      FROM seq_1_to_3400;
      UPDATE chats SET messages_count = 3400, messages_stored = 3400, last_message_number = 3400
      WHERE id = $id"
  redis SET "chat:$id:message_counter" 3400 >/dev/null
  timed 'q=zebra'
  for pid in $(children_of search); do
    after=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
    tell "search (pid $pid): at most $after kB resident"
    holds "$after < 40000"
  done
}
