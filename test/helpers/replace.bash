# replace.bash: replacing the programs while requests come in. Needs helpers/stack and helpers/load. $log and
# $read_from are the test's.

# programs_copied: $PARLEY_BUILD is a copy of $ORIGINAL from now on, in which a test can put others in their places
programs_copied() {
  export ORIGINAL=$PARLEY_BUILD PARLEY_BUILD=$BATS_FILE_TMPDIR/build
  mkdir -p "$PARLEY_BUILD"/{fcgi,jobs,test}
  cp "$ORIGINAL"/fcgi/{api,writer,search} "$PARLEY_BUILD/fcgi"
  cp "$ORIGINAL"/jobs/{migrate,persist,recount,schedule,purge} "$PARLEY_BUILD/jobs"
  cp "$ORIGINAL/test/load" "$PARLEY_BUILD/test"
}

# replace_scene: a chat of 50 messages to read from, and one to post to; for each test
replace_scene() {
  new_application
  new_chat
  blast --requests 50 --strict "$(messages "$API")" 3>/dev/null
  read_from=$(messages "$API")
  new_chat
  log=$BATS_TEST_TMPDIR/log
}

# load_begin: posts to both services, reads and searches, from 40 clients, until load_end
load_begin() {
  : >"$log"
  : >"$log.read"
  blast_start posting --clients 32 --rate 300 --for 600 --log "$log" \
    "$(messages "$API")" "$(messages "$WRITER")"
  blast_start getting --clients 8 --rate 100 --for 600 --log "$log.read" \
    --get "$read_from" "$read_from/search?q=a"
  wait_for 20 has_lines "$log" 200
}

has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# load_end: not one of them has failed
load_end() {
  local name
  # a quick machine has seen to it all before many are answered
  wait_for 20 has_lines "$log.read" 201
  for name in posting getting; do
    is_running $name
    signal $name TERM
    blast_end $name 30
    same "$(figure '"\(.failed) \(.errors)"')" "0 0"
    holds "$(figure .ok) > 200"
  done
  kept 30 "$log"
  same "$(checked_figure .unsure_stored)" 0
}

# install_program NAME [FILE]: a program's file is replaced, as make and install do it
install_program() {
  cp "${2:-$ORIGINAL/fcgi/$1}" "$PARLEY_BUILD/fcgi/$1.new"
  chmod +x "$PARLEY_BUILD/fcgi/$1.new"
  mv "$PARLEY_BUILD/fcgi/$1.new" "$PARLEY_BUILD/fcgi/$1"
}

# runs_file NAME: the master and its processes run the file that is there now
runs_file() {
  local processes
  processes=$(pid_of "$1"; children_of "$1")
  # shellcheck disable=SC2046,SC2086 # splits on purpose
  same "$(stat -Lc %i $(printf '/proc/%s/exe ' $processes) | sort -u)" \
    "$(stat -c %i "$PARLEY_BUILD/fcgi/$1")"
}

# replaced NAME BEFORE COUNT: none of the processes from before is left, and so many are there
replaced() {
  local after
  after=$(children_of "$1")
  [ "$(wc -l <<<"$after")" = "$3" ] && ! grep -qxF "$2" <<<"$after"
}

# hang_up NAME… : HUP to each, and all their processes are new
hang_up() {
  local -A before=()
  local name
  for name; do before[$name]=$(children_of "$name"); done
  for name; do signal "$name" HUP; done
  for name; do wait_for 20 replaced "$name" "${before[$name]}" "${count[$name]}"; done
}

declare -gA count=([api]=16 [writer]=16 [search]=4)
