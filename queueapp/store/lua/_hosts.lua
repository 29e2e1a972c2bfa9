-- Jobs pinned to a host run one at a time, in queue order: only the one whose turn it is can be claimed.
-- The others wait as for an unmet condition, so thousands of hosts cost a claim nothing.

local function step_back(scope, id)
  local j = job_fields(id, 'tier', 'shape')
  local since = call('HGET', K.job(id), 'eligible')
  if not_runnable(scope, id, j[1], j[2]) then
    call('HINCRBY', K.job(id), 'waited:Position', exact(NOW - since))
  end
  hold(scope, id, 'HostBusy')
  call('HINCRBY', K.job(id), 'unmet', 1)
  call('HSET', K.job(id), 'host_waits', 1)
end

-- The node that keeps the host's session is called first, if it waits for work.
local function step_up(scope, id, host)
  local j = job_fields(id, 'tier', 'shape', 'score')
  call('HINCRBY', K.job(id), 'unmet', -1)
  call('HDEL', K.job(id), 'host_waits')
  hold(scope, id, nil)
  favoured, woken = call('GET', K.keeper(scope, host)) or nil, nil
  make_runnable(scope, id, j[1], j[2], j[3])
  if favoured and woken == favoured then call('HSET', K.job(id), 'called', NOW + CALLED_MS) end
  favoured = nil
end

-- Gives the host's turn to the first of its ready jobs, unless one of them runs.
local function give_turn(scope, host)
  local holder = call('GET', K.pin(scope, host))
  if holder and call('HGET', K.job(holder), 'status') == 'Running' then return end
  local first = call('ZRANGE', K.host(scope, host), 0, 0)[1]
  if holder and first == holder then return end
  if holder and call('ZSCORE', K.host(scope, host), holder) then step_back(scope, holder) end
  if first then
    call('SET', K.pin(scope, host), first)
    step_up(scope, first, host)
  else
    call('DEL', K.pin(scope, host))
  end
end

-- What few jobs have. A job that may wait in the queue for so long only is listed by when that ends;
-- one for a device that is not pinned to it is listed by the device all the same.
local function agree(scope, id, terms, created)
  local key = K.job(id)
  if given(terms.keep) then call('HSET', key, 'keep', exact(terms.keep)) end
  if terms.once then call('HSET', key, 'once', 1) end
  if terms.session then call('HSET', key, 'session', 1) end
  if given(terms.device) then
    call('HSET', key, 'device', terms.device)
    call('ZADD', K.index(scope, 'host', terms.device), exact(created), id)
  end
  if given(terms.queue_ttl) then
    local from = math.max(NOW, given(terms.ttl_from) or 0)
    call('HSET', key, 'expires', exact(from + terms.queue_ttl))
    call('ZADD', K.expiries(), exact(from + terms.queue_ttl), id)
  end
end

-- A job that waits for no time and no job any more: a pinned one still waits for its turn.
local function make_ready(scope, id, tier, shape, score)
  local host = call('HGET', K.job(id), 'host')
  if not host then return make_runnable(scope, id, tier, shape, score) end
  call('ZADD', K.host(scope, host), score, id)
  call('HINCRBY', K.job(id), 'unmet', 1)
  call('HSET', K.job(id), 'host_waits', 1)
  hold(scope, id, 'HostBusy')
  give_turn(scope, host)
end

-- After the end of a run, or when a job leaves the queue otherwise.
-- host is the job's, or false, when the caller has read it.
local function free_host(scope, id, host)
  if host == nil then host = call('HGET', K.job(id), 'host') end
  if not host then return end
  if call('GET', K.pin(scope, host)) == id then call('DEL', K.pin(scope, host)) end
  give_turn(scope, host)
end
