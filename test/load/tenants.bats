#!/usr/bin/env bats
# Tenants are apart: no token and number reaches another application's data.

load ../helpers/stack
load ../helpers/load

setup_file() {
  export PARLEY_PURGE_MS=200
  stack_start
  jobs_start 2
  start purge
}

teardown_file() {
  stack_stop
}

tenants() {
  summary=$("$stack_root/test/helpers/tenants.py" "$1" "$PARLEY_VAR/tmp/tenants" "${@:2}") || {
    echo "$summary"
    return 1
  }
  tell "$1: $summary"
}

# others: all that MySQL holds of those who do not change anything (names and texts carry the marks)
others() {
  db "SELECT a.id, a.token, a.name, a.chats_count, a.chats_stored, a.last_chat_number, a.created_at,
             a.updated_at, a.deleted_at, c.id, c.number, c.messages_count, c.messages_stored,
             c.last_message_number, c.created_at, c.updated_at, c.deleted_at,
             m.number, m.version, HEX(m.job_key), m.body, m.created_at, m.updated_at, m.deleted_at
      FROM chat_applications a LEFT JOIN chats c ON c.chat_application_id = a.id
      LEFT JOIN messages m ON m.chat_id = c.id
      WHERE NOT a.name REGEXP '^tenant-[0-9]*0- ' ORDER BY a.id, c.id, m.number"
  redis --raw EVAL "local all = {}
    for _, key in ipairs(redis.call('KEYS', 'chat*counter')) do all[#all + 1] = key .. ' ' .. redis.call('GET', key) end
    table.sort(all)
    return all" 0 | without_changers
}

# Of those who change something: the counters' keys name applications by id, chats by id
without_changers() {
  awk -v changers=" $(db "SELECT id FROM chat_applications WHERE name REGEXP '^tenant-[0-9]*0- '" |
    tr '\n' ' ') " '
    { split($1, part, ":"); id = $1 ~ /^chat_app:/ ? part[2] : int(part[2] / 4294967296)
      if (!index(changers, " " id " ")) print }'
}

purged() {
  [ "$(db "SELECT COUNT(*) FROM messages m JOIN chats c ON c.id = m.chat_id
           WHERE c.deleted_at IS NOT NULL")" = 0 ]
}

@test "of $(long 100 '1,000') applications none sees, changes or deletes what another has" {
  local n
  n=$(long 100 1000)
  tenants make "$n"
  wait_for 120 settled
  same "$(db 'SELECT COUNT(*) FROM chat_applications')" "$n"
  tenants read
  others >"$PARLEY_VAR/tmp/before"
  [ "$(wc -l <"$PARLEY_VAR/tmp/before")" -gt $((n * 3)) ]
  tenants change
  wait_for 60 settled
  wait_for 60 purged
  same "$(db "SELECT COUNT(*) FROM chats WHERE deleted_at IS NOT NULL AND number = 1")" $((n / 10))
  others >"$PARLEY_VAR/tmp/after"
  diff "$PARLEY_VAR/tmp/before" "$PARLEY_VAR/tmp/after"
}
