#!/usr/bin/env bats
# slow: jobs/queue, the tool that looks at the queue and moves failed jobs. verify.bats has its other half.

load helpers/stack
load helpers/tool

setup_file() {
  export PARLEY_RETRY_BASE_MS=200 PARLEY_PROMOTE_MS=100 PARLEY_REAP_MS=200 PARLEY_WORKERS=2
  export PARLEY_WAIT_S=1 PARLEY_LEASE_MS=2000 PARLEY_BATCH_TIMEOUT_MS=1500 PARLEY_RETRY_LIMIT=2
  stack_start
}

teardown_file() {
  stack_stop
}

# A chat with three messages, all stored, nothing waiting, no job program running.
setup() {
  redis DEL retry dead schedule queue:default queue:counts queue:index queue:unclaimed >/dev/null
  redis --raw KEYS '[il]*:*:*:*' | xargs -r redis-cli -s "$PARLEY_VAR/run/redis.sock" DEL >/dev/null
  new_application
  new_chat
  messages=/applications/$token/chats/$chat/messages
  post one && post two && post three
  run_jobs
  id=$(db "SELECT MAX(id) FROM chats")
}

teardown() {
  jobs_stop
}

post() { request POST "$messages" "$(jq -nc --arg body "$1" '{$body}')" && expect 201; }
run_jobs() { jobs_start 1 && wait_for 10 drained && jobs_stop; }
rows() { db "SELECT number, version, body FROM messages WHERE chat_id = $id AND number > 3 ORDER BY number"; }
counts() { db "SELECT messages_count, messages_stored, last_message_number FROM chats WHERE id = $id"; }

# digest ZSET: of all its members and scores, to the byte
digest() {
  redis --raw EVAL "local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
    for i, text in ipairs(all) do all[i] = #text .. ':' .. text end
    return #all / 2 .. ' ' .. redis.sha1hex(table.concat(all))" 1 "$1"
}

# raw: how many lines of $output have what a terminal could take for a command
raw() { LC_ALL=C grep -acP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' <<<"$output" || true; }

# --- the command line ------------------------------------------------------------------------------------------

@test "help, settings, wrong usage" {
  queue --help && exits 0 && says '^  status ' && says '^  REDIS_URL '
  queue --print-config && exits 0 && says '^PARLEY_RETRY_LIMIT=2'
  for command in status peek retry kill export import verify repair; do
    queue "$command" --help && exits 0 && says "^usage: queue $command"
    queue "$command" --nonsense && exits 2 && complains "queue $command: unknown option --nonsense"
  done
  queue && exits 2
  queue nonsense && exits 2 && complains 'no command nonsense'
  queue peek nowhere && exits 2 && complains 'no such place: nowhere'
  queue peek --limit && exits 2 && complains 'no value for --limit'
  queue peek --limit 0 && exits 2 && complains 'bad value for --limit'
  queue export default && exits 2
  queue retry && exits 2 && complains 'jids, or --all'
  queue retry --all abc && exits 2
  queue kill --all --from dead && exits 2
}

@test "a server that is away is one clear line" {
  REDIS_URL=redis://127.0.0.1:1 queue peek
  exits 1
  same "$stderr" 'queue peek: redis: Connection refused'
  DATABASE_URL=mysql://a:b@127.0.0.1:1/c queue status
  exits 1
  says '^dead +0$'
  complains '^queue status: mysql: .*127.0.0.1'
  same "$(wc -l <<<"$stderr")" 1
}

# --- status ----------------------------------------------------------------------------------------------------

@test "status: what waits where, of which classes, who works, what was lost" {
  post waits && post waits
  redis LPUSH queue:default '{"class":"MailJob","args":[],"jid":"m"}' >/dev/null
  redis LPUSH queue:unclaimed garbage '{"class":"MailJob","args":[]}' >/dev/null
  redis LPUSH inflight:default:elsewhere:3 "$(message a 9 x)" >/dev/null
  redis SADD inflight inflight:default:elsewhere:3 >/dev/null
  redis SET lease:default:elsewhere:3 token PX 60000 >/dev/null
  put dead 1795560953.5 "$(message b 8 x "$failed")"
  put schedule 1895560953.5 "$(message c 7 x)"
  db "INSERT INTO renumbered_messages VALUES ($id, 2, 1, NOW());
      INSERT INTO redis_losses (known_seq, queue_seq, found_at) VALUES (9, NULL, NOW())"
  start purge
  wait_for 5 eval 'queue status --json && [ "$(jq .workers.purge <<<"$output")" = 1 ]'
  db "DELETE FROM renumbered_messages; DELETE FROM redis_losses"
  exits 0
  same "$(jq -c '[.queues[] | [.name, .jobs, .kinds]]' <<<"$output")" \
    '[["default",3,{"MailJob":1,"CreateMessageJob":2}],["counts",0,{}],["index",0,{}],["unclaimed",2,{"MailJob":1,"(none)":1}]]'
  same "$(jq -c '[.depth, .retry.jobs, .schedule.jobs, .dead.jobs, .dead.kinds, .renumbered, .losses_unseen]' <<<"$output")" \
    '[4,0,1,1,{"NumberTaken":1},1,1]'
  same "$(jq -c '.in_flight.slots[] | select(.slot == "default:elsewhere:3") | [.jobs, .here]' <<<"$output")" '[1,false]'
  same "$(jq -c '[.workers.recount, .workers.elsewhere]' <<<"$output")" '[0,1]'
  stop purge
  queue status
  exits 0
  says '^  default +3  oldest [0-9.]+ s  MailJob 1, CreateMessageJob 2$'
  says '^dead +1  since .*NumberTaken 1$'
}

@test "status of a deep queue is that of a sample, and holds up Redis for moments only" {
  redis EVAL "for i = 1, 200000 do redis.call('LPUSH', 'queue:default',
    '{\"class\":\"Job' .. i % 4 .. '\",\"args\":[\"' .. string.rep('x', 200) .. '\"]}') end" 0 >/dev/null
  redis CONFIG SET slowlog-log-slower-than 100000 >/dev/null
  redis SLOWLOG RESET >/dev/null
  queue status
  exits 0
  says '^  default +200,000  .*Job0 2,500.* \(of a sample of 10,000\)$'
  same "$(redis SLOWLOG LEN)" 0
}

@test "status --alert: silent when all is well, a line for each alarm" {
  start persist-1
  start schedule
  wait_for 5 eval 'queue status --alert --wait 1 && [ "$status" = 0 ]'
  same "$output$stderr" ''
  jobs_stop
  redis EVAL "for i = 1, 12 do redis.call('LPUSH', 'queue:default', '{\"class\":\"A\",\"created_at\":1795560953}') end" 0 >/dev/null
  redis LPUSH queue:unclaimed '{"class":"A"}' >/dev/null
  put dead 1 "$(message a 9 x "$failed")"
  put retry 5 "$(message b 9 x '"error_class":"A","failed_at":1700000000,"retry_count":3,"retried_at":1700000000')"
  db "INSERT INTO redis_losses (known_seq, queue_seq, found_at) VALUES (9, NULL, NOW())"
  queue status --alert --wait 1 --depth 11
  db "DELETE FROM redis_losses"
  exits 1
  says '^12 jobs wait: the queue is deep$'
  says '^the oldest job in `default` has waited for '
  says '^1 jobs of unknown classes'
  says '^1 dead'
  says '^retry: the first job is overdue'
  says '^retry: a job has been failing for'
  says '^1 times Redis lost'
  says '^no worker is alive'
  REDIS_URL=redis://127.0.0.1:1 DATABASE_URL=mysql://a:b@127.0.0.1:1/c queue status --alert --wait 1
  exits 1
  says '^redis: Connection refused$'
  says '^mysql: '
}

@test "status --alert waits for a worker that cron is about to start" {
  "$PARLEY_BUILD/jobs/queue" status --alert --wait 30 >"$BATS_TEST_TMPDIR/out" &
  wait_for 10 eval '[ -n "$(pgrep -P $$ -f "status --alert" || pgrep -f "queue status --alert --wait 30")" ]'
  start persist-1
  wait $!
  same "$(cat "$BATS_TEST_TMPDIR/out")" ''
}

@test "status --alert: Redis behind what MySQL has seen" {
  local seq
  seq=$(redis GET queue_seq)
  start persist-1
  redis SET queue_seq 0 >/dev/null
  queue status --alert
  redis SET queue_seq "$seq" >/dev/null
  exits 1
  says '^Redis is behind'
}

# --- peek ------------------------------------------------------------------------------------------------------

@test "peek: every place, the oldest first, bodies cut, a line of JSON each" {
  redis LPUSH queue:default "$(message first 4 "$(printf 'x%.0s' {1..500})")" "$(message second 5 y)" >/dev/null
  redis LPUSH inflight:default:n:1 "$(message third 6 z)" >/dev/null
  redis SADD inflight inflight:default:n:1 >/dev/null
  put retry 1995560953.25 "$(message fourth 7 '\u001b[31mred' "$failed")"
  queue peek default in-flight retry --json
  exits 0
  same "$(jq -r '[.place, .jid, .number] | join(" ")' <<<"$output")" \
    $'default first 4\ndefault second 5\nin-flight third 6\nretry fourth 7'
  [ "$(jq -r 'select(.jid == "first") | .args | length' <<<"$output")" -le 101 ]
  same "$(jq -r 'select(.jid == "fourth") | [.due_at, .error_class, .failed_at, .retry_count] | join(" ")' <<<"$output")" \
    '2033-03-27T18:29:13.250000Z NumberTaken 2026-11-24T22:55:53.200000Z 0'
  queue peek default --limit 1 --json
  same "$(jq -r .jid <<<"$output")" first
  queue peek
  says '^retry  fourth  CreateMessageJob$'
  says '^    args +\['
  says '^    due_at +2033-03-27 18:29:13 UTC$'
}

@test "hostile payloads: nothing of them reaches the terminal raw, nothing crashes" {
  hostile dead
  hostile retry
  redis LPUSH queue:unclaimed "$(printf '\377\033]0;x\007')" >/dev/null
  queue peek dead retry unclaimed --limit 1000
  exits 0
  [ "$(grep -cE '^(dead|retry)  ' <<<"$output")" = 432 ]
  same "$(raw)" 0
  queue peek dead --json --limit 1000
  same "$(jq -r .place <<<"$output" | sort | uniq -c | tr -s ' ')" ' 216 dead'
  queue status && exits 0
  same "$(raw)" 0
}

# --- retry -----------------------------------------------------------------------------------------------------

@test "retry: the void row of a dead job is filled when it succeeds" {
  give
  redis LPUSH queue:default "$(message 0123456789abcdef01234567 4 "$(printf 'x%.0s' {1..70000})")" >/dev/null
  run_jobs
  same "$(rows)" $'4\t0\t'
  redis --raw ZRANGE dead 0 0 | jq -c '.args[2] = "short enough"' >"$BATS_TEST_TMPDIR/job"
  redis DEL dead >/dev/null
  put dead 5 "$(cat "$BATS_TEST_TMPDIR/job")"
  queue retry 0123456789abcdef01234567
  exits 0
  says '^1 job put back'
  same "$(redis ZCARD dead)" 0
  run_jobs
  same "$(rows)" $'4\t1\tshort enough'
  same "$(counts)" $'4\t4\t4'
}

@test "retry: a job that lost its number gets a new one, and queue_seq rises" {
  local seq
  seq=$(redis GET queue_seq)
  put retry 1995560953 "$(message taken 2 renumbered "$failed")"
  queue retry taken
  exits 0
  same "$(redis GET queue_seq)" $((seq + 1))
  run_jobs
  same "$(rows)" $'4\t1\trenumbered'
}

@test "retry --all: only what is asked for; what is not there is said" {
  put dead 1 '{"class":"A","args":[],"jid":"1","queue":"other","error_class":"X"}'
  put dead 2 '{"class":"A","args":[],"jid":"2","queue":"other","error_class":"Y"}'
  put dead 3 '{"class":"B","args":[],"jid":"3","queue":"other","error_class":"X"}'
  put retry 4 '{"class":"A","args":[],"jid":"4","queue":"other","error_class":"X"}'
  queue retry --all --class A --error-class X --from dead && exits 0
  same "$(redis --raw LRANGE queue:other 0 -1 | jq -r .jid)" 1
  queue retry 2 5 && exits 1
  complains 'no such job: 5'
  says '^1 job put back'
  queue retry --all --class C && exits 1
  says '^0 jobs put back'
  queue retry --all && exits 0
  same "$(redis --raw LRANGE queue:other 0 -1 | jq -r .jid | sort | tr -d '\n')" 1234
  redis DEL queue:other >/dev/null
  redis SREM queues other >/dev/null
}

# --- kill ------------------------------------------------------------------------------------------------------

@test "kill: from retry to dead, as it is; its number ends as a void row" {
  give
  job=$(message 1123456789abcdef01234567 4 killed "${failed/NumberTaken/ApplicationMissing}")
  put retry 1995560953 "$job"
  queue kill 1123456789abcdef01234567
  exits 0
  same "$(redis --raw ZRANGE dead 0 -1)" "$job"
  [ "$(redis ZSCORE dead "$job" | cut -d. -f1)" -ge $(($(date +%s) - 60)) ]
  same "$(redis ZCARD retry)" 0
  same "$(rows)" $'4\t0\t'
  same "$(counts)" $'3\t4\t4'
  queue retry --all --from dead && exits 0
  run_jobs
  same "$(rows)" $'4\t1\tkilled'
}

@test "kill: an untried job gets what Sidekiq's pages ask for; a foreign one no row" {
  give
  put schedule 1995560953 "{\"class\":\"CreateMessageJob\",\"args\":[$id,4,\"x\"],\"created_at\":1795560953}"
  put schedule 1995560954 '{"class":"MailJob","args":[1.50],"jid":"m"}'
  queue kill --all
  exits 0
  says '^2 jobs put among the dead'
  redis --raw ZRANGE dead 0 -1 >"$BATS_TEST_TMPDIR/dead"
  same "$(jq -c '[.error_class, (.jid | type), (.failed_at | type), .retry_count]' "$BATS_TEST_TMPDIR/dead" | sort -u)" \
    '["Killed","string","number",0]'
  grep -q '"args":\[1.50\]' "$BATS_TEST_TMPDIR/dead"
  same "$(rows)" $'4\t0\t'
}

@test "kill: a CreateChatJob's chat is made, for messages may have been accepted" {
  local application=$((id >> 32))
  redis INCR "chat_app:$application:chat_counter" >/dev/null
  put retry 1995560953 "{\"class\":\"CreateChatJob\",\"args\":[$application,2],\"jid\":\"c\",$failed}"
  queue kill c
  exits 0
  same "$(db "SELECT chats_count, chats_stored, last_chat_number FROM chat_applications WHERE id = $application")" $'2\t2\t2'
}

@test "kill that breaks off half-way loses nothing" {
  give
  job=$(message 2123456789abcdef01234567 4 still "${failed/NumberTaken/ApplicationMissing}")
  put retry 1995560953 "$job"
  redis SET dead 'no zset' >/dev/null
  queue kill --all
  exits 1
  complains WRONGTYPE
  same "$(redis --raw ZRANGE retry 0 -1)" "$job"
  same "$(rows)" $'4\t0\t'
  redis DEL dead >/dev/null
  queue retry --all && exits 0
  run_jobs
  same "$(rows)" $'4\t1\tstill'
}

# --- export and import -----------------------------------------------------------------------------------------

@test "export and import: exact to the byte, twice is once" {
  local before
  hostile dead
  hostile retry
  redis ZADD retry inf endless -inf before 0.1 tenth 1795560953.1234567 many 3 1e300 >/dev/null
  put schedule 7 "$(message a 1 x)"
  before="$(digest dead) $(digest retry) $(digest schedule)"
  queue export dead retry schedule --file "$BATS_TEST_TMPDIR/jobs"
  exits 0
  complains '^438 jobs written'
  jq -e .place "$BATS_TEST_TMPDIR/jobs" >/dev/null
  redis DEL dead retry schedule >/dev/null
  queue import --file "$BATS_TEST_TMPDIR/jobs"
  exits 0
  says '^438 jobs added, 0 were there already, 0 bad lines$'
  same "$(digest dead) $(digest retry) $(digest schedule)" "$before"
  queue import --file - <"$BATS_TEST_TMPDIR/jobs"
  exits 0
  says '^0 jobs added, 438 were there already'
  same "$(digest dead) $(digest retry) $(digest schedule)" "$before"
  queue export dead && exits 0
  same "$(wc -l <<<"$output")" 216
}

@test "import: a bad line is named, nothing of it is imported, the others are" {
  {
    echo '{"place":"dead","score":1,"job":{"class":"A","jid":"a"}}'
    echo 'nonsense'
    echo '{"place":"dead","score":1,"job":{"args":[]}}'
    echo '{"place":"queue_seq","score":1,"job":{"class":"A"}}'
    echo '{"place":"dead","score":"one","job":{"class":"A"}}'
    echo '{"place":"dead","score":1,"base64":"a?=="}'
    echo '{"place":"dead","job":{"class":"A"}}'
    echo '{"place":"dead","score":1}'
    printf '\377\n'
    printf '{"place":"dead","score":2,"job":{"class":"B","jid":"b"}}'
  } >"$BATS_TEST_TMPDIR/jobs"
  queue import --file "$BATS_TEST_TMPDIR/jobs"
  exits 1
  says '^2 jobs added, 0 were there already, 8 bad lines$'
  for line in 2 3 4 5 6 7 8 9; do complains "^queue import: line $line: "; done
  same "$(redis --raw ZRANGE dead 0 -1 | jq -r .jid | tr -d '\n')" ab
  queue import --file /nonexistent
  exits 1
  complains '/nonexistent: No such file'
}

@test "import: the numbers of the jobs are not given again" {
  put retry 1995560953 "$(message imported 7 x)"
  queue export retry --file "$BATS_TEST_TMPDIR/jobs" && exits 0
  redis DEL retry >/dev/null
  queue import --file "$BATS_TEST_TMPDIR/jobs" && exits 0
  post next
  same "$(json .number)" 8
}
