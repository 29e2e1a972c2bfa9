--- mend_schedule: look at a schedule when it fires next, and at none that is not there.
--- ARGS scope id
--- returns "OK"; a repeat changes nothing   moves nothing
local created = call('HGET', K.schedule(A.scope, A.id), 'created')
if created then
  call('ZADD', K.schedules(A.scope), created, A.id)
else
  call('ZREM', K.schedules(A.scope), A.id)
  call('UNLINK', K.schedule_runs(A.scope, A.id))
end
look_at(A.scope, A.id)
return 'OK'
