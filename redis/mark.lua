#!lua flags=allow-oom
-- Sets a key that lapses by itself: a mark or a lock, both small. In a Redis that is full, too, for what
-- makes room needs some of them.
-- KEYS: 1 key  ARGV: 1 value  2 ms to keep it  3 'NX': only if it is not there, else ''
-- returns 1, or 0: it was there
if ARGV[3] == 'NX' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
