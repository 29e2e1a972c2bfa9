--- revoke_key: end an API key for ever.
--- ARGS scope id act op idem
--- scope is the fleet's, in whose trail it is written down; act is null where it is not
--- returns a receipt as JSON: when it was revoked, the first time that it was   fails NOT_FOUND   moves nothing
local again = done_before()
if again then return again end
local key = K.api_key(A.id)
if call('EXISTS', key) == 0 then return fail('NOT_FOUND', 'There is no such API key.') end
if call('HSETNX', key, 'revoked', exact(NOW)) == 1 and given(A.act) then audit('revoke_key', {key = A.id}) end
return done({at_ms = tonumber(call('HGET', key, 'revoked'))})
