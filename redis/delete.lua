#!lua flags=allow-oom
-- Deletes a chat's or an application's counter, and marks it so that nobody brings it back. MySQL has the
-- tombstone already. May be run again.
-- KEYS: 1 counter  2 gone:ID  3 queue_seq, then further keys to remove (an application's token)
-- ARGV: 1 seconds to keep gone:ID
-- returns queue_seq, to be stored as a mark before the deletion is answered; error: NOAPP
if redis.call('EXISTS', KEYS[3]) == 0 then
  return redis.error_reply('NOAPP queue_seq missing')
end
redis.call('SET', KEYS[2], 1, 'EX', ARGV[1])
redis.call('DEL', KEYS[1])
for i = 4, #KEYS do redis.call('DEL', KEYS[i]) end
return redis.call('INCR', KEYS[3])
