--- promote: make the jobs runnable whose time has come.
--- ARGS limit
--- returns the number of jobs looked at   moves nothing (they were and stay Queued)
local ready = call('ZRANGE', K.due(), '-inf', exact(NOW), 'BYSCORE', 'LIMIT', 0, A.limit)
for _, id in ipairs(ready) do
  call('ZREM', K.due(), id)
  local j = job_fields(id, 'scope', 'status', 'tier', 'shape', 'score', 'unmet')
  if j[2] == 'Queued' then
    call('HDEL', K.job(id), 'due', 'backoff')
    if (tonumber(j[6]) or 0) == 0 then
      hold(j[1], id, nil)
      make_ready(j[1], id, j[3], j[4], j[5])
    else
      hold(j[1], id, 'Dependency')
    end
  end
end
return #ready
