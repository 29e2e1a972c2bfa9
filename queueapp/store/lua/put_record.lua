--- put_record: create or replace a dataset or a pipeline; a repeat of what is stored changes nothing.
--- ARGS kind scope id fingerprint object expect linger_ms act op
--- FULL refuses
--- ARGV 3 the record as JSON, without its times
--- object is the record's object key or null; expect is the object key that must be stored, or null
--- returns {"new"|"replaced"|"same"|"stale", created_ms, updated_ms, object key that may be deleted now or ""}
--- a replaced object that jobs may be reading is left to the chores, linger_ms later; any other
--- one may be deleted by the caller, who has a minute to take the replacement back
--- act is null for what nobody asked for; a repeat of op is answered as before   moves nothing
local key = K[A.kind](A.scope, A.id)
local known = call('HMGET', key, 'fingerprint', 'object', 'created', 'updated', 'how', 'op')
if known[6] == A.op then return {known[5], tonumber(known[3]), tonumber(known[4]), ''} end
local expect, object = given(A.expect), given(A.object)
if expect and known[2] ~= expect then return {'stale', 0, 0, ''} end
-- The same put again, because its answer was lost: the caller's object is the one in use.
if not expect and object and known[2] == object then
  return {known[5] or 'new', tonumber(known[3]), tonumber(known[4]), ''}
end
if not expect and known[1] and A.fingerprint ~= '' and known[1] == A.fingerprint then
  return {'same', tonumber(known[3]), tonumber(known[4]), ''}
end

local created = known[3] or exact(NOW)
call('HSET', key, 'record', ARGV[3], 'fingerprint', A.fingerprint, 'object', object or '',
  'created', created, 'updated', exact(NOW), 'how', known[3] and 'replaced' or 'new', 'op', A.op)
call('ZADD', K[A.kind .. 's'](A.scope), created, A.id)
if object then call('ZREM', K.orphans(), object) end
local left = ''
if known[2] and known[2] ~= '' and known[2] ~= object then
  local read = A.kind == 'dataset' and call('EXISTS', K.dataset_jobs(A.scope, A.id)) == 1
  call('ZADD', K.orphans(), exact(NOW + (read and A.linger_ms or 60000)), known[2])
  if not read then left = known[2] end
end
audit_of(A.kind, known[3] and 'replace' or 'create')
return {known[3] and 'replaced' or 'new', tonumber(created), NOW, left}
