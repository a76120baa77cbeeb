-- A process's connection to Redis, as lib/redis.c has it: a call is executed and answered, or not executed, or nobody knows.
local failure = require('failure')
local Sim = require('sim')

local Link = {}
Link.__index = Link

local REFUSED, UNANSWERED = 0.002, 0.003

function Link.new(w)
  return setmetatable({w = w, links = 0, seen = 0}, Link)
end

function Link:disconnect()
  self.epoch, self.compared, self.recovering = nil, false, false
end

-- A connection that still stands, or a new one.
function Link:connect()
  if self.epoch == self.w.epoch then return end
  self:disconnect()
  if self.w.redis_down_until > self.w.sim.now then failure.throw('redis') end
  self.epoch = self.w.epoch
  self.links = self.links + 1
end

local function before(self, compared_only)
  Sim.pause()
  self:connect()
  if compared_only and not self.compared and not self.recovering then failure.throw('redis') end
  if self.w.trouble and Sim.chance(REFUSED) then
    self:disconnect()
    failure.throw('redis')
  end
end

local function after(self, reply)
  if type(reply) == 'table' and reply.err then failure.throw('script', reply.err:match('^%S+')) end
  if self.w.trouble and Sim.chance(UNANSWERED) then
    self.w.sim:tell('no answer')
    self:disconnect()
    failure.throw('unsure')
  end
  return reply
end

-- A plain command.
function Link:call(...)
  before(self, false)
  return after(self, self.w.redis:call(...))
end

function Link:compared_call(...)
  before(self, true)
  return after(self, self.w.redis:call(...))
end

-- A script. first() is called right before it is executed, told(reply) right after, whatever becomes of its answer.
function Link:script(name, keys, arguments, options)
  options = options or {}
  before(self, options.compared_only)
  if options.first then options.first() end
  local reply = self.w.scripts[name](keys, arguments)
  if options.told and not (type(reply) == 'table' and reply.err) then options.told(reply) end
  return after(self, reply)
end

function Link:saw(seq)
  if seq > self.seen then self.seen = seq end
end

return Link
