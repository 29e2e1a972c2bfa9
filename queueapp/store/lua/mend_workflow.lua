--- mend_workflow: make the numbers and the status of a workflow those of its jobs.
--- ARGS scope id
--- returns the number of entries put right; a repeat returns 0   moves nothing
local key, mended = K.workflow(A.scope, A.id), 0
local w = call('HMGET', key, 'steps', 'total', 'created', 'started')

local tally, kept = {Completed = 0, Failed = 0, Cancelled = 0, Queued = 0, Running = 0}, 0
for _, step in ipairs(w[1] and cjson.decode(w[1]) or {}) do
  local j = job_fields(step.job_id, 'workflow', 'status')
  if j[1] == A.id then
    kept = kept + 1
    tally[j[2]] = tally[j[2]] + 1
  end
end

local function stands(field, value)
  if (call('HGET', key, field) or '0') == tostring(value) then return end
  call('HSET', key, field, value)
  mended = mended + 1
end

-- Of jobs that were forgotten nobody knows how they ended: then what was counted stays.
local status
if kept > 0 then
  stands('kept', kept)
  local whole = kept == tonumber(w[2])
  local ended = 0
  for _, how in ipairs({'Completed', 'Failed', 'Cancelled'}) do
    if whole then stands(how, tally[how]) else tally[how] = tonumber(call('HGET', key, how)) or 0 end
    ended = ended + tally[how]
  end
  if ended < tonumber(w[2]) then status = w[4] and 'Running' or 'Queued'
  else status = tally.Failed > 0 and 'Failed' or tally.Cancelled > 0 and 'Cancelled' or 'Completed' end
  stands('status', status)
else
  mended = mended + call('UNLINK', key)
end
for _, one in ipairs({'Queued', 'Running', 'Completed', 'Failed', 'Cancelled'}) do
  if one == status then mended = mended + call('ZADD', K.workflows_by(A.scope, one), w[3], A.id)
  else mended = mended + call('ZREM', K.workflows_by(A.scope, one), A.id) end
end
if status then mended = mended + call('ZADD', K.workflows(A.scope), w[3], A.id)
else mended = mended + call('ZREM', K.workflows(A.scope), A.id) end
return mended
