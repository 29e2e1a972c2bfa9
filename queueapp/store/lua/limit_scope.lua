--- limit_scope: set how many jobs of a scope may run at once, or lift the limit.
--- ARGS scope most act op idem
--- returns a receipt as JSON; a repeat changes nothing   moves nothing
local again = done_before()
if again then return again end
local most = given(A.most)
if most then call('HSET', K.meta(A.scope), 'max_running', most) else call('HDEL', K.meta(A.scope), 'max_running') end
unlist_blocked(A.scope)
relist(A.scope)
if given(A.act) then audit('limit', {running = most or 'none'}) end
return done({})
