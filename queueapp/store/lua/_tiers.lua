-- A queued job changes its tier: it falls at the place of its own submission.
local function change_tier(job, new)
  local id, scope, old = job.id, job.scope, tonumber(job.tier)
  local more = job_fields(id, 'home', 'eligible', 'host')
  local score = exact(new * TIER_SPAN + (tonumber(more[1]) or tonumber(job.score) - old * TIER_SPAN))
  local runnable = call('ZSCORE', K.runnable(scope, old, job.shape), id)
  local waits = call('ZSCORE', K.due(), id)
  count_queued(scope, old, -1)
  touch_tier(scope, old)
  not_runnable(scope, id, old, job.shape)
  join_queue(scope, id, new, job.shape, job.user, score)
  call('HSET', K.job(id), 'tier', new, 'score', score, 'updated', exact(NOW))
  call('HDEL', K.job(id), 'home')
  call('ZREM', K.index(scope, 'priority', PRIORITIES[old + 1]), id)
  call('ZADD', K.index(scope, 'priority', PRIORITIES[new + 1]), job.created, id)
  if runnable and not waits then
    make_runnable(scope, id, new, job.shape, score)
    -- It has waited since it became eligible, whatever tier it waited in.
    call('HINCRBY', K.meta(scope), 'eligible_since' .. new, exact(tonumber(more[2]) - NOW))
    call('HSET', K.job(id), 'eligible', more[2])
  end
  if more[3] then
    call('ZADD', K.host(scope, more[3]), 'XX', score, id)
    give_turn(scope, more[3])
  end
  event(scope, 'reprioritised', id, 'from', old, 'to', new, 'by', A.act.by)
end
