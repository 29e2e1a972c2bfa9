--- cancel_workflow: end what of a workflow has not ended: queued jobs end, running ones are asked to stop.
--- ARGS scope id jobs force preserve keep_ms act op idem
--- jobs are its jobs in the order in which they are ended, those that others wait for last
--- returns a receipt as JSON: how many jobs it was done to; a repeat is answered as before
--- fails NOT_FOUND, JOB_NOT_CANCELLABLE   moves Queued > Cancelled
local again = done_before()
if again then return again end
local w = call('HMGET', K.workflow(A.scope, A.id), 'status', 'record')
if not w[1] then return fail('NOT_FOUND', 'There is no such workflow.') end
if w[1] ~= 'Queued' and w[1] ~= 'Running' then
  return fail('JOB_NOT_CANCELLABLE', 'The workflow has already ended: it is ' .. w[1] .. '.')
end
local changed = {}
for _, id in ipairs(A.jobs) do
  local job = load_job(id)
  if job and job.workflow == A.id and cancel_job(job, A.force, A.preserve, A.op, A.keep_ms) then changed[#changed + 1] = id end
end
audit('cancel_workflow', {workflow = A.id, jobs = #changed > 0 and changed or nil})
return done({changed = #changed})
