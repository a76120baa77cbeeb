# outside.bash: the words of stack.bash for a Parley that runs in containers, of which a test has two URLs and the admin
# key (test/containers.bats exports them). What a test starts and stops is a container.
#
#   OUTSIDE_PROJECT  the project's name for the engine, which DOCKER_HOST names
#   OUTSIDE_KEY      a file that holds the admin key
#   API_PORT, WRITER_PORT

# A header in a file: no secret is in a command line.
outside_options() {
  printf 'Authorization: Bearer %s\n' "$(<"$OUTSIDE_KEY")" >"$PARLEY_VAR/admin"
  stack_options=(-H "@$PARLEY_VAR/admin")
}

stack_start() {
  PARLEY_VAR=$(mktemp -d "${TMPDIR:-/tmp}/parley.XXXXXX")
  mkdir "$PARLEY_VAR/tmp" "$PARLEY_VAR/log"
  export PARLEY_VAR API=http://127.0.0.1:$API_PORT WRITER=http://127.0.0.1:$WRITER_PORT
  outside_options
}

stack_stop() { rm -rf "$PARLEY_VAR"; }

# container NAME: what a part of a stack is called here
container() {
  case $1 in
    mariadb) echo "${OUTSIDE_PROJECT}_mysql_1" ;;
    persist* | recount | schedule | purge | index) echo "${OUTSIDE_PROJECT}_jobs_1" ;;
    *) echo "${OUTSIDE_PROJECT}_$1_1" ;;
  esac
}

is_well() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$(container "$1")")" = healthy ]; }

start() {
  docker start "$(container "$1")" >/dev/null
  wait_for 60 is_well "$1"
}

stop() { docker stop "$(container "$1")" >/dev/null; }

kill_9() { docker kill "$(container "$1")" >/dev/null; }

signal() {
  case $2 in
    STOP) docker pause "$(container "$1")" >/dev/null ;;
    CONT) docker unpause "$(container "$1")" >/dev/null ;;
  esac
}

jobs_start() { start jobs; }
jobs_stop() { stop jobs; }

db() {
  # shellcheck disable=SC2016 # that shell expands it
  docker exec -i "$(container mariadb)" sh -c 'MYSQL_PWD=$(cat /etc/parley-database/user) exec mariadb --user=parley \
    --default-character-set=utf8mb4 --batch --skip-column-names parley' <<<"$1"
}

redis() { docker exec -i "$(container redis)" redis-cli "$@"; }

# The tests run this file in each of their processes; PARLEY_VAR stands since stack_start.
# shellcheck disable=SC2034 # stack.bash reads it
[ -z "${PARLEY_VAR:-}" ] || [ ! -e "$PARLEY_VAR/admin" ] || stack_options=(-H "@$PARLEY_VAR/admin")
