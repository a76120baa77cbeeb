-- jobs/schedule.c and lib/promote.c: due jobs go back to their queues, and the jobs of workers that are gone.
local failure = require('failure')
local heal = require('heal')
local ids = require('ids')
local job = require('job')
local queue = require('queue')
local Sim = require('sim')

local schedule = {}

local AT_ONCE, REAP_MS, PROMOTE_MS = 5, 330, 100

-- The mutants' promoters, in two steps instead of one.
local function two_steps(p, zset, j, renumber)
  local text = j.text
  if renumber then
    if p.link:call('EXISTS', ids.counter(j.id)) == 0 then return -2 end
    text = job.renumbered(j, p.link:call('INCR', ids.counter(j.id)))
  end
  if p.w.broken.promote_push_first then p.link:call('LPUSH', ids.queue(job.queue(j.class)), text) end
  local mine = p.link:call('ZREM', zset, j.text)
  if not p.w.broken.promote_push_first and mine == 1 then p.link:call('LPUSH', ids.queue(job.queue(j.class)), text) end
  return mine
end

-- What was pushed, to the ledger: nobody but the script knows the new number.
local function note_number(p, j)
  local list = p.w.redis.keys[ids.queue('default')]
  local now = job.parse(list[list.first])
  p.w.ledger:renumber(j.key, j.id, now.number)
  p.sim:tell('renumbers', job.short(j.key), j.number, 'to', now.number)
end

-- 1: moved; 0: somebody else did; -2: the counter that it needs is missing
local function send(p, zset, j, renumber)
  if p.w.broken.promote_two_steps or p.w.broken.promote_push_first and not renumber then return two_steps(p, zset, j, renumber) end
  local name = job.queue(j.class)
  local keys = {zset, ids.queue(name), 'queues', 'queue_seq', renumber and ids.counter(j.id) or nil}
  local arguments = {name, j.text, renumber and 5 or 0, renumber and j.text:sub(1, j.begin - 1) or j.text,
    renumber and j.text:sub(j.finish) or ''}
  local reply = p.link:script('promote', keys, arguments, {compared_only = true, told = function(reply)
    if reply[1] == 1 and renumber then note_number(p, j) end
  end})
  return reply[1] > 0 and 1 or #reply[2] > 0 and -2 or 0
end

local function move(p, zset, text)
  local j = job.parse(text)
  local renumber = j.class == job.MESSAGE and j.error_class == 'NumberTaken'
  local moved = send(p, zset, j, renumber)
  if moved ~= -2 then return moved end
  local ok, healed = failure.try(heal.chat, p, j.id)
  if not ok then return 0 end
  return math.max(send(p, zset, j, healed), 0)
end

local function promote(p, zset)
  local left = 0
  repeat
    local due = p.link:call('ZRANGEBYSCORE', zset, '-inf', p.sim.now, 'LIMIT', left, AT_ONCE)
    local moved = 0
    for _, text in ipairs(due) do moved = moved + move(p, zset, text) end
    p.w.ledger:count('promoted', moved)
    left = left + #due - moved
  until #due < AT_ONCE
end

function schedule.main(p)
  local reap_at, promote_at = 0, 0
  while not p.stopping do
    if queue.ready(p) then
      local ok = failure.try(function()
        if p.sim.now >= reap_at then
          queue.reap_lapsed(p)
          reap_at = p.sim.now + REAP_MS
        end
        if p.sim.now >= promote_at then
          promote(p, 'retry')
          promote(p, 'schedule')
          promote_at = p.sim.now + PROMOTE_MS
        end
      end)
      if ok then Sim.sleep(p, math.max(1, math.min(reap_at, promote_at) - p.sim.now)) else queue.back_off(p) end
    end
  end
end

return schedule
