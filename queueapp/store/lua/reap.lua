--- reap: take back the jobs whose lease has ended; each is attempted again or fails.
--- ARGS max_lost keep_ms limit
--- returns the number of jobs taken back   moves Running > Queued, Running > Failed, Running > Cancelled
local overdue = call('ZRANGE', K.leases(), '-inf', exact(NOW), 'BYSCORE', 'LIMIT', 0, A.limit)
for _, id in ipairs(overdue) do
  local job = load_job(id)
  if job and job.status == 'Running' then
    take_back(job, A.max_lost, A.keep_ms)
  else
    call('ZREM', K.leases(), id)
  end
end
return #overdue
