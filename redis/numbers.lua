#!lua flags=no-writes,allow-oom
-- The numbers of one parent in every waiting job, the dead ones included. In one script: jobs go round between
-- these lists, and a look in steps could miss one. It holds up Redis, so it refuses when there is too much to read.
-- KEYS: 1 registry of in-flight lists  2 queues set  3 retry  4 schedule  5 dead
-- ARGV: 1 the parent's id  2 class name in quotes: "CreateMessageJob"  3 the id as a keyword: "chat_id"
--       4 most jobs to be read
-- returns the numbers, or -1: more jobs than that
local numbers, lists, zsets, sum = {}, {}, {}, 0
for _, list in ipairs(redis.call('SMEMBERS', KEYS[1])) do lists[#lists + 1] = list end
for _, queue in ipairs(redis.call('SMEMBERS', KEYS[2])) do lists[#lists + 1] = 'queue:' .. queue end
for _, list in ipairs(lists) do sum = sum + redis.call('LLEN', list) end
for i = 3, 5 do sum = sum + redis.call('ZCARD', KEYS[i]) end
if sum > tonumber(ARGV[4]) then return -1 end
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
    if string.find(job, ARGV[2], 1, true) and string.find(job, ARGV[1], 1, true) then
      numbers[#numbers + 1] = number_of(job)
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
return numbers
