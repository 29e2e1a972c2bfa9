--- note_reasons: note why the jobs of a scope that could be claimed wait, as seen at a look.
--- ARGS scope seen looked at keep_ms most
--- seen has {shape, code, since when, jobs that waited for it from the look before, at looked, to this one} for each shape; "" is the code of one without jobs
--- returns "OK"; a repeat counts the time again   moves nothing
local hour, free, noted = changes(A.scope).key, {}, {}
count_paused(A.scope, A.looked)
for _, one in ipairs(A.seen) do
  local shape, code, since, jobs = unpack(one)
  local kind = shape_parts(shape)
  if jobs > 0 and not free[kind] then free[kind], noted[kind] = unpaused(A.scope, kind, A.looked, A.at) end
  if jobs > 0 and free[kind] > 0 then
    -- What a pause's own notes do not tell was no pause.
    local held = noted[kind][code] and 'Position' or code
    call('HINCRBY', hour, 'why:' .. held, exact(jobs * free[kind]))
  end
  local key = K.reasons(A.scope, shape)
  local last = call('ZRANGE', key, -1, -1)[1] or '|'
  if string.match(last, '|(.*)$') ~= code then
    call('ZADD', key, exact(since), exact(since) .. '|' .. code)
    call('ZREMRANGEBYRANK', key, 0, -A.most - 1)
    call('PEXPIRE', key, A.keep_ms)
  end
end
return 'OK'
