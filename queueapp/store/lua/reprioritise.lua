--- reprioritise: put a queued job into another tier, at the place of its own submission.
--- ARGS scope id tier version
--- USES order hosts attempts
--- version is that of the job's present tier, or null
--- returns {tier before, overall before, overall now, position in the tier now, version of the new tier}
--- fails NOT_FOUND, CONFLICT, VERSION_STALE   moves nothing
local job = load_job(A.id)
if not job or job.scope ~= A.scope then return fail('NOT_FOUND', 'There is no such job.') end
if job.status ~= 'Queued' then return fail('CONFLICT', 'The job is not queued: it is ' .. job.status .. '.') end
local queue, old, new = K.queue(A.scope), tonumber(job.tier), A.tier
local version = tonumber(call('HGET', K.meta(A.scope), 'version' .. old)) or 0
if given(A.version) and A.version ~= version then
  return fail('VERSION_STALE', 'The tier has changed; its version is ' .. version .. '.')
end
local before = call('ZRANK', queue, A.id) + 1

local function rank_in(tier)
  local rank = call('ZRANK', queue, A.id) + 1
  return rank, rank - call('ZCOUNT', queue, '-inf', '(' .. exact(tier * TIER_SPAN))
end

if new ~= old then
  local home = tonumber(call('HGET', K.job(A.id), 'home')) or tonumber(job.score) - old * TIER_SPAN
  local score = exact(new * TIER_SPAN + home)
  local was_runnable = call('ZSCORE', K.runnable(A.scope, old, job.shape), A.id)
  local eligible = call('HGET', K.job(A.id), 'eligible')
  local waits = call('ZSCORE', K.due(), A.id)
  call('ZREM', queue, A.id)
  touch_tier(A.scope, old)
  not_runnable(A.scope, A.id, old, job.shape)
  join_queue(A.scope, A.id, new, job.shape, job.user, score)
  call('HSET', K.job(A.id), 'tier', new, 'score', score, 'updated', exact(NOW))
  call('HDEL', K.job(A.id), 'home')
  call('ZREM', K.index(A.scope, 'priority', PRIORITIES[old + 1]), A.id)
  call('ZADD', K.index(A.scope, 'priority', PRIORITIES[new + 1]), job.created, A.id)
  if was_runnable and not waits then
    make_runnable(A.scope, A.id, new, job.shape, score)
    -- It has waited since it became eligible, whatever tier it waited in.
    call('HINCRBY', K.meta(A.scope), 'eligible_since', exact(tonumber(eligible) - NOW))
    call('HSET', K.job(A.id), 'eligible', eligible)
  end
  local host = call('HGET', K.job(A.id), 'host')
  if host then
    call('ZADD', K.host(A.scope, host), 'XX', score, A.id)
    give_turn(A.scope, host)
  end
  event(A.scope, 'reprioritised', A.id, 'from', old, 'to', new)
end
local overall, inside = rank_in(new)
version = tonumber(call('HGET', K.meta(A.scope), 'version' .. new)) or 0
return {old, before, overall, inside, version}
