-- The real redis/*.lua, as they are, or with one change of a mutant's.
local scripts = {}

-- Every script of redis/.
scripts.names = {'bury', 'create_chat', 'create_message', 'delete', 'depth', 'drain', 'finish', 'mark', 'numbers',
  'promote', 'raise', 'reap', 'recovered', 'renew', 'restore'}

function scripts.read(folder, name)
  local file = assert(io.open(folder .. '/' .. name .. '.lua'))
  local text = file:read('*a')
  file:close()
  return text
end

-- A change is {script, text, what to put in its place}; a text that is not there means that the mutant is out of date.
local function changed(name, text, changes)
  for _, change in ipairs(changes or {}) do
    if change[1] == name then
      local from, to = text:find(change[2], 1, true)
      if not from then error('redis/' .. name .. '.lua has no ' .. change[2], 0) end
      text = text:sub(1, from - 1) .. change[3] .. text:sub(to + 1)
    end
  end
  return text
end

-- name -> run(keys, arguments) on that stand-in
function scripts.load(standin, folder, changes)
  local all = {}
  for _, name in ipairs(scripts.names) do
    all[name] = standin:script(changed(name, scripts.read(folder, name), changes), name)
  end
  return all
end

return scripts
