# web.bash: the web servers' configurations with values in their places, for script/servers.bash and script/web.
# BIND, API_PORT, WRITER_PORT, WEB_PORT, PARLEY_VAR, PARLEY_SHARE, PARLEY_WEB, PARLEY_WEB_API, PARLEY_WEB_WRITER and
# PARLEY_CLIENT_TIMEOUT_S are the caller's variables.

# An IPv6 address as it stands before a port.
bracketed() {
  case $1 in
    *:*) echo "[$1]" ;;
    *) echo "$1" ;;
  esac
}

# Prints the path of a system's program, which users may not have in their PATH.
sbin() {
  PATH=$PATH:/usr/sbin:/sbin command -v "$1"
}

# Prints nginx.conf with values in the places of @NAME@. (Who is not root cannot give its processes another user.)
nginx_conf() {
  local text name
  text=$(<"$PARLEY_SHARE/nginx.conf") || return
  [ "$(id -u)" = 0 ] || text=${text/'user @USER@;'/}
  text=${text//@BIND@/"$(bracketed "$BIND")"}
  text=${text//@USER@/"$(id -un) $(id -gn)"}
  for name in API_PORT WRITER_PORT WEB_PORT PARLEY_VAR PARLEY_WEB PARLEY_WEB_API PARLEY_WEB_WRITER \
    PARLEY_SHARE PARLEY_CLIENT_TIMEOUT_S; do
    text=${text//"@$name@"/"${!name}"}
  done
  printf '%s\n' "$text"
}

# Prints lighttpd.conf with its parts in it, so that it can stand anywhere.
lighttpd_conf() {
  local line
  while IFS= read -r line; do
    case $line in
      'include "'*) cat "$PARLEY_SHARE/$(cut -d '"' -f 2 <<<"$line")" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <"$PARLEY_SHARE/lighttpd.conf"
}

# lighttpd_spawning_conf PROGRAMS: prints it so that lighttpd starts the programs of that folder itself. It
# names the sockets that it makes NAME.sock-0; their words for its own errors come from these, too.
lighttpd_spawning_conf() {
  local ours='"socket" => env.PARLEY_VAR + "/run/'
  local socket="${ours/+/\\+}(api|writer|search).sock"
  sed -E \
    -e "s!^( *fastcgi.server = .*)$socket\",!\1$ours\2.sock\", \"bin-path\" => \"$1/\2\", \"max-procs\" => 1,!" \
    -e "s!^( *\( )$socket\",!\1$ours\2.sock-0\",!" <(lighttpd_conf)
  # what the programs log
  printf 'server.breakagelog = env.PARLEY_VAR + "/log/programs.log"\n'
}
