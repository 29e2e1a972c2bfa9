--- authenticate: look an API key up by its id, and note its use when the digest is right.
--- ARGS id digest every_ms
--- the caller compares the digest again, in constant time; a use is written once in every_ms
--- returns the key's fields and values as a flat list, empty when there is no such key   moves nothing
local key = K.api_key(A.id)
local known = call('HMGET', key, 'digest', 'revoked', 'used')
local stale = not known[3] or NOW - tonumber(known[3]) >= A.every_ms
if known[1] == A.digest and not known[2] and stale then call('HSET', key, 'used', exact(NOW)) end
return call('HGETALL', key)
