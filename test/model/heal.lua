-- A counter that is missing is brought back (lib/heal.c), and numbers are given (lib/number.c).
local check = require('check')
local compare = require('compare')
local failure = require('failure')
local ids = require('ids')
local job = require('job')
local Sim = require('sim')

local heal = {}

local LOCK_MS, PATIENCE_MS, GONE_KEEP_MS = 500, 20, 86400000

-- ---------------------------------------------------------------- the heal

-- Lives, and what its rows know; nil: there is nothing to heal.
local function read_rows(p, id)
  local mysql = p.w.mysql
  p.session:statement()
  local row = mysql.apps[ids.is_app(id) and id or ids.app(id)]
  if not row then return nil end
  local dead, highest
  if ids.is_app(id) then
    dead, highest = row.deleted, math.max(row.last, mysql:highest_chat(id))
  else
    local chat = mysql.chats[id]
    dead, highest = mysql:chat_dead(id), math.max(chat and chat.last or 0, mysql:highest_row(id))
  end
  if not dead then return highest end
  p.link:script('mark', {ids.gone(id)}, {'1', GONE_KEEP_MS, ''})
  return nil
end

local function read_queues(p, id)
  local class = ids.is_app(id) and job.CHAT or job.MESSAGE
  local keyword = ids.is_app(id) and 'application_id"' or 'chat_id"'
  return p.link:script('numbers', {'inflight', 'queues', 'retry', 'schedule', 'dead'},
    {ids.text(id), '"' .. class .. '"', keyword, ''})
end

local function both(p, id)
  local rows, queues
  if p.w.broken.heal_mysql_first then
    rows = read_rows(p, id)
    queues = rows and read_queues(p, id)
  else
    queues = p.w.broken.heal_without_queues and 0 or read_queues(p, id)
    rows = read_rows(p, id)
  end
  return rows and math.max(rows, queues)
end

local function raise(p, id, highest, token)
  local reply = p.link:script('raise', {ids.counter(id), ids.gone(id), ids.heal(id)},
    {ids.text(highest), p.w.broken.heal_without_lock and '*' or token}, {compared_only = true, told = function(now)
      p.sim:tell('heals', ids.counter(id), 'to', now)
    end})
  if reply == -2 then failure.throw('behind') end
  p.w.ledger:count('heals')
  return reply >= 0
end

local function wait_for_it(p, id)
  local until_ms = p.sim.now + PATIENCE_MS
  repeat
    Sim.sleep(p, 5)
    if p.link:call('EXISTS', ids.counter(id)) == 1 then return true end
    if p.link:call('EXISTS', ids.gone(id)) == 1 then return false end
  until p.sim.now > until_ms
  failure.throw('behind')
end

-- Was that chat ever given? Asked on the connection that was compared last: what was known before is of before.
local function was_given(p, chat)
  local given = p.link:call('GET', ids.counter(ids.app(chat)))
  if not given then failure.throw('behind') end
  return ids.number(chat) <= tonumber(given)
end

local function locked(p, id, token)
  if not p.w.broken.heal_blind and p.link:call('EXISTS', ids.counter(id)) == 1 then return true end
  if not ids.is_app(id) and not p.w.broken.heal_chat_alone and not was_given(p, id) then return false end
  local highest = both(p, id)
  return highest and raise(p, id, highest, token)
end

-- True: the counter is there; false: there is nothing to heal.
local function lost(p, id)
  if p.link:call('EXISTS', ids.gone(id)) == 1 then return false end
  if not read_rows(p, id) then return false end
  compare.again(p)
  local token = p.w.ledger:new_jid()
  local taken = p.link:script('mark', {ids.heal(id)}, {token, LOCK_MS, 'NX'})
  if taken == 0 and not p.w.broken.heal_without_lock then return wait_for_it(p, id) end
  p.healing = id -- for who wants to disturb it
  local ok, done = failure.try(locked, p, id, token)
  failure.try(p.link.call, p.link, 'DEL', ids.heal(id))
  p.healing = nil
  if not ok then error(done, 0) end
  return done
end

function heal.app(p, app) return lost(p, app) end

function heal.chat(p, chat)
  local app = ids.app(chat)
  local given = p.link:call('GET', ids.counter(app))
  if not given and not p.w.broken.heal_chat_alone then
    if not heal.app(p, app) then return false end
    given = p.link:call('GET', ids.counter(app))
  end
  if given and ids.number(chat) > tonumber(given) then return false end
  return lost(p, chat)
end

-- ---------------------------------------------------------------- giving numbers

local FORMATS = {'native', 'active', 'keywords'}

local function payload(p, kind, id)
  local jid = p.w.ledger:new_jid()
  return jid, job.halves(FORMATS[math.random(#FORMATS)], kind == 'chat' and job.CHAT or job.MESSAGE, id, jid)
end

-- The reply of the creating script: {number, depth, queue_seq}
local function give(p, kind, id)
  local jid, head, tail = payload(p, kind, id)
  local app = ids.is_app(id) and id or ids.app(id)
  local keys = {ids.counter(app)}
  local arguments = {'default', head, tail, p.w.queue_limit, ids.text(app)}
  if kind == 'message' then keys[2] = ids.counter(id) end
  for _, key in ipairs({ids.queue('default'), 'queues', 'queue_seq', 'backlog'}) do keys[#keys + 1] = key end
  local post
  local reply = p.link:script('create_' .. kind, keys, arguments, {compared_only = true, told = function(reply)
    check.given(p.w, jid, id, reply[1], kind)
    post = p.w.ledger:give(jid, kind, id, reply[1])
    p.w.sim:tell('gives', kind, ids.text(id), reply[1], job.short(jid))
  end})
  p.link:saw(reply[3])
  return post
end

-- The post; nil: there is no such application or chat. A chat's kind is 'chat' with its application's id.
function heal.number(p, kind, id)
  compare.compare(p)
  for _ = 1, 3 do
    local ok, post = failure.try(give, p, kind, id)
    if ok then return post end
    local word = post.code == 'script' and post.word
    if word == 'QFULL' or word == 'FULL' then p.w.ledger:count(word) end
    if word ~= 'NOAPP' and word ~= 'NOCTR' then error(post, 0) end
    local there
    if word == 'NOCTR' then there = heal.chat(p, id) else there = heal.app(p, ids.is_app(id) and id or ids.app(id)) end
    if not there then return nil end
  end
  failure.throw('behind')
end

return heal
