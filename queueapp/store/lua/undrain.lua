--- undrain: a draining worker takes jobs again.
--- ARGS scope worker act op idem
--- returns a receipt as JSON: whether it was draining; a repeat is answered as before
--- fails NOT_FOUND, IDEMPOTENCY_MISMATCH   moves nothing
local again = done_before()
if again then return again end
local known = call('HMGET', K.worker(A.worker), 'node', 'dismissed')
if not known[1] or known[2] then return fail('NOT_FOUND', 'There is no such worker.') end
local was = call('HDEL', K.worker(A.worker), 'draining', 'drain') > 0
call('RPUSH', K.wake(A.worker), '1')
call('PEXPIRE', K.wake(A.worker), 10000)
if was then audit('undrain', {worker = A.worker}) end
return done({was = was})
