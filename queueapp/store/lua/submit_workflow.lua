--- submit_workflow: accept a graph of jobs, all of them or none.
--- ARGS scope id jobs max_queued tenant project idem fingerprint idem_ttl retry_of act
--- FULL refuses
--- ARGV 3 the workflow as JSON, 4 its steps, 5... the specs of its jobs as JSON, in their order
--- retry_of names the workflow whose failed and cancelled jobs these do again, or is null; act is who
--- retries it and why
--- returns {"new"|"repeat", id, created_ms}; a repeat changes nothing
--- fails QUEUE_FULL, UNKNOWN_DEPENDENCY, IDEMPOTENCY_MISMATCH, CONFLICT   moves nothing > Queued
local scope = A.scope
local idem = given(A.idem) and K.idempotency(scope, A.idem)
if idem then
  local known = call('HMGET', idem, 'fingerprint', 'job')
  if known[1] and known[1] ~= A.fingerprint then
    return fail('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used before with another request.')
  end
  if known[1] then
    local created = call('HGET', K.workflow(scope, known[2]), 'created')
    return {'repeat', known[2], tonumber(created) or NOW}
  end
end
local created = call('HGET', K.workflow(scope, A.id), 'created')
if created then return {'repeat', A.id, tonumber(created)} end
local old = given(A.retry_of)
local again = old and call('HGET', K.workflow(scope, old), 'retried_as')
if again then return fail('CONFLICT', 'The workflow was retried before, as ' .. again .. '.') end
local failure = no_room(scope, A.jobs, A.max_queued)
if failure then return failure end
local bad, waits, doomed = look_outside(scope, A.jobs)
if bad then return bad end

accept_jobs(scope, A.jobs, 5, waits, doomed, A.id)
record_workflow(scope, A.id, ARGV[3], ARGV[4], #A.jobs)
if old and call('EXISTS', K.workflow(scope, old)) == 1 then
  call('HSET', K.workflow(scope, old), 'retried_as', A.id)
  audit('retry_workflow', {workflow = old, retried_as = A.id})
end
if idem then
  call('HSET', idem, 'fingerprint', A.fingerprint, 'job', A.id)
  call('PEXPIRE', idem, A.idem_ttl)
end
return {'new', A.id, NOW}
