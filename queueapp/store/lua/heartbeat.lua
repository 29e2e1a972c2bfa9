--- heartbeat: a worker says that it lives; its leases are extended, its node's load is noted.
--- ARGS worker jobs lease_ms cpu_pct mem_pct disk_free idle_ms clock_ms held
--- held are the hosts that the node's keeper holds, as "scope|host"; null: this worker knows of no keeper
--- idle_ms is how long ago the worker last asked for a job
--- returns JSON {lost = [[id, epoch]...], cancel = {id = cancel request as JSON}, draining = bool}; a deleted worker holds nothing
--- fails CONFLICT (the worker is not registered)   moves nothing
local known = call('HMGET', K.worker(A.worker), 'node', 'draining', 'dismissed')
local node = known[1]
if not node then return fail('CONFLICT', 'worker is not registered') end
if known[3] then return cjson.encode({lost = A.jobs, cancel = {}, draining = true}) end
local lost, cancel = {}, {}
for _, held in ipairs(A.jobs) do
  local id, epoch = held[1], held[2]
  local j = job_fields(id, 'status', 'epoch', 'cancel')
  if j[1] ~= 'Running' or tonumber(j[2]) ~= epoch then
    lost[#lost + 1] = {id, epoch}
  else
    call('ZADD', K.leases(), NOW + A.lease_ms, id)
    if j[3] then cancel[id] = j[3] end
  end
end
call('HSET', K.worker(A.worker), 'heartbeat', NOW, 'running', #A.jobs,
  'polled', NOW - A.idle_ms)
call('PEXPIRE', K.claimed(A.worker), CLAIMED_MS)
call('ZADD', K.workers(), NOW, A.worker)
call('ZADD', K.nodes(), NOW, node)
call('HSET', K.node(node), 'cpu_pct', given(A.cpu_pct) or '', 'mem_pct', given(A.mem_pct) or '',
  'disk_free', given(A.disk_free) and A.disk_free or '', 'sampled', NOW,
  'skew', given(A.clock_ms) and A.clock_ms - NOW or '')
if given(A.held) then believe(node, A.held) end
return cjson.encode({lost = lost, cancel = cancel, draining = known[2] == '1'})
