# chroot.bash: a Debian 12 from nothing in the folder $root, for script/test-fresh and the tests of hosting and containers.
# Needs servers.bash, debootstrap and root; the callers say what becomes of the mounts.

# The package sources of this machine that are Debian's own: "URI SUITE COMPONENT" lines.
sources() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(ORIGIN) $(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)' |
    sed -n 's/^Debian Packages //p' | sort -u
}

copy_if_there() {
  local path
  for path; do
    [ ! -e "$path" ] || { mkdir -p "$root${path%/*}" && cp -a "$path" "$root${path%/*}/"; }
  done
}

# bootstrap FOLDER LOG [OPTION…]: as little of Debian 12 as there can be
bootstrap() {
  local folder=$1 log=$2 mirror
  shift 2
  [ -n "$(sources)" ] || apt-get -qq update
  mirror=$(sources | awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
  [ -n "$mirror" ] || { echo "no source of bookworm is configured here" >&2; return 1; }
  debootstrap --variant=minbase "$@" bookworm "$folder" "$mirror" >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
}

# make_chroot LOG: with git, and this machine's package sources and certificates
make_chroot() {
  bootstrap "$root" "$1" --include=git,ca-certificates || return
  copy_if_there /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/apt/auth.conf /etc/apt/auth.conf.d \
    /etc/apt/trusted.gpg.d /etc/apt/keyrings /usr/local/share/ca-certificates /etc/resolv.conf \
    /etc/hosts /etc/pip.conf
  sources | sed 's/^/deb /' >"$root/etc/apt/sources.list"
  in_chroot update-ca-certificates >/dev/null 2>&1 || true
  in_chroot apt-get -qq update
}

# (The root itself is one: Java looks in /proc/mounts for what a file lies on.)
make_mounts() {
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mkdir -p "$root/dev/shm" "$root/dev/pts"
  mount -t tmpfs tmpfs "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" || true
}

in_chroot() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
    ${MAVEN_OPTS:+"MAVEN_OPTS=$MAVEN_OPTS"} \
    chroot "$root" "$@"
}

# The first sh block of the README that has curl in it, as one would select and paste it.
curl_block() {
  awk '/^```sh$/ { inside = 1; text = ""; next }
    /^```$/ { if (inside && text ~ /curl/) { printf "%s", text; exit } inside = 0 }
    inside { text = text $0 "\n" }' "$servers_root/README.md"
}
