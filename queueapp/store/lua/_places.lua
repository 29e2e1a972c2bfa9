-- The places of one tier: who stands where, and putting a job elsewhere.

-- A move over places of others exchanges the places of all own jobs between: so many at the most.
local MOST_EXCHANGED = 1000

local function tier_of(scope, number)
  local queue = K.queue(scope)
  local better = call('ZCOUNT', queue, '-inf', '(' .. exact(number * TIER_SPAN))
  local upto = call('ZCOUNT', queue, '-inf', '(' .. exact((number + 1) * TIER_SPAN))
  return {scope = scope, number = number, queue = queue, size = upto - better, better = better}
end

-- score is the job's, where it is known and has not changed since.
local function position_of(tier, id, score)
  local rank = score and rank_of(tier.queue, id, score) or call('ZRANK', tier.queue, id)
  local position = rank and rank + 1 - tier.better
  if position and position >= 1 and position <= tier.size then return position end
end

local function standing_at(tier, first, last)
  return call('ZRANGE', tier.queue, tier.better + first - 1, tier.better + last - 1)
end

local function score_at(tier, position)
  if position < 1 or position > tier.size then return nil end
  local rank = tier.better + position - 1
  return tonumber(call('ZRANGE', tier.queue, rank, rank, 'WITHSCORES')[2])
end

-- The scores at a position and at the next one; nil for what the tier does not have.
local function scores_around(tier, position)
  local first, last = math.max(position, 1), math.min(position + 1, tier.size)
  local found = call('ZRANGE', tier.queue, tier.better + first - 1, tier.better + last - 1, 'WITHSCORES')
  if position < 1 then return nil, tonumber(found[2]) end
  return tonumber(found[2]), tonumber(found[4])
end

-- Returns the job's host. The place of its submission is kept: a change of priority goes by it.
local function put(tier, job, score)
  local home = job.home or tonumber(job.score) - tier.number * TIER_SPAN
  call('HSET', K.job(job.id), 'score', score, 'home', home)
  call('ZADD', tier.queue, score, job.id)
  file_later(tier.scope, job.id, job.shape, job.user, score)
  call('ZADD', K.runnable(tier.scope, tier.number, job.shape), 'XX', score, job.id)
  if job.host then call('ZADD', K.host(tier.scope, job.host), 'XX', score, job.id) end
  return job.host
end

local function put_by_id(tier, id, score)
  local j = job_fields(id, 'shape', 'user', 'host', 'score', 'home')
  return put(tier, {id = id, shape = j[1], user = j[2], host = j[3], score = j[4], home = j[5]}, score)
end

-- New places must stay below the next submission's: later jobs would overtake otherwise.
local function keep_ahead(tier)
  local last = score_at(tier, tier.size)
  local needed = math.ceil((last - tier.number * TIER_SPAN) / PLACE_STEP) - FIRST_SEQUENCE
  local sequence = tonumber(call('HGET', K.meta(tier.scope), 'sequence')) or 0
  if needed > sequence then call('HSET', K.meta(tier.scope), 'sequence', needed) end
end

-- Makes room around a used-up gap: a growing window of jobs is spread evenly again.
local function respread(tier, around)
  local width = 32
  while true do
    local first, last = math.max(1, around - width), math.min(tier.size, around + width)
    local under = score_at(tier, first - 1) or (score_at(tier, first) - PLACE_STEP * 2 * width)
    local over = score_at(tier, last + 1) or (score_at(tier, last) + PLACE_STEP * 2 * width)
    local step = math.floor((over - under) / (last - first + 2))
    if step >= 1024 or (first == 1 and last == tier.size) then
      for i, id in ipairs(standing_at(tier, first, last)) do put_by_id(tier, id, under + i * step) end
      return
    end
    width = width * 2
  end
end

-- Puts one job between two others; everybody else keeps place and order.
local function insert(tier, job, from, to)
  local below = to < from and to - 1 or to
  local under, over = scores_around(tier, below)
  local tight = under and over and over - under < 2
  if tight then
    respread(tier, to)
    local j = job_fields(job.id, 'score', 'home')
    job.score, job.home = j[1], j[2]
    under, over = scores_around(tier, below)
  end
  local score
  if not under then score = over - PLACE_STEP
  elseif not over then score = under + PLACE_STEP
  else score = under + math.floor((over - under) / 2) end
  local host = put(tier, job, score)
  if tight or not over then keep_ahead(tier) end
  return host and {host} or {}
end

-- Gives the places of ids, in order, to the same jobs with one of them moved; nobody else is touched.
local function exchange(tier, ids, forward)
  local scores, hosts = {}, {}
  for i, id in ipairs(ids) do scores[i] = tonumber(call('ZSCORE', tier.queue, id)) end
  for i, id in ipairs(ids) do
    local at = i % #ids + 1
    if forward then at = (i - 2) % #ids + 1 end
    local host = put_by_id(tier, id, scores[at])
    if host then hosts[#hosts + 1] = host end
  end
  return hosts
end
