#!/usr/bin/env bats
# slow: web: starts Chromium. Pages of two origins do the same; what they may, the browser and we decide.

load helpers/stack
load helpers/browser

setup_file() {
  stack_start
  # the ports are known only now: the default of PARLEY_CORS_ORIGINS goes by WEB_PORT
  stop api
  stop writer
  start api
  start writer
  write_page "$PARLEY_WEB"
  start_elsewhere
  new_application
  new_chat
  export token
}

teardown_file() {
  stack_stop
}

# write_page FOLDER: each step tells in a line what the page saw of it: status and what it could read, or that the
# browser kept it from the page. (The web server allows no script within a page.)
write_page() {
  cat >"$1/page.html" <<'END'
<!DOCTYPE html>
<meta charset="utf-8">
<pre id="seen"></pre>
<script src="page.js"></script>
END
  cat >"$1/page.js" <<'END'
const given = new URLSearchParams(location.search)
const api = given.get('api'), writer = given.get('writer'), app = '/applications/' + given.get('token')
const json = { 'Content-Type': 'application/json' }
const steps = {
  'create application': [api + '/applications', { method: 'POST', headers: json, body: '{"name":"by a page"}' }],
  'without asking': [api + '/applications', { method: 'POST', body: '{"name":"as text"}' }],
  'create chat': [api + app + '/chats', { method: 'POST' }],
  'create chat blindly': [writer + app + '/chats', { method: 'POST', mode: 'no-cors' }],
  'create message': [writer + app + '/chats/1/messages',
    { method: 'POST', headers: { ...json, 'X-Request-Id': 'page' }, body: '{"body":"by a page"}' }],
  'rename': [api + app, { method: 'PATCH', headers: json, body: '{"name":"by a page"}' }],
  'list': [api + '/applications?limit=1', {}],
  'read': [api + app + '/chats?limit=1', {}],
  'read nothing': [api + '/nothing', {}],
}
async function step(name) {
  try {
    const answer = await fetch(...steps[name])
    const header = n => answer.headers.get(n) || '-'
    const body = answer.type == 'opaque' ? '' : await answer.text()
    return [answer.type, answer.status, header('Location').replace(/[0-9a-f]{32}/, 'T'),
      header('Link').replace(/.*rel=/, ''), header('X-Request-Id').length > 1 ? 'id' : '-',
      (body.match(/\/problems\/[a-z-]+/) || ['-'])[0]].join(' ')
  } catch (error) {
    return error.name
  }
}
(async () => {
  const lines = []
  for (const name in steps) lines.push(name + ': ' + await step(name))
  document.getElementById('seen').textContent = lines.join('\n') + '\nend'
})()
END
}

# The same page, from a port that the API knows nothing of, in $elsewhere.
start_elsewhere() {
  local port
  free_port
  port=$REPLY
  spawn "$PARLEY_VAR/log/elsewhere.log" python3 -m http.server --bind 127.0.0.1 --directory "$PARLEY_WEB" "$port"
  echo "$REPLY" >"$PARLEY_VAR/pids/elsewhere"
  export elsewhere=http://127.0.0.1:$port
  wait_for 10 http_answers "$elsewhere/page.html"
}

# seen ORIGIN: what the page saw there, a line for each step
seen() {
  browse "$1/page.html?api=$API&writer=$WRITER&token=$token" >"$BATS_TEST_TMPDIR/document"
  sed -n '/<pre id="seen">/,/^end/p' "$BATS_TEST_TMPDIR/document" | sed -e 's/.*<pre id="seen">//' -e '/^end/d'
  grep -q '^end</pre>' "$BATS_TEST_TMPDIR/document" || { cat "$BATS_TEST_TMPDIR/document" >&2; return 1; }
}

# Everything that a page could have made: applications, and what was given numbers.
made() {
  db 'SELECT COUNT(*) FROM chat_applications'
  redis --raw EVAL "local sum = 0
    for _, key in ipairs(redis.call('KEYS', 'chat*counter')) do sum = sum + redis.call('GET', key) end
    return sum" 0
}

# works CHAT MESSAGE: what it sees when it may do all, with the numbers that it gets
works() {
  cat <<END
create application: cors 201 /applications/T - id -
without asking: cors 415 - - id /problems/unsupported-media-type
create chat: cors 201 /applications/T/chats/$1 - id -
create chat blindly: opaque 0 - - - -
create message: cors 201 /applications/T/chats/1/messages/$2 - id -
rename: cors 200 - - id -
list: cors 200 - "next" id -
read: cors 200 - "last" id -
read nothing: cors 404 - - id /problems/not-found
END
}

# bats test_tags=origin:foreign
@test "a page of another origin can change and read nothing" {
  local before
  before=$(made)
  same "$(seen "$elsewhere")" "create application: TypeError
without asking: TypeError
create chat: TypeError
create chat blindly: opaque 0 - - - -
create message: TypeError
rename: TypeError
list: TypeError
read: TypeError
read nothing: TypeError"
  same "$(made)" "$before"
  request GET "/applications/$token"
  same "$(json .name)" test
}

# bats test_tags=origin:foreign
@test "a page without an origin can change nothing" {
  local before
  before=$(made)
  mkdir -p "$PARLEY_VAR/chromium"
  write_page "$PARLEY_VAR/chromium"
  chmod 644 "$PARLEY_VAR/chromium"/page.*
  same "$(seen "file://$PARLEY_VAR/chromium" | cut -d ' ' -f 1-3 | grep -c TypeError)" 8
  same "$(made)" "$before"
}

# bats test_tags=origin:allowed
@test "a page of the front end can do all, and read what the answers say" {
  local before after
  mapfile -t before < <(made)
  same "$(seen "http://127.0.0.1:$WEB_PORT")" "$(works 2 1)"
  request GET "/applications/$token"
  same "$(json .name)" 'by a page'
  mapfile -t after < <(made)
  same "${after[*]}" "$((before[0] + 1)) $((before[1] + 3))"
}

# bats test_tags=origin:allowed
@test "a page of another origin can do all once PARLEY_CORS_ORIGINS names it, and the front end's no more" {
  export PARLEY_CORS_ORIGINS="https://chat.example.com $elsewhere"
  stop api
  stop writer
  start api
  start writer
  same "$(seen "$elsewhere")" "$(works 4 2)"
  same "$(seen "http://127.0.0.1:$WEB_PORT" | grep -c TypeError)" 8
}

# bats test_tags=origin:foreign
@test "no origin: a program that is no browser can do all" {
  request POST /applications '{"name":"by curl"}'
  expect 201
  request POST "/applications/$token/chats"
  expect 201
}
