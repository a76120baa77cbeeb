#!/usr/bin/env bats
# web: Applications: create, read, list.

load helpers/stack

setup_file() {
  stack_start
  jobs_start 1
}

teardown_file() {
  stack_stop
}

# iso TIME…: ISO 8601, UTC, microseconds
iso() {
  local time
  for time; do
    [[ $time =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$ ]] || same "$time" ISO
  done
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%6NZ; }

# called NAME-AS-JSON: creates one, which answers with exactly that name, then and later
called() {
  local wanted
  request POST /applications "{\"name\":$1}"
  expect 201
  wanted=$(jq -c . <<<"$1")
  same "$(printf '%s' "$body" | jq -c .name)" "$wanted"
  request GET "$(header Location)"
  expect 200
  same "$(printf '%s' "$body" | jq -c .name)" "$wanted"
}

# unnamed REASON JSON…: each is 422 because of the name
unnamed() {
  local text reason=$1
  shift
  for text; do
    request POST /applications "$text"
    [ "$status" = 422 ] || echo "sent: ${text:0:200}" >&2
    expect 422
    same "$(json '[.type, .errors.name[]] | join(" ")')" "/problems/validation-failed $reason"
  done
}

repeat() { printf "%0$2d" 0 | sed "s/0/$1/g"; }

# bats test_tags=route:post-applications,route:get-application,http:paths
@test "POST answers 201 with the application and its Location, and GET with the same" {
  local before created token
  before=$(now)
  request POST /applications '{"name":"Support"}'
  expect 201
  same "$(header Content-Type)" application/json
  same "$(json 'keys_unsorted | join(",")')" name,token,chats_count,created_at,updated_at
  same "$(json '[.name, .chats_count, .created_at == .updated_at] | map(tostring) | join(" ")')" \
    'Support 0 true'
  token=$(json .token)
  [[ $token =~ ^[0-9a-f]{32}$ ]]
  same "$(header Location)" "/applications/$token"
  read -r created < <(json .created_at)
  iso "$created"
  [[ ! $created < $before && ! $created > $(now) ]]
  local posted=$body
  request GET "/applications/$token"
  expect 200
  same "$body" "$posted"
}

# bats test_tags=http:wrapped
@test "a wrapped name is taken too" {
  local wrap
  for wrap in chat_application application; do
    request POST /applications "{\"$wrap\":{\"name\":\"in $wrap\"}}"
    expect 201
    same "$(json .name)" "in $wrap"
  done
  request POST /applications '{"application":{"name":"inner"},"name":"outer","other":[1]}'
  expect 201
  same "$(json .name)" outer
  unnamed 'is missing' '{"message":{"name":"x"}}' '{"application":"x"}' '{"application":{}}' \
    '{"application":[{"name":"x"}]}'
}

# bats test_tags=body:name,body:exact
@test "any name of 1 to 255 characters comes back as it was sent" {
  local name
  for name in '"x"' '"  spaces around  "' '"a\u0000b"' '"\u0000"' '"\u0001\n\t\"\\\/"' '"שלום العربية"' \
    '"e\u0301 \u00e9 👩‍👩‍👧"' '"\ufeff\uffff\ud83d\ude00"' "\"<script>alert('&')</script>\"" \
    "\"$(repeat x 255)\"" "\"$(repeat 😀 255)\""; do
    called "$name"
  done
}

# bats test_tags=body:name
@test "a name of more than 255 characters is 422" {
  unnamed 'must have at most 255 characters' "{\"name\":\"$(repeat x 256)\"}" \
    "{\"name\":\"$(repeat 😀 256)\"}" "{\"name\":\"$(repeat 'e\\u0301' 128)\"}"
}

# bats test_tags=body:name
@test "a name of nothing but white space is 422" {
  unnamed 'must not be blank' '{"name":""}' '{"name":" "}' '{"name":"\t\n\u000b\f\r "}' \
    '{"name":"\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"}' \
    '{"name":"\u2028\u2029\u202f\u205f\u3000"}'
}

# bats test_tags=error:422
@test "a missing name or one of another type is 422" {
  unnamed 'is missing' '{}' '{"Name":"x"}' '{"nam":"x"}'
  unnamed 'must be a text' '{"name":null}' '{"name":1}' '{"name":true}' '{"name":["x"]}' '{"name":{}}'
  request POST /applications
  expect 422
  same "$(json '.errors.name[]')" 'is missing'
}

# bats test_tags=route:get-applications
@test "the list ascends by creation, in pages after a token" {
  local n tokens=() got path pages=0
  new_application before
  for n in 1 2 3 4 5; do
    new_application "listed $n"
    tokens+=("$token")
  done
  request GET "/applications?after=${tokens[0]}"
  expect 200
  same "$(json '[.[].token] | join(" ")')" "${tokens[*]:1}"
  same "$(header Link)" ""
  same "$(json '.[0] | keys_unsorted | join(",")')" name,token,chats_count,created_at,updated_at
  local listed
  listed=$(printf '%s' "$body" | jq -c '.[0]')
  request GET "/applications/${tokens[1]}"
  same "$body" "$listed"

  path="/applications?limit=2&after=${tokens[0]}"
  while [ -n "$path" ]; do
    request GET "$path"
    expect 200
    got+=$(json '.[].token')$'\n'
    pages=$((pages + 1))
    path=$(header Link)
    [ -z "$path" ] || [[ $path =~ ^\</applications\?.*\>\;\ rel=\"next\"$ ]]
    path=$(sed -nE 's/^<(.*)>; rel="next"$/\1/p' <<<"$path")
  done
  same "$(xargs <<<"$got")" "${tokens[*]:1}"
  same $pages 2
}

@test "the last application's next page is empty" {
  new_application last
  request GET "/applications?after=$token"
  expect 200
  same "$body" '[]'
}

# bats test_tags=route:get-applications,list:limit
@test "the list has 50 applications unless told, and at most 200" {
  local id
  request POST /applications '{"name":"seed"}'
  id=$(db "INSERT INTO chat_applications (name, token, created_at, updated_at)
    SELECT CONCAT('seed ', seq), MD5(seq), NOW(6), NOW(6) FROM seq_1_to_210 ORDER BY seq;
    SELECT COUNT(*) FROM chat_applications")
  [ "$id" -gt 210 ]
  request GET /applications
  expect 200
  same "$(json length)" 50
  request GET '/applications?limit=200'
  expect 200
  same "$(json length)" 200
  request GET '/applications?limit=1'
  same "$(json length)" 1
}

# bats test_tags=own-stack
@test "new tokens are in the buckets of PARLEY_BUCKETS, and all tokens are served" {
  local n buckets='' before
  request POST /applications '{"name":"from anywhere"}'
  before=$(json .token)
  stop api
  PARLEY_BUCKETS=2a,f0-f1 start api
  for ((n = 0; n < 40; n++)); do
    request POST /applications '{"name":"from here"}'
    expect 201
    buckets+=$(json .token | cut -c 1-2)$'\n'
  done
  # one is missed once in ten million runs
  same "$(sort -u <<<"$buckets" | xargs)" '2a f0 f1'
  request GET "/applications/$before"
  expect 200
  stop api
  start api
}

# bats test_tags=error:400
@test "a bad parameter of the list is 400" {
  local query
  for query in limit=0 limit=201 limit=x limit=01 limit= limit=-1 limit=+1 'limit=1&limit=2' \
    after=x after= after=00000000000000000000000000000000 after=1 "after=$(repeat A 32)"; do
    request GET "/applications?$query"
    [ "$status" = 400 ] || echo "query: $query" >&2
    expect 400
    same "$(json .type)" /problems/bad-parameter
  done
}

@test "chats_count is exact once all is stored" {
  new_application counted
  new_chat
  new_chat
  new_chat
  wait_for 10 drained
  request GET "/applications/$token"
  expect 200
  same "$(json .chats_count)" 3
}

# bats test_tags=route:edit-application,http:wrapped
@test "PATCH and PUT rename an application" {
  local method before
  new_application before
  request GET "/applications/$token"
  before=$body
  for method in PATCH PUT; do
    request $method "/applications/$token" "{\"name\":\"by $method\"}"
    expect 200
    same "$(json .name)" "by $method"
    same "$(printf '%s' "$body" | jq -c 'del(.name, .updated_at)')" \
      "$(printf '%s' "$before" | jq -c 'del(.name, .updated_at)')"
    [[ $(json .updated_at) > $(jq -r .updated_at <<<"$before") ]]
  done
  request PATCH "/applications/$token" '{"chat_application":{"name":"wrapped"}}'
  same "$(json .name)" wrapped
  request PUT "/applications/$token" '{"application":{"name":"wrapped too"}}'
  request GET "/applications/$token"
  same "$(json .name)" 'wrapped too'
}

# bats test_tags=route:edit-application,error:422
@test "a name that creating refuses is refused in renaming, and an unknown token is 404" {
  local text
  new_application kept
  for text in '{}' '{"name":null}' '{"name":" \u2003"}' "{\"name\":\"$(printf 'x%.0s' {1..256})\"}"; do
    request PATCH "/applications/$token" "$text"
    expect 422
  done
  request GET "/applications/$token"
  same "$(json .name)" kept
  request PATCH /applications/00000000000000000000000000000000 '{"name":"x"}'
  expect 404
}
