-- The reliable queue, a worker's side (lib/queue.c, lib/worker.c).
local check = require('check')
local compare = require('compare')
local failure = require('failure')
local ids = require('ids')
local job = require('job')
local Sim = require('sim')

local queue = {}

queue.LEASE_MS = 1000
queue.RENEW_MS = queue.LEASE_MS / 6
local SUSPECT_KEEP_S, PENDING_KEEP_S = 259200, 3600
local SUSPECT_TRIES = 3
local MOST_JOBS, MOST_BYTES = 8, 1500

-- q: name, slot, and its keys.
function queue.new(name, slot)
  return {name = name, slot = slot, list = ids.queue(name), inflight = ids.inflight(name, slot),
    lease = ids.lease(name, slot), suspects = ids.suspects(name)}
end

local function shorts(texts)
  local list = {}
  for i, text in ipairs(texts) do list[i] = job.short(job.parse(text).key) end
  return table.concat(list, ' ')
end

-- A batch: seq, try, jobs (the oldest first); nil when there is none.
function queue.drain(p, q)
  q.token = p.w.ledger:new_jid()
  local fresh = not p.w.redis.keys[q.inflight]
  local batch
  p.link:script('drain', {q.list, q.inflight, q.lease, 'inflight', q.suspects, 'queue_seq'},
    {math.random(1, MOST_JOBS), math.random(100, MOST_BYTES), queue.LEASE_MS, q.token}, {told = function(reply)
      batch = {seq = reply[1], try = reply[2], jobs = {}}
      for i = #reply[3], 1, -1 do batch.jobs[#batch.jobs + 1] = reply[3][i] end
      check.batch(p.w, q.name, batch, fresh)
      if #batch.jobs > 0 then p.sim:tell('drains', #batch.jobs, 'try', batch.try, 'seq', batch.seq, shorts(batch.jobs)) end
    end})
  p.link:saw(batch.seq)
  if batch.seq == 0 and #batch.jobs == 0 then p.link.compared = false end
  return #batch.jobs > 0 and batch or nil
end

function queue.interrupted(batch) return batch.try > SUSPECT_TRIES end

function queue.renew(p, q)
  return p.link:script('renew', {q.lease}, {q.token, queue.LEASE_MS}) == 1
end

local function reap(p, inflight, how)
  local name, slot = inflight:match('^inflight:([^:]+):(.+)$')
  local alive
  local moved = p.link:script('reap', {inflight, ids.lease(name, slot), ids.queue(name), ids.suspects(name), 'inflight'},
    {SUSPECT_KEEP_S, how}, {first = function() alive = p.w.redis:call('EXISTS', ids.lease(name, slot)) == 1 end,
    told = function(moved)
      if moved > 0 then
        p.sim:tell('reaps', inflight, moved, how)
        check.reaped(p.w, how, alive, inflight)
      end
    end})
  if moved > 0 then p.w.ledger:count('reaped', moved) end
end

function queue.release(p, q) reap(p, q.inflight, 'stop') end

function queue.reap_own(p, q) reap(p, q.inflight, 'own') end

function queue.reap_lapsed(p)
  for _, list in ipairs(p.link:call('SMEMBERS', 'inflight')) do reap(p, list, '') end
end

-- ---------------------------------------------------------------- finish

local CLASSES = {'unclaimed', 'default', 'counts'} -- the lists that finish may push to
local FIRST_LIST = 12 -- of them, in finish's KEYS

local function list_index(name)
  for i, other in ipairs(CLASSES) do
    if other == name then return FIRST_LIST - 1 + i end
  end
end

-- What became of a batch: retries {at, text}, dead, forwards {queue, text}, counts {class, id}.
function queue.outcome() return {retries = {}, dead = {}, forwards = {}, counts = {}} end

local function finish_keys(q, outcome)
  local keys = {q.inflight, q.lease, q.suspects, 'retry', 'dead', 'stat:processed', 'stat:processed:day', 'stat:failed',
    'stat:failed:day', 'queues', 'backlog'}
  for _, name in ipairs(CLASSES) do keys[#keys + 1] = ids.queue(name) end
  for _, c in ipairs(outcome.counts) do keys[#keys + 1] = ids.pending(c.class, c.id) end
  return keys
end

-- Application -> how many of its jobs do not wait any more; those that failed before were taken off then.
local function applications(jobs)
  local counts, order = {}, {}
  for _, text in ipairs(jobs) do
    local j = job.parse(text)
    local app = not j.error_class and (j.class == job.CHAT and j.id or j.class == job.MESSAGE and ids.app(j.id))
    if app and not counts[app] then order[#order + 1] = app end
    if app then counts[app] = (counts[app] or 0) + 1 end
  end
  return order, counts
end

local function finish_arguments(p, q, outcome, jobs)
  local apps, counts = applications(jobs)
  local a = {q.token, #jobs, #outcome.retries + #outcome.dead, p.sim.now, #outcome.retries, #outcome.dead,
    #outcome.forwards, #apps}
  local function add(...)
    for _, x in ipairs({...}) do a[#a + 1] = x end
  end
  for _, r in ipairs(outcome.retries) do add(r.at, r.text) end
  for _, text in ipairs(outcome.dead) do add(text) end
  for _, f in ipairs(outcome.forwards) do add(list_index(f.queue), f.queue, f.text) end
  for _, app in ipairs(apps) do add(ids.text(app), -counts[app]) end
  for i, c in ipairs(outcome.counts) do
    add(FIRST_LIST - 1 + #CLASSES + i, PENDING_KEEP_S, list_index('counts'), 'counts', job.count(c.class, c.id, p.w.ledger:new_jid()))
  end
  return a
end

-- True: acknowledged; false: the lease is lost.
function queue.finish(p, q, outcome, jobs)
  local arguments = finish_arguments(p, q, outcome, jobs)
  local reply = p.link:script('finish', finish_keys(q, outcome), arguments, {told = function(reply)
    p.sim:tell('finishes', #jobs, reply == 1 and 'done' or 'lease lost', 'retry', #outcome.retries, 'dead', #outcome.dead)
    if reply ~= 1 then return end
    for _, c in ipairs(outcome.counts) do
      if c.class == job.COUNT_MESSAGES then p.w.ledger.counted[c.id] = true end
    end
  end})
  p.w.ledger:count(reply == 1 and 'batches' or 'leases lost')
  return reply == 1
end

-- ---------------------------------------------------------------- a worker's loop

local function back_off(p)
  p.pause_ms = math.min(math.max(10, (p.pause_ms or 0) * 2), 150)
  Sim.sleep(p, p.pause_ms)
end
queue.back_off = back_off

-- Compared, recovered if need be, and (with q) what the slot's last process left is back. False: later.
function queue.ready(p, q)
  local ok, why = failure.try(function()
    compare.compare(p)
    if q and not p.reaped and not p.w.broken.no_own_reap then
      queue.reap_own(p, q)
      p.reaped = true
    end
  end)
  if ok then return true end
  if why.code == 'behind' and compare.recover(p) then
    p.pause_ms = 0
  else
    back_off(p)
  end
  return false
end

local function round(p, q, work)
  if not queue.ready(p, q) then return end
  if p.w.broken.blmove then
    if p.link:call('LLEN', q.inflight) == 0 then p.link:call('LMOVE', q.list, q.inflight, 'RIGHT', 'LEFT') end
  end
  local batch = queue.drain(p, q)
  if batch then work(p, q, batch) else Sim.sleep(p, math.random(5, 60)) end
end

-- work(p, q, batch) until a stop is asked for.
function queue.loop(p, q, work)
  while not p.stopping do
    local ok = failure.try(round, p, q, work)
    if not ok then back_off(p) end
  end
end

return queue
