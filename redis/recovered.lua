#!lua flags=allow-oom
-- Ends a recovery: from here on numbers are given again. queue_seq never goes down.
-- KEYS: 1 recovering  2 queue_seq
-- ARGV: 1 token  2 what queue_seq has to be at least
-- returns 1, or 0: another recovery has taken over, or Redis went back again; nothing was done
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(redis.call('GET', KEYS[2]) or -1) < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[2])
end
redis.call('DEL', KEYS[1])
return 1
