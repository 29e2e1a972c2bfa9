--- drain: a worker takes no further job, until it is told otherwise or has restarted.
--- ARGS worker by reason until restart
--- until is a time in ms or null: what still runs then is given back
--- returns how many jobs it runs now; draining again replaces all but the first time
--- fails NOT_FOUND   moves nothing
local known = call('HMGET', K.worker(A.worker), 'node', 'drain', 'dismissed')
if not known[1] or known[3] then return fail('NOT_FOUND', 'There is no such worker.') end
local at = known[2] and cjson.decode(known[2]).at_ms or NOW
local wish = {by = A.by, reason = A.reason, at_ms = at, until_ms = A['until'], restart = A.restart}
call('HSET', K.worker(A.worker), 'draining', '1', 'drain', cjson.encode(wish))
-- A parked worker learns of it by asking for the next job, and finds that there is none for it.
call('RPUSH', K.wake(A.worker), '1')
call('PEXPIRE', K.wake(A.worker), 10000)
return tonumber(call('HGET', K.worker(A.worker), 'running')) or 0
