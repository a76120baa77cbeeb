#!lua
-- Gives a chat's next message its number and queues the job, or does nothing.
-- KEYS: 1 chat_app:A:chat_counter  2 chat:C:message_counter  3 queue list  4 queues set  5 queue_seq
-- ARGV: 1 queue name  2 payload before the number  3 payload behind it  4 depth limit, 0: none
-- returns {number, depth of the queue, queue_seq}; errors: NOAPP, NOCTR, QFULL, FULL
if redis.call('EXISTS', KEYS[1], KEYS[5]) < 2 then
  return redis.error_reply('NOAPP application counter or queue_seq missing')
end
local counter = redis.call('GET', KEYS[2])
if not counter then
  return redis.error_reply('NOCTR chat counter missing')
end
if tonumber(counter) >= 4294967295 then
  return redis.error_reply('FULL no number left')
end
local limit = tonumber(ARGV[4])
if limit > 0 and redis.call('LLEN', KEYS[3]) >= limit then
  return redis.error_reply('QFULL queue too deep')
end
local number = redis.call('INCR', KEYS[2])
local depth = redis.call('LPUSH', KEYS[3], ARGV[2] .. string.format('%.0f', number) .. ARGV[3])
redis.call('SADD', KEYS[4], ARGV[1])
return {number, depth, redis.call('INCR', KEYS[5])}
