# load.bash: what the tests of test/load share: loads, and what must hold behind them.
# Needs helpers/stack. Figures go to the log as TAP comments.

tell() { echo "# $*" >&3; }

# messages BASE [TOKEN [CHAT]]: URL of a chat's messages
messages() { echo "$1/applications/${2:-$token}/chats/${3:-$chat}/messages"; }

# blast OPTION… URL…: runs the load generator; its summary is in $summary
blast() {
  local code=0
  summary=$("$PARLEY_BUILD/test/load" "$@") || code=$?
  tell "$summary"
  return $code
}

# blast_start NAME OPTION… URL…: in the background
blast_start() {
  local name=$1
  shift
  : >"$PARLEY_VAR/tmp/$name"
  spawn "$PARLEY_VAR/tmp/$name" "$PARLEY_BUILD/test/load" "$@"
  echo "$REPLY" >"$PARLEY_VAR/pids/$name"
}

# blast_end NAME SECONDS: waits for its end; its summary is in $summary
blast_end() {
  wait_for "$2" group_gone "$(pid_of "$1")"
  rm "$PARLEY_VAR/pids/$1"
  summary=$(tail -n 1 "$PARLEY_VAR/tmp/$1")
  tell "$1: $summary"
}

# figure FILTER: of the summary
figure() { jq -r "$1" <<<"$summary"; }

# holds EXPRESSION: arithmetic, fractions too (awk)
holds() {
  awk "BEGIN { exit !($1) }" && return
  echo "does not hold: $1" >&2
  return 1
}

# absent PATTERN FILE…: prints what is there after all
absent() {
  if grep -aE -- "$@"; then return 1; fi
}

# slowest LOG: the longest request, in ms
slowest() { awk '$2 > most { most = $2 } END { print int(most / 1000) }' "$1"; }

chat_id() {
  db "SELECT c.id FROM chats c JOIN chat_applications a ON a.id = c.chat_application_id
      WHERE a.token = '${1:-$token}' AND c.number = ${2:-$chat}"
}

# fill CHAT-ID ROWS [SQL]: as persist would have left them; SQL makes the body of row `seq`
fill() {
  local text=${3:-"CONCAT('message ', seq, REPEAT(' word', 16))"}
  db "SET unique_checks = 0, foreign_key_checks = 0;
      INSERT INTO messages (chat_id, number, created_at, updated_at, body)
      SELECT $1, seq, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), $text FROM seq_1_to_$2;
      UPDATE chats SET messages_count = $2, messages_stored = $2, last_message_number = $2
      WHERE id = $1"
  [ -z "${ELASTICSEARCH_URL:-}" ] || changed "$1"
  redis SET "chat:$1:message_counter" "$2" >/dev/null
}

# changed CHAT-ID [CONDITION]: tells Elasticsearch of messages that SQL has changed, as any writer of MySQL has to
changed() {
  db "INSERT INTO message_changes (chat_id, number, version, created_at)
      SELECT chat_id, number, version, UTC_TIMESTAMP(6) FROM messages WHERE chat_id = $1 AND ${2:-TRUE}"
}

# indexed: Elasticsearch knows everything that MySQL has
indexed() {
  [ "$(db 'SELECT COUNT(*) FROM message_changes')" = 0 ] &&
    [ "$(curl -s "$ELASTICSEARCH_URL/_alias/messages" | jq 'has("error")')" = false ]
}

# settled: nothing waits, is in flight, retried or dead
settled() {
  [ "$(waiting)" = 0 ] && [ "$(redis ZCARD retry)" = 0 ] && [ "$(redis ZCARD dead)" = 0 ]
}

# counts_exact TOKEN CHAT: rows = messages_stored = last number = the counter, the living =
# messages_count, and the same for the application's chats
counts_exact() {
  local id application
  id=$(chat_id "$1" "$2")
  application=$((id >> 32))
  same "$(db "SELECT messages_count, messages_stored, last_message_number FROM chats WHERE id = $id")" \
    "$(db "SELECT COUNT(*) - COUNT(deleted_at), COUNT(*), MAX(number) FROM messages
           WHERE chat_id = $id")"
  same "$(db "SELECT last_message_number FROM chats WHERE id = $id")" \
    "$(redis GET "chat:$id:message_counter")"
  same "$(db "SELECT chats_count, chats_stored, last_chat_number FROM chat_applications
              WHERE id = $application")" \
    "$(db "SELECT COUNT(*) - COUNT(deleted_at), COUNT(*), MAX(number) FROM chats
           WHERE chat_application_id = $application")"
  same "$(db "SELECT last_chat_number FROM chat_applications WHERE id = $application")" \
    "$(redis GET "chat_app:$application:chat_counter")"
}

# kept SECONDS LOG…: waits until all is stored, then compares MySQL with what the clients of $chat
# were told, and looks at the counts. What check_log says is in $checked.
kept() {
  local log options=() rows=$PARLEY_VAR/tmp/rows
  wait_for "$1" settled || { redis --raw ZRANGE dead 0 5; redis --raw ZRANGE retry 0 5; return 1; }
  shift
  for log; do options+=(--log "$log"); done
  db "SELECT number, LEFT(body, 64) FROM messages WHERE chat_id = $(chat_id)" >"$rows"
  checked=$("$stack_root/test/check_log.py" --rows "$rows" "${options[@]}") || {
    echo "$checked"
    return 1
  }
  tell "$checked"
  counts_exact "$token" "$chat"
}

# checked_figure FILTER: of what check_log said
checked_figure() { jq -r "$1" <<<"$checked"; }
