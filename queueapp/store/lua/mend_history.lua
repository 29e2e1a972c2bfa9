--- mend_history: let a scope's newest roll-up go on from how its queue really stands.
--- ARGS scope
--- what a clock that was ahead wrote of hours to come is forgotten first
--- returns "OK"; a repeat changes nothing   moves nothing
local now = exact(math.floor(NOW / HOUR_MS))
local ahead = forget_later(A.scope, now)
local hour = call('ZRANGE', K.hours(A.scope), -1, -1)[1]
local key = hour and K.hour(A.scope, hour)
local known = key and call('HGET', key, 'state')
if not known then return 'OK' end
local q = queued_before(A.scope, {0, 0, 0, 0})
local running = call('ZCARD', K.index(A.scope, 'status', 'Running'))
local q0, q1, q2, q3, ran_, peak, least, most_wait, least_wait, area, busy, idle = string.match(known, STATE)
-- What was missed counts as if it happened now; of an hour that is over nothing is left to count.
local left = hour == now and HOUR_MS - NOW % HOUR_MS or 0
local size = q[1] + q[2] + q[3] + q[4]
local by, more = size - (q0 + q1 + q2 + q3), running - ran_
if hour == now and (ahead or by ~= 0 or more ~= 0) then
  -- Nobody knows since when its jobs wait for idle slots: the hour's sum of these begins anew.
  local mark = call('ZRANGE', K.idle_marks(), hour, hour, 'BYSCORE')[1]
  local began = call('HGET', key, 'from_waiting') == '1' and mark and tonumber(string.match(mark, ':(.*)$')) or 0
  local _, waits = waiting(A.scope, {eligible_by = 0})
  idle = began - (waits and idle_until(NOW, ran()) or 0)
end
call('HSET', key, 'state', string.format(STATED, q[1], q[2], q[3], q[4], running, peak, least,
  most_wait, least_wait, area + by * left, busy + more * left, idle))
return 'OK'
