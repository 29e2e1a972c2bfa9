--- cancel: a queued job ends at once; a running one is asked to stop.
--- ARGS scope id force preserve keep_ms act op
--- returns {status before, status now}; asking again only strengthens the wish, a repeat of op is answered as before
--- fails NOT_FOUND, JOB_NOT_CANCELLABLE   moves Queued > Cancelled
local job = load_job(A.id)
if not job or job.scope ~= A.scope then return fail('NOT_FOUND', 'There is no such job.') end
local last = job.cancelled and cjson.decode(job.cancelled)
if last and last.op == A.op then return {last.before, job.status} end
if job.status ~= 'Queued' and job.status ~= 'Running' then
  return fail('JOB_NOT_CANCELLABLE', 'The job has already ended: it is ' .. job.status .. '.')
end
local now = cancel_job(job, A.force, A.preserve, A.op, A.keep_ms)
if now then
  audit('cancel', {job = A.id, owner = job.user, before = {status = job.status}, after = {status = now, force = A.force}})
end
return {job.status, now or job.status}
