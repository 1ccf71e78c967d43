-- Arguments: PATH, a folder with body0, body1, …, their count, then names and values of headers.
-- Prints one line of JSON at the end.
local requests, turn = {}, 0

function init(args)
  local headers = {}
  for i = 4, #args, 2 do headers[args[i]] = args[i + 1] end
  for i = 1, tonumber(args[3]) do
    local file = assert(io.open(args[2] .. "/body" .. (i - 1), "rb"))
    requests[i] = wrk.format("POST", args[1], headers, file:read("*a"))
    file:close()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %f, "p50Ms": %f, "p99Ms": %f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
