#!lua flags=allow-oom
-- Raises a counter to a floor; never lowers it, never brings back what was deleted.
-- KEYS: 1 counter  2 gone:ID  3 heal:ID (only with a token)
-- ARGV: 1 floor  2 '*': make the counter if it is missing, '': leave it missing,
--       else make it if heal:ID still holds this token, and let go of heal:ID
-- returns the counter, or -1: deleted, -2: missing and not made
local counter = redis.call('GET', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
if not counter and ARGV[2] ~= '*' then
  if ARGV[2] == '' or redis.call('GET', KEYS[3]) ~= ARGV[2] then return -2 end
  redis.call('DEL', KEYS[3])
end
if not counter or tonumber(ARGV[1]) > tonumber(counter) then
  redis.call('SET', KEYS[1], ARGV[1])
  counter = ARGV[1]
end
return tonumber(counter)
