--- pass_over: note that a moment of a schedule came to nothing, and go on to the next.
--- ARGS scope id born mode at next outcome reason until_ms count
--- mode is due or waiting, as for fire; until_ms and count tell of several moments, or are null
--- returns "OK" or "stale"; a repeat is stale   moves nothing
local key = K.schedule(A.scope, A.id)
local s = call('HMGET', key, 'next', 'waiting', 'created')
local expected = A.mode == 'due' and s[1] or A.mode == 'waiting' and s[2]
if s[3] ~= exact(A.born) then return 'stale' end
if tonumber(expected or '') ~= A.at then return 'stale' end
note_run(A.scope, A.id, {scheduled_ms = A.at, outcome = A.outcome, reason = given(A.reason), until_ms = given(A.until_ms),
  count = given(A.count)})
if A.mode == 'due' then set_next(A.scope, A.id, A.next) end
if A.mode == 'waiting' then call('HDEL', key, 'waiting') end
look_at(A.scope, A.id)
return 'OK'
