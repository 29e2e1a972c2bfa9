--- keep_answer: store the whole answer of a request under its idempotency key, as long as the key lives.
--- ARGS scope key answer
--- returns another answer that was kept before, else ""; a repeat is harmless   moves nothing
local key = K.idempotency(A.scope, A.key)
if call('EXISTS', key) == 0 then return '' end
call('HSETNX', key, 'answer', A.answer)
local kept = call('HGET', key, 'answer')
return kept == A.answer and '' or kept
