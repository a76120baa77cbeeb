# steady.bash: searches, posts, edits and deletions that never cease, each search checked (test/search/steady.py).
# Needs helpers/stack and helpers/load.
# shellcheck disable=SC2034,SC2154 # what the tests read, and set

# steady_scene ROWS: an application whose first chat has ROWS messages that nobody touches, and two busy chats;
# Elasticsearch knows all
steady_scene() {
  new_application searched
  for _ in 1 2 3; do new_chat; done
  wait_for 20 settled
  fill "$(chat_id "$token" 1)" "$1" "CONCAT('n', LPAD(seq, 7, '0'), 'z is a still one', REPEAT(' word', 16))"
  wait_for 120 indexed
}

# steady_start ROWS: in that application
steady_start() {
  : >"$PARLEY_VAR/tmp/steady"
  spawn "$PARLEY_VAR/tmp/steady" "$stack_root/test/search/steady.py" "$API" "$WRITER" "$token" 1 "$1" 2 3
  echo "$REPLY" >"$PARLEY_VAR/pids/steady"
  wait_for 30 test -s "$PARLEY_VAR/tmp/steady"
}

# steady_has FILTER: is it true of what it said last?
steady_has() { [ "$(tail -n 1 "$PARLEY_VAR/tmp/steady" | jq "$1")" = true ]; }

# steady_phase: what has been searched until now counts for itself
steady_phase() { signal steady USR1; }

# steady_end: no search was wrong, and every post, edit and deletion was done; what it said is in $said
steady_end() {
  signal steady TERM
  wait_for 60 group_gone "$(pid_of steady)"
  rm "$PARLEY_VAR/pids/steady"
  said=$(tail -n 1 "$PARLEY_VAR/tmp/steady")
  tell "$said"
  same "$(jq -c '.wrong' <<<"$said")" '[]'
  same "$(jq '.posted > 50 and .edited > 10 and .deleted > 10' <<<"$said")" true
}
