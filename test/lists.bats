#!/usr/bin/env bats
# web: Lists of chats and of messages: pages by number.

load helpers/stack

setup_file() {
  local n
  stack_start
  jobs_start 1
  new_application
  new_chat
  export token
  # 64 chats, and 64 messages in the first
  for ((n = 1; n <= 64; n++)); do
    [ "$n" = 1 ] || printf 'url = "%s/applications/%s/chats"\njson = "{}"\nnext\n' "$WRITER" "$token"
    printf 'url = "%s/applications/%s/chats/1/messages"\njson = "{\\"body\\":\\"text %d\\"}"\nnext\n' \
      "$WRITER" "$token" "$n"
  done | sed '$d' | curl -sSf -K - >/dev/null
  wait_for 20 drained
}

teardown_file() {
  stack_stop
}

lists() { echo "/applications/$token/chats" "/applications/$token/chats/1/messages"; }
numbers() { json '[.[].number] | join(" ")'; }
upto() { seq "$1" "$2" | xargs; }

# link REL: the path that the last answer's Link gives
link() { header Link | tr ',' '\n' | sed -nE "s/^ *<([^>]*)>; rel=\"$1\"$/\1/p"; }

# page PATH FROM TO: has exactly these numbers
page() {
  request GET "$1"
  expect 200
  same "$(numbers)" "$(upto "$2" "$3")"
}

# bats test_tags=list:limit,list:pages
@test "a list ascends by number, 50 at once" {
  local list
  for list in $(lists); do
    page "$list" 1 50
  done
}

# bats test_tags=list:limit
@test "limit is 1 to 200" {
  local list
  for list in $(lists); do
    page "$list?limit=1" 1 1
    page "$list?limit=200" 1 64
    page "$list?limit=64" 1 64
    page "$list?limit=63" 1 63
  done
}

# bats test_tags=list:pages
@test "after gives the next ones, before the ones before it, ascending both" {
  local list
  for list in $(lists); do
    page "$list?after=0&limit=3" 1 3
    page "$list?after=10" 11 60
    page "$list?after=10&limit=5" 11 15
    page "$list?limit=5&after=62" 63 64
    page "$list?before=10" 1 9
    page "$list?before=30&limit=5" 25 29
    page "$list?before=3&limit=5" 1 2
    page "$list?before=2" 1 1
  done
}

@test "beyond the ends a page is empty" {
  local list query
  for list in $(lists); do
    for query in after=64 after=4294967295 after=4294967296 after=9007199254740992 before=1 before=0; do
      request GET "$list?$query"
      [ "$status" = 200 ] || echo "query: $query" >&2
      expect 200
      same "$body" '[]'
    done
  done
}

# bats test_tags=list:pages
@test "before=9007199254740991 is the newest page" {
  local list
  for list in $(lists); do
    page "$list?before=9007199254740991" 15 64
    page "$list?before=9007199254740991&limit=3" 62 64
    page "$list?before=9007199254740992&limit=3" 62 64
    page "$list?before=65&limit=3" 62 64
  done
}

# bats test_tags=list:links
@test "following next from the beginning gives each once, in order" {
  local list path got
  for list in $(lists); do
    path="$list?limit=13" got=
    while [ -n "$path" ]; do
      request GET "$path"
      expect 200
      got+="$(numbers) "
      path=$(link next)
    done
    same "$got" "$(upto 1 64) "
  done
}

# bats test_tags=list:links
@test "following prev from the last page gives each once, backwards page by page" {
  local list path got pages
  for list in $(lists); do
    request GET "$list?limit=13"
    path=$(link last) got='' pages=0
    while [ -n "$path" ]; do
      request GET "$path"
      expect 200
      got="$(numbers) $got"
      pages=$((pages + 1))
      path=$(link prev)
    done
    same "$got" "$(upto 1 64) "
    same $pages 5
  done
}

# bats test_tags=list:links
@test "Link has next and prev where there is more, last always, all of them with the limit" {
  local list
  for list in $(lists); do
    page "$list?limit=10" 1 10
    same "$(link next)" "$list?after=10&limit=10"
    same "$(link prev)" ''
    same "$(link last)" "$list?before=9007199254740991&limit=10"
    page "$list?after=10&limit=10" 11 20
    same "$(link next)" "$list?after=20&limit=10"
    same "$(link prev)" "$list?before=11&limit=10"
    page "$list?after=54&limit=10" 55 64
    same "$(link next)" ''
    same "$(link prev)" "$list?before=55&limit=10"
    page "$list?before=21&limit=10" 11 20
    same "$(link next)" "$list?after=20&limit=10"
    same "$(link prev)" "$list?before=11&limit=10"
    page "$list?before=11&limit=10" 1 10
    same "$(link prev)" ''
    page "$list?before=9007199254740991&limit=10" 55 64
    same "$(link prev)" "$list?before=55&limit=10"
    page "$list?limit=200" 1 64
    same "$(link next)$(link prev)" ''
  done
}

# bats test_tags=list:links
@test "Link is as RFC 8288 has it" {
  request GET "/applications/$token/chats/1/messages?after=10&limit=10"
  [[ $(header Link) =~ ^(\</[^ \>]*\>\;\ rel=\"(next|prev|last)\"(,\ |$)){3}$ ]]
}

# bats test_tags=list:limit,list:pages,error:400
@test "a bad limit, after or before is 400" {
  local list query
  for list in $(lists); do
    for query in limit=0 limit=201 limit=x limit=01 limit= limit=-1 limit=+1 limit=1.0 limit=%201 \
      limit=99999999999999999999 'limit=1&limit=1' after=x after=-1 after=01 after= after=1.5 \
      after=9007199254740993 before=9007199254740993 before=x before= before=+1 before=01 \
      'after=1&after=2' 'before=1&before=1' 'after=1&before=9' 'before=9&after=1' \
      'after=0&before=9007199254740991'; do
      request GET "$list?$query"
      [ "$status" = 400 ] || echo "query: $query" >&2
      expect 400
      same "$(header Content-Type)" application/problem+json
      [[ $body == '{"type":"/problems/bad-parameter",'* ]] || same "$body" bad-parameter
    done
  done
}

@test "a parameter that a list does not know is ignored, and an escaped one is understood" {
  local list
  for list in $(lists); do
    page "$list?page=7&limit=2&x" 1 2
    page "$list?&&limit=%32" 1 2
    page "$list?%6cimit=2" 1 2
    page "$list?" 1 50
  done
}

@test "each item is what GET of it alone answers" {
  local list item
  for list in $(lists); do
    request GET "$list?after=6&limit=1"
    item=$(printf '%s' "$body" | jq -c '.[0]')
    request GET "$list/7"
    expect 200
    same "$body" "$item"
  done
  same "$(json .body)" 'text 7'
}

# bats test_tags=own-stack
@test "a page over numbers that have no living row is as long as any other" {
  local id
  id=$(db "SELECT id FROM chats WHERE number = 1")
  db "UPDATE messages SET deleted_at = NOW(6), body = '' WHERE chat_id = $id AND number BETWEEN 5 AND 8"
  request GET "/applications/$token/chats/1/messages?limit=6"
  same "$(numbers)" '1 2 3 4 9 10'
  request GET "$(link next)"
  same "$(numbers)" "$(upto 11 16)"
  request GET "$(link prev)"
  same "$(numbers)" '1 2 3 4 9 10'
  request GET "/applications/$token/chats/1/messages/5"
  expect 404
  same "$(json .type)" /problems/not-found
}

@test "living messages are found over more deleted ones than are looked at in one go, both ways" {
  local id
  new_chat
  path=/applications/$token/chats/$chat/messages
  request POST "$path" '{"body":"first"}'
  wait_for 10 drained
  id=$(db "SELECT MAX(chat_id) FROM messages")
  db "INSERT INTO messages (chat_id, number, created_at, updated_at, deleted_at, body)
      SELECT $id, seq, NOW(), NOW(), NOW(), '' FROM seq_2_to_50000;
      UPDATE chats SET messages_stored = 50000, last_message_number = 50000 WHERE id = $id"
  redis SET "chat:$id:message_counter" 50000 >/dev/null
  request POST "$path" '{"body":"last"}'
  wait_for 10 drained
  request GET "$path"
  same "$(numbers)" '1 50001'
  request GET "$path?limit=1"
  same "$(numbers)" 1
  request GET "$(link next)"
  same "$(numbers)" 50001
  request GET "$path?before=50001"
  same "$(numbers)" 1
  request GET "$path?before=9007199254740991&limit=1"
  same "$(numbers)" 50001
  request GET "$(link prev)"
  same "$(numbers)" 1
  request GET "$path?after=50001"
  same "$body" '[]'
}
