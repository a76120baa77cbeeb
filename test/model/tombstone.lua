-- Deletions (lib/tombstone.c, the DELETE of fcgi/messages.c) and what they leave behind (jobs/purge.c).
local compare = require('compare')
local failure = require('failure')
local heal = require('heal')
local ids = require('ids')
local queue = require('queue')
local store = require('store')
local Sim = require('sim')

local tombstone = {}

local GONE_KEEP_S, PURGE_MS = 86400, 400

-- ---------------------------------------------------------------- Redis

-- The counter goes, and the mark says so.
local function forget(p, id)
  compare.compare(p)
  p.holds, p.forgets = true, true
  local seq = p.link:script('delete', {ids.counter(id), ids.gone(id), 'queue_seq'}, {GONE_KEEP_S}, {compared_only = true})
  p.session:auto(function(mysql)
    if not p.w.broken.no_deletion_mark then mysql.marks.api = math.max(mysql.marks.api or 0, seq) end
  end)
  if p.w.broken.deletion_unverified then return end
  if p.link:call('EXISTS', ids.gone(id)) == 0 then failure.throw('behind') end
end

-- 'new' was buried now; 'old' before, perhaps not to its end.
local function unfinished(p, state, id)
  if state == 'old' then return p.link:call('EXISTS', ids.gone(id)) == 0 end
  return state == 'new'
end

-- ---------------------------------------------------------------- MySQL

local function state_of(row)
  return row.purged and 'purged' or row.deleted and 'old' or 'new'
end

local function bury_app(p, app)
  p.session:begin()
  p.session:statement()
  p.session:lock('app:' .. ids.text(app))
  local row = p.w.mysql.apps[app]
  local state = state_of(row)
  if state == 'new' then p.session:write(function() row.deleted = true end) end
  return state
end

-- It is still queued: its job will find the tombstone.
local function bury_queued(p, chat)
  local app, number = ids.app(chat), ids.number(chat)
  p.session:statement()
  p.session:write(function(mysql)
    mysql.chats[chat] = {app = app, number = number, last = 0, stored = 0, living = 0, deleted = true}
  end)
  p.session:write(store.count_chat(app, number, false))
  return 'new'
end

-- Both asked for under the mark's lock, which every comparison waits for: what is written on Redis' word is written with
-- its mark, or Redis' going back would leave it there unnoticed. False: that number was not given.
local function confirmed(p, chat)
  if p.w.broken.tombstone_without_mark then return true end
  local given = p.link:compared_call('GET', ids.counter(ids.app(chat)))
  local seq = p.link:compared_call('GET', 'queue_seq')
  if not given or not seq then failure.throw('behind') end
  p.session:statement()
  p.session:write(function(mysql) mysql.marks.api = math.max(mysql.marks.api or 0, tonumber(seq)) end)
  return ids.number(chat) <= tonumber(given)
end

local function bury_chat(p, chat, given)
  local mysql, app = p.w.mysql, ids.app(chat)
  p.session:begin()
  p.session:statement()
  p.session:lock('mark:api')
  p.session:statement()
  p.session:lock('app:' .. ids.text(app))
  if not mysql.apps[app] or mysql.apps[app].deleted then return 'nothing' end
  p.session:statement()
  if not mysql.chats[chat] then return given and confirmed(p, chat) and bury_queued(p, chat) or 'nothing' end
  p.session:lock('chat:' .. ids.text(chat))
  local row = mysql.chats[chat]
  local state = state_of(row)
  if state == 'new' then
    p.session:write(function()
      row.deleted = true
      mysql.apps[app].living = mysql.apps[app].living - 1
    end)
  end
  return state
end

local function in_transaction(p, bury, ...)
  local ok, state = failure.try(bury, p, ...)
  if ok and state == 'new' then
    p.session:commit()
  else
    p.session:rollback()
  end
  if not ok then error(state, 0) end
  return state
end

-- ---------------------------------------------------------------- a client's DELETE

local function last_given(p, app)
  local last = p.link:call('GET', ids.counter(app))
  if last then return tonumber(last) end
  if not heal.app(p, app) then return nil end
  return tonumber(p.link:call('GET', ids.counter(app)) or 0)
end

-- True: deleted.
local function delete(p, id)
  local state
  compare.compare(p)
  if ids.is_app(id) then
    state = in_transaction(p, bury_app, id)
  else
    local last = last_given(p, ids.app(id))
    if not last then return false end
    state = in_transaction(p, bury_chat, id, ids.number(id) <= last)
  end
  if not unfinished(p, state, id) then return false end
  forget(p, id)
  return true
end

function tombstone.delete(p, id)
  p.sim:tell('deletes', ids.text(id))
  if not delete(p, id) then return end
  p.w.ledger.deleted[id] = true
  p.w.ledger:count('deletions')
  p.sim:tell('has deleted', ids.text(id))
end

-- ---------------------------------------------------------------- one message

local function bury_message(p, row)
  p.session:begin()
  p.session:statement()
  p.session:lock('chat:' .. ids.text(row.chat))
  p.session:statement()
  if row.deleted or p.w.mysql:message(row.chat, row.number) ~= row then return 'nothing' end
  local chat = p.w.mysql.chats[row.chat]
  p.session:write(function()
    row.deleted, row.version = true, row.version + 1
    chat.living = chat.living - 1
    p.w.ledger.messages_deleted[row] = true
    p.w.ledger:count('messages deleted')
  end)
  return 'new'
end

function tombstone.delete_message(p, row) in_transaction(p, bury_message, row) end

-- ---------------------------------------------------------------- purge

local function purge_app(p, app)
  forget(p, app)
  p.session:statement()
  local chats, keys = {}, {}
  for id, chat in pairs(p.w.mysql.chats) do
    if chat.app == app and not chat.deleted then chats[#chats + 1] = id end
  end
  table.sort(chats)
  for i, id in ipairs(chats) do keys[i] = ids.counter(id) end
  if #keys > 0 then p.link:call('UNLINK', unpack(keys)) end
  p.session:auto(function(mysql)
    for _, id in ipairs(chats) do mysql.chats[id].deleted = true end
    mysql.apps[app].purged, mysql.apps[app].living = true, 0
  end)
end

local function purge_chat(p, chat)
  local mysql = p.w.mysql
  if not mysql.apps[ids.app(chat)].deleted then forget(p, chat) end
  p.session:begin()
  p.session:statement()
  p.session:lock('chat:' .. ids.text(chat))
  p.session:statement()
  p.session:write(function()
    for _, row in pairs(mysql.messages[chat] and mysql.messages[chat].list or {}) do
      if row.key then mysql.keys[row.key] = nil end
    end
    mysql.messages[chat] = nil
    mysql.chats[chat].purged = true
  end)
  p.session:commit()
end

local function graves(rows)
  local list = {}
  for id, row in pairs(rows) do
    if row.deleted and not row.purged then list[#list + 1] = id end
  end
  table.sort(list)
  return list
end

local function each_grave(p, rows, purge)
  p.session:statement()
  for _, id in ipairs(graves(rows)) do
    local ok = failure.try(purge, p, id)
    if not ok then p.session:rollback() end
  end
end

function tombstone.purge(p)
  while not p.stopping do
    if queue.ready(p) then
      failure.try(function()
        each_grave(p, p.w.mysql.apps, purge_app)
        each_grave(p, p.w.mysql.chats, purge_chat)
      end)
      Sim.sleep(p, PURGE_MS)
    end
  end
end

return tombstone
