--- report: a running attempt says how far it has come and what it uses.
--- ARGS id epoch
--- ARGV 3 progress as JSON, 4 usage as JSON, 5 the newest log lines as JSON or ""
--- returns the wish to cancel or to give back as JSON or ""   fails LEASE_LOST   moves nothing
local j = job_fields(A.id, 'status', 'epoch', 'cancel', 'recall', 'scope', 'progress')
if j[1] ~= 'Running' or tonumber(j[2]) ~= A.epoch then return fail('LEASE_LOST', 'the attempt is over') end
-- Progress is told live only: it would push the facts out of the stream that is kept.
if j[6] ~= ARGV[3] then
  local live = K.progress(j[5])
  call('XADD', live, 'MAXLEN', '~', 200, '*', 'kind', 'progress', 'job', A.id, 'at', exact(NOW), 'progress', ARGV[3])
  call('EXPIRE', live, 120)
end
call('HSET', K.job(A.id), 'progress', ARGV[3], 'usage', ARGV[4], 'updated', exact(NOW))
if ARGV[5] ~= '' then
  call('SET', K.log(A.id), ARGV[5], 'EX', 120)
else
  call('EXPIRE', K.log(A.id), 120)
end
return j[3] or j[4] or ''
