--- read_past: what a forecast needs to know of some jobs, in the order asked for.
--- ARGS ids head
--- returns {{created, eligible, started, ended, tier, user, shape, due, unmet, status, head of spec}, ...}   moves nothing
-- The resource stands at the head of a spec, before parameters that may be long.
local found = {}
for i, id in ipairs(A.ids) do
  local row = call('HMGET', K.job(id), 'created', 'eligible', 'started', 'ended', 'tier', 'user',
    'shape', 'due', 'unmet', 'status')
  row[11] = call('GETRANGE', K.spec(id), 0, A.head)
  found[i] = row
end
return found
