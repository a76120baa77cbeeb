#!lua flags=no-writes,allow-oom
-- The highest number of one parent in any waiting job. In one script: jobs go round between these
-- lists, and a look in steps could miss one.
-- KEYS: 1 registry of in-flight lists  2 queues set  3 retry  4 schedule  5 dead
-- ARGV: 1 the parent's id  2 class name in quotes: "CreateMessageJob"  3 the id as a keyword: "chat_id"
-- returns the number, 0: there is none
local highest = 0
local positional = '%s*:%s*%[%s*' .. ARGV[1] .. '%s*,%s*(%d+)'
local function number_of(job)
  local number = string.match(job, '"args"' .. positional) or string.match(job, '"arguments"' .. positional)
  if not number and string.find(job, ARGV[3] .. '%s*:%s*' .. ARGV[1] .. '%f[^%d]') then
    number = string.match(job, '"number"%s*:%s*(%d+)')
  end
  return tonumber(number or 0)
end
local function look(jobs)
  for _, job in ipairs(jobs) do
    -- plain searches first: patterns over every body of a deep queue would hold up Redis for seconds
    if string.find(job, ARGV[2], 1, true) and string.find(job, ARGV[1], 1, true) then
      highest = math.max(highest, number_of(job))
    end
  end
end
local function look_at_list(list)
  for from = 0, redis.call('LLEN', list) - 1, 1000 do
    look(redis.call('LRANGE', list, from, from + 999))
  end
end
for _, list in ipairs(redis.call('SMEMBERS', KEYS[1])) do look_at_list(list) end
for _, queue in ipairs(redis.call('SMEMBERS', KEYS[2])) do look_at_list('queue:' .. queue) end
for i = 3, 5 do
  for from = 0, redis.call('ZCARD', KEYS[i]) - 1, 1000 do
    look(redis.call('ZRANGE', KEYS[i], from, from + 999))
  end
end
return highest
