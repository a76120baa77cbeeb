#!/usr/bin/env bats
# Settings and options of all programs. No server runs.

load helpers/stack

setup_file() {
  stack_folder
}

teardown_file() {
  stack_stop
}

setup() {
  conf=$BATS_TEST_TMPDIR/parley.conf
  programs=("$PARLEY_BUILD"/fcgi/api "$PARLEY_BUILD"/fcgi/writer "$PARLEY_BUILD"/fcgi/search)
  local program
  for program in persist recount schedule migrate; do programs+=("$PARLEY_BUILD/jobs/$program"); done
  persist=$PARLEY_BUILD/jobs/persist
}

# written MODE LINE…: the file, which PARLEY_CONFIG then names
written() {
  printf '%s\n' "${@:2}" >"$conf"
  chmod "$1" "$conf"
  export PARLEY_CONFIG=$conf
}

# value NAME [SETTING…]: as --print-config has it
value() {
  env "${@:2}" "$persist" --print-config | sed -n "s/^#\{0,1\}$1=//p"
}

# refuses PATTERN COMMAND…: exits 1 with one line on stderr that matches
refuses() {
  local pattern=$1 code=0
  shift
  timeout 10 "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || code=$?
  same "$code" 1
  same "$(wc -l <"$BATS_TEST_TMPDIR/err") $(wc -c <"$BATS_TEST_TMPDIR/out")" '1 0'
  # shellcheck disable=SC2053 # a pattern is meant
  [[ $(<"$BATS_TEST_TMPDIR/err") == $pattern ]] || same "$(<"$BATS_TEST_TMPDIR/err")" "$pattern"
}

# bats test_tags=settings:table
@test "--help names every setting and option" {
  local program name
  for program in "${programs[@]}"; do
    run "$program" --help
    same "$status" 0
    [[ $output == "usage: ${program##*/} "* ]]
    for name in API_PORT WRITER_PORT WEB_PORT BIND WEB_SERVER REDIS_URL DATABASE_URL ELASTICSEARCH_URL \
      PARLEY_ELASTICSEARCH_CA PARLEY_ELASTICSEARCH_INDEX PARLEY_ELASTICSEARCH_TIMEOUT_MS \
      JOB_FORMAT PARLEY_VAR PARLEY_NODE PARLEY_WORKERS PARLEY_READ_WAIT_MS PARLEY_LEASE_MS \
      PARLEY_RETRY_BASE_MS PARLEY_QUEUE_LIMIT PARLEY_WEB_API PARLEY_WEB_WRITER --print-config --check --version --help; do
      [[ $output == *"  $name "* ]] || same "$name" "in the help of $program"
    done
  done
  run "$persist" --help
  [[ $output == *--slot* && $output == *--for* ]]
  run "$PARLEY_BUILD/fcgi/api" --help
  [[ $output == *--listen* && $output == *--replace* ]]
}

@test "--check says nothing and starts nothing; what is bad is said, and the exit status is not 0" {
  local program
  for program in "${programs[@]}"; do
    run "$program" --check
    same "$status $output" "0 "
    PARLEY_LOG_LEVEL=loud run "$program" --check
    same "$status" 1
    [[ $output == "${program##*/}: PARLEY_LOG_LEVEL"* ]]
    run "$program" --nothing --check
    same "$status" 2
  done
  run "$PARLEY_BUILD/fcgi/api" --replace --listen "unix:$BATS_TEST_TMPDIR/api.sock" --check
  same "$status $output" "0 "
  [ ! -e "$BATS_TEST_TMPDIR/api.sock" ]
}

# bats test_tags=settings:table
@test "the defaults are those of the contract" {
  local line
  while read -r line; do
    same "${line%% *}=$(value "${line%% *}")" "${line%% *}=${line#* }"
  done <<'END'
WEB_SERVER lighttpd
JOB_FORMAT native
PARLEY_WORKERS 5
PARLEY_READ_WAIT_MS 250
PARLEY_LEASE_MS 30000
PARLEY_RETRY_BASE_MS 3000
PARLEY_QUEUE_LIMIT 1000000
PARLEY_SEARCH_BUDGET_MS 1000
PARLEY_ELASTICSEARCH_INDEX messages
PARLEY_ELASTICSEARCH_TIMEOUT_MS 300
END
  same "$(env -u API_PORT -u WRITER_PORT -u WEB_PORT -u BIND "$persist" --print-config |
    grep -E '^#?(API_PORT|WRITER_PORT|WEB_PORT|BIND)=' | xargs)" \
    '#API_PORT=3000 #WRITER_PORT=8080 #WEB_PORT=8000 #BIND=127.0.0.1'
  same "$(value REDIS_URL)" "unix://$PARLEY_VAR/run/redis.sock"
}

# bats test_tags=settings:sources
@test "PARLEY_VAR is by default var/ of the tree that the program is in" {
  same "$(value PARLEY_VAR PARLEY_VAR=)" "$stack_root/var"
  local program=$persist prefix
  # also where a folder above has the name of one in a tree
  for prefix in usr build/usr home/libexec/parley/tree; do
    persist=$BATS_TEST_TMPDIR/$prefix/libexec/parley/persist
    [[ $prefix != */tree ]] || persist=$BATS_TEST_TMPDIR/$prefix/build/jobs/persist
    mkdir -p "${persist%/*}"
    cp "$program" "$persist"
    same "$(value PARLEY_VAR PARLEY_VAR=)" "$(realpath "$BATS_TEST_TMPDIR")/$prefix/var"
  done
}

# bats test_tags=settings:table
@test "--print-config masks passwords, and only those" {
  export REDIS_URL=redis://user:s3cret@host:6380/2 DATABASE_URL='mysql://me:p%40ss@host:3307/db?ssl-ca=/ca.pem'
  export ELASTICSEARCH_URL=http://elastic:chang3me@host:9200
  run "$persist" --print-config
  same "$status" 0
  same "$(grep -cE 's3cret|p%40ss|p@ss|chang3me' <<<"$output")" 0
  [[ $output == *redis://user:*@host:6380/2* ]]
  [[ $output == *mysql://me:*@host:3307/db?ssl-ca=/ca.pem* ]]
  [[ $output == *http://elastic:*@host:9200* ]]
  same "$(value REDIS_URL REDIS_URL=redis://:s3cret@host:1/0 | grep -c s3cret)" 0
  same "$(value REDIS_URL REDIS_URL=redis://host:1/0)" redis://host:1/0
}

@test "--print-config is a file that can be read again" {
  export API_PORT=4000 JOB_FORMAT=activejob PARLEY_NODE=a.b-c
  "$persist" --print-config >"$BATS_TEST_TMPDIR/first"
  grep -vE '^(PARLEY_VAR|#)' "$BATS_TEST_TMPDIR/first" >"$conf"
  PARLEY_CONFIG=$conf env -u API_PORT -u JOB_FORMAT -u PARLEY_NODE -u BIND "$persist" --print-config \
    >"$BATS_TEST_TMPDIR/second"
  diff "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
}

@test "--version, an unknown option, a value that is missing or bad" {
  local program
  for program in "${programs[@]}"; do
    run "$program" --version
    [[ $status = 0 && $output == "${program##*/} (Parley) "* ]]
    run "$program" --nothing
    same "$status" 2
    [[ $output == *--nothing* ]]
  done
  run "$persist" --for
  same "$status" 2
  for program in 0 -1 x 1x ''; do
    run "$persist" --for "$program"
    same "$status" 2
  done
}

# bats test_tags=settings:bad
@test "a bad value is named, in one line, by every program" {
  local program
  for program in "${programs[@]}"; do
    refuses "${program##*/}: PARLEY_WORKERS: *many*" env PARLEY_WORKERS=many "$program"
  done
  while read -r program; do
    refuses "persist: *${program%%=*}*" env "$program" "$persist" --for 1
    refuses "persist: *${program%%=*}*" env "$program" "$persist" --print-config
  done <<'END'
API_PORT=0
API_PORT=65536
API_PORT=80x
WEB_SERVER=apache
JOB_FORMAT=Native
PARLEY_WORKERS=0
PARLEY_WORKERS=65
PARLEY_READ_WAIT_MS=-1
PARLEY_READ_WAIT_MS=1.5
PARLEY_QUEUE_LIMIT=99999999999999999999
PARLEY_LEASE_MS=1
PARLEY_RETRY_BASE_MS=0
PARLEY_NODE=a/b
PARLEY_NODE=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
PARLEY_LOG_LEVEL=loud
PARLEY_BATCH_TIMEOUT_MS=30000
PARLEY_CORS_ORIGINS=chat.example.com
PARLEY_CORS_ORIGINS=http://a.example/
PARLEY_CORS_ORIGINS=null
PARLEY_ADMIN_KEY=with blank
PARLEY_ADMIN_KEY=schlüssel
PARLEY_ELASTICSEARCH_CA=ca.pem
PARLEY_ELASTICSEARCH_INDEX=Messages
PARLEY_ELASTICSEARCH_INDEX=_all
PARLEY_ELASTICSEARCH_INDEX=a,b
PARLEY_ELASTICSEARCH_TIMEOUT_MS=9
PARLEY_BUCKETS=00-3F
PARLEY_BUCKETS=3f-00
PARLEY_WEB_API=3000
PARLEY_WEB_API=:70000
PARLEY_WEB_API=//elsewhere
PARLEY_WEB_WRITER=http://a b
PARLEY_WEB_WRITER=https://a/"b
END
}

# refused_by_all, for each setting on stdin
refused_by_all() {
  local program url
  while read -r url; do
    for program in "${programs[@]}"; do
      refuses "${program##*/}: ${url%%=*}: *" env "$url" "$program"
    done
  done
}

@test "a URL that is none is refused by every program" {
  refused_by_all <<'END'
REDIS_URL=host:6379
REDIS_URL=redis://host:99999/0
DATABASE_URL=me@host/db
ELASTICSEARCH_URL=ftp://host
END
}

@test "a URL of another kind of server, or without its database, is refused by every program" {
  refused_by_all <<'END'
REDIS_URL=http://host
DATABASE_URL=redis://host/0
DATABASE_URL=mysql://me@host
ELASTICSEARCH_URL=redis://host
END
}

@test "a bad URL is refused without showing its password" {
  refuses 'persist: REDIS_URL: *' env REDIS_URL=redis://user:s3cret@host:99999/0 "$persist"
  same "$(grep -c s3cret "$BATS_TEST_TMPDIR/err")" 0
}

# bats test_tags=settings:sources
@test "a file gives settings, and the environment wins" {
  written 0644 '# a comment' '' '  API_PORT=4001' $'WRITER_PORT=4002 \r' 'PARLEY_NODE=file'
  same "$(value API_PORT API_PORT=)" 4001
  same "$(value WRITER_PORT WRITER_PORT=)" 4002
  same "$(value PARLEY_NODE)" file
  same "$(value PARLEY_NODE PARLEY_NODE=environment)" environment
  same "$(value PARLEY_NODE PARLEY_NODE=)" file
  written 0644 'API_PORT=nonsense'
  same "$(value API_PORT API_PORT=4003)" 4003
}

# bats test_tags=settings:sources
@test "parley.conf in PARLEY_VAR is read unless PARLEY_CONFIG names another" {
  echo PARLEY_NODE=default >"$PARLEY_VAR/parley.conf"
  same "$(value PARLEY_NODE)" default
  written 0644 PARLEY_NODE=named
  same "$(value PARLEY_NODE)" named
  rm "$PARLEY_VAR/parley.conf"
  refuses "persist: */none*" env PARLEY_CONFIG="$PARLEY_VAR/none" "$persist"
}

# bats test_tags=settings:mode
@test "a file that others can read and that holds a password is refused" {
  local mode line
  for line in REDIS_URL=redis://:secret@host:1/0 DATABASE_URL=mysql://me:secret@host/db \
    ELASTICSEARCH_URL=http://me:secret@host:9200; do
    for mode in 0644 0640 0604; do
      written $mode "$line"
      refuses "persist: $conf: ${line%%=*} *0600*" "$persist"
      same "$(grep -c secret@ "$BATS_TEST_TMPDIR/err")" 0
    done
    written 0600 "$line"
    value API_PORT >/dev/null
    "$persist" --print-config >/dev/null
  done
  written 0644 REDIS_URL=redis://host:1/0
  same "$(value REDIS_URL)" redis://host:1/0
}

@test "the admin key is a secret: masked, and refused in a file that others can read" {
  same "$(value PARLEY_ADMIN_KEY PARLEY_ADMIN_KEY=s3cret)" '***'
  same "$(value PARLEY_ADMIN_KEY)" ''
  written 0644 PARLEY_ADMIN_KEY=s3cret
  refuses "persist: $conf: PARLEY_ADMIN_KEY *0600*" "$persist"
  same "$(grep -c s3cret "$BATS_TEST_TMPDIR/err")" 0
  written 0600 PARLEY_ADMIN_KEY=s3cret
  same "$(value PARLEY_ADMIN_KEY)" '***'
  refuses 'persist: *PARLEY_ADMIN_KEY: *' env PARLEY_ADMIN_KEY='my s3cret' "$persist"
  same "$(grep -c s3cret "$BATS_TEST_TMPDIR/err")" 0
}

@test "the default of PARLEY_CORS_ORIGINS is the front end's own" {
  same "$(value PARLEY_CORS_ORIGINS WEB_PORT=8001 BIND=127.0.0.1)" \
    'http://127.0.0.1:8001 http://localhost:8001 http://127.0.0.1:8001'
  same "$(value PARLEY_CORS_ORIGINS WEB_PORT=8001 BIND=10.1.2.3)" \
    'http://127.0.0.1:8001 http://localhost:8001 http://10.1.2.3:8001'
  same "$(value PARLEY_CORS_ORIGINS WEB_PORT=8001 BIND=::1)" \
    'http://127.0.0.1:8001 http://localhost:8001 http://[::1]:8001'
  same "$(value PARLEY_CORS_ORIGINS PARLEY_CORS_ORIGINS=https://a.example)" https://a.example
}

@test "the front end finds both services at their ports, unless it is told otherwise" {
  same "$(value PARLEY_WEB_API API_PORT=3001) $(value PARLEY_WEB_WRITER WRITER_PORT=8081)" ':3001 :8081'
  same "$(value PARLEY_WEB_API PARLEY_WEB_API=/api)" /api
  same "$(value PARLEY_WEB_WRITER PARLEY_WEB_WRITER=https://writer.example/parley)" https://writer.example/parley
}

@test "an unknown key or a line that is none is refused, with its place" {
  written 0600 API_PORT=1 '' NOBODY=1
  refuses "persist: $conf line 3: *NOBODY*" "$persist"
  written 0600 'just words'
  refuses "persist: $conf line 1: *just words*" "$persist"
  written 0600 PARLEY_WORKERS=0
  refuses "persist: $conf line 1: PARLEY_WORKERS: *" "$persist"
}

@test "a job program stops after --for, and with a TERM, with 0" {
  local program
  for program in persist recount schedule; do
    timeout 20 "$PARLEY_BUILD/jobs/$program" --for 1
    start $program
    wait_for 10 log_has $program started
    stop $program
  done
}

# bats test_tags=settings:slots
@test "a slot is one process's: another takes the next, or ends with 0 when none is free" {
  local program
  mkdir -p "$PARLEY_VAR/slots"
  for program in persist recount schedule; do
    (
      exec 8>"$PARLEY_VAR/slots/$program-1.lock"
      flock 8
      PARLEY_WORKERS=1 timeout 10 "$PARLEY_BUILD/jobs/$program" 8>&- 2>"$BATS_TEST_TMPDIR/err"
      timeout 10 "$PARLEY_BUILD/jobs/$program" --slot 1 8>&- 2>>"$BATS_TEST_TMPDIR/err"
    )
    same "$(grep -c started "$BATS_TEST_TMPDIR/err")" 0
  done
  exec 8>"$PARLEY_VAR/slots/persist-1.lock"
  flock 8
  PARLEY_NODE=here PARLEY_WORKERS=2 timeout 20 "$persist" --for 1 8>&- 2>"$BATS_TEST_TMPDIR/err"
  exec 8>&-
  grep -q 'started.*here:2' "$BATS_TEST_TMPDIR/err"
}

holds_slot() { [ "$(cat "$PARLEY_VAR/slots/$1-$2.lock")" = "$(pid_of "$1")" ]; }

@test "a slot's file has the pid of the program that holds it" {
  local program
  for program in persist recount schedule purge; do
    start $program
    wait_for 10 holds_slot $program 1
    stop $program
  done
}

@test "a node without a name gets one and keeps it" {
  local name
  timeout 20 "$persist" --for 1 2>"$BATS_TEST_TMPDIR/first"
  name=$(<"$PARLEY_VAR/node-id")
  [[ $name =~ ^[0-9a-f]{16}$ ]]
  grep -q "started.*$name:1" "$BATS_TEST_TMPDIR/first"
  timeout 20 "$persist" --for 1 2>"$BATS_TEST_TMPDIR/second"
  grep -q "started.*$name:1" "$BATS_TEST_TMPDIR/second"
  same "$(<"$PARLEY_VAR/node-id")" "$name"
}

@test "migrate says in one line why it cannot" {
  refuses 'migrate: *' "$PARLEY_BUILD/jobs/migrate"
}

@test "a service refuses a socket that it cannot open" {
  refuses 'api: *' "$PARLEY_BUILD/fcgi/api" --listen "unix:/nonexistent/api.sock"
}
