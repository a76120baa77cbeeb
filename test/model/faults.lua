-- What happens to the servers, and what others do: a table of events, each with its chance per step and its modes.
local check = require('check')
local ids = require('ids')
local job = require('job')
local persist = require('persist')
local Sim = require('sim')

local faults = {}

local chance = Sim.chance

local function pick(list) return list[math.random(#list)] end

-- One of the youngest that live.
local function pick_young(w)
  local living = {}
  for i = #w.known, 1, -1 do
    if not w.mysql:chat_dead(w.known[i]) then living[#living + 1] = w.known[i] end
    if #living == w.focus then break end
  end
  return living[math.random(math.max(1, #living))]
end

-- ---------------------------------------------------------------- servers

local function mysql_away(w)
  if not w.mysql:up() then return end
  local ms = chance(0.5) and math.random(50, 400) or math.random(800, 2500)
  w.sim:tell('MySQL is away for', ms)
  w.mysql:go_down(ms)
  w.ledger:count('outages of MySQL')
end

local function connections_break(w)
  w.epoch = w.epoch + 1
  w.sim:tell('connections to Redis break')
end

-- kill -9 with appendfsync always: nothing is lost.
local function redis_restarts(w)
  connections_break(w)
  w.run_id = w.run_id + 1
  w.redis_down_until = w.sim.now + math.random(1, 200)
  w.ledger:count('restarts of Redis')
end

local function host_dies(w)
  if w.host_is_dead or w.sim.steps < w.host_dies_at then return end
  w.host_is_dead = true
  w.sim:tell('host c dies for ever')
  for _, p in ipairs(w.sim.processes) do
    if p.node == 'c' then
      p.host_is_dead = true
      w.sim:kill(p)
      p.wake = math.huge
    end
  end
end

local function clean_stop(w)
  local p = pick(w.sim.processes)
  if p.co and p.node then
    p.stopping = true
    w.sim:tell(p.name, 'is told to stop')
    w.ledger:count('clean stops')
  end
end

-- A second process with the slot of one that sleeps: a clone, or a file system that forgot the lock.
local function twin(w)
  local p = pick(w.sim.processes)
  for _, q in ipairs(w.sim.processes) do
    if q.holds and q.slot and q.wake > w.sim.now + 100 and chance(0.5) then p = q end
  end
  if p.slot and p.co and p.wake > w.sim.now + 100 and not p.once and not w.has_twin[p.slot] then
    w.sim:tell(p.name, 'has a twin')
    w.twins[p.slot], w.has_twin[p.slot] = true, true
    w:worker(p.name .. "'", p.node, p.slot, persist.main(p.slot), true).on_end = function(twin)
      w.has_twin[p.slot] = nil
      twin.session:close()
    end
    w.ledger:count('twins')
  end
end

-- ---------------------------------------------------------------- other hands

local function counter_deleted(w)
  local id = pick_young(w)
  if not id then return end
  for _, p in ipairs(w.sim.processes) do
    if p.healing and chance(0.3) then
      id = p.healing
      if chance(0.5) then p.wake = math.min(p.wake, w.sim.now + math.random(0, 40)) end -- and who slept over it goes on
    end
  end
  if chance(0.15) and not ids.is_app(id) then id = ids.app(id) end
  if w.redis:call('EXISTS', ids.counter(id)) == 0 then return end
  w.sim:tell('by hand: DEL', ids.counter(id))
  w.redis:call('DEL', ids.counter(id))
  w.ledger:count('counters deleted by hand')
end

local function sequence_deleted(w)
  w.sim:tell('by hand: DEL queue_seq')
  w.redis:call('DEL', 'queue_seq')
  w.ledger:count('queue_seq deleted by hand')
end

-- A dead job is retried by hand; what ailed it was cured.
local function dead_retried(w)
  local text = w.redis:call('ZRANGE', 'dead', 0, 0)[1]
  if not text then return end
  local j = job.parse(text)
  w.redis:call('ZREM', 'dead', text)
  w.redis:call('ZADD', 'retry', w.sim.now, text)
  w.ledger.poison[j.key], w.ledger.alone[j.key] = nil, nil
  if chance(0.7) then w.ledger.bad[j.key] = nil end
  w.sim:tell('by hand: retries', job.short(j.key))
  w.ledger:count('dead jobs retried')
end

-- A Ruby worker takes a job and fails; or a client wants it later.
-- (Not while Redis is recovered: that reads page by page, and what is moved meanwhile by others may be missed.)
local function ruby_fails(w)
  local text = w.redis:call('LINDEX', 'queue:default', -1)
  if not text or w.redis:call('EXISTS', 'recovering') == 1 then return end
  local j = job.parse(text)
  if j.class ~= job.MESSAGE and j.class ~= job.CHAT then return end
  w.redis:call('LMOVE', 'queue:default', 'scratch', 'RIGHT', 'LEFT')
  w.redis:call('DEL', 'scratch')
  if chance(0.5) and not j.error_class then
    w.redis:call('ZADD', 'schedule', w.sim.now + math.random(10, 300), text)
  else
    w.redis:call('ZADD', 'retry', w.sim.now + math.random(10, 300), job.failed(j, 'Timeout'))
  end
end

local function foreign_job(w)
  local text = chance(0.5) and job.foreign(chance(0.5) and w.ledger:new_jid())
  text = text or job.count(job.COUNT_CHATS, 1, w.ledger:new_jid())
  w.redis:call('LPUSH', 'queue:default', text)
end

-- ---------------------------------------------------------------- numbers that others take

local function foreign_row(w)
  local chat = pick_young(w)
  for _, p in ipairs(w.sim.processes) do
    if p.counts and chance(0.5) then chat = p.counts end
  end
  if not w.foreigners or not chat or not w.mysql.chats[chat] or w.mysql:chat_dead(chat) then return end
  local counter = tonumber(w.redis:call('GET', ids.counter(chat)) or w.mysql:highest_row(chat))
  local number = counter + math.random(1, 3)
  local claimed = w.mysql.claims['number:' .. ids.text(chat) .. ':' .. ids.text(number)]
  if claimed or number > ids.LAST_NUMBER or w.mysql:message(chat, number) then return end
  w.mysql:put_message({chat = chat, number = number, version = 1, deleted = false, foreign = true})
  w.ledger.foreign[chat], w.ledger.counted[chat] = true, nil
  w.sim:tell('a foreign row:', ids.text(chat), number)
  w.ledger:count('foreign rows')
end

-- A job is there twice: as it is, or with a number of its own.
local function copied(w)
  local text = w.foreigners and w.redis:call('LINDEX', 'queue:default', math.random(-5, 4))
  local j = text and job.parse(text)
  if not j or j.class ~= job.MESSAGE then return end
  w.ledger.copies[j.key] = true
  local counter = ids.counter(j.id)
  local last = tonumber(w.redis:call('GET', counter) or ids.LAST_NUMBER)
  if chance(0.5) or last >= ids.LAST_NUMBER or w.redis:call('EXISTS', 'queue_seq') == 0 or w.behind(w) then
    w.redis:call('LPUSH', 'queue:default', text)
    return
  end
  local number = w.redis:call('INCR', counter)
  w.redis:call('INCR', 'queue_seq')
  w.ledger:renumber(j.key, j.id, number)
  w.redis:call('LPUSH', 'queue:default', job.renumbered(j, number))
  w.sim:tell('a copy of', job.short(j.key), 'with number', number)
  w.ledger:count('copies')
end

-- ---------------------------------------------------------------- Redis goes back

-- A copy of the append-only file: what was accepted, and the copies that are older ones of the same history.
local function snapshot(w)
  local s = {redis = w.redis:snapshot(), at = #w.ledger.order, before = {}}
  for older in pairs(w.history) do s.before[older] = true end
  w.history[s] = true
  table.insert(w.snapshots, s)
  if #w.snapshots > 6 then table.remove(w.snapshots, math.random(5)) end
end

local function forget(w, at)
  w.rolled_back = true
  w.ledger.counted = {}
  w.ledger:forget_behind(at, function(post) return check.has_row(w, post) end)
  for _, numbers in pairs(w.ledger.given) do
    for _, post in pairs(numbers) do post.may_be_lost = post.may_be_lost or post.again end
  end
end

-- Nobody noticed that Redis went back, and it goes on from there: a copy of the history that was given up then cannot be told
-- from this one any more, so nobody is to put it back. (Called by the first comparison that finds nothing.)
function faults.unnoticed(w)
  w.went_back = false
  for i = #w.snapshots, 1, -1 do
    if not w.history[w.snapshots[i]] then table.remove(w.snapshots, i) end
  end
  w.ledger:count('rollbacks unnoticed')
end

-- The last copy, any, or one of a history that was given up.
local function pick_snapshot(w)
  local given_up = {}
  for _, s in ipairs(w.snapshots) do
    if not w.history[s] then given_up[#given_up + 1] = s end
  end
  if #given_up > 0 and chance(0.4) then return pick(given_up) end
  return chance(0.6) and w.snapshots[#w.snapshots] or pick(w.snapshots)
end

-- An older append-only file, or a younger one of a history that was given up.
local function goes_back(w)
  if #w.snapshots == 0 then return end
  local s = pick_snapshot(w)
  forget(w, s.at)
  w.redis:restore(s.redis)
  w.history = {[s] = true}
  for older in pairs(s.before) do w.history[older] = true end
  w.went_back = true
  redis_restarts(w)
  w.sim:tell('Redis goes back to where', s.at, 'jobs were accepted, queue_seq', w.redis:call('GET', 'queue_seq') or 'none')
  w.ledger:count('rollbacks')
end

local function flushed(w)
  forget(w, 0)
  w.redis:call('FLUSHALL')
  w.sim:tell('FLUSHALL')
  w.ledger:count('flushes')
end

-- ---------------------------------------------------------------- the table

local always = {plain = true, taken = true, rollback = true}
local back = {rollback = true}

-- name, chance per step, modes, what happens
local events = {
  {'mysql_away', 0.0003, always, mysql_away},
  {'connections_break', 0.0004, always, connections_break},
  {'redis_restarts', 0.0002, always, redis_restarts},
  {'host_dies', 0.0020, always, host_dies},
  {'clean_stop', 0.0015, always, clean_stop},
  {'twin', 0.0030, always, twin},
  {'counter_deleted', 0.0030, always, counter_deleted},
  {'sequence_deleted', 0.0001, always, sequence_deleted},
  {'dead_retried', 0.0030, always, dead_retried},
  {'ruby_fails', 0.0030, always, ruby_fails},
  {'foreign_job', 0.0010, always, foreign_job},
  {'foreign_row', 0.0060, {taken = true, rollback = true}, foreign_row},
  {'copied', 0.0030, {taken = true, rollback = true}, copied},
  {'snapshot', 0.0060, back, snapshot},
  {'goes_back', 0.0008, back, goes_back},
  {'flushed', 0.0002, back, flushed},
}

-- Kinds of runs, by turns: how much more often some things happen in them, and how long processes sleep at the worst place.
local storms = {
  [0] = {},
  {name = 'heals', bias = 6, focus = 2, counter_deleted = 6, mysql_away = 0.3, connections_break = 0.3},
  {name = 'losses', bias = 15, focus = 3, second_fault = 0.004, snapshot = 4, goes_back = 3, flushed = 2, sequence_deleted = 4,
    foreign_row = 2, mysql_away = 0.2},
  {name = 'races', bias = 25, focus = 2, foreign_row = 6, twin = 4, connections_break = 3, counter_deleted = 0.3, mysql_away = 0.5},
}

-- Every run has its own weather: some things never happen in it, others more often.
function faults.weather(w)
  local storm = storms[w.sim.seed % (#storms + 1)]
  w.weather, w.quick_deletions = {}, storm.name == 'heals'
  w.second_fault = storm.second_fault or pick({0, 0.002})
  w.sim.bias = storm.bias or pick({1, 3, 10})
  w.focus = storm.focus or pick({3, 12}) -- so many chats get most of the messages
  for i, event in ipairs(events) do w.weather[i] = storm[event[1]] or pick({0, 1, 1, 1, 3}) end
end

-- Is anybody at something that one fault more might spoil?
local function is_bad_moment(w)
  if w.redis:call('EXISTS', 'queue_seq') == 0 then return true end
  for _, p in ipairs(w.sim.processes) do
    if p.co and (p.link.recovering or p.forgets) then return true end
  end
  return false
end

-- One misfortune more at such a moment.
local function misfortune(w)
  if w.mode == 'rollback' and chance(w.second_fault) and is_bad_moment(w) then
    pick({goes_back, goes_back, goes_back, flushed, sequence_deleted, counter_deleted})(w)
  end
end

-- Before a step: whatever chance wants.
function faults.happen(w)
  for i, event in ipairs(events) do
    if chance(event[2] * w.weather[i]) and event[3][w.mode] then event[4](w) end
  end
  misfortune(w)
end

return faults
