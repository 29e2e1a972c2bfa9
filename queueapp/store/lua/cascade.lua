--- cascade: tell the dependents of ended jobs; they become runnable, or follow a failure.
--- ARGS limit keep_ms
--- returns how many dependents were told   moves Queued > Cancelled
local told = 0
while told < A.limit do
  local ended = call('LINDEX', K.cascade(), 0)
  if not ended then break end
  local how = call('HGET', K.job(ended), 'status')
  local id = call('SPOP', K.dependents(ended))
  if not id then
    call('LPOP', K.cascade())
  else
    told = told + 1
    local j = job_fields(id, 'scope', 'status', 'tier', 'shape', 'run_anyway', 'created', 'keep')
    if j[2] == 'Queued' and how ~= 'Completed' and j[5] ~= '1' then
      call('HINCRBY', K.job(id), 'unmet', -1)
      leave_queue(j[1], id, j[3], j[4])
      call('HSET', K.job(id), 'cancelled', cjson.encode({by = 'system', at_ms = NOW, reason = 'A job it depends on did not complete.'}))
      conclude({id = id, scope = j[1], tier = j[3], shape = j[4], created = j[6], keep = j[7]}, 'Queued', 'Cancelled', A.keep_ms)
    else
      release_dependent(id)
    end
  end
end
return told
