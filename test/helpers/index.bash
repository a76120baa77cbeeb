# index.bash: what the tests of jobs/index and jobs/reindex share. Needs helpers/stack; $id is the chat's.
# shellcheck disable=SC2034,SC2154 # what the tests read, and set

# es METHOD PATH [BODY]: what Elasticsearch answers; fails when that is an error
es() {
  curl -sS --fail-with-body --max-time 30 -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$ELASTICSEARCH_URL/$2"
}

outbox() { db 'SELECT COUNT(*) FROM message_changes WHERE refused_at IS NULL'; }
outbox_is() { [ "$(outbox)" = "$1" ]; }
phase() { db 'SELECT phase FROM search_index'; }
phase_is() { [ "$(phase)" = "$1" ]; }
# index: the one that searches use
index() { es GET "_alias/messages" 2>/dev/null | jq -r 'keys | join(" ")'; }
index_is() { [ "$(index)" = "$1" ]; }
log_has_index() { log_has index "$1"; }

# All living messages, a line each: id of the document, version, version again, checksum.
mysql_has() {
  db "SELECT CONCAT(chat_id, '-', number), version, version, CRC32(CONCAT(number, '-', version)) FROM messages
      WHERE deleted_at IS NULL" | sort
}

# index_has: the same from there
index_has() {
  es POST messages/_search '{"size":10000,"version":true,"docvalue_fields":["version","check"]}' |
    jq -r '.hits.hits[] | [._id, ._version, .fields.version[0], .fields.check[0]] | @tsv' | sort
}

# equal: Elasticsearch has been told all, and has what MySQL has
equal() {
  outbox_is 0 && [ "$(index_has 2>/dev/null)" = "$(mysql_has)" ]
}

differ_or_equal() { diff <(mysql_has) <(index_has) >&2; }

# becomes_equal [SECONDS]
becomes_equal() { wait_for "${1:-15}" equal || { differ_or_equal; outbox >&2; return 1; }; }

# messages FROM TO: living messages of the chat, as another writer would store them, with their changes
messages() {
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, body)
        SELECT $id, seq, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), CONCAT('message ', seq) FROM seq_${1}_to_$2;
      INSERT INTO message_changes (chat_id, number, version, created_at)
        SELECT $id, seq, 1, UTC_TIMESTAMP(6) FROM seq_${1}_to_$2;
      UPDATE chats SET messages_count = messages_count + $2 - $1 + 1, messages_stored = messages_stored + $2 - $1 + 1,
        last_message_number = $2 WHERE id = $id"
}

# counted: Redis knows how many messages the chat has
counted() {
  redis SET "chat:$id:message_counter" "$(db "SELECT last_message_number FROM chats WHERE id = $id")" >/dev/null
}

# hold SQL [OPTION…]: a session of MySQL that has done SQL, and keeps its locks until `release`
hold() {
  local sql=$1
  shift
  rm -f "$PARLEY_VAR/tmp/hold"
  mkfifo "$PARLEY_VAR/tmp/hold"
  mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=parley --batch --unbuffered "$@" parley \
    <"$PARLEY_VAR/tmp/hold" >"$PARLEY_VAR/tmp/held" 2>&1 3>&- &
  holder=$!
  exec 8>"$PARLEY_VAR/tmp/hold"
  echo "$sql; SELECT 'is held';" >&8
  wait_for 10 grep -q 'is held' "$PARLEY_VAR/tmp/held"
}

release() {
  [ -n "${holder:-}" ] || return 0
  exec 8>&-
  wait "$holder" || true
  holder=
}

# waits_for_lock: somebody waits for what hold has
waits_for_lock() {
  [ "$(mariadb_root "$PARLEY_VAR" -e "SELECT COUNT(*) FROM information_schema.processlist
    WHERE db = 'parley' AND (state LIKE '%lock%' OR state IN ('Updating', 'Sending data', 'Statistics'))
    AND time_ms > 200 AND info IS NOT NULL")" -gt 0 ]
}

# reindex OPTION…: its exit status in $status, what it said in $output and $stderr
reindex() {
  status=0
  output=$("$PARLEY_BUILD/jobs/reindex" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
}
