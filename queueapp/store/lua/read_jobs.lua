--- read_jobs: what is kept of some jobs, in the order asked for.
--- ARGS ids
--- returns {{field, value, ...}, spec or nil, ...}   moves nothing
local found = {}
for i, id in ipairs(A.ids) do
  found[2 * i - 1] = call('HGETALL', K.job(id))
  found[2 * i] = call('GET', K.spec(id))
end
return found
