--- submit: accept a job: record it, give it a place, make it runnable unless it waits for something.
--- ARGS scope id tier priority type user shape due host timeout max_attempts retry_delay retry_max_delay deps run_anyway max_queued tenant project idem fingerprint idem_ttl head created terms retry_of act
--- FULL refuses
--- ARGV 3 the spec as JSON
--- terms is null, or what few jobs have: {queue_ttl, keep (both ms), ttl_from, once, device, session}
--- retry_of names the job that this one does again, or is null; act is who does so, null if that is written down elsewhere
--- returns {"new"|"repeat", id, overall position from 1, position in tier from 1, created_ms}
--- fails QUEUE_FULL, UNKNOWN_DEPENDENCY, IDEMPOTENCY_MISMATCH   moves nothing > Queued
local scope, id, tier = A.scope, A.id, A.tier

local function positions(job_id, job_tier)
  local rank = call('ZRANK', K.queue(scope), job_id)
  if not rank then return 0, 0 end
  local better = call('ZCOUNT', K.queue(scope), '-inf', '(' .. exact(job_tier * TIER_SPAN))
  return rank + 1, rank + 1 - better
end

local function repeated(job_id)
  local known = job_fields(job_id, 'tier', 'created')
  local overall, inside = positions(job_id, tonumber(known[1]) or 0)
  return {'repeat', job_id, overall, inside, tonumber(known[2]) or NOW}
end

local idem = given(A.idem) and K.idempotency(scope, A.idem)
if idem then
  local known = call('HMGET', idem, 'fingerprint', 'job')
  if known[1] and known[1] ~= A.fingerprint then
    return fail('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used before with another request.')
  end
  if known[1] then return repeated(known[2]) end
end
if call('EXISTS', K.job(id)) == 1 then return repeated(id) end
if call('ZCARD', K.queue(scope)) >= A.max_queued then
  return fail('QUEUE_FULL', 'The queue of this project is full.')
end

local waiting, doomed = {}, nil
for i, dep in ipairs(A.deps) do
  local d = job_fields(dep, 'scope', 'status')
  if d[1] ~= scope then
    return fail('UNKNOWN_DEPENDENCY', '/dependencies/' .. (i - 1) .. ' names a job that is not in this project.')
  end
  if d[2] == 'Queued' or d[2] == 'Running' then
    waiting[#waiting + 1] = dep
  elseif d[2] ~= 'Completed' and not A.run_anyway then
    doomed = dep
  end
end

local sequence = call('HINCRBY', K.meta(scope), 'sequence', 1)
local place = (FIRST_SEQUENCE + sequence) * PLACE_STEP
if A.head then
  local first = call('ZRANGE', K.queue(scope), exact(tier * TIER_SPAN), '(' .. exact((tier + 1) * TIER_SPAN),
    'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
  if first[2] then place = math.min(place, tonumber(first[2]) - tier * TIER_SPAN - PLACE_STEP) end
end
local score = exact(tier * TIER_SPAN + place)
local created = given(A.created) and exact(A.created) or exact(NOW)
local due, host = given(A.due), given(A.host)
if due and due <= NOW then due = nil end
local ready = not due and #waiting == 0 and not doomed
local at_once = ready and not host
-- What is zero or can be read off the tier or the shape is left out: it counts a million times.
call('SET', K.spec(id), ARGV[3])
call('HSET', K.job(id), 'scope', scope, 'status', 'Queued', 'tier', tier, 'user', A.user, 'shape', A.shape,
  'score', score, 'created', created, unpack(at_once and {'eligible', NOW} or {}))
if A.head then call('HSET', K.job(id), 'home', exact((FIRST_SEQUENCE + sequence) * PLACE_STEP)) end
if host then
  call('HSET', K.job(id), 'host', host)
  list_host(scope, id, host, created)
end
if given(A.terms) then agree(scope, id, A.terms, tonumber(created)) end
if given(A.timeout) then call('HSET', K.job(id), 'timeout', A.timeout) end
if A.max_attempts > 1 then
  call('HSET', K.job(id), 'max_attempts', A.max_attempts, 'retry_delay', A.retry_delay,
    'retry_max_delay', A.retry_max_delay)
end
call('ZADD', K.all(scope), created, id)
call('ZADD', K.index(scope, 'status', 'Queued'), created, id)
call('ZADD', K.index(scope, 'type', A.type), created, id)
call('ZADD', K.index(scope, 'user', A.user), created, id)
call('ZADD', K.index(scope, 'priority', A.priority), created, id)
join_queue(scope, id, tier, A.shape, A.user, score)
if sequence == 1 then
  call('SADD', K.scopes(), scope)
  call('SADD', K.tenant(A.tenant), A.project)
end
count(scope, 'submitted', tier, A.type, 1)
event(scope, 'submitted', id, 'tier', tier, 'type', A.type, 'user', A.user)

for _, dep in ipairs(waiting) do call('SADD', K.dependents(dep), id) end
if #waiting > 0 then call('HSET', K.job(id), 'unmet', #waiting) end
if A.run_anyway then call('HSET', K.job(id), 'run_anyway', 1) end
if due then
  call('HSET', K.job(id), 'due', exact(due))
  call('ZADD', K.due(), exact(due), id)
  hold(scope, id, 'Scheduled')
elseif at_once then
  make_runnable(scope, id, tier, A.shape, score, NOW, true)
elseif ready then
  make_ready(scope, id, tier, A.shape, score)
else
  hold(scope, id, 'Dependency')
end
if doomed then
  call('HSET', K.job(id), 'unmet', 1)
  call('RPUSH', K.cascade(), doomed)
  call('SADD', K.dependents(doomed), id)
end
local old = given(A.retry_of)
local o = old and job_fields(old, 'scope', 'user', 'status')
if o and o[1] == scope then
  call('HSET', K.job(old), 'retried_as', id)
  if given(A.act) then audit('retry', {job = old, owner = o[2], before = {status = o[3]}, after = {job = id}}) end
end
if idem then
  call('HSET', idem, 'fingerprint', A.fingerprint, 'job', id)
  call('PEXPIRE', idem, A.idem_ttl)
end
local overall, inside = positions(id, tier)
return {'new', id, overall, inside, tonumber(created)}
