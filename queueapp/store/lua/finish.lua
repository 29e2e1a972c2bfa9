--- finish: end an attempt as its worker saw it end; the job ends with it, or is attempted again.
--- ARGS id epoch outcome worker slot next_lease_ms retryable code message max_lost keep_ms bases artifacts jitter retry_after logs
--- USES order hosts attempts claiming
--- ARGV 3 the result as JSON, 4 progress as JSON, 5 usage as JSON, 6 failure as JSON, 7... artifacts: id, fields as JSON
--- outcome is completed, failed, cancelled, lost or given_back
--- next_lease_ms asks for the next job in the same call; null does not
--- returns {the job's new status, the next claim as JSON or ""}; a repeat gets the same answer   fails LEASE_LOST   moves Running > any
local job = load_job(A.id)
if not job then return fail('LEASE_LOST', 'there is no such job') end
local mine = call('HMGET', K.job(A.id), 'finished_epoch', 'finished_status')
local op = A.id .. '.' .. A.epoch
if tonumber(mine[1]) == A.epoch then
  return {mine[2], given(A.next_lease_ms) and claimed_before(A.worker, A.slot, op) or ''}
end
if job.status ~= 'Running' or tonumber(job.epoch) ~= A.epoch then return fail('LEASE_LOST', 'the attempt is over') end

local key = K.job(A.id)
local status
-- A job that somebody wishes to cancel is not attempted again, however this attempt ended.
local unwanted = call('HEXISTS', key, 'cancel') == 1

local function publish()
  for i = 7, 6 + 2 * A.artifacts, 2 do
    call('HSET', K.artifact(ARGV[i]), 'artifact', ARGV[i + 1], 'scope', job.scope, 'job', A.id)
  end
  call('HSET', key, 'result', ARGV[3], 'failure', ARGV[6])
end

local function close(new, how)
  publish()
  end_attempt(job, how, given(A.code))
  conclude(job, 'Running', new, A.keep_ms, new == 'Failed' and given(A.code) or nil)
  status = new
end

call('HSET', key, 'progress', ARGV[4], 'usage', ARGV[5])
if A.outcome == 'completed' then
  call('HINCRBY', key, 'attempts', 1)
  local run = exact(NOW - tonumber(job.started))
  local written = tostring(given(A.bases.written) or '')
  for _, basis in ipairs(A.bases.keys) do
    call('LPUSH', K.runs(job.scope, basis), run .. ':' .. written .. ':' .. exact(NOW))
    call('LTRIM', K.runs(job.scope, basis), 0, 199)
    call('EXPIRE', K.runs(job.scope, basis), 30 * 86400)
  end
  close('Completed', 'completed')
elseif A.outcome == 'failed' then
  local attempts = call('HINCRBY', key, 'attempts', 1)
  local again = A.retryable and attempts < (tonumber(job.max_attempts) or 1)
  if again and unwanted then
    close('Cancelled', 'failed')
  elseif again then
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
    close('Failed', 'failed')
  end
elseif A.outcome == 'cancelled' then
  close('Cancelled', 'cancelled')
elseif A.outcome == 'lost' and unwanted then
  close('Cancelled', 'lost')
elseif A.outcome == 'lost' then
  if (tonumber(job.lost) or 0) + 1 >= A.max_lost then publish() end
  status = lose(job, A.max_lost, given(A.code) or 'worker_lost', given(A.message) or 'The attempt was lost.', A.keep_ms)
else
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
if job.worker and call('EXISTS', K.worker(job.worker)) == 1 then
  if status == 'Completed' then call('HINCRBY', K.worker(job.worker), 'succeeded', 1) end
  if status == 'Failed' then call('HINCRBY', K.worker(job.worker), 'failed', 1) end
end
call('HSET', key, 'finished_epoch', A.epoch, 'finished_status', status)

-- The thread that became free takes the next job at once, if there is one for it.
local following = ''
local offer = given(A.next_lease_ms) and offer_of(A.worker)
if offer and not offer.draining then following = claim_once(offer, A.slot, op, A.next_lease_ms) end
return {status, following}
