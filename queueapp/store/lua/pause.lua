--- pause: let no further job of a scope, or of one of its job types, start.
--- ARGS scope kind until duration recall act op idem
--- kind is a job type or "*"; until is a time in ms, else duration one from now, else it has no end; recall asks running jobs to go back
--- returns a receipt as JSON; pausing again replaces all but the first time; a repeat is answered as before
--- fails IDEMPOTENCY_MISMATCH   moves nothing
local again = done_before()
if again then return again end
local known = call('HGET', K.pauses(A.scope), A.kind)
if A.kind == '*' then count_pause(A.scope) end
count_paused(A.scope, last_look())
if not known then note_pause(A.scope, A.kind, pause_code(A.kind)) end
local at = known and cjson.decode(known).at_ms or NOW
local until_ = given(A['until']) or (given(A.duration) and NOW + A.duration)
local record = {by = A.act.by, at_ms = at, reason = A.act.reason, until_ms = until_ or cjson.null}
call('HSET', K.pauses(A.scope), A.kind, cjson.encode(record))
local member = A.scope .. '|' .. A.kind
if until_ then call('ZADD', K.resumes(), exact(until_), member) else call('ZREM', K.resumes(), member) end
unlist_blocked(A.scope)
local queued, running = held_back(A.kind)
if A.recall then
  for _, id in ipairs(running) do call('HSET', K.job(id), 'recall', '{"give_back":true}') end
end
event(A.scope, 'paused', '', 'type', A.kind, 'by', A.act.by, 'reason', given(A.act.reason) or '',
  'until', until_ and exact(until_) or '')
audit('pause', {kind = A.kind, before = known and window(cjson.decode(known)) or '', after = window(record)})
return done({pause = record, queued = queued, running = #running, at_ms = NOW})
