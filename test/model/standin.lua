-- A Redis in memory: the commands that the scripts and the programs use, whole calls at a time. differential.lua holds
-- it against the real one.
--
-- A reply is what redis.call answers in Lua: number, string, false (nil), {ok = …}, {err = …}, or a list of these.
local sha1 = require('sha1')

local Standin = {}
Standin.__index = Standin

-- `clock` answers the time in ms.
function Standin.new(clock)
  return setmetatable({keys = {}, expires = {}, clock = clock}, Standin)
end

-- ---------------------------------------------------------------- keys

local WRONGTYPE = {err = 'WRONGTYPE Operation against a key holding the wrong kind of value'}
local NOT_INTEGER = {err = 'ERR value is not an integer or out of range'}
local OK = {ok = 'OK'}

local makers = {
  string = function() return {type = 'string', value = ''} end,
  list = function() return {type = 'list', first = 1, last = 0} end, -- items at first..last, the left one first
  set = function() return {type = 'set', members = {}, size = 0} end,
  hash = function() return {type = 'hash', fields = {}, size = 0} end,
  zset = function() return {type = 'zset', scores = {}, size = 0} end,
}

local function remove(db, key)
  db.keys[key], db.expires[key] = nil, nil
end

-- The value of a key, or nil; an error reply is thrown if it is of another type.
local function find(db, key, type)
  local at = db.expires[key]
  if at and at <= db.clock() then remove(db, key) end
  local value = db.keys[key]
  if value and type and value.type ~= type then error(WRONGTYPE, 0) end
  return value
end

local function make(db, key, type)
  local value = find(db, key, type)
  if not value then
    value = makers[type]()
    db.keys[key] = value
  end
  return value
end

-- What has become empty is no key any more.
local function settle(db, key, value)
  local size = value.type == 'list' and value.last - value.first + 1 or value.size
  if size == 0 then remove(db, key) end
end

local function integer(text)
  if not text:match('^-?%d+$') then error(NOT_INTEGER, 0) end
  return tonumber(text)
end

local function sorted(names)
  local list = {}
  for name in pairs(names) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- ---------------------------------------------------------------- commands: strings and keys

local commands = {} -- NAME -> {least arguments, does it write, function(db, …)}

local function command(name, least, writes, run)
  commands[name] = {least = least, writes = writes, run = run}
end

command('GET', 1, false, function(db, key)
  local value = find(db, key, 'string')
  return value and value.value or false
end)

local function put(db, key, text)
  remove(db, key)
  db.keys[key] = {type = 'string', value = text}
end

command('SET', 2, true, function(db, key, text, ...)
  local expires
  local options, i = {...}, 1
  while options[i] do
    local option = options[i]:upper()
    if option == 'NX' then
      if find(db, key) then return false end
      i = i + 1
    elseif option == 'EX' or option == 'PX' then
      expires = db.clock() + integer(options[i + 1]) * (option == 'EX' and 1000 or 1)
      i = i + 2
    else
      return {err = 'ERR syntax error'}
    end
  end
  put(db, key, text)
  db.expires[key] = expires
  return OK
end)

command('SETNX', 2, true, function(db, key, text)
  if find(db, key) then return 0 end
  put(db, key, text)
  return 1
end)

command('EXISTS', 1, false, function(db, ...)
  local n = 0
  for _, key in ipairs({...}) do
    if find(db, key) then n = n + 1 end
  end
  return n
end)

local function delete(db, ...)
  local n = 0
  for _, key in ipairs({...}) do
    if find(db, key) then
      remove(db, key)
      n = n + 1
    end
  end
  return n
end
command('DEL', 1, true, delete)
command('UNLINK', 1, true, delete)

local function add(db, key, by)
  local value = find(db, key, 'string')
  local now = value and integer(value.value) or 0
  value = value or make(db, key, 'string')
  value.value = string.format('%.0f', now + by)
  return now + by
end
command('INCR', 1, true, function(db, key) return add(db, key, 1) end)
command('INCRBY', 2, true, function(db, key, by) return add(db, key, integer(by)) end)

local function expire(db, key, ms)
  if not find(db, key) then return 0 end
  if ms <= 0 then remove(db, key) else db.expires[key] = db.clock() + ms end
  return 1
end
command('PEXPIRE', 2, true, function(db, key, ms) return expire(db, key, integer(ms)) end)
command('EXPIRE', 2, true, function(db, key, s) return expire(db, key, integer(s) * 1000) end)

command('PTTL', 1, false, function(db, key)
  if not find(db, key) then return -2 end
  return db.expires[key] and db.expires[key] - db.clock() or -1
end)

command('TYPE', 1, false, function(db, key)
  local value = find(db, key)
  return {ok = value and value.type or 'none'}
end)

command('KEYS', 1, false, function(db) -- of the pattern *
  local list = {}
  for _, key in ipairs(sorted(db.keys)) do
    if find(db, key) then list[#list + 1] = key end
  end
  return list
end)

command('FLUSHALL', 0, true, function(db)
  db.keys, db.expires = {}, {}
  return OK
end)

-- ---------------------------------------------------------------- lists

local function length(list)
  return list and list.last - list.first + 1 or 0
end

local function push(list, side, item)
  if side == 'LEFT' then
    list.first = list.first - 1
    list[list.first] = item
  else
    list.last = list.last + 1
    list[list.last] = item
  end
end

local function pop(list, side)
  local item
  if side == 'LEFT' then
    item, list[list.first] = list[list.first], nil
    list.first = list.first + 1
  else
    item, list[list.last] = list[list.last], nil
    list.last = list.last - 1
  end
  return item
end

-- From an index of Redis' to one of ours.
local function place(list, index)
  return index < 0 and list.last + 1 + index or list.first + index
end

command('LLEN', 1, false, function(db, key) return length(find(db, key, 'list')) end)

command('LINDEX', 2, false, function(db, key, index)
  local list = find(db, key, 'list')
  return list and list[place(list, integer(index))] or false
end)

local function range(from, to, n) -- 0-based, inclusive; from the end when negative
  from, to = integer(from), integer(to)
  if from < 0 then from = math.max(0, n + from) end
  if to < 0 then to = n + to end
  return from, math.min(to, n - 1)
end

command('LRANGE', 3, false, function(db, key, from, to)
  local list, items = find(db, key, 'list'), {}
  from, to = range(from, to, length(list))
  for i = from, to do items[#items + 1] = list[list.first + i] end
  return items
end)

local function pusher(side)
  return function(db, key, ...)
    local list = make(db, key, 'list')
    for _, item in ipairs({...}) do push(list, side, item) end
    return length(list)
  end
end
command('LPUSH', 2, true, pusher('LEFT'))
command('RPUSH', 2, true, pusher('RIGHT'))

command('LMOVE', 4, true, function(db, from, to, out, into)
  local source = find(db, from, 'list')
  if not source then return false end
  find(db, to, 'list')
  local item = pop(source, out:upper())
  push(make(db, to, 'list'), into:upper(), item)
  settle(db, from, source)
  return item
end)

command('LREM', 3, true, function(db, key, _, item) -- the first one from the left
  local list = find(db, key, 'list')
  for i = list and list.first or 1, list and list.last or 0 do
    if list[i] == item then
      for k = i, list.last do list[k] = list[k + 1] end
      list.last = list.last - 1
      settle(db, key, list)
      return 1
    end
  end
  return 0
end)

-- ---------------------------------------------------------------- sets and hashes

command('SADD', 2, true, function(db, key, ...)
  local set, n = make(db, key, 'set'), 0
  for _, member in ipairs({...}) do
    if not set.members[member] then
      set.members[member] = true
      n = n + 1
    end
  end
  set.size = set.size + n
  return n
end)

command('SREM', 2, true, function(db, key, member)
  local set = find(db, key, 'set')
  if not set or not set.members[member] then return 0 end
  set.members[member] = nil
  set.size = set.size - 1
  settle(db, key, set)
  return 1
end)

command('SMEMBERS', 1, false, function(db, key)
  local set = find(db, key, 'set')
  return set and sorted(set.members) or {}
end)

command('HGET', 2, false, function(db, key, field)
  local hash = find(db, key, 'hash')
  return hash and hash.fields[field] or false
end)

command('HLEN', 1, false, function(db, key)
  local hash = find(db, key, 'hash')
  return hash and hash.size or 0
end)

command('HEXISTS', 2, false, function(db, key, field)
  local hash = find(db, key, 'hash')
  return hash and hash.fields[field] and 1 or 0
end)

local function put_field(hash, field, text)
  if not hash.fields[field] then hash.size = hash.size + 1 end
  hash.fields[field] = text
end

command('HSET', 3, true, function(db, key, field, text)
  local hash = make(db, key, 'hash')
  local new = hash.fields[field] and 0 or 1
  put_field(hash, field, text)
  return new
end)

command('HSETNX', 3, true, function(db, key, field, text)
  local hash = make(db, key, 'hash')
  if hash.fields[field] then return 0 end
  put_field(hash, field, text)
  return 1
end)

command('HINCRBY', 3, true, function(db, key, field, by)
  local hash = make(db, key, 'hash')
  local now = tonumber(hash.fields[field] or 0) + integer(by)
  put_field(hash, field, string.format('%.0f', now))
  return now
end)

command('HDEL', 2, true, function(db, key, field)
  local hash = find(db, key, 'hash')
  if not hash or not hash.fields[field] then return 0 end
  hash.fields[field] = nil
  hash.size = hash.size - 1
  settle(db, key, hash)
  return 1
end)

command('HGETALL', 1, false, function(db, key)
  local hash, all = find(db, key, 'hash'), {}
  for _, field in ipairs(hash and sorted(hash.fields) or {}) do
    all[#all + 1] = field
    all[#all + 1] = hash.fields[field]
  end
  return all
end)

-- ---------------------------------------------------------------- sorted sets

local function in_order(zset)
  local list = sorted(zset and zset.scores or {})
  table.sort(list, function(a, b)
    local x, y = zset.scores[a], zset.scores[b]
    if x ~= y then return x < y end
    return a < b
  end)
  return list
end

command('ZADD', 3, true, function(db, key, score, member)
  local zset = make(db, key, 'zset')
  local new = zset.scores[member] and 0 or 1
  zset.scores[member] = tonumber(score)
  zset.size = zset.size + new
  return new
end)

command('ZREM', 2, true, function(db, key, member)
  local zset = find(db, key, 'zset')
  if not zset or not zset.scores[member] then return 0 end
  zset.scores[member] = nil
  zset.size = zset.size - 1
  settle(db, key, zset)
  return 1
end)

command('ZSCORE', 2, false, function(db, key, member)
  local zset = find(db, key, 'zset')
  return zset and zset.scores[member] and string.format('%.17g', zset.scores[member]) or false
end)

command('ZCARD', 1, false, function(db, key)
  local zset = find(db, key, 'zset')
  return zset and zset.size or 0
end)

command('ZRANGE', 3, false, function(db, key, from, to, withscores)
  local zset, items = find(db, key, 'zset'), {}
  local all = in_order(zset)
  from, to = range(from, to, #all)
  for i = from, to do
    items[#items + 1] = all[i + 1]
    if withscores then items[#items + 1] = string.format('%.17g', zset.scores[all[i + 1]]) end
  end
  return items
end)

-- key -inf most LIMIT skip n
command('ZRANGEBYSCORE', 6, false, function(db, key, _, most, _, skip, n)
  local zset, items = find(db, key, 'zset'), {}
  for _, member in ipairs(in_order(zset)) do
    if zset.scores[member] <= tonumber(most) then items[#items + 1] = member end
  end
  local page = {}
  for i = integer(skip) + 1, math.min(#items, integer(skip) + integer(n)) do page[#page + 1] = items[i] end
  return page
end)

-- ---------------------------------------------------------------- calling

local function text_of(argument)
  return type(argument) == 'number' and string.format('%.17g', argument) or argument
end

-- A command with its arguments; a number becomes a text as Redis makes one of it.
function Standin:call(name, ...)
  local c = commands[name:upper()]
  if not c then error('the stand-in has no ' .. name) end
  local arguments = {...}
  if #arguments < c.least then
    return {err = "ERR wrong number of arguments for '" .. name:lower() .. "' command"}
  end
  if self.read_only and c.writes then error(name .. ' in a script that promised no writes') end
  for i, argument in ipairs(arguments) do arguments[i] = text_of(argument) end
  local ok, reply = pcall(c.run, self, unpack(arguments))
  if ok then return reply end
  if type(reply) == 'table' and reply.err then return reply end
  error(reply, 0)
end

-- ---------------------------------------------------------------- scripts

-- What a script returns, as Redis sends it.
local function answer(value)
  if type(value) == 'number' then return value < 0 and math.ceil(value) or math.floor(value) end
  if type(value) == 'boolean' then return value and 1 or false end
  if type(value) ~= 'table' then return value or false end
  if value.err or value.ok then return value end
  local list = {}
  for i = 1, #value do
    if value[i] == nil then break end
    list[i] = answer(value[i])
  end
  return list
end

local function environment(db)
  local redis = {sha1hex = sha1}
  function redis.call(...)
    local reply = db:call(...)
    if type(reply) == 'table' and reply.err then error(reply.err, 0) end
    return reply
  end
  function redis.error_reply(text) return {err = text} end
  function redis.status_reply(text) return {ok = text} end
  return {redis = redis, string = string, table = table, math = math, tonumber = tonumber, tostring = tostring,
    ipairs = ipairs, pairs = pairs, type = type, unpack = unpack, error = error, pcall = pcall}
end

-- Loads a script's text for this Redis; what it returns is run(keys, arguments) -> reply.
function Standin:script(text, name)
  local first = text:match('^#![^\n]*')
  local run = assert(loadstring(first and '--' .. text or text, '=' .. (name or 'script')))
  local env = environment(self)
  setfenv(run, env)
  local read_only = first and first:find('no-writes', 1, true) ~= nil
  return function(keys, arguments)
    env.KEYS, env.ARGV = keys, {}
    for i, argument in ipairs(arguments) do env.ARGV[i] = text_of(argument) end
    self.read_only = read_only
    local reply = answer(run())
    self.read_only = nil
    return reply
  end
end

-- ---------------------------------------------------------------- snapshots

local function copy(value)
  if type(value) ~= 'table' then return value end
  local new = {}
  for k, v in pairs(value) do new[k] = copy(v) end
  return new
end

function Standin:snapshot()
  return {keys = copy(self.keys), expires = copy(self.expires)}
end

function Standin:restore(snapshot)
  self.keys, self.expires = copy(snapshot.keys), copy(snapshot.expires)
end

return Standin
