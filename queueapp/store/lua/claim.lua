--- claim: give a worker the best job it can run now, under a lease; or park it.
--- ARGS worker slot op lease_ms
--- returns {id, epoch, started_ms, lease_until_ms, scope, tier, shape, user, the spec as JSON}, or {} (parked); a repeat renews the lease
--- fails CONFLICT (the worker is not registered)   moves Queued > Running
local known = claimed_before(A.worker, A.slot, A.op, A.lease_ms)
if known then return known end
local offer = offer_of(A.worker)
if not offer then return fail('CONFLICT', 'worker is not registered') end
call('ZREM', K.idle(), A.worker)
if offer.draining then return {} end
local answer = claim_once(offer, A.slot, A.op, A.lease_ms)
if not answer[1] then call('ZADD', K.idle(), NOW, A.worker) end
return answer
