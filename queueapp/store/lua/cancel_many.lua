--- cancel_many: a step of an operation: queued jobs end, running ones are asked to stop.
--- ARGS scope id step limit keep_ms act
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves Queued > Cancelled
local b, other = bulk_at('Acting')
if not b then return other end
return act_on_next(b, 'cancel', {}, function(job)
  local wish = cjson.encode({by = A.act.by, at_ms = NOW, reason = A.act.reason, force = false, preserve = true,
    op = A.id, before = job.status})
  if job.status == 'Queued' then
    call('HSET', K.job(job.id), 'cancelled', wish)
    leave_queue(job.scope, job.id, job.tier, job.shape)
    job.started = nil
    conclude(job, 'Queued', 'Cancelled', A.keep_ms)
  elseif call('HSETNX', K.job(job.id), 'cancel', wish) == 1 then
    call('HSET', K.job(job.id), 'cancelled', wish)
    event(job.scope, 'cancel_requested', job.id)
  end
end)
