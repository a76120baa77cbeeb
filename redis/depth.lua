#!lua flags=no-writes,allow-oom
-- What waits. KEYS: 1 registry of in-flight lists  2 retry  3 dead, then queue lists
-- returns {queued, in flight, retry, dead, oldest job of the first queue list or ''}
local queued, flying = 0, 0
for i = 4, #KEYS do queued = queued + redis.call('LLEN', KEYS[i]) end
for _, list in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  flying = flying + redis.call('LLEN', list)
end
local oldest = redis.call('LINDEX', KEYS[4], -1) or ''
return {queued, flying, redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]), oldest}
