--- fire: submit what a schedule makes for one moment, and go on to the next, in one step.
--- ARGS scope id born mode at next overlap jobs workflow max_queued tenant project
--- FULL refuses
--- ARGV 3 the workflow as JSON or "", 4 its steps, 5... the specs of the jobs as JSON
--- mode is due (at is the schedule's next moment) or waiting (at is the one that waits)
--- born is the moment of the schedule's creation: another one of the same id is another schedule
--- workflow is its id, or null for a single job
--- returns {"submitted"|"repeat"|"skipped"|"waiting"|"busy"|"stale", the runs that have not ended}
--- fails QUEUE_FULL, UNKNOWN_DEPENDENCY   moves nothing > Queued
local scope, key = A.scope, K.schedule(A.scope, A.id)
local s = call('HMGET', key, 'next', 'waiting', 'paused', 'active', 'created')
if s[5] ~= exact(A.born) then return {'stale', {}} end
local expected = A.mode == 'due' and s[1] or A.mode == 'waiting' and s[2]
local stands = not s[3] and tonumber(expected or '') == A.at

local function go_on()
  if A.mode == 'due' then set_next(scope, A.id, A.next) end
  if A.mode == 'waiting' then call('HDEL', key, 'waiting') end
end

-- The jobs' ids follow from the schedule and the moment, so they tell a repeat.
if call('EXISTS', K.job(A.jobs[1].id)) == 1 then
  if stands then go_on(); look_at(scope, A.id) end
  return {'repeat', {}}
end
if not stands then return {'stale', {}} end
local active = still_active(scope, s[4])

if #active > 0 and A.overlap ~= 'allow' then
  if A.mode == 'waiting' then
    look_at(scope, A.id)
    return {'busy', active}
  end
  go_on()
  if A.overlap == 'skip' or (A.overlap == 'queue' and s[2]) then
    local reason = s[2] and 'Another fire waits already.' or 'The run before it has not ended.'
    note_run(scope, A.id, {scheduled_ms = A.at, outcome = 'skipped', reason = reason})
    look_at(scope, A.id)
    return {'skipped', active}
  end
  if s[2] then
    note_run(scope, A.id, {scheduled_ms = tonumber(s[2]), outcome = 'skipped', reason = 'A later fire took its place.'})
  end
  call('HSET', key, 'waiting', exact(A.at))
  look_at(scope, A.id)
  return {'waiting', active}
end

local failure = submit_made(A.at, active)
if failure then return failure end
go_on()
look_at(scope, A.id)
return {'submitted', {}}
