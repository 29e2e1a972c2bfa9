--- weigh_scope: set a scope's share inside a tier against the others'.
--- ARGS scope weight act op idem
--- returns a receipt as JSON; a repeat changes nothing   moves nothing
local again = done_before()
if again then return again end
call('HSET', K.meta(A.scope), 'weight', A.weight)
if given(A.act) then audit('weigh', {weight = A.weight}) end
return done({})
