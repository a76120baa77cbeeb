#!lua
-- Gives an application's next chat its number, makes the chat's counter and queues the job, or does nothing.
-- KEYS: 1 chat_app:A:chat_counter  2 queue list  3 queues set  4 queue_seq
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
if limit > 0 and redis.call('LLEN', KEYS[2]) >= limit then
  return redis.error_reply('QFULL queue too deep')
end
local number = redis.call('INCR', KEYS[1])
local chat = tonumber(ARGV[5]) * 4294967296 + number
redis.call('SET', string.format('chat:%.0f:message_counter', chat), 0, 'NX')
local depth = redis.call('LPUSH', KEYS[2], ARGV[2] .. string.format('%.0f', number) .. ARGV[3])
redis.call('SADD', KEYS[3], ARGV[1])
return {number, depth, redis.call('INCR', KEYS[4])}
