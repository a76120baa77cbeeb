#!/usr/bin/env bash
# host.bash SOURCE: a shared host, in name spaces that test/hosting.bats has made: a user without rights, Redis and MariaDB
# with passwords, which are the host's, and a clone of the last commit in the user's home. Says "ready", then waits.
set -euo pipefail
source=$1

ip link set lo up
mkdir -p /tmp/host-etc
mount -t tmpfs tmpfs /tmp/host-etc
cp -a /etc /tmp/host-etc/
mount --bind /tmp/host-etc/etc /etc
mount -t tmpfs tmpfs /home
mount -t tmpfs tmpfs /srv
mount -t tmpfs -o mode=1730,gid=crontab tmpfs /var/spool/cron/crontabs
useradd --create-home --shell /bin/bash guest
git -c safe.directory='*' clone --quiet --no-hardlinks "$source" /home/guest/src
chown -R guest: /home/guest/src

useradd --system --home-dir /srv --shell /usr/sbin/nologin services
mkdir /srv/redis /srv/mysql
printf '%s\n' 'port 6379' 'bind 127.0.0.1' 'requirepass hostpass' 'appendonly yes' 'appendfsync always' 'save ""' \
  'dir /srv/redis' >/srv/redis.conf
chown -R services: /srv/redis /srv/mysql /srv/redis.conf
as_services() { setpriv --reuid services --regid services --clear-groups "$@"; }
as_services redis-server /srv/redis.conf &
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
echo ready
wait
