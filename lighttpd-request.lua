-- For lighttpd, before each request is handled.
--
-- To a program, every character of a header's name but letters and digits is an underscore:
-- X_Request_Id, X.Request.Id and X-Request-Id would all be HTTP_X_REQUEST_ID. Only the last stays.
local r = lighty.r
local strange
for name in pairs(r.req_header) do
  if name:find("[^%w-]") then
    strange = strange or {}
    strange[#strange + 1] = name
  end
end
for _, name in ipairs(strange or {}) do
  r.req_header[name] = nil
end
