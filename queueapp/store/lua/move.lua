--- move: give a queued job another place in its own tier; everybody else keeps their order.
--- ARGS scope id position before version clip
--- USES order hosts attempts
--- position is 1-based in the tier, or before names the job to stand before; version is the tier's, or null
--- clip moves past the end to the end instead of refusing
--- returns {tier, position before, position now, overall before, overall now, version}
--- fails NOT_FOUND, CONFLICT, VERSION_STALE, CROSSES_BOUNDARY   moves nothing
local job = load_job(A.id)
if not job or job.scope ~= A.scope then return fail('NOT_FOUND', 'There is no such job.') end
if job.status ~= 'Queued' then return fail('CONFLICT', 'The job is not queued: it is ' .. job.status .. '.') end
local queue, tier = K.queue(A.scope), tonumber(job.tier)
local version = tonumber(call('HGET', K.meta(A.scope), 'version' .. tier)) or 0
if given(A.version) and A.version ~= version then
  return fail('VERSION_STALE', 'The tier has changed; its version is ' .. version .. '.')
end
local low, high = exact(tier * TIER_SPAN), '(' .. exact((tier + 1) * TIER_SPAN)
local size = call('ZCOUNT', queue, low, high)
local better = call('ZCOUNT', queue, '-inf', '(' .. low)
local from = call('ZRANK', queue, A.id) + 1 - better
local to = given(A.position)
local before = given(A.before)
if before then
  local rank = call('ZRANK', queue, before)
  local place = rank and rank + 1 - better
  if not place or place < 1 or place > size then
    return fail('CONFLICT', 'The job to stand before is not queued in this tier.')
  end
  to = place > from and place - 1 or place
end
if to > size then
  if not A.clip then return fail('CROSSES_BOUNDARY', 'The tier has ' .. size .. ' jobs.') end
  to = size
end

local function score_at(position)
  if position < 1 or position > size then return nil end
  return tonumber(call('ZRANGE', queue, better + position - 1, better + position - 1, 'WITHSCORES')[2])
end

local function put(id, score)
  local j = job_fields(id, 'shape', 'host', 'user')
  call('HSET', K.job(id), 'score', exact(score))
  stand(A.scope, id, j[1], j[3], exact(score))
  call('ZADD', K.runnable(A.scope, tier, j[1]), 'XX', exact(score), id)
  if j[2] then call('ZADD', K.host(A.scope, j[2]), 'XX', exact(score), id) end
end

-- New places must stay below the next submission's: later jobs would overtake otherwise.
local function keep_ahead(score)
  local needed = math.ceil((score - tier * TIER_SPAN) / PLACE_STEP) - FIRST_SEQUENCE
  local sequence = tonumber(call('HGET', K.meta(A.scope), 'sequence')) or 0
  if needed > sequence then call('HSET', K.meta(A.scope), 'sequence', needed) end
end

-- The neighbours of the new place, the moving job left out of the count.
local function neighbours()
  if to < from then return score_at(to - 1), score_at(to) end
  return score_at(to), score_at(to + 1)
end

-- Makes room around a used-up gap: a growing window of jobs is spread evenly again.
local function respread()
  local width = 32
  while true do
    local first, last = math.max(1, to - width), math.min(size, to + width)
    local under = score_at(first - 1) or (score_at(first) - PLACE_STEP * 2 * width)
    local over = score_at(last + 1) or (score_at(last) + PLACE_STEP * 2 * width)
    local step = math.floor((over - under) / (last - first + 2))
    if step >= 1024 or (first == 1 and last == size) then
      local ids = call('ZRANGE', queue, better + first - 1, better + last - 1)
      for i, id in ipairs(ids) do put(id, under + i * step) end
      return
    end
    width = width * 2
  end
end

if to ~= from then
  local home = call('HGET', K.job(A.id), 'home')
  if not home then call('HSET', K.job(A.id), 'home', exact(tonumber(job.score) - tier * TIER_SPAN)) end
  local under, over = neighbours()
  if under and over and over - under < 2 then
    respread()
    under, over = neighbours()
  end
  local score
  if not under then score = over - PLACE_STEP
  elseif not over then score = under + PLACE_STEP
  else score = under + math.floor((over - under) / 2) end
  put(A.id, score)
  keep_ahead(tonumber(call('ZRANGE', queue, better + size - 1, better + size - 1, 'WITHSCORES')[2]))
  touch_tier(A.scope, tier)
  local host = call('HGET', K.job(A.id), 'host')
  if host then give_turn(A.scope, host) end
  event(A.scope, 'moved', A.id, 'from', from, 'to', to)
  version = version + 1
end
return {tier, from, to, better + from, better + to, version}
