--- dismiss: a worker is deleted: what it runs fails, and it claims nothing and lives no longer.
--- ARGS worker by reason keep_ms memory_ms
--- memory_ms is how long the worker itself may still learn of it
--- returns the ids of the jobs that failed; a repeat finds none   fails NOT_FOUND   moves Running > Failed
local key = K.worker(A.worker)
if call('EXISTS', key) == 0 then return fail('NOT_FOUND', 'There is no such worker.') end
call('HSET', key, 'draining', '1', 'dismissed', '1')
call('PEXPIRE', key, A.memory_ms)
call('ZREM', K.workers(), A.worker)
call('ZREM', K.idle(), A.worker)
call('UNLINK', K.claimed(A.worker))
local why = given(A.reason) and (' Reason: ' .. A.reason) or ''
local failed = {}
for _, id in ipairs(call('ZRANGE', K.leases(), 0, -1)) do
  local job = load_job(id)
  if job and job.status == 'Running' and job.worker == A.worker then
    local message = 'The worker ' .. A.worker .. ' was deleted by ' .. A.by .. '.' .. why
    call('HSET', K.job(id), 'failure', cjson.encode({code = 'worker_terminated', message = message}))
    end_attempt(job, 'failed', 'worker_terminated')
    conclude(job, 'Running', 'Failed', A.keep_ms, 'worker_terminated')
    failed[#failed + 1] = id
  end
end
call('RPUSH', K.wake(A.worker), '1')
call('PEXPIRE', K.wake(A.worker), 10000)
return failed
