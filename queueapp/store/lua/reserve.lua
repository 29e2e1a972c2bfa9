--- reserve: take an idempotency key for a request that is about to be answered.
--- ARGS scope key fingerprint hold_ms op
--- FULL refuses
--- returns {"new", ""}, or {"repeat", the first answer}
--- a repeat of op renews what it took
--- fails IDEMPOTENCY_MISMATCH, IDEMPOTENCY_IN_PROGRESS
local stored = K.idempotency(A.scope, A.key)
local known = call('HMGET', stored, 'fingerprint', 'answer', 'op')
if known[1] and known[1] ~= A.fingerprint then
  return fail('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used before with another request.')
end
if known[2] then return {'repeat', known[2]} end
if known[1] and known[3] ~= A.op then
  return fail('IDEMPOTENCY_IN_PROGRESS', 'The first request with this Idempotency-Key is still being answered.')
end
call('HSET', stored, 'fingerprint', A.fingerprint, 'op', A.op)
-- A process that dies before it publishes frees the key by this time; one that lives renews it.
call('PEXPIRE', stored, A.hold_ms)
return {'new', ''}
