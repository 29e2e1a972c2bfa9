--- put_schedule: create or replace a schedule; the same again changes nothing.
--- ARGS scope id fingerprint versions paused next act op
--- FULL refuses
--- ARGV 3 the plan as JSON
--- versions are those that there may be ("*" any), false for none, null for no matter
--- paused is whether it shall fire, or null to leave that as it is; next is its next moment, or null
--- returns {"new"|"replaced"|"same", version}; a repeat of op is answered as before   fails VERSION_STALE   moves nothing
local key = K.schedule(A.scope, A.id)
local known = call('HMGET', key, 'fingerprint', 'version', 'next', 'paused', 'owner', 'op', 'how')
if known[6] == A.op then return {known[7], tonumber(known[2])} end
local as_it_is = A.paused == cjson.null or A.paused == (known[4] and true or false)
if known[2] and known[1] == A.fingerprint and as_it_is and A.versions ~= false then
  return {'same', tonumber(known[2])}
end
local stale = check_version(key, A.versions)
if stale then return stale end

local version = call('HINCRBY', key, 'version', 1)
call('HSET', key, 'record', ARGV[3], 'fingerprint', A.fingerprint, 'updated', exact(NOW),
  'op', A.op, 'how', known[2] and 'replaced' or 'new')
if not known[2] then
  call('HSET', key, 'owner', A.act.by, 'created', exact(NOW))
  call('ZADD', K.schedules(A.scope), exact(NOW), A.id)
  call('SADD', K.scopes(), A.scope)
end
if A.paused == true and not known[4] then
  call('HSET', key, 'paused', cjson.encode({by = A.act.by, at_ms = NOW}))
elseif A.paused == false then
  call('HDEL', key, 'paused')
end
-- A moment that has come and was not fired yet is not given up for a change of the plan.
local due = not known[4] and tonumber(known[3]) or math.huge
set_next(A.scope, A.id, due <= NOW and due or A.next)
look_at(A.scope, A.id)
audit(known[2] and 'replace_schedule' or 'create_schedule', {schedule = A.id, owner = known[5] or A.act.by, version = version})
return {known[2] and 'replaced' or 'new', version}
