--- dismiss: a worker is deleted: what it runs fails, and it claims nothing and lives no longer.
--- ARGS scope worker message keep_ms memory_ms act op idem
--- memory_ms is how long the worker itself may still learn of it; message is what its jobs say of their failure
--- returns a receipt as JSON: the ids of the jobs that failed; a repeat is answered as before
--- fails NOT_FOUND   moves Running > Failed
local again = done_before()
if again then return again end
local key = K.worker(A.worker)
if call('EXISTS', key) == 0 then return fail('NOT_FOUND', 'There is no such worker.') end
call('HSET', key, 'draining', '1', 'dismissed', '1')
call('PEXPIRE', key, A.memory_ms)
call('ZREM', K.workers(), A.worker)
call('ZREM', K.idle(), A.worker)
call('UNLINK', K.claimed(A.worker))
local failed = {}
for _, id in ipairs(call('ZRANGE', K.leases(), 0, -1)) do
  local job = load_job(id)
  if job and job.status == 'Running' and job.worker == A.worker then
    call('HSET', K.job(id), 'failure', cjson.encode({code = 'worker_terminated', message = A.message}))
    end_attempt(job, 'failed', 'worker_terminated')
    conclude(job, 'Running', 'Failed', A.keep_ms, 'worker_terminated')
    failed[#failed + 1] = id
  end
end
call('RPUSH', K.wake(A.worker), '1')
call('PEXPIRE', K.wake(A.worker), 10000)
audit('delete_worker', {worker = A.worker, jobs = #failed > 0 and failed or nil})
return done({failed = #failed > 0 and failed or nil})
