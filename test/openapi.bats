#!/usr/bin/env bats
# web: /openapi.json: it is the truth about the routes, and valid. (load/schemathesis.bats asks whether the
# answers are what it says.)

load helpers/stack
load helpers/venv

document=$stack_root/doc/openapi.json

setup_file() {
  venv_make
  stack_start
}

teardown_file() {
  stack_stop
}

# routes PROGRAM…: METHOD PATTERN, and "admin" where the admin key is asked for; parameters without names
routes() {
  local program
  for program; do
    [ ! -x "$PARLEY_BUILD/fcgi/$program" ] || "$PARLEY_BUILD/fcgi/$program" --routes
  done | sed -E 's/:[a-z]+/{}/g' | sort -u
}

# described SERVICE: the same from the document
described() {
  jq -r --arg service "$1" '.paths | to_entries[] | .key as $path | .value | to_entries[] |
    select(.value["x-services"] | index($service)) |
    "\(.key | ascii_upcase) \($path)\(if .value.security then " admin" else "" end)"' "$document" |
    sed -E 's/\{[a-z_]+\}/{}/g' | sort
}

# bats test_tags=route:openapi
@test "it describes every route of the full API and no other, with those that need the admin key" {
  diff <(routes api search) <(described api)
}

# bats test_tags=route:openapi
@test "it says which routes the writer has" {
  diff <(routes writer) <(described writer)
}

# bats test_tags=route:openapi
@test "it is valid OpenAPI 3.1" {
  same "$(jq -r .openapi "$document")" 3.1.0
  "$venv/bin/openapi-spec-validator" "$document"
}

# bats test_tags=route:openapi
@test "it is served by the full API, and HEAD tells its length" {
  request GET /openapi.json
  expect 200
  same "$(header Content-Type)" application/json
  same "$(header Cache-Control)" no-store
  same "$(json . -cS)" "$(jq -cS . "$document")"
  request HEAD /openapi.json
  expect 200
  same "$(header Content-Length)" "$(wc -c <"$document")"
}

@test "every type of problem that it names has its page, and every answer its description" {
  local path
  for path in $(jq -r '[.. | strings | select(test("^/problems/[a-z-]+$"))] | unique[]' "$document"); do
    request GET "$path"
    expect 200
  done
  same "$(jq '[.paths[][].responses[] | select(has("$ref") or has("description") | not)] | length' \
    "$document")" 0
}
