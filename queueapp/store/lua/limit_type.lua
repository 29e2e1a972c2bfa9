--- limit_type: set how many jobs of a type may run at once in the fleet, or lift the limit.
--- ARGS scope kind most act op idem
--- scope is the fleet's, in whose trail it is written down
--- returns a receipt as JSON; a repeat changes nothing   moves nothing
local again = done_before()
if again then return again end
local most = given(A.most)
if most then call('HSET', K.type_limits(), A.kind, most) else call('HDEL', K.type_limits(), A.kind) end
for _, worker in ipairs(parked(64)) do wake(worker) end
if given(A.act) then audit('limit_type', {job_type = A.kind, running = most or 'none'}) end
return done({})
