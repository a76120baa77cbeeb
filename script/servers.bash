# servers.bash: private servers in a folder of their own, for script/server and for the tests.
#
#   DIR/run     sockets and pid files, 0700: who gets in here gets in everywhere
#   DIR/log     what each part says
#   DIR/redis   Redis' append-only file       DIR/mysql   MariaDB's data       DIR/tmp  scratch
#   DIR/elasticsearch   all of Elasticsearch's (script/elasticsearch.bash)
#
# X_start runs the server as a child of the calling shell, waits until it answers and leaves its pid
# in REPLY. What fails says one line on stderr, leaves nothing running and returns 1.
# Every child leads a session of its own, so that a Ctrl-C reaches only the script, which then stops
# the parts in its order; and it gets TERM should the script itself be killed.

servers_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
servers_outlive=  # set: children stay when this shell ends (the tests have a guard instead)
servers_keep_fd=  # a descriptor above 2 that children inherit (the lock of script/server)
declare -gA servers_log=() # pid -> log of all that was spawned, for who must stop it half-way

servers_fail() {
  echo "${0##*/}: $*" >&2
  return 1
}

now_ms() {
  local now=${EPOCHREALTIME/[.,]/}
  REPLY=${now%???}
}

# --- processes -----------------------------------------------------------------------------------

# Closes what bats, a lock or a caller has open: a server that holds it would hold them up.
close_inherited() {
  local fd
  for fd in "/proc/$BASHPID/fd"/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || [ "$fd" = 255 ] || [ "$fd" = "$servers_keep_fd" ] || eval "exec $fd>&-"
  done
}

death_signal() {
  [ -n "$servers_outlive" ] && echo clear || echo TERM
}

# spawn LOG COMMAND…
# A shell starts its background children deaf to SIGINT; lighttpd needs it for its graceful stop.
spawn() {
  local log=$1
  shift
  (
    exec >>"$log" 2>&1 </dev/null
    close_inherited
    exec setsid setpriv --pdeathsig "$(death_signal)" -- env --default-signal=INT,QUIT "$@"
  ) &
  REPLY=$!
  # shellcheck disable=SC2034 # script/server reads it
  servers_log[$REPLY]=$log
  # its end is no news then
  [ -z "$servers_outlive" ] || disown "$REPLY"
}

# spawn_as USER LOG COMMAND…: changing the user clears pdeathsig, so that comes second.
spawn_as() {
  local user=$1 log=$2
  shift 2
  if [ "$(id -un)" = "$user" ]; then
    spawn "$log" "$@"
  else
    spawn "$log" setpriv --reuid "$user" --regid "$user" --clear-groups -- \
      setpriv --pdeathsig "$(death_signal)" -- "$@"
  fi
}

# State and process group of a pid, in REPLY; 1 when there is no such process.
process_stat() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # splits on purpose; what stands in parentheses may hold anything
  set -- ${stat##*) }
  REPLY="$1 $3"
}

# A zombie is dead: not every machine's process 1 buries the orphans.
alive() {
  process_stat "$1" && [[ $REPLY != [ZX]* ]]
}

# (A bare `return` in a trap returns what was true before the trap: here and in stop_process, which
# traps call, each says what it returns.)
group_alive() {
  alive "$1" && return 0
  kill -0 -- "-$1" 2>/dev/null || return 1
  # state, parent and group follow the name, which stands in parentheses
  grep -qsE "\) [^ZX] [0-9]+ $1 " /proc/[0-9]*/stat
}

# await MS PID COMMAND…: polls until COMMAND succeeds; 1 when the time is over, or PID has ended.
await() {
  local deadline pid=$2
  now_ms
  deadline=$((REPLY + $1))
  shift 2
  until "$@"; do
    [ -z "$pid" ] || alive "$pid" || return 1
    now_ms
    [ "$REPLY" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

group_gone() { ! group_alive "$1"; }

# stop_process PID MS [SIGNAL]: signals it, waits for it and all it started, kills what stays.
stop_process() {
  unset "servers_log[$1]"
  group_alive "$1" || return 0
  kill -s "${3:-TERM}" "$1" 2>/dev/null || kill -TERM -- "-$1" 2>/dev/null || return 0
  await "$2" "" group_gone "$1" && return 0
  kill -KILL -- "-$1" 2>/dev/null
  await 5000 "" group_gone "$1"
  return 1
}

# --- what went wrong ------------------------------------------------------------------------------

log_size() {
  REPLY=$(stat -c %s "$1" 2>/dev/null) || REPLY=0
}

# log_reason LOG FROM: of what a log says from byte FROM on, the line that matters, in REPLY.
log_reason() {
  local text
  # (Java's stacks, and the last word of Elasticsearch's launcher, give no reason.)
  text=$(tail -c "+$(($2 + 1))" "$1" 2>/dev/null | tail -n 200 | tr -cd '[:print:]\n' |
    grep -vE '^ *(at .*[(].*:[0-9]+[)]|[.]{3} [0-9]+ more|ERROR: Elasticsearch (died|exited|did not).*)?$')
  if grep -qiE 'no space left|errno:? 28|errcode:? 28|error 28' <<<"$text"; then
    REPLY="the disk of ${1%/log/*} is full"
  else
    REPLY=$(grep -iE 'error|fail|fatal|cannot|can.t|denied|in use' <<<"$text" | tail -n 1) ||
      REPLY=$(tail -n 1 <<<"$text")
    REPLY="${REPLY:-it says nothing} ($1)"
  fi
}

log_has_grown() {
  log_size "$1"
  [ "$REPLY" -gt "$2" ]
}

# start_failed NAME PID LOG FROM: stops what does not answer and says why. (What goes through a filter
# may come to the log a little later.)
start_failed() {
  alive "$2" || await 1000 "" log_has_grown "$3" "$4"
  stop_process "$2" 5000
  log_reason "$3" "$4"
  servers_fail "$1 does not start: $REPLY"
}

# socket_fits PATH: the kernel takes 107 bytes.
socket_fits() {
  local LC_ALL=C
  [ ${#1} -le 107 ] || servers_fail "socket path of ${#1} bytes, 107 are possible: $1"
}

# Prints the address of a listener as /proc/net/tcp has it; nothing for a name or IPv6.
address_hex() {
  local a b c d
  [ "$1" != localhost ] || set -- 127.0.0.1
  IFS=. read -r a b c d <<<"$1"
  [[ $a$b$c$d =~ ^[0-9]+$ && $d ]] && printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a"
}

# port_taken PORT ADDRESS: does anything listen where a listener of ours would be in its way?
port_taken() {
  local ours port at state
  ours=$(address_hex "$2") || ours=
  port=$(printf '%04X' "$1")
  while read -r _ at _ state _; do
    [ "$state:${at#*:}" = "0A:$port" ] || continue
    case ${at%:*} in
      "$ours" | 00000000 | 00000000000000000000000000000000) return 0 ;;
    esac
    case $ours in '' | 00000000) return 0 ;; esac
  done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  return 1
}

# --- Redis ----------------------------------------------------------------------------------------

redis_answers() {
  [ "$(redis-cli -s "$1/run/redis.sock" ping 2>/dev/null)" = PONG ]
}

# redis_launch DIR [PORT [OPTION…]]: without waiting. (A title of its own would overwrite the
# environment, by which tests find what was left running.)
redis_launch() {
  local dir=$1 port=${2:-0}
  shift $(($# < 2 ? $# : 2))
  mkdir -p "$dir/redis" || return
  spawn "$dir/log/redis.log" redis-server --port "$port" --bind 127.0.0.1 \
    --unixsocket "$dir/run/redis.sock" --unixsocketperm 700 --dir "$dir/redis" \
    --pidfile "$dir/run/redis.pid" --daemonize no --set-proc-title no --appendonly yes \
    --appendfsync always --save '' --maxmemory-policy noeviction "$@"
}

# redis_start DIR [PORT [OPTION…]]
redis_start() {
  local dir=$1 log=$1/log/redis.log from pid
  socket_fits "$dir/run/redis.sock" || return
  redis_answers "$dir" && { servers_fail "a Redis runs in $dir already"; return 1; }
  log_size "$log"
  from=$REPLY
  redis_launch "$@" || return
  pid=$REPLY
  # A big append-only file takes a while to load.
  await 300000 "$pid" redis_answers "$dir" || { start_failed Redis "$pid" "$log" "$from"; return 1; }
  REPLY=$pid
}

# --- MariaDB --------------------------------------------------------------------------------------

# Some servers dislike root, so root runs them as `parley`. Prints the name of who runs them.
ordinary_user() {
  [ "$(id -u)" = 0 ] || { id -un; return; }
  id parley >/dev/null 2>&1 ||
    useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin parley ||
    return
  echo parley
}

# gets_into USER FOLDER…: does that user?
gets_into() {
  local user=$1 folder
  shift
  [ "$(id -un)" != "$user" ] || return 0
  for folder; do
    setpriv --reuid "$user" --regid "$user" --clear-groups test -x "$folder/." || return
  done
}

# MariaDB runs as root where the other gets no access (a checkout in root's home). Prints the name.
mariadb_user() {
  local user
  user=$(ordinary_user) || return
  if gets_into "$user" "$1"; then echo "$user"; else echo root; fi
}

# own USER FOLDER…: also what an earlier start as somebody else left in them.
own() {
  local user=$1 folder
  shift
  mkdir -p "$@" || return
  chmod 700 "$@" || return
  for folder; do
    [ "$(stat -c %U "$folder")" = "$user" ] || chown -R "$user:" "$folder" || return
  done
}

# mariadb_install USER FOLDER LOG: new data; half of it, after a break, is not taken for data.
mariadb_install() {
  rm -rf "$2.new"
  own "$1" "$2.new" || return
  # its temporary files: this user may not be let into the caller's TMPDIR
  if ! env TMPDIR="$2.new" mariadb-install-db --no-defaults --datadir="$2.new" --user="$1" \
    --skip-test-db --auth-root-authentication-method=normal >>"$3" 2>&1 </dev/null; then
    log_reason "$3" 0
    rm -rf "$2.new"
    servers_fail "MariaDB cannot make its folder: $REPLY"
    return 1
  fi
  mv "$2.new" "$2"
}

mariadb_root() {
  mariadb --no-defaults --socket="$1/run/mysql.sock" --user=root --batch --skip-column-names \
    "${@:2}" </dev/null
}

mariadb_answers() {
  mariadb_root "$1" -e 'DO 1' 2>/dev/null
}

# No passwords: only who gets into DIR/run gets in, and over TCP only tests do.
mariadb_grant() {
  local host sql='CREATE DATABASE IF NOT EXISTS parley CHARACTER SET utf8mb4;'
  for host in localhost ${2:+127.0.0.1}; do
    sql+="CREATE USER IF NOT EXISTS parley@'$host'; GRANT ALL ON parley.* TO parley@'$host';"
  done
  mariadb_root "$1" -e "$sql"
}

# mariadb_data DIR USER: makes the data folder if there is none; MARIADB_TEMPLATE may name one that
# is copied.
mariadb_data() {
  if [ ! -d "$1/mysql" ]; then
    if [ -n "${MARIADB_TEMPLATE:-}" ]; then
      cp -a --reflink=auto --sparse=always "$MARIADB_TEMPLATE" "$1/mysql" || return
    else
      mariadb_install "$2" "$1/mysql" "$1/log/mariadb.log" || return
    fi
  fi
  own "$2" "$1/mysql"
}

# mariadb_launch DIR [PORT [OPTION…]]: without waiting
mariadb_launch() {
  local dir=$1 port=${2:-} user options=()
  shift $(($# < 2 ? $# : 2))
  user=$(mariadb_user "$dir") || return
  own "$user" "$dir/run" "$dir/tmp/mysql" || return
  chmod 711 "$dir/tmp" || return # the caller's, but MariaDB has to get through it
  mariadb_data "$dir" "$user" || return
  [ -n "$port" ] && options+=(--port="$port" --bind-address=127.0.0.1) ||
    options+=(--skip-networking)
  [ "$user" != root ] || options+=(--user=root)
  spawn_as "$user" "$dir/log/mariadb.log" mariadbd --no-defaults --datadir="$dir/mysql" \
    --socket="$dir/run/mysql.sock" --pid-file="$dir/run/mysql.pid" --tmpdir="$dir/tmp/mysql" \
    --skip-name-resolve --local-infile=0 --character-set-server=utf8mb4 \
    --collation-server=utf8mb4_unicode_520_ci --max-connections=1000 \
    --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=256M "${options[@]}" "$@"
}

# mariadb_start DIR [PORT [OPTION…]]
mariadb_start() {
  local dir=$1 log=$1/log/mariadb.log from pid
  socket_fits "$dir/run/mysql.sock" || return
  mariadb_answers "$dir" && { servers_fail "a MariaDB runs in $dir already"; return 1; }
  log_size "$log"
  from=$REPLY
  mariadb_launch "$@" || return
  pid=$REPLY
  # After a crash it reads its log first.
  if ! await 300000 "$pid" mariadb_answers "$dir" || ! mariadb_grant "$dir" "${2:-}" 2>>"$log"; then
    start_failed MariaDB "$pid" "$log" "$from"
    return 1
  fi
  REPLY=$pid
}

# --- web server -----------------------------------------------------------------------------------

http_answers() {
  curl -s -o /dev/null --max-time 2 "$1"
}

# url_host ADDRESS: where a listener on ADDRESS can be asked from here.
url_host() {
  case $1 in
    0.0.0.0) echo 127.0.0.1 ;;
    ::) echo '[::1]' ;;
    *:*) echo "[$1]" ;;
    *) echo "$1" ;;
  esac
}

# ports_free: are API_PORT, WRITER_PORT and WEB_PORT on BIND?
ports_free() {
  local port
  for port in API_PORT WRITER_PORT WEB_PORT; do
    port_taken "${!port}" "$BIND" || continue
    servers_fail "port ${!port} is taken: set $port to another"
    return 1
  done
}

# web_launch DIR WEB_SERVER: without waiting. BIND, API_PORT, WRITER_PORT, WEB_PORT and PARLEY_WEB are
# in the environment, perhaps PARLEY_CLIENT_TIMEOUT_S, PARLEY_WEB_API and PARLEY_WEB_WRITER.
web_launch() {
  local -x PARLEY_VAR=$1 PARLEY_SHARE=$servers_root
  local -x PARLEY_CLIENT_TIMEOUT_S=${PARLEY_CLIENT_TIMEOUT_S:-20}
  local -x PARLEY_WEB_API=${PARLEY_WEB_API:-:$API_PORT} PARLEY_WEB_WRITER=${PARLEY_WEB_WRITER:-:$WRITER_PORT}
  "$2_launch" "$1"
}

# (A graceful start afresh needs lighttpd's whole path.)
lighttpd_launch() {
  spawn "$1/log/lighttpd.log" env LIGHTTPD_BIND="$(bracketed "$BIND")" \
    "$(sbin lighttpd)" -D -f "$servers_root/lighttpd.conf"
}

# Its log names paths: tokens are cut, as lighttpd-common.conf does it.
nginx_launch() {
  nginx_conf >"$1/run/nginx.conf" || return
  # shellcheck disable=SC2016 # expanded by that shell
  spawn "$1/log/nginx.log" bash -c \
    'exec "$@" 2> >(exec sed -u -E "s/([0-9a-f]{6})[0-9a-f]{26}/\1.../g")' nginx \
    "$(sbin nginx)" -e stderr -p "$1" -c "$1/run/nginx.conf" -g 'daemon off;'
}

# web_start DIR WEB_SERVER
web_start() {
  local log=$1/log/$2.log from pid
  ports_free || return
  log_size "$log"
  from=$REPLY
  web_launch "$1" "$2" || return
  pid=$REPLY
  await 10000 "$pid" http_answers "http://$(url_host "$BIND"):$WEB_PORT/" ||
    { start_failed "$2" "$pid" "$log" "$from"; return 1; }
  REPLY=$pid
}

# shed_launch DIR WEB_SERVER [SECONDS]: ends clients that hold the web server up; looks every so many (5)
shed_launch() {
  local signal=USR1
  [ "$2" = lighttpd ] || signal=HUP
  spawn "$1/log/shed.log" "$servers_root/script/shed" --every "${3:-5}" "${PARLEY_CLIENT_TIMEOUT_S:-20}" \
    "$1/run/$2.pid" "$signal" "$API_PORT" "$WRITER_PORT" "$WEB_PORT"
}

# shellcheck source=script/web.bash
. "$servers_root/script/web.bash"
# shellcheck source=script/elasticsearch.bash
. "$servers_root/script/elasticsearch.bash"
