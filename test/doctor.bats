#!/usr/bin/env bats
# slow: jobs/doctor, each check made to fail by a real fault

load helpers/stack
load helpers/tool

setup_file() {
  export PARLEY_WORKERS=2 PARLEY_API_PROCESSES=2 PARLEY_WRITER_PROCESSES=2 PARLEY_SEARCH_PROCESSES=1
  stack_start
  jobs_start 2
  start purge
}

teardown_file() {
  stack_stop
}

setup() {
  mysql_url="mysql://%s@/%s?socket=$PARLEY_VAR/run/mysql.sock"
}

# doctor [OPTION…]: as `queue` in helpers/tool
doctor() {
  status=0
  output=$("$PARLEY_BUILD/jobs/doctor" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
  stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# finds STATUS LINE ADVICE: so it ends, with that finding (a pattern), and under it that advice
finds() {
  exits "$1"
  same "$stderr" ''
  grep -E -A 1 -- "^$2" <<<"$output" | grep -qE -- "^      -> .*$3" && return
  printf 'no "%s" with "%s" in:\n%s\n' "$2" "$3" "$output" >&2
  return 1
}

is_silent() { ! grep -qE -- "^(warn|FAIL|ok)? *$1:" <<<"$output"; }
root_sql() { mariadb_root "$PARLEY_VAR" -e "$1"; }

# url USER[:PASSWORD] DATABASE
# shellcheck disable=SC2059 # the format is ours
url() { printf "$mysql_url" "$1" "$2"; }

# --- all is well -----------------------------------------------------------------------------------------------

@test "where all is well every line is ok and it ends with 0" {
  doctor
  exits 0
  ! grep -qvE '^ok    |^[0-9]+ ok, 0 warnings, 0 failures$' <<<"$output" || { echo "$output"; return 1; }
  for check in settings access folders disk redis durability mysql schema rights elasticsearch queue; do
    says "^ok    $check: "
  done
  says '^ok    programs: api listens \(pid [0-9]+\)$'
  says '^ok    jobs: persist runs \(2\)$'
  says '^ok    web: writer answers at http://127.0.0.1:'
}

@test "--json says the same, a document in each line" {
  doctor --json
  exits 0
  same "$(jq -rs 'map(select(.verdict == "ok" and .advice == null)) | length' <<<"$output")" "$(wc -l <<<"$output")"
  PARLEY_QUEUE_LIMIT=0 doctor --json
  same "$(jq -r 'select(.verdict == "warn") | .check, (.advice | length > 0)' <<<"$output")" $'settings\ntrue'
}

@test "help, version, wrong usage" {
  doctor --help && exits 0 && says '^usage: doctor ' && says '--api URL'
  doctor --version && exits 0 && says '^doctor \(Parley\) [0-9]'
  doctor --nonsense && exits 2 && complains 'unknown option --nonsense'
  doctor word && exits 2
  doctor --api && exits 2 && complains 'no value for --api'
}

@test "it leaves nothing behind and says no password" {
  local before
  before=$(redis KEYS '*' | sort)
  PARLEY_ADMIN_KEY=a-long-secret-of-mine DATABASE_URL=$(url parley:hunter2 parley) doctor
  same "$(grep -cE 'hunter2|a-long-secret' <<<"$output$stderr")" 0
  wait_for 5 eval '[ "$(redis KEYS "*" | sort)" = "$before" ]'
}

# --- settings --------------------------------------------------------------------------------------------------

@test "a bad setting is named, and nothing else is looked at" {
  PARLEY_WORKERS=many doctor
  finds 1 'FAIL  settings: PARLEY_WORKERS: "many"' 'put that right'
  same "$(grep -c ': ' <<<"$output")" 1
  PARLEY_LOG_LEVEL=loud doctor
  finds 1 'FAIL  settings: PARLEY_LOG_LEVEL: "loud" is none of debug, info, warn, error' 'put that right'
}

@test "a file with a password that others may read" {
  echo "REDIS_URL=redis://:secret@127.0.0.1:1" >"$BATS_TEST_TMPDIR/parley.conf"
  chmod 644 "$BATS_TEST_TMPDIR/parley.conf"
  PARLEY_CONFIG=$BATS_TEST_TMPDIR/parley.conf doctor
  finds 1 'FAIL  settings: .*REDIS_URL holds a secret: make the file 0600' 'put that right'
}

@test "settings that are possible and not good" {
  PARLEY_STOP_MS=1000 PARLEY_QUEUE_LIMIT=0 doctor
  finds 0 'warn  settings: PARLEY_STOP_MS is 1000' '5000'
  finds 0 'warn  settings: PARLEY_QUEUE_LIMIT is 0' 'memory'
}

@test "who may do what" {
  BIND=0.0.0.0 doctor
  finds 1 'FAIL  access: whoever reaches 0.0.0.0' 'PARLEY_ADMIN_KEY'
  BIND=0.0.0.0 PARLEY_OPEN=1 doctor
  finds 0 'warn  access: whoever reaches 0.0.0.0' 'PARLEY_ADMIN_KEY'
  PARLEY_CORS_ORIGINS='*' doctor
  finds 0 'warn  access: PARLEY_CORS_ORIGINS is \*' 'name the origins'
}

@test "folders that are not there, or others', or too long" {
  local redis_url=unix://$PARLEY_VAR/run/redis.sock
  PARLEY_VAR=$BATS_TEST_TMPDIR/none REDIS_URL=$redis_url DATABASE_URL=$(url parley parley) doctor
  finds 1 "FAIL  folders: $BATS_TEST_TMPDIR/none: No such file" 'mkdir'
  chmod g+w "$PARLEY_VAR/log"
  doctor
  chmod g-w "$PARLEY_VAR/log"
  finds 1 "FAIL  folders: $PARLEY_VAR/log may be written to" 'go-w'
  PARLEY_VAR=$BATS_TEST_TMPDIR/$(printf 'x%.0s' {1..100}) doctor
  finds 1 'FAIL  folders: the sockets. paths are [0-9]+ bytes long, 107' 'shorter'
}

@test "a disk that is nearly full" {
  local options=(--mount)
  [ "$(id -u)" = 0 ] || options+=(--map-root-user)
  status=0
  mkdir "$BATS_TEST_TMPDIR/small"
  # shellcheck disable=SC2016 # the inner shell's
  output=$(unshare "${options[@]}" sh -c 'mount -t tmpfs -o size=20m small "$1" && cd "$1" && mkdir run log tmp &&
    PARLEY_VAR=$1 "$2"' sh "$BATS_TEST_TMPDIR/small" "$PARLEY_BUILD/jobs/doctor") || status=$?
  stderr=
  finds 1 'warn  disk: (19|20) MB are free' 'make room'
}

# --- Redis -----------------------------------------------------------------------------------------------------

@test "Redis is away, or refuses the password" {
  REDIS_URL=redis://127.0.0.1:1 doctor
  finds 1 'FAIL  redis: .*refused' 'REDIS_URL'
  is_silent durability
  redis ACL SETUSER doctor on '>right' '~*' '+@all' >/dev/null
  REDIS_URL="unix://$PARLEY_VAR/run/redis.sock?user=doctor&password=wrong" doctor
  finds 1 'FAIL  redis: ' 'REDIS_URL'
  redis ACL DELUSER doctor >/dev/null
}

@test "Redis does not take writes, is small, or forgets" {
  local before=$PARLEY_API_PROCESSES
  redis CONFIG SET appendfsync everysec maxmemory-policy allkeys-lru >/dev/null
  doctor
  redis CONFIG SET appendfsync always maxmemory-policy noeviction >/dev/null
  finds 0 'warn  durability: appendfsync is everysec: ' 'appendfsync always'
  finds 0 'warn  durability: maxmemory-policy is allkeys-lru: ' 'noeviction'
  redis REPLICAOF 127.0.0.1 1 >/dev/null
  doctor
  redis REPLICAOF NO ONE >/dev/null
  finds 1 'FAIL  redis: it does not take a write' 'commands'
  redis CONFIG SET maxmemory "$(redis INFO memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p')" >/dev/null
  doctor
  redis CONFIG SET maxmemory 0 >/dev/null
  says '^warn  redis: .* MB are in use'
  PARLEY_API_PROCESSES=512 PARLEY_WRITER_PROCESSES=512 PARLEY_SEARCH_PROCESSES=512 doctor
  says '^(warn|FAIL)  mysql: max_connections is 1000'
  redis CONFIG SET maxclients 100 >/dev/null
  PARLEY_API_PROCESSES=50 doctor
  redis CONFIG SET maxclients 1000 >/dev/null
  finds 0 'warn  redis: it takes 100 clients' 'PARLEY_API_PROCESSES'
  same "$PARLEY_API_PROCESSES" "$before"
}

# --- MySQL -----------------------------------------------------------------------------------------------------

@test "MySQL is away, refuses the password, or has no such database" {
  DATABASE_URL=mysql://a:b@127.0.0.1:1/c doctor
  finds 1 'FAIL  mysql: ' 'DATABASE_URL'
  for check in schema rights queue; do is_silent "$check"; done
  root_sql "CREATE USER doctor@localhost IDENTIFIED BY 'right'; GRANT ALL ON parley.* TO doctor@localhost"
  DATABASE_URL=$(url doctor:right parley) doctor && exits 0
  DATABASE_URL=$(url doctor:wrong parley) doctor
  finds 1 'FAIL  mysql: .*Access denied' 'password'
  DATABASE_URL=$(url doctor:right other) doctor
  finds 1 'FAIL  mysql: .*other' 'database'
  root_sql "DROP USER doctor@localhost"
}

@test "a user who may not do all" {
  root_sql "CREATE USER less@localhost; GRANT SELECT, INSERT ON parley.* TO less@localhost"
  DATABASE_URL=$(url less parley) doctor
  root_sql "DROP USER less@localhost"
  finds 1 'FAIL  rights: this user may not UPDATE' 'GRANT'
  finds 1 'FAIL  rights: this user may not DELETE' 'GRANT'
  finds 1 'warn  rights: this user may not CREATE, which' 'GRANT'
  same "$(grep -cE 'may not (SELECT|INSERT)' <<<"$output")" 0
}

@test "a schema that is not there, is older, or is newer" {
  root_sql "CREATE DATABASE old CHARACTER SET latin1; GRANT ALL ON old.* TO parley@localhost"
  DATABASE_URL=$(url parley old) doctor
  finds 1 'FAIL  schema: there is none yet' 'parley migrate'
  finds 1 'warn  mysql: the database.s character set is latin1' 'utf8mb4'
  DATABASE_URL=$(url parley old) "$PARLEY_BUILD/jobs/migrate" 2>/dev/null
  root_sql "DELETE FROM old.parley_migrations ORDER BY version DESC LIMIT 1"
  DATABASE_URL=$(url parley old) doctor
  finds 1 'FAIL  schema: it is at level [0-9]+, these programs need' 'parley migrate'
  root_sql "INSERT INTO old.parley_migrations VALUES (90, 'x', NOW())"
  DATABASE_URL=$(url parley old) doctor
  finds 1 'FAIL  schema: it is at level 90' 'newer programs'
  root_sql "DROP DATABASE old"
}

@test "MySQL's limits and its clock" {
  root_sql "SET GLOBAL max_allowed_packet = 524288, max_connections = 20, init_connect = 'SET timestamp = 1700000000'"
  PARLEY_API_PROCESSES=20 doctor
  root_sql "SET GLOBAL max_allowed_packet = 16777216, max_connections = 1000, init_connect = ''"
  finds 1 'FAIL  mysql: max_allowed_packet is 524288' '16M'
  finds 1 'FAIL  mysql: max_connections is 20, and Parley may have' 'PARLEY_WORKERS'
  finds 1 'warn  mysql: its clock is -[0-9]+ ms off' 'keep the time'
}

@test "an Elasticsearch that is away only costs its searches" {
  ELASTICSEARCH_URL=http://127.0.0.1:1 doctor
  finds 1 'warn  elasticsearch: ' 'ELASTICSEARCH_URL'
  finds 1 'FAIL  jobs: index does not run' 'crontab'
}

# --- programs --------------------------------------------------------------------------------------------------

@test "a FastCGI program that does not run, and one that listens elsewhere" {
  stop search
  doctor
  finds 1 'FAIL  programs: search does not run' 'crontab'
  spawn "$PARLEY_VAR/log/search.log" "$PARLEY_BUILD/fcgi/search" --listen "unix:$PARLEY_VAR/run/elsewhere.sock"
  echo "$REPLY" >"$PARLEY_VAR/pids/search"
  wait_for 10 test -s "$PARLEY_VAR/run/search.pid"
  doctor
  finds 0 'warn  programs: search runs, and does not listen in' '--listen'
  stop search
  start search
  doctor && exits 0
}

@test "job programs that do not run" {
  stop schedule
  stop persist-2
  doctor
  start schedule
  start persist-2
  finds 1 'FAIL  jobs: schedule does not run on this machine: what failed' 'crontab'
  finds 1 'warn  jobs: persist runs 1 times, PARLEY_WORKERS is 2' 'as many lines'
}

@test "a job that is dead" {
  redis ZADD dead 1795560000 '{"class":"CreateMessageJob","args":[1,2,"x"],"queue":"default","jid":"1"}' >/dev/null
  doctor
  redis DEL dead >/dev/null
  finds 0 'warn  queue: 1 dead' 'queue status'
}

@test "a web server that is away, or answers by itself" {
  doctor --api http://127.0.0.1:1
  finds 1 'FAIL  web: api: http://127.0.0.1:1: .*onnect' 'parley web'
  doctor --writer "http://127.0.0.1:$WEB_PORT"
  finds 1 'FAIL  web: writer: .*/health is answered 404' 'all paths'
}

@test "a web server's program that has another key" {
  PARLEY_ADMIN_KEY=another-key-of-some-length doctor
  exits 0 # these programs have none: they admit everybody
  stop api
  PARLEY_ADMIN_KEY=the-key-that-is-right start api
  PARLEY_ADMIN_KEY=another-key-of-some-length doctor
  finds 1 'FAIL  web: PARLEY_ADMIN_KEY is refused' 'CGIPassAuth On'
  PARLEY_ADMIN_KEY=the-key-that-is-right doctor
  exits 0
  stop api
  start api
}
