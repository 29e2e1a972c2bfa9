--- authenticate: look an API key up by its id; when the digest is right, note its use and take from its allowance.
--- ARGS id digest every_ms per_minute cost
--- a use is written once in every_ms; per_minute is for keys without a rate of their own, 0 is any number
--- cost is how many requests this is; the allowance is a bucket that holds a minute's worth and fills evenly
--- returns {the key's fields and values as a flat list, per minute, left, ms until all is back, ms to wait};
--- the list is empty for a key that is unknown, revoked or expired; waiting 0 ms is leave to go on   moves nothing
local key = K.api_key(A.id)
local known = call('HMGET', key, 'digest', 'revoked', 'expires', 'used', 'per_minute', 'spent')
local ended = known[2] or (known[3] and tonumber(known[3]) <= NOW)
if known[1] ~= A.digest or ended then return {{}, 0, 0, 0, 0} end
if not known[4] or NOW - tonumber(known[4]) >= A.every_ms then call('HSET', key, 'used', exact(NOW)) end
local rate = tonumber(known[5]) or A.per_minute
local fields = call('HGETALL', key)
if rate == 0 then return {fields, 0, 0, 0, 0} end
-- What was spent is kept as the time at which the bucket will be full again.
local each = 60000 / rate
local full = math.max(tonumber(known[6]) or 0, NOW)
local wait = math.ceil(full + each * A.cost - NOW - 60000 - 0.001)
if wait <= 0 then
  full = full + each * A.cost
  if A.cost > 0 then call('HSET', key, 'spent', string.format('%.3f', full)) end
end
local left = math.max(0, math.floor((60000 - (full - NOW)) / each + 0.001))
return {fields, rate, left, math.ceil(full - NOW), math.max(0, wait)}
