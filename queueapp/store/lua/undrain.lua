--- undrain: a draining worker takes jobs again.
--- ARGS worker
--- returns 1 if it was draining, else 0   fails NOT_FOUND   moves nothing
local known = call('HMGET', K.worker(A.worker), 'node', 'dismissed')
if not known[1] or known[2] then return fail('NOT_FOUND', 'There is no such worker.') end
local was = call('HDEL', K.worker(A.worker), 'draining', 'drain')
call('RPUSH', K.wake(A.worker), '1')
call('PEXPIRE', K.wake(A.worker), 10000)
return was > 0 and 1 or 0
