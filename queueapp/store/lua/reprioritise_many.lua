--- reprioritise_many: a step of an operation: queued jobs take the places of their submission in another tier.
--- ARGS scope id step limit act
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves nothing
local b, other = bulk_at('Acting')
if not b then return other end
local new = b.args.tier
return act_on_next(b, 'priority', {after = {priority = PRIORITIES[new + 1]}}, function(job)
  if tonumber(job.tier) ~= new then change_tier(job, new) end
end)
