-- For lighttpd, where it answers by itself: before a program is asked for the words (/.problem), and
-- before the answer is sent.
local r = lighty.r
local status = r.req_env["REDIRECT_STATUS"]

-- A program that broke off (500), did not answer in time (504) or is down (503) is unavailable.
if status == "500" or status == "502" or status == "504" then
  r.req_env["REDIRECT_STATUS"] = "503"
elseif status == "405" then -- CONNECT, which no path has
  r.req_env["REDIRECT_STATUS"] = "501"
end

-- What a program would have said, where the words come from a file.
local function new_id()
  local random = assert(io.open("/dev/urandom", "rb"))
  local bytes = random:read(12)
  random:close()
  return (bytes:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local function headers_of_file(answer)
  local id = r.req_header["X-Request-Id"]
  if not (id and #id <= 64 and id:find("^[%w._-]+$")) then
    id = new_id()
  end
  answer["X-Request-Id"] = id
  answer["Cache-Control"] = "no-store"
  answer["Referrer-Policy"] = "no-referrer"
  answer["X-Content-Type-Options"] = "nosniff"
  if r.req_item.http_status == 503 then
    answer["Retry-After"] = "1"
  end
end

local is_answer = r.req_item.http_status ~= 0
if is_answer and not r.resp_header["X-Request-Id"] then
  headers_of_file(r.resp_header)
end
