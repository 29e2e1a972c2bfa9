--- delete_schedule: forget a schedule; what it has made stays.
--- ARGS scope id versions act op idem
--- returns a receipt as JSON; a repeat is answered as before   fails NOT_FOUND, VERSION_STALE   moves nothing
local again = done_before()
if again then return again end
local key = K.schedule(A.scope, A.id)
local owner = call('HGET', key, 'owner')
if not owner then return fail('NOT_FOUND', 'There is no such schedule.') end
local stale = check_version(key, A.versions)
if stale then return stale end
call('UNLINK', key, K.schedule_runs(A.scope, A.id))
call('ZREM', K.schedules(A.scope), A.id)
call('ZREM', K.fires(), A.scope .. '|' .. A.id)
audit('delete_schedule', {schedule = A.id, owner = owner})
return done({})
