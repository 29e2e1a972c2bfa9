--- catch_up: let the sets by type and by user follow the queue, where a change of one job left that for later.
--- ARGS scope limit
--- scope is the only one to be looked at, or null for whichever are behind; limit is how many jobs to look at, or null for all of a scope
--- returns the number of jobs that were behind   moves nothing
if given(A.scope) then return catch_up(A.scope, given(A.limit)) end
local done = 0
for _, scope in ipairs(call('SRANDMEMBER', K.trailing(), A.limit)) do
  local n = catch_up(scope, A.limit - done)
  if n == 0 then call('SREM', K.trailing(), scope) end
  done = done + n
  if done >= A.limit then break end
end
return done
