--- run_schedule: submit at once what a schedule makes, whatever else of it runs and also while it is paused.
--- ARGS scope id born at jobs workflow max_queued tenant project act op idem
--- FULL refuses
--- ARGV 3 the workflow as JSON or "", 4 its steps, 5... the specs of the jobs as JSON
--- born is the moment of the schedule's creation; at is what the run says of its time
--- workflow is its id, or null for a single job
--- returns a receipt as JSON; a repeat is answered as before
--- fails NOT_FOUND, QUEUE_FULL, UNKNOWN_DEPENDENCY, IDEMPOTENCY_MISMATCH   moves nothing > Queued
local again = done_before()
if again then return again end
local s = call('HMGET', K.schedule(A.scope, A.id), 'created', 'active', 'owner')
if s[1] ~= exact(A.born) then return fail('NOT_FOUND', 'There is no such schedule.') end
local failure = submit_made(A.at, still_active(A.scope, s[2]), true)
if failure then return failure end
look_at(A.scope, A.id)
local workflow, job = given(A.workflow), nil
if not workflow then job = A.jobs[1].id end
audit('run_schedule', {schedule = A.id, owner = s[3], made = workflow or job})
return done({at_ms = A.at, job = job, workflow = workflow})
