-- Failures of the modelled programs, thrown as {code = …}; everything else that is thrown is a mistake of the model's, or a
-- violation, and goes on.
--
-- Codes: redis (not executed), unsure (perhaps executed), script (with word), behind; db, busy, dup, data (MySQL).
local failure = {}

function failure.throw(code, word)
  error({code = code, word = word}, 0)
end

-- Calls f; true and its results, or false and the failure.
function failure.try(f, ...)
  local results = {pcall(f, ...)}
  if results[1] or type(results[2]) == 'table' and results[2].code then return unpack(results, 1, 4) end
  error(results[2], 0)
end

return failure
