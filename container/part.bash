# part.bash: what serve and jobs share: settings, folders, and the parts that one container keeps together.
#
# A part is a process that must not end. When one ends by itself, all are stopped and the container ends with status 1,
# so that the engine starts it anew.

declare -A config   # the settings, as the programs understand them
declare -A part_of  # pid -> name

say() { echo "parley-container: $*" >&2; }

die() {
  say "$*"
  exit 1
}

# The programs know how settings are read, so they are asked.
load_settings() {
  local line key text
  text=$(parley api --print-config) || exit 1
  while IFS= read -r line; do
    key=${line%%=*}
    config[${key#\#}]=${line#*=}
  done <<<"$text"
  PARLEY_VAR=${config[PARLEY_VAR]}
  export PARLEY_VAR
}

# healthy, which the engine runs beside us, is told what this container is. (A tmpfs is empty at each start.)
make_folders() {
  umask 077
  mkdir -p "$PARLEY_VAR"/{run,log,tmp,web} || die "cannot write to $PARLEY_VAR"
  echo "$1" >"$PARLEY_VAR/tmp/service"
}

# part NAME COMMAND…: starts it; its pid is in REPLY. (A shell starts its background children deaf to SIGINT, by which
# lighttpd stops gracefully.)
part() {
  local name=$1
  shift
  env --default-signal=INT,QUIT "$@" </dev/null &
  REPLY=$!
  part_of[$REPLY]=$name
}

# stop_parts SIGNAL NAME…: and wait for them. The engine kills what takes too long.
stop_parts() {
  local signal=$1 pid pids=()
  shift
  for pid in "${!part_of[@]}"; do
    [[ " $* " == *" ${part_of[$pid]} "* ]] || continue
    kill -s "$signal" "$pid" 2>/dev/null || true
    pids+=("$pid")
  done
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do wait "$pid" || true; done
  done
}

# Until a part ends, whose name and status are told. (Orphans, too, are buried by this wait.)
await_end() {
  local pid status
  while :; do
    status=0
    wait -n -p pid || status=$?
    # (without a pid: a signal came)
    [ -z "${pid:-}" ] || [ -z "${part_of[$pid]:-}" ] || break
    [ "$status" != 127 ] || die 'nothing runs any more'
  done
  say "${part_of[$pid]} ended with status $status"
  unset "part_of[$pid]"
}
