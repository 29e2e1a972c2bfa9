-- For how long pauses held jobs up: they know their own moments, so no look has to meet them.

local PAUSES_KEPT = 500 -- beginnings and ends of one kind
local PAUSES_KEPT_MS = 30 * 86400000

local function pause_code(kind) return kind == '*' and 'QueuePaused' or 'TypePaused' end

-- Writes down that a pause began, or with an empty code that it ended.
local function note_pause(scope, kind, code)
  local key, now = K.paused(scope, kind), exact(NOW)
  -- What lies ahead was written by a clock that was; what ends as it begins has not been.
  call('ZREMRANGEBYSCORE', key, code == '' and now or '(' .. now, '+inf')
  call('ZADD', key, now, now .. '|' .. code)
  call('ZREMRANGEBYRANK', key, 0, -PAUSES_KEPT - 1)
  call('PEXPIRE', key, PAUSES_KEPT_MS)
end

-- Until when looks have counted what jobs wait for.
local function last_look() return tonumber(call('HGET', K.clock(), 'watched')) or NOW end

-- Adds what the scope's jobs have waited for the pauses that are on, since that was done last or
-- since from, to the hour. To be called before they change; looks do the rest.
local function count_paused(scope, from)
  local pauses, any = call('HGETALL', K.pauses(scope)), false
  local since, last = {}, tonumber(call('HGET', K.meta(scope), 'paused_counted')) or 0
  for i = 1, #pauses, 2 do
    -- One without notes is older than they are: looks count it as a whole.
    if call('EXISTS', K.paused(scope, pauses[i])) == 1 then
      since[pauses[i]], any = math.max(last, from, cjson.decode(pauses[i + 1]).at_ms), true
    end
  end
  if not any then return end
  local hour = changes(scope).key
  each_shape(scope, function(tier, shape, kind)
    local by = since['*'] and '*' or kind
    local ms = since[by] and NOW - since[by] or 0
    if ms > 0 then
      local jobs = call('ZCARD', K.runnable(scope, tier, shape))
      call('HINCRBY', hour, 'why:' .. pause_code(by), exact(jobs * ms))
    end
  end)
  call('HSET', K.meta(scope), 'paused_counted', exact(NOW))
end

-- Adds the stretches between from and to in which a pause was on; returns whether there are notes.
local function add_pauses(stretches, scope, kind, from, to)
  local key, began = K.paused(scope, kind), nil
  local notes = call('ZRANGE', key, exact(from), '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)
  for _, note in ipairs(call('ZRANGE', key, '(' .. exact(from), exact(to), 'BYSCORE')) do notes[#notes + 1] = note end
  for _, note in ipairs(notes) do
    local at, code = string.match(note, '^(%d+)|(.*)$')
    if code ~= '' then
      began = began or math.max(tonumber(at), from)
    elseif began then
      stretches[#stretches + 1], began = {began, tonumber(at)}, nil
    end
  end
  if began then stretches[#stretches + 1] = {began, to} end
  return #notes > 0
end

-- For how long between from and to no pause held jobs of a kind up, and of which pauses notes tell.
local function unpaused(scope, kind, from, to)
  local stretches, upto, free = {}, from, 0
  local noted = {
    QueuePaused = add_pauses(stretches, scope, '*', from, to),
    TypePaused = add_pauses(stretches, scope, kind, from, to),
  }
  table.sort(stretches, function(a, b) return a[1] < b[1] end)
  for _, one in ipairs(stretches) do
    free, upto = free + math.max(0, one[1] - upto), math.max(upto, one[2])
  end
  return free + math.max(0, to - upto), noted
end
