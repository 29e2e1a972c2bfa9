--- bulk_go: act on the very set of jobs that was counted before.
--- ARGS scope id action args act op idem
--- returns a receipt as JSON; a repeat is answered as before
--- fails NOT_FOUND, CONFLICT, IDEMPOTENCY_MISMATCH   moves nothing
local known = done_before()
if known then return known end
local key = K.bulk(A.scope, A.id)
local b = call('HMGET', key, 'by', 'state', 'action', 'matched', 'wanted')
if b[1] ~= A.act.by then return fail('NOT_FOUND', '/selection is not known, or it has expired.', {field = 'selection'}) end
if b[2] ~= 'Counted' then return fail('CONFLICT', 'The selection was used already, or is still being counted.') end
if b[3] ~= A.action then return fail('CONFLICT', 'The selection was counted for another action.', {action = b[3]}) end
local ended = tonumber(b[4]) == 0
call('HSET', key, 'dry', 0, 'args', cjson.encode(A.args), 'reason', given(A.act.reason) or '', 'begun', exact(NOW))
if ended then call('HSET', key, 'ended', exact(NOW)) end
bulk_goes_on(ended and 'Done' or 'Acting')
audit('bulk', {operation = A.id, action_of = A.action, wanted = b[5], args = A.args})
return done({id = A.id, at_ms = NOW})
