--- create_key: keep a new API key, by its digest only.
--- ARGS scope id digest user role tenant project expires per_minute act op idem
--- scope is the fleet's, in whose trail it is written down; act is null where it is not
--- returns a receipt as JSON: when it was created; a repeat answers the first time   fails CONFLICT   moves nothing
local again = done_before()
if again then return again end
local key = K.api_key(A.id)
local known = call('HMGET', key, 'digest', 'created')
if known[1] == A.digest then return done({at_ms = tonumber(known[2])}) end
if known[1] then return fail('CONFLICT', 'There is already a key of this id.') end
call('HSET', key, 'digest', A.digest, 'user', A.user, 'role', A.role, 'created', exact(NOW))
for _, name in ipairs({'tenant', 'project', 'per_minute'}) do
  if given(A[name]) then call('HSET', key, name, A[name]) end
end
if given(A.expires) then call('HSET', key, 'expires', exact(A.expires)) end
call('ZADD', K.api_keys(), exact(NOW), A.id)
if given(A.act) then
  audit('create_key', {key = A.id, role = A.role, user = A.user, tenant = given(A.tenant), project = given(A.project)})
end
return done({at_ms = NOW})
