#!/usr/bin/env bash
# host.bash: a shared host for test/hosting.bats: a Debian from nothing in a chroot, a user without rights, Redis and
# MariaDB with passwords, which are the host's, and a clone of the last commit in the user's home.
#
#   host.bash make FOLDER   makes it, in FOLDER/root, with the packages that a host has
#   host.bash run FOLDER    in name spaces of its own: starts its servers, says "ready", waits
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=script/servers.bash
. "$source/script/servers.bash"
# shellcheck source=script/chroot.bash
. "$source/script/chroot.bash"

make_host() {
  mkdir "$root"
  make_chroot "$folder/debootstrap.log"
  make_mounts
  in_chroot useradd --create-home --shell /bin/bash guest
  git -c safe.directory='*' clone --quiet --no-hardlinks "$source" "$root/home/guest/src"
  in_chroot /home/guest/src/script/packages run lighttpd build hosting
  in_chroot chown -R guest: /home/guest/src
  in_chroot useradd --system --home-dir /srv --shell /usr/sbin/nologin services
  in_chroot install -d -o services -g services /srv/redis /srv/mysql
}

as_services() { setpriv --reuid services --regid services --clear-groups "$@"; }

start_redis() {
  printf '%s\n' 'port 6379' 'bind 127.0.0.1' 'requirepass hostpass' 'appendonly yes' 'appendfsync always' 'save ""' \
    'dir /srv/redis' >/srv/redis.conf
  chown services: /srv/redis.conf
  as_services redis-server /srv/redis.conf &
}

start_mariadb() {
  as_services mariadb-install-db --no-defaults --datadir=/srv/mysql --skip-test-db \
    --auth-root-authentication-method=normal >/dev/null
  as_services mariadbd --no-defaults --datadir=/srv/mysql --socket=/srv/mysql/socket --port=3306 --bind-address=127.0.0.1 \
    --character-set-server=utf8mb4 &
  until mariadb --no-defaults --socket=/srv/mysql/socket --user=root -e 'DO 1' 2>/dev/null; do sleep 0.1; done
  mariadb --no-defaults --socket=/srv/mysql/socket --user=root <<'SQL'
CREATE DATABASE guest CHARACTER SET utf8mb4;
CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'a@b', guest@localhost IDENTIFIED BY 'a@b';
GRANT ALL ON guest.* TO guest@'127.0.0.1';
GRANT ALL ON guest.* TO guest@localhost;
SQL
}

folder=${2:-}
root=$folder/root
case $1 in
  make) make_host ;;
  run)
    ip link set lo up
    mount --bind "$root" "$root"
    make_mounts
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
      chroot "$root" /home/guest/src/test/helpers/host.bash inside
    ;;
  inside)
    start_redis
    start_mariadb
    echo ready
    wait
    ;;
esac
