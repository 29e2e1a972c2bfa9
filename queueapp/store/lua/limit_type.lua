--- limit_type: set how many jobs of a type may run at once in the fleet, or lift the limit.
--- ARGS kind most
--- returns "OK"   moves nothing
if given(A.most) then
  call('HSET', K.type_limits(), A.kind, A.most)
else
  call('HDEL', K.type_limits(), A.kind)
end
for _, worker in ipairs(parked(64)) do wake(worker) end
return 'OK'
