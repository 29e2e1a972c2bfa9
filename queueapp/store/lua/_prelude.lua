-- Every script begins with this: time, arguments, and the few acts that scripts share.
-- Scripts check everything first and write afterwards: Lua is atomic, not transactional.

local A = cjson.decode(ARGV[2])
local call = redis.call

local NOW = tonumber(ARGV[1])
if not NOW then
  local t = call('TIME')
  NOW = t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Lua prints numbers with 14 digits; scores need 16.
local function exact(n) return string.format('%.0f', n) end

local function fail(code, text) return redis.error_reply(code .. ' ' .. text) end

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

local function rollup(scope, ...)
  local key = K.hour(scope, exact(math.floor(NOW / 3600000)))
  local pairs_ = {...}
  for i = 1, #pairs_, 2 do call('HINCRBY', key, pairs_[i], exact(pairs_[i + 1])) end
  call('EXPIRE', key, 90 * 86400)
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

local function node_free(node)
  local n = call('HMGET', K.node(node), 'cpu', 'mem', 'cpu_used', 'mem_used')
  return (tonumber(n[1]) or 0) - (tonumber(n[3]) or 0), (tonumber(n[2]) or 0) - (tonumber(n[4]) or 0)
end

local function offers(types, kind) return string.find(types, '|' .. kind .. '|', 1, true) ~= nil end

local function wake(worker)
  call('ZREM', K.idle(), worker)
  call('RPUSH', K.wake(worker), '1')
  call('PEXPIRE', K.wake(worker), 10000)
end

-- Entries older than two blocks belong to workers that died while parked.
local function parked(limit)
  call('ZREMRANGEBYSCORE', K.idle(), '-inf', '(' .. exact(NOW - 5000))
  return call('ZRANGE', K.idle(), 0, limit - 1)
end

local function wake_fitting(shape)
  local kind, cpu, mem = shape_parts(shape)
  for _, worker in ipairs(parked(64)) do
    local w = call('HMGET', K.worker(worker), 'types', 'node')
    if w[1] and w[2] and offers(w[1], kind) then
      local free_cpu, free_mem = node_free(w[2])
      if cpu <= free_cpu and mem <= free_mem then return wake(worker) end
    end
  end
end

local function wake_node(node)
  for _, worker in ipairs(parked(64)) do
    if call('HGET', K.worker(worker), 'node') == node then wake(worker) end
  end
end

-- Whoever pages or moves names the version it saw; each change of a tier's order raises it.
local function touch_tier(scope, tier) call('HINCRBY', K.meta(scope), 'version' .. tier, 1) end

local function join_queue(scope, id, tier, score)
  call('ZADD', K.queue(scope), score, id)
  touch_tier(scope, tier)
end

-- A paused type or scope, and a scope with as many running jobs as it may have, is not listed.
local function may_run(scope, kind)
  local paused = call('HMGET', K.pauses(scope), '*', kind)
  if paused[1] or paused[2] then return false end
  local most = tonumber(call('HGET', K.meta(scope), 'max_running'))
  return not most or call('ZCARD', K.index(scope, 'status', 'Running')) < most
end

-- A scope back from idle starts at the present fair time: it neither starves others nor hoards.
local function list_scope(scope, tier, shape)
  local vt = tonumber(call('HGET', K.meta(scope), 'vt')) or 0
  local fair = tonumber(call('GET', K.virtual())) or 0
  if vt < fair then
    vt = fair
    call('HSET', K.meta(scope), 'vt', vt)
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
local function make_runnable(scope, id, tier, shape, score)
  call('ZADD', K.runnable(scope, tier, shape), score, id)
  call('SADD', K.shapes(scope), tier .. '|' .. shape)
  call('HINCRBY', K.meta(scope), 'eligible', 1)
  call('HINCRBY', K.meta(scope), 'eligible_since', exact(NOW))
  call('HSET', K.job(id), 'eligible', exact(NOW))
  if may_run(scope, (shape_parts(shape))) then list_scope(scope, tier, shape) end
end

local function not_runnable(scope, id, tier, shape)
  if call('ZREM', K.runnable(scope, tier, shape), id) == 0 then return false end
  call('HINCRBY', K.meta(scope), 'eligible', -1)
  call('HINCRBY', K.meta(scope), 'eligible_since', exact(-tonumber(call('HGET', K.job(id), 'eligible'))))
  if call('EXISTS', K.runnable(scope, tier, shape)) == 0 then
    call('SREM', K.shapes(scope), tier .. '|' .. shape)
    unlist_scope(scope, tier, shape)
  end
  return true
end

local function leave_queue(scope, id, tier, shape)
  call('ZREM', K.queue(scope), id)
  touch_tier(scope, tier)
  call('ZREM', K.due(), id)
  not_runnable(scope, id, tier, shape)
end

-- What a running job held on its node comes back when the attempt is over.
local function free_node(id, node, shape)
  local _, cpu, mem = shape_parts(shape)
  call('ZREM', K.leases(), id)
  if not node or call('EXISTS', K.node(node)) == 0 then return end
  call('HINCRBY', K.node(node), 'cpu_used', -cpu)
  call('HINCRBY', K.node(node), 'mem_used', -mem)
  call('HINCRBY', K.node(node), 'active', -1)
  if call('ZCARD', K.idle()) > 0 then wake_node(node) end
end

-- Limits that the end of a run may open again.
local function open_limits(scope, shape)
  local kind = shape_parts(shape)
  if call('HEXISTS', K.type_limits(), kind) == 1 then wake_fitting(shape) end
  if call('HEXISTS', K.meta(scope), 'max_running') == 1 then relist(scope) end
end

local RUNNING_FIELDS = {'scope', 'status', 'epoch', 'tier', 'shape', 'score', 'created', 'started', 'node',
  'worker', 'max_attempts', 'lost', 'retry_delay', 'retry_max_delay'}

local function load_job(id)
  local values = call('HMGET', K.job(id), unpack(RUNNING_FIELDS))
  if not values[1] then return nil end
  local job = {id = id}
  for i, name in ipairs(RUNNING_FIELDS) do job[name] = values[i] end
  return job
end

local function end_attempt(job, how, code)
  local entry = {epoch = tonumber(job.epoch), worker = job.worker, node = job.node,
    started_ms = tonumber(job.started), ended_ms = NOW, ['end'] = how, error_code = code, logs = given(A.logs)}
  call('RPUSH', K.attempts(job.id), cjson.encode(entry))
  local kind = shape_parts(job.shape)
  if call('HINCRBY', K.type_running(), kind, -1) <= 0 then call('HDEL', K.type_running(), kind) end
  free_node(job.id, job.node, job.shape)
end

-- Back to the old place: after a lost worker, a stop of the worker, or before a retry.
local function requeue(job, due)
  move_status(job.scope, job.id, 'Running', 'Queued', job.created)
  call('HDEL', K.job(job.id), 'worker', 'node', 'started', 'cancel', 'recall', 'progress')
  join_queue(job.scope, job.id, job.tier, job.score)
  open_limits(job.scope, job.shape)
  if due and due > NOW then
    call('ZADD', K.due(), exact(due), job.id)
    call('HSET', K.job(job.id), 'due', exact(due), 'backoff', '1')
  else
    make_runnable(job.scope, job.id, job.tier, job.shape, job.score)
  end
end

-- The end of a job, whoever brings it about; its dependents are told by cascade.
local function conclude(job, old, new, keep_ms)
  move_status(job.scope, job.id, old, new, job.created)
  call('HSET', K.job(job.id), 'ended', exact(NOW))
  call('ZADD', K.ended(), exact(NOW + keep_ms), job.id)
  if old == 'Running' then open_limits(job.scope, job.shape) end
  if call('EXISTS', K.dependents(job.id)) == 1 then call('RPUSH', K.cascade(), job.id) end
  local run = job.started and (NOW - tonumber(job.started)) or 0
  rollup(job.scope, string.lower(new), 1, 'run_ms_' .. string.lower(new), run)
  if new == 'Completed' then call('ZADD', K.done(job.scope), exact(NOW), job.id) end
  event(job.scope, string.lower(new), job.id)
end

-- A lost attempt is attempted again until its losses are used up.
local function lose(job, max_lost, code, message, keep_ms)
  local lost = call('HINCRBY', K.job(job.id), 'lost', 1)
  end_attempt(job, 'lost', code)
  if lost >= max_lost then
    call('HSET', K.job(job.id), 'failure', cjson.encode({code = code, message = message}))
    conclude(job, 'Running', 'Failed', keep_ms)
    return 'Failed'
  end
  requeue(job, nil)
  event(job.scope, 'lost', job.id, 'code', code)
  return 'Queued'
end

-- The job of a worker that is gone: a wish to cancel is fulfilled, else the attempt is lost.
local function take_back(job, max_lost, keep_ms)
  if call('HEXISTS', K.job(job.id), 'cancel') == 1 then
    end_attempt(job, 'lost', 'worker_lost')
    conclude(job, 'Running', 'Cancelled', keep_ms)
    return
  end
  lose(job, max_lost, 'worker_lost', 'The worker that ran the job stopped answering.', keep_ms)
end
