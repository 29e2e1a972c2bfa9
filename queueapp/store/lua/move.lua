--- move: give a queued job another place in its own tier; everybody else keeps their order.
--- ARGS scope id position before seen clip owner rows act op idem
--- position is 1-based in the tier, or before names the job to stand before; seen is a list of {tier, version}, one of which must be so, or null
--- clip moves past the end to the end instead of refusing; rows is how many of the others' new positions are told
--- owner is a user whose own jobs may only change places among themselves; null may move anything
--- returns a receipt as JSON; a repeat is answered as before
--- fails NOT_FOUND, CONFLICT, VERSION_STALE, CROSSES_BOUNDARY, NOT_YOUR_JOB, NOT_YOUR_PLACE, MOVE_TOO_FAR, IDEMPOTENCY_MISMATCH   moves nothing
local known = done_before()
if known then return known end
local job = load_job(A.id)
if not job or job.scope ~= A.scope then return fail('NOT_FOUND', 'There is no such job.') end
local owner = given(A.owner)
if owner and job.user ~= owner then return fail('NOT_YOUR_JOB', 'The job is not yours.') end
if job.status ~= 'Queued' then
  return fail('CONFLICT', 'The job is not queued: it is ' .. job.status .. '.', {current_status = job.status})
end
local tier = tier_of(A.scope, tonumber(job.tier))
local version, stale = seen(tier.number)
if stale then return stale end
local from, to, before = position_of(tier, A.id, job.score), given(A.position), given(A.before)
if before then
  local place = position_of(tier, before)
  if not place then return fail('CONFLICT', 'The job to stand before is not queued in this tier.') end
  to = before == A.id and from or place
end
if to > tier.size then
  if not A.clip then
    local has = tier.size == 1 and 'one job' or tier.size .. ' jobs'
    return fail('CROSSES_BOUNDARY', 'The tier has ' .. has .. '.', {tier_size = tier.size})
  end
  to = tier.size
end
if owner and call('HGET', K.job(standing_at(tier, to, to)[1]), 'user') ~= owner then
  return fail('NOT_YOUR_PLACE', 'Another user holds that place; your jobs can only change places among themselves.')
end

-- Standing before a job means the place before it: of the whole tier, or of the own ones.
local mine, passed = K.owned(A.scope, job.user), nil
if owner then
  catch_up(A.scope)
  local here, there = call('ZRANK', mine, A.id), call('ZRANK', mine, standing_at(tier, to, to)[1])
  if before and there > here then
    there = there - 1
    to = position_of(tier, call('ZRANGE', mine, there, there)[1])
  end
  if math.abs(there - here) ~= math.abs(to - from) then
    if math.abs(there - here) >= MOST_EXCHANGED then
      return fail('MOVE_TOO_FAR', 'More than ' .. MOST_EXCHANGED .. ' of your jobs would change places with others between; move in steps.')
    end
    passed = call('ZRANGE', mine, math.min(here, there), math.max(here, there))
  end
elseif before and to > from then
  to = to - 1
end

local affected, count = {}, 0
if to ~= from then
  local hosts = passed and exchange(tier, passed, to > from) or insert(tier, job, from, to)
  touch_tier(A.scope, tier.number)
  for _, host in ipairs(hosts) do give_turn(A.scope, host) end
  version = version + 1
  count = passed and #passed - 1 or math.abs(to - from)
  local first = to < from and to + 1 or from
  local last = math.min(first + A.rows, first + count) - 1
  for _, id in ipairs(passed or {}) do
    if id ~= A.id and #affected < A.rows then affected[#affected + 1] = {id, position_of(tier, id)} end
  end
  -- Without an exchange they stand side by side, the moved job before or behind them.
  if not passed and last >= first then
    for i, id in ipairs(standing_at(tier, first, last)) do affected[i] = {id, first + i - 1} end
  end
  event(A.scope, 'moved', A.id, 'from', from, 'to', to, 'by', A.act.by)
  audit('move', {job = A.id, owner = job.user, before = {position = from}, after = {position = to}})
end
return done({tier = tier.number, position_before = from, position = to, overall_before = tier.better + from,
  overall = tier.better + to, version = version, at_ms = NOW, affected = affected, affected_count = count})
