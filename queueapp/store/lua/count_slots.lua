--- count_slots: count the slots of the live workers, so that what stands idle can be told.
--- ARGS dead_ms
--- a worker that drains counts with what it runs; each node with no more than its CPU units
--- returns the number of slots   moves nothing
local nodes, total = {}, 0
for _, name in ipairs(call('ZRANGE', K.workers(), '(' .. exact(NOW - A.dead_ms), '+inf', 'BYSCORE')) do
  local w = call('HMGET', K.worker(name), 'node', 'slots', 'draining', 'running')
  if w[1] then
    local n = nodes[w[1]] or {slots = 0, runs = 0}
    nodes[w[1]] = n
    if w[3] == '1' then n.runs = n.runs + (tonumber(w[4]) or 0) else n.slots = n.slots + (tonumber(w[2]) or 0) end
  end
end
for node, n in pairs(nodes) do
  local cpu = tonumber(call('HGET', K.node(node), 'cpu')) or n.slots
  total = total + math.min(n.slots, cpu) + n.runs
end
local clock = call('HMGET', K.clock(), 'slots', 'slot_ms', 'counted')
local slots, sum, seen = tonumber(clock[1]) or 0, tonumber(clock[2]) or 0, (tonumber(clock[3]) or 0) + COUNTED_FOR_MS
mark_hour(math.floor(NOW / HOUR_MS))
-- What was counted last held until now, or until it was too old; from now on the new number holds.
if slots ~= total or seen < NOW then
  sum = sum + slots * (math.min(NOW, seen) - EPOCH) - total * (NOW - EPOCH)
end
call('HSET', K.clock(), 'slots', total, 'slot_ms', exact(sum), 'counted', exact(NOW))
return total
