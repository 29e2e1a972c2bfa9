--- dismiss: workers are deleted: what they run fails, and they claim nothing and live no longer.
--- ARGS scope workers most keep_ms memory_ms act op idem
--- workers are {name, what its jobs say of their failure}; unknown ones are passed over
--- most is how many jobs fail in one call: workers that would go past it are left, but for the first
--- memory_ms is how long the worker itself may still learn of it
--- returns a receipt as JSON: {name, its failed jobs...} of each deleted one, and the names that were left; a repeat is answered as before
--- fails NOT_FOUND where none is known   moves Running > Failed
local again = done_before()
if again then return again end
local running = {}
for _, one in ipairs(A.workers) do
  if call('EXISTS', K.worker(one[1])) == 1 then running[one[1]] = {} end
end
if not next(running) then return fail('NOT_FOUND', 'There is no such worker.') end
for _, id in ipairs(call('ZRANGE', K.leases(), 0, -1)) do
  local job = job_fields(id, 'worker', 'status')
  local ids = job[2] == 'Running' and running[job[1]]
  if ids then ids[#ids + 1] = id end
end

local function dismiss(worker, message, ids)
  call('HSET', K.worker(worker), 'draining', '1', 'dismissed', '1')
  call('PEXPIRE', K.worker(worker), A.memory_ms)
  call('ZREM', K.workers(), worker)
  call('ZREM', K.idle(), worker)
  call('UNLINK', K.claimed(worker))
  for _, id in ipairs(ids) do
    local job = load_job(id)
    call('HSET', K.job(id), 'failure', cjson.encode({code = 'worker_terminated', message = message}))
    end_attempt(job, 'failed', 'worker_terminated')
    conclude(job, 'Running', 'Failed', A.keep_ms, 'worker_terminated')
  end
  call('RPUSH', K.wake(worker), '1')
  call('PEXPIRE', K.wake(worker), 10000)
  audit('delete_worker', {worker = worker, jobs = #ids > 0 and ids or nil})
end

local deleted, left, failed = {}, {}, 0
for _, one in ipairs(A.workers) do
  local name, ids = one[1], running[one[1]]
  if ids and (not deleted[1] or failed + #ids <= A.most) then
    dismiss(name, one[2], ids)
    running[name], failed = nil, failed + #ids
    deleted[#deleted + 1] = {name, unpack(ids)}
  elseif ids then
    left[#left + 1] = name
  end
end
return done({deleted = deleted, left = #left > 0 and left or nil})
