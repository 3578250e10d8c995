-- wrk: sends headers when HEADERS has some, one a line, and a body when BODY names a file, and prints
-- one line of JSON at the end.
for name, value in (os.getenv("HEADERS") or ""):gmatch("([^:\n]+): ([^\n]*)") do
  wrk.headers[name] = value
end
local file = os.getenv("BODY")
if file then
  local body = assert(io.open(file, "rb"))
  wrk.method = "POST"
  wrk.body = body:read("*a")
  wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE")
  body:close()
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"failed":%d,"p50":%.1f,"p99":%.1f,"p999":%.1f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
