--- cancel: a queued job ends at once; a running one is asked to stop.
--- ARGS scope id force preserve keep_ms act op
--- returns {status before, status now}; asking again only strengthens the wish, a repeat of op is answered as before
--- fails NOT_FOUND, JOB_NOT_CANCELLABLE   moves Queued > Cancelled
local job = load_job(A.id)
if not job or job.scope ~= A.scope then return fail('NOT_FOUND', 'There is no such job.') end
local wish = {by = A.act.by, at_ms = NOW, reason = A.act.reason, force = A.force, preserve = A.preserve,
  op = A.op, before = job.status}
local last = call('HGET', K.job(A.id), 'cancelled')
if last then
  last = cjson.decode(last)
  if last.op == A.op then return {last.before, job.status} end
end
local function record(now)
  audit('cancel', {job = A.id, owner = job.user, before = {status = job.status}, after = {status = now, force = A.force}})
end
if job.status == 'Queued' then
  leave_queue(job.scope, job.id, job.tier, job.shape, job)
  job.started = nil
  conclude(job, 'Queued', 'Cancelled', A.keep_ms, nil, 'cancelled', cjson.encode(wish))
  record('Cancelled')
  return {'Queued', 'Cancelled'}
end
if job.status ~= 'Running' then
  return fail('JOB_NOT_CANCELLABLE', 'The job has already ended: it is ' .. job.status .. '.')
end
local known = call('HGET', K.job(job.id), 'cancel')
if not known or A.force then
  call('HSET', K.job(job.id), 'cancel', cjson.encode(wish), 'cancelled', cjson.encode(wish))
  event(job.scope, 'cancel_requested', job.id, 'by', A.act.by)
  record('Running')
end
return {'Running', 'Running'}
