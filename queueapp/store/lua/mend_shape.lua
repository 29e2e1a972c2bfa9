--- mend_shape: let claims find a scope's runnable jobs of one tier and shape if there are any that may run.
--- ARGS scope tier shape
--- scope may be "" when only the shape itself is in question
--- returns "OK"; a repeat changes nothing   moves nothing
local directory, shapes = K.directory(A.tier, A.shape), K.shapes(A.scope)
if A.scope ~= '' then
  local there = call('EXISTS', K.runnable(A.scope, A.tier, A.shape)) == 1
  call(there and 'SADD' or 'SREM', shapes, A.tier .. '|' .. A.shape)
  if there and may_run(A.scope, (shape_parts(A.shape))) then
    list_scope(A.scope, A.tier, A.shape)
  else
    unlist_scope(A.scope, A.tier, A.shape)
  end
end
call(call('EXISTS', directory) == 1 and 'SADD' or 'SREM', K.live(A.tier), A.shape)
return 'OK'
