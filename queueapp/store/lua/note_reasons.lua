--- note_reasons: note why the jobs of a scope that could be claimed wait, as seen at a look.
--- ARGS scope seen keep_ms most
--- seen has {shape, code, jobs x ms, since when} for each shape; "" is the code of one without jobs
--- returns "OK"; a repeat counts the time again   moves nothing
local hour = changes(A.scope).key
for _, one in ipairs(A.seen) do
  local shape, code, job_ms, since = unpack(one)
  if job_ms > 0 then call('HINCRBY', hour, 'why:' .. code, exact(job_ms)) end
  local key = K.reasons(A.scope, shape)
  local last = call('ZRANGE', key, -1, -1)[1] or '|'
  if string.match(last, '|(.*)$') ~= code then
    call('ZADD', key, exact(since), exact(since) .. '|' .. code)
    call('ZREMRANGEBYRANK', key, 0, -A.most - 1)
    call('PEXPIRE', key, A.keep_ms)
  end
end
return 'OK'
