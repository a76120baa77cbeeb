-- Payloads, as lib/job.c writes and reads them: native, ActiveJob's, and with keyword arguments.
local sha1 = require('sha1')

local job = {}

local CHAT, MESSAGE = 'CreateChatJob', 'CreateMessageJob'
local COUNT_MESSAGES, COUNT_CHATS = 'UpdateChatMessageCountJob', 'UpdateChatApplicationCountJob'

job.CHAT, job.MESSAGE, job.COUNT_MESSAGES, job.COUNT_CHATS = CHAT, MESSAGE, COUNT_MESSAGES, COUNT_CHATS

local queues = {[CHAT] = 'default', [MESSAGE] = 'default', [COUNT_MESSAGES] = 'counts', [COUNT_CHATS] = 'counts'}

-- The queue that a class belongs to.
function job.queue(class) return queues[class] or 'unclaimed' end

local function tail_of(queue, jid)
  return ',"queue":"' .. queue .. '","retry":true,"jid":"' .. jid .. '","created_at":1.000000,"enqueued_at":1.000000}'
end

-- Each format: what stands before the arguments, between id and number, between number and the rest, behind it all.
local formats = {
  native = function(class)
    return '{"class":"' .. class .. '","args":[', ',', ']'
  end,
  active = function(class)
    return '{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"' .. class .. '","args":[{"job_class":"' .. class ..
      '","job_id":"x","arguments":[', ',', ']}]'
  end,
  keywords = function(class)
    local name = class == CHAT and 'application_id' or 'chat_id'
    return '{"class":"' .. class .. '","args":[{"' .. name .. '":', ',"number":', '}]'
  end,
}

-- What stands before the number and behind it, for a script that puts the number between them.
function job.halves(format, class, id, jid)
  local head, comma, tail = formats[format](class)
  local body = class == MESSAGE and (format == 'keywords' and ',"body":"hi"' or ',"hi"') or ''
  return head .. string.format('%.0f', id) .. comma, body .. tail .. tail_of('default', jid)
end

function job.count(class, id, jid)
  return '{"class":"' .. class .. '","args":[' .. string.format('%.0f', id) .. ']' .. tail_of('counts', jid)
end

function job.foreign(jid)
  return '{"class":"MailJob","args":[1]' .. (jid and ',"jid":"' .. jid .. '"' or '') .. '}'
end

-- ---------------------------------------------------------------- reading

local known = {} -- text -> job: the same text is read many times

local function arguments(text)
  local from, id, to, number = text:match('"args":%[()(%d+)()')
  if not id then from, id, to = text:match('"arguments":%[()(%d+)()') end
  if not id then from, id, to = text:match('"args":%[{"[%w_]+":()(%d+)()') end
  if not id then return nil end
  local begin, finish = text:match('^,()%d+()', to)
  if not begin then begin, finish = text:match('^,"number":()%d+()', to) end
  if begin then number = tonumber(text:sub(begin, finish - 1)) end
  return tonumber(id), number, begin, finish
end

-- class, id, number, jid (nil), key, error_class, retry_count, given_number; begin and finish: where the number stands.
function job.parse(text)
  local j = known[text]
  if j then return j end
  local class = text:match('"job_class":"(%w+)"') or text:match('"class":"(%w+)"')
  local id, number, begin, finish = arguments(text)
  local jid = text:match('"jid":"([%w_-]+)"')
  j = {text = text, class = queues[class] and class, id = id, number = number, begin = begin, finish = finish, jid = jid,
    key = jid or sha1(text), error_class = text:match('"error_class":"(%w+)"'),
    retry_count = tonumber(text:match('"retry_count":(%d+)')), given = tonumber(text:match('"given_number":(%d+)'))}
  known[text] = j
  return j
end

-- A jid without its zeros, for events.
function job.short(jid) return jid:match('[1-9a-f]%x*$') or jid end

function job.forget_all() known = {} end

-- The payload as retry and dead hold it.
function job.failed(j, class)
  local text = j.text:gsub(',"error_class".*}$', '}'):gsub('}$', '')
  if class == 'NumberTaken' and not j.given then text = text .. ',"given_number":' .. j.number end
  return text .. ',"error_class":"' .. class .. '","error_message":"m","failed_at":1.000000,"retry_count":' ..
    (j.retry_count and j.retry_count + 1 or 0) .. '}'
end

-- The same job with another number.
function job.renumbered(j, number)
  return j.text:sub(1, j.begin - 1) .. number .. j.text:sub(j.finish)
end

return job
