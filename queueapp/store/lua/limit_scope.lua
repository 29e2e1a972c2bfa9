--- limit_scope: set how many jobs of a scope may run at once, or lift the limit.
--- ARGS scope most
--- returns "OK"   moves nothing
if given(A.most) then
  call('HSET', K.meta(A.scope), 'max_running', A.most)
else
  call('HDEL', K.meta(A.scope), 'max_running')
end
unlist_blocked(A.scope)
relist(A.scope)
return 'OK'
