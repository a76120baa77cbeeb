#!/usr/bin/env bats
# slow: The front end: its page as the web servers give it out, and what people do with it, in a real browser.
#
# What a script of web/test says stands there. How it looks: test/looks.bats.

load helpers/stack
load helpers/load
load helpers/page

setup_file() {
  page_start
}

teardown_file() {
  stack_stop
}

setup() {
  front=http://127.0.0.1:$WEB_PORT
  restore_programs
}

# --- the page itself ------------------------------------------------------------------------------------

@test "its types agree, and its units do what they should" {
  cd "$stack_root/web"
  npm run --silent check
  npm test --silent 3>&-
}

@test "it has at most 150 kB of scripts, as they are sent" {
  local bytes
  bytes=$(cat "$PARLEY_WEB"/assets/*.js.gz | wc -c)
  echo "$bytes bytes"
  [ "$bytes" -le 150000 ]
}

# gets PATH [CURL-OPTION…]: from WEB_PORT
gets() { ask "$front" GET "$1" - "${@:2}"; }

policy_has() { [[ "; $(header Content-Security-Policy);" == *"; $1;"* ]] || same "$(header Content-Security-Policy)" "with $1"; }

guarded() {
  policy_has "default-src 'none'"
  policy_has "script-src 'self'"
  policy_has "style-src 'self'"
  policy_has "frame-ancestors 'none'"
  [[ $headers != *unsafe* ]]
  same "$(header X-Content-Type-Options) $(header Referrer-Policy)" 'nosniff no-referrer'
}

# an_asset SUFFIX: the path of one
an_asset() { (cd "$PARLEY_WEB" && printf '/%s\n' assets/*"$1" | head -n 1); }

the_page_is_guarded() {
  gets /
  expect 200
  guarded
  same "$(header Content-Type)" 'text/html; charset=utf-8'
  same "$(header Cache-Control)" no-cache
  cmp "$PARLEY_WEB/index.html" "$BATS_TEST_TMPDIR/body"
  same "$(grep -cE '<style|style=|onload=|<script[^>]*>[^<]' "$PARLEY_WEB/index.html")" 0
  gets / -H "If-None-Match: $(header ETag)"
  expect 304
  gets /nothing
  expect 404
  [[ $(header Cache-Control) != *immutable* ]]
}

assets_stay() {
  gets "$(an_asset .js)"
  expect 200
  guarded
  same "$(header Cache-Control)" 'public, max-age=31536000, immutable'
  same "$(header Content-Type)" 'text/javascript; charset=utf-8'
  gets "$(an_asset .woff2)"
  same "$(header Content-Type) $(header Vary)" 'font/woff2 '
  gets /assets/nothing.js
  expect 404
  [[ $(header Cache-Control) != *immutable* ]]
}

files_are_packed() {
  local path
  for path in / "$(an_asset .js)" "$(an_asset .css)" /favicon.svg; do
    gets "$path"
    same "$(header Content-Encoding) $(header Vary)" ' Accept-Encoding'
    cp "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/plain"
    set -- "$(header Content-Type)" "$(header ETag)"
    gets "$path" -H 'Accept-Encoding: br, gzip'
    same "$(header Content-Encoding) $(header Vary)" 'gzip Accept-Encoding'
    same "$(header Content-Type)" "$1"
    [ "$(header ETag)" != "$2" ]
    gzip -dc "$BATS_TEST_TMPDIR/body" | cmp - "$BATS_TEST_TMPDIR/plain"
    gets "$path" -H 'Accept-Encoding: gzip;q=0'
    same "$(header Content-Encoding)" ''
  done
}

# connects_to SOURCES [CURL-OPTION…]: so says the policy
connects_to() {
  gets / "${@:2}"
  policy_has "connect-src 'self' $1"
}

it_is_told_the_services() {
  gets /config.json
  expect 200
  same "$body" "{\"api\":\":$API_PORT\",\"writer\":\":$WRITER_PORT\"}"$'\n'
  same "$(header Content-Type) $(header Cache-Control)" 'application/json no-store'
  guarded
  connects_to "127.0.0.1:$API_PORT 127.0.0.1:$WRITER_PORT"
  connects_to "chat.example:$API_PORT chat.example:$WRITER_PORT" -H "Host: Chat.Example:$WEB_PORT"
  # a policy has no word for such a host
  connects_to "*:$API_PORT *:$WRITER_PORT" -H "Host: [::1]:$WEB_PORT"
  # nor does one that tries to say more get into it
  gets / -H "Host: a;script-src *"
  [[ $(header Content-Security-Policy) != *'a;'* ]]
}

# served_by WEB_SERVER [API WRITER]: from now on; the page is told that both are there. (It may get other ports.)
served_by() {
  local -x PARLEY_WEB_API=${2:-} PARLEY_WEB_WRITER=${3:-}
  use_web "$1"
  front=http://127.0.0.1:$WEB_PORT
}

places_elsewhere() {
  served_by "$STACK_WEB" https://api.example.com:8443/parley 'http://[::1]/w'
  gets /config.json
  same "$body" '{"api":"https://api.example.com:8443/parley","writer":"http://[::1]/w"}'$'\n'
  connects_to 'https://api.example.com:8443 http://*'
  served_by "$STACK_WEB" /api https://w.example
  gets /
  [[ $(header Content-Security-Policy | tr -s ' ') == *"connect-src 'self' https://w.example;"* ]]
  served_by "$STACK_WEB"
}

@test "its headers allow no more than it needs" { the_page_is_guarded; }
@test "files whose names change with their contents stay for a year" { assets_stay; }
@test "files are sent packed to who takes that" { files_are_packed; }
@test "config.json and the policy name both services" { it_is_told_the_services; }
@test "both services may be elsewhere" { places_elsewhere; }

# --- what people do ---------------------------------------------------------------------------------------

@test "applications are made, renamed, copied and deleted" { scenario applications; }
@test "messages are written, queued, stored, edited and deleted" { scenario messages; }
@test "who reads further up is told what came" { scenario unread; }
@test "search finds as one types, and leads to the message" { scenario search; }
@test "the switch chooses who takes new chats and messages" { scenario service; }
@test "both services are compared side by side" { scenario performance; }
@test "a comparison is stopped half-way" { scenario stopped; }
@test "colours are chosen" { scenario theme; }
@test "nothing sticks out from 360 px on" { scenario widths; }
@test "Redis and the network go and come back, and no word is lost" { scenario outage; }
@test "MySQL goes and comes back, and messages are accepted meanwhile" { scenario mysql; }
@test "a service that takes its time loses nothing" { scenario slow; }

@test "a queue that is full refuses, and what was written stays" {
  restart_programs PARLEY_QUEUE_LIMIT=5
  scenario full
}

@test "ten thousand messages are scrolled through, and searched in part when time is short" {
  new_application Scroll
  new_chat
  wait_for 10 drained
  fill "$(chat_id)" 10000 "CONCAT('message ', seq, ' ', REPEAT('and so on ', seq MOD 23))"
  scenario scroll "TOKEN=$token" COUNT=10000
  restart_programs PARLEY_SEARCH_BUDGET_MS=1
  scenario incomplete "TOKEN=$token"
}

@test "an admin key is asked for, and kept for the session only" {
  restart_programs PARLEY_ADMIN_KEY=open-sesame
  scenario key
}

# reached_as HOST: allowed only when PARLEY_CORS_ORIGINS says so
reached_as() {
  scenario origin "HOST=$1"
  restart_programs "PARLEY_CORS_ORIGINS=http://$1:$WEB_PORT"
  scenario origin "HOST=$1" ALLOWED=1
}

@test "under another name it works as soon as that is allowed" { reached_as chat.example; }

@test "it works over IPv6" {
  local before="$API $WRITER"
  BIND=::1 API="http://[::1]:$API_PORT" WRITER="http://[::1]:$WRITER_PORT"
  use_web "$STACK_WEB"
  restart_programs
  scenario origin 'HOST=[::1]' ALLOWED=1
  BIND=127.0.0.1 API=${before% *} WRITER=${before#* }
  use_web "$STACK_WEB"
  restart_programs
}

@test "more applications than a page has, and one that is opened by its token" { scenario many; }

@test "Elasticsearch searches, and MySQL while it is away" {
  start elasticsearch
  restart_programs
  jobs_stop
  STACK_SEARCH=elasticsearch jobs_start 2
  wait_for 60 indexed
  scenario elastic
  jobs_stop
  unset ELASTICSEARCH_URL
  stop elasticsearch
  jobs_start 2
  restart_programs
}

# --- behind the other web server ----------------------------------------------------------------------------

@test "behind nginx it is all the same" {
  served_by nginx
  the_page_is_guarded
  assets_stay
  files_are_packed
  it_is_told_the_services
  places_elsewhere
  scenario messages
  reached_as chat.example
  use_web lighttpd
}
