-- Redis' protocol: what a client sends, and what it reads.
local resp = {}

function resp.request(words)
  local parts = {'*' .. #words .. '\r\n'}
  for _, word in ipairs(words) do
    local text = type(word) == 'number' and string.format('%.17g', word) or word
    parts[#parts + 1] = '$' .. #text .. '\r\n' .. text .. '\r\n'
  end
  return table.concat(parts)
end

-- A reply of the stand-in's as Redis would send it.
function resp.reply(value)
  if type(value) == 'number' then return string.format(':%.0f\r\n', value) end
  if value == false then return '$-1\r\n' end
  if type(value) == 'string' then return '$' .. #value .. '\r\n' .. value .. '\r\n' end
  if value.ok then return '+' .. value.ok .. '\r\n' end
  if value.err then return '-' .. value.err .. '\r\n' end
  local parts = {'*' .. #value .. '\r\n'}
  for _, item in ipairs(value) do parts[#parts + 1] = resp.reply(item) end
  return table.concat(parts)
end

-- The end of the reply that begins at `at`; nil: it is not whole.
function resp.skip(text, at)
  local stop = text:find('\r\n', at, true)
  if not stop then return nil end
  local kind, n = text:sub(at, at), tonumber(text:sub(at + 1, stop - 1))
  if kind == '$' then return n < 0 and stop + 2 or stop + 2 + n + 2 end
  if kind ~= '*' then return stop + 2 end
  at = stop + 2
  for _ = 1, n do
    at = at and resp.skip(text, at)
  end
  return at
end

return resp
