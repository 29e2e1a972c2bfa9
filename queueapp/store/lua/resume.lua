--- resume: let the jobs of a scope, or of one of its job types, start again.
--- ARGS scope kind due_only act op idem
--- due_only resumes only a pause whose end has come
--- returns a receipt as JSON; its pause is the ended one, or absent; a repeat is answered as before
--- fails IDEMPOTENCY_MISMATCH   moves nothing
local again = done_before()
if again then return again end
local known = call('HGET', K.pauses(A.scope), A.kind)
local member = A.scope .. '|' .. A.kind
local due = tonumber(call('ZSCORE', K.resumes(), member))
local ended
if not A.due_only or (due and due <= NOW) then
  call('ZREM', K.resumes(), member)
  if known then
    ended = cjson.decode(known)
    if A.kind == '*' then count_pause(A.scope) end
    count_paused(A.scope, last_look())
    note_pause(A.scope, A.kind, '')
    call('HDEL', K.pauses(A.scope), A.kind)
    call('HSET', K.meta(A.scope), 'resumed:' .. A.kind, exact(NOW))
    relist(A.scope)
    event(A.scope, 'resumed', '', 'type', A.kind, 'by', A.act.by)
    audit('resume', {kind = A.kind, before = window(ended)})
  end
end
local queued, running = held_back(A.kind)
return done({pause = ended, queued = queued, running = #running, at_ms = NOW})
