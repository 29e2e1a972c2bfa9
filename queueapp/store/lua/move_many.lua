--- move_many: a step of an operation: queued jobs go to the head or the tail of their tiers, in their order.
--- ARGS scope id step limit act head
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves nothing
local b, other = bulk_at('Acting')
if not b then return other end
local hosts = {}
local answer = act_on_next(b, 'move', {after = {place = A.head and 'head' or 'tail'}}, function(job)
  local tier = tier_of(A.scope, tonumber(job.tier))
  local from, to = position_of(tier, job.id, job.score), A.head and 1 or tier.size
  if from == to then return end
  for _, host in ipairs(insert(tier, job, from, to)) do hosts[#hosts + 1] = host end
  touch_tier(A.scope, tier.number)
  event(A.scope, 'moved', job.id, 'from', from, 'to', to, 'by', A.act.by)
end, A.head)
for _, host in ipairs(hosts) do give_turn(A.scope, host) end
return answer
