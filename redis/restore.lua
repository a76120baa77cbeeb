#!lua flags=allow-oom
-- Brings counters back to what MySQL and the waiting jobs know, while Redis is being recovered: raises
-- each to its floor, makes it if it is missing, never lowers it; removes those of what is deleted.
-- KEYS: 1 recovering, then (counter, gone:ID) per counter
-- ARGV: 1 token, then per counter its floor, or '' to remove it
-- returns {raised or made, removed}, or {-1, 0}: another recovery has taken over, or Redis went back again
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {-1, 0} end
local raised, removed = 0, 0
for i = 2, #ARGV do
  local counter, gone = KEYS[2 * i - 2], KEYS[2 * i - 1]
  if ARGV[i] == '' then
    removed = removed + redis.call('DEL', counter)
  elseif redis.call('EXISTS', gone) == 0 then
    local now = redis.call('GET', counter)
    if not now or tonumber(now) < tonumber(ARGV[i]) then
      redis.call('SET', counter, ARGV[i])
      raised = raised + 1
    end
  end
end
return {raised, removed}
