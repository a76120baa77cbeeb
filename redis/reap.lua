#!lua flags=allow-oom
-- Puts the jobs of a worker that is gone back into the queue, in order, each marked as a suspect;
-- or those of one that stops in good order: nothing is held against them, a try alone is not counted.
-- The list leaves the registry with its last job; drain enters it again. (Slots of nodes that are gone would stay for ever.)
-- KEYS: 1 in-flight list  2 lease  3 queue list  4 suspects hash  5 registry of in-flight lists
-- ARGV: 1 seconds to keep the marks  2 'own': my own slot, at start (its file lock proves that its last process is dead),
--       'stop': my own slot, at a stop in good order, '': whoever's lease has lapsed
-- returns the number of jobs put back, or -1: the lease is alive
if ARGV[2] == '' and redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
redis.call('DEL', KEYS[2])
local moved = 0
while true do
  local job = redis.call('LMOVE', KEYS[1], KEYS[3], 'LEFT', 'RIGHT')
  if not job then break end
  local id = string.match(job, '"jid"%s*:%s*"([%w_-]+)"') or redis.sha1hex(job)
  if ARGV[2] ~= 'stop' then
    redis.call('HSETNX', KEYS[4], id, 0)
  elseif tonumber(redis.call('HGET', KEYS[4], id) or 0) > 0 then
    redis.call('HINCRBY', KEYS[4], id, -1)
  end
  moved = moved + 1
end
redis.call('SREM', KEYS[5], KEYS[1])
if moved > 0 and ARGV[2] ~= 'stop' then redis.call('EXPIRE', KEYS[4], ARGV[1]) end
return moved
