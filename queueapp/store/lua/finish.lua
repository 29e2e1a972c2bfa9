--- finish: end an attempt as its worker saw it end; the job ends with it, or is attempted again.
--- ARGS id epoch outcome worker slot next_lease_ms retryable code message max_lost keep_ms bases artifacts jitter retry_after logs kept_ms
--- ARGV 3 the result as JSON, 4 progress as JSON, 5 usage as JSON, 6 failure as JSON, 7... artifacts: id, fields as JSON
--- outcome is completed, failed, cancelled, lost or given_back
--- kept_ms is how long the node keeps the session of the job's host; null: it has none
--- next_lease_ms asks for the next job in the same call; null does not
--- returns {the job's new status, the next claim or {}}; a repeat gets the same answer, and renews that claim's lease   fails LEASE_LOST   moves Running > any
local job = load_job(A.id)
if not job then return fail('LEASE_LOST', 'there is no such job') end
local op = A.id .. '.' .. A.epoch
if tonumber(job.finished_epoch) == A.epoch then
  return {job.finished_status, given(A.next_lease_ms) and claimed_before(A.worker, A.slot, op, A.next_lease_ms) or {}}
end
if job.status ~= 'Running' or tonumber(job.epoch) ~= A.epoch then return fail('LEASE_LOST', 'the attempt is over') end

local key = K.job(A.id)
local status
-- A job that somebody wishes to cancel is not attempted again, however this attempt ended.
local unwanted = job.cancel
local attempts = (tonumber(job.attempts) or 0) + 1

local function publish_artifacts()
  for i = 7, 6 + 2 * A.artifacts, 2 do
    call('HSET', K.artifact(ARGV[i]), 'artifact', ARGV[i + 1], 'scope', job.scope, 'job', A.id)
  end
end

-- Fields and values of what the attempt leaves; a tiny job leaves nothing.
local function left(...)
  local found = {...}
  for i, name in ipairs({'result', 'progress', 'usage', 'failure'}) do
    if ARGV[2 + i] ~= '' or job[name] then
      found[#found + 1] = name
      found[#found + 1] = ARGV[2 + i]
    end
  end
  return unpack(found)
end

-- The job ends with this attempt, and with what it leaves; used is the attempts that count.
local function close(new, how, used)
  publish_artifacts()
  end_attempt(job, how, given(A.code))
  conclude(job, 'Running', new, A.keep_ms, new == 'Failed' and given(A.code) or nil,
    left('finished_epoch', A.epoch, 'finished_status', new, 'attempts', used or attempts - 1))
  status = new
end

-- What an attempt leaves that is not the job's last one.
local function note(...)
  call('HSET', key, 'progress', ARGV[4], 'usage', ARGV[5], ...)
end

if A.outcome == 'completed' then
  local run = exact(math.max(0, NOW - tonumber(job.started)))
  local written = tostring(given(A.bases.written) or '')
  for _, basis in ipairs(A.bases.keys) do
    local length = call('LPUSH', K.runs(job.scope, basis), run .. ':' .. written .. ':' .. exact(NOW))
    -- Readers take the newest 200; what is more goes by the dozen, and the end of a long list keeps its distance.
    if length > 220 then call('LTRIM', K.runs(job.scope, basis), 0, 199) end
    if length <= 20 or length % 10 == 0 then call('EXPIRE', K.runs(job.scope, basis), 30 * 86400) end
  end
  close('Completed', 'completed', attempts)
elseif A.outcome == 'failed' then
  local again = A.retryable and attempts < (tonumber(job.max_attempts) or 1)
  if again and unwanted then
    close('Cancelled', 'failed', attempts)
  elseif again then
    note('attempts', attempts)
    end_attempt(job, 'retried', given(A.code))
    local delay = given(A.retry_after)
    if not delay then
      delay = math.min(tonumber(job.retry_delay) * 2 ^ (attempts - 1), tonumber(job.retry_max_delay)) * A.jitter
    end
    local due = NOW + math.floor(delay)
    requeue(job, due)
    event(job.scope, 'retrying', A.id, 'code', given(A.code) or '', 'due', exact(due))
    status = 'Queued'
  else
    close('Failed', 'failed', attempts)
  end
elseif A.outcome == 'cancelled' then
  close('Cancelled', 'cancelled')
elseif A.outcome == 'lost' and unwanted then
  close('Cancelled', 'lost')
elseif A.outcome == 'lost' then
  note()
  if job.once or (tonumber(job.lost) or 0) + 1 >= A.max_lost then
    publish_artifacts()
    call('HSET', key, 'result', ARGV[3], 'failure', ARGV[6])
  end
  status = lose(job, A.max_lost, given(A.code) or 'worker_lost', given(A.message) or 'The attempt was lost.', A.keep_ms)
elseif job.once and ARGV[4] ~= '' and not unwanted then
  -- It had begun what must not be done twice, and nobody knows how far it came.
  note()
  status = lose(job, 1, 'interrupted', 'The job was stopped after it had begun, and may not run twice.', A.keep_ms)
else
  note()
  end_attempt(job, 'given_back', given(A.code))
  if unwanted then
    conclude(job, 'Running', 'Cancelled', A.keep_ms)
    status = 'Cancelled'
  else
    requeue(job, nil)
    event(job.scope, 'given_back', A.id)
    status = 'Queued'
  end
end
if status == 'Queued' or A.outcome == 'lost' or A.outcome == 'given_back' then
  call('HSET', key, 'finished_epoch', A.epoch, 'finished_status', status)
end
local offer = given(A.next_lease_ms) and offer_of(A.worker)
if (status == 'Completed' or status == 'Failed') and job.worker
  and (offer and A.worker == job.worker or call('EXISTS', K.worker(job.worker)) == 1) then
  call('HINCRBY', K.worker(job.worker), status == 'Completed' and 'succeeded' or 'failed', 1)
end

-- The thread that became free takes the next job at once, if there is one for it.
local following = {}
if offer and not offer.draining then following = claim_once(offer, A.slot, op, A.next_lease_ms) end
return {status, following}
