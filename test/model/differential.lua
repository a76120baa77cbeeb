-- Is the stand-in a Redis? Random calls of every script, and of every command that the model uses, for both of them:
--   luajit differential.lua SEED CALLS requests >requests    what to send to a real, empty Redis
--   luajit differential.lua SEED CALLS replies <replies      its replies, held against the stand-in's
--   luajit differential.lua names                            the scripts that it calls
-- Behind each call the whole key space is read, with the time that keys have to live, in hours.
local here = arg[0]:match('^(.*)/[^/]*$') or '.'
package.path = here .. '/?.lua;' .. package.path

local ids = require('ids')
local job = require('job')
local resp = require('resp')
local scripts = require('scripts')
local sha1 = require('sha1')
local Standin = require('standin')

local folder = here .. '/../../redis'
local HOUR_S, HOUR_MS = 3600, 3600000
local SHORT_MS = 11 -- a time to live that is waited for: no other argument is that

local DUMP = [[
local function joined(list) return table.concat(list, ' ') end
local function members(key)
  local list = redis.call('SMEMBERS', key)
  table.sort(list)
  return joined(list)
end
local function fields(key)
  local all, list = redis.call('HGETALL', key), {}
  for i = 1, #all, 2 do list[#list + 1] = all[i] .. '=' .. all[i + 1] end
  table.sort(list)
  return joined(list)
end
local readers = {
  string = function(key) return redis.call('GET', key) end,
  list = function(key) return joined(redis.call('LRANGE', key, 0, -1)) end,
  zset = function(key) return joined(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) end,
  set = members, hash = fields,
}
local keys, lines = redis.call('KEYS', '*'), {}
table.sort(keys)
for i, key in ipairs(keys) do
  local kind, left = redis.call('TYPE', key).ok, redis.call('PTTL', key)
  local hours = left < 0 and 'for ever' or string.format('%d h', math.ceil(left / 3600000))
  lines[i] = key .. ' ' .. kind .. ' ' .. hours .. ': ' .. readers[kind](key)
end
return lines
]]

-- ---------------------------------------------------------------- what is called with

local function pick(list) return list[math.random(#list)] end
local function chance(p) return math.random() < p end

local APPS, SLOTS, TOKENS, QUEUES = {1, 2097151}, {'a:1', 'b:1'}, {'t1', 't2'}, {'default', 'counts'}
local FORMATS = {'native', 'active', 'keywords'}
local ZSETS = {'retry', 'schedule', 'dead'}

local function app() return pick(APPS) end
local function chat() return ids.chat(app(), math.random(1, 3)) end
local function queue_and_slot() return chance(0.7) and 'default' or 'counts', pick(SLOTS) end
local function parent() return chance(0.5) and app() or chat() end
local function hours() return math.random(1, 4) * HOUR_S end
local function seconds() return math.random(1, 20) end
local function number() return chance(0.1) and ids.LAST_NUMBER - math.random(0, 2) or math.random(0, 12) end

local function message()
  local head, tail = job.halves(pick(FORMATS), job.MESSAGE, chat(), string.format('%024x', math.random(40)))
  local text = head .. math.random(1, 15) .. tail
  return chance(0.1) and text:gsub(',"jid":"%x*"', '') or text
end

local function any_job()
  if chance(0.2) then
    local head, tail = job.halves(pick(FORMATS), job.CHAT, app(), string.format('%024x', math.random(40)))
    return head .. math.random(1, 5) .. tail
  end
  if chance(0.1) then return job.foreign(chance(0.5) and 'f' .. math.random(9)) end
  local text = message()
  return chance(0.3) and job.failed(job.parse(text), pick({'NumberTaken', 'Timeout'})) or text
end

-- The token that really is there, mostly.
local function token_of(redis, key) return chance(0.8) and redis:call('GET', key) or pick(TOKENS) end

-- A job that is really in that list or zset, if there is one.
local function one_of(redis, key)
  local value = redis.keys[key]
  if not value then return any_job() end
  return redis:call(value.type == 'zset' and 'ZRANGE' or 'LRANGE', key, 0, 0)[1] or any_job()
end

-- ---------------------------------------------------------------- calls of scripts: keys and arguments

local calls = {}

function calls.bury(redis)
  local from = pick(ZSETS)
  return {from, pick({from, 'dead'})}, {one_of(redis, from), any_job(), pick({'', seconds()})}
end

function calls.create_chat()
  local a = app()
  local head, tail = job.halves(pick(FORMATS), job.CHAT, a, string.format('%024x', math.random(40)))
  return {ids.counter(a), 'queue:default', 'queues', 'queue_seq', 'backlog'},
    {'default', head, tail, pick({0, 0, 3, 6}), a}
end

function calls.create_message()
  local c = chat()
  local head, tail = job.halves(pick(FORMATS), job.MESSAGE, c, string.format('%024x', math.random(40)))
  return {ids.counter(ids.app(c)), ids.counter(c), 'queue:default', 'queues', 'queue_seq', 'backlog'},
    {'default', head, tail, pick({0, 0, 3, 6}), ids.app(c)}
end

function calls.delete()
  local id = parent()
  return {ids.counter(id), ids.gone(id), 'queue_seq', chance(0.3) and 'chat_app:token:x' or nil}, {hours()}
end

function calls.depth()
  return {'inflight', 'retry', 'schedule', 'dead', 'queue:default', 'queue:counts'}, {}
end

function calls.drain()
  local q, slot = queue_and_slot()
  return {ids.queue(q), ids.inflight(q, slot), ids.lease(q, slot), 'inflight', ids.suspects(q), 'queue_seq'},
    {math.random(1, 5), math.random(1, 900), math.random(1, 3) * HOUR_MS, pick(TOKENS)}
end

function calls.finish(redis)
  local q, slot = queue_and_slot()
  local keys = {ids.inflight(q, slot), ids.lease(q, slot), ids.suspects(q), 'retry', 'dead', 'p', 'p:day', 'f', 'f:day',
    'queues', 'backlog', 'queue:default', 'queue:counts'}
  local n = {math.random(0, 2), math.random(0, 2), math.random(0, 2), math.random(0, 2), math.random(0, 2)}
  local a = {token_of(redis, keys[2]), math.random(5), math.random(5), seconds(), n[1], n[2], n[3], n[4]}
  local function add(...)
    for _, x in ipairs({...}) do a[#a + 1] = x end
  end
  for _ = 1, n[1] do add(seconds(), any_job()) end
  for _ = 1, n[2] do add(any_job()) end
  for _ = 1, n[3] do add(13, 'counts', any_job()) end
  for _ = 1, n[4] do add(app(), -math.random(3)) end
  for _ = 1, n[5] do
    keys[#keys + 1] = ids.pending('Count', math.random(3))
    add(#keys, hours(), 13, 'counts', any_job())
  end
  return keys, a
end

function calls.numbers()
  local id, of_app = chat(), chance(0.4)
  if of_app then id = app() end
  return {'inflight', 'queues', 'retry', 'schedule', 'dead'}, {ids.text(id),
    '"' .. (of_app and job.CHAT or job.MESSAGE) .. '"', of_app and 'application_id"' or 'chat_id"', pick({5, 100, '', ''})}
end

function calls.mark()
  return {pick({ids.heal(parent()), 'recovering'})}, {pick(TOKENS), math.random(1, 4) * HOUR_MS, pick({'NX', ''})}
end

function calls.promote(redis)
  local zset, keys, a = pick(ZSETS), nil, {'default'}
  keys = {zset, 'queue:default', 'queues', 'queue_seq'}
  for _ = 1, math.random(1, 2) do
    local j = job.parse(chance(0.8) and one_of(redis, zset) or any_job())
    local again = j.class == job.MESSAGE and chance(0.6)
    if again then keys[#keys + 1] = ids.counter(j.id) end
    for _, x in ipairs({j.text, again and #keys or 0, again and j.text:sub(1, j.begin - 1) or j.text,
      again and j.text:sub(j.finish) or ''}) do a[#a + 1] = x end
  end
  return keys, a
end

function calls.raise()
  local id = parent()
  return {ids.counter(id), ids.gone(id), ids.heal(id)}, {number(), pick({'*', '', 't1', 't2'})}
end

function calls.reap()
  local q, slot = queue_and_slot()
  return {ids.inflight(q, slot), ids.lease(q, slot), ids.queue(q), ids.suspects(q), 'inflight'}, {hours(), pick({'', '', 'own', 'stop'})}
end

function calls.recovered(redis)
  return {'recovering', 'queue_seq'}, {token_of(redis, 'recovering'), math.random(0, 60)}
end

function calls.renew(redis)
  local lease = ids.lease(queue_and_slot())
  return {lease}, {token_of(redis, lease), math.random(1, 3) * HOUR_MS}
end

function calls.restore(redis)
  local keys, a = {'recovering'}, {token_of(redis, 'recovering')}
  for _ = 1, math.random(0, 3) do
    local id = parent()
    keys[#keys + 1], keys[#keys + 2] = ids.counter(id), ids.gone(id)
    a[#a + 1] = chance(0.3) and '' or number()
  end
  return keys, a
end

-- ---------------------------------------------------------------- plain commands

-- That put the keys of the scripts into states that these alone don't reach.
local settings = {
  function() return {'SET', ids.counter(parent()), number()} end,
  function() return {'SETNX', ids.counter(app()), 0} end,
  function() return {'DEL', pick({ids.counter(parent()), 'queue_seq', ids.gone(parent()), ids.lease(queue_and_slot())})} end,
  function() return {'DEL', pick({ids.gone(parent()), ids.lease(queue_and_slot())})} end,
  function() return {'SET', ids.counter(parent()), number()} end,
  function() return {'SETNX', 'queue_seq', math.random(9)} end,
  function() return {'SETNX', 'queue_seq', math.random(9)} end,
  function() return {'LPUSH', ids.queue(pick(QUEUES)), any_job()} end,
  function() return {'ZADD', pick(ZSETS), seconds(), any_job()} end,
  function() return {'SADD', 'queues', pick(QUEUES)} end,
  function() return {'UNLINK', pick({'queue:counts', pick(ZSETS)})} end,
}

-- On keys of any type, which no script sees.
local X = {'x1', 'x2', 'x3', 'x4'}
local function x() return pick(X) end
local function word() return pick({'a', 'b', '1', '7', '-3', 'c d', ''}) end
local function side() return pick({'LEFT', 'RIGHT'}) end
local function index() return math.random(-4, 4) end
local plain = {
  function() return {'GET', x()} end,
  function() return {'SET', x(), word()} end,
  function() return {'SET', x(), word(), 'NX'} end,
  function() return {'SET', x(), word(), 'EX', hours()} end,
  function() return {'SET', x(), word(), 'NX', 'PX', SHORT_MS} end,
  function() return {'SETNX', x(), word()} end,
  function() return {'EXISTS', x(), x()} end,
  function() return {'DEL', x(), x()} end,
  function() return {'UNLINK', x()} end,
  function() return {'INCR', x()} end,
  function() return {'INCRBY', x(), index()} end,
  function() return {'EXPIRE', x(), pick({0, -1, hours()})} end,
  function() return {'PEXPIRE', x(), pick({0, SHORT_MS, HOUR_MS})} end,
  function() return {'TYPE', x()} end,
  function() return {'LLEN', x()} end,
  function() return {'LINDEX', x(), index()} end,
  function() return {'LRANGE', x(), index(), index()} end,
  function() return {'LPUSH', x(), word(), word()} end,
  function() return {'RPUSH', x(), word()} end,
  function() return {'LMOVE', x(), x(), side(), side()} end,
  function() return {'LREM', x(), 1, word()} end,
  function() return {'SADD', x(), word(), word()} end,
  function() return {'SREM', x(), word()} end,
  function() return {'HSET', x(), word(), word()} end,
  function() return {'HSETNX', x(), word(), word()} end,
  function() return {'HGET', x(), word()} end,
  function() return {'HEXISTS', x(), word()} end,
  function() return {'HLEN', x()} end,
  function() return {'HDEL', x(), word()} end,
  function() return {'ZADD', x(), seconds(), word()} end,
  function() return {'ZREM', x(), word()} end,
  function() return {'ZCARD', x()} end,
  function() return {'ZSCORE', x(), word()} end,
  function() return {'ZRANGE', x(), index(), index()} end,
  function() return {'ZRANGEBYSCORE', x(), '-inf', seconds(), 'LIMIT', math.random(0, 2), math.random(1, 3)} end,
}

-- ---------------------------------------------------------------- both sides

-- Each script by its name: its text, and the stand-in's run(keys, arguments).
local function load_scripts(redis)
  local texts, runs = {dump = DUMP}, {}
  for _, name in ipairs(scripts.names) do texts[name] = scripts.read(folder, name) end
  for name, text in pairs(texts) do runs[name] = redis:script(text, name) end
  return texts, runs
end

local function script_request(texts, name, keys, arguments)
  local words = {'EVALSHA', sha1(texts[name]), #keys}
  for _, key in ipairs(keys) do words[#words + 1] = key end
  for _, argument in ipairs(arguments) do words[#words + 1] = argument end
  return words
end

-- A call by chance: its name, the words to send, and the stand-in's reply.
local function one_call(redis, texts, runs)
  if chance(0.004) then return 'FLUSHALL', {'FLUSHALL'}, redis:call('FLUSHALL') end
  if chance(0.5) then
    local words = pick(chance(0.5) and settings or plain)()
    return words[1], words, redis:call(unpack(words))
  end
  local name = pick(scripts.names)
  local keys, arguments = calls[name](redis)
  return name, script_request(texts, name, keys, arguments), runs[name](keys, arguments)
end

-- each(name, words, reply) for every call, in order.
local function generate(seed, n, each)
  math.randomseed(seed)
  local now = 0
  local redis = Standin.new(function() return now end)
  local texts, runs = load_scripts(redis)
  each('FLUSHALL', {'FLUSHALL'}, redis:call('FLUSHALL'))
  each('load', {'SCRIPT', 'LOAD', DUMP}, sha1(DUMP))
  for _, name in ipairs(scripts.names) do each('load', {'SCRIPT', 'LOAD', texts[name]}, sha1(texts[name])) end
  for _ = 1, n do
    local name, words, reply = one_call(redis, texts, runs)
    each(name, words, reply)
    if words[#words] == SHORT_MS then -- time goes by, for both
      each('BLPOP', {'BLPOP', 'nothing', '0.02'}, '*-1\r\n')
      now = now + 20
    end
    each('dump', script_request(texts, 'dump', {}, {}), runs.dump({}, {}))
  end
end

local function write_requests(seed, n)
  generate(seed, n, function(_, words) io.write(resp.request(words)) end)
  io.write(resp.request({'QUIT'}))
end

local function shown(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = '    ' .. tostring(word):sub(1, 300) end
  return table.concat(list, '\n')
end

local function lines_of(reply)
  local lines = {}
  for line in reply:gmatch('[^\r\n]+') do
    if not line:match('^[$*]%d+$') then lines[line] = true end
  end
  return lines
end

-- What only one of them said.
local function print_difference(who, reply, other)
  local there = lines_of(other)
  for line in reply:gmatch('[^\r\n]+') do
    if not line:match('^[$*]%d+$') and not there[line] then print('  ' .. who .. ': ' .. line) end
  end
end

local function report(last, name, expected, got)
  print('the stand-in is no Redis. After')
  print(shown(last))
  print(name .. ' says')
  print_difference('Redis', got or 'nothing', expected)
  print_difference('stand-in', expected, got or '')
  os.exit(1)
end

local function is_refusal(reply)
  return reply:sub(1, 1) == '-' or reply == '$-1\r\n' or reply:match('^:[0-]') or reply:match('^%*%d+\r\n:[0-]')
end

local function read_replies(seed, n)
  local text, at, last, counts = io.read('*a'), 1, {}, {}
  generate(seed, n, function(name, words, reply)
    local expected = type(reply) == 'string' and reply == '*-1\r\n' and reply or resp.reply(reply)
    local stop = resp.skip(text, at)
    local got = stop and text:sub(at, stop - 1)
    if name ~= 'dump' then last = words end
    if got ~= expected then report(last, name, expected, got) end
    local count = counts[name] or {calls = 0, refused = 0}
    counts[name] = count
    count.calls, count.refused = count.calls + 1, count.refused + (is_refusal(expected) and 1 or 0)
    at = stop
  end)
  for _, name in ipairs(scripts.names) do
    local count = counts[name] or {calls = 0, refused = 0}
    print(string.format('%-15s %5d calls, %5d without effect', name, count.calls, count.refused))
  end
end

if arg[1] == 'names' then
  for _, name in ipairs(scripts.names) do print(name .. '.lua') end
elseif arg[3] == 'requests' then
  write_requests(tonumber(arg[1]), tonumber(arg[2]))
else
  read_replies(tonumber(arg[1]), tonumber(arg[2]))
end
