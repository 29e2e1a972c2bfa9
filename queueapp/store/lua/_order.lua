-- The order of a queue, who is listed as having what to run, and whom to wake for it.

-- What a node has and what of it is in use; known is false for one that is gone.
local function node_of(node)
  local found = nodes[node]
  if not found then
    local n = call('HMGET', K.node(node), 'cpu', 'mem', 'cpu_used', 'mem_used', 'active', 'hold', 'hold_until')
    found = {known = n[1] and true, cpu = tonumber(n[1]) or 0, mem = tonumber(n[2]) or 0,
      cpu_used = tonumber(n[3]) or 0, mem_used = tonumber(n[4]) or 0, active = tonumber(n[5]) or 0,
      hold = n[6], hold_until = tonumber(n[7]) or 0}
    nodes[node] = found
  end
  return found
end

-- n is 1 when a job of this shape begins to use the node, -1 when it ceases to. A job that follows
-- one of its own shape changes nothing, so this is written when the call is over.
local function use_node(node, shape, n)
  local at, _, cpu, mem = node_of(node), shape_parts(shape)
  at.was = at.was or {at.cpu_used, at.mem_used, at.active}
  at.cpu_used, at.mem_used, at.active = at.cpu_used + n * cpu, at.mem_used + n * mem, at.active + n
end

-- The same for the number of running jobs of a type in the fleet.
local function count_type(shape, n)
  local kind = shape_parts(shape)
  more_of[kind] = (more_of[kind] or 0) + n
end

local function running_of(kind)
  return (tonumber(call('HGET', K.type_running(), kind)) or 0) + (more_of[kind] or 0)
end

-- Every script's answer passes through here: what runs now is written down before it is given.
local function used(answer)
  for node, at in pairs(nodes) do
    local was = at.was
    if was and (was[1] ~= at.cpu_used or was[2] ~= at.mem_used or was[3] ~= at.active) then
      call('HSET', K.node(node), 'cpu_used', at.cpu_used, 'mem_used', at.mem_used, 'active', at.active)
    end
  end
  for kind, n in pairs(more_of) do
    if n ~= 0 and call('HINCRBY', K.type_running(), kind, n) <= 0 then call('HDEL', K.type_running(), kind) end
  end
  return answer
end

-- How many jobs of a type may run in the fleet; nil for any number. Few types are limited, if any.
local function limit_of(kind)
  if not limits then
    local flat = call('HGETALL', K.type_limits())
    limits = {}
    for i = 1, #flat, 2 do limits[flat[i]] = tonumber(flat[i + 1]) end
  end
  return limits[kind]
end

-- A scope's share of the fleet: how many jobs may run at once, its weight, its virtual time.
local function share_of(scope)
  local found = shares[scope]
  if not found then
    local m = call('HMGET', K.meta(scope), 'max_running', 'weight', 'vt')
    found = {most = tonumber(m[1]), weight = tonumber(m[2]) or 1, vt = tonumber(m[3]) or 0}
    shares[scope] = found
  end
  return found
end

local function set_virtual(scope, vt)
  share_of(scope).vt = vt
  call('HSET', K.meta(scope), 'vt', vt)
end

local function offers(types, kind) return string.find(types, '|' .. kind .. '|', 1, true) ~= nil end

local function wake(worker)
  call('ZREM', K.idle(), worker)
  call('RPUSH', K.wake(worker), '1')
  call('PEXPIRE', K.wake(worker), 10000)
end

-- Entries older than two blocks belong to workers that died while parked.
local function parked(limit)
  local found, workers = call('ZRANGE', K.idle(), 0, limit - 1, 'WITHSCORES'), {}
  if found[1] and tonumber(found[2]) < NOW - 5000 then
    call('ZREMRANGEBYSCORE', K.idle(), '-inf', '(' .. exact(NOW - 5000))
    return call('ZRANGE', K.idle(), 0, limit - 1)
  end
  for i = 1, #found, 2 do workers[#workers + 1] = found[i] end
  return workers
end

local function wake_fitting(shape)
  local kind, cpu, mem = shape_parts(shape)
  local other
  for _, worker in ipairs(parked(64)) do
    local w = call('HMGET', K.worker(worker), 'types', 'node')
    if w[1] and w[2] and offers(w[1], kind) then
      local n = node_of(w[2])
      if cpu <= n.cpu - n.cpu_used and mem <= n.mem - n.mem_used then
        if not favoured or favoured == w[2] then
          woken = w[2]
          return wake(worker)
        end
        other = other or worker
      end
    end
  end
  if other then wake(other) end
end

local function wake_node(node)
  for _, worker in ipairs(parked(64)) do
    if call('HGET', K.worker(worker), 'node') == node then wake(worker) end
  end
end

-- Whoever pages or moves names the version it saw; each change of a tier's order raises it.
local function touch_tier(scope, tier) call('HINCRBY', K.meta(scope), 'version' .. tier, 1) end

-- The same order three times: a page of one type, or a user's own jobs, must not cost the whole queue.
-- A score puts the job into the two others, nil takes it out of them.
local function file(scope, id, shape, user, score)
  local typed, owned = K.typed(scope, (shape_parts(shape))), K.owned(scope, user)
  if score then
    call('ZADD', typed, score, id)
    call('ZADD', owned, score, id)
  else
    call('ZREM', typed, id)
    call('ZREM', owned, id)
  end
end

-- In a long queue the search for a place is what a change costs. What one change of one job does to
-- the two other sets may follow: before somebody reads them, or with upkeep; for so many jobs.
local MOST_BEHIND = 500

-- Returns whether the job is left for later.
local function file_later(scope, id, shape, user, score)
  local key = K.behind(scope)
  local waiting = call('SCARD', key)
  if waiting >= MOST_BEHIND then
    file(scope, id, shape, user, score)
    return false
  end
  call('SADD', key, id)
  if waiting == 0 then call('SADD', K.trailing(), scope) end
  return true
end

-- The index by priority, from one tier to another.
local function file_tier(scope, id, old, new, created)
  call('ZREM', K.index(scope, 'priority', PRIORITIES[old + 1]), id)
  call('ZADD', K.index(scope, 'priority', PRIORITIES[new + 1]), created, id)
end

-- Lets the two other sets follow the queue, and the index by priority the tiers: a job that changed
-- its tier names the one that it is still filed under. Whoever reads these calls this first.
-- Returns how many jobs were behind; most is for upkeep.
local function catch_up(scope, most)
  local ids = call('SPOP', K.behind(scope), most or MOST_BEHIND)
  if not ids[1] then return 0 end
  for _, id in ipairs(ids) do
    local j = job_fields(id, 'status', 'shape', 'user', 'score', 'filed', 'tier', 'created')
    if j[1] then file(scope, id, j[2], j[3], j[1] == 'Queued' and j[4] or nil) end
    if j[5] then
      file_tier(scope, id, j[5], j[6], j[7])
      call('HDEL', K.job(id), 'filed')
    end
  end
  if call('EXISTS', K.behind(scope)) == 0 then call('SREM', K.trailing(), scope) end
  return #ids
end

-- A job's rank, found by its score: that is the way which a change of its place goes again, so it is
-- not gone for the first time twice; ZRANK goes another. Of one score they stand by their ids.
local function rank_of(queue, id, score)
  local rank = call('ZCOUNT', queue, '-inf', '(' .. score)
  if call('ZRANGE', queue, rank, rank)[1] == id then return rank end
  return call('ZRANK', queue, id)
end

local function join_queue(scope, id, tier, shape, user, score)
  call('ZADD', K.queue(scope), score, id)
  file(scope, id, shape, user, score)
  count_queued(scope, tier, 1)
  touch_tier(scope, tier)
end

-- A paused type or scope, and a scope with as many running jobs as it may have, is not listed.
local function may_run(scope, kind)
  local paused = call('HMGET', K.pauses(scope), '*', kind)
  stopped[scope] = paused[1] ~= false
  if paused[1] or paused[2] then return false end
  local most = share_of(scope).most
  return not most or call('ZCARD', K.index(scope, 'status', 'Running')) < most
end

-- A scope back from idle starts at the present fair time: it neither starves others nor hoards.
local function list_scope(scope, tier, shape)
  local vt = share_of(scope).vt
  local fair = tonumber(call('GET', K.virtual())) or 0
  if vt < fair then
    vt = fair
    set_virtual(scope, vt)
  end
  call('ZADD', K.directory(tier, shape), 'NX', vt, scope)
  call('SADD', K.live(tier), shape)
  wake_fitting(shape)
end

local function unlist_scope(scope, tier, shape)
  call('ZREM', K.directory(tier, shape), scope)
  if call('EXISTS', K.directory(tier, shape)) == 0 then call('SREM', K.live(tier), shape) end
end

-- Runs f for each tier and shape in which the scope has runnable jobs.
local function each_shape(scope, f)
  for _, entry in ipairs(call('SMEMBERS', K.shapes(scope))) do
    local tier, shape = string.match(entry, '^(%d)|(.*)$')
    f(tier, shape, (shape_parts(shape)))
  end
end

local function relist(scope)
  each_shape(scope, function(tier, shape, kind)
    if may_run(scope, kind) then list_scope(scope, tier, shape) end
  end)
end

local function unlist_blocked(scope)
  each_shape(scope, function(tier, shape, kind)
    if not may_run(scope, kind) then unlist_scope(scope, tier, shape) end
  end)
end

-- A runnable job also stands in its shape's set, and its scope in that shape's directory.
-- since is when it became so, if that was earlier; recorded says that its own record tells so already.
local function make_runnable(scope, id, tier, shape, score, since, recorded)
  call('ZADD', K.runnable(scope, tier, shape), score, id)
  count_eligible(scope, call('HINCRBY', K.meta(scope), 'eligible', 1), 1)
  call('HINCRBY', K.meta(scope), 'eligible_since' .. tier, since or NOW)
  if not recorded then call('HSET', K.job(id), 'eligible', since or NOW) end
  local first = call('SADD', K.shapes(scope), tier .. '|' .. shape) == 1
  -- Where others of its kind stand already, the scope is listed if it may be: at most somebody is woken.
  if first then
    if may_run(scope, (shape_parts(shape))) then list_scope(scope, tier, shape) end
  elseif call('ZCARD', K.idle()) > 0 and may_run(scope, (shape_parts(shape))) then
    wake_fitting(shape)
  end
end

-- eligible is the job's field of that name, and others whether there are more such jobs, when the
-- caller has read it.
local function not_runnable(scope, id, tier, shape, eligible, others)
  if call('ZREM', K.runnable(scope, tier, shape), id) == 0 then return false end
  count_eligible(scope, call('HINCRBY', K.meta(scope), 'eligible', -1), -1)
  call('HINCRBY', K.meta(scope), 'eligible_since' .. tier,
    -tonumber(eligible or call('HGET', K.job(id), 'eligible')))
  if others == nil then others = call('EXISTS', K.runnable(scope, tier, shape)) == 1 end
  if not others then
    call('SREM', K.shapes(scope), tier .. '|' .. shape)
    unlist_scope(scope, tier, shape)
  end
  return true
end

-- A queued job that cannot be claimed is held by one thing at a time; how long is kept with it.
local function hold(scope, id, code)
  local key = K.job(id)
  local known = call('HMGET', key, 'hold', 'held_at')
  if known[1] then
    call('HINCRBY', key, 'waited:' .. known[1], NOW - known[2])
    count_held(scope, known[1], -1)
  end
  if code then
    call('HSET', key, 'hold', code, 'held_at', NOW)
    count_held(scope, code, 1)
  elseif known[1] then
    call('HDEL', key, 'hold', 'held_at')
  end
end

-- job has the fields user, host, due, eligible, hold and expires, when the caller has read them, and
-- may have others, as not_runnable wants it. Where later is true, some of it may follow.
local function leave_queue(scope, id, tier, shape, job, later)
  if not job then
    local j = job_fields(id, 'user', 'host', 'due', 'eligible', 'hold', 'expires')
    job = {user = j[1], host = j[2], due = j[3], eligible = j[4], hold = j[5], expires = j[6]}
  end
  call('ZREM', K.queue(scope), id)
  count_queued(scope, tier, -1)
  local leave = later and file_later or file
  leave(scope, id, shape, job.user, nil)
  touch_tier(scope, tier)
  if job.due then call('ZREM', K.due(), id) end
  if job.expires then
    call('ZREM', K.expiries(), id)
    call('HDEL', K.job(id), 'expires')
  end
  if job.host then call('ZREM', K.host(scope, job.host), id) end
  if job.hold then hold(scope, id, nil) end
  not_runnable(scope, id, tier, shape, job.eligible, job.others)
end
