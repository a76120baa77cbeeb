#!/usr/bin/env bats
# hand: Three nodes of Elasticsearch behind a load balancer, killed one after the other under load of writes and
# searches: the elected master, the one with the primary, and the third.

load ../helpers/stack
load ../helpers/load
load ../helpers/fault
load ../helpers/steady

nodes=(node-1 node-2 node-3)

setup_file() {
  "$stack_root/script/packages" nginx
  fault_settings
  # searches wait until what was posted is stored, and are never cut short: each has to be right
  export PARLEY_WAIT_S=30 PARLEY_SEARCH_BUDGET_MS=20000
  export PARLEY_INDEX_MS=50 PARLEY_INDEX_BACK_OFF_MS=1000 PARLEY_INDEX_TIMEOUT_MS=10000
  # three nodes on a small machine hold up its disk, too: Redis may take longer than usual to answer
  export PARLEY_REDIS_TIMEOUT_MS=5000 PARLEY_READ_WAIT_MS=20000
  # a node has to find some time to start
  export PARLEY_ELASTICSEARCH_HEAP=192m STEADY_PAUSE_MS=60
  stack_start cluster_start
}

teardown_file() {
  stack_stop
}

setup() {
  all_jobs+=(index)
  revive "${all_jobs[@]}"
}

teardown() {
  local node
  fault_failed
  [ ! -f "$PARLEY_VAR/pids/steady" ] || kill_9 steady
  for node in "${nodes[@]}"; do is_running "$node" || node_launch "$node"; done
  calm
}

# --- the cluster -----------------------------------------------------------------------------------------

# cluster_start: three nodes, and in front of them who is ELASTICSEARCH_URL
cluster_start() {
  local node
  for node in "${nodes[@]}"; do
    mkdir -p "$PARLEY_VAR/$node"/{run,log}
    chmod 711 "$PARLEY_VAR/$node"
    free_port
    echo "$REPLY" >"$PARLEY_VAR/$node/http"
    free_port
    echo "$REPLY" >"$PARLEY_VAR/$node/transport"
  done
  for node in "${nodes[@]}"; do node_launch "$node"; done
  wait_for 180 is_whole
  balancer_start
}

# port_of NODE http|transport
port_of() { cat "$PARLEY_VAR/$1/$2"; }

# node_launch NODE: where it was, without waiting
node_launch() {
  local dir=$PARLEY_VAR/$1 node seeds=
  for node in "${nodes[@]}"; do seeds+=${seeds:+, }127.0.0.1:$(port_of "$node" transport); done
  wait_for 20 port_free "$(port_of "$1" http)"
  elasticsearch_launch "$dir" "$(port_of "$1" http)" "node.name: $1" "discovery.type: multi-node" \
    "transport.port: $(port_of "$1" transport)" "discovery.seed_hosts: [$seeds]" \
    "cluster.initial_master_nodes: [node-1, node-2, node-3]"
  echo "$REPLY" >"$PARLEY_VAR/pids/$1"
}

port_free() { ! port_taken "$1" 127.0.0.1; }

# some_node PATH: what the first node answers that does
some_node() {
  local node
  for node in "${nodes[@]}"; do
    curl -sf --max-time 5 "http://127.0.0.1:$(port_of "$node" http)$1" 2>/dev/null && return
  done
  return 1
}

# is_whole: three nodes see each other, each shard has its replica
is_whole() {
  [ "$(some_node /_cluster/health | jq -r '"\(.status) \(.number_of_nodes)"')" = 'green 3' ]
}

balancer_start() {
  local node port conf=$PARLEY_VAR/run/balancer.conf
  free_port
  port=$REPLY
  {
    echo "user $(id -un) $(id -gn); daemon off; worker_processes 1; pid $PARLEY_VAR/run/balancer.pid; error_log stderr;"
    echo "events { } http { access_log off; client_max_body_size 0; client_body_buffer_size 8m;"
    for node in client_body proxy fastcgi uwsgi scgi; do echo "${node}_temp_path $PARLEY_VAR/tmp/$node;"; done
    # a node that fails is left alone for a second; what it did not answer another one is asked for
    echo "upstream nodes { keepalive 16;"
    for node in "${nodes[@]}"; do echo "server 127.0.0.1:$(port_of "$node" http) max_fails=1 fail_timeout=1s;"; done
    echo "} server { listen 127.0.0.1:$port; location / { proxy_pass http://nodes; proxy_http_version 1.1;
      proxy_set_header Connection ''; proxy_connect_timeout 1s;
      proxy_next_upstream error timeout http_502 http_503 http_504 non_idempotent; } } }"
  } >"$conf"
  spawn "$PARLEY_VAR/log/balancer.log" "$(sbin nginx)" -e stderr -p "$PARLEY_VAR" -c "$conf"
  echo "$REPLY" >"$PARLEY_VAR/pids/balancer"
  export ELASTICSEARCH_URL=http://127.0.0.1:$port
  await 10000 "$REPLY" elasticsearch_answers "$ELASTICSEARCH_URL" || { cat "$PARLEY_VAR/log/balancer.log"; return 1; }
}

# --- which node -------------------------------------------------------------------------------------------

the_master() { some_node '/_cat/master?h=node' | tr -d ' \n'; }
with_primary() { some_node '/_cat/shards/messages?h=prirep,node' | awk '$1 == "p" { print $2 }'; }

# the_other: neither of them, if there is one
the_other() {
  local node master primary
  master=$(the_master)
  primary=$(with_primary)
  for node in "${nodes[@]}"; do [[ $node == "$master" || $node == "$primary" ]] || break; done
  echo "$node"
}

# --- the load ------------------------------------------------------------------------------------------------

searches_start() {
  local rows=2000
  revive "${all_jobs[@]}"
  steady_scene $rows
  steady_start $rows
  searched_anew
}

# searched_anew: Elasticsearch answers searches that begin from now on
searched_anew() {
  local phases
  phases=$(tail -n 1 "$PARLEY_VAR/tmp/steady" | jq '.phases | length')
  steady_phase
  # a breaker may be open for a minute
  wait_for 90 reviving steady_has "(.phases | length > $phases) and .phases[-1].elasticsearch >= 30"
}

# --- the test ------------------------------------------------------------------------------------------------

# One that is killed while another is away takes both copies of a shard with it: so each waits for the last.
node_killed() {
  local node
  wait_for 120 reviving is_whole
  node=$("$1")
  tell "$1: $node"
  kill_9 "$node"
  kills=$((kills + 1))
  pause 1000 4000
  node_launch "$node"
  wait_for 180 reviving is_whole
  searched_anew
}

told_all() {
  wait_for 60 reviving indexed
  queue_tool verify
}

t11() {
  local round which
  searches_start
  same "$(some_node '/_cat/shards/messages?h=prirep,state' | sort | tr -s ' \n' ' ')" 'p STARTED r STARTED '
  scene 2
  load_start posting --clients 4 --for 900 --rate 50 --strict
  watch_start
  for ((round = 0; round < $(long 1 3); round++)); do
    shuffle the_master with_primary the_other
    for which in "${shuffled[@]:0:$(long 1 3)}"; do node_killed "$which"; done
  done
  load_stop posting
  awk -F '\t' '$3 != 201' "$BATS_TEST_TMPDIR/$fault_seed-posting" | head -n 5 # if there are such
  same "$(figure .failed)" 0
  steady_end
  watch_end
  wait_for 30 reviving drained
  told_all
  invariants 30
}

@test "three nodes of Elasticsearch, killed one after the other: no write and no search fails, nothing is lost" {
  each_seed t11
}
