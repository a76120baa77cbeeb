# shellcheck disable=SC2154 # stack.bash and load.bash set what is used here
# fault.bash: what the tests of test/fault share. Needs helpers/stack and helpers/load.
#
#   @test "T1: …" { each_seed kill_jobs; }
#
# PARLEY_FAULT_SEED is the first seed, else it is drawn; PARLEY_FAULT_SEEDS, how many (1; in the long form
# 10). All that a test chooses comes from RANDOM. A failure prints its seed. Each run adds a line to
# build/fault.jsonl, of which script/reliability makes the table in doc/reliability.md.

all_jobs=(persist-{1..5} recount schedule)
fault_lines=$stack_root/build/fault.jsonl

# fault_settings: leases, looks and retries so short that a test need not wait for them
fault_settings() {
  export PARLEY_WORKERS=5 PARLEY_WAIT_S=1 PARLEY_LEASE_MS=2500 PARLEY_BATCH_TIMEOUT_MS=2000
  export PARLEY_REAP_MS=100 PARLEY_PROMOTE_MS=100 PARLEY_RETRY_BASE_MS=100
}

# --- seeds and the record -------------------------------------------------------------------------------

each_seed() {
  local n control first=${PARLEY_FAULT_SEED:-}
  [ -n "$first" ] || first=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
  for ((n = 0; n < ${PARLEY_FAULT_SEEDS:-$(long 1 10)}; n++)); do
    fault_seed=$((first + n))
    RANDOM=$fault_seed
    kills=0 loads=() loss=() checked='{}' figures='{}'
    for control in "$PARLEY_VAR"/run/*-proxy.control; do
      [ ! -S "$control" ] || proxy "$(basename "$control" -proxy.control)" seed $fault_seed >/dev/null
    done
    now_ms
    fault_began=$REPLY
    "$@"
    fault_record true
    fault_seed=
  done
}

# fault_record OK: the line of this run; a test may have put more into $figures, as JSON
fault_record() {
  now_ms
  mkdir -p "${fault_lines%/*}"
  jq -nc --arg test "$BATS_TEST_DESCRIPTION" --argjson seed "$fault_seed" --argjson ok "$1" \
    --argjson kills "$kills" --argjson ms $((REPLY - fault_began)) \
    --argjson checked "${checked:-null}" --argjson figures "$figures" \
    --argjson redis_lost "$([ ${#loss[@]} = 0 ] && echo false || echo true)" \
    '{$test, $seed, $redis_lost} + ($checked // {} | {posts, acknowledged, lost, doubled, reused, renumbered})
      + {$kills, seconds: ($ms / 1000), $ok} + $figures' >>"$fault_lines"
}

# In each teardown: of a run that broke off.
fault_failed() {
  [ -n "${fault_seed:-}" ] || return 0
  echo "PARLEY_FAULT_SEED=$fault_seed repeats it"
  tell "failed with PARLEY_FAULT_SEED=$fault_seed"
  fault_record false
}

# What follows leaves its answer in a variable: RANDOM begins anew in each $(…).

# between FROM TO: a whole number, in REPLY
between() { REPLY=$(($1 + (RANDOM << 15 | RANDOM) % ($2 - $1 + 1))); }

# one_of WORD…: in REPLY
one_of() { REPLY=${*:$((RANDOM % $# + 1)):1}; }

# past MS
past() {
  now_ms
  [ "$REPLY" -ge "$1" ]
}

# shuffle WORD…: in the array `shuffled`
shuffle() {
  local n at word
  shuffled=("$@")
  for ((n = $# - 1; n > 0; n--)); do
    at=$((RANDOM % (n + 1)))
    word=${shuffled[n]}
    shuffled[n]=${shuffled[at]}
    shuffled[at]=$word
  done
}

# pause MS_FROM MS_TO: between two faults, somewhere between
pause() {
  between "$1" "$2"
  sleep "$((REPLY / 1000)).$(printf %03d $((REPLY % 1000)))"
}

# --- load and invariants -----------------------------------------------------------------------------------

# scene CHATS: a new application with so many chats: $app, $token, $chats (their ids), $urls (of messages,
# through both services) and $url_places for the checker
scene() {
  local n base
  chats=() urls=() url_places=
  new_application "$BATS_TEST_NUMBER $fault_seed"
  app=$(db "SELECT id FROM chat_applications WHERE token = '$token'")
  for ((n = 0; n < $1; n++)); do
    new_chat
    chats+=($((app << 32 | chat)))
    for base in "$API" "$WRITER"; do
      urls+=("$(messages "$base")")
      url_places+=${url_places:+,}$((app << 32 | chat))
    done
  done
}

# load_start NAME OPTION…: posts to all chats of the scene, in the background
load_start() {
  local log=$BATS_TEST_TMPDIR/$fault_seed-$1
  loads+=(--log "$log" "$url_places")
  blast_start "$1" --unique "s$fault_seed-$1" --log "$log" "${@:2}" "${urls[@]}"
}

# chats_start NAME OPTION…: creates chats in the application of the scene
chats_start() {
  local log=$BATS_TEST_TMPDIR/$fault_seed-$1
  loads+=(--log "$log" "app:$app,app:$app")
  blast_start "$1" --unique "s$fault_seed-$1" --log "$log" "${@:2}" \
    "$API/applications/$token/chats" "$WRITER/applications/$token/chats"
}

# all_accepted NAME SECONDS: every request of a load was, to its end
all_accepted() {
  blast_end "$1" "$2"
  same "$(figure .failed)" 0
}

# load_stop NAME: as if its time were over
load_stop() {
  signal "$1" TERM
  blast_end "$1" 60
}

# watch_start: looks at I6 again and again; behind load_start
watch_start() {
  spawn "$PARLEY_VAR/tmp/watch" "$stack_root/test/invariants.py" watch --var "$PARLEY_VAR" "${loads[@]}"
  echo "$REPLY" >"$PARLEY_VAR/pids/watch"
  await 20000 "$REPLY" grep -qsx watching "$PARLEY_VAR/tmp/watch"
}

# watch_end: nothing was missing in any look
watch_end() {
  local said
  stop watch
  said=$(<"$PARLEY_VAR/tmp/watch")
  rm "$PARLEY_VAR/tmp/watch"
  tell "watch: ${said##*$'\n'}"
  [ "$(jq '.looked_for > 0 and .violations == {}' <<<"${said##*$'\n'}")" = true ] && return
  echo "$said"
  return 1
}

# invariants SECONDS [OPTION…]: when nothing waits any more, all of them but I6; the summary is in
# $checked. Options are those of test/invariants.py.
invariants() {
  wait_for "$1" drained
  case " ${*:2} " in
    *' --excuse retry '*) ;;
    *) wait_for "$1" no_retry ;;
  esac
  wait_for "$1" drained
  checked=$("$stack_root/test/invariants.py" check --var "$PARLEY_VAR" "${loads[@]}" "${@:2}") || {
    echo "$checked"
    checked=$(tail -n 1 <<<"$checked")
    return 1
  }
  tell "seed $fault_seed: $checked"
}

no_retry() { [ "$(redis ZCARD retry)" = 0 ]; }

# --- programs ----------------------------------------------------------------------------------------------

# run_job NAME: persist-3 in slot 3. Those whose names are in $proxied reach MySQL through the proxy.
run_job() {
  local url="mysql://parley@/parley?socket=$PARLEY_VAR/run/mysql"
  [[ " ${proxied[*]:-} " == *" $1 "* ]] && url+=-proxy.sock || url+=.sock
  case $1 in
    persist-*) DATABASE_URL=$url start "$1" --slot "${1#persist-}" "${@:2}" ;;
    *) start "$1" ;;
  esac
}

# revive NAME…: as cron or systemd would
revive() {
  local name
  for name; do is_running "$name" || run_job "$name"; done
}

# reviving COMMAND…: for wait_for
reviving() {
  revive "${all_jobs[@]}"
  "$@"
}

# calm: in each teardown: what a failed test left hanging goes on, its loads end, and all is started
calm() {
  local name
  for name in watch posting chats; do [ ! -f "$PARLEY_VAR/pids/$name" ] || kill_9 "$name"; done
  for name in redis mariadb "${all_jobs[@]}"; do
    [ ! -f "$PARLEY_VAR/pids/$name" ] || signal "$name" CONT 2>/dev/null || true
    is_running "$name" || run_job "$name"
  done
}

# wait_gone PID
wait_gone() { wait_for 5 group_gone "$1"; }

# kill_job NAME: at once, and it stays away. (One that was just started has no group of its own yet; it may also
# be ending by itself.)
kill_job() {
  ! is_running "$1" || signal_all "$1" KILL 2>/dev/null || kill -KILL "$(pid_of "$1")" 2>/dev/null || true
  wait_gone "$(pid_of "$1")"
  kills=$((kills + 1))
}

# queue_tool COMMAND…: jobs/queue, which waits as long for MySQL as it does outside of these tests
queue_tool() { env -u PARLEY_LEASE_MS -u PARLEY_BATCH_TIMEOUT_MS "$PARLEY_BUILD/jobs/queue" "$@"; }

# --- the proxy ---------------------------------------------------------------------------------------------

# proxy_start NAME SERVER LISTEN: between programs and redis or mysql; unix sockets or ports
proxy_start() {
  rm -f "$PARLEY_VAR/run/$1-proxy.control"
  spawn "$PARLEY_VAR/log/$1-proxy.log" "$stack_root/test/helpers/proxy.py" "$3" "$2" \
    "$PARLEY_VAR/run/$1-proxy.control"
  echo "$REPLY" >"$PARLEY_VAR/pids/$1-proxy"
  await 10000 "$REPLY" proxy "$1" state >/dev/null || { cat "$PARLEY_VAR/log/$1-proxy.log"; return 1; }
}

# mysql_proxy_start: for those in $proxied
mysql_proxy_start() { proxy_start mysql "$PARLEY_VAR/run/mysql.sock" "$PARLEY_VAR/run/mysql-proxy.sock"; }

# proxy NAME COMMAND…: see test/helpers/proxy.py; prints its state
proxy() {
  curl -sS --fail-with-body --max-time 10 --unix-socket "$PARLEY_VAR/run/$1-proxy.control" \
    --data "${*:2}" http://proxy/
}

# proxy_state NAME FILTER
proxy_state() { proxy "$1" state | jq -r "$2"; }

proxy_stopped() { [ "$(proxy_state "$1" '.stopped | length')" != 0 ]; }

# can_write: at once, through both services. Its messages are none of a load's: --foreign probe-
can_write() {
  local base
  for base in "$API" "$WRITER"; do
    ask "$base" POST "/applications/$token/chats/$chat/messages" "{\"body\":\"probe-$EPOCHREALTIME\"}"
    [ "$status" = 201 ] || return
  done
}

# commits_happen: for wait_for: something new is stored in the chats of the scene
commits_happen() {
  local now ids
  printf -v ids '%s,' "${chats[@]}"
  now=$(db "SELECT SUM(messages_stored) FROM chats WHERE id IN (${ids%,})" 2>/dev/null) || return
  [ "$now" != "${stored_before:-$now}" ] && { stored_before=; return; }
  stored_before=$now
  return 1
}

# --- a loss --------------------------------------------------------------------------------------------------

# loss_ahead: before it; loss_now: Redis has just lost something. The rows that MySQL has must stay. Options for
# the checker are in $loss.
loss_ahead() { last_loss=$(db 'SELECT COALESCE(MAX(id), 0) FROM redis_losses'); }
loss_now() {
  local ids at=${EPOCHREALTIME/[.,]/}
  printf -v ids '%s,' "${chats[@]}"
  # when Redis is quick, some are younger than the loss, under numbers that others have lost: so by body
  db "SELECT chat_id, number, SUBSTRING_INDEX(LEFT(body, 72), ' ', 1) FROM messages
      WHERE chat_id IN (${ids%,}) AND deleted_at IS NULL" >"$BATS_TEST_TMPDIR/kept"
  loss=(--lost-before "$at" --kept "$BATS_TEST_TMPDIR/kept" --foreign probe-)
}

# losing COMMAND…: what it does to Redis happens under load, which goes on when Redis does
losing() {
  scene 2
  load_start posting --clients 16 --for 600 --rate 800 --retry
  wait_for 20 commits_happen
  pause 300 1000
  loss_ahead
  "$@"
  kills=$((kills + 1))
  wait_for 20 can_write
  pause 500 1000
  load_stop posting
  wait_for 30 reviving drained
}

# losses: so often Redis was found to have gone back, and was recovered
losses() { db "SELECT COUNT(*) FROM redis_losses WHERE recovered_at IS NOT NULL"; }

# loss_found [SQL]: one since loss_ahead, of which that is true; and the tool names it
loss_found() {
  queue_tool verify | grep -q '^redis: went back' || { queue_tool verify || true; return 1; }
  [ "$(db "SELECT COUNT(*) FROM redis_losses
           WHERE id > $last_loss AND recovered_at IS NOT NULL AND ${1:-TRUE}")" -gt 0 ] && return
  db 'SELECT * FROM redis_losses'
  return 1
}

# --- disks ---------------------------------------------------------------------------------------------------

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# disk_make NAME MB: a file system of that size, in memory, which $PARLEY_VAR/NAME leads to. In stack_folder's
# folder, before the servers start; disk_unmake takes it away when they have ended.
disk_make() {
  local folder
  folder=$(mktemp -d "${TMPDIR:-/tmp}/parley-disk.XXXXXX")
  as_root mount -t tmpfs -o "size=${2}m,mode=0711,uid=$(id -u)" parley-test "$folder" ||
    { echo "a small file system cannot be mounted: this test wants root, or sudo" >&2; return 1; }
  ln -s "$folder" "$PARLEY_VAR/$1"
  echo "$folder" >>"$BATS_FILE_TMPDIR/disks"
  disk_guard "$folder"
}

# Takes the file system of a test away whose bats was killed.
disk_guard() {
  # shellcheck disable=SC2016 # expanded by the guard itself
  spawn /dev/null env owner=$$ folder="$1" as_root="$([ "$(id -u)" = 0 ] || echo sudo -n)" bash -c '
    while kill -0 "$owner" 2>/dev/null; do
      mountpoint -q "$folder" || exit 0
      sleep 1
    done
    $as_root umount -l "$folder"
    rmdir "$folder"'
}

disk_unmake() {
  local folder
  [ -f "$BATS_FILE_TMPDIR/disks" ] || return 0
  while read -r folder; do
    as_root umount "$folder"
    rmdir "$folder"
  done <"$BATS_FILE_TMPDIR/disks"
}

# disk_fill NAME KB: only so much is left, or less: whoever writes there goes on meanwhile
disk_fill() {
  local free
  for _ in {1..20}; do
    free=$(df --output=avail -k "$PARLEY_VAR/$1/" | tail -n 1)
    [ $((free - $2)) -gt 0 ] || return 0
    ! fallocate -l "$((free - $2))K" "$PARLEY_VAR/$1/filler" 2>/dev/null || return 0
  done
  return 1
}

disk_free() { rm -f "$PARLEY_VAR/$1/filler"; }
