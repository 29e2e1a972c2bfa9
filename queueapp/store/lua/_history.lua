-- What a script changes in the queues, added to each scope's roll-up of the hour at its end.
-- A sum over time needs no settling: a change by n adds n times what is left of the hour, and what
-- there was at the hour's start is kept. So an hour without changes needs no record at all.

local HOUR_MS = 3600000
local HOURS_KEPT = 90 * 24
local EPOCH = 1767225600000 -- 2026: keeps sums over time small enough to be exact
local COUNTED_FOR_MS = 15000 -- slots that nobody counted for so long are there no more
local HOLDS = {'Dependency', 'Scheduled', 'RetryBackoff', 'HostBusy'}
-- One field holds what nearly every change changes, in this order: queued by tier, running, peak,
-- least; longest and shortest wait or -1; size, busy slots, idle slots while jobs waited, x time.
local STATE = '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$'
local STATED = '%d %d %d %d %d %d %d %d %d %d %d %d'

local function changes(scope)
  local c = changed[scope]
  if not c then
    c = {0, 0, 0, 0, running = 0, eligible_by = 0, key = K.hour(scope, exact(math.floor(NOW / HOUR_MS)))}
    changed[scope] = c
  end
  return c
end

local function count(scope, what, tier, kind, n)
  call('HINCRBY', changes(scope).key, what .. ':' .. tier .. ':' .. kind, n)
end

local function count_queued(scope, tier, n)
  local c = changes(scope)
  c[tier + 1] = c[tier + 1] + n
end

local function count_running(scope, n)
  local c = changes(scope)
  c.running = c.running + n
end

-- after is what there is now, which whoever counts knows anyway.
local function count_eligible(scope, after, n)
  local c = changes(scope)
  c.eligible, c.eligible_by = after, c.eligible_by + n
end

local function count_held(scope, code, n)
  if n == 0 then return end
  local c = changes(scope)
  c.holds = c.holds or {}
  c.holds[code] = (c.holds[code] or 0) + n
  call('HINCRBY', K.meta(scope), 'held:' .. code, n)
  call('HINCRBY', c.key, 'held:' .. code, n * (HOUR_MS - NOW % HOUR_MS))
end

-- The server's clock may have been put back meanwhile: nothing took less than no time.
local function count_wait(scope, tier, kind, ms)
  local c = changes(scope)
  ms = math.max(0, ms)
  count(scope, 'started', tier, kind, 1)
  count(scope, 'wait', tier, kind, ms)
  c.most, c.least = math.max(c.most or ms, ms), math.min(c.least or ms, ms)
end

local function is_paused(scope) return call('HEXISTS', K.pauses(scope), '*') == 1 end

-- To be called before the scope is paused or resumed.
local function count_pause(scope) changes(scope).paused_before = is_paused(scope) end

-- Slots that stood idle times ms, since EPOCH, as of a moment after the last change of the fleet.
local function idle_until(at, running)
  local clock = call('HMGET', K.clock(), 'busy', 'slots', 'slot_ms', 'counted')
  local slots, seen = tonumber(clock[2]) or 0, (tonumber(clock[4]) or 0) + COUNTED_FOR_MS
  local there = (tonumber(clock[3]) or 0) + slots * (math.min(at, seen) - EPOCH)
  return there - (tonumber(clock[1]) or 0) - running * (at - EPOCH)
end

-- How many jobs of the fleet ran before this script.
local function ran()
  local by = 0
  for _, c in pairs(changed) do by = by + c.running end
  return call('ZCARD', K.leases()) - by
end

-- The idle sum at the starts of hours that no mark tells: two hours after the last mark nothing
-- that nobody counted is there any more, so the sum grows evenly from there to the hour given.
local function unmarked(hour)
  local last = call('ZRANGE', K.idle_marks(), '(' .. exact(hour), '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)[1]
  local after, running, found = last and tonumber(string.match(last, '^%d+')) or hour, ran(), {}
  for one = after + 1, math.min(after + 2, hour - 1) do
    found[#found + 1] = exact(one) .. ':' .. exact(idle_until(one * HOUR_MS, running))
  end
  found[#found + 1] = exact(hour) .. ':' .. exact(idle_until(hour * HOUR_MS, running))
  return found
end

-- Remembers the idle sum at an hour's start, before the first change of the hour is counted.
local function mark_hour(hour)
  if call('ZCOUNT', K.idle_marks(), hour, hour) > 0 then return end
  for _, mark in ipairs(unmarked(hour)) do call('ZADD', K.idle_marks(), string.match(mark, '^%d+'), mark) end
  call('ZREMRANGEBYSCORE', K.idle_marks(), '-inf', hour - HOURS_KEPT)
end

-- Whether jobs that could be claimed were waiting before this script, and are now.
local function waiting(scope, c)
  local now = c.eligible or tonumber(call('HGET', K.meta(scope), 'eligible')) or 0
  local paused, before = stopped[scope], c.paused_before
  if paused == nil or before ~= nil then paused = is_paused(scope) end
  if before == nil then before = paused end
  return now - c.eligible_by > 0 and not before, now > 0 and not paused
end

-- What an idle sum has to be multiplied with: jobs that could be claimed began or ceased to wait.
local function waiting_turned(scope, c)
  local turned = c.eligible_by ~= 0 and (c.eligible == 0 or c.eligible == c.eligible_by)
  if not turned and c.paused_before == nil then return 0 end
  local before, after = waiting(scope, c)
  if before == after then return 0 end
  return after and -1 or 1
end

local function queued_before(scope, c)
  local found, below = {}, 0
  for tier = 1, 4 do
    local upto = call('ZCOUNT', K.queue(scope), '-inf', '(' .. exact(tier * TIER_SPAN))
    found[tier], below = upto - below - c[tier], upto
  end
  return found
end

-- Hours that are yet to come were written by a clock that was ahead; returns whether there were any.
local function forget_later(scope, hour)
  local found = call('ZRANGE', K.hours(scope), '(' .. hour, '+inf', 'BYSCORE')
  for _, later in ipairs(found) do
    call('UNLINK', K.hour(scope, later))
    call('ZREM', K.hours(scope), later)
  end
  call('ZREMRANGEBYSCORE', K.idle_marks(), '(' .. hour, '+inf')
  return #found > 0
end

-- The first change of an hour: what there was before it has been there since the hour began.
local function open_hour(scope, c)
  local q, hour = queued_before(scope, c), exact(math.floor(NOW / HOUR_MS))
  local size, sizes = q[1] + q[2] + q[3] + q[4], table.concat(q, ' ')
  local running = call('ZCARD', K.index(scope, 'status', 'Running')) - c.running
  local state = sizes .. ' ' .. string.format('%d %d %d -1 -1 0 0 0', running, size, size)
  call('HSET', c.key, 'state', state, 'from', sizes, 'from_running', running,
    'from_waiting', waiting(scope, c) and 1 or 0, 'peaked', sizes)
  for _, code in ipairs(HOLDS) do
    local held = (tonumber(call('HGET', K.meta(scope), 'held:' .. code)) or 0) - (c.holds and c.holds[code] or 0)
    if held ~= 0 then call('HSET', c.key, 'from_' .. code, held) end
  end
  call('EXPIRE', c.key, HOURS_KEPT * 3600)
  forget_later(scope, hour)
  call('ZADD', K.hours(scope), hour, hour)
  call('ZREMRANGEBYSCORE', K.hours(scope), '-inf', hour - HOURS_KEPT)
  call('HSETNX', K.meta(scope), 'began', hour)
  mark_hour(tonumber(hour))
  return state
end

local function record(scope, c)
  local known = call('HGET', c.key, 'state') or open_hour(scope, c)
  local q0, q1, q2, q3, running, peak, least, most_wait, least_wait, area, busy, idle = string.match(known, STATE)
  local size, by, left = q0 + q1 + q2 + q3, c[1] + c[2] + c[3] + c[4], HOUR_MS - NOW % HOUR_MS
  -- A peak is known when the queue shrinks from it, a low when it grows: what lasts needs no write.
  if by < 0 and size > tonumber(peak) then
    peak = size
    call('HSET', c.key, 'peaked', table.concat({q0, q1, q2, q3}, ' '))
  elseif by > 0 and size < tonumber(least) then
    least = size
  end
  if c.most then
    most_wait = math.max(most_wait, c.most)
    least_wait = tonumber(least_wait) < 0 and c.least or math.min(least_wait, c.least)
  end
  local turned = waiting_turned(scope, c)
  if turned ~= 0 then idle = idle + turned * idle_until(NOW, ran()) end
  local now = string.format(STATED, q0 + c[1], q1 + c[2], q2 + c[3], q3 + c[4], running + c.running, peak, least,
    most_wait, least_wait, area + by * left, busy + c.running * left, idle)
  if now ~= known then call('HSET', c.key, 'state', now) end
end

-- Every script's answer passes through here: what it changed is recorded before it is given.
local function kept(answer)
  local by = 0
  for scope, c in pairs(changed) do
    record(scope, c)
    by = by + c.running
  end
  if by ~= 0 then call('HINCRBY', K.clock(), 'busy', -by * (NOW - EPOCH)) end
  return answer
end
