#!lua flags=no-writes,allow-oom
-- What waits. KEYS: 1 registry of in-flight lists  2 retry  3 schedule  4 dead, then queue lists
-- returns {in flight, retry, schedule, dead, oldest job of the first queue list or '', {length of each queue list}}
local flying, lengths = 0, {}
for _, list in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  flying = flying + redis.call('LLEN', list)
end
for i = 5, #KEYS do lengths[i - 4] = redis.call('LLEN', KEYS[i]) end
local oldest = redis.call('LINDEX', KEYS[5], -1) or ''
return {flying, redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]), oldest, lengths}
