-- Has Redis gone back (lib/compare.c), and how it is brought up to date (lib/recover.c, lib/numbers.c).
local check = require('check')
local failure = require('failure')
local ids = require('ids')
local job = require('job')

local compare = {}

local RECOVERED_KEEP_MS, TOKEN_KEEP_MS = 2592000000, 86400000
local PAGE = 6 -- of jobs, and of rows: small, so that others come in between
local AHEAD = 1000000

-- ---------------------------------------------------------------- comparing

local function highest_mark(p)
  local mark = 0
  p.session:statement()
  if not p.w.broken.marks_without_lock then p.session:await_locks('mark:') end
  for _, value in pairs(p.w.mysql.marks) do mark = math.max(mark, value) end
  return mark
end

local function begin_sequence(p)
  p.session:statement()
  if next(p.w.mysql.chats) then return true end
  p.link:call('SETNX', 'queue_seq', '0')
  return false
end

-- known, seq, missing, only_seen, behind
local function standing(p)
  local mark = highest_mark(p)
  local seq = p.link:call('GET', 'queue_seq')
  local s = {missing = not seq, seq = tonumber(seq or 0), known = math.max(mark, p.link.seen)}
  s.only_seen = seq and s.seq >= mark and s.seq < s.known
  if seq then
    s.behind = s.seq < s.known
  else
    s.behind = s.known > 0 or begin_sequence(p)
  end
  return s
end

local function compare_now(p)
  local s = standing(p)
  if s.behind and not p.w.broken.no_comparison then
    p.link.behind = true
    p.w.ledger:count('found behind')
    failure.throw('behind')
  end
end

local function compared_before(p, key)
  local seq = p.link:call('GET', 'queue_seq')
  return seq and tonumber(seq) >= p.link.seen and p.link:call('EXISTS', key) == 1
end

local function good(p, links)
  if p.link.links ~= links then failure.throw('redis') end
  p.link.behind, p.link.compared = false, true
  if p.w.went_back then p.w:unnoticed() end
  check.counters(p.w, 'after a comparison')
end

-- Once per connection.
function compare.compare(p)
  p.link:connect()
  if p.link.compared then return end
  local links = p.link.links
  p.link:call('EXISTS', 'nothing') -- INFO
  local key = 'recovered:' .. p.w.run_id
  if not compared_before(p, key) then
    compare_now(p)
    p.link:script('mark', {key}, {'1', RECOVERED_KEEP_MS, ''})
  end
  good(p, links)
end

function compare.again(p)
  p.link:connect()
  local links = p.link.links
  compare_now(p)
  good(p, links)
end

-- ---------------------------------------------------------------- the numbers of waiting jobs

local function add(numbers, id, number)
  local entry = numbers[id]
  if not entry then
    entry = {id = id, highest = 0}
    numbers[id] = entry
  end
  entry.highest = math.max(entry.highest, number)
end

local function add_jobs(numbers, jobs)
  for _, text in ipairs(jobs) do
    local j = job.parse(text)
    if j.class == job.MESSAGE then
      add(numbers, ids.app(j.id), ids.number(j.id))
      add(numbers, j.id, j.number)
    elseif j.class == job.CHAT then
      add(numbers, j.id, j.number)
      add(numbers, ids.chat(j.id, j.number), 0)
    end
  end
end

local function read_key(p, numbers, command, key)
  local from, jobs = 0
  repeat
    jobs = p.link:call(command, key, from, from + PAGE - 1)
    add_jobs(numbers, jobs)
    from = from + PAGE
  until #jobs < PAGE
end

local function read_waiting(p)
  local numbers = {}
  if p.w.broken.recovery_without_queues then return numbers end
  for _, zset in ipairs({'retry', 'schedule'}) do read_key(p, numbers, 'ZRANGE', zset) end
  for _, name in ipairs(p.link:call('SMEMBERS', 'queues')) do read_key(p, numbers, 'LRANGE', ids.queue(name)) end
  for _, list in ipairs(p.link:call('SMEMBERS', 'inflight')) do read_key(p, numbers, 'LRANGE', list) end
  read_key(p, numbers, 'ZRANGE', 'dead')
  return numbers
end

-- ---------------------------------------------------------------- counters

local function send(p, token, chunk)
  local keys, arguments = {'recovering'}, {token}
  if #chunk == 0 then return end
  for _, c in ipairs(chunk) do
    keys[#keys + 1] = ids.counter(c.id)
    keys[#keys + 1] = ids.gone(c.id)
    arguments[#arguments + 1] = c.remove and '' or ids.text(c.floor)
  end
  local reply = p.link:script('restore', keys, arguments, {compared_only = true, told = function(reply)
    if p.sim.follow then p.sim:tell('restores', reply[1], table.concat(keys, ' '), table.concat(arguments, ' ')) end
  end})
  if reply[1] < 0 then failure.throw('behind') end
  if p.w.broken.recovery_counts then p.link:call('INCRBY', 'queue_seq', #chunk) end
end

local function page_of(all, after)
  local page = {}
  for _, id in ipairs(all) do
    if id > after and #page < PAGE then page[#page + 1] = id end
  end
  return page
end

local function sorted_ids(rows)
  local list = {}
  for id in pairs(rows) do list[#list + 1] = id end
  table.sort(list)
  return list
end

-- What a row says its counter has to be.
local function of_row(p, id)
  local mysql = p.w.mysql
  if ids.is_app(id) then
    local row = mysql.apps[id]
    return {id = id, remove = row.deleted, floor = math.max(row.last, mysql:highest_chat(id))}
  end
  return {id = id, remove = mysql:chat_dead(id), floor = math.max(mysql.chats[id].last, mysql:highest_row(id))}
end

-- Reads all rows of a kind, in pages; each(counter) for every one, flush() behind each page.
local function read_rows(p, kind, each, flush)
  local after = 0
  repeat
    p.session:statement()
    local page = page_of(sorted_ids(p.w.mysql[kind]), after)
    local rows = {}
    for i, id in ipairs(page) do rows[i] = of_row(p, id) end
    for _, c in ipairs(rows) do each(c) end
    flush()
    after = page[#page] or after
  until #page < PAGE
end

local function restore(p, token)
  local numbers, chunk = {}, {}
  local function flush()
    send(p, token, chunk)
    chunk = {}
  end
  local function each(c)
    local waiting = numbers[c.id]
    if waiting then
      waiting.stored, waiting.living = true, not c.remove
      c.floor = math.max(c.floor, waiting.highest)
    end
    if not (c.remove and p.w.broken.recovery_keeps_deleted) then chunk[#chunk + 1] = c end
  end
  if p.w.broken.recovery_mysql_first then
    local early = {}
    local function keep(c) early[#early + 1] = c end
    read_rows(p, 'apps', keep, function() end)
    read_rows(p, 'chats', keep, function() end)
    numbers = read_waiting(p)
    for _, c in ipairs(early) do
      each(c)
      flush()
    end
  else
    numbers = read_waiting(p)
    read_rows(p, 'apps', each, flush)
    read_rows(p, 'chats', each, flush)
  end
  for _, id in ipairs(sorted_ids(numbers)) do
    local app = numbers[ids.app(id)]
    if not ids.is_app(id) and not numbers[id].stored and app and app.living then
      chunk[#chunk + 1] = {id = id, floor = numbers[id].highest}
    end
  end
  flush()
end

-- ---------------------------------------------------------------- recovering

local function set_sequence(p, token, known)
  local ahead = p.w.broken.recovery_no_jump and 0 or AHEAD
  local reply = p.link:script('recovered', {'recovering', 'queue_seq'}, {token, ids.text(known + ahead)},
    {compared_only = true})
  if reply ~= 1 then failure.throw('behind') end
end

local function recover_locked(p)
  local token = p.w.broken.recovery_alone and 'the same' or p.w.ledger:new_jid()
  p.link:script('mark', {'recovering'}, {token, TOKEN_KEEP_MS, ''}, {compared_only = true})
  local s = standing(p)
  if not s.behind then
    p.link:call('DEL', 'recovering')
    return false
  end
  p.w.sim:tell('recovers: known', s.known, 'found', s.missing and 'none' or s.seq)
  if p.w.broken.recovery_sequence_first then set_sequence(p, token, s.known) end
  if not s.only_seen then restore(p, token) end
  if not p.w.broken.recovery_sequence_first then set_sequence(p, token, s.known) end
  p.w.went_back = false
  p.w.ledger:count('recoveries')
  return true
end

-- True: recovered; false: nothing was to be done, or another is at it.
function compare.recover(p)
  local ok, done = failure.try(function()
    p.link:connect()
    if not p.session:take_name('recover') and not p.w.broken.recovery_alone then return false end
    p.link.recovering = true
    return recover_locked(p)
  end)
  p.link.recovering, p.link.compared = false, false
  p.session:release_name('recover')
  return ok and done
end

return compare
