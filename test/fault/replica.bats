#!/usr/bin/env bats
# The primary dies, and a replica that was behind takes its place.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault

setup_file() {
  fault_settings
  stack_start virtual_address
  revive "${all_jobs[@]}"
}

# Whoever is primary, programs reach it there.
virtual_address() {
  free_port
  export REDIS_URL=redis://127.0.0.1:$REPLY/0
  proxy_start redis "$PARLEY_VAR/run/redis.sock" "$REPLY"
  free_port
  echo "$REPLY" >"$PARLEY_VAR/run/replication.port"
  proxy_start replication "$PARLEY_VAR/run/redis.sock" "$REPLY"
}

teardown_file() {
  stack_stop
}

teardown() {
  fault_failed
  calm
}

replica() { redis-cli -s "$PARLEY_VAR/run/replica.sock" "$@"; }
in_sync() { replica INFO replication 2>/dev/null | grep -q 'master_link_status:up'; }

# A replica that sees the primary through a proxy of its own.
start_replica() {
  proxy replication pass >/dev/null
  mkdir -p "$PARLEY_VAR/replica"
  spawn "$PARLEY_VAR/log/replica.log" redis-server --port 0 --unixsocket "$PARLEY_VAR/run/replica.sock" \
    --dir "$PARLEY_VAR/replica" --set-proc-title no --appendonly yes --appendfsync always --save '' \
    --maxmemory-policy noeviction --replicaof 127.0.0.1 "$(cat "$PARLEY_VAR/run/replication.port")"
  echo "$REPLY" >"$PARLEY_VAR/pids/replica"
  wait_for 20 in_sync
}

promote_replica() {
  replica REPLICAOF NO ONE >/dev/null
  mv "$PARLEY_VAR/run/replica.sock" "$PARLEY_VAR/run/redis.sock"
  proxy redis reset >/dev/null
  mv "$PARLEY_VAR/pids/replica" "$PARLEY_VAR/pids/redis"
}

# The next seed begins with a primary whose file is in its own folder again.
go_home() {
  stop redis
  rm -r "$PARLEY_VAR/redis"
  mv "$PARLEY_VAR/replica" "$PARLEY_VAR/redis"
  start redis
}

t6() {
  scene 2
  start_replica
  loss_ahead
  load_start posting --clients 16 --for 600 --rate 800 --retry
  wait_for 20 commits_happen
  pause 300 1000
  proxy replication black-hole >/dev/null # from here on it lags behind
  pause 100 800
  wait_for 20 commits_happen
  wait_for 20 commits_happen
  kill_9 redis
  kills=$((kills + 1))
  proxy replication refuse >/dev/null
  loss_now
  promote_replica
  wait_for 20 can_write
  pause 500 1000
  load_stop posting
  wait_for 30 reviving drained
  invariants 30 "${loss[@]}"
  loss_found 'known_seq > queue_seq'
  go_home
}

@test "T6: a replica that is behind is promoted under load" {
  each_seed t6
}
