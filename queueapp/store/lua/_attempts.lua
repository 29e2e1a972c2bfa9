-- The ends of attempts and of jobs: what is freed, what is recorded, where a job goes.

-- What a running job held on its node comes back when the attempt is over.
local function free_node(id, node, shape)
  call('ZREM', K.leases(), id)
  if not node or not node_of(node).known then return end
  use_node(node, shape, -1)
  if call('ZCARD', K.idle()) > 0 then wake_node(node) end
end

-- Limits that the end of a run may open again.
local function open_limits(scope, shape)
  if limit_of((shape_parts(shape))) then wake_fitting(shape) end
  if share_of(scope).most then relist(scope) end
end

-- All that is kept of a job. Reading one field after the other costs more: each is searched for.
local function load_job(id)
  local flat = call('HGETALL', K.job(id))
  if not flat[1] then return nil end
  local job = {id = id, host = false, workflow = false, due = false, hold = false}
  for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
  return job
end

local function end_attempt(job, how, code)
  local started, logs = tonumber(job.started), given(A.logs)
  -- That an attempt completed and left no log is told by the job's own record as well.
  if how ~= 'completed' or logs then
    call('RPUSH', K.attempts(job.id), cjson.encode({epoch = tonumber(job.epoch), worker = job.worker, node = job.node,
      eligible_ms = tonumber(job.eligible), started_ms = started, ended_ms = NOW, ['end'] = how, error_code = code,
      logs = logs}))
  end
  meter('attempt', how, NOW - started)
  count_type(job.shape, -1)
  if job.session then leave_host(job.node, job.scope, job.host, given(A.kept_ms)) end
  free_node(job.id, job.node, job.shape)
  count_running(job.scope, -1)
end

-- Back to the old place: after a lost worker, a stop of the worker, or before a retry.
local function requeue(job, due)
  move_status(job.scope, job.id, 'Running', 'Queued', job.created)
  call('ZREM', K.index(job.scope, 'node', job.node or ''), job.id)
  call('HDEL', K.job(job.id), 'worker', 'node', 'started', 'cancel', 'recall', 'progress')
  join_queue(job.scope, job.id, job.tier, job.shape, job.user, job.score)
  open_limits(job.scope, job.shape)
  free_host(job.scope, job.id, job.host)
  if due and due > NOW then
    call('ZADD', K.due(), exact(due), job.id)
    call('HSET', K.job(job.id), 'due', exact(due), 'backoff', '1')
    hold(job.scope, job.id, 'RetryBackoff')
  else
    make_ready(job.scope, job.id, job.tier, job.shape, job.score)
  end
end

-- A dependent learns that a job which it waited for has ended well, or runs anyway.
local function release_dependent(id)
  local j = job_fields(id, 'scope', 'status', 'tier', 'shape', 'score', 'due')
  if j[2] ~= 'Queued' then return end
  if call('HINCRBY', K.job(id), 'unmet', -1) > 0 or j[6] then return end
  hold(j[1], id, nil)
  make_ready(j[1], id, j[3], j[4], j[5])
end

-- The status of a workflow follows from how its steps ended; only the last end settles it.
local function count_step(scope, id, workflow, how)
  local key = K.workflow(scope, workflow)
  if call('EXISTS', key) == 0 then return end
  call('HINCRBY', key, how, 1)
  local w = call('HMGET', key, 'status', 'total', 'Completed', 'Failed', 'Cancelled', 'created')
  local done, failed, cancelled = tonumber(w[3]) or 0, tonumber(w[4]) or 0, tonumber(w[5]) or 0
  if done + failed + cancelled < tonumber(w[2]) then return end
  local status = failed > 0 and 'Failed' or cancelled > 0 and 'Cancelled' or 'Completed'
  call('HSET', key, 'status', status, 'ended', exact(NOW))
  call('ZREM', K.workflows_by(scope, w[1]), workflow)
  call('ZADD', K.workflows_by(scope, status), w[6], workflow)
  event(scope, 'workflow_ended', id, 'workflow', workflow, 'status', status)
end

-- The end of a job, whoever brings it about. A few dependents hear of a good end at once,
-- so that the next step starts in the same moment; the rest are told by cascade. What else changes
-- of the job may be named behind, as for move_status.
local function conclude(job, old, new, keep_ms, code, ...)
  move_status(job.scope, job.id, old, new, job.created, 'ended', NOW, ...)
  call('ZADD', K.ended(), NOW + (tonumber(job.keep) or keep_ms), job.id)
  free_host(job.scope, job.id, job.host)
  if old == 'Running' then open_limits(job.scope, job.shape) end
  local workflow = job.workflow
  if workflow == nil then workflow = call('HGET', K.job(job.id), 'workflow') end
  if workflow then count_step(job.scope, job.id, workflow, new) end
  local told = 0
  while new == 'Completed' and told >= 0 and told < 32 do
    local id = call('SPOP', K.dependents(job.id))
    if id then release_dependent(id) end
    told = id and told + 1 or -1
  end
  if told >= 0 and call('EXISTS', K.dependents(job.id)) == 1 then call('RPUSH', K.cascade(), job.id) end
  local kind = shape_parts(job.shape)
  count(job.scope, string.lower(new), job.tier, kind, 1)
  if new == 'Completed' then
    count(job.scope, 'run', job.tier, kind, math.max(0, NOW - job.started))
    call('ZADD', K.done(job.scope), NOW, job.id)
  end
  event(job.scope, string.lower(new), job.id, 'code', code or '')
end

-- Cancels a job in somebody's name, A.act: a queued one ends at once, a running one is asked to stop
-- and asked again only to be forced. Returns its status now, or nil where that changed nothing.
local function cancel_job(job, force, preserve, op, keep_ms)
  local wish = cjson.encode({by = A.act.by, at_ms = NOW, reason = A.act.reason, force = force, preserve = preserve,
    op = op, before = job.status})
  if job.status == 'Queued' then
    leave_queue(job.scope, job.id, job.tier, job.shape, job, true)
    job.started = nil
    conclude(job, 'Queued', 'Cancelled', keep_ms, nil, 'cancelled', wish)
    return 'Cancelled'
  end
  if job.status ~= 'Running' or (job.cancel and not force) then return nil end
  call('HSET', K.job(job.id), 'cancel', wish, 'cancelled', wish)
  event(job.scope, 'cancel_requested', job.id, 'by', A.act.by)
  return 'Running'
end

-- A job that is still queued when its time there is over fails: a claim that meets it or upkeep
-- ends it, whichever comes first, so that it never starts too late.
local function expire(job, keep_ms)
  leave_queue(job.scope, job.id, job.tier, job.shape, job)
  job.started = nil
  local message = 'The job was still queued when its time to live in the queue was over.'
  call('HSET', K.job(job.id), 'failure', cjson.encode({code = 'queue_ttl_expired', message = message}))
  conclude(job, 'Queued', 'Failed', keep_ms, 'queue_ttl_expired')
end

-- A lost attempt is attempted again until its losses are used up; not so a job that may run once.
local function lose(job, max_lost, code, message, keep_ms)
  local lost = call('HINCRBY', K.job(job.id), 'lost', 1)
  end_attempt(job, 'lost', code)
  if job.once or lost >= max_lost then
    call('HSET', K.job(job.id), 'failure', cjson.encode({code = code, message = message}))
    conclude(job, 'Running', 'Failed', keep_ms, code)
    return 'Failed'
  end
  requeue(job, nil)
  event(job.scope, 'lost', job.id, 'code', code)
  return 'Queued'
end

-- The job of a worker that is gone: a wish to cancel is fulfilled, else the attempt is lost.
local function take_back(job, max_lost, keep_ms)
  if job.cancel then
    end_attempt(job, 'lost', 'worker_lost')
    conclude(job, 'Running', 'Cancelled', keep_ms)
    return
  end
  lose(job, max_lost, 'worker_lost', 'The worker that ran the job stopped answering.', keep_ms)
end
