--- resume: let the jobs of a scope, or of one of its job types, start again.
--- ARGS scope kind by due_only
--- USES order
--- due_only resumes only a pause whose end has come
--- returns {the pause as JSON or "", queued, running}   moves nothing
local known = call('HGET', K.pauses(A.scope), A.kind)
local member = A.scope .. '|' .. A.kind
local due = tonumber(call('ZSCORE', K.resumes(), member))
local resumed = ''
if not A.due_only or (due and due <= NOW) then
  call('ZREM', K.resumes(), member)
  if known then
    resumed = known
    call('HDEL', K.pauses(A.scope), A.kind)
    relist(A.scope)
    event(A.scope, 'resumed', '', 'type', A.kind, 'by', A.by)
  end
end
return {resumed, call('ZCARD', K.queue(A.scope)), call('ZCARD', K.index(A.scope, 'status', 'Running'))}
