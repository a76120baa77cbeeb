# tests.bash: runs tests of several kinds and counts them, for script/test and script/check.
#
# An item is "kind:name". Its output goes to build/test-log ($PARLEY_TEST_LOG)/<item>.log; what it counted to .count:
# "passed failed skipped". A kind that prints no TAP counts as one test.

tests_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=script/servers.bash
. "$tests_root/script/servers.bash"
tests_log=${PARLEY_TEST_LOG:-$tests_root/build/test-log}
: "${PARLEY_TEST_SECONDS:=900}" # for one item
# shellcheck disable=SC2034 # script/test and script/check read it
tests_lanes=$(($(nproc) + 1)) # one more than processors: many tests wait a lot
declare -A tests_running=() # pid -> item

# tests_marked FILE WORD: does its second line begin with that word, or have it behind others? "# slow: web: …".
#   web      runs behind lighttpd and again behind nginx
#   elastic  runs on MySQL's search and again on Elasticsearch's
#   slow     is not for `make check`
#   alone    compares times: nothing runs beside it
#   hand     runs only when it is named: it takes minutes
tests_marked() { sed -n 2p "$1" | grep -qE "^# ([a-z]+: )*$2: "; }

tests_begin() {
  tests_began=$SECONDS
  rm -rf "$tests_log"
  mkdir -p "$tests_log" || exit 1
  tests_folder=$(mktemp -d "${TMPDIR:-/tmp}/parley-test.XXXXXX") || exit 1
  chmod 711 "$tests_folder"
  # whatever a test leaves running is known by this in its environment
  export PARLEY_TEST_RUN=$tests_folder PARLEY_TEST_TEMPLATE=$tests_folder/template
  export TMPDIR=$tests_folder
  unset REDIS_URL DATABASE_URL ELASTICSEARCH_URL PARLEY_VAR PARLEY_CONFIG LISTEN_FDS LISTEN_PID
  export LC_ALL=C.UTF-8
  trap 'tests_abort' INT TERM HUP
}

# The command of an item, in argv; the variables that go with it, in env_.
tests_command() {
  local name=${1#*:}
  argv=() env_=()
  case $1 in
    unit:*) argv=("build/test/$name") ;;
    asan:*) argv=("build/san/test/$name") ;;
    valgrind:*)
      argv=(valgrind --quiet --error-exitcode=99 --leak-check=full
        "--errors-for-leak-kinds=definite,indirect,possible" "build/test/$name")
      env_=(PARLEY_TEST_THIN=1)
      ;;
    bats:*) argv=(bats --tap "test/$name.bats") env_=("PARLEY_BUILD=${PARLEY_BUILD:-build/san}") ;;
    nginx:*)
      argv=(bats --tap "test/$name.bats")
      # the programs have been through the same behind lighttpd, with sanitizers
      env_=("PARLEY_BUILD=${PARLEY_BUILD:-build}" STACK_WEB=nginx)
      ;;
    elastic:*)
      argv=(bats --tap "test/$name.bats")
      env_=("PARLEY_BUILD=${PARLEY_BUILD:-build/san}" STACK_SEARCH=elasticsearch)
      ;;
    quick:*) argv=(bats --tap "test/$name.bats") env_=(PARLEY_BUILD=build) ;;
    load:*) argv=(bats --tap "test/load/$name.bats") env_=("PARLEY_BUILD=${PARLEY_BUILD:-build}") ;;
    fault:*) argv=(bats --tap "test/fault/$name.bats") env_=("PARLEY_BUILD=${PARLEY_BUILD:-build}") ;;
    fuzz:*) argv=(script/fuzz "$name" "${PARLEY_FUZZ_SECONDS:-5}") ;;
    lint:*) argv=(script/lint) ;;
    fresh:*) argv=(script/test-fresh) ;;
  esac
}

# tests_count STATUS LOG: "passed failed skipped", and why it failed at the end of the log.
tests_count() {
  local status=$1 log=$2 passed failed skipped planned
  failed=$(grep -ac '^not ok ' "$log")
  skipped=$(grep -aicE '^ok .*# skip' "$log")
  passed=$(($(grep -ac '^ok ' "$log") - skipped))
  planned=$(grep -aoE '^1\.\.[0-9]+' "$log" | head -n 1)
  planned=${planned#1..}
  if [ $((passed + failed + skipped)) != "${planned:-0}" ]; then
    echo "# ${planned:-no} tests planned, $((passed + failed + skipped)) run" >>"$log"
    [ "$failed" != 0 ] || failed=1
  elif [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    echo "# ended with status $status" >>"$log"
    failed=1
  elif [ "${planned:-0}" = 0 ]; then
    echo "# no test was run" >>"$log"
    failed=1
  fi
  echo "$passed $failed $skipped"
}

tests_run_one() {
  local item=$1 log=$tests_log/${1/:/-}.log status=0 argv env_ from
  now_ms
  from=$REPLY
  tests_command "$item"
  timeout -k 30 "$PARLEY_TEST_SECONDS" env "${env_[@]}" "${argv[@]}" >"$log" 2>&1 </dev/null ||
    status=$?
  [ $status != 124 ] || echo "# not done after $PARLEY_TEST_SECONDS s" >>"$log"
  case $item in
    lint:* | fuzz:* | fresh:*)
      [ $status = 0 ] && echo "1 0 0" || echo "0 1 0"
      ;;
    *) tests_count $status "$log" ;;
  esac >"${log%.log}.count"
  now_ms
  echo $((REPLY - from)) >"${log%.log}.ms"
}

# One line for what went well, the whole output for what did not.
tests_report() {
  local item=$1 base=$tests_log/${1/:/-} passed failed skipped ms word=ok
  read -r passed failed skipped <"$base.count"
  ms=$(<"$base.ms")
  [ "$failed" = 0 ] || word=FAILED
  [ "$failed:$skipped" = 0:0 ] || tail -n 400 "$base.log"
  printf '%-6s %-28s %4d passed, %d failed, %d skipped  %d.%d s\n' "$word" "$item" "$passed" \
    "$failed" "$skipped" $((ms / 1000)) $((ms % 1000 / 100))
}

# tests_run LANES ITEM…: that many side by side
tests_run() {
  local lanes=$1 pid
  shift
  while [ $# -gt 0 ] || [ ${#tests_running[@]} -gt 0 ]; do
    while [ $# -gt 0 ] && [ ${#tests_running[@]} -lt "$lanes" ]; do
      tests_run_one "$1" &
      tests_running[$!]=$1
      shift
    done
    wait -n -p pid "${!tests_running[@]}" || true
    tests_report "${tests_running[$pid]}"
    unset "tests_running[$pid]"
  done
}

# Pids of what carries this run's mark. (This shell does not: /proc shows what it was started with.)
tests_left() {
  local pid
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    grep -qzxF "PARLEY_TEST_RUN=$PARLEY_TEST_RUN" "/proc/$pid/environ" 2>/dev/null || continue
    alive "$pid" && echo "$pid"
  done
  return 0
}

tests_nothing_left() { [ -z "$(tests_left)" ]; }

# A process that a test left running is a failure, and is ended.
tests_sweep() {
  local pid
  await 5000 "" tests_nothing_left && return 0
  for pid in $(tests_left); do
    echo "left running: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" | head -c 200)"
    kill -KILL "$pid" 2>/dev/null
  done
  return 1
}

# TERM first: a stack that can stops its servers, and test-fresh its chroot.
tests_abort() {
  local pid
  trap '' INT TERM HUP
  for pid in $(tests_left); do kill -TERM "$pid" 2>/dev/null; done
  await 30000 "" tests_nothing_left || for pid in $(tests_left); do kill -KILL "$pid" 2>/dev/null; done
  rm -rf "$tests_folder"
  exit 130
}

# Of the stacks that failed, the logs are worth keeping, the data are not.
tests_keep_logs() {
  local folder
  for folder in "$tests_folder"/parley.*/log; do
    [ ! -d "$folder" ] || cp -r "$folder" "$tests_log/$(basename "${folder%/log}")"
  done
}

# The last line. 0 only if all that ran passed, and something ran.
tests_end() {
  local p f s file passed=0 failed=0 skipped=0
  tests_sweep || failed=1
  for file in "$tests_log"/*.count; do
    [ -f "$file" ] || continue
    read -r p f s <"$file"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  done
  tests_keep_logs
  rm -rf "$tests_folder"
  echo "after $(((SECONDS - tests_began) / 60)) min $(((SECONDS - tests_began) % 60)) s:"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ $failed = 0 ] && [ $skipped = 0 ] && [ $passed -gt 0 ]
}
