#!/usr/bin/env bats
# slow: A real Prometheus watches a whole Parley: each alert fires for a real fault, and stops when that is over.

load helpers/stack
load helpers/tool
load helpers/index
load helpers/load
load helpers/prometheus

setup_file() {
  export PARLEY_API_PROCESSES=4 PARLEY_WRITER_PROCESSES=2 PARLEY_SEARCH_PROCESSES=1 PARLEY_WORKERS=2
  export PARLEY_WAIT_S=1 PARLEY_INDEX_MS=50 PARLEY_INDEX_BACK_OFF_MS=300 PARLEY_INDEX_TIMEOUT_MS=1000
  # beside other tests the disk takes its time
  export PARLEY_REDIS_TIMEOUT_MS=3000
  # a request that hangs hangs for as long as the test wants, on a machine that is busy too
  export PARLEY_DATABASE_TIMEOUT_S=30 PARLEY_ELASTICSEARCH_TIMEOUT_MS=10000
  PARLEY_ADMIN_KEY=$(openssl rand -hex 24)
  export PARLEY_ADMIN_KEY
  stack_start start elasticsearch
  redis CONFIG SET maxmemory 1gb >/dev/null
  jobs_start 2
  start purge
  prometheus_start
  (umask 077 && printf 'Authorization: Bearer %s' "$PARLEY_ADMIN_KEY" >"$PARLEY_VAR/tmp/header")
  request POST /applications '{"name":"watched"}' -H @"$PARLEY_VAR/tmp/header"
  expect 201
  token=$(json .token)
  new_chat
  export token chat path=/applications/$token/chats/$chat/messages
}

teardown_file() {
  stack_stop
}

# Whatever a test has broken off with.
teardown() {
  local name
  for name in redis mariadb api persist-1 persist-2; do is_running $name || start $name; done
}

post() { request POST "$path" '{"body":"seen"}' && expect 201; }

@test "an index that nothing was ever put into lags, and its program is missed" {
  post
  fires ParleyIndexLags 'ParleyProgramNotRunning index'
  start index
  calms_down
}

@test "promtool finds nothing wrong with the metrics, the rules, their tests and the settings" {
  local said
  request GET "$path/search?q=seen" && expect 200
  request GET /metrics - -H @"$PARLEY_VAR/tmp/header" && expect 200
  said=$(printf '%s\n' "$body" | promtool check metrics 2>&1)
  same "$said" ''
  promtool check rules "$stack_root/monitoring/alerts.yml"
  promtool test rules "$stack_root/monitoring/alerts_test.yml"
  cp "$stack_root/monitoring/alerts.yml" "$BATS_TEST_TMPDIR/"
  sed "s|/etc/prometheus/parley.key|$PARLEY_VAR/tmp/key|" "$stack_root/monitoring/prometheus.example.yml" \
    >"$BATS_TEST_TMPDIR/prometheus.yml"
  promtool check config "$BATS_TEST_TMPDIR/prometheus.yml"
}

@test "while Parley is under load each scrape succeeds, no counter falls, and each request is counted" {
  local before after name
  blast --clients 1 --requests 5 --strict "$(messages "$WRITER")"
  comes 10 "$(created) >= 5"
  before=$(samples "$(created)")
  blast --clients 8 --for 6 "$(messages "$WRITER")"
  holds "$(figure '.by_status."201"') > 100"
  after=$((before + $(figure '.by_status."201"')))
  comes 10 "$(created) >= $after"
  same "$(samples "$(created)")" "$after"
  same "$(samples 'min_over_time(up{job="parley"}[10s])')" 1
  holds "$(samples 'max_over_time(scrape_duration_seconds{job="parley"}[10s])') < 1"
  for name in $(prometheus label/__name__/values | jq -r '.data[] | select(test("_(total|count|sum|bucket)$"))'); do
    same "$name $(samples "sum(resets(${name}[1m]))")" "$name 0"
  done
}

created() { echo 'sum(http_requests_total{service="writer",method="POST",status="201"})'; }

@test "an api that does not answer" {
  stop api
  fires ParleyDown
  start api
  calms_down
}

@test "a Redis that is away, while messages come" {
  stop redis
  blast_start posts --clients 1 --rate 20 --for 30 "$(messages "$WRITER")"
  fires 'ParleyPartDown redis' 'ParleyErrors writer'
  start redis
  redis CONFIG SET maxmemory 1gb >/dev/null
  stop posts
  calms_down
}

@test "a MySQL that is away" {
  stop mariadb
  fires 'ParleyPartDown mysql'
  start mariadb
  calms_down
}

@test "no persist, while more than 10,000 messages come" {
  stop persist-1
  stop persist-2
  blast --clients 8 --requests 10001 --retry "$(messages "$WRITER")"
  fires ParleyQueueDeep ParleyQueueOld 'ParleyProgramNotRunning persist'
  start persist-1
  start persist-2
  wait_for 60 drained
  calms_down
}

@test "a job program that was killed, of two" {
  kill_9 persist-2
  fires 'ParleyProcessesMissing persist'
  start persist-2
  calms_down
}

@test "searches that wait for a table that somebody has locked" {
  request GET "$path/search?q=seen" && expect 200
  hold 'LOCK TABLES messages WRITE'
  curl -s -o /dev/null --max-time 60 "$API$path/search?q=seen" 3>&- 8>&- &
  comes 20 'sum_over_time(processes{program="search",state="busy"}[7s]) >= 6'
  release
  fires 'ParleySlow search' 'ParleyProcessesBusy search'
  wait
  calms_down
}

@test "connections that are nearly all that Redis, MySQL and its account allow" {
  local n
  redis CONFIG SET maxclients $(($(redis INFO clients | sed -n 's/^connected_clients:\([0-9]*\).*/\1/p') + 1)) >/dev/null
  for ((n = 0; n < 40; n++)); do
    mariadb --no-defaults --socket="$PARLEY_VAR/run/mysql.sock" --user=root -e 'DO SLEEP(60)' 3>&- &
  done
  wait_for 10 eval '[ "$(mysql_connected)" -ge 40 ]'
  # a few are left: for the programs, and for who puts it right
  mysql_allows $(($(mysql_connected) + 3))
  fires 'ParleyConnections redis' 'ParleyConnections mysql'
  # shellcheck disable=SC2046 # a word each
  kill $(jobs -p)
  redis CONFIG SET maxclients 10000 >/dev/null
  wait_for 60 mysql_allows 1000
  calms_down
}

mysql_allows() { mariadb_root "$PARLEY_VAR" -e "SET GLOBAL max_connections = $1"; }
mysql_connected() { mariadb_root "$PARLEY_VAR" -e "SHOW GLOBAL STATUS LIKE 'Threads_connected'" | cut -f 2; }

# chat_job APPLICATION NUMBER RETRY: as Sidekiq writes it
chat_job() {
  printf '{"class":"CreateChatJob","args":[%s,%s],"queue":"default","retry":%s,"jid":"%024x","created_at":1795560953.1}' \
    "$1" "$2" "$3" "$2"
}

@test "jobs of an application that MySQL does not have" {
  local n
  for ((n = 1; n <= 120; n++)); do chat_job 4711 $n "$((n > 2))"; echo; done |
    sed 's/"retry":0/"retry":false/; s/"retry":1/"retry":true/' >"$BATS_TEST_TMPDIR/jobs"
  xargs -d '\n' redis-cli -s "$PARLEY_VAR/run/redis.sock" LPUSH queue:default <"$BATS_TEST_TMPDIR/jobs"
  fires ParleyRetriesGrow ParleyJobsDead
  same "$(redis ZCARD dead)" 2
  db "INSERT INTO chat_applications (id, name, token, created_at, updated_at)
      VALUES (4711, 'late', '$(openssl rand -hex 16)', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))"
  queue retry --all
  exits 0
  wait_for 20 settled
  same "$(db 'SELECT COUNT(*) FROM chats WHERE chat_application_id = 4711')" 120
  calms_down
}

@test "a Redis that is not safe and nearly full" {
  redis CONFIG SET appendfsync everysec maxmemory 5mb >/dev/null
  fires ParleyRedisUnsafe
  # as much as it takes
  redis EVAL "redis.call('SET', 'filler', string.rep('x', 5242880 * 9 / 10 -
    tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))))" 0
  fires ParleyRedisFull
  redis DEL filler >/dev/null
  redis CONFIG SET appendfsync always maxmemory 1gb >/dev/null
  calms_down
}

@test "a Redis that has lost what it had acknowledged" {
  redis FLUSHALL >/dev/null
  fires ParleyRedisLost
  calms_down
}

@test "an Elasticsearch that hangs, while messages come" {
  wait_for 20 outbox_is 0
  signal elasticsearch STOP
  post
  fires ParleyIndexLags
  signal elasticsearch CONT
  calms_down
}

# The checksums of the messages 1 to 3 of a chat are above 2^31, which the trap does not take.
@test "an Elasticsearch that refuses messages" {
  local n
  es PUT messages/_mapping '{"properties":{"check":{"type":"long","index":false,"fields":{"trap":{"type":"integer"}}}}}'
  new_chat
  path=/applications/$token/chats/$chat/messages
  for n in 1 2 3; do post; done
  fires ParleyIndexRefused
  for n in 1 2 3; do request DELETE "$path/$n" && expect 204; done
  calms_down
}

# expressions FILE: of alerts.yml or the dashboard, a line each, as JSON strings
expressions() {
  case $1 in
    *.json) jq -c '.panels[].targets[]?.expr' "$1" ;;
    *) prometheus rules | jq -c '.data.groups[].rules[].query' ;;
  esac
}

# What a panel asks, as Grafana sends it.
filled() { sed -E 's/\$__rate_interval/10s/g; s/\$(job|instance)/.*/g'; }

@test "the alerts and the dashboard ask for nothing that a scrape does not give" {
  local dashboard=$stack_root/monitoring/grafana-dashboard.json expression name names=()
  while read -r expression; do
    prometheus query --data-urlencode "query=$(jq -r . <<<"$expression" | filled)" >/dev/null
  done < <(expressions "$dashboard")
  # a name stands before {, [, ) or a comparison, and has an underscore, as no function has that is used here
  mapfile -t names < <({ expressions "$dashboard"; expressions alerts.yml; } | jq -r . | filled |
    sed -E 's/(by|on|ignoring|group_left) *\([^)]*\)//g; s/"[^"]*"//g; s/\{[^}]*\}//g' |
    grep -oE '[a-z]+(_[a-z]+)+\b' | grep -vE '^(histogram_quantile|label_replace|group_left)$' | sort -u)
  holds "${#names[@]} > 15"
  for name in "${names[@]}"; do samples "last_over_time(${name}[10m])" >/dev/null || { echo "no $name"; return 1; }; done
}

@test "each panel of the dashboard has its place, and each alert its section in the documentation" {
  local doc=$stack_root/doc/monitoring.md
  same "$(jq '[.panels[].id] | length - (unique | length)' "$stack_root/monitoring/grafana-dashboard.json")" 0
  same "$(jq '[.panels[] | {id, g: .gridPos}] as $all
    | [$all[] as $a | $all[] | select(.id > $a.id and .g.x < $a.g.x + $a.g.w and $a.g.x < .g.x + .g.w
        and .g.y < $a.g.y + $a.g.h and $a.g.y < .g.y + .g.h)] | length' "$stack_root/monitoring/grafana-dashboard.json")" 0
  same "$(sed -n 's/^## Parley/Parley/p' "$doc" | sort)" "$(sed -n 's/^ *- alert: //p' "$stack_root/monitoring/alerts.yml" | sort)"
  same "$(sed -nE 's/^ *runbook: doc\/monitoring.md#//p' "$stack_root/monitoring/alerts.yml")" \
    "$(sed -n 's/^ *- alert: //p' "$stack_root/monitoring/alerts.yml" | tr '[:upper:]' '[:lower:]')"
}
