--- disown: take back at once the jobs of a worker that is known to be dead.
--- ARGS worker max_lost keep_ms
--- returns the number of jobs taken back   moves Running > Queued, Running > Failed, Running > Cancelled
local taken = 0
for _, id in ipairs(call('ZRANGE', K.leases(), 0, -1)) do
  local job = load_job(id)
  if job and job.status == 'Running' and job.worker == A.worker then
    taken = taken + 1
    take_back(job, A.max_lost, A.keep_ms)
  end
end
return taken
