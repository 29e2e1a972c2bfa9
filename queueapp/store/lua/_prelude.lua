-- What every script begins with: its arguments, the time, and the few acts that scripts share.
-- Scripts check everything first and write afterwards: Lua is atomic, not transactional.

-- Set anew for each call; the server runs one at a time. There is no redis.call while it loads.
local call, A, ARGV, NOW
local changed -- by scope, what the history of its queue has to record

local function begin(keys, args)
  call, changed = redis.call, {}
  P, ARGV, A = keys[1], args, cjson.decode(args[2])
  NOW = tonumber(args[1])
  if not NOW then
    local t = call('TIME')
    NOW = t[1] * 1000 + math.floor(t[2] / 1000)
  end
end

-- Lua prints numbers with 14 digits; scores need 16.
local function exact(n) return string.format('%.0f', n) end

-- Facts for programs follow the text, as JSON.
local function fail(code, text, facts)
  return redis.error_reply(code .. ' ' .. text .. (facts and ' ' .. cjson.encode(facts) or ''))
end

local function given(value)
  if value == nil or value == cjson.null or value == '' then return nil end
  return value
end

local function job_fields(id, ...)
  return call('HMGET', K.job(id), ...)
end

local function event(scope, kind, id, ...)
  call('XADD', K.events(scope), 'MAXLEN', '~', 10000, '*', 'kind', kind, 'job', id, 'at', exact(NOW), ...)
end

-- The one place where a status changes: the table of moves comes from Python.
local function move_status(scope, id, old, new, created)
  if not MOVES[old .. '>' .. new] then error('illegal move ' .. old .. '>' .. new) end
  call('ZREM', K.index(scope, 'status', old), id)
  call('ZADD', K.index(scope, 'status', new), created, id)
  call('HSET', K.job(id), 'status', new, 'updated', exact(NOW))
end

-- Shapes read "Type.2c4096m": what a worker must be able to run, and have free.
local function shape_parts(shape)
  local kind, cpu, mem = string.match(shape, '^(.*)%.(%d+)c(%d+)m$')
  return kind, tonumber(cpu), tonumber(mem)
end
