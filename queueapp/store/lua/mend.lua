--- mend: put one job where its own record says that it belongs, and nowhere else.
--- ARGS id astray statuses keep_ms
--- astray are whole keys of sets that name the job wrongly; a job without a record is forgotten
--- returns the number of entries put right; a repeat returns 0   moves nothing
local mended = 0

local function out(set)
  mended = mended + call('ZREM', set, A.id)
end

local function stands(set, score)
  if tonumber(call('ZSCORE', set, A.id)) == tonumber(score) then return end
  call('ZADD', set, score, A.id)
  mended = mended + 1
end

local function stands_if(belongs, set, score)
  if belongs then stands(set, score) else out(set) end
end

for _, set in ipairs(A.astray) do out(set) end
local job = load_job(A.id)
if not job then
  for _, set in ipairs({K.due(), K.expiries(), K.leases(), K.ended()}) do out(set) end
  return mended + call('UNLINK', K.spec(A.id), K.attempts(A.id), K.dependents(A.id))
end

local scope, status = job.scope, job.status
local more = job_fields(A.id, 'unmet', 'host', 'device')
for _, one in ipairs(A.statuses) do stands_if(one == status, K.index(scope, 'status', one), job.created) end
stands(K.all(scope), job.created)
stands(K.index(scope, 'type', (shape_parts(job.shape))), job.created)
stands(K.index(scope, 'user', job.user), job.created)
stands(K.index(scope, 'priority', PRIORITIES[tonumber(job.tier) + 1]), job.created)
if more[2] then list_host(scope, A.id, more[2], job.created) end
if more[3] then stands(K.index(scope, 'host', more[3]), job.created) end
if job.node then stands(K.index(scope, 'node', job.node), job.created) end
local queued, running = status == 'Queued', status == 'Running'
call('SREM', K.behind(scope), A.id)
if job.filed then
  file_tier(scope, A.id, job.filed, job.tier, job.created)
  mended = mended + call('HDEL', K.job(A.id), 'filed')
end
stands_if(queued, K.queue(scope), job.score)
stands_if(queued, K.typed(scope, (shape_parts(job.shape))), job.score)
stands_if(queued, K.owned(scope, job.user), job.score)
if not queued then out(K.due()) end
stands_if(queued and job.expires, K.expiries(), job.expires)
-- A running job without a lease gets one that has ended: it is taken back like any other.
if not running then out(K.leases())
elseif not call('ZSCORE', K.leases(), A.id) then stands(K.leases(), exact(NOW)) end
if queued or running then out(K.ended())
elseif not call('ZSCORE', K.ended(), A.id) then stands(K.ended(), exact(NOW + A.keep_ms)) end

local waits = call('ZSCORE', K.due(), A.id) or (tonumber(more[1]) or 0) > 0
local set = K.runnable(scope, job.tier, job.shape)
if not queued or waits then
  if not_runnable(scope, A.id, job.tier, job.shape) then mended = mended + 1 end
elseif not call('ZSCORE', set, A.id) then
  make_runnable(scope, A.id, job.tier, job.shape, job.score)
  mended = mended + 1
else
  stands(set, job.score)
end
return mended
