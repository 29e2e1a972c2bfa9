--- survey: a scope's queue as estimates need it: what stands first, how much stands before ranks further on.
--- ARGS scope head known
--- known is the sign of a survey that the caller has; the answer is "" while that would be the same
--- points are 25 % apart, so a queue of a million has about forty; tiers begin at points too
--- returns {sign, now_ms, jobs, {jobs of each tier}, meta, pauses, {type, limit, running, ...}, running here, rows, {tier|shape, jobs, ...}, {rank, tier, counts, ...}}
--- a row is {id, spec, shape, tier, timeout, due, host, unmet, host waits, user}   moves nothing
local queue = K.queue(A.scope)
local meta = call('HMGET', K.meta(A.scope), 'version0', 'version1', 'version2', 'version3', 'max_running', 'weight',
  'eligible_since0', 'eligible_since1', 'eligible_since2', 'eligible_since3')
local pauses, running = call('HGETALL', K.pauses(A.scope)), call('ZCARD', K.index(A.scope, 'status', 'Running'))
local limits, all = {}, call('HGETALL', K.type_limits())
for i = 1, #all, 2 do
  limits[#limits + 1], limits[#limits + 2] = all[i], all[i + 1]
  limits[#limits + 1] = call('HGET', K.type_running(), all[i]) or '0'
end
local sign = cjson.encode({meta, pauses, limits, running})
if A.known == sign then return '' end
local jobs = call('ZCARD', queue)

local ends, total, sizes = {}, 0, {}
for tier = 0, 3 do
  sizes[tier + 1] = call('ZCOUNT', queue, exact(tier * TIER_SPAN), '(' .. exact((tier + 1) * TIER_SPAN))
  total = total + sizes[tier + 1]
  ends[tier + 1] = total
end

local rows = {}
for i, id in ipairs(A.head > 0 and call('ZRANGE', queue, 0, math.min(A.head, 1000) - 1) or {}) do
  local j = job_fields(id, 'shape', 'tier', 'timeout', 'due', 'host', 'unmet', 'host_waits', 'user')
  -- What is larger was given large parameters: it is foreseen by its type alone.
  local spec = call('STRLEN', K.spec(id)) <= 65536 and call('GET', K.spec(id))
  rows[i] = {id, spec or '{}', j[1] or '', j[2] or 0, j[3], j[4], j[5], j[6], j[7], j[8]}
end

local shapes, of_tier = {}, {[0] = {}, {}, {}, {}}
for _, entry in ipairs(call('SMEMBERS', K.shapes(A.scope))) do
  local tier, shape = string.match(entry, '^(%d)|(.*)$')
  table.insert(of_tier[tonumber(tier)], shape)
  table.insert(shapes, entry)
  table.insert(shapes, call('ZCARD', K.runnable(A.scope, tier, shape)))
end

local points = {}
local function point(rank)
  local found = call('ZRANGE', queue, rank, rank, 'WITHSCORES')
  local score = tonumber(found[2])
  local tier = score and math.floor(score / TIER_SPAN) or 4
  local counts = {}
  for i, shape in ipairs(of_tier[tier] or {}) do
    counts[2 * i - 1] = shape
    counts[2 * i] = call('ZCOUNT', K.runnable(A.scope, tier, shape), '-inf', '(' .. exact(score))
  end
  table.insert(points, {rank, tier, counts})
end

local head = math.max(A.head, 1)
local next_tier, rank = 1, head
while jobs > head and rank <= jobs do
  point(rank)
  local far = rank == jobs and jobs + 1 or math.min(math.ceil(rank * 1.25), jobs)
  while next_tier <= 4 and ends[next_tier] <= rank do next_tier = next_tier + 1 end
  rank = next_tier <= 4 and math.min(far, ends[next_tier]) or far
end

return {sign, NOW, jobs, sizes, meta, pauses, limits, running, rows, shapes, points}
