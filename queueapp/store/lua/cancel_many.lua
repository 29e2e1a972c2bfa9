--- cancel_many: a step of an operation: queued jobs end, running ones are asked to stop.
--- ARGS scope id step limit keep_ms act
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves Queued > Cancelled
local b, other = bulk_at('Acting')
if not b then return other end
return act_on_next(b, 'cancel', {}, function(job)
  cancel_job(job, false, true, A.id, A.keep_ms)
end)
