-- Schedules: when they are looked at next, and what came of their fires.

local RUNS_KEPT = 50
local LOOK_MS = 1000

-- A fire that waits for the run before it is looked after once a second.
local function look_at(scope, id)
  local s = call('HMGET', K.schedule(scope, id), 'next', 'waiting', 'paused')
  local at = tonumber(s[1])
  if s[2] then at = math.min(at or math.huge, NOW + LOOK_MS) end
  local member = scope .. '|' .. id
  if s[3] or not at then call('ZREM', K.fires(), member) else call('ZADD', K.fires(), exact(at), member) end
end

local function set_next(scope, id, next_ms)
  if given(next_ms) then
    call('HSET', K.schedule(scope, id), 'next', exact(next_ms))
  else
    call('HDEL', K.schedule(scope, id), 'next')
  end
end

-- Fails unless the caller named the version that there is; '*' is any, false is none.
local function check_version(key, versions)
  local version = call('HGET', key, 'version')
  if versions == false then
    return version and fail('VERSION_STALE', 'There is a schedule with this id already.')
  end
  local wanted = given(versions)
  if not wanted then return nil end
  if version then
    for _, one in ipairs(wanted) do
      if one == '*' or one == version then return nil end
    end
  end
  return fail('VERSION_STALE', version and 'The schedule has changed: its version is ' .. version .. '.' or
    'There is no such schedule.')
end

local function note_run(scope, id, run)
  run.at_ms = NOW
  call('LPUSH', K.schedule_runs(scope, id), cjson.encode(run))
  call('LTRIM', K.schedule_runs(scope, id), 0, RUNS_KEPT - 1)
end

-- The runs of a schedule that have not ended, oldest first.
local function still_active(scope, text)
  local found = {}
  for _, one in ipairs(text and cjson.decode(text) or {}) do
    local kind, id = string.match(one, '^(%a+)/(.*)$')
    local status = call('HGET', kind == 'job' and K.job(id) or K.workflow(scope, id), 'status')
    if status == 'Queued' or status == 'Running' then found[#found + 1] = one end
  end
  return found
end

-- Submits what a schedule makes for a moment, and notes the run; active are those that have not ended.
-- Returns a failure, or nil. The jobs' specs are in ARGV from 5 on, before them a workflow's record.
local function submit_made(at, active, manual)
  local scope, jobs, workflow = A.scope, A.jobs, given(A.workflow)
  local failure = no_room(scope, jobs, A.max_queued)
  if failure then return failure end
  local bad, waits, doomed = look_outside(scope, jobs)
  if bad then return bad end
  accept_jobs(scope, jobs, 5, waits, doomed, workflow)
  if workflow then record_workflow(scope, workflow, ARGV[3], ARGV[4], #jobs) end
  local run = {scheduled_ms = at, outcome = 'submitted', manual = manual}
  if workflow then run.workflow_id = workflow else run.job_id = jobs[1].id end
  note_run(scope, A.id, run)
  active[#active + 1] = workflow and 'workflow/' .. workflow or 'job/' .. jobs[1].id
  -- Of a schedule whose runs may overlap the newest are enough.
  while #active > RUNS_KEPT do table.remove(active, 1) end
  call('HSET', K.schedule(scope, A.id), 'active', cjson.encode(active))
end
