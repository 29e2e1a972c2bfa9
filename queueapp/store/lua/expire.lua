--- expire: fail the jobs that are still queued when their time there is over.
--- ARGS limit keep_ms
--- returns the number of jobs looked at   moves Queued > Failed
local over = call('ZRANGE', K.expiries(), '-inf', exact(NOW), 'BYSCORE', 'LIMIT', 0, A.limit)
for _, id in ipairs(over) do
  local job = load_job(id)
  if job and job.status == 'Queued' then
    expire(job, A.keep_ms)
  else
    call('ZREM', K.expiries(), id)
  end
end
return #over
