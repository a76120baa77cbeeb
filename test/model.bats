#!/usr/bin/env bats
# slow: The model of the queue: what the real scripts promise holds whatever is interleaved, and mistakes are noticed.

load helpers/stack

setup_file() {
  stack_folder
  start redis
}

teardown_file() {
  stack_stop
}

model=$BATS_TEST_DIRNAME/model

# holds MODE: so many seeds without a violation; one that fails is printed, with its last events.
holds() {
  luajit "$model/run.lua" --mode "$1" --seeds "1-$(long 12 400)"
}

# compared SEED CALLS: random calls of all scripts, the same for Redis and for the stand-in; prints how many took effect.
compared() {
  local call=(luajit "$model/differential.lua" "$1" "$2")
  "${call[@]}" requests |
    socat -t 60 STDIO,ignoreeof "UNIX-CONNECT:$PARLEY_VAR/run/redis.sock" |
    "${call[@]}" replies
}

@test "the model knows every script" {
  local names
  names=$(cd "$stack_root/redis" && printf '%s\n' *.lua)
  same "$(luajit "$model/differential.lua" names)" "$names"
}

@test "the stand-in for Redis answers as Redis does, and holds the same keys afterwards" {
  local seed
  for ((seed = 1; seed <= $(long 1 8); seed++)); do
    run compared "$seed" "$(long 2500 6000)"
    echo "$output"
    [ "$status" = 0 ]
    # each script was called often, and had something to do
    ! awk '$2 < 50 || $2 - $4 < 4 { bad = 1 } END { exit !bad }' <<<"$output"
  done
}

@test "a stand-in that is wrong is noticed" {
  sed 's/list.first = list.first - 1/&; item = item .. " "/' "$model/standin.lua" >"$BATS_TEST_TMPDIR/standin.lua"
  cp "$model"/[!s]*.lua "$model"/s[!t]*.lua "$BATS_TEST_TMPDIR"
  sed -i "s|^local folder = .*|local folder = '$stack_root/redis'|" "$BATS_TEST_TMPDIR/differential.lua"
  model=$BATS_TEST_TMPDIR
  run compared 1 300
  echo "$output"
  [ "$status" = 1 ]
  [[ $output == 'the stand-in is no Redis'* ]]
}

@test "nothing is lost, doubled or blamed while processes die, sleep and race" {
  holds plain
}

@test "the same with numbers that others have taken, and jobs that are there twice" {
  holds taken
}

@test "a Redis that goes back or is flushed: no number twice in MySQL, and only what may be lost is" {
  holds rollback
}

@test "a seed repeats its run exactly" {
  same "$(luajit "$model/run.lua" --seeds 5-6)" "$(luajit "$model/run.lua" --seeds 5-6)"
}

@test "every mistake of the table is noticed" {
  luajit "$model/run.lua" --mutant all
}
