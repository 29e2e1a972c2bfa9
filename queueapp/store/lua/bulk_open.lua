--- bulk_open: begin an operation on many jobs: say which, and what is to be done to them.
--- ARGS scope id action args wanted ids dry act op idem
--- wanted has status, and tier, type, types, user, from_ms, to_ms, excluded or null; tell keeps what a user's other jobs are
--- ids are the only jobs to look at, or null; dry stops when they are counted
--- returns a receipt as JSON; a repeat is answered as before   fails IDEMPOTENCY_MISMATCH   moves nothing
local known = done_before()
if known then return known end
local w, sources = A.wanted, {}
if given(A.ids) then
  for i = 1, #A.ids, 500 do call('RPUSH', K.bulk_ids(A.scope, A.id), unpack(A.ids, i, math.min(i + 499, #A.ids))) end
elseif w.status == 'Queued' then
  sources = {K.queue(A.scope)}
  if given(w.type) and not w.tell then sources[#sources + 1] = K.typed(A.scope, w.type) end
  if given(w.user) then sources = {K.owned(A.scope, w.user), not w.tell and sources[2] or nil} end
else
  sources = {K.index(A.scope, 'status', w.status)}
  if given(w.type) then sources[2] = K.index(A.scope, 'type', w.type) end
  if given(w.user) then sources[#sources + 1] = K.index(A.scope, 'user', w.user) end
end
local best, least = '', math.huge
for _, key in ipairs(sources) do
  local size = call('ZCARD', key)
  if size < least then best, least = key, size end
end
if w.tell then
  for _, id in ipairs(call('ZRANGE', K.index(A.scope, 'status', 'Running'), 0, -1)) do
    if call('HGET', K.job(id), 'user') == w.user then keep(id, RUNS) end
  end
end
call('HSET', K.bulk(A.scope, A.id), 'by', A.act.by, 'reason', given(A.act.reason) or '',
  'request', given(A.act.request) or '', 'action', A.action,
  'args', cjson.encode(A.args), 'wanted', cjson.encode(w), 'source', best, 'cursor', '0', 'dry', A.dry and 1 or 0,
  'owner', given(w.user) or '', 'begun', exact(NOW), 'step', 0, 'changed', 0)
bulk_goes_on('Counting')
if not A.dry then audit('bulk', {operation = A.id, action_of = A.action, wanted = w, args = A.args}) end
return done({id = A.id, at_ms = NOW})
