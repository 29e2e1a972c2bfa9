--- pause_schedule: let a schedule fire no more, or again.
--- ARGS scope id paused next versions act op idem
--- next is the moment from which on it fires again, null when it is paused or names none
--- returns a receipt as JSON; a repeat is answered as before
--- fails NOT_FOUND, VERSION_STALE, IDEMPOTENCY_MISMATCH   moves nothing
local again = done_before()
if again then return again end
local key = K.schedule(A.scope, A.id)
local known = call('HMGET', key, 'version', 'paused', 'owner')
if not known[1] then return fail('NOT_FOUND', 'There is no such schedule.') end
if A.paused == (known[2] and true or false) then return done({version = tonumber(known[1])}) end
local stale = check_version(key, A.versions)
if stale then return stale end
local version = call('HINCRBY', key, 'version', 1)
call('HSET', key, 'updated', exact(NOW))
if A.paused then
  call('HSET', key, 'paused', cjson.encode({by = A.act.by, at_ms = NOW, reason = A.act.reason}))
else
  call('HDEL', key, 'paused')
end
set_next(A.scope, A.id, A.next)
look_at(A.scope, A.id)
audit(A.paused and 'pause_schedule' or 'resume_schedule', {schedule = A.id, owner = known[3]})
return done({version = version})
