-- Processes that take turns: each is a coroutine that pauses before everything that another one could notice, and so may
-- die, sleep or be overtaken there. A seed decides all of it.
local Sim = {}
Sim.__index = Sim

local EVENTS = 40 -- of the last ones that are kept

function Sim.new(seed)
  math.randomseed(seed)
  return setmetatable({seed = seed, now = 0, steps = 0, processes = {}, events = {}, told = 0, crash = 0, stall = 0, bias = 1}, Sim)
end

function Sim.chance(p)
  return math.random() < p
end

-- ---------------------------------------------------------------- what happened

-- Remembers an event; put together only if it is asked for.
function Sim:tell(...)
  self.told = self.told + 1
  self.events[self.told % EVENTS] = {self.now, self.steps, self.running and self.running.name or 'world', ...}
  if self.follow then self:show(self.last_events(self, 1)[1]) end
end

-- A process of whoever looks for a mistake: every event that has that word.
function Sim:show(line)
  if (line .. ' '):find(self.follow) then print(line) end
end

function Sim:last_events(n)
  local lines = {}
  for i = math.max(1, self.told - n + 1), self.told do
    local event, words = self.events[i % EVENTS], {}
    for k = 4, #event do words[#words + 1] = tostring(event[k]) end
    lines[#lines + 1] = string.format('%7d %6d  %-11s %s', event[2], event[1], event[3], table.concat(words, ' '))
  end
  return lines
end

-- ---------------------------------------------------------------- processes

local function begin(p)
  p.co = coroutine.create(p.main)
  p.stopping = false
  p.born = p.born and p.born + 1 or 1
  if p.on_start then p:on_start() end
end

-- p: name, main(p), wake (0), restart: may come back after it ended; on_start, on_end: what goes with it.
function Sim:spawn(p)
  p.sim = self
  p.wake = p.wake or 0
  self.processes[#self.processes + 1] = p
  return p
end

local function finish(self, p)
  p.co = nil
  if p.on_end then p:on_end() end
  if p.once then
    p.wake = math.huge
    for i, q in ipairs(self.processes) do
      if q == p then table.remove(self.processes, i) end
    end
  else
    p.wake = self.now + math.random(1, 900)
  end
end

-- At once, wherever it is: kill -9.
function Sim:kill(p)
  if not p.co then return end
  self:tell(p.name, 'is killed')
  if p.on_kill then p:on_kill() end
  finish(self, p)
end

function Sim.pause() coroutine.yield() end

function Sim.sleep(p, ms)
  p.wake = p.sim.now + ms
  coroutine.yield()
end

local function ready(self)
  local list, soonest = {}, math.huge
  for _, p in ipairs(self.processes) do
    if p.wake <= self.now then list[#list + 1] = p
    elseif p.wake < soonest then soonest = p.wake end
  end
  return list, soonest
end

-- Death or a sleep comes between two steps of a process, more often where it is delicate. True: it did.
local function disturb(self, p)
  if not p.co then return false end
  local factor = p.delicate and p:delicate() and self.bias or 1
  if Sim.chance(self.crash) then
    self:kill(p)
    return true
  end
  if not Sim.chance(self.stall * factor) then return false end
  p.wake = self.now + math.random(1, Sim.chance(0.5) and 300 or 2500)
  self:tell(p.name, 'sleeps until', p.wake)
  if p.on_stall then p:on_stall() end
  return true
end

local function resume(self, p)
  if not p.co then begin(p) end
  self.running = p
  local ok, why = coroutine.resume(p.co, p)
  self.running = nil
  if not ok and why == Sim.KILLED then return self:kill(p) end
  if not ok then error(type(why) == 'string' and why .. '\n' .. debug.traceback(p.co) or why, 0) end
  if p.co and coroutine.status(p.co) == 'dead' then
    self:tell(p.name, 'ends')
    finish(self, p)
  end
end

-- One step of one process that is ready. False: nobody ever will be.
function Sim:step()
  self.steps = self.steps + 1
  local list, soonest = ready(self)
  if #list == 0 then
    if soonest == math.huge then return false end
    self.now = soonest
    return true
  end
  self.now = self.now + math.random(0, 2)
  local p = list[math.random(#list)]
  for _, q in ipairs(list) do -- while Redis is recovered everything waits for that one
    if q.link and q.link.recovering and Sim.chance(0.1) then p = q end
  end
  if not disturb(self, p) then resume(self, p) end
  return true
end

-- Thrown by what kills the process that runs it.
Sim.KILLED = {}

return Sim
