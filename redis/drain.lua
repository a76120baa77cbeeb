#!lua flags=allow-oom
-- Takes a batch of jobs under a fresh lease, or hands out again what an unfinished batch left in flight.
-- A job that was in flight when a worker died (a suspect) comes alone, and its try is counted before it is run.
-- KEYS: 1 queue list  2 in-flight list  3 lease  4 registry of in-flight lists  5 suspects hash  6 queue_seq
-- ARGV: 1 most jobs  2 most bytes  3 lease ms  4 fresh token
-- returns {queue_seq, try, jobs}, oldest job last; try 0: an ordinary batch; n: one suspect, its nth try.
-- An idle drain writes nothing. While queue_seq is missing (then it answers 0) nothing is handed out: rows that are
-- stored without a mark would not be missed by a Redis that goes back once more.
local seq = tonumber(redis.call('GET', KEYS[6]) or -1)
if seq < 0 then return {0, 0, {}} end
local most, bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('LLEN', KEYS[2])
if held == 0 and redis.call('EXISTS', KEYS[1]) == 0 then
  return {seq, 0, {}}
end
local suspects = redis.call('EXISTS', KEYS[5]) == 1
local function id(job)
  return string.match(job, '"jid"%s*:%s*"([%w_-]+)"') or redis.sha1hex(job)
end
redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[3])
redis.call('SADD', KEYS[4], KEYS[2])
local try = 0
if held == 1 and suspects then
  try = tonumber(redis.call('HGET', KEYS[5], id(redis.call('LINDEX', KEYS[2], 0))) or 0)
end
local taken = held
while held == 0 and taken < most and bytes > 0 do
  local job = redis.call('LINDEX', KEYS[1], -1)
  local suspect = job and suspects and redis.call('HEXISTS', KEYS[5], id(job)) == 1
  if not job or (suspect and taken > 0) then break end
  redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')
  taken = taken + 1
  bytes = bytes - #job
  if suspect then
    try = redis.call('HINCRBY', KEYS[5], id(job), 1)
    break
  end
end
return {seq, try, redis.call('LRANGE', KEYS[2], 0, -1)}
