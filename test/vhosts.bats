#!/usr/bin/env bats
# slow: the installed files for a host's own Apache, nginx and lighttpd, each behind the real server as this user

load helpers/stack

setup_file() {
  export PARLEY_API_PROCESSES=2 PARLEY_WRITER_PROCESSES=2 PARLEY_SEARCH_PROCESSES=1
  export PARLEY_ADMIN_KEY=a-key-of-the-vhosts-test
  stack_start
  jobs_start 1
  start purge
  fill
}

teardown_file() {
  stack_stop
}

# fill: the files with this stack's sockets in the places of an installation's
fill() {
  local server program search
  mkdir -p "$PARLEY_VAR/hosts"
  for server in apache nginx lighttpd; do
    for program in api writer; do
      search=$program
      [ "$program" = writer ] || search=search
      sed -e "s|@PREFIX@/var|$PARLEY_VAR|g; s|@PREFIX@/share/parley/\(lighttpd-[a-z]*.lua\)|$stack_root/\1|g
        s|@PREFIX@/share/parley|$stack_root|g; s|@PROGRAM@|$program|g; s|@SEARCH@|$search|g" \
        "$stack_root/hosting/$server.conf" >"$PARLEY_VAR/hosts/$server-$program.conf"
    done
  done
}

# What the host has around them.
apache_conf() {
  local module
  for module in mpm_event authz_core alias env mime headers proxy proxy_fcgi; do
    echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
  done
  [ "$(id -u)" != 0 ] || echo "User $(ordinary_user)"
  cat <<END
ServerName localhost
ServerRoot $PARLEY_VAR/hosts
PidFile apache.pid
DefaultRuntimeDir $PARLEY_VAR/hosts
ErrorLog apache.log
TypesConfig /etc/mime.types
Listen 127.0.0.1:$api_port
Listen 127.0.0.1:$writer_port
<Directory "$stack_root/problems">
  Require all granted
</Directory>
<VirtualHost *:$api_port>
  Include $PARLEY_VAR/hosts/apache-api.conf
</VirtualHost>
<VirtualHost *:$writer_port>
  Include $PARLEY_VAR/hosts/apache-writer.conf
</VirtualHost>
END
}

nginx_host_conf() {
  [ "$(id -u)" != 0 ] || echo "user $(id -un) $(id -gn);"
  cat <<END
pid $PARLEY_VAR/hosts/nginx.pid;
error_log stderr error;
events { }
http {
  client_body_temp_path $PARLEY_VAR/tmp/a; fastcgi_temp_path $PARLEY_VAR/tmp/b; proxy_temp_path $PARLEY_VAR/tmp/c;
  scgi_temp_path $PARLEY_VAR/tmp/d; uwsgi_temp_path $PARLEY_VAR/tmp/e;
  server { listen 127.0.0.1:$api_port; include $PARLEY_VAR/hosts/nginx-api.conf; }
  server { listen 127.0.0.1:$writer_port; include $PARLEY_VAR/hosts/nginx-writer.conf; }
}
END
}

lighttpd_host_conf() {
  cat <<END
server.modules = ( "mod_magnet", "mod_fastcgi" )
server.bind = "127.0.0.1"
server.port = $api_port
server.document-root = "$PARLEY_VAR/web"
server.upload-dirs = ( "$PARLEY_VAR/tmp" )
server.http-parseopts = ( "header-strict" => "enable", "url-normalize" => "disable", "method-get-body" => "enable" )
server.max-request-field-size = 16384
\$SERVER["socket"] == "127.0.0.1:$writer_port" { }
\$HTTP["host"] == "127.0.0.1:$api_port" { include "$PARLEY_VAR/hosts/lighttpd-api.conf" }
\$HTTP["host"] == "127.0.0.1:$writer_port" { include "$PARLEY_VAR/hosts/lighttpd-writer.conf" }
END
}

# Apache's processes need no other user's sockets here: run/ is opened to them for the test, as doc/hosting.md says.
host_start() {
  free_port && api_port=$REPLY
  free_port && writer_port=$REPLY
  case $1 in
    apache)
      apache_conf >"$PARLEY_VAR/hosts/apache.conf"
      chmod 711 "$PARLEY_VAR/run"
      chmod 666 "$PARLEY_VAR"/run/{api,writer,search}.sock
      spawn "$PARLEY_VAR/log/apache.log" "$(sbin apache2)" -D FOREGROUND -f "$PARLEY_VAR/hosts/apache.conf"
      ;;
    nginx)
      nginx_host_conf >"$PARLEY_VAR/hosts/nginx.conf"
      spawn "$PARLEY_VAR/log/nginx.log" "$(sbin nginx)" -e stderr -c "$PARLEY_VAR/hosts/nginx.conf" -g 'daemon off;'
      ;;
    lighttpd)
      lighttpd_host_conf >"$PARLEY_VAR/hosts/lighttpd.conf"
      spawn "$PARLEY_VAR/log/host-lighttpd.log" "$(sbin lighttpd)" -D -f "$PARLEY_VAR/hosts/lighttpd.conf"
      ;;
  esac
  echo "$REPLY" >"$PARLEY_VAR/pids/host"
  API=http://127.0.0.1:$api_port WRITER=http://127.0.0.1:$writer_port
  wait_for 10 is_healthy "$API" || { tail "$PARLEY_VAR"/log/*apache.log "$PARLEY_VAR"/hosts/*.log >&2; return 1; }
  wait_for 10 is_healthy "$WRITER"
}

teardown() {
  stop host
}

key=(-H 'Authorization: Bearer a-key-of-the-vhosts-test')

is_problem() {
  expect "$1"
  same "$(header Content-Type)" application/problem+json
  same "$(json .status)" "$1"
}

# The life of a message, and what web servers like to change.
works_behind() {
  host_start "$1"
  request POST /applications '{"name":"hosted"}'
  is_problem 401
  request POST /applications '{"name":"hosted"}' "${key[@]}"
  expect 201
  token=$(json .token)
  new_chat
  messages=/applications/$token/chats/$chat/messages
  writer POST "$messages" '{"body":"Здравствуй, 世界 👋"}'
  expect 201
  request GET "$messages/search?q=%D0%B7%D0%B4%D1%80%D0%B0%D0%B2"
  expect 200
  same "$(json '.[0].number')" 1
  request HEAD "$messages/1" && expect 200
  request DELETE "$messages/1" && expect 204
  request POST "$messages"
  [[ $status = 4?? ]]
  same "$(header Content-Type)" application/problem+json
  request GET "/applications/$token%2Fchats" - --path-as-is
  is_problem 404
  request GET "//applications" - --path-as-is
  is_problem 404
  head -c 1100000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/big"
  request POST "$messages" "@$BATS_TEST_TMPDIR/big" # the program's
  is_problem 413
  head -c 2000000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/big"
  request POST "$messages" "@$BATS_TEST_TMPDIR/big" # the web server's
  is_problem 413
  "$PARLEY_BUILD/jobs/doctor" --api "$API" --writer "$WRITER" >"$BATS_TEST_TMPDIR/doctor" ||
    { cat "$BATS_TEST_TMPDIR/doctor" >&2; return 1; }
  same "$(grep -c '^ok    web: ' "$BATS_TEST_TMPDIR/doctor")" 2
}

@test "Apache" { works_behind apache; }
@test "nginx" { works_behind nginx; }
@test "lighttpd" { works_behind lighttpd; }

@test "an Apache that keeps Authorization to itself is found by the doctor" {
  sed -i.kept '/CGIPassAuth/d' "$PARLEY_VAR/hosts/apache-api.conf"
  host_start apache
  run "$PARLEY_BUILD/jobs/doctor" --api "$API" --writer "$WRITER"
  mv "$PARLEY_VAR/hosts/apache-api.conf.kept" "$PARLEY_VAR/hosts/apache-api.conf"
  [ "$status" = 1 ]
  grep -A 1 'FAIL  web: PARLEY_ADMIN_KEY is refused' <<<"$output" | grep -q 'CGIPassAuth On'
}

@test "a program that is away is 503 in the programs' words" {
  local server
  for server in apache nginx lighttpd; do
    host_start "$server"
    stop writer
    writer POST "/applications/00000000000000000000000000000000/chats" '{}'
    [ "$server" != nginx ] || same "$(header Retry-After)" 1
    is_problem 503
    start writer
    stop host
  done
}
