#!lua flags=no-writes,allow-oom
-- The numbers of one parent in every waiting job, the dead ones included, or the highest of them. In one script:
-- jobs go round between these lists, and a look in steps could miss one. It holds up Redis.
-- KEYS: 1 registry of in-flight lists  2 queues set  3 retry  4 schedule  5 dead
-- ARGV: 1 the parent's id  2 class name in quotes: "CreateMessageJob"  3 the id as a keyword: "chat_id"
--       4 most jobs to be read, '': the highest number only, of however many
-- returns the numbers, or -1: more jobs than that; or the highest, 0: there is none
local limit = tonumber(ARGV[4])
local lists = redis.call('SMEMBERS', KEYS[1])
for _, queue in ipairs(redis.call('SMEMBERS', KEYS[2])) do lists[#lists + 1] = 'queue:' .. queue end
table.sort(lists) -- sets have no order, the answer has one
if limit then
  local sum = 0
  for _, list in ipairs(lists) do sum = sum + redis.call('LLEN', list) end
  for i = 3, 5 do sum = sum + redis.call('ZCARD', KEYS[i]) end
  if sum > limit then return -1 end
end
local numbers, highest = {}, 0
local positional = '%s*:%s*%[%s*' .. ARGV[1] .. '%s*,%s*(%d+)'
local function number_of(job)
  local number = string.match(job, '"args"' .. positional) or string.match(job, '"arguments"' .. positional)
  if not number and string.find(job, ARGV[3] .. '%s*:%s*' .. ARGV[1] .. '%f[^%d]') then
    number = string.match(job, '"number"%s*:%s*(%d+)')
  end
  return number
end
local function look(jobs)
  for _, job in ipairs(jobs) do
    -- plain searches first: patterns over every body of a deep queue would hold up Redis for seconds
    local number = string.find(job, ARGV[2], 1, true) and string.find(job, ARGV[1], 1, true) and number_of(job)
    if number then
      highest = math.max(highest, tonumber(number))
      if limit then numbers[#numbers + 1] = number end
    end
  end
end
for _, list in ipairs(lists) do
  for from = 0, redis.call('LLEN', list) - 1, 1000 do look(redis.call('LRANGE', list, from, from + 999)) end
end
for i = 3, 5 do
  for from = 0, redis.call('ZCARD', KEYS[i]) - 1, 1000 do
    look(redis.call('ZRANGE', KEYS[i], from, from + 999))
  end
end
return limit and numbers or highest
