--- mend_host: a node gives up a host that it counts as in use although no job of it runs there.
--- ARGS node place
--- place is "scope|host"
--- returns how many it gave up, 1 or 0; a repeat returns 0   moves nothing
local scope, host = string.match(A.place, '^(.*)|(.*)$')
local id = call('GET', K.pin(scope, host))
local j = id and job_fields(id, 'status', 'node') or {}
if j[1] == 'Running' and j[2] == A.node then return 0 end
if tonumber(call('ZSCORE', K.kept(A.node), A.place)) ~= math.huge then return 0 end
forget_kept(A.node, A.place)
return 1
