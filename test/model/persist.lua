-- jobs/persist.c: makes accepted chats and messages rows.
local check = require('check')
local failure = require('failure')
local ids = require('ids')
local job = require('job')
local queue = require('queue')
local store = require('store')
local Sim = require('sim')

local persist = {}

local BUSY_TRIES, RETRY_LIMIT, RETRY_MS = 50, 25, 100

-- ---------------------------------------------------------------- items

local function is_ours(j) return j.class == job.CHAT or j.class == job.MESSAGE end

local function make_items(p, batch)
  local items = {}
  for _, text in ipairs(batch.jobs) do
    local j = job.parse(text)
    if is_ours(j) then
      local chat = j.class == job.CHAT and ids.chat(j.id, j.number) or j.id
      local item = {job = j, chat = chat, state = 'waiting', action = 'insert'}
      if queue.interrupted(batch) then
        check.interrupted(p.w, j.key)
        store.fail(item, 'dead', 'Interrupted')
        item.action = 'void'
      end
      items[#items + 1] = item
    end
  end
  store.sort(items)
  return items
end

-- ---------------------------------------------------------------- storing

-- One batch at work: p, q, batch, lost, renewed_ms.
local function fence(r)
  return function()
    if r.p.w.broken.no_fence then return true end
    Sim.pause()
    r.p.link:connect()
    if not r.p.link.compared then return false end
    r.renewed_ms = r.p.sim.now
    return queue.renew(r.p, r.q)
  end
end

local function wait_for_servers(r)
  local p = r.p
  p.waits = true
  queue.back_off(p)
  if p.sim.now - r.renewed_ms >= queue.RENEW_MS and not p.w.broken.no_renewal then
    r.renewed_ms = p.sim.now
    local ok, ours = failure.try(queue.renew, p, r.q)
    if ok and not ours then r.lost = true end
  end
  if p.stopping then r.lost = true end
end

local store_part

local function part(items, from, to)
  local some = {}
  for i = from, to do some[#some + 1] = items[i] end
  return some
end

local function halve(r, items)
  local half = math.floor(#items / 2)
  store_part(r, part(items, 1, half))
  store_part(r, part(items, half + 1, #items))
end

-- MySQL refuses the data.
local function refused(r, items)
  if #items > 1 then return halve(r, items) end
  local item = items[1]
  if item.state == 'dead' then
    item.action = 'insert'
    return
  end
  store.fail(item, 'dead', 'DataRefused')
  if not r.p.w.broken.no_void then item.action = 'void' end
  store_part(r, items)
end

local function taken(r, items)
  if #items > 1 then return halve(r, items) end
  if items[1].state == 'dead' then items[1].action = 'insert' else store.fail(items[1], 'retry', 'KeyTaken') end
end

local function again(r, items, why, busy)
  Sim.sleep(r.p, math.random(1, 5))
  if busy < BUSY_TRIES then return false end
  if why.code ~= 'dup' then return wait_for_servers(r) end
  taken(r, items)
  return true
end

local function resolved(r, items)
  local ok, changed = failure.try(store.resolve, r.p, items)
  return ok and changed > 0, not ok and changed
end

-- True: settled.
local function try_part(r, items, busy)
  local ok, stored = failure.try(store.run, r.p, items, r.batch, 'persist:' .. r.q.slot, fence(r))
  if ok then
    r.lost = r.lost or not stored
    r.p.pause_ms = 0
    return true
  end
  local why = stored
  if why.code == 'dup' then
    local changed, failed = resolved(r, items)
    if changed then return false end
    why = failed or why
  end
  if why.code == 'busy' or why.code == 'dup' then return again(r, items, why, busy) end
  if why.code == 'data' then
    refused(r, items)
    return true
  end
  wait_for_servers(r)
  return false
end

store_part = function(r, items)
  local busy = 0
  while #items > 0 and not r.lost and not try_part(r, items, busy) do busy = busy + 1 end
end

-- ---------------------------------------------------------------- what becomes of the jobs

local function try_later(r, outcome, item)
  local count = item.job.retry_count and item.job.retry_count + 1 or 0
  local text = job.failed(item.job, item.error_class)
  if count >= RETRY_LIMIT then
    outcome.dead[#outcome.dead + 1] = text
    return
  end
  outcome.retries[#outcome.retries + 1] = {at = r.p.sim.now + RETRY_MS * math.min(3 ^ count, 10), text = text}
end

local function make_outcome(r, items)
  local outcome, asked = queue.outcome(), {}
  for _, text in ipairs(r.batch.jobs) do
    local j = job.parse(text)
    if not is_ours(j) and j.class and queue.interrupted(r.batch) then
      outcome.dead[#outcome.dead + 1] = job.failed(j, 'Interrupted')
    elseif not is_ours(j) then
      outcome.forwards[#outcome.forwards + 1] = {queue = job.queue(j.class), text = text}
    end
  end
  local function ask(class, id)
    if not asked[id] then outcome.counts[#outcome.counts + 1] = {class = class, id = id} end
    asked[id] = true
  end
  for _, item in ipairs(items) do
    if item.state == 'dead' then
      outcome.dead[#outcome.dead + 1] = job.failed(item.job, item.error_class)
      r.p.w.ledger:count('dead')
    elseif item.state == 'retry' then
      try_later(r, outcome, item)
    end
    ask(job.COUNT_MESSAGES, item.chat)
    ask(job.COUNT_CHATS, ids.app(item.chat))
  end
  return outcome
end

local function raise_counters(p, items)
  for _, item in ipairs(items) do
    if item.state == 'retry' and item.error_class == 'NumberTaken' and not p.w.broken.no_raise then
      p.session:statement()
      local last = p.w.mysql:highest_row(item.chat)
      p.link:script('raise', {ids.counter(item.chat), ids.gone(item.chat)}, {ids.text(last), ''})
    end
  end
end

local function drop_counters(p, items)
  local keys = {}
  for _, item in ipairs(items) do
    if item.went then keys[#keys + 1] = ids.counter(item.chat) end
  end
  if #keys > 0 then failure.try(p.link.call, p.link, 'UNLINK', unpack(keys)) end
end

local function finish(r, items)
  drop_counters(r.p, items)
  raise_counters(r.p, items)
  queue.finish(r.p, r.q, make_outcome(r, items), r.batch.jobs)
end

-- ---------------------------------------------------------------- a batch

local function work(p, q, batch)
  local r = {p = p, q = q, batch = batch, renewed_ms = p.sim.now}
  p.holds, p.waits, p.disturbed = true, false, false
  local items = make_items(p, batch)
  if p.w.broken.acknowledge_first then finish(r, items) end
  store_part(r, items)
  if not r.lost then
    if not p.w.broken.acknowledge_first then finish(r, items) end
  elseif p.stopping then
    queue.release(p, q)
    p.w.ledger:count('batches put back')
  end
end

local function work_and_let_go(p, q, batch)
  local ok, why = failure.try(work, p, q, batch)
  p.holds, p.waits = nil, nil
  if not ok then error(why, 0) end
end

function persist.main(slot)
  local q = queue.new('default', slot)
  return function(p) queue.loop(p, q, work_and_let_go) end
end

return persist
