#!lua flags=allow-oom
-- Puts a job of one zset into another (dead) or the same, as a text of its own; or does nothing if it is not there.
-- KEYS: 1 where it is  2 where it goes  ARGV: 1 the job as it is  2 the job as it will be  3 its score, '': as it is
-- returns 1, or 0: it was not there
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3] == '' and score or ARGV[3], ARGV[2]) -- first: should it fail, the job still waits
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
