-- The transaction that stores a batch (lib/store.c), and what a duplicate key means (lib/store_resolve.c).
--
-- An item: job, chat, state (waiting, done, retry, dead), action (insert, fill, void, spare), error_class, went.
local check = require('check')
local failure = require('failure')
local ids = require('ids')
local job = require('job')
local Sim = require('sim')

local store = {}

function store.fail(item, state, class)
  item.state, item.error_class = state, class
end

local function is_chat(item) return item.job.class == job.CHAT end

-- In the order of the tables; those that are there twice are settled.
function store.sort(items)
  for i, item in ipairs(items) do item.at = i end
  table.sort(items, function(a, b)
    if a.chat ~= b.chat then return a.chat < b.chat end
    if is_chat(a) ~= is_chat(b) then return is_chat(a) end
    if a.job.number ~= b.job.number then return a.job.number < b.job.number end
    return a.at < b.at
  end)
  for i = 2, #items do
    local item, before = items[i], items[i - 1]
    local same = item.chat == before.chat and is_chat(item) == is_chat(before) and item.job.number == before.job.number
    if same and item.state == 'waiting' then
      if is_chat(item) or item.job.key == before.job.key then
        item.state = 'done'
      else
        store.fail(item, 'retry', 'NumberTaken')
      end
    end
  end
end

local function wants_row(item)
  if is_chat(item) then return false end
  return item.state == 'waiting' or item.state == 'dead' and (item.action == 'void' or item.action == 'spare')
end

local function wants_parents(item)
  return item.state == 'waiting' or item.action == 'void' or wants_row(item)
end

local function is_void(item) return item.action == 'void' or item.action == 'spare' end

-- ---------------------------------------------------------------- parents

local function sorted(set)
  local list = {}
  for id in pairs(set) do list[#list + 1] = id end
  table.sort(list)
  return list
end

local function find_parents(items)
  local apps, chats = {}, {}
  for _, item in ipairs(items) do
    if wants_parents(item) then
      apps[ids.app(item.chat)] = {}
      chats[item.chat] = {}
    end
  end
  return {apps = apps, chats = chats}
end

local function read(s, found, rows)
  for id, parent in pairs(found) do
    parent.there, parent.deleted = rows[id] ~= nil, rows[id] ~= nil and rows[id].deleted
  end
end

local function lock_parents(s, parts)
  local mysql, all_there = s.db, true
  s:statement()
  read(s, parts.chats, mysql.chats)
  for _, chat in pairs(parts.chats) do all_there = all_there and chat.there end
  s:statement()
  for _, app in ipairs(sorted(parts.apps)) do s:lock('app:' .. ids.text(app), all_there) end
  read(s, parts.apps, mysql.apps)
  s:statement()
  for _, chat in ipairs(sorted(parts.chats)) do
    if mysql.chats[chat] then s:lock('chat:' .. ids.text(chat)) end
  end
  read(s, parts.chats, mysql.chats)
end

local function count_chat(app, number, living)
  return function(mysql)
    local row = mysql.apps[app]
    mysql.sim:tell('stores chat', app, number, living and '' or 'deleted')
    row.stored, row.living = row.stored + 1, row.living + (living and 1 or 0)
    row.last = math.max(row.last, number)
  end
end
store.count_chat = count_chat

local function insert_chats(s, parts)
  local any = false
  for _, id in ipairs(sorted(parts.chats)) do
    local app = ids.app(id)
    if not parts.chats[id].there and parts.apps[app].there and not parts.apps[app].deleted then
      any = true
      if not s:claim('chat:' .. ids.text(id), function() return s.db.chats[id] end) then failure.throw('dup') end
      s:write(function(mysql)
        mysql.chats[id] = {app = app, number = ids.number(id), last = 0, stored = 0, living = 0}
      end)
      s:write(count_chat(app, ids.number(id), true))
    end
  end
  if any then s:statement() end
end

local function fate(w, parts, item)
  local app, chat = parts.apps[ids.app(item.chat)], parts.chats[item.chat]
  if not app.there then return 'retry' end
  if w.broken.store_below_tombstone then return 'waiting' end
  return (app.deleted or chat.there and chat.deleted) and 'done' or 'waiting'
end

-- ---------------------------------------------------------------- messages

local function count_message(chat, number, living, rows)
  return function(mysql)
    local row = mysql.chats[chat]
    row.stored, row.living = row.stored + rows, row.living + living
    row.last = math.max(row.last, number)
  end
end

local function row_of(item)
  local void = is_void(item)
  return {chat = item.chat, number = item.job.number, version = void and 0 or 1, deleted = void,
    key = item.action ~= 'spare' and item.job.key or nil}
end

local function insert_row(p, item)
  local s, row = p.session, row_of(item)
  local number = 'number:' .. ids.text(row.chat) .. ':' .. row.number
  if not s:claim(number, function() return s.db:message(row.chat, row.number) end) then failure.throw('dup') end
  if row.key and not s:claim('key:' .. row.key, function() return s.db.keys[row.key] end) then failure.throw('dup') end
  s:write(function(mysql)
    check.row(p.w, row)
    mysql:put_message(row)
    p.w.ledger:count(row.version == 0 and (row.key and 'void rows' or 'spare rows') or 'rows')
  end)
  s:write(count_message(row.chat, row.number, row.version == 0 and 0 or 1, 1))
end

local function fill_row(p, item)
  local s = p.session
  local row = s.db:message(item.chat, item.job.number)
  if not row or row.version > 0 and not p.w.broken.fill_deleted then return end
  s:write(function()
    row.version, row.deleted, row.key = 1, false, item.job.key
    p.w.ledger:count('void rows filled')
  end)
  s:write(count_message(item.chat, item.job.number, 1, 0))
end

-- What a job may do to whoever tries it.
local function dangers(p, items, try)
  for _, item in ipairs(items) do
    local key = item.job.key
    if item.state == 'waiting' and p.w.ledger.poison[key] then
      check.poisoned(p.w, key, try, p.slot)
      p.sim:tell('is poisoned by', job.short(key))
      error(Sim.KILLED, 0)
    end
    if item.state == 'waiting' and p.w.ledger.bad[key] then failure.throw('data') end
  end
end

local function write_messages(p, parts, items, fates, try)
  p.session:statement()
  local writing = {}
  for _, item in ipairs(items) do
    if fates[item] == 'waiting' and wants_row(item) then writing[#writing + 1] = item end
  end
  dangers(p, writing, try)
  for _, item in ipairs(writing) do
    if item.action == 'fill' then fill_row(p, item) else insert_row(p, item) end
    if item.job.given and item.job.given ~= item.job.number and not is_void(item) then
      p.session:write(function(mysql)
        mysql.renumbered[ids.text(item.chat) .. ':' .. item.job.number] = item.job.given
        p.w.ledger:count('renumbered')
      end)
    end
  end
end

-- ---------------------------------------------------------------- the transaction

local function set_mark(p, slot, seq)
  p.session:lock('mark:' .. slot)
  p.session:write(function(mysql) mysql.marks[slot] = math.max(mysql.marks[slot] or 0, seq) end)
end

local function write_all(p, items, batch, slot)
  local fates, s = {}, p.session
  local parts = find_parents(items)
  s:begin()
  s:statement()
  if not p.w.broken.no_mark then set_mark(p, slot, batch.seq) end
  lock_parents(s, parts)
  insert_chats(s, parts)
  for _, item in ipairs(items) do
    fates[item] = 'done'
    if item.state == 'waiting' or wants_row(item) then fates[item] = fate(p.w, parts, item) end
  end
  write_messages(p, parts, items, fates, batch.try)
  s:statement()
  return fates
end

local function settle(items, fates)
  for _, item in ipairs(items) do
    if item.state == 'waiting' then
      if fates[item] == 'retry' then store.fail(item, 'retry', 'ApplicationMissing') else item.state = 'done' end
      item.went = fates[item] == 'done'
    end
  end
end

-- Stores all items in one transaction. True: committed; false: the lease is lost. fence() is asked right before COMMIT.
function store.run(p, items, batch, slot, fence)
  local ok, fates = failure.try(write_all, p, items, batch, slot)
  if ok then
    local asked, ours = failure.try(fence)
    if not asked then
      p.session:rollback()
      error(ours, 0)
    end
    if not ours then
      p.session:rollback()
      return false
    end
    p.session:commit()
    p.sim:tell('commits', #items)
    settle(items, fates)
    return true
  end
  p.session:rollback()
  error(fates, 0)
end

-- ---------------------------------------------------------------- duplicates

local function inserts(item)
  return not is_chat(item) and item.action ~= 'fill' and wants_row(item)
end

local function inserts_key(item) return inserts(item) and item.action ~= 'spare' end

local function settle_number(p, item, row)
  local own = row.key == item.job.key and not p.w.broken.no_job_key
  if item.state == 'dead' then
    item.action = 'insert'
  elseif item.action == 'spare' or own and row.version > 0 and not (p.w.broken.fill_deleted and row.deleted) then
    item.state = 'done'
    p.w.ledger:count('redelivered')
  elseif own and not p.w.broken.void_stays then
    item.action = 'fill'
  elseif own then
    item.state = 'done'
  else
    store.fail(item, 'retry', 'NumberTaken')
    p.w.ledger:count('conflicts')
    check.conflict(p.w, item.job, row)
  end
end

local function look_up_numbers(p, items)
  local changed = 0
  p.session:statement()
  for _, item in ipairs(items) do
    local row = inserts(item) and p.w.mysql:message(item.chat, item.job.number)
    if row then
      settle_number(p, item, row)
      changed = changed + 1
    end
  end
  return changed
end

local function look_up_keys(p, items)
  local changed = 0
  p.session:statement()
  for _, item in ipairs(items) do
    if inserts_key(item) and p.w.mysql.keys[item.job.key] and not p.w.broken.no_spare then
      item.action = 'spare'
      changed = changed + 1
    end
  end
  return changed
end

local function look_within(items)
  local changed = 0
  for i, item in ipairs(items) do
    for k = i + 1, #items do
      if inserts_key(item) and inserts_key(items[k]) and item.job.key == items[k].job.key then
        items[k].action = 'spare'
        changed = changed + 1
      end
    end
  end
  return changed
end

-- After a duplicate key: how many items it has changed.
function store.resolve(p, items)
  return look_up_numbers(p, items) + look_up_keys(p, items) + look_within(items)
end

return store
