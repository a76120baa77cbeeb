#!lua
-- Gives an application's next chat its number, makes the chat's counter and queues the job, or does nothing.
-- KEYS: 1 chat_app:A:chat_counter  2 queue list  3 queues set  4 queue_seq  5 backlog
--       (and chat:C:message_counter, the only key that a script builds: C is known here only)
-- ARGV: 1 queue name  2 payload before the number  3 payload behind it  4 depth limit, 0: none  5 application id, below 2^21
-- returns {number, depth of the queue, queue_seq}; errors: NOAPP, QFULL, FULL
local counter = redis.call('GET', KEYS[1])
if not counter or redis.call('EXISTS', KEYS[4]) == 0 then
  return redis.error_reply('NOAPP application counter or queue_seq missing')
end
if tonumber(counter) >= 4294967295 then
  return redis.error_reply('FULL no number left')
end
local limit = tonumber(ARGV[4])
local waiting = limit > 0 and redis.call('LLEN', KEYS[2]) or 0
if limit > 0 and waiting >= limit then -- from here on only who has less than his share, up to twice the limit
  local mine = redis.call('HGET', KEYS[5], ARGV[5])
  local others = redis.call('HLEN', KEYS[5]) - (mine and 1 or 0)
  if waiting >= 2 * limit or others == 0 or tonumber(mine or 0) * (others + 1) >= limit then
    return redis.error_reply('QFULL queue too deep')
  end
end
local number = redis.call('INCR', KEYS[1])
local chat = tonumber(ARGV[5]) * 4294967296 + number
redis.call('SET', string.format('chat:%.0f:message_counter', chat), 0, 'NX')
local depth = redis.call('LPUSH', KEYS[2], ARGV[2] .. string.format('%.0f', number) .. ARGV[3])
redis.call('SADD', KEYS[3], ARGV[1])
if depth == 1 then redis.call('UNLINK', KEYS[5]) end -- nothing else waits: the counts begin anew
redis.call('HINCRBY', KEYS[5], ARGV[5], 1)
return {number, depth, redis.call('INCR', KEYS[4])}
