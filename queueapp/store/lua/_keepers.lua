-- Sessions with hosts that nodes keep between jobs: which node has whose, and whom a host's next job is left to.
-- A node's keeper is the one that knows; here is noted what its workers told of it.

local CALLED_MS = 1000 -- for a node that was called to a job to come for it
local LEFT_MS = 1000 -- for which a job is left to the node that keeps its host's session
local ASIDE_MOST = 16 -- jobs that one claim leaves to other nodes

local function forget_kept(node, member)
  call('ZREM', K.kept(node), member)
  local scope, host = string.match(member, '^(.*)|(.*)$')
  if call('GET', K.keeper(scope, host)) == node then call('DEL', K.keeper(scope, host)) end
end

-- How many hosts a node may hold; nil for any number.
local function capacity_of(node) return tonumber(call('HGET', K.node(node), 'pins') or '') end

-- A node that holds as many hosts as it may takes another one in place of one that is idle.
local function has_room(node)
  local most = capacity_of(node)
  if not most then return true end
  call('ZREMRANGEBYSCORE', K.kept(node), '-inf', NOW)
  return call('ZCOUNT', K.kept(node), 'inf', 'inf') < most
end

-- A host is in use on a node; at capacity the one goes that was used longest ago, as in the keeper.
local function use_host(node, scope, host)
  local member, most = scope .. '|' .. host, capacity_of(node)
  if most and not call('ZSCORE', K.kept(node), member) and call('ZCARD', K.kept(node)) >= most then
    forget_kept(node, call('ZRANGE', K.kept(node), 0, 0)[1])
  end
  call('ZADD', K.kept(node), 'inf', member)
  call('SET', K.keeper(scope, host), node)
end

-- Its job is over; kept_ms is how long the session is kept now, or nil if there is none.
local function leave_host(node, scope, host, kept_ms)
  local member = scope .. '|' .. host
  if not kept_ms or not node_of(node).known then return forget_kept(node, member) end
  call('ZADD', K.kept(node), NOW + kept_ms, member)
  call('SET', K.keeper(scope, host), node, 'PX', kept_ms)
end

-- What a node's keeper holds is true: of what is idle the rest has ended.
local function believe(node, held)
  local there = {}
  for _, member in ipairs(held) do there[member] = true end
  for _, member in ipairs(call('ZRANGE', K.kept(node), '-inf', '(inf', 'BYSCORE')) do
    if not there[member] then forget_kept(node, member) end
  end
end

-- Why this node should not take a job of a device: full, its hosts are all in use; called, another
-- node has been woken for it; left, another node has the session and may come for it for a while.
local function unsuited(offer, scope, job)
  local keeper = call('GET', K.keeper(scope, job.host))
  if keeper == offer.node then return nil end
  if not has_room(offer.node) then return 'full' end
  if not keeper then return nil end
  if job.called and tonumber(job.called) > NOW then return 'called' end
  if not job.left then call('HSET', K.job(job.id), 'left', NOW + LEFT_MS) end
  return (not job.left or tonumber(job.left) > NOW) and 'left' or nil
end
