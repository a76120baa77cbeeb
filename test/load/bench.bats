#!/usr/bin/env bats
# script/bench works: every figure has its limit. Its figures are for whoever runs it, not for a test.

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# bats test_tags=script:bench
@test "script/bench prints each figure beside its limit, and the same as JSON" {
  local json=$root/build/bench.json
  rm -f "$json"
  run "$root/script/bench" --quick
  [ "$status" = 0 ] || { echo "$output"; return 1; }
  [[ $output == *'writer, 64 connections'*'limit'*'ratio'* ]]
  [ "$(jq '.figures | length' "$json")" -ge 24 ]
  [ "$(jq '[.figures[] | select(.value <= 0 or .limit <= 0 or .ratio == null)] | length' "$json")" = 0 ]
  [ "$(jq -r '[.figures[].group] | unique | length' "$json")" -ge 8 ]
}
