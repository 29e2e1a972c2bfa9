--- read_job: all that is kept of one job of a scope, and its rank in the queue, at one moment.
--- ARGS scope id
--- returns {{field, value, ...}, spec or nil, {attempts}, rank from 0 or nil}   moves nothing
return {call('HGETALL', K.job(A.id)), call('GET', K.spec(A.id)), call('LRANGE', K.attempts(A.id), 0, -1),
  call('ZRANK', K.queue(A.scope), A.id)}
