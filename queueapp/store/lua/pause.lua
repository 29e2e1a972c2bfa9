--- pause: let no further job of a scope, or of one of its job types, start.
--- ARGS scope kind by reason until recall
--- USES order
--- kind is a job type or "*"; until is a time in ms or null; recall asks running jobs to go back
--- returns {paused_at_ms, queued, running}; pausing again replaces all but the first time   moves nothing
local known = call('HGET', K.pauses(A.scope), A.kind)
local at = known and cjson.decode(known).at_ms or NOW
local until_ = given(A['until'])
local record = {by = A.by, at_ms = at, reason = A.reason, until_ms = until_ or cjson.null}
call('HSET', K.pauses(A.scope), A.kind, cjson.encode(record))
local member = A.scope .. '|' .. A.kind
if until_ then call('ZADD', K.resumes(), exact(until_), member) else call('ZREM', K.resumes(), member) end
unlist_blocked(A.scope)
local running = call('ZRANGE', K.index(A.scope, 'status', 'Running'), 0, -1)
if A.recall then
  for _, id in ipairs(running) do
    local kind = shape_parts(call('HGET', K.job(id), 'shape'))
    if A.kind == '*' or A.kind == kind then call('HSET', K.job(id), 'recall', '{"give_back":true}') end
  end
end
event(A.scope, 'paused', '', 'type', A.kind, 'by', A.by)
return {at, call('ZCARD', K.queue(A.scope)), #running}
