# containers.bash: a container engine of a test's own, Debian's, and Parley in it by compose.yaml. As root.
#
#   load helpers/stack            (or its words from outside: helpers/outside.bash)
#   load helpers/containers
#   setup_file() { engine_start && images_make; }
#   teardown_file() { engine_stop; }
#
# No registry of images is asked: the base image is debootstrap's, the servers' are stand-ins (helpers/images).
# All lies below $ENGINE; what the build needs to get through to Debian's and npm's servers from here, it is given as its
# secrets.

# shellcheck source=script/chroot.bash
. "$stack_root/script/chroot.bash"

# Debian's, in case another client comes first. Its builder knows secrets.
engine_environment() {
  export PATH=/usr/bin:$PATH DOCKER_HOST=unix://$ENGINE/docker.sock DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1
  unset DOCKER_CONTEXT
  export DOCKER_CONFIG=$ENGINE/config COMPOSE_PROJECT_NAME=${ENGINE##*/}
  COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME//[!a-z0-9]/}
  export PARLEY_MYSQL_IMAGE=stand-in-mysql PARLEY_REDIS_IMAGE=stand-in-redis PARLEY_NGINX_IMAGE=stand-in-nginx
  export PARLEY_ELASTICSEARCH_IMAGE=stand-in-elasticsearch
}

# What an engine changes of this machine's network and leaves so. (Where another engine is at work, it stays.)
network_keep() {
  [ ! -e /sys/class/net/docker0 ] || return 0
  iptables-save >"$ENGINE/network" && cat /proc/sys/net/ipv4/ip_forward >"$ENGINE/ip-forward"
}

network_restore() {
  [ -s "$ENGINE/ip-forward" ] || return 0
  ip link delete docker0 || return
  # the tables that were not in use then are made empty
  iptables-save | awk '/^[*]/ { print } /^:(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) / { print $1, "ACCEPT" } /^COMMIT/' |
    iptables-restore &&
    iptables-restore <"$ENGINE/network" && cat "$ENGINE/ip-forward" >/proc/sys/net/ipv4/ip_forward
}

engine_answers() { docker info >/dev/null 2>&1; }

# engine_start: its pid is in $ENGINE/pid
engine_start() {
  [ "$(id -u)" = 0 ] || { echo 'an engine needs root' >&2; return 1; }
  "$stack_root/script/packages" containers build elasticsearch || return
  ENGINE=$(mktemp -d "${TMPDIR:-/tmp}/engine.XXXXXX") || return
  export ENGINE
  engine_environment
  socket_fits "$ENGINE/exec/containerd/containerd.sock.ttrpc" || return
  network_keep
  spawn "$ENGINE/log" dockerd --data-root "$ENGINE/data" --exec-root "$ENGINE/exec" -H "$DOCKER_HOST" \
    --pidfile "$ENGINE/docker.pid"
  echo "$REPLY" >"$ENGINE/pid"
  await 60000 "$REPLY" engine_answers || { tail -n 20 "$ENGINE/log" >&2; return 1; }
}

# What an engine that was killed leaves mounted below its folder, the innermost first.
engine_unmount() {
  local at
  while IFS= read -r at; do umount "$at" || umount -l "$at"; done \
    < <(awk -v folder="$ENGINE/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
}

engine_stop() {
  [ -n "${ENGINE:-}" ] && [ -d "$ENGINE" ] || return 0
  local failed=0
  compose down --volumes --timeout 10 || true
  [ ! -s "$ENGINE/pid" ] || stop_process "$(<"$ENGINE/pid")" 60000 || failed=1
  engine_unmount
  network_restore || failed=1
  rm -rf --one-file-system "$ENGINE" || failed=1
  return $failed
}

compose() { (cd "$stack_root" && docker-compose "$@"); }

# --- images ---------------------------------------------------------------------------------------------

# Fills build_options.
build_secrets() {
  build_options=(--quiet)
  sources | sed 's/^/deb /' >"$ENGINE/sources.list"
  build_options+=(--secret "id=apt,src=$ENGINE/sources.list")
  [ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
    build_options+=(--secret 'id=ca,src=/etc/ssl/certs/ca-certificates.crt')
  cat /etc/npmrc ~/.npmrc 2>/dev/null | grep -E 'registry *=|_auth|always-auth' >"$ENGINE/npmrc" &&
    build_options+=(--secret "id=npmrc,src=$ENGINE/npmrc")
  return 0
}

base_image() {
  bootstrap "$ENGINE/base" "$ENGINE/debootstrap.log"
  rm -rf "$ENGINE"/base/var/cache/apt/archives/*.deb "$ENGINE"/base/var/lib/apt/lists/*
  tar -C "$ENGINE/base" -c . | docker import - debian:12
}

stand_ins() {
  local name context=$ENGINE/context home
  home=$("$stack_root/script/elasticsearch") || return
  mkdir -p "$context" || return
  cp "$stack_root/script/packages" "$stack_root/container/apt" "$stack_root"/test/helpers/images/* "$context" &&
    cp -R "$home" "$context/elasticsearch" || return
  for name in mysql redis nginx elasticsearch; do
    docker build "${build_options[@]}" --target "$name" --tag "stand-in-$name" "$context" || return
  done
}

# By the Dockerfile: compose takes what is there, and could not hand on a secret.
images_make() {
  local build_options
  build_secrets
  base_image && stand_ins &&
    docker build "${build_options[@]}" --target parley --tag parley "$stack_root" &&
    docker build "${build_options[@]}" --target frontend --build-arg NGINX_IMAGE=stand-in-nginx --tag parley-frontend \
      "$stack_root"
}

# --- containers -----------------------------------------------------------------------------------------

container_of() { echo "${COMPOSE_PROJECT_NAME}_$1_1"; }

# inspect SERVICE FORMAT
inspect() { docker inspect -f "$2" "$(container_of "$1")"; }

# Of its main process, as the host counts.
main_pid() { inspect "$1" '{{.State.Pid}}'; }

healthy_again() {
  [ "$(main_pid "$1")" != "$2" ] && [ "$(inspect "$1" '{{.State.Health.Status}}')" = healthy ]
}
