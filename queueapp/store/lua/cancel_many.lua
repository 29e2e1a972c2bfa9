--- cancel_many: a step of an operation: queued jobs end, running ones are asked to stop.
--- ARGS scope id step limit keep_ms act
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves Queued > Cancelled
local b, other = bulk_at('Acting')
if not b then return other end
return act_on_next(b, 'cancel', {}, function(job)
  local wish = cjson.encode({by = A.act.by, at_ms = NOW, reason = A.act.reason, force = false, preserve = true,
    op = A.id, before = job.status})
  call('HSET', K.job(job.id), 'cancelled', wish)
  if job.status == 'Queued' then
    leave_queue(job.scope, job.id, job.tier, job.shape)
    job.started = nil
    conclude(job, 'Queued', 'Cancelled', A.keep_ms)
  else
    call('HSETNX', K.job(job.id), 'cancel', wish)
    event(job.scope, 'cancel_requested', job.id)
  end
end)
