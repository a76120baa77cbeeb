#!/usr/bin/env bats
# hand: from the last programs of the schema level before to these, under load; it builds the old ones from git's history

load ../helpers/stack
load ../helpers/load
load ../helpers/replace

setup_file() {
  export NEW=$PARLEY_BUILD OLD=$BATS_FILE_TMPDIR/old/build
  build_old
  export PARLEY_WORKERS=4
  PARLEY_BUILD=$OLD programs_copied
  stack_start
  for job in persist-1 persist-2 recount schedule; do start $job; done
}

teardown_file() {
  stack_stop
}

# The programs as they were before the commit that raised the level.
build_old() {
  local level raised
  level=$(sed -n 's/^#define MIGRATE_LEVEL //p' "$stack_root/lib/migrate.h")
  raised=$(git -C "$stack_root" log --format=%h -S"MIGRATE_LEVEL $level" -- lib/migrate.h | tail -n 1)
  [ -n "$raised" ] || { echo "git's history does not reach back to level $((level - 1))"; return 1; }
  mkdir "$BATS_FILE_TMPDIR/old"
  git -C "$stack_root" archive "$raised^" | tar -x -C "$BATS_FILE_TMPDIR/old"
  make -C "$BATS_FILE_TMPDIR/old" -j2 all >"$BATS_FILE_TMPDIR/make.log" 2>&1 || { tail "$BATS_FILE_TMPDIR/make.log"; return 1; }
  cp -r "$NEW/test" "$OLD" # the load generator is today's
}

setup() { replace_scene; }

level() { db 'SELECT MAX(version) FROM parley_migrations'; }

# install BUILD NAME…: those of that build, in the place of the ones that run
install() {
  local name from=$1
  shift
  for name; do install_program "$name" "$from/fcgi/$name"; done
  hang_up "$@"
  for name; do runs_file "$name"; done
}

# job NAME BUILD: a job program of that build, instead of the one of that name
job() {
  stop "$1"
  PARLEY_BUILD=$2 start "$1"
}

# more N: so many more messages are acknowledged
more() { wait_for 60 has_lines "$log" $(($(wc -l <"$log") + $1)); }

@test "migrating, replacing the programs and going back and forth lose nothing, and no request fails" {
  local before name
  before=$(level)
  load_begin
  "$NEW/jobs/migrate"
  same "$(level)" $((before + 1))
  more 300 # old programs on the new schema
  for name in persist-1 recount; do job $name "$NEW"; done
  more 300 # old programs' payloads are taken by new workers and by old ones
  install "$NEW" api writer search
  more 300 # and new ones' payloads
  for name in persist-1 recount; do job $name "$OLD"; done
  more 300 # by old workers only
  install "$OLD" api writer search
  more 100
  install "$NEW" api writer search
  for name in persist-1 persist-2 recount schedule; do job $name "$NEW"; done
  more 300
  load_end
  "$NEW/jobs/queue" verify --all
}

@test "old workers store what new services have queued, and new workers what old ones have" {
  local from to name
  for from in OLD NEW; do
    [ $from = OLD ] && to=NEW || to=OLD
    install "${!from}" api writer search
    jobs_stop
    new_chat
    for name in API WRITER; do
      blast --clients 8 --requests 200 --strict --log "$log.$name" "$(messages "${!name}")"
    done
    same "$(redis LLEN queue:default)" 401
    for name in persist-1 recount schedule; do PARLEY_BUILD=${!to} start $name; done
    kept 30 "$log.API" "$log.WRITER"
  done
}
