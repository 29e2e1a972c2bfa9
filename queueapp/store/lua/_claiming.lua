-- Choosing and taking the best job that a worker can run now; shared by claim and finish.

local OVERTAKES = 16
local HOLD_MS = 600000
local CLAIMED_MS = 60000
local MOST_LATE = 100 -- jobs past their time in the queue that one claim ends; upkeep ends the others

-- What a worker may be given: its types, its node's free and whole capacity, a hold on the node.
local function offer_of(worker)
  local w = call('HMGET', K.worker(worker), 'types', 'node', 'draining')
  if not w[1] or not w[2] then return nil end
  local n = node_of(w[2])
  return {worker = worker, types = w[1], node = w[2], draining = w[3] == '1', all_cpu = n.cpu, all_mem = n.mem,
    cpu = n.cpu - n.cpu_used, mem = n.mem - n.mem_used, hold = n.hold, hold_until = n.hold_until}
end

local function fits(offer, shape)
  local kind, cpu, mem = shape_parts(shape)
  if aside and aside.shapes[shape] then return 'never' end
  if not offers(offer.types, kind) or cpu > offer.all_cpu or mem > offer.all_mem then return 'never' end
  local most = limit_of(kind)
  if most and running_of(kind) >= most then return 'never' end
  if cpu > offer.cpu or mem > offer.mem then return 'later' end
  return 'now'
end

-- The head of a directory may carry an old virtual time: put it right and look again.
local function fairest(tier, shape)
  local at = 0
  for _ = 1, 64 do
    local head = call('ZRANGE', K.directory(tier, shape), at, at, 'WITHSCORES')
    if not head[1] then return nil end
    if barren and barren[tier .. head[1]] then
      at = at + 1
    else
      local real = share_of(head[1]).vt
      if real <= tonumber(head[2]) then return head[1], tonumber(head[2]) end
      call('ZADD', K.directory(tier, shape), real, head[1])
    end
  end
end

-- The first that is not left to others.
local function head_of(set)
  if not aside then return call('ZRANGE', set, 0, 1, 'WITHSCORES') end
  local found = call('ZRANGE', set, 0, aside.n, 'WITHSCORES')
  for i = 1, #found, 2 do
    if not aside.jobs[found[i]] then return {found[i], found[i + 1], found[3]} end
  end
  return {}
end

-- Returns also whether others of the same tier and shape wait behind it.
local function first_of(scope, tier, shapes)
  local id, lowest, others
  for _, shape in ipairs(shapes) do
    local head = head_of(K.runnable(scope, tier, shape))
    local score = tonumber(head[2])
    if head[1] and (not id or score < lowest or (score == lowest and head[1] < id)) then
      id, lowest, others = head[1], score, head[3] ~= nil
    end
  end
  return id, others
end

-- Returns the shapes that only lack free room, and the best job of a tier, its scope, its turn and
-- whether others wait behind it.
local function look_at_tier(offer, tier)
  local shapes, later, scope, least = {}, {}, nil, nil
  for _, shape in ipairs(call('SMEMBERS', K.live(tier))) do
    local when = fits(offer, shape)
    if when == 'now' then
      shapes[#shapes + 1] = shape
      local s, vt = fairest(tier, shape)
      if s and (not scope or vt < least or (vt == least and s < scope)) then scope, least = s, vt end
    elseif when == 'later' then
      later[#later + 1] = shape
    end
  end
  if not scope then return later end
  local id, others = first_of(scope, tier, shapes)
  return later, id, scope, least, others
end

local function best_of_tier(offer, tier)
  local later, id, scope, turn, others = look_at_tier(offer, tier)
  for _ = 1, aside and 64 or 0 do
    if id or not scope then break end
    -- All that this scope has here is left to others.
    barren = barren or {}
    barren[tier .. scope] = true
    later, id, scope, turn, others = look_at_tier(offer, tier)
  end
  return later, id, scope, turn, others
end

-- A job that smaller ones overtake too often, younger or of a lower tier, gets this node kept free.
local function count_overtaken(offer, tier, later, since)
  for _, shape in ipairs(later) do
    local scope = fairest(tier, shape)
    local id = scope and first_of(scope, tier, {shape})
    local j = id and job_fields(id, 'eligible', 'held_until') or {}
    if j[1] and tonumber(j[1]) <= since and (tonumber(j[2]) or 0) < NOW then
      if call('HINCRBY', K.job(id), 'overtaken', 1) >= OVERTAKES then
        call('HSET', K.job(id), 'held_until', NOW + HOLD_MS)
        call('HSET', K.node(offer.node), 'hold', id, 'hold_until', NOW + HOLD_MS)
        return
      end
    end
  end
end

-- Returns the held job when it fits; else the tier from which on nothing may start here.
local function held(offer)
  if not offer.hold then return nil, 4 end
  local j = job_fields(offer.hold, 'scope', 'status', 'tier', 'shape')
  local waits = j[2] == 'Queued' and call('ZSCORE', K.directory(j[3], j[4]), j[1])
  if not waits or offer.hold_until < NOW then
    call('HDEL', K.node(offer.node), 'hold', 'hold_until')
    return nil, 4
  end
  if fits(offer, j[4]) == 'now' then return {offer.hold, j[1], tonumber(waits)}, tonumber(j[3]) end
  return nil, tonumber(j[3])
end

local function choose(offer)
  local kept, bound = held(offer)
  local passed = {}
  for tier = 0, 3 do
    if tier == bound and kept then return kept[1], kept[2], kept[3] end
    if tier >= bound then return nil end
    local later, id, scope, turn, others = best_of_tier(offer, tier)
    if id then
      for better, shapes in pairs(passed) do count_overtaken(offer, better, shapes, math.huge) end
      if #later > 0 then count_overtaken(offer, tier, later, tonumber(call('HGET', K.job(id), 'eligible'))) end
      return id, scope, turn, others
    end
    if #later > 0 then passed[tier] = later end
  end
end

-- A workflow runs from the first start of one of its steps.
local function begin_workflow(scope, id)
  local w = call('HMGET', K.workflow(scope, id), 'status', 'created')
  if w[1] ~= 'Queued' then return end
  call('HSET', K.workflow(scope, id), 'status', 'Running', 'started', NOW)
  call('ZREM', K.workflows_by(scope, 'Queued'), id)
  call('ZADD', K.workflows_by(scope, 'Running'), w[2], id)
end

-- What a worker gets to know of its job.
local function answer_of(id, epoch, started, until_, scope, tier, shape, user)
  return {id, epoch, started, until_, scope, tier, shape, user, call('GET', K.spec(id))}
end

-- Takes the job, unless its time in the queue is over or it is better left to another node, which is
-- said then: the queue is left, the epoch rises, the lease begins, room is reserved.
-- others says whether more of its tier and shape wait behind it, or is nil.
local function take(offer, id, scope, turn, others, lease_ms, anyway)
  local key = K.job(id)
  local job = load_job(id)
  if job.expires and tonumber(job.expires) <= NOW then
    expire(job, tonumber(job.keep))
    return nil
  end
  if job.session then
    local why = not anyway and not job.held_until and unsuited(offer, scope, job)
    if why then return nil, why, job end
    use_host(offer.node, scope, job.host)
    if job.called or job.left then call('HDEL', key, 'called', 'left') end
  end
  job.others = others
  local kind, cpu = shape_parts(job.shape)
  local epoch = (tonumber(job.epoch) or 0) + 1
  stopped[scope] = false -- or it would not be listed
  leave_queue(scope, id, job.tier, job.shape, job)
  move_status(scope, id, 'Queued', 'Running', job.created, 'epoch', epoch, 'worker', offer.worker,
    'node', offer.node, 'started', NOW)
  if job.usage or job.due or job.overtaken then
    call('HDEL', key, 'due', 'backoff', 'usage', 'overtaken', 'held_until')
  end
  call('ZADD', K.leases(), NOW + lease_ms, id)
  call('ZADD', K.index(scope, 'node', offer.node), job.created, id)
  use_node(offer.node, job.shape, 1)
  count_type(job.shape, 1)
  local share = share_of(scope)
  if share.most then unlist_blocked(scope) end
  call('SET', K.virtual(), turn)
  set_virtual(scope, turn + cpu / share.weight)
  -- The next claim finds the scope in its new place; in the other directories it is put right when found.
  if others ~= false then call('ZADD', K.directory(job.tier, job.shape), 'XX', share.vt, scope) end
  count_running(scope, 1)
  count_wait(scope, job.tier, kind, NOW - job.eligible)
  meter('wait', job.tier, NOW - job.eligible)
  event(scope, 'started', id, 'epoch', epoch, 'worker', offer.worker, 'waited', NOW - job.eligible)
  if job.workflow then begin_workflow(scope, job.workflow) end
  return answer_of(id, epoch, NOW, NOW + lease_ms, scope, job.tier, job.shape, job.user)
end

-- Leaves a job to other nodes; where there are many of its shape, all of that shape, for this claim.
local function set_aside(id, shape)
  aside = aside or {n = 0, jobs = {}, shapes = {}}
  aside.n, aside.jobs[id] = aside.n + 1, true
  if aside.n >= ASIDE_MOST then aside.shapes[shape] = true end
end

-- A claim whose answer got lost is answered again, not made again: of each thread's newest it is
-- kept which operation took what. Heartbeats keep the note alive.
local function claim_once(offer, slot, op, lease_ms)
  local answer, id, spare
  for _ = 1, MOST_LATE do
    local scope, turn, others, why, job
    id, scope, turn, others = choose(offer)
    -- For a job that is merely left to another node no other tier or scope goes first.
    if spare and (not id or scope ~= spare[2] or call('HGET', K.job(id), 'tier') ~= spare[5]) then
      id = spare[1]
      answer = take(offer, id, spare[2], spare[3], spare[4], lease_ms, true)
      break
    end
    if not id then return {} end
    answer, why, job = take(offer, id, scope, turn, others, lease_ms)
    if answer then break end
    if why then set_aside(id, job.shape) end
    if why == 'left' then spare = spare or {id, scope, turn, others, job.tier} end
  end
  if not answer then return {} end
  local key = K.claimed(offer.worker)
  if call('HSET', key, slot, op .. ' ' .. id .. ' ' .. answer[2]) == 1 then call('PEXPIRE', key, CLAIMED_MS) end
  return answer
end

-- The claim that an operation made, unless it is over. Its lease begins anew: who asks counts it
-- from this question, since the answer to the first one never came.
local function claimed_before(worker, slot, op, lease_ms)
  local kept = call('HGET', K.claimed(worker), slot)
  local known, id, epoch = string.match(kept or '', '^(%S+) (%S+) (%d+)$')
  if known ~= op then return nil end
  local j = job_fields(id, 'status', 'epoch', 'worker', 'started', 'scope', 'tier', 'shape', 'user')
  if j[1] ~= 'Running' or j[2] ~= epoch or j[3] ~= worker then return nil end
  call('ZADD', K.leases(), NOW + lease_ms, id)
  return answer_of(id, tonumber(epoch), tonumber(j[4]), NOW + lease_ms, j[5], j[6], j[7], j[8])
end
