-- One run: the servers, the processes, the time in which everything may go wrong, and the quiet end of it.
local check = require('check')
local clients = require('clients')
local faults = require('faults')
local ids = require('ids')
local job = require('job')
local Ledger = require('ledger')
local Link = require('link')
local Mysql = require('mysql')
local persist = require('persist')
local recount = require('recount')
local schedule = require('schedule')
local scripts = require('scripts')
local Sim = require('sim')
local Standin = require('standin')
local tombstone = require('tombstone')

local World = {}
World.__index = World

local STEPS, CALM_STEPS, CHECK_EVERY = 10000, 60000, 200
local CRASH, STALL = 0.001, 0.002

local function pick(list) return list[math.random(#list)] end

-- ---------------------------------------------------------------- processes

-- Connections live and die with the process.
local function on_start(p)
  p.link, p.session = Link.new(p.w), p.w.mysql:session(p)
  p.reaped, p.pause_ms = false, 0
  p.healing, p.holds, p.waits, p.disturbed, p.counts, p.forgets = nil, nil, nil, nil, nil, nil
end

local function on_end(p) p.session:close() end

local function on_stall(p) p.disturbed = true end

local function on_kill(p) p.w.ledger:count('crashes') end

-- Where a process that sleeps does most harm.
local function delicate(p)
  return p.healing or p.link.recovering or p.session.writes or p.holds
end

function World:process(name, node, main, more)
  local p = {name = name, node = node, main = main, w = self, on_start = on_start, on_end = on_end, on_kill = on_kill,
    on_stall = on_stall, delicate = delicate}
  for key, value in pairs(more or {}) do p[key] = value end
  return self.sim:spawn(p)
end

function World:worker(name, node, slot, main, once)
  return self:process(name, node, main, {slot = slot, once = once})
end

local function populate(w)
  for _, slot in ipairs({'a:1', 'a:2', 'b:1', 'c:1'}) do
    w:worker('persist ' .. slot, slot:sub(1, 1), slot, persist.main(slot))
  end
  for _, slot in ipairs({'a:1', 'c:1'}) do w:process('recount ' .. slot, slot:sub(1, 1), recount.main(slot)) end
  for _, node in ipairs({'a', 'b'}) do w:process('schedule ' .. node, node, schedule.main) end
  w:process('purge', 'a', tombstone.purge)
  for i = 1, 4 do w:process('api ' .. i, nil, clients.poster) end
  for i = 5, 6 do w:process('api ' .. i, nil, clients.deleter) end
  w:process('api 7', nil, clients.founder)
end

-- ---------------------------------------------------------------- the beginning

local function application(w, app, last)
  w.mysql.apps[app] = {last = last, stored = last, living = 0}
  w.ledger.base[app] = last
  w.redis:call('SET', ids.counter(app), ids.text(last))
end

-- A chat that has given nearly all of its numbers.
local function full_chat(w, app, number)
  local chat, last = ids.chat(app, number), ids.LAST_NUMBER - 12
  w.mysql.chats[chat] = {app = app, number = number, last = last, stored = last, living = 0}
  w.ledger.base[chat] = last
  w.redis:call('SET', ids.counter(chat), ids.text(last))
  local row = w.mysql.apps[app]
  row.last, row.stored, row.living = number, number, 1
  w.ledger.base[app] = 0
  w.redis:call('SET', ids.counter(app), ids.text(number))
  w.known[#w.known + 1] = chat
end

local function found(w)
  application(w, 1, 0)
  application(w, 2, ids.LAST_NUMBER - 3)
  application(w, 2097151, 0)
  full_chat(w, 1, 1)
  w.redis:call('SET', 'queue_seq', '0')
end

-- options: seed, mode, folder (of the scripts), broken (model steps), changes (of scripts)
function World.new(options)
  local sim = Sim.new(options.seed)
  local w = setmetatable({sim = sim, mode = options.mode, broken = options.broken or {}, ledger = Ledger.new(),
    mysql = Mysql.new(sim), epoch = 1, run_id = 1, redis_down_until = 0, trouble = true, known = {}, asked = {},
    snapshots = {}, history = {}, next_app = 2, twins = {}, has_twin = {}}, World)
  w.unnoticed = faults.unnoticed
  job.forget_all()
  w.redis = Standin.new(function() return sim.now end)
  w.scripts = scripts.load(w.redis, options.folder, options.changes)
  w.queue_limit = options.seed % 3 == 0 and 40 or 0
  w.foreigners = options.mode == 'taken' or options.mode == 'rollback' and math.floor(options.seed / 4) % 2 == 0
  w.host_dies_at = math.random(500, STEPS)
  w.behind = function() return (tonumber(w.redis:call('GET', 'queue_seq') or -1)) < w:highest_mark() end
  found(w)
  populate(w)
  return w
end

function World:highest_mark()
  local mark = 0
  for _, value in pairs(self.mysql.marks) do mark = math.max(mark, value) end
  return mark
end

-- Now and then nobody creates anything, so that queue_seq stands still.
function World:quiet()
  return self.closing or self.mode == 'rollback' and self.sim.now % 2400 > 1400
end

-- ---------------------------------------------------------------- the end

-- A job whose chat has no number left waits for ever.
local function is_stuck(w, text)
  local j = job.parse(text)
  return j.error_class == 'NumberTaken' and tonumber(w.redis:call('GET', ids.counter(j.id)) or 0) >= ids.LAST_NUMBER
end

local function waits(w)
  for key, value in pairs(w.redis.keys) do
    if value.type == 'list' and key ~= 'queue:unclaimed' then return true end
  end
  for _, key in ipairs({'retry', 'schedule'}) do
    for _, text in ipairs(w.redis:call('ZRANGE', key, 0, -1)) do
      if not is_stuck(w, text) then return true end
    end
  end
  return false
end

local function graves(w)
  for _, rows in ipairs({w.mysql.apps, w.mysql.chats}) do
    for _, row in pairs(rows) do
      if row.deleted and not row.purged then return true end
    end
  end
  return false
end

local function calm_down(w)
  w.trouble, w.mysql.trouble, w.closing = false, false, true
  w.sim.crash, w.sim.stall = 0, 0
  w.mysql.down_until, w.redis_down_until = 0, 0
  w.sim:tell('from here on nothing goes wrong')
  for i = #w.sim.processes, 1, -1 do -- a slot is one process's again
    if w.sim.processes[i].once then w.sim:kill(w.sim.processes[i]) end
  end
  for step = 1, CALM_STEPS do
    w.sim:step()
    w.mysql:end_idle()
    if step > 1500 and step % 100 == 0 and not waits(w) and not graves(w) and not w:behind() then return end
  end
  check.violated('I5', 'the queues do not run empty')
end

-- ---------------------------------------------------------------- the run

function World:run()
  self.sim.crash, self.sim.stall = CRASH * pick({0.3, 1, 2}), STALL * pick({0.3, 1, 3})
  faults.weather(self)
  for step = 1, STEPS do
    faults.happen(self)
    self.sim:step()
    self.mysql:end_idle()
    if step % CHECK_EVERY == 0 then check.sometimes(self) end
  end
  calm_down(self)
  check.at_the_end(self)
end

return World
