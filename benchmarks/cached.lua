-- One multipart form with the recording, sent again and again; the last line is figures for cached.py.
local boundary = "lingting-benchmark"
local function part(name, extra, body)
  return "--" .. boundary .. "\r\nContent-Disposition: form-data; name=\"" .. name .. "\"" .. extra .. "\r\n\r\n" .. body .. "\r\n"
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local audio = file:read("*a")
  file:close()
  local named = "; filename=\"speech.wav\"\r\nContent-Type: audio/wav"
  wrk.method = "POST"
  wrk.body = part("model", "", "whisper-1") .. part("file", named, audio) .. "--" .. boundary .. "--\r\n"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
  if args[2] and args[2] ~= "" then wrk.headers["Authorization"] = "Bearer " .. args[2] end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("FIGURES %d %d %d %d %d %d\n", summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
