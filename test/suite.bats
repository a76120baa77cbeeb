#!/usr/bin/env bats
# slow: What script/test says of its tests is true.

root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

# counted STATUS LINE…: what the counter makes of a test's output: passed, failed, skipped
counted() {
  local status=$1
  shift
  printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/log"
  bash -c '. "$1/script/tests.bash"; tests_count "$2" "$3"' bash "$root" "$status" \
    "$BATS_TEST_TMPDIR/log"
}

# bats test_tags=script:test
@test "a unit test runs in its three ways, and the last line sums up" {
  run env "PARLEY_TEST_LOG=$BATS_TEST_TMPDIR/log" "$root/script/test" test_word
  [ "$status" = 0 ]
  [[ ${lines[-1]} =~ ^([0-9]+)\ passed,\ 0\ failed,\ 0\ skipped$ ]]
  [ $((BASH_REMATCH[1] % 3)) = 0 ]
  [ "${BASH_REMATCH[1]}" -gt 0 ]
}

# bats test_tags=script:test
@test "a name that is no test is refused" {
  run "$root/script/test" no-such-test
  [ "$status" = 2 ]
}

# bats test_tags=script:test
@test "what fails, is skipped, breaks off or runs nothing is no success" {
  [ "$(counted 0 1..2 'ok 1 - a' 'ok 2 - b')" = '2 0 0' ]
  [ "$(counted 1 1..2 'ok 1 - a' 'not ok 2 - b')" = '1 1 0' ]
  [ "$(counted 0 1..2 'ok 1 a' 'ok 2 b # skip why')" = '1 0 1' ]
  [ "$(counted 0 1..3 'ok 1 a' 'ok 2 b')" = '2 1 0' ]
  [ "$(counted 139 1..1 'ok 1 a')" = '1 1 0' ]
  [ "$(counted 0 nothing)" = '0 1 0' ]
}
