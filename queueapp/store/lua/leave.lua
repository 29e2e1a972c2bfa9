--- leave: a worker is out of the fleet: it stopped on purpose, or it is surely dead.
--- ARGS worker on_purpose
--- returns "OK"; a repeat changes nothing   moves nothing
local node = call('HGET', K.worker(A.worker), 'node')
call('ZREM', K.workers(), A.worker)
call('ZREM', K.idle(), A.worker)
call('UNLINK', K.worker(A.worker), K.claimed(A.worker), K.wake(A.worker))
-- A node that nobody has been heard of since then is not lost: it was left.
if A.on_purpose and node and call('EXISTS', K.node(node)) == 1 then call('HSET', K.node(node), 'left', NOW) end
return 'OK'
