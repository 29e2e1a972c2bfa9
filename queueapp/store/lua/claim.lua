--- claim: give a worker the best job it can run now, under a lease; or park it.
--- ARGS worker op lease_ms
--- returns JSON {id, epoch, attempt, lease_until_ms, started_ms, spec, scope, tier, shape, user} or "" (parked)
--- fails CONFLICT (the worker is not registered)   moves Queued > Running
local answered = call('HMGET', K.claimed(A.worker), 'op', 'answer')
if answered[1] == A.op then
  -- A repeat gets the first answer with a whole lease, unless the claim has been lost meanwhile.
  local first = cjson.decode(answered[2])
  local j = job_fields(first.id, 'status', 'epoch')
  if j[1] == 'Running' and tonumber(j[2]) == first.epoch then
    call('ZADD', K.leases(), exact(NOW + A.lease_ms), first.id)
    return answered[2]
  end
end

local w = call('HMGET', K.worker(A.worker), 'types', 'node', 'draining')
if not w[1] or not w[2] then return fail('CONFLICT', 'worker is not registered') end
local types, node = w[1], w[2]
call('ZREM', K.idle(), A.worker)
if w[3] == '1' then return '' end
local free_cpu, free_mem = node_free(node)

local function fits(shape)
  local kind, cpu, mem = shape_parts(shape)
  if cpu > free_cpu or mem > free_mem or not offers(types, kind) then return false end
  local most = tonumber(call('HGET', K.type_limits(), kind))
  return not most or (tonumber(call('HGET', K.type_running(), kind)) or 0) < most
end

-- The head of a directory may carry an old virtual time: put it right and look again.
local function fairest(tier, shape)
  for _ = 1, 64 do
    local head = call('ZRANGE', K.directory(tier, shape), 0, 0, 'WITHSCORES')
    if not head[1] then return nil end
    local real = tonumber(call('HGET', K.meta(head[1]), 'vt')) or 0
    if real <= tonumber(head[2]) then return head[1], tonumber(head[2]) end
    call('ZADD', K.directory(tier, shape), real, head[1])
  end
end

local function best_of_tier(tier)
  local shapes, scope, least = {}, nil, nil
  for _, shape in ipairs(call('SMEMBERS', K.live(tier))) do
    if fits(shape) then
      shapes[#shapes + 1] = shape
      local s, vt = fairest(tier, shape)
      if s and (not scope or vt < least or (vt == least and s < scope)) then scope, least = s, vt end
    end
  end
  if not scope then return nil end
  local id, lowest
  for _, shape in ipairs(shapes) do
    local head = call('ZRANGE', K.runnable(scope, tier, shape), 0, 0, 'WITHSCORES')
    local score = tonumber(head[2])
    if head[1] and (not id or score < lowest or (score == lowest and head[1] < id)) then id, lowest = head[1], score end
  end
  return id, scope, least
end

local id, scope, started_at
for tier = 0, 3 do
  id, scope, started_at = best_of_tier(tier)
  if id then break end
end
if not id then
  call('ZADD', K.idle(), exact(NOW), A.worker)
  return ''
end

local j = job_fields(id, 'tier', 'shape', 'created', 'eligible', 'user')
local kind, cpu, mem = shape_parts(j[2])
local waited = NOW - tonumber(j[4])
leave_queue(scope, id, j[1], j[2])
move_status(scope, id, 'Queued', 'Running', j[3])
local epoch = call('HINCRBY', K.job(id), 'epoch', 1)
call('HSET', K.job(id), 'worker', A.worker, 'node', node, 'started', exact(NOW))
call('HDEL', K.job(id), 'due', 'backoff', 'usage')
call('ZADD', K.leases(), exact(NOW + A.lease_ms), id)
call('HINCRBY', K.node(node), 'cpu_used', cpu)
call('HINCRBY', K.node(node), 'mem_used', mem)
call('HINCRBY', K.node(node), 'active', 1)
call('HINCRBY', K.type_running(), kind, 1)
if call('HEXISTS', K.meta(scope), 'max_running') == 1 then unlist_blocked(scope) end
call('SET', K.virtual(), started_at)
call('HSET', K.meta(scope), 'vt', started_at + cpu)
rollup(scope, 'started', 1, 'wait_ms', waited)
event(scope, 'started', id, 'epoch', epoch, 'worker', A.worker)

local answer = cjson.encode({id = id, epoch = epoch, attempt = epoch, lease_until_ms = NOW + A.lease_ms,
  started_ms = NOW, spec = call('GET', K.spec(id)), scope = scope, tier = j[1], shape = j[2], user = j[5]})
call('HSET', K.claimed(A.worker), 'op', A.op, 'answer', answer)
call('PEXPIRE', K.claimed(A.worker), 60000)
return answer
