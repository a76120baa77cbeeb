#!/usr/bin/env bats
# Each line of the contract has its tests, and doc/contract-tests.md names them.

root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

@test "every line of the contract has a test, or waits for what comes later; doc/contract-tests.md is up to date" {
  cd "$root"
  run script/contract test/contract.txt test/*.bats test/load/*.bats test/fault/*.bats
  [ "$status" = 0 ] || { echo "$output" | grep '^contract: '; return 1; }
  diff doc/contract-tests.md <(echo "$output")
}
