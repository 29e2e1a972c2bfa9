--- present: tell how a scope's queue stands at this moment, with the record of the hour under way.
--- ARGS scope
--- returns {now_ms, queued by tier as text, running, waiting 1|0, the fleet's idle sum, the hour's fields, held as fields, idle sums at starts of hours}   moves nothing
local queued = queued_before(A.scope, changes(A.scope))
local _, waits = waiting(A.scope, changes(A.scope))
local key, held, hour, marks = changes(A.scope).key, {}, math.floor(NOW / HOUR_MS), {}
if call('ZCOUNT', K.idle_marks(), hour, hour) == 0 then marks = unmarked(hour) end
for _, code in ipairs(HOLDS) do
  held[#held + 1] = code
  held[#held + 1] = call('HGET', K.meta(A.scope), 'held:' .. code) or '0'
end
local idle = idle_until(NOW, ran())
changed = {} -- only looked at
return {exact(NOW), table.concat(queued, ' '), call('ZCARD', K.index(A.scope, 'status', 'Running')), waits and 1 or 0,
  exact(idle), call('HGETALL', key), held, marks}
