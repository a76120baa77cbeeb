# prometheus.bash: a Prometheus that watches the stack, with monitoring/'s own files in a hurry. Needs helpers/stack.

# hurried: monitoring/NAME as it is but for its times, and what depends on where it runs
hurried() {
  sed -E -e 's/(scrape|evaluation)_interval: .*/\1_interval: 1s/' \
    -e "s|/etc/prometheus/parley.key|$PARLEY_VAR/tmp/key|" -e "s|127.0.0.1:3000|127.0.0.1:$API_PORT|" \
    -e 's/^( *for:) .*/\1 1s/' -e 's/\[(5m|15m|1h)\]/[5s]/' \
    -e 's/(oldest_age_seconds\)) > 60$/\1 > 2/' -e 's/ > 300$/ > 8/' "$stack_root/monitoring/$1"
}

# prometheus_start: it scrapes with $PARLEY_ADMIN_KEY; $PROMETHEUS is its address
prometheus_start() {
  local folder=$PARLEY_VAR/prometheus
  mkdir -p "$folder"
  (umask 077 && printf %s "$PARLEY_ADMIN_KEY" >"$PARLEY_VAR/tmp/key")
  hurried prometheus.example.yml >"$folder/prometheus.yml"
  hurried alerts.yml >"$folder/alerts.yml"
  promtool check config "$folder/prometheus.yml"
  free_port
  export PROMETHEUS=http://127.0.0.1:$REPLY
  spawn "$PARLEY_VAR/log/prometheus.log" prometheus --config.file="$folder/prometheus.yml" \
    --storage.tsdb.path="$folder/data" --web.listen-address="${PROMETHEUS#http://}"
  echo "$REPLY" >"$PARLEY_VAR/pids/prometheus"
  wait_for 30 samples 'up == 1'
}

# prometheus PATH [CURL-OPTION…]
prometheus() { curl -sS --fail-with-body --max-time 10 -G "$PROMETHEUS/api/v1/$1" "${@:2}"; }

# samples EXPRESSION: its values, a line each; fails when there is none, or it is no expression
samples() {
  local answer
  answer=$(prometheus query --data-urlencode "query=$1") || { printf '%s: %s\n' "$1" "$answer" >&2; return 1; }
  jq -er '.data.result | if . == [] then null else .[].value[1] end' <<<"$answer"
}

# comes SECONDS EXPRESSION: waits until it has a sample
comes() { wait_for "$1" samples "$2"; }

# alerts: those that fire, a line each, with the label that tells most
alerts() {
  prometheus alerts | jq -r '.data.alerts[] | select(.state == "firing").labels |
    [.alertname, .part // .program // .server // .service // empty] | join(" ")' | sort
}

fires_now() { [[ $'\n'$(alerts)$'\n' == *$'\n'$1$'\n'* ]]; }
calm() { [ -z "$(prometheus alerts | jq -r '.data.alerts[].labels.alertname')" ]; }

# fires ALERT…: each within 20 s
fires() {
  local alert
  for alert; do wait_for 20 fires_now "$alert" || { alerts >&2 && return 1; }; done
}

# calms_down: soon nothing fires, nor is about to
calms_down() { wait_for 40 calm || { alerts >&2 && return 1; }; }
