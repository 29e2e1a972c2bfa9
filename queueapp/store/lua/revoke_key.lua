--- revoke_key: end an API key for ever.
--- ARGS id
--- returns when it was revoked, in ms; a repeat answers the first time   fails NOT_FOUND   moves nothing
local key = K.api_key(A.id)
if call('EXISTS', key) == 0 then return fail('NOT_FOUND', 'There is no such API key.') end
call('HSETNX', key, 'revoked', exact(NOW))
return tonumber(call('HGET', key, 'revoked'))
