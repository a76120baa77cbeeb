#!/usr/bin/env bats
# web: elastic: Search: what is found, in which order, what is marked; pages, what goes wrong.
#
# On MySQL, and (STACK_SEARCH=elasticsearch) on Elasticsearch: all answers are the same.
# test/search/pairs.json and order.json are the tables; test/search/check.py is a plain search in
# Python that every answer of theirs is compared with, too.

load helpers/stack
load helpers/load
load helpers/search

setup_file() {
  search_settings
  stack_start
  jobs_start 1
  all_indexed # else the first searches would be MySQL's
  new_application
  new_chat
  messages=/applications/$token/chats/$chat/messages
  export token chat messages
}

teardown_file() {
  stack_stop
}

# search Q [PARAMETERS [CHAT]]: answers 200
search() {
  request GET "/applications/$token/chats/${3:-$chat}/messages/search?q=$(encoded "$1")${2:+&$2}"
  expect 200
  same "$(header X-Search-Source)" "${expected_source:-$source}"
}

encoded() { jq -rn --arg text "$1" '$text | @uri'; }
numbers() { json '[.[].number] | join(" ")'; }
down() { seq "$1" -1 "$2" | xargs; }
link() { header Link | tr ',' '\n' | sed -nE "s/^ *<([^>]*)>; rel=\"$1\"$/\1/p"; }

post() {
  request POST "/applications/$token/chats/${2:-$chat}/messages" "{\"body\":$(quoted "$1")}"
  expect 201
}

# new_chat_of BODY…
new_chat_of() {
  local text
  new_chat
  for text; do post "$text"; done
}

# filled ROWS SQL: a new chat ($id in MySQL) with such messages; SQL makes the body of row `seq`
filled() {
  new_chat
  wait_for 10 drained
  id=$(chat_id)
  fill "$id" "$1" "$2"
  all_indexed
}

# edited CONDITION: of messages of that chat, by SQL
edited() { [ "$source" = mysql ] || changed "$id" "$1"; }

# refused QUERY…: each is 400 of the type bad-parameter
refused() {
  local query
  for query; do
    request GET "$messages/search$query"
    [ "$status" = 400 ] || echo "query: ${query:0:200}" >&2
    expect 400
    same "$(json .type)" /problems/bad-parameter
  done
}

# --- what is found ------------------------------------------------------------------------------------

# bats test_tags=search:match
@test "English is found as the table says" { searches pairs English; }
# bats test_tags=search:match
@test "German is found as the table says" { searches pairs German; }
# bats test_tags=search:match
@test "Russian is found as the table says" { searches pairs Russian; }
# bats test_tags=search:match
@test "Arabic and Hebrew are found as the table says" { searches pairs Arabic; }
# bats test_tags=search:match
@test "Chinese is found as the table says" { searches pairs Chinese; }
# bats test_tags=search:match
@test "Japanese is found as the table says" { searches pairs Japanese; }
# bats test_tags=search:match
@test "Korean is found as the table says" { searches pairs Korean; }
# bats test_tags=search:match
@test "Hindi, Bengali, Tamil and Thai are found as the table says" { searches pairs 'Hindi and Thai'; }
# bats test_tags=search:match,search:operators
@test "emoji are found as the table says" { searches pairs emoji; }
# bats test_tags=search:match,search:operators
@test "addresses and code are found as the table says" { searches pairs 'addresses and code'; }

# bats test_tags=search:order
@test "the order is the one of the table" { searches order; }

@test "the tables have at least 120 pairs, found and not found" {
  same "$(jq '[.[][]] | length >= 120 and ([.[][2]] | index(null) != null)' \
    "$stack_root/test/search/pairs.json")" true
}

# bats test_tags=route:search,search:highlight
@test "a hit is the message as GET has it, and its highlight" {
  local one
  post 'one <needle> in a haystack'
  request GET "$(header Location)"
  one=$(json -c .)
  search needle
  same "$(json '.[0] | keys_unsorted | join(",")')" number,body,created_at,updated_at,highlight
  same "$(json '.[0] | del(.highlight)' -c)" "$one"
  same "$(json '.[0].highlight')" 'one &lt;<em>needle</em>&gt; in a haystack'
  same "$(header X-Total-Count) $(header Content-Type)" '1 application/json'
  same "$(header X-Search-Incomplete)" ''
}

@test "nothing found is an empty array" {
  search 'nowhere to be found'
  same "$body $(header X-Total-Count) $(header Link)" '[] 0 '
  # a term that folds to nothing is in no message: nobody has to look
  post 'é'
  local expected_source=mysql
  search $'\u0301'
  same "$body $(header X-Total-Count)" '[] 0'
  search $'e \u200b'
  same "$body" '[]'
}

# bats test_tags=search:own-chat,read:own-writes
@test "what was just posted is found, on both services" {
  local n url
  new_chat
  for n in {1..20}; do
    [ $((n % 2)) = 0 ] && url=$API || url=$WRITER
    ask "$url" POST "/applications/$token/chats/$chat/messages" "{\"body\":\"fresh$n\"}"
    expect 201
    search "fresh$n"
    same "$(numbers | tr ' ' '\n' | tail -n 1)" "$n"
  done
}

# bats test_tags=search:own-chat
@test "only this chat is searched" {
  local mine=$chat first
  first=$token
  post 'tenantsecret mine'
  new_chat_of 'tenantsecret other chat'
  search tenantsecret '' "$mine"
  same "$(json '[.[].body] | join("|")')" 'tenantsecret mine'
  new_application other
  new_chat_of 'tenantsecret other application'
  search tenantsecret
  same "$(json '[.[].body] | join("|")')" 'tenantsecret other application'
  # another's token does not open a chat, whatever its number
  request GET "/applications/$token/chats/$((mine + 1))/messages/search?q=tenantsecret"
  expect 404
  token=$first
}

@test "deleted messages are not found" {
  filled 6 "CONCAT('word ', seq)"
  db "UPDATE messages SET deleted_at = NOW(6) WHERE chat_id = $id AND number IN (1, 4);
      UPDATE messages SET deleted_at = NOW(6), body = '', version = 0 WHERE chat_id = $id AND number = 6"
  edited 'number IN (1, 4, 6)'
  search word
  same "$(numbers) $(header X-Total-Count)" '5 3 2 3'
}

@test "a message that was edited is found by what it says now" {
  filled 2 "CONCAT('before ', seq)"
  db "UPDATE messages SET body = 'after', version = version + 1 WHERE chat_id = $id AND number = 1"
  edited 'number = 1'
  search before
  same "$(numbers)" 2
  search after
  same "$(numbers)" 1
}

@test "in a body of 65,535 bytes, and with 32 terms, the last byte is found too" {
  local q
  new_chat
  printf '{"body":"%065534dZ"}' 0 >"$BATS_TEST_TMPDIR/long"
  request POST "/applications/$token/chats/$chat/messages" "@$BATS_TEST_TMPDIR/long"
  expect 201
  search 0z
  same "$(json '.[0].highlight | .[-12:]')" '0<em>0Z</em>'
  q=$(printf '0%.0s ' {1..32})
  search "$q"
  same "$(json '.[0].highlight | .[:6] + .[-8:]')" '<em>0000</em>Z'
}

# --- pages --------------------------------------------------------------------------------------------

# bats test_tags=search:pages
@test "pages go up to the 10,000th hit, and X-Total-Count to 10,000" {
  filled 10050 "CONCAT('word ', seq)"
  search word
  same "$(numbers) $(header X-Total-Count)" "$(down 10050 10001) 10000"
  search word page=200
  same "$(numbers)" "$(down 100 51)"
  same "$(link next)" ''
  search word 'limit=200&page=50'
  same "$(numbers)" "$(down 250 51)"
  search word 'limit=150&page=67'
  same "$(numbers)" "$(down 150 51)"
  search word 'limit=1&page=10000'
  same "$(numbers)" 51
  messages=/applications/$token/chats/$chat/messages
  refused '?q=word&page=201' '?q=word&limit=200&page=51' '?q=word&limit=150&page=68' \
    '?q=word&limit=1&page=10001'
}

# bats test_tags=search:order
@test "a whole word behind 10,000 worse hits comes first" {
  filled 10050 "IF(seq = 3, 'needle', 'needles')"
  search needle limit=2
  same "$(numbers) $(header X-Total-Count)" '3 10050 10000'
}

# bats test_tags=search:pages
@test "following next gives each hit once, in order, and prev leads back" {
  local path got='' last n=0
  filled 95 "CONCAT(IF(seq % 3 = 0, 'word', 'words'), ' & more ', seq)"
  search 'word &' limit=20
  same "$(header X-Total-Count)" 95
  last=$(link last)
  path="/applications/$token/chats/$chat/messages/search?q=word%20%26&limit=20"
  while [ -n "$path" ]; do
    request GET "$path"
    expect 200
    got+="$(numbers) " n=$((n + 1))
    [ -n "$(link next)" ] || same "$path" "$last"
    path=$(link next)
  done
  same "$got" "$( (seq 93 -3 3; seq 95 -1 1 | awk '$1 % 3') | xargs) "
  same $n 5
  while [ -n "$(link prev)" ]; do request GET "$(link prev)"; expect 200; n=$((n - 1)); done
  same "$n $(numbers)" "1 $(seq 93 -3 36 | xargs)"
}

@test "a page behind the last hit is empty" {
  filled 3 "'word'"
  search word 'page=2'
  same "$body $(header X-Total-Count) $(link next)$(link prev)" '[] 3 '
  search word 'limit=3&page=1'
  same "$(numbers) $(link next)$(link prev)" '3 2 1 '
}

@test "HEAD has the headers and no body" {
  local path="$messages/search?q=needle" want
  post 'needle'
  request GET "$path"
  want=$(header X-Total-Count)/$(header Content-Length)/$(header Link)
  request HEAD "$path"
  expect 200
  same "$(header X-Total-Count)/$(header Content-Length)/$(header Link)" "$want"
}

# --- parameters -----------------------------------------------------------------------------------------

@test "a missing, blank, doubled, too long or broken q is 400" {
  refused '' '?' '?q' '?q=' '?q=%20' '?q=+%09%E3%80%80' '?q=a&q=b' '?q=a&q=a' '?query=a' '?Q=a' \
    '?q=%00' '?q=a%00b' '?q=%FF' '?q=%' '?q=%4' "?q=$(printf '%01001d' 0)" \
    "?q=$(printf 'x+%.0s' {1..33})"
  same "$(json .detail)" 'q must have at most 32 terms'
  refused "?q=$(printf '%01001d' 0)"
  same "$(json .detail)" 'q must have at most 1000 characters'
  refused ''
  same "$(json .detail)" 'q is missing'
  search "$(printf '%01000d' 0)"
  same "$body" '[]'
  search "$(printf '\\%.0s ' {1..32})"
}

# bats test_tags=search:pages
@test "a bad limit or page is 400" {
  refused '?q=a&limit=0' '?q=a&limit=201' '?q=a&limit=x' '?q=a&limit=' '?q=a&limit=1&limit=1' \
    '?q=a&page=0' '?q=a&page=-1' '?q=a&page=x' '?q=a&page=' '?q=a&page=01' '?q=a&page=1&page=2' \
    '?q=a&page=201' '?q=a&page=99999999999999999999'
}

@test "what is asked for may be escaped in any way, and unknown parameters are ignored" {
  new_chat_of '100% of "a b" +1'
  request GET "/applications/$token/chats/$chat/messages/search?x=1&q=100%25+%22a+b%22&&after=7"
  expect 200
  same "$(json '.[0].highlight')" '<em>100%</em> of &quot;<em>a b</em>&quot; +1'
  request GET "/applications/$token/chats/$chat/messages/search?%71=%2B1"
  same "$(json '.[0].highlight')" '100% of &quot;a b&quot; <em>+1</em>'
  same "$(link last)" "/applications/$token/chats/$chat/messages/search?q=%2B1&limit=50&page=1"
}

# --- paths and methods ------------------------------------------------------------------------------------

@test "another method is 405 with Allow, on every path that could be meant" {
  local method
  for method in POST PUT PATCH DELETE; do
    request $method "$messages/search?q=x" '{}'
    expect 405
    same "$(header Allow) $(json .type)" 'GET, HEAD, OPTIONS /problems/method-not-allowed'
  done
}

@test "an unknown application, chat or path is 404" {
  local path
  for path in "/applications/$(printf '%032d' 0)/chats/1/messages/search" \
    "/applications/$token/chats/4000000000/messages/search" \
    "/applications/$token/chats/99999999999/messages/search" \
    "/applications/$token/chats/01/messages/search" "/applications/$token/chats/0/messages/search" \
    "$messages/search/" "$messages/search/1" "$messages/Search" "$messages/%73earch" \
    "/$messages/search" "/applications/$token/chats/search"; do
    request GET "$path?q=x"
    [ "$status" = 404 ] || echo "path: $path" >&2
    expect 404
    same "$(json .type)" /problems/not-found
  done
  writer GET "$messages/search?q=x"
  expect 404
}

@test "parameters are checked before the chat is looked for" {
  request GET "/applications/$(printf '%032d' 0)/chats/1/messages/search"
  expect 400
}

# --- what is away -------------------------------------------------------------------------------------------

@test "while nothing is stored, a queued chat is empty and a queued message is not found" {
  post 'stored needle7'
  search needle7
  jobs_stop
  post 'queued needle7'
  search needle7
  same "$(json '[.[].body] | join("|")')" 'stored needle7'
  request POST "/applications/$token/chats"
  request GET "$(header Location)/messages/search?q=needle7"
  expect 200
  same "$body $(header X-Total-Count) $(header X-Search-Source)" '[] 0 mysql'
  jobs_start 1
  wait_for 10 drained
  search needle7
  same "$(json '[.[].body] | join("|")')" 'queued needle7|stored needle7'
}

# bats test_tags=read:redis-down
@test "Redis may be away" {
  post 'needle8'
  search needle8
  signal redis STOP
  search needle8
  signal redis CONT
  same "$(json '.[0].body')" needle8
}

@test "MySQL away is 503, and over when it is back" {
  search needle
  kill_9 mariadb
  request GET "$messages/search?q=needle"
  expect 503
  same "$(json .type) $(header Retry-After)" '/problems/database-unavailable 1'
  start mariadb
  wait_for 10 eval 'request GET "$messages/search?q=needle" && [ "$status" = 200 ]'
}

# bats test_tags=search:pages
@test "links are whole, however long q is" {
  local q
  q=$(printf 'long%.0s' {1..250})
  new_chat_of "$q 1" "$q 2" "$q 3"
  search "$q" 'limit=1&page=2'
  same "$(numbers)" 2
  [[ $(link next) == *"q=$q&limit=1&page=3" ]]
  [[ $(link prev) == *"q=$q&limit=1&page=1" ]]
  [[ $(link last) == *"q=$q&limit=1&page=3" ]]
  q=$(printf '👋%.0s' {1..1000})
  new_chat_of "$q 1" "$q 2" "$q 3"
  search "$q" 'limit=1&page=2'
  same "$(numbers)" 2
  [[ $(link next) == *"q=$(encoded "$q")&limit=1&page=3" ]]
  request GET "/applications/$token/chats/$chat/messages/search?q=$(encoded "$q👋")"
  expect 400
}
