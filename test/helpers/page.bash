# page.bash: a stack that gives out the front end's page, and scripts of web/test on it. Needs helpers/stack, before it.
# Programs without sanitizers: the page is tested, and it is to be quick.

PARLEY_BUILD=$stack_root/build
export PARLEY_BUILD STACK_WEB

# page_start: builds the page (script/test has done it before), then all of it with two persist slots
page_start() {
  mkdir -p "$stack_root/build"
  flock "$stack_root/build/make.log" make -s -C "$stack_root" all web-tests >"$BATS_FILE_TMPDIR/make.log" 2>&1 ||
    { tail "$BATS_FILE_TMPDIR/make.log" >&2; return 1; }
  stack_folder
  export PARLEY_WEB=$stack_root/web/dist
  stack_run
  jobs_start 2
}

# scenario NAME [SETTING…]: a script of web/test
scenario() { env "${@:2}" node "$stack_root/web/test/$1.mjs" 3>&-; }

# restart_programs [SETTING…]: with these, until the test ends (restore_programs, in setup)
# shellcheck disable=SC2120 # tests pass them
restart_programs() {
  local name setting
  rm -f "$PARLEY_VAR/changed"
  [ $# = 0 ] || : >"$PARLEY_VAR/changed"
  for setting; do local -x "$setting"; done
  for name in api writer search; do
    stop $name
    start $name
  done
}

# shellcheck disable=SC2119
restore_programs() { [ ! -e "$PARLEY_VAR/changed" ] || restart_programs; }
