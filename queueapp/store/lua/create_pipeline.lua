--- create_pipeline: make a pipeline under an id that nobody has.
--- ARGS scope id fingerprint act op idem
--- FULL refuses
--- ARGV 3 the record as JSON, without its times
--- returns a receipt as JSON; a repeat is answered as before
--- fails IDEMPOTENCY_MISMATCH   moves nothing
local again = done_before()
if again then return again end
call('HSET', K.pipeline(A.scope, A.id), 'record', ARGV[3], 'fingerprint', A.fingerprint, 'object', '',
  'created', exact(NOW), 'updated', exact(NOW), 'how', 'new')
call('ZADD', K.pipelines(A.scope), exact(NOW), A.id)
audit_of('pipeline', 'create')
return done({id = A.id, at_ms = NOW})
