--- create_key: keep a new API key, by its digest only.
--- ARGS id digest user role tenant project expires per_minute
--- returns when it was created, in ms; a repeat answers the first time   fails CONFLICT   moves nothing
local key = K.api_key(A.id)
local known = call('HMGET', key, 'digest', 'created')
if known[1] == A.digest then return tonumber(known[2]) end
if known[1] then return fail('CONFLICT', 'There is already a key of this id.') end
call('HSET', key, 'digest', A.digest, 'user', A.user, 'role', A.role, 'created', exact(NOW))
if given(A.tenant) then call('HSET', key, 'tenant', A.tenant) end
if given(A.project) then call('HSET', key, 'project', A.project) end
if given(A.expires) then call('HSET', key, 'expires', exact(A.expires)) end
if given(A.per_minute) then call('HSET', key, 'per_minute', A.per_minute) end
call('ZADD', K.api_keys(), exact(NOW), A.id)
return NOW
