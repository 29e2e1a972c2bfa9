-- Bulk operations: a set of jobs that is fixed once, then acted on in bounded steps.
-- Whoever drives one names the step it knows: a step that was done already is not done again.

local SELECTION_MS = 900000
local BULK_MS = 86400000
local TOLD_ROWS = 1000
-- Why a job was left alone; the numbers stand in the set of those, and Python knows two more.
local EXCLUDED, OTHER_TYPE, RUNS, ENDED = 1, 2, 3, 4

local function keep(id, why) call('ZADD', K.bulk_kept(A.scope, A.id), 'NX', why, id) end

local function keep_by_status(id, status)
  if status == 'Running' then keep(id, RUNS) elseif status then keep(id, ENDED) end
end

local function bulk_lives(ms)
  for _, key in ipairs({K.bulk(A.scope, A.id), K.bulk_jobs(A.scope, A.id), K.bulk_kept(A.scope, A.id), K.bulk_ids(A.scope, A.id)}) do
    call('PEXPIRE', key, ms)
  end
end

-- Returns the record if it is at the step that the caller knows, else what to answer instead.
local function bulk_at(state)
  local b = call('HMGET', K.bulk(A.scope, A.id), 'state', 'step', 'wanted', 'args', 'owner')
  if not b[1] then
    call('ZREM', K.bulks(), A.scope .. '|' .. A.id)
    return nil, fail('NOT_FOUND', 'There is no such operation.')
  end
  if b[1] ~= state or tonumber(b[2]) ~= A.step then return nil, {b[1], tonumber(b[2])} end
  return {wanted = cjson.decode(b[3]), args = cjson.decode(b[4]), owner = b[5]}
end

local function bulk_goes_on(state, ...)
  local key = K.bulk(A.scope, A.id)
  local step = call('HINCRBY', key, 'step', 1)
  call('HSET', key, 'state', state, ...)
  if state == 'Counted' or state == 'Done' then
    call('ZREM', K.bulks(), A.scope .. '|' .. A.id)
  else
    call('ZADD', K.bulks(), exact(NOW), A.scope .. '|' .. A.id)
  end
  bulk_lives((state == 'Counting' or state == 'Counted') and SELECTION_MS or BULK_MS)
  return {state, step}
end

-- The end of a step of acting: what was done is counted and written down.
local function acted(b, action, facts, changed)
  call('HINCRBY', K.bulk(A.scope, A.id), 'changed', #changed)
  if #changed > 0 then
    facts.operation, facts.jobs, facts.owner = A.id, changed, b.owner ~= '' and b.owner or nil
    audit(action, facts)
  end
  if call('EXISTS', K.bulk_jobs(A.scope, A.id)) == 0 then return bulk_goes_on('Done', 'ended', exact(NOW)) end
  return bulk_goes_on('Acting')
end

-- One step of acting: calls f(job) on the next jobs of the set that still are as they were counted.
local function act_on_next(b, action, facts, f, last_first)
  local set, changed, most = K.bulk_jobs(A.scope, A.id), {}, math.min(A.limit, 500)
  local next_ones = last_first and call('ZRANGE', set, 0, most - 1, 'REV') or call('ZRANGE', set, 0, most - 1)
  for _, id in ipairs(next_ones) do
    local job = load_job(id)
    if not job then
      keep(id, ENDED)
    elseif job.status ~= b.wanted.status then
      keep_by_status(id, job.status)
    else
      f(job)
      call('ZREM', K.bulk_kept(A.scope, A.id), id)
      changed[#changed + 1] = id
    end
    call('ZREM', set, id)
  end
  return acted(b, action, facts, changed)
end
