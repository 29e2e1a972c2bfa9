--- prune: forget the jobs whose retention is over, with their indexes and artifacts.
--- ARGS limit
--- returns the object keys of the artifacts that went, as a flat list {scope, job...}   moves nothing
local gone = {}
for _, id in ipairs(call('ZRANGE', K.ended(), '-inf', exact(NOW), 'BYSCORE', 'LIMIT', 0, A.limit)) do
  call('ZREM', K.ended(), id)
  local j = job_fields(id, 'scope', 'status', 'shape', 'user', 'tier', 'result', 'workflow', 'node', 'host', 'device', 'filed')
  if j[1] and call('EXISTS', K.dependents(id)) == 1 then
    -- Its dependents are told first: cascade looks at how it ended.
    call('RPUSH', K.cascade(), id)
    call('ZADD', K.ended(), exact(NOW + 1000), id)
  elseif j[1] then
    local scope = j[1]
    if call('SREM', K.behind(scope), id) == 1 then file(scope, id, j[3], j[4], nil) end
    if j[11] then call('ZREM', K.index(scope, 'priority', PRIORITIES[j[11] + 1]), id) end
    call('ZREM', K.all(scope), id)
    call('ZREM', K.done(scope), id)
    call('ZREM', K.index(scope, 'status', j[2]), id)
    call('ZREM', K.index(scope, 'type', (shape_parts(j[3]))), id)
    call('ZREM', K.index(scope, 'user', j[4]), id)
    call('ZREM', K.index(scope, 'priority', PRIORITIES[tonumber(j[5]) + 1]), id)
    if j[8] then call('ZREM', K.index(scope, 'node', j[8]), id) end
    if j[9] then
      call('ZREM', K.index(scope, 'host', j[9]), id)
      call('ZREM', K.index(scope, 'pinned', 'yes'), id)
    end
    if j[10] then call('ZREM', K.index(scope, 'host', j[10]), id) end
    local result = given(j[6]) and cjson.decode(j[6]) or {}
    for _, artifact in ipairs(result.artifacts or {}) do call('UNLINK', K.artifact(artifact.id)) end
    call('UNLINK', K.job(id), K.spec(id), K.attempts(id), K.dependents(id))
    -- A workflow's record lives as long as the last of its jobs.
    if j[7] and call('HINCRBY', K.workflow(scope, j[7]), 'kept', -1) <= 0 then
      local status = call('HGET', K.workflow(scope, j[7]), 'status')
      call('UNLINK', K.workflow(scope, j[7]))
      call('ZREM', K.workflows(scope), j[7])
      if status then call('ZREM', K.workflows_by(scope, status), j[7]) end
    end
    gone[#gone + 1] = scope
    gone[#gone + 1] = id
  end
end
return gone
