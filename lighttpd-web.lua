-- For lighttpd, the front end: before a file is looked for, and before an answer is sent.
local r = lighty.r
local path = r.req_attr["uri.path"]
local places = { api = r.req_env["PARLEY_WEB_API"], writer = r.req_env["PARLEY_WEB_WRITER"] }

-- Places are words of lib/place.h: nothing in them needs an escape, here or in a header.
local function config()
  r.resp_header["Content-Type"] = "application/json"
  r.resp_body.set(string.format('{"api":"%s","writer":"%s"}\n', places.api, places.writer))
  return 200
end

local types = { html = "text/html; charset=utf-8", js = "text/javascript; charset=utf-8",
                css = "text/css; charset=utf-8", svg = "image/svg+xml", txt = "text/plain; charset=utf-8" }

local function takes_gzip()
  local taken = (r.req_header["Accept-Encoding"] or ""):lower():gsub("%s", "")
  return taken:find("%f[%w]gzip%f[%W]") and not taken:find("gzip;q=0%.?0*%f[^%d.]")
end

-- The build leaves x.gz beside x.
local function packed()
  local file = r.req_attr["physical.path"]:gsub("/$", "/index.html")
  local type = types[file:match("%.(%a+)$")]
  if not (type and lighty.c.stat(file .. ".gz")) then
    return
  end
  r.resp_header["Vary"] = "Accept-Encoding"
  if takes_gzip() then
    r.req_attr["physical.path"] = file .. ".gz"
    r.resp_header["Content-Type"] = type
    r.resp_header["Content-Encoding"] = "gzip"
  end
end

-- The page's own host, as a policy can name it: IPv6 is not provided for.
local function host()
  local name = (r.req_attr["uri.authority"] or ""):gsub(":%d+$", "")
  return name:find("^[%w.-]+$") and name or "*"
end

-- Where connections to a place go: an origin, or nothing more than to the page's own.
local function source(place)
  local scheme, name, port = place:match("^(https?://)([^/:%[]+)(:?%d*)")
  if not scheme then
    scheme, port = place:match("^(https?://)%[.*%](:?%d*)")
    name = "*"
  end
  if scheme then
    return " " .. scheme .. name .. port
  end
  return place:find("^:") and " " .. host() .. place or ""
end

local function headers(answer)
  answer["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; style-src 'self'; " ..
    "font-src 'self'; img-src 'self'; connect-src 'self'" .. source(places.api) .. source(places.writer) ..
    "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " ..
    "require-trusted-types-for 'script'; trusted-types 'none'"
  answer["X-Content-Type-Options"] = "nosniff"
  answer["Referrer-Policy"] = "no-referrer"
  if path == "/config.json" then
    answer["Cache-Control"] = "no-store"
  elseif path:find("^/assets/") then -- their names change with what is in them
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
  else
    answer["Cache-Control"] = "no-cache"
  end
end

if r.req_item.http_status ~= 0 then
  headers(r.resp_header)
elseif path == "/config.json" then
  return config()
else
  packed()
end
