-- Sends the requests of a file over and over: one a line, as method, path and body with tabs between them.
-- All of them are made before the start, so that the load costs little. Called by bench/run/wrk.ts.

local requests = {}
local at = 0

function init(args)
  local headers = { ["Content-Type"] = "application/json" }
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%u+)\t([^\t]+)\t(.*)$")
    if body == "" then
      requests[#requests + 1] = wrk.format(method, path)
    else
      requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- One line of JSON; durations in microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p90":%d,"p95":%d,"p99":%d,"p999":%d,"max":%d,' ..
    '"refused":%d,"connections":%d,"timeouts":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(90), latency:percentile(95), latency:percentile(99),
    latency:percentile(99.9), latency.max,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
