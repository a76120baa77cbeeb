-- Those who ask: for new messages and chats, for deletions, for new applications.
local check = require('check')
local compare = require('compare')
local failure = require('failure')
local heal = require('heal')
local ids = require('ids')
local job = require('job')
local Sim = require('sim')
local tombstone = require('tombstone')

local clients = {}

local chance = Sim.chance

-- ---------------------------------------------------------------- what they ask for

local function pick(list) return list[math.random(#list)] end

-- One of the youngest that live; another, or one that is deleted, now and then.
local function pick_chat(w)
  local known, living = w.known, {}
  if chance(0.05) then return pick(known) end
  for i = #known, 1, -1 do
    if not w.mysql:chat_dead(known[i]) then living[#living + 1] = known[i] end
    if #living == w.focus then break end
  end
  return #living > 0 and pick(living) or pick(known), #living
end

local function pick_app(w)
  local apps = {}
  for app, row in pairs(w.mysql.apps) do
    if not row.deleted or chance(0.1) then apps[#apps + 1] = app end
  end
  table.sort(apps)
  return pick(apps)
end

-- Somebody's accepted chat, of which another says that there is none.
local function not_found(w, id)
  local post = w.ledger.given[ids.app(id)] and w.ledger.given[ids.app(id)][ids.number(id)]
  if post and not post.may_be_lost and not w.mysql:chat_dead(id) and not w.asked[id] then
    check.violated('I6', 'chat %s was accepted, and is said not to be there', ids.text(id))
  end
end

-- Some jobs kill their worker, some are refused by MySQL.
local function ill(w, post)
  if chance(0.006) then
    w.ledger.poison[post.jid] = 0
    w.ledger:count('poison')
  elseif chance(0.006) then
    w.ledger.bad[post.jid] = true
  end
end

local function ask(p)
  local w = p.w
  local _, living = pick_chat(w)
  local kind = (chance(0.04) or living and living < w.focus and chance(0.2)) and 'chat' or 'message'
  local id = kind == 'chat' and pick_app(w) or pick_chat(w)
  if kind == 'message' and chance(0.02) then id = id + 500 end -- one that never was
  local post = heal.number(p, kind, id)
  if not post then
    if kind == 'message' then not_found(w, id) end
    return
  end
  post.acked = true
  if kind == 'chat' then w.known[#w.known + 1] = ids.chat(id, post.number) else ill(w, post) end
end

-- A process that creates; after a request that found Redis behind it recovers it.
function clients.poster(p)
  while not p.stopping do
    Sim.sleep(p, math.random(2, 40))
    if p.w:quiet() then
      Sim.sleep(p, 100)
    else
      failure.try(ask, p)
    end
    if p.link.behind then compare.recover(p) end
  end
end

-- ---------------------------------------------------------------- deletions

-- What somebody heals right now, or any chat, or an application.
local function pick_victim(w)
  for _, p in ipairs(w.sim.processes) do
    if p.healing and chance(0.5) then return p.healing end
  end
  if #w.known == 0 then return nil end
  local chat = pick_chat(w)
  return chance(0.04) and ids.app(chat) > 2 and ids.app(chat) or chat
end

-- One whose job may still come again, or any.
local function pick_message(w)
  local found
  check.each_job(w, function(text, key)
    local row = key:match('^inflight') and w.mysql.keys[job.parse(text).key]
    if row and not row.deleted and (not found or found.key > row.key) then found = row end
  end)
  if found then return found end
  local rows = w.mysql.messages[pick_chat(w)]
  return rows and (rows.list[math.random(1, rows.highest)] or rows.list[rows.highest])
end

local function delete_something(p)
  local w = p.w
  if chance(0.5) then
    local row = pick_message(w)
    if row and not row.deleted then tombstone.delete_message(p, row) end
    return
  end
  local id = pick_victim(w)
  if not id or w.ledger.deleted[id] or ids.is_app(id) and id <= 2 then return end
  w.asked[id] = true
  tombstone.delete(p, id)
end

function clients.deleter(p)
  while not p.stopping do
    Sim.sleep(p, math.random(10, p.w.quick_deletions and 60 or 400))
    if not p.w.closing and #p.w.known > 0 then failure.try(delete_something, p) end
    p.holds, p.forgets = nil, nil
    if p.link.behind then compare.recover(p) end
  end
end

-- ---------------------------------------------------------------- applications

-- The counter is made before the commit.
local function create_app(p, app)
  p.session:begin()
  p.session:statement()
  p.session:write(function(mysql) mysql.apps[app] = {last = 0, stored = 0, living = 0} end)
  compare.compare(p)
  p.link:compared_call('SETNX', ids.counter(app), '0')
  p.session:commit()
end

function clients.founder(p)
  while not p.stopping do
    Sim.sleep(p, math.random(200, 1500))
    if not p.w.closing then
      p.w.next_app = p.w.next_app + 1
      local ok = failure.try(create_app, p, p.w.next_app)
      if not ok then p.session:rollback() end
    end
    if p.link.behind then compare.recover(p) end
  end
end

return clients
