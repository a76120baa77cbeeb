#!/usr/bin/env bats
# web: Messages: create on both services, read; bodies are kept to the byte.

load helpers/stack

setup_file() {
  stack_start
  jobs_start 1
  new_application
  new_chat
  export token messages=/applications/$token/chats/$chat/messages
}

teardown_file() {
  stack_stop
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%6NZ; }
repeat() { printf "%0$2d" 0 | sed "s/0/$1/g"; }

# kept BODY-AS-JSON…: posted to both services in turn, each comes back as it was sent
kept() {
  local text url=$API
  for text; do
    printf '{"body":%s}' "$text" >"$BATS_TEST_TMPDIR/sent"
    ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/sent"
    expect 201
    request GET "$(header Location)"
    expect 200
    printf '%s' "$body" | jq -c .body >"$BATS_TEST_TMPDIR/got"
    cmp "$BATS_TEST_TMPDIR/got" <(jq -c .body "$BATS_TEST_TMPDIR/sent")
    [ "$url" = "$API" ] && url=$WRITER || url=$API
  done
}

# unkept REASON JSON…: 422 from both services
unkept() {
  local text url reason=$1
  shift
  for text; do
    printf '%s' "$text" >"$BATS_TEST_TMPDIR/sent"
    for url in "$API" "$WRITER"; do
      ask "$url" POST "$messages" "@$BATS_TEST_TMPDIR/sent"
      [ "$status" = 422 ] || echo "sent: ${text:0:200}" >&2
      expect 422
      same "$(json '[.type, .errors.body[]] | join(" ")')" "/problems/validation-failed $reason"
    done
  done
}

# bats test_tags=route:post-messages,route:both-services
@test "POST answers 201 with the number and a Location, on both services" {
  local url n=0
  new_chat
  for url in "$API" "$WRITER"; do
    ask "$url" POST "/applications/$token/chats/$chat/messages" '{"body":"Hello"}'
    expect 201
    n=$((n + 1))
    same "$body" "{\"number\":$n}"
    same "$(header Content-Type)" application/json
    same "$(header Location)" "/applications/$token/chats/$chat/messages/$n"
  done
}

# bats test_tags=route:get-messages,http:no-ids,http:times
@test "GET answers with number, body and times, and no id" {
  local before created one
  before=$(now)
  request POST "$messages" '{"body":"Hello"}'
  expect 201
  request GET "$(header Location)"
  expect 200
  same "$(json 'keys_unsorted | join(",")')" number,body,created_at,updated_at
  same "$(json '[.body, .created_at == .updated_at] | map(tostring) | join(" ")')" 'Hello true'
  created=$(json .created_at)
  [[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$ ]]
  [[ ! $created < $before && ! $created > $(now) ]]
  one=$(printf '%s' "$body" | jq -c .)
  request GET "$messages?before=9007199254740991&limit=1"
  expect 200
  same "$(printf '%s' "$body" | jq -c '.[0]')" "$one"
}

# bats test_tags=http:numbers
@test "messages that are posted at once get the numbers 1 to N, each once" {
  new_chat
  seq 1 60 | xargs -P 12 -I@ sh -c 'test $((@ % 2)) = 0 && url=$API || url=$WRITER
    curl -sS --json "{\"body\":\"text @\"}" "$url/applications/$0/chats/$1/messages"; echo' \
    "$token" "$chat" >"$BATS_TEST_TMPDIR/all"
  same "$(jq .number "$BATS_TEST_TMPDIR/all" | sort -n | xargs)" "$(seq 1 60 | xargs)"
  wait_for 10 drained
  request GET "/applications/$token/chats/$chat/messages?limit=200"
  same "$(json '[.[].number] | join(" ")')" "$(seq 1 60 | xargs)"
  same "$(json '.[].body' | sort -k 2n)" "$(seq -f 'text %g' 1 60)"
  request GET "/applications/$token/chats/$chat"
  same "$(json .messages_count)" 60
}

# bats test_tags=http:wrapped
@test "a wrapped body is taken too" {
  local url
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages" '{"message":{"body":"wrapped"}}'
    expect 201
    request GET "$(header Location)"
    same "$(json .body)" wrapped
    ask "$url" POST "$messages" '{"message":{"body":"inner"},"body":"outer","more":{"x":[]}}'
    expect 201
    request GET "$(header Location)"
    same "$(json .body)" outer
  done
  unkept 'is missing' '{"chat":{"body":"x"}}' '{"message":"x"}' '{"message":[{"body":"x"}]}'
}

# bats test_tags=body:exact
@test "any text comes back exactly as it was sent" {
  kept '"x"' '"  spaces\n around \t "' '"\u0000"' '"a\u0000b\u0000"' '"\u0001\u001f\u007f\u0080\u009f"' \
    '"😀👩‍👩‍👧‍👦🏳️‍🌈"' '"\ud83d\ude00"' '"שלום עולם ‏مرحبا بالعالم‎"' '"e\u0301 é ﬁ Å Å"' '"\ufeffx"' \
    '"\ufffe\uffff\udbff\udfff"' '"中文 日本語 한국어"' '"\"\\\/\b\f\n\r\t"' "\"' OR 1=1; -- %s %n {?} \"" \
    '"\u200b"' '"\u2060"' '"\u180e"' '"x\u0000"'
}

# bats test_tags=body:exact
@test "every character of Unicode comes back exactly as it was sent" {
  new_chat
  python3 - "$WRITER" "$API" "/applications/$token/chats/$chat/messages" <<'EOF'
import http.client, json, sys, urllib.parse

writer, api = (http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc) for url in sys.argv[1:3])
path = sys.argv[3]
every = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
sent, at = [], 0
while at < len(every):
    text = every[at : at + 16000]
    at += len(text)
    sent.append("x" + text)
for n, text in enumerate(sent):  # escaped and as it is, in turn
    writer.request("POST", path, json.dumps({"body": text}, ensure_ascii=n % 2 == 0).encode())
    answer = writer.getresponse()
    got = answer.read()
    assert answer.status == 201, (answer.status, got)
    assert json.loads(got) == {"number": n + 1}
api.request("GET", path + "?limit=200")
got = json.loads(api.getresponse().read())
assert [m["number"] for m in got] == list(range(1, len(sent) + 1)), len(got)
for message, text in zip(got, sent):
    assert message["body"] == text, message["number"]
EOF
}

# bats test_tags=body:body
@test "a body has up to 65,535 bytes of UTF-8" {
  kept "\"$(repeat x 65535)\"" "\"$(repeat ש 32767)x\"" "\"$(repeat 😀 16383)xyz\"" \
    "\"$(repeat '\\u0000' 65535)\""
}

# bats test_tags=body:body
@test "a body of 65,536 bytes of UTF-8 is 422" {
  unkept 'must have at most 65535 bytes of UTF-8' "{\"body\":\"$(repeat x 65536)\"}" \
    "{\"body\":\"$(repeat ש 32768)\"}" "{\"body\":\"$(repeat 😀 16384)\"}" \
    "{\"message\":{\"body\":\"$(repeat '\\u0000' 65536)\"}}"
}

# bats test_tags=body:body
@test "a body of nothing but white space is 422" {
  local point all=
  for point in 0009 000a 000b 000c 000d 0020 0085 00a0 1680 2000 2001 2002 2003 2004 2005 2006 2007 \
    2008 2009 200a 2028 2029 202f 205f 3000; do
    all+="\\u$point"
    unkept 'must not be blank' "{\"body\":\"\\u$point\"}"
  done
  unkept 'must not be blank' "{\"body\":\"$all\"}" '{"body":""}' "{\"body\":\"$(repeat ' ' 65536)\"}"
}

# bats test_tags=error:422
@test "a missing body or one of another type is 422" {
  local url
  unkept 'is missing' '{}' '{"Body":"x"}' '{"text":"x"}' '{"message":{}}'
  unkept 'must be a text' '{"body":null}' '{"body":1}' '{"body":false}' '{"body":["x"]}' '{"body":{}}'
  for url in "$API" "$WRITER"; do
    ask "$url" POST "$messages"
    expect 422
    same "$(json '.errors.body[]')" 'is missing'
  done
}

@test "a refused body uses up no number" {
  new_chat
  writer POST "/applications/$token/chats/$chat/messages" '{"body":" "}'
  expect 422
  writer POST "/applications/$token/chats/$chat/messages" '{"body":1'
  expect 400
  writer POST "/applications/$token/chats/$chat/messages" '{"body":"x"}'
  same "$(json .number)" 1
}

@test "a chat has only its own messages" {
  new_chat
  request POST "/applications/$token/chats/$chat/messages" '{"body":"one"}'
  new_chat
  request GET "/applications/$token/chats/$chat/messages"
  expect 200
  same "$body" '[]'
  request GET "/applications/$token/chats/$chat/messages/1"
  expect 404
  same "$(json .type)" /problems/not-found
}

# --- editing ------------------------------------------------------------------------------------------------

# bats test_tags=route:edit-message
@test "PATCH and PUT change a message's text and its updated_at, nothing else" {
  local method before created updated
  new_application
  new_chat
  path=/applications/$token/chats/$chat/messages
  request POST "$path" '{"body":"first"}'
  for method in PATCH PUT; do
    request GET "$path/1"
    created=$(json .created_at) updated=$(json .updated_at)
    request $method "$path/1" "{\"body\":\"by $method \\u0000 👋\"}"
    expect 200
    same "$(header Content-Type)" application/json
    same "$(json 'keys_unsorted | join(",")')" number,body,created_at,updated_at
    same "$(printf '%s' "$body" | jq -c '[.number, .body]')" "[1,\"by $method \\u0000 👋\"]"
    same "$(json .created_at)" "$created"
    [[ $(json .updated_at) > $updated ]]
    before=$body
    request GET "$path/1"
    same "$body" "$before"
  done
  request GET "$path"
  same "$(json '[.[].body] | length')" 1
  same "$(db "SELECT version FROM messages m JOIN chats c ON c.id = m.chat_id
    JOIN chat_applications a ON a.id = c.chat_application_id WHERE a.token = '$token'")" 3
}

# bats test_tags=route:edit-message,http:wrapped
@test "an edit takes the wrapped form, and refuses what creating refuses" {
  local text
  new_application
  new_chat
  path=/applications/$token/chats/$chat/messages
  request POST "$path" '{"body":"kept"}'
  request PATCH "$path/1" '{"message":{"body":"kept"}}'
  expect 200
  for text in '{}' '{"body":null}' '{"body":7}' '{"body":"  \u3000\n"}' '{"message":{}}'; do
    request PATCH "$path/1" "$text"
    expect 422
    same "$(json '.errors | keys | join(" ")')" body
  done
  python3 -c 'print("{\"body\":\"" + "x" * 65536 + "\"}")' >"$BATS_TEST_TMPDIR/long"
  request PUT "$path/1" "@$BATS_TEST_TMPDIR/long"
  expect 422
  request PATCH "$path/1" '[]'
  expect 400
  request GET "$path/1"
  same "$(json .body)" kept
}
