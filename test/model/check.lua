-- The invariants of design and documentation, by name:
--   I1 every 201 is in MySQL exactly once with its number, but for what is listed as renumbered or dead
--   I2 nothing else is there            I3 rows, counts and counters of a chat agree, without gaps
--   I4 no two 201 share a number        I5 in the end queues and lists in flight are empty
--   I6 at any moment every accepted job is somewhere
--   I7 a counter is at or above every number in MySQL and in waiting jobs; and so is what is given
--   I9 what is in retry or dead has a jid, its error and its count
--   S1 a suspect is run alone, three times at most, and nobody dies of a neighbour
--   D1 after a deletion was answered nothing is accepted, stored or brought back
--   C1 counts that others left wrong are corrected after the next batch
-- A violation is thrown as {violation = …, text = …}.
local ids = require('ids')
local job = require('job')

local check = {}

local function violated(name, ...)
  error({violation = name, text = string.format(...)}, 0)
end
check.violated = violated

-- ---------------------------------------------------------------- where jobs are

local function each_list(w, look)
  for key, value in pairs(w.redis.keys) do
    if value.type == 'list' then
      for i = value.first, value.last do look(value[i], key) end
    end
  end
end

local function each_zset(w, look)
  for _, key in ipairs({'retry', 'schedule', 'dead'}) do
    local zset = w.redis.keys[key]
    for text in pairs(zset and zset.scores or {}) do look(text, key) end
  end
end

-- Calls look(text, key) for every job that is in Redis.
function check.each_job(w, look)
  each_list(w, look)
  each_zset(w, look)
end

-- Is it in MySQL? A void row says only that it is dead.
function check.has_row(w, post)
  if post.kind == 'chat' then return w.mysql.chats[ids.chat(post.id, post.number)] ~= nil end
  local row = w.mysql.keys[post.jid]
  return row ~= nil and row.version > 0
end

-- It is, or went with its chat.
local function stored(w, post)
  local gone = post.kind == 'chat' and w.mysql:app_dead(post.id) or post.kind ~= 'chat' and w.mysql:chat_dead(post.id)
  return gone or check.has_row(w, post)
end

-- Has another row than a job's own the number?
local function taken_by(w, chat, number, key)
  local row = w.mysql:message(chat, number)
  return row and row.key ~= key and row
end

-- ---------------------------------------------------------------- at once

local function other_with_number(w, jid, id, number)
  local other
  check.each_job(w, function(text, key)
    local j = job.parse(text)
    if j.id == id and j.number == number and j.class and j.key ~= jid then other = j.key .. ' in ' .. key end
  end)
  return other
end

-- Right after a script gave a message or a chat its number.
function check.given(w, jid, id, number, kind)
  local mysql, ledger = w.mysql, w.ledger
  if ledger.deleted[id] or ledger.deleted[ids.is_app(id) and id or ids.app(id)] then
    violated('D1', '%s was given number %d below %s, whose deletion was answered', jid, number, ids.text(id))
  end
  local before = ledger.given[id] and ledger.given[id][number]
  if before and not before.may_be_lost then
    violated('I4', '%s and %s have number %d of %s', before.jid, jid, number, ids.text(id))
  end
  local other = other_with_number(w, jid, id, number)
  if other then violated('I7', '%s was given number %d of %s, as %s was', jid, number, ids.text(id), other) end
  local row = kind == 'message' and taken_by(w, id, number, jid)
  if row and not row.foreign then
    violated('I7', '%s was given number %d of %s, which has a row', jid, number, ids.text(id))
  end
  if kind == 'chat' and mysql.chats[ids.chat(id, number)] then
    violated('I7', '%s was given number %d of application %s, which has a row', jid, number, ids.text(id))
  end
end

-- A worker's batch: `fresh` when it is not what an unfinished one left.
function check.batch(w, queue, batch, fresh)
  local hash = w.redis.keys[ids.suspects(queue)]
  for _, text in ipairs(batch.jobs) do
    local j = job.parse(text)
    if fresh and #batch.jobs > 1 and hash and hash.fields[j.key] and not w.ledger.copies[j.key] then
      violated('S1', 'the suspect %s comes with %d others', j.key, #batch.jobs - 1)
    end
    if batch.try > 0 then w.ledger.alone[j.key] = (w.ledger.alone[j.key] or 0) + 1 end
  end
end

-- Jobs were put back by one who thought that their worker was gone; `alive`: its lease was not over.
function check.reaped(w, how, alive, list)
  if how ~= '' then return end
  if alive then violated('S1', 'what is in %s was put back, but its lease is alive', list) end
  for _, p in ipairs(w.sim.processes) do
    local waits = p.co and p.waits and not p.disturbed and not w.twins[p.slot]
    if waits and list == ids.inflight('default', p.slot) and w.mode ~= 'rollback' then
      violated('S1', 'what is in %s was put back, though its worker only waits for MySQL', list)
    end
  end
end

-- A poisonous job kills its worker.
function check.poisoned(w, key, try, slot)
  local ledger = w.ledger
  -- two processes in one slot: what is held is not counted again; two copies: each is counted
  if try == 0 or w.twins[slot] or ledger.copies[key] then return end
  ledger.poison[key] = ledger.poison[key] + 1
  if ledger.poison[key] > 3 and w.mode ~= 'rollback' then
    violated('S1', 'the poisonous %s was run alone %d times', key, ledger.poison[key])
  end
end

function check.interrupted(w, key)
  local tries = (w.ledger.alone[key] or 0) - 1
  if tries < 3 and w.mode ~= 'rollback' then violated('S1', '%s is dead after %d tries alone', key, tries) end
end

-- A row is written for a message.
function check.row(w, row)
  local before = w.mysql:message(row.chat, row.number)
  if before and not (before.key == row.key and before.version == 0) then
    violated('I1', 'number %d of %s is written twice', row.number, ids.text(row.chat))
  end
  if row.key and w.mysql.keys[row.key] and w.mysql.keys[row.key] ~= before then
    violated('I1', '%s is stored twice', row.key)
  end
  if w.mysql:chat_dead(row.chat) then violated('D1', 'a row of deleted chat %s', ids.text(row.chat)) end
end

-- A row that another job has is in a job's way: only a foreign one may be, or one of before Redis lost something.
function check.conflict(w, j, row)
  local post = w.ledger.posts[j.key]
  if not row.foreign and not w.ledger.copies[j.key] and not (post and post.may_be_lost) then
    violated('I1', 'number %d of %s is taken from %s', row.number, ids.text(row.chat), j.key)
  end
end

-- ---------------------------------------------------------------- now and then

-- No counter is behind MySQL: right after a comparison that found nothing, and whenever nothing has been turned back.
function check.counters(w, when)
  for chat, row in pairs(w.mysql.chats) do
    local counter = w.redis:call('GET', ids.counter(chat))
    local last = w.foreigners and w.mysql.messages[chat] and w.mysql.messages[chat].given or row.last
    if counter and not w.mysql:chat_dead(chat) and tonumber(counter) < last then
      violated('I7', 'the counter of %s is %s, MySQL has %d, %s', ids.text(chat), counter, last, when)
    end
    if counter and w.ledger.deleted[chat] then violated('D1', 'deleted chat %s has a counter, %s', ids.text(chat), when) end
  end
  for app, row in pairs(w.mysql.apps) do
    local counter = w.redis:call('GET', ids.counter(app))
    if counter and not row.deleted and tonumber(counter) < row.last then
      violated('I7', 'the counter of application %d is %s, MySQL has %d, %s', app, counter, row.last, when)
    end
    if counter and w.ledger.deleted[app] then violated('D1', 'deleted application %d has a counter, %s', app, when) end
  end
end

-- No waiting job has a number that its counter has still to give.
function check.waiting_numbers(w, when)
  check.each_job(w, function(text, key)
    local j = job.parse(text)
    local counter = j.number and j.class and w.redis:call('GET', ids.counter(j.id))
    if counter and tonumber(counter) < j.number and not w.mysql:chat_dead(j.id) then
      violated('I7', 'the counter of %s is %s, %s in %s has %d, %s', ids.text(j.id), counter, j.key, key, j.number, when)
    end
  end)
end

function check.nothing_lost(w, when)
  local there = {}
  check.each_job(w, function(text) there[job.parse(text).key] = true end)
  for _, post in ipairs(w.ledger.order) do
    if not there[post.jid] and not post.may_be_lost and not stored(w, post) then
      violated('I6', 'the %s %s, number %d of %s, is nowhere, %s', post.kind, post.jid, post.number, ids.text(post.id), when)
    end
  end
end

function check.failed_jobs(w)
  each_zset(w, function(text, key)
    local j = job.parse(text)
    if key ~= 'schedule' and not (j.jid and j.error_class and j.retry_count and text:find('"failed_at":', 1, true)) then
      violated('I9', 'in %s: %s', key, text)
    end
  end)
end

local function rows_of(w, chat)
  local living, all = 0, w.ledger.base[chat] or 0
  for _, message in pairs(w.mysql.messages[chat] and w.mysql.messages[chat].list or {}) do
    all = all + 1
    if not message.deleted then living = living + 1 end
  end
  return living, all
end

local function counts_agree(w, name, chat, row)
  local living, all = rows_of(w, chat)
  if row.stored ~= all or row.living ~= living then
    violated(name, 'chat %s says %d stored, %d living; it has %d and %d', ids.text(chat), row.stored, row.living, all, living)
  end
end

-- Where others have written, a count job waits since the last batch, or has corrected it.
function check.counts(w)
  local asked = {}
  check.each_job(w, function(text)
    local j = job.parse(text)
    if j.class == job.COUNT_MESSAGES then asked[j.id] = true end
  end)
  for chat in pairs(w.ledger.foreign) do
    local row = w.mysql.chats[chat]
    if w.ledger.counted[chat] and not asked[chat] and not w.mysql:chat_dead(chat) then counts_agree(w, 'C1', chat, row) end
  end
end

-- Every so many steps.
function check.sometimes(w)
  check.nothing_lost(w, 'on the way')
  check.failed_jobs(w)
  check.counts(w)
end

-- ---------------------------------------------------------------- in the end

local function dead_jobs(w)
  local dead = {}
  local zset = w.redis.keys.dead
  for text in pairs(zset and zset.scores or {}) do
    local j = job.parse(text)
    dead[j.key] = j
  end
  return dead
end

-- What waits for ever, because its chat has no number left.
local function stuck_jobs(w)
  local stuck = {}
  for _, text in ipairs(w.redis:call('ZRANGE', 'retry', 0, -1)) do stuck[job.parse(text).key] = true end
  return stuck
end

local function each_post(w, dead)
  local stuck = stuck_jobs(w)
  for _, post in ipairs(w.ledger.order) do
    local row = post.kind == 'message' and w.mysql.keys[post.jid]
    if row and row.version > 0 and not w.mysql:chat_dead(post.id) then
      local listed = w.mysql.renumbered[ids.text(row.chat) .. ':' .. row.number]
      if row.chat ~= post.id then violated('I1', '%s is in another chat', post.jid) end
      local copied = w.ledger.copies[post.jid]
      if row.number ~= post.number and listed ~= post.number and not copied then
        violated('I1', '%s was told number %d, has %d, and is not listed', post.jid, post.number, row.number)
      end
      local owner = w.mysql:message(post.id, post.number)
      if row.number ~= post.number and not copied and not (owner and (owner.foreign or w.rolled_back)) then
        violated('I1', '%s lost its number %d to nobody', post.jid, post.number)
      end
    elseif not stored(w, post) and not dead[post.jid] and not post.may_be_lost and not stuck[post.jid] then
      violated('I1', 'the %s %s is neither stored nor dead', post.kind, post.jid)
    end
  end
end

local function rows_are_known(w)
  for chat, rows in pairs(w.mysql.messages) do
    for number, row in pairs(rows.list) do
      if row.version > 0 and not row.foreign and not w.ledger.posts[row.key] then
        violated('I2', 'row %d of %s belongs to nobody', number, ids.text(chat))
      end
      if w.ledger.messages_deleted[row] and not row.deleted then
        violated('D1', 'deleted message %d of %s lives', number, ids.text(chat))
      end
    end
  end
end

-- May a number have no row? Lost with Redis, or stepped over because of a foreign row beyond it.
local function may_be_missing(w, id, number)
  local post = w.ledger.given[id] and w.ledger.given[id][number]
  return not post and (w.ledger.foreign[id] or w.rolled_back) or post and (post.may_be_lost or (post.again or w.ledger.copies[post.jid]) and w.rolled_back)
end

local function no_gaps(w, id, last, has_row)
  for number = (w.ledger.base[id] or 0) + 1, last do
    if not has_row(number) and not may_be_missing(w, id, number) then
      violated('I3', 'number %d of %s has no row (of %d)', number, ids.text(id), last)
    end
  end
end

local function chat_agrees(w, chat, row)
  local counter = tonumber(w.redis:call('GET', ids.counter(chat)) or row.last)
  no_gaps(w, chat, math.max(counter, row.last), function(number) return w.mysql:message(chat, number) end)
  if not w.ledger.foreign[chat] then counts_agree(w, 'I3', chat, row) end
end

local function app_agrees(w, app, row)
  local counter = tonumber(w.redis:call('GET', ids.counter(app)) or row.last)
  local living, all = 0, w.ledger.base[app] or 0
  for _, chat in pairs(w.mysql.chats) do
    if chat.app == app then
      all = all + 1
      if not chat.deleted then living = living + 1 end
    end
  end
  no_gaps(w, app, math.max(counter, row.last), function(number) return w.mysql.chats[ids.chat(app, number)] end)
  if row.stored ~= all or row.living ~= living then
    violated('I3', 'application %d says %d chats, %d living; it has %d and %d', app, row.stored, row.living, all, living)
  end
end

local function nothing_waits(w)
  each_list(w, function(text, key)
    if key ~= 'queue:unclaimed' then violated('I5', 'in the end %s holds %s', key, text) end
  end)
  local hash = w.redis.keys['suspects:default']
  if hash and w.mode ~= 'rollback' then violated('S1', 'suspects are left: %s', (next(hash.fields))) end
end

local function poison_is_dead(w, dead)
  for key in pairs(w.ledger.poison) do
    local post = w.ledger.posts[key]
    if not dead[key] and not stored(w, post) and not post.may_be_lost and not stuck_jobs(w)[key] then
      violated('S1', 'the poisonous %s is not dead', key)
    end
  end
end

local function deleted_stays(w)
  for id in pairs(w.ledger.deleted) do
    local row = ids.is_app(id) and w.mysql.apps[id] or w.mysql.chats[id]
    if not row or not row.deleted then violated('D1', 'deleted %s came back', ids.text(id)) end
  end
end

function check.at_the_end(w)
  local dead = dead_jobs(w)
  nothing_waits(w)
  check.nothing_lost(w, 'in the end')
  check.counters(w, 'in the end')
  check.waiting_numbers(w, 'in the end')
  check.failed_jobs(w)
  check.counts(w)
  poison_is_dead(w, dead)
  each_post(w, dead)
  rows_are_known(w)
  deleted_stays(w)
  for chat, row in pairs(w.mysql.chats) do
    if not w.mysql:chat_dead(chat) then chat_agrees(w, chat, row) end
  end
  for app, row in pairs(w.mysql.apps) do
    if not row.deleted then app_agrees(w, app, row) end
  end
end

return check
