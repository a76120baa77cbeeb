#!/usr/bin/env bats
# slow: jobs/index on a real Elasticsearch: what MySQL has arrives there, whatever goes wrong.

load helpers/stack
load helpers/load
load helpers/tool
load helpers/index

setup_file() {
  export PARLEY_INDEX_MS=50 PARLEY_INDEX_BACK_OFF_MS=300 PARLEY_PURGE_MS=100 PARLEY_WAIT_S=1
  export PARLEY_API_PROCESSES=2 PARLEY_WRITER_PROCESSES=1 PARLEY_SEARCH_PROCESSES=1
  # searches of a machine that is busy: one that fell back would be no test
  export PARLEY_ELASTICSEARCH_TIMEOUT_MS=10000 PARLEY_SEARCH_BUDGET_MS=30000
  # so small that a batch soon is too big
  stack_start start elasticsearch 'http.max_content_length: 64kb'
  jobs_start 1
  start purge
  start index
}

teardown_file() {
  stack_stop
}

setup() {
  is_running index || start index
  new_application
  new_chat
  path=/applications/$token/chats/$chat/messages
  post first
  wait_for 10 drained
  id=$(chat_id)
}

teardown() {
  release
}

post() { request POST "$path" "{\"body\":$(quoted "$1")}" && expect 201; }
edit() { request PATCH "$path/$1" "{\"body\":$(quoted "$2")}" && expect 200; }
delete() { request DELETE "$1" && expect 204; }

# finds Q NUMBERS: Elasticsearch finds these, the newest first
finds() {
  request GET "$path/search?q=$1"
  expect 200
  same "$(header X-Search-Source)" elasticsearch
  same "$(json '[.[].number] | join(" ")')" "$2"
}

push() { redis LPUSH "queue:${2:-index}" "$1" >/dev/null; }
# job CLASS ARGUMENTS: as Sidekiq writes it
job() { printf '{"class":"%s","args":%s,"queue":"index","retry":true,"jid":"%024x","created_at":1795560953.1}' "$1" "$2" $RANDOM; }

@test "without an index one is made, and searches find it by its alias" {
  becomes_equal
  same "$(index)" messages_v1
  same "$(db 'SELECT active, phase FROM search_index')" "messages_v1	idle"
  same "$(es GET messages_v1/_mapping | jq .messages_v1.mappings._meta.mapping)" 1
  log_has index '"searches use a new index" index=messages_v1'
}

@test "what is posted, edited and deleted arrives" {
  local n
  for n in two three four; do post "$n"; done
  ask "$WRITER" POST "/applications/$token/chats/$chat/messages" '{"body":"five"}'
  expect 201
  wait_for 10 drained
  edit 2 changed
  delete "$path/3"
  becomes_equal
  same "$(index_has | grep -c "^$id-")" 4
  finds chang 2
  finds three ""
  finds fiv 5
  request GET /metrics
  [[ $body == *$'\ndocuments_indexed_total{action="index"} '[1-9]* ]]
  [[ $body == *$'\ndocuments_indexed_total{action="delete"} '[1-9]* ]]
  [[ $body =~ index_last_success_seconds\ ([0-9]+)\. ]] && [ "${BASH_REMATCH[1]}" -lt 30 ]
}

@test "a chat that is deleted goes, and with an application all its chats" {
  local first=$id
  post more
  new_chat
  path=/applications/$token/chats/$chat/messages
  post other
  wait_for 10 drained
  becomes_equal
  delete "/applications/$token/chats/1"
  wait_for 10 is_purged "$first"
  becomes_equal
  same "$(index_has | grep -c "^$first-")" 0
  delete "/applications/$token"
  wait_for 10 is_purged "$(chat_id)"
  becomes_equal
}

is_purged() { [ "$(db "SELECT purged_at IS NOT NULL FROM chats WHERE id = $1")" = 1 ]; }

@test "changes of a message that wait are told once, as it is now" {
  becomes_equal
  stop index
  edit 1 second
  edit 1 third
  post gone
  wait_for 10 drained
  delete "$path/2"
  same "$(outbox)" 4 # two edits, a message, its deletion
  start index
  becomes_equal
  same "$(index_has | grep "^$id-" | cut -f 1-2)" "$id-1	3"
  finds third 1
}

# Checksums of the messages 1 to 3 are above 2^31, that of the second version of 1 below.
@test "a document that is refused is set aside, is found by MySQL, and goes when it is told again" {
  becomes_equal
  es PUT messages/_mapping '{"properties":{"check":{"type":"long","index":false,"fields":{"trap":{"type":"integer"}}}}}'
  post second && post third
  wait_for 10 drained
  wait_for 10 refused_are 2
  same "$(outbox)" 0
  [[ $(db "SELECT error FROM message_changes LIMIT 1") == '400 document_parsing_exception: '* ]]
  log_has index '"refused by elasticsearch, and set aside: MySQL finds them" messages=[12] '
  finds secon 2
  queue verify
  exits 1
  says "^${token:0:6}: elasticsearch refused 2 changes, the first of message [23] of chat $chat: 400 document_parsing"
  queue status
  says '^set aside  *2 '
  request GET /metrics
  [[ $body == *$'\noutbox_refused 2\n'* ]]
  [ "$(metric documents_refused_total)" -ge 2 ]
  queue repair
  says 'elasticsearch: 2 changes, refused before, wait for .index. once more'
  wait_for 10 refused_are 2
  # version 2 of both is taken
  edit 2 'second again'
  edit 3 'third again'
  wait_for 10 refused_are 0
  becomes_equal
  finds again '3 2'
  # what the old index refuses, a new one may take
  post fourth
  wait_for 10 drained
  wait_for 10 refused_are 1
  es DELETE "$(index)"
  wait_for 20 refused_are 0
  wait_for 20 has_index
  becomes_equal
  queue verify
  exits 0
}

@test "a batch that is too big is sent in halves; a message that is too big alone is set aside" {
  becomes_equal
  messages 2 400
  counted
  becomes_equal
  post "$(printf 'word%.0s ' {1..9000})"
  wait_for 10 drained
  wait_for 10 refused_are 1
  same "$(db 'SELECT number, error FROM message_changes')" "401	413"
  finds word 401
  delete "$path/401"
  wait_for 10 refused_are 0
  becomes_equal
}

refused_are() { [ "$(db 'SELECT COUNT(*) FROM message_changes WHERE refused_at IS NOT NULL')" = "$1" ]; }
metric() { request GET /metrics && sed -n "s/^$1 //p" <<<"$body"; }

@test "a cluster whose disk is full is waited for" {
  becomes_equal
  es PUT messages/_settings '{"index.blocks.read_only_allow_delete":true}'
  post more
  wait_for 10 drained
  wait_for 10 log_has_index 'error="elasticsearch: not now: 429 cluster_block_exception'
  same "$(outbox)" 1
  finds more 2
  [ "$(metric index_failures_total)" -ge 1 ]
  es PUT messages/_settings '{"index.blocks.read_only_allow_delete":null}'
  becomes_equal
}

@test "an index that is removed is made anew, and MySQL searches until then" {
  becomes_equal
  local before
  before=$(index)
  es DELETE "$before"
  wait_for 15 has_index
  becomes_equal
  log_has index 'error .*"the index is gone: a new one is made, until then MySQL searches"'
  finds first 1
}

has_index() { [[ $(index) == messages_v* ]]; }

@test "an alias that is taken away leads to the index again" {
  becomes_equal
  local before
  before=$(index)
  es POST _aliases "{\"actions\":[{\"remove\":{\"index\":\"$before\",\"alias\":\"messages\"}}]}"
  wait_for 15 index_is "$before"
  log_has index '"the alias was gone, and leads to the index again"'
  post more
  wait_for 10 drained
  becomes_equal
}

@test "an index that was put back from a snapshot lacks what has changed since: a new one is made" {
  local before
  becomes_equal
  before=$(index)
  stop index
  es DELETE "$before"
  es PUT "$before" '{"aliases":{"messages":{}}}'
  post more
  wait_for 10 drained
  start index
  wait_for 15 index_is "messages_v$((${before#messages_v} + 1))"
  becomes_equal
  es DELETE "$before"
}

@test "an index of somebody else is never written to" {
  becomes_equal
  local before
  before=$(index)
  es PUT other '{}'
  es POST _aliases "{\"actions\":[{\"remove\":{\"index\":\"$before\",\"alias\":\"messages\"}},{\"add\":{\"index\":\"other\",\"alias\":\"messages\"}}]}"
  post more
  wait_for 10 drained
  wait_for 10 log_has_index 'the alias messages leads to other, which this database has not filled: jobs/reindex'
  same "$(outbox)" 1
  finds more 2
  queue verify
  exits 1
  says '^elasticsearch: messages leads to other, which this database has not filled$'
  queue repair
  exits 1
  says '^elasticsearch: a new index is asked for: .index. makes it$'
  # what comes meanwhile is not told to the new one alone
  post another
  wait_for 10 drained
  finds another 3
  wait_for 20 index_is "messages_v$((${before#messages_v} + 1))"
  finds another 3
  becomes_equal
  finds 'more' 2
  same "$(es GET other/_count | jq .count)" 0
  es DELETE other
}

@test "a version with no room above it is not taken over: the message is set aside, and MySQL finds it" {
  becomes_equal
  stop index
  es PUT "messages/_doc/$id-1?routing=$id&version=4294967295&version_type=external" '{}'
  edit 1 changed
  start index
  wait_for 10 outbox_is 0
  finds changed 1
  same "$(db "SELECT version FROM messages WHERE chat_id = $id AND number = 1")" 2
  same "$(db "SELECT error FROM message_changes WHERE chat_id = $id" | cut -c 1-51)" \
    'Elasticsearch has a version that is too high: a new'
  edit 1 again
  finds again 1
  reindex
  exits 1
  queue repair
  becomes_equal
  finds again 1
  same "$(db "SELECT COUNT(*) FROM message_changes")" 0
}

@test "after a time without ELASTICSEARCH_URL MySQL searches until a new index has all" {
  becomes_equal
  local before
  before=$(index)
  stop index
  stop persist-1
  ELASTICSEARCH_URL='' start persist-1
  post meanwhile
  wait_for 10 drained
  same "$(outbox)" 0
  same "$(db 'SELECT active IS NULL, phase FROM search_index')" "1	asked"
  log_has persist-1 '"there is no ELASTICSEARCH_URL: the index was given up'
  stop persist-1
  start persist-1
  request GET "$path/search?q=meanwhile"
  same "$(header X-Search-Source) $(json 'length')" 'mysql 1'
  start index
  wait_for 20 index_is "messages_v$((${before#messages_v} + 1))"
  becomes_equal
  finds meanwhile 2
}

@test "killed after Elasticsearch has taken a batch, it tells the batch again" {
  becomes_equal
  stop index
  post more
  edit 1 changed
  wait_for 10 drained
  same "$(outbox)" 2
  hold 'BEGIN; SELECT id FROM message_changes FOR UPDATE'
  start index
  wait_for 10 has_document "$id-1" 2
  kill_9 index
  release
  same "$(outbox)" 2
  start index
  becomes_equal
}

# (The rows go before what they told is to be seen, in one transaction.)
has_document() { es POST messages/_refresh >/dev/null && index_has | grep -q "^$1	$2	"; }

@test "an Elasticsearch that was away is caught up with" {
  becomes_equal
  stop elasticsearch
  post more
  edit 1 changed
  messages 3 60
  counted
  wait_for 10 drained
  wait_for 10 log_has_index 'level=warn .*"cannot index" error="elasticsearch: Failed to connect'
  same "$(outbox)" 60
  queue status
  says '^outbox  *60  oldest '
  request GET /metrics
  [[ $body == *$'\noutbox_length 60\n'* ]]
  start elasticsearch
  becomes_equal 30
}

@test "without Redis all that MySQL has is told" {
  becomes_equal
  stop redis
  messages 2 4
  becomes_equal
  wait_for 10 log_has_index '"cannot do the jobs of the queue" error="redis: '
  start redis
  counted
  push "$(job IndexMessageJob '[1]')"
  wait_for 20 queue_is_empty index
}

queue_is_empty() { [ "$(redis LLEN "queue:$1")" = 0 ] && [ -z "$(redis KEYS "inflight:$1:*")" ]; }

@test "a message that another program has changed is told when its job asks for it" {
  becomes_equal
  db "UPDATE messages SET body = 'from elsewhere' WHERE chat_id = $id AND number = 1"
  messages 2 2
  counted
  db "UPDATE messages SET body = 'new elsewhere' WHERE chat_id = $id AND number = 2; DELETE FROM message_changes"
  local one two
  one=$(db "SELECT id FROM messages WHERE chat_id = $id AND number = 1")
  two=$(db "SELECT id FROM messages WHERE chat_id = $id AND number = 2")
  push "$(job IndexMessageJob "[$one]")"
  # one that knows no other queue
  push "$(job IndexMessageJob "[{\"message_id\":$two}]")" default
  push "$(job IndexMessageJob '[999999999]')"
  wait_for 10 finds_elsewhere
  becomes_equal
  wait_for 10 queue_is_empty index
  same "$(redis ZCARD dead)" 0
}

finds_elsewhere() { finds elsewhere '2 1' 2>/dev/null; }

@test "ReindexMessagesJob tells a range of messages again, or asks for a new index" {
  becomes_equal
  local before from to
  before=$(index)
  messages 2 40
  counted
  becomes_equal
  from=$(db "SELECT MIN(id) FROM messages WHERE chat_id = $id")
  to=$(db "SELECT MAX(id) FROM messages WHERE chat_id = $id")
  stop index
  push "$(job ReindexMessagesJob "[$((from + 1)),$((to - 1))]")"
  push "$(job ReindexMessagesJob "[7]")"
  start index
  wait_for 10 queue_is_empty index
  becomes_equal
  same "$(redis ZCARD dead)" 1
  [[ $(redis ZRANGE dead 0 0) == *'"error_class":"BadArguments"'* ]]
  redis DEL dead >/dev/null
  push "$(job ReindexMessagesJob '[]')"
  wait_for 20 index_is "messages_v$((${before#messages_v} + 1))"
  becomes_equal
  # the old one stays
  es GET "$before/_count" >/dev/null
}

@test "jobs of other classes go to their own queues, unchanged" {
  push '{"class":"SomebodysJob","args":[1],"jid":"abc"}'
  wait_for 10 queue_is_empty index
  same "$(redis LRANGE queue:unclaimed 0 -1)" '{"class":"SomebodysJob","args":[1],"jid":"abc"}'
  redis DEL queue:unclaimed >/dev/null
}

@test "two of them do each other no harm" {
  becomes_equal
  PARLEY_NODE=another PARLEY_VAR_TWO=1 start index-2
  messages 2 200
  counted
  edit 1 changed
  becomes_equal
  stop index-2
}

@test "verify finds, and repair mends, what was changed in the index by hand" {
  messages 2 12
  counted
  becomes_equal
  queue verify
  exits 0
  says ', 12 messages, .* documents compared; ' || says 'documents compared'
  # removed (Elasticsearch remembers that with a higher version), changed, never there, without a chat
  es DELETE "messages/_doc/$id-4?routing=$id"
  es DELETE "messages/_doc/$id-5?routing=$id"
  es PUT "messages/_doc/$id-7?routing=$id" "{\"chat_id\":\"$id\",\"number\":7,\"version\":9,\"check\":1,\"g3\":\"\",\"g12\":\"\"}"
  es PUT "messages/_doc/$id-99?routing=$id" "{\"chat_id\":\"$id\",\"number\":99,\"version\":1,\"check\":1,\"g3\":\"\",\"g12\":\"\"}"
  es PUT "messages/_doc/$((id + 5))-1?routing=$((id + 5))" "{\"chat_id\":\"$((id + 5))\",\"number\":1,\"version\":1,\"check\":1,\"g3\":\"\",\"g12\":\"\"}"
  es POST messages/_refresh >/dev/null
  queue verify
  exits 1
  same "$output" "${token:0:6} chat $chat: messages 4 to 5 are not in the index
${token:0:6} chat $chat: message 7 is in the index with another version
${token:0:6} chat $chat: message 99 is in the index, and no more in MySQL
${token:0:6} chat $((chat + 5)): message 1 is in the index, and no more in MySQL"
  queue verify --json
  same "$(jq -c '[.differences[] | [.kind, .chat, .from, .to, .missing]]' <<<"$output")" \
    "[[\"index\",$chat,4,5,2],[\"index\",$chat,7,7,1],[\"index\",$chat,99,99,1],[\"index\",$((chat + 5)),1,1,1]]"
  queue repair
  exits 0
  says "chat $chat: 2 of messages 4 to 5 put into the outbox"
  says "chat $chat: message 7 put into the outbox"
  becomes_equal
  wait_for 10 verify_is_clean
  finds 'message%204' 4
}

verify_is_clean() { queue verify && [ "$status" = 0 ]; }

@test "verify of one application looks at that one's messages only" {
  becomes_equal
  local other=$token short
  es DELETE "messages/_doc/$id-1?routing=$id"
  es POST messages/_refresh >/dev/null
  new_application
  queue verify "$token"
  exits 0
  queue verify "$other"
  exits 1
  same "$output" "${other:0:6} chat 1: message 1 is not in the index"
  queue repair "$other"
  exits 0
  becomes_equal
}

@test "without an Elasticsearch there is nothing to do, and nothing is said" {
  run env -u ELASTICSEARCH_URL "$PARLEY_BUILD/jobs/index"
  same "$status $output" "0 "
}

@test "told to stop while Elasticsearch hangs, it ends soon" {
  becomes_equal
  signal elasticsearch STOP
  post more
  stop index 15000 # it waits a minute for an answer else
  signal elasticsearch CONT
  start index
  becomes_equal 30
}
