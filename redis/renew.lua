#!lua flags=allow-oom
-- Prolongs a lease. KEYS: 1 lease  ARGV: 1 token  2 lease ms
-- returns 1, or 0: the lease is lost (reaped, or Redis went back)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
