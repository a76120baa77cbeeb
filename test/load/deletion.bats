#!/usr/bin/env bats
# alone: Deleting big chats, and deleting while others post and counters get lost.

load ../helpers/stack
load ../helpers/load

setup_file() {
  export PARLEY_PURGE_MS=100
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

# delete_timed CHAT FILE: appends the time that it took, in µs
delete_timed() {
  local time
  time=$(curl -sS -o /dev/null -w '%{http_code} %{time_total}' -X DELETE \
    "$API/applications/$token/chats/$1")
  [ "${time% *}" = 204 ]
  awk -v t="${time#* }" 'BEGIN { print int(t * 1000000) }' >>"$2"
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
rows_left() { db "SELECT COUNT(*) FROM messages WHERE chat_id BETWEEN $((app << 32)) AND $((app << 32 | 4294967295))"; }
none_left() { [ "$(rows_left)" = 0 ]; }

# bats test_tags=route:delete-chat
@test "DELETE of a big chat is as fast as of an empty one; all of it is gone at once, then from the tables" {
  local n samples=12 rows
  rows=$(long 30000 300000)
  new_application
  for ((n = 1; n <= 2 * samples; n++)); do new_chat; done
  wait_for 10 drained
  app=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  for ((n = 1; n <= samples; n++)); do fill $((app << 32 | n)) "$rows"; done
  for ((n = 1; n <= samples; n++)); do
    # whoever comes first after the requests below pays for the pause that they are
    [ $((n % 2)) = 0 ] || delete_timed "$n" "$BATS_TEST_TMPDIR/big"
    delete_timed $((samples + n)) "$BATS_TEST_TMPDIR/empty"
    [ $((n % 2)) = 1 ] || delete_timed "$n" "$BATS_TEST_TMPDIR/big"
    request GET "/applications/$token/chats/$n/messages" && expect 404
    request GET "/applications/$token/chats/$n/messages/$rows" && expect 404
    writer POST "/applications/$token/chats/$n/messages" '{"body":"x"}' && expect 404
  done
  same "$(rows_left)" $((samples * rows))
  tell "$rows messages: median $(median "$BATS_TEST_TMPDIR/big") µs, empty $(median "$BATS_TEST_TMPDIR/empty") µs"
  holds "$(median "$BATS_TEST_TMPDIR/big") <= 2 * $(median "$BATS_TEST_TMPDIR/empty")"
  start purge
  wait_for "$(long 60 900)" none_left
  stop purge
  same "$(db "SELECT COUNT(*) FROM chats WHERE chat_application_id = $app AND deleted_at IS NULL")" 0
}

# bats test_tags=route:delete-chat
@test "posts are 404 from the moment the 204 is out, also while the counter is lost and healed" {
  local chats
  new_application
  summary=$("$stack_root/test/helpers/delete_race.py" "$API" "$WRITER" "$PARLEY_VAR/run/redis.sock" \
    "$token" "$(long 20 200)") || { tell "$summary"; return 1; }
  tell "$summary"
  holds "$(figure '.answers["201"]') > 100 && $(figure '.answers["404"]') > 100"
  wait_for 60 settled
  app=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  chats=$(figure .rounds)
  same "$(db "SELECT COUNT(*), COUNT(deleted_at) FROM chats WHERE chat_application_id = $app")" \
    "$chats"$'\t'"$chats"
  same "$(redis --raw EVAL "local n = 0 for i = 1, $chats do
      n = n + redis.call('EXISTS', string.format('chat:%.0f:message_counter', $((app << 32)) + i)) end
    return n" 0)" 0
  start purge
  wait_for "$(long 60 300)" none_left
  stop purge
}
