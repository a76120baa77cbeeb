#!/usr/bin/env bats
# slow: web: What a problem type means: its page. And the web servers' own errors, asked for as they ask.

load helpers/stack
load helpers/problem

setup_file() {
  stack_start
}

teardown_file() {
  stack_stop
}

# relay PROGRAM STATUS [VARIABLE…]: as a web server asks for the words of its own error
relay() {
  local program=$1 out=$BATS_TEST_TMPDIR/out
  env -i REQUEST_METHOD=GET REQUEST_URI=/health REDIRECT_STATUS="$2" "${@:3}" \
    cgi-fcgi -bind -connect "$PARLEY_VAR/run/$program.sock" >"$out"
  headers=$(sed '/^\r$/q' "$out" | tr -d '\r')
  body=$(sed '1,/^\r$/d' "$out")
  status=$(header Status)
  status=${status%% *}
}

# bats test_tags=route:problems
@test "every type has a page on both services, as the list says" {
  local types type url
  types=$(problem_types)
  [ "$(wc -l <<<"$types")" -gt 20 ]
  same "$(sort <<<"$types" | uniq -d)" ''
  for url in "$API" "$WRITER"; do
    ask "$url" GET /problems
    expect 200
    same "$(grep -oE 'problems/[a-z-]+' <<<"$body" | sed 's,.*/,,')" "$types"
    for type in $types; do
      ask "$url" GET "/problems/$type"
      expect 200
      same "$(header Content-Type)" 'text/html; charset=utf-8'
      same "$(header Cache-Control) $(header Referrer-Policy)" 'no-store no-referrer'
      [[ $body == '<!DOCTYPE html>'*"<code>/problems/$type</code>"*'What it means'*'What to do'* ]]
    done
  done
}

@test "the pages are well-formed" {
  local type
  for type in '' $(problem_types); do
    request GET "/problems${type:+/$type}"
    expect 200
    python3 - "$BATS_TEST_TMPDIR/body" <<'PY'
import html.parser, sys

class Page(html.parser.HTMLParser):
    """Counts that every element that needs an end has one, in order."""
    open_ended = {"meta", "td", "tr", "p"}

    def __init__(self):
        super().__init__()
        self.stack, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        if tag not in self.open_ended:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.open_ended:
            assert self.stack.pop() == tag, tag

    def handle_data(self, data):
        self.text += data

page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert page.stack == [], page.stack
assert len(page.text) > 200, page.text
PY
  done
}

@test "an unknown type is 404, another method 405" {
  local url
  for url in "$API" "$WRITER"; do
    for path in /problems/nothing /problems/ /problems/Not-Found /problems/not-found/ \
      /problems/not-found/x /problems/..%2f; do
      ask "$url" GET "$path"
      problem 404 not-found
    done
    ask "$url" POST /problems/not-found '{}'
    problem 405 method-not-allowed
    ask "$url" HEAD /problems/not-found
    expect 200
    same "$(stat -c %s "$BATS_TEST_TMPDIR/body")" "$(stat -c %s "$BATS_TEST_TMPDIR/headers")"
    [ "$(header Content-Length)" -gt 500 ]
  done
}

# bats test_tags=route:problems,error:problem
@test "every type that the tests and the documentation name has a page" {
  local name types
  types=$'\n'$(problem_types)$'\n'
  cd "$stack_root"
  name=$(cat test/*.bats test/load/*.bats test/unit/*.c doc/*.md |
    grep -oE '(/problems/|problem [0-9]{3} )[a-z-]{3,}' | sed -E 's,.*[/ ],,' | sort -u)
  [ "$(wc -w <<<"$name")" -gt 10 ]
  for name in $name; do
    [[ $name == nothing || $name == any-thing ]] || [[ $types == *$'\n'"$name"$'\n'* ]] ||
      same "$name" "one of $types"
  done
}

# bats test_tags=error:web-server
@test "the web server's own errors get their words, from every program" {
  local program given wanted type
  for program in api writer; do
    while read -r given wanted type; do
      relay "$program" "$given"
      problem "$wanted" "$type"
    done <<'END'
400 400 bad-request
403 403 forbidden
404 404 not-found
405 405 method-not-allowed
408 408 request-timeout
411 411 length-required
413 413 content-too-large
414 414 uri-too-long
415 415 unsupported-media-type
417 400 bad-request
431 431 header-fields-too-large
494 431 header-fields-too-large
500 500 internal-error
501 501 not-implemented
502 503 unavailable
503 503 unavailable
504 503 unavailable
505 505 http-version-not-supported
END
  done
}

@test "a 503 of the web server's says when to come again" {
  relay api 502
  same "$(header Retry-After)" 1
  relay api 413
  same "$(header Retry-After)" ''
}

# bats test_tags=error:web-server
@test "the web server's error is answered whatever is asked, and keeps the client's id" {
  local uri method
  for uri in / '' '*' /applications /nothing /problems/not-found '/health?%zz'; do
    for method in GET HEAD POST DELETE OPTIONS WHATEVER; do
      relay writer 413 REQUEST_URI="$uri" REQUEST_METHOD="$method" HTTP_X_REQUEST_ID=mine \
        CONTENT_TYPE=text/plain CONTENT_LENGTH=0
      expect 413
      same "$(header X-Request-Id)" mine
      [[ $method == HEAD || $body == '{"type":"/problems/content-too-large",'* ]]
    done
  done
}

@test "OPTIONS * says what there is on any path" {
  relay writer '' REQUEST_METHOD=OPTIONS REQUEST_URI='*'
  expect 204
  same "$(header Allow)" 'GET, HEAD, POST, OPTIONS'
  relay writer '' REQUEST_URI='*'
  expect 404
}

@test "200 and nothing are no errors" {
  relay writer 200
  expect 200
  same "$(json .status)" healthy
  relay writer ''
  expect 200
}
