--- delete_record: forget a dataset or a pipeline, unless a job that has not ended works on it.
--- ARGS kind scope id limit grace_ms act op idem
--- at most limit of the jobs that ever worked on it are looked at; the ended ones are forgotten
--- returns a receipt as JSON: more says to look again, left is the object key that nobody names any more or ""
--- a repeat is answered as before   fails NOT_FOUND, IN_USE   moves nothing
local again = done_before()
if again then return again end
local key = K[A.kind](A.scope, A.id)
local object = call('HGET', key, 'object')
if not object then return fail('NOT_FOUND', 'There is no such ' .. A.kind .. '.') end

if A.kind == 'dataset' then
  local users = K.dataset_jobs(A.scope, A.id)
  local seen = call('ZRANGE', users, 0, A.limit - 1, 'WITHSCORES')
  for i = 1, #seen, 2 do
    -- A hold is taken just before its job is submitted, so a young one without a job counts.
    local status = call('HGET', K.job(seen[i]), 'status')
    if status == 'Queued' or status == 'Running' or (not status and tonumber(seen[i + 1]) > NOW - A.grace_ms) then
      return fail('IN_USE', 'A job that has not ended works on this dataset: ' .. seen[i] .. '.')
    end
    call('ZREM', users, seen[i])
  end
  if call('EXISTS', users) == 1 then return cjson.encode({op = A.op, more = true}) end
end
call('UNLINK', key)
call('ZREM', K[A.kind .. 's'](A.scope), A.id)
if object ~= '' then call('ZADD', K.orphans(), exact(NOW), object) end
audit_of(A.kind, 'delete')
return done({more = false, left = object})
