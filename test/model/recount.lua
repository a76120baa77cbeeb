-- jobs/recount.c: checks the counts of a chat or an application against its rows.
local failure = require('failure')
local ids = require('ids')
local job = require('job')
local queue = require('queue')

local recount = {}

local function rows_of_chat(mysql, ledger, chat)
  local n, living, last = ledger.base[chat] or 0, 0, 0
  for number, row in pairs(mysql.messages[chat] and mysql.messages[chat].list or {}) do
    n, living, last = n + 1, living + (row.deleted and 0 or 1), math.max(last, number)
  end
  return n, living, last
end

local function rows_of_app(mysql, ledger, app)
  local n, living, last = ledger.base[app] or 0, 0, 0
  for _, chat in pairs(mysql.chats) do
    if chat.app == app then
      n, living, last = n + 1, living + (chat.deleted and 0 or 1), math.max(last, chat.number)
    end
  end
  return n, living, last
end

local subjects = {
  [job.COUNT_MESSAGES] = {table = 'chats', lock = 'chat:', rows = rows_of_chat},
  [job.COUNT_CHATS] = {table = 'apps', lock = 'app:', rows = rows_of_app},
}

-- The parent's row and what it has to be, if that is something else; one statement.
local function check(p, s, id)
  p.session:statement()
  local row = p.w.mysql[s.table][id]
  if not row or row.deleted then return nil end
  local n, living, last = s.rows(p.w.mysql, p.w.ledger, id)
  if n ~= row.stored or living ~= row.living or last > row.last then return row, n, living, last end
end

local function correct(p, s, id)
  p.session:begin()
  p.session:statement()
  p.session:lock(s.lock .. ids.text(id))
  local row, n, living, last = check(p, s, id)
  if row then
    p.session:write(function()
      row.stored, row.living, row.last = n, living, math.max(row.last, last)
      p.w.ledger:count('counts corrected')
    end)
  end
  p.session:commit()
end

local function count(p, j)
  local s = subjects[j.class]
  local pending = ids.pending(j.class, j.id)
  p.counts = j.class == job.COUNT_MESSAGES and j.id or nil -- for who wants to disturb it
  if not p.w.broken.pending_late and not p.w.broken.pending_stays then p.link:call('DEL', pending) end
  if check(p, s, j.id) then
    local ok, why = failure.try(correct, p, s, j.id)
    if not ok then
      p.session:rollback()
      error(why, 0)
    end
  end
  if p.w.broken.pending_late then p.link:call('DEL', pending) end
end

local function work(p, q, batch)
  local outcome, renewed_ms = queue.outcome(), p.sim.now
  for _, text in ipairs(batch.jobs) do
    local j = job.parse(text)
    p.holds = true
    if j.class and queue.interrupted(batch) then
      outcome.dead[#outcome.dead + 1] = job.failed(j, 'Interrupted')
    elseif subjects[j.class] then
      count(p, j)
    else
      outcome.forwards[#outcome.forwards + 1] = {queue = job.queue(j.class), text = text}
    end
    if p.sim.now - renewed_ms >= queue.RENEW_MS then
      renewed_ms = p.sim.now
      if not queue.renew(p, q) then return end
    end
  end
  p.holds, p.counts = nil, nil
  queue.finish(p, q, outcome, batch.jobs)
end

function recount.main(slot)
  local q = queue.new('counts', slot)
  return function(p) queue.loop(p, q, work) end
end

return recount
