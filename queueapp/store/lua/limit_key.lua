--- limit_key: give an API key a rate of its own, or the usual one again.
--- ARGS scope id per_minute act op idem
--- per_minute 0 is any number of requests, null the usual rate; scope is the fleet's, in whose trail it is written down
--- returns a receipt as JSON; a repeat changes nothing   fails NOT_FOUND   moves nothing
local again = done_before()
if again then return again end
local key, rate = K.api_key(A.id), given(A.per_minute)
if call('EXISTS', key) == 0 then return fail('NOT_FOUND', 'There is no such API key.') end
call('HDEL', key, 'per_minute', 'spent')
if rate then call('HSET', key, 'per_minute', rate) end
if given(A.act) then audit('limit_key', {key = A.id, per_minute = rate == 0 and 'any' or rate or 'usual'}) end
return done({})
