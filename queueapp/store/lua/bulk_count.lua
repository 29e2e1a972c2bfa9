--- bulk_count: look at the next jobs of an operation, and put those that are meant into its set.
--- ARGS scope id step look
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves nothing
local b, other = bulk_at('Counting')
if not b then return other end
local w, key, set = b.wanted, K.bulk(A.scope, A.id), K.bulk_jobs(A.scope, A.id)
local more = call('HMGET', key, 'source', 'cursor', 'dry')

local function set_of(list)
  if not given(list) then return nil end
  local found = {}
  for _, one in ipairs(list) do found[one] = true end
  return found
end

local excluded, types = set_of(w.excluded) or {}, set_of(w.types)

local function consider(id, named)
  local j = job_fields(id, 'scope', 'status', 'tier', 'shape', 'user', 'created', 'score')
  local created = tonumber(j[6])
  if j[1] ~= A.scope or given(w.user) and j[5] ~= w.user then return end
  if given(w.tier) and tonumber(j[3]) ~= w.tier then return end
  if given(w.type) and shape_parts(j[4]) ~= w.type then return end
  if given(w.from_ms) and created < w.from_ms or given(w.to_ms) and created > w.to_ms then return end
  if j[2] ~= w.status then return named and keep_by_status(id, j[2]) end
  if excluded[id] then return keep(id, EXCLUDED) end
  if types and not types[shape_parts(j[4])] then return keep(id, OTHER_TYPE) end
  call('ZADD', set, w.status == 'Queued' and j[7] or exact(created), id)
end

local finished
if more[1] == '' then
  local ids = call('LPOP', K.bulk_ids(A.scope, A.id), math.min(A.look, 2000)) or {}
  for _, id in ipairs(ids) do consider(id, true) end
  finished = call('EXISTS', K.bulk_ids(A.scope, A.id)) == 0
else
  local found = call('ZSCAN', more[1], more[2], 'COUNT', math.min(A.look, 2000))
  for i = 1, #found[2], 2 do consider(found[2][i]) end
  call('HSET', key, 'cursor', found[1])
  finished = found[1] == '0'
end
if not finished then return bulk_goes_on('Counting') end
-- The set is fixed; the first are told with their positions as they are now.
local rows = {}
for i, id in ipairs(call('ZRANGE', set, 0, TOLD_ROWS - 1)) do
  local rank = call('ZRANK', K.queue(A.scope), id)
  rows[i] = {id, tonumber(call('HGET', K.job(id), 'tier')), rank and rank + 1 or cjson.null}
end
local state = more[3] == '1' and 'Counted' or #rows > 0 and 'Acting' or 'Done'
if state == 'Done' then call('HSET', key, 'ended', exact(NOW)) end
return bulk_goes_on(state, 'matched', call('ZCARD', set), 'rows', cjson.encode(rows))
