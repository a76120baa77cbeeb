-- SHA-1 of a text, in hex: what redis.sha1hex answers.
local bit = require('bit')
local band, bor, bxor, bnot, rol = bit.band, bit.bor, bit.bxor, bit.bnot, bit.rol

local function padded(text)
  local bits = #text * 8
  local zeros = string.rep('\0', (55 - #text) % 64)
  local length = string.char(0, 0, 0, 0, band(bit.rshift(bits, 24), 255), band(bit.rshift(bits, 16), 255),
    band(bit.rshift(bits, 8), 255), band(bits, 255))
  return text .. '\128' .. zeros .. length
end

local function schedule(block)
  local w = {}
  for i = 0, 15 do
    local a, b, c, d = block:byte(4 * i + 1, 4 * i + 4)
    w[i] = bor(bit.lshift(a, 24), bit.lshift(b, 16), bit.lshift(c, 8), d)
  end
  for i = 16, 79 do w[i] = rol(bxor(w[i - 3], w[i - 8], w[i - 14], w[i - 16]), 1) end
  return w
end

local function mix(i, b, c, d)
  if i < 20 then return bor(band(b, c), band(bnot(b), d)), 0x5A827999 end
  if i < 40 then return bxor(b, c, d), 0x6ED9EBA1 end
  if i < 60 then return bor(band(b, c), band(b, d), band(c, d)), 0x8F1BBCDC end
  return bxor(b, c, d), 0xCA62C1D6
end

local function digest(h, block)
  local w = schedule(block)
  local a, b, c, d, e = h[1], h[2], h[3], h[4], h[5]
  for i = 0, 79 do
    local f, k = mix(i, b, c, d)
    local t = bit.tobit(rol(a, 5) + f + e + k + w[i])
    e, d, c, b, a = d, c, rol(b, 30), a, t
  end
  for i, x in ipairs({a, b, c, d, e}) do h[i] = bit.tobit(h[i] + x) end
end

return function(text)
  local h = {bit.tobit(0x67452301), bit.tobit(0xEFCDAB89), bit.tobit(0x98BADCFE), 0x10325476, bit.tobit(0xC3D2E1F0)}
  local all = padded(text)
  for at = 1, #all, 64 do digest(h, all:sub(at, at + 63)) end
  return (bit.tohex(h[1]) .. bit.tohex(h[2]) .. bit.tohex(h[3]) .. bit.tohex(h[4]) .. bit.tohex(h[5]))
end
