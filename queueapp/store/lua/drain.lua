--- drain: a worker takes no further job, until it is told otherwise or has restarted.
--- ARGS scope worker until restart act op idem
--- until is a time in ms or null: what still runs then is given back
--- returns a receipt as JSON: how many jobs it runs now; draining again replaces all but the first time
--- a repeat is answered as before   fails NOT_FOUND, IDEMPOTENCY_MISMATCH   moves nothing
local again = done_before()
if again then return again end
local known = call('HMGET', K.worker(A.worker), 'node', 'drain', 'dismissed')
if not known[1] or known[3] then return fail('NOT_FOUND', 'There is no such worker.') end
local at = known[2] and cjson.decode(known[2]).at_ms or NOW
local wish = {by = A.act.by, reason = A.act.reason, at_ms = at, until_ms = A['until'], restart = A.restart}
call('HSET', K.worker(A.worker), 'draining', '1', 'drain', cjson.encode(wish))
-- A parked worker learns of it by asking for the next job, and finds that there is none for it.
call('RPUSH', K.wake(A.worker), '1')
call('PEXPIRE', K.wake(A.worker), 10000)
local until_ = given(A['until'])
audit(A.restart and 'restart' or 'drain', {worker = A.worker, until_ms = until_ and exact(until_)})
return done({running = tonumber(call('HGET', K.worker(A.worker), 'running')) or 0})
