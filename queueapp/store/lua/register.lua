--- register: a worker and its node enter the fleet with what they can run.
--- ARGS worker node hostname cpu mem pid slots born version types pins
--- returns "OK"; a repeat changes nothing   fails CONFLICT (the worker was deleted)   moves nothing
if call('HEXISTS', K.worker(A.worker), 'dismissed') == 1 then return fail('CONFLICT', 'the worker was deleted') end
call('HSET', K.worker(A.worker), 'node', A.node, 'hostname', A.hostname, 'pid', A.pid, 'slots', A.slots,
  'born', exact(A.born), 'version', A.version, 'types', A.types, 'heartbeat', exact(NOW),
  'polled', exact(NOW))
call('HSETNX', K.worker(A.worker), 'running', 0)
call('HSETNX', K.worker(A.worker), 'succeeded', 0)
call('HSETNX', K.worker(A.worker), 'failed', 0)
call('ZADD', K.workers(), exact(NOW), A.worker)
call('HSET', K.node(A.node), 'hostname', A.hostname, 'cpu', A.cpu, 'mem', A.mem, 'pins', given(A.pins) or '')
call('ZADD', K.nodes(), exact(NOW), A.node)
return 'OK'
