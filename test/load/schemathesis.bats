#!/usr/bin/env bats
# Requests made from doc/openapi.json, good ones, bad ones and whole stories, by schemathesis: no answer
# is a server error, none contradicts the description (status, type, header, schema), nothing that it
# forbids is accepted and nothing that it allows is refused.

load ../helpers/stack
load ../helpers/load
load ../helpers/venv

setup_file() {
  # what was accepted is to be seen by the next request, also on a busy machine
  export PARLEY_READ_WAIT_MS=5000
  export PARLEY_ADMIN_KEY=the-key-of-this-test
  export authorization="Authorization: Bearer $PARLEY_ADMIN_KEY"
  venv_make
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}


# schemathesis DOCUMENT OPTION…: one run of it
schemathesis() {
  local folder=$BATS_TEST_TMPDIR/schemathesis
  mkdir -p "$folder"
  (
    cd "$folder"
    export PYTHONDONTWRITEBYTECODE=1 NO_COLOR=1 COLUMNS=120
    export SCHEMATHESIS_HOOKS=$stack_root/test/helpers/schemathesis_hooks.py
    "$venv/bin/schemathesis" --config-file "$stack_root/test/helpers/schemathesis.toml" run "$@" \
      --header "$authorization" --continue-on-failure --warnings off
  ) >"$folder/output" 2>&1 || {
    cat "$folder/output"
    return 1
  }
}

# requests SERVICE [STATUS]: how many it has answered so, a regular expression
requests() {
  curl -sS -H "$authorization" "$API/metrics" | awk -v service="service=\"$1\"" -v status="status=\"${2:-.*}\"" '
    /^http_requests_total/ && $0 ~ service && $0 ~ status { n += $2 } END { print n + 0 }'
}

# for_writer: the description of what the writer has, for an application that is there
for_writer() {
  jq --arg token "$token" '.servers = [] | del(.. | .links?) |
    .paths |= (map_values(map_values(select(.["x-services"] | index("writer")))) |
               with_entries(select(.value != {}))) |
    .components.parameters.token.schema = {const: $token}' \
    "$stack_root/doc/openapi.json"
}

@test "the full API answers as it is described, to $(long 'some hundred' '20,000') requests" {
  local wanted before n=0
  wanted=$(long 500 20000)
  before=$(requests api)
  while [ $(($(requests api) - before)) -lt "$wanted" ]; do
    n=$((n + 1))
    schemathesis "$API/openapi.json" --seed "$(long "$n" "$RANDOM")" --max-examples "$(long 2 100)"
    tell "$(($(requests api) - before)) requests"
  done
  same "$(requests api '5..')" 0
  # it got beyond the door: things were made, read, changed, deleted, refused
  for n in 200 201 204 400 404 405 415 422; do
    tell "$n: $(requests api "$n")"
    [ "$(requests api "$n")" -gt 0 ]
  done
}

# while_down: some requests; that they fail is expected, not how
while_down() {
  schemathesis "$API/openapi.json" --seed 1 --max-examples "$(long 2 30)" --phases fuzzing,stateful \
    --exclude-checks not_a_server_error,positive_data_acceptance,ensure_resource_availability,use_after_free
}

api_is_ready() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$API/health")" = 200 ]; }

@test "it answers as it is described also while the job programs, Redis or MySQL are down" {
  local part before
  stop api
  PARLEY_READ_WAIT_MS=10 start api
  jobs_stop
  while_down
  tell "$(requests api 409) of 409"
  [ "$(requests api 409)" -gt 0 ]
  jobs_start 2
  for part in redis mariadb; do
    before=$(requests api 503)
    stop "$part"
    while_down
    start "$part"
    wait_for 30 api_is_ready
    tell "$(($(requests api 503) - before)) of 503 without $part"
    [ "$(requests api 503)" -gt "$before" ]
  done
  stop api
  start api
}

@test "the writer answers as it is described" {
  ask "$API" POST /applications '{"name":"for the writer"}' -H "$authorization"
  expect 201
  token=$(json .token)
  for_writer >"$BATS_TEST_TMPDIR/writer.json"
  same "$(jq '[.paths[][]] | length' "$BATS_TEST_TMPDIR/writer.json")" \
    "$("$PARLEY_BUILD/fcgi/writer" --routes | wc -l)"
  schemathesis "$BATS_TEST_TMPDIR/writer.json" --url "$WRITER" --seed 1 --max-examples "$(long 5 300)"
  tell "$(requests writer) requests, $(requests writer 201) of them 201"
  [ "$(requests writer 201)" -gt 0 ]
  same "$(requests writer '5..')" 0
}
