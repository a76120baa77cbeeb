-- What clients were told, and what has happened to it: the truth that the invariants are held against.
local Ledger = {}
Ledger.__index = Ledger

function Ledger.new()
  return setmetatable({posts = {}, order = {}, given = {}, deleted = {}, messages_deleted = {}, alone = {}, poison = {},
    bad = {}, copies = {}, foreign = {}, counted = {}, base = {}, stats = {}, jids = 0}, Ledger)
end

function Ledger:count(what, n)
  self.stats[what] = (self.stats[what] or 0) + (n or 1)
end

function Ledger:new_jid()
  self.jids = self.jids + 1
  return string.format('%024x', self.jids)
end

-- A number was given, with its job, in one script: id is the chat's (a message) or the application's (a chat).
function Ledger:give(jid, kind, id, number)
  local post = {jid = jid, kind = kind, id = id, number = number, at = #self.order + 1}
  self.posts[jid] = post
  self.order[post.at] = post
  local numbers = self.given[id]
  if not numbers then
    numbers = {}
    self.given[id] = numbers
  end
  numbers[number] = post
  self:count('posts')
  return post
end

-- A job got another number: nobody was told.
function Ledger:renumber(jid, id, number)
  local numbers = self.given[id] or {}
  self.given[id] = numbers
  numbers[number] = numbers[number] or {jid = jid, kind = 'message', id = id, number = number, again = true}
end

-- Redis has forgotten everything behind `at`: what `stored` does not know of it may be lost.
function Ledger:forget_behind(at, stored)
  local n = 0
  for i = at + 1, #self.order do
    local post = self.order[i]
    if not post.may_be_lost and not stored(post) then
      post.may_be_lost = true
      n = n + 1
    end
  end
  self:count('allowed losses', n)
  return n
end

return Ledger
