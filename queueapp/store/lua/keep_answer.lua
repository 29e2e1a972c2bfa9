--- keep_answer: store the whole answer of a request under its idempotency key, as long as the key lives.
--- ARGS scope key answer
--- returns 1, or 0 when the key is not known any more; a repeat is harmless   moves nothing
local key = K.idempotency(A.scope, A.key)
if call('EXISTS', key) == 0 then return 0 end
call('HSET', key, 'answer', A.answer)
return 1
