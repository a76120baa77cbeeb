#!lua flags=allow-oom
-- Puts a job that waits in a zset among the dead, as a text of its own; or does nothing if it is no longer there.
-- KEYS: 1 zset  2 dead  ARGV: 1 the job as it waits  2 the job as it will lie among the dead  3 now, in seconds
-- returns 1, or 0: it was not there
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2]) -- first: should it fail, the job still waits
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
