-- What of MySQL matters to the queue: rows, unique keys, row locks that are held to the end of a transaction, READ
-- COMMITTED, a lock by name, connections that break, and a COMMIT whose answer is lost.
local failure = require('failure')
local Sim = require('sim')

local Mysql, Session = {}, {}
Mysql.__index, Session.__index = Mysql, Session

local IDLE_TIMEOUT = 600 -- wait_timeout: a session that sleeps longer is ended
local LOCK_TIMEOUT = 400 -- innodb_lock_wait_timeout
local LOST_REPLY, DEADLOCK = 0.01, 0.003

function Mysql.new(sim)
  return setmetatable({sim = sim, apps = {}, chats = {}, messages = {}, keys = {}, marks = {}, renumbered = {},
    locks = {}, claims = {}, named = {}, sessions = {}, down_until = 0, trouble = true}, Mysql)
end

function Mysql:up() return self.sim.now >= self.down_until end

function Mysql:app_dead(app)
  local row = self.apps[app]
  return not row or row.deleted
end

function Mysql:chat_dead(chat)
  return self:app_dead(math.floor(chat / 4294967296)) or self.chats[chat] ~= nil and self.chats[chat].deleted
end

-- The highest number that has a row in a chat.
function Mysql:highest_row(chat)
  return self.messages[chat] and self.messages[chat].highest or 0
end

function Mysql:highest_chat(app)
  local highest = 0
  for _, row in pairs(self.chats) do
    if row.app == app and row.number > highest then highest = row.number end
  end
  return highest
end

function Mysql:put_message(row)
  local rows = self.messages[row.chat]
  if not rows then
    rows = {list = {}, highest = 0, given = 0} -- given: the highest one that is not foreign
    self.messages[row.chat] = rows
  end
  rows.list[row.number] = row
  rows.highest = math.max(rows.highest, row.number)
  if not row.foreign then rows.given = math.max(rows.given, row.number) end
  if row.key then self.keys[row.key] = row end
end

function Mysql:message(chat, number)
  return self.messages[chat] and self.messages[chat].list[number]
end

-- ---------------------------------------------------------------- sessions

function Mysql:session(process)
  local s = setmetatable({db = self, process = process, used = self.sim.now, held = {}}, Session)
  self.sessions[#self.sessions + 1] = s
  return s
end

local function release(s)
  for key in pairs(s.held) do
    local lock = s.db.locks[key]
    if lock.owner == s then lock.owner = nil end
    lock.sharers[s] = nil
  end
  for key in pairs(s.claims or {}) do s.db.claims[key] = nil end
  s.held, s.claims, s.writes = {}, nil, nil
end

-- The connection is gone: what it had open is taken back.
function Session:disconnect()
  release(self)
  for name, owner in pairs(self.db.named) do
    if owner == self then self.db.named[name] = nil end
  end
end

function Session:close()
  self:disconnect()
  for i, s in ipairs(self.db.sessions) do
    if s == self then table.remove(self.db.sessions, i) end
  end
end

local function is_open(s) return s.writes ~= nil end

-- wait_timeout; a session that waits for a lock is not idle.
function Mysql:end_idle()
  for _, s in ipairs(self.sessions) do
    if self.sim.now - s.used > IDLE_TIMEOUT and not s.waiting and (is_open(s) or next(s.held) or next(self.named)) then
      s.broken = is_open(s) or s.broken
      s:disconnect()
    end
  end
end

function Mysql:go_down(ms)
  self.down_until = self.sim.now + ms
  for _, s in ipairs(self.sessions) do
    s.broken = is_open(s) or s.broken
    s:disconnect()
  end
end

local function lost(s, code)
  s:disconnect()
  s.broken = nil
  failure.throw(code)
end

-- Before every statement: others may come first, the server may be gone, InnoDB may choose a victim.
function Session:statement()
  Sim.pause()
  self.used = self.db.sim.now
  if not self.db:up() or self.broken then lost(self, 'db') end
  if is_open(self) and self.db.trouble and Sim.chance(DEADLOCK) then
    release(self)
    failure.throw('busy')
  end
end

-- ---------------------------------------------------------------- locks

local function blocked(s, lock, shared)
  if lock.owner and lock.owner ~= s then return true end
  if shared then return false end
  for other in pairs(lock.sharers) do
    if other ~= s then return true end
  end
  return false
end

-- Waits while `busy()`; a wait that is too long fails as a lock wait does.
local function await(s, busy)
  local until_ms = s.db.sim.now + LOCK_TIMEOUT
  s.waiting = true
  while busy() and s.db.sim.now <= until_ms and s.db:up() and not s.broken do
    Sim.sleep(s.process, math.random(1, 10))
  end
  s.waiting = nil
  if not s.db:up() or s.broken then lost(s, 'db') end
  if busy() then
    release(s)
    failure.throw('busy')
  end
  s.used = s.db.sim.now
end

-- A row's lock until the end of the transaction.
function Session:lock(key, shared)
  local lock = self.db.locks[key]
  if not lock then
    lock = {sharers = {}}
    self.db.locks[key] = lock
  end
  await(self, function() return blocked(self, lock, shared) end)
  if shared then lock.sharers[self] = true else lock.owner = self end
  self.held[key] = true
end

-- A locking read of all rows of a kind without a transaction: waits for those that are locked.
function Session:await_locks(prefix)
  await(self, function()
    for key, lock in pairs(self.db.locks) do
      if lock.owner and lock.owner ~= self and key:sub(1, #prefix) == prefix then return true end
    end
    return false
  end)
end

-- A unique key that this transaction is about to write. False: a row has it, or this transaction has written it.
function Session:claim(key, row)
  await(self, function() return self.db.claims[key] and self.db.claims[key] ~= self end)
  if row() or self.claims[key] then return false end
  self.db.claims[key] = self
  self.claims[key] = true
  return true
end

-- GET_LOCK(name, 0)
function Session:take_name(name)
  self:statement()
  local owner = self.db.named[name]
  if owner and owner ~= self then return false end
  self.db.named[name] = self
  return true
end

function Session:release_name(name)
  if self.db.named[name] == self then self.db.named[name] = nil end
end

-- ---------------------------------------------------------------- transactions

function Session:begin()
  release(self)
  self:statement()
  self.writes, self.claims = {}, {}
end

-- Done when it is committed; under the locks that were taken, nobody sees the difference.
function Session:write(change)
  self.writes[#self.writes + 1] = change
end

function Session:rollback()
  release(self)
end

function Session:commit()
  self:statement()
  for _, change in ipairs(self.writes) do change(self.db) end
  release(self)
  if self.db.trouble and Sim.chance(LOST_REPLY) then lost(self, 'db') end
end

-- A statement by itself that writes one row.
function Session:auto(change)
  self:statement()
  change(self.db)
end

return Mysql
