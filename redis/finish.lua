#!lua flags=allow-oom
-- Acknowledges a batch: what failed is kept for a retry or as dead, what is to be forwarded is queued,
-- counts are asked to be checked, and the in-flight list goes. All of it, or nothing when the lease is lost.
-- KEYS: 1 in-flight list  2 lease  3 suspects hash  4 retry  5 dead  6 stat:processed  7 same:DAY
--       8 stat:failed  9 same:DAY  10 queues set  11 backlog, then lists to push to and keys that mark a waiting job
-- ARGV: 1 token  2 processed  3 failed  4 now, in seconds  5 number of retries  6 number of dead  7 number of forwards
--       8 number of applications, then (score, job) per retry, (job) per dead, (index of list in KEYS, queue name,
--       job) per forward, (application id, minus its jobs that do not wait any more) per application,
--       then (index of mark in KEYS, seconds, index of list in KEYS, queue name, job) per job of which one may wait
-- returns 1, or 0: the lease is lost and nothing was done
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('EXISTS', KEYS[3]) == 1 then -- whoever comes this far has not killed his worker
  for _, job in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    redis.call('HDEL', KEYS[3], string.match(job, '"jid"%s*:%s*"([%w_-]+)"') or redis.sha1hex(job))
  end
end
local at = 9
for _ = 1, tonumber(ARGV[5]) do
  redis.call('ZADD', KEYS[4], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, tonumber(ARGV[6]) do
  redis.call('ZADD', KEYS[5], ARGV[4], ARGV[at])
  at = at + 1
end
local function push(list, queue, job)
  redis.call('LPUSH', KEYS[tonumber(list)], job)
  redis.call('SADD', KEYS[10], queue)
end
for _ = 1, tonumber(ARGV[7]) do
  push(ARGV[at], ARGV[at + 1], ARGV[at + 2])
  at = at + 3
end
for _ = 1, tonumber(ARGV[8]) do
  if redis.call('HINCRBY', KEYS[11], ARGV[at], ARGV[at + 1]) <= 0 then
    redis.call('HDEL', KEYS[11], ARGV[at])
  end
  at = at + 2
end
while at < #ARGV do
  if redis.call('SET', KEYS[tonumber(ARGV[at])], 1, 'NX', 'EX', ARGV[at + 1]) then
    push(ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  end
  at = at + 5
end
redis.call('INCRBY', KEYS[6], ARGV[2])
redis.call('INCRBY', KEYS[7], ARGV[2])
redis.call('INCRBY', KEYS[8], ARGV[3])
redis.call('INCRBY', KEYS[9], ARGV[3])
redis.call('UNLINK', KEYS[1])
return 1
