#!/usr/bin/env bats
# Memory and descriptors: little when idle, and no more after hundreds of thousands of requests.
#
# One process of each FastCGI program, never replaced: every request is for the same ones. What is counted
# is memory of their own (Private_Dirty), not the libraries that all of them share.

load ../helpers/stack
load ../helpers/load

setup_file() {
  export PARLEY_API_PROCESSES=1 PARLEY_WRITER_PROCESSES=1 PARLEY_SEARCH_PROCESSES=1
  export PARLEY_PROCESS_REQUESTS=0 PARLEY_PURGE_MS=1000
  stack_start
  jobs_start 2
  start purge
}

teardown_file() {
  stack_stop
}

setup() {
  new_application
  new_chat
  log=$BATS_TEST_TMPDIR/log
  pids=("$(children_of api)" "$(children_of writer)")
}

# dirty PID: kB
dirty() { awk '$1 == "Private_Dirty:" { print $2 }' "/proc/$1/smaps_rollup"; }

# fill_chat: so that lists have something to list
fill_chat() {
  blast --clients 4 --requests 300 --bytes 1000 --strict "$(messages "$API")" "$(messages "$WRITER")"
  wait_for 20 settled
}

# hostile N FILE: a body of 1 MiB, refused each time, to both services
hostile() {
  local n options=()
  for ((n = 0; n < $1; n++)); do
    options+=(-o /dev/null "$(messages "$API")" -o /dev/null "$(messages "$WRITER")")
  done
  same "$(curl -s -w '%{http_code}\n' --json "@$2" -H 'Expect:' "${options[@]}" | sort | uniq -c |
    tr -s ' ')" " $((2 * $1)) 400"
}

make_bodies() {
  # about 1 MiB each: zeros without an end, at the top and in a member, and one key again and again
  { printf '[0'; yes ,0 | head -n 524286 | tr -d '\n'; } >"$1-zeros"
  { printf '{"body":['; yes 0, | head -n 524280 | tr -d '\n'; printf '0]'; } >"$1-cut"
  { printf '{"body":"x"'; yes ',"a":1' | head -n 174000 | tr -d '\n'; printf '}'; } >"$1-members"
  holds "$(stat -c %s "$1-zeros") > 1000000"
}

# round: 1,585 requests to api and 1,435 to writer
round() {
  blast --clients 8 --requests 1000 --strict "$(messages "$API")" "$(messages "$WRITER")"
  blast --clients 8 --requests 900 --strict "$(messages "$WRITER")"
  blast --clients 4 --requests 40 --bytes 65535 --strict "$(messages "$API")" "$(messages "$WRITER")"
  blast --clients 4 --requests 200 --get --strict "$(messages "$API")?limit=200"
  blast --clients 8 --requests 750 --get --strict "$(messages "$API")/1" \
    "$(messages "$API")/300" "$API/applications/$token" "$API/applications/$token/chats"
  # no such route, nothing to be found, a bad parameter
  blast --clients 4 --requests 100 --get "$API/nothing" "$(messages "$API")/4000000000" \
    "$(messages "$API")?limit=0"
  hostile 5 "$log-zeros"
  hostile 5 "$log-cut"
  hostile 5 "$log-members"
}

@test "an idle process has at most 3 MB of its own, and not 1 MB more after many requests" {
  local n rounds before=() after=() small
  make_bodies "$log"
  small=("$(dirty "${pids[0]}")" "$(dirty "${pids[1]}")")
  fill_chat
  for n in 0 1; do before[n]=$(dirty "${pids[n]}"); done
  tell "Private_Dirty of api and writer, fresh: ${small[*]} kB; after 300 posts: ${before[*]} kB"
  holds "${before[0]} <= 3072 && ${before[1]} <= 3072"

  rounds=$(long 5 140)
  for ((n = 0; n < rounds; n++)); do
    round 3>"$log-figures"
    [ $((n % (rounds / 5))) != 0 ] ||
      tell "after $((n + 1)) rounds: $(dirty "${pids[0]}") $(dirty "${pids[1]}") kB"
  done
  for n in 0 1; do after[n]=$(dirty "${pids[n]}"); done
  tell "after $rounds rounds: ${after[*]} kB"
  # the very same processes
  same "$(children_of api) $(children_of writer)" "${pids[*]}"
  for n in 0 1; do
    holds "${after[n]} <= 3072"
    holds "${after[n]} - ${before[n]} < 1024"
  done
  wait_for "$(long 60 300)" settled
  counts_exact "$token" "$chat"
}

# --- all programs under a long load ---------------------------------------------------------------

# descriptors PID
descriptors() { find "/proc/$1/fd" -mindepth 1 -maxdepth 1 -type l | wc -l; }

# everybody: "name pid" of every master, process and job program
everybody() {
  local name pid
  for name in api writer search; do
    echo "$name-master $(pid_of "$name")"
    for pid in $(children_of "$name"); do echo "$name $pid"; done
  done
  for name in persist-1 persist-2 recount schedule purge; do echo "$name $(pid_of "$name")"; done
}

# sample FILE: appends "name pid kB descriptors" of everybody
sample() {
  local name pid
  while read -r name pid; do
    echo "$name $pid $(dirty "$pid") $(descriptors "$pid")"
  done < <(everybody) >>"$1"
}

# busy SECONDS: a load on everything that there is: posts, reads, searches, deletions
busy() {
  local until=$((SECONDS + $1)) n=0
  blast_start posting --clients 8 --for "$1" --rate 400 --retry "$(messages "$API")" "$(messages "$WRITER")"
  blast_start reading --clients 4 --for "$1" --rate 200 --get "$(messages "$API")?limit=50" \
    "$(messages "$API")?before=9007199254740991" "$API/applications/$token/chats" "$API/health" "$API/metrics"
  while [ $SECONDS -lt $until ]; do
    n=$((n + 1))
    curl -s -o /dev/null "$(messages "$API")/search?q=word$n" -o /dev/null "$API/applications?limit=5"
    new_application "short-lived $n"
    request POST "/applications/$token/chats" '{}'
    request POST "/applications/$token/chats/1/messages" '{"body":"soon gone"}'
    request DELETE "/applications/$token"
    token=$kept
    sleep 0.05
  done
  blast_end posting 60
  blast_end reading 60
}

# grown FIRST LAST: "name kB descriptors" by which each process grew from one sample to the other
grown() { join -j 2 <(sort -k 2,2 "$1") <(sort -k 2,2 "$2") | awk '{ print $2, $6 - $3, $7 - $4 }'; }

@test "memory and descriptors of every program are flat under a long load of all sorts" {
  local kept=$token parts=5 n seconds figures=$BATS_TEST_TMPDIR/figures
  seconds=$(($(long 10 1800) / parts))
  fill_chat
  busy 3 # whatever grows once has grown
  sample "$figures-0"
  for ((n = 1; n <= parts; n++)); do
    busy $seconds
    sample "$figures-$n"
    tell "after $((n * seconds)) s: $(awk '{ printf "%s %s kB %s fd, ", $1, $3, $4 }' "$figures-$n")"
  done
  # the very same processes, none of them grown
  same "$(grown "$figures-0" "$figures-$parts" | wc -l)" "$(wc -l <"$figures-0")"
  same "$(grown "$figures-0" "$figures-$parts" | awk '$2 >= 1024 || $3 > 2')" ""
  wait_for "$(long 60 300)" settled
}
