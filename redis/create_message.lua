#!lua
-- Gives a chat's next message its number and queues the job, or does nothing.
-- KEYS: 1 chat_app:A:chat_counter  2 chat:C:message_counter  3 queue list  4 queues set  5 queue_seq
--       6 backlog
-- ARGV: 1 queue name  2 payload before the number  3 payload behind it  4 depth limit, 0: none  5 application id
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
local waiting = limit > 0 and redis.call('LLEN', KEYS[3]) or 0
if limit > 0 and waiting >= limit then -- from here on only who has less than his share, up to twice the limit
  local mine = redis.call('HGET', KEYS[6], ARGV[5])
  local others = redis.call('HLEN', KEYS[6]) - (mine and 1 or 0)
  if waiting >= 2 * limit or others == 0 or tonumber(mine or 0) * (others + 1) >= limit then
    return redis.error_reply('QFULL queue too deep')
  end
end
local number = redis.call('INCR', KEYS[2])
local depth = redis.call('LPUSH', KEYS[3], ARGV[2] .. string.format('%.0f', number) .. ARGV[3])
redis.call('SADD', KEYS[4], ARGV[1])
if depth == 1 then redis.call('UNLINK', KEYS[6]) end -- nothing else waits: the counts begin anew
redis.call('HINCRBY', KEYS[6], ARGV[5], 1)
return {number, depth, redis.call('INCR', KEYS[5])}
