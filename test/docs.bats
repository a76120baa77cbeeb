#!/usr/bin/env bats
# slow: the documentation: its links lead somewhere, its commands work, its manual pages say what the programs say.

load helpers/stack
load helpers/load

setup_file() {
  stack_start
  jobs_start 2
}

teardown_file() {
  stack_stop
}

setup() { cd "$stack_root" || return 1; }

# --- links --------------------------------------------------------------------------------------------------

@test "every link leads to a page, a file or a heading that is there" {
  local pages=(README.md CONTRIBUTING.md doc/*.md) urls=() page
  /usr/bin/python3 test/pages.py . "$PARLEY_WEB" "${pages[@]}"
  cp -r doc/pictures "$PARLEY_WEB/doc"
  printf '[AnchorCheck]\n[checking]\nmaxrequestspersecond=1000\n[filtering]\nignore=^(?!http://127\\.0\\.0\\.1:%s/)\n' "$WEB_PORT" >"$BATS_TEST_TMPDIR/linkcheckerrc"
  for page in "${pages[@]}"; do urls+=("http://127.0.0.1:$WEB_PORT/${page%.md}.html"); done
  run linkchecker --config "$BATS_TEST_TMPDIR/linkcheckerrc" --no-robots --no-status --output csv "${urls[@]}"
  [ "$status" = 0 ] || { grep -a 'http://' <<<"$output"; return 1; }
}

# --- commands -----------------------------------------------------------------------------------------------

# curl lines of doc/protocol.md, one a line; what removes something last, applications after all else
examples() {
  sed -nE 's/^ +(curl .*)/\1/p' doc/protocol.md |
    awk '{ print (/-X DELETE/ ? 2 - gsub("/messages/", "&") * 0.4 - gsub("/chats/", "&") * 0.4 : 0) "\t" NR "\t" $0 }' |
    sort -n | cut -f 3-
}

@test "each curl line of doc/protocol.md is answered as it should be" {
  local line A=$API W=$WRITER TOKEN PARLEY_ADMIN_KEY=any n=0
  new_application
  new_chat
  TOKEN=$token
  blast --requests 50 --strict "$(messages "$API")"
  while read -r line; do
    # the origin of a page that this stack knows
    line=${line//:8000/:$WEB_PORT}
    status=$(A=$A W=$W TOKEN=$TOKEN PARLEY_ADMIN_KEY=$PARLEY_ADMIN_KEY \
      bash -c "$line -o $BATS_TEST_TMPDIR/body -w '%{http_code}'")
    [[ $status == 2* ]] || { echo "$status: $line"; cat "$BATS_TEST_TMPDIR/body"; return 1; }
    n=$((n + 1))
  done < <(examples)
  tell "$n lines"
  holds "$n >= 22"
}

@test "each route has a curl line in doc/protocol.md" {
  local routes method path pattern
  routes=$(jq -r '.paths | to_entries[] | .key as $path | .value | keys[]
    | select(IN("get", "post", "patch", "delete")) | ascii_upcase + " " + $path' doc/openapi.json)
  same "$(grep -c . <<<"$routes")" "$(sort -u <<<"$routes" | grep -c .)"
  while read -r method path; do
    case $method in
      GET) pattern='^ +curl -si? "?' ;;
      POST) pattern='^ +curl -s --json .*' ;;
      *) pattern="^ +curl -s -X $method .*" ;;
    esac
    # {token} and the like are anything; what follows the path is a query or the end
    pattern+='\$[AW]'$(sed -E 's/[.]/\\./g; s/\{[a-z_]+\}/[^\/ ?"]+/g' <<<"$path")'(\?[^ ]*)?"?( |$)'
    grep -qE -- "$pattern" doc/protocol.md || { echo "no curl line: $method $path ($pattern)"; return 1; }
  done <<<"$routes"
}

# --- manual pages -------------------------------------------------------------------------------------------

@test "the manual pages are clean, and refer to pages that are there" {
  local page
  cd man
  for page in *; do mandoc -T lint -W all "$page"; done >"$BATS_TEST_TMPDIR/lint" 2>&1 || true
  same "$(<"$BATS_TEST_TMPDIR/lint")" ''
}

# options PROGRAM…: the long options that its --help lists
options() {
  "$@" --help | sed '/^Settings/,$d' | grep -oE '^  --[a-z-]+' | tr -d ' ' | sort -u
}

# described PAGE: the long options that it describes
described() {
  sed -nE 's/^\.It Fl (-[a-z-]+).*/-\1/p' "man/$1.8" | sort -u
}

@test "each program has a page, which describes its options and no others" {
  local program name command
  for program in "$PARLEY_BUILD"/{fcgi,jobs}/*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    name=${program##*/}
    if [ "$name" = queue ]; then
      for command in status peek retry kill export import verify repair; do options "$program" $command; done |
        sort -u | comm -3 - <({ described parley-queue; echo --help; } | sort -u) >"$BATS_TEST_TMPDIR/differs"
    else
      comm -3 <(options "$program") <(described "parley-$name") >"$BATS_TEST_TMPDIR/differs"
    fi
    [ ! -s "$BATS_TEST_TMPDIR/differs" ] || { echo "$name:"; cat "$BATS_TEST_TMPDIR/differs"; return 1; }
    grep -qxF ".Xr parley-$name 8" man/parley.1 || grep -qxF ".Xr parley-$name 8 ," man/parley.1
  done
}

@test "the settings' page says what the programs say" {
  "$PARLEY_BUILD/fcgi/api" --markdown >"$BATS_TEST_TMPDIR/config.md"
  script/gen-conf-man "$BATS_TEST_TMPDIR/config.md" | diff - man/parley.conf.5
}
