--- hold_datasets: note that jobs, about to be submitted, work on datasets, so that they stay.
--- ARGS scope ids jobs sample
--- FULL refuses
--- also forgets those of a few holders, taken at random, whose jobs have ended: the notes stay few
--- returns "OK"; a repeat changes nothing   fails NOT_FOUND   moves nothing
for _, id in ipairs(A.ids) do
  if call('EXISTS', K.dataset(A.scope, id)) == 0 then return fail('NOT_FOUND', 'There is no such dataset.') end
end
for _, id in ipairs(A.ids) do
  local users = K.dataset_jobs(A.scope, id)
  for _, other in ipairs(call('ZRANDMEMBER', users, A.sample)) do
    local status = call('HGET', K.job(other), 'status')
    if status and status ~= 'Queued' and status ~= 'Running' then call('ZREM', users, other) end
  end
  for _, job in ipairs(A.jobs) do call('ZADD', users, exact(NOW), job) end
end
return 'OK'
