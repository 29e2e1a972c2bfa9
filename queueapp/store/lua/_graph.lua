-- Accepts several jobs in one call, all or none: the steps of a workflow, what a schedule
-- makes, or what one request asks of many devices.
-- What submit does for one job is done here for many, with one command for many entries.

-- A command with a hundred members costs far less than a hundred commands.
local function add_all(key, pairs_)
  for i = 1, #pairs_, 1000 do call('ZADD', key, unpack(pairs_, i, math.min(i + 999, #pairs_))) end
end

-- Looks at the jobs outside the graph that its jobs depend on.
-- Returns a failure, or which of them each job waits for and which have ended badly already.
local function look_outside(scope, jobs)
  local seen, waits, doomed = {}, {}, {}
  for i, job in ipairs(jobs) do
    waits[i] = {}
    for at, id in ipairs(job.deps or {}) do
      local d = seen[id] or job_fields(id, 'scope', 'status')
      seen[id] = d
      if d[1] ~= scope then
        return fail('UNKNOWN_DEPENDENCY', job.at .. '/dependencies/' .. (at - 1) .. ' names a job that is not in this project.')
      end
      if d[2] == 'Queued' or d[2] == 'Running' then
        waits[i][#waits[i] + 1] = id
      elseif d[2] ~= 'Completed' and not job.run_anyway then
        doomed[i] = id
      end
    end
  end
  return nil, waits, doomed
end

local function no_room(scope, jobs, most)
  if call('ZCARD', K.queue(scope)) + #jobs > most then return fail('QUEUE_FULL', 'The queue of this project is full.') end
end

-- Records one job and gives it its place; returns its score.
local function record_job(scope, job, text, place, unmet, ready, workflow)
  local score = exact(job.tier * TIER_SPAN + place)
  local fields = {'scope', scope, 'status', 'Queued', 'tier', job.tier, 'user', job.user, 'shape', job.shape,
    'score', score, 'created', exact(NOW)}
  local function set(name, value) fields[#fields + 1] = name; fields[#fields + 1] = value end
  if given(job.host) then
    set('host', job.host)
    list_host(scope, job.id, job.host, exact(NOW))
  end
  if given(job.timeout) then set('timeout', job.timeout) end
  if job.max_attempts then
    set('max_attempts', job.max_attempts); set('retry_delay', job.retry_delay); set('retry_max_delay', job.retry_max_delay)
  end
  if unmet > 0 then set('unmet', unmet) end
  if job.run_anyway then set('run_anyway', 1) end
  if workflow then set('workflow', workflow) end
  if ready and not given(job.host) then set('eligible', exact(NOW)) end
  local due = given(job.due)
  if due and due > NOW then
    set('due', exact(due))
    call('ZADD', K.due(), exact(due), job.id)
  end
  if not ready then
    local code = due and due > NOW and 'Scheduled' or 'Dependency'
    set('hold', code)
    set('held_at', exact(NOW))
  end
  call('SET', K.spec(job.id), text)
  call('HSET', K.job(job.id), unpack(fields))
  if given(job.terms) then agree(scope, job.id, job.terms, NOW) end
  join_queue(scope, job.id, job.tier, job.shape, job.user, score)
  event(scope, 'submitted', job.id, 'tier', job.tier, 'type', job.type, 'user', job.user)
  return score
end

-- Notes with each job who waits for it; job.steps are places, from 1, of jobs of the graph.
local function note_dependents(jobs, waits, doomed)
  local followers = {}
  local function follow(id, follower)
    followers[id] = followers[id] or {}
    table.insert(followers[id], follower)
  end
  for i, job in ipairs(jobs) do
    for _, id in ipairs(waits[i]) do follow(id, job.id) end
    for _, step in ipairs(job.steps or {}) do follow(jobs[step].id, job.id) end
    if doomed[i] then
      call('RPUSH', K.cascade(), doomed[i])
      follow(doomed[i], job.id)
    end
  end
  for id, ids in pairs(followers) do
    for i = 1, #ids, 1000 do call('SADD', K.dependents(id), unpack(ids, i, math.min(i + 999, #ids))) end
  end
end

-- The indexes of jobs that share type, user and tier are the same sets: one list serves them all.
local function index_jobs(scope, jobs)
  local alike, all = {}, {}
  for _, job in ipairs(jobs) do
    local kind = job.type .. '|' .. job.user .. '|' .. job.tier
    local group = alike[kind] or {job = job, entries = {}}
    alike[kind] = group
    local entries = group.entries
    entries[#entries + 1], all[#all + 1] = exact(NOW), exact(NOW)
    entries[#entries + 1], all[#all + 1] = job.id, job.id
  end
  for _, group in pairs(alike) do
    count(scope, 'submitted', group.job.tier, group.job.type, #group.entries / 2)
    add_all(K.index(scope, 'type', group.job.type), group.entries)
    add_all(K.index(scope, 'user', group.job.user), group.entries)
    add_all(K.index(scope, 'priority', group.job.priority), group.entries)
  end
  add_all(K.all(scope), all)
  add_all(K.index(scope, 'status', 'Queued'), all)
end

-- Does what make_runnable does, for many jobs of one tier and shape.
local function make_all_runnable(scope, tier, shape, entries)
  local n = #entries / 2
  add_all(K.runnable(scope, tier, shape), entries)
  call('SADD', K.shapes(scope), tier .. '|' .. shape)
  count_eligible(scope, call('HINCRBY', K.meta(scope), 'eligible', n), n)
  call('HINCRBY', K.meta(scope), 'eligible_since' .. tier, exact(n * NOW))
  if not may_run(scope, (shape_parts(shape))) then return end
  list_scope(scope, tier, shape)
  -- That woke one worker; the others are for further parked ones, while any of them fits.
  for _ = 2, n do
    local idle = call('ZCARD', K.idle())
    if idle == 0 then return end
    wake_fitting(shape)
    if call('ZCARD', K.idle()) == idle then return end
  end
end

-- Makes the jobs ready that wait for nothing; those of a host take their turns one by one.
local function make_some_ready(scope, jobs, scores, ready)
  local groups = {}
  for _, i in ipairs(ready) do
    local job = jobs[i]
    if given(job.host) then
      make_ready(scope, job.id, job.tier, job.shape, scores[i])
    else
      local kind = job.tier .. '|' .. job.shape
      groups[kind] = groups[kind] or {job = job, entries = {}}
      local entries = groups[kind].entries
      entries[#entries + 1] = scores[i]
      entries[#entries + 1] = job.id
    end
  end
  for _, group in pairs(groups) do make_all_runnable(scope, group.job.tier, group.job.shape, group.entries) end
end

-- Accepts jobs that look_outside and no_room have let pass; their specs are in ARGV from first_spec on.
local function accept_jobs(scope, jobs, first_spec, waits, doomed, workflow)
  local last = call('HINCRBY', K.meta(scope), 'sequence', #jobs)
  local scores, ready, scheduled = {}, {}, 0
  index_jobs(scope, jobs)
  for i, job in ipairs(jobs) do
    local place = (FIRST_SEQUENCE + last - #jobs + i) * PLACE_STEP
    local unmet = #waits[i] + #(job.steps or {}) + (doomed[i] and 1 or 0)
    if given(job.due) and job.due > NOW then scheduled = scheduled + 1
    elseif unmet == 0 then ready[#ready + 1] = i end
    scores[i] = record_job(scope, job, ARGV[first_spec + i - 1], place, unmet, ready[#ready] == i, workflow)
  end
  note_dependents(jobs, waits, doomed)
  for _, job in ipairs(jobs) do
    if given(job.retry_of) and call('HGET', K.job(job.retry_of), 'scope') == scope then
      call('HSET', K.job(job.retry_of), 'retried_as', job.id)
    end
  end
  count_held(scope, 'Scheduled', scheduled)
  count_held(scope, 'Dependency', #jobs - #ready - scheduled)
  make_some_ready(scope, jobs, scores, ready)
  call('SADD', K.scopes(), scope)
  call('SADD', K.tenant(A.tenant), A.project)
end

-- Records a workflow whose jobs are accepted in the same call.
-- The steps stand apart: lists of workflows do without them.
local function record_workflow(scope, id, text, steps, total)
  call('HSET', K.workflow(scope, id), 'record', text, 'steps', steps, 'total', total, 'kept', total, 'created', exact(NOW),
    'status', 'Queued')
  call('ZADD', K.workflows(scope), exact(NOW), id)
  call('ZADD', K.workflows_by(scope, 'Queued'), exact(NOW), id)
  event(scope, 'workflow_submitted', '', 'workflow', id)
end
