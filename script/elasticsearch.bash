# elasticsearch.bash: a private Elasticsearch, beside the other servers of servers.bash, which loads this.
#
#   DIR/elasticsearch/{config,data,logs,tmp}    DIR/run/elasticsearch.url   where it is, or was last
#
# One node, on 127.0.0.1, without passwords. $PARLEY_ELASTICSEARCH_HEAP is its heap (256m); it takes about
# 250 MB more.

elasticsearch_answers() {
  curl -sf -o /dev/null --max-time 2 "$1/_cluster/health"
}

# elasticsearch_url DIR [PORT]: where it will be: at PORT, or (0) where it was last, or at a port that is free.
# The URL in REPLY, and in DIR/run/elasticsearch.url.
elasticsearch_url() {
  local file=$1/run/elasticsearch.url port=${2:-0}
  if [ "$port" = 0 ] && [ -s "$file" ]; then
    port=$(<"$file")
    port=${port##*:}
    ! port_taken "$port" 127.0.0.1 || port=0
  fi
  # others (the tests) look for theirs from 20000 on: it takes seconds until this one listens
  while [ "$port" = 0 ] || { [ "${2:-0}" = 0 ] && port_taken "$port" 127.0.0.1; }; do
    port=$((12000 + RANDOM % 8000))
  done
  REPLY=http://127.0.0.1:$port
  echo "$REPLY" >"$file"
}

# elasticsearch_conf DIR HOME PORT [LINE…]: writes its settings; LINEs go to elasticsearch.yml, instead of ours
# of the same names (it takes none twice).
elasticsearch_conf() {
  local own=$1/elasticsearch home=$2 port=$3 line given
  shift 3
  printf -v given '\n%s' "$@"
  {
    # (what is garbage counts as real memory, and only G1 is told to collect it then)
    for line in "cluster.name: parley" "node.name: parley" "discovery.type: single-node" \
      "network.host: 127.0.0.1" "http.port: $port" "transport.port: 0" "path.data: $own/data" \
      "path.logs: $own/logs" "xpack.security.enabled: false" \
      "cluster.routing.allocation.disk.threshold_enabled: false" "indices.breaker.total.use_real_memory: false"; do
      [[ $given == *$'\n'"${line%%:*}:"* ]] || echo "$line"
    done
    # only the full distribution has these
    [ ! -d "$home/modules/x-pack-ml" ] || echo "xpack.ml.enabled: false"
    [ ! -d "$home/modules/ingest-geoip" ] || echo "ingest.geoip.downloader.enabled: false"
    [ $# = 0 ] || printf '%s\n' "$@"
  } >"$own/config/elasticsearch.yml" || return
  # to start quickly is worth more here than to be fast for weeks
  printf '%s\n' "-Xms${PARLEY_ELASTICSEARCH_HEAP:-256m}" "-Xmx${PARLEY_ELASTICSEARCH_HEAP:-256m}" \
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -XX:-UsePerfData \
    "-Djava.io.tmpdir=$own/tmp" >"$own/config/jvm.options" || return
  cat >"$own/config/log4j2.properties" <<'END'
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1.} [%node_name]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
END
}

# Prints the folder of the Java that it runs with, nothing when it brings its own.
elasticsearch_java() {
  local java
  [ ! -x "$1/jdk/bin/java" ] || return 0
  for java in /usr/lib/jvm/java-17-openjdk-*/bin/java; do
    [ ! -x "$java" ] || { echo "${java%/bin/java}" && return; }
  done
  servers_fail "Elasticsearch needs a Java 17 in /usr/lib/jvm"
}

# elasticsearch_spawn USER THROUGH LOG COMMAND…: it refuses to run as root. Where the user that it then runs
# as gets no access (THROUGH is 1: a checkout or a cache in root's home), a capability lets it through, which
# access(2) heeds only with that bit.
elasticsearch_spawn() {
  local user=$1 through=$2 log=$3 capability=-all,+dac_read_search
  shift 3
  [ "$through" = 1 ] || { spawn_as "$user" "$log" "$@" && return; }
  spawn "$log" setpriv --securebits +no_setuid_fixup -- setpriv --reuid "$user" --regid "$user" \
    --clear-groups --inh-caps "$capability" --ambient-caps "$capability" --bounding-set "$capability" -- \
    setpriv --pdeathsig "$(death_signal)" -- "$@"
}

# elasticsearch_launch DIR [PORT [LINE…]]: without waiting
elasticsearch_launch() {
  local dir=$1 port=${2:-0} own=$1/elasticsearch home java user through=0
  shift $(($# < 2 ? $# : 2))
  home=$("$servers_root/script/elasticsearch") && java=$(elasticsearch_java "$home") &&
    user=$(ordinary_user) && own "$user" "$own" "$own"/{config,data,logs,tmp} || return
  [ "$port" = 0 ] || ! port_taken "$port" 127.0.0.1 || { servers_fail "port $port is taken"; return 1; }
  elasticsearch_url "$dir" "$port"
  elasticsearch_conf "$dir" "$home" "${REPLY##*:}" "$@" || return
  gets_into "$user" "$own" "$home/lib" || through=1
  chown "$user" "$own"/config/* 2>/dev/null # written by root
  elasticsearch_spawn "$user" "$through" "$dir/log/elasticsearch.log" \
    env -u ES_JAVA_OPTS -u JAVA_HOME ${java:+"ES_JAVA_HOME=$java"} "ES_PATH_CONF=$own/config" \
    "ES_TMPDIR=$own/tmp" CLI_JAVA_OPTS=-XX:-UsePerfData "$home/bin/elasticsearch"
}

# elasticsearch_await DIR PID FROM: it answers; else it is stopped, after the line that says why
elasticsearch_await() {
  await 180000 "$2" elasticsearch_answers "$(<"$1/run/elasticsearch.url")" ||
    start_failed Elasticsearch "$2" "$1/log/elasticsearch.log" "$3"
}

# elasticsearch_start DIR [PORT [LINE…]]
elasticsearch_start() {
  local dir=$1 log=$1/log/elasticsearch.log from pid
  log_size "$log"
  from=$REPLY
  elasticsearch_launch "$@" || return
  pid=$REPLY
  elasticsearch_await "$dir" "$pid" "$from" || return
  REPLY=$pid
}
