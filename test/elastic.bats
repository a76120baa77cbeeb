#!/usr/bin/env bats
# slow: a real Elasticsearch: its health, and what the connection to it takes: TLS, a password, a prefix, no wait.

load helpers/stack

# Of a user and a password nothing may be seen. In the URL each of its characters is encoded that may be.
user=klaus-elastic
password='p@ss:/wörd %41#?&"+'
encoded='p%40ss%3A%2Fw%C3%B6rd%20%2541%23%3F%26%22%2B'

setup_file() {
  export PARLEY_API_PROCESSES=2 PARLEY_WRITER_PROCESSES=1 PARLEY_SEARCH_PROCESSES=1
  stack_start start elasticsearch
}

teardown_file() {
  stack_stop
}

# status_of PART
status_of() { json ".services.$1.status"; }

# health URL STATUS WORD: /health answers so, within two seconds; WORD is Elasticsearch's
health() {
  ask "$1" GET /health - -w '%{stderr}%{time_total}\n%{stdout}%{http_code}'
  expect "$2"
  same "$(status_of elasticsearch) $(status_of mysql) $(status_of redis)" "$3 ok ok"
  same "$(jq -n "$(tail -n 1 "$BATS_TEST_TMPDIR/error") < 2")" true
}

is_ok() { is_healthy "$API" && is_healthy "$WRITER"; }

# bats test_tags=route:health
@test "an Elasticsearch that answers is ok, on both services" {
  health "$API" 200 ok
  same "$(json .status)" healthy
  same "$(json '.services.elasticsearch.latency_ms | type')" number
  health "$WRITER" 200 ok
}

@test "the connection to it is kept, and counted" {
  local n
  stop api
  PARLEY_API_PROCESSES=1 start api
  for n in 1 2 3; do health "$API" 200 ok; done
  request GET /metrics
  [[ $body == *'elasticsearch_connections{state="idle"} '[12]$'\n'* ]]
  n=$(ss -Htnp state established dst "${ELASTICSEARCH_URL#http://}" | grep -c '"api"')
  same "$n" 1
}

# bats test_tags=route:health
@test "stopped, killed or hanging it is down within two seconds, and ok again as soon as it is back" {
  stop elasticsearch
  health "$API" 503 down
  health "$WRITER" 503 down
  same "$(json .status)" unhealthy
  log_has api 'level=warn .*"elasticsearch is down" error="elasticsearch: Failed to connect to 127.0.0.1'
  start elasticsearch
  health "$API" 200 ok
  signal elasticsearch STOP
  health "$API" 503 down
  health "$WRITER" 503 down
  log_has api '"elasticsearch is down" error="elasticsearch: no answer in time"'
  signal elasticsearch CONT
  wait_for 20 is_ok
  kill_9 elasticsearch
  health "$API" 503 down
  start elasticsearch
  health "$API" 200 ok
  health "$WRITER" 200 ok
}

# bats test_tags=route:health
@test "a cluster that is red is down, one that is yellow is ok" {
  local settings='{"settings":{"number_of_replicas":1,"number_of_shards":1'
  curl -sf -X PUT --json "$settings}}" "$ELASTICSEARCH_URL/a?wait_for_active_shards=0" >/dev/null
  wait_for 20 is_cluster yellow
  health "$API" 200 ok
  # no node of that name
  curl -sf -X PUT --json "$settings,\"index.routing.allocation.require._name\":\"none\"}}" \
    "$ELASTICSEARCH_URL/b?wait_for_active_shards=0" >/dev/null
  wait_for 20 is_cluster red
  health "$API" 503 down
  log_has api '"elasticsearch is down" error="elasticsearch: its cluster is red"'
  curl -sf -X DELETE "$ELASTICSEARCH_URL/a,b" >/dev/null
  wait_for 20 is_ok
}

is_cluster() { [[ $(curl -s "$ELASTICSEARCH_URL/_cluster/health") == *"\"status\":\"$1\""* ]]; }

# says URL STATUS WORD TEXT [SETTING…]: a writer with this ELASTICSEARCH_URL, what its /health answers, and (unless
# WORD is ok) how the error in its log ends. Nothing of user and password is in any log.
says() {
  local setting
  stop writer
  rm -f "$PARLEY_VAR/log/writer.log"
  for setting in "${@:5}"; do local -x "${setting?}"; done
  ELASTICSEARCH_URL=$1 start writer
  health "$WRITER" "$2" "$3"
  [ "$3" = ok ] || log_has writer "\"elasticsearch is down\" error=\"elasticsearch: $4" ||
    { cat "$PARLEY_VAR/log/writer.log" >&2; return 1; }
  no_secrets
}

no_secrets() {
  local secret
  for secret in "$user" "$password" "$encoded" 'wörd' 'w%C3%B6rd' "$(base64 -w 0 <<<"$user:" | cut -c 1-16)"; do
    same "$(grep -ralF -- "$secret" "$PARLEY_VAR/log")" ''
  done
}

# certificate NAME SUBJECT-ALTERNATIVE CA: $folder/NAME.{key,pem}, signed by $folder/CA.key, or by itself
certificate() {
  local sign=()
  openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$folder/$1.key" -out "$folder/$1.csr"
  [ "$1" = "$3" ] && sign=(-signkey "$folder/$1.key") ||
    sign=(-CA "$folder/$3.pem" -CAkey "$folder/$3.key" -CAcreateserial)
  openssl x509 -req -days 2 -in "$folder/$1.csr" -out "$folder/$1.pem" "${sign[@]}" -extfile <(echo "$2")
}

# proxy_start: TLS for localhost, with a password, in front of Elasticsearch; also below /search/here
proxy_start() {
  folder=$PARLEY_VAR/proxy
  mkdir "$folder"
  {
    certificate ca 'basicConstraints=critical,CA:TRUE' ca
    certificate other 'basicConstraints=critical,CA:TRUE' other
    certificate server 'subjectAltName=DNS:localhost' ca
  } >"$folder/openssl.log" 2>&1
  printf '%s:{SHA}%s\n' "$user" "$(printf '%s' "$password" | openssl dgst -sha1 -binary | base64)" \
    >"$folder/users"
  free_port
  proxy_port=$REPLY
  cat >"$folder/nginx.conf" <<END
user $(id -un) $(id -gn);
pid $folder/pid;
error_log $folder/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  server {
    listen 127.0.0.1:$proxy_port ssl;
    ssl_certificate $folder/server.pem;
    ssl_certificate_key $folder/server.key;
    auth_basic Elasticsearch;
    auth_basic_user_file $folder/users;
    location / { proxy_pass $ELASTICSEARCH_URL; proxy_set_header Authorization ""; }
    location /search/here/ { proxy_pass $ELASTICSEARCH_URL/; proxy_set_header Authorization ""; }
    location /none { return 404; }
  }
}
END
  spawn "$folder/log" "$(sbin nginx)" -e stderr -p "$folder" -c "$folder/nginx.conf" -g 'daemon off;'
  echo "$REPLY" >"$PARLEY_VAR/pids/proxy"
  await 10000 "$REPLY" port_taken "$proxy_port" 127.0.0.1
}

@test "TLS and a password: what is right works, what is wrong is down and says why; no log has a secret" {
  local folder proxy_port where ca
  proxy_start
  where=localhost:$proxy_port ca=PARLEY_ELASTICSEARCH_CA=$folder/ca.pem
  says "https://$user:$encoded@$where" 200 ok '' "$ca"
  says "https://$user:$encoded@$where/" 200 ok '' "$ca"
  says "https://$user:$encoded@$where/search/here/" 200 ok '' "$ca"
  says "https://$user:$encoded@$where/none" 503 down '404"' "$ca"
  says "https://$user:wrong@$where" 503 down '401: the user or the password is wrong"' "$ca"
  says "https://nobody:$encoded@$where" 503 down '401: the user or the password is wrong"' "$ca"
  says "https://$where" 503 down '401: the user or the password is wrong"' "$ca"
  says "https://$user:$encoded@$where" 503 down 'SSL certificate problem: .*"' \
    "PARLEY_ELASTICSEARCH_CA=$folder/other.pem"
  says "https://$user:$encoded@$where" 503 down 'SSL certificate problem: .*"' PARLEY_ELASTICSEARCH_CA=
  says "https://$user:$encoded@$where" 503 down "error setting certificate .*$folder/none.pem" \
    "PARLEY_ELASTICSEARCH_CA=$folder/none.pem"
  says "https://$user:$encoded@127.0.0.1:$proxy_port" 503 down \
    "SSL: no alternative certificate subject name matches target host name '127.0.0.1'\"" "$ca"
  says "http://$user:$encoded@$where" 503 down '400"' "$ca"
  says "https://$user:$encoded@${ELASTICSEARCH_URL#http://}" 503 down 'OpenSSL.*"' "$ca"
  # the master of it has read the settings too
  same "$(ELASTICSEARCH_URL=https://$user:$encoded@$where "$PARLEY_BUILD/fcgi/api" --print-config |
    grep -c 'ss%3A\|w%C3\|wörd')" 0
  signal elasticsearch STOP
  says "https://$user:$encoded@$where" 503 down 'no answer in time"' "$ca"
  signal elasticsearch CONT
  stop proxy
  health "$WRITER" 503 down
  no_secrets
  stop writer
  start writer
  wait_for 20 is_ok
}

# What a name server that hangs does to the writer, in a network of its own: it can be reached by its socket.
@test "a name server that hangs holds nobody up for longer than Elasticsearch itself may" {
  local options=(--net --mount)
  [ "$(id -u)" = 0 ] || options+=(--user --map-root-user)
  stop writer
  rm -f "$PARLEY_VAR/log/writer.log" "$PARLEY_VAR/run/writer.sock"
  echo 'nameserver 127.0.0.1' >"$BATS_TEST_TMPDIR/resolv.conf"
  # shellcheck disable=SC2016 # expanded by that shell
  spawn "$PARLEY_VAR/log/writer.log" env ELASTICSEARCH_URL=http://es.example:9200 \
    unshare "${options[@]}" bash -c '
      ip link set lo up && mount --bind "$1" /etc/resolv.conf && exec python3 -c "
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"127.0.0.1\", 53))  # takes questions, answers none
os.set_inheritable(s.fileno(), True)
os.execv(sys.argv[1], sys.argv[1:])" "$2"' bash "$BATS_TEST_TMPDIR/resolv.conf" "$PARLEY_BUILD/fcgi/writer"
  echo "$REPLY" >"$PARLEY_VAR/pids/writer"
  await 20000 "$REPLY" test -S "$PARLEY_VAR/run/writer.sock"
  wait_for 10 is_reached writer
  health "$WRITER" 503 down
  log_has writer '"elasticsearch is down" error="elasticsearch: no answer in time"'
  stop writer
  start writer
}

# files FOLDER: their names and sizes
files() { find "$1" -type f -printf '%P %s\n' | sort; }

# Each run is killed at some moment of the time that one takes.
@test "script/elasticsearch: of a run that is killed nothing half is taken, and two at once give the same" {
  local home=$BATS_TEST_TMPDIR/parley/elasticsearch-8.19.4 first began ms pid n
  export XDG_CACHE_HOME=$BATS_TEST_TMPDIR
  unset PARLEY_ELASTICSEARCH_HOME
  now_ms
  began=$REPLY
  same "$("$stack_root/script/elasticsearch")" "$home"
  now_ms
  ms=$((REPLY - began))
  first=$(files "$home")
  for n in 1 2; do
    rm -rf "$home"
    spawn "$BATS_TEST_TMPDIR/log" "$stack_root/script/elasticsearch"
    pid=$REPLY
    await $((RANDOM % ms)) "$pid" false || true
    kill -KILL -- "-$pid" 2>/dev/null || true
    await 5000 "" group_gone "$pid"
    [ ! -e "$home" ] || same "$(files "$home")" "$first"
  done
  rm -rf "$home"
  spawn "$BATS_TEST_TMPDIR/other" "$stack_root/script/elasticsearch"
  pid=$REPLY
  same "$("$stack_root/script/elasticsearch")" "$home"
  await 60000 "" group_gone "$pid"
  same "$(cat "$BATS_TEST_TMPDIR/other")" "$home"
  same "$(files "$home")" "$first"
  same "$(find "$XDG_CACHE_HOME/parley" -mindepth 1 -maxdepth 1 | sort | xargs)" "$home $home.lock"
}
