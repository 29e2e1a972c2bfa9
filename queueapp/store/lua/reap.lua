--- reap: take back the jobs whose lease has ended; each is attempted again or fails.
--- ARGS max_lost keep_ms limit
--- returns the number of jobs taken back   moves Running > Queued, Running > Failed
local overdue = call('ZRANGE', K.leases(), '-inf', exact(NOW), 'BYSCORE', 'LIMIT', 0, A.limit)
for _, id in ipairs(overdue) do
  local job = load_job(id)
  if job and job.status == 'Running' then
    if call('HEXISTS', K.job(id), 'cancel') == 1 then
      end_attempt(job, 'lost', 'worker_lost')
      conclude(job, 'Running', 'Cancelled', A.keep_ms)
    else
      lose(job, A.max_lost, 'worker_lost', 'The worker that ran the job stopped answering.', A.keep_ms)
    end
  else
    call('ZREM', K.leases(), id)
  end
end
return #overdue
