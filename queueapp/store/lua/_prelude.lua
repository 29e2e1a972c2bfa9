-- What every script begins with: its arguments, the time, and the few acts that scripts share.
-- Scripts check everything first and write afterwards: Lua is atomic, not transactional.

-- Set anew for each call; the server runs one at a time. There is no redis.call while it loads.
local call, A, ARGV, NOW
local changed -- by scope, what the history of its queue has to record
local shares, nodes, limits -- what this call has read: of scopes, of nodes, of limits to job types
local more_of -- by job type, how many more of it run than before this call
local favoured, woken -- the node to be called first, and the one that was
local aside, barren -- what this claim leaves to others: jobs, and by tier the scopes that have but such
local stopped -- by scope, whether it is paused, where this call has looked

local function begin(keys, args)
  call, changed = redis.call, {}
  shares, nodes, limits, more_of, stopped = {}, {}, nil, {}, {}
  favoured, woken, aside, barren = nil, nil, nil, nil
  P, ARGV, A = keys[1], args, cjson.decode(args[2])
  NOW = tonumber(args[1])
  if not NOW then
    local t = call('TIME')
    NOW = t[1] * 1000 + math.floor(t[2] / 1000)
  end
end

-- Lua prints numbers with 14 digits; scores need 16. Only for numbers inside a text: as arguments
-- of a command the server prints whole numbers exactly, and faster.
local function exact(n) return string.format('%d', n) end

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
  call('XADD', K.events(scope), 'MAXLEN', '~', 10000, '*', 'kind', kind, 'job', id, 'at', NOW, ...)
end

-- The one place where a status changes: the table of moves comes from Python. What else changes
-- of the job in the same moment may be named behind, as fields and values.
local function move_status(scope, id, old, new, created, ...)
  if not MOVES[old .. '>' .. new] then error('illegal move ' .. old .. '>' .. new) end
  call('ZREM', K.index(scope, 'status', old), id)
  call('ZADD', K.index(scope, 'status', new), created, id)
  call('HSET', K.job(id), 'status', new, 'updated', NOW, ...)
end

-- What the fleet's meters count: how long something took, by what it was, in Python's buckets.
local function meter(what, label, ms)
  local at = 1
  while METER_BOUNDS_MS[at] and ms > METER_BOUNDS_MS[at] do at = at + 1 end
  call('HINCRBY', K.meters(), what .. ':' .. label .. ':' .. at, 1)
  call('HINCRBY', K.meters(), what .. ':' .. label .. ':ms', exact(math.max(0, ms)))
end

-- Jobs of a device host are few: they are listed by host, and told apart from all the others.
local function list_host(scope, id, host, created)
  call('ZADD', K.index(scope, 'host', host), created, id)
  call('ZADD', K.index(scope, 'pinned', 'yes'), created, id)
end

-- Shapes read "Type.2c4096m": what a worker must be able to run, and have free.
-- There are few, and they are asked for several times a call: what they mean is kept.
local SHAPES, shapes_kept = {}, 0

local function shape_parts(shape)
  local known = SHAPES[shape]
  if not known then
    if shapes_kept == 1000 then SHAPES, shapes_kept = {}, 0 end
    local kind, cpu, mem = string.match(shape, '^(.*)%.(%d+)c(%d+)m$')
    known = {kind, tonumber(cpu), tonumber(mem)}
    SHAPES[shape], shapes_kept = known, shapes_kept + 1
  end
  return known[1], known[2], known[3]
end
