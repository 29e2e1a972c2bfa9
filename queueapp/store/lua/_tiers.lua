-- A queued job changes its tier: it falls at the place of its own submission. Returns its new score.
local function change_tier(job, new)
  local id, scope, old = job.id, job.scope, tonumber(job.tier)
  local score = new * TIER_SPAN + (tonumber(job.home) or tonumber(job.score) - old * TIER_SPAN)
  count_queued(scope, old, -1)
  touch_tier(scope, old)
  local runnable = not_runnable(scope, id, old, job.shape, job.eligible)
  call('ZADD', K.queue(scope), score, id)
  local filed = job.filed or old
  local later = file_later(scope, id, job.shape, job.user, score)
  if not later then file_tier(scope, id, filed, new, job.created) end
  count_queued(scope, new, 1)
  touch_tier(scope, new)
  call('HSET', K.job(id), 'tier', new, 'score', score, 'updated', NOW, unpack(later and {'filed', filed} or {}))
  if job.home then call('HDEL', K.job(id), 'home') end
  if job.filed and not later then call('HDEL', K.job(id), 'filed') end
  -- It has waited since it became eligible, whatever tier it waited in.
  if runnable then make_runnable(scope, id, new, job.shape, score, tonumber(job.eligible)) end
  if job.host then
    call('ZADD', K.host(scope, job.host), 'XX', score, id)
    give_turn(scope, job.host)
  end
  event(scope, 'reprioritised', id, 'from', old, 'to', new, 'by', A.act.by)
  return exact(score)
end
