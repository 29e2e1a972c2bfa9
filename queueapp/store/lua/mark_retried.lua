--- mark_retried: note on a job that another was made of it, and who did that.
--- ARGS scope id new record act
--- record is false where the act is written down for many jobs at once
--- returns 1, or 0 for a repeat   moves nothing
local j = job_fields(A.id, 'retried_as', 'user', 'status')
if j[1] == A.new or not j[2] then return 0 end
call('HSET', K.job(A.id), 'retried_as', A.new)
if A.record then
  audit('retry', {job = A.id, owner = j[2], before = {status = j[3]}, after = {job = A.new}})
end
return 1
