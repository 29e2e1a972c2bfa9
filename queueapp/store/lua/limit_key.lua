--- limit_key: give an API key a rate of its own, or the usual one again.
--- ARGS id per_minute
--- per_minute 0 is any number of requests, null the usual rate
--- returns nothing   fails NOT_FOUND   moves nothing
local key = K.api_key(A.id)
if call('EXISTS', key) == 0 then return fail('NOT_FOUND', 'There is no such API key.') end
call('HDEL', key, 'per_minute', 'spent')
if given(A.per_minute) then call('HSET', key, 'per_minute', A.per_minute) end
