--- submit_batch: accept the jobs that one request makes, as many as the queue has room for.
--- ARGS scope jobs max_queued tenant project told act op idem
--- FULL refuses
--- ARGV 3... the specs of the jobs as JSON, in their order
--- told is what the request is to be told again, beside the ids of the accepted jobs: the first ones
--- returns a receipt as JSON; a repeat is answered as before
--- fails UNKNOWN_DEPENDENCY, IDEMPOTENCY_MISMATCH   moves nothing > Queued
local again = done_before()
if again then return again end
local room = A.max_queued - call('ZCARD', K.queue(A.scope))
while #A.jobs > math.max(0, room) do table.remove(A.jobs) end
local bad, waits, doomed = look_outside(A.scope, A.jobs)
if bad then return bad end
if #A.jobs > 0 then accept_jobs(A.scope, A.jobs, 3, waits, doomed) end
local ids = {}
for i, job in ipairs(A.jobs) do ids[i] = job.id end
return done({ids = #ids > 0 and ids or nil, told = A.told})
