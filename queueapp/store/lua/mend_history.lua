--- mend_history: let the newest hour's roll-up go on from how the queue really stands.
--- ARGS scope
--- returns "OK"; a repeat changes nothing   moves nothing
local hour = call('ZRANGE', K.hours(A.scope), -1, -1)[1]
local key = hour and K.hour(A.scope, hour)
local known = key and call('HGET', key, 'state')
if known then
  local real = table.concat(queued_before(A.scope, {0, 0, 0, 0}), ' ')
  local rest = string.match(known, '^%S+ %S+ %S+ %S+ %S+ (.*)$')
  call('HSET', key, 'state', real .. ' ' .. call('ZCARD', K.index(A.scope, 'status', 'Running')) .. ' ' .. rest)
end
return 'OK'
