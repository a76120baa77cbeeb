#!lua flags=allow-oom
-- Moves due jobs from retry or schedule to their queue; one that lost its number to another row gets a new one.
-- KEYS: 1 zset  2 queue list  3 queues set  4 queue_seq, then counters
-- ARGV: 1 queue name, then (old job, index of its counter in KEYS or 0: no new number,
--       the new job or what stands before its number, what stands behind it) per job
-- returns {moved, {position, from 0, of each job left because its counter or queue_seq is missing,
--                    or because no number is left}}
local moved, missing = 0, {}
local function has_number(counter)
  local last = redis.call('GET', counter)
  return last and tonumber(last) < 4294967295 and redis.call('EXISTS', KEYS[4]) == 1
end
for i = 2, #ARGV, 4 do
  local counter, job = tonumber(ARGV[i + 1]), ARGV[i + 2]
  if counter > 0 and not has_number(KEYS[counter]) then
    missing[#missing + 1] = (i - 2) / 4
  elseif redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    if counter > 0 then
      job = job .. string.format('%.0f', redis.call('INCR', KEYS[counter])) .. ARGV[i + 3]
      redis.call('INCR', KEYS[4])
    end
    redis.call('LPUSH', KEYS[2], job)
    moved = moved + 1
  end
end
if moved > 0 then redis.call('SADD', KEYS[3], ARGV[1]) end
return {moved, missing}
