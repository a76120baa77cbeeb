-- Ids and the names of keys, as lib/key.c makes them.
local ids = {}

local SPAN = 4294967296

ids.LAST_NUMBER = SPAN - 1

function ids.text(id) return string.format('%.0f', id) end
function ids.chat(app, number) return app * SPAN + number end
function ids.app(chat) return math.floor(chat / SPAN) end
function ids.number(chat) return chat % SPAN end
function ids.is_app(id) return id < SPAN end

function ids.counter(id)
  return ids.is_app(id) and 'chat_app:' .. ids.text(id) .. ':chat_counter' or 'chat:' .. ids.text(id) .. ':message_counter'
end
function ids.gone(id) return 'gone:' .. ids.text(id) end
function ids.heal(id) return 'heal:' .. ids.text(id) end
function ids.queue(name) return 'queue:' .. name end
function ids.inflight(queue, slot) return 'inflight:' .. queue .. ':' .. slot end
function ids.lease(queue, slot) return 'lease:' .. queue .. ':' .. slot end
function ids.suspects(queue) return 'suspects:' .. queue end
function ids.pending(class, id) return 'pending:' .. class .. ':' .. ids.text(id) end

return ids
