--- reprioritise: put a queued job into another tier, at the place of its own submission.
--- ARGS scope id tier seen owner act op idem
--- seen is a list of {tier, version}, one of which its present tier must have, or null; owner is the user whose job it must be, or null
--- returns a receipt as JSON; a repeat is answered as before
--- fails NOT_FOUND, CONFLICT, VERSION_STALE, NOT_YOUR_JOB, IDEMPOTENCY_MISMATCH   moves nothing
local known = done_before()
if known then return known end
local job = load_job(A.id)
if not job or job.scope ~= A.scope then return fail('NOT_FOUND', 'There is no such job.') end
if given(A.owner) and job.user ~= A.owner then return fail('NOT_YOUR_JOB', 'The job is not yours.') end
if job.status ~= 'Queued' then
  return fail('CONFLICT', 'The job is not queued: it is ' .. job.status .. '.', {current_status = job.status})
end
local queue, old, new = K.queue(A.scope), tonumber(job.tier), A.tier
local _, stale = seen(old)
if stale then return stale end
local before = rank_of(queue, A.id, job.score) + 1
local overall = before
if new ~= old then
  overall = rank_of(queue, A.id, change_tier(job, new)) + 1
  audit('priority', {job = A.id, owner = job.user, before = {priority = PRIORITIES[old + 1]},
    after = {priority = PRIORITIES[new + 1]}})
end
return done({tier_before = old, overall_before = before, overall = overall,
  position = overall - call('ZCOUNT', queue, '-inf', '(' .. exact(new * TIER_SPAN)),
  version = tonumber(call('HGET', K.meta(A.scope), 'version' .. new)) or 0, at_ms = NOW})
